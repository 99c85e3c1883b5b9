//! Who plays: a server, its own keys and sessions, foreign issuers with every kind of key, and strangers.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::pairs::{Pair, from_b64};
use super::signer::{Members, Signer, now_s, quoted};
use crate::support::process::DEMO;
use crate::support::{Safe, World};

/// An issuer with a key set, one with each kind of PEM, one with a secret, and one that is particular about its tokens.
pub(super) const SET: &str = "https://set.example";
pub(super) const RSA_PEM: &str = "https://rsa.example";
pub(super) const EC_PEM: &str = "https://ec.example";
pub(super) const ED_PEM: &str = "https://ed.example";
pub(super) const SHARED: &str = "https://shared.example";
pub(super) const PARTICULAR: &str = "https://particular.example";
/// And a gateway.
pub(super) const GATEWAY: &str = "https://gateway.example";

const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];
const HMAC: [Algorithm; 3] = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];

pub(super) struct Cast {
    pub(super) world: World,
    pub(super) safe: Safe,
    signers: Vec<Known>,
    /// The gateway: its assertions are good as long as they are fresh.
    pub(super) gateway: Signer,
    /// Published for another purpose than signatures.
    pub(super) enc: Arc<Pair>,
    /// The key set as it is published.
    pub(super) set_document: String,
    /// Where the headers of attackers point to. Nobody must ever come.
    pub(super) trap: TcpListener,
}

/// Somebody whose tokens are good.
struct Known {
    issuer: &'static str,
    /// Empty where the issuer has one key without a name.
    kid: &'static str,
    signer: Signer,
}

impl Cast {
    pub(super) fn new() -> Self {
        let world = World::new(&(NO_RATES.to_owned() + &issuers()));
        let (signers, enc, set_document) = foreign(&world);
        let gateway = gateway(&world);
        let trap = TcpListener::bind("127.0.0.1:0").unwrap();
        trap.set_nonblocking(true).unwrap();
        let safe = world.serve();
        Self { world, safe, signers, gateway, enc, set_document, trap }
    }

    /// All issuers of tokens that are good.
    pub(super) fn signers(&self) -> impl Iterator<Item = &Signer> + Clone {
        self.signers.iter().map(|known| &known.signer)
    }

    /// The first of an issuer that does this algorithm.
    pub(super) fn signer(&self, issuer: &str, algorithm: Algorithm) -> &Signer {
        let fits = |known: &&Known| known.issuer == issuer && known.signer.algorithm == algorithm;
        &self.signers.iter().find(fits).expect("such a signer").signer
    }

    /// Of the issuer with a key set, by the key's name.
    pub(super) fn key(&self, kid: &str) -> &Signer {
        let fits = |known: &&Known| known.issuer == SET && known.kid == kid;
        &self.signers.iter().find(fits).expect("such a key").signer
    }

    /// Whether somebody came to where the headers of attackers point.
    pub(super) fn is_trapped(&self) -> bool {
        self.trap.accept().is_ok()
    }
}

/// One of our own sessions: its tokens as they were issued, and our own key to make others like them.
pub(super) struct Session {
    pub(super) access: String,
    pub(super) refresh: String,
    pub(super) signer: Signer,
    pub(super) kid: String,
}

impl Session {
    /// A new account of `localhost`, and its session.
    pub(super) fn begin(cast: &Cast) -> Self {
        let answer = cast.safe.connect().request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").json();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        let (access, refresh) = (text("access_token"), text("refresh_token"));

        let file: Value =
            serde_json::from_slice(&std::fs::read(cast.world.path("signing.json")).unwrap()).unwrap();
        let key = &file["keys"][0];
        let seed = from_b64(key["private_key"].as_str().unwrap());
        let pair = Arc::new(Pair::Ed(Box::new(Ed25519KeyPair::from_seed_unchecked(&seed).unwrap())));
        let kid = key["kid"].as_str().unwrap().to_owned();

        let claims: Value = serde_json::from_slice(&from_b64(access.split('.').nth(1).unwrap())).unwrap();
        let claims = claims.as_object().unwrap().iter();
        let claims =
            claims.fold(Members::default(), |members, (name, json)| members.with(name, json.to_string()));
        let mut signer = Signer::new(&pair, Algorithm::EdDSA, Some(&kid), claims);
        signer.header = signer.header.with("typ", quoted("at+jwt"));
        Self { access, refresh, signer, kid }
    }
}

/// The claims of a good token of this issuer.
fn claims(issuer: &str) -> Members {
    Members::default()
        .with("iss", quoted(issuer))
        .with("aud", quoted("strongroom"))
        .with("sub", quoted(DEMO))
        .with("exp", (now_s() + 3600).to_string())
}

/// All attackers are one address here, and all good tokens one person: who asks too often is another test's.
const NO_RATES: &str = "[limits]\nrate_per_person_per_s = 0\nrate_per_address_per_s = 0\n";

