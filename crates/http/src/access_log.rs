//! One line a request, for operators. It says what was asked for by the route's template, and who asked by a keyed hash.
//!
//! It must never hold a path, a query, an id, a key, a value or a token.

use std::time::Duration;

use http::{Method, StatusCode};
use strongroom_ports::RecordId;
use tracing::field;

use crate::metrics::method_label;
use crate::request_id::RequestId;
use crate::trace_parent::TraceId;

/// The target of every line, so that a log can keep them apart from others.
pub const ACCESS_LOG_TARGET: &str = "strongroom::access";

/// What a line says.
pub(crate) struct Line<'a> {
    /// `None` where the head was refused before it was read so far.
    pub(crate) method: Option<&'a Method>,
    pub(crate) route: &'a str,
    pub(crate) status: StatusCode,
    pub(crate) duration: Duration,
    pub(crate) client: std::net::IpAddr,
    pub(crate) request_id: &'a RequestId,
    pub(crate) trace_id: Option<TraceId>,
    /// The short keyed hash of the person, where a token said who it is.
    pub(crate) person: Option<RecordId>,
}

/// What a line says of a WebSocket, when it is over: whom it spoke for is known only after the line of its handshake.
pub(crate) struct SocketLine<'a> {
    pub(crate) duration: Duration,
    pub(crate) client: std::net::IpAddr,
    /// The handshake's.
    pub(crate) request_id: &'a RequestId,
    /// The short keyed hash of the person, where a token said who it is.
    pub(crate) person: Option<RecordId>,
    /// The close code, where the server has ended it.
    pub(crate) close: Option<u16>,
}

/// Whether anybody keeps such lines: what a line needs is not made for nobody.
pub(crate) fn is_kept() -> bool {
    tracing::enabled!(target: ACCESS_LOG_TARGET, tracing::Level::INFO)
}

pub(crate) fn write(line: &Line<'_>) {
    tracing::info!(
        target: ACCESS_LOG_TARGET,
        method = method_label(line.method),
        route = line.route,
        status = line.status.as_u16(),
        duration_us = u64::try_from(line.duration.as_micros()).unwrap_or(u64::MAX),
        client = field::display(line.client),
        request_id = field::display(line.request_id),
        trace_id = line.trace_id.map(field::display),
        person = line.person.map(field::debug),
        "answered"
    );
}

pub(crate) fn write_socket(line: &SocketLine<'_>) {
    tracing::info!(
        target: ACCESS_LOG_TARGET,
        route = "/ws",
        close = line.close,
        duration_us = u64::try_from(line.duration.as_micros()).unwrap_or(u64::MAX),
        client = field::display(line.client),
        request_id = field::display(line.request_id),
        person = line.person.map(field::debug),
        "socket ended"
    );
}
