//! One way to make a good token, and every way to make it otherwise: JSON as text, so that it can be wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::Algorithm;

use super::pairs::{Pair, b64};

/// The members of a JSON object as they will stand in the text: nothing keeps two from having one name.
#[derive(Clone, Default)]
pub(super) struct Members(Vec<(String, String)>);

impl Members {
    /// With this member, in the place of one that has its name.
    pub(super) fn with(mut self, name: &str, json: impl Into<String>) -> Self {
        let json = json.into();
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, value)) => *value = json,
            None => self.0.push((name.to_owned(), json)),
        }
        self
    }

    /// With this member behind all others, whatever they are called.
    pub(super) fn again(mut self, name: &str, json: impl Into<String>) -> Self {
        self.0.push((name.to_owned(), json.into()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The JSON of a member.
    pub(super) fn get(&self, name: &str) -> &str {
        &self.0.iter().find(|(known, _)| known == name).expect("a member of this name").1
    }

    /// The object's text; names are written as they are.
    pub(super) fn text(&self) -> String {
        let members: Vec<_> = self.0.iter().map(|(name, json)| format!(r#""{name}":{json}"#)).collect();
        format!("{{{}}}", members.join(","))
    }
}

/// A key with an algorithm, and the header and claims of the good tokens that it makes.
#[derive(Clone)]
pub(super) struct Signer {
    pub(super) pair: Arc<Pair>,
    pub(super) algorithm: Algorithm,
    pub(super) header: Members,
    claims: Members,
    /// For tokens that must be young: they say when they were made, and expire so much later.
    life_s: Option<u64>,
}

impl Signer {
    /// The header gets `alg`, and `kid` if there is one.
    pub(super) fn new(pair: &Arc<Pair>, algorithm: Algorithm, kid: Option<&str>, claims: Members) -> Self {
        let header = Members::default().with("alg", quoted(&format!("{algorithm:?}")));
        let header = kid.iter().fold(header, |header, kid| header.with("kid", quoted(kid)));
        Self { pair: Arc::clone(pair), algorithm, header, claims, life_s: None }
    }

    /// The same, for tokens of this life from when they are made.
    pub(super) fn living_s(self, life_s: u64) -> Self {
        Self { life_s: Some(life_s), ..self }
    }

    /// The claims of a good token, with a `jti` that no other has.
    pub(super) fn claims(&self) -> Members {
        static TOKENS: AtomicU64 = AtomicU64::new(0);
        let claims =
            self.claims.clone().with("jti", quoted(&TOKENS.fetch_add(1, Ordering::Relaxed).to_string()));
        match self.life_s {
            Some(life_s) => aged(claims, 0, life_s),
            None => claims,
        }
    }

    /// Whom its tokens speak for.
    pub(super) fn person(&self) -> &str {
        let claim = if self.claims.has("sub") { "sub" } else { "customer" };
        self.claims.get(claim).trim_matches('"')
    }

    pub(super) fn good(&self) -> String {
        self.token(self.header.text(), self.claims().text())
    }

    /// A well-signed token with another header.
    pub(super) fn headed(&self, change: impl FnOnce(Members) -> Members) -> String {
        self.token(change(self.header.clone()).text(), self.claims().text())
    }

    /// A well-signed token with other claims.
    pub(super) fn claiming(&self, change: impl FnOnce(Members) -> Members) -> String {
        self.token(self.header.text(), change(self.claims()).text())
    }

    /// A well-signed token of this header and these claims, whatever they are.
    pub(super) fn token(&self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        self.seal(&format!("{}.{}", b64(header), b64(claims)))
    }

    /// Signs what stands before the last dot, as it is.
    pub(super) fn seal(&self, signed: &str) -> String {
        format!("{signed}.{}", b64(self.pair.sign(self.algorithm, signed.as_bytes())))
    }

    /// A token whose header and claims are good, with whatever stands for a signature.
    pub(super) fn signed_by(&self, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let signed = self.unsigned();
        format!("{signed}.{}", b64(sign(signed.as_bytes())))
    }

    /// The first two segments of a good token.
    pub(super) fn unsigned(&self) -> String {
        format!("{}.{}", b64(self.header.text()), b64(self.claims().text()))
    }

    /// The same with another key.
    pub(super) fn keyed(&self, pair: impl Into<Arc<Pair>>) -> Self {
        Self { pair: pair.into(), ..self.clone() }
    }

    /// The same with another algorithm, and a header that says so.
    pub(super) fn doing(&self, algorithm: Algorithm) -> Self {
        let header = self.header.clone().with("alg", quoted(&format!("{algorithm:?}")));
        Self { algorithm, header, ..self.clone() }
    }

    /// Another's tokens, made with this key in its own way.
    pub(super) fn posing_as(&self, other: &Self) -> Self {
        Self { pair: Arc::clone(&self.pair), algorithm: self.algorithm, ..other.clone() }
    }
}

/// With the dates of a token that was made a moment ago, at most seconds, and lives so long from then.
pub(super) fn aged(claims: Members, ago_s: u64, life_s: u64) -> Members {
    let issued_at = now_s() - ago_s;
    claims.with("iat", issued_at.to_string()).with("exp", (issued_at + life_s).to_string())
}

/// A string of JSON; the text needs no escapes.
pub(super) fn quoted(text: &str) -> String {
    format!(r#""{text}""#)
}

/// Seconds since the epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary under test reads the wall clock, and so must its tokens"
)]
pub(super) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
