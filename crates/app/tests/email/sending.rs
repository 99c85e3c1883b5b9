//! Mails side by side: a slow one and one that meets a defect hold up no other.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_executor::block_on;
use futures_util::FutureExt;
use strongroom_app::{MailBell, MailOutbox, MailSending};
use strongroom_ports::Caller;
use strongroom_testkit::fake::TransparentSealer;
use strongroom_testkit::sample;

use super::doubles::{DEFECT, House, MoodyMailer, SLOW, parsed};

/// The outbox of a house, with a mailer that has moods.
fn moody(house: &House) -> (Arc<MoodyMailer>, MailOutbox) {
    let mailer = Arc::new(MoodyMailer::default());
    let (sealer, bell) = (Arc::new(TransparentSealer::new()), Arc::new(MailBell::new()));
    let outbox = MailOutbox::new(house.store.clone(), sealer, mailer.clone(), house.clock.clone(), bell);
    (mailer, outbox)
}

/// Has so many mails wait, each of a person's own and to an address of their own.
async fn ask(house: &House, domain: &str, count: usize) {
    for number in 0..count {
        let person = sample::person(&format!("{domain}-{number}"));
        let caller = Caller { person, ..sample::caller() };
        house.email.validate(&caller, "Demo", &parsed(&format!("{number}@{domain}"))).await.unwrap();
    }
}

/// Lets whatever can end do so, and fills its place again.
async fn go_on(sending: &mut MailSending<'_>) {
    sending.begin_due().await;
    while sending.one_ended().now_or_never().is_some() {
        sending.begin_due().await;
    }
}

#[test]
fn a_place_is_filled_again_while_the_server_of_another_s_recipient_is_slow() {
    block_on(async {
        let house = House::new();
        let (mailer, outbox) = moody(&house);
        ask(&house, SLOW, 7).await;
        ask(&house, "foo.domain", 20).await;
        let mut sending = MailSending::new(&outbox);
        go_on(&mut sending).await;
        assert_eq!(mailer.taken.sent().len(), 20, "one place was enough for all others");
        assert_eq!(mailer.begun.load(Ordering::SeqCst), 27, "none was begun twice");
    });
}

#[test]
fn no_more_than_eight_are_under_way() {
    block_on(async {
        let house = House::new();
        let (mailer, outbox) = moody(&house);
        ask(&house, SLOW, 20).await;
        go_on(&mut MailSending::new(&outbox)).await;
        assert_eq!(mailer.begun.load(Ordering::SeqCst), 8);
    });
}

#[test]
fn a_mail_that_is_put_off_is_not_forgotten_while_another_is_slow() {
    block_on(async {
        let house = House::new();
        let (_, outbox) = moody(&house);
        ask(&house, SLOW, 1).await;
        ask(&house, DEFECT, 1).await;
        let mut sending = MailSending::new(&outbox);
        for pause in [0, 1000, 1500] {
            house.clock.advance(Duration::from_millis(pause));
            go_on(&mut sending).await;
        }
        assert_eq!(
            sending.begin_due().await,
            Duration::from_millis(500),
            "two seconds after its second attempt"
        );
    });
}

#[test]
fn a_failure_is_followed_by_a_pause_and_by_nothing_else() {
    block_on(async {
        let house = House::new();
        let (mailer, outbox) = moody(&house);
        ask(&house, DEFECT, 9).await;
        let mut sending = MailSending::new(&outbox);
        go_on(&mut sending).await;
        assert_eq!(mailer.begun.load(Ordering::SeqCst), 8, "nothing is begun while the server may be away");
        assert_eq!(sending.begin_due().await, Duration::from_secs(1));
        house.clock.advance(Duration::from_secs(1));
        go_on(&mut sending).await;
        assert_eq!(
            mailer.begun.load(Ordering::SeqCst),
            16,
            "they are nine, and the first of them is put off again"
        );
    });
}

#[test]
fn a_mail_that_meets_a_defect_is_put_off_and_the_others_go_out() {
    block_on(async {
        let house = House::new();
        let (mailer, outbox) = moody(&house);
        ask(&house, DEFECT, 1).await;
        ask(&house, "foo.domain", 3).await;
        let mut sending = MailSending::new(&outbox);
        go_on(&mut sending).await;
        assert_eq!((mailer.taken.sent().len(), outbox.figures().failed), (3, 1));
        house.clock.advance(Duration::from_secs(1));
        go_on(&mut sending).await;
        assert_eq!((mailer.taken.sent().len(), outbox.figures().failed), (3, 2), "it is tried again");
    });
}

#[test]
fn a_defect_of_the_store_is_a_failure_and_ends_nothing() {
    block_on(async {
        let house = House::new();
        let (mailer, outbox) = moody(&house);
        ask(&house, "foo.domain", 1).await;
        let mut sending = MailSending::new(&outbox);
        house.store.has_a_defect.store(true, Ordering::SeqCst);
        assert_eq!(sending.begin_due().await, Duration::from_secs(1));
        house.store.has_a_defect.store(false, Ordering::SeqCst);
        go_on(&mut sending).await;
        assert_eq!(mailer.taken.sent().len(), 1);
    });
}
