//! How many mails there may be, and that nobody is told.

use std::time::Duration;

use futures_executor::block_on;
use strongroom_ports::Caller;
use strongroom_testkit::sample;

use super::doubles::{ADDRESS, House, parsed};

/// Sends all there is, and counts.
async fn mails(house: &House) -> usize {
    loop {
        let before = house.mailer.sent().len();
        house.deliver_due().await;
        if house.mailer.sent().len() == before {
            return before;
        }
    }
}

#[test]
fn three_mails_an_hour_are_a_person_s_and_a_fourth_is_not_sent() {
    block_on(async {
        let house = House::new();
        for number in 0..5 {
            house.ask(&format!("jane{number}@foo.domain")).await;
        }
        assert_eq!(mails(&house).await, 3);
        house.clock.advance(Duration::from_secs(3599));
        house.ask(ADDRESS).await;
        assert_eq!(mails(&house).await, 3);
        house.clock.advance(Duration::from_secs(1));
        house.ask(ADDRESS).await;
        assert_eq!(mails(&house).await, 4);
    });
}

#[test]
fn three_mails_an_hour_go_to_one_address_whoever_asks_and_however_it_is_written() {
    block_on(async {
        let house = House::new();
        for (number, address) in ["jane@foo.domain", "JANE@foo.domain", "jane@FOO.domain", "Jane@foo.domain"]
            .into_iter()
            .enumerate()
        {
            let person = sample::person(&format!("person-{number}"));
            let caller = Caller { person, ..sample::caller() };
            house.email.validate(&caller, "Demo", &parsed(address)).await.unwrap();
        }
        assert_eq!(mails(&house).await, 3);
    });
}

#[test]
fn a_mail_that_was_not_sent_replaces_no_code() {
    block_on(async {
        let house = House::new();
        let mut last = String::new();
        for _ in 0..3 {
            last = house.code(ADDRESS).await;
        }
        house.ask(ADDRESS).await;
        assert_eq!(mails(&house).await, 3);
        assert_eq!(house.confirm(ADDRESS, &last).await, Ok(()));
    });
}
