//! Requests to a safe, each built from nothing: method, canonical path, and the few fields that a safe is told.
//!
//! No field of the client's is copied. What is here is all there is; a test holds the list.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, FORWARDED, HOST, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version};
use http_body_util::Full;
use strongroom_domain::{EntityTag, Patch, Precondition, Tags};
use strongroom_ports::{Assertions, Caller, PassedOn, Token, UpstreamError, scrubbed};

use crate::base_address::BaseAddress;
use crate::request_fields::{
    Built, JSON, JSON_OR_PROBLEM, TRACEPARENT, X_REQUEST_ID, bearer, forwarded, text,
};

/// What a safe is shown.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// The caller's own token.
    CallerToken,
    /// A key of the gateway's, as a bearer token. The safe must believe whatever id it is told.
    ApiKey(ApiKey),
    /// A word of the gateway's for each caller, which a safe of ours takes.
    Assertion(Arc<dyn Assertions>),
}

/// A gateway's key: 16 to 4096 visible ASCII characters.
#[derive(Clone)]
pub struct ApiKey(Arc<Token>);

impl ApiKey {
    /// Reads one, as it stands in its file without the newline.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let fits = (16..=4096).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic);
        let text = std::str::from_utf8(text).ok().filter(|_| fits)?;
        Some(Self(Arc::new(Token::new(text.to_owned()))))
    }
}

/// Never printed.
impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey")
    }
}

/// Fields that a request has room for from the start: a read has no more. Room for a seventh is twice as large, and of a
/// size that an allocator takes longer to find.
const FIELDS: usize = 6;

/// Writes requests to one safe.
#[derive(Debug)]
pub(crate) struct Requests {
    host: HeaderValue,
    base: Box<str>,
    credentials: Credentials,
}

impl Requests {
    /// To the safe at this address, below its path.
    pub(crate) fn new(address: &BaseAddress, credentials: Credentials) -> Self {
        Self { host: address.host().clone(), base: address.path().into(), credentials }
    }

    /// `GET …/userdata/external/{id}`.
    pub(crate) fn read(&self, caller: &Caller, passed: PassedOn<'_>) -> Built {
        self.build(Method::GET, &["userdata/external/", caller.person.as_str()], caller, passed)
    }

    /// The guide's other way to read: a write of nothing.
    pub(crate) fn read_by_post(&self, caller: &Caller, passed: PassedOn<'_>) -> Built {
        let request = self.build(Method::POST, &["userdata"], caller, passed)?;
        Ok(with_body(request, envelope(caller, b"{}")))
    }

    /// `POST …/userdata`.
    pub(crate) fn merge(
        &self,
        caller: &Caller,
        patch: &Patch,
        precondition: &Precondition,
        passed: PassedOn<'_>,
    ) -> Built {
        let mut request = self.build(Method::POST, &["userdata"], caller, passed)?;
        conditions(request.headers_mut(), precondition)?;
        Ok(with_body(request, envelope(caller, patch.reveal().as_bytes())))
    }

    /// `DELETE …/userdata/external/{id}`.
    pub(crate) fn erase(&self, caller: &Caller, precondition: &Precondition, passed: PassedOn<'_>) -> Built {
        let path = ["userdata/external/", caller.person.as_str()];
        let mut request = self.build(Method::DELETE, &path, caller, passed)?;
        conditions(request.headers_mut(), precondition)?;
        Ok(request)
    }

    /// `GET …/userdata/external/{id}/export`.
    pub(crate) fn export(&self, caller: &Caller, passed: PassedOn<'_>) -> Built {
        let path = ["userdata/external/", caller.person.as_str(), "/export"];
        self.build(Method::GET, &path, caller, passed)
    }

    /// A verb: its path has been checked, and so has its body.
    pub(crate) fn verb(
        &self,
        path: &str,
        body: Option<&Bytes>,
        caller: &Caller,
        passed: PassedOn<'_>,
    ) -> Built {
        match body {
            None => self.build(Method::GET, &[path], caller, passed),
            Some(body) => Ok(with_body(self.build(Method::POST, &[path], caller, passed)?, body.clone())),
        }
    }

