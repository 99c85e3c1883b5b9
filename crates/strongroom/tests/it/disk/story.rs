//! A person whose record is written, read and erased while the disk fails, and what may be found of it.
//!
//! A write that was answered with success has happened; one that was answered 503 has, or has not. So a person has a set
//! of states, one of which must be found, whole.

use serde_json::{Map, Value};

use crate::support::{Answer, Safe};

/// What a person may read: a record's readable keys, or that there is none.
type State = Option<Map<String, Value>>;

/// Whether an answer told of success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Done,
    /// 503: it has happened, or it has not.
    Unavailable,
}

/// A person and what may be found of theirs.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    id: String,
    token: String,
    states: Vec<State>,
}

impl Person {
    /// Somebody of whom nothing is stored.
    pub(crate) fn new(id: &str, token: String) -> Self {
        Self { id: id.to_owned(), token, states: vec![None] }
    }

    /// Merges `data`, which is readable, and a private key beside it.
    pub(crate) fn write(&mut self, safe: &Safe, data: &Value) -> Told {
        let mut sent = data.clone();
        sent["private.pin"] = data.to_string().into();
        let body = serde_json::json!({ "externalUserId": self.id, "data": sent }).to_string();
        let answer = safe.connect().authorized(&self.token, "POST", "/v1/ibexsafe/userdata", &body);
        let told = told(&answer, 200);
        let after = self.states.iter().map(|state| {
            let mut record = state.clone().unwrap_or_default();
            record.extend(data.as_object().unwrap().clone());
            record.retain(|_, value| !value.is_null());
            Some(record)
        });
        self.settle(told, after.collect());
        told
    }

    /// Erases the record.
    pub(crate) fn erase(&mut self, safe: &Safe) -> Told {
        let answer = safe.connect().authorized(&self.token, "DELETE", &self.path(), "");
        let told = told(&answer, 204);
        self.settle(told, vec![None]);
        told
    }

    /// Reads. What comes is one of the states, or 503.
    pub(crate) fn read(&self, safe: &Safe) -> Told {
        self.look(safe).map_or(Told::Unavailable, |_| Told::Done)
    }

    /// Reads on a healthy disk: what is found now is what stays.
    pub(crate) fn settle_by_reading(&mut self, safe: &Safe) {
        self.states = vec![self.look(safe).expect("a healthy disk")];
    }

    fn look(&self, safe: &Safe) -> Option<State> {
        let answer = safe.connect().authorized(&self.token, "GET", &self.path(), "");
        let found = match answer.status {
            200 => Some(answer.json().as_object().unwrap().clone()),
            204 => None,
            _ => {
                told(&answer, 200);
                return None;
            }
        };
        assert!(self.states.contains(&found), "{found:?} was read, and may be: {:?}", self.states);
        Some(found)
    }

    /// Whether there must be a record, whichever of the states it is in.
    pub(crate) fn is_stored(&self) -> bool {
        self.states.iter().all(Option::is_some)
    }

    /// Whether there may be one.
    pub(crate) fn may_be_stored(&self) -> bool {
        self.states.iter().any(Option::is_some)
    }

    fn path(&self) -> String {
        format!("/v1/ibexsafe/userdata/external/{}", self.id)
    }

    fn settle(&mut self, told: Told, after: Vec<State>) {
        if told == Told::Done {
            self.states.clear();
        }
        for state in after {
            if !self.states.contains(&state) {
                self.states.push(state);
            }
        }
    }
}

/// Success, or the one way to say that it is not known: nothing else may be answered.
pub(crate) fn told(answer: &Answer, success: u16) -> Told {
    if answer.status == success {
        return Told::Done;
    }
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.json()["code"].as_str(), Some("unavailable"), "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
    Told::Unavailable
}

/// A session of our own tokens, and what may have become of it.
#[derive(Debug)]
pub(crate) struct Session {
    person: String,
    access: String,
    refresh: String,
    standing: Standing,
}

#[derive(Debug, PartialEq, Eq)]
enum Standing {
    Live,
    /// A refresh or a sign-out was answered 503.
    InDoubt,
    Ended,
}

impl Session {
    /// Signs up; `None` when that was answered 503.
    pub(crate) fn begin(safe: &Safe) -> Option<Self> {
        let headers = [("Host", "localhost")];
        let answer = safe.connect().request("GET", "/v1/auth/sign-up?passkeys=FALSE", &headers, "");
        (told(&answer, 200) == Told::Done).then(|| Self {
            person: text(&answer, "subject"),
            access: text(&answer, "access_token"),
            refresh: text(&answer, "refresh_token"),
            standing: Standing::Live,
        })
    }

    /// Exchanges the refresh token, if it is one for sure.
    pub(crate) fn refresh(&mut self, safe: &Safe) -> Told {
        if self.standing == Standing::InDoubt {
            return Told::Unavailable;
        }
        let headers = [("Host", "localhost"), ("Content-Type", "application/json")];
        let body = serde_json::json!({ "refresh_token": self.refresh }).to_string();
        let answer = safe.connect().request("POST", "/v1/auth/refresh", &headers, &body);
        if self.standing == Standing::Ended && answer.status == 401 {
            return Told::Done;
        }
        if told(&answer, 200) == Told::Unavailable {
            if self.standing == Standing::Live {
                self.standing = Standing::InDoubt;
            }
            return Told::Unavailable;
        }
        assert_eq!(self.standing, Standing::Live, "an ended session was refreshed");
        self.access = text(&answer, "access_token");
        self.refresh = text(&answer, "refresh_token");
        Told::Done
    }

    /// Uses the access token: it is good while the session lives, and never again after.
    pub(crate) fn use_it(&self, safe: &Safe) -> Told {
        let path = format!("/v1/ibexsafe/userdata/external/{}", self.person);
        let answer = safe.connect().authorized(&self.access, "GET", &path, "");
        match (answer.status, &self.standing) {
            (204, Standing::Live | Standing::InDoubt) | (401, Standing::Ended | Standing::InDoubt) => {
                Told::Done
            }
            (204, Standing::Ended) => panic!("an ended session lives again"),
            _ => told(&answer, 204),
        }
    }

    /// Signs out. A session in doubt may be over already.
    pub(crate) fn end(&mut self, safe: &Safe) -> Told {
        let answer = safe.connect().authorized(&self.access, "POST", "/v1/auth/sign-out", "");
        if self.standing == Standing::InDoubt && answer.status == 401 {
            return Told::Done;
        }
        let told = told(&answer, 200);
        self.standing = if told == Told::Done { Standing::Ended } else { Standing::InDoubt };
        told
    }
}

fn text(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap().to_owned()
}
