//! Nothing smuggled, by the gate's own tables: each case of them goes to a gateway whose safe remembers every byte.
//!
//! Each case runs as it is written, and again with its target and its caller changed so that whoever lets it through sends it
//! on to the safe. Each runs as a person of its own, so that whatever reaches the safe is told by its token.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::gateway;
use super::recorder::{Recorder, is};
use crate::gate::{Case, WRITE, all_cases, check, ordinary};
use crate::support::{Client, Safe, World, foreign_token, say};

/// What the safe says to reads and writes alike.
const ANSWER: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"success\":true}";
const GATEWAY: &str = "credentials = \"caller-token\"\nverbs = [\"*\"]";
const NO_RATES: &str = "[limits]\nrate_per_person_per_s = 0\nrate_per_address_per_s = 0\n";
const READ: &str = "/v1/ibexsafe/userdata/external/{id}";
const AUTHORIZATION: &str = "Authorization: Bearer {token}\r\n";

/// Who sent something, and what of it the safe must have seen.
struct Run {
    case: String,
    token: String,
    person: String,
    served: Vec<Served>,
}

/// A request that was served: whether it wrote, and its id.
struct Served {
    is_write: bool,
    request_id: String,
}

#[test]
fn a_safe_sees_what_was_served_once_and_nothing_else_whatever_the_gate_s_tables_send() {
    let recorder = Recorder::start(ANSWER);
    // A gateway publishes no keys.
    let written: Vec<_> =
        all_cases().into_iter().filter(|case| !case.sent.contains("/.well-known/")).collect();
    let aimed: Vec<_> = written.iter().filter_map(aimed).collect();
    assert!(written.len() > 470 && aimed.len() > 280, "{} and {}", written.len(), aimed.len());

    let mut runs = Vec::new();
    for (limits, cases) in [(NO_RATES.to_owned(), written), (with_room_for_the_aim(), aimed)] {
        let gateway = gateway(&World::new(&limits), recorder.address, GATEWAY);
        runs.extend(play(&gateway, &cases));
        // Whatever was on its way is there, or will not come.
        assert!(gateway.stop().0.success());
    }
    let served = runs.iter().map(|run| run.served.len()).sum::<usize>();
    say(&format!("{} runs of the gate's cases before a safe, which was asked {served} times", runs.len()));
    assert!(served > runs.len() / 2, "{served} of {}", runs.len());

    let mut asked: HashMap<String, Vec<String>> = HashMap::new();
    for request in recorder.asked() {
        let token =
            request.split_once("authorization: Bearer ").and_then(|(_, rest)| rest.split_once("\r\n"));
        let token = token.map(|(token, _)| token.to_owned());
        asked.entry(token.unwrap_or_default()).or_default().push(request);
    }
    let host = format!("host: {}", recorder.address);
    for run in &runs {
        let seen = asked.remove(&run.token).unwrap_or_default();
        assert_eq!(seen.len(), run.served.len(), "{}: {seen:#?}", run.case);
        for (request, served) in seen.iter().zip(&run.served) {
            assert!(is_exactly(request, run, served, &host), "{}: {request}", run.case);
        }
    }
    assert!(asked.is_empty(), "nobody sent this: {asked:#?}");
}

/// The case as a request for the caller's own record; `None` where its target is another already.
fn aimed(case: &Case) -> Option<Case> {
    if !case.sent.contains("/health") {
        return None;
    }
    let mut sent = String::new();
    // Those that hide behind it, too.
    for line in case.sent.replace("/health", READ).split_inclusive("\r\n") {
        sent.push_str(line);
        if line.contains(READ) && line.contains("HTTP/") && line.ends_with("\r\n") {
            sent.push_str(AUTHORIZATION);
        }
    }
    Some(Case { sent, ..*case })
}

/// The limits of a head, wider by what the aim adds to it, so that the tables' answers stay what they are.
fn with_room_for_the_aim() -> String {
    let (token, person) = caller(0);
    let added =
        fill(AUTHORIZATION, &token, &person).len() + fill(READ, &token, &person).len() - "/health".len();
    format!("{NO_RATES}head_bytes = {}\nheader_fields = 101\n", 16384 + added)
}

/// A person of this number and their token: as long as any other's.
fn caller(number: usize) -> (String, String) {
    let person = format!("{number:0>36}");
    (foreign_token(&person), person)
}

fn fill(text: &str, token: &str, person: &str) -> String {
    text.replace("{token}", token).replace("{id}", person)
}

/// Sends each case alone and behind another request, a few at a time.
fn play(gateway: &Safe, cases: &[Case]) -> Vec<Run> {
    static NUMBER: AtomicUsize = AtomicUsize::new(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = cases
            .chunks(cases.len().div_ceil(4))
            .map(|part| {
                scope.spawn(move || {
                    let mut bystander = gateway.connect();
                    let mut runs = Vec::new();
                    for case in part {
                        for is_first in [true, false] {
                            let caller = caller(NUMBER.fetch_add(1, Ordering::Relaxed));
                            runs.push(run(gateway.connect(), case, is_first, caller));
                        }
                        ordinary(&mut bystander, case);
                    }
                    runs
                })
            })
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

fn run(mut client: Client, case: &Case, is_first: bool, (token, person): (String, String)) -> Run {
    let mut served = Vec::new();
    let mut sent = String::new();
    if !is_first {
        sent =
            format!("GET {READ} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: first\r\n{AUTHORIZATION}\r\n");
        served.push(Served { is_write: false, request_id: "first".to_owned() });
    }
    sent.push_str(&case.sent);
    // The gateway may have answered and closed before it has read all: that is no fault.
    let _ = client.try_send(fill(&sent, &token, &person).as_bytes());
    if !is_first {
        let first = client.receive("GET");
        assert_eq!((first.status, first.header("x-request-id")), (200, Some("first")), "{:?}", case.sent);
    }
    let answer = check(&mut client, case, if is_first { "alone" } else { "pipelined" });
    if case.status == 200 && case.sent.contains("userdata") {
        let request_id = answer.header("x-request-id").unwrap().to_owned();
        served.push(Served { is_write: case.sent.starts_with("POST"), request_id });
    }
    Run { case: case.sent.chars().take(200).collect(), token, person, served }
}

fn is_exactly(request: &str, run: &Run, served: &Served, host: &str) -> bool {
    let bearer = format!("authorization: Bearer {}", run.token);
    let id = format!("x-request-id: {}", served.request_id);
    let mut fields = vec!["accept: application/json, application/problem+json", host, &bearer, &id];
    if served.is_write {
        let body = fill(WRITE, &run.token, &run.person);
        let length = format!("content-length: {}", body.len());
        fields.extend(["content-type: application/json", &length]);
        is(request, "POST /v1/ibexsafe/userdata HTTP/1.1", &fields, &body)
    } else {
        let line = format!("GET {} HTTP/1.1", fill(READ, &run.token, &run.person));
        is(request, &line, &fields, "")
    }
}
