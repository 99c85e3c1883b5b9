//! Envelope encryption of Strongroom's records: a key per person, sealed boxes, the keyring.
