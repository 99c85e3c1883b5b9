//! A page that is not the console and not the safe's: another port of `localhost`, registered among the tenant's origins. It must
//! get through with what browsers make of plain requests, preflights included.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;
use tempfile::TempDir;

use super::narrate;
use crate::support::World;

/// Where the page asks, and so where the browser has to ask before it.
const ASKED: [&str; 6] = [
    "/{v}/auth/sign-up",
    "/{v}/auth/sign-in",
    "/{v}/ibexsafe/userdata",
    "/{v}/ibexsafe/userdata/external/{id}",
    "/{v}/auth/refresh",
    "/{v}/auth/sign-out",
];

#[test]
fn a_page_of_another_registered_origin_gets_through_by_plain_fetch_and_with_preflights() {
    let page = serve_page();
    let world = World::new("");
    let config = std::fs::read_to_string(world.config()).unwrap();
    assert!(config.contains("http://localhost:3000"));
    std::fs::write(world.config(), config.replace("http://localhost:3000", &page)).unwrap();
    let safe = world.serve();

    let own = format!("http://localhost:{}", safe.address.port());
    let directory = TempDir::new().unwrap();
    narrate(
        "elsewhere",
        include_str!("world/stories/elsewhere.mjs"),
        directory.path(),
        &safe,
        &[("ORIGIN", page.as_ref()), ("SAFE", own.as_ref())],
        |line| panic!("elsewhere says {line}"),
    );
    let (status, log) = safe.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for route in ASKED {
        let of = |method: &str| {
            lines.iter().position(|line| {
                line["message"] == "answered" && line["route"] == route && line["method"] == method
            })
        };
        let (before, after) = (of("OPTIONS"), of("POST").or_else(|| of("GET")));
        assert!(before.is_some() && before < after, "{route}: no preflight before it is asked");
    }
}

/// A page with nothing on it, whatever its path, on a port of its own; gives its origin.
fn serve_page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // Each for itself: a browser opens connections that it may not use.
            std::thread::spawn(move || answer(stream));
        }
    });
    origin
}

fn answer(mut stream: TcpStream) {
    let (mut head, mut chunk) = (Vec::new(), [0; 1024]);
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(read @ 1..) = stream.read(&mut chunk) else { return };
        head.extend(&chunk[..read]);
    }
    let page = "<!doctype html><title>A page of its own</title>";
    let length = page.len();
    // Whoever hangs up early wanted no page.
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}"
    );
}
