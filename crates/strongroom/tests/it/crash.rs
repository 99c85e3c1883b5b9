//! Power cuts: what was acknowledged is there, nothing is torn, nothing is made up; and the sync comes before the answer.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use crate::support::process::{DEMO, strongroom};
use crate::support::{Client, Safe};

const ROUNDS: u64 = 50;
const WRITERS: usize = 4;
/// Answers after which the process is killed: it is in the middle of other writes then.
const ANSWERS_BEFORE_THE_END: u64 = 12;

/// Each writer counts up two keys of the demo person in one write, over all rounds.
#[test]
fn what_was_acknowledged_survives_kill_9_whole_and_nothing_else_appears() {
    let data = tempfile::tempdir().unwrap();
    let mut acknowledged = [0_u64; WRITERS];
    let mut sent = [0_u64; WRITERS];
    let path = format!("/v1/ibexsafe/userdata/external/{DEMO}");
    for round in 0..=ROUNDS {
        let safe = Safe::dev(data.path());
        let read = safe.connect().authorized(&safe.access_token, "GET", &path, "");
        let record = if read.status == 204 { serde_json::json!({}) } else { read.json() };
        for writer in 0..WRITERS {
            let [one, two] = ["a", "b"].map(|half| record[format!("{half}{writer}")].as_u64().unwrap_or(0));
            assert_eq!(one, two, "round {round}: a torn write in {record}");
            assert!(one >= acknowledged[writer], "round {round}: {one} is less than what was acknowledged");
            assert!(one <= sent[writer], "round {round}: {one} was never sent");
            acknowledged[writer] = one;
        }
        let keys = record.as_object().unwrap().len();
        assert!(keys <= 2 * WRITERS, "round {round}: made up keys in {record}");
        if round == ROUNDS {
            break;
        }

        let (answered, answers) = mpsc::channel();
        std::thread::scope(|scope| {
            for (writer, sent) in sent.iter_mut().enumerate() {
                let (token, address) = (safe.access_token.clone(), safe.address);
                let answered = answered.clone();
                let mut next = *sent + 1;
                scope.spawn(move || {
                    let mut client = Client::connect(address);
                    loop {
                        *sent = next;
                        let body = format!(
                            r#"{{"externalUserId":"{DEMO}","data":{{"a{writer}":{next},"b{writer}":{next},"private.c{writer}":{next}}}}}"#
                        );
                        let Ok(200) = write(&mut client, &token, &body) else { return };
                        if answered.send((writer, next)).is_err() {
                            return;
                        }
                        next += 1;
                    }
                });
            }
            drop(answered);
            let mut count = 0;
            let mut safe = Some(safe);
            for (writer, value) in &answers {
                acknowledged[writer] = value;
                count += 1;
                if count == ANSWERS_BEFORE_THE_END {
                    drop(safe.take().map(Safe::kill));
                }
            }
            assert!(count >= ANSWERS_BEFORE_THE_END, "round {round}: the writers ended early");
        });
    }
    assert!(acknowledged.iter().sum::<u64>() >= ROUNDS * ANSWERS_BEFORE_THE_END);
}

/// The status of a write, or how the connection ended.
fn write(client: &mut Client, token: &str, body: &str) -> std::io::Result<u16> {
    let request = crate::support::wire::request(
        "POST",
        "/v1/ibexsafe/userdata",
        &[("Authorization", &format!("Bearer {token}")), ("Content-Type", "application/json")],
        body,
    );
    client.try_send(&request)?;
    client.try_receive("POST").map(|answer| answer.status)
}

/// Looks at the system calls: between the request and its answer a sync of the log began and ended.
#[test]
fn the_sync_is_complete_before_the_answer_is_sent() {
    let data = tempfile::tempdir().unwrap();
    let trace = data.path().join("trace");
    let safe = Safe::dev_with(traced(&trace), &data.path().join("safe"));
    let body = format!(r#"{{"externalUserId":"{DEMO}","data":{{"marker":"sync-me"}}}}"#);
    let answer = safe.connect().authorized(&safe.access_token, "POST", "/v1/ibexsafe/userdata", &body);
    assert_eq!(answer.status, 200);
    // strace keeps signals to itself; what it traces is its only child.
    let children = format!("/proc/{pid}/task/{pid}/children", pid = safe.pid());
    let traced = std::fs::read_to_string(children).unwrap();
    assert!(Command::new("kill").args(["-TERM", traced.trim()]).status().unwrap().success());
    safe.wait();

    let trace = std::fs::read_to_string(trace).unwrap();
    let lines: Vec<&str> = trace.lines().collect();
    let find = |what: &str, from: usize| {
        let found = lines[from..].iter().position(|line| line.contains(what));
        from + found.unwrap_or_else(|| panic!("no {what} after line {from} of:\n{trace}"))
    };
    let request = find("sync-me", 0);
    let answer = find(r#"{\"success\":true}"#, request);
    let syncs = AtomicU64::new(0);
    for line in &lines[request..answer] {
        // Whole (`fdatasync(7) = 0`) or the end of one that another thread's line interrupted.
        if line.contains("sync") && line.trim_end().ends_with("= 0") {
            syncs.fetch_add(1, Ordering::Relaxed);
        }
    }
    assert!(syncs.into_inner() >= 1, "answered before a sync:\n{}", lines[request..=answer].join("\n"));
}

fn traced(trace: &Path) -> Command {
    let mut command = Command::new("strace");
    command.env_clear().args([
        "-f",
        "-s",
        "4096",
        "-e",
        "trace=fsync,fdatasync,recvfrom,read,write,writev,sendto,sendmsg",
        "-o",
    ]);
    command.arg(trace).arg(strongroom().get_program());
    command
}
