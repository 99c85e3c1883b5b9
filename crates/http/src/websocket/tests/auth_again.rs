//! Whoever says again who it is, on a socket that lives.

use super::doubles::Mood;
use super::*;
use crate::websocket::opening::JUDGED_EVERY;

/// A client whose token ends in three seconds.
async fn welcome_for_three_seconds(house: &House) -> Client {
    let process = &house.process;
    process.authenticator.know("soon", sample::caller(), process.in_ms(3000));
    let mut client = process.welcome("soon").await;
    client.hear_record().await;
    client
}

#[tokio::test(start_paused = true)]
async fn a_fresh_token_of_the_same_person_takes_the_place_of_the_old_one() {
    let house = House::new();
    let mut client = welcome_for_three_seconds(&house).await;
    house.process.pass(Duration::from_secs(2)).await;
    client.authenticate("jane").await;
    client.hear_of("auth_success").await;
    client.hears_nothing().await;
    let asked = house.process.authenticator.asked();
    assert_eq!(asked, ["soon", "jane"]);
    house.process.nearly_pass(JUDGED_EVERY).await;
    client.hears_nothing().await;
    assert_eq!(
        house.process.authenticator.asked(),
        asked,
        "the old token would be over, and is not asked about"
    );
    house.process.pass(MS).await;
    client.hears_nothing().await;
    assert_eq!(house.process.authenticator.asked(), ["soon", "jane", "jane"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_person_or_a_bad_one_ends_the_socket() {
    for (token, code) in [("john", "OTHER_PERSON"), ("nobody's", "TOKEN_INVALID")] {
        let house = House::new();
        let (mut client, _) = house.welcome().await;
        client.authenticate(token).await;
        assert_eq!(client.hear_refusal().await, (code.to_owned(), 4002));
    }
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_judge_the_fresh_token_the_old_one_stays_up_to_its_end() {
    let house = House::new();
    let mut client = welcome_for_three_seconds(&house).await;
    house.process.authenticator.be(Mood::CannotSay);
    client.authenticate("jane").await;
    assert_eq!(client.hear_error().await, "UNAVAILABLE");
    house.process.authenticator.be(Mood::Knows);
    house.process.nearly_pass(Duration::from_secs(3)).await;
    client.hears_nothing().await;
    house.process.pass(MS).await;
    assert_eq!(client.hear_refusal().await, ("TOKEN_EXPIRED".to_owned(), 4002));
    assert_eq!(house.process.authenticator.asked(), ["soon", "jane", "soon"]);
}

#[tokio::test(start_paused = true)]
async fn a_safe_elsewhere_is_shown_the_fresh_token() {
    let gateway = Gateway::new();
    let process = &gateway.process;
    process.authenticator.know("soon", sample::caller(), process.in_ms(3000));
    let mut client = process.welcome("soon").await;
    client.hear_record().await;
    client.authenticate("jane").await;
    client.hear_of("auth_success").await;
    gateway.ring();
    client.hears_nothing().await;
    assert_eq!(gateway.safe.tokens(), ["soon", "jane"]);
}
