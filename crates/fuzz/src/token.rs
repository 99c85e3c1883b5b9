//! The token parser: nobody is known who did not sign, and whoever did is known exactly when the rules say so.
//!
//! The first line of an input names, by its first letter, what the rest is: a token as it is (`raw`); a line of header and
//! the claims behind it, which are then signed for our own issuer (`own`), the foreign one (`foreign`) or a gateway
//! (`gateway`); members to alter in what good ones say (`alter`): a line `own`, `foreign` or `gateway`, then
//! `header.NAME=VALUE` and `claims.NAME=VALUE`, a value as JSON has it, nothing to drop the member; edits of a good token
//! (`edits`); a file of signing keys (`keys`), a key set (`jwks`) or a public key (`pem`).

use std::cell::OnceCell;

use serde_json::value::RawValue;
use strongroom_jwt::{Algorithm, ForeignKeys, SigningKeys};
use strongroom_ports::{TokenIssuer as _, Verdict};
use strongroom_testkit::sample;

use crate::edits::edited;
use crate::json_model;
use crate::token_model::{Rules, Speaks};
use crate::token_world::{FOREIGN, GATEWAY, LEEWAY, OWN, Signer, World, judge, verifier};

thread_local! {
    static WORLD: OnceCell<Option<World>> = const { OnceCell::new() };
}

/// Asserts that the verifiers keep their promises for this input; returns what they say, by its kind.
pub(crate) fn check(input: &[u8]) -> &'static str {
    let end = input.iter().position(|b| *b == b'\n').unwrap_or(input.len());
    let rest = input.get(end + 1..).unwrap_or_default();
    WORLD.with(|world| {
        let world = world.get_or_init(World::new).as_ref();
        match (world, input.first()) {
            (None, _) => unreachable!("the keys of the world are keys"),
            (Some(world), Some(b'r')) => raw(world, rest),
            (Some(world), Some(b'o')) => signed(world, Signer::Own, rest),
            (Some(world), Some(b'f')) => signed(world, Signer::Foreign, rest),
            (Some(world), Some(b'g')) => signed(world, Signer::Gateway, rest),
            (Some(world), Some(b'a')) => altered(world, rest),
            (Some(world), Some(b'e')) => changed(world, rest),
            (_, Some(b'k')) => signing_keys(rest),
            (Some(world), Some(b'j')) => keys(world, ForeignKeys::KeySet, rest),
            (Some(world), Some(b'p')) => keys(world, ForeignKeys::PublicKeyPem, rest),
            _ => "nothing",
        }
    })
}

/// Any text: whoever is known is known by a signature that one of the keys makes.
fn raw(world: &World, token: &[u8]) -> &'static str {
    let Ok(token) = std::str::from_utf8(token) else { return "no text" };
    let own = judge(world.own.as_ref(), token);
    let foreign = judge(world.foreign.as_ref(), token);
    for (verdict, signers) in [(&own, &[Signer::Own][..]), (&foreign, &[Signer::Foreign, Signer::Gateway])] {
        let is_known = matches!(verdict, Verdict::Known(_));
        let is_signed = signers.iter().any(|signer| world.is_signed(*signer, token));
        assert!(!is_known || is_signed, "known, and none of {signers:?} signed it");
    }
    let is_refresh = world.own.read_refresh(token).is_ok();
    assert!(!is_refresh || world.is_signed(Signer::Own, token), "a refresh token that we did not sign");
    assert!(!is_refresh || !matches!(own, Verdict::Known(_)), "a refresh token is an access token, too");

    let expected = if own == Verdict::NotMine { foreign } else { own };
    for turn in ["first", "second"] {
        assert_eq!(judge(&world.cache, token), expected, "the cache says another thing the {turn} time");
    }
    match expected {
        Verdict::Known(_) => "known",
        Verdict::NotMine => "nobody's",
        Verdict::Refused(_) if is_refresh => "refresh",
        Verdict::Refused(_) => "refused",
    }
}

/// A truly signed token: known exactly when the model says so, and as whom it says.
fn signed(world: &World, signer: Signer, input: &[u8]) -> &'static str {
    let end = input.iter().position(|b| *b == b'\n').unwrap_or(input.len());
    let (header, claims) = input.split_at(end);
    let claims = claims.get(1..).unwrap_or_default();
    let token = world.sign(signer, header, claims);
    let reached = raw(world, token.as_bytes());

    let rules = rules(signer);
    let expected = rules.read(token.len(), header, claims, sample::now(), LEEWAY);
    let said = match judge(&world.cache, &token) {
        Verdict::Known(principal) => {
            assert_eq!(principal.session, rules.session);
            let tenant = principal.caller.tenant.as_str().to_owned();
            let person = principal.caller.person.as_str().to_owned();
            Some(Speaks { tenant, person, expires_at: principal.expires_at })
        }
        _ => None,
    };
    assert_eq!(said, expected, "another opinion whom a signed token speaks for");
    reached
}

