//! Where the public keys of a foreign issuer are published.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use thiserror::Error;

/// Fetches the key set of one issuer.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait KeySetSource: fmt::Debug + Send + Sync {
    /// The document as it is published now, whole: a JSON Web Key Set (RFC 7517), or whatever else was found in its place.
    /// Every call looks anew; nothing is remembered, and no failure spoils the next call. Ends within a bounded time, with
    /// a bounded number of bytes.
    ///
    /// # Errors
    ///
    /// [`KeySetUnavailable`] when there is no such document to be had now.
    async fn fetch(&self) -> Result<Bytes, KeySetUnavailable>;
}

/// A key set could not be fetched. Says why in fixed words, for the operator: nothing of what the other side sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the key set cannot be fetched: {0}")]
pub struct KeySetUnavailable(pub &'static str);
