//! Power cuts: what was acknowledged is there, nothing is torn, nothing is made up; and the sync comes before the answer.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;

use serde_json::Value;

use crate::support::process::{DEMO, strongroom};
use crate::support::{Answer, Client, Safe, say, wire};

/// Power cuts in one run, unless `CRASH_ROUNDS` says otherwise: `cargo xtask crash --rounds N`.
const ROUNDS: u64 = 25;
/// Two people, two writers each: writes of different people share a transaction, those of one person follow each other.
const PEOPLE: usize = 2;
const WRITERS_OF_ONE: usize = 2;
/// Writes and erasures that are answered before the process is killed, at the most, and turns of the processor after
/// that: it is in the middle of other writes, or of the checkpoint that an erasure makes, somewhere.
const MOST_ANSWERS: u64 = 40;
const MOST_TURNS: u64 = 200_000;

/// Each writer counts up two keys of its person in one write, over all rounds; readers look on; somebody is written and
/// erased without a pause, so that a checkpoint is always near.
#[test]
fn what_was_acknowledged_survives_kill_9_whole_and_nothing_else_appears() {
    let (rounds, seed) = plan();
    say(&format!("{rounds} power cuts: to repeat them, CRASH_SEED={seed}"));
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let people: Vec<Person> = (0..PEOPLE).map(|_| Person::sign_up(&safe)).collect();
    let mut eraser = Eraser::new(Person::sign_up(&safe));
    safe.kill();
    let mut writers: Vec<Writer> = (0..PEOPLE * WRITERS_OF_ONE).map(Writer::new).collect();
    let (mut reads, mut erasures) = (0, 0);
    for round in 0..=rounds {
        let safe = Safe::dev(data.path());
        let records: Vec<Value> = people.iter().map(|person| person.read(&safe)).collect();
        for writer in &mut writers {
            writer.check(round, &records[writer.number % PEOPLE]);
        }
        for record in &records {
            let keys = record.as_object().unwrap().len();
            assert!(keys <= 2 * WRITERS_OF_ONE, "round {round}: made up keys in {record}");
        }
        eraser.check(round, &safe);
        if round == rounds {
            break;
        }

        let mut chance = Chance::of(seed, round);
        let (fatal, turns) = (1 + chance.below(MOST_ANSWERS), chance.below(MOST_TURNS));
        let (answered, answers) = mpsc::channel();
        std::thread::scope(|scope| {
            for writer in &mut writers {
                let (person, answered) = (&people[writer.number % PEOPLE], answered.clone());
                let client = safe.connect();
                scope.spawn(move || writer.write_until_the_end(client, person, &answered));
            }
            for person in &people {
                let (client, answered) = (safe.connect(), answered.clone());
                scope.spawn(move || person.read_until_the_end(client, &answered));
            }
            let (client, eraser) = (safe.connect(), &mut eraser);
            scope.spawn(move || eraser.go_on_until_the_end(client, &answered));
            let mut safe = Some(safe);
            let mut count = 0;
            for what in answers {
                if what == Answered::Read {
                    reads += 1;
                    continue;
                }
                erasures += u64::from(what == Answered::Erasure);
                count += 1;
                if count == fatal {
                    (0..turns).for_each(|_| std::hint::spin_loop());
                    drop(safe.take().map(Safe::kill));
                }
            }
            assert!(safe.is_none(), "round {round}: everybody ended early");
        });
    }
    let acknowledged: u64 = writers.iter().map(|writer| writer.acknowledged).sum();
    say(&format!("{acknowledged} writes, {erasures} erasures and {reads} reads were answered"));
    assert!(acknowledged >= rounds && erasures > 0 && reads > 0);
}

/// How many rounds, and where their chance comes from.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever wants more rounds, or the same again, says so to the test"
)]
pub(crate) fn plan() -> (u64, u64) {
    let number = |name| std::env::var(name).ok().map(|text: String| text.parse().expect("a number"));
    let unforeseen = || std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), ());
    (number("CRASH_ROUNDS").unwrap_or(ROUNDS), number("CRASH_SEED").unwrap_or_else(unforeseen))
}

