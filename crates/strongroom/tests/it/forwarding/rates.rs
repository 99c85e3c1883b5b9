//! Whom the rates of a safe count behind its gateway: each client by itself, as the gateway tells, and nobody who is not it.

use std::net::{IpAddr, Ipv4Addr};

use super::{gateway, world_of};
use crate::support::wire::{Client, request};
use crate::support::world::foreign_token;
use crate::support::{Safe, World};

/// Of one a second: more than it admits of what comes together, unless each takes a second.
const TOGETHER: usize = 12;
const ONE_A_SECOND: &str = "[limits]\nrate_per_address_per_s = 1\n";
const UNLIMITED: &str = "[limits]\nrate_per_address_per_s = 0\n";

struct House {
    _world: World,
    safe: Safe,
    gateway: Safe,
}

/// A safe that trusts what the gateway says of addresses, each with limits of its own.
fn house(of_safe: &str, of_gateway: &str) -> House {
    let world = world_of(of_safe, "");
    let own = std::fs::read_to_string(world.config()).unwrap();
    let trusting = own.replacen("[server]", "[server]\ntrusted_proxies = [\"127.0.0.1\"]", 1);
    std::fs::write(world.config(), trusting).unwrap();
    let safe = world.serve();
    // One core has all the connections to the safe.
    let own = own.replacen("[server]", "[server]\nworkers = 1", 1).replacen(of_safe, of_gateway, 1);
    std::fs::write(world.config(), own).unwrap();
    let gateway = gateway(&world, safe.address, &format!("identity_url = \"http://{}\"", safe.address));
    House { _world: world, safe, gateway }
}

/// A connection to the gateway from an address of this machine's own.
fn connect_from(gateway: &Safe, last: usize) -> Client {
    let last = u8::try_from(last).unwrap();
    Client::connect_from(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), gateway.address)
}

/// How many of these reads of one person's, sent together, are answered how.
fn read_together(client: &mut Client, person: &str, count: usize) -> Vec<(u16, String)> {
    let authorization = format!("Bearer {}", foreign_token(person));
    let path = format!("/v1/ibexsafe/userdata/external/{person}");
    client.send(request("GET", &path, &[("Authorization", &authorization)], "").repeat(count).as_slice());
    let answers = (0..count).map(|_| client.receive("GET"));
    answers.map(|answer| (answer.status, answer.body)).collect()
}

#[test]
fn clients_of_a_gateway_have_a_rate_each_at_the_safe_and_none_together() {
    // By the limits that are there when none is set, people may ask fifty times at once, and an address five hundred times.
    for (limits, of_gateway, clients, each) in
        [(ONE_A_SECOND, UNLIMITED, TOGETHER, 1), ("[limits]\n", "[limits]\n", 12, 50)]
    {
        let house = house(limits, of_gateway);
        for number in 0..clients {
            let mut client = connect_from(&house.gateway, 2 + number);
            for (status, body) in read_together(&mut client, &format!("person-{number}"), each) {
                assert_eq!(status, 204, "{number}: {body}");
            }
        }
        let (_, log) = house.safe.stop();
        assert!(log.contains("\"127.0.0.7\""), "the safe's log shows who asked");
    }
}

#[test]
fn a_client_that_asks_too_often_through_a_gateway_is_told_so_by_the_safe_and_others_are_not() {
    let house = house(ONE_A_SECOND, UNLIMITED);
    let hasty: Vec<_> =
        (0..4).flat_map(|_| read_together(&mut connect_from(&house.gateway, 2), "jane", TOGETHER)).collect();
    assert_eq!(hasty[0].0, 204);
    let refused = hasty.iter().filter(|(status, body)| *status == 429 && body.contains("\"safe_busy\""));
    // More than would close a connection of the client's own; the gateway's carries others, too.
    assert!(refused.count() > 17, "{hasty:?}");
    assert_eq!(read_together(&mut connect_from(&house.gateway, 3), "john", 1)[0].0, 204);
    let metrics = house.gateway.connect_admin().request("GET", "/metrics", &[], "").body;
    assert!(
        metrics.contains("strongroom_upstream_connections_opened_total{upstream=\"safe\"} 1\n"),
        "{metrics}"
    );
}

/// The status of a refresh with a token that nobody issued.
fn refresh(client: &mut Client) -> u16 {
    let json = [("Content-Type", "application/json")];
    client.request("POST", "/v1/auth/refresh", &json, r#"{"refresh_token":"none"}"#).status
}

#[test]
fn clients_that_refresh_through_a_gateway_have_a_rate_each_at_the_safe_and_none_together() {
    let house = house(ONE_A_SECOND, UNLIMITED);
    for number in 0..TOGETHER {
        assert_eq!(refresh(&mut connect_from(&house.gateway, 2 + number)), 401, "{number}");
    }
    let mut hasty = connect_from(&house.gateway, 2);
    let statuses: Vec<_> = (0..TOGETHER).map(|_| refresh(&mut hasty)).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(refresh(&mut connect_from(&house.gateway, 2 + TOGETHER)), 401, "another is not held up");
}

#[test]
fn whoever_is_not_the_gateway_has_one_rate_at_the_safe_whatever_it_says() {
    let house = house(ONE_A_SECOND, UNLIMITED);
    let mut stranger = connect_from(&house.safe, 3);
    let asked: Vec<u8> = (0..TOGETHER)
        .flat_map(|n| request("GET", "/health", &[("Forwarded", &format!("for=192.0.2.{n}"))], ""))
        .collect();
    stranger.send(&asked);
    let statuses: Vec<_> = (0..TOGETHER).map(|_| stranger.receive("GET").status).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[test]
fn a_client_cannot_have_a_gateway_say_that_it_is_another() {
    let house = house(ONE_A_SECOND, UNLIMITED);
    let authorization = format!("Bearer {}", foreign_token("jane"));
    let mut client = connect_from(&house.gateway, 2);
    let asked: Vec<u8> = (0..TOGETHER)
        .flat_map(|n| {
            let client = [
                ("Authorization", authorization.as_str()),
                ("Forwarded", &format!("for=192.0.2.{n}")),
                ("X-Forwarded-For", &format!("192.0.2.{n}")),
            ];
            request("GET", "/v1/ibexsafe/userdata/external/jane", &client, "")
        })
        .collect();
    client.send(&asked);
    let statuses: Vec<_> = (0..TOGETHER).map(|_| client.receive("GET").status).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
}
