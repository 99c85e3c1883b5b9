//! Every error this surface can answer, each with its status, its stable code and one fixed sentence (RFC 9457).
//!
//! The sentence is part of the contract: existing clients read it. It has no digits (one retries on a `5`), none of the
//! words `network`, `timeout` and `forbidden`, and `Unauthorized` in 401s only. Never a value, name or id.

use http::header::{ALLOW, CONNECTION, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::answer::{self, Body};

mod sources;
mod words;

/// An error of the caller, the safe or ourselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    MalformedRequest,
    TargetTooLong,
    HeadTooLarge,
    HeadTooSlow,
    ContentCoding,
    ExpectationFailed,
    NotFound,
    MethodNotAllowed { allow: String },
    TokenMissing,
    TokenInvalid,
    TenantMismatch { is_readable: bool },
    UnknownTenant { is_readable: bool },
    MediaType,
    BodyTooLarge { limit_bytes: usize },
    BodyTooSlow,
    BodyInTooManyChunks,
    BodyOverhead,
    BodyIncomplete,
    JsonMalformed,
    JsonShape,
    JsonDuplicate,
    JsonNested,
    KeyRefused,
    KeyLooksPrivate,
    StringRefused,
    NumberInexact,
    ExternalUserIdMalformed,
    NotOwner,
    ConditionMalformed,
    PreconditionFailed,
    ValueTooLong { limit_bytes: usize },
    TooManyKeys { limit_keys: usize },
    RecordTooLarge { limit_bytes: usize },
    PasskeyRequired,
    CredentialMalformed,
    CredentialRefused,
    PasskeyKnown,
    TooManyPasskeys,
    LastPasskey,
    UnknownPasskey,
    UnknownSession,
    CrossSite,
    NoSession,
    TooManySignUps { retry_after_s: u64 },
    ForeignOrigin,
    UpgradeRequired,
    EmailMalformed,
    CodeRefused,
    TooManyRequests,
    Overloaded,
    Unavailable,
    Internal,
    QueryRefused,
    TooLargeForSafe,
    SafeBusy { retry_after_s: u32 },
    RefusedBySafe,
    IdentityBusy { retry_after_s: u32 },
    RefusedByIdentity,
    BadGateway,
    GatewayTimeout,
}

/// A member that says which limit was met: the sentence must not.
enum Limit {
    Bytes(usize),
    Keys(usize),
}

