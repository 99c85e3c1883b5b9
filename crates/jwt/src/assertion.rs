//! What an assertion is: a gateway's word to a safe about who asks. Both ends read it here, so that they never differ.
//!
//! ```text
//! {"typ":"ga+jwt", "alg":…, "kid":…}
//! {"iss":<the gateway>, "aud":<the safe>, "sub":<the person>, "tenant":<rpId>, "iat":…, "exp":<at most 60 s later>, "jti":…}
//! ```
//!
//! It is a type of its own (RFC 8725, section 3.11): no other token is taken for one, and one is taken for no other.

use std::time::Duration;

/// Its `typ`: our own, after the pattern of RFC 9068.
pub(crate) const ASSERTION_TYPE: &str = "ga+jwt";
/// The claim that names the tenant, by its rpId.
pub(crate) const TENANT_CLAIM: &str = "tenant";
/// From `iat` to `exp`, at most. One that leaks is worth little: it is made anew for whoever keeps asking.
pub(crate) const LONGEST_LIFE: Duration = Duration::from_mins(1);
