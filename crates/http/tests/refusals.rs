//! Every reason for which the gate refuses is counted under its own name: each is driven once over a socket, and no other
//! counter may move.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus_client::registry::Registry;
use strongroom_app::{
    Accounts, Changes, Doorbells, EmailConfirmation, Identity, MailBell, Passkeys, SignUpQuota, Tenant,
    Tenants,
};
use strongroom_domain::Limits;
use strongroom_http::{
    Api, Deadlines, HeadLimits, HttpLimits, Listeners, Refusal, Safe, Server, ServerOptions, Tls,
    TlsIdentity, TrustedProxies,
};
use strongroom_testkit::fake::{
    CountingRandomness, InMemoryAccountStore, InMemoryRecordStore, InMemoryUpstream, ManualClock,
    StaticAuthenticator, TransparentSealer, TransparentTokenIssuer,
};
use strongroom_testkit::mock::MockPasskeyCeremonies;
use strongroom_testkit::sample;

const LIMITS: Limits = Limits { value_bytes: 64, record_keys: 16, record_bytes: 1024 };
const HTTP_LIMITS: HttpLimits = HttpLimits {
    body_bytes: 1024,
    chunks: 16,
    body_time: Duration::from_mins(1),
    requests_in_flight: REQUESTS_IN_FLIGHT,
    rate_per_person_per_s: 0,
    rate_per_address_per_s: 0,
};
const CONNECTIONS: usize = 8;
const REQUESTS_IN_FLIGHT: usize = 4;

/// Every wait is long but the one in question: on a slow machine no other may end first.
fn options(refusal: Refusal) -> ServerOptions {
    let seconds = |of| if of == refusal { 1 } else { 600 };
    ServerOptions {
        connections: if refusal == Refusal::TooManyOfOneClient { 2 * CONNECTIONS } else { CONNECTIONS },
        connections_per_address: if refusal == Refusal::TooManyConnections {
            2 * CONNECTIONS
        } else {
            CONNECTIONS
        },
        head: HeadLimits { head_bytes: 1024, target_bytes: 256, header_fields: 16 },
        deadlines: Deadlines {
            first_byte_s: seconds(Refusal::FirstByteTooSlow),
            head_s: seconds(Refusal::HeadTooSlow).min(seconds(Refusal::TlsHandshakeTooSlow)),
            idle_s: seconds(Refusal::Idle),
            body_bytes_per_s: if refusal == Refusal::BodyTooSlow { 256 } else { 0 },
            write_stall_s: seconds(Refusal::WriteStalled),
        },
        drain_time: Duration::from_secs(1),
    }
}

/// A surface over fakes that knows the token `jane`.
fn surface() -> Api {
    let (clock, randomness) = (Arc::new(ManualClock::default()), Arc::new(CountingRandomness::new()));
    let upstream = Arc::new(InMemoryUpstream::with(LIMITS, clock.clone(), randomness.clone()));
    let authenticator = Arc::new(StaticAuthenticator::new().with_caller("jane", sample::caller()));
    let issuer = Arc::new(TransparentTokenIssuer::new());
    let (store, sealer) = (Arc::new(InMemoryAccountStore::new()), Arc::new(TransparentSealer::new()));
    let identity = Arc::new(Identity::new(
        issuer.clone(),
        authenticator.clone(),
        store.clone(),
        sealer.clone(),
        clock.clone(),
        randomness.clone(),
        SignUpQuota::new(1, 1),
    ));
    let passkeys = Arc::new(Passkeys::new(
        identity.clone(),
        Arc::new(MockPasskeyCeremonies::new()),
        store.clone(),
        authenticator.clone(),
        sealer.clone(),
        clock.clone(),
        randomness.clone(),
    ));
    let email = Box::new(EmailConfirmation::new(
        store.clone(),
        upstream.clone(),
        sealer.clone(),
        clock.clone(),
        randomness,
        Arc::new(MailBell::new()),
    ));
    let accounts = Arc::new(Accounts::new(
        upstream.clone(),
        store.clone(),
        store,
        authenticator.clone(),
        sealer.clone(),
        clock.clone(),
    ));
    let (outbox, doorbells) = (Arc::new(InMemoryRecordStore::new()), Arc::new(Doorbells::new()));
    let changes = Arc::new(Changes::new(upstream.clone(), outbox, sealer, doorbells));
    let tenant = Tenant {
        id: sample::tenant(sample::TENANT),
        name: sample::TENANT.to_owned(),
        origins: Vec::new(),
        sign_up_without_passkey: false,
    };
    let tenants = Tenants::new(vec![tenant], true);
    Api::new(
        Safe::Here { upstream, identity, passkeys, accounts, email, issuer, changes },
        authenticator,
        Arc::new(TransparentSealer::new()),
        tenants,
        clock,
        LIMITS,
        HTTP_LIMITS,
        TrustedProxies::new(Vec::new()),
        7,
    )
}

