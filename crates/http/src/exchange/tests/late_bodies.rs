//! A session that ends while a body is on its way: nothing of the body is applied, however good the token was at first.

use serde_json::json;
use strongroom_ports::SessionId;
use tokio::sync::oneshot;

use super::passkeys::{UP, challenge};
use super::verbs::gateway;
use super::*;

const ID: &str = sample::EXTERNAL_USER_ID;
const SESSION: SessionId = SessionId::from_bytes([7; 16]);

/// Knows `jane`, in a session.
fn authenticator() -> StaticAuthenticator {
    let in_session = Principal { session: Some(SESSION), ..principal(sample::caller()) };
    StaticAuthenticator::new().with("jane", in_session)
}

/// A body of which one half is there, and the other when somebody lets it come.
struct HalfBody {
    first: Option<Bytes>,
    second: Option<oneshot::Receiver<Bytes>>,
}

impl hyper::body::Body for HalfBody {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let Some(second) = &mut self.second else { return Poll::Ready(None) };
        let come = std::task::ready!(Pin::new(second).poll(context));
        self.second = None;
        Poll::Ready(Some(come.map(Frame::data).map_err(|_| BodyFault::Broken)))
    }
}

/// Posts a body in two halves; what happens between them is done when the first has been taken.
async fn post_in_halves(
    surface: &Exchange,
    path: &str,
    body: &str,
    meanwhile: impl Future<Output = ()>,
) -> Answer {
    let mut first = Bytes::from(body.to_owned());
    let second = first.split_off(body.len() / 2);
    let (let_come, come) = oneshot::channel();
    let half = HalfBody { first: Some(first), second: Some(come) };
    let rest = async {
        meanwhile.await;
        let_come.send(second).unwrap();
    };
    tokio::join!(send_body(surface, request("POST", path), half), rest).0
}

/// Every route that reads a token and a body, with a body that it takes.
async fn routes(surface: &Exchange) -> Vec<(&'static str, String)> {
    let credential =
        json!({ "challenge": challenge(surface, UP, sample::TENANT).await, "id": "a", "counter": 0 });
    let about = |rest: &str| format!(r#"{{"externalUserId":"{ID}",{rest}}}"#);
    let write = r#""data":{"a.b":"1"}"#;
    let validate = r#""email":"jane@example.org""#;
    let confirm = r#""email":"jane@example.org","code":"000000""#;
    vec![
        (WRITE, about(write)),
        ("/v1/users/me", format!("{{{write}}}")),
        ("/v1/ibexsafe/validateEmail", about(validate)),
        ("/v1/users/me/validate-email", format!("{{{validate}}}")),
        ("/v1/ibexsafe/confirmEmail", about(confirm)),
        ("/v1/users/me/confirm-email", format!("{{{confirm}}}")),
        (UP, json!({ "credential": credential, "externalUserId": ID }).to_string()),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_body_that_ends_after_its_session_did_changes_nothing() {
    for at in 0..7 {
        for ends in [false, true] {
            let surface = surface_of(InMemoryUpstream::new(), authenticator(), HTTP_LIMITS);
            let (path, body) = routes(&surface).await.swap_remove(at);
            let meanwhile = async {
                if ends {
                    let signed_out = send(&surface, request("POST", "/v1/auth/sign-out"), "").await;
                    assert_eq!(signed_out.status, 200);
                }
            };
            if path == UP && !ends {
                // A passkey is added by a session that the store knows, which that of this token is not.
                continue;
            }
            let answer = post_in_halves(&surface, path, &body, meanwhile).await;
            assert_eq!(answer.status == 401, ends, "{path}: {}", answer.text);
            if ends {
                assert_eq!(answer.problem().1, "token_invalid", "{path}");
                let Safe::Here { upstream, .. } = &surface.api.safe else { panic!("a safe") };
                assert_eq!(upstream.read(&sample::caller()).await, Ok(None), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn a_verb_whose_token_ends_while_its_body_comes_goes_nowhere() {
    let (mut surface, recorder) = gateway(&["POST validateEmail"]);
    Arc::get_mut(&mut surface.api).unwrap().authenticator = Arc::new(authenticator());
    let body = format!(r#"{{"externalUserId":"{ID}"}}"#);
    let meanwhile = async { surface.api.authenticator.forget(&SESSION) };
    let answer = post_in_halves(&surface, "/v1/ibexsafe/validateEmail", &body, meanwhile).await;
    assert_eq!(answer.problem(), (401, "token_invalid".to_owned()));
    assert_eq!(recorder.calls(), []);
}
