//! A world to serve in: key files, a configuration with two tenants and a foreign issuer, and tokens of that issuer.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use tempfile::TempDir;

use super::process::{Safe, strongroom};

const SECRET: &str = "a shared secret of the issuer, long enough for every HS algorithm there is";
const ISSUER: &str = "https://id.shop.example";

/// A directory with everything that `serve` needs.
pub(crate) struct World {
    directory: TempDir,
}

impl World {
    /// The same, with the issuer's keys from elsewhere: these lines stand in its table.
    pub(crate) fn with_issuer_keys(lines: &str) -> Self {
        let world = Self::new("");
        let secret = "secret_file = \"issuer.secret\"\nalgorithms = [\"HS256\"]";
        let config = config("");
        assert!(config.contains(secret));
        std::fs::write(world.config(), config.replace(secret, lines)).unwrap();
        world
    }

    /// Two tenants (`localhost`, `shop.example`) and an issuer of `shop.example`; `extra` is put before the tenants.
    pub(crate) fn new(extra: &str) -> Self {
        let world = Self { directory: tempfile::tempdir().unwrap() };
        for (kind, file) in [("sealing", "keyring.json"), ("signing", "signing.json")] {
            let made =
                strongroom().args(["keys", "new", "--kind", kind, "--out"]).arg(world.path(file)).output();
            assert!(made.unwrap().status.success());
        }
        std::fs::write(world.path("issuer.secret"), SECRET).unwrap();
        std::fs::set_permissions(world.path("issuer.secret"), Permissions::from_mode(0o600)).unwrap();
        std::fs::write(world.config(), config(extra)).unwrap();
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("strongroom.toml")
    }

    /// Where the store is.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn serve(&self) -> Safe {
        Safe::serve(&self.config())
    }
}

/// A token of the foreign issuer, good for an hour.
pub(crate) fn foreign_token(person: &str) -> String {
    signed(&foreign_claims(person))
}

/// One that is good for so many seconds; below 0, it has not been for as long.
pub(crate) fn foreign_token_for(person: &str, seconds: i64) -> String {
    let mut claims = foreign_claims(person);
    claims["exp"] = (claims["exp"].as_i64().unwrap() - 3600 + seconds).into();
    signed(&claims)
}

fn signed(claims: &serde_json::Value) -> String {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}

/// What such a token says.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary under test reads the wall clock, and so must its tokens"
)]
pub(crate) fn foreign_claims(person: &str) -> serde_json::Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    json!({ "iss": ISSUER, "aud": "strongroom", "sub": person, "exp": now + 3600 })
}

fn config(extra: &str) -> String {
    format!(
        r#"
[server]
listen = ["127.0.0.1:0"]
admin_listen = "127.0.0.1:0"

[log]
format = "json"
level = "trace"

{extra}

[[issuer]]
issuer = "{ISSUER}"
audience = ["strongroom"]
secret_file = "issuer.secret"
algorithms = ["HS256"]
tenant = "shop.example"

[[tenant]]
rp_id = "localhost"
origins = ["http://localhost:3000"]
sign_up_without_passkey = true

[[tenant]]
rp_id = "shop.example"
origins = ["https://www.shop.example"]
"#
    )
}

/// Every file below a directory, with its bytes.
pub(crate) fn files_below(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).expect("a readable file")));
        }
    }
    found
}

/// Whether `needle` stands anywhere in `haystack`.
pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
