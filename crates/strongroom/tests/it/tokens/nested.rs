//! Tokens within tokens, and the other serialisations (RFC 7515, section 7.2; RFC 7516; RFC 7519, section 5.2): none is read.

use jsonwebtoken::Algorithm;
use serde_json::json;

use super::cast::{Cast, SHARED};
use super::pairs::b64;
use super::signer::quoted;
use super::{Attack, token};

pub(super) fn attacks(cast: &Cast) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for signer in [cast.key("ed"), cast.key("rsa"), cast.signer(SHARED, Algorithm::HS256)] {
        let good = signer.good();
        let parts: Vec<_> = good.split('.').collect();
        let (h, c, s) = (parts[0], parts[1], parts[2]);
        let nested = signer.header.clone().with("cty", quoted("JWT")).text();
        let flattened = json!({ "protected": h, "payload": c, "signature": s });
        let general = json!({ "payload": c, "signatures": [{ "protected": h, "signature": s }] });
        let jwe = b64(r#"{"alg":"dir","enc":"A128GCM"}"#);
        for (what, text) in [
            ("a token for claims", signer.token(&nested, &good)),
            ("a token in quotes for claims", signer.token(&nested, quoted(&good))),
            ("a token for claims, unsaid", signer.token(signer.header.text(), &good)),
            ("a token within a token within a token", signer.token(&nested, signer.token(&nested, &good))),
            ("a token for a header", signer.token(&good, signer.claims().text())),
            ("claims of a token within", signer.token(&nested, json!({ "jwt": good }).to_string())),
            ("flattened JSON", flattened.to_string()),
            ("general JSON", general.to_string()),
            ("flattened JSON in base64url", b64(flattened.to_string())),
            ("general JSON for claims", signer.token(&nested, general.to_string())),
            ("five segments, as JWE has them", format!("{jwe}..{}.{c}.{s}", b64([7; 12]))),
            ("five segments around a token", format!("{jwe}.{h}.{c}.{s}.{s}")),
            ("a header of JWE", format!("{jwe}.{c}.{s}")),
            ("a detached payload", format!("{h}..{s}")),
            (
                "a payload that is not encoded",
                signer.seal(&format!("{h}.{}", signer.claims().text().replace('.', ""))),
            ),
            ("a disclosure behind, as SD-JWT has it", format!("{good}~{}~", b64(r#"["salt","sub","jane"]"#))),
            ("a key binding behind", format!("{good}~{good}")),
            ("two tokens and a comma", format!("{good},{}", signer.good())),
            ("two tokens and a space", format!("{good} {}", signer.good())),
        ] {
            attacks.push(token(format!("{:?}: {what}", signer.algorithm), text));
        }
    }
    attacks
}
