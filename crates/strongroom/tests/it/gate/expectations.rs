//! `Expect: 100-continue`: nobody is asked for a body that nobody will read.

use super::{WRITE, WRITE_BYTES, filled, get_with, post_with};
use crate::support::{Client, Safe};

fn safe() -> (tempfile::TempDir, Safe) {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    (data, safe)
}

fn expecting(framing: &str) -> String {
    post_with(&format!("{framing}\r\nExpect: 100-continue\r\n"), "")
}

pub(crate) fn counted() -> String {
    expecting(&format!("Content-Length: {WRITE_BYTES}"))
}

/// The statuses that come back for these bytes, the last one of a final answer.
fn statuses(client: &mut Client, safe: &Safe, sent: &str) -> Vec<u16> {
    client.send(&filled(safe, sent));
    let mut statuses = vec![client.receive("POST").status];
    while statuses.last().is_some_and(|status| *status < 200) {
        statuses.push(client.receive("POST").status);
    }
    statuses
}

#[test]
fn a_body_is_asked_for_once_the_token_is_good_and_then_read() {
    let (_data, safe) = safe();
    let mut client = safe.connect();
    let chunked = format!("{WRITE_BYTES:x}\r\n{WRITE}\r\n0\r\n\r\n");
    let bodies = [
        (counted(), WRITE),
        (counted().replace("100-continue", "100-CONTINUE"), WRITE),
        (expecting("Transfer-Encoding: chunked"), &*chunked),
    ];
    // One behind the other on one connection.
    for (head, body) in bodies {
        client.send(&filled(&safe, &head));
        assert_eq!(client.receive("POST").status, 100, "{head:?}");
        client.send(&filled(&safe, body));
        assert_eq!(client.receive("POST").status, 200, "{head:?}");
    }
}

/// Writes that wait for a word before they send their body, and are refused by their head.
pub(crate) fn unread() -> Vec<(u16, String)> {
    let long = format!("Content-Length: {}", 64 * 1024 * 1024);
    vec![
        (401, counted().replace("{token}", "bad")),
        (401, counted().replace("Authorization: Bearer {token}\r\n", "")),
        (400, counted().replace("Host: localhost", "Host: a@localhost")),
        (404, counted().replace("/v1/", "/v9/")),
        (405, counted().replace("POST /v1/ibexsafe/userdata", "POST /health")),
        (413, expecting(&long)),
        (415, counted().replace("application/json", "text/plain")),
        (415, counted().replace("Content-Type", "Content-Encoding: gzip\r\nContent-Type")),
        (417, counted().replace("100-continue", "200-ok")),
        (417, counted().replace("100-continue", "100-continue, x")),
    ]
}

#[test]
fn no_body_is_asked_for_before_a_refusal_of_any_kind() {
    let (_data, safe) = safe();
    for (status, head) in unread() {
        // Alone, and behind another.
        for before in ["", &get_with("")] {
            let mut client = safe.connect();
            client.send(&filled(&safe, &format!("{before}{head}")));
            if !before.is_empty() {
                assert_eq!(client.receive("GET").status, 200);
            }
            assert_eq!(client.receive("POST").status, status, "no 100 before it: {head:?}");
            assert!(client.is_closed(), "what comes next could be the body: {head:?}");
        }
    }
}

#[test]
fn a_body_that_came_unasked_is_read_all_the_same() {
    let (_data, safe) = safe();
    let mut client = safe.connect();
    // Whole and in part; whether it is still asked for is nobody's concern.
    assert_eq!(statuses(&mut client, &safe, &format!("{}{WRITE}", counted())).last(), Some(&200));
    let whole = format!("{}{WRITE}", counted());
    let (first, rest) = whole.split_at(whole.len() - 5);
    client.send(&filled(&safe, first));
    assert_eq!(client.receive("POST").status, 100);
    assert_eq!(statuses(&mut client, &safe, rest), [200]);
}

#[test]
fn an_older_client_and_one_without_a_body_are_not_asked() {
    let (_data, safe) = safe();
    let old = counted().replace("HTTP/1.1", "HTTP/1.0");
    let mut client = safe.connect();
    assert_eq!(statuses(&mut client, &safe, &format!("{old}{WRITE}")), [200]);
    assert!(client.is_closed());
    let mut client = safe.connect();
    let empty = expecting("Content-Length: 0");
    assert_eq!(statuses(&mut client, &safe, &empty), [400]);
    assert_eq!(statuses(&mut client, &safe, &get_with("Expect: 100-continue\r\n")), [200]);
}
