//! Two issuers and a gateway with keys that everybody can read here, and those who verify their tokens.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_executor::block_on;
use strongroom_jwt::{
    Algorithm, ForeignIssuer, ForeignIssuerError, ForeignKeys, ForeignTokens, IssuerKind, Lifetimes,
    OwnTokens, SigningKeys, TokenCache,
};
use strongroom_ports::{
    Authenticator, NewSession, RefreshHash, SessionId, SessionStore, TokenIssuer as _, Verdict,
};
use strongroom_testkit::fake::{CountingRandomness, InMemoryAccountStore, ManualClock};
use strongroom_testkit::sample;
use zeroize::Zeroizing;

use crate::token_model::{Reach, Rules};

pub(crate) const LEEWAY: Duration = Duration::from_secs(30);
/// The seed of our signing key, and the secret shared with the foreign issuer.
const SEED: [u8; 32] = [1; 32];
const SECRET: [u8; 64] = [7; 64];
/// The seed of the gateway's key.
const GATEWAY_SEED: [u8; 32] = [2; 32];
/// The session that is live.
const SESSION: SessionId = SessionId::from_bytes([3; 16]);
/// More than an input needs, so few that entries are pushed out.
const CACHE_ENTRIES: usize = 16;

/// What our own access tokens must say.
pub(crate) const OWN: Rules = Rules {
    algorithm: "EdDSA",
    kid: Some("first"),
    types: &["at+jwt"],
    issuer: sample::TENANT,
    audience: &[sample::TENANT],
    session: Some(SESSION),
    reach: Reach::Tenant(sample::TENANT),
};

/// What the foreign issuer's tokens must say.
pub(crate) const FOREIGN: Rules = Rules {
    algorithm: "HS256",
    kid: None,
    types: &["", "jwt", "at+jwt"],
    issuer: "https://id.shop.example",
    audience: &["other", "strongroom"],
    session: None,
    reach: Reach::Tenant(sample::OTHER_TENANT),
};

/// What a gateway's tokens must say.
pub(crate) const GATEWAY: Rules = Rules {
    algorithm: "EdDSA",
    kid: None,
    types: &["ga+jwt"],
    issuer: "https://gateway.example",
    audience: &["other", "strongroom"],
    session: None,
    reach: Reach::Named(&[sample::TENANT, sample::OTHER_TENANT]),
};

/// Whose key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signer {
    Own,
    Foreign,
    Gateway,
}

/// Everybody who looks at a token.
pub(crate) struct World {
    own_pair: Ed25519KeyPair,
    gateway_pair: Ed25519KeyPair,
    secret: hmac::Key,
    pub(crate) own: Arc<OwnTokens>,
    pub(crate) foreign: Arc<ForeignTokens>,
    pub(crate) cache: TokenCache,
    /// A good token of each kind: ours for access, ours for a refresh, and a foreign one.
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) foreigner: String,
}

