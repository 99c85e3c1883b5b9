//! Limits on the wire: each at its edge, each with its own answer.

use crate::support::process::DEMO;
use crate::support::{Safe, World};

#[test]
fn a_record_grows_up_to_its_limits_and_says_which_it_met() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let mut client = safe.connect();
    let mut write = |data: &str| {
        let body = format!(r#"{{"externalUserId":"{DEMO}","data":{{{data}}}}}"#);
        let answer = client.authorized(&safe.access_token, "POST", "/v1/ibexsafe/userdata", &body);
        let problem = if answer.status == 200 { serde_json::Value::Null } else { answer.json() };
        (answer.status, problem["code"].as_str().unwrap_or_default().to_owned(), problem)
    };
    let text = |bytes: usize| "x".repeat(bytes);
    assert_eq!(write(&format!(r#""a":"{}""#, text(8192))).0, 200);
    let (status, code, problem) = write(&format!(r#""a":"{}""#, text(8193)));
    assert_eq!((status, code.as_str(), problem["limit_bytes"].as_u64()), (422, "value_too_long", Some(8192)));

    let many: Vec<String> = (0..256).map(|key| format!(r#""private.k{key}":1"#)).collect();
    assert_eq!(write(&many.join(",")).0, 200);
    let (status, code, problem) = write(r#""private.one.more":1"#);
    assert_eq!((status, code.as_str(), problem["limit_keys"].as_u64()), (422, "too_many_keys", Some(256)));
    assert_eq!(write(r#""one.more":1"#).0, 200, "the readable part has room of its own");
    assert_eq!(write(r#""private.k0":null,"private.one.more":1"#).0, 200, "the result counts");

    // Seven more such strings still fit into 64 KiB, the eighth does not.
    for key in 0..6 {
        assert_eq!(write(&format!(r#""b{key}":"{}""#, text(8192))).0, 200);
    }
    let (status, code, problem) = write(&format!(r#""c":"{}","d":"{}""#, text(8192), text(50)));
    assert_eq!(
        (status, code.as_str(), problem["limit_bytes"].as_u64()),
        (422, "record_too_large", Some(65536))
    );
    assert_eq!(write(r#""a":null"#).0, 200);
    assert_eq!(write(&format!(r#""c":"{}","d":"{}""#, text(8192), text(50))).0, 200);
}

#[test]
fn a_body_over_the_limit_is_413_and_one_at_the_limit_is_read() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let frame = format!(r#"{{"externalUserId":"{DEMO}","data":{{}},"x":""}}"#).len();
    let body = |bytes: usize| {
        format!(r#"{{"externalUserId":"{DEMO}","data":{{}},"x":"{}"}}"#, "x".repeat(bytes - frame))
    };
    let post =
        |body: &str| safe.connect().authorized(&safe.access_token, "POST", "/v1/ibexsafe/userdata", body);
    assert_eq!(post(&body(65536)).status, 204);
    let answer = post(&body(65537));
    assert_eq!((answer.status, answer.json()["limit_bytes"].as_u64()), (413, Some(65536)));
    assert_eq!(answer.header("connection"), Some("close"));
}

#[test]
fn a_head_over_the_limits_is_431() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let long = "x".repeat(20_000);
    let mut client = safe.connect();
    client.send(format!("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n").as_bytes());
    assert_eq!(client.receive("GET").status, 431);
    let many = "X-Many: 1\r\n".repeat(200);
    let mut client = safe.connect();
    client.send(format!("GET /health HTTP/1.1\r\nHost: localhost\r\n{many}\r\n").as_bytes());
    assert_eq!(client.receive("GET").status, 431);
}

#[test]
fn connections_over_the_limit_are_closed_and_sign_ups_over_theirs_are_429() {
    let world = World::new("[limits]\nconnections = 2\nsign_ups_per_hour = 1\n");
    let safe = world.serve();
    let mut first = safe.connect();
    assert_eq!(first.request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").status, 200);
    let answer = first.request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (429, Some("too_many_sign_ups")));
    assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() <= 3600);

    let mut second = safe.connect();
    assert_eq!(second.request("GET", "/health", &[], "").status, 200);
    assert!(safe.connect().is_closed(), "the third");
    assert_eq!(first.request("GET", "/health", &[], "").status, 200, "the others go on");
}
