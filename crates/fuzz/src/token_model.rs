//! What a well-signed token must say to be known, read anew: the strictness of `strongroom-jwt` without its code.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_domain::ExternalUserId;
use strongroom_ports::{CredentialId, SessionId, Timestamp};

use crate::json_model::{is_strict, items, members};

/// The deepest nesting of a header or claims, the object itself included.
const MAX_LEVELS: usize = 8;
/// The longest token.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// The last second of year 9999.
const MAX_DATE_S: f64 = 253_402_300_799.0;
/// What no header may have.
const REFUSED_MEMBERS: [&str; 8] = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"];

/// What one issuer's access tokens must say.
pub(crate) struct Rules {
    pub(crate) algorithm: &'static str,
    /// The `kid` that is required; `None` takes any, and none.
    pub(crate) kid: Option<&'static str>,
    /// The types that are taken, in lower case; an empty one is none at all.
    pub(crate) types: &'static [&'static str],
    pub(crate) issuer: &'static str,
    /// One of these must be the audience, or, for our own, be all of it.
    pub(crate) audience: &'static [&'static str],
    /// The session that must be named, for our own.
    pub(crate) session: Option<SessionId>,
    /// Whose people its tokens speak for.
    pub(crate) reach: Reach,
}

/// Whose people an issuer's tokens speak for.
pub(crate) enum Reach {
    /// Those of this tenant.
    Tenant(&'static str),
    /// Those of the tenant that the claim `tenant` names, one of these; then the audience is one, and the life a minute.
    Named(&'static [&'static str]),
}

/// Whom a token speaks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Speaks {
    pub(crate) tenant: String,
    pub(crate) person: String,
    pub(crate) expires_at: Timestamp,
}

impl Rules {
    /// Whom a token of this header and these claims speaks for, once its signature is good; `None` for a refusal.
    pub(crate) fn read(
        &self,
        token_bytes: usize,
        header: &[u8],
        claims: &[u8],
        now: Timestamp,
        leeway: Duration,
    ) -> Option<Speaks> {
        let (header, claims) = (object(header)?, object(claims)?);
        let is_typed = match text(&header, "typ")? {
            None => self.types.contains(&""),
            Some(typ) => {
                let typ = typ.to_ascii_lowercase();
                let typ = typ.strip_prefix("application/").unwrap_or(&typ);
                !typ.is_empty() && self.types.contains(&typ)
            }
        };
        let kid = text(&header, "kid")?;
        let is_headed = token_bytes <= MAX_TOKEN_BYTES
            && REFUSED_MEMBERS.iter().all(|name| !header.contains_key(*name))
            && text(&header, "alg")?.as_deref() == Some(self.algorithm)
            && (self.kid.is_none() || kid.as_deref() == self.kid)
            && is_typed;
        let audience = texts(claims.get("aud")?)?;
        let is_meant = match self.session {
            Some(session) => {
                let fid = text(&claims, "fid")??;
                let is_passkey = |sid: String| {
                    let bytes = URL_SAFE_NO_PAD.decode(sid);
                    bytes.is_ok_and(|bytes| CredentialId::new(&bytes).is_some())
                };
                let is_of_a_passkey = text(&claims, "sid")?.is_none_or(is_passkey);
                audience == self.audience && fid == session.to_string() && is_of_a_passkey
            }
            None => audience.iter().any(|one| self.audience.contains(&one.as_str())),
        };
        let tenant = match self.reach {
            Reach::Tenant(tenant) => tenant.to_owned(),
            Reach::Named(tenants) => {
                let named = text(&claims, "tenant")??;
                let seconds = |name| Some(date(&claims, name)??.secs());
                let life_s = seconds("exp")? - seconds("iat")?;
                let is_assertion =
                    audience.len() == 1 && (1..=60).contains(&life_s) && tenants.contains(&named.as_str());
                is_assertion.then_some(named)?
            }
        };
        let is_ours = text(&claims, "iss")?.as_deref() == Some(self.issuer);
        let expires_at = date(&claims, "exp")??;
        let begins = [date(&claims, "nbf")?, date(&claims, "iat")?];
        let is_now = now < expires_at.plus(leeway)
            && begins.into_iter().flatten().all(|begin| begin <= now.plus(leeway));
        let person = text(&claims, "sub")??;
        let is_person = ExternalUserId::parse(&person).is_ok();
        (is_headed && is_meant && is_ours && is_now && is_person).then_some(Speaks {
            tenant,
            person,
            expires_at,
        })
    }
}

/// The members of a text that is one strict object.
fn object(text: &[u8]) -> Option<BTreeMap<String, String>> {
    let text = std::str::from_utf8(text).ok()?.trim_matches([' ', '\t', '\n', '\r']);
    is_strict(text, MAX_LEVELS).then(|| members(text))?.map(|members| members.into_iter().collect())
}

/// A member that is a string; the outer `None` where it is something else.
#[expect(clippy::option_option, reason = "absent, of a wrong type, and there are three answers")]
fn text(object: &BTreeMap<String, String>, name: &str) -> Option<Option<String>> {
    object.get(name).map(|text| serde_json::from_str(text).ok()).map_or(Some(None), |text| text.map(Some))
}

/// A string, or a list of strings.
fn texts(text: &str) -> Option<Vec<String>> {
    match serde_json::from_str(text) {
        Ok(one) => Some(vec![one]),
        Err(_) => items(text)?.into_iter().map(|item| serde_json::from_str(item.get()).ok()).collect(),
    }
}

/// A member that is a date; the outer `None` where it is something else.
#[expect(clippy::option_option, reason = "absent, of a wrong type, and there are three answers")]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked, and the fraction is to be cut off"
)]
fn date(object: &BTreeMap<String, String>, name: &str) -> Option<Option<Timestamp>> {
    let Some(text) = object.get(name) else { return Some(None) };
    let seconds: f64 = serde_json::from_str(text).ok()?;
    (0.0..=MAX_DATE_S).contains(&seconds).then(|| Some(Timestamp::from_secs(seconds as i64)))
}
