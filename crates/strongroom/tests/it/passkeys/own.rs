//! Sessions: the list, the end of one, and how soon that is seen.

use serde_json::{Value, json};

use super::{Device, PAGE, add, problem, sign_in, sign_up, text, world};

const SESSIONS: &str = "/v1/auth/sessions";

fn id_of_the_other(list: &Value) -> String {
    let sessions = list["sessions"].as_array().unwrap();
    let mut others = sessions.iter().filter(|session| session["current"] == false);
    text(&others.next().unwrap()["id"]).to_owned()
}

#[test]
fn a_session_that_is_ended_is_over_with_the_answer_for_a_token_that_was_warm() {
    let world = world();
    let safe = world.serve();
    let mut client = safe.connect();
    let mut device = Device::at(PAGE);
    let here = sign_up(&mut client, &mut device);
    let there = sign_in(&mut client, &mut device, &json!({})).json();
    let (mine, other) = (text(&here["access_token"]), text(&there["access_token"]));
    let list = client.authorized(mine, "GET", SESSIONS, "").json();
    assert_eq!(list["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(client.authorized(other, "GET", SESSIONS, "").status, 200, "it is warm");

    let path = format!("{SESSIONS}/{}", id_of_the_other(&list));
    assert_eq!(client.authorized(mine, "DELETE", &path, "").status, 204);
    assert_eq!(problem(&client.authorized(other, "GET", SESSIONS, "")), (401, "token_invalid".to_owned()));
    let refresh = json!({ "refresh_token": there["refresh_token"] }).to_string();
    let refreshed = client.request("POST", "/v1/auth/refresh", &[super::JSON], &refresh);
    assert_eq!(problem(&refreshed), (401, "token_invalid".to_owned()));
    assert_eq!(problem(&client.authorized(mine, "DELETE", &path, "")), (404, "unknown_session".to_owned()));
    assert_eq!(client.authorized(mine, "GET", SESSIONS, "").json()["sessions"].as_array().unwrap().len(), 1);
}

#[test]
fn nobody_ends_or_sees_what_is_anothers() {
    let world = world();
    let safe = world.serve();
    let mut client = safe.connect();
    let (mut janes, mut johns) = (Device::at(PAGE), Device::at(PAGE));
    let (jane, john) = (sign_up(&mut client, &mut janes), sign_up(&mut client, &mut johns));
    let (jane, john) = (text(&jane["access_token"]), text(&john["access_token"]));
    let first = |list: &Value, name: &str| text(&list[name][0]["id"]).to_owned();
    for (path, name, code) in
        [(SESSIONS, "sessions", "unknown_session"), ("/v1/auth/passkeys", "passkeys", "unknown_passkey")]
    {
        let of_jane = client.authorized(jane, "GET", path, "");
        let id = first(&of_jane.json(), name);
        assert!(!client.authorized(john, "GET", path, "").body.contains(&id));
        let end = client.authorized(john, "DELETE", &format!("{path}/{id}"), "");
        assert_eq!(problem(&end), (404, code.to_owned()));
        assert_eq!(client.authorized(jane, "GET", path, "").body, of_jane.body);
    }
}

#[test]
fn a_session_begun_with_a_passkey_is_refreshed_and_signed_out_of() {
    let world = world();
    let safe = world.serve();
    let mut client = safe.connect();
    let signed_up = sign_up(&mut client, &mut Device::at(PAGE));
    let refresh = json!({ "refresh_token": signed_up["refresh_token"] }).to_string();
    let refreshed = client.request("POST", "/v1/auth/refresh", &[super::JSON], &refresh).json();
    let token = text(&refreshed["access_token"]);
    let sessions = client.authorized(token, "GET", SESSIONS, "").json();
    assert!(sessions["sessions"][0]["lastUsedAt"].is_string(), "{sessions}");
    let passkeys = client.authorized(token, "GET", "/v1/auth/passkeys", "").json();
    assert_eq!(passkeys["passkeys"][0]["current"], true, "a refresh does not forget the passkey");
    assert_eq!(client.authorized(token, "POST", "/v1/auth/sign-out", "").status, 200);
    assert_eq!(client.authorized(token, "GET", SESSIONS, "").status, 401);
}

#[test]
fn an_account_has_room_for_twenty_passkeys() {
    let world = world();
    let safe = world.serve();
    let mut client = safe.connect();
    let jane = sign_up(&mut client, &mut Device::at(PAGE));
    for _ in 1..20 {
        assert_eq!(add(&mut client, &mut Device::at(PAGE), &jane).status, 200);
    }
    let one_more = add(&mut client, &mut Device::at(PAGE), &jane);
    assert_eq!(problem(&one_more), (409, "too_many_passkeys".to_owned()));
}
