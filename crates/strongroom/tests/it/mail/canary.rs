//! Neither address nor code is anywhere but in the mail, and in the record once it is there, sealed.

use super::server::Mailbox;
use super::{ask, confirm, counts, world};
use crate::support::{comes_true, contains, files_below};

const ADDRESS: &str = "4e1c7d-canary@canary-b07f3a.example";

/// Whether a code stands somewhere: six digits that belong to no longer number, and are no fraction of a second.
fn tells(text: &[u8], code: &str) -> bool {
    let is_of_number = |b: &u8| b.is_ascii_digit() || *b == b'.';
    text.windows(code.len()).enumerate().any(|(at, window)| {
        window == code.as_bytes()
            && !at.checked_sub(1).and_then(|before| text.get(before)).is_some_and(is_of_number)
            && !text.get(at + code.len()).is_some_and(u8::is_ascii_digit)
    })
}

#[test]
fn address_and_code_are_in_no_log_no_figure_and_no_file() {
    let mailbox = Mailbox::new();
    let world = world(&mailbox);
    let safe = world.serve();
    ask(&safe, "jane", ADDRESS);
    assert!(counts(&safe, "failed", 1), "the server is away");
    let mut kept = files_below(&world.data());
    let server = mailbox.serve("later");
    ask(&safe, "jack", ADDRESS);
    assert!(comes_true(|| mailbox.told().iter().any(|it| it["later"] == ADDRESS)));
    drop(server);
    let server = mailbox.serve("refuse");
    ask(&safe, "jill", ADDRESS);
    assert!(counts(&safe, "refused", 1));
    drop(server);
    let _server = mailbox.serve("take");
    ask(&safe, "john", "4e1c7d-other@canary-b07f3a.example");
    let code = mailbox.code("4e1c7d-other@canary-b07f3a.example", 1);
    confirm(&safe, "john", ADDRESS, &code);
    assert_eq!(confirm(&safe, "john", "4e1c7d-other@canary-b07f3a.example", &code).status, 200);
    kept.extend(files_below(&world.data()));
    let metrics = safe.connect_admin().request("GET", "/metrics", &[], "").body;
    let log = safe.kill();
    assert!(log.contains("the mail server did not take a mail"), "it is told of: {log}");
    kept.extend(files_below(&world.data()));
    assert!(kept.iter().any(|(path, bytes)| path.ends_with("strongroom.db-wal") && !bytes.is_empty()));
    let texts = [("log".into(), log.into_bytes()), ("metrics".into(), metrics.into_bytes())];
    for (place, bytes) in texts.iter().chain(&kept) {
        for mark in ["4e1c7d-", "canary-b07f3a"] {
            assert!(!contains(bytes, mark.as_bytes()), "{mark} in {}", place.display());
        }
        assert!(!tells(bytes, &code), "the code in {}", place.display());
    }
}
