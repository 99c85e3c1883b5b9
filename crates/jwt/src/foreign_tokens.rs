//! Somebody else's tokens that an operator has chosen to accept.
//!
//! An issuer is bound to one tenant: whoever it calls X is X there. Nothing of a token selects more than one of that
//! issuer's keys; algorithms are bound to keys when they are read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jsonwebtoken::Algorithm;
use strongroom_ports::{
    AuthenticationUnavailable, Authenticator, Caller, Clock, Principal, Refusal, SessionId, TenantId, Verdict,
};
use thiserror::Error;

use crate::compact::UnverifiedToken;
use crate::foreign_keys::{ForeignKeys, KeyRing, KeySetError};
use crate::header::Header;

/// The types that say "a token for access" where no other is asked for: none, the general one, and RFC 9068's.
const GENERAL_TYPES: [&str; 2] = ["JWT", "at+jwt"];

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
    /// The claim that holds the `externalUserId`; mostly `sub`.
    pub subject_claim: String,
    /// The `typ` that its tokens must have; `None`: absent, `JWT` or `at+jwt`.
    pub token_type: Option<String>,
    /// Whose world its people live in.
    pub tenant: TenantId,
}

/// Verifies the tokens of foreign issuers.
pub struct ForeignTokens {
    issuers: BTreeMap<String, Issuer>,
    clock: Arc<dyn Clock>,
    leeway: Duration,
}

struct Issuer {
    keys: KeyRing,
    audience: Vec<String>,
    subject_claim: String,
    token_type: Option<String>,
    tenant: TenantId,
}

impl ForeignTokens {
    /// Reads every issuer's keys; `leeway` is how much its clock may differ from ours.
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
        let mut errors = Vec::new();
        for ForeignIssuer { issuer, audience, keys, algorithms, subject_claim, token_type, tenant } in issuers
        {
            let mut report = |problem| errors.push(ForeignIssuerError { issuer: issuer.clone(), problem });
            let is_empty = |list: &[String]| list.is_empty() || list.iter().any(String::is_empty);
            for (is_wrong, problem) in [
                (issuer.is_empty(), ForeignIssuerProblem::NoIssuer),
                (known.contains_key(&issuer), ForeignIssuerProblem::Duplicate),
                (is_empty(&audience), ForeignIssuerProblem::NoAudience),
                (algorithms.is_empty(), ForeignIssuerProblem::NoAlgorithms),
                (subject_claim.is_empty(), ForeignIssuerProblem::NoSubjectClaim),
                (token_type.as_deref() == Some(""), ForeignIssuerProblem::NoTokenType),
            ] {
                if is_wrong {
                    report(problem);
                }
            }
            match KeyRing::read(&keys, &algorithms) {
                Ok(keys) => {
                    known.insert(issuer, Issuer { keys, audience, subject_claim, token_type, tenant });
                }
                Err(error) => report(ForeignIssuerProblem::Keys(error)),
            }
        }
        if errors.is_empty() { Ok(Self { issuers: known, clock, leeway }) } else { Err(errors) }
    }

    /// Who a token speaks for; `None` when its issuer is not configured.
    fn read(&self, token: &str) -> Result<Option<Principal>, Refusal> {
        let Some(token) = UnverifiedToken::parse(token) else { return Ok(None) };
        let Some(issuer) = token.issuer().and_then(|iss| self.issuers.get(iss)) else { return Ok(None) };

        let header = token.header().filter(|header| issuer.takes(header)).ok_or(Refusal::Invalid)?;
        let key = issuer.keys.find(header.kid.as_deref()).ok_or(Refusal::Invalid)?;
        let claims = token.verify(key, &header).ok_or(Refusal::Invalid)?;

        let expires_at = claims.expires_at(self.clock.now(), self.leeway)?;
        if !claims.audience().iter().any(|audience| issuer.audience.contains(audience)) {
            return Err(Refusal::Invalid);
        }
        let person = claims.person(&issuer.subject_claim)?;
        let caller = Caller { tenant: issuer.tenant.clone(), person };
        Ok(Some(Principal { caller, session: None, expires_at }))
    }
}

impl Issuer {
    /// Whether a token of this type is meant for access (RFC 8725, section 3.11).
    fn takes(&self, header: &Header) -> bool {
        match &self.token_type {
            Some(required) => header.is_typed(required),
            None => header.is_untyped() || GENERAL_TYPES.iter().any(|general| header.is_typed(general)),
        }
    }
}

#[async_trait]
impl Authenticator for ForeignTokens {
    async fn authenticate(&self, token: &str) -> Result<Verdict, AuthenticationUnavailable> {
        Ok(match self.read(token) {
            Ok(Some(principal)) => Verdict::Known(Arc::new(principal)),
            Ok(None) => Verdict::NotMine,
            Err(refusal) => Verdict::Refused(refusal),
        })
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

/// What is wrong with an issuer's configuration, for its operator.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("issuer `{issuer}`: {problem}")]
pub struct ForeignIssuerError {
    /// The issuer, as configured.
    pub issuer: String,
    /// What is wrong.
    pub problem: ForeignIssuerProblem,
}

/// One thing that is wrong with an issuer's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ForeignIssuerProblem {
    /// Without a name.
    #[error("`issuer` is empty")]
    NoIssuer,
    /// Configured before.
    #[error("configured twice: its keys belong in one place")]
    Duplicate,
    /// A token would be for anybody.
    #[error("`audience` is empty, or has an empty entry")]
    NoAudience,
    /// No token could be accepted.
    #[error("`algorithms` is empty")]
    NoAlgorithms,
    /// Nobody could be named.
    #[error("`subject_claim` is empty")]
    NoSubjectClaim,
    /// Required, and nothing.
    #[error("`token_type` is empty")]
    NoTokenType,
    /// Its keys cannot be used.
    #[error(transparent)]
    Keys(KeySetError),
}
