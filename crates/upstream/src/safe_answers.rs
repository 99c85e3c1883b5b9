//! What a safe's answers mean. Nothing that it said goes any further but user data that was filtered, tags, and the JSON of
//! verbs; what cannot be used is a failure of the safe, never half an answer.

use http::StatusCode;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use strongroom_domain::{EntityTag, ExternalUserId, Key, LimitExceeded, Precondition, PublicView, Revision};
use strongroom_ports::{Export, Snapshot, Timestamp, UpstreamError, VerbAnswer};

use crate::incoming::Answer;
use crate::passed_json::{MAX_ERROR_BYTES, Passed, pass, retry_after_s};

/// A record as it was read, and how many members were kept from going further.
pub(crate) struct Read {
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) dropped: usize,
}

/// 200 with the record; 204 and 404 are none.
pub(crate) fn read(answer: &Answer) -> Result<Read, UpstreamError> {
    match answer.status() {
        StatusCode::OK => {
            let (view, dropped) = readable(answer)?;
            let snapshot = Snapshot { view, tag: answer.head.tag.clone() };
            // Without a tag there is nothing to tell of a record that shows nothing.
            Ok(Read { snapshot: Some(snapshot), dropped })
        }
        StatusCode::NO_CONTENT => {
            let tag = answer.head.tag.clone();
            let snapshot = tag.map(|tag| Snapshot { view: PublicView::empty(), tag: Some(tag) });
            Ok(Read { snapshot, dropped: 0 })
        }
        StatusCode::NOT_FOUND => Ok(Read { snapshot: None, dropped: 0 }),
        _ => Err(refusal(answer)),
    }
}

/// 200, 201 and 204 are done, unless the body says otherwise or is no JSON; any other 2xx promises nothing.
pub(crate) fn merge(answer: &Answer) -> Result<Option<EntityTag>, UpstreamError> {
    done(answer)?;
    Ok(answer.head.tag.clone())
}

/// Done as a merge is; and what was not there is gone, unless the caller has named a state of it.
pub(crate) fn erase(answer: &Answer, precondition: &Precondition) -> Result<(), UpstreamError> {
    match answer.status() {
        StatusCode::NOT_FOUND if precondition.if_match.is_some() => Err(UpstreamError::PreconditionFailed),
        StatusCode::NOT_FOUND => Ok(()),
        _ => done(answer),
    }
}

/// What a safe exports.
pub(crate) enum Exported {
    /// The document, and how many members were kept from going further.
    Document(Export, usize),
    NoRecord,
    /// There is no record, or no such route.
    NotFound,
}

/// 200 with the document that a safe of ours writes, about this person; 204 is no record.
pub(crate) fn export(answer: &Answer, person: &ExternalUserId) -> Result<Exported, UpstreamError> {
    match answer.status() {
        StatusCode::OK => export_of(answer, person),
        StatusCode::NO_CONTENT => Ok(Exported::NoRecord),
        StatusCode::NOT_FOUND => Ok(Exported::NotFound),
        _ => Err(refusal(answer)),
    }
}

/// 2xx, and 4xx of JSON, as they are, but for what is about the gateway's own credentials and none of the caller's affair
/// (`docs/adr/0015-refusals-that-are-about-the-gateway.md`).
pub(crate) fn verb(answer: Answer, is_callers_token: bool) -> Result<(VerbAnswer, usize), UpstreamError> {
    if answer.status() == StatusCode::UNAUTHORIZED && !is_callers_token {
        return Err(UpstreamError::Failed);
    }
    match pass(answer) {
        Passed::AsItIs(answer, dropped) => Ok((answer, dropped)),
        // A safe that forbids somebody something says it in JSON; a wall before it, that forbids us everything, in a page.
        Passed::InOurWords(answer) if answer.status() == StatusCode::FORBIDDEN && !is_callers_token => {
            Err(UpstreamError::Failed)
        }
        Passed::InOurWords(answer) => Err(refusal_of_verb(&answer)),
        Passed::Unusable => Err(UpstreamError::Failed),
    }
}

/// A 4xx to a verb, as the port says it. What a verb asks is the caller's own, so a refusal of it never passes for a failure.
fn refusal_of_verb(answer: &Answer) -> UpstreamError {
    match answer.status() {
        StatusCode::UNAUTHORIZED => UpstreamError::TokenRefused,
        StatusCode::NOT_FOUND => UpstreamError::NotThere,
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS => refusal(answer),
        _ => UpstreamError::Refused,
    }
}

