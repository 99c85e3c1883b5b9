//! Somebody else's tokens that an operator has chosen to accept.
//!
//! Whom an issuer may speak for is its [kind](IssuerKind)'s to say. Nothing of a token selects more than one of that
//! issuer's keys; algorithms are bound to keys when they are read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::compact::UnverifiedToken;
use crate::foreign_issuer_error::{ForeignIssuerError, ForeignIssuerProblem};
use crate::foreign_keys::ForeignKeys;
use crate::header::Header;
use crate::issuer_kind::IssuerKind;
use crate::key_ring::{KeyRing, KeySetError};
use crate::key_set_keeper::KeySetKeeper;
use crate::remote_keys::{KeySetFigures, RemoteKeys};
use async_trait::async_trait;
use jsonwebtoken::Algorithm;
use strongroom_ports::{
    AuthenticationUnavailable, Authenticator, Clock, Principal, Refusal, SessionId, Verdict,
};

/// An issuer as an operator configures it.
#[derive(Debug)]
pub struct ForeignIssuer {
    /// `iss`, compared byte for byte.
    pub issuer: String,
    /// Who we are to it: a token's `aud` must hold one of these.
    pub audience: Vec<String>,
    /// Its keys.
    pub keys: ForeignKeys,
    /// What its keys may do; each key does what also fits it.
    pub algorithms: Vec<Algorithm>,
    /// Whom it may speak for.
    pub kind: IssuerKind,
}

/// Verifies the tokens of foreign issuers.
pub struct ForeignTokens {
    issuers: BTreeMap<String, Issuer>,
    keepers: Vec<KeySetKeeper>,
    clock: Arc<dyn Clock>,
    leeway: Duration,
}

struct Issuer {
    keys: Keys,
    algorithms: Vec<Algorithm>,
    audience: Vec<String>,
    kind: IssuerKind,
}

/// Where an issuer's keys are now.
enum Keys {
    Given(RwLock<Arc<KeyRing>>),
    Kept(Arc<RemoteKeys>),
}

impl ForeignTokens {
    /// Reads every issuer's keys, those apart that are fetched; `leeway` is how much its clock may differ from ours.
    ///
    /// # Errors
    ///
    /// Every problem of every issuer at once.
    pub fn build(
        issuers: Vec<ForeignIssuer>,
        clock: Arc<dyn Clock>,
        leeway: Duration,
    ) -> Result<Self, Vec<ForeignIssuerError>> {
        let mut known = BTreeMap::new();
        let mut keepers = Vec::new();
        let mut errors = Vec::new();
        for ForeignIssuer { issuer, audience, keys, algorithms, kind } in issuers {
            let mut report = |problem| errors.push(ForeignIssuerError { issuer: issuer.clone(), problem });
            let is_empty = |list: &[String]| list.is_empty() || list.iter().any(String::is_empty);
            for (is_wrong, problem) in [
                (issuer.is_empty(), ForeignIssuerProblem::NoIssuer),
                (known.contains_key(&issuer), ForeignIssuerProblem::Duplicate),
                (is_empty(&audience), ForeignIssuerProblem::NoAudience),
                (algorithms.is_empty(), ForeignIssuerProblem::NoAlgorithms),
            ] {
                if is_wrong {
                    report(problem);
                }
            }
            kind.problems(&algorithms).for_each(&mut report);
            let keys = match keys {
                ForeignKeys::Remote(set) => {
                    let keys = Arc::new(RemoteKeys::new(set.max_age));
                    let (issuer, algorithms) = (issuer.clone(), algorithms.clone());
                    keepers.push(KeySetKeeper::new(issuer, algorithms, set, Arc::clone(&keys)));
                    Keys::Kept(keys)
                }
                given => match read(&given, &algorithms) {
                    Ok(ring) => Keys::Given(RwLock::new(Arc::new(ring))),
                    Err(error) => {
                        report(ForeignIssuerProblem::Keys(error));
                        continue;
                    }
                },
            };
            let settings = Issuer { keys, algorithms, audience, kind };
            known.insert(issuer, settings);
        }
        if errors.is_empty() { Ok(Self { issuers: known, keepers, clock, leeway }) } else { Err(errors) }
    }

    /// The keepers of the key sets that are fetched, each to be [run](KeySetKeeper::run): until then, no token of these
    /// issuers can be verified. Given once.
    pub fn take_keepers(&mut self) -> Vec<KeySetKeeper> {
        std::mem::take(&mut self.keepers)
    }

    /// Has every key set that is fetched looked at now.
    pub fn look_again(&self) {
        for issuer in self.issuers.values() {
            if let Keys::Kept(keys) = &issuer.keys {
                keys.look_again();
            }
        }
    }

