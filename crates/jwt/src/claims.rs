//! The claims of a token whose signature is good (RFC 7519, section 4.1).

use std::time::Duration;

use strongroom_domain::ExternalUserId;
use strongroom_ports::{Refusal, Timestamp};

use crate::json_object::JsonObject;

/// Claims that the issuer made. Whether they hold here and now is still to be asked.
pub(crate) struct Claims(JsonObject);

impl Claims {
    /// Takes the claims of a verified token.
    pub(crate) fn new(verified: JsonObject) -> Self {
        Self(verified)
    }

    /// A claim that is a string.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.text(name).ok().flatten()
    }

    /// The same of one that may be absent, and may be nothing else.
    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        self.0.text(name).map_err(|_| Refusal::Invalid)
    }

    /// The person that a claim names.
    pub(crate) fn person(&self, name: &str) -> Result<ExternalUserId, Refusal> {
        self.text(name).and_then(|text| ExternalUserId::parse(text).ok()).ok_or(Refusal::Invalid)
    }

    /// The audience: `aud`, a string or an array of strings; empty where there is none.
    pub(crate) fn audience(&self) -> &[String] {
        self.0.texts("aud").ok().flatten().unwrap_or_default()
    }

    /// When the token expires (`exp`, required), after checking that it is in use at `now`: neither expired nor, by `nbf`
    /// or `iat`, of the future. A token is past use from `exp` + leeway on.
    pub(crate) fn expires_at(&self, now: Timestamp, leeway: Duration) -> Result<Timestamp, Refusal> {
        let expires_at = self.date("exp")?.ok_or(Refusal::Invalid)?;
        for begin in [self.date("nbf")?, self.date("iat")?] {
            if begin.is_some_and(|begin| now.plus(leeway) < begin) {
                return Err(Refusal::Invalid);
            }
        }
        if is_past(expires_at, now, leeway) { Err(Refusal::Expired) } else { Ok(expires_at) }
    }

    /// Whether the token says when it was made, and expires after that, at most so much later.
    pub(crate) fn live_at_most(&self, longest: Duration) -> bool {
        match (self.date("iat"), self.date("exp")) {
            (Ok(Some(issued_at)), Ok(Some(expires_at))) => {
                issued_at < expires_at && expires_at <= issued_at.plus(longest)
            }
            _ => false,
        }
    }

    fn date(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        let seconds = self.0.date_s(name).map_err(|_| Refusal::Invalid)?;
        Ok(seconds.map(|seconds| Timestamp::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))))
    }
}

/// Whether a token that expires at `expires_at` is past use.
pub(crate) fn is_past(expires_at: Timestamp, now: Timestamp, leeway: Duration) -> bool {
    now >= expires_at.plus(leeway)
}
