//! Frames that RFC 6455 forbids: each is answered with the close code that it calls for, whoever has sent it.

use super::client::{Live, Received};
use super::frames::{
    BINARY, CLOSE, CONTINUATION, FIN, Length, PING, PONG, RSV1, RSV2, RSV3, TEXT, announced, close,
    fragments, frame, frame_of_length, unmasked,
};
use super::{Person, world};
use crate::support::Safe;

/// What is sent, and the code that must come back.
struct Case {
    what: String,
    sent: Vec<u8>,
    code: u16,
}

fn case(what: impl Into<String>, sent: Vec<u8>, code: u16) -> Case {
    Case { what: what.into(), sent, code }
}

/// Bits, opcodes and masks.
fn heads() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, opcode) in [("text", TEXT), ("binary", BINARY), ("ping", PING), ("pong", PONG)] {
        cases.push(case(format!("{name} without a mask"), unmasked(FIN | opcode, b"{}"), 1002));
        for bit in [RSV1, RSV2, RSV3, RSV1 | RSV2 | RSV3] {
            cases.push(case(format!("{name} with {bit:#04x}"), frame(FIN | bit | opcode, b"{}"), 1002));
        }
    }
    cases.push(case("a close without a mask", unmasked(FIN | CLOSE, &[3, 232]), 1002));
    cases.push(case("a close with a bit", frame(FIN | RSV1 | CLOSE, &[3, 232]), 1002));
    for opcode in (3..=7).chain(11..=15) {
        cases.push(case(format!("opcode {opcode}"), frame(FIN | opcode, b"{}"), 1002));
        cases.push(case(format!("opcode {opcode}, empty"), frame(FIN | opcode, b""), 1002));
    }
    cases
}

/// Control frames that are none.
fn control_frames() -> Vec<Case> {
    let mut cases = Vec::new();
    let long = [b'x'; 126];
    for (name, opcode) in [("ping", PING), ("pong", PONG), ("close", CLOSE)] {
        cases.push(case(format!("half a {name}"), frame(opcode, &[3, 232]), 1002));
        cases.push(case(format!("a {name} of 126 bytes"), frame(FIN | opcode, &long), 1002));
    }
    cases
}

