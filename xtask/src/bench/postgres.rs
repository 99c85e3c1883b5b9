//! PostgreSQL as Debian configures it, for the one table of `cargo xtask bench merge`: a cluster of its own below the
//! bench's place, reached by a Unix socket only, ended with the run. The system's own cluster is never touched.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::cores::Cores;
use crate::debian::provide;
use crate::workspace::{Outcome, command, output, root, run as sh};

/// Debian 12's, which keeps its programs off the path.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
/// The account that the package makes; PostgreSQL does not run as root.
const ACCOUNT: &str = "postgres";
/// Time to take the first connection, and to end.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// A running server. Dropped without [`Postgres::stop`], it is killed.
pub(super) struct Postgres {
    server: Child,
    /// An abstract socket: a path below the data directory may be longer than a socket's may be.
    socket: String,
    script: PathBuf,
}

/// Installs PostgreSQL where it is missing, and says which it is.
///
/// # Errors
///
/// It is missing and cannot be installed.
pub(super) fn version() -> Outcome<String> {
    let postgres = format!("{PROGRAMS}/postgres");
    provide(&postgres, &["--version"], "postgresql-15")?;
    let said = output(command(&format!("{postgres} --version")))?;
    Ok(said.split_whitespace().nth(2).map(|version| format!("PostgreSQL {version}")).unwrap_or_default())
}

impl Postgres {
    /// Makes a cluster below `place` and starts it on the contender's core.
    ///
    /// # Errors
    ///
    /// It cannot be made or does not start; its account cannot reach `place`.
    pub(super) fn start(cores: &Cores, place: &Path) -> Outcome<Self> {
        let data = place.join("postgres");
        std::fs::create_dir_all(&data)?;
        let is_root = output(command("id -u"))?.trim() == "0";
        if is_root {
            let mut give = command("chown");
            give.arg(ACCOUNT).arg(&data);
            sh(give)?;
            let mut reach = as_account(Command::new("setpriv"), "test");
            reach.arg("-w").arg(&data);
            sh(reach).map_err(|_| format!("the account {ACCOUNT} cannot reach {}", data.display()))?;
        }
        let mut make = program("initdb")?;
        make.args(["--auth=peer", "--no-sync", "--pgdata"]).arg(&data).stdout(Stdio::null());
        sh(make)?;
        let socket = format!("@strongroom-bench-{}", std::process::id());
        let path = format!("{PROGRAMS}/postgres");
        let mut serve =
            if is_root { as_account(cores.contender("setpriv"), &path) } else { cores.contender(&path) };
        serve.arg("-D").arg(&data).args(["-k", &socket, "-c", "listen_addresses="]);
        // They are the default; they are what this is about.
        serve.args(["-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "full_page_writes=on"]);
        serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = serve.spawn()?;
        // From here on an early return drops, and so kills, what was started.
        let script = data.join("upsert.sql");
        let mut postgres = Self { server, socket, script };
        std::fs::copy(root().join("xtask/peers/upsert.sql"), &postgres.script)?;
        postgres.wait_until_ready()?;
        let mut table = postgres.client("psql")?;
        table.args(["--quiet", "-c", "CREATE TABLE records (id integer PRIMARY KEY, data text NOT NULL)"]);
        sh(table)?;
        Ok(postgres)
    }

    /// Upserts a second of so many clients, each of whom changes its own row so often.
    ///
    /// # Errors
    ///
    /// One of them fails.
    pub(super) fn upserts_per_s(&self, clients: usize, each: usize) -> Outcome<f64> {
        let mut pgbench = self.client("pgbench")?;
        pgbench.args(["--no-vacuum", "--protocol=prepared", "--jobs=1"]);
        pgbench.arg(format!("--client={clients}")).arg(format!("--transactions={each}"));
        pgbench.arg("--file").arg(&self.script);
        let said = output(pgbench)?;
        per_second(&said, clients * each).ok_or_else(|| format!("pgbench said: {said}").into())
    }

    /// Asks it to end and waits for it.
    ///
    /// # Errors
    ///
    /// It does not end well.
    pub(super) fn stop(mut self) -> Outcome {
        let mut interrupt = command("sh -c");
        interrupt.arg(format!("kill -INT {}", self.server.id()));
        sh(interrupt)?;
        let start = Instant::now();
        loop {
            match self.server.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("PostgreSQL ended with {status}").into()),
                None if start.elapsed() > PATIENCE => return Err("PostgreSQL does not end".into()),
                None => std::thread::sleep(PAUSE),
            }
        }
    }

    fn wait_until_ready(&mut self) -> Outcome {
        let start = Instant::now();
        loop {
            let mut ask = self.client("pg_isready")?;
            ask.stdout(Stdio::null());
            if ask.status()?.success() {
                return Ok(());
            }
            if let Some(status) = self.server.try_wait()? {
                return Err(format!("PostgreSQL ended with {status} before it was ready").into());
            }
            if start.elapsed() > PATIENCE {
                return Err("PostgreSQL takes no connection".into());
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn client(&self, name: &str) -> Outcome<Command> {
        let mut client = program(name)?;
        client.env("PGHOST", &self.socket).env("PGDATABASE", "postgres");
        Ok(client)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Both are harmless when it has ended already. Its own processes see that it is gone, and end.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// One of PostgreSQL's programs, as an account that it takes.
fn program(name: &str) -> Outcome<Command> {
    let path = format!("{PROGRAMS}/{name}");
    let is_root = output(command("id -u"))?.trim() == "0";
    Ok(if is_root { as_account(Command::new("setpriv"), &path) } else { Command::new(path) })
}

/// `setpriv` becomes the program, so that the process id is the program's.
fn as_account(mut setpriv: Command, program: &str) -> Command {
    setpriv.arg(format!("--reuid={ACCOUNT}")).arg(format!("--regid={ACCOUNT}"));
    setpriv.args(["--clear-groups", "--", program]);
    setpriv
}

/// What pgbench measured, if all transactions were processed.
fn per_second(said: &str, transactions: usize) -> Option<f64> {
    let after = |label: &str| said.lines().find_map(|line| line.strip_prefix(label));
    let processed = after("number of transactions actually processed: ")?;
    if processed.trim() != format!("{transactions}/{transactions}") {
        return None;
    }
    after("tps = ")?.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_counts_only_when_every_transaction_was_processed() {
        let said = |processed| {
            format!(
                "transaction type: x\nnumber of transactions actually processed: {processed}\n\
                 number of failed transactions: 0 (0.000%)\n\
                 tps = 1234.5 (without initial connection time)\n"
            )
        };
        assert_eq!(per_second(&said("640/640"), 640), Some(1234.5));
        assert_eq!(per_second(&said("639/640"), 640), None);
        assert_eq!(per_second("", 640), None);
    }
}
