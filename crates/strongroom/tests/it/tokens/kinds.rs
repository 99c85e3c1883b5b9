//! `typ` and `kid`: a token for another purpose (RFC 8725, section 3.11), and names of keys that are none.

use jsonwebtoken::Algorithm;

use super::cast::{Cast, PARTICULAR, RSA_PEM, SET, SHARED, Session};
use super::pairs::{Pair, b64};
use super::signer::quoted;
use super::{Attack, token};

/// Types of other kinds of token, and what only looks like one of access, as JSON.
const FOREIGN_TYPES: [&str; 33] = [
    r#""ga+jwt""#,
    r#""GA+JWT""#,
    r#""application/ga+jwt""#,
    r#""rt+jwt""#,
    r#""RT+JWT""#,
    r#""application/rt+jwt""#,
    r#""id+jwt""#,
    r#""logout+jwt""#,
    r#""secevent+jwt""#,
    r#""dpop+jwt""#,
    r#""token-introspection+jwt""#,
    r#""oauth-authz-req+jwt""#,
    r#""dc+sd-jwt""#,
    r#""JOSE""#,
    r#""JOSE+JSON""#,
    r#""JWE""#,
    r#""JWS""#,
    r#""""#,
    r#"" ""#,
    r#""JWT ""#,
    r#"" JWT""#,
    r#""at+jwt ""#,
    r#""at+jwt;v=1""#,
    r#""at jwt""#,
    r#""at+jwt\u0000""#,
    r#""at""#,
    r#""text/at+jwt""#,
    r#""application/""#,
    r#""application/application/at+jwt""#,
    "null",
    "7",
    r#"["JWT"]"#,
    r#"{"typ":"JWT"}"#,
];

/// Names of keys that the issuer does not have, as JSON.
const ODD_KIDS: [&str; 44] = [
    r#""""#,
    r#"" ""#,
    r#""RSA""#,
    r#""P256""#,
    r#""p256 ""#,
    r#"" p256""#,
    r#""p256\u0000""#,
    r#""p256\n""#,
    r#""p256.""#,
    r#""p25""#,
    r#""p256-""#,
    r#""p256-next2""#,
    r#""p256,p384""#,
    r#""\uff50256""#,
    r#""enc""#,
    r#""none""#,
    r#""null""#,
    r#""0""#,
    r#""1""#,
    r#""-1""#,
    r#""*""#,
    r#""%""#,
    r#""_""#,
    r#"".*""#,
    r#""__proto__""#,
    r#""constructor""#,
    r#""../../../../../../dev/null""#,
    r#""/dev/null""#,
    r#""..\\..\\set.json""#,
    r#""set.json""#,
    r#""shared.secret""#,
    r#""file:///proc/self/environ""#,
    r#""https://set.example/jwks.json""#,
    r#""' OR '1'='1""#,
    r#""x' UNION SELECT 'secret' -- ""#,
    r#""'; DROP TABLE sessions; --""#,
    r#""$(id)""#,
    r#""|id""#,
    r#""{{7*7}}""#,
    r#""${jndi:ldap://127.0.0.1/a}""#,
    "null",
    "7",
    "true",
    r#"["p256"]"#,
];

