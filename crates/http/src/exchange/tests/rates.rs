//! How often somebody may ask: per person, per address, and whose address it is.

use strongroom_domain::ExternalUserId;
use strongroom_ports::Caller;

use super::*;

fn surface_with(limits: HttpLimits, proxies: &[&str]) -> Exchange {
    let other = Caller { person: ExternalUserId::parse("somebody-else").unwrap(), ..sample::caller() };
    let authenticator =
        StaticAuthenticator::new().with_caller("jane", sample::caller()).with_caller("joe", other);
    let networks = proxies.iter().map(|network| network.parse().unwrap()).collect();
    surface_behind(TrustedProxies::new(networks), InMemoryUpstream::new(), authenticator, limits)
}

async fn status_from(surface: &Exchange, address: &str, request: request::Builder) -> u16 {
    let peer = surface.api.trusted_proxies.peer(address.parse().unwrap());
    surface.answer_to(request.body(Full::new(Bytes::new())).unwrap(), Ok(()), peer).await.status().as_u16()
}

#[tokio::test(start_paused = true)]
async fn a_person_who_asks_too_often_is_told_to_wait_whatever_the_token_and_others_are_not() {
    let surface = surface_with(HttpLimits { rate_per_person_per_s: 2, ..HTTP_LIMITS }, &[]);
    for _ in 0..2 {
        assert_eq!(send(&surface, request("GET", READ), "").await.status, 204);
    }
    let answer = send(&surface, request("GET", READ), "").await;
    assert_eq!(answer.problem(), (429, "too_many_requests".to_owned()));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(surface.metrics.over_rate.person.load(Ordering::Relaxed), 1);

    let joe =
        anonymous("GET", "/v1/ibexsafe/userdata/external/somebody-else").header(AUTHORIZATION, "Bearer joe");
    assert_eq!(send(&surface, joe, "").await.status, 204);
    assert_eq!(send(&surface, anonymous("GET", "/health"), "").await.status, 200, "no person, no rate");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(send(&surface, request("GET", READ), "").await.status, 204);
}

#[tokio::test(start_paused = true)]
async fn a_bad_token_takes_nothing_of_a_persons_rate() {
    let surface = surface_with(HttpLimits { rate_per_person_per_s: 1, ..HTTP_LIMITS }, &[]);
    for _ in 0..9 {
        let bad = anonymous("GET", READ).header(AUTHORIZATION, "Bearer of bad news");
        assert_eq!(send(&surface, bad, "").await.status, 401);
    }
    assert_eq!(send(&surface, request("GET", READ), "").await.status, 204);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_asks_too_often_is_told_to_wait_whatever_it_asks() {
    let surface = surface_with(HttpLimits { rate_per_address_per_s: 2, ..HTTP_LIMITS }, &[]);
    assert_eq!(status_from(&surface, "192.0.2.1", anonymous("GET", "/health")).await, 200);
    assert_eq!(status_from(&surface, "192.0.2.1", anonymous("GET", "/none")).await, 404);
    for path in ["/health", "/none", READ] {
        assert_eq!(status_from(&surface, "192.0.2.1", anonymous("GET", path)).await, 429, "{path}");
    }
    assert_eq!(surface.metrics.over_rate.address.load(Ordering::Relaxed), 3);
    assert_eq!(status_from(&surface, "192.0.2.2", anonymous("GET", "/health")).await, 200);
}

#[tokio::test(start_paused = true)]
async fn behind_a_trusted_proxy_each_client_has_a_rate_of_its_own() {
    let surface = surface_with(HttpLimits { rate_per_address_per_s: 1, ..HTTP_LIMITS }, &["10.0.0.0/8"]);
    let of = |client: &str| anonymous("GET", "/health").header("x-forwarded-for", client);
    assert_eq!(status_from(&surface, "10.0.0.1", of("192.0.2.1")).await, 200);
    assert_eq!(status_from(&surface, "10.0.0.1", of("192.0.2.2")).await, 200);
    assert_eq!(status_from(&surface, "10.0.0.1", of("192.0.2.1")).await, 429);
    // Nobody else is believed: a stranger cannot pass for many.
    assert_eq!(status_from(&surface, "198.51.100.1", of("192.0.2.3")).await, 200);
    assert_eq!(status_from(&surface, "198.51.100.1", of("192.0.2.4")).await, 429);
}
