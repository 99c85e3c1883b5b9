//! HTTP/2 against the real binary: the same answers, the same gate, the same limits, and no flood that lasts.

mod floods;
mod frames;
mod waits;

use crate::support::http2::{Http2Client, request};
use crate::support::process::DEMO;
use crate::support::tls::{Authority, SETTINGS, give};
use crate::support::{Answer, Safe, World, foreign_token};
use crate::transcripts::play;

const GUIDE: &str = include_str!("../transcripts/guide.http");

fn refused(safe: &Safe, reason: &str) -> u64 {
    let metrics = safe.connect_admin().request("GET", "/metrics", &[], "").body;
    let line = format!("strongroom_gate_refusals_total{{reason=\"{reason}\"}} ");
    metrics.lines().find_map(|counted| counted.strip_prefix(&line)).expect("a count").parse().unwrap()
}

fn get_health(client: &mut Http2Client) -> Answer {
    client.try_request(request("GET", "/health", &[]), "").expect("an answer")
}

#[test]
fn the_guide_is_the_same_over_http_2_by_alpn_and_by_its_preface() {
    let authority = Authority::new();
    let world = World::new(SETTINGS);
    give(&world, &authority.server("localhost"));
    let token = foreign_token(DEMO);
    let known = [("id", DEMO), ("token", token.as_str())];
    let safe = world.serve();
    play(GUIDE, &known, || Http2Client::connect_tls(&authority, safe.address));

    let world = World::new("");
    let safe = world.serve();
    play(GUIDE, &known, || Http2Client::connect(safe.address));
}

