//! What is left in memory of a body: nothing, whatever became of its request.

use std::fs::File;
use std::future::pending;
use std::os::unix::fs::FileExt as _;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use strongroom_ports::{IdentityCall, IdentityCallError, RemoteIdentity, VerbAnswer};

use super::identity::gateway_to;
use super::*;

/// An identity service that never answers.
#[derive(Debug)]
struct Silent;

#[async_trait]
impl RemoteIdentity for Silent {
    async fn call(&self, _: IdentityCall<'_>) -> Result<VerbAnswer, IdentityCallError> {
        pending().await
    }
}

/// Long enough that nothing else is written to the middle of it, once an allocator has it back, by the time that this looks there.
const VALUE_BYTES: usize = 60_000;
const LIMITS: HttpLimits = HttpLimits { body_bytes: 65_536, ..HTTP_LIMITS };

/// A body with a value in it, and where the middle of that value is.
fn body(id: &str, end: &str) -> (Bytes, u64) {
    let body =
        Bytes::from(format!(r#"{{"externalUserId":"{id}","value":"{}"{end}"#, "7".repeat(VALUE_BYTES)));
    let at = body.as_ptr().addr() as u64 + (VALUE_BYTES / 2) as u64;
    assert!(is_there(at));
    (body, at)
}

fn is_there(at: u64) -> bool {
    let mut seen = [0; 64];
    // Memory that went back to the kernel cannot be read at all.
    File::open("/proc/self/mem").unwrap().read_exact_at(&mut seen, at).is_ok() && seen == [b'7'; 64]
}

#[tokio::test]
async fn nothing_is_left_of_a_body_that_was_refused() {
    let surface = gateway_to(Arc::new(Silent), LIMITS);
    let json = |builder: request::Builder| builder.header(CONTENT_TYPE, "application/json");
    let sign_up = "/v1/auth/sign-up";
    for (request, id, end, code) in [
        (request("POST", sign_up), "john", "}", "not_owner"),
        (json(anonymous("POST", sign_up)), "john", "}", "token_missing"),
        (json(anonymous("POST", "/v1/auth/sign-in")), "john", "", "json_malformed"),
        (json(anonymous("POST", REFRESH)), "john", "]", "json_malformed"),
        (request("POST", WRITE), "john", "}", "json_shape"),
    ] {
        let (body, at) = body(id, end);
        assert_eq!(send(&surface, request, body).await.problem().1, code);
        assert!(!is_there(at), "{code}");
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_body_whose_sender_has_gone() {
    let surface = gateway_to(Arc::new(Silent), LIMITS);
    let (body, at) = body("john", "}");
    let refresh = anonymous("POST", REFRESH).header(CONTENT_TYPE, "application/json");
    let mut asked = Box::pin(send(&surface, refresh, body));
    assert!((&mut asked).now_or_never().is_none());
    assert!(is_there(at), "it is on its way");
    drop(asked);
    assert!(!is_there(at));
}
