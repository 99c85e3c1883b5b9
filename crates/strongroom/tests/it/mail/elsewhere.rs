//! The same through a gateway, and with `dev`, which writes mails into files.

use std::path::Path;

use serde_json::json;

use super::server::{Mailbox, code_in};
use super::{CONFIRM, VALIDATE, read};
use crate::forwarding::{gateway, world_with};
use crate::support::process::DEMO;
use crate::support::{Safe, comes_true, foreign_token};

#[test]
fn a_gateway_forwards_the_two_verbs_when_they_are_listed_and_has_neither_otherwise() {
    let mailbox = Mailbox::new();
    let _server = mailbox.serve("take");
    let settings = mailbox.settings();
    let world = world_with(&settings);
    let safe = world.serve();
    // A gateway mails nobody.
    let config = std::fs::read_to_string(world.config()).unwrap();
    std::fs::write(world.config(), config.replace(&settings, "")).unwrap();
    let listed = gateway(&world, safe.address, "verbs = [\"POST validateEmail\", \"POST confirmEmail\"]");
    let (token, address) = (foreign_token("jane"), "jane@foo.domain");
    let body = json!({ "email": address, "externalUserId": "jane" }).to_string();
    let asked = listed.connect().authorized(&token, "POST", VALIDATE, &body);
    assert_eq!((asked.status, &asked.json()["success"]), (200, &true.into()));
    let code = mailbox.code(address, 1);
    let body = json!({ "email": address, "externalUserId": "jane", "code": code }).to_string();
    let confirmed = listed.connect().authorized(&token, "POST", CONFIRM, &body);
    assert_eq!((confirmed.status, confirmed.body.as_str()), (200, r#"{"success":true}"#));
    let again = listed.connect().authorized(&token, "POST", CONFIRM, &body);
    assert_eq!((again.status, &again.json()["code"]), (400, &"code_refused".into()));
    assert_eq!(read(&listed, "jane").body, r#"{"marketing.email":"jane@foo.domain"}"#);
    let own = listed.connect().authorized(&token, "POST", "/v1/users/me", r#"{"data":{"language":"fr"}}"#);
    assert_eq!((own.status, own.body.as_str()), (200, r#"{"success":true}"#));

    let unlisted = gateway(&world, safe.address, "");
    for path in [VALIDATE, CONFIRM, "/v1/users/me/validate-email", "/v1/users/me/confirm-email"] {
        assert_eq!(unlisted.connect().authorized(&token, "POST", path, &body).status, 404, "{path}");
    }
}

#[test]
fn dev_writes_each_mail_into_a_file_with_the_code_in_it() {
    for start in [Safe::dev as fn(&Path) -> Safe, Safe::dev_gateway] {
        let directory = tempfile::tempdir().unwrap();
        let dev = start(directory.path());
        let token = dev.access_token.clone();
        let body = json!({ "email": "jane@foo.domain", "externalUserId": DEMO }).to_string();
        assert_eq!(dev.connect().authorized(&token, "POST", VALIDATE, &body).status, 200);
        let mails = || {
            let files = std::fs::read_dir(directory.path().join("mail")).unwrap();
            let files = files.map(|entry| entry.unwrap().path());
            files.filter(|file| file.extension().is_some_and(|it| it == "eml")).collect::<Vec<_>>()
        };
        assert!(comes_true(|| !mails().is_empty()));
        let code = code_in(&std::fs::read_to_string(&mails()[0]).unwrap());
        let body = json!({ "email": "jane@foo.domain", "externalUserId": DEMO, "code": code }).to_string();
        assert_eq!(dev.connect().authorized(&token, "POST", CONFIRM, &body).status, 200);
    }
}
