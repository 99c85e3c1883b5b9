//! Status, code and sentence of errors that come in families: accounts, passkeys, limits, what stands behind a gateway.
//!
//! What a sentence must keep, its parent says.

use http::StatusCode;

use super::Problem;

impl Problem {
    /// Status, code and sentence, for what should have been a WebSocket handshake.
    pub(super) fn words_about_a_handshake(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::ForeignOrigin => {
                (S::FORBIDDEN, "foreign_origin", "The page is of an origin that is not registered here.")
            }
            _ => (
                S::UPGRADE_REQUIRED,
                "upgrade_required",
                "The route takes a WebSocket handshake and nothing else.",
            ),
        }
    }

    /// Status, code and sentence, for what a body says.
    pub(super) fn words_about_a_text(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::JsonMalformed => (S::BAD_REQUEST, "json_malformed", "The body is not well-formed JSON."),
            Self::JsonShape => {
                (S::BAD_REQUEST, "json_shape", "The body lacks a member or one has the wrong type.")
            }
            Self::JsonDuplicate => (S::BAD_REQUEST, "json_duplicate", "The body names a member twice."),
            Self::JsonNested => {
                (S::BAD_REQUEST, "json_nested", "Data must be flat: strings, booleans, numbers or null.")
            }
            Self::KeyRefused => (S::BAD_REQUEST, "key_refused", "A key is not allowed."),
            Self::KeyLooksPrivate => (
                S::BAD_REQUEST,
                "key_looks_private",
                "A key looks private but does not begin with private and a dot.",
            ),
            Self::StringRefused => {
                (S::BAD_REQUEST, "string_refused", "A string holds a character that is not allowed.")
            }
            _ => (S::BAD_REQUEST, "number_inexact", "A number cannot be kept exactly: send it as a string."),
        }
    }

    /// The same, for accounts and sessions.
    pub(super) fn words_about_sessions(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::PasskeyRequired => (S::BAD_REQUEST, "passkey_required", "Signing up here needs a passkey."),
            Self::CrossSite => (S::BAD_REQUEST, "cross_site", "A page of another site may not do this."),
            Self::NoSession => {
                (S::BAD_REQUEST, "no_session", "The token belongs to no session of this service.")
            }
            Self::UnknownSession => (S::NOT_FOUND, "unknown_session", "The account has no such session."),
            _ => (S::TOO_MANY_REQUESTS, "too_many_sign_ups", "Too many accounts were made: try again later."),
        }
    }

    /// The same, for passkeys.
    pub(super) fn words_about_passkeys(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::CredentialMalformed => {
                (S::BAD_REQUEST, "credential_malformed", "The credential is malformed.")
            }
            Self::CredentialRefused => {
                (S::UNAUTHORIZED, "credential_refused", "Unauthorized: the credential was not accepted.")
            }
            Self::PasskeyKnown => (S::CONFLICT, "passkey_known", "The passkey is registered already."),
            Self::TooManyPasskeys => {
                (S::CONFLICT, "too_many_passkeys", "The account has as many passkeys as there may be.")
            }
            Self::LastPasskey => {
                (S::CONFLICT, "last_passkey", "The last passkey of an account cannot be removed.")
            }
            _ => (S::NOT_FOUND, "unknown_passkey", "The account has no such passkey."),
        }
    }

    /// The same, for addresses that are to be confirmed.
    pub(super) fn words_about_email(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::EmailMalformed => (S::BAD_REQUEST, "email_malformed", "The e-mail address is malformed."),
            _ => (S::BAD_REQUEST, "code_refused", "The code is wrong, used or expired."),
        }
    }

    /// The same, for limits of a record.
    pub(super) fn words_about_a_limit(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::ValueTooLong { .. } => (S::UNPROCESSABLE_ENTITY, "value_too_long", "A string is too long."),
            Self::TooManyKeys { .. } => {
                (S::UNPROCESSABLE_ENTITY, "too_many_keys", "The record would hold too many keys.")
            }
            _ => (S::UNPROCESSABLE_ENTITY, "record_too_large", "The record would be too large."),
        }
    }

    /// The same, for what only a gateway answers.
    pub(super) fn words_about_a_remote_safe(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::QueryRefused => (S::BAD_REQUEST, "query_refused", "The route takes no such query."),
            Self::TooLargeForSafe => {
                (S::PAYLOAD_TOO_LARGE, "too_large_for_safe", "The body is too large for the safe.")
            }
            Self::SafeBusy { .. } => {
                (S::TOO_MANY_REQUESTS, "safe_busy", "The safe has been asked too often: try again shortly.")
            }
            Self::RefusedBySafe => (S::BAD_REQUEST, "refused_by_safe", "The safe refuses the request."),
            Self::IdentityBusy { .. } => (
                S::TOO_MANY_REQUESTS,
                "identity_busy",
                "The identity service has been asked too often: try again shortly.",
            ),
            Self::RefusedByIdentity => {
                (S::BAD_REQUEST, "refused_by_identity", "The identity service refuses the request.")
            }
            Self::GatewayTimeout => {
                (S::GATEWAY_TIMEOUT, "gateway_timeout", "The service behind did not answer in time.")
            }
            _ => (S::BAD_GATEWAY, "bad_gateway", "The service behind gives no answer that can be used."),
        }
    }
}