/// Numbers that come again with their seed (Steele, Lea and Flood, `SplitMix64`).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn of(seed: u64, round: u64) -> Self {
        Self(seed ^ round.wrapping_mul(0xd134_2543_de82_ef95))
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answered {
    Write,
    Read,
    Erasure,
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

    fn path(&self) -> String {
        format!("/v1/ibexsafe/userdata/external/{}", self.id)
    }

    fn read(&self, safe: &Safe) -> Value {
        record(&safe.connect().authorized(&self.token, "GET", &self.path(), ""))
    }

    /// What is read is never torn, and never older than what was read before.
    fn read_until_the_end(&self, mut client: Client, answered: &mpsc::Sender<Answered>) {
        let mut before: HashMap<String, u64> = HashMap::new();
        while let Ok(answer) = send(&mut client, &self.token, "GET", &self.path(), "") {
            let found = record(&answer);
            for number in 0..PEOPLE * WRITERS_OF_ONE {
                let count = |half: &str| found[format!("{half}{number}")].as_u64().unwrap_or(0);
                assert_eq!(count("a"), count("b"), "a torn write in {found}");
                let last = before.insert(number.to_string(), count("a")).unwrap_or(0);
                assert!(count("a") >= last, "{found}, and {last} was read before");
            }
            if answered.send(Answered::Read).is_err() {
                return;
            }
        }
    }
}

/// What a read shows; without a record, nothing.
fn record(answer: &Answer) -> Value {
    match answer.status {
        200 => answer.json(),
        204 => Value::Object(serde_json::Map::new()),
        _ => panic!("{answer:?}"),
    }
}

/// Writes a person's record and erases it, again and again.
struct Eraser {
    person: Person,
    sent: u64,
    /// What may be found: the number of a write, or 0 for nothing.
    states: Vec<u64>,
}

impl Eraser {
    fn new(person: Person) -> Self {
        Self { person, sent: 0, states: vec![0] }
    }

    fn check(&mut self, round: u64, safe: &Safe) {
        let found = self.person.read(safe);
        let number = found["n"].as_u64().unwrap_or(0);
        assert!(self.states.contains(&number), "round {round}: {found}, and may be {:?}", self.states);
        self.states = vec![number];
    }

    fn go_on_until_the_end(&mut self, mut client: Client, answered: &mpsc::Sender<Answered>) {
        let path = self.person.path();
        loop {
            self.sent += 1;
            self.states.push(self.sent);
            let body = format!(r#"{{"externalUserId":"{}","data":{{"n":{}}}}}"#, self.person.id, self.sent);
            if !matches!(write(&mut client, &self.person.token, &body), Ok(200)) {
                return;
            }
            self.states = vec![self.sent, 0];
            let erased = send(&mut client, &self.person.token, "DELETE", &path, "");
            if !erased.is_ok_and(|answer| answer.status == 204) {
                return;
            }
            self.states = vec![0];
            if answered.send(Answered::Erasure).is_err() {
                return;
            }
        }
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

    fn write_until_the_end(
        &mut self,
        mut client: Client,
        person: &Person,
        answered: &mpsc::Sender<Answered>,
    ) {
        loop {
            self.sent += 1;
            let (number, count) = (self.number, self.sent);
            let body = format!(
                r#"{{"externalUserId":"{}","data":{{"a{number}":{count},"b{number}":{count},"private.c":{count}}}}}"#,
                person.id
            );
            let Ok(200) = write(&mut client, &person.token, &body) else { return };
            self.acknowledged = count;
            if answered.send(Answered::Write).is_err() {
                return;
            }
        }
    }
}

/// The status of a write, or how the connection ended.
fn write(client: &mut Client, token: &str, body: &str) -> std::io::Result<u16> {
    send(client, token, "POST", "/v1/ibexsafe/userdata", body).map(|answer| answer.status)
}

fn send(client: &mut Client, token: &str, method: &str, path: &str, body: &str) -> std::io::Result<Answer> {
    let headers = [("Authorization", &*format!("Bearer {token}")), ("Content-Type", "application/json")];
    client.try_send(&wire::request(method, path, &headers, body))?;
    client.try_receive(method)
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
