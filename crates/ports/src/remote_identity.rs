//! An identity service behind another host: who asks it hands a request on, of which every part has been read and judged.

use std::fmt;
use std::net::IpAddr;

use async_trait::async_trait;
use bytes::Bytes;
use thiserror::Error;

use crate::caller::TenantId;
use crate::remote_safe::VerbAnswer;

/// What is asked of an identity service.
#[derive(Clone, Copy)]
pub struct IdentityCall<'a> {
    /// Its path below the service's address, without the first slash: segments of `[A-Za-z0-9._~-]`.
    pub path: &'a str,
    /// What to do there.
    pub act: IdentityAct<'a>,
    /// The tenant that the request belongs to, where the request or its token names one.
    pub tenant: Option<&'a TenantId>,
    /// The page that asks, by an origin that is registered for the tenant.
    pub origin: Option<&'a str>,
    /// Where a browser says that the request comes from: a word of Fetch Metadata (`Sec-Fetch-Site`).
    pub fetch_site: Option<&'static str>,
    /// The caller's access token, verified; `None` where the service must not look at one.
    pub token: Option<&'a str>,
    /// The address that asks, as limits see it: for a service that counts by it and believes us. It names nobody.
    pub client: IpAddr,
    /// The request's id.
    pub request_id: &'a str,
    /// The caller's `traceparent`, of the form that W3C Trace Context gives it.
    pub trace_parent: Option<&'a str>,
}

/// Printed by its method: a path may name a passkey.
impl fmt::Debug for IdentityCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityCall").field("act", &self.act).finish_non_exhaustive()
    }
}

/// The method of a call, and what goes with it.
#[derive(Clone, Copy)]
pub enum IdentityAct<'a> {
    /// A GET that only reads: it may be asked twice.
    Read,
    /// A GET that makes something, an account or a challenge. `query` is encoded, and may be empty.
    Make {
        /// The query, without the question mark.
        query: &'a str,
    },
    /// A POST.
    Send {
        /// The whole of its body, a JSON object; `None` is none.
        body: Option<&'a Bytes>,
    },
    /// A DELETE.
    Remove,
}

/// Printed without the query and the body.
impl fmt::Debug for IdentityAct<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "Read",
            Self::Make { .. } => "Make",
            Self::Send { .. } => "Send",
            Self::Remove => "Remove",
        })
    }
}

/// An identity service that is asked over a wire.
#[async_trait]
pub trait RemoteIdentity: fmt::Debug + Send + Sync {
    /// Hands a request on and gives the answer, 2xx or 4xx and JSON, without members that are private. What only reads may be
    /// tried twice; all else is sent once, or provably not at all.
    ///
    /// # Errors
    ///
    /// [`IdentityCallError`], when there is no whole answer that may be passed on.
    async fn call(&self, call: IdentityCall<'_>) -> Result<VerbAnswer, IdentityCallError>;
}

/// Why an identity service's answer is none that may be passed on. One variant per answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IdentityCallError {
    /// It does not take what the caller has shown, and says so in no form that may be passed on.
    #[error("the identity service does not take the caller's credentials")]
    Unauthorized,
    /// It refuses the request, likewise.
    #[error("the identity service refuses the request")]
    Refused,
    /// It has been asked too often, likewise.
    #[error("the identity service has been asked too often")]
    Busy {
        /// When to try again.
        retry_after_s: u32,
    },
    /// It cannot be reached, or its answer cannot be used; of what is no read, the outcome may be unknown.
    #[error("the identity service gives no answer that can be used")]
    Failed,
    /// It did not answer in time; of what is no read, the outcome may be unknown.
    #[error("the identity service did not answer in time")]
    TooSlow,
}
