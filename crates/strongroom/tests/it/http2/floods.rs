//! Floods: each ends by our doing, and takes no memory that lasts.

use super::refused;
use crate::support::http2::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, Frames, HEADERS, ORDINARY, PING, RST_STREAM, SETTINGS,
    block, frame,
};
use crate::support::{Safe, World};

/// What all of a flood may add; a debug build needs some itself.
const GROWTH_KIB: u64 = 32 * 1024;
/// What is sent of one at most: a server that takes that has no limit.
const MOST_BYTES: usize = 256 * 1024 * 1024;

fn resident_kib(safe: &Safe) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", safe.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line of its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Sends parts until they are not taken any more, and gives the bytes that were.
fn flood(safe: &Safe, mut part: impl FnMut() -> Vec<u8>) -> usize {
    let mut client = Frames::connect(safe.address);
    client.read_in_background();
    let mut taken = 0;
    while taken < MOST_BYTES {
        let part = part();
        if client.send_all(&part).is_err() {
            break;
        }
        taken += part.len();
    }
    taken
}

/// Streams that are begun and given up at once, many to a part.
fn resets(between: &[u8]) -> impl FnMut() -> Vec<u8> {
    let (head, between) = (block(&ORDINARY), between.to_vec());
    let mut stream = 1;
    move || {
        let mut part = Vec::new();
        for _ in 0..200 {
            part.extend(frame(HEADERS, END_HEADERS | END_STREAM, stream, &head));
            part.extend(&between);
            part.extend(frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]));
            stream += 2;
        }
        part
    }
}

#[test]
fn every_flood_is_cut_off_and_leaves_the_server_as_it_was() {
    let world = World::new("[limits]\nrate_per_address_per_s = 0\n");
    let safe = world.serve();
    assert_eq!(safe.connect().request("GET", "/health", &[], "").status, 200);
    let before = resident_kib(&safe);
    let begun = frame(HEADERS, 0, 1, &block(&ORDINARY));
    let mut is_begun = false;
    let mut continuations = || {
        let mut part = if std::mem::replace(&mut is_begun, true) { Vec::new() } else { begun.clone() };
        part.extend(frame(CONTINUATION, 0, 1, &block(&[("a", "b")])).repeat(1000));
        part
    };
    let mut is_open = false;
    let mut empty_data = || {
        let mut fields = ORDINARY;
        fields[0] = (":method", "POST");
        fields[2] = (":path", "/v1/auth/refresh");
        let head = [block(&fields), block(&[("content-type", "application/json")])].concat();
        let mut part = Vec::new();
        if !std::mem::replace(&mut is_open, true) {
            part.extend(frame(HEADERS, END_HEADERS, 1, &head));
        }
        part.extend(frame(DATA, 0, 1, b"").repeat(1000));
        part
    };
    let pings = || frame(PING, 0, 0, b"pingpong").repeat(1000);
    let settings = || frame(SETTINGS, 0, 0, b"").repeat(1000);
    // PRIORITY, which does nothing.
    let priorities = || frame(2, 0, 1, &[0, 0, 0, 0, 1]).repeat(1000);
    let floods: [(&str, &mut dyn FnMut() -> Vec<u8>); 6] = [
        ("resets", &mut resets(b"")),
        ("pings", &mut { pings }),
        ("settings", &mut { settings }),
        ("continuations", &mut continuations),
        ("empty data", &mut empty_data),
        ("priorities", &mut { priorities }),
    ];
    for (index, (name, part)) in floods.into_iter().enumerate() {
        let taken = flood(&safe, part);
        assert!(taken < MOST_BYTES, "{name} were taken without end");
        let counted = refused(&safe, "flood");
        assert!(counted > u64::try_from(index).unwrap(), "{name}: {counted} counted");
        assert_eq!(safe.connect().request("GET", "/health", &[], "").status, 200, "after {name}");
    }
    let after = resident_kib(&safe);
    assert!(after < before + GROWTH_KIB, "{before} KiB before, {after} after");
}

#[test]
fn a_head_without_end_is_given_up() {
    let world = World::new("[limits]\nhead_s = 1\nfirst_byte_s = 1\nidle_s = 1\n");
    let safe = world.serve();
    let mut client = Frames::connect(safe.address);
    client.send(HEADERS, 0, 1, &block(&ORDINARY)).unwrap();
    while client.next_of(&[SETTINGS, RST_STREAM]).is_some() {}
    let counted = ["head_too_slow", "first_byte_too_slow"].map(|reason| refused(&safe, reason));
    assert_eq!(counted.iter().sum::<u64>(), 1, "{counted:?}");
}
