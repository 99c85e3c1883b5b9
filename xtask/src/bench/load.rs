//! Load on a server: keep-alive connections, a fixed number of requests, no pauses.
//!
//! A connection has one request on its way at a time; the server is never asked for more than it answers. One thread serves
//! them all in turn, reading an answer and sending the next request at once: while it is at one, those of the others are on
//! their way, and no thread has to be woken for each answer.

use serde_json::Value;

use crate::http_client::{Connection, request};
use crate::workspace::Outcome;

/// What a connection sends as its n-th request ever; both count from 0.
type Request<'a> = Box<dyn Fn(usize, usize) -> Vec<u8> + 'a>;

/// A number of requests over a number of connections.
pub(super) struct Load<'a> {
    authority: &'a str,
    connections: usize,
    per_connection: usize,
    request: Request<'a>,
}

impl<'a> Load<'a> {
    /// `requests` in all, rounded up to the same number a connection.
    pub(super) fn new(
        authority: &'a str,
        connections: usize,
        requests: usize,
        request: impl Fn(usize, usize) -> Vec<u8> + 'a,
    ) -> Self {
        let per_connection = requests.div_ceil(connections);
        Self { authority, connections, per_connection, request: Box::new(request) }
    }

    /// Sends them all and returns how many there were. `round` makes the turns of one run unlike those of another.
    ///
    /// # Errors
    ///
    /// A connection fails, or an answer is not a 200.
    pub(super) fn run(&self, round: usize) -> Outcome<usize> {
        let first = round * self.per_connection;
        let mut sockets =
            (0..self.connections).map(|_| Connection::open(self.authority)).collect::<Outcome<Vec<_>>>()?;
        for (connection, socket) in sockets.iter_mut().enumerate() {
            socket.send(&(self.request)(connection, first))?;
        }
        for turn in first + 1..=first + self.per_connection {
            for (connection, socket) in sockets.iter_mut().enumerate() {
                let status = socket.receive()?.status;
                if status != 200 {
                    return Err(format!("an answer of {status} under load").into());
                }
                if turn < first + self.per_connection {
                    socket.send(&(self.request)(connection, turn))?;
                }
            }
        }
        Ok(self.connections * self.per_connection)
    }
}

/// One person with an account of their own; never printed, for its token.
pub(super) struct Person {
    id: String,
    token: String,
}

impl Person {
    pub(super) fn read(&self, authority: &str) -> Vec<u8> {
        self.read_of(self, authority)
    }

    /// Another's record, which is none of this person's business.
    pub(super) fn read_of(&self, other: &Self, authority: &str) -> Vec<u8> {
        request("GET", authority, &other.path(), Some(&self.token), None)
    }

    pub(super) fn read_without_token(&self, authority: &str) -> Vec<u8> {
        request("GET", authority, &self.path(), None, None)
    }

    fn path(&self) -> String {
        format!("/v1/ibexsafe/userdata/external/{}", self.id)
    }

    /// A long text under a key of this number.
    pub(super) fn write_text(&self, authority: &str, number: usize, bytes: usize) -> Vec<u8> {
        let text = "x".repeat(bytes);
        let body = format!(r#"{{"externalUserId":"{}","data":{{"text.{number}":"{text}."}}}}"#, self.id);
        request("POST", authority, "/v1/ibexsafe/userdata", Some(&self.token), Some(&body))
    }

    /// What a socket is authenticated by.
    pub(super) fn first_message(&self) -> String {
        format!(r#"{{"type":"auth","token":"{}"}}"#, self.token)
    }

    /// The guide's record, with one value that is another every turn.
    pub(super) fn merge(&self, authority: &str, turn: usize) -> Vec<u8> {
        let body = format!(
            r#"{{"externalUserId":"{}","data":{{"email":"jane.doe@foo.domain","firstName":"Jane","lastName":"Doe","language":"en","optin.newsletter":true,"optin.walletAlerts":true,"turn":{turn}}}}}"#,
            self.id
        );
        request("POST", authority, "/v1/ibexsafe/userdata", Some(&self.token), Some(&body))
    }
}

/// Accounts for so many people; one a connection, so that no two writers wait for one record.
///
/// # Errors
///
/// The server refuses one.
pub(super) fn sign_up(authority: &str, people: usize) -> Outcome<Vec<Person>> {
    sign_up_at(authority, authority, people)
}

/// The same of the tenant that is known by this host.
///
/// # Errors
///
/// Likewise.
pub(super) fn sign_up_at(authority: &str, host: &str, people: usize) -> Outcome<Vec<Person>> {
    let mut socket = Connection::open(authority)?;
    let sign_up = request("GET", host, "/v1/auth/sign-up?passkeys=FALSE", None, None);
    (0..people)
        .map(|_| {
            let answer = socket.ask(&sign_up)?;
            if answer.status != 200 {
                return Err(format!("sign-up answered {}", answer.status).into());
            }
            let account: Value = serde_json::from_slice(&answer.body)?;
            let text = |member| account.get(member).and_then(Value::as_str).map(str::to_owned);
            let (id, token) = text("subject").zip(text("access_token")).ok_or("sign-up gave no account")?;
            Ok(Person { id, token })
        })
        .collect()
}
