//! How our gateway and HAProxy are started for `cargo xtask bench gateway`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Bench;
use super::cores::Cores;
use super::tokens::{HOST, Tokens};
use crate::debian::provide;
use crate::workspace::{Outcome, command, output, root, run as sh};

/// As an operator starts it, with three differences: rates as high as the configuration allows instead of what one
/// address may ask, the access log off unless asked for, as HAProxy's is, and few workers since there is one core.
///
/// # Errors
///
/// No key can be made, or no file written.
pub(super) fn gateway(
    bench: &Bench,
    cores: &Cores,
    place: &Path,
    at: SocketAddr,
    safe: &str,
    access: bool,
) -> Outcome<Command> {
    let key = place.join("gateway.json");
    if !key.exists() {
        let mut make = Command::new(&bench.binary);
        make.args(["keys", "new", "--kind", "signing", "--out"]).arg(&key).stdout(Stdio::null());
        sh(make)?;
    }
    let config = place.join(format!("gateway-{}.toml", at.port()));
    let text = format!(
        r#"
[server]
listen = ["{at}"]
admin_listen = "127.0.0.1:0"

[upstream]
safe_url = "http://{safe}/v1/ibexsafe"

[[issuer]]
issuer = "https://issuer.example"
audience = ["strongroom-bench"]
jwks_file = "jwks.json"
algorithms = ["ES256"]
tenant = "{HOST}"

[[tenant]]
rp_id = "{HOST}"

[limits]
rate_per_person_per_s = 100000
rate_per_address_per_s = 100000

[log]
access = {access}
"#
    );
    std::fs::write(&config, text)?;
    let mut serve = cores.contender(&bench.binary);
    serve.args(["serve", "--config"]).arg(config).stderr(Stdio::null());
    Ok(serve)
}

/// HAProxy, with one of the configurations in `xtask/peers`.
pub(super) fn haproxy(cores: &Cores, file: &str, at: SocketAddr, safe: &str, tokens: &Tokens) -> Command {
    let mut haproxy = cores.contender("haproxy");
    // In the foreground, without a master process: one process, which is the one that is measured.
    haproxy.arg("-db").arg("-f").arg(root().join("xtask/peers").join(file));
    haproxy.env("BENCH_LISTEN", at.to_string()).env("BENCH_SAFE", safe);
    haproxy.env("BENCH_PUBLIC_KEY", tokens.public_key());
    haproxy
}

/// Installs HAProxy where it is missing, and says which it is.
///
/// # Errors
///
/// It is missing and cannot be installed.
pub(super) fn version() -> Outcome<String> {
    provide("haproxy", &["-v"], "haproxy")?;
    let said = output(command("haproxy -v"))?;
    Ok(said.split_whitespace().nth(2).map(|version| format!("HAProxy {version}")).unwrap_or_default())
}
