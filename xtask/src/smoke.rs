//! `cargo xtask smoke`: what a newcomer does. A clean clone, README's first command in it, the guide's requests by curl.
//!
//! Clones what is committed, so it tells what others will get and not what lies on this desk. It must never wait by
//! sleeping: the server says when it is ready.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::console::say;
use crate::guide::{self, Exchange, Token};
use crate::http_client::{Connection, request};
use crate::service::Service;
use crate::workspace::{self, Outcome, command, has_program, in_ci, output};
use crate::{metadata, readme};

/// Time to build the release binary from nothing on a small, busy machine.
const BUILD: Duration = Duration::from_mins(45);
/// Where the service listens: loopback, on whatever port is free.
const LISTEN: &str = "127.0.0.1:0";

/// Clones, serves, walks, stops, and clears away.
///
/// # Errors
///
/// The first thing that is not as the README and the guide say.
pub(crate) fn run(_: &[String]) -> Outcome {
    let target = metadata::read()?.target_directory;
    let place = target.join("smoke");
    remove(&place)?;
    std::fs::create_dir_all(&place)?;
    let clone = place.join("clone");
    clone_into(&clone)?;

    let service = Service::start(serve(&clone, &place.join("data"), &target)?, BUILD)?;
    let answered = walk(&service)?;
    service.stop()?;
    say(format_args!("smoke: {answered} answers as the guide gives them, and a clean exit"));
    remove(&place)
}

fn clone_into(clone: &Path) -> Outcome {
    let mut git = command("git clone --quiet");
    git.arg(workspace::root()).arg(clone);
    workspace::run(git)
}

/// README's first command, asked to speak JSON, to listen where it disturbs nobody, and to keep its data beside the
/// clone.
fn serve(clone: &Path, data: &Path, target: &Path) -> Outcome<Command> {
    let words = readme::command(clone, readme::SERVE)?;
    say(format_args!("smoke: {words}"));
    let mut serve = command(&words);
    serve.current_dir(clone).args(["--format", "json", "--listen", LISTEN, "--data-dir"]).arg(data);
    if !in_ci() {
        // At a desk the dependencies are compiled already; CI builds from nothing, as a newcomer would.
        serve.env("CARGO_TARGET_DIR", target);
    }
    Ok(serve)
}

/// The guide under every version; the number of answers.
fn walk(service: &Service) -> Outcome<usize> {
    let base = service.told("/base_url")?.trim_end_matches('/').to_owned();
    let token = service.told("/demo/access_token")?;
    if service.told("/demo/externalUserId")? != guide::PERSON {
        return Err("the demo person is not the guide's".into());
    }
    let ask = if has_program("curl") { by_curl } else { by_socket };
    for version in guide::VERSIONS {
        for exchange in guide::WALK {
            let (status, body) = ask(&base, version, exchange, bearer(exchange, token))?;
            if let Some(objection) = exchange.objection(status, &body) {
                return Err(format!("/{version}, {}: {objection}", exchange.title).into());
            }
        }
    }
    Ok(guide::VERSIONS.len() * guide::WALK.len())
}

fn bearer<'a>(exchange: &Exchange, good: &'a str) -> Option<&'a str> {
    match exchange.token {
        Token::Good => Some(good),
        Token::Broken => Some("not.a.token"),
        Token::None => None,
    }
}

type Asked = Outcome<(u16, Vec<u8>)>;

/// As the guide's reader would: one request, one process of curl.
fn by_curl(base: &str, version: &str, exchange: &Exchange, bearer: Option<&str>) -> Asked {
    let mut curl = command("curl --silent --show-error --noproxy * --max-time 60 --request");
    curl.arg(exchange.method);
    if let Some(token) = bearer {
        curl.arg("--header").arg(format!("Authorization: Bearer {token}"));
    }
    if let Some(body) = exchange.body {
        curl.args(["--header", "Content-Type: application/json", "--data-binary", body]);
    }
    curl.args(["--write-out", "\n%{http_code}"]).arg(format!("{base}{}", exchange.path.under(version)));
    let text = output(curl).map_err(|_| format!("curl failed at {}", exchange.title))?;
    let (body, status) = text.rsplit_once('\n').ok_or("curl printed no status")?;
    Ok((status.parse()?, body.as_bytes().to_vec()))
}

/// Where there is no curl, the same bytes from here.
fn by_socket(base: &str, version: &str, exchange: &Exchange, bearer: Option<&str>) -> Asked {
    let authority = base.strip_prefix("http://").ok_or("the base URL is not plain HTTP")?;
    let path = exchange.path.under(version);
    let bytes = request(exchange.method, authority, &path, bearer, exchange.body);
    let answer = Connection::open(authority)?.ask(&bytes)?;
    Ok((answer.status, answer.body))
}

fn remove(place: &Path) -> Outcome {
    match std::fs::remove_dir_all(place) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
