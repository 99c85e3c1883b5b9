//! Passkeys over the real binary, with an authenticator that others wrote: people sign up and in, see and end what is their
//! own, and close their accounts.

mod account;
mod at_a_gateway;
mod device;
mod existing_client;
mod own;
mod replays;
mod story;
mod wallets;

pub(crate) use device::Device;

use serde_json::{Value, json};

use crate::support::wire::Client;
use crate::support::{Answer, World};

/// The page of the tenant `localhost` in a [`World`].
pub(crate) const PAGE: &str = "http://localhost:3000";
pub(crate) const UP: &str = "/v1.2/auth/sign-up";
pub(crate) const IN: &str = "/v1.2/auth/sign-in";
const JSON: (&str, &str) = ("Content-Type", "application/json");

fn world() -> World {
    World::new("[limits]\nrate_per_person_per_s = 0\nrate_per_address_per_s = 0\n")
}

/// The options for a browser.
pub(crate) fn options(client: &mut Client, path: &str) -> Value {
    let answer = client.request("GET", path, &[("Origin", PAGE)], "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["credentialRequestOptions"].take()
}

/// Posts a credential with more members beside it.
pub(crate) fn post(client: &mut Client, path: &str, credential: &Value, more: &Value) -> Answer {
    client.request("POST", path, &[("Origin", PAGE), JSON], &body(credential, more))
}

pub(crate) fn body(credential: &Value, more: &Value) -> String {
    let mut body = json!({ "credential": credential });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body.to_string()
}

/// A new person, with the device's passkey.
pub(crate) fn sign_up(client: &mut Client, device: &mut Device) -> Value {
    let credential = device.make(&options(client, UP));
    let answer = post(client, UP, &credential, &json!({}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// A sign-in with the device's passkey.
pub(crate) fn sign_in(client: &mut Client, device: &mut Device, more: &Value) -> Answer {
    let credential = device.show(&options(client, IN));
    post(client, IN, &credential, more)
}

/// One more passkey for whoever was signed in.
pub(crate) fn add(client: &mut Client, device: &mut Device, to: &Value) -> Answer {
    let credential = device.make(&options(client, UP));
    let body = body(&credential, &json!({ "externalUserId": to["subject"], "keyName": "second" }));
    client.authorized(text(&to["access_token"]), "POST", UP, &body)
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Status and code of a problem.
fn problem(answer: &Answer) -> (u16, String) {
    (answer.status, text(&answer.json()["code"]).to_owned())
}
