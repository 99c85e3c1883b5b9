//! Transcripts of the wire, replayed against the binary: what goes out is `>`, what must come back is `<`.
//!
//! Every header of an answer is either on the list of those that each answer carries, or written in the transcript; any
//! other fails. `{name}` stands for a value known before, `{=name}` takes one, `*` is any value.

use std::collections::BTreeMap;

use crate::support::process::DEMO;
use crate::support::wire::Exchanges;
use crate::support::{Answer, Safe};

/// What each answer carries, and as what.
const ALWAYS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
    ("vary", "Authorization, Origin"),
    ("x-request-id", "*"),
    ("date", "*"),
];

#[test]
fn the_guide_sections_1_to_3_and_5() {
    replay(include_str!("guide.http"));
}

#[test]
fn the_guide_under_every_version() {
    for version in ["/v1/", "/v1.2/"] {
        replay(&include_str!("guide.http").replace("/v1.1/", version));
    }
}

#[test]
fn reads_and_conditions() {
    replay(include_str!("conditions.http"));
}

#[test]
fn what_a_write_may_not_hold() {
    replay(include_str!("refusals.http"));
}

#[test]
fn private_keys_go_in_and_never_come_out() {
    replay(include_str!("private.http"));
}

#[test]
fn routes_methods_tokens_and_tenants() {
    replay(include_str!("routes.http"));
}

#[test]
fn e_mail_addresses_and_ones_own_routes() {
    replay(include_str!("email.http"));
}

#[test]
fn sessions() {
    replay(include_str!("sessions.http"));
}

/// A code that no story raises is a promise that nobody has seen kept.
#[test]
fn every_code_of_the_reference_is_raised_against_the_real_binary() {
    let stories = [
        include_str!("guide.http"),
        include_str!("conditions.http"),
        include_str!("email.http"),
        include_str!("private.http"),
        include_str!("refusals.http"),
        include_str!("routes.http"),
        include_str!("sessions.http"),
        include_str!("../faults.rs"),
        include_str!("../forwarding/identity.rs"),
        include_str!("../forwarding/refusals.rs"),
        include_str!("../lifecycle.rs"),
        include_str!("../limits.rs"),
        include_str!("../live/handshake.rs"),
        include_str!("../overload.rs"),
        include_str!("../passkeys/own.rs"),
        include_str!("../passkeys/replays.rs"),
        include_str!("../passkeys/story.rs"),
        include_str!("../rates.rs"),
        include_str!("../tenants.rs"),
        include_str!("../gate/bodies.rs"),
        include_str!("../gate/caps.rs"),
        include_str!("../gate/fields.rs"),
        include_str!("../gate/framing.rs"),
        include_str!("../gate/request_lines.rs"),
        include_str!("../gate/slow.rs"),
    ];
    let reference = include_str!("../../../../../docs/reference/errors.md");
    let codes: Vec<_> =
        reference.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert!(codes.len() > 30, "{codes:?}");
    for code in codes {
        let quoted = format!("\"{code}\"");
        assert!(stories.iter().any(|story| story.contains(&quoted)), "nothing raises {code}");
    }
}

/// Plays a transcript against a fresh safe, all on one connection while it lasts.
fn replay(transcript: &str) {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let known = [("id", DEMO), ("token", &safe.access_token), ("refresh", &safe.refresh_token)];
    play(transcript, &known, || safe.connect());
}

/// Plays a transcript over connections of any kind, with what is known at its beginning.
pub(crate) fn play<C: Exchanges>(transcript: &str, known: &[(&str, &str)], connect: impl Fn() -> C) {
    let mut known: BTreeMap<_, _> =
        known.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut client = connect();
    for exchange in exchanges(transcript) {
        let request = fill(&exchange.request, &known);
        let (head, body) = request.split_once("\n\n").unwrap_or((&request, ""));
        let mut lines = head.lines();
        let (method, path) = lines.next().and_then(|line| line.split_once(' ')).expect("a request line");
        let headers: Vec<_> = lines.map(|line| line.split_once(": ").expect("a header")).collect();
        let answer = client.exchange(method, path, &headers, body);
        compare(&exchange, &answer, &mut known);
        if answer.header("connection") == Some("close") {
            assert!(client.is_over(), "{}: said close and stayed", exchange.title);
            client = connect();
        }
    }
}

