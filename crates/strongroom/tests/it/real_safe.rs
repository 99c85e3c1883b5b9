//! The safe as it is composed, without the wire: `LocalSafe` over the real store and the real sealer keeps the contract of
//! the port, alone and with a hundred writers.

use std::sync::Arc;
use std::time::SystemTime;

use futures_executor::block_on;
use strongroom_app::LocalSafe;
use strongroom_domain::Limits;
use strongroom_ports::Timestamp;
use strongroom_seal::{EnvelopeSealer, Keyring, SystemRandomness};
use strongroom_store_sqlite::{Options, SqliteStore};
use strongroom_testkit::contract;
use strongroom_testkit::fake::ManualClock;

fn safe(directory: &std::path::Path) -> LocalSafe {
    let store = SqliteStore::open(Options::new(directory, Vec::new())).unwrap();
    let now = Timestamp::from(SystemTime::UNIX_EPOCH);
    let sealer = EnvelopeSealer::new(Keyring::generate(&SystemRandomness, now)).unwrap();
    let clock = Arc::new(ManualClock::default());
    LocalSafe::new(Arc::new(store), Arc::new(sealer), clock, Arc::new(SystemRandomness), Limits::default())
}

#[test]
fn the_real_safe_keeps_the_contract_of_its_port() {
    let directory = tempfile::tempdir().unwrap();
    block_on(contract::upstream(&safe(directory.path())));
}

#[test]
fn the_real_safe_keeps_every_write_of_a_hundred_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    block_on(contract::upstream_concurrency(&safe(directory.path())));
}

#[test]
fn the_real_randomness_keeps_the_contract_of_its_port() {
    contract::randomness(&SystemRandomness);
}
