//! An identity service that remembers what it was asked.

use std::net::IpAddr;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use strongroom_ports::{IdentityAct, IdentityCall, IdentityCallError, RemoteIdentity, VerbAnswer};

use super::locked;

/// A [`RemoteIdentity`] for tests of what is done with one: everything is answered 200 and `{"success":true}`, or as it was told.
#[derive(Debug, Default)]
pub struct RecordingRemoteIdentity {
    calls: Mutex<Vec<RecordedIdentityCall>>,
    answer: Option<Result<VerbAnswer, IdentityCallError>>,
}

/// A call, as values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordedIdentityCall {
    /// `Read`, `Make`, `Send` or `Remove`.
    pub act: String,
    /// The path, and the query behind a question mark.
    pub target: String,
    /// The body of a `Send`.
    pub body: Option<Bytes>,
    /// The tenant.
    pub tenant: Option<String>,
    /// The origin.
    pub origin: Option<String>,
    /// The word of Fetch Metadata.
    pub fetch_site: Option<&'static str>,
    /// The token.
    pub token: Option<String>,
    /// The address that asks.
    pub client: Option<IpAddr>,
}

impl RecordingRemoteIdentity {
    /// A service that was asked nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that answers everything so.
    #[must_use]
    pub fn answering(answer: Result<VerbAnswer, IdentityCallError>) -> Self {
        Self { answer: Some(answer), ..Self::default() }
    }

    /// The calls since this was asked last.
    #[must_use]
    pub fn calls(&self) -> Vec<RecordedIdentityCall> {
        std::mem::take(&mut locked(&self.calls))
    }
}

#[async_trait]
impl RemoteIdentity for RecordingRemoteIdentity {
    async fn call(&self, call: IdentityCall<'_>) -> Result<VerbAnswer, IdentityCallError> {
        let (query, body) = match call.act {
            IdentityAct::Make { query } => (query, None),
            IdentityAct::Send { body } => ("", body.cloned()),
            IdentityAct::Read | IdentityAct::Remove => ("", None),
        };
        let mark = if query.is_empty() { "" } else { "?" };
        locked(&self.calls).push(RecordedIdentityCall {
            act: format!("{:?}", call.act),
            target: [call.path, mark, query].concat(),
            body,
            tenant: call.tenant.map(|tenant| tenant.as_str().to_owned()),
            origin: call.origin.map(str::to_owned),
            fetch_site: call.fetch_site,
            token: call.token.map(str::to_owned),
            client: Some(call.client),
        });
        let body = Bytes::from_static(br#"{"success":true}"#);
        let answer = VerbAnswer { status: 200, body, is_problem: false, retry_after_s: None };
        self.answer.clone().unwrap_or(Ok(answer))
    }
}
