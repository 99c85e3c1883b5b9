//! Who asks too often, or holds too many connections: told so, counted, and nobody else's trouble.

use std::net::{IpAddr, Ipv4Addr};

use crate::support::process::strongroom;
use crate::support::{Client, Safe, World, comes_true, foreign_token, wire};

/// A connection from an address of this machine's own.
fn connect_from(safe: &Safe, last: u8) -> Client {
    Client::connect_from(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), safe.address)
}

/// More than a rate of one a second admits of what comes together, unless each takes a second; fewer than close a connection.
const TOGETHER: usize = 12;

#[test]
fn a_person_who_asks_too_often_is_429_and_another_is_not() {
    let world = World::new("[limits]\nrate_per_person_per_s = 1\n");
    let safe = world.serve();
    let read = |person: &str| {
        let authorization = format!("Bearer {}", foreign_token(person));
        let path = format!("/v1/ibexsafe/userdata/external/{person}");
        wire::request("GET", &path, &[("Authorization", &authorization)], "")
    };
    let mut client = safe.connect();
    client.send(read("jane").repeat(TOGETHER).as_slice());
    let answers: Vec<_> = (0..TOGETHER).map(|_| client.receive("GET")).collect();
    assert_eq!(answers[0].status, 204);
    let refused = answers.iter().find(|answer| answer.status != 204).expect("a limit is met");
    assert_eq!((refused.status, refused.json()["code"].as_str()), (429, Some("too_many_requests")));
    assert_eq!(refused.header("retry-after"), Some("1"));
    client.send(&read("joe"));
    assert_eq!(client.receive("GET").status, 204, "on the same connection");
}

#[test]
fn an_address_that_asks_too_often_is_429_then_closed_and_another_is_not() {
    let world = World::new("[limits]\nrate_per_address_per_s = 1\n");
    let safe = world.serve();
    let mut client = connect_from(&safe, 2);
    // More than a rate of one a second admits in an hour.
    let _ = client.try_send(wire::request("GET", "/health", &[], "").repeat(4000).as_slice());
    let answers: Vec<_> = std::iter::from_fn(|| client.try_receive("GET").ok()).collect();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert_eq!((refused[0].status, refused[0].json()["code"].as_str()), (429, Some("too_many_requests")));
    assert_eq!(refused.len(), 17, "whoever goes on for long is closed");
    assert_eq!(refused[16].header("connection"), Some("close"));
    assert_eq!(connect_from(&safe, 3).request("GET", "/health", &[], "").status, 200);
}

#[test]
fn both_rates_are_in_force_where_none_is_set() {
    let world = World::new("");
    let shown = strongroom().args(["config", "show"]).arg(world.config()).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    for line in ["rate_per_person_per_s = 50", "rate_per_address_per_s = 500"] {
        assert!(shown.lines().any(|shown| shown.starts_with(line)), "{shown}");
    }
}

#[test]
fn one_address_has_its_share_of_connections_and_another_finds_room() {
    let world = World::new("[limits]\nconnections_per_address = 2\n");
    let safe = world.serve();
    let mut held = [connect_from(&safe, 2), connect_from(&safe, 2)];
    for client in &mut held {
        assert_eq!(client.request("GET", "/health", &[], "").status, 200);
    }
    assert!(connect_from(&safe, 2).is_closed(), "the third");
    assert_eq!(connect_from(&safe, 3).request("GET", "/health", &[], "").status, 200);
    let metrics = safe.connect_admin().request("GET", "/metrics", &[], "").body;
    assert!(metrics.contains("strongroom_gate_refusals_total{reason=\"too_many_of_one_client\"} 1\n"));
    drop(held);
    // What is closed is noticed when the server next looks: until then the share may still be taken.
    let found = || connect_from(&safe, 2).try_request("GET", "/health").is_ok();
    assert!(comes_true(found), "room comes back");
}

#[test]
fn a_trusted_proxys_connection_is_not_closed_for_the_haste_of_one_client() {
    let world = World::new("[limits]\nrate_per_address_per_s = 1\n");
    let text = std::fs::read_to_string(world.config()).unwrap();
    let trusted = "[server]\ntrusted_proxies = [\"127.0.0.2\"]";
    std::fs::write(world.config(), text.replacen("[server]", trusted, 1)).unwrap();
    let safe = world.serve();
    let mut proxy = connect_from(&safe, 2);
    proxy.send(&wire::request("GET", "/health", &[("Forwarded", "for=192.0.2.1")], "").repeat(5 * TOGETHER));
    let answers: Vec<_> = (0..5 * TOGETHER).map(|_| proxy.receive("GET")).collect();
    assert!(answers.iter().filter(|answer| answer.status == 429).count() > 17);
    assert!(answers.iter().all(|answer| answer.header("connection").is_none()));
    assert_eq!(proxy.request("GET", "/health", &[("Forwarded", "for=192.0.2.2")], "").status, 200);
}

#[test]
fn a_trusted_proxy_is_bound_by_no_share_and_speaks_for_its_clients() {
    let limits = "[limits]\nconnections_per_address = 1\nrate_per_address_per_s = 1\n";
    let world = World::new(limits);
    let text = std::fs::read_to_string(world.config()).unwrap();
    let trusted = "[server]\ntrusted_proxies = [\"127.0.0.2\"]";
    std::fs::write(world.config(), text.replacen("[server]", trusted, 1)).unwrap();
    let safe = world.serve();
    let mut connections: Vec<_> = (0..5).map(|_| connect_from(&safe, 2)).collect();
    for (number, client) in connections.iter_mut().enumerate() {
        let client_address = format!("192.0.2.{number}");
        let ask = |client: &mut Client| {
            client.request("GET", "/health", &[("X-Forwarded-For", &client_address)], "").status
        };
        assert_eq!(ask(client), 200, "each client has a rate of its own");
    }
    let spoofed = connect_from(&safe, 3).request("GET", "/health", &[("X-Forwarded-For", "192.0.2.77")], "");
    assert_eq!(spoofed.status, 200);
    let (_, log) = safe.stop();
    assert!(log.contains("192.0.2.4") && !log.contains("192.0.2.77"), "{log}");
}
