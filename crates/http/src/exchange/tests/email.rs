//! E-mail validation over HTTP, and the routes of whoever the token is of.

use strongroom_app::{MailOutbox, MailSending};
use strongroom_ports::Mail;
use strongroom_testkit::fake::RecordingMailer;

use super::*;

const VALIDATE: &str = "/v1/ibexsafe/validateEmail";
const CONFIRM: &str = "/v1.2/ibexsafe/confirmEmail";
pub(super) const VALIDATE_OWN: &str = "/v1.1/users/me/validate-email";
pub(super) const CONFIRM_OWN: &str = "/v1/users/me/confirm-email";
const OWN: &str = "/v1/users/me";
const ID: &str = sample::EXTERNAL_USER_ID;

/// A surface, and the mails that it has sent.
pub(super) struct World {
    pub(super) surface: Exchange,
    outbox: MailOutbox,
    mailbox: Arc<RecordingMailer>,
}

impl World {
    fn new() -> Self {
        Self::over(surface())
    }

    /// With the outbox of a surface at hand.
    pub(super) fn over(mut surface: Exchange) -> Self {
        let (store, bell) = (Arc::new(InMemoryAccountStore::new()), Arc::new(MailBell::new()));
        let (sealer, clock) = (Arc::new(TransparentSealer::new()), Arc::new(ManualClock::default()));
        let Safe::Here { email, upstream, .. } = &mut Arc::get_mut(&mut surface.api).unwrap().safe else {
            panic!("a safe")
        };
        **email = EmailConfirmation::new(
            store.clone(),
            upstream.clone(),
            sealer.clone(),
            clock.clone(),
            Arc::new(CountingRandomness::new()),
            bell.clone(),
        );
        let mailbox = Arc::new(RecordingMailer::new());
        Self { surface, outbox: MailOutbox::new(store, sealer, mailbox.clone(), clock, bell), mailbox }
    }

    async fn post(&self, path: &str, body: &str) -> Answer {
        send(&self.surface, request("POST", path), body.to_owned()).await
    }

    /// The codes that have been mailed.
    pub(super) async fn codes(&self) -> Vec<String> {
        let mut sending = MailSending::new(&self.outbox);
        sending.begin_due().await;
        sending.all_ended().await;
        let code = |mail: &Mail| mail.text.split_once(" is ").unwrap().1[..6].to_owned();
        self.mailbox.sent().iter().map(code).collect()
    }
}

