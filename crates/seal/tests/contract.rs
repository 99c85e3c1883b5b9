//! The contract of the port, kept by the sealer that everybody uses.

use strongroom_ports::Timestamp;
use strongroom_seal::{EnvelopeSealer, Keyring, SystemRandomness};
use strongroom_testkit::contract;

#[test]
fn the_envelope_sealer_keeps_the_contract_of_sealers() {
    let keyring = Keyring::generate(&SystemRandomness, Timestamp::from_secs(1_795_000_000));
    let sealer = EnvelopeSealer::new(keyring).unwrap();
    contract::sealer(&sealer);
    contract::sealer_secrecy(&sealer);
}
