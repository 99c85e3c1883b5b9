//! What becomes of a mail on its way out.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_executor::block_on;
use futures_util::FutureExt;
use strongroom_app::MailFigures;
use strongroom_ports::MailError::{NotNow, Refused};

use super::doubles::{ADDRESS, House, code_in};

#[test]
fn a_request_sends_nothing_and_rings_for_whoever_does() {
    block_on(async {
        let house = House::new();
        assert_eq!(house.outbox.woken().now_or_never(), None);
        house.ask(ADDRESS).await;
        assert!(house.mailer.sent().is_empty());
        assert_eq!(house.outbox.woken().now_or_never(), Some(()));
    });
}

#[test]
fn a_mail_that_was_sent_is_not_sent_again() {
    block_on(async {
        let house = House::new();
        house.ask(ADDRESS).await;
        assert_eq!(house.deliver_due().await, Duration::from_secs(30), "nothing is put off");
        house.clock.advance(Duration::from_mins(5));
        house.deliver_due().await;
        assert_eq!(house.mailer.sent().len(), 1);
        assert_eq!(house.outbox.figures(), MailFigures { sent: 1, ..MailFigures::default() });
    });
}

#[test]
fn a_mail_that_could_not_be_sent_is_tried_again_after_longer_and_longer_pauses() {
    block_on(async {
        let house = House::new();
        house.mailer.refuse_next(&[NotNow; 4]);
        house.ask(ADDRESS).await;
        for pause_s in [1, 2, 4, 8] {
            house.deliver_due().await;
            let pause = house.deliver_due().await;
            assert_eq!(pause, Duration::from_secs(pause_s), "and not before");
            house.clock.advance(pause);
        }
        assert!(house.mailer.sent().is_empty());
        house.deliver_due().await;
        let sent = house.mailer.sent();
        assert_eq!(house.confirm(ADDRESS, &code_in(&sent[0])).await, Ok(()));
        assert_eq!(house.outbox.figures(), MailFigures { sent: 1, failed: 4, ..MailFigures::default() });
    });
}

#[test]
fn a_mail_is_given_up_when_its_code_is_worth_nothing() {
    block_on(async {
        let house = House::new();
        house.mailer.refuse_next(&[NotNow; 1000]);
        house.ask(ADDRESS).await;
        for _ in 0..15 * 60 {
            house.deliver_due().await;
            house.clock.advance(Duration::from_secs(1));
        }
        let attempts = house.outbox.figures().failed;
        assert!((15..=25).contains(&attempts), "{attempts}");
        house.clock.advance(Duration::from_hours(1));
        house.deliver_due().await;
        assert_eq!(house.outbox.figures(), MailFigures { failed: attempts, ..MailFigures::default() });
    });
}

#[test]
fn a_mail_that_was_refused_or_does_not_open_is_dropped() {
    block_on(async {
        let house = House::new();
        house.mailer.refuse_next(&[Refused]);
        house.ask(ADDRESS).await;
        house.deliver_due().await;
        house.ask("john@foo.domain").await;
        house.store.damages_mails.store(true, Ordering::SeqCst);
        house.deliver_due().await;
        house.store.damages_mails.store(false, Ordering::SeqCst);
        house.clock.advance(Duration::from_mins(1));
        house.deliver_due().await;
        assert!(house.mailer.sent().is_empty());
        assert_eq!(
            house.outbox.figures(),
            MailFigures { refused: 1, unreadable: 1, ..MailFigures::default() }
        );
    });
}

#[test]
fn a_mail_that_was_sent_while_the_store_could_not_note_it_is_not_sent_again() {
    block_on(async {
        let house = House::new();
        house.ask(ADDRESS).await;
        house.store.is_troubled.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            assert_eq!(house.deliver_due().await, Duration::from_secs(1));
            house.clock.advance(Duration::from_secs(1));
        }
        house.store.is_troubled.store(false, Ordering::SeqCst);
        assert_eq!(house.deliver_due().await, Duration::from_secs(30));
        assert_eq!(house.mailer.sent().len(), 1);
    });
}

#[test]
fn one_that_fails_holds_up_no_other() {
    block_on(async {
        let house = House::new();
        house.mailer.refuse_next(&[NotNow]);
        for address in [ADDRESS, "john@foo.domain"] {
            house.ask(address).await;
        }
        assert_eq!(house.deliver_due().await, Duration::from_secs(1));
        assert_eq!(house.mailer.sent().len(), 1);
    });
}
