//! A mail server that shares no line with ours: `aiosmtpd`, a process of its own, ended with the test that started it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::support::comes_true;
use crate::support::installed::python_in;

/// An address of this machine that nothing else in these tests listens at: a port that is free once stays free.
const ADDRESS: &str = "127.0.25.1";

/// Where a server may listen, now or later.
pub(super) struct Mailbox {
    port: u16,
    /// What servers there have told, each a line.
    told: Arc<Mutex<Vec<Value>>>,
}

/// A server that listens.
pub(super) struct Server(Child);

impl Mailbox {
    pub(super) fn new() -> Self {
        let free = TcpListener::bind((ADDRESS, 0)).unwrap();
        Self { port: free.local_addr().unwrap().port(), told: Arc::default() }
    }

    /// How a safe is told of it.
    pub(super) fn settings(&self) -> String {
        let url = format!("smtp://{ADDRESS}:{}", self.port);
        format!("[mail]\ntransport = \"smtp\"\nsmtp_url = \"{url}\"\nfrom = \"no-reply@shop.example\"\n")
    }

    /// A server that does this with each mail: `take`, `later`, `refuse` or `stall`. Back when it listens.
    pub(super) fn serve(&self, manner: &str) -> Server {
        let files = [
            ("requirements.txt", include_str!("requirements.txt")),
            ("smtp_server.py", include_str!("smtp_server.py")),
        ];
        let place = python_in("mail-server", &files);
        let mut child = Command::new(place.join("venv/bin/python"))
            .arg(place.join("smtp_server.py"))
            .args([ADDRESS, &self.port.to_string(), manner])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let first = lines.next().expect("the server listens").unwrap();
        assert!(first.contains("listening"), "{first}");
        let told = self.told.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                told.lock().unwrap().push(serde_json::from_str(&line).expect("JSON"));
            }
        });
        Server(child)
    }

    /// What was told so far.
    pub(super) fn told(&self) -> Vec<Value> {
        self.told.lock().unwrap().clone()
    }

    /// The mails for an address, once there are so many.
    pub(super) fn mails(&self, address: &str, count: usize) -> Vec<Value> {
        let to = |mail: &Value| mail["to"] == serde_json::json!([address]);
        let mails = || self.told().into_iter().filter(to).collect::<Vec<_>>();
        assert!(comes_true(|| mails().len() >= count), "{:?}", self.told());
        mails()
    }

    /// The code in the last mail for an address, which is the so manieth.
    pub(super) fn code(&self, address: &str, count: usize) -> String {
        code_in(self.mails(address, count)[count - 1]["text"].as_str().unwrap())
    }
}

/// The code that a mail carries.
pub(super) fn code_in(text: &str) -> String {
    let (_, behind) = text.split_once("Your code for ").unwrap().1.split_once(" is ").unwrap();
    behind[..6].to_owned()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
