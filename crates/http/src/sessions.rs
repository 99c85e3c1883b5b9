//! The caller's sessions over HTTP: the list, the end of one, and the end of the whole account.

use http::{Response, StatusCode};
use serde::Serialize;
use strongroom_app::OwnSession;
use strongroom_ports::{Principal, SessionId};

use crate::answer::{self, Body};
use crate::api::{Api, Safe};
use crate::problem::Problem;
use crate::safe_time::{in_safe_time, to_its_end};

/// `GET …/auth/sessions`: the caller's live ones, the newest first.
pub(crate) async fn list(api: &Api, principal: &Principal) -> Result<Response<Body>, Problem> {
    let sessions = in_safe_time(api.identity()?.own_sessions(principal)).await?;
    let sessions = sessions.iter().map(SessionEntry::of).collect();
    Ok(answer::json(StatusCode::OK, &SessionList { sessions }, "application/json"))
}

#[derive(Serialize)]
struct SessionList {
    sessions: Vec<SessionEntry>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionEntry {
    id: String,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
    expires_at: String,
    current: bool,
}

impl SessionEntry {
    fn of(session: &OwnSession) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: answer::time(session.created_at),
            last_used_at: session.refreshed_at.map(answer::time),
            expires_at: answer::time(session.lapses_at),
            current: session.is_current,
        }
    }
}

/// `DELETE …/auth/sessions/{id}`.
pub(crate) async fn end(api: &Api, principal: &Principal, id: &str) -> Result<Response<Body>, Problem> {
    let id = SessionId::parse(id).ok_or(Problem::UnknownSession)?;
    let (identity, principal) = (api.identity()?.clone(), principal.clone());
    to_its_end(&api.places, async move { identity.end_own_session(&principal, &id).await }).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// `DELETE /{v}/users/me`: record, passkeys and sessions; the same answer whatever there was.
pub(crate) async fn close_account(api: &Api, principal: &Principal) -> Result<Response<Body>, Problem> {
    let (accounts, caller) = (api.accounts()?.clone(), principal.caller.clone());
    let Safe::Here { changes, .. } = &api.safe else { return Err(Problem::NotFound) };
    let changes = changes.clone();
    let closing = async move {
        let closed = accounts.close(&caller).await;
        // However far it came: what is closed by now has no sockets, and what is not is opened again.
        changes.send_away(&caller);
        closed
    };
    to_its_end(&api.places, closing).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