/// Messages in parts that do not fit.
fn order() -> Vec<Case> {
    let begun = frame(TEXT, br#"{"type":"#);
    vec![
        case("a continuation of nothing", frame(FIN | CONTINUATION, b"{}"), 1002),
        case("a continuation of nothing that goes on", frame(CONTINUATION, b"{}"), 1002),
        case(
            "a continuation of what is whole",
            [fragments(&[br#"{"type":"ping","#, br#""a":1}"#]), frame(FIN | CONTINUATION, b"")].concat(),
            1002,
        ),
        case("text in a text", [begun.clone(), frame(FIN | TEXT, b"{}")].concat(), 1002),
        case("binary in a text", [begun.clone(), frame(FIN | BINARY, b"{}")].concat(), 1002),
        case("a text begun in a text", [begun.clone(), frame(TEXT, b"{}")].concat(), 1002),
        case("an opcode of nothing in a text", [begun.clone(), frame(FIN | 3, b"{}")].concat(), 1002),
        case(
            "a bit in a continuation",
            [begun, frame(FIN | RSV1 | CONTINUATION, br#""ping"}"#)].concat(),
            1002,
        ),
    ]
}

/// Closes that are none.
fn closes() -> Vec<Case> {
    let mut cases = vec![case("half a code", frame(FIN | CLOSE, &[3]), 1002)];
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        cases.push(case(format!("code {code}"), close(code, b""), 1002));
        cases.push(case(format!("code {code} with a reason"), close(code, b"enough"), 1002));
    }
    for (what, reason) in not_utf_8() {
        cases.push(case(format!("a reason with {what}"), close(1000, reason), 1007));
    }
    cases
}

/// Bytes that are no text, and why.
pub(super) fn not_utf_8() -> [(&'static str, &'static [u8]); 9] {
    [
        ("a byte of no character", b"\xff"),
        ("a continuation of no character", b"\x80"),
        ("a character cut off", b"a\xe2\x82"),
        ("an overlong character", b"\xc0\xaf"),
        ("an overlong NUL", b"\xe0\x80\x80"),
        ("a surrogate", b"\xed\xa0\x80"),
        ("a pair of surrogates", b"\xed\xa0\xbd\xed\xb8\x80"),
        ("a character beyond the last", b"\xf4\x90\x80\x80"),
        ("a character of five bytes", b"\xf8\x88\x80\x80\x80"),
    ]
}

/// Text that is none, whole and in parts.
fn texts() -> Vec<Case> {
    let mut cases = Vec::new();
    for (what, bytes) in not_utf_8() {
        let whole = [b"{\"type\":\"ping\",\"a\":\"", bytes, b"\"}"].concat();
        cases.push(case(format!("text with {what}"), frame(FIN | TEXT, &whole), 1007));
        let middle = whole.len() - bytes.len() / 2 - 2;
        let parts = fragments(&[&whole[..middle], &whole[middle..]]);
        cases.push(case(format!("text in parts with {what}"), parts, 1007));
    }
    cases.push(case("text that ends within a character", frame(FIN | TEXT, b"\"\xf0\x9f\x98"), 1007));
    cases
}

/// More than a message may be; where a head says so, no more than the head is sent.
fn sizes() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, opcode) in [("text", TEXT), ("binary", BINARY)] {
        for length in [Length::Word(16385), Length::Word(u16::MAX), Length::Long(1 << 16)] {
            cases.push(case(format!("{name} too large"), announced(FIN | opcode, length), 1009));
        }
        for length in [1 << 32, i64::MAX.unsigned_abs()] {
            let sent = announced(FIN | opcode, Length::Long(length));
            cases.push(case(format!("{name} of {length} bytes"), sent, 1009));
        }
    }
    let part = [b' '; 4096];
    cases.push(case("too large in five parts", fragments(&[&part[..]; 5]), 1009));
    let sent = fragments(&[&part, &[b' '; 16385 - 4096]]);
    cases.push(case("too large with its second part", sent, 1009));
    let part = [b' '; 100];
    cases.push(case("too large in many parts", fragments(&[&part[..]; 200]), 1009));
    cases
}

fn all_cases() -> Vec<Case> {
    [heads(), control_frames(), order(), closes(), texts(), sizes()].into_iter().flatten().collect()
}

#[test]
fn every_forbidden_frame_is_answered_with_the_code_it_calls_for() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let cases = all_cases();
    assert!(cases.len() > 100, "{} cases", cases.len());
    for Case { what, sent, code } in &cases {
        let mut stranger = Live::open(&safe);
        if is_about_frames(what) {
            stranger.send(sent);
            assert_eq!(stranger.closed_in_the_end(), Some(*code), "before authentication: {what}");
        }
        let (mut live, _) = Live::of(&safe, &jane.token);
        live.send(sent);
        assert_eq!(live.closed_in_the_end(), Some(*code), "{what}");
        // In one packet with what is good.
        let (mut live, _) = Live::of(&safe, &jane.token);
        live.send(&[frame(FIN | PING, b"before"), sent.clone()].concat());
        assert_eq!(live.receive(), Received::Pong(b"before".to_vec()), "{what}");
        assert_eq!(live.closed_in_the_end(), Some(*code), "behind a ping: {what}");
    }
    is_well(&safe, &jane);
}

/// A whole message before it is the first, and no `auth`.
fn is_about_frames(what: &str) -> bool {
    what != "a continuation of what is whole"
}

fn is_well(safe: &Safe, person: &Person) {
    Live::of(safe, &person.token).0.is_well();
    assert_eq!(safe.connect_admin().request("GET", "/readyz", &[], "").status, 200);
}

/// Wrong in two ways, each with a code of its own.
#[test]
fn what_is_too_large_and_forbidden_besides_is_refused_for_one_of_the_two() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    for (opcode, length) in
        [(TEXT, 1 << 63), (TEXT, u64::MAX), (PING, 1 << 40), (PONG, 1 << 40), (CLOSE, 1 << 40), (3, 1 << 40)]
    {
        let (mut live, _) = Live::of(&safe, &jane.token);
        live.send(&announced(FIN | opcode, Length::Long(length)));
        let code = live.closed_in_the_end();
        assert!(matches!(code, Some(1002 | 1009)), "{opcode}: {code:?}");
    }
}

/// The library takes them, as others do: what matters is that nobody reads another end of the frame.
#[test]
fn a_length_that_is_not_in_its_shortest_form_is_the_same_length() {
    let world = world("");
    let safe = world.serve();
    let (mut live, _) = Live::of(&safe, &Person::known_as("jane").token);
    let ping = br#"{"type":"ping"}"#;
    let length = u8::try_from(ping.len()).unwrap();
    for length in [Length::Word(length.into()), Length::Long(length.into())] {
        live.send(&frame_of_length(FIN | TEXT, length, ping));
        live.hear_of("pong");
    }
    for length in [Length::Word(4), Length::Long(4)] {
        live.send(&frame_of_length(FIN | PING, length, b"ping"));
        assert_eq!(live.receive(), Received::Pong(b"ping".to_vec()));
    }
    live.send(&frame_of_length(FIN | CLOSE, Length::Word(2), &[3, 232]));
    assert_eq!(live.closed(), Some(1000));
}

#[test]
fn a_binary_message_is_nothing_that_is_spoken_here() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    for sent in [
        frame(FIN | BINARY, br#"{"type":"ping"}"#),
        frame(FIN | BINARY, b"\xff"),
        frame(FIN | BINARY, b""),
        [frame(BINARY, b"{"), frame(FIN | CONTINUATION, b"}")].concat(),
    ] {
        let (mut live, _) = Live::of(&safe, &jane.token);
        live.send(&sent);
        assert_eq!(live.closed(), Some(1003), "{sent:?}");
    }
}
