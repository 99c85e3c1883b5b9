//! A key set that an issuer publishes at a URL (RFC 7517), as `jwks_uri` of its metadata says (RFC 8414).

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Empty;
use strongroom_ports::{KeySetSource, KeySetUnavailable};

use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::figures::Figures;
use crate::outcome::Outcome;

/// Fetches a key set by GET. Anything but 200 is a failure, a redirect too: the operator's URL is where the keys are.
#[derive(Debug, Clone)]
pub struct HttpKeySetSource {
    client: Client,
    endpoint: Endpoint,
    figures: Arc<Figures>,
}

impl HttpKeySetSource {
    /// From this place, counted among these.
    #[must_use]
    pub fn new(client: Client, endpoint: Endpoint, figures: Arc<Figures>) -> Self {
        Self { client, endpoint, figures }
    }

    /// What all sources of a process may count in together: where they are is the operator's, and not told.
    #[must_use]
    pub fn figures() -> Figures {
        Figures::new("key_sets", [("GET", "key_set")]).of_single_requests()
    }
}

#[async_trait]
impl KeySetSource for HttpKeySetSource {
    async fn fetch(&self) -> Result<Bytes, KeySetUnavailable> {
        let mut request = Request::new(Empty::<Bytes>::new());
        let accepted = HeaderValue::from_static("application/jwk-set+json, application/json");
        request.headers_mut().insert(header::ACCEPT, accepted);
        request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        request.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let timing = self.figures.begin(0);
        let answer = self.client.send(&self.endpoint, request).await;
        timing.end(Outcome::of(answer.as_ref().map(Response::status).map_err(|failure| *failure)));
        let answer = answer.map_err(|failure| KeySetUnavailable(failure.words()))?;
        match answer.status() {
            StatusCode::OK => Ok(answer.into_body()),
            status => Err(KeySetUnavailable(words_of(status))),
        }
    }
}

fn words_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        300..=399 => "its answer is a redirect, which is not followed",
        400..=499 => "it is refused: 4xx",
        500..=599 => "its server fails: 5xx",
        _ => "its answer is not 200",
    }
}
