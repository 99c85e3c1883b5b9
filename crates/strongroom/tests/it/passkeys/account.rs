//! The end of an account: what is on the disk afterwards, and who may still come in.

use serde_json::json;

use super::{Device, PAGE, problem, sign_in, sign_up, text, world};
use crate::support::{World, contains, files_below};

const ME: &str = "/v1.2/users/me";

/// What the database keeps of passkeys: the sealed notes, in parts.
fn kept(world: &World) -> Vec<Vec<u8>> {
    let database = rusqlite::Connection::open(world.data().join("strongroom.db")).unwrap();
    let mut query = database.prepare("SELECT body FROM box_slots WHERE box <> zeroblob(32)").unwrap();
    query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn of_a_closed_account_nothing_rests_and_no_token_or_passkey_is_known() {
    let world = world();
    let safe = world.serve();
    let mut client = safe.connect();
    let (mut janes, mut johns) = (Device::at(PAGE), Device::at(PAGE));
    let (jane, john) = (sign_up(&mut client, &mut janes), sign_up(&mut client, &mut johns));
    let again = sign_in(&mut client, &mut janes, &json!({})).json();
    let write = |person: &serde_json::Value| {
        json!({ "externalUserId": person["subject"], "data": { "language": "en" } }).to_string()
    };
    for person in [&jane, &john] {
        let answer =
            client.authorized(text(&person["access_token"]), "POST", "/v1/ibexsafe/userdata", &write(person));
        assert_eq!(answer.status, 200);
    }
    let before = kept(&world);

    assert_eq!(client.authorized(text(&jane["access_token"]), "DELETE", ME, "").status, 204);
    // Searched while the server runs: what is promised is promised when the answer is there.
    let after = kept(&world);
    let gone: Vec<_> = before.iter().filter(|part| !after.contains(part)).collect();
    assert!(!gone.is_empty() && !after.is_empty(), "one of two is gone");
    for (file, content) in files_below(&world.data()) {
        let is_there = gone.iter().any(|part| contains(&content, part));
        assert!(!is_there, "the passkey is still in {}", file.display());
        for id in [text(&jane["subject"]), text(&john["subject"])] {
            assert!(!contains(&content, id.as_bytes()), "an id is in {}", file.display());
        }
    }
    for token in [&jane, &again] {
        let answer = client.authorized(text(&token["access_token"]), "DELETE", ME, "");
        assert_eq!(problem(&answer), (401, "token_invalid".to_owned()), "no token of it is known");
        let refresh = json!({ "refresh_token": token["refresh_token"] }).to_string();
        assert_eq!(client.request("POST", "/v1/auth/refresh", &[super::JSON], &refresh).status, 401);
    }
    assert_eq!(
        problem(&sign_in(&mut client, &mut janes, &json!({}))),
        (401, "credential_refused".to_owned())
    );
    assert_eq!(
        sign_in(&mut client, &mut johns, &json!({ "includeUserdata": true })).json()["userdata"],
        json!({ "language": "en" })
    );
    let anew = sign_up(&mut client, &mut Device::at(PAGE));
    assert_ne!(anew["subject"], jane["subject"]);
}

#[test]
fn an_account_of_a_foreign_issuer_is_closed_and_its_person_may_come_again() {
    let world = world();
    let safe = world.serve();
    let mut client = safe.connect();
    let token = crate::support::foreign_token("jane");
    let body = r#"{"externalUserId":"jane","data":{"a":1}}"#;
    assert_eq!(client.authorized(&token, "POST", "/v1/ibexsafe/userdata", body).status, 200);
    for _ in 0..2 {
        assert_eq!(client.authorized(&token, "DELETE", ME, "").status, 204);
    }
    let read = client.authorized(&token, "GET", "/v1/ibexsafe/userdata/external/jane", "");
    assert_eq!(
        (read.status, read.header("etag")),
        (204, None),
        "whoever it calls jane is jane, without a record"
    );
}
