//! E-mail validation by a real mail server, which is there, away, slow or unwilling.

mod canary;
mod elsewhere;
mod outages;
mod server;
mod story;

use serde_json::json;

use crate::support::{Answer, Safe, World, comes_true, foreign_token};
use server::Mailbox;

const VALIDATE: &str = "/v1.1/ibexsafe/validateEmail";
const CONFIRM: &str = "/v1.1/ibexsafe/confirmEmail";

/// A safe whose mails go to this mailbox.
fn world(mailbox: &Mailbox) -> World {
    World::new(&mailbox.settings())
}

/// Asks for a code for a person.
fn ask(safe: &Safe, person: &str, address: &str) -> Answer {
    let body = json!({ "email": address, "externalUserId": person }).to_string();
    safe.connect().authorized(&foreign_token(person), "POST", VALIDATE, &body)
}

/// Sends one back, with a consent.
fn confirm(safe: &Safe, person: &str, address: &str, code: &str) -> Answer {
    let body = json!({ "email": address, "code": code, "externalUserId": person, "optinNews": true });
    safe.connect().authorized(&foreign_token(person), "POST", CONFIRM, &body.to_string())
}

/// What may be read of a person.
fn read(safe: &Safe, person: &str) -> Answer {
    let path = format!("/v1/ibexsafe/userdata/external/{person}");
    safe.connect().authorized(&foreign_token(person), "GET", &path, "")
}

/// Whether a counter of mails comes to this.
fn counts(safe: &Safe, name: &str, least: u64) -> bool {
    comes_true(|| {
        let metrics = safe.connect_admin().request("GET", "/metrics", &[], "").body;
        let line = metrics.lines().find(|line| line.starts_with(&format!("strongroom_mail_{name}_total ")));
        let count: u64 = line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok()).expect("a count");
        count >= least
    })
}
