//! Claims of a well-signed token that does not hold here or now, or says a thing twice (RFC 7519, section 4).

use jsonwebtoken::Algorithm;

use super::cast::{Cast, PARTICULAR, SHARED};
use super::signer::{Members, Signer, now_s, quoted};
use super::{Attack, token};

/// What is no `NumericDate` within reason, as JSON. A whole number of milliseconds is among it.
const NO_DATES: [&str; 22] = [
    "null",
    "true",
    "false",
    r#""""#,
    r#""9999999999""#,
    r#""2099-01-01T00:00:00Z""#,
    "[9999999999]",
    r#"{"exp":9999999999}"#,
    "-1",
    "-9999999999",
    "-0.5",
    "-1e300",
    "253402300800",
    "9999999999999",
    "1e300",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "1e18",
    "253402300799.5e1",
];

/// What is no JSON, where a date stands.
const NO_JSON: [&str; 14] = [
    "NaN",
    "Infinity",
    "-Infinity",
    "0x7fffffff",
    "+9999999999",
    "09999999999",
    "9999999999.",
    ".9e10",
    "9_999_999_999",
    "1e999",
    "1e",
    "9999999999n",
    "",
    "--1",
];

pub(super) fn attacks(cast: &Cast) -> Vec<Attack> {
    let hs = cast.signer(SHARED, Algorithm::HS256);
    let mut attacks = dates(hs);
    attacks.extend(dates_past(cast.key("ed")));
    attacks.extend(dates_past(cast.key("rsa")));
    attacks.extend(audiences(hs));
    attacks.extend(issuers(hs));
    attacks.extend(subjects(hs, "sub"));
    let particular = cast.signer(PARTICULAR, Algorithm::HS256);
    attacks.extend(subjects(particular, "customer"));
    attacks.push(token(
        "sub where customer is asked for",
        particular.claiming(|it| it.without("customer").with("sub", quoted("jane"))),
    ));
    attacks.extend(twice(hs));
    attacks.extend(not_one_object(hs));
    attacks
}

