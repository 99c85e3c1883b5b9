//! Each thing that only a gateway says, against a safe that gives cause.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::{gateway, world};
use crate::support::world::foreign_token;

/// A safe that answers each connection with the next of these and closes; it says nothing where there is nothing.
pub(super) fn safe(answers: Vec<&'static str>) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
            if answer.is_empty() {
                silent.push(stream);
            }
        }
        // Until the test is over, nothing hangs up on the one that waits.
        let _ = listener.accept();
    });
    address
}

#[test]
fn what_a_safe_refuses_fails_at_or_is_too_slow_for_has_a_code_of_its_own() {
    let world = world();
    let safe = safe(vec![
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "",
    ]);
    let gateway = gateway(&world, safe, "verbs = [\"*\"]\nfirst_byte_ms = 1000");
    let token = foreign_token("jane");
    let mut client = gateway.connect();
    let write = r#"{"externalUserId":"jane","data":{"a":1}}"#;
    for (status, code) in [
        (400, "refused_by_safe"),
        (413, "too_large_for_safe"),
        (429, "safe_busy"),
        (502, "bad_gateway"),
        (504, "gateway_timeout"),
    ] {
        let answer = client.authorized(&token, "POST", "/v1/ibexsafe/userdata", write);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)));
        assert_eq!(answer.header("retry-after"), (status == 429).then_some("7"));
    }
    let asked = client.authorized(&token, "GET", "/v1/ibexsafe/a?b=c", "");
    assert_eq!((asked.status, asked.json()["code"].as_str()), (400, Some("query_refused")));
}
