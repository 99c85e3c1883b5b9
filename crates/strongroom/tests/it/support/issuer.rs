//! An issuer that publishes its keys: a server that says what a test tells it to, and counts how often it is asked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::comes_true;
use super::world::foreign_claims;

/// A key of the issuer.
pub(crate) struct IssuerKey {
    kid: &'static str,
    pair: Ed25519KeyPair,
}

impl IssuerKey {
    pub(crate) fn new(kid: &'static str) -> Self {
        Self { kid, pair: Ed25519KeyPair::generate().unwrap() }
    }

    /// A token of the world's foreign issuer, good for an hour.
    pub(crate) fn token(&self, person: &str) -> String {
        self.token_as(self.kid, person)
    }

    /// One that says another key's name.
    pub(crate) fn token_as(&self, kid: &str, person: &str) -> String {
        let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let header = json!({ "alg": "EdDSA", "kid": kid });
        let signed = format!("{}.{}", encode(&header), encode(&foreign_claims(person)));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref());
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.kid, "use": "sig" })
    }
}

/// A whole answer with the set of these keys.
pub(crate) fn published(keys: &[&IssuerKey]) -> Vec<u8> {
    let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
    let body = json!({ "keys": keys }).to_string();
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Where keys are published.
pub(crate) struct IssuerServer {
    address: SocketAddr,
    state: Arc<Mutex<(Vec<u8>, usize)>>,
}

impl IssuerServer {
    /// Answers with these bytes, in the clear.
    pub(crate) fn start(answer: Vec<u8>) -> Self {
        Self::start_with(None, answer)
    }

    /// Over TLS.
    pub(crate) fn start_tls(config: ServerConfig, answer: Vec<u8>) -> Self {
        Self::start_with(Some(Arc::new(config)), answer)
    }

    fn start_with(tls: Option<Arc<ServerConfig>>, answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new((answer, 0)));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // Whoever hangs up early is the test's business.
                let _ = match &tls {
                    None => serve(stream, &shared),
                    Some(tls) => {
                        let tls = ServerConnection::new(tls.clone()).unwrap();
                        serve(StreamOwned::new(tls, stream), &shared)
                    }
                };
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self, scheme: &str, host: &str) -> String {
        format!("{scheme}://{host}:{}/jwks.json", self.address.port())
    }

    /// The lines of an issuer's table that fetch from here.
    pub(crate) fn settings(&self) -> String {
        format!("jwks_url = \"{}\"\nalgorithms = [\"EdDSA\"]", self.url("http", "127.0.0.1"))
    }

    pub(crate) fn answer(&self, answer: Vec<u8>) {
        self.state.lock().unwrap().0 = answer;
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.state.lock().unwrap().1
    }

    /// Whether it was asked so often by now, given time.
    pub(crate) fn was_asked(&self, times: usize) -> bool {
        comes_true(|| self.asked() >= times)
    }
}

fn serve(mut stream: impl Read + Write, state: &Mutex<(Vec<u8>, usize)>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let answer = {
        let mut state = state.lock().unwrap();
        state.1 += 1;
        state.0.clone()
    };
    stream.write_all(&answer)?;
    stream.flush()
}

/// Frees a port that a server will have later.
pub(crate) fn nobody_listens() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert!(TcpStream::connect(address).is_err());
    format!("jwks_url = \"http://{address}/\"\nalgorithms = [\"EdDSA\"]")
}
