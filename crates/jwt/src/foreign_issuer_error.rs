//! What can be wrong with an issuer as an operator configures it.

use thiserror::Error;

use crate::key_ring::KeySetError;

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
    /// The type of assertions, at an issuer that is no gateway.
    #[error("`token_type` is the one of assertions, which only a gateway makes")]
    AssertionType,
    /// A gateway that may speak of nobody.
    #[error("a gateway without tenants")]
    NoTenants,
    /// Whoever could verify an assertion could make one.
    #[error("a gateway's assertions never go with shared secrets (HS256, HS384, HS512)")]
    SharedSecret,
    /// Its keys cannot be used.
    #[error(transparent)]
    Keys(KeySetError),
}
