//! Two real processes: a gateway without a disk, and the safe behind it.

mod contract;
mod dev;
mod gate_stories;
mod gate_tables;
mod identity;
mod recorder;
mod refusals;
mod smuggling;
mod walk_through;

use std::net::SocketAddr;

use crate::support::process::strongroom;
use crate::support::{Safe, World};

/// Also room for whole records in one write.
const NO_RATES: &str = "[limits]\nrate_per_person_per_s = 0\nrate_per_address_per_s = 0\nconnections_per_address = 20000\nbody_bytes = 1048576\n";

/// How the safe knows its gateway.
const KNOWS_GATEWAY: &str = r#"
[[issuer]]
issuer = "strongroom-gateway"
audience = ["strongroom-safe"]
jwks_file = "gateway-keys.json"
algorithms = ["EdDSA"]
gateway = true
"#;

/// A safe, and a gateway in front of it that shows it assertions.
pub(super) struct House {
    pub(super) world: World,
    pub(super) safe: Safe,
    pub(super) gateway: Safe,
}

impl House {
    pub(super) fn new() -> Self {
        let world = world();
        let safe = world.serve();
        let gateway = gateway(&world, safe.address, "verbs = [\"POST validateEmail\"]");
        Self { world, safe, gateway }
    }
}

/// A world whose safe knows the gateway.
pub(super) fn world() -> World {
    let world = World::new(&format!("{NO_RATES}{KNOWS_GATEWAY}"));
    let keys = world.path("gateway.json");
    let made = strongroom().args(["keys", "new", "--kind", "signing", "--out"]).arg(&keys).output();
    assert!(made.unwrap().status.success());
    let public = strongroom().args(["keys", "publish"]).arg(&keys).output().unwrap();
    assert!(public.status.success());
    std::fs::write(world.path("gateway-keys.json"), public.stdout).unwrap();
    world
}

/// A gateway of this world to a safe at this address.
pub(super) fn gateway(world: &World, safe: SocketAddr, lines: &str) -> Safe {
    let config = std::fs::read_to_string(world.config()).unwrap().replace(KNOWS_GATEWAY, "");
    let upstream = format!("[upstream]\nsafe_url = \"http://{safe}/v1/ibexsafe\"\n{lines}\n");
    let file = world.path("gateway.toml");
    std::fs::write(&file, format!("{upstream}{config}")).unwrap();
    Safe::serve(&file)
}
