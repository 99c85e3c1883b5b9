//! A server under load that does not say when it is ready, ours as an operator starts it or another's: started on a free
//! port, known to be ready when it takes a connection, ended with the run. Its processor time is that of one process.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::load::Load;
use super::process::cpu_time;
use crate::workspace::Outcome;

/// Time to take the first connection.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries to connect.
const PAUSE: Duration = Duration::from_millis(20);

/// A running server. Dropped, it is killed.
pub(super) struct Contender {
    pub(super) name: &'static str,
    child: Child,
    address: SocketAddr,
}

impl Contender {
    /// Starts what `command` makes of a free address on loopback, and waits until it can be connected to.
    ///
    /// # Errors
    ///
    /// It cannot be started, ends, or takes no connection in time.
    pub(super) fn start(
        name: &'static str,
        command: impl FnOnce(SocketAddr) -> Outcome<Command>,
    ) -> Outcome<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = command(address)?.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        // From here on an early return drops, and so kills, what was started.
        let mut contender = Self { name, child, address };
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = contender.child.try_wait()? {
                return Err(format!("{name} ended with {status} before it was ready").into());
            }
            if start.elapsed() > PATIENCE {
                return Err(format!("{name} takes no connection").into());
            }
            std::thread::sleep(PAUSE);
        }
        Ok(contender)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Runs the load and says what it cost this process.
    ///
    /// # Errors
    ///
    /// The load fails.
    pub(super) fn cost(&self, load: &Load<'_>, round: usize) -> Outcome<Cost> {
        let (start, before) = (Instant::now(), cpu_time(self.pid())?);
        let requests = load.run(round).map_err(|failure| format!("{}: {failure}", self.name))?;
        let (cpu, wall) = (cpu_time(self.pid())?.saturating_sub(before), start.elapsed());
        #[expect(clippy::cast_precision_loss, reason = "a count of requests, far below 2^53")]
        Ok(Cost {
            micros: cpu.as_secs_f64() * 1e6 / requests as f64,
            busy: cpu.as_secs_f64() / wall.as_secs_f64(),
        })
    }
}

/// What a round cost.
pub(super) struct Cost {
    /// Microseconds of processor time a request.
    pub(super) micros: f64,
    /// Which part of the round the process was on its core, 1 being all of it.
    pub(super) busy: f64,
}

impl Drop for Contender {
    fn drop(&mut self) {
        // Both are harmless when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
