//! What a gateway counts of the safe behind it, as a scraper reads it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};

use super::{House, gateway, world};
use crate::support::Safe;
use crate::support::world::foreign_token;

const READ: &str = "/v1/ibexsafe/userdata/external/jane";

/// Asserts that these lines are among those of a scrape.
fn assert_scraped(gateway: &Safe, lines: &[&str]) {
    let scraped = gateway.connect_admin().request("GET", "/metrics", &[], "").body;
    for line in lines {
        assert!(scraped.lines().any(|found| found == *line), "{line} in:\n{scraped}");
    }
    assert!(!scraped.contains("jane"), "no label is a person's:\n{scraped}");
}

/// A safe that answers the requests of its only connection with these, and closes it, or stays silent where there are none.
fn scripted(answers: &'static [&'static str]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        if answers.is_empty() {
            // Until the test is over, nothing hangs up on whoever waits.
            let _ = listener.accept();
        }
        drop(listener);
        for answer in answers {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn a_gateway_counts_requests_to_the_safe_by_route_and_class_and_the_connections_they_need() {
    let house = House::new();
    let token = foreign_token("jane");
    let mut client = house.gateway.connect();
    let body = r#"{"externalUserId":"jane","data":{"a":1}}"#;
    assert_eq!(client.authorized(&token, "POST", "/v1/ibexsafe/userdata", body).status, 200);
    assert_eq!(client.authorized(&token, "GET", READ, "").status, 200);
    assert_eq!(client.authorized(&token, "GET", READ, "").status, 200);
    assert_scraped(
        &house.gateway,
        &[
            r#"strongroom_upstream_requests_total{upstream="safe",route="/userdata",method="POST",outcome="2xx"} 1"#,
            r#"strongroom_upstream_requests_total{upstream="safe",route="/userdata/external/{id}",method="GET",outcome="2xx"} 2"#,
            r#"strongroom_upstream_request_duration_seconds_count{upstream="safe",route="/userdata/external/{id}",method="GET",outcome="2xx"} 2"#,
            r#"strongroom_upstream_connections_opened_total{upstream="safe"} 1"#,
            r#"strongroom_upstream_connections{upstream="safe"} 1"#,
            r#"strongroom_upstream_connections_kept{upstream="safe"} 1"#,
            r#"strongroom_upstream_retries_total{upstream="safe"} 0"#,
            r#"strongroom_upstream_dropped_members_total{upstream="safe"} 0"#,
        ],
    );
}

#[test]
fn a_verb_is_counted_on_both_sides_as_it_is_listed_and_another_as_any() {
    let world = world();
    let safe = scripted(&[
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"private.a\":\"mark\"}",
        "HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    ]);
    let gateway = gateway(&world, safe, "verbs = [\"GET wallet/{id}\", \"*\"]");
    let token = foreign_token("jane");
    let mut client = gateway.connect();
    assert_eq!(client.authorized(&token, "GET", "/v1/ibexsafe/wallet/jane", "").body, "{}");
    assert_eq!(client.authorized(&token, "POST", "/v1.2/ibexsafe/other/thing", "{}").status, 409);
    assert_scraped(
        &gateway,
        &[
            r#"strongroom_http_requests_total{route="/{v}/ibexsafe/wallet/{id}",method="GET",status="200"} 1"#,
            r#"strongroom_http_request_duration_seconds_count{route="/{v}/ibexsafe/wallet/{id}",class="2xx"} 1"#,
            r#"strongroom_http_requests_total{route="/{v}/ibexsafe/{*verb}",method="POST",status="409"} 1"#,
            r#"strongroom_upstream_requests_total{upstream="safe",route="/wallet/{id}",method="GET",outcome="2xx"} 1"#,
            r#"strongroom_upstream_requests_total{upstream="safe",route="/{*verb}",method="POST",outcome="4xx"} 1"#,
            r#"strongroom_upstream_dropped_members_total{upstream="safe"} 1"#,
        ],
    );
}

#[test]
fn no_answer_is_counted_by_why_there_was_none_and_so_is_a_second_try() {
    let world = world();
    let token = foreign_token("jane");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (safe, lines, status, outcome, retries) in [
        (nobody, "", 502, "unreachable", 0),
        (scripted(&[]), "first_byte_ms = 1000", 504, "head_timeout", 0),
        // Half an answer; nobody listens to the second try of a read.
        (scripted(&["HTTP/1.1 200 OK\r\nContent-"]), "", 502, "unreachable", 1),
    ] {
        let gateway = gateway(&world, safe, lines);
        assert_eq!(gateway.connect().authorized(&token, "GET", READ, "").status, status);
        assert!(gateway.says("a request to another server has failed", 1), "{outcome}");
        let labels = format!(
            r#"{{upstream="safe",route="/userdata/external/{{id}}",method="GET",outcome="{outcome}"}}"#
        );
        assert_scraped(
            &gateway,
            &[
                &format!("strongroom_upstream_requests_total{labels} 1"),
                &format!("strongroom_upstream_request_duration_seconds_count{labels} 1"),
                &format!(r#"strongroom_upstream_retries_total{{upstream="safe"}} {retries}"#),
                r#"strongroom_upstream_connections{upstream="safe"} 0"#,
                r#"strongroom_upstream_connections_kept{upstream="safe"} 0"#,
            ],
        );
    }
}
