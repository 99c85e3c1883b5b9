//! `/ws` over raw sockets: what is sent wrongly and the code it is closed with, who is let in and for how long, and that every
//! change reaches its owner once and in order.

mod authentication;
mod client;
mod close_codes;
mod crowd;
mod erasure;
mod floods;
mod fragments;
pub(crate) mod frames;
mod gateway;
mod handshake;
mod life;
mod malformed;
mod power_cuts;
mod presence;
mod requests;
mod resume;
mod sizes;
mod updates;

pub(crate) use client::{HANDSHAKE, Live, auth};
pub(crate) use resume::come_back;

use serde_json::{Map, Value, json};

use crate::support::{Answer, Client, Safe, World, foreign_token};

/// The page of the tenant whose people the world's issuer names.
const PAGE: &str = "https://www.shop.example";
const USERDATA: &str = "/v1/ibexsafe/userdata";

/// A world in which nobody writes too often; `more` stands in `[websocket]`.
fn world(more: &str) -> World {
    let rates = "[limits]\nrate_per_person_per_s = 0\nrate_per_address_per_s = 0\n";
    World::new(&format!("{rates}\n[websocket]\n{more}\n"))
}

/// Somebody with a token.
struct Person {
    id: String,
    token: String,
}

impl Person {
    /// Whom the world's issuer calls so.
    fn known_as(id: &str) -> Self {
        Self { id: id.to_owned(), token: foreign_token(id) }
    }

    /// An account of the tenant `localhost`, with a session of ours.
    fn signed_up(safe: &Safe) -> Self {
        let answer = safe.connect().request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").json();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        Self { id: text("subject"), token: text("access_token") }
    }

    fn path(&self) -> String {
        format!("{USERDATA}/external/{}", self.id)
    }

    /// Writes, whatever comes of it.
    fn try_write(&self, client: &mut Client, data: &Value) -> Answer {
        client.authorized(&self.token, "POST", USERDATA, &self.body(data))
    }

    fn body(&self, data: &Value) -> String {
        json!({ "externalUserId": self.id, "data": data }).to_string()
    }

    /// Writes, and gives the version that it made.
    fn write(&self, client: &mut Client, data: &Value) -> String {
        let answer = self.try_write(client, data);
        assert_eq!(answer.status, 200, "{answer:?}");
        version_of(&answer)
    }

    /// The readable map, and its version.
    fn read(&self, client: &mut Client) -> (Value, String) {
        let answer = client.authorized(&self.token, "GET", &self.path(), "");
        let data = if answer.status == 204 { json!({}) } else { answer.json() };
        (data, version_of(&answer))
    }

    fn erase(&self, client: &mut Client) {
        assert_eq!(client.authorized(&self.token, "DELETE", &self.path(), "").status, 204);
    }
}

/// The version that an answer names.
fn version_of(answer: &Answer) -> String {
    answer.header("etag").expect("a version").trim_matches('"').to_owned()
}

/// A version's generation and number.
fn parts(version: &str) -> (&str, u64) {
    let (generation, number) = version.split_once('.').expect("generation.number");
    (generation, number.parse().unwrap())
}

/// Whoever keeps a copy by what a socket says.
#[derive(Debug, Default, Clone)]
struct Copy {
    data: Map<String, Value>,
    version: Option<String>,
    /// How many updates stood for more than one version.
    folded: usize,
}

impl Copy {
    /// From the data of `user_data`.
    fn of(found: &Value) -> Self {
        let data = found["userdata"].as_object().unwrap().clone();
        Self { data, version: found["version"].as_str().map(str::to_owned), folded: 0 }
    }

    /// Takes the data of an update over, which must follow on what is here: nothing is missed, nothing comes twice.
    fn take(&mut self, update: &Value) {
        let version = update["version"].as_str().unwrap();
        let (generation, number) = parts(version);
        if let Some(from) = update.get("from") {
            assert_eq!(from.as_str(), self.version.as_deref(), "{update}");
            self.folded += 1;
            assert!(self.version.as_deref().is_none_or(|last| parts(last).1 < number), "{update}");
        } else {
            let last = self.version.as_deref().map(parts);
            let is_next = match last {
                None => number == 1,
                Some((same, last)) => same == generation && last + 1 == number,
            };
            assert!(is_next, "{update} behind {last:?}");
        }
        for key in update["removed"].as_array().unwrap() {
            self.data.remove(key.as_str().unwrap());
        }
        self.data.extend(update["changed"].as_object().unwrap().clone());
        self.version = Some(version.to_owned());
    }
}
