//! `jti`: what makes each token unlike any other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_ports::Randomness;

/// Enough that two are never alike.
const TOKEN_ID_BYTES: usize = 16;

/// A fresh id.
pub(crate) fn token_id(randomness: &dyn Randomness) -> String {
    let mut id = [0; TOKEN_ID_BYTES];
    randomness.fill(&mut id);
    URL_SAFE_NO_PAD.encode(id)
}
