//! TLS that ends here: the same answers as in the clear, and nothing for whoever cannot shake hands.

mod handshakes;
mod reload;

use crate::support::process::DEMO;
use crate::support::tls::{Authority, SETTINGS, TlsStream, give};
use crate::support::{Client, Safe, World, foreign_token};
use crate::transcripts::play;

/// A server with a certificate for `localhost`; `extra` is put into its configuration.
fn serve(authority: &Authority, extra: &str) -> (World, Safe) {
    let world = World::new(&format!("{extra}{SETTINGS}"));
    give(&world, &authority.server("localhost"));
    let safe = world.serve();
    (world, safe)
}

fn get_health(client: &mut Client<TlsStream>) -> u16 {
    client.request("GET", "/health", &[], "").status
}

/// How often the gate has refused for this reason.
fn refused(safe: &Safe, reason: &str) -> u64 {
    let metrics = safe.connect_admin().request("GET", "/metrics", &[], "").body;
    let line = format!("strongroom_gate_refusals_total{{reason=\"{reason}\"}} ");
    let counted = metrics.lines().find_map(|counted| counted.strip_prefix(&line));
    counted.map_or(0, |count| count.parse().unwrap())
}

/// Holds that it is so often, given time: a client may have read why before it is counted. The time is a guard against a hang.
fn is_refused(safe: &Safe, reason: &str, times: u64) {
    let begun = std::time::Instant::now();
    while refused(safe, reason) < times && begun.elapsed() < std::time::Duration::from_mins(1) {
        std::thread::yield_now();
    }
    assert_eq!(refused(safe, reason), times, "{reason}");
}

#[test]
fn the_guide_goes_through_tls_byte_for_byte_as_in_the_clear() {
    let authority = Authority::new();
    let (_world, safe) = serve(&authority, "");
    let token = foreign_token(DEMO);
    play(include_str!("../transcripts/guide.http"), &[("id", DEMO), ("token", &token)], || {
        authority.connect(safe.address)
    });
}

#[test]
fn a_client_that_has_said_the_end_still_gets_its_answer_and_the_end_is_said_to_it() {
    let authority = Authority::new();
    let (_world, safe) = serve(&authority, "");
    let mut client = authority.connect(safe.address);
    client.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.end_with_notice();
    assert_eq!(client.receive("GET").status, 200);
    assert!(client.is_closed_with_notice());

    let mut client = authority.connect(safe.address);
    client.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(client.receive("GET").status, 200);
    assert!(client.is_closed_with_notice());

    // And after a refusal, behind which there may be more.
    let mut client = authority.connect(safe.address);
    client.send(b"GET /a/../b HTTP/1.1\r\nHost: localhost\r\n\r\nGET /health HTTP/1.1\r\n");
    assert_eq!(client.receive("GET").status, 400);
    assert!(client.is_closed_with_notice());
}

#[test]
fn a_body_that_ends_without_its_end_being_said_changes_nothing() {
    let authority = Authority::new();
    let (_world, safe) = serve(&authority, "");
    let token = foreign_token(DEMO);
    let mut client = authority.connect(safe.address);
    let head = format!(
        "POST /v1/ibexsafe/userdata HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{{"
    );
    client.send(head.as_bytes());
    // Whoever sits between can do this.
    client.socket().shutdown(std::net::Shutdown::Write).unwrap();
    let _ = client.try_receive("POST");
    let path = format!("/v1/ibexsafe/userdata/external/{DEMO}");
    assert_eq!(authority.connect(safe.address).authorized(&token, "GET", &path, "").status, 204);
}

#[test]
fn many_connections_wait_through_tls_and_each_is_answered_when_it_asks_again() {
    // More than stay warm on a core.
    const CONNECTIONS: usize = 400;
    let authority = Authority::new();
    let (_world, safe) = serve(&authority, "[limits]\nrate_per_address_per_s = 0\n");
    let mut clients: Vec<_> = (0..CONNECTIONS).map(|_| authority.connect(safe.address)).collect();
    for _ in 0..2 {
        for client in &mut clients {
            assert_eq!(get_health(client), 200);
        }
    }
    // A request in two records, with a wait between.
    for client in &mut clients {
        client.send(b"GET /health HTTP/1.1\r\nHo");
    }
    for client in &mut clients {
        client.send(b"st: localhost\r\n\r\n");
        assert_eq!(client.receive("GET").status, 200);
    }
    drop(clients);
    assert!(safe.stop().0.success());
}

#[test]
fn a_large_answer_and_many_at_once_come_whole_through_tls() {
    let authority = Authority::new();
    let (_world, safe) = serve(&authority, "");
    let token = foreign_token(DEMO);
    let mut client = authority.connect(safe.address);
    let data: serde_json::Map<_, _> =
        (0..7).map(|key| (format!("k{key}"), "x".repeat(8000).into())).collect();
    let body = serde_json::json!({ "externalUserId": DEMO, "data": data }).to_string();
    assert_eq!(client.authorized(&token, "POST", "/v1/ibexsafe/userdata", &body).status, 200);
    let path = format!("/v1/ibexsafe/userdata/external/{DEMO}");
    let many = 40;
    for _ in 0..many {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
        client.send(head.as_bytes());
    }
    for _ in 0..many {
        let answer = client.receive("GET");
        assert_eq!((answer.status, answer.body.len()), (200, 7 * 8008 + 1));
    }
}
