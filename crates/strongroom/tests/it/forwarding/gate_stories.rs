//! Nothing smuggled, by the gate's stories: what comes in parts, behind a refusal, cut off, or in frames.

use std::time::Duration;

use socket2::SockRef;

use super::gateway;
use super::recorder::{NO_CONTENT, Recorder, is};
use crate::gate::bodies::{cut_short, in_one_chunk};
use crate::gate::expectations::{counted, unread};
use crate::gate::pipelining::refusals;
use crate::gate::{WRITE, WRITE_BYTES, post_with};
use crate::http2::{cases, refuse};
use crate::support::http2::{Http2Client, request};
use crate::support::process::DEMO;
use crate::support::{Client, Safe, World, foreign_token};

/// A gateway before a safe that records.
struct Stage {
    recorder: Recorder,
    gateway: Safe,
    token: String,
    _world: World,
}

impl Stage {
    fn new() -> Self {
        Self::with("")
    }

    /// With these limits besides.
    fn with(limits: &str) -> Self {
        let world =
            World::new(&format!("[limits]\nrate_per_person_per_s = 0\nrate_per_address_per_s = 0\n{limits}"));
        let recorder = Recorder::start(NO_CONTENT);
        let lines = "credentials = \"caller-token\"\nverbs = [\"*\"]";
        let gateway = gateway(&world, recorder.address, lines);
        Self { recorder, gateway, token: foreign_token(DEMO), _world: world }
    }

    fn connect(&self) -> Client {
        self.gateway.connect()
    }

    /// The bytes of a text, the caller in its place, whose request id is `r`.
    fn filled(&self, text: &str) -> Vec<u8> {
        let text = text.replacen("Host: localhost", "X-Request-Id: r\r\nHost: localhost", 1);
        self.bare(&text)
    }

    fn bare(&self, text: &str) -> Vec<u8> {
        text.replace("{token}", &self.token).replace("{id}", DEMO).into_bytes()
    }

    /// Whether the safe has seen the write of [`WRITE`] since the last time, so often, and nothing else.
    fn has_seen_writes(&self, times: usize, what: &str) {
        let asked = self.recorder.asked();
        assert_eq!(asked.len(), times, "{what}: {asked:#?}");
        for request in asked {
            let (bearer, host) =
                (format!("authorization: Bearer {}", self.token), format!("host: {}", self.recorder.address));
            let length = format!("content-length: {WRITE_BYTES}");
            let fields = [
                "accept: application/json, application/problem+json",
                "content-type: application/json",
                "x-request-id: r",
                &length,
                &bearer,
                &host,
            ];
            let body = WRITE.replace("{id}", DEMO);
            assert!(is(&request, "POST /v1/ibexsafe/userdata HTTP/1.1", &fields, &body), "{what}: {request}");
        }
    }
}

fn write() -> String {
    post_with(&format!("Content-Length: {WRITE_BYTES}\r\n"), WRITE)
}

#[test]
fn a_safe_sees_what_was_asked_before_a_refusal_and_nothing_behind_it() {
    let stage = Stage::new();
    for (status, refused) in refusals() {
        for depth in [0, 1, 20] {
            let mut client = stage.connect();
            let mut sent = stage.filled(&write()).repeat(depth);
            sent.extend(stage.bare(&format!("{refused}{}", write())));
            // The gateway may have closed before it has read all.
            let _ = client.try_send(&sent);
            for _ in 0..depth {
                assert_eq!(client.receive("POST").status, 200, "{refused:?}");
            }
            assert_eq!(client.receive("GET").status, status, "{refused:?}");
            assert!(client.is_closed(), "{refused:?}");
            stage.has_seen_writes(depth, &refused);
        }
    }
}

#[test]
fn a_write_that_is_cut_off_or_waits_for_a_word_in_vain_reaches_no_safe() {
    let stage = Stage::new();
    for cut in cut_short() {
        let mut client = stage.connect();
        client.send(&stage.filled(&cut));
        client.end();
        assert_eq!(client.receive("POST").status, 400, "{cut:?}");
        assert!(client.is_closed());
        stage.has_seen_writes(0, &cut);
    }
    for (status, head) in unread() {
        let mut client = stage.connect();
        // Sent on all the same, as somebody would who takes the refusal for an invitation.
        let _ = client.try_send(&stage.bare(&format!("{head}{WRITE}")));
        assert_eq!(client.receive("POST").status, status, "{head:?}");
        // Where all of it was read, the connection would go on.
        client.end();
        assert!(client.is_closed());
        stage.has_seen_writes(0, &head);
    }
}

