//! `[[issuer]]`: somebody else's tokens that are accepted.

use std::path::PathBuf;
use std::time::Duration;

use strongroom_jwt::{Algorithm, is_assertion_type};
use strongroom_ports::TenantId;
use strongroom_upstream::Endpoint;

use super::raw::{Raw, flag};
use super::reader::{Noted, Section};

const DAY_S: u32 = 24 * 60 * 60;
/// Where an issuer names people, by RFC 7519.
const SUBJECT_CLAIM: &str = "sub";
/// Often enough that a key which is withdrawn is gone within minutes, and seldom enough to be no burden to the issuer.
const REFRESH_S: u32 = 300;
/// A bad day of the issuer is not one of ours.
const MAX_AGE_S: u32 = DAY_S;

/// An issuer whose tokens are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issuer {
    /// `issuer`: the `iss` of its tokens, byte for byte.
    pub(crate) iss: String,
    /// `audience`: a token's `aud` must hold one of these; never empty.
    pub(crate) audience: Vec<String>,
    /// `jwks_url`, `jwks_file`, `public_key_file` or `secret_file`.
    pub(crate) keys: IssuerKeys,
    /// `algorithms`: what its keys may be used with; never empty, of one family.
    pub(crate) algorithms: Vec<Algorithm>,
    /// Whom it may speak for.
    pub(crate) reach: Reach,
}

/// Whom an issuer may speak for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The people of one tenant.
    Tenant {
        /// `subject_claim`: which claim holds the externalUserId.
        subject_claim: String,
        /// `token_type`: the `typ` that is required; `None` takes an absent one, `JWT` and `at+jwt`.
        token_type: Option<String>,
        /// `tenant`: whoever this issuer calls X is X in this tenant, one of the configured.
        tenant: TenantId,
    },
    /// `gateway = true`: anybody, in every configured tenant.
    AllTenants,
}

/// Where an issuer's keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IssuerKeys {
    /// A JSON Web Key Set (RFC 7517) that the issuer publishes.
    Published(PublishedKeys),
    /// A JSON Web Key Set (RFC 7517).
    Jwks(PathBuf),
    /// One public key in PEM.
    PublicKey(PathBuf),
    /// One shared secret, as it is, in a file of mode 0600.
    Secret(PathBuf),
}

/// A key set that is fetched, and fetched again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublishedKeys {
    /// `jwks_url`.
    pub(crate) endpoint: Endpoint,
    /// `jwks_ca_file`: authorities that are trusted besides the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// `jwks_refresh_s`: from one fetch to the next.
    pub(crate) refresh: Duration,
    /// `jwks_max_age_s`: how old a set may become; longer than the former.
    pub(crate) max_age: Duration,
}

impl Issuer {
    /// Whether it is a gateway, that speaks for anybody.
    pub(crate) fn is_gateway(&self) -> bool {
        matches!(self.reach, Reach::AllTenants)
    }

    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let iss = section.required("issuer", filled);
        let audience = section.required_list("audience", filled_text);
        let published = read_published(section);
        let sources = [
            published.map(|keys| keys.map(IssuerKeys::Published)),
            section.path_or_none("jwks_file", "").map(|path| path.map(IssuerKeys::Jwks)),
            section.path_or_none("public_key_file", "").map(|path| path.map(IssuerKeys::PublicKey)),
            section.path_or_none("secret_file", "").map(|path| path.map(IssuerKeys::Secret)),
        ];
        let algorithms = section.required_list("algorithms", algorithm);
        let reach = read_reach(section);

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
            (IssuerKeys::Published(_), true) => {
                return section.refuse("algorithms", "a jwks_url never goes with HS256, HS384, HS512");
            }
            (_, true) if reach == Some(Reach::AllTenants) => {
                return section.refuse("algorithms", "a gateway never goes with HS256, HS384, HS512");
            }
            _ => {}
        }
        Some(Self { iss: iss?, audience: audience?, keys, algorithms, reach: reach? })
    }
}

