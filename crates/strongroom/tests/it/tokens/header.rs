//! Headers that bring a key, ask for more, or can be read in two ways (RFC 7515, section 4; RFC 8725, sections 2 and 3).

use serde_json::json;

use super::cast::{Cast, Session};
use super::pairs::{Pair, b64};
use super::signer::{Signer, quoted};
use super::{Attack, token};

pub(super) fn attacks(cast: &Cast, session: &Session) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (who, signer) in [("foreign", cast.key("ed")), ("our own", &session.signer)] {
        attacks.extend(well_signed(cast, who, signer));
        attacks.extend(self_signed(cast, who, signer));
        attacks.extend(not_one_object(who, signer));
    }
    attacks
}

/// The right key has signed them, and still.
fn well_signed(cast: &Cast, who: &str, signer: &Signer) -> Vec<Attack> {
    let trap = format!("http://{}/jwks.json", cast.trap.local_addr().unwrap());
    let mut attacks: Vec<Attack> = [
        ("crit", r#"["exp"]"#.to_owned()),
        ("crit", r#"["b64"]"#.to_owned()),
        ("crit", r#"["https://example.com/extension"]"#.to_owned()),
        ("crit", "[]".to_owned()),
        ("crit", "null".to_owned()),
        ("crit", r#""exp""#.to_owned()),
        ("crit", "{}".to_owned()),
        ("jku", quoted(&trap)),
        ("jku", "null".to_owned()),
        (r"jk\u0075", quoted(&trap)),
        ("x5u", quoted(&trap)),
        (r"x5\u0075", quoted(&trap)),
        ("x5c", r#"["MIIB"]"#.to_owned()),
        ("x5c", "[]".to_owned()),
        ("jwk", r#"{"kty":"oct","k":"AAAA"}"#.to_owned()),
        ("jwk", "null".to_owned()),
        ("b64", "false".to_owned()),
        ("b64", "true".to_owned()),
        ("b64", r#""false""#.to_owned()),
        ("zip", r#""DEF""#.to_owned()),
        ("zip", "null".to_owned()),
        ("enc", r#""A256GCM""#.to_owned()),
    ]
    .map(|(name, json)| {
        token(format!("{who} {name} {json}"), signer.headed(|it| it.with(name, json.clone())))
    })
    .into();
    attacks.push(token(
        format!("{who} payload not encoded, as b64 has it"),
        signer.headed(|it| it.with("b64", "false").with("crit", r#"["b64"]"#)),
    ));
    for (name, json) in [
        ("alg", signer.header.get("alg")),
        (r"\u0061lg", signer.header.get("alg")),
        ("alg", r#""none""#),
        ("kid", signer.header.get("kid")),
        (r"ki\u0064", signer.header.get("kid")),
        ("kid", r#""other""#),
    ] {
        attacks.push(token(format!("{who} {name} twice, {json}"), signer.headed(|it| it.again(name, json))));
    }
    attacks.push(token(
        format!("{who} typ twice"),
        signer.headed(|it| it.with("typ", r#""at+jwt""#).again("typ", r#""at+jwt""#)),
    ));
    attacks.push(token(
        format!("{who} a member twice below"),
        signer.headed(|it| it.with("x", r#"{"a":1,"a":2}"#)),
    ));
    attacks.push(token(
        format!("{who} a member twice below, escaped"),
        signer.headed(|it| it.with("x", r#"[{"a":1,"\u0061":2}]"#)),
    ));
    attacks
}

/// An attacker's key has signed them, and the header says where it is or brings it (RFC 8725, section 3.10).
fn self_signed(cast: &Cast, who: &str, signer: &Signer) -> Vec<Attack> {
    let theirs = signer.keyed(Pair::generate(signer.algorithm));
    let trap = format!("http://{}/jwks.json", cast.trap.local_addr().unwrap());
    let jwk = theirs.pair.jwk(&[("kid", "mine")]);
    let kid = signer.header.get("kid").trim_matches('"').to_owned();
    let same_name = theirs.pair.jwk(&[("kid", &kid)]);
    let der = b64(theirs.pair.public_der());
    [
        ("jwk", jwk.to_string(), true),
        ("jwk", same_name.to_string(), false),
        ("jwk", jwk.to_string(), false),
        ("jwks", json!({ "keys": [same_name] }).to_string(), false),
        ("jku", quoted(&trap), true),
        ("jku", quoted(&trap), false),
        ("jku", quoted("data:application/json,{}"), false),
        ("jku", quoted(&format!("{trap}?https://set.example/")), false),
        ("jku", quoted("file:///proc/self/environ"), false),
        ("x5u", quoted(&trap), true),
        ("x5u", quoted(&trap), false),
        ("x5c", format!("[\"{der}\"]"), true),
        ("x5c", format!("[\"{der}\"]"), false),
        ("x5t", quoted(&b64([7; 20])), true),
        ("x5t#S256", quoted(&b64([7; 32])), false),
        ("key", quoted(&der), false),
        ("epk", jwk.to_string(), false),
    ]
    .map(|(name, json, is_renamed)| {
        let what = format!("{who} signed by an attacker, {name} {json}, renamed: {is_renamed}");
        token(
            what,
            theirs.headed(|it| {
                let it = if is_renamed { it.with("kid", quoted("mine")) } else { it };
                it.with(name, json)
            }),
        )
    })
    .into()
}

/// Texts that are no object, or more than one.
fn not_one_object(who: &str, signer: &Signer) -> Vec<Attack> {
    let good = signer.header.text();
    let inside = &good[1..good.len() - 1];
    [
        "null".to_owned(),
        "[]".to_owned(),
        format!("[{good}]"),
        "{}".to_owned(),
        "1".to_owned(),
        quoted("EdDSA"),
        format!("{good}{good}"),
        format!("{good}x"),
        format!("{good},"),
        format!("{{{inside},}}"),
        format!("{{,{inside}}}"),
        format!("{{{inside}"),
        format!("{inside}}}"),
        good.replace('"', "'"),
        format!("{{{inside}/*,*/}}"),
        format!("//\n{good}"),
        format!("{{{inside},\"x\":NaN}}"),
        format!("{{{inside},\"x\":01}}"),
        format!("{{{inside},\"x\":1e999}}"),
        format!("{{{inside},x:1}}"),
        format!("{{{inside},1:1}}"),
        format!("{{{inside},\"x\"}}"),
        format!("\u{b}{good}"),
        format!("\u{a0}{good}"),
        b64(&good),
    ]
    .map(|header| {
        let what = format!("{who} header {header:?}");
        token(what, signer.token(&header, signer.claims().text()))
    })
    .into()
}
