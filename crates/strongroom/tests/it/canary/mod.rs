//! The canary: marked values, keys, ids, tokens and secrets; then every exit is driven, and every byte that was answered,
//! logged, printed or kept is searched for the marks.
//!
//! What it would miss was found by planting a leak in each exit (`docs/SECURITY.md`, "How the canary was proved"). No
//! request can make the safe panic, so what a panic tells is shown beside its hook.

mod exits;
mod live;
mod marks;
mod printed;

use std::collections::BTreeSet;
use std::path::Path;

use exits::Exits;
use marks::Marks;
use serde_json::{Value as Json, json};
use strongroom_domain::Revision;

use crate::passkeys::Device;
use crate::support::process::strongroom;
use crate::support::{Safe, World, foreign_token};

const PRIVATE_VALUE: &str = "5d1f8a-private-value";
/// Exact in binary64: sent as a number.
const PRIVATE_NUMBER: &str = "918273645546372";
const PUBLIC_VALUE: &str = "77ab03-public-value";
const PUBLIC_KEY: &str = "c0de61.public.key";
const PRIVATE_KEY: &str = "private.e66e-canary";
const PERSON: &str = "1a2b3c-person-canary";
/// Stands wherever a request has room for something that belongs nowhere.
const STRAY: &str = "4d4d90-stray-canary";
/// What a person calls a passkey.
const KEY_NAME: &str = "b3771d-key-name-canary";

const NOTHING: &[&str] = &[];
const VIEW: &[&str] = &["public key", "public value"];
const EXPORT: &[&str] = &["person", "private key", "public key", "public value"];
const SIGNED_IN: &[&str] = &["own person", "own token"];
/// Tokens say which passkey their session began with. The issuer's token is found as well: both tokens have the person in them,
/// who is spelled alike where base64 falls alike.
const BY_PASSKEY: &[&str] = &["credential", "key name", "own token", "person", "token"];
const BY_PASSKEY_WITH_DATA: &[&str] =
    &["credential", "key name", "own token", "person", "public key", "public value", "token"];

#[test]
fn nothing_private_leaves_and_nothing_readable_rests_or_is_logged() {
    let world = World::new("");
    let safe = world.serve();
    let token = foreign_token(PERSON);
    let mut exits = Exits::default();

    let mut tokens = drive_sessions(&mut exits, &safe);
    drive_user_data(&mut exits, &safe, &token);
    live::drive_socket(&mut exits, &safe, &token);
    live::drive_refused_sockets(&mut exits, &safe, &token);
    tokens.extend(drive_passkeys(&mut exits, &safe, &token));
    drive_refusals(&mut exits, &safe, &token);
    exits.keep(&world, "while the log of writes is full");
    drive_commands(&mut exits, &world);
    let log = safe.kill();
    let is_at_debug = log.contains("\"answered\"");
    exits.add("log", log, NOTHING);
    exits.keep(&world, "after a kill");

    // What is stored is refused: an error of the safe's own, answered and logged.
    let database = rusqlite::Connection::open(world.data().join("strongroom.db")).unwrap();
    let mut marks = Marks::of_this_test(&world, &token, &tokens);
    let id: [u8; 32] = database.query_row("SELECT id FROM records", [], |row| row.get(0)).unwrap();
    marks.add("record id", hex(&id));
    marks.add("record id", format!("{id:?}"));
    database.execute("UPDATE records SET version = version + 1", []).unwrap();
    drop(database);
    let safe = world.serve();
    let bearer = format!("Bearer {token}");
    let answer = exits.ask(safe.address, NOTHING, "GET", &path_of(PERSON), &[("Authorization", &bearer)], "");
    let (_, log) = safe.stop();
    let is_told = log.contains("does not open") && log.contains("\"stopped\"");
    exits.add("log after a restart", log, NOTHING);
    exits.keep(&world, "after a clean end");

    let leaks = exits.leaks(&marks);
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert!(is_at_debug && is_told, "the logs are those that are meant");
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
}

#[test]
fn two_safes_that_were_told_the_same_keep_nothing_alike() {
    let token = foreign_token(PERSON);
    let [one, other] = [(); 2].map(|()| {
        let world = World::new("");
        let safe = world.serve();
        drive_user_data(&mut Exits::default(), &safe, &token);
        safe.stop();
        blobs(&world.data().join("strongroom.db"))
    });
    assert!(one.len() > 10, "there is something to compare");
    let alike: Vec<_> = one.intersection(&other).collect();
    assert!(alike.is_empty(), "not hashed or sealed under keys of its own: {alike:02x?}");
}