/// Makes everybody's keys, and the files that the server reads.
fn foreign(world: &World) -> (Vec<Known>, Arc<Pair>, String) {
    let mut signers = Vec::new();
    let mut add = |issuer: &'static str, kid: &'static str, pair: &Arc<Pair>, algorithms: &[Algorithm]| {
        let named = (!kid.is_empty()).then_some(kid);
        for algorithm in algorithms {
            let signer = Signer::new(pair, *algorithm, named, claims(issuer));
            signers.push(Known { issuer, kid, signer });
        }
    };
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(world.path(name), bytes).unwrap();
        std::fs::set_permissions(world.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    };

    let mut set = Vec::new();
    for (kid, own_word, algorithms) in [
        ("rsa", "", &RSA[..]),
        ("rs256", "RS256", &[Algorithm::RS256]),
        ("ps256", "PS256", &[Algorithm::PS256]),
        ("p256", "", &[Algorithm::ES256]),
        ("p256-next", "ES256", &[Algorithm::ES256]),
        ("p384", "ES384", &[Algorithm::ES384]),
        ("ed", "EdDSA", &[Algorithm::EdDSA]),
    ] {
        let pair = Arc::new(Pair::generate(algorithms[0]));
        let words = [("kid", kid), ("use", "sig"), ("alg", own_word)];
        set.push(pair.jwk(if own_word.is_empty() { &words[..1] } else { &words }));
        add(SET, kid, &pair, algorithms);
    }
    let enc = Arc::new(Pair::generate(Algorithm::RS256));
    set.push(enc.jwk(&[("kid", "enc"), ("use", "enc")]));
    let set = json!({ "keys": set }).to_string();
    write("set.json", set.as_bytes());

    for (issuer, file, algorithms) in [
        (RSA_PEM, "rsa.pem", &[Algorithm::RS256][..]),
        (EC_PEM, "ec.pem", &[Algorithm::ES256]),
        (ED_PEM, "ed.pem", &[Algorithm::EdDSA]),
        (SHARED, "shared.secret", &HMAC),
    ] {
        let pair = Arc::new(Pair::generate(algorithms[0]));
        match &*pair {
            Pair::Secret(secret) => write(file, secret),
            public => write(file, public.public_pem().as_bytes()),
        }
        add(issuer, "", &pair, algorithms);
    }
    let pair = Arc::new(Pair::generate(Algorithm::HS256));
    write("particular.secret", &pair.private_file());
    let mut signer = Signer::new(
        &pair,
        Algorithm::HS256,
        None,
        claims(PARTICULAR).without("sub").with("customer", quoted(DEMO)),
    );
    signer.header = signer.header.with("typ", quoted("shop+jwt"));
    signers.push(Known { issuer: PARTICULAR, kid: "", signer });
    (signers, enc, set)
}

/// Makes a gateway's key, and the file that the server reads.
fn gateway(world: &World) -> Signer {
    let pair = Arc::new(Pair::generate(Algorithm::EdDSA));
    let set = json!({ "keys": [pair.jwk(&[("kid", "gateway")])] });
    std::fs::write(world.path("gateway.json"), set.to_string()).unwrap();
    let claims = claims(GATEWAY).with("tenant", quoted("shop.example"));
    let mut signer = Signer::new(&pair, Algorithm::EdDSA, Some("gateway"), claims).living_s(60);
    signer.header = signer.header.with("typ", quoted("ga+jwt"));
    signer
}

fn issuers() -> String {
    let asymmetric = r#""RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA""#;
    let issuer = |name: &str, keys: &str, algorithms: &str, more: &str| {
        format!(
            "[[issuer]]\nissuer = \"{name}\"\naudience = [\"strongroom\"]\n{keys}\nalgorithms = [{algorithms}]\n\
             tenant = \"shop.example\"\n{more}\n"
        )
    };
    [
        issuer(SET, r#"jwks_file = "set.json""#, asymmetric, ""),
        issuer(RSA_PEM, r#"public_key_file = "rsa.pem""#, r#""RS256""#, ""),
        issuer(EC_PEM, r#"public_key_file = "ec.pem""#, r#""ES256""#, ""),
        issuer(ED_PEM, r#"public_key_file = "ed.pem""#, r#""EdDSA""#, ""),
        issuer(SHARED, r#"secret_file = "shared.secret""#, r#""HS256", "HS384", "HS512""#, ""),
        issuer(
            PARTICULAR,
            r#"secret_file = "particular.secret""#,
            r#""HS256""#,
            "token_type = \"shop+jwt\"\nsubject_claim = \"customer\"",
        ),
        issuer(GATEWAY, r#"jwks_file = "gateway.json""#, r#""EdDSA""#, "gateway = true")
            .replace("tenant = \"shop.example\"\n", ""),
    ]
    .concat()
}