/// Done is what a success without a word says, or JSON that does not deny it. Some safes answer 200 and say
/// `{"success":false}`: then nothing has been done. Whatever else stands there, a page to sign in on, was not the safe's word.
fn done(answer: &Answer) -> Result<(), UpstreamError> {
    if !matches!(answer.status(), StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT) {
        return Err(refusal(answer));
    }
    let is_done = if answer.body.is_empty() { Some(true) } else { says_done(&answer.body) };
    match is_done {
        Some(true) => Ok(()),
        Some(false) => Err(UpstreamError::Refused),
        None => Err(UpstreamError::Failed),
    }
}

/// What JSON says of a write; `None` where it is none, or says neither.
fn says_done(body: &[u8]) -> Option<bool> {
    #[derive(Deserialize)]
    struct Document {
        #[serde(default = "unsaid")]
        success: bool,
    }
    fn unsaid() -> bool {
        true
    }
    // What the reader passes over it does not read as text.
    let text = std::str::from_utf8(body).ok()?;
    // A list would pass for the members of a document.
    if text.trim_ascii_start().starts_with('{') {
        return serde_json::from_str(text).ok().map(|Document { success }| success);
    }
    serde_json::from_str(text).ok().map(|IgnoredAny| true)
}

/// A status that is no success, as the port says it.
fn refusal(answer: &Answer) -> UpstreamError {
    match answer.status() {
        StatusCode::PRECONDITION_FAILED => UpstreamError::PreconditionFailed,
        StatusCode::PAYLOAD_TOO_LARGE => UpstreamError::TooLarge,
        StatusCode::UNPROCESSABLE_ENTITY => {
            limit(&answer.body).map_or(UpstreamError::Refused, UpstreamError::Limit)
        }
        StatusCode::TOO_MANY_REQUESTS => UpstreamError::Busy { retry_after_s: retry_after_s(answer) },
        // What was sent is right by our rules, and the safe has others; the rest is not about the request but about us.
        StatusCode::BAD_REQUEST | StatusCode::CONFLICT => UpstreamError::Refused,
        _ => UpstreamError::Failed,
    }
}

/// Which limit a safe of ours has met.
fn limit(body: &[u8]) -> Option<LimitExceeded> {
    #[derive(Deserialize)]
    struct Document<'a> {
        code: &'a str,
        limit_bytes: Option<usize>,
        limit_keys: Option<usize>,
    }
    let body = body.get(..body.len().min(MAX_ERROR_BYTES))?;
    let document: Document<'_> = serde_json::from_slice(body).ok()?;
    match document.code {
        "value_too_long" => document.limit_bytes.map(LimitExceeded::ValueBytes),
        "too_many_keys" => document.limit_keys.map(LimitExceeded::RecordKeys),
        "record_too_large" => document.limit_bytes.map(LimitExceeded::RecordBytes),
        _ => None,
    }
}

fn readable(answer: &Answer) -> Result<(PublicView, usize), UpstreamError> {
    if answer.head.kind.is_none() {
        return Err(UpstreamError::Failed);
    }
    PublicView::of_foreign(&answer.body).map_err(|_| UpstreamError::Failed)
}

fn export_of(answer: &Answer, person: &ExternalUserId) -> Result<Exported, UpstreamError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Document<'a> {
        external_user_id: &'a str,
        generation: &'a str,
        version: u64,
        created_at: &'a str,
        updated_at: &'a str,
        #[serde(borrow)]
        data: &'a RawValue,
        write_only: Vec<String>,
    }
    let failed = UpstreamError::Failed;
    if answer.head.kind.is_none() {
        return Err(failed);
    }
    let document: Document<'_> = serde_json::from_slice(&answer.body).map_err(|_| failed)?;
    if document.external_user_id != person.as_str() {
        return Err(failed);
    }
    let (view, dropped) = PublicView::of_foreign(document.data.get().as_bytes()).map_err(|_| failed)?;
    let revision =
        Revision::parse(&format!("{}.{}", document.generation, document.version)).map_err(|_| failed)?;
    let time = |text: &str| humantime::parse_rfc3339(text).map(Timestamp::from).map_err(|_| failed);
    let name = |name: &String| match Key::parse(name) {
        Ok(Key::WriteOnly(key)) => Ok(key),
        _ => Err(failed),
    };
    let export = Export {
        revision,
        created_at: time(document.created_at)?,
        updated_at: time(document.updated_at)?,
        view,
        write_only: document.write_only.iter().map(name).collect::<Result<_, _>>()?,
    };
    Ok(Exported::Document(export, dropped))
}
