//! A safe behind a wire keeps the very contract that a safe here does.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use strongroom_jwt::{GatewayAssertions, SigningKeys};
use strongroom_ports::{Clock, PassedOn, RemoteSafe as _, Timestamp};
use strongroom_seal::SystemRandomness;
use strongroom_testkit::contract;
use strongroom_upstream::{
    BaseAddress, Client, ClientLimits, Credentials, Endpoint, HttpUpstream, RemoteLimits, Roots,
};

use super::world;

#[derive(Debug)]
struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "the safe behind reads the wall clock")]
    fn now(&self) -> Timestamp {
        Timestamp::from(std::time::SystemTime::now())
    }
}

const PASSED: PassedOn<'_> = PassedOn {
    token: "unused",
    request_id: "contract",
    trace_parent: None,
    client: IpAddr::V4(Ipv4Addr::LOCALHOST),
};

#[test]
fn a_remote_safe_keeps_the_contract_of_the_port_alone_and_with_many_writers() {
    let world = world();
    let safe = world.serve();
    let seconds = Duration::from_secs;
    let limits = ClientLimits { connect: seconds(60), total: seconds(60), body_bytes: 1 << 20 };
    let client = Client::new(Roots::none(), Arc::new(WallClock), limits).unwrap();
    let keys = SigningKeys::parse(&std::fs::read(world.path("gateway.json")).unwrap()).unwrap();
    let (issuer, audience) = ("strongroom-gateway".to_owned(), "strongroom-safe".to_owned());
    let assertions = GatewayAssertions::new(
        keys,
        issuer,
        audience,
        1_000,
        Arc::new(WallClock),
        Arc::new(SystemRandomness),
    );
    let limits = RemoteLimits {
        connect: seconds(60),
        first_byte: seconds(60),
        total: seconds(120),
        idle: seconds(50),
        answer_bytes: 1 << 20,
    };
    let url = format!("http://{}/v1/ibexsafe", safe.address);
    let address = BaseAddress::new(Endpoint::parse(&url).unwrap()).unwrap();
    let credentials = Credentials::Assertion(Arc::new(assertions));
    let upstream = HttpUpstream::new(client, address, credentials, limits, None, []);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        contract::upstream(&*upstream.on_behalf(PASSED)).await;
        contract::upstream_concurrency(&*upstream.on_behalf(PASSED)).await;
    });
    let figures = upstream.figures();
    assert_eq!((figures.retries(), figures.dropped_members()), (0, 0));
}
