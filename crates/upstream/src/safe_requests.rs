//! Requests to a safe, each built from nothing: method, canonical path, and the few fields that a safe is told.
//!
//! No field of the client's is copied. What is here is all there is; a test holds the list.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use strongroom_domain::{EntityTag, Patch, Precondition, Tags};
use strongroom_ports::{Assertions, Caller, PassedOn, Token, UpstreamError};

use crate::base_address::BaseAddress;
use crate::outgoing::{Built, Outgoing, value};
use crate::request_fields::{JSON_OR_PROBLEM, forwarded};

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

/// Writes requests to one safe.
#[derive(Debug)]
pub(crate) struct Requests {
    host: Box<str>,
    base: Box<str>,
    credentials: Credentials,
}

impl Requests {
    /// To the safe at this address, below its path.
    pub(crate) fn new(address: &BaseAddress, credentials: Credentials) -> Self {
        Self { host: address.host().into(), base: address.path().into(), credentials }
    }

    /// `GET …/userdata/external/{id}`.
    pub(crate) fn read(&self, caller: &Caller, passed: PassedOn<'_>) -> Built {
        self.write(&Method::GET, [PERSON, caller.person.as_str(), ""], Has::default(), (caller, passed))
    }

    /// The guide's other way to read: a write of nothing.
    pub(crate) fn read_by_post(&self, caller: &Caller, passed: PassedOn<'_>) -> Built {
        let has = Has { body: Some(&envelope(caller, b"{}")), ..Has::default() };
        self.write(&Method::POST, ["userdata", "", ""], has, (caller, passed))
    }

    /// `POST …/userdata`.
    pub(crate) fn merge(
        &self,
        caller: &Caller,
        patch: &Patch,
        precondition: &Precondition,
        passed: PassedOn<'_>,
    ) -> Built {
        let json = patch.reveal();
        let body = envelope(caller, json.as_bytes());
        let conditions = Conditions::of(precondition)?;
        let has = Has { body: Some(&body), conditions: Some(&conditions) };
        self.write(&Method::POST, ["userdata", "", ""], has, (caller, passed))
    }

    /// `DELETE …/userdata/external/{id}`.
    pub(crate) fn erase(&self, caller: &Caller, precondition: &Precondition, passed: PassedOn<'_>) -> Built {
        let conditions = Conditions::of(precondition)?;
        let has = Has { conditions: Some(&conditions), ..Has::default() };
        self.write(&Method::DELETE, [PERSON, caller.person.as_str(), ""], has, (caller, passed))
    }

    /// `GET …/userdata/external/{id}/export`.
    pub(crate) fn export(&self, caller: &Caller, passed: PassedOn<'_>) -> Built {
        let path = [PERSON, caller.person.as_str(), "/export"];
        self.write(&Method::GET, path, Has::default(), (caller, passed))
    }

    /// A verb: its path has been checked, and so has its body.
    pub(crate) fn verb(
        &self,
        path: &str,
        body: Option<&Bytes>,
        caller: &Caller,
        passed: PassedOn<'_>,
    ) -> Built {
        let method = if body.is_some() { &Method::POST } else { &Method::GET };
        let body = body.map(|body| [&**body]);
        let has = Has { body: body.as_ref().map(|body| &body[..]), ..Has::default() };
        self.write(method, [path, "", ""], has, (caller, passed))
    }

    /// What is here is all that a safe is told.
    fn write(
        &self,
        method: &Method,
        [first, second, third]: [&str; 3],
        has: Has<'_>,
        (caller, passed): (&Caller, PassedOn<'_>),
    ) -> Built {
        let assertion;
        let shown = match &self.credentials {
            Credentials::CallerToken => passed.token,
            Credentials::ApiKey(ApiKey(key)) => key.as_str(),
            Credentials::Assertion(assertions) => {
                assertion = assertions.assertion(caller).map_err(|_| UpstreamError::Failed)?;
                assertion.as_str()
            }
        };
        // A safe of ours would else take all callers for one client. Another's need not learn where they are.
        let tells_client = matches!(self.credentials, Credentials::Assertion(_));
        let forwarded = tells_client.then(|| forwarded(passed.client));
        let condition = |of: fn(&Conditions) -> &Option<String>| of(has.conditions?).as_deref().map(value);
        let fields = [
            ("host: ", Some(value(&self.host))),
            ("authorization: ", Some(["Bearer ", shown])),
            ("accept: ", Some(value(JSON_OR_PROBLEM))),
            ("x-request-id: ", Some(value(passed.request_id))),
            ("traceparent: ", passed.trace_parent.map(value)),
            ("forwarded: ", forwarded.as_deref().map(value)),
            ("if-match: ", condition(|of| &of.if_match)),
            ("if-none-match: ", condition(|of| &of.if_none_match)),
        ];
        Outgoing::write(method, &[&self.base, "/", first, second, third], &fields, has.body)
    }

    /// Whether a refusal of what the safe was shown is the caller's own affair.
    pub(crate) fn shows_the_callers_token(&self) -> bool {
        matches!(self.credentials, Credentials::CallerToken)
    }
}

const PERSON: &str = "userdata/external/";

/// What only some requests have.
#[derive(Clone, Copy, Default)]
struct Has<'a> {
    body: Option<&'a [&'a [u8]]>,
    conditions: Option<&'a Conditions>,
}

/// `{"externalUserId":"…","data":…}`: an id needs no escapes.
fn envelope<'a>(caller: &'a Caller, data: &'a [u8]) -> [&'a [u8]; 5] {
    [br#"{"externalUserId":""#, caller.person.as_str().as_bytes(), br#"","data":"#, data, b"}"]
}

/// The fields of a precondition.
struct Conditions {
    if_match: Option<String>,
    if_none_match: Option<String>,
}

impl Conditions {
    fn of(precondition: &Precondition) -> Result<Self, UpstreamError> {
        // A list of tags that name no state: nothing matches it.
        if matches!(&precondition.if_match, Some(Tags::These(tags)) if tags.is_empty()) {
            return Err(UpstreamError::PreconditionFailed);
        }
        let (if_match, if_none_match) =
            (list(precondition.if_match.as_ref()), list(precondition.if_none_match.as_ref()));
        Ok(Self { if_match, if_none_match })
    }
}

fn list(tags: Option<&Tags>) -> Option<String> {
    match tags {
        Some(Tags::Any) => Some("*".to_owned()),
        Some(Tags::These(tags)) if !tags.is_empty() => {
            let list: Vec<_> = tags.iter().map(EntityTag::to_field).collect();
            Some(list.join(", "))
        }
        None | Some(Tags::These(_)) => None,
    }
}
