//! What belongs to no person: health, limits, public keys.

use std::time::SystemTime;

use http::{Response, StatusCode};
use serde::Serialize;
use strongroom_domain::{MAX_EXTERNAL_USER_ID_BYTES, MAX_KEY_BYTES};

use crate::answer::{self, Body};
use crate::api::{Api, Safe};
use crate::problem::Problem;

/// `GET /health`: the process answers. Whether it can take writes is readiness, on the admin listener.
pub(crate) fn health(api: &Api) -> Response<Body> {
    #[derive(Serialize)]
    struct Health {
        status: &'static str,
        timestamp: String,
    }
    let timestamp = humantime::format_rfc3339_millis(SystemTime::from(api.clock.now())).to_string();
    answer::json(StatusCode::OK, &Health { status: "ok", timestamp }, "application/json")
}

/// `GET …/ibexsafe/limits`: the limits in force, units in the names.
pub(crate) fn limits(api: &Api) -> Response<Body> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct LimitsAnswer {
        body_bytes: usize,
        value_bytes: usize,
        record_keys: usize,
        record_bytes: usize,
        key_bytes: usize,
        external_user_id_bytes: usize,
    }
    let document = LimitsAnswer {
        body_bytes: api.http_limits.body_bytes,
        value_bytes: api.limits.value_bytes,
        record_keys: api.limits.record_keys,
        record_bytes: api.limits.record_bytes,
        key_bytes: MAX_KEY_BYTES,
        external_user_id_bytes: MAX_EXTERNAL_USER_ID_BYTES,
    };
    answer::json(StatusCode::OK, &document, "application/json")
}

/// `GET /.well-known/jwks.json` (RFC 7517).
pub(crate) fn key_set(api: &Api) -> Result<Response<Body>, Problem> {
    match &api.safe {
        Safe::Here { issuer, .. } => {
            Ok(answer::ready_json(StatusCode::OK, issuer.key_set(), "application/jwk-set+json"))
        }
        Safe::Remote { .. } => Err(Problem::NotFound),
    }
}
