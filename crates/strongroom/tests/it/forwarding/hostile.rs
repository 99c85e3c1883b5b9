//! A safe that is slow, broken, lying or leaking to some, behind a real gateway: each of those callers is answered as it is
//! specified, and another beside them, on the same core, is served meanwhile.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socket2::SockRef;

use super::{KNOWS_GATEWAY, gateway_on_one_core, world, write_gateway};
use crate::support::tls::Authority;
use crate::support::{Client, Safe, comes_true, foreign_token};

/// What the safe does to whoever has this name.
struct Act {
    person: &'static str,
    /// What it says first.
    says: String,
    then: Then,
    /// What the caller of a read is answered.
    status: u16,
    code: &'static str,
    /// How often the safe is asked for one read.
    asked: usize,
}

#[derive(Clone)]
enum Then {
    /// Waits for the next request.
    Waits,
    /// Says the end, and goes on reading.
    ClosesHalf,
    Resets,
    /// Neither says nor closes anything.
    Stalls,
    /// Says this, a byte a second.
    Drips(&'static str),
    /// Says this for ever.
    Repeats(&'static str),
}

const JSON: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

fn failed(person: &'static str, says: impl Into<String>, then: Then, asked: usize) -> Act {
    Act { person, says: says.into(), then, status: 502, code: "bad_gateway", asked }
}

fn slow(person: &'static str, says: impl Into<String>, then: Then) -> Act {
    Act { person, says: says.into(), then, status: 504, code: "gateway_timeout", asked: 1 }
}

fn acts(trap: SocketAddr) -> Vec<Act> {
    let json = |body: &str| format!("{JSON}Content-Length: {}\r\n\r\n{body}", body.len());
    let half = format!("{JSON}Content-Length: 99\r\n\r\n{{\"a\":1}}");
    let half_in_chunks = format!("{JSON}Transfer-Encoding: chunked\r\n\r\n7\r\n{{\"a\":1}}\r\n");
    let redirect = |status: &str| {
        format!("HTTP/1.1 {status}\r\nLocation: http://{trap}/v1/ibexsafe\r\nContent-Length: 0\r\n\r\n")
    };
    let leak = |person, says: &str| Act {
        person,
        says: json(says),
        then: Then::Waits,
        status: 200,
        code: "",
        asked: 1,
    };
    vec![
        slow("silent", "", Then::Stalls),
        slow("silent-in-the-head", JSON, Then::Stalls),
        slow("silent-in-the-body", half.clone(), Then::Stalls),
        slow("a-byte-a-second", "", Then::Drips("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n")),
        slow("a-byte-a-second-of-the-body", half.clone(), Then::Drips("                    ")),
        // Lost on the way: a read is tried once more.
        failed("closed", "", Then::ClosesHalf, 2),
        failed("closed-in-the-head", JSON, Then::ClosesHalf, 2),
        failed("closed-in-the-body", half.clone(), Then::ClosesHalf, 2),
        failed("closed-in-a-chunked-body", half_in_chunks.clone(), Then::ClosesHalf, 2),
        failed("reset", "", Then::Resets, 2),
        failed("reset-in-the-body", half, Then::Resets, 2),
        failed("reset-in-a-chunked-body", half_in_chunks, Then::Resets, 2),
        // No answer, however often it is asked.
        failed("garbage", "\x16\x03\x01 garbage\r\n\r\n", Then::ClosesHalf, 2),
        failed("too-short-a-length", format!("{JSON}Content-Length: 3\r\n\r\n{{\"a\":1}}"), Then::Waits, 1),
        failed(
            "two-lengths",
            format!("{JSON}Content-Length: 7\r\nContent-Length: 9\r\n\r\n{{\"a\":1}}  "),
            Then::Waits,
            2,
        ),
        failed(
            "both-lengths",
            format!(
                "{JSON}Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{{\"a\":1}}\r\n0\r\n\r\n"
            ),
            Then::Waits,
            1,
        ),
        failed("no-length", format!("{JSON}\r\n{{\"a\":1}}"), Then::ClosesHalf, 1),
        failed(
            "endless",
            format!("{JSON}Transfer-Encoding: chunked\r\n\r\n"),
            Then::Repeats("5\r\naaaaa\r\n"),
            1,
        ),
        failed("endless-head", JSON, Then::Repeats("X: y\r\n"), 2),
        failed("endless-interim", "", Then::Repeats("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), 1),
        failed("redirect", redirect("302 Found"), Then::Waits, 1),
        failed("redirect-that-keeps-the-method", redirect("307 Temporary Redirect"), Then::Waits, 1),
        leak("leak", r#"{"a":1,"private.apiKey":"mark"}"#),
        leak("leak-escaped", r#"{"\u0070rivate.apiKey":"mark","a":1}"#),
        leak("leak-that-looks-private", r#"{"Private.apiKey":"mark","a":1,"ｐrivate.b":"mark"}"#),
        leak(
            "leak-twice",
            r#"{"private.apiKey":"mark","private.apiKey":"mark","a":1,"safe.internal":"mark"}"#,
        ),
    ]
}

/// The safe: it does to each person what is written, and is good to all others.
struct Hostile {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Hostile {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (shared, acts) = (asked.clone(), Arc::new(acts(address)));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (asked, acts) = (shared.clone(), acts.clone());
                // Whatever happens to a connection is what was asked for.
                std::thread::spawn(move || serve(stream, &asked, &acts));
            }
        });
        Self { address, asked }
    }

    /// How many requests have named this person.
    fn asked_for(&self, person: &str) -> usize {
        let (in_path, in_body) = (format!("/{person} HTTP"), format!("\"{person}\""));
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|request| request.contains(&in_path) || request.contains(&in_body)).count()
    }
}

fn serve(stream: TcpStream, asked: &Mutex<Vec<String>>, acts: &[Act]) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if reader.read_until(b'\n', &mut head)? == 0 {
                return Ok(());
            }
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;
        let request = head + &String::from_utf8(body).unwrap();
        let is_of = |act: &&Act| {
            request.contains(&format!("/{} HTTP", act.person))
                || request.contains(&format!("\"{}\"", act.person))
        };
        let act = acts.iter().find(is_of);
        asked.lock().unwrap().push(request.clone());
        let stream = reader.get_mut();
        let Some(act) = act else {
            stream.write_all(format!("{JSON}Content-Length: 7\r\n\r\n{{\"a\":1}}").as_bytes())?;
            continue;
        };
        stream.write_all(act.says.as_bytes())?;
        match act.then {
            Then::Waits => {}
            Then::ClosesHalf => stream.shutdown(Shutdown::Write)?,
            Then::Resets => return SockRef::from(&*stream).set_linger(Some(Duration::ZERO)),
            Then::Stalls => {
                stream.read_exact(&mut [0])?;
            }
            Then::Drips(bytes) => {
                stream.set_read_timeout(Some(Duration::from_secs(1)))?;
                for byte in bytes.bytes() {
                    stream.write_all(&[byte])?;
                    // Until a second has passed, or the gateway has had enough.
                    match stream.read(&mut [0]) {
                        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                        }
                        _ => return Ok(()),
                    }
                }
            }
            Then::Repeats(bytes) => loop {
                stream.write_all(bytes.repeat(100).as_bytes())?;
            },
        }
    }
}

