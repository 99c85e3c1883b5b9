//! Every deadline at its default, all at the same time. Each client waits for its own end and says how long that took.
//!
//! A wait is never ended early, on no machine. Each ends; and before those that are longer by so much that no stall makes up
//! for it.

use std::time::{Duration, Instant};

use super::{get_with, post_with};
use crate::support::{Client, Safe};

/// Who waits, the seconds that it takes, and what the client does; behind it there is nothing but the end.
type Story = (&'static str, u64, fn(&mut Client, &str));

/// A wait that is longer by this ends later: the clients' own threads may be late, by seconds on a busy machine.
const MUCH_LONGER_S: u64 = 20;

/// Shortest first.
const STORIES: [Story; 8] = [
    ("a body under the least rate", 5, |client, token| {
        client.send(post(token, "Content-Length: 1000\r\n", "{").as_bytes());
        hear(client, "body_too_slow");
    }),
    ("no first byte", 10, |_, _| {}),
    ("half a head", 10, |client, _| {
        client.send(b"GET /health HTTP/1.1\r\nHost: loc");
        hear(client, "head_too_slow");
    }),
    ("half a head behind a request", 10, |client, _| {
        client.send((get_with("") + "GET /health HTTP/1.1\r\n").as_bytes());
        assert_eq!(client.receive("GET").status, 200);
        hear(client, "head_too_slow");
    }),
    ("a head of a byte a second", 10, |client, _| {
        // Minutes' worth of it. Where a byte comes too late, the answer is there already.
        let head = get_with(&format!("A: {}\r\n", "a".repeat(200)));
        let mut bytes = head.as_bytes().chunks(1);
        while !client.has_news_within(Duration::from_secs(1)) {
            let _ = client.try_send(bytes.next().expect("a head that is not read to its end"));
        }
        hear(client, "head_too_slow");
    }),
    ("answers that are not taken", 20, |client, _| {
        let many = get_with("").repeat(100);
        while client.try_send(many.as_bytes()).is_ok() {}
        // The first of them are here still.
        while client.try_receive("GET").is_ok() {}
    }),
    ("a body that comes in time and never whole", 30, |client, token| {
        // Forty seconds' worth of the least rate at once, and no more.
        client.send(post(token, "Content-Length: 60000\r\n", &" ".repeat(40 * 256)).as_bytes());
        hear(client, "body_too_slow");
    }),
    ("nothing behind a request", 75, |client, _| {
        assert_eq!(client.request("GET", "/health", &[], "").status, 200);
    }),
];

fn post(token: &str, fields: &str, body: &str) -> String {
    post_with(fields, body).replace("{token}", token)
}

fn hear(client: &mut Client, code: &str) {
    let answer = client.receive("GET");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (408, Some(code)));
    assert_eq!(answer.header("connection"), Some("close"));
}

#[test]
fn each_wait_ends_after_its_default_and_not_before() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let token = &safe.access_token;
    let took: Vec<Duration> = std::thread::scope(|scope| {
        let waiting: Vec<_> = STORIES
            .iter()
            .map(|(what, _, act)| {
                let safe = &safe;
                scope.spawn(move || {
                    let began = Instant::now();
                    let mut client = safe.connect();
                    act(&mut client, token);
                    assert!(client.is_closed(), "{what}");
                    began.elapsed()
                })
            })
            .collect();
        waiting.into_iter().map(|client| client.join().unwrap()).collect()
    });
    for (at, (what, seconds, _)) in STORIES.iter().enumerate() {
        assert!(took[at] >= Duration::from_secs(*seconds), "{what}: ended early, after {:?}", took[at]);
        let longer = STORIES.iter().position(|(_, longer, _)| *longer >= seconds + MUCH_LONGER_S);
        if let Some(next) = longer {
            assert!(
                took[at] < took[next],
                "{what}: {:?}, and {}: {:?}",
                took[at],
                STORIES[next].0,
                took[next]
            );
        }
    }
    assert_eq!(safe.connect().request("GET", "/health", &[], "").status, 200);
}
