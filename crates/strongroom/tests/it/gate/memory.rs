//! What strangers can make the server hold: no more than its limits say, however much they announce or send.

use std::io::Write;

use super::{get_with, post_with};
use crate::support::{Client, Safe};

/// What a whole attack may add. What is sent at a time below would be more, and a debug build needs some itself.
const GROWTH_KIB: u64 = 32 * 1024;
/// What it may have asked of the system without using it: less than one of the announcements.
const ASKED_KIB: u64 = 512 * 1024;

fn resident_kib(safe: &Safe) -> u64 {
    kib(safe, "VmRSS:")
}

/// A number of KiB from what the system says of a process.
fn kib(safe: &Safe, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", safe.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line of its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Sends a beginning, and then the same for as long as it is taken, 64 MiB at most. Gives the bytes that were taken.
fn without_end(client: &mut Client, beginning: &str, more: &str) -> usize {
    const MOST: usize = 64 * 1024 * 1024;
    let part = more.repeat(65536 / more.len());
    let mut taken = 0;
    if client.try_send(beginning.as_bytes()).is_ok() {
        while taken < MOST && client.try_send(part.as_bytes()).is_ok() {
            taken += part.len();
        }
    }
    taken
}

#[test]
fn no_announcement_and_no_endless_message_makes_the_server_hold_more_than_its_limits() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let post = |fields: &str| post_with(fields, "").replace("{token}", &safe.access_token);
    assert_eq!(safe.connect().request("GET", "/health", &[], "").status, 200);
    let (before, asked_before) = (resident_kib(&safe), kib(&safe, "VmPeak:"));

    // A gibibyte is announced two hundred times, and a little of it sent.
    let mut announcing: Vec<Client> = (0..200).map(|_| safe.connect()).collect();
    for client in &mut announcing {
        let _ = client.try_send((post("Content-Length: 1073741824\r\n") + &"x".repeat(65536)).as_bytes());
    }
    // The largest chunk that hyper can count, and none of it sent.
    let mut chunk: Vec<Client> = (0..200).map(|_| safe.connect()).collect();
    for client in &mut chunk {
        client.send((post("Transfer-Encoding: chunked\r\n") + "ffffffffffffffff\r\n").as_bytes());
    }
    // Heads of nearly their limit that do not end.
    let mut heads: Vec<Client> = (0..200).map(|_| safe.connect()).collect();
    for client in &mut heads {
        client.send(format!("GET /health HTTP/1.1\r\nA: {}", "a".repeat(16_000)).as_bytes());
    }
    let held = resident_kib(&safe);
    assert!(held < before + GROWTH_KIB, "{before} KiB before, {held} while they wait");
    for client in &mut announcing {
        assert_eq!(client.receive("POST").status, 413);
    }
    drop((announcing, chunk, heads));

    // And messages without end, each cut off long before the sender is done.
    let chunked = post("Transfer-Encoding: chunked\r\n");
    let endless = [
        ("GET /health HTTP/1.1\r\nA: ".to_owned(), "a"),
        ("GET /health HTTP/1.1\r\n".to_owned(), "A: 1\r\n"),
        ("GET /".to_owned(), "a"),
        (String::new(), "\r\n"),
        (get_with("").trim_end().to_owned(), " "),
        (chunked.clone(), "1000\r\n"),
        (chunked.clone(), "1\r\nx\r\n"),
        (chunked.clone() + "1;", "a"),
        (chunked.clone() + "1", " "),
        (chunked.clone(), "0"),
        (chunked.clone() + "0\r\n", "A: 1\r\n"),
        (chunked.clone() + "0\r\nA: ", "a"),
        (chunked + "ffffffffffffffff\r\n", "x"),
        (post("Content-Length: 1073741824\r\n"), "x"),
    ];
    std::thread::scope(|scope| {
        for (beginning, more) in &endless {
            let safe = &safe;
            scope.spawn(move || {
                for _ in 0..4 {
                    let taken = without_end(&mut safe.connect(), beginning, more);
                    // What is read and thrown away, and what the sockets hold.
                    assert!(taken < 16 * 1024 * 1024, "{taken} bytes of {more:?}");
                }
            });
        }
    });
    let after = resident_kib(&safe);
    writeln!(std::io::stderr(), "resident: {before} KiB, {held} under the attack, {after} behind it")
        .unwrap();
    assert!(after < before + GROWTH_KIB, "{before} KiB before, {after} after it");
    let asked = kib(&safe, "VmPeak:");
    assert!(asked < asked_before + ASKED_KIB, "{asked_before} KiB asked for before, {asked} after it");
    assert_eq!(safe.connect().request("GET", "/health", &[], "").status, 200);
}
