//! Reading a request body: once, whole, up to its limit, within its time.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http_body_util::BodyExt;
use serde::Deserialize;
use strongroom_domain::names_nobody;
use strongroom_ports::scrubbed;

use crate::api::{Api, HttpLimits};
use crate::bearer;
use crate::gated_body::BodyFault;
use crate::places::{BodyRoom, Places};
use crate::problem::Problem;

/// Whether a body says whom it is about. The caller it is, in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// As the guide's routes have it.
    Required,
    /// As on the routes of whoever the token is of.
    Optional,
}

impl Naming {
    /// Demands what is required.
    pub(crate) fn demand(self, names_somebody: bool) -> Result<(), Problem> {
        if names_somebody || self == Self::Optional { Ok(()) } else { Err(Problem::JsonShape) }
    }
}

/// Demands `application/json`, with no charset but UTF-8 (RFC 8259, section 11).
pub(crate) fn demand_json(headers: &HeaderMap) -> Result<(), Problem> {
    let field = headers.get(CONTENT_TYPE).and_then(|field| field.to_str().ok()).ok_or(Problem::MediaType)?;
    let mut parts = field.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let parameters_fit = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    if is_json && parameters_fit { Ok(()) } else { Err(Problem::MediaType) }
}

/// Reads a body of ours: one object, and no name twice that another reader might read otherwise. Whom it names is for its route to
/// say.
pub(crate) fn object<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, Problem> {
    names_nobody(text)?;
    serde_json::from_slice(text)
        .map_err(|error| if error.is_data() { Problem::JsonShape } else { Problem::JsonMalformed })
}

/// Collects the body of a request whose token has been verified, and has the token judged once more: a body may take its time,
/// and a session that ends or a token that expires meanwhile is refused, so that nothing is applied for whoever has signed out or
/// closed the account.
pub(crate) async fn collect_known<B>(api: &Api, head: &Parts, body: B) -> Result<Bytes, Problem>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
{
    let text = collect(body, &head.headers, &api.http_limits, &api.places).await?;
    bearer::judge(&*api.authenticator, bearer::token(&head.headers)?).await?;
    Ok(text)
}

/// Collects a body within the limits of the surface; what was collected is overwritten when it is let go, where hyper does not
/// hold its buffer: then its bytes live until the buffer is used again, which `docs/SECURITY.md` says. While it is waited for, its request holds no place among those in hand.
pub(crate) async fn collect<B>(
    body: B,
    headers: &HeaderMap,
    limits: &HttpLimits,
    places: &Places,
) -> Result<Bytes, Problem>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
{
    let limit_bytes = limits.body_bytes;
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let announces_over =
        |bytes: usize| announced.is_some_and(|length| length > u64::try_from(bytes).unwrap_or(u64::MAX));
    if announces_over(limits.wire_bytes()) {
        return Err(Problem::BodyTooLarge { limit_bytes });
    }
    // A body whose length is known comes in as many pieces as the network makes of it.
    let most_pieces = if announced.is_some() { usize::MAX } else { limits.chunks };
    let read = async {
        match tokio::time::timeout(limits.body_time, read(body, limits, most_pieces, places.body())).await {
            Ok(read) => read,
            // Its size was known to be too much from the start; waiting was for the sender's sake.
            Err(_) if announces_over(limit_bytes) => Err(Problem::BodyTooLarge { limit_bytes }),
            Err(_) => Err(Problem::BodyTooSlow),
        }
    };
    places.without_place(read).await.map(scrubbed)
}

async fn read<B>(
    body: B,
    limits: &HttpLimits,
    most_pieces: usize,
    mut room: BodyRoom<'_>,
) -> Result<Bytes, Problem>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
{
    let limit_bytes = limits.body_bytes;
    let mut body = std::pin::pin!(body);
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    let (mut length, mut pieces) = (0_usize, 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|fault| problem(fault.into(), limit_bytes))?;
        // Trailers are nobody's business here.
        let Ok(data) = frame.into_data() else { continue };
        pieces += 1;
        if pieces > most_pieces {
            return Err(Problem::BodyInTooManyChunks);
        }
        length = length.saturating_add(data.len());
        if length > limits.wire_bytes() {
            break;
        }
        if length > limit_bytes {
            continue;
        }
        room.take(data.len())?;
        // Nearly every body is one frame, and is passed on as it came from the socket.
        if first.is_empty() && more.is_empty() {
            first = data;
        } else {
            if more.is_empty() {
                more.extend_from_slice(&first);
            }
            more.extend_from_slice(&data);
        }
    }
    if length > limit_bytes {
        return Err(Problem::BodyTooLarge { limit_bytes });
    }
    Ok(if more.is_empty() { first } else { more.freeze() })
}

fn problem(fault: BodyFault, limit_bytes: usize) -> Problem {
    match fault {
        BodyFault::Broken => Problem::BodyIncomplete,
        BodyFault::TooSlow => Problem::BodyTooSlow,
        BodyFault::TooLong => Problem::BodyTooLarge { limit_bytes },
        BodyFault::Overhead => Problem::BodyOverhead,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_json_in_utf_8_is_taken() {
        let demand = |field: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(field));
            demand_json(&headers)
        };
        for fine in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/json; x=y",
        ] {
            assert_eq!(demand(fine), Ok(()), "{fine}");
        }
        for other in [
            "text/json",
            "application/json; charset=latin1",
            "application/jsonp",
            "",
            "application/problem+json",
        ] {
            assert_eq!(demand(other), Err(Problem::MediaType), "{other}");
        }
        assert_eq!(demand_json(&HeaderMap::new()), Err(Problem::MediaType));
    }
}
