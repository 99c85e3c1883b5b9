//! A token as it arrives: three segments of base64url (RFC 7515, section 3.1), read strictly and believed in nothing.
//!
//! Claims leave this file only by [`verify`](UnverifiedToken::verify), with one exception: the issuer, which says whose
//! keys to try.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::claims::Claims;
use crate::header::Header;
use crate::json_object::JsonObject;
use crate::verification_key::VerificationKey;

/// The longest token, checked before any work. Ours are under 600 bytes; the heads of HTTP servers end at 8 KiB or little
/// above.
pub(crate) const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A well-formed token whose signature nobody has checked.
pub(crate) struct UnverifiedToken<'t> {
    signed: &'t str,
    signature: Vec<u8>,
    header: Vec<u8>,
    claims: JsonObject,
}

impl<'t> UnverifiedToken<'t> {
    /// Takes a token apart; `None` when it is not three segments of canonical base64url, or its claims are no object.
    pub(crate) fn parse(token: &'t str) -> Option<Self> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        // A fourth segment would leave a dot in `claims`, which is not base64url; empty segments are no JSON.
        let (header, claims) = signed.split_once('.')?;
        // All three are looked at before an issuer is looked for: what is no token costs no look at anybody's keys.
        let header = URL_SAFE_NO_PAD.decode(header).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok().filter(|it| !it.is_empty())?;
        let claims = JsonObject::read(&URL_SAFE_NO_PAD.decode(claims).ok()?)?;
        Some(Self { signed, signature, header, claims })
    }

    /// The issuer that the token claims to have.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.claims.text("iss").ok().flatten()
    }

    /// The header; `None` when it is not acceptable.
    pub(crate) fn header(&self) -> Option<Header> {
        Header::read(&self.header)
    }

    /// The claims, once the key confirms the signature; `None` when it does not, or may not use the algorithm.
    pub(crate) fn verify(self, key: &VerificationKey, header: &Header) -> Option<Claims> {
        let is_good = key.verify(header.algorithm, self.signed.as_bytes(), &self.signature);
        is_good.then(|| Claims::new(self.claims))
    }
}