impl World {
    /// The same each time; `None` never, as long as the keys above are keys.
    pub(crate) fn new() -> Option<Self> {
        let seed = URL_SAFE_NO_PAD.encode(SEED);
        let file = format!(r#"{{"version":1,"keys":[{{"kid":"first","private_key":"{seed}"}}]}}"#);
        let (clock, sessions) =
            (Arc::new(ManualClock::at(sample::now())), Arc::new(InMemoryAccountStore::new()));
        let lifetimes = Lifetimes {
            access_lifetime: Duration::from_hours(1),
            refresh_lifetime: Duration::from_hours(24),
            leeway: LEEWAY,
        };
        let session = NewSession {
            id: SESSION,
            owner: sample::record_id("fuzz"),
            credential: None,
            refresh: RefreshHash::from_bytes([4; 32]),
            created_at: sample::now(),
            lapses_at: sample::now().plus(Duration::from_hours(24)),
        };
        block_on(sessions.open(session)).ok()?;
        let own = Arc::new(OwnTokens::new(
            SigningKeys::parse(file.as_bytes()).ok()?,
            [sample::tenant(sample::TENANT)],
            sessions,
            clock.clone(),
            Arc::new(CountingRandomness::new()),
            lifetimes,
        ));
        let gateway_pair = Ed25519KeyPair::from_seed_unchecked(&GATEWAY_SEED).ok()?;
        let secret = ForeignKeys::Secret(Zeroizing::new(SECRET.to_vec()));
        let issuers = vec![issuer(secret, Algorithm::HS256), gateway(&gateway_pair)];
        let foreign = Arc::new(ForeignTokens::build(issuers, clock.clone(), LEEWAY).ok()?);
        let cache = TokenCache::new(vec![own.clone(), foreign.clone()], clock, CACHE_ENTRIES, LEEWAY);
        let own_pair = Ed25519KeyPair::from_seed_unchecked(&SEED).ok()?;
        let pair = own.issue(&sample::caller(), &SESSION, None).ok()?;
        let world = Self {
            own_pair,
            gateway_pair,
            secret: hmac::Key::new(hmac::HMAC_SHA256, &SECRET),
            own,
            foreign,
            cache,
            access: pair.access.as_str().to_owned(),
            refresh: pair.refresh.as_str().to_owned(),
            foreigner: String::new(),
        };
        let claims = format!(
            r#"{{"iss":"{}","aud":"strongroom","sub":"jane","exp":{}}}"#,
            FOREIGN.issuer,
            sample::now().secs() + 60
        );
        let foreigner = world.sign(Signer::Foreign, br#"{"alg":"HS256"}"#, claims.as_bytes());
        Some(Self { foreigner, ..world })
    }

    /// A token of this header and these claims, truly signed.
    pub(crate) fn sign(&self, signer: Signer, header: &[u8], claims: &[u8]) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        format!("{message}.{}", self.signature(signer, message.as_bytes()))
    }

    /// Whether the last segment is the one signature that this signer makes of the others.
    pub(crate) fn is_signed(&self, signer: Signer, token: &str) -> bool {
        let parts = token.rsplit_once('.');
        parts.is_some_and(|(signed, signature)| signature == self.signature(signer, signed.as_bytes()))
    }

    fn signature(&self, signer: Signer, message: &[u8]) -> String {
        match signer {
            Signer::Own => URL_SAFE_NO_PAD.encode(self.own_pair.sign(message)),
            Signer::Gateway => URL_SAFE_NO_PAD.encode(self.gateway_pair.sign(message)),
            Signer::Foreign => URL_SAFE_NO_PAD.encode(hmac::sign(&self.secret, message)),
        }
    }
}

/// A verifier of the foreign issuer's tokens by these keys.
pub(crate) fn verifier(
    keys: ForeignKeys,
    algorithm: Algorithm,
) -> Result<ForeignTokens, Vec<ForeignIssuerError>> {
    ForeignTokens::build(vec![issuer(keys, algorithm)], Arc::new(ManualClock::at(sample::now())), LEEWAY)
}

fn issuer(keys: ForeignKeys, algorithm: Algorithm) -> ForeignIssuer {
    ForeignIssuer {
        issuer: FOREIGN.issuer.to_owned(),
        audience: texts(FOREIGN.audience),
        keys,
        algorithms: vec![algorithm],
        kind: IssuerKind::Bound {
            subject_claim: "sub".to_owned(),
            token_type: None,
            tenant: sample::tenant(sample::OTHER_TENANT),
        },
    }
}

fn gateway(pair: &Ed25519KeyPair) -> ForeignIssuer {
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let set = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#);
    ForeignIssuer {
        issuer: GATEWAY.issuer.to_owned(),
        audience: texts(GATEWAY.audience),
        keys: ForeignKeys::KeySet(set.into_bytes()),
        algorithms: vec![Algorithm::EdDSA],
        kind: IssuerKind::Gateway {
            tenants: [sample::TENANT, sample::OTHER_TENANT].map(sample::tenant).into(),
        },
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&one| one.to_owned()).collect()
}

/// The verdict of one who needs nothing that could be out of reach.
pub(crate) fn judge(authenticator: &dyn Authenticator, token: &str) -> Verdict {
    let verdict = block_on(authenticator.authenticate(token));
    assert!(verdict.is_ok(), "a token made an authenticator unavailable");
    verdict.unwrap_or(Verdict::NotMine)
}
