//! More than there is room for: what is sent away, what goes on beside it, and that nothing grows with it.

use std::time::{Duration, Instant};

use crate::support::{Client, Safe, World, wire};

const REFRESH: &str =
    "POST /v1/auth/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

/// A refresh of which only this much of the body comes.
fn begun(safe: &Safe, length: usize, body: &str) -> Client {
    let mut client = safe.connect();
    client.send(format!("{REFRESH}Content-Length: {length}\r\n\r\n{body}").as_bytes());
    client
}

/// A number of the metrics.
pub(crate) fn metric(safe: &Safe, name: &str) -> u64 {
    let scraped = safe.connect_admin().request("GET", "/metrics", &[], "").body;
    let line = scraped.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} in {scraped}")).parse().unwrap()
}

/// Waits until a metric says so: a guard against a hang, never a claim about speed.
fn wait_for(safe: &Safe, name: &str, value: u64) {
    let patience = Instant::now() + Duration::from_mins(1);
    while metric(safe, name) != value {
        assert!(Instant::now() < patience, "{name} is {}", metric(safe, name));
        std::thread::yield_now();
    }
}

#[test]
fn bodies_that_do_not_come_take_nobody_s_place_and_those_that_come_in_part_have_room_of_their_own() {
    let world = World::new(
        "[limits]\nrequests_in_flight = 1\nbody_bytes = 1024\nbody_s = 600\nbody_bytes_per_s = 1\n",
    );
    let safe = world.serve();
    let _silent: Vec<_> = (0..50).map(|_| begun(&safe, 1000, "")).collect();
    let mut first = begun(&safe, 1024, &" ".repeat(1000));
    wait_for(&safe, "strongroom_http_body_bytes_in_flight", 1000);
    assert_eq!(safe.connect().request("GET", "/health", &[], "").status, 200, "the one place is free");
    let mut one_too_many = begun(&safe, 100, &" ".repeat(25));
    let answer = one_too_many.receive("POST");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("overloaded")));
    assert_eq!(answer.header("retry-after"), Some("1"));
    first.send(" ".repeat(24).as_bytes());
    assert_eq!(first.receive("POST").json()["code"].as_str(), Some("json_malformed"));
    wait_for(&safe, "strongroom_http_body_bytes_in_flight", 0);
}

#[test]
fn a_large_head_buys_its_body_no_time() {
    let world = World::new("[limits]\nbody_s = 600\n");
    let safe = world.serve();
    let mut client = safe.connect();
    client.send(format!("{REFRESH}X-Pad: {}\r\nContent-Length: 1000\r\n\r\n", "x".repeat(15_000)).as_bytes());
    // With the head's bytes it would be in time for a minute at the least rate, and it has ten minutes in all. The client
    // that comes after it, and is cut off for its silence, ends when ten seconds have passed.
    let mut silent = safe.connect();
    assert!(silent.is_closed());
    let answer = client.receive("POST");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (408, Some("body_too_slow")));
    assert_eq!(metric(&safe, "strongroom_gate_refusals_total{reason=\"body_too_slow\"}"), 1);
}

/// Requests of one client in one go.
const ASKED: usize = 5000;

#[test]
fn requests_that_are_sent_away_fill_no_log() {
    let world = World::new("[limits]\nrate_per_address_per_s = 1\n");
    let text = std::fs::read_to_string(world.config()).unwrap();
    std::fs::write(world.config(), text.replace("level = \"trace\"", "level = \"info\"")).unwrap();
    let safe = world.serve();
    let start = Instant::now();
    let (mut asked, mut refused) = (0, 0);
    while asked < ASKED {
        // A client that goes on for long after it was told to wait is closed, and comes again.
        let mut client = safe.connect();
        let _ = client.try_send(wire::request("GET", "/health", &[], "").repeat(100).as_slice());
        while let Ok(answer) = client.try_receive("GET") {
            asked += 1;
            refused += usize::from(answer.status == 429);
            if answer.header("connection") == Some("close") {
                break;
            }
        }
    }
    let left_out = usize::try_from(metric(&safe, "strongroom_access_log_left_out_total")).unwrap();
    let seconds = usize::try_from(start.elapsed().as_secs()).unwrap() + 1;
    let (_, log) = safe.stop();
    let lines = log.lines().filter(|line| line.contains("\"status\":429")).count();
    assert_eq!(lines + left_out, refused, "each is in a line or counted");
    assert!((1..=10 * (seconds + 1)).contains(&lines), "{lines} lines in {seconds} s");
}

#[test]
fn a_crowd_that_waits_is_parked_but_for_the_warm_ones_of_each_core() {
    let world = World::new("[limits]\nidle_s = 600\nrate_per_address_per_s = 0\n");
    let text = std::fs::read_to_string(world.config()).unwrap();
    std::fs::write(world.config(), text.replacen("[server]", "[server]\nworkers = 1", 1)).unwrap();
    let safe = world.serve();
    let mut crowd: Vec<_> = (0..400).map(|_| safe.connect()).collect();
    for client in &mut crowd {
        assert_eq!(client.request("GET", "/health", &[], "").status, 200);
    }
    let patience = Instant::now() + Duration::from_mins(1);
    while metric(&safe, "strongroom_http_connections_warm") > 128 {
        assert!(Instant::now() < patience, "nobody is parked");
        std::thread::yield_now();
    }
    assert_eq!(metric(&safe, "strongroom_http_connections"), 400);
    for client in &mut crowd {
        assert_eq!(client.request("GET", "/health", &[], "").status, 200, "parked or not");
    }
}

#[test]
fn twenty_thousand_addresses_take_no_memory() {
    let world = World::new("[limits]\nrate_per_address_per_s = 1\n[log]\naccess = false\n");
    let text = std::fs::read_to_string(world.config()).unwrap();
    let text = text.replacen("[server]", "[server]\ntrusted_proxies = [\"127.0.0.0/8\"]", 1);
    let text = text.replacen("[log]\nformat = \"json\"\nlevel = \"trace\"\n", "", 1);
    let text = text.replacen("[log]\naccess = false", "[log]\nformat = \"json\"\naccess = false", 1);
    std::fs::write(world.config(), text).unwrap();
    let safe = world.serve();
    let mut client = safe.connect();
    let mut ask = |from: u32, count: u32| {
        for number in from..from + count {
            let [_, a, b, c] = number.to_be_bytes();
            let address = format!("198.{a}.{b}.{c}");
            let answer = client.request("GET", "/health", &[("X-Forwarded-For", &address)], "");
            assert!(matches!(answer.status, 200 | 429), "{answer:?}");
        }
    };
    ask(0, 1000);
    let before = resident_kib(safe.pid());
    ask(1000, 20_000);
    let after = resident_kib(safe.pid());
    // A map would hold a megabyte and more of them; the allocator may keep a little of what requests use.
    assert!(after <= before + 512, "{before} KiB before, {after} KiB after");
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
