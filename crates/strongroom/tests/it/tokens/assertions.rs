//! Assertions of a gateway: what only looks like one, what one must not say, and what it must not pass for.
//!
//! The same one shown again while it lives is no attack: it is good, as any token is.

use super::cast::{Cast, GATEWAY, Session};
use super::own::exchange;
use super::pairs::Pair;
use super::signer::{Signer, aged, now_s, quoted};
use super::{Attack, token};

pub(super) fn attacks(cast: &Cast, session: &Session) -> Vec<Attack> {
    let gateway = &cast.gateway;
    let mut attacks = types(gateway);
    attacks.extend(lives(gateway));
    attacks.extend(values(gateway));
    attacks.extend(written_twice(gateway));
    attacks.extend(posing_as_a_gateway(cast, session));
    attacks.extend(in_ones_own_name(cast, session));
    attacks.extend(a_gateway_posing(gateway, session));
    attacks
}

fn types(gateway: &Signer) -> Vec<Attack> {
    let types = [
        r#""JWT""#,
        r#""at+jwt""#,
        r#""rt+jwt""#,
        r#""shop+jwt""#,
        r#""ga""#,
        r#""ga+jwt ""#,
        r#"" ga+jwt""#,
        r#""text/ga+jwt""#,
        r#""application/application/ga+jwt""#,
        r#""ga+jwt\u0000""#,
        r#""""#,
        "null",
        "7",
        r#"["ga+jwt"]"#,
    ];
    let of_type =
        |typ: &str| token(format!("an assertion of typ {typ}"), gateway.headed(|it| it.with("typ", typ)));
    let mut attacks: Vec<_> = types.into_iter().map(of_type).collect();
    attacks.push(token("an assertion without typ", gateway.headed(|it| it.without("typ"))));
    attacks.push(token("an assertion with cty for typ", {
        gateway.headed(|it| it.without("typ").with("cty", quoted("ga+jwt")))
    }));
    attacks
}

/// Well signed, of the right type, and good for longer than a minute, for no time, or not now.
fn lives(gateway: &Signer) -> Vec<Attack> {
    let living = |ago_s: u64, life_s: u64| {
        let what = format!("an assertion made {ago_s} s ago that lives for {life_s} s");
        token(what, gateway.claiming(|it| aged(it, ago_s, life_s)))
    };
    let mut attacks = [
        (0, 0),
        (0, 61),
        (0, 90),
        (0, 3_600),
        (0, 86_400 * 365),
        (30, 61),
        (60, 120),
        (3_600, 3_660),
        (120, 60),
        (3_600, 60),
    ]
    .map(|(ago_s, life_s)| living(ago_s, life_s))
    .into_iter()
    .collect::<Vec<_>>();
    let now = now_s();
    for (iat, exp) in
        [(now + 20, now + 10), (now + 40, now + 20), (now + 300, now + 360), (now + 86_400, now + 86_460)]
    {
        let dated = gateway.claiming(|it| it.with("iat", iat.to_string()).with("exp", exp.to_string()));
        let what = format!("an assertion of {} s to come until {} s", iat - now, exp - now);
        attacks.push(token(what, dated));
    }
    for name in ["iat", "exp"] {
        attacks.push(token(format!("an assertion without {name}"), gateway.claiming(|it| it.without(name))));
        for (kind, json) in [
            ("a string", quoted(&now.to_string())),
            ("null", "null".to_owned()),
            ("a list", format!("[{now}]")),
            ("negative", "-1".to_owned()),
            ("huge", "1e300".to_owned()),
            ("true", "true".to_owned()),
        ] {
            let what = format!("an assertion whose {name} is {kind}");
            attacks.push(token(what, gateway.claiming(|it| it.with(name, json))));
        }
    }
    let later = (now + 300).to_string();
    attacks.push(token("an assertion of later by nbf", gateway.claiming(|it| it.with("nbf", later))));
    attacks
}

