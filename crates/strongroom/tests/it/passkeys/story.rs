//! One person's way, from the first passkey to the last.

use serde_json::json;

use super::{Device, IN, JSON, PAGE, UP, add, body, options, post, problem, sign_in, sign_up, text, world};

const USERDATA: &str = "/v1.1/ibexsafe/userdata";

#[test]
fn a_person_signs_up_keeps_data_signs_in_with_it_and_moves_to_another_passkey() {
    let world = world();
    let safe = world.serve();
    let mut client = safe.connect();
    let (mut phone, mut laptop) = (Device::at(PAGE), Device::at(PAGE));

    let first = sign_up(&mut client, &mut phone);
    assert_eq!(
        json!([first["authMethod"], first["hasPasskey"], first["issuer"], first["safeAddress"]]),
        json!(["PASSKEY", true, "localhost", {}])
    );
    let (person, token) = (text(&first["subject"]), text(&first["access_token"]));
    let write = json!({ "externalUserId": person, "data": { "language": "en", "private.pin": "1234" } });
    assert_eq!(client.authorized(token, "POST", USERDATA, &write.to_string()).status, 200);

    let again = sign_in(&mut client, &mut phone, &json!({ "includeUserdata": true }));
    assert_eq!((again.status, &again.json()["subject"]), (200, &first["subject"]));
    assert!(again.body.contains(r#""userdata":{"language":"en"}"#), "{}", again.body);
    assert!(!again.body.contains("private") && !again.body.contains("1234"), "{}", again.body);
    let without = sign_in(&mut client, &mut phone, &json!({})).json();
    assert!(without.get("userdata").is_none());

    let second = add(&mut client, &mut laptop, &first);
    assert_eq!(
        (second.status, &second.json()["subject"], &second.json()["keyName"]),
        (200, &first["subject"], &json!("second"))
    );
    let second = second.json();
    let new = text(&second["access_token"]);
    let list = client.authorized(new, "GET", "/v1/auth/passkeys", "").json();
    let current: Vec<_> = list["passkeys"].as_array().unwrap().iter().map(|key| &key["current"]).collect();
    assert_eq!(current, [false, true]);

    // The phone is lost. Its tokens are warm, and are refused with the answer.
    let read = format!("{USERDATA}/external/{person}");
    assert_eq!(client.authorized(token, "GET", &read, "").status, 200);
    let old = format!("/v1/auth/passkeys/{}", text(&list["passkeys"][0]["id"]));
    assert_eq!(client.authorized(new, "DELETE", &old, "").status, 204);
    for token in [token, text(&again.json()["access_token"])] {
        assert_eq!(problem(&client.authorized(token, "GET", &read, "")), (401, "token_invalid".to_owned()));
    }
    assert_eq!(
        problem(&sign_in(&mut client, &mut phone, &json!({}))),
        (401, "credential_refused".to_owned())
    );
    assert_eq!(client.authorized(new, "GET", &read, "").body, r#"{"language":"en"}"#);
    assert_eq!(sign_in(&mut client, &mut laptop, &json!({})).status, 200);
    let only = format!("/v1/auth/passkeys/{}", text(&list["passkeys"][1]["id"]));
    assert_eq!(problem(&client.authorized(new, "DELETE", &only, "")), (409, "last_passkey".to_owned()));
}

/// Section 4 of the public guide: the request and the answer, as they stand there.
#[test]
fn the_guides_sign_in_with_user_data_is_answered_as_the_guide_says() {
    let world = world();
    let safe = world.serve();
    let mut client = safe.connect();
    let mut device = Device::at(PAGE);
    let jane = sign_up(&mut client, &mut device);
    let data = json!({
        "email": "jane.doe@foo.domain", "firstName": "Jane", "lastName": "Doe", "language": "en",
        "optin.newsletter": true, "optin.walletAlerts": true, "private.apiKey": "secret-api-key-12345",
    });
    let write = json!({ "externalUserId": jane["subject"], "data": data }).to_string();
    assert_eq!(client.authorized(text(&jane["access_token"]), "POST", USERDATA, &write).status, 200);

    let credential = device.show(&options(&mut client, IN));
    let request = format!("{{\n  \"credential\": {credential},\n  \"includeUserdata\": true\n}}");
    let answer = client.request("POST", "/v1.2/auth/sign-in", &[JSON, ("Host", "localhost")], &request);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    assert!(answer["access_token"].is_string() && answer["refresh_token"].is_string());
    assert!(answer["safeAddress"].is_object());
    let mut readable = data;
    readable.as_object_mut().unwrap().remove("private.apiKey");
    assert_eq!(answer["userdata"], readable);
}

#[test]
fn a_passkey_that_is_registered_makes_nobody_new_and_joins_no_other_account() {
    let world = world();
    let safe = world.serve();
    let mut client = safe.connect();
    let first = Device::at(PAGE).make(&options(&mut client, UP));
    assert_eq!(post(&mut client, UP, &first, &json!({})).status, 200);
    let john = sign_up(&mut client, &mut Device::at(PAGE));
    for to_john in [false, true] {
        // An answer to a challenge of today that holds the passkey of before: nothing in it is signed.
        let mut again = Device::at(PAGE).make(&options(&mut client, UP));
        for member in ["id", "rawId"] {
            again[member] = first[member].clone();
        }
        again["response"]["attestationObject"] = first["response"]["attestationObject"].clone();
        let body = if to_john {
            body(&again, &json!({ "externalUserId": john["subject"] }))
        } else {
            body(&again, &json!({}))
        };
        let answer = client.authorized(text(&john["access_token"]), "POST", UP, &body);
        assert_eq!(problem(&answer), (409, "passkey_known".to_owned()), "{to_john}");
    }
}

#[test]
fn what_is_no_credential_is_malformed_and_what_is_no_body_is_said_to_be_none() {
    let world = world();
    let safe = world.serve();
    let mut client = safe.connect();
    for path in [UP, IN] {
        for (body, code) in [
            (r#"{"credential":{}}"#, "credential_malformed"),
            (
                r#"{"credential":{"id":"AA","type":"public-key","response":{"clientDataJSON":"e30"}}}"#,
                "credential_malformed",
            ),
            (r#"{"credential":"x"}"#, "credential_malformed"),
            ("{}", "json_shape"),
        ] {
            let answer = client.request("POST", path, &[JSON], body);
            assert_eq!(problem(&answer), (400, code.to_owned()), "{path} {body}");
        }
    }
}