/// What a good token says, with some members altered, and truly signed. An input that is near a good one is short.
fn altered(world: &World, input: &[u8]) -> &'static str {
    let mut lines = input.split(|b| *b == b'\n');
    let signer = match lines.next().and_then(<[u8]>::first) {
        Some(b'o') => Signer::Own,
        Some(b'g') => Signer::Gateway,
        _ => Signer::Foreign,
    };
    let (mut header, mut claims) = good_members(signer);
    for line in lines {
        let Ok(line) = std::str::from_utf8(line) else { continue };
        let Some((part, (name, value))) =
            line.split_once('.').and_then(|(part, rest)| Some((part, rest.split_once('=')?)))
        else {
            continue;
        };
        let members = if part.starts_with('h') { &mut header } else { &mut claims };
        members.retain(|(other, _)| other != name);
        if !value.is_empty() {
            members.push((name.to_owned(), value.to_owned()));
        }
    }
    signed(world, signer, format!("{}\n{}", object(&header), object(&claims)).as_bytes())
}

fn rules(signer: Signer) -> &'static Rules {
    match signer {
        Signer::Own => &OWN,
        Signer::Foreign => &FOREIGN,
        Signer::Gateway => &GATEWAY,
    }
}

type Members = Vec<(String, String)>;

/// The header and the claims that make a token known.
fn good_members(signer: Signer) -> (Members, Members) {
    let now = sample::now().secs();
    let quoted = |text: &str| format!("\"{text}\"");
    let member = |(name, value): (&str, String)| (name.to_owned(), value);
    let rules = rules(signer);
    let fid = rules.session.map(|session| quoted(&session.to_string()));
    let tenant = matches!(signer, Signer::Gateway).then(|| quoted(sample::TENANT));
    let header = [
        Some(("alg", quoted(rules.algorithm))),
        rules.kid.map(|kid| ("kid", quoted(kid))),
        rules.types.last().map(|typ| ("typ", quoted(typ))),
    ];
    let claims = [
        Some(("iss", quoted(rules.issuer))),
        rules.audience.first().map(|audience| ("aud", quoted(audience))),
        Some(("sub", quoted("jane"))),
        Some(("iat", now.to_string())),
        Some(("exp", (now + 60).to_string())),
        fid.map(|fid| ("fid", fid)),
        tenant.map(|tenant| ("tenant", tenant)),
    ];
    (header.into_iter().flatten().map(member).collect(), claims.into_iter().flatten().map(member).collect())
}

fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// A good token, changed: known exactly when nothing has changed.
fn changed(world: &World, edits: &[u8]) -> &'static str {
    for good in [&world.access, &world.foreigner] {
        let token = edited(good.as_bytes(), edits);
        let reached = raw(world, &token);
        assert_eq!(reached == "known", token == good.as_bytes(), "a token is known that was changed");
    }
    let token = edited(world.refresh.as_bytes(), edits);
    let is_taken = std::str::from_utf8(&token).is_ok_and(|token| world.own.read_refresh(token).is_ok());
    assert_eq!(is_taken, token == world.refresh.as_bytes(), "a refresh token is taken that was changed");
    if is_taken { "unchanged" } else { "changed" }
}

/// A file of signing keys: what is read is written as what is read again.
fn signing_keys(file: &[u8]) -> &'static str {
    let Ok(keys) = SigningKeys::parse(file) else { return "no signing keys" };
    let members = std::str::from_utf8(file).ok().and_then(json_model::members).unwrap_or_default();
    let list = members.iter().find(|(name, _)| name == "keys").and_then(|(_, list)| json_model::items(list));
    let is_of_objects =
        |list: Vec<&RawValue>| list.iter().all(|entry| json_model::members(entry.get()).is_some());
    assert!(list.is_some_and(is_of_objects), "signing keys that are no object of objects");
    let again = SigningKeys::parse(keys.to_json().as_bytes());
    assert!(again.is_ok_and(|again| {
        again.kids().eq(keys.kids()) && *again.to_json() == *keys.to_json() && keys.kids().next().is_some()
    }));
    "signing keys"
}

/// Keys of a foreign issuer: no key that it publishes makes its secret's tokens good.
fn keys(world: &World, kind: fn(Vec<u8>) -> ForeignKeys, file: &[u8]) -> &'static str {
    let claims = format!(r#"{{"iss":"{}","aud":"other","sub":"jane","exp":253402300799}}"#, FOREIGN.issuer);
    let token = world.sign(Signer::Foreign, br#"{"alg":"HS256"}"#, claims.as_bytes());
    let mut reached = "no keys";
    for algorithm in [Algorithm::HS256, Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256] {
        match verifier(kind(file.to_vec()), algorithm) {
            Ok(tokens) => {
                assert_ne!(algorithm, Algorithm::HS256, "a published secret is taken for a key");
                assert!(!matches!(judge(&tokens, &token), Verdict::Known(_)));
                reached = "keys";
            }
            Err(problems) => assert!(!problems.is_empty(), "refused for nothing"),
        }
    }
    reached
}
