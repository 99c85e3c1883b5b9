//! The way a token is carried: by `Authorization: Bearer` and in no other way (RFC 6750; RFC 9700, section 4.3.2).

use super::cast::{Cast, Session};
use super::{Attack, field, read, tokenless};
use crate::support::process::DEMO;

pub(super) fn attacks(cast: &Cast, session: &Session) -> Vec<Attack> {
    let good = cast.key("ed").good();
    let mut attacks = vec![];
    for (what, authorization) in [
        ("nothing", String::new()),
        ("the token alone", good.clone()),
        ("Basic", "Basic amFuZTpzZWNyZXQ=".to_owned()),
        ("Basic with the token", format!("Basic {good}")),
        ("Digest", r#"Digest username="jane""#.to_owned()),
        ("Negotiate", "Negotiate YII=".to_owned()),
        ("DPoP", format!("DPoP {good}")),
        ("Token", format!("Token {good}")),
        ("JWT", format!("JWT {good}")),
        ("GNAP", format!("GNAP {good}")),
        ("OAuth", format!("OAuth {good}")),
        ("Bear", format!("Bear {good}")),
        ("Bearers", format!("Bearers {good}")),
        ("Bearer and no space", format!("Bearer{good}")),
        ("Bearer and a tab", format!("Bearer\t{good}")),
        ("Bearer and a colon", format!("Bearer:{good}")),
        ("Bearer, colon, space", format!("Bearer: {good}")),
        ("Bearer and an equals sign", format!("Bearer={good}")),
        ("Bearer and a percent", format!("Bearer%20{good}")),
        ("Bearer in quotes", format!("\"Bearer\" {good}")),
        ("a comma before", format!(",Bearer {good}")),
        ("Basic and Bearer", format!("Basic amFuZTpzZWNyZXQ=, Bearer {good}")),
        ("full-width letters", format!("\u{ff22}earer {good}")),
        ("a no-break space", format!("Bearer\u{a0}{good}")),
    ] {
        attacks.push(tokenless(format!("no bearer: {what}"), authorization));
    }
    for (what, authorization) in [
        ("Bearer and nothing", "Bearer".to_owned()),
        ("BEARER and nothing", "BEARER".to_owned()),
        ("Bearer twice", format!("Bearer Bearer {good}")),
        ("Bearer and Basic", format!("Bearer {good}, Basic amFuZTpzZWNyZXQ=")),
        ("a parameter", format!("Bearer token={good}")),
        ("a quoted parameter", format!("Bearer token=\"{good}\"")),
        ("a realm", r#"Bearer realm="strongroom""#.to_owned()),
        ("a parameter behind", format!("Bearer {good};q=1")),
        ("a comma behind", format!("Bearer {good},")),
        ("a comma before", format!("Bearer ,{good}")),
        ("Basic's credentials", "Bearer amFuZTpzZWNyZXQ=".to_owned()),
        ("an object's name", "Bearer [object Object]".to_owned()),
        ("a template", "Bearer {token}".to_owned()),
        ("a variable", "Bearer $TOKEN".to_owned()),
    ] {
        attacks.push(field(format!("bearer: {what}"), authorization));
    }
    attacks.extend(elsewhere(&good));
    attacks.extend(on_every_route(session));
    attacks
}

/// A good token in a place where none is looked for.
fn elsewhere(good: &str) -> Vec<Attack> {
    let plain = String::from_utf8(read(None)).unwrap();
    let beside = |field: String| plain.replacen("\r\n\r\n", &format!("\r\n{field}\r\n\r\n"), 1);
    let mut requests = vec![plain.clone()];
    for query in ["access_token", "token", "authorization", "bearer", "jwt"] {
        requests.push(plain.replacen(" HTTP", &format!("?{query}={good} HTTP"), 1));
    }
    for name in [
        "X-Authorization",
        "X-Ibex-Auth",
        "X-Access-Token",
        "X-Forwarded-Authorization",
        "Proxy-Authorization",
        "WWW-Authenticate",
        "Authentication",
        "Token",
    ] {
        requests.push(beside(format!("{name}: Bearer {good}")));
    }
    for cookie in ["access_token", "Authorization", "token", "__Host-token"] {
        requests.push(beside(format!("Cookie: {cookie}={good}")));
    }
    requests.push(beside(format!("Sec-WebSocket-Protocol: bearer, {good}")));
    let body = format!("access_token={good}");
    requests.push(format!(
        "POST /v1/ibexsafe/userdata HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let missing = |request: String| {
        let what = format!("elsewhere: {}", request.chars().take(160).collect::<String>());
        Attack { what, request: request.into(), code: "token_missing" }
    };
    requests.into_iter().map(missing).collect()
}

/// Each route that needs a token refuses a bad one and none, before it looks at anything else.
fn on_every_route(session: &Session) -> Vec<Attack> {
    let forged = session.signer.signed_by(|_| vec![0; 64]);
    let forged = format!("Authorization: Bearer {forged}\r\n");
    let one = format!("/v1/ibexsafe/userdata/external/{DEMO}");
    let mut attacks = Vec::new();
    for (method, path) in [
        ("POST", "/v1.1/ibexsafe/userdata"),
        ("DELETE", &one),
        ("GET", &format!("{one}/export")),
        ("GET", "/v1/ibexsafe/userdata/external/somebody"),
        ("POST", "/v1.2/auth/sign-out"),
    ] {
        for (how, authorization, code) in
            [("forged", forged.as_str(), "token_invalid"), ("none", "", "token_missing")]
        {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}Content-Type: text/nonsense\r\n\
                 Content-Length: 1\r\n\r\n!"
            );
            attacks.push(Attack { what: format!("{method} {path}, {how}"), request: request.into(), code });
        }
    }
    attacks
}
