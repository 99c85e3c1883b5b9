//! What a safe's answers mean. Nothing that it said goes any further but user data that was filtered, tags, and the JSON of
//! verbs; what cannot be used is a failure of the safe, never half an answer.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use strongroom_domain::{EntityTag, Key, LimitExceeded, PublicView, Revision, filter_foreign};
use strongroom_ports::{Export, Snapshot, Timestamp, UpstreamError, VerbAnswer};

use crate::line::Answer;

/// The longest error of a safe that is looked into, or passed on.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// What is told of how long to wait where the safe does not say, and the most that is believed.
const RETRY_AFTER_S: u32 = 1;
const MAX_RETRY_AFTER_S: u32 = 3600;

/// A record as it was read, and how many members were kept from going further.
pub(crate) struct Read {
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) dropped: usize,
}

/// 200 with the record; 204 and 404 are none.
pub(crate) fn read(answer: &Answer) -> Result<Read, UpstreamError> {
    match answer.status {
        StatusCode::OK => {
            let (view, dropped) = readable(answer)?;
            let snapshot = Snapshot { view, tag: tag(&answer.headers) };
            // Without a tag there is nothing to tell of a record that shows nothing.
            Ok(Read { snapshot: Some(snapshot), dropped })
        }
        StatusCode::NO_CONTENT => {
            let tag = tag(&answer.headers);
            let snapshot = tag.map(|tag| Snapshot { view: PublicView::empty(), tag: Some(tag) });
            Ok(Read { snapshot, dropped: 0 })
        }
        StatusCode::NOT_FOUND => Ok(Read { snapshot: None, dropped: 0 }),
        _ => Err(refusal(answer)),
    }
}

/// Any 2xx is done.
pub(crate) fn merge(answer: &Answer) -> Result<Option<EntityTag>, UpstreamError> {
    if is_done(answer.status) { Ok(tag(&answer.headers)) } else { Err(refusal(answer)) }
}

/// Any 2xx is done, and what was not there is gone.
pub(crate) fn erase(answer: &Answer) -> Result<(), UpstreamError> {
    if is_done(answer.status) || answer.status == StatusCode::NOT_FOUND {
        Ok(())
    } else {
        Err(refusal(answer))
    }
}

/// 200 with the document that a safe of ours writes; 204 and 404 are none.
pub(crate) fn export(answer: &Answer) -> Result<(Option<Export>, usize), UpstreamError> {
    match answer.status {
        StatusCode::OK => export_of(answer).map(|(export, dropped)| (Some(export), dropped)),
        StatusCode::NO_CONTENT | StatusCode::NOT_FOUND => Ok((None, 0)),
        _ => Err(refusal(answer)),
    }
}

/// 2xx, and 4xx of JSON, as they are; a refusal of the gateway's own credentials is none of the caller's.
pub(crate) fn verb(answer: Answer, is_callers_token: bool) -> Result<(VerbAnswer, usize), UpstreamError> {
    let status = answer.status;
    let is_ours = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) && !is_callers_token;
    if is_ours || !(status.is_success() || status.is_client_error()) {
        return Err(UpstreamError::Failed);
    }
    let kind = json_kind(&answer.headers);
    if status.is_success() && answer.body.is_empty() {
        let status = status.as_u16();
        return Ok((VerbAnswer { status, body: Bytes::new(), is_problem: false }, 0));
    }
    let Some(kind) = kind.filter(|_| answer.body.len() <= MAX_ERROR_BYTES) else {
        // A refusal that cannot be shown is told in our own words; an answer that cannot is none.
        return Err(if status.is_success() { UpstreamError::Failed } else { refusal(&answer) });
    };
    let (body, dropped) = filtered(answer.body)?;
    Ok((VerbAnswer { status: status.as_u16(), body, is_problem: kind == JsonKind::Problem }, dropped))
}

fn is_done(status: StatusCode) -> bool {
    matches!(status, StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT)
}

/// A status that is no success, as the port says it.
fn refusal(answer: &Answer) -> UpstreamError {
    match answer.status {
        StatusCode::PRECONDITION_FAILED => UpstreamError::PreconditionFailed,
        StatusCode::PAYLOAD_TOO_LARGE => UpstreamError::TooLarge,
        StatusCode::UNPROCESSABLE_ENTITY => {
            limit(&answer.body).map_or(UpstreamError::Refused, UpstreamError::Limit)
        }
        StatusCode::TOO_MANY_REQUESTS => {
            UpstreamError::Busy { retry_after_s: retry_after_s(&answer.headers) }
        }
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

/// The seconds of `Retry-After`; a date is as good as none.
fn retry_after_s(headers: &HeaderMap) -> u32 {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u32>().ok());
    seconds.unwrap_or(RETRY_AFTER_S).clamp(RETRY_AFTER_S, MAX_RETRY_AFTER_S)
}

/// The one tag of an answer; another form is none.
fn tag(headers: &HeaderMap) -> Option<EntityTag> {
    let mut fields = headers.get_all(ETAG).iter();
    let field = fields.next().filter(|_| fields.next().is_none())?;
    EntityTag::parse(field.to_str().ok()?).ok()
}

fn readable(answer: &Answer) -> Result<(PublicView, usize), UpstreamError> {
    if json_kind(&answer.headers).is_none() {
        return Err(UpstreamError::Failed);
    }
    PublicView::of_foreign(&answer.body).map_err(|_| UpstreamError::Failed)
}

/// A verb's JSON without what must not leave. The filter takes objects, so any other value is looked into as the member of one.
fn filtered(body: Bytes) -> Result<(Bytes, usize), UpstreamError> {
    const BEFORE: &[u8] = br#"{"v":"#;
    const BEHIND: &[u8] = b"}";
    let failed = UpstreamError::Failed;
    let is_object = body.trim_ascii_start().starts_with(b"{");
    let filtered = if is_object {
        filter_foreign(&body)
    } else {
        // One value and no more: what follows it would else be a member beside it.
        serde_json::from_slice::<IgnoredAny>(&body).map_err(|_| failed)?;
        filter_foreign(&[BEFORE, &body, BEHIND].concat())
    };
    let filtered = filtered.map_err(|_| failed)?;
    let Some(rest) = filtered.rest else { return Ok((body, 0)) };
    let rest = Bytes::from(rest.into_bytes());
    let rest = if is_object { rest } else { rest.slice(BEFORE.len()..rest.len() - BEHIND.len()) };
    Ok((rest, filtered.dropped))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum JsonKind {
    Plain,
    Problem,
}

/// Whether an answer says that it is JSON, and nothing about it is coded.
fn json_kind(headers: &HeaderMap) -> Option<JsonKind> {
    if headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    let field = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = field.split(';').next()?.trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/problem+json" => Some(JsonKind::Problem),
        "application/json" => Some(JsonKind::Plain),
        _ if essence.starts_with("application/") && essence.ends_with("+json") => Some(JsonKind::Plain),
        _ => None,
    }
}

fn export_of(answer: &Answer) -> Result<(Export, usize), UpstreamError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Document<'a> {
        generation: &'a str,
        version: u64,
        created_at: &'a str,
        updated_at: &'a str,
        #[serde(borrow)]
        data: &'a RawValue,
        write_only: Vec<String>,
    }
    let failed = UpstreamError::Failed;
    if json_kind(&answer.headers).is_none() {
        return Err(failed);
    }
    let document: Document<'_> = serde_json::from_slice(&answer.body).map_err(|_| failed)?;
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
    Ok((export, dropped))
}
