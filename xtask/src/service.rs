//! A server that we started: known to be ready by the line it prints, ended by the signal that operators use.
//!
//! It is held as a child from start to end, so that its process id is never anybody else's; no process that we did not
//! start is ever signalled. It must never be printed: its readiness line holds tokens.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::workspace::{Outcome, command, run};

/// How long a server may take to finish what is in hand; its own deadline is 20 s.
const DRAIN: Duration = Duration::from_secs(30);
/// The longest readiness line that is read.
const LINE_BYTES: u64 = 64 * 1024;

/// A running server. Dropped without [`Service::stop`], it is killed.
pub(crate) struct Service {
    child: Child,
    ready: Value,
    output: Receiver<Output>,
}

/// What the server's standard output tells.
enum Output {
    FirstLine(std::io::Result<String>),
    /// Closed, as it is when the process ends and not before.
    End,
}

impl Service {
    /// Starts `command` and waits for the line of JSON by which it says that it is ready; `patience` bounds the wait,
    /// builds included.
    ///
    /// # Errors
    ///
    /// It cannot be started, ends or is silent for longer than `patience`, or its first line is not JSON.
    pub(crate) fn start(mut command: Command, patience: Duration) -> Outcome<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take();
        // From here on an early return drops, and so kills, what was started.
        let mut service =
            Self { child, ready: Value::Null, output: listen(stdout.ok_or("no standard output")?) };
        let line = match service.output.recv_timeout(patience) {
            Ok(Output::FirstLine(line)) => line?,
            _ => return Err("the server did not say in time that it is ready".into()),
        };
        if line.is_empty() {
            return Err("the server ended before it was ready".into());
        }
        service.ready = serde_json::from_str(&line).map_err(|_| "the server's first line is not JSON")?;
        Ok(service)
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A text that the readiness line holds, by JSON pointer.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(crate) fn told(&self, pointer: &str) -> Outcome<&str> {
        let text = self.ready.pointer(pointer).and_then(Value::as_str);
        text.ok_or_else(|| format!("the readiness line has no text at {pointer}").into())
    }

    /// Asks the server to end (SIGTERM) and insists that it does so in time and says that all went well.
    ///
    /// # Errors
    ///
    /// It is still there after the deadline, or its exit code is not 0.
    pub(crate) fn stop(mut self) -> Outcome {
        // By the shell's own `kill`: std knows SIGKILL only, and a program of that name is not on every machine.
        let mut terminate = command("sh -c");
        terminate.arg(format!("kill -TERM {}", self.pid()));
        run(terminate)?;
        let Ok(Output::End) = self.output.recv_timeout(DRAIN) else {
            return Err("the server did not end after SIGTERM".into());
        };
        let status = self.child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the server ended with {status} after SIGTERM").into())
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Both are harmless, and signal nobody, when its end has been collected already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads standard output aside, so that waiting for it can be bounded. What follows the first line is read away, or a
/// talkative server would stall on a full pipe.
fn listen(stdout: ChildStdout) -> Receiver<Output> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        let read = stdout.by_ref().take(LINE_BYTES).read_line(&mut line);
        let _ = sender.send(Output::FirstLine(read.map(|_| line)));
        let _ = std::io::copy(&mut stdout, &mut std::io::sink());
        let _ = sender.send(Output::End);
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_mins(1);

    fn shell(script: &str) -> Command {
        let mut command = command("sh -c");
        command.arg(script);
        command
    }

    #[test]
    fn a_server_is_ready_with_its_first_line_and_ends_when_asked() {
        let script = "trap 'exit 0' TERM; echo '{\"base_url\":\"http://x\"}'; while :; do :; done";
        let service = Service::start(shell(script), PATIENCE).unwrap();
        assert_eq!(service.told("/base_url").unwrap(), "http://x");
        assert!(service.told("/admin_url").is_err());
        service.stop().unwrap();
    }

    #[test]
    fn a_server_that_ends_badly_is_a_failure() {
        let script = "trap 'exit 3' TERM; echo '{}'; while :; do :; done";
        assert!(Service::start(shell(script), PATIENCE).unwrap().stop().is_err());
    }

    #[test]
    fn a_server_that_ends_before_it_is_ready_is_a_failure() {
        assert!(Service::start(shell("exit 0"), PATIENCE).is_err());
        assert!(Service::start(shell("echo listening"), PATIENCE).is_err());
    }
}
