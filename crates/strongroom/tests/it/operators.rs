//! What operators see: metrics, a line for each request, and whose trace it belongs to. Never what a person keeps.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Safe, World, foreign_token};

/// The samples of a scrape by name and labels, as they stand there.
fn scrape(safe: &Safe) -> BTreeMap<String, f64> {
    let answer = safe.connect_admin().request("GET", "/metrics", &[], "");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let samples = answer.body.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

fn lines_of_requests(log: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["message"] == "answered").collect()
}

const WRITE: &str = "/v1.1/ibexsafe/userdata";
const READ: &str = "/v1.1/ibexsafe/userdata/external/jane";

#[test]
fn every_answer_is_counted_by_route_method_and_status_and_timed_by_class() {
    let world = World::new("");
    let safe = world.serve();
    let token = foreign_token("jane");
    let mut client = safe.connect();
    let body = r#"{"externalUserId":"jane","data":{"a":1}}"#;
    assert_eq!(client.authorized(&token, "POST", WRITE, body).status, 200);
    for _ in 0..3 {
        assert_eq!(client.authorized(&token, "GET", READ, "").status, 200);
    }
    assert_eq!(client.request("GET", "/v1/none/of/our/routes", &[], "").status, 404);
    assert_eq!(client.request("GET", READ, &[], "").status, 401);
    let mut refused = safe.connect();
    refused.send(b"GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n");
    assert_eq!(refused.receive("GET").status, 400);

    let samples = scrape(&safe);
    let read = "/{v}/ibexsafe/userdata/external/{id}";
    for (name, count) in [
        (format!(r#"strongroom_http_requests_total{{route="{read}",method="GET",status="200"}}"#), 3.0),
        (format!(r#"strongroom_http_requests_total{{route="{read}",method="GET",status="401"}}"#), 1.0),
        (
            r#"strongroom_http_requests_total{route="/{v}/ibexsafe/userdata",method="POST",status="200"}"#
                .to_owned(),
            1.0,
        ),
        (r#"strongroom_http_requests_total{route="-",method="GET",status="404"}"#.to_owned(), 1.0),
        (format!(r#"strongroom_http_request_duration_seconds_count{{route="{read}",class="2xx"}}"#), 3.0),
        (format!(r#"strongroom_http_request_duration_seconds_count{{route="{read}",class="4xx"}}"#), 1.0),
        (r#"strongroom_gate_refusals_total{reason="header_field"}"#.to_owned(), 1.0),
        ("strongroom_http_panics_total".to_owned(), 0.0),
        ("strongroom_http_connections_accepted_total".to_owned(), 2.0),
        ("strongroom_store_writes_total".to_owned(), 1.0),
        ("strongroom_store_sync_duration_seconds_count".to_owned(), 1.0),
        (r#"strongroom_store_group_writes_bucket{le="1"}"#.to_owned(), 1.0),
        ("strongroom_store_writable".to_owned(), 1.0),
        ("strongroom_store_writes_waiting".to_owned(), 0.0),
        ("strongroom_http_requests_in_flight".to_owned(), 0.0),
    ] {
        assert_eq!(samples.get(&name), Some(&count), "{name} in {samples:#?}");
    }
    assert!(samples.keys().any(|name| name.starts_with("strongroom_build_info{version=")));
    assert!(samples.keys().all(|name| !name.contains("jane") && !name.contains("none")));
}

#[test]
fn each_request_has_a_line_with_its_template_and_its_trace_and_nothing_of_the_person() {
    let world = World::new("");
    let safe = world.serve();
    let token = foreign_token("jane");
    let authorization = format!("Bearer {token}");
    let headers = [
        ("Authorization", authorization.as_str()),
        ("X-Request-Id", "mine-1"),
        ("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ];
    assert_eq!(safe.connect().request("GET", &format!("{READ}?rpId=shop.example"), &headers, "").status, 204);
    assert_eq!(safe.connect().request("GET", "/somewhere/else", &[], "").status, 404);
    let (_, log) = safe.stop();
    let lines = lines_of_requests(&log);
    assert_eq!(lines.len(), 2, "{log}");
    let line = &lines[0];
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["method"], "GET");
    assert_eq!(line["route"], "/{v}/ibexsafe/userdata/external/{id}");
    assert_eq!(line["status"], 204);
    assert_eq!(line["client"], "127.0.0.1");
    assert_eq!(line["request_id"], "mine-1");
    assert_eq!(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert!(line["duration_us"].is_u64());
    assert_eq!(line["person"].as_str().map(str::len), Some(8), "{line}");
    assert_eq!((lines[1]["route"].as_str(), lines[1]["status"].as_u64()), (Some("-"), Some(404)));
    assert!(lines[1].get("person").is_none() && lines[1].get("trace_id").is_none());
    assert!(!log.contains("jane") && !log.contains("somewhere"), "{log}");
}

#[test]
fn the_lines_can_be_switched_off_and_need_no_level() {
    for (level, access) in [("error", true), ("trace", false)] {
        let world = World::new("");
        let text = std::fs::read_to_string(world.config()).unwrap();
        let log = format!("level = \"info\"\naccess = {access}");
        std::fs::write(world.config(), text.replace("level = \"trace\"", &log)).unwrap();
        let safe = world.serve();
        assert_eq!(safe.connect().request("GET", "/health", &[], "").status, 200);
        let (_, log) = safe.stop();
        assert_eq!(lines_of_requests(&log).len(), usize::from(access), "{level}: {log}");
    }
}
