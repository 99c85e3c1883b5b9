//! What is answered when the safe or the authenticator refuses, or when there is too much to do.

use futures_util::FutureExt;
use strongroom_domain::{EntityTag, LimitExceeded, Patch, Precondition};
use strongroom_ports::{AuthenticationUnavailable, Export, Refusal, Snapshot, UpstreamError, Verdict};
use strongroom_testkit::mock::{MockAuthenticator, MockUpstream};

use super::*;

/// The surface over an authenticator that says this of every token.
fn judging(verdict: Result<Verdict, AuthenticationUnavailable>) -> Exchange {
    let mut authenticator = MockAuthenticator::new();
    authenticator.expect_authenticate().returning(move |_| verdict.clone());
    surface_of(MockUpstream::new(), authenticator, HTTP_LIMITS)
}

/// The surface over a safe that refuses everything with this.
fn refusing(error: UpstreamError) -> Exchange {
    let mut safe = MockUpstream::new();
    safe.expect_read().returning(move |_| Err(error));
    safe.expect_merge().returning(move |_, _, _| Err(error));
    safe.expect_erase().returning(move |_, _| Err(error));
    safe.expect_export().returning(move |_| Err(error));
    surface_over(safe)
}

#[tokio::test(start_paused = true)]
async fn each_refusal_of_the_safe_has_one_answer_on_every_route() {
    let cases = [
        (UpstreamError::Unavailable, 503, "unavailable", Some("1")),
        (UpstreamError::Damaged, 500, "internal", None),
        (UpstreamError::TooLarge, 413, "too_large_for_safe", None),
        (UpstreamError::Busy { retry_after_s: 7 }, 429, "safe_busy", Some("7")),
        (UpstreamError::Refused, 400, "refused_by_safe", None),
        (UpstreamError::Failed, 502, "bad_gateway", None),
        (UpstreamError::TooSlow, 504, "gateway_timeout", None),
        (UpstreamError::PreconditionFailed, 412, "precondition_failed", None),
    ];
    let export = format!("{READ}/export");
    for (error, status, code, retry_after) in cases {
        let surface = refusing(error);
        let (some, none) = (write_of(r#"{"a":"1"}"#), write_of("{}"));
        for (method, path, body) in [
            ("GET", READ, String::new()),
            ("DELETE", READ, String::new()),
            ("GET", &*export, String::new()),
            ("POST", WRITE, some),
            ("POST", WRITE, none),
        ] {
            let answer = send(&surface, request(method, path), body).await;
            assert_eq!(answer.problem(), (status, code.to_owned()), "{method} {path}");
            assert_eq!(answer.header("retry-after"), retry_after, "{method} {path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_the_record_is_named_in_a_member_of_its_own_and_not_in_the_sentence() {
    for (limit, code, member) in [
        (LimitExceeded::ValueBytes(64), "value_too_long", "limit_bytes"),
        (LimitExceeded::RecordKeys(64), "too_many_keys", "limit_keys"),
        (LimitExceeded::RecordBytes(64), "record_too_large", "limit_bytes"),
    ] {
        let surface = refusing(UpstreamError::Limit(limit));
        let answer = send(&surface, request("POST", WRITE), write_of(r#"{"a":"1"}"#)).await;
        assert_eq!(answer.problem(), (422, code.to_owned()));
        let document = answer.json();
        assert_eq!(document[member], 64);
        let limits = ["limit_bytes", "limit_keys"].iter().filter(|name| document.get(**name).is_some());
        assert_eq!(limits.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_of_nobody_we_know_is_a_401_like_one_that_is_refused() {
    for verdict in [Verdict::NotMine, Verdict::Refused(Refusal::Expired), Verdict::Refused(Refusal::Invalid)]
    {
        let answer = send(&judging(Ok(verdict.clone())), request("GET", READ), "").await;
        assert_eq!(answer.problem(), (401, "token_invalid".to_owned()), "{verdict:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_judged_now_is_a_503_and_not_a_401() {
    let answer = send(&judging(Err(AuthenticationUnavailable)), request("GET", READ), "").await;
    assert_eq!(answer.problem(), (503, "unavailable".to_owned()));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.header("www-authenticate"), None);
}

/// A safe that has stopped answering, as on a disk that hangs.
#[derive(Debug)]
struct SilentSafe;

#[async_trait::async_trait]
impl Upstream for SilentSafe {
    async fn read(&self, _: &Caller) -> Result<Option<Snapshot>, UpstreamError> {
        std::future::pending().await
    }

    async fn merge(
        &self,
        _: &Caller,
        _: &Patch,
        _: &Precondition,
    ) -> Result<Option<EntityTag>, UpstreamError> {
        std::future::pending().await
    }

    async fn erase(&self, _: &Caller, _: &Precondition) -> Result<(), UpstreamError> {
        std::future::pending().await
    }

    async fn export(&self, _: &Caller) -> Result<Option<Export>, UpstreamError> {
        std::future::pending().await
    }

    async fn is_ready(&self) -> bool {
        true
    }
}

#[tokio::test(start_paused = true)]
async fn more_requests_than_there_is_room_for_are_sent_away_at_once_and_room_comes_back() {
    let limits = HttpLimits { requests_in_flight: 2, ..HTTP_LIMITS };
    let authenticator = StaticAuthenticator::new().with_caller("jane", sample::caller());
    let surface = surface_of(SilentSafe, authenticator, limits);
    let read = || send(&surface, request("GET", READ), "");
    // Joined futures are first asked in this order: two fill the room, the third finds none.
    let (one, two, three) = tokio::join!(read(), read(), read());
    assert_eq!(three.problem(), (503, "overloaded".to_owned()));
    assert_eq!(three.header("retry-after"), Some("1"));
    assert_eq!(one.problem(), (503, "unavailable".to_owned()), "no safe is waited for without an end");
    assert_eq!(two.problem(), (503, "unavailable".to_owned()));
    assert_eq!(send(&surface, anonymous("GET", "/health"), "").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn at_the_default_four_thousand_and_ninety_six_requests_are_in_hand_and_no_more() {
    let limits = HttpLimits { requests_in_flight: 4096, ..HTTP_LIMITS };
    let authenticator = StaticAuthenticator::new().with_caller("jane", sample::caller());
    let surface = surface_of(SilentSafe, authenticator, limits);
    let mut all: Vec<_> = (0..4097).map(|_| Box::pin(send(&surface, request("GET", READ), ""))).collect();
    let answered: Vec<_> =
        all.iter_mut().map(|one| one.now_or_never().map(|answer| answer.problem().1)).collect();
    assert!(answered[..4096].iter().all(Option::is_none));
    assert_eq!(answered[4096], Some("overloaded".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn bodies_that_do_not_come_take_nobody_s_place() {
    let limits = HttpLimits { requests_in_flight: 1, ..HTTP_LIMITS };
    let authenticator = StaticAuthenticator::new().with_caller("jane", sample::caller());
    let surface = surface_of(InMemoryUpstream::new(), authenticator, limits);
    let slow = || send_body(&surface, anonymous_refresh(), ScriptedBody::from([Step::Never]));
    let (one, two, read) = tokio::join!(slow(), slow(), send(&surface, request("GET", READ), ""));
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (408, 408));
    assert_eq!(read.status, 204);
}

#[tokio::test(start_paused = true)]
async fn bodies_that_come_in_part_have_the_room_of_the_requests_in_hand_and_one_too_many_is_sent_away() {
    let limits = HttpLimits { requests_in_flight: 1, body_bytes: 10, ..HTTP_LIMITS };
    let authenticator = StaticAuthenticator::new().with_caller("jane", sample::caller());
    let surface = surface_of(InMemoryUpstream::new(), authenticator, limits);
    let partial = || {
        send_body(&surface, anonymous_refresh(), ScriptedBody::from([Step::Data("{\"a\": "), Step::Never]))
    };
    let (one, two) = tokio::join!(partial(), partial());
    assert_eq!(one.problem(), (408, "body_too_slow".to_owned()));
    assert_eq!(two.problem(), (503, "overloaded".to_owned()));
    assert_eq!(surface.api.places.body_bytes(), 0, "and gives it back");
}

fn anonymous_refresh() -> request::Builder {
    anonymous("POST", REFRESH).header(CONTENT_TYPE, "application/json")
}
