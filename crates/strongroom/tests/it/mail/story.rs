//! A code is mailed and sent back.

use super::server::Mailbox;
use super::{ask, confirm, read, world};

const ADDRESS: &str = "jane.doe@foo.domain";

fn wrong(code: &str) -> String {
    if code == "000000" { "000001".to_owned() } else { "000000".to_owned() }
}

#[test]
fn a_code_comes_by_smtp_and_confirms_its_address_and_consents_once() {
    let mailbox = Mailbox::new();
    let _server = mailbox.serve("take");
    let world = world(&mailbox);
    let safe = world.serve();
    let asked = ask(&safe, "jane", ADDRESS);
    assert_eq!((asked.status, &asked.json()["success"]), (200, &true.into()));
    let mail = &mailbox.mails(ADDRESS, 1)[0];
    assert_eq!(mail["from"], "no-reply@shop.example");
    assert_eq!(mail["subject"], "Confirm your e-mail address for shop.example");
    let code = mailbox.code(ADDRESS, 1);
    assert_eq!(confirm(&safe, "jane", ADDRESS, &wrong(&code)).json()["code"], "code_refused");
    assert_eq!(confirm(&safe, "john", ADDRESS, &code).status, 400, "it is jane's");
    assert_eq!(read(&safe, "jane").status, 204, "nothing has been confirmed");
    let confirmed = confirm(&safe, "jane", ADDRESS, &code);
    assert_eq!((confirmed.status, confirmed.body.as_str()), (200, r#"{"success":true}"#));
    let record = format!(r#"{{"marketing.email":"{ADDRESS}","optin.news":true}}"#);
    assert_eq!(read(&safe, "jane").body, record);
    let again = confirm(&safe, "jane", ADDRESS, &code);
    assert_eq!((again.status, &again.json()["code"]), (400, &"code_refused".into()));
}

#[test]
fn a_sixth_try_is_refused_though_it_is_right() {
    let mailbox = Mailbox::new();
    let _server = mailbox.serve("take");
    let world = world(&mailbox);
    let safe = world.serve();
    ask(&safe, "jane", ADDRESS);
    let code = mailbox.code(ADDRESS, 1);
    let mut refusals: Vec<_> = (0..5).map(|_| confirm(&safe, "jane", ADDRESS, &wrong(&code))).collect();
    refusals.push(confirm(&safe, "jane", ADDRESS, &code));
    refusals.push(confirm(&safe, "jane", "never.asked@foo.domain", &code));
    for refusal in &refusals {
        assert_eq!((refusal.status, &refusal.body), (400, &refusals[0].body), "one refusal for all reasons");
    }
}

#[test]
fn no_answer_tells_whether_an_address_is_known_or_a_mail_was_sent() {
    let mailbox = Mailbox::new();
    let _server = mailbox.serve("take");
    let world = world(&mailbox);
    let safe = world.serve();
    ask(&safe, "jane", ADDRESS);
    confirm(&safe, "jane", ADDRESS, &mailbox.code(ADDRESS, 1));
    let mut answers = Vec::new();
    for (person, address) in [
        ("jane", ADDRESS),
        ("john", ADDRESS),
        ("john", "nobody@foo.domain"),
        // The third mail to this address, and one too many.
        ("john", ADDRESS),
        // One too many of this person's.
        ("john", "another@foo.domain"),
    ] {
        let answer = ask(&safe, person, address);
        answers.push((answer.status, answer.body));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    ask(&safe, "last", "last@foo.domain");
    mailbox.mails("last@foo.domain", 1);
    assert_eq!(mailbox.mails(ADDRESS, 3).len(), 3, "{:?}", mailbox.told());
    assert_eq!(mailbox.mails("nobody@foo.domain", 1).len(), 1);
}
