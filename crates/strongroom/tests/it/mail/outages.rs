//! What becomes of requests and of mails while the mail server is away, slow or unwilling, and when the process dies.

use super::server::Mailbox;
use super::{ask, confirm, counts, world};

const ADDRESS: &str = "jane.doe@foo.domain";

#[test]
fn with_the_mail_server_away_a_request_is_answered_and_its_mail_comes_later() {
    let mailbox = Mailbox::new();
    let world = world(&mailbox);
    let safe = world.serve();
    // There is nobody to wait for: an answer at all is an answer that did not wait.
    let asked = ask(&safe, "jane", ADDRESS);
    assert_eq!(asked.status, 200);
    assert!(counts(&safe, "failed", 1));
    let _server = mailbox.serve("take");
    let code = mailbox.code(ADDRESS, 1);
    assert_eq!(confirm(&safe, "jane", ADDRESS, &code).status, 200);
}

#[test]
fn a_mail_server_that_stalls_holds_up_no_request_and_not_the_end() {
    let mailbox = Mailbox::new();
    let world = world(&mailbox);
    let stalling = mailbox.serve("stall");
    let safe = world.serve();
    let first = ask(&safe, "jane", ADDRESS);
    let stalls = |it: &serde_json::Value| it["stalls"] == ADDRESS;
    assert!(crate::support::comes_true(|| mailbox.told().iter().any(stalls)));
    let second = ask(&safe, "john", "john@foo.domain");
    assert_eq!((first.status, first.body), (second.status, second.body));
    let (status, log) = safe.stop();
    assert!(status.success(), "{log}");
    assert!(log.contains("it is sent again after the next start"), "{log}");
    drop(stalling);

    let _server = mailbox.serve("take");
    let safe = world.serve();
    for (person, address) in [("jane", ADDRESS), ("john", "john@foo.domain")] {
        assert_eq!(confirm(&safe, person, address, &mailbox.code(address, 1)).status, 200, "{person}");
    }
}

#[test]
fn a_mail_that_is_put_off_is_sent_later_and_one_that_is_refused_is_not() {
    let mailbox = Mailbox::new();
    let world = world(&mailbox);
    let safe = world.serve();
    let server = mailbox.serve("later");
    ask(&safe, "jane", ADDRESS);
    assert!(counts(&safe, "failed", 2), "tried again");
    drop(server);
    let server = mailbox.serve("take");
    mailbox.mails(ADDRESS, 1);
    drop(server);
    let server = mailbox.serve("refuse");
    ask(&safe, "john", "john@foo.domain");
    assert!(counts(&safe, "refused", 1));
    drop(server);
    let _server = mailbox.serve("take");
    ask(&safe, "last", "last@foo.domain");
    mailbox.mails("last@foo.domain", 1);
    assert!(!mailbox.told().iter().any(|it| it["to"] == serde_json::json!(["john@foo.domain"])));
    let refused = |it: &&serde_json::Value| it["refuses"] == "john@foo.domain";
    assert_eq!(mailbox.told().iter().filter(refused).count(), 1, "asked once");
}

#[test]
fn a_mail_outlives_the_process_that_was_asked_for_it_and_comes_once() {
    let mailbox = Mailbox::new();
    let world = world(&mailbox);
    let safe = world.serve();
    assert_eq!(ask(&safe, "jane", ADDRESS).status, 200);
    safe.kill();

    let _server = mailbox.serve("take");
    let safe = world.serve();
    let code = mailbox.code(ADDRESS, 1);
    assert_eq!(confirm(&safe, "jane", ADDRESS, &code).status, 200);
    let (status, log) = safe.stop();
    assert!(status.success(), "{log}");
    let safe = world.serve();
    ask(&safe, "last", "last@foo.domain");
    mailbox.mails("last@foo.domain", 1);
    assert_eq!(mailbox.mails(ADDRESS, 1).len(), 1);
}
