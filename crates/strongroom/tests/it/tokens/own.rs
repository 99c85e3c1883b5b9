//! Our own tokens used for what they are not, after their end, in another's name, or made by another process.

use super::cast::{Cast, Session};
use super::pairs::{Pair, b64, from_b64};
use super::signer::{Signer, now_s, quoted};
use super::{Attack, read, token};
use crate::support::Safe;

pub(super) fn attacks(cast: &Cast) -> Vec<Attack> {
    // Not the bystander's: an exchange that succeeded would end it.
    let session = &Session::begin(cast);
    let mut attacks = vec![
        token("a refresh token for an access token", &session.refresh),
        exchange("an access token for a refresh token", &session.access),
        exchange("a foreign token for a refresh token", cast.key("ed").good()),
        exchange("our own, made like a refresh token, with the type of access", session.signer.good()),
    ];
    attacks.extend(edited(session));
    attacks.extend(claims(&session.signer));
    attacks.extend(ended(cast));
    attacks.extend(of_another_process(session));
    attacks.extend(of_another_tenant(session));
    attacks.extend(malformed_refreshes(session));
    attacks
}

/// A refresh that is refused.
pub(super) fn exchange(what: &str, refresh: impl AsRef<str>) -> Attack {
    let body = format!(r#"{{"refresh_token":"{}"}}"#, refresh.as_ref());
    let request = format!(
        "POST /v1/auth/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    Attack { what: format!("refresh: {what}"), request: request.into(), code: "token_invalid" }
}

/// Tokens that were issued, with one thing in them changed and the signature left as it was.
fn edited(session: &Session) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (kind, issued) in [("access", &session.access), ("refresh", &session.refresh)] {
        let parts: Vec<_> = issued.split('.').collect();
        let text = |at: usize| String::from_utf8(from_b64(parts[at])).unwrap();
        let (header, claims) = (text(0), text(1));
        let member = |name: &str| {
            let claims: serde_json::Value = serde_json::from_str(&claims).unwrap();
            claims[name].to_string()
        };
        let exp: u64 = member("exp").parse().unwrap();
        let edits = [
            ("sub", b64(&header), b64(claims.replace(&member("sub"), r#""jane""#))),
            ("fid", b64(&header), b64(claims.replace(&member("fid"), &quoted(&b64([7; 16]))))),
            ("exp", b64(&header), b64(claims.replace(&exp.to_string(), &(exp + 86_400).to_string()))),
            ("iss", b64(&header), b64(claims.replace(r#""iss":"localhost""#, r#""iss":"shop.example""#))),
            ("aud", b64(&header), b64(claims.replace(r#""aud":"localhost""#, r#""aud":"shop.example""#))),
            ("a role", b64(&header), b64(claims.replacen('{', r#"{"roles":["ADMIN"],"#, 1))),
            ("a space", b64(&header), b64(claims.replacen('{', "{ ", 1))),
            ("the order", b64(&header), b64(reordered(&claims))),
            ("typ", b64(swapped_type(&header)), b64(&claims)),
            ("alg", b64(header.replace("EdDSA", "none")), b64(&claims)),
            ("kid", b64(header.replace(&session.kid, "other")), b64(&claims)),
        ];
        for (what, header, claims) in edits {
            let changed = format!("{header}.{claims}.{}", parts[2]);
            assert_ne!(&changed, issued, "{kind}: {what} was found");
            attacks.push(token(format!("{kind}, edited: {what}"), &changed));
            attacks.push(exchange(&format!("{kind}, edited: {what}"), &changed));
        }
    }
    attacks
}

fn swapped_type(header: &str) -> String {
    if header.contains("at+jwt") {
        header.replace("at+jwt", "rt+jwt")
    } else {
        header.replace("rt+jwt", "at+jwt")
    }
}

/// The same members, the first of them last.
fn reordered(object: &str) -> String {
    let (first, rest) = object.trim_matches(['{', '}']).split_once(',').unwrap();
    format!("{{{rest},{first}}}")
}

/// Signed by our own key: what even then is no token of ours.
fn claims(signer: &Signer) -> Vec<Attack> {
    let now = now_s();
    let mut attacks = Vec::new();
    for (name, json) in [
        ("fid", quoted(&b64([7; 16]))),
        ("fid", quoted("")),
        ("fid", quoted("*")),
        ("fid", "null".to_owned()),
        ("fid", "7".to_owned()),
        ("fid", format!("[{}]", signer.claims().get("fid"))),
        ("fid", quoted(&format!("{}=", signer.claims().get("fid").trim_matches('"')))),
        ("fid", quoted(&signer.claims().get("fid").trim_matches('"')[1..])),
        ("fid", quoted(&format!("{}A", signer.claims().get("fid").trim_matches('"')))),
        ("aud", quoted("shop.example")),
        ("aud", quoted("strongroom")),
        ("aud", r#"["localhost","shop.example"]"#.to_owned()),
        ("aud", "[]".to_owned()),
        ("aud", "null".to_owned()),
        ("iss", quoted("shop.example")),
        ("iss", quoted("LOCALHOST")),
        ("iss", quoted("localhost.")),
        ("iss", quoted("127.0.0.1")),
        ("iss", quoted("unregistered.example")),
        ("iss", "null".to_owned()),
        ("sub", quoted("")),
        ("sub", quoted("..")),
        ("sub", quoted("jane doe")),
        ("sub", "null".to_owned()),
        ("sub", "7".to_owned()),
        ("exp", (now - 60).to_string()),
        ("exp", quoted(&(now + 3600).to_string())),
        ("exp", "-1".to_owned()),
        ("exp", "1e300".to_owned()),
        ("iat", (now + 3600).to_string()),
        ("iat", "null".to_owned()),
        ("nbf", (now + 3600).to_string()),
    ] {
        let what = format!("our own, {name} {json}");
        attacks.push(token(what, signer.claiming(|it| it.with(name, json))));
    }
    for name in ["fid", "aud", "iss", "sub", "exp"] {
        attacks.push(token(format!("our own without {name}"), signer.claiming(|it| it.without(name))));
        let own = signer.claims().get(name).to_owned();
        attacks.push(token(format!("our own, {name} twice"), signer.claiming(|it| it.again(name, own))));
    }
    attacks
}

/// Tokens of sessions that have ended: by sign-out, and by the replay of a refresh token.
fn ended(cast: &Cast) -> Vec<Attack> {
    let mut client = cast.safe.connect();
    let out = Session::begin(cast);
    assert_eq!(client.authorized(&out.access, "POST", "/v1/auth/sign-out", "").status, 200);

    let replayed = Session::begin(cast);
    let body = format!(r#"{{"refresh_token":"{}"}}"#, replayed.refresh);
    let mut refresh =
        || client.request("POST", "/v1/auth/refresh", &[("Content-Type", "application/json")], &body);
    let next = refresh().json();
    let text = |name: &str| next[name].as_str().unwrap().to_owned();
    assert_eq!(refresh().status, 401, "the replay");

    vec![
        token("of a session that signed out", &out.access),
        token("made anew for a session that signed out", out.signer.good()),
        exchange("of a session that signed out", &out.refresh),
        token("the first of a session with a replay", &replayed.access),
        token("the second of a session with a replay", text("access_token")),
        token("made anew for a session with a replay", replayed.signer.good()),
        exchange("replayed once more", &replayed.refresh),
        exchange("that was valid until the replay", text("refresh_token")),
    ]
}

/// Another process has other keys, whatever it calls them.
fn of_another_process(session: &Session) -> Vec<Attack> {
    let data = tempfile::tempdir().unwrap();
    let other = Safe::dev(data.path());
    let theirs = session.signer.keyed(Pair::generate(session.signer.algorithm));
    vec![
        token("an access token of another process", &other.access_token),
        token("a refresh token of another process", &other.refresh_token),
        exchange("of another process", &other.refresh_token),
        exchange("an access token of another process", &other.access_token),
        token("another process's key under our kid", theirs.good()),
        exchange("another process's key under our kid", theirs.headed(|it| it.with("typ", quoted("rt+jwt")))),
    ]
}

/// A token speaks for one tenant, and what is named beside it agrees.
fn of_another_tenant(session: &Session) -> Vec<Attack> {
    let authorization = format!("Bearer {}", session.access);
    let plain = String::from_utf8(read(Some(authorization.as_bytes()))).unwrap();
    [
        plain.replacen("\r\n", "\r\nX-RpId: shop.example\r\n", 1),
        plain.replacen("\r\n", "\r\nX-Rp-Id: shop.example\r\n", 1),
        plain.replacen("\r\n", "\r\nOrigin: https://www.shop.example\r\n", 1),
        plain.replacen(" HTTP", "?rpId=shop.example HTTP", 1),
    ]
    .map(|request| {
        let what = format!("beside another tenant: {:?}", &request[..90]);
        Attack { what, request: request.into(), code: "tenant_mismatch" }
    })
    .into()
}

/// A refresh token is read as strictly as one of access.
fn malformed_refreshes(session: &Session) -> Vec<Attack> {
    let refresh = &session.refresh;
    let rt = |it: super::signer::Members| it.with("typ", quoted("rt+jwt"));
    let parts: Vec<_> = refresh.split('.').collect();
    [
        ("empty", String::new()),
        ("a dot", ".".to_owned()),
        ("a word", "undefined".to_owned()),
        ("with padding", format!("{refresh}=")),
        ("with a space behind", format!("{refresh} ")),
        ("with a line end behind", format!("{refresh}\\n")),
        ("with a scheme", format!("Bearer {refresh}")),
        ("without its signature", format!("{}.{}.", parts[0], parts[1])),
        ("of two segments", format!("{}.{}", parts[0], parts[1])),
        ("of four segments", format!("{refresh}.{}", parts[2])),
        ("in upper case", refresh.to_uppercase()),
        ("huge", "A".repeat(60_000)),
        ("huge, with dots", ".".repeat(60_000)),
        ("of letters beyond ASCII", "\u{e9}".repeat(9)),
        (
            "of an unknown session",
            session.signer.token(
                rt(session.signer.header.clone()).text(),
                session.signer.claims().with("fid", quoted(&b64([7; 16]))).text(),
            ),
        ),
        (
            "that is past",
            session.signer.token(
                rt(session.signer.header.clone()).text(),
                session.signer.claims().with("exp", (now_s() - 60).to_string()).text(),
            ),
        ),
        (
            "that asks for a key of its own",
            session.signer.headed(|it| rt(it).with("jwk", session.signer.pair.jwk(&[]).to_string())),
        ),
        ("without kid", session.signer.headed(|it| rt(it).without("kid"))),
    ]
    .map(|(what, text)| exchange(what, text))
    .into()
}
