//! Forged, damaged and misused tokens against the real binary: a table a family, each of them 401 and nothing else.
//!
//! Most attacks are good tokens with one thing changed, signed again where the signature is not what is wrong: what is
//! refused, is refused for that. After each a fresh good token, of another issuer and algorithm each time, must be accepted
//! on a connection of its own. Nothing here measures time: what a refusal costs is bounded by the order of the checks, which
//! `strongroom-jwt` holds by tests of its own.

mod algorithms;
mod assertions;
mod cast;
mod claims;
mod confusion;
mod header;
mod kinds;
mod libraries;
mod nested;
mod own;
mod pairs;
mod remembered;
mod scheme;
mod signatures;
mod signer;
mod structure;

use std::collections::BTreeSet;

use cast::{Cast, Session};
use signer::Signer;

use crate::support::process::DEMO;
use crate::support::{Answer, Client};

/// Fewer than this, and a family has been lost.
const FEWEST_ATTACKS: usize = 2_200;

/// One request whose token is no good.
pub(super) struct Attack {
    what: String,
    request: Vec<u8>,
    code: &'static str,
}

/// A token that is refused.
fn token(what: impl Into<String>, token: impl AsRef<[u8]>) -> Attack {
    field(what, [b"Bearer ".as_slice(), token.as_ref()].concat())
}

/// A field that carries an invalid token.
fn field(what: impl Into<String>, authorization: impl AsRef<[u8]>) -> Attack {
    Attack { what: what.into(), request: read(Some(authorization.as_ref())), code: "token_invalid" }
}

/// A field that carries no token at all.
fn tokenless(what: impl Into<String>, authorization: impl AsRef<[u8]>) -> Attack {
    Attack { code: "token_missing", ..field(what, authorization) }
}

/// The request that a good token may make.
fn read(authorization: Option<&[u8]>) -> Vec<u8> {
    let mut request =
        format!("GET /v1/ibexsafe/userdata/external/{DEMO} HTTP/1.1\r\nHost: localhost\r\n").into_bytes();
    if let Some(authorization) = authorization {
        request.extend([b"Authorization: ", authorization, b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    request
}

#[test]
fn every_token_attack_is_401_and_good_tokens_stay_good() {
    let cast = Cast::new();
    let session = Session::begin(&cast);
    let attacks: Vec<Attack> = [
        // First, for they are sent first: what else is good in them is good for a minute.
        assertions::attacks(&cast, &session),
        structure::attacks(&cast),
        header::attacks(&cast, &session),
        algorithms::attacks(&cast, &session),
        confusion::attacks(&cast, &session),
        signatures::attacks(&cast),
        kinds::attacks(&cast, &session),
        claims::attacks(&cast),
        own::attacks(&cast),
        remembered::attacks(&cast, &session),
        nested::attacks(&cast),
        scheme::attacks(&cast, &session),
    ]
    .into_iter()
    .flatten()
    .collect();
    assert!(attacks.len() >= FEWEST_ATTACKS, "{} attacks", attacks.len());
    let (mut names, mut requests) = (BTreeSet::new(), BTreeSet::new());
    for attack in &attacks {
        assert!(names.insert(&attack.what), "two are called {}", attack.what);
        assert!(requests.insert(&attack.request), "sent by another before: {}", attack.what);
    }

    for signer in cast.signers().chain([&cast.gateway, &session.signer]) {
        accepted(&mut cast.safe.connect(), signer, "before any attack");
    }
    let parts = attacks.chunks(attacks.len().div_ceil(4));
    let answers: Vec<(&Attack, Answer)> = std::thread::scope(|scope| {
        let (cast, session) = (&cast, &session);
        let threads: Vec<_> = parts.map(|part| scope.spawn(move || withstand(cast, session, part))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let wrong: Vec<_> = answers.iter().filter_map(|(attack, answer)| complaint(attack, answer)).collect();
    assert!(wrong.is_empty(), "{} of {} attacks:\n{}", wrong.len(), attacks.len(), wrong.join("\n"));
    let bodies: BTreeSet<&str> = answers.iter().map(|(_, answer)| answer.body.as_str()).collect();
    assert_eq!(bodies.len(), 3, "one for each code: nothing tells what was wrong with a token");
    assert!(!cast.is_trapped(), "a header made the server ask somebody for a key");
}

/// Sends each attack, and a good token after it.
fn withstand<'a>(cast: &Cast, session: &Session, attacks: &'a [Attack]) -> Vec<(&'a Attack, Answer)> {
    let mut bystander = cast.safe.connect();
    let mut good = cast.signers().chain([&cast.gateway, &session.signer]).cycle();
    let sent = attacks.iter().map(|attack| {
        let mut client = cast.safe.connect();
        client.send(&attack.request);
        let Ok(answer) = client.try_receive("GET") else { panic!("no answer: {}", attack.what) };
        accepted(&mut bystander, good.next().unwrap(), &attack.what);
        (attack, answer)
    });
    sent.collect()
}

/// What is wrong with an answer, if anything is.
fn complaint(attack: &Attack, answer: &Answer) -> Option<String> {
    let challenge = if attack.code == "token_missing" { "Bearer" } else { r#"Bearer error="invalid_token""# };
    let is_refused = answer.status == 401
        && answer.json()["code"] == attack.code
        && answer.header("www-authenticate") == Some(challenge);
    (!is_refused).then(|| format!("{} {}: {}", answer.status, answer.body, attack.what))
}

/// A fresh token of this signer is good for its person, who has no record.
fn accepted(client: &mut Client, signer: &Signer, when: &str) {
    accepted_as(client, signer, &signer.good(), when);
}

fn accepted_as(client: &mut Client, signer: &Signer, token: &str, when: &str) {
    let path = format!("/v1/ibexsafe/userdata/external/{}", signer.person());
    let answer = client.authorized(token, "GET", &path, "");
    assert_eq!(answer.status, 204, "a good token, {when}");
}