    fn build(&self, method: Method, path: &[&str], caller: &Caller, passed: PassedOn<'_>) -> Built {
        let mut target =
            String::with_capacity(self.base.len() + 1 + path.iter().map(|it| it.len()).sum::<usize>());
        target.push_str(&self.base);
        target.push('/');
        target.extend(path.iter().copied());
        let mut request = Box::new(Request::new(Full::default()));
        *request.method_mut() = method;
        *request.uri_mut() = Uri::try_from(target).map_err(|_| UpstreamError::Failed)?;
        *request.version_mut() = Version::HTTP_11;
        let headers = request.headers_mut();
        headers.reserve(FIELDS);
        headers.insert(HOST, self.host.clone());
        headers.insert(AUTHORIZATION, self.authorization(caller, passed)?);
        headers.insert(ACCEPT, JSON_OR_PROBLEM);
        headers.insert(X_REQUEST_ID, text(passed.request_id)?);
        if let Some(trace_parent) = passed.trace_parent {
            headers.insert(TRACEPARENT, text(trace_parent)?);
        }
        if matches!(self.credentials, Credentials::Assertion(_)) {
            // A safe of ours would else take all callers for one client. Another's need not learn where they are.
            headers.insert(FORWARDED, forwarded(passed.client)?);
        }
        Ok(request)
    }

    fn authorization(&self, caller: &Caller, passed: PassedOn<'_>) -> Result<HeaderValue, UpstreamError> {
        match &self.credentials {
            Credentials::CallerToken => bearer(passed.token),
            Credentials::ApiKey(ApiKey(key)) => bearer(key.as_str()),
            Credentials::Assertion(assertions) => {
                bearer(assertions.assertion(caller).map_err(|_| UpstreamError::Failed)?.as_str())
            }
        }
    }

    /// Whether a refusal of what the safe was shown is the caller's own affair.
    pub(crate) fn shows_the_callers_token(&self) -> bool {
        matches!(self.credentials, Credentials::CallerToken)
    }
}

/// `{"externalUserId":"…","data":…}`: an id needs no escapes.
fn envelope(caller: &Caller, data: &[u8]) -> Bytes {
    let parts: [&[u8]; 5] =
        [br#"{"externalUserId":""#, caller.person.as_str().as_bytes(), br#"","data":"#, data, b"}"];
    // It may hold private values.
    scrubbed(parts.concat().into())
}

/// Its length is written by hyper, from the body itself.
fn with_body(mut request: Box<Request<Full<Bytes>>>, body: Bytes) -> Box<Request<Full<Bytes>>> {
    request.headers_mut().insert(CONTENT_TYPE, JSON);
    *request.body_mut() = Full::new(body);
    request
}

fn conditions(headers: &mut HeaderMap, precondition: &Precondition) -> Result<(), UpstreamError> {
    for (name, tags) in [(IF_MATCH, &precondition.if_match), (IF_NONE_MATCH, &precondition.if_none_match)] {
        match tags {
            Some(Tags::Any) => {
                headers.insert(name, HeaderValue::from_static("*"));
            }
            Some(Tags::These(tags)) if !tags.is_empty() => {
                let list: Vec<_> = tags.iter().map(EntityTag::to_field).collect();
                headers.insert(name, text(&list.join(", "))?);
            }
            // A list of tags that name no state: nothing matches it.
            Some(Tags::These(_)) if name == IF_MATCH => return Err(UpstreamError::PreconditionFailed),
            None | Some(Tags::These(_)) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt as _;

    use strongroom_domain::ExternalUserId;
    use strongroom_ports::TenantId;

    use super::*;

    #[test]
    fn what_was_sent_is_overwritten_when_the_request_is_let_go() {
        let caller = Caller {
            tenant: TenantId::parse("shop.example").unwrap(),
            person: ExternalUserId::parse("jane").unwrap(),
        };
        let body = envelope(&caller, &[b'7'; 4096]);
        // The middle of it: an allocator writes notes of its own to the edges of what it is given back.
        let at = body.as_ptr().addr() as u64 + 2048;
        let memory = File::open("/proc/self/mem").unwrap();
        let mut seen = [0; 64];
        memory.read_exact_at(&mut seen, at).unwrap();
        assert_eq!(seen, [b'7'; 64]);
        let shared = body.clone();
        drop(body);
        memory.read_exact_at(&mut seen, at).unwrap();
        assert_eq!(seen, [b'7'; 64], "a request that is tried again is whole");
        drop(shared);
        // Memory that went back to the kernel cannot be read at all.
        let read = memory.read_exact_at(&mut seen, at);
        assert!(read.is_err() || seen != [b'7'; 64]);
    }
}