/// A gateway's assertions have their own type and claims: nothing is chosen about them, the tenant least of all.
fn read_reach(section: &mut Section<'_>) -> Option<Reach> {
    let is_gateway = section.read("gateway", false, flag);
    let subject_claim = section.read("subject_claim", SUBJECT_CLAIM, filled);
    let token_type = section.read("token_type", "", |raw| match raw.text()? {
        "" => Ok(None),
        text if is_assertion_type(text) => {
            Err("the type of a gateway's assertions: say `gateway = true`".to_owned())
        }
        text => Ok(Some(text.to_owned())),
    });
    match is_gateway {
        Some(true) => {
            read_tenant(section, Err("never with `gateway = true`: each assertion names its tenant"))?;
            let (subject_claim, token_type) = (subject_claim?, token_type?);
            for (is_given, key) in
                [(subject_claim != SUBJECT_CLAIM, "subject_claim"), (token_type.is_some(), "token_type")]
            {
                if is_given {
                    section.refuse::<()>(key, "never with `gateway = true`: assertions have their own");
                }
            }
            Some(Reach::AllTenants)
        }
        Some(false) => {
            let tenant = section.required("tenant", |raw| parse_tenant(raw.text()?));
            let (subject_claim, token_type) = (subject_claim?, token_type?);
            Some(Reach::Tenant { subject_claim, token_type, tenant: tenant? })
        }
        // Whether a tenant is wanted cannot be said.
        None => {
            read_tenant(section, Ok(()));
            None
        }
    }
}

/// A tenant that need not be given; `given` is what is said where it is.
fn read_tenant(section: &mut Section<'_>, given: Result<(), &str>) -> Option<()> {
    section.read("tenant", "", |raw| match raw.text()? {
        "" => Ok(()),
        _ => given.map_err(str::to_owned),
    })
}

fn parse_tenant(text: &str) -> Result<TenantId, String> {
    TenantId::parse(text).map_err(|error| error.to_string())
}

/// The published set, `None` where no URL is given: then nothing is said about how to fetch it.
fn read_published(section: &mut Section<'_>) -> Result<Option<PublishedKeys>, Noted> {
    let endpoint = section.read("jwks_url", "", |raw| match raw.text()? {
        "" => Ok(None),
        url => Endpoint::parse(url).map(Some).map_err(|error| error.to_string()),
    });
    let ca_file = section.path_or_none("jwks_ca_file", "");
    let refresh = section.read("jwks_refresh_s", REFRESH_S, |raw| raw.seconds(1..=DAY_S));
    let max_age = section.read("jwks_max_age_s", MAX_AGE_S, |raw| raw.seconds(2..=7 * DAY_S));

    let (endpoint, ca_file) = (endpoint.ok_or(Noted)?, ca_file?);
    let (refresh, max_age) = (refresh.ok_or(Noted)?, max_age.ok_or(Noted)?);
    let Some(endpoint) = endpoint else {
        for (is_given, key) in [
            (ca_file.is_some(), "jwks_ca_file"),
            (refresh != Duration::from_secs(REFRESH_S.into()), "jwks_refresh_s"),
            (max_age != Duration::from_secs(MAX_AGE_S.into()), "jwks_max_age_s"),
        ] {
            if is_given {
                section.refuse::<()>(key, "goes with a jwks_url only");
            }
        }
        return Ok(None);
    };
    if ca_file.is_some() && endpoint.is_plain() {
        section.refuse::<()>("jwks_ca_file", "goes with an https URL only");
    }
    if max_age <= refresh {
        section.refuse::<()>(
            "jwks_max_age_s",
            "not longer than jwks_refresh_s: the set would lapse before each fetch",
        );
    }
    Ok(Some(PublishedKeys { endpoint, ca_file, refresh, max_age }))
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
    sources: [Result<Option<IssuerKeys>, Noted>; 4],
) -> Option<IssuerKeys> {
    let mut given = Vec::new();
    for source in sources {
        given.extend(source.ok()?);
    }
    match (given.pop(), given.is_empty()) {
        (Some(keys), true) => Some(keys),
        _ => section
            .refuse_whole("exactly one of jwks_url, jwks_file, public_key_file, secret_file must be given"),
    }
}

fn filled(raw: &Raw<'_>) -> Result<String, String> {
    filled_text(raw.text()?)
}

fn filled_text(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.to_owned()) }
}
