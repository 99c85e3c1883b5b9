//! How a gateway says to a safe of ours for whom it asks.

use std::fmt;
use std::sync::Arc;

use crate::caller::Caller;
use crate::token_issuer::{IssueError, Token};

/// Makes assertions: short-lived tokens that name a person and a tenant, for one safe.
pub trait Assertions: fmt::Debug + Send + Sync {
    /// One that speaks for this caller, and will for as long as a request takes.
    ///
    /// # Errors
    ///
    /// [`IssueError`] when signing failed.
    fn assertion(&self, caller: &Caller) -> Result<Arc<Token>, IssueError>;
}