impl Problem {
    /// Status, code, sentence.
    fn words(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::MalformedRequest => (S::BAD_REQUEST, "malformed_request", "The request head is malformed."),
            Self::TargetTooLong => (S::URI_TOO_LONG, "target_too_long", "The request target is too long."),
            Self::HeadTooLarge => {
                (S::REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", "The request head is too large.")
            }
            Self::HeadTooSlow => {
                (S::REQUEST_TIMEOUT, "head_too_slow", "The request head did not arrive in time.")
            }
            Self::ContentCoding => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "content_coding",
                "The body must be sent without a content coding.",
            ),
            Self::ExpectationFailed => {
                (S::EXPECTATION_FAILED, "expectation_failed", "The expectation cannot be met.")
            }
            Self::NotFound => (S::NOT_FOUND, "not_found", "There is no such route."),
            Self::MethodNotAllowed { .. } => {
                (S::METHOD_NOT_ALLOWED, "method_not_allowed", "The route does not take this method.")
            }
            Self::TokenMissing => {
                (S::UNAUTHORIZED, "token_missing", "Unauthorized: a bearer token is required.")
            }
            Self::TokenInvalid => (S::UNAUTHORIZED, "token_invalid", "Unauthorized: the token is not valid."),
            Self::TenantMismatch { .. } => {
                (S::UNAUTHORIZED, "tenant_mismatch", "Unauthorized: the token belongs to another domain.")
            }
            Self::UnknownTenant { .. } => (S::BAD_REQUEST, "unknown_tenant", "Unknown domain/rpId"),
            Self::MediaType => {
                (S::UNSUPPORTED_MEDIA_TYPE, "media_type", "The body must be sent as application/json.")
            }
            Self::BodyTooLarge { .. } => (S::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large."),
            Self::BodyTooSlow => (S::REQUEST_TIMEOUT, "body_too_slow", "The body did not arrive in time."),
            Self::BodyInTooManyChunks => {
                (S::PAYLOAD_TOO_LARGE, "body_in_too_many_chunks", "The body comes in too many chunks.")
            }
            Self::BodyOverhead => {
                (S::PAYLOAD_TOO_LARGE, "body_overhead", "The body carries too much beside its data.")
            }
            Self::BodyIncomplete => (S::BAD_REQUEST, "body_incomplete", "The body ended before its end."),
            Self::JsonMalformed
            | Self::JsonShape
            | Self::JsonDuplicate
            | Self::JsonNested
            | Self::KeyRefused
            | Self::KeyLooksPrivate
            | Self::StringRefused
            | Self::NumberInexact => self.words_about_a_text(),
            Self::ExternalUserIdMalformed => {
                (S::BAD_REQUEST, "external_user_id_malformed", "The externalUserId is malformed.")
            }
            Self::NotOwner => {
                (S::BAD_REQUEST, "not_owner", "The externalUserId does not match the authenticated user.")
            }
            Self::ConditionMalformed => {
                (S::BAD_REQUEST, "condition_malformed", "A conditional header is malformed.")
            }
            Self::PreconditionFailed => (
                S::PRECONDITION_FAILED,
                "precondition_failed",
                "The record is not in the state the request names.",
            ),
            Self::ValueTooLong { .. } | Self::TooManyKeys { .. } | Self::RecordTooLarge { .. } => {
                self.words_about_a_limit()
            }
            Self::PasskeyRequired
            | Self::CrossSite
            | Self::NoSession
            | Self::UnknownSession
            | Self::TooManySignUps { .. } => self.words_about_sessions(),
            Self::CredentialMalformed
            | Self::CredentialRefused
            | Self::PasskeyKnown
            | Self::TooManyPasskeys
            | Self::LastPasskey
            | Self::UnknownPasskey => self.words_about_passkeys(),
            Self::ForeignOrigin | Self::UpgradeRequired => self.words_about_a_handshake(),
            Self::EmailMalformed | Self::CodeRefused => self.words_about_email(),
            Self::TooManyRequests => {
                (S::TOO_MANY_REQUESTS, "too_many_requests", "Too many requests: try again shortly.")
            }
            Self::Overloaded => (S::SERVICE_UNAVAILABLE, "overloaded", "Too busy: try again shortly."),
            Self::Unavailable => {
                (S::SERVICE_UNAVAILABLE, "unavailable", "The service cannot answer now: try again shortly.")
            }
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side."),
            Self::QueryRefused
            | Self::TooLargeForSafe
            | Self::SafeBusy { .. }
            | Self::RefusedBySafe
            | Self::IdentityBusy { .. }
            | Self::RefusedByIdentity
            | Self::BadGateway
            | Self::GatewayTimeout => self.words_about_a_remote_safe(),
        }
    }

    /// Whether the page that asked may read the answer: errors too, but for those that are about another tenant.
    pub(crate) fn is_readable_by_the_page(&self) -> bool {
        !matches!(
            self,
            Self::TenantMismatch { is_readable: false }
                | Self::UnknownTenant { is_readable: false }
                | Self::ForeignOrigin
        )
    }

    fn limit(&self) -> Option<Limit> {
        match self {
            Self::BodyTooLarge { limit_bytes }
            | Self::ValueTooLong { limit_bytes }
            | Self::RecordTooLarge { limit_bytes } => Some(Limit::Bytes(*limit_bytes)),
            Self::TooManyKeys { limit_keys } => Some(Limit::Keys(*limit_keys)),
            _ => None,
        }
    }

    /// The answer: `application/problem+json`, or `application/json` for those who take nothing else.
    pub(crate) fn into_response(self, json_only: bool) -> Response<Body> {
        let (status, code, message) = self.words();
        let (limit_bytes, limit_keys) = match self.limit() {
            Some(Limit::Bytes(bytes)) => (Some(bytes), None),
            Some(Limit::Keys(keys)) => (None, Some(keys)),
            None => (None, None),
        };
        let document = Document {
            r#type: format!("urn:strongroom:problem:{code}"),
            title: status.canonical_reason().unwrap_or(code),
            status: status.as_u16(),
            code,
            message,
            limit_bytes,
            limit_keys,
        };
        let media_type = if json_only { "application/json" } else { "application/problem+json" };
        let mut response = answer::json(status, &document, media_type);
        self.add_headers(response.headers_mut());
        response
    }

