//! A mail server that answers as a test has it, and remembers every line that it was sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What it says to a verb (`MAIL`, `RCPT`, …) that it does not take; `""`: nothing, ever.
pub(crate) type Refusals = HashMap<&'static str, &'static str>;

/// A running server.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) lines: Arc<Mutex<Vec<String>>>,
    /// Told when it has fallen silent.
    pub(crate) is_silent: Arc<Notify>,
    /// Its certificate, in PEM.
    pub(crate) authority: String,
}

/// When it speaks TLS.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Speaks {
    Clear,
    Tls,
    StartTls,
}

impl Server {
    pub(crate) async fn start(speaks: Speaks, refusals: Refusals) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            lines: Arc::default(),
            is_silent: Arc::default(),
            authority: cert.pem(),
        };
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let session = Session { refusals, lines: server.lines.clone(), is_silent: server.is_silent.clone() };
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, session) = (acceptor.clone(), session.clone());
                tokio::spawn(async move {
                    if speaks == Speaks::Tls {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            session.talk(stream, false).await;
                        }
                    } else if let Some(stream) = session.talk(stream, speaks == Speaks::StartTls).await
                        && let Ok(stream) = acceptor.accept(stream).await
                    {
                        session.go_on(stream, false).await;
                    }
                });
            }
        });
        server
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

#[derive(Clone)]
struct Session {
    refusals: Refusals,
    lines: Arc<Mutex<Vec<String>>>,
    is_silent: Arc<Notify>,
}

impl Session {
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S, has_tls: bool) -> Option<S> {
        stream.write_all(b"220 here\r\n").await.ok()?;
        self.go_on(stream, has_tls).await
    }

    /// Until the client has enough; gives the stream back for TLS.
    async fn go_on<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, has_tls: bool) -> Option<S> {
        let mut stream = BufReader::new(stream);
        let mut is_in_text = false;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_owned();
            self.lines.lock().unwrap().push(line.clone());
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_owned();
            let refusal = self.refusals.get(verb.as_str()).filter(|_| !is_in_text);
            let answer = match (is_in_text, verb.as_str()) {
                (true, ".") => {
                    is_in_text = false;
                    "250 taken"
                }
                (true, _) => continue,
                (false, _) if refusal == Some(&"") => {
                    self.is_silent.notify_one();
                    return std::future::pending().await;
                }
                (false, _) if refusal.is_some() => refusal.unwrap(),
                (false, "EHLO") if has_tls => "250-here\r\n250 STARTTLS",
                (false, "EHLO") => "250-here\r\n250 AUTH PLAIN",
                (false, "AUTH") => "235 welcome",
                (false, "STARTTLS") => "220 go on",
                (false, "DATA") => {
                    is_in_text = true;
                    "354 go on"
                }
                (false, _) => "250 fine",
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
            stream.flush().await.ok()?;
            if verb == "STARTTLS" && !is_in_text {
                return Some(stream.into_inner());
            }
        }
    }
}