/// Sign-up, refresh, a replay and a sign-out; gives the answers that hold tokens.
fn drive_sessions(exits: &mut Exits, safe: &Safe) -> Vec<Json> {
    let json = ("Content-Type", "application/json");
    let mut issued = Vec::new();
    for _ in 0..2 {
        let answer = exits.ask(safe.address, SIGNED_IN, "GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "");
        issued.push(json_of(&answer));
    }
    let refresh = format!(r#"{{"refresh_token":{}}}"#, issued[0]["refresh_token"]);
    let refreshed = exits.ask(safe.address, SIGNED_IN, "POST", "/v1/auth/refresh", &[json], &refresh);
    issued.push(json_of(&refreshed));
    let replayed = exits.ask(safe.address, NOTHING, "POST", "/v1/auth/refresh", &[json], &refresh);
    assert!(replayed.starts_with("HTTP/1.1 401"), "{replayed}");
    let bearer = format!("Bearer {}", text(&issued[1]["access_token"]));
    let bearer = [("Authorization", bearer.as_str())];
    let out = exits.ask(safe.address, NOTHING, "POST", "/v1/auth/sign-out", &bearer, "");
    assert!(out.starts_with("HTTP/1.1 200"), "{out}");
    issued
}

/// A passkey of the marked person: added, shown with data and again, listed; gives the answers that hold tokens.
fn drive_passkeys(exits: &mut Exits, safe: &Safe, token: &str) -> Vec<Json> {
    let page = "https://www.shop.example";
    let mut device = Device::at(page);
    let bearer = format!("Bearer {token}");
    let headers =
        [("Origin", page), ("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
    let options = |offer: &str| json_of(offer)["credentialRequestOptions"].take();

    let up = format!("/v1/auth/sign-up?user.name={KEY_NAME}&keyName={KEY_NAME}");
    let offer = exits.ask(safe.address, &["key name"], "GET", &up, &headers[..1], "");
    let credential = device.make(&options(&offer));
    let added = json!({ "credential": credential, "externalUserId": PERSON }).to_string();
    let added = exits.ask(safe.address, BY_PASSKEY, "POST", "/v1/auth/sign-up", &headers, &added);

    let offer = exits.ask(safe.address, NOTHING, "GET", "/v1/auth/sign-in", &headers[..1], "");
    let credential = device.show(&options(&offer));
    let body = json!({ "credential": credential, "includeUserdata": true, "stray": STRAY }).to_string();
    let path = "/v1/auth/sign-in";
    let shown = exits.ask(safe.address, BY_PASSKEY_WITH_DATA, "POST", path, &headers[..2], &body);
    let again = exits.ask(safe.address, NOTHING, "POST", path, &headers[..2], &body);
    assert!(again.starts_with("HTTP/1.1 401"), "{again}");
    let malformed = json!({ "credential": STRAY, "includeUserdata": true }).to_string();
    let malformed = exits.ask(safe.address, NOTHING, "POST", path, &headers[..2], &malformed);
    assert!(malformed.starts_with("HTTP/1.1 400"), "{malformed}");

    let list = exits.ask(safe.address, &["credential", "key name"], "GET", "/v1/auth/passkeys", &headers, "");
    exits.ask(safe.address, &["own token"], "GET", "/v1/auth/sessions", &headers, "");
    let only = format!("/v1/auth/passkeys/{}", text(&json_of(&list)["passkeys"][0]["id"]));
    let kept = exits.ask(safe.address, NOTHING, "DELETE", &only, &headers, "");
    assert!(kept.starts_with("HTTP/1.1 409"), "{kept}");
    [added, shown].map(|answer| json_of(&answer)).into()
}

/// Every answer that a record can have.
fn drive_user_data(exits: &mut Exits, safe: &Safe, token: &str) {
    let path = &path_of(PERSON);
    let bearer = format!("Bearer {token}");
    let auth = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let mut last_tags = Vec::new();
    for _life in 0..2 {
        let deleted = exits.ask(safe.address, NOTHING, "DELETE", path, &auth, "");
        assert!(deleted.starts_with("HTTP/1.1 204"), "{deleted}");
        // A tag counts, and tells nothing of the content: the same again, a private key alone, there and back.
        let tags =
            [&members(), &members(), &private_member(), r#""other":1"#, r#""other":null"#].map(|data| {
                let answer = exits.ask(safe.address, NOTHING, "POST", USERDATA, &auth, &body(data));
                assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                tag_of(&answer).unwrap()
            });
        assert!(tags.windows(2).all(|pair| pair[0].next() == pair[1]), "{tags:?}");
        last_tags.push(tags[4]);
    }
    assert_ne!(last_tags[0], last_tags[1], "the same content in another life of the record");

    let strays = [auth[0], ("User-Agent", STRAY), ("Cookie", STRAY), ("Referer", STRAY)];
    for (holds, method, path, headers) in [
        (VIEW, "GET", path.clone(), &auth[..]),
        (VIEW, "GET", format!("{path}?{STRAY}={PRIVATE_VALUE}"), &strays),
        (NOTHING, "HEAD", path.clone(), &auth),
        (EXPORT, "GET", format!("{path}/export"), &auth),
        (NOTHING, "GET", path.clone(), &[auth[0], ("If-None-Match", "*")]),
        (NOTHING, "DELETE", path.clone(), &[auth[0], ("If-Match", "\"x\"")]),
        (NOTHING, "OPTIONS", path.clone(), &[("Origin", "https://www.shop.example")]),
        (NOTHING, "GET", format!("/v1/ibexsafe/limits?{STRAY}"), &strays),
        (NOTHING, "GET", "/.well-known/jwks.json".into(), &[]),
    ] {
        let answer = exits.ask(safe.address, holds, method, &path, headers, "");
        assert!(tag_of(&answer).is_none_or(|tag| tag == last_tags[1]), "{answer}");
    }
    let read = exits.ask(safe.address, VIEW, "POST", USERDATA, &auth, &body(""));
    assert_eq!(tag_of(&read), Some(last_tags[1]));
    for path in ["/readyz", &format!("/{STRAY}?{STRAY}")] {
        exits.ask(safe.admin, NOTHING, "GET", path, &auth, "");
    }
}

/// Every refusal, each with a mark where a careless error would repeat it.
fn drive_refusals(exits: &mut Exits, safe: &Safe, token: &str) {
    let bearer = format!("Bearer {token}");
    let auth = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let long = format!("{PRIVATE_VALUE}{}", "x".repeat(9000));
    let huge = format!("{PRIVATE_VALUE}{}", "x".repeat(70_000));
    for data in [
        format!(r#""private.{STRAY} x":"{PRIVATE_VALUE}""#),
        format!(r#""Private.{STRAY}":"{PRIVATE_VALUE}""#),
        format!(r#""{PRIVATE_KEY}":"{long}""#),
        format!(r#""{PRIVATE_KEY}":"{huge}""#),
        format!(r#""{PRIVATE_KEY}":["{PRIVATE_VALUE}"]"#),
        format!(r#""{PRIVATE_KEY}":"{PRIVATE_VALUE}","{PRIVATE_KEY}":"{STRAY}""#),
        format!(r#""{PRIVATE_KEY}":"{PRIVATE_VALUE}\u0000""#),
        format!(r#""{PRIVATE_KEY}":{PRIVATE_NUMBER}0.1"#),
        format!(r#""{PRIVATE_KEY}":"{PRIVATE_VALUE}"#),
        format!(r#""{PRIVATE_KEY}":"{PRIVATE_VALUE}\ud800""#),
    ] {
        let answer = exits.ask(safe.address, NOTHING, "POST", USERDATA, &auth, &body(&data));
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let [own, stray] = &[PERSON, STRAY].map(path_of);
    let stray_body = &body(&private_member()).replace(PERSON, STRAY);
    let stray_refresh = format!(r#"{{"refresh_token":"{STRAY}"}}"#);
    let access_for_refresh = format!(r#"{{"refresh_token":"{token}"}}"#);
    for (method, path, headers, body) in [
        ("GET", stray.as_str(), &auth[..], ""),
        ("PUT", stray, &auth, ""),
        ("POST", USERDATA, &auth, stray_body),
        ("GET", &format!("{own}%20"), &auth, ""),
        ("GET", &format!("/{STRAY}?{STRAY}={PRIVATE_VALUE}"), &auth, ""),
        ("GET", &format!("/v1/auth/sign-up?rpId={STRAY}&passkeys=FALSE"), &[], ""),
        ("GET", stray, &[("Authorization", &format!("Bearer {STRAY}.{STRAY}.{STRAY}"))], ""),
        ("GET", stray, &[("Authorization", &format!("{STRAY} {STRAY}"))], ""),
        ("GET", own, &[("Authorization", &format!("{bearer}A"))], ""),
        ("GET", stray, &[auth[0], ("Origin", &format!("https://{STRAY}.example"))], ""),
        ("GET", stray, &[auth[0], ("X-RpId", STRAY)], ""),
        ("DELETE", own, &[auth[0], ("If-Match", STRAY)], ""),
        ("POST", USERDATA, &[auth[0], ("Content-Type", STRAY)], stray_body),
        ("POST", "/v1/auth/sign-out", &auth, ""),
        ("POST", "/v1/auth/refresh", &[auth[1]], &stray_refresh),
        ("POST", "/v1/auth/refresh", &[auth[1]], &access_for_refresh),
        (STRAY, "/health", &[], ""),
        ("GET", "/health", &[("Bad Name", STRAY)], ""),
        // What the gate refuses before a handler sees it.
        ("GET", &format!("/health/{}", STRAY.repeat(500)), &[], ""),
        ("GET", "/health", &[("X-Long", &STRAY.repeat(1000))], ""),
        ("GET", "/health", &[("X-Line", &format!("{STRAY}\n{STRAY}: x"))], ""),
        ("GET", &format!("/health/../{STRAY}"), &[], ""),
        ("POST", USERDATA, &[auth[0], auth[1], ("Expect", STRAY)], &stray_refresh),
        ("POST", USERDATA, &[auth[0], auth[1], ("Content-Encoding", STRAY)], &stray_refresh),
    ] {
        let answer = exits.ask(safe.address, NOTHING, method, path, headers, body);
        assert!(answer.starts_with("HTTP/1.1 4"), "{method} {path}: {answer}");
    }
}

/// What an operator's commands print, with the secrets in files and in the environment, taken and refused.
fn drive_commands(exits: &mut Exits, world: &World) {
    let [keyring, signing] =
        ["keyring.json", "signing.json"].map(|name| std::fs::read_to_string(world.path(name)).unwrap());
    let cut = |text: &str| text.trim_end().trim_end_matches('}').to_owned();
    let unreadable =
        [("STRONGROOM_SAFE__KEYRING", cut(&keyring)), ("STRONGROOM_TOKENS__SIGNING_KEYS", cut(&signing))];
    let secrets = [("STRONGROOM_SAFE__KEYRING", keyring), ("STRONGROOM_TOKENS__SIGNING_KEYS", signing)];
    let (done, refused) = (0, 4);
    for (arguments, variables, code) in [
        ("store check --config strongroom.toml", &[][..], done),
        ("store stats --config strongroom.toml", &[], done),
        ("store stats --format json --config strongroom.toml", &[], done),
        ("store backup copy.db --config strongroom.toml", &[], done),
        ("store restore copy.db --force --config strongroom.toml", &[], 5),
        ("config show strongroom.toml", &secrets, done),
        ("config check strongroom.toml", &secrets, done),
        ("keys list keyring.json", &[], done),
        ("keys list signing.json", &[], done),
        ("keys list issuer.secret", &[], refused),
        ("keys publish signing.json", &[], done),
        ("keys publish keyring.json", &[], refused),
        ("serve --config strongroom.toml", &unreadable[..1], refused),
        ("serve --config strongroom.toml", &unreadable[1..], refused),
    ] {
        let mut command = strongroom();
        command.current_dir(world.path(".")).args(arguments.split(' '));
        command.envs(variables.iter().map(|(name, text)| (name, text)));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments}: {output:?}");
        exits.add(arguments, [output.stdout, output.stderr].concat(), NOTHING);
    }
    exits.add("the backup", std::fs::read(world.path("copy.db")).unwrap(), NOTHING);
}

const USERDATA: &str = "/v1/ibexsafe/userdata";

fn path_of(person: &str) -> String {
    format!("{USERDATA}/external/{person}")
}

/// A write of the marked person.
fn body(data: &str) -> String {
    format!(r#"{{"externalUserId":"{PERSON}","data":{{{data}}}}}"#)
}

/// `data` of both sorts.
fn members() -> String {
    let private = private_member();
    format!(r#""{PUBLIC_KEY}":"{PUBLIC_VALUE}",{private},"private.number":{PRIVATE_NUMBER}"#)
}

/// A member of `data` that nothing answers.
fn private_member() -> String {
    format!(r#""{PRIVATE_KEY}":"{PRIVATE_VALUE}""#)
}

fn json_of(answer: &str) -> Json {
    serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

/// The `ETag`, which is a revision and nothing else.
fn tag_of(answer: &str) -> Option<Revision> {
    let tag = answer.lines().find_map(|line| line.strip_prefix("etag: "))?;
    Some(Revision::parse(tag.trim_matches('"')).unwrap())
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Every blob and text of a database that is long enough to be no coincidence; what is free is zeros.
fn blobs(database: &Path) -> BTreeSet<Vec<u8>> {
    let database = rusqlite::Connection::open(database).unwrap();
    let mut blobs = BTreeSet::new();
    let mut tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    for table in tables.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap) {
        let mut query = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = query.column_count();
        let mut rows = query.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            blobs.extend(
                (0..columns).filter_map(|column| Some(row.get_ref(column).ok()?.as_bytes().ok()?.to_vec())),
            );
        }
    }
    blobs.retain(|blob| blob.len() >= 16 && blob.iter().any(|byte| *byte != 0));
    blobs
}
