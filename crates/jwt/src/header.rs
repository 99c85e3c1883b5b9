//! A token's header (RFC 7515, section 4): what it may say, and what makes the token unacceptable.
//!
//! The header is the sender's word and is read before any signature: it selects among keys that are configured, and never
//! brings or locates one.

use jsonwebtoken::Algorithm;

use crate::json_object::JsonObject;

/// Members that would have us fetch or trust a key of the sender's (`jku`, `jwk`, `x5u`, `x5c`), process what we do not
/// (`crit`), or read the payload in another way (`b64`, `zip`, `enc`). A token that has one is refused: to ignore it would
/// be to understand something else than its sender. Thumbprints (`x5t`, `x5t#S256`) name a key only, and are ignored.
const REFUSED_MEMBERS: [&str; 8] = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"];

/// What of a header matters.
pub(crate) struct Header {
    /// The algorithm that the token claims; the key decides whether it may.
    pub(crate) algorithm: Algorithm,
    /// Which of the issuer's keys.
    pub(crate) kid: Option<String>,
    media_type: Option<String>,
}

impl Header {
    /// Reads a header; `None` when it is not acceptable, `alg` `none` in any spelling included.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        let object = JsonObject::read(json)?;
        if REFUSED_MEMBERS.iter().any(|name| object.has(name)) {
            return None;
        }
        Some(Self {
            algorithm: object.text("alg").ok()??.parse().ok()?,
            kid: object.text("kid").ok()?.map(str::to_owned),
            media_type: object.text("typ").ok()?.map(str::to_owned),
        })
    }

    /// Whether there is no `typ`.
    pub(crate) fn is_untyped(&self) -> bool {
        self.media_type.is_none()
    }

    /// Whether `typ` is this media type: in any case, with or without `application/` (RFC 7515, section 4.1.9).
    pub(crate) fn is_typed(&self, expected: &str) -> bool {
        self.media_type.as_deref().is_some_and(|typ| is_one_type(typ, expected))
    }
}

/// Whether both are one media type.
pub(crate) fn is_one_type(one: &str, other: &str) -> bool {
    without_prefix(one).eq_ignore_ascii_case(without_prefix(other))
}

fn without_prefix(media_type: &str) -> &str {
    const PREFIX: &str = "application/";
    match media_type.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => media_type,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_compared_in_any_case_and_with_or_without_application() {
        let typed =
            |typ: &str| Header::read(format!(r#"{{"alg":"EdDSA","typ":"{typ}"}}"#).as_bytes()).unwrap();
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert!(typed(typ).is_typed("at+jwt"), "{typ}");
        }
        for typ in [
            "",
            "at+jw",
            "at+jwt ",
            "application/",
            "application/application/at+jwt",
            "text/at+jwt",
            "rt+jwt",
        ] {
            assert!(!typed(typ).is_typed("at+jwt"), "{typ}");
        }
    }

    #[test]
    fn a_header_that_brings_a_key_or_asks_for_more_is_refused() {
        for name in REFUSED_MEMBERS {
            for value in ["null", "[]", "true", "\"x\"", "{}"] {
                let json = format!(r#"{{"alg":"EdDSA","{name}":{value}}}"#);
                assert!(Header::read(json.as_bytes()).is_none(), "{json}");
            }
        }
        assert!(Header::read(br#"{"alg":"EdDSA","x5t":"abc","unknown":{"a":1}}"#).is_some());
    }

    #[test]
    fn none_is_no_algorithm_in_any_spelling() {
        for alg in ["none", "None", "NONE", "nOnE", "", "eddsa", "HS257", "RSA-OAEP"] {
            assert!(Header::read(format!(r#"{{"alg":"{alg}"}}"#).as_bytes()).is_none(), "{alg}");
        }
        for json in
            [r#"{"typ":"JWT"}"#, r#"{"alg":null}"#, r#"{"alg":["EdDSA"]}"#, r#"{"alg":"EdDSA","kid":7}"#]
        {
            assert!(Header::read(json.as_bytes()).is_none(), "{json}");
        }
    }
}