#[tokio::test]
async fn a_code_is_asked_for_and_sent_back_on_either_route() {
    for (validate, confirm, named) in [
        (VALIDATE, CONFIRM, format!(r#","externalUserId":"{ID}""#)),
        (VALIDATE_OWN, CONFIRM_OWN, String::new()),
        (VALIDATE_OWN, CONFIRM_OWN, format!(r#","externalUserId":"{ID}","else":[{{"a":1}}]"#)),
    ] {
        let world = World::new();
        let asked = world.post(validate, &format!(r#"{{"email":"jane@foo.domain"{named}}}"#)).await;
        assert_eq!(asked.status, 200, "{}", asked.text);
        assert_eq!(asked.json()["success"], true);
        assert!(asked.json()["message"].is_string());
        let [code] = &world.codes().await[..] else { panic!("one code") };
        let body = format!(
            r#"{{"email":"jane@foo.domain","code":"{code}","optinNews":true,"optinNotifications":false{named}}}"#
        );
        let confirmed = world.post(confirm, &body).await;
        assert_eq!((confirmed.status.as_u16(), confirmed.text.as_str()), (200, r#"{"success":true}"#));
        let view = r#"{"marketing.email":"jane@foo.domain","optin.news":true,"optin.notifications":false}"#;
        assert_eq!(send(&world.surface, request("GET", READ), "").await.text, view);
        assert_eq!(world.post(confirm, &body).await.problem(), (400, "code_refused".to_owned()));
    }
}

#[tokio::test]
async fn an_address_is_kept_where_the_caller_says() {
    let world = World::new();
    world.post(VALIDATE_OWN, r#"{"email":"jane@foo.domain"}"#).await;
    let [code] = &world.codes().await[..] else { panic!("one code") };
    let body = |name: &str| format!(r#"{{"email":"jane@foo.domain","code":"{code}","userDataName":{name}}}"#);
    for (name, expected) in [
        ("\"Private.x\"", "key_looks_private"),
        ("\"safe.x\"", "key_refused"),
        ("null", "json_shape"),
        ("1", "json_shape"),
    ] {
        assert_eq!(
            world.post(CONFIRM_OWN, &body(name)).await.problem(),
            (400, expected.to_owned()),
            "{name}"
        );
    }
    assert_eq!(world.post(CONFIRM_OWN, &body("\"contact.email\"")).await.status, 200, "no try was spent");
    let read = send(&world.surface, request("GET", READ), "").await;
    assert_eq!(read.text, r#"{"contact.email":"jane@foo.domain"}"#);
}

#[tokio::test]
async fn every_address_that_can_be_mailed_to_has_one_answer_also_when_there_is_no_mail_any_more() {
    let world = World::new();
    let mut answers = Vec::new();
    for number in 0..5 {
        let body = format!(r#"{{"email":"jane{number}@foo.domain"}}"#);
        let answer = world.post(VALIDATE_OWN, &body).await;
        answers.push((answer.status, answer.text));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(world.codes().await.len(), 3);
}

#[tokio::test]
async fn a_body_that_is_not_as_it_must_be_is_refused_and_nothing_is_mailed() {
    let world = World::new();
    let own = format!(r#""externalUserId":"{ID}""#);
    for (path, body, code) in [
        (VALIDATE, format!(r#"{{"email":"jane",{own}}}"#), "email_malformed"),
        (VALIDATE, format!(r#"{{"email":"jane@foo.domain\u000aBcc: x@y",{own}}}"#), "email_malformed"),
        (VALIDATE, format!(r#"{{"email":"{}@foo.domain",{own}}}"#, "j".repeat(255)), "email_malformed"),
        (VALIDATE, r#"{"email":"jane@foo.domain"}"#.to_owned(), "json_shape"),
        (VALIDATE, format!("{{{own}}}"), "json_shape"),
        (VALIDATE, format!(r#"{{"email":null,{own}}}"#), "json_shape"),
        (VALIDATE, format!(r#"{{"email":["jane@foo.domain"],{own}}}"#), "json_shape"),
        (VALIDATE, r#"{"email":"jane@foo.domain","externalUserId":"john"}"#.to_owned(), "not_owner"),
        (VALIDATE_OWN, r#"{"email":"jane@foo.domain","externalUserId":"john"}"#.to_owned(), "not_owner"),
        (VALIDATE_OWN, r#"{"email":"jane@foo.domain","email":"x@y"}"#.to_owned(), "json_duplicate"),
        (VALIDATE_OWN, r#"{"email":"jane@foo.domain","x":{"a":1,"a":2}}"#.to_owned(), "json_duplicate"),
        (VALIDATE_OWN, r#"["jane@foo.domain"]"#.to_owned(), "json_shape"),
        (VALIDATE_OWN, String::new(), "json_malformed"),
        (CONFIRM, r#"{"email":"jane@foo.domain","code":"123456"}"#.to_owned(), "json_shape"),
        (CONFIRM_OWN, r#"{"email":"jane@foo.domain"}"#.to_owned(), "json_shape"),
        (CONFIRM_OWN, r#"{"email":"jane@foo.domain","code":123456}"#.to_owned(), "json_shape"),
        (CONFIRM_OWN, r#"{"email":"jane","code":"123456"}"#.to_owned(), "email_malformed"),
        (
            CONFIRM_OWN,
            r#"{"email":"jane@foo.domain","code":"1","optinNews":"true"}"#.to_owned(),
            "json_shape",
        ),
        (
            CONFIRM_OWN,
            r#"{"email":"jane@foo.domain","code":"1","optinNotifications":null}"#.to_owned(),
            "json_shape",
        ),
        (CONFIRM_OWN, r#"{"email":"jane@foo.domain","code":"123456"}"#.to_owned(), "code_refused"),
    ] {
        assert_eq!(world.post(path, &body).await.problem(), (400, code.to_owned()), "{path} {body}");
    }
    assert!(world.codes().await.is_empty());
}

#[tokio::test]
async fn each_route_needs_a_token_and_json_and_takes_a_post_alone() {
    let world = World::new();
    for path in [VALIDATE, CONFIRM, VALIDATE_OWN, CONFIRM_OWN, OWN] {
        let nobody = send(&world.surface, anonymous("POST", path), "{").await;
        assert_eq!(nobody.problem(), (401, "token_missing".to_owned()), "{path}");
        let text =
            anonymous("POST", path).header(AUTHORIZATION, "Bearer jane").header(CONTENT_TYPE, "text/plain");
        assert_eq!(send(&world.surface, text, "{").await.problem(), (415, "media_type".to_owned()), "{path}");
        let huge = world.post(path, &" ".repeat(2000)).await;
        assert_eq!(huge.problem(), (413, "body_too_large".to_owned()), "{path}");
        let get = send(&world.surface, request("GET", path), "").await;
        assert_eq!(get.problem(), (405, "method_not_allowed".to_owned()), "{path}");
        assert!(get.header("allow").unwrap().contains("POST"), "{path}");
    }
}

#[tokio::test]
async fn a_write_to_ones_own_route_is_a_write() {
    let world = World::new();
    let written = world.post(OWN, r#"{"data":{"language":"fr"}}"#).await;
    assert_eq!((written.status.as_u16(), written.text.as_str()), (200, r#"{"success":true}"#));
    let tag = written.header("etag").unwrap().to_owned();
    let read = world.post(OWN, &format!(r#"{{"externalUserId":"{ID}","data":{{}}}}"#)).await;
    assert_eq!((read.text.as_str(), read.header("etag")), (r#"{"language":"fr"}"#, Some(tag.as_str())));
    let conditional = request("POST", OWN).header("if-none-match", "*");
    let refused = send(&world.surface, conditional, r#"{"data":{"language":"de"}}"#).await;
    assert_eq!(refused.problem(), (412, "precondition_failed".to_owned()));
    let foreign = world.post(OWN, r#"{"externalUserId":"john","data":{"language":"de"}}"#).await;
    assert_eq!(foreign.problem(), (400, "not_owner".to_owned()));
    assert_eq!(world.post(OWN, r#"{"language":"de"}"#).await.problem(), (400, "json_shape".to_owned()));
}
