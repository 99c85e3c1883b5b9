//! Two libraries that share no line with ours: their tokens are good here, and ours are good there.
//!
//! `PyJWT` (with the ciphers of `OpenSSL`) and `jose` (with Node's) are installed once, by their own package managers, in
//! versions that are fixed, below cargo's target directory; `jose` is of the last line that runs on Node 18, which Debian 12
//! and Ubuntu 24.04 have. They get key files and claims, and the address of our key set; they know nothing else of us. What
//! cannot be installed fails the test: none is skipped.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::cast::{Cast, Session};
use super::pairs::b64;
use crate::support::installed::{installed, python_in, run};

/// A library and how to ask it.
struct Library {
    name: &'static str,
    program: PathBuf,
    script: PathBuf,
}

impl Library {
    /// Both, installed.
    fn both() -> [Self; 2] {
        [Self::python(), Self::javascript()]
    }

    fn python() -> Self {
        let files = [
            ("requirements.txt", include_str!("libraries/requirements.txt")),
            ("tokens.py", include_str!("libraries/tokens.py")),
        ];
        let place = python_in("token-libraries/python", &files);
        Self { name: "PyJWT", program: place.join("venv/bin/python"), script: place.join("tokens.py") }
    }

    fn javascript() -> Self {
        let files = [
            ("package.json", include_str!("libraries/package.json")),
            ("package-lock.json", include_str!("libraries/package-lock.json")),
            ("tokens.mjs", include_str!("libraries/tokens.mjs")),
        ];
        let place = installed("token-libraries/javascript", &files, |place| {
            run(Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
                .current_dir(place));
        });
        Self { name: "jose", program: "node".into(), script: place.join("tokens.mjs") }
    }

    /// Gives it a task, and takes its answer.
    fn ask(&self, task: &str, question: &Value) -> Vec<Value> {
        let mut child = Command::new(&self.program)
            .arg(&self.script)
            .arg(task)
            // The safe is on loopback, whatever proxy leads elsewhere.
            .envs([("NO_PROXY", "127.0.0.1"), ("no_proxy", "127.0.0.1")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", self.program.display()));
        child.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{} fails to {task}", self.name);
        serde_json::from_slice(&output.stdout).expect("a list in JSON")
    }
}

#[test]
fn tokens_of_two_other_libraries_are_good_here_in_every_algorithm() {
    let cast = Cast::new();
    let mut orders = Vec::new();
    for (at, signer) in cast.signers().enumerate() {
        let key_file = cast.world.path(&format!("key-{at}"));
        std::fs::write(&key_file, signer.pair.private_file()).unwrap();
        let parsed = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        orders.push(json!({
            "algorithm": format!("{:?}", signer.algorithm),
            "key_file": key_file,
            "header": parsed(signer.header.text()),
            "claims": parsed(signer.claims().text()),
        }));
    }
    let algorithms: BTreeSet<_> = orders.iter().map(|order| order["algorithm"].to_string()).collect();
    assert_eq!(algorithms.len(), 12, "{algorithms:?}");

    for library in Library::both() {
        let tokens = library.ask("make", &Value::from(orders.clone()));
        assert_eq!(tokens.len(), orders.len());
        for ((token, order), signer) in tokens.iter().zip(&orders).zip(cast.signers()) {
            let (token, person) = (token.as_str().unwrap(), signer.person());
            let what = format!("{} {}", library.name, order["algorithm"]);
            let mut client = cast.safe.connect();
            let body = json!({ "externalUserId": person, "data": { "by": what } }).to_string();
            let written = client.authorized(token, "POST", "/v1/ibexsafe/userdata", &body);
            assert_eq!(written.status, 200, "{what}: {}", order["header"]);
            let path = format!("/v1/ibexsafe/userdata/external/{person}");
            let read = client.authorized(token, "GET", &path, "");
            assert_eq!((read.status, read.json()), (200, json!({ "by": what })));
        }
    }
}

#[test]
fn our_tokens_are_good_to_two_other_libraries_by_the_keys_that_we_publish() {
    let cast = Cast::new();
    let session = Session::begin(&cast);
    let (signed, _) = session.access.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", b64([7; 64]));
    let question = json!({
        "key_set": format!("http://{}/.well-known/jwks.json", cast.safe.address),
        "issuer": "localhost",
        "audience": "localhost",
        "tokens": [session.access, forged],
    });
    for library in Library::both() {
        let claims = library.ask("verify", &question);
        assert_eq!(claims[0]["sub"], session.signer.person(), "{}", library.name);
        assert_eq!(claims[0]["roles"], json!(["USER"]), "{}", library.name);
        assert_eq!(claims[1..], [Value::Null], "{} sees a forgery", library.name);
    }
}
