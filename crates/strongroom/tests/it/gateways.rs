//! A safe behind a gateway, by the gateway's end of the code and the operators' commands: whom the safe believes, and how it
//! stops believing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use strongroom_jwt::{GatewayAssertions, SigningKeys};
use strongroom_ports::{Caller, Timestamp};
use strongroom_seal::SystemRandomness;
use strongroom_testkit::fake::ManualClock;
use strongroom_testkit::sample;

use crate::support::process::strongroom;

use crate::support::{Safe, World, contains};

const SAFE: &str = r#"
[[issuer]]
issuer = "https://gateway.example"
audience = ["https://safe.example"]
jwks_file = "gateway-keys.json"
algorithms = ["EdDSA"]
gateway = true
"#;

/// A gateway whose keys lie in a file beside the safe's, which has their public halves.
struct Gateway {
    world: World,
    file: PathBuf,
}

impl Gateway {
    fn new() -> Self {
        let world = World::new(SAFE);
        let gateway = Self { file: world.path("gateway.json"), world };
        gateway.keys(&["new", "--kind", "signing", "--out"]);
        gateway.publish();
        gateway
    }

    /// Runs `strongroom keys …` on its file.
    fn keys(&self, command: &[&str]) -> Vec<u8> {
        let output = strongroom().arg("keys").args(command).arg(&self.file).output().unwrap();
        assert!(output.status.success(), "{command:?}");
        output.stdout
    }

    fn publish(&self) {
        std::fs::write(self.world.path("gateway-keys.json"), self.keys(&["publish"])).unwrap();
    }

    /// Mints by the keys as they are in the file now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the binary under test reads the wall clock, and so must its tokens"
    )]
    fn mints(&self) -> GatewayAssertions {
        let keys = SigningKeys::parse(&std::fs::read(&self.file).unwrap()).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        GatewayAssertions::new(
            keys,
            "https://gateway.example".to_owned(),
            "https://safe.example".to_owned(),
            100,
            Arc::new(ManualClock::at(Timestamp::from_secs(i64::try_from(now).unwrap()))),
            Arc::new(SystemRandomness),
        )
    }

    fn assertion(&self, tenant: &str, person: &str) -> String {
        let caller = Caller { tenant: sample::tenant(tenant), person: sample::person(person) };
        self.mints().assertion(&caller).unwrap().as_str().to_owned()
    }
}

fn read(safe: &Safe, assertion: &str) -> (u16, String) {
    let answer = safe.connect().authorized(assertion, "GET", "/v1/ibexsafe/userdata/external/jane", "");
    (answer.status, answer.body)
}

#[test]
fn a_gateways_word_reaches_each_tenants_people_and_no_further_than_the_one_it_names() {
    let gateway = Gateway::new();
    let safe = gateway.world.serve();
    for tenant in ["localhost", "shop.example"] {
        let jane = gateway.assertion(tenant, "jane");
        let body = format!(r#"{{"externalUserId":"jane","data":{{"tenant":"{tenant}"}}}}"#);
        let written = safe.connect().authorized(&jane, "POST", "/v1/ibexsafe/userdata", &body);
        assert_eq!(written.status, 200, "{tenant}");
    }
    for tenant in ["localhost", "shop.example"] {
        let jane = gateway.assertion(tenant, "jane");
        // Twice: while it lives, one may be shown again.
        for _ in 0..2 {
            assert_eq!(read(&safe, &jane), (200, format!(r#"{{"tenant":"{tenant}"}}"#)));
        }
        let other = gateway.assertion(tenant, "john");
        assert_eq!(read(&safe, &other).0, 400, "held to its own id");
    }
    assert_eq!(read(&safe, &gateway.assertion("other.example", "jane")).0, 401);
}

#[test]
fn an_assertion_has_no_session_to_sign_out_of_or_to_refresh() {
    let gateway = Gateway::new();
    let safe = gateway.world.serve();
    let jane = gateway.assertion("localhost", "jane");
    let answer = safe.connect().authorized(&jane, "POST", "/v1/auth/sign-out", "");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("no_session")));
    let body = format!(r#"{{"refresh_token":"{jane}"}}"#);
    let json = [("Content-Type", "application/json")];
    assert_eq!(safe.connect().request("POST", "/v1/auth/refresh", &json, &body).status, 401);
    assert_eq!(read(&safe, &jane).0, 204);
}

#[test]
fn a_stolen_gateway_key_ends_on_sighup_for_assertions_remembered_or_not() {
    let gateway = Gateway::new();
    let safe = gateway.world.serve();
    let (remembered, fresh) =
        (gateway.assertion("localhost", "jane"), gateway.assertion("shop.example", "jane"));
    assert_eq!(read(&safe, &remembered).0, 204);

    std::fs::remove_file(&gateway.file).unwrap();
    gateway.keys(&["new", "--kind", "signing", "--out"]);
    gateway.publish();
    safe.read_keys_again(1);
    assert_eq!((read(&safe, &remembered).0, read(&safe, &fresh).0), (401, 401));
    assert_eq!(read(&safe, &gateway.assertion("localhost", "jane")).0, 204);
}

#[test]
fn a_gateways_keys_follow_each_other_without_a_refusal() {
    let gateway = Gateway::new();
    let safe = gateway.world.serve();
    let early = gateway.assertion("localhost", "jane");
    gateway.keys(&["add"]);
    gateway.publish();
    safe.read_keys_again(1);
    assert_eq!(read(&safe, &early).0, 204);
    gateway.keys(&["rotate"]);
    let late = gateway.assertion("localhost", "jane");
    assert_eq!((read(&safe, &early).0, read(&safe, &late).0), (204, 204));
}

#[test]
fn neither_the_log_nor_what_is_published_holds_an_assertion_or_a_private_key() {
    let gateway = Gateway::new();
    let safe = gateway.world.serve();
    let jane = gateway.assertion("localhost", "jane");
    read(&safe, &jane);
    let (_, log) = safe.stop();
    let file = std::fs::read_to_string(&gateway.file).unwrap();
    let private = file.split('"').find(|text| text.len() == 43).unwrap();
    for secret in [jane.as_str(), jane.rsplit('.').next().unwrap(), private] {
        assert!(!log.contains(secret));
        assert!(!contains(&gateway.keys(&["publish"]), secret.as_bytes()));
    }
}
