//! The one match from errors of the rules and the ports to problems.

use strongroom_app::{ConfirmationError, IdentityError, PasskeyError, TenantRefusal};
use strongroom_domain::{
    EmailAddressError, ExternalUserIdError, JsonError, KeyError, LimitExceeded, NotOwner, NumberError,
    ValueError, VerbBodyError,
};
use strongroom_ports::{AuthenticationUnavailable, IdentityCallError, Refusal, UpstreamError};

use super::Problem;

impl From<UpstreamError> for Problem {
    fn from(error: UpstreamError) -> Self {
        match error {
            UpstreamError::PreconditionFailed => Self::PreconditionFailed,
            UpstreamError::Limit(LimitExceeded::ValueBytes(limit_bytes)) => {
                Self::ValueTooLong { limit_bytes }
            }
            UpstreamError::Limit(LimitExceeded::RecordKeys(limit_keys)) => Self::TooManyKeys { limit_keys },
            UpstreamError::Limit(LimitExceeded::RecordBytes(limit_bytes)) => {
                Self::RecordTooLarge { limit_bytes }
            }
            UpstreamError::Unavailable => Self::Unavailable,
            UpstreamError::Damaged => Self::Internal,
            UpstreamError::TooLarge => Self::TooLargeForSafe,
            UpstreamError::Busy { retry_after_s } => Self::SafeBusy { retry_after_s },
            UpstreamError::Refused => Self::RefusedBySafe,
            UpstreamError::TokenRefused => Self::TokenInvalid,
            UpstreamError::NotThere => Self::NotFound,
            UpstreamError::Failed => Self::BadGateway,
            UpstreamError::TooSlow => Self::GatewayTimeout,
        }
    }
}

impl From<IdentityCallError> for Problem {
    fn from(error: IdentityCallError) -> Self {
        match error {
            IdentityCallError::Unauthorized => Self::TokenInvalid,
            IdentityCallError::Refused => Self::RefusedByIdentity,
            IdentityCallError::Busy { retry_after_s } => Self::IdentityBusy { retry_after_s },
            IdentityCallError::Failed => Self::BadGateway,
            IdentityCallError::TooSlow => Self::GatewayTimeout,
        }
    }
}

impl From<ConfirmationError> for Problem {
    fn from(error: ConfirmationError) -> Self {
        match error {
            ConfirmationError::WorthlessCode => Self::CodeRefused,
            ConfirmationError::OneKeyForTwo => Self::KeyRefused,
            ConfirmationError::Unavailable => Self::Unavailable,
            ConfirmationError::Safe(error) => error.into(),
        }
    }
}

impl From<EmailAddressError> for Problem {
    fn from(EmailAddressError: EmailAddressError) -> Self {
        Self::EmailMalformed
    }
}

impl From<VerbBodyError> for Problem {
    fn from(error: VerbBodyError) -> Self {
        match error {
            VerbBodyError::Json(error) => error.into(),
            VerbBodyError::NotOwner(error) => error.into(),
        }
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Malformed | JsonError::Number(NumberError::Syntax) => Self::JsonMalformed,
            JsonError::Shape => Self::JsonShape,
            JsonError::Duplicate => Self::JsonDuplicate,
            JsonError::Depth | JsonError::Nested => Self::JsonNested,
            JsonError::ExternalUserId(ExternalUserIdError) => Self::ExternalUserIdMalformed,
            JsonError::Key(KeyError::LooksPrivate) => Self::KeyLooksPrivate,
            JsonError::Key(_) => Self::KeyRefused,
            JsonError::Value(ValueError::NulCharacter) => Self::StringRefused,
            JsonError::Number(NumberError::NotFinite | NumberError::NotExact) => Self::NumberInexact,
        }
    }
}

impl From<NotOwner> for Problem {
    fn from(NotOwner: NotOwner) -> Self {
        Self::NotOwner
    }
}

impl From<ExternalUserIdError> for Problem {
    fn from(ExternalUserIdError: ExternalUserIdError) -> Self {
        Self::ExternalUserIdMalformed
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Expired | Refusal::Invalid => Self::TokenInvalid,
        }
    }
}

impl From<AuthenticationUnavailable> for Problem {
    fn from(AuthenticationUnavailable: AuthenticationUnavailable) -> Self {
        Self::Unavailable
    }
}

impl From<TenantRefusal> for Problem {
    fn from(refusal: TenantRefusal) -> Self {
        match refusal {
            TenantRefusal::Unknown => Self::UnknownTenant { is_readable: true },
            TenantRefusal::UnknownToPage => Self::UnknownTenant { is_readable: false },
            TenantRefusal::Mismatch => Self::TenantMismatch { is_readable: true },
            TenantRefusal::MismatchOfPage => Self::TenantMismatch { is_readable: false },
        }
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::PasskeyRequired => Self::PasskeyRequired,
            IdentityError::CrossSite => Self::CrossSite,
            IdentityError::TooMany { retry_after_s } => Self::TooManySignUps { retry_after_s },
            IdentityError::Refused => Self::TokenInvalid,
            IdentityError::NoSession => Self::NoSession,
            IdentityError::UnknownSession => Self::UnknownSession,
            IdentityError::Unavailable => Self::Unavailable,
        }
    }
}

impl From<PasskeyError> for Problem {
    fn from(error: PasskeyError) -> Self {
        match error {
            PasskeyError::UnknownTenant => Self::UnknownTenant { is_readable: true },
            PasskeyError::Malformed => Self::CredentialMalformed,
            PasskeyError::Refused => Self::CredentialRefused,
            PasskeyError::Known => Self::PasskeyKnown,
            PasskeyError::TooMany => Self::TooManyPasskeys,
            PasskeyError::SessionEnded => Self::TokenInvalid,
            PasskeyError::TooManyAccounts { retry_after_s } => Self::TooManySignUps { retry_after_s },
            PasskeyError::Last => Self::LastPasskey,
            PasskeyError::Absent => Self::UnknownPasskey,
            PasskeyError::Damaged => Self::Internal,
            PasskeyError::Unavailable => Self::Unavailable,
        }
    }
}
