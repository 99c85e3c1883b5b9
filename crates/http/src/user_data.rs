//! The guide's routes: read, write, erase and export the caller's own record.

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::value::RawValue;
use strongroom_domain::{Envelope, ExternalUserId, PublicView, WriteOnlyKey};
use strongroom_ports::{Caller, Principal, Snapshot, UpstreamError};

use crate::answer::{self, Body};
use crate::api::{Api, Asked};
use crate::auth_answer::Userdata;
use crate::body::Naming;
use crate::gated_body::BodyFault;
use crate::problem::Problem;
use crate::safe_time::in_safe_time;
use crate::{body, conditional};

/// Byte for byte the same whatever was there before.
pub(crate) const SUCCESS: &[u8] = br#"{"success":true}"#;

/// `GET|HEAD …/userdata/external/{id}`.
pub(crate) async fn read(
    (api, safe): (&Api, Asked<'_>),
    head: &Parts,
    principal: &Principal,
    id: &str,
) -> Result<Response<Body>, Problem> {
    must_be_own(id, principal)?;
    let snapshot = in_time(&safe, safe.read(&principal.caller)).await?;
    let Some(snapshot) = snapshot else { return Ok(answer::empty(StatusCode::NO_CONTENT)) };
    if snapshot.tag.as_ref().is_some_and(|tag| conditional::is_not_modified(&head.headers, tag)) {
        return Ok(answer::tagged(answer::empty(StatusCode::NOT_MODIFIED), snapshot.tag.as_ref()));
    }
    readable(api, snapshot)
}

/// `POST …/userdata` and `…/users/me`: non-empty data merges, empty data reads.
pub(crate) async fn write<B>(
    (api, safe): (&Api, Asked<'_>),
    head: &Parts,
    body: B,
    (principal, naming): (&Principal, Naming),
) -> Result<Response<Body>, Problem>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
{
    body::demand_json(&head.headers)?;
    let text = body::collect_known(api, head, body).await?;
    let envelope = match naming {
        Naming::Required => Envelope::from_json(&text),
        Naming::Optional => Envelope::of_caller_from_json(&text, &principal.caller.person),
    };
    drop(text);
    let envelope = envelope?;
    envelope.external_user_id.must_be(&principal.caller.person)?;
    if envelope.data.is_empty() {
        return read_by_post(api, &safe, &principal.caller).await;
    }
    let precondition = conditional::precondition(&head.headers)?;
    let merged = in_time(&safe, safe.merge(&principal.caller, &envelope.data, &precondition)).await;
    api.ring_if_elsewhere(&principal.caller);
    let tag = merged?;
    let response = answer::ready_json(StatusCode::OK, Bytes::from_static(SUCCESS), "application/json");
    Ok(answer::tagged(response, tag.as_ref()))
}

/// The guide's fallback for clients whose `GET` is answered 401; conditions do not apply to it.
async fn read_by_post(api: &Api, safe: &Asked<'_>, caller: &Caller) -> Result<Response<Body>, Problem> {
    match in_time(safe, safe.read(caller)).await? {
        Some(snapshot) => readable(api, snapshot),
        None => Ok(answer::empty(StatusCode::NO_CONTENT)),
    }
}

/// What an answer to a sign-in says of the person's data. A safe that does not answer is no reason to refuse a sign-in.
pub(crate) async fn beside_tokens(safe: &Asked<'_>, caller: &Caller) -> Userdata {
    match in_time(safe, safe.read(caller)).await {
        Ok(Some(snapshot)) => Userdata::Read(snapshot.view),
        Ok(None) => Userdata::Read(PublicView::empty()),
        Err(_) => Userdata::Unavailable,
    }
}

/// `DELETE …/userdata/external/{id}`: the same answer whether or not there was a record.
pub(crate) async fn erase(
    (api, safe): (&Api, Asked<'_>),
    head: &Parts,
    principal: &Principal,
    id: &str,
) -> Result<Response<Body>, Problem> {
    must_be_own(id, principal)?;
    let precondition = conditional::precondition(&head.headers)?;
    let erased = in_time(&safe, safe.erase(&principal.caller, &precondition)).await;
    api.ring_if_elsewhere(&principal.caller);
    erased?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// `GET …/userdata/external/{id}/export`: everything that may be told, the names of write-only keys included.
pub(crate) async fn export(
    (api, safe): (&Api, Asked<'_>),
    principal: &Principal,
    id: &str,
) -> Result<Response<Body>, Problem> {
    must_be_own(id, principal)?;
    let Some(export) = in_time(&safe, safe.export(&principal.caller)).await? else {
        return Ok(answer::empty(StatusCode::NO_CONTENT));
    };
    let document = ExportDocument {
        external_user_id: id,
        generation: export.revision.generation.to_string(),
        version: export.revision.version,
        created_at: answer::time(export.created_at),
        updated_at: answer::time(export.updated_at),
        data: serde_json::from_str(export.view.as_json()).map_err(|_| Problem::Internal)?,
        write_only: export.write_only.iter().map(WriteOnlyKey::as_str).collect(),
    };
    let document = api.hold(serde_json::to_vec(&document).map_err(|_| Problem::Internal)?)?;
    let response = answer::ready_json(StatusCode::OK, document, "application/json");
    Ok(answer::tagged(response, Some(&export.revision.into())))
}

/// Ownership. The caller's own id is well formed: only another is looked at, for what is wrong with it.
fn must_be_own(id: &str, principal: &Principal) -> Result<(), Problem> {
    let person = &principal.caller.person;
    if id != person.as_str() {
        ExternalUserId::parse(id)?.must_be(person)?;
    }
    Ok(())
}

/// The data-subject export, as `api.md` shapes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportDocument<'a> {
    external_user_id: &'a str,
    generation: String,
    version: u64,
    created_at: String,
    updated_at: String,
    data: &'a RawValue,
    write_only: Vec<&'a str>,
}

/// What the safe answers, or 503; of a write, the outcome is unknown then, as it is to every caller of a safe that is
/// unavailable. The clock is asked only where the answer is not there at once.
pub(crate) async fn in_time<T>(
    safe: &Asked<'_>,
    asked: impl Future<Output = Result<T, UpstreamError>>,
) -> Result<T, Problem> {
    match safe {
        Asked::Remote(_) => Ok(asked.await?),
        Asked::Here(_) => in_safe_time(asked).await,
    }
}

/// 200 with the flat map, or 204 when nothing is readable; both with the record's tag. The view's own bytes are sent, and
/// overwritten afterwards.
fn readable(api: &Api, Snapshot { view, tag }: Snapshot) -> Result<Response<Body>, Problem> {
    let response = if view.is_empty() {
        answer::empty(StatusCode::NO_CONTENT)
    } else {
        answer::ready_json(StatusCode::OK, api.hold(view)?, "application/json")
    };
    Ok(answer::tagged(response, tag.as_ref()))
}
