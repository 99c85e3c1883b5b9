//! Power cuts: what was acknowledged is there, nothing is torn, nothing is made up; and the sync comes before the answer.

use std::path::Path;
use std::process::Command;
use std::sync::mpsc;

use serde_json::Value;

use crate::support::process::{DEMO, strongroom};
use crate::support::{Client, Safe, wire};

const ROUNDS: u64 = 50;
/// Two people, two writers each: writes of different people share a transaction, those of one person follow each other.
const PEOPLE: usize = 2;
const WRITERS_OF_ONE: usize = 2;
/// Answers after which the process is killed: it is in the middle of other writes then.
const ANSWERS_BEFORE_THE_END: u64 = 12;

/// Each writer counts up two keys of its person in one write, over all rounds.
#[test]
fn what_was_acknowledged_survives_kill_9_whole_and_nothing_else_appears() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let people: Vec<Person> = (0..PEOPLE).map(|_| Person::sign_up(&safe)).collect();
    safe.kill();
    let mut writers: Vec<Writer> = (0..PEOPLE * WRITERS_OF_ONE).map(Writer::new).collect();
    for round in 0..=ROUNDS {
        let safe = Safe::dev(data.path());
        let records: Vec<Value> = people.iter().map(|person| person.read(&safe)).collect();
        for writer in &mut writers {
            writer.check(round, &records[writer.number % PEOPLE]);
        }
        for record in &records {
            let keys = record.as_object().unwrap().len();
            assert!(keys <= 2 * WRITERS_OF_ONE, "round {round}: made up keys in {record}");
        }
        if round == ROUNDS {
            break;
        }

        let (answered, answers) = mpsc::channel();
        std::thread::scope(|scope| {
            for writer in &mut writers {
                let (person, answered) = (&people[writer.number % PEOPLE], answered.clone());
                let client = safe.connect();
                scope.spawn(move || writer.write_until_the_end(client, person, &answered));
            }
            drop(answered);
            let mut safe = Some(safe);
            let mut count = 0;
            for () in answers {
                count += 1;
                if count == ANSWERS_BEFORE_THE_END {
                    drop(safe.take().map(Safe::kill));
                }
            }
            assert!(safe.is_none(), "round {round}: the writers ended early");
        });
    }
    let acknowledged: u64 = writers.iter().map(|writer| writer.acknowledged).sum();
    assert!(acknowledged >= ROUNDS * ANSWERS_BEFORE_THE_END);
}

/// The same for erasures: what was erased stays erased, what was written after it is there.
#[test]
fn an_acknowledged_erasure_survives_kill_9() {
    let data = tempfile::tempdir().unwrap();
    let path = format!("/v1/ibexsafe/userdata/external/{DEMO}");
    for round in 0..10 {
        let safe = Safe::dev(data.path());
        let mut client = safe.connect();
        let before = client.authorized(&safe.access_token, "GET", &path, "");
        assert_eq!(before.status, 204, "round {round}: {before:?}");
        assert_eq!(before.header("etag"), None, "round {round}: a record came back");
        let body =
            format!(r#"{{"externalUserId":"{DEMO}","data":{{"round":{round},"private.pin":"{round}"}}}}"#);
        assert_eq!(client.authorized(&safe.access_token, "POST", "/v1/ibexsafe/userdata", &body).status, 200);
        assert_eq!(client.authorized(&safe.access_token, "DELETE", &path, "").status, 204);
        safe.kill();
    }
}

struct Person {
    id: String,
    token: String,
}

impl Person {
    fn sign_up(safe: &Safe) -> Self {
        let answer = safe.connect().request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").json();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        Self { id: text("subject"), token: text("access_token") }
    }

    fn read(&self, safe: &Safe) -> Value {
        let path = format!("/v1/ibexsafe/userdata/external/{}", self.id);
        let read = safe.connect().authorized(&self.token, "GET", &path, "");
        if read.status == 204 { Value::Object(serde_json::Map::new()) } else { read.json() }
    }
}

struct Writer {
    number: usize,
    sent: u64,
    acknowledged: u64,
}

impl Writer {
    fn new(number: usize) -> Self {
        Self { number, sent: 0, acknowledged: 0 }
    }

    /// Holds a record against what this writer sent and was told.
    fn check(&mut self, round: u64, record: &Value) {
        let [one, two] =
            ["a", "b"].map(|half| record[format!("{half}{}", self.number)].as_u64().unwrap_or(0));
        assert_eq!(one, two, "round {round}: a torn write in {record}");
        assert!(one >= self.acknowledged, "round {round}: {one}, and {} was acknowledged", self.acknowledged);
        assert!(one <= self.sent, "round {round}: {one} was never sent");
        self.acknowledged = one;
    }

    fn write_until_the_end(&mut self, mut client: Client, person: &Person, answered: &mpsc::Sender<()>) {
        loop {
            self.sent += 1;
            let (number, count) = (self.number, self.sent);
            let body = format!(
                r#"{{"externalUserId":"{}","data":{{"a{number}":{count},"b{number}":{count},"private.c":{count}}}}}"#,
                person.id
            );
            let Ok(200) = write(&mut client, &person.token, &body) else { return };
            self.acknowledged = count;
            if answered.send(()).is_err() {
                return;
            }
        }
    }
}

/// The status of a write, or how the connection ended.
fn write(client: &mut Client, token: &str, body: &str) -> std::io::Result<u16> {
    let headers = [("Authorization", &*format!("Bearer {token}")), ("Content-Type", "application/json")];
    client.try_send(&wire::request("POST", "/v1/ibexsafe/userdata", &headers, body))?;
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
    // Whole (`fdatasync(7) = 0`), or the end of one that another thread's line interrupted.
    let is_done = |line: &&str| line.contains("sync") && line.trim_end().ends_with("= 0");
    let between = &lines[request + 1..answer];
    assert!(between.iter().any(is_done), "answered before a sync:\n{}", lines[request..=answer].join("\n"));
}

fn traced(trace: &Path) -> Command {
    let mut command = Command::new("strace");
    let calls = "trace=fsync,fdatasync,recvfrom,read,write,writev,sendto,sendmsg";
    command.env_clear().args(["-f", "-s", "4096", "-e", calls, "-o"]);
    command.arg(trace).arg(strongroom().get_program());
    command
}
