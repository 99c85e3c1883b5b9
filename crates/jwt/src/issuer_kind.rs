//! Whom the tokens of an issuer may speak for, and by which type and claims: the one place where a gateway differs from any
//! other issuer.
//!
//! Each kind takes types that the other never does. So no other issuer's token passes for an assertion, whatever it claims,
//! and a gateway's key signs nothing but assertions.

use std::collections::BTreeSet;

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use strongroom_ports::{Caller, Refusal, TenantId};

use crate::assertion::{ASSERTION_TYPE, LONGEST_LIFE, TENANT_CLAIM};
use crate::claims::Claims;
use crate::foreign_issuer_error::ForeignIssuerProblem;
use crate::header::{Header, is_one_type};

/// The types that say "a token for access" where no other is asked for: none, the general one, and RFC 9068's.
const GENERAL_TYPES: [&str; 2] = ["JWT", "at+jwt"];

/// What an issuer is to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuerKind {
    /// An identity provider, bound to one tenant: whoever it calls X is X there.
    Bound {
        /// The claim that holds the `externalUserId`; mostly `sub`.
        subject_claim: String,
        /// The `typ` that its tokens must have; `None`: absent, `JWT` or `at+jwt`. Never that of assertions.
        token_type: Option<String>,
        /// Whose world its people live in.
        tenant: TenantId,
    },
    /// A gateway: its assertions (`typ` `ga+jwt`) name the person in `sub` and the tenant in `tenant`, expire within 60 s of
    /// their `iat`, and are for us alone.
    Gateway {
        /// Of which tenants it may speak.
        tenants: BTreeSet<TenantId>,
    },
}

impl IssuerKind {
    /// What is wrong with this kind, for an issuer of these algorithms.
    pub(crate) fn problems(&self, algorithms: &[Algorithm]) -> impl Iterator<Item = ForeignIssuerProblem> {
        let is_mac = |algorithm: &Algorithm| algorithm.family() == AlgorithmFamily::Hmac;
        let found = match self {
            Self::Bound { subject_claim, token_type, .. } => vec![
                (subject_claim.is_empty(), ForeignIssuerProblem::NoSubjectClaim),
                (token_type.as_deref() == Some(""), ForeignIssuerProblem::NoTokenType),
                (token_type.as_deref().is_some_and(is_assertion_type), ForeignIssuerProblem::AssertionType),
            ],
            Self::Gateway { tenants } => vec![
                (tenants.is_empty(), ForeignIssuerProblem::NoTenants),
                (algorithms.iter().any(is_mac), ForeignIssuerProblem::SharedSecret),
            ],
        };
        found.into_iter().filter_map(|(is_wrong, problem)| is_wrong.then_some(problem))
    }

    /// Whether a token's type is one that this kind makes (RFC 8725, section 3.11).
    pub(crate) fn takes(&self, header: &Header) -> bool {
        match self {
            Self::Bound { token_type: Some(required), .. } => header.is_typed(required),
            Self::Bound { token_type: None, .. } => {
                header.is_untyped() || GENERAL_TYPES.iter().any(|general| header.is_typed(general))
            }
            Self::Gateway { .. } => header.is_typed(ASSERTION_TYPE),
        }
    }

    /// Whom verified claims speak for; `accepted` is who we are to the issuer.
    pub(crate) fn caller(&self, claims: &Claims, accepted: &[String]) -> Result<Caller, Refusal> {
        let audience = claims.audience();
        match self {
            Self::Bound { subject_claim, tenant, .. } => {
                if !audience.iter().any(|one| accepted.contains(one)) {
                    return Err(Refusal::Invalid);
                }
                Ok(Caller { tenant: tenant.clone(), person: claims.person(subject_claim)? })
            }
            Self::Gateway { tenants } => {
                // For us and nobody beside us: another safe could else show it here while it lives.
                let is_for_us = matches!(audience, [one] if accepted.contains(one));
                if !is_for_us || !claims.live_at_most(LONGEST_LIFE) {
                    return Err(Refusal::Invalid);
                }
                let tenant = claims.text(TENANT_CLAIM).and_then(|text| TenantId::parse(text).ok());
                let tenant = tenant.filter(|tenant| tenants.contains(tenant)).ok_or(Refusal::Invalid)?;
                Ok(Caller { tenant, person: claims.person("sub")? })
            }
        }
    }
}

/// Whether this is the type of assertions, which an issuer of another kind must not make.
#[must_use]
pub fn is_assertion_type(media_type: &str) -> bool {
    is_one_type(media_type, ASSERTION_TYPE)
}