    /// Puts other keys in the place of an issuer's, from the next token on; whoever remembers tokens of the old ones must
    /// [forget](crate::TokenCache::forget_all) them. Whether they are others. A set that is fetched, and an issuer that is
    /// not configured, stay as they are.
    ///
    /// # Errors
    ///
    /// The keys cannot be used: the old ones stay.
    pub fn replace_keys(&self, issuer: &str, keys: &ForeignKeys) -> Result<bool, ForeignIssuerError> {
        let Some(Issuer { keys: Keys::Given(current), algorithms, .. }) = self.issuers.get(issuer) else {
            return Ok(false);
        };
        let ring = read(keys, algorithms).map_err(|error| ForeignIssuerError {
            issuer: issuer.to_owned(),
            problem: ForeignIssuerProblem::Keys(error),
        })?;
        let mut current = current.write().unwrap_or_else(PoisonError::into_inner);
        let replaces = !current.is_same(&ring);
        *current = Arc::new(ring);
        Ok(replaces)
    }

    /// What there is to count of the key sets that are fetched, by issuer.
    #[must_use]
    pub fn key_set_figures(&self) -> Vec<KeySetFigures> {
        let figures = |(issuer, settings): (&String, &Issuer)| match &settings.keys {
            Keys::Kept(keys) => Some(keys.figures(issuer)),
            Keys::Given(_) => None,
        };
        self.issuers.iter().filter_map(figures).collect()
    }

    /// Who a token speaks for.
    async fn read(&self, token: &str) -> Result<Verdict, AuthenticationUnavailable> {
        let Some(token) = UnverifiedToken::parse(token) else { return Ok(Verdict::NotMine) };
        let Some(issuer) = token.issuer().and_then(|iss| self.issuers.get(iss)) else {
            return Ok(Verdict::NotMine);
        };
        let Some(header) = token.header().filter(|header| issuer.takes(header)) else {
            return Ok(Verdict::Refused(Refusal::Invalid));
        };
        let Some(ring) = issuer.keys.keys_for(header.kid.as_deref()).await? else {
            return Ok(Verdict::Refused(Refusal::Invalid));
        };
        Ok(match self.judge(issuer, token, &header, &ring) {
            Ok(principal) => Verdict::Known(Arc::new(principal)),
            Err(refusal) => Verdict::Refused(refusal),
        })
    }

    fn judge(
        &self,
        issuer: &Issuer,
        token: UnverifiedToken<'_>,
        header: &Header,
        ring: &KeyRing,
    ) -> Result<Principal, Refusal> {
        let key = ring.find(header.kid.as_deref()).ok_or(Refusal::Invalid)?;
        let claims = token.verify(key, header).ok_or(Refusal::Invalid)?;

        let expires_at = claims.expires_at(self.clock.now(), self.leeway)?;
        let caller = issuer.kind.caller(&claims, &issuer.audience)?;
        Ok(Principal { caller, session: None, credential: None, expires_at })
    }
}

impl Keys {
    /// The keys to try a token with that names this one.
    async fn keys_for(&self, kid: Option<&str>) -> Result<Option<Arc<KeyRing>>, AuthenticationUnavailable> {
        match self {
            Self::Given(ring) => Ok(Some(Arc::clone(&ring.read().unwrap_or_else(PoisonError::into_inner)))),
            Self::Kept(keys) => keys.keys_for(kid).await,
        }
    }
}

impl Issuer {
    /// Whether a token's algorithm and type are those of the issuer. What fails here makes nobody look for keys.
    fn takes(&self, header: &Header) -> bool {
        self.kind.takes(header) && self.algorithms.contains(&header.algorithm)
    }
}

/// Keys that are given, read.
fn read(keys: &ForeignKeys, allowed: &[Algorithm]) -> Result<KeyRing, KeySetError> {
    match keys {
        ForeignKeys::KeySet(document) => KeyRing::read_set(document, allowed),
        ForeignKeys::PublicKeyPem(pem) => KeyRing::read_pem(pem, allowed),
        ForeignKeys::Secret(secret) => KeyRing::read_secret(secret, allowed),
        ForeignKeys::Remote(_) => Err(KeySetError::NoKey),
    }
}

#[async_trait]
impl Authenticator for ForeignTokens {
    async fn authenticate(&self, token: &str) -> Result<Verdict, AuthenticationUnavailable> {
        self.read(token).await
    }

    /// Foreign tokens have no session of ours.
    fn forget(&self, _: &SessionId) {}
}

/// Printed by its issuers' names.
impl fmt::Debug for ForeignTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignTokens")
            .field("issuers", &self.issuers.keys())
            .field("leeway", &self.leeway)
            .finish_non_exhaustive()
    }
}
