//! A remote safe that remembers which verbs it was asked, and answers them as it is told.

use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use strongroom_ports::{Caller, PassedOn, RemoteSafe, Upstream, UpstreamError, VerbAnswer, VerbCall};

use super::{InMemoryUpstream, locked};

/// A [`RemoteSafe`] for tests of what is done with one: each request finds an empty one, and every verb is answered 202 and
/// `{"success":true}`, or as it was told.
#[derive(Debug, Default)]
pub struct RecordingRemoteSafe {
    calls: Mutex<Vec<RecordedCall>>,
    told: Mutex<Option<Result<VerbAnswer, UpstreamError>>>,
}

/// A verb that was called: its path, and the body of a POST.
pub type RecordedCall = (String, Option<Bytes>);

impl RecordingRemoteSafe {
    /// A safe without records that was asked nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers every verb from now on like this.
    pub fn answer_with(&self, answer: Result<VerbAnswer, UpstreamError>) {
        *locked(&self.told) = Some(answer);
    }

    /// The verbs so far.
    #[must_use]
    pub fn calls(&self) -> Vec<RecordedCall> {
        locked(&self.calls).clone()
    }
}

#[async_trait]
impl RemoteSafe for RecordingRemoteSafe {
    fn on_behalf<'a>(&'a self, _: PassedOn<'a>) -> Box<dyn Upstream + 'a> {
        Box::new(InMemoryUpstream::new())
    }

    async fn call(
        &self,
        _: PassedOn<'_>,
        _: &Caller,
        verb: VerbCall<'_>,
    ) -> Result<VerbAnswer, UpstreamError> {
        locked(&self.calls).push((verb.path.to_owned(), verb.body.cloned()));
        let body = Bytes::from_static(br#"{"success":true}"#);
        let success = VerbAnswer { status: 202, body, is_problem: false, retry_after_s: None };
        locked(&self.told).clone().unwrap_or(Ok(success))
    }

    async fn is_ready(&self) -> bool {
        true
    }
}
