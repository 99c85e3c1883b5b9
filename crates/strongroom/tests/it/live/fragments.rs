//! Messages in parts, and the control frames between them.

use serde_json::json;

use super::client::{Live, Received};
use super::frames::{CONTINUATION, FIN, Length, PING, PONG, TEXT, announced, fragments, frame, text};
use super::{Person, world};
use crate::support::{Safe, World};

fn jane() -> (World, Safe, Live) {
    let world = world("");
    let safe = world.serve();
    let (live, _) = Live::of(&safe, &Person::known_as("jane").token);
    (world, safe, live)
}

#[test]
fn a_ping_is_answered_with_its_own_bytes() {
    let (_world, _safe, mut live) = jane();
    for payload in [&b""[..], b"\0", b"\xff\xfe\x80", &[b'x'; 125]] {
        live.send(&frame(FIN | PING, payload));
        assert_eq!(live.receive(), Received::Pong(payload.to_vec()));
    }
    for payload in [&b""[..], b"nobody asked"] {
        live.send(&frame(FIN | PONG, payload));
    }
    live.is_well();
}

#[test]
fn a_message_in_parts_is_whole_whatever_stands_between_them() {
    let (_world, _safe, mut live) = jane();
    let message = r#"{"type":"get_user_data","requestId":"zwölf € 😀"}"#.as_bytes();
    let parts: Vec<&[u8]> = message.chunks(1).collect();
    live.send(&fragments(&parts));
    assert_eq!(live.hear_of("user_data")["requestId"], "zwölf € 😀", "cut within its characters");
    live.send(&fragments(&[b"", message, b"", b""]));
    assert_eq!(live.hear_of("user_data")["requestId"], "zwölf € 😀", "with empty parts");

    let (one, two) = message.split_at(20);
    live.send(&frame(TEXT, one));
    live.send(&frame(FIN | PING, b"between"));
    assert_eq!(live.receive(), Received::Pong(b"between".to_vec()), "before the message is whole");
    live.send(&frame(FIN | PONG, b"and"));
    live.send(&frame(FIN | CONTINUATION, two));
    assert_eq!(live.hear_of("user_data")["requestId"], "zwölf € 😀", "around a ping");
    live.is_well();
}

#[test]
fn a_message_of_the_most_bytes_is_heard_and_one_more_is_too_big() {
    let (_world, safe, mut live) = jane();
    let message = |bytes: usize| {
        let empty = json!({ "type": "ping", "pad": "" }).to_string().len();
        json!({ "type": "ping", "pad": "x".repeat(bytes - empty) }).to_string()
    };
    let most = message(16384);
    live.send(&text(&most));
    live.hear_of("pong");
    let parts: Vec<&[u8]> = most.as_bytes().chunks(4000).collect();
    live.send(&fragments(&parts));
    live.hear_of("pong");
    live.send(&text(&message(16385)));
    assert_eq!(live.closed(), Some(1009));

    let (mut live, _) = Live::of(&safe, &Person::known_as("jane").token);
    let more = message(16385);
    let parts: Vec<&[u8]> = more.as_bytes().chunks(4000).collect();
    live.send(&fragments(&parts));
    assert_eq!(live.closed(), Some(1009), "in parts");
}

#[test]
fn what_is_too_big_is_told_before_it_is_there_and_its_sender_can_read_it() {
    let (_world, safe, mut live) = jane();
    live.send(&announced(FIN | TEXT, Length::Long(64 << 20)));
    let mut sender = live.sender();
    std::thread::scope(|scope| {
        // Goes on for as long as it is taken.
        scope.spawn(move || {
            let part = vec![0; 65536];
            for _ in 0..(64 << 20) / part.len() {
                if std::io::Write::write_all(&mut sender, &part).is_err() {
                    return;
                }
            }
        });
        assert!(matches!(live.receive(), Received::Close(Some(1009), _)));
        live.closed_in_the_end();
    });
    assert_eq!(safe.connect().request("GET", "/health", &[], "").status, 200);
}
