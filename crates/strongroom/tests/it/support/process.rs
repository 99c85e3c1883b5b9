//! The binary as a child process, ended with the test that started it.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde_json::Value;

use super::wire::Client;
use super::{comes_true, say};

/// The person that `dev` makes: the guide's.
pub(crate) const DEMO: &str = "c76302cb-f845-40f4-9c56-29710323afba";

/// A running `strongroom`.
pub(crate) struct Safe {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// What `dev` handed out; empty for `serve`.
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    log: Arc<Mutex<String>>,
    log_reader: Option<JoinHandle<()>>,
}

/// A command of the binary under test, with an environment of its own.
pub(crate) fn strongroom() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    command.env_clear().stdin(Stdio::null());
    command
}

impl Safe {
    /// `strongroom dev` on a data directory.
    pub(crate) fn dev(data_dir: &Path) -> Self {
        Self::dev_with(strongroom(), data_dir)
    }

    /// `dev`, started by a command that may wrap it (a tracer) or carry variables.
    pub(crate) fn dev_with(command: Command, data_dir: &Path) -> Self {
        match Self::try_dev(command, data_dir) {
            Ok(safe) => safe,
            Err((_, log)) => panic!("dev did not become ready:\n{log}"),
        }
    }

    /// The same; or the status it refused with, and what it said.
    pub(crate) fn try_dev(command: Command, data_dir: &Path) -> Result<Self, (ExitStatus, String)> {
        Self::try_dev_as(command, data_dir, &[])
    }

    /// `dev` with a gateway in front: the addresses are the gateway's.
    pub(crate) fn dev_gateway(data_dir: &Path) -> Self {
        match Self::try_dev_as(strongroom(), data_dir, &["--gateway"]) {
            Ok(safe) => safe,
            Err((_, log)) => panic!("dev did not become ready:\n{log}"),
        }
    }

    fn try_dev_as(
        mut command: Command,
        data_dir: &Path,
        more: &[&str],
    ) -> Result<Self, (ExitStatus, String)> {
        command
            .args(["dev", "--format", "json", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data_dir)
            .args(more);
        let mut child = spawn(&mut command);
        let (log, log_reader) = read_log(&mut child);
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped"))
            .read_line(&mut line)
            .expect("stdout is text");
        let Ok(ready) = serde_json::from_str::<Value>(&line) else {
            let status = child.wait().expect("the child is ours");
            log_reader.join().expect("the log is text");
            return Err((status, log.lock().unwrap().clone()));
        };
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        let address = |url: &str| url.trim_start_matches("http://").parse().expect("an address");
        Ok(Self {
            child,
            address: address(&text(&ready["base_url"])),
            admin: address(&text(&ready["admin_url"])),
            access_token: text(&ready["demo"]["access_token"]),
            refresh_token: text(&ready["demo"]["refresh_token"]),
            log,
            log_reader: Some(log_reader),
        })
    }

    /// `strongroom serve` with a configuration file that logs JSON at `info` or lower and listens on port 0.
    pub(crate) fn serve(config: &Path) -> Self {
        Self::serve_with(strongroom(), config)
    }

    /// `serve`, started by a command that carries variables.
    pub(crate) fn serve_with(command: Command, config: &Path) -> Self {
        match Self::try_serve(command, config) {
            Ok(safe) => safe,
            Err((_, log)) => panic!("serve did not become ready:\n{log}"),
        }
    }

    /// The same; or the status it refused with, and what it said.
    pub(crate) fn try_serve(mut command: Command, config: &Path) -> Result<Self, (ExitStatus, String)> {
        let mut child = spawn(command.args(["serve", "--config"]).arg(config));
        let stderr = child.stderr.take().expect("stderr is piped");
        let log = Arc::new(Mutex::new(String::new()));
        let mut lines = BufReader::new(stderr).lines();
        let listening = loop {
            let Some(Ok(line)) = lines.next() else {
                let status = child.wait().expect("the child is ours");
                return Err((status, log.lock().unwrap().clone()));
            };
            log.lock().unwrap().push_str(&line);
            log.lock().unwrap().push('\n');
            // A refusal is told in plain words.
            let entry: Value = serde_json::from_str(&line).unwrap_or_default();
            if entry["message"] == "listening" {
                break entry;
            }
        };
        let copy = log.clone();
        let log_reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut log = copy.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let address = |name: &str| listening[name].as_str().expect(name).parse().expect("an address");
        Ok(Self {
            child,
            address: address("address"),
            admin: address("admin_address"),
            access_token: String::new(),
            refresh_token: String::new(),
            log,
            log_reader: Some(log_reader),
        })
    }

    /// A fresh connection.
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// A fresh connection to the admin listener.
    pub(crate) fn connect_admin(&self) -> Client {
        Client::connect(self.admin)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether the log has said this so often by now, given time.
    pub(crate) fn says(&self, text: &str, times: usize) -> bool {
        comes_true(|| self.log.lock().unwrap().matches(text).count() >= times)
    }

    /// SIGHUP, and back when the keys have been read again for this time.
    pub(crate) fn read_keys_again(&self, times: usize) {
        self.signal("HUP");
        assert!(self.says("keys have been read again", times), "{}", self.log.lock().unwrap());
    }

    /// Sends a signal by name, as a supervisor would.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for the process to end and gives its status and whole log.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("the child is ours");
        if let Some(reader) = self.log_reader.take() {
            reader.join().expect("the log is text");
        }
        let log = self.log.lock().unwrap().clone();
        (status, log)
    }

    /// SIGTERM, and the end.
    pub(crate) fn stop(self) -> (ExitStatus, String) {
        self.signal("TERM");
        self.wait()
    }

    /// SIGKILL: what a power cut looks like from inside.
    pub(crate) fn kill(self) -> String {
        self.signal("KILL");
        self.wait().1
    }
}

impl Drop for Safe {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            // What the test met may be explained here.
            let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            say(&format!("the log of the process:\n{log}"));
        }
    }
}

fn spawn(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .expect("the binary starts")
}

fn read_log(child: &mut Child) -> (Arc<Mutex<String>>, JoinHandle<()>) {
    let mut stderr = child.stderr.take().expect("stderr is piped");
    let log = Arc::new(Mutex::new(String::new()));
    let copy = log.clone();
    let reader = std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(read @ 1..) = stderr.read(&mut chunk) {
            copy.lock().unwrap().push_str(&String::from_utf8_lossy(&chunk[..read]));
        }
    });
    (log, reader)
}