fn dates(signer: &Signer) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for name in ["exp", "nbf", "iat"] {
        for json in NO_DATES.into_iter().chain(NO_JSON) {
            attacks.push(token(format!("{name} {json:?}"), signer.claiming(|it| it.with(name, json))));
        }
    }
    attacks.push(token("no exp", signer.claiming(|it| it.without("exp"))));
    attacks.push(token("EXP", signer.claiming(|it| it.without("exp").with("EXP", "9999999999"))));
    attacks.push(token("expires_in", signer.claiming(|it| it.without("exp").with("expires_in", "3600"))));
    attacks
        .push(token("exp below", signer.claiming(|it| it.without("exp").with("x", r#"{"exp":9999999999}"#))));
    attacks
}

/// Dates of the past and of the future, beyond the leeway of 30 s.
fn dates_past(signer: &Signer) -> Vec<Attack> {
    let now = now_s();
    let mut attacks = Vec::new();
    for (what, exp) in [
        ("0", "0".to_owned()),
        ("0.9", "0.9".to_owned()),
        ("1e3", "1e3".to_owned()),
        ("a minute past", (now - 60).to_string()),
        ("just past the leeway", (now - 31).to_string()),
        ("just past the leeway, with a fraction", format!("{}.999", now - 31)),
        ("a day past", (now - 86_400).to_string()),
        ("in hours, as a slip has it", (now / 3600).to_string()),
    ] {
        attacks.push(token(
            format!("{:?} exp {what}", signer.algorithm),
            signer.claiming(|it| it.with("exp", exp)),
        ));
    }
    for name in ["nbf", "iat"] {
        for (what, date) in [
            ("in an hour", (now + 3600).to_string()),
            ("in an hour, with a fraction", format!("{}.5", now + 3600)),
            ("in ten years", (now + 315_360_000).to_string()),
            ("at the end of time", "253402300799".to_owned()),
        ] {
            let text = signer.claiming(|it| it.with(name, date));
            attacks.push(token(format!("{:?} {name} {what}", signer.algorithm), text));
        }
    }
    attacks
}

fn audiences(signer: &Signer) -> Vec<Attack> {
    let mut attacks: Vec<Attack> = [
        "null",
        "7",
        "true",
        r#""""#,
        r#""Strongroom""#,
        r#""strongroom ""#,
        r#"" strongroom""#,
        r#""strongroom\u0000""#,
        r#""strongroo""#,
        r#""strongrooms""#,
        r#""https://strongroom""#,
        r#""strongroom other""#,
        r#""strongroom,other""#,
        r#""*""#,
        r#""localhost""#,
        r#""shop.example""#,
        "[]",
        r#"[""]"#,
        r#"["other"]"#,
        r#"["strongroom",7]"#,
        r#"["strongroom",null]"#,
        r#"[["strongroom"]]"#,
        r#"{"strongroom":true}"#,
        r#"{"aud":"strongroom"}"#,
    ]
    .map(|aud| token(format!("aud {aud}"), signer.claiming(|it| it.with("aud", aud))))
    .into();
    attacks.push(token("no aud", signer.claiming(|it| it.without("aud"))));
    attacks.push(token("AUD", signer.claiming(|it| it.without("aud").with("AUD", quoted("strongroom")))));
    attacks.push(token(
        "azp for aud",
        signer.claiming(|it| it.without("aud").with("azp", quoted("strongroom"))),
    ));
    attacks
}

fn issuers(signer: &Signer) -> Vec<Attack> {
    let mut attacks: Vec<Attack> = [
        "null",
        "7",
        "true",
        r#""""#,
        r#""https://shared.example/""#,
        r#""https://SHARED.example""#,
        r#""HTTPS://shared.example""#,
        r#""http://shared.example""#,
        r#""shared.example""#,
        r#""https://shared.example ""#,
        r#"" https://shared.example""#,
        r#""https://shared.example\u0000""#,
        r#""https://shared.example#""#,
        r#""https://shared.example?""#,
        r#""https://shared.example:443""#,
        r#""https://shared.example.evil.example""#,
        r#""https://evil.example/https://shared.example""#,
        r#""https://evil.example@shared.example""#,
        r#""https://sh\u0430red.example""#,
        r#"["https://shared.example"]"#,
        r#"{"iss":"https://shared.example"}"#,
    ]
    .map(|iss| token(format!("iss {iss}"), signer.claiming(|it| it.with("iss", iss))))
    .into();
    attacks.push(token("no iss", signer.claiming(|it| it.without("iss"))));
    attacks.push(token("ISS", signer.claiming(|it| it.without("iss").with("ISS", quoted(SHARED)))));
    attacks
}

/// An id of a person has 1 to 128 characters of a short alphabet.
fn subjects(signer: &Signer, name: &str) -> Vec<Attack> {
    let long = quoted(&"a".repeat(129));
    let mut attacks: Vec<Attack> = [
        "null",
        "7",
        "true",
        "[]",
        "{}",
        r#""""#,
        r#"" ""#,
        r#"".""#,
        r#""..""#,
        r#""../jane""#,
        r#""jane/doe""#,
        r#""jane doe""#,
        r#""jane ""#,
        r#""jane\u0000""#,
        r#""jane\n""#,
        r#""jane:doe""#,
        r#""jane@example.org""#,
        r#""j\u00e4ne""#,
        r#""jane\uff0e""#,
        r#""%6aane""#,
        r#"["jane"]"#,
        r#"{"id":"jane"}"#,
        &long,
    ]
    .map(|json| token(format!("{name} {json}"), signer.claiming(|it| it.with(name, json))))
    .into();
    attacks.push(token(format!("no {name}"), signer.claiming(|it| it.without(name))));
    attacks
}

/// Two readers may each believe another of two members.
fn twice(signer: &Signer) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (name, escaped, other) in [
        ("iss", r"is\u0073", quoted("https://set.example")),
        ("sub", r"\u0073ub", quoted("somebody-else")),
        ("aud", r"\u0061\u0075\u0064", quoted("other")),
        ("exp", r"ex\u0070", "1".to_owned()),
    ] {
        let own = signer.claims().get(name).to_owned();
        let mut twice = |how: &str, change: &dyn Fn(Members) -> Members| {
            attacks.push(token(format!("{name} {how}"), signer.claiming(change)));
        };
        twice("twice, alike", &|it| it.again(name, own.clone()));
        twice("twice, unlike", &|it| it.again(name, other.clone()));
        twice("twice, the wrong one first", &|it| it.with(name, other.clone()).again(name, own.clone()));
        twice("twice, escaped", &|it| it.again(escaped, own.clone()));
        twice("twice, escaped and unlike", &|it| it.again(escaped, other.clone()));
        twice("twice, one of them null", &|it| it.again(name, "null"));
    }
    for more in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"[{"a":1,"a":2}]"#,
        r#"{"b":{"c":[{"a":1,"a":2}]}}"#,
        r#"{"":1,"":2}"#,
        r#"{"\u00e9":1,"é":2}"#,
    ] {
        attacks.push(token(format!("twice below {more}"), signer.claiming(|it| it.with("x", more))));
    }
    attacks
        .push(token("a member of no meaning twice", signer.claiming(|it| it.with("x", "1").again("x", "1"))));
    attacks
}

/// Texts that are no object, or more than one.
fn not_one_object(signer: &Signer) -> Vec<Attack> {
    let claims = || signer.claims().text();
    let inside = || claims().trim_matches(['{', '}']).to_owned();
    [
        ("null", "null".to_owned()),
        ("nothing but space", "  ".to_owned()),
        ("a number", "1".to_owned()),
        ("a string", quoted("a")),
        ("an empty object", "{}".to_owned()),
        ("an array of it", format!("[{}]", claims())),
        ("two objects", claims() + &claims()),
        ("an empty object before", "{}".to_owned() + &claims()),
        ("a letter behind", claims() + "x"),
        ("a comma behind", claims() + ","),
        ("a comma inside", format!("{{{},}}", inside())),
        ("not closed", format!("{{{}", inside())),
        ("not opened", inside() + "}"),
        ("single quotes", claims().replace('"', "'")),
        ("a comment", format!("{{{}/**/}}", inside())),
        ("names without quotes", format!("{{{},x:1}}", inside())),
        ("a line of JSON and another", claims() + "\n" + &claims()),
        ("form encoded", "iss=https://shared.example&aud=strongroom&sub=jane&exp=9999999999".to_owned()),
    ]
    .map(|(what, text)| token(format!("claims: {what}"), signer.token(signer.header.text(), text)))
    .into()
}