#[test]
fn a_write_that_comes_too_slowly_or_is_taken_back_reaches_no_safe() {
    let stage = Stage::with("head_s = 3\nbody_s = 3\n");
    let whole = stage.filled(&write());
    let head_bytes = whole.len() - WRITE_BYTES;
    // Half a head, a head, all but a byte.
    let waiting = [head_bytes / 2, head_bytes, whole.len() - 1].map(|part| {
        let mut leaving = stage.connect();
        leaving.send(&whole[..part]);
        SockRef::from(&leaving.sender()).set_linger(Some(Duration::ZERO)).unwrap();
        let mut client = stage.connect();
        client.send(&whole[..part]);
        client
    });
    for mut client in waiting {
        assert_eq!(client.receive("POST").status, 408);
        assert!(client.is_closed());
    }
    let bearer = format!("Bearer {}", stage.token);
    let fields = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let mut client = Http2Client::connect(stage.gateway.address);
    let (slow, rest) = client.begin(request("POST", "/v1/ibexsafe/userdata", &fields), None);
    assert_eq!(client.finish(slow).map(|answer| answer.status).ok(), Some(408));
    drop(rest);
    let (_answer, mut sending) = client.begin(request("POST", "/v1/ibexsafe/userdata", &fields), None);
    sending.send_data(WRITE[..10].into(), false).unwrap();
    sending.send_reset(h2::Reason::CANCEL);
    // Whatever of that was still on its way is behind us when all has been answered.
    assert!(stage.gateway.stop().0.success());
    assert_eq!(stage.recorder.asked(), Vec::<String>::new());
}

#[test]
fn a_write_in_many_parts_or_behind_a_word_reaches_the_safe_once_and_whole() {
    let stage = Stage::new();
    let mut client = stage.connect();
    client.send_at_once();
    for request in [write(), in_one_chunk(";a=b", "X-Trailer: 1\r\nContent-Length: 5\r\n")] {
        for part in stage.filled(&request) {
            client.send(&[part]);
        }
        assert_eq!(client.receive("POST").status, 200);
        stage.has_seen_writes(1, &request);
    }
    client.send(&stage.filled(&counted()));
    assert_eq!(client.receive("POST").status, 100);
    stage.has_seen_writes(0, "nothing goes on before it is whole");
    client.send(&stage.bare(WRITE));
    assert_eq!(client.receive("POST").status, 200);
    stage.has_seen_writes(1, "behind a word");
}

#[test]
fn what_comes_read_ahead_behind_a_chunked_body_reaches_no_safe() {
    let stage = Stage::new();
    for next in [&write(), "POST /v1/ibexsafe/userdata HTTP/1.1\r\nA: ", "GET /v1/ibexsafe/smuggled?"] {
        let mut client = stage.connect();
        client.send(&stage.filled(&format!("{}{next}", in_one_chunk("", ""))));
        assert_eq!(client.receive("POST").status, 200);
        assert!(client.try_receive("GET").is_ok_and(|answer| answer.status == 400) || client.is_closed());
        assert!(client.is_closed());
        stage.has_seen_writes(1, next);
    }
}

#[test]
fn what_the_gate_refuses_over_http_2_reaches_no_safe_and_a_write_in_frames_does_once() {
    let stage = Stage::new();
    let bearer = format!("Bearer {}", stage.token);
    let authorization = ("authorization", bearer.as_str());
    let mut client = Http2Client::connect(stage.gateway.address);
    for case in cases(&format!("/v1/ibexsafe/userdata/external/{DEMO}")) {
        refuse(&mut client, &case, &[authorization]);
        stage.has_seen_writes(0, &case.path);
    }
    let fields = [
        authorization,
        ("content-type", "application/json"),
        ("x-request-id", "r"),
        ("cookie", "a=b"),
        ("cookie", "c=d"),
        ("x-forwarded-user", "john"),
        ("te", "trailers"),
    ];
    let write = WRITE.replace("{id}", DEMO);
    let answer = client.try_request(request("POST", "/v1/ibexsafe/userdata", &fields), &write);
    assert_eq!(answer.map(|answer| answer.status), Ok(200));
    stage.has_seen_writes(1, "in frames");
}