/// How a reason comes about.
enum Story {
    /// These bytes are sent, and the connection ends.
    Sent(String),
    /// HTTP/2 begins, and then there are pings for as long as they are taken.
    Pings,
    /// The same, to a port that wants TLS.
    SentToTls(&'static str),
    /// So many connections are there already.
    Crowd(usize),
    /// So many bodies are on their way already.
    Busy(usize),
    /// Requests are sent for as long as they are taken, and no answer is read.
    Deaf,
}

fn get(fields: &str) -> Story {
    Story::Sent(format!("GET /health HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"))
}

fn line(request_line: &str) -> Story {
    Story::Sent(format!("{request_line}\r\nHost: localhost\r\n\r\n"))
}

fn post(fields: &str, body: &str) -> Story {
    let head = "POST /v1/ibexsafe/userdata HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer jane";
    Story::Sent(format!("{head}\r\nContent-Type: application/json\r\n{fields}\r\n{body}"))
}

/// The story of a reason. Who adds a reason adds its story here: the compiler asks for it.
fn story(refusal: Refusal) -> Story {
    match refusal {
        Refusal::LineEnding => get("A: 1\n"),
        Refusal::RequestLine => line("GET  /health HTTP/1.1"),
        Refusal::Version => line("GET /health HTTP/1.2"),
        Refusal::Target => line("GET /a/../health HTTP/1.1"),
        Refusal::TargetTooLong => line(&format!("GET /{} HTTP/1.1", "a".repeat(256))),
        Refusal::HeaderField => get("A : 1\r\n"),
        Refusal::NameLookalike => get("Content_Length: 1\r\n"),
        Refusal::Framing => get("Content-Length: 1\r\nContent-Length: 1\r\n"),
        Refusal::HeadTooLarge => get(&format!("A: {}\r\n", "a".repeat(1024))),
        Refusal::TooManyFields => get(&"A: 1\r\n".repeat(16)),
        Refusal::Method => line("TRACE /health HTTP/1.1"),
        Refusal::Host => get("Host: localhost\r\n"),
        Refusal::RepeatedField => get("Authorization: a\r\nAuthorization: a\r\n"),
        Refusal::ForeignTarget => line("GET http://evil.example/health HTTP/1.1"),
        Refusal::ContentCoding => get("Content-Encoding: gzip\r\n"),
        Refusal::Expectation => get("Expect: 200-ok\r\n"),
        // Behind a body in chunks, and read with it.
        Refusal::Unscanned => post(
            "Transfer-Encoding: chunked\r\n",
            "1\r\n{\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ),
        Refusal::HeadTooSlow => Story::Sent("GET /health HTTP/1.1\r\nHost".to_owned()),
        Refusal::BodyTooSlow => post("Content-Length: 100\r\n", "{"),
        Refusal::BodyTooLarge => post("Content-Length: 1000000\r\n", "{"),
        Refusal::TooManyChunks => post("Transfer-Encoding: chunked\r\n", &"1\r\n \r\n".repeat(17)),
        Refusal::BodyOverhead => {
            post("Transfer-Encoding: chunked\r\n", &format!("0\r\n{}\r\n", "A: 1\r\n".repeat(17)))
        }
        Refusal::FirstByteTooSlow => Story::Sent(String::new()),
        Refusal::TlsHandshake => Story::SentToTls("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        // The beginning of a record, and of a record only.
        Refusal::TlsHandshakeTooSlow => Story::SentToTls("\x16\x03\x01"),
        Refusal::Flood => Story::Pings,
        Refusal::Idle => get(""),
        Refusal::WriteStalled => Story::Deaf,
        Refusal::TooManyInFlight => Story::Busy(REQUESTS_IN_FLIGHT),
        Refusal::TooManyConnections | Refusal::TooManyOfOneClient => Story::Crowd(CONNECTIONS),
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    // A guard against a hang, never a claim about speed.
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream
}

/// A refresh whose body is as long as any may be, and of which this much is sent.
fn refresh(begun: &str) -> String {
    let length = HTTP_LIMITS.body_bytes;
    format!(
        "POST /v1/auth/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{begun}"
    )
}

fn act(story: Story, address: SocketAddr, admin: SocketAddr) {
    match story {
        Story::SentToTls(bytes) => act(Story::Sent(bytes.to_owned()), address, admin),
        Story::Sent(bytes) => {
            let mut client = connect(address);
            client.write_all(bytes.as_bytes()).unwrap();
            // To the end: what is answered, and the close behind it.
            let _ = client.read_to_end(&mut Vec::new());
        }
        Story::Crowd(connections) => {
            let _crowd: Vec<_> = (0..connections).map(|_| connect(address)).collect();
            let _ = connect(address).read(&mut [0]);
        }
        Story::Busy(requests) => {
            let one_byte_short = HTTP_LIMITS.body_bytes - 1;
            let partial = |_| {
                let mut client = connect(address);
                client.write_all(refresh(&" ".repeat(one_byte_short)).as_bytes()).unwrap();
                client
            };
            let _partial: Vec<_> = (0..requests).map(partial).collect();
            let all_there = format!("strongroom_http_body_bytes_in_flight {}", requests * one_byte_short);
            let patience = Instant::now() + Duration::from_mins(1);
            while !scrape(admin).lines().any(|line| line == all_there) {
                assert!(Instant::now() < patience, "the bodies do not arrive");
                std::thread::yield_now();
            }
            act(Story::Sent(refresh("     ")), address, admin);
        }
        Story::Pings => {
            let mut client = connect(address);
            client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
            let mut answers = client.try_clone().unwrap();
            let reading = std::thread::spawn(move || answers.read_to_end(&mut Vec::new()));
            while client.write_all(b"\0\0\x08\x06\0\0\0\0\0pingpong").is_ok() {}
            let _ = reading.join();
        }
        Story::Deaf => {
            let mut client = connect(address);
            let many = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
            while client.write_all(many.as_bytes()).is_ok() {}
        }
    }
}

/// A certificate for nobody: no handshake here comes so far that anybody sees it.
fn tls() -> Arc<Tls> {
    let certified = rcgen::generate_simple_self_signed(Vec::new()).unwrap();
    let (certificates, private_key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    let identity = TlsIdentity {
        certificates: certificates.as_bytes(),
        private_key: private_key.as_bytes(),
        client_authorities: None,
    };
    Arc::new(Tls::new(identity, Arc::new(ManualClock::default())).unwrap().0)
}

fn scrape(admin: SocketAddr) -> String {
    let mut client = connect(admin);
    client.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    text
}

/// The reasons that are counted, as operators read them.
fn counts(admin: SocketAddr) -> Vec<(String, u64)> {
    scrape(admin)
        .lines()
        .filter_map(|line| line.strip_prefix("strongroom_gate_refusals_total{reason=\"")?.split_once("\"} "))
        .map(|(reason, count)| (reason.to_owned(), count.parse().unwrap()))
        .filter(|(_, count)| *count > 0)
        .collect()
}

#[test]
fn each_reason_is_counted_once_under_its_own_name() {
    // A server for each: a count of another's is none of this one's. They wait at the same time.
    std::thread::scope(|scope| {
        for refusal in Refusal::ALL {
            scope.spawn(move || {
                let bind = || Listeners::bind(&["127.0.0.1:0".parse().unwrap()], 1).unwrap();
                let (listeners, admin) = (bind(), bind());
                let (address, admin_address) = (listeners.addresses()[0], admin.addresses()[0]);
                let story = story(refusal);
                let tls = matches!(story, Story::SentToTls(_)).then(tls);
                let (options, registry) = (options(refusal), Registry::default());
                let _server =
                    Server::start(surface(), listeners, Some(admin), options, tls, registry).unwrap();
                act(story, address, admin_address);
                assert_eq!(counts(admin_address), [(refusal.label().to_owned(), 1)]);
            });
        }
    });
}