/// Claims that name no tenant of ours, no person, or another safe.
fn values(gateway: &Signer) -> Vec<Attack> {
    let odd = |name: &str, values: &[&str]| {
        let claiming = |json: &&str| {
            let what = format!("an assertion whose {name} is {json}");
            token(what, gateway.claiming(|it| it.with(name, *json)))
        };
        let absent = token(format!("an assertion without {name}"), gateway.claiming(|it| it.without(name)));
        values.iter().map(claiming).chain([absent]).collect::<Vec<_>>()
    };
    let tenants = odd(
        "tenant",
        &[
            r#""other.example""#,
            r#""www.shop.example""#,
            r#""example""#,
            r#""Shop.Example""#,
            r#""shop.example.""#,
            r#"" shop.example""#,
            r#""shop.example ""#,
            r#""https://shop.example""#,
            r#""shop.example:443""#,
            r#""shop.example\u0000""#,
            r#""localhost,shop.example""#,
            r#""""#,
            r#""*""#,
            r#"["shop.example"]"#,
            r#"["localhost","shop.example"]"#,
            r#"{"shop.example":true}"#,
            "null",
            "true",
            "7",
        ],
    );
    let audiences = odd(
        "aud",
        &[
            r#""https://gateway.example""#,
            r#""shop.example""#,
            r#""Strongroom""#,
            r#""""#,
            "[]",
            r#"["strongroom","https://other.example"]"#,
            r#"["strongroom","strongroom"]"#,
            "null",
            "7",
        ],
    );
    let people = odd("sub", &[r#""""#, r#""..""#, r#""a/b""#, r#""a b""#, r#"["jane"]"#, "null", "7"]);
    let elsewhere = ["rpId", "tenant_id", "tid", "Tenant"].map(|name| {
        let moved = |it: super::signer::Members| it.without("tenant").with(name, quoted("shop.example"));
        token(format!("an assertion whose tenant is in {name}"), gateway.claiming(moved))
    });
    [tenants, audiences, people, elsewhere.into()].into_iter().flatten().collect()
}

/// Two readers must not see two tenants, two people or two ends.
fn written_twice(gateway: &Signer) -> Vec<Attack> {
    let end = (now_s() + 30).to_string();
    let mut attacks = Vec::new();
    for (name, escaped, json) in [
        ("tenant", r"t\u0065nant", r#""localhost""#),
        ("sub", r"s\u0075b", r#""jane""#),
        ("exp", r"\u0065xp", &end),
        ("aud", r"\u0061ud", r#""strongroom""#),
    ] {
        for (how, name_again) in [("plainly", name), ("escaped", escaped)] {
            let what = format!("an assertion with {name} twice, {how}");
            attacks.push(token(what, gateway.claiming(|it| it.again(name_again, json))));
        }
    }
    let what = "an assertion with typ twice";
    attacks.push(token(what, gateway.headed(|it| it.again("typ", quoted("at+jwt")))));
    attacks
}

/// Everything about it is the gateway's, but for the key.
fn posing_as_a_gateway(cast: &Cast, session: &Session) -> Vec<Attack> {
    let gateway = &cast.gateway;
    let mut attacks = Vec::new();
    for (at, signer) in cast.signers().chain([&session.signer]).enumerate() {
        let forger = signer.posing_as(gateway);
        attacks.push(token(format!("posing as a gateway: {at}"), forger.good()));
        let labelled = signer.posing_as(&gateway.clone().doing(signer.algorithm));
        attacks.push(token(format!("posing as a gateway under its label: {at}"), labelled.good()));
    }
    let stranger = gateway.keyed(Pair::generate(gateway.algorithm));
    attacks.push(token("a stranger posing as a gateway", stranger.good()));
    attacks.push(token("a stranger's key without a name", stranger.headed(|it| it.without("kid"))));
    attacks
        .push(token("the gateway's key by another name", gateway.headed(|it| it.with("kid", quoted("ed")))));
    attacks
}

/// Other issuers, and we ourselves, with the type and the claims of an assertion.
fn in_ones_own_name(cast: &Cast, session: &Session) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (at, signer) in cast.signers().chain([&session.signer]).enumerate() {
        let header = signer.header.clone().with("typ", quoted("ga+jwt"));
        let claims = aged(signer.claims(), 0, 60);
        attacks.push(token(
            format!("of the type of assertions: {at}"),
            signer.token(header.text(), claims.text()),
        ));
        let claims = aged(signer.claims(), 0, 60).with("tenant", quoted("localhost"));
        attacks.push(token(
            format!("an assertion in one's own name: {at}"),
            signer.token(header.text(), claims.text()),
        ));
    }
    attacks
}

/// A gateway's key signs nothing but assertions in the gateway's name.
fn a_gateway_posing(gateway: &Signer, session: &Session) -> Vec<Attack> {
    let own = &session.signer;
    let mut attacks = vec![
        exchange("an assertion for a refresh token", gateway.good()),
        exchange(
            "an assertion's claims with the type of refresh",
            gateway.headed(|it| it.with("typ", quoted("rt+jwt"))),
        ),
        token("our own by a gateway's key", gateway.posing_as(own).good()),
        token("our own by a gateway's key and name", {
            gateway.posing_as(own).headed(|it| it.with("kid", quoted("gateway")))
        }),
        token("our own claims in a gateway's name, typed as ours", {
            gateway.token(
                gateway.header.clone().with("typ", quoted("at+jwt")).text(),
                own.claims().with("iss", quoted(GATEWAY)).text(),
            )
        }),
        token("an assertion with the session of another", {
            let fid = own.claims().get("fid").to_owned();
            gateway.token(
                gateway.header.clone().with("typ", quoted("at+jwt")).text(),
                gateway.claims().with("fid", fid).text(),
            )
        }),
    ];
    for issuer in
        ["localhost", "shop.example", "https://set.example", "https://ed.example", "https://gateway.example/"]
    {
        let named = gateway.claiming(|it| it.with("iss", quoted(issuer)));
        attacks.push(token(format!("an assertion of {issuer}"), named));
        let tenants = gateway.claiming(|it| it.with("iss", quoted(issuer)).with("aud", quoted(issuer)));
        attacks.push(token(format!("an assertion of {issuer} for itself"), tenants));
    }
    attacks.push(token("an assertion of nobody", gateway.claiming(|it| it.without("iss"))));
    attacks
}
