//! Two processes with TLS at both ends: from the caller to the gateway, and from the gateway, which shows a certificate of its
//! own, to the safe.

use std::process::Command;

use super::{KNOWS_GATEWAY, serve_on_one_core, story, world_with, write_gateway};
use crate::support::http2::Http2Client;
use crate::support::process::{DEMO, strongroom};
use crate::support::tls::{Authority, Certified, SETTINGS, give, give_in};
use crate::support::{Safe, World, foreign_token};

const README: &str = include_str!("../../../../../README.md");

/// The lines that have a safe speak TLS to clients of an authority only.
const SAFE_SETTINGS: &str = r#"
[server.tls]
certificate_file = "safe/cert.pem"
private_key_file = "safe/key.pem"
client_ca_file = "ca-of-gateways.pem"
"#;

/// A safe and a gateway, each with a certificate of an authority of its own.
struct House {
    world: World,
    safe: Safe,
    gateway: Safe,
    /// Whom callers believe.
    public: Authority,
    /// Whom the gateway believes.
    inner: Authority,
}

/// On one core, so that the connections between the two can be counted.
fn gateway(world: &World, safe: &Safe, lines: &str) -> Safe {
    let url = format!("https://localhost:{}/v1/ibexsafe", safe.address.port());
    write_gateway(world, &url, lines, &[KNOWS_GATEWAY, SAFE_SETTINGS]);
    let file = world.path("gateway.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{config}{SETTINGS}")).unwrap();
    serve_on_one_core(world, "gateway.toml")
}

/// What a gateway says that believes the inner authority, and shows its certificate.
const KNOWN: &str = "ca_file = \"inner.pem\"\nclient_certificate_file = \"shown/cert.pem\"\nclient_private_key_file = \"shown/key.pem\"";

impl House {
    fn new() -> Self {
        let (public, inner) = (Authority::new(), Authority::new());
        let world = world_with(SAFE_SETTINGS);
        give_in(&world, "safe", &inner.server("localhost"));
        give(&world, &public.server("localhost"));
        give_in(&world, "shown", &inner.client());
        for (file, authority) in
            [("inner.pem", &inner), ("public.pem", &public), ("ca-of-gateways.pem", &inner)]
        {
            std::fs::write(world.path(file), &authority.pem).unwrap();
        }
        let safe = serve_on_one_core(&world, "strongroom.toml");
        let gateway = gateway(&world, &safe, KNOWN);
        Self { world, safe, gateway, public, inner }
    }

    /// The connections to the safe so far.
    fn connections(&self) -> String {
        let metrics = self.gateway.connect_admin().request("GET", "/metrics", &[], "").body;
        let counted = metrics.lines().find_map(|line| line.strip_prefix(COUNTED));
        counted.unwrap().to_owned()
    }
}

/// How the metrics tell of connections to the safe.
const COUNTED: &str = r#"strongroom_upstream_connections_opened_total{upstream="safe"} "#;

#[test]
fn the_guide_and_a_browser_s_page_go_through_tls_at_both_ends() {
    let house = House::new();
    story::tell("jane", || house.public.connect(house.gateway.address));
    story::tell("john", || Http2Client::connect_tls(&house.public, house.gateway.address));
    // One caller after the other: the one connection to the safe was kept all along.
    assert_eq!(house.connections(), "1");
    for process in [house.gateway, house.safe] {
        let (status, log) = process.stop();
        assert!(status.success(), "{log}");
        assert!(
            !log.contains("jane") && !log.contains("secret-api-key"),
            "nobody is named, and nothing told"
        );
    }
}