/// Short to wait for, and long beside what a good safe takes on a busy machine.
const SETTINGS: &str =
    "credentials = \"caller-token\"\nfirst_byte_ms = 4000\ntotal_ms = 6000\nanswer_bytes = 10000";

fn path(person: &str) -> String {
    format!("/v1/ibexsafe/userdata/external/{person}")
}

#[test]
fn whatever_the_safe_does_to_some_each_is_answered_as_specified_and_another_beside_them_is_served() {
    let (world, safe) = (world(), Hostile::start());
    let gateway = gateway_on_one_core(&world, safe.address, SETTINGS);
    let jane = foreign_token("jane");
    let mut beside = gateway.connect();
    let mut is_served = |what: &str| {
        let read = beside.authorized(&jane, "GET", &path("jane"), "");
        assert_eq!((read.status, read.body.as_str()), (200, r#"{"a":1}"#), "beside {what}");
    };
    // All of them at once, each on a connection of its own.
    let acts = acts(safe.address);
    let mut waiting: Vec<(&Act, Client)> = Vec::new();
    for act in &acts {
        let mut client = gateway.connect();
        let token = foreign_token(act.person);
        let head = format!(
            "GET {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n",
            path(act.person)
        );
        client.send(head.as_bytes());
        assert!(comes_true(|| safe.asked_for(act.person) > 0), "{}", act.person);
        is_served(act.person);
        waiting.push((act, client));
    }
    for (act, mut client) in waiting {
        // Never half a 200: the answer is whole, and what it should be.
        let answer = client.receive("GET");
        let code = if answer.status == 200 {
            String::new()
        } else {
            answer.json()["code"].as_str().unwrap().to_owned()
        };
        assert_eq!((answer.status, code.as_str()), (act.status, act.code), "{}: {answer:?}", act.person);
        if act.status == 200 {
            assert_eq!(answer.body, r#"{"a":1}"#, "{}", act.person);
        }
        assert!(!answer.body.contains("mark"));
        assert_eq!(safe.asked_for(act.person), act.asked, "{}", act.person);
        // Its own connection goes on.
        assert_eq!(client.authorized(&jane, "GET", &path("jane"), "").status, 200, "after {}", act.person);
        is_served(act.person);
    }
    assert!(safe.asked.lock().unwrap().iter().all(|request| request.contains("/v1/ibexsafe/userdata/")));
    assert_eq!(gateway.connect_admin().request("GET", "/readyz", &[], "").status, 200);
}

#[test]
fn a_write_to_a_safe_that_does_any_of_this_is_sent_once_and_fails_or_is_told_that_it_was_done() {
    let (world, safe) = (world(), Hostile::start());
    let gateway = gateway_on_one_core(&world, safe.address, SETTINGS);
    let waiting: Vec<_> = acts(safe.address)
        .into_iter()
        .map(|act| {
            let mut client = gateway.connect();
            let body = format!(r#"{{"externalUserId":"{}","data":{{"a":1}}}}"#, act.person);
            let head = format!(
                "POST /v1/ibexsafe/userdata HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                foreign_token(act.person),
                body.len()
            );
            client.send(head.as_bytes());
            (act, client)
        })
        .collect();
    for (act, mut client) in waiting {
        let answer = client.receive("POST");
        assert_eq!(safe.asked_for(act.person), 1, "{}", act.person);
        assert!(!answer.body.contains("mark"), "{}", act.person);
        assert_eq!(answer.status, act.status, "{}: {answer:?}", act.person);
        // Whatever else stands in a whole JSON answer of 200 to a write, it was done.
        if act.status == 200 {
            assert_eq!(answer.body, r#"{"success":true}"#);
        }
    }
}

#[test]
fn a_safe_that_takes_a_connection_and_never_shakes_hands_is_given_up_in_time() {
    let world = world();
    std::fs::write(world.path("ca.pem"), Authority::new().pem).unwrap();
    // The system takes connections for it; nobody reads.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/v1/ibexsafe", silent.local_addr().unwrap());
    write_gateway(&world, &url, "connect_ms = 500\nca_file = \"ca.pem\"", &[KNOWS_GATEWAY]);
    let gateway = Safe::serve(&world.path("gateway.toml"));
    let mut client = gateway.connect();
    for (method, path, body) in [
        ("GET", path("jane"), ""),
        ("POST", "/v1/ibexsafe/userdata".to_owned(), r#"{"externalUserId":"jane","data":{"a":1}}"#),
    ] {
        let answer = client.authorized(&foreign_token("jane"), method, &path, body);
        assert_eq!((answer.status, &answer.json()["code"]), (504, &"gateway_timeout".into()), "{method}");
    }
}