struct Exchange {
    title: String,
    request: String,
    answer: String,
}

/// Blocks of `# title`, `> request`, `< answer`; the body follows an empty `>` or `<`.
fn exchanges(transcript: &str) -> Vec<Exchange> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut title = String::new();
    for line in transcript.lines() {
        if let Some(text) = line.strip_prefix('#') {
            text.trim().clone_into(&mut title);
        } else if let Some(text) = line.strip_prefix('>') {
            if exchanges.last().is_none_or(|exchange| !exchange.answer.is_empty()) {
                exchanges.push(Exchange {
                    title: title.clone(),
                    request: String::new(),
                    answer: String::new(),
                });
            }
            let request = &mut exchanges.last_mut().expect("one was pushed").request;
            request.push_str(text.strip_prefix(' ').unwrap_or(text));
            request.push('\n');
        } else if let Some(text) = line.strip_prefix('<') {
            let answer = &mut exchanges.last_mut().expect("an answer follows a request").answer;
            answer.push_str(text.strip_prefix(' ').unwrap_or(text));
            answer.push('\n');
        } else {
            assert!(line.is_empty(), "not a line of a transcript: {line}");
        }
    }
    for exchange in &mut exchanges {
        exchange.request.truncate(exchange.request.trim_end_matches('\n').len());
        exchange.answer.truncate(exchange.answer.trim_end_matches('\n').len());
    }
    assert!(!exchanges.is_empty(), "an empty transcript shows nothing");
    exchanges
}

fn compare(exchange: &Exchange, answer: &Answer, known: &mut BTreeMap<String, String>) {
    let title = &exchange.title;
    let (head, body) = exchange.answer.split_once("\n\n").unwrap_or((&exchange.answer, ""));
    let mut lines = head.lines();
    let status = lines.next().expect("a status");
    assert_eq!(answer.status.to_string(), status, "{title}: {answer:?}");

    let mut expected: BTreeMap<String, String> =
        ALWAYS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if !matches!(answer.status, 204 | 304) {
        expected.insert("content-length".to_owned(), "*".to_owned());
    }
    for line in lines {
        let (name, value) = line.split_once(": ").expect("a header");
        expected.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    for (name, value) in &answer.headers {
        let pattern =
            expected.remove(name).unwrap_or_else(|| panic!("{title}: unlisted header {name}: {value}"));
        match_one(title, &pattern, value, known);
    }
    assert!(expected.is_empty(), "{title}: missing {expected:?} in {answer:?}");
    match_one(title, body, &answer.body, known);
}

/// Holds a text against a pattern: `*`, `{=name}`, or literal text with `{name}` in it; in JSON bodies `"{=name}"` takes
/// a string.
fn match_one(title: &str, pattern: &str, text: &str, known: &mut BTreeMap<String, String>) {
    if pattern == "*" {
        return;
    }
    let mut rest = text;
    let filled = fill(pattern, known);
    let mut pieces = filled.split("{=");
    let literal = pieces.next().unwrap_or_default();
    rest = rest.strip_prefix(literal).unwrap_or_else(|| panic!("{title}: expected {filled}\n got {text}"));
    for piece in pieces {
        let (name, literal) = piece.split_once('}').expect("{=name}");
        let end = if literal.is_empty() { rest.len() } else { rest.find(literal).unwrap_or(rest.len()) };
        known.insert(name.to_owned(), rest[..end].to_owned());
        rest = rest[end..]
            .strip_prefix(literal)
            .unwrap_or_else(|| panic!("{title}: expected {filled}\n got {text}"));
    }
    assert!(rest.is_empty(), "{title}: expected {filled}\n got {text}");
}

fn fill(text: &str, known: &BTreeMap<String, String>) -> String {
    known.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}
