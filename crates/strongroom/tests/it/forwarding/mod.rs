//! Two real processes: a gateway without a disk, and the safe behind it.

mod contract;
mod dev;
mod figures;
mod gate_stories;
mod gate_tables;
mod hostile;
mod identity;
mod over_tls;
mod rates;
mod recorder;
mod refusals;
mod resets;
mod smuggling;
mod story;
mod walk_through;

pub(crate) use identity::with_identity;

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
pub(crate) fn world() -> World {
    world_with("")
}

/// The same, with these lines in the safe's configuration.
pub(super) fn world_with(lines: &str) -> World {
    world_of(NO_RATES, lines)
}

/// The same, with limits of its own.
fn world_of(limits: &str, lines: &str) -> World {
    let world = World::new(&format!("{limits}{KNOWS_GATEWAY}{lines}"));
    let keys = world.path("gateway.json");
    let made = strongroom().args(["keys", "new", "--kind", "signing", "--out"]).arg(&keys).output();
    assert!(made.unwrap().status.success());
    let public = strongroom().args(["keys", "publish"]).arg(&keys).output().unwrap();
    assert!(public.status.success());
    std::fs::write(world.path("gateway-keys.json"), public.stdout).unwrap();
    world
}

/// A gateway of this world to a safe at this address.
pub(crate) fn gateway(world: &World, safe: SocketAddr, lines: &str) -> Safe {
    write_gateway(world, &format!("http://{safe}/v1/ibexsafe"), lines, &[KNOWS_GATEWAY]);
    Safe::serve(&world.path("gateway.toml"))
}

/// The same, on one core: what one caller waits for could hold up another.
pub(super) fn gateway_on_one_core(world: &World, safe: SocketAddr, lines: &str) -> Safe {
    write_gateway(world, &format!("http://{safe}/v1/ibexsafe"), lines, &[KNOWS_GATEWAY]);
    serve_on_one_core(world, "gateway.toml")
}

pub(super) fn serve_on_one_core(world: &World, file: &str) -> Safe {
    let mut command = strongroom();
    command.env("STRONGROOM_SERVER__WORKERS", "1");
    Safe::serve_with(command, &world.path(file))
}

/// Writes `gateway.toml`: this safe, these lines behind it, and what the safe's configuration has, but for these.
pub(super) fn write_gateway(world: &World, safe: &str, lines: &str, not: &[&str]) {
    let config = std::fs::read_to_string(world.config()).unwrap();
    let config = not.iter().fold(config, |config, lines| config.replace(lines, ""));
    let config = config.replace("sign_up_without_passkey = true\n", "");
    let upstream = format!("[upstream]\nsafe_url = \"{safe}\"\n{lines}\n");
    std::fs::write(world.path("gateway.toml"), format!("{upstream}{config}")).unwrap();
}
