//! `[[issuer]]`: somebody else's tokens that are accepted.

use std::path::PathBuf;

use strongroom_jwt::Algorithm;
use strongroom_ports::TenantId;

use super::raw::Raw;
use super::reader::{Noted, Section};

/// An issuer whose tokens are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issuer {
    /// `issuer`: the `iss` of its tokens, byte for byte.
    pub(crate) iss: String,
    /// `audience`: a token's `aud` must hold one of these; never empty.
    pub(crate) audience: Vec<String>,
    /// `jwks_file`, `public_key_file` or `secret_file`.
    pub(crate) keys: IssuerKeys,
    /// `algorithms`: what its keys may be used with; never empty, of one family.
    pub(crate) algorithms: Vec<Algorithm>,
    /// `subject_claim`: which claim holds the externalUserId.
    pub(crate) subject_claim: String,
    /// `token_type`: the `typ` that is required; `None` takes an absent one, `JWT` and `at+jwt`.
    pub(crate) token_type: Option<String>,
    /// `tenant`: whoever this issuer calls X is X in this tenant, one of the configured.
    pub(crate) tenant: TenantId,
}

/// Where an issuer's keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IssuerKeys {
    /// A JSON Web Key Set (RFC 7517).
    Jwks(PathBuf),
    /// One public key in PEM.
    PublicKey(PathBuf),
    /// One shared secret, as it is, in a file of mode 0600.
    Secret(PathBuf),
}

impl Issuer {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let iss = section.required("issuer", filled);
        let audience = section.required_list("audience", filled_text);
        let sources = [
            section.path_or_none("jwks_file", "").map(|path| path.map(IssuerKeys::Jwks)),
            section.path_or_none("public_key_file", "").map(|path| path.map(IssuerKeys::PublicKey)),
            section.path_or_none("secret_file", "").map(|path| path.map(IssuerKeys::Secret)),
        ];
        let algorithms = section.required_list("algorithms", algorithm);
        let subject_claim = section.read("subject_claim", "sub", filled);
        let token_type = section.read("token_type", "", |raw| match raw.text()? {
            "" => Ok(None),
            text => Ok(Some(text.to_owned())),
        });
        let tenant =
            section.required("tenant", |raw| TenantId::parse(raw.text()?).map_err(|error| error.to_string()));

        let algorithms = algorithms.and_then(|algorithms| of_one_family(section, algorithms));
        let keys = exactly_one(section, sources);
        let (algorithms, keys) = (algorithms?, keys?);
        match (&keys, algorithms.iter().copied().any(is_mac)) {
            (IssuerKeys::Secret(_), false) => {
                return section.refuse("algorithms", "a secret_file goes with HS256, HS384, HS512 only");
            }
            (IssuerKeys::PublicKey(_), true) => {
                return section.refuse("algorithms", "a public_key_file never goes with HS256, HS384, HS512");
            }
            _ => {}
        }
        Some(Self {
            iss: iss?,
            audience: audience?,
            keys,
            algorithms,
            subject_claim: subject_claim?,
            token_type: token_type?,
            tenant: tenant?,
        })
    }
}

/// A public key taken for a shared secret is the oldest trick on tokens (RFC 8725, section 2.1): no issuer has both.
fn of_one_family(section: &mut Section<'_>, algorithms: Vec<Algorithm>) -> Option<Vec<Algorithm>> {
    if algorithms.iter().copied().any(is_mac) && !algorithms.iter().copied().all(is_mac) {
        section.refuse("algorithms", "those of shared secrets (HS…) and those of public keys do not mix")
    } else {
        Some(algorithms)
    }
}

/// By its registered name (RFC 7518, section 3.1; RFC 8037); `none` is no algorithm.
fn algorithm(text: &str) -> Result<Algorithm, String> {
    text.parse().map_err(|_| "expected HS, RS or PS with 256, 384 or 512, ES256, ES384 or EdDSA".to_owned())
}

/// Whether an algorithm's key is a shared secret.
fn is_mac(algorithm: Algorithm) -> bool {
    matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
}

fn exactly_one(
    section: &mut Section<'_>,
    sources: [Result<Option<IssuerKeys>, Noted>; 3],
) -> Option<IssuerKeys> {
    let mut given = Vec::new();
    for source in sources {
        given.extend(source.ok()?);
    }
    match (given.pop(), given.is_empty()) {
        (Some(keys), true) => Some(keys),
        _ => section.refuse_whole("exactly one of jwks_file, public_key_file, secret_file must be given"),
    }
}

fn filled(raw: &Raw<'_>) -> Result<String, String> {
    filled_text(raw.text()?)
}

fn filled_text(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.to_owned()) }
}
