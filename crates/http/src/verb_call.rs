//! The call of a verb: what must hold of it before any of it goes on, and what comes back.
//!
//! What is sent is the path that was checked, and the body that was checked. Which verbs there are, the router has asked
//! `verbs.rs`.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use strongroom_domain::check_verb_body;
use strongroom_ports::{PassedOn, Principal, VerbAnswer, VerbCall};

use crate::answer::{self, Body};
use crate::api::{Api, Safe};
use crate::gated_body::BodyFault;
use crate::places::AnswerRoom;
use crate::problem::Problem;
use crate::{body, gate, tenant_names};

/// `GET|POST …/ibexsafe/{verb…}`, of a caller who is known.
pub(crate) async fn call<B>(
    api: &Api,
    head: &Parts,
    body: B,
    principal: &Principal,
    (path, passed_on): (&str, PassedOn<'_>),
) -> Result<Response<Body>, Problem>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
{
    let Safe::Remote { safe, verbs, .. } = &api.safe else { return Err(Problem::NotFound) };
    if !tenant_names::names_no_more_than_a_tenant(&head.uri) {
        return Err(Problem::QueryRefused);
    }
    let caller = &principal.caller;
    let text = if head.method == Method::POST {
        body::demand_json(&head.headers)?;
        Some(body::collect_known(api, head, body).await?)
    } else {
        None
    };
    verbs.check(&head.method, path, &caller.person)?;
    if let Some(text) = &text {
        check_verb_body(text, &caller.person)?;
    }
    let room = if text.is_some() { Some(api.places.room_for_answer()?) } else { None };
    let verb = VerbCall { path, body: text.as_ref(), listed: verbs.place(&head.method, path) };
    let answer = safe.call(passed_on, caller, verb).await;
    if verb.body.is_some() {
        api.ring_if_elsewhere(caller);
    }
    let answer = answer?;
    response(api, head, answer, room)
}

/// What another server has answered, as it is. It is asked for either kind of JSON; which one its answer passes for is between
/// this client and us. `room`: of what may have changed something, taken before it was sent.
pub(crate) fn response(
    api: &Api,
    head: &Parts,
    answer: VerbAnswer,
    room: Option<AnswerRoom>,
) -> Result<Response<Body>, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(|_| Problem::BadGateway)?;
    if answer.body.is_empty() {
        return Ok(answer::empty(status));
    }
    let is_problem = answer.is_problem && !gate::takes_json_only(head);
    let media_type = if is_problem { "application/problem+json" } else { "application/json" };
    let body = match room {
        Some(room) => room.hold(answer.body),
        None => api.places.hold(answer.body)?,
    };
    let mut response = answer::ready_json(status, body, media_type);
    if let Some(retry_after_s) = answer.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
    }
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    Ok(response)
}