#[test]
fn curl_reads_and_writes_over_http_2() {
    let authority = Authority::new();
    let world = World::new(SETTINGS);
    give(&world, &authority.server("localhost"));
    std::fs::write(world.path("ca.pem"), &authority.pem).unwrap();
    let safe = world.serve();
    let token = format!("Authorization: Bearer {}", foreign_token(DEMO));
    let base = format!("https://localhost:{}/v1.1/ibexsafe/userdata", safe.address.port());
    let curl = |arguments: &[&str]| {
        let output = std::process::Command::new("curl")
            .args(["--silent", "--show-error", "--http2", "--noproxy", "*", "--cacert"])
            .arg(world.path("ca.pem"))
            .args(["--resolve", &format!("localhost:{}:127.0.0.1", safe.address.port())])
            .args(["--write-out", " %{http_version} %{http_code}", "-H", &token])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let body = format!(r#"{{"externalUserId":"{DEMO}","data":{{"language":"en","private.apiKey":"hush"}}}}"#);
    assert_eq!(
        curl(&["-H", "Content-Type: application/json", "-d", &body, &base]),
        r#"{"success":true} 2 200"#
    );
    let record = format!("{base}/external/{DEMO}");
    assert_eq!(curl(&[&record]), r#"{"language":"en"} 2 200"#);
    assert!(curl(&["--head", &record]).ends_with(" 2 200"));
    assert_eq!(curl(&["-X", "DELETE", &record]), " 2 204");
    assert_eq!(curl(&[&record]), " 2 204");
}

/// A request, and the status and code of its answer.
pub(crate) struct Case {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) status: u16,
    pub(crate) code: &'static str,
}

/// What the gate refuses, asked of this path.
pub(crate) fn cases(path: &str) -> Vec<Case> {
    let long = "a".repeat(17_000);
    let case = |method, path: &str, fields: &[(&str, &str)], status, code| Case {
        method,
        path: path.to_owned(),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        status,
        code,
    };
    let malformed = |path: &str, fields: &[(&str, &str)]| case("GET", path, fields, 400, "malformed_request");
    let many: Vec<String> = (0..200).map(|number| format!("x-{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "1")).collect();
    vec![
        malformed(&format!("/a/..{path}"), &[]),
        malformed(&format!("/{path}"), &[]),
        malformed(&format!("/%2e%2e{path}"), &[]),
        malformed(&format!("{path}%2fb"), &[]),
        malformed(&format!("{path}%00"), &[]),
        case("GET", &format!("/{}", &long[..8200]), &[], 414, "target_too_long"),
        case("GET", path, &[("x-long", &long)], 431, "head_too_large"),
        case("GET", path, &many, 431, "head_too_large"),
        malformed(path, &[("host", "evil.example")]),
        malformed(path, &[("authorization", "a"), ("authorization", "a")]),
        malformed(path, &[("x_forwarded_for", "1")]),
        malformed(path, &[("content_length", "1")]),
        case("GET", path, &[("content-encoding", "gzip")], 415, "content_coding"),
        case("GET", path, &[("expect", "200-ok")], 417, "expectation_failed"),
        case("TRACE", path, &[], 405, "method_not_allowed"),
        case("BREW", path, &[], 405, "method_not_allowed"),
        case("GET", "/nowhere", &[], 404, "not_found"),
    ]
}

/// Sends a case with further fields, and holds its answer against it.
pub(crate) fn refuse(client: &mut Http2Client, case: &Case, more: &[(&str, &str)]) {
    let Case { method, path, fields, status, code } = case;
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let what = format!("{method} {} {fields:?}", &path[..path.len().min(60)]);
    let what = &what[..what.len().min(140)];
    let answer = client.try_request(request(method, path, &[more, &fields].concat()), "").expect(what);
    assert_eq!((answer.status, answer.json()["code"].as_str().unwrap()), (*status, *code), "{what}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
    assert!(answer.header("connection").is_none(), "{what}");
    assert_eq!(get_health(client).status, 200, "{what}");
}

#[test]
fn the_gate_refuses_over_http_2_what_it_refuses_over_http_1_and_the_connection_goes_on() {
    let world = World::new("");
    let safe = world.serve();
    let mut client = Http2Client::connect(safe.address);
    for case in cases("/health") {
        refuse(&mut client, &case, &[]);
    }
    let (path, fields) = ("/v1/ibexsafe/userdata/external/jane".to_owned(), Vec::new());
    let stranger = Case { method: "GET", path, fields, status: 401, code: "token_missing" };
    refuse(&mut client, &stranger, &[]);
    assert_eq!(client.try_request(request("HEAD", "/health", &[]), "").expect("HEAD").body, "");
}

#[test]
fn a_body_over_http_2_has_the_limits_of_any_other() {
    let world = World::new("[limits]\nbody_bytes = 1024\n");
    let safe = world.serve();
    let mut client = Http2Client::connect(safe.address);
    let token = format!("Bearer {}", foreign_token(DEMO));
    let fields = [("authorization", token.as_str()), ("content-type", "application/json")];
    let mut post = |body: &str| {
        let answer = client.try_request(request("POST", "/v1/ibexsafe/userdata", &fields), body);
        answer.map(|answer| answer.status)
    };
    let write = format!(r#"{{"externalUserId":"{DEMO}","data":{{"a":1}}}}"#);
    assert_eq!(post(&write), Ok(200));
    assert_eq!(post(&(write.clone() + &" ".repeat(1024))), Ok(413));
    assert_eq!(post(&(write.clone() + &" ".repeat(10_000))), Ok(413));
    assert_eq!(post("{"), Ok(400));
    assert_eq!(post(&write), Ok(200));
}

#[test]
fn each_stream_counts_for_the_rate_of_its_client() {
    let world = World::new("[limits]\nrate_per_address_per_s = 1\n");
    let safe = world.serve();
    let mut client = Http2Client::connect(safe.address);
    let answers: Vec<u16> = (0..10).map(|_| get_health(&mut client).status).collect();
    assert!(answers.contains(&429), "{answers:?}");
    // Whoever goes on is told goodbye, as over HTTP/1.1.
    let mut sent = 0;
    while client.try_request(request("GET", "/health", &[]), "").is_ok() {
        sent += 1;
        assert!(sent < 1000, "it goes on without end");
    }
    assert!(client.ends_with_goodbye());
}

#[test]
fn the_admin_listener_speaks_no_http_2() {
    let world = World::new("");
    let safe = world.serve();
    let mut client = safe.connect_admin();
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_eq!(client.receive("GET").status, 400);
}