pub(super) fn attacks(cast: &Cast, session: &Session) -> Vec<Attack> {
    let shared = cast.signer(SHARED, Algorithm::HS256);
    let mut attacks = Vec::new();
    for (who, signer) in [("foreign", cast.key("ed")), ("secret", shared), ("our own", &session.signer)] {
        for typ in FOREIGN_TYPES {
            attacks.push(token(format!("{who} typ {typ}"), signer.headed(|it| it.with("typ", typ))));
        }
    }
    let particular = cast.signer(PARTICULAR, Algorithm::HS256);
    for typ in
        [r#""JWT""#, r#""at+jwt""#, r#""shop""#, r#""shop+jwt ""#, r#""text/shop+jwt""#, r#""shop+jwts""#]
    {
        attacks.push(token(format!("typ {typ} for shop+jwt"), particular.headed(|it| it.with("typ", typ))));
    }
    attacks.push(token("no typ for shop+jwt", particular.headed(|it| it.without("typ"))));
    attacks.push(token(
        "shop+jwt where nobody asks for it",
        shared.headed(|it| it.with("typ", r#""shop+jwt""#)),
    ));
    for typ in [r#""JWT""#, r#""jwt""#, r#""shop+jwt""#] {
        attacks.push(token(format!("our own typ {typ}"), session.signer.headed(|it| it.with("typ", typ))));
    }
    attacks.push(token("our own without typ", session.signer.headed(|it| it.without("typ"))));

    for (who, signer) in [("foreign", cast.key("p256")), ("our own", &session.signer)] {
        for kid in ODD_KIDS {
            attacks.push(token(format!("{who} kid {kid}"), signer.headed(|it| it.with("kid", kid))));
        }
        let huge = quoted(&"p256".repeat(1_400));
        attacks.push(token(format!("{who} with a huge kid"), signer.headed(|it| it.with("kid", huge))));
        attacks.push(token(format!("{who} without kid"), signer.headed(|it| it.without("kid"))));
        let kid = signer.header.get("kid").to_owned();
        attacks.push(token(format!("{who} KID"), signer.headed(|it| it.without("kid").with("KID", kid))));
    }
    attacks.extend(names_as_keys(cast));
    attacks.extend(names_of_others(cast, session));
    attacks
}

/// Where `kid` is a path, a query or an address to somebody, the attacker knows what key it leads to.
fn names_as_keys(cast: &Cast) -> Vec<Attack> {
    let known = |secret: &[u8]| cast.key("rsa").keyed(Pair::Secret(secret.to_vec())).doing(Algorithm::HS256);
    [
        ("../../../../../../dev/null", b"".to_vec()),
        ("/proc/sys/kernel/randomize_va_space", b"2\n".to_vec()),
        ("x' UNION SELECT 'secret' -- ", b"secret".to_vec()),
        ("set.json", cast.set_document.clone().into()),
        ("data:,secret", b"secret".to_vec()),
        ("rsa", b"rsa".to_vec()),
    ]
    .map(|(kid, secret)| {
        let text = known(&secret).headed(|it| it.with("kid", quoted(kid)));
        token(format!("a secret by the kid {kid}"), text)
    })
    .into()
}

/// A key is found by issuer and kid together.
fn names_of_others(cast: &Cast, session: &Session) -> Vec<Attack> {
    let own = &session.signer;
    let key = cast.key("ed");
    let iss = |issuer: &str| quoted(issuer);
    let own_kid = quoted(&session.kid);
    vec![
        token(
            "our own kid at a foreign issuer, by its key",
            key.headed(|it| it.with("kid", own_kid.clone())),
        ),
        token("our own key at a foreign issuer", own.posing_as(key).good()),
        token(
            "our own key and kid at a foreign issuer",
            own.posing_as(key).headed(|it| it.with("kid", own_kid.clone())),
        ),
        token("a foreign key as ours", key.posing_as(own).good()),
        token("a foreign key and kid as ours", key.posing_as(own).headed(|it| it.with("kid", quoted("ed")))),
        token("the set's token for another issuer", key.claiming(|it| it.with("iss", iss(RSA_PEM)))),
        token("the set's token for the shared secret", key.claiming(|it| it.with("iss", iss(SHARED)))),
        token(
            "an issuer's secret for the set",
            cast.signer(SHARED, Algorithm::HS256).claiming(|it| it.with("iss", iss(SET))),
        ),
        token(
            "the set's token for us",
            key.claiming(|it| it.with("iss", iss("localhost")).with("aud", iss("localhost"))),
        ),
        token("the set's token for its tenant", key.claiming(|it| it.with("iss", iss("shop.example")))),
        token("a thumbprint for a kid", key.headed(|it| it.with("kid", quoted(&b64([7; 32]))))),
        token(
            "the issuer within the header alone",
            key.token(key.header.clone().with("iss", iss(SET)).text(), key.claims().without("iss").text()),
        ),
    ]
}
