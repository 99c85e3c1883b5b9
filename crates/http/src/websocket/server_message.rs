//! What the server says: `{"type","data","timestamp"}`, every frame alike. Each is overwritten when it has been sent.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use strongroom_domain::{EntityTag, Generation, PublicView, Revision};
use strongroom_ports::{Caller, ChainId, Snapshot, Timestamp, WalletAddress, scrubbed};

use crate::answer;
use crate::auth_answer::SafeAddresses;

/// A frame's text.
pub(crate) type Frame = Bytes;

/// Why something was not done, as `auth_error` and `error` say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    message: &'static str,
    error_code: &'static str,
    /// What was being done.
    context: &'static str,
}

impl Fault {
    pub(crate) const TOKEN_EXPIRED: Self = Self::auth("TOKEN_EXPIRED", "The token has expired.");
    pub(crate) const TOKEN_INVALID: Self = Self::auth("TOKEN_INVALID", "The token is not valid.");
    pub(crate) const TENANT_MISMATCH: Self =
        Self::auth("TENANT_MISMATCH", "The token belongs to another domain.");
    pub(crate) const OTHER_PERSON: Self = Self::auth("OTHER_PERSON", "The token belongs to another user.");
    pub(crate) const ACCOUNT_CLOSED: Self = Self::auth("ACCOUNT_CLOSED", "The account is closed.");
    pub(crate) const AUTH_REQUIRED: Self =
        Self::auth("AUTH_REQUIRED", "The first message must be of type auth, with a token.");
    pub(crate) const TOO_MANY_CONNECTIONS: Self =
        Self::auth("TOO_MANY_CONNECTIONS", "The user has too many connections.");
    pub(crate) const UNAVAILABLE: Self = Self {
        message: "The safe cannot answer now: try again shortly.",
        error_code: "UNAVAILABLE",
        context: "user_data",
    };
    pub(crate) const AUTH_UNAVAILABLE: Self =
        Self::auth("UNAVAILABLE", "The token cannot be judged now: try again shortly.");
    pub(crate) const TOO_MANY_REQUESTS: Self = Self {
        message: "Too many requests: try again shortly.",
        error_code: "TOO_MANY_REQUESTS",
        context: "user_data",
    };
    pub(crate) const MALFORMED: Self =
        Self { message: "The message is malformed.", error_code: "MALFORMED", context: "message" };
    pub(crate) const UNKNOWN_TYPE: Self =
        Self { message: "There is no such type of message.", error_code: "UNKNOWN_TYPE", context: "message" };

    const fn auth(error_code: &'static str, message: &'static str) -> Self {
        Self { message, error_code, context: "auth" }
    }
}

/// A frame of a type, at a time.
#[derive(Serialize)]
struct Outer<'a, D> {
    r#type: &'a str,
    data: D,
    timestamp: String,
}

/// What a frame has around its data, at the most: it is put together without growing, which would leave copies behind.
const AROUND_BYTES: usize = 512;

fn frame(kind: &str, data: impl Serialize, now: Timestamp) -> Frame {
    frame_of(0, kind, data, now)
}

/// The same, of data as long as this.
fn frame_of(bytes: usize, kind: &str, data: impl Serialize, now: Timestamp) -> Frame {
    let outer = Outer { r#type: kind, data, timestamp: answer::time(now) };
    let mut text = Vec::with_capacity(bytes + AROUND_BYTES);
    // Plain structs of strings and JSON always serialise.
    let _ = serde_json::to_writer(&mut text, &outer);
    scrubbed(text.into())
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Welcome<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    safe_address: Option<SafeAddresses<'a>>,
    message: &'static str,
}

/// `auth_success` or `connection_success`, with the wallets of the passkey that the session began with, if it has any.
pub(crate) fn welcome(kind: &str, wallets: &BTreeMap<ChainId, WalletAddress>, now: Timestamp) -> Frame {
    let safe_address = (!wallets.is_empty()).then_some(SafeAddresses(Some(wallets)));
    frame(kind, Welcome { safe_address, message: "Authenticated." }, now)
}

/// `auth_error`.
pub(crate) fn auth_error(fault: Fault, now: Timestamp) -> Frame {
    frame("auth_error", fault, now)
}

/// `error`: the socket lives on.
pub(crate) fn error(fault: Fault, now: Timestamp) -> Frame {
    frame("error", fault, now)
}

/// `pong`.
pub(crate) fn pong(now: Timestamp) -> Frame {
    frame("pong", Nothing {}, now)
}

/// `resync`: what was missed can no longer be told one by one. `user_data` follows.
pub(crate) fn resync(now: Timestamp) -> Frame {
    frame("resync", Nothing {}, now)
}

#[derive(Serialize)]
struct UserData<'a> {
    id: &'a str,
    userdata: &'a RawValue,
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "requestId")]
    request_id: Option<&'a RawValue>,
}

/// `user_data`: the record as it may be read; an empty map and no version where there is none.
pub(crate) fn user_data(
    caller: &Caller,
    snapshot: Option<&Snapshot>,
    request_id: Option<&RawValue>,
    now: Timestamp,
) -> Option<Frame> {
    let view = snapshot.map_or("{}", |snapshot| snapshot.view.as_json());
    let userdata = serde_json::from_str(view).ok()?;
    let version = snapshot.and_then(|snapshot| snapshot.tag.as_ref()).map(version_of);
    Some(frame_of(
        view.len(),
        "user_data",
        UserData { id: caller.person.as_str(), userdata, version, request_id },
        now,
    ))
}

/// A state as its `ETag` says it, without the quotes.
pub(crate) fn version_of(tag: &EntityTag) -> String {
    match tag {
        EntityTag::Revision(revision) => revision.to_string(),
        EntityTag::Foreign(_) => tag.to_field().replace('"', ""),
    }
}

#[derive(Serialize)]
struct Update<'a> {
    changed: &'a RawValue,
    removed: &'a RawValue,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
}

/// `user_data_update`: what an effective write has changed of what may be read. `from`: the version before the first, where
/// several writes are told as one. `None`: the description is none.
pub(crate) fn update(
    from: Option<Revision>,
    revision: Revision,
    changes: &PublicView,
    now: Timestamp,
) -> Option<Frame> {
    #[derive(serde::Deserialize)]
    struct Changes<'a> {
        #[serde(borrow)]
        changed: &'a RawValue,
        #[serde(borrow)]
        removed: &'a RawValue,
    }
    let Changes { changed, removed } = serde_json::from_str(changes.as_json()).ok()?;
    let (version, from) = (revision.to_string(), from.map(|from| from.to_string()));
    let bytes = changes.as_json().len();
    Some(frame_of(bytes, "user_data_update", Update { changed, removed, version, from }, now))
}

#[derive(Serialize)]
struct Erased {
    generation: Option<String>,
}

/// `user_data_erased`: nothing of that generation is there any more. A safe that is none of ours names none.
pub(crate) fn erased(generation: Option<Generation>, now: Timestamp) -> Frame {
    frame("user_data_erased", Erased { generation: generation.map(|generation| generation.to_string()) }, now)
}
