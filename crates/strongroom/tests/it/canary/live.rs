//! The socket as an exit: what it tells a person of a marked record, and what it says to whoever speaks wrongly.

use serde_json::{Value as Json, json};

use super::exits::Exits;
use super::{NOTHING, PERSON, PRIVATE_KEY, PRIVATE_NUMBER, PRIVATE_VALUE, STRAY, USERDATA};
use super::{body, members, path_of, private_member};
use crate::live::frames::{BINARY, CLOSE, FIN, PING, TEXT, close, frame, text};
use crate::live::{HANDSHAKE, Live, auth, come_back};
use crate::support::Safe;

const TOLD: &[&str] = &["person", "public key", "public value"];

/// Everything that a socket tells.
pub(super) fn drive_socket(exits: &mut Exits, safe: &Safe, token: &str) {
    let bearer = format!("Bearer {token}");
    let auth = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let mut live = Live::open(safe);
    live.say(&json!({ "type": "auth", "token": token, "clientName": STRAY }));
    let first = live.hear_burst();
    let write = |exits: &mut Exits, data: &str| {
        let answer = exits.ask(safe.address, NOTHING, "POST", USERDATA, &auth, &body(data));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    };
    // One that raises the version and tells nothing, and one of both sorts.
    write(exits, &private_member());
    let update = live.hear_update();
    assert_eq!((&update["changed"], &update["removed"]), (&json!({}), &json!([])));
    write(exits, &format!(r#""other":1,{}"#, members()));
    assert_eq!(live.hear_update()["changed"], json!({ "other": 1 }));
    write(exits, &format!(r#""other":null,"{PRIVATE_KEY}":null,"private.number":{PRIVATE_NUMBER}"#));
    assert_eq!(live.hear_update()["removed"], json!(["other"]));
    let erased = exits.ask(safe.address, NOTHING, "DELETE", &path_of(PERSON), &auth, "");
    assert!(erased.starts_with("HTTP/1.1 204"), "{erased}");
    live.hear_of("user_data_erased");
    write(exits, &members());
    let since = live.hear_update()["version"].clone();
    write(exits, &private_member());
    live.hear_update();
    live.send(&close(1000, b""));
    live.closed_in_the_end();
    exits.add("a socket", live.received, TOLD);

    let mut again = come_back(safe, token, &since);
    again.hear_burst();
    again.hear_update();
    exits.add("a socket that has come back", again.received, TOLD);
    // Of another life, and of none.
    for since in [first["version"].clone(), json!(STRAY), json!(format!("{STRAY}.1"))] {
        let mut late = come_back(safe, token, &since);
        late.hear_burst();
        late.hear_of("resync");
        late.hear_of("user_data");
        exits.add("a socket that has come back late", late.received, TOLD);
    }
}

/// Every refusal of the socket, each with a mark where a careless error would repeat it.
pub(super) fn drive_refused_sockets(exits: &mut Exits, safe: &Safe, token: &str) {
    for message in [
        auth(STRAY),
        auth(&format!("{STRAY}.{STRAY}.{STRAY}")),
        auth(&format!("{token}A")),
        json!({ "type": STRAY, "token": token }),
        json!({ "type": "resume", "since": STRAY }),
        json!({ "type": "auth", "token": { STRAY: token } }),
    ] {
        let mut live = Live::open(safe);
        live.say(&message);
        live.refused();
        exits.add("a socket that was refused", live.received, NOTHING);
    }
    let said = |message: Json| text(&message.to_string());
    for (sent, code) in [
        (said(json!({ "type": STRAY })), None),
        (said(json!({ STRAY: PRIVATE_VALUE })), None),
        (said(json!({ "type": "resume", "since": { STRAY: STRAY } })), None),
        (said(json!({ "type": "get_user_data", "requestId": { STRAY: PRIVATE_VALUE } })), None),
        (text(&format!(r#"{{"{PRIVATE_KEY}":"{PRIVATE_VALUE}""#)), None),
        (text(&format!(r#"{{"type":"ping","type":"{STRAY}"}}"#)), None),
        (said(auth(STRAY)), Some(4002)),
        (frame(FIN | BINARY, PRIVATE_VALUE.as_bytes()), Some(1003)),
        (frame(FIN | TEXT, &[PRIVATE_VALUE.as_bytes(), b"\xff"].concat()), Some(1007)),
        (frame(FIN | CLOSE, &[b"\x03\xe8", STRAY.as_bytes(), b"\xff"].concat()), Some(1007)),
        (close(1005, STRAY.as_bytes()), Some(1002)),
        (frame(FIN | 3, STRAY.as_bytes()), Some(1002)),
        (frame(PING, STRAY.as_bytes()), Some(1002)),
        (said(json!({ "type": "ping", "pad": STRAY.repeat(1000) })), Some(1009)),
    ] {
        let (mut live, _) = Live::of(safe, token);
        live.received.clear();
        live.send(&sent);
        match code {
            None => drop(live.hear_error()),
            Some(_) => assert_eq!(live.closed_in_the_end(), code),
        }
        exits.add("a socket that spoke wrongly", live.received, NOTHING);
    }
    // A close is answered with its own words, as the library has it.
    let (mut live, _) = Live::of(safe, token);
    live.received.clear();
    live.send(&close(4000, STRAY.as_bytes()));
    assert_eq!(live.closed_in_the_end(), Some(4000));
    exits.add("the answer to a close", live.received, &["stray"]);
    let stray_origin = format!("https://{STRAY}.example");
    let with = |name, value| [&HANDSHAKE[..], &[(name, value)]].concat();
    for (path, headers) in [
        (format!("/ws?token={token}&{STRAY}"), HANDSHAKE.to_vec()),
        ("/ws".to_owned(), with("Origin", &stray_origin)),
        ("/ws".to_owned(), with("Sec-WebSocket-Key", STRAY)),
        ("/ws".to_owned(), vec![("Upgrade", STRAY), ("Sec-WebSocket-Version", STRAY)]),
    ] {
        let answer = exits.ask(safe.address, NOTHING, "GET", &path, &headers, "");
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
}