#[test]
fn certificates_of_both_change_in_the_middle_of_the_story_and_no_open_connection_notices() {
    let house = House::new();
    let token = foreign_token("jane");
    let read = "/v1/ibexsafe/userdata/external/jane";
    let mut first = house.public.connect(house.gateway.address);
    let mut frames = Http2Client::connect_tls(&house.public, house.gateway.address);
    let shown = first.server_certificate();
    let body = r#"{"externalUserId":"jane","data":{"a":1}}"#;
    assert_eq!(first.authorized(&token, "POST", "/v1/ibexsafe/userdata", body).status, 200);
    story::page(&mut frames, "john", &foreign_token("john"));
    // Half a request stands in the gateway while its certificate changes.
    let head = format!("GET {read} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n");
    first.send(head.as_bytes());

    give(&house.world, &house.public.server("localhost"));
    give_in(&house.world, "safe", &house.inner.server("localhost"));
    house.gateway.read_keys_again(1);
    house.safe.read_keys_again(1);

    first.send(b"\r\n");
    assert_eq!(first.receive("GET").body, r#"{"a":1}"#);
    story::page(&mut frames, "john", &foreign_token("john"));
    let mut second = house.public.connect(house.gateway.address);
    assert_ne!(second.server_certificate(), shown);
    assert_eq!(second.authorized(&token, "GET", read, "").body, r#"{"a":1}"#);
    assert_eq!(house.connections(), "1", "the gateway's connection to the safe went on");
}

#[test]
fn a_safe_that_asks_for_a_certificate_is_reached_by_a_gateway_that_shows_one_and_by_no_other() {
    let House { world, safe, gateway: good, public, inner } = House::new();
    let token = foreign_token("jane");
    let read = "/v1/ibexsafe/userdata/external/jane";
    let write = r#"{"externalUserId":"jane","data":{"a":1}}"#;
    let ask = |gateway: &Safe| {
        let mut client = public.connect(gateway.address);
        let merged = client.authorized(&token, "POST", "/v1/ibexsafe/userdata", write).status;
        (merged, client.authorized(&token, "GET", read, "").status)
    };
    let none = gateway(&world, &safe, "ca_file = \"inner.pem\"");
    assert_eq!(ask(&none), (502, 502), "it shows none");
    give_in(&world, "shown", &public.client());
    assert_eq!(ask(&gateway(&world, &safe, KNOWN)), (502, 502), "it shows one of another authority");
    assert_eq!(
        ask(&gateway(&world, &safe, &KNOWN.replace("inner.pem", "public.pem"))),
        (502, 502),
        "it trusts another"
    );
    // Nothing of that was written.
    assert_eq!(public.connect(good.address).authorized(&token, "GET", read, "").status, 204);
    assert_eq!(ask(&good), (200, 200));

    // The lock is added: behind it a safe still asks who it is.
    let config = inner.client_config(Some(&inner.client()));
    let mut client = crate::support::tls::connect_with(config, safe.address).unwrap();
    assert_eq!(client.request("GET", read, &[], "").status, 401);
}

#[test]
fn a_certificate_to_show_that_cannot_be_used_is_told_at_start_by_its_file() {
    let house = House::new();
    let good = house.inner.client();
    let mixed = Certified { certificate: good.certificate.clone(), key: house.inner.client().key };
    let no_certificate = Certified { certificate: good.key.clone(), key: good.key.clone() };
    for (certified, file, why) in [
        (mixed, "shown/key.pem", "not the key of the certificate"),
        (no_certificate, "shown/cert.pem", "not one or more certificates in PEM"),
    ] {
        give_in(&house.world, "shown", &certified);
        let (status, said) =
            Safe::try_serve(strongroom(), &house.world.path("gateway.toml")).err().expect("a refusal");
        assert_eq!(status.code(), Some(4), "{said}");
        assert!(said.contains(file) && said.contains(why) && !said.contains("PRIVATE"), "{said}");
    }
}

#[test]
fn the_requests_of_the_readme_go_through_a_gateway_as_they_are_written() {
    let house = House::new();
    let (_, rest) = README.split_once("TOKEN=…").unwrap();
    let (_, requests) = rest.split_once('\n').unwrap();
    let (requests, _) = requests.split_once("```").unwrap();
    let output = Command::new("bash")
        .args(["-eu", "-c", requests])
        .env_clear()
        .env("PATH", env!("PATH"))
        .env("NO_PROXY", "*")
        .env("CURL_CA_BUNDLE", house.world.path("public.pem"))
        .env("BASE", format!("https://localhost:{}", house.gateway.address.port()))
        .env("TOKEN", foreign_token(DEMO))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let statuses: Vec<_> = said.split("HTTP/2 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "200", "204"], "{said}");
    for answer in [r#"{"success":true}"#, r#"{"language":"en","optin.newsletter":true}"#] {
        assert!(said.contains(answer) && requests.contains(answer), "{said}");
    }
    assert!(!said.contains("private"), "{said}");
}
