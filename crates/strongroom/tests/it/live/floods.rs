//! Floods: each is cut off with a code, and takes no memory that lasts.

use std::io::Write as _;
use std::net::Shutdown;

use super::client::{Live, Received};
use super::frames::{CONTINUATION, FIN, PING, PONG, TEXT, frame, text};
use super::{Person, world};
use crate::support::{Safe, say};

/// What all of the floods may add; a debug build needs some itself.
const GROWTH_KIB: u64 = 32 * 1024;

fn resident_kib(safe: &Safe) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", safe.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line of its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Sends this for as long as it is taken, and reads the while; gives the code of the close.
fn flood(mut live: Live, begun: &[u8], more: &[u8], times: usize) -> Option<u16> {
    let mut sender = live.sender();
    live.send(begun);
    std::thread::scope(|scope| {
        let sending = scope.spawn(move || {
            for _ in 0..times {
                if sender.write_all(more).is_err() {
                    return sender;
                }
            }
            sender
        });
        let code = live.closed_in_the_end();
        let _ = sending.join().unwrap().shutdown(Shutdown::Both);
        code
    })
}

#[test]
fn every_flood_is_cut_off_with_its_code_and_leaves_no_memory_behind() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    Live::of(&safe, &jane.token).0.is_well();
    let before = resident_kib(&safe);
    let nothing = frame(CONTINUATION, b"");
    let begun = frame(TEXT, b"{");
    let not_begun = frame(TEXT, b"");
    let get = text(r#"{"type":"get_user_data"}"#);
    for (what, begun, more, times, code) in [
        ("20,000 empty parts", &begun[..], nothing.repeat(100), 200, 1009),
        ("20,000 empty parts of an empty text", &not_begun, nothing.repeat(100), 200, 1009),
        ("parts of one byte", &begun, frame(CONTINUATION, b" ").repeat(100), 200, 1009),
        ("pings", b"", frame(FIN | PING, &[b'x'; 125]).repeat(100), 200, 1008),
        ("empty pings", b"", frame(FIN | PING, b"").repeat(100), 200, 1008),
        ("pongs", b"", frame(FIN | PONG, b"").repeat(100), 200, 1008),
        ("pings between parts", &begun, frame(FIN | PING, b"").repeat(100), 200, 1008),
        ("pings of the protocol", b"", text(r#"{"type":"ping"}"#).repeat(100), 200, 1008),
        ("reads", b"", get.repeat(100), 200, 1008),
        ("nonsense", b"", text("{").repeat(100), 200, 1008),
        ("types that nobody knows", b"", text(r#"{"type":"x"}"#).repeat(100), 200, 1008),
    ] {
        for _ in 0..5 {
            let live = Live::of(&safe, &jane.token).0;
            assert_eq!(flood(live, begun, &more, times), Some(code), "{what}");
        }
    }
    for (what, begun, more, code) in [
        ("empty parts before authentication", &begun[..], nothing.repeat(100), 1009),
        ("pings before authentication", b"", frame(FIN | PING, b"").repeat(100), 1008),
    ] {
        assert_eq!(flood(Live::open(&safe), begun, &more, 200), Some(code), "{what}");
    }
    let after = resident_kib(&safe);
    say(&format!("resident: {before} KiB before the floods, {after} after them"));
    assert!(after < before + GROWTH_KIB, "{before} KiB before, {after} after");
}

#[test]
fn whoever_asks_as_often_as_is_allowed_is_never_cut_off() {
    let world = world("messages_per_s = 10");
    let safe = world.serve();
    let (mut live, _) = Live::of(&safe, &Person::known_as("jane").token);
    for _ in 0..5 {
        live.is_well();
    }
}

#[test]
fn messages_begun_and_never_whole_take_no_more_than_their_limit() {
    let world = world("sockets_per_person = 200");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    Live::of(&safe, &jane.token).0.is_well();
    let before = resident_kib(&safe);
    let mut crowd: Vec<_> = (0..100).map(|_| Live::of(&safe, &jane.token).0).collect();
    for live in &mut crowd {
        live.send(&frame(TEXT, &[b' '; 16000]));
    }
    for live in &mut crowd {
        live.send(&frame(FIN | PING, b"there?"));
        assert_eq!(live.receive(), Received::Pong(b"there?".to_vec()));
    }
    let after = resident_kib(&safe);
    assert!(after < before + GROWTH_KIB, "{before} KiB before, {after} after");
}
