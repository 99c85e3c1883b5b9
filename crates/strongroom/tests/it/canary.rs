//! The canary: marked values, keys, ids and tokens; then every exit is driven, and every byte that left or stayed is
//! searched for the marks.
//!
//! What it would miss is proved by planting a leak in each exit once (`docs/SECURITY.md` says which were planted).

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::process::strongroom;
use crate::support::{Safe, World, contains, files_below, foreign_token, wire};

const PRIVATE_VALUE: &str = "canary-private-value-5d1f";
const PRIVATE_NUMBER: &str = "918273645546372819";
const PUBLIC_VALUE: &str = "canary-public-value-77ab";
const PUBLIC_KEY: &str = "canary.public.key-c0de";
const PRIVATE_KEY: &str = "private.canaryKey-e66e";
const PERSON: &str = "canary-person-1a2b3c";
const STRAY: &str = "canary-stray-4d4d";

#[test]
fn nothing_private_leaves_and_nothing_readable_rests_or_is_logged() {
    let world = World::new("");
    let safe = world.serve();
    let token = foreign_token(PERSON);
    let mut seen = Seen::default();

    let signed_up = seen.ask(&safe, "GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "");
    let own: serde_json::Value = serde_json::from_str(signed_up.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let own_token = |name: &str| own[name].as_str().unwrap().to_owned();

    drive_user_data(&mut seen, &safe, &token);
    drive_refusals(&mut seen, &safe, &token);
    let refresh = format!(r#"{{"refresh_token":"{}"}}"#, own_token("refresh_token"));
    let json = [("Content-Type", "application/json")];
    let refreshed = seen.ask(&safe, "POST", "/v1/auth/refresh", &json, &refresh);
    seen.ask(&safe, "POST", "/v1/auth/refresh", &json, &refresh);
    let access = own_token("access_token");
    seen.ask(&safe, "POST", "/v1/auth/sign-out", &[("Authorization", &format!("Bearer {access}"))], "");

    // The data directory while the log of writes is full, what an operator's commands print, and a backup.
    let mut at_rest = files_below(&world.data());
    for arguments in [
        &["store", "check"][..],
        &["store", "backup", "copy.db"],
        &["config", "show"],
        &["keys", "list", "keyring.json"],
    ] {
        let mut command = strongroom();
        command.current_dir(world.path(".")).args(arguments);
        match arguments[0] {
            "store" => command.args(["--config", "strongroom.toml"]),
            "config" => command.arg("strongroom.toml"),
            _ => &mut command,
        };
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        seen.said.extend(output.stdout);
        seen.said.extend(output.stderr);
    }
    at_rest.push(("the backup".into(), std::fs::read(world.path("copy.db")).unwrap()));

    let log = safe.kill();
    at_rest.extend(files_below(&world.data()));
    let (_, log_after) = world.serve().stop();
    at_rest.extend(files_below(&world.data()));
    let log = log + &log_after;
    assert!(
        log.contains("\"answered\"") && log.contains("\"stopped\""),
        "the log is the one that is meant:\n{log}"
    );
    assert!(
        at_rest.iter().any(|(path, bytes)| path.ends_with("strongroom.db") && bytes.len() > 4096),
        "{at_rest:?}"
    );

    let issued: Vec<String> = ["access_token", "refresh_token", "subject"].map(own_token).into();
    let refreshed: serde_json::Value =
        serde_json::from_str(refreshed.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let mut nowhere = vec![PRIVATE_VALUE.to_owned(), PRIVATE_NUMBER.to_owned(), STRAY.to_owned()];
    let mut not_at_rest = vec![
        PUBLIC_VALUE.to_owned(),
        PUBLIC_KEY.to_owned(),
        PRIVATE_KEY.to_owned(),
        PERSON.to_owned(),
        token,
    ];
    not_at_rest.extend(issued);
    not_at_rest.push(refreshed["access_token"].as_str().unwrap().to_owned());
    not_at_rest.push(refreshed["refresh_token"].as_str().unwrap().to_owned());
    for mark in &mut nowhere {
        assert!(!contains(&seen.answers, mark.as_bytes()), "{mark} left in an answer");
        not_at_rest.push(mark.clone());
    }
    for mark in &not_at_rest {
        for needle in spellings(mark) {
            assert!(!contains(log.as_bytes(), &needle), "{mark} is in the log:\n{log}");
            assert!(!contains(&seen.said, &needle), "{mark} was printed by a command");
            for (path, bytes) in &at_rest {
                assert!(!contains(bytes, &needle), "{mark} is in {}", path.display());
            }
        }
    }
    // The canary sings: what may be read was read.
    assert!(
        contains(&seen.answers, PUBLIC_VALUE.as_bytes()) && contains(&seen.answers, PRIVATE_KEY.as_bytes())
    );
}

/// Every answer that a record can have.
fn drive_user_data(seen: &mut Seen, safe: &Safe, token: &str) {
    let path = format!("/v1/ibexsafe/userdata/external/{PERSON}");
    let bearer = format!("Bearer {token}");
    let auth = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = |data: &str| format!(r#"{{"externalUserId":"{PERSON}","data":{{{data}}}}}"#);
    let both = format!(
        r#""{PUBLIC_KEY}":"{PUBLIC_VALUE}","{PRIVATE_KEY}":"{PRIVATE_VALUE}","private.number":"{PRIVATE_NUMBER}""#
    );
    for data in [both.as_str(), &format!(r#""{PRIVATE_KEY}":"{PRIVATE_VALUE}""#), r#""other":1"#, ""] {
        let answer = seen.ask(safe, "POST", "/v1/ibexsafe/userdata", &auth, &body(data));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    for (method, path) in [
        ("GET", path.clone()),
        ("HEAD", path.clone()),
        ("GET", format!("{path}/export")),
        ("GET", "/v1/ibexsafe/limits".to_owned()),
        ("OPTIONS", path.clone()),
    ] {
        let answer = seen.ask(safe, method, &path, &auth, "");
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    }
    let conditional = [auth[0], auth[1], ("If-Match", "\"x\"")];
    seen.ask(safe, "DELETE", &path, &conditional, "");
    seen.ask(safe, "GET", &path, &[auth[0], ("If-None-Match", "*")], "");
}

/// Every refusal, each with a mark where a careless error would repeat it.
fn drive_refusals(seen: &mut Seen, safe: &Safe, token: &str) {
    let bearer = format!("Bearer {token}");
    let auth = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let long = format!("{PRIVATE_VALUE}{}", "x".repeat(9000));
    let huge = format!("{PRIVATE_VALUE}{}", "x".repeat(70_000));
    for data in [
        format!(r#""private.{STRAY} x":"{PRIVATE_VALUE}""#),
        format!(r#""Private.{STRAY}":"{PRIVATE_VALUE}""#),
        format!(r#""private.k":"{long}""#),
        format!(r#""private.k":"{huge}""#),
        format!(r#""private.k":["{PRIVATE_VALUE}"]"#),
        format!(r#""private.k":"{PRIVATE_VALUE}","private.k":"{STRAY}""#),
        format!(r#""private.k":"{PRIVATE_VALUE}\u0000""#),
        format!(r#""private.k":{PRIVATE_NUMBER}0.1"#),
        format!(r#""private.k":"{PRIVATE_VALUE}"#),
        format!(r#""private.k":"{PRIVATE_VALUE}\ud800""#),
    ] {
        let body = format!(r#"{{"externalUserId":"{PERSON}","data":{{{data}}}}}"#);
        let answer = seen.ask(safe, "POST", "/v1/ibexsafe/userdata", &auth, &body);
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let stray_path = format!("/v1/ibexsafe/userdata/external/{STRAY}");
    let stray_body = format!(r#"{{"externalUserId":"{STRAY}","data":{{"private.k":"{PRIVATE_VALUE}"}}}}"#);
    for (method, path, headers, body) in [
        ("GET", stray_path.as_str(), &auth[..], ""),
        ("PUT", &stray_path, &auth, ""),
        ("POST", "/v1/ibexsafe/userdata", &auth, stray_body.as_str()),
        ("GET", &format!("/{STRAY}?{STRAY}={PRIVATE_VALUE}"), &auth, ""),
        ("GET", &format!("/v1/auth/sign-up?rpId={STRAY}&passkeys=FALSE"), &[], ""),
        ("GET", &stray_path, &[("Authorization", &format!("Bearer {STRAY}.{STRAY}.{STRAY}"))], ""),
        ("GET", &stray_path, &[("Authorization", &format!("{STRAY} {STRAY}"))], ""),
        ("GET", &stray_path, &[auth[0], ("Origin", &format!("https://{STRAY}.example"))], ""),
        ("GET", &stray_path, &[auth[0], ("X-RpId", STRAY)], ""),
        ("DELETE", &format!("/v1/ibexsafe/userdata/external/{PERSON}"), &[auth[0], ("If-Match", STRAY)], ""),
        ("POST", "/v1/ibexsafe/userdata", &[auth[0], ("Content-Type", STRAY)], &stray_body),
        ("POST", "/v1/auth/refresh", &[auth[1]], &format!(r#"{{"refresh_token":"{STRAY}"}}"#)),
        (STRAY, "/health", &[], ""),
        ("GET", "/health", &[("Bad Name", STRAY)], ""),
    ] {
        let answer = seen.ask(safe, method, path, headers, body);
        assert!(answer.starts_with("HTTP/1.1 4"), "{method} {path}: {answer}");
    }
}

/// Everything that came out.
#[derive(Default)]
struct Seen {
    answers: Vec<u8>,
    said: Vec<u8>,
}

impl Seen {
    /// One request on a connection of its own, to the last byte that comes back.
    fn ask(&mut self, safe: &Safe, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut stream = TcpStream::connect(safe.address).unwrap();
        let headers = [headers, &[("Connection", "close")]].concat();
        stream.write_all(&wire::request(method, path, &headers, body)).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        self.answers.extend(&answer);
        String::from_utf8(answer).unwrap()
    }
}

/// A mark as it is, and as careless code may have written it: in UTF-16, hexadecimal, base64 (each of three alignments).
fn spellings(mark: &str) -> Vec<Vec<u8>> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    let bytes = mark.as_bytes();
    let hex = bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let mut spellings =
        vec![bytes.to_vec(), mark.encode_utf16().flat_map(u16::to_le_bytes).collect(), hex.into_bytes()];
    for shift in 0..3 {
        let inner = &bytes[shift..];
        spellings.push(STANDARD_NO_PAD.encode(&inner[..inner.len() / 3 * 3]).into_bytes());
    }
    spellings
}