    fn add_headers(self, headers: &mut HeaderMap) {
        match self {
            Self::MethodNotAllowed { allow } => {
                if let Ok(allow) = HeaderValue::try_from(allow) {
                    headers.insert(ALLOW, allow);
                }
            }
            Self::TokenMissing | Self::CredentialRefused => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::TokenInvalid | Self::TenantMismatch { .. } => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""));
            }
            Self::TooManySignUps { retry_after_s } => {
                headers.insert(RETRY_AFTER, HeaderValue::from(retry_after_s));
            }
            Self::SafeBusy { retry_after_s } | Self::IdentityBusy { retry_after_s } => {
                headers.insert(RETRY_AFTER, HeaderValue::from(retry_after_s));
            }
            Self::TooManyRequests | Self::Overloaded | Self::Unavailable => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Self::UpgradeRequired => {
                headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
                headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            }
            // The rest of the body is on the wire still: nothing behind it could be told from it.
            Self::BodyTooLarge { .. }
            | Self::BodyTooSlow
            | Self::BodyInTooManyChunks
            | Self::BodyOverhead
            | Self::BodyIncomplete => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
    }
}

#[derive(Serialize)]
struct Document {
    r#type: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_keys: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Problem> {
        use Problem::*;
        vec![
            MalformedRequest,
            TargetTooLong,
            HeadTooLarge,
            HeadTooSlow,
            ContentCoding,
            ExpectationFailed,
            NotFound,
            MethodNotAllowed { allow: "GET".into() },
            TokenMissing,
            TokenInvalid,
            TenantMismatch { is_readable: true },
            UnknownTenant { is_readable: true },
            MediaType,
            BodyTooLarge { limit_bytes: 1 },
            BodyTooSlow,
            BodyInTooManyChunks,
            BodyOverhead,
            BodyIncomplete,
            JsonMalformed,
            JsonShape,
            JsonDuplicate,
            JsonNested,
            KeyRefused,
            KeyLooksPrivate,
            StringRefused,
            NumberInexact,
            ExternalUserIdMalformed,
            NotOwner,
            ConditionMalformed,
            PreconditionFailed,
            ValueTooLong { limit_bytes: 1 },
            TooManyKeys { limit_keys: 1 },
            RecordTooLarge { limit_bytes: 1 },
            PasskeyRequired,
            CredentialMalformed,
            CredentialRefused,
            PasskeyKnown,
            TooManyPasskeys,
            LastPasskey,
            UnknownPasskey,
            UnknownSession,
            CrossSite,
            NoSession,
            TooManySignUps { retry_after_s: 1 },
            ForeignOrigin,
            UpgradeRequired,
            EmailMalformed,
            CodeRefused,
            TooManyRequests,
            Overloaded,
            Unavailable,
            Internal,
            QueryRefused,
            TooLargeForSafe,
            SafeBusy { retry_after_s: 1 },
            RefusedBySafe,
            IdentityBusy { retry_after_s: 1 },
            RefusedByIdentity,
            BadGateway,
            GatewayTimeout,
        ]
    }

    #[test]
    fn every_sentence_keeps_what_existing_clients_rely_on() {
        for problem in all() {
            let (status, code, message) = problem.words();
            assert!(!message.bytes().any(|b| b.is_ascii_digit()), "{code}");
            let lower = message.to_lowercase();
            assert!(!["network", "timeout", "forbidden"].iter().any(|word| lower.contains(word)), "{code}");
            assert_eq!(message.contains("Unauthorized"), status == StatusCode::UNAUTHORIZED, "{code}");
            assert_eq!(lower.contains("unauthorized"), status == StatusCode::UNAUTHORIZED, "{code}");
        }
    }

    #[test]
    fn every_code_is_its_own() {
        let mut codes: Vec<_> = all().iter().map(|problem| problem.words().1).collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn every_code_is_in_the_reference_with_its_status() {
        let reference = include_str!("../../../docs/reference/errors.md");
        for problem in all() {
            let (status, code, message) = problem.words();
            let row = format!("| `{code}` | {} | {message} |", status.as_u16());
            assert!(reference.contains(&row), "docs/reference/errors.md lacks: {row}");
        }
    }
}
