//! Tokens that are judged while their sockets live.

use serde_json::json;
use strongroom_ports::Refusal;

use super::doubles::Mood;
use super::*;
use crate::websocket::opening::JUDGED_EVERY;

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_under_way_ends_a_silent_socket_at_the_next_judgement() {
    for (refusal, code) in [(Refusal::Invalid, "TOKEN_INVALID"), (Refusal::Expired, "TOKEN_EXPIRED")] {
        let house = House::new();
        let (mut client, _) = house.welcome().await;
        house.process.authenticator.be(Mood::Refuses(refusal));
        house.process.nearly_pass(JUDGED_EVERY).await;
        client.hears_nothing().await;
        house.process.pass(MS).await;
        assert_eq!(client.hear_refusal().await, (code.to_owned(), 4002));
        assert_eq!(house.process.closed("authentication failed"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_ends_between_two_judgements_and_its_socket_with_it() {
    let house = House::new();
    let process = &house.process;
    process.authenticator.know("soon", sample::caller(), process.in_ms(2500));
    let mut client = process.welcome("soon").await;
    client.hear_record().await;
    process.nearly_pass(2500 * MS).await;
    client.hears_nothing().await;
    process.pass(MS).await;
    assert_eq!(client.hear_refusal().await, ("TOKEN_EXPIRED".to_owned(), 4002));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_over_already_lets_nobody_in() {
    let house = House::new();
    house.process.authenticator.know("over", sample::caller(), house.process.in_ms(0));
    let mut client = house.process.connect().await;
    client.authenticate("over").await;
    assert_eq!(client.hear_refusal().await, ("TOKEN_EXPIRED".to_owned(), 4002));
}

#[tokio::test(start_paused = true)]
async fn while_nobody_can_judge_a_socket_lives_up_to_the_end_of_its_token() {
    let house = House::new();
    let process = &house.process;
    process.authenticator.know("soon", sample::caller(), process.in_ms(10_000));
    let mut client = process.welcome("soon").await;
    client.hear_record().await;
    process.authenticator.be(Mood::CannotSay);
    for judgements in [2, 3] {
        process.pass(JUDGED_EVERY).await;
        client.hears_nothing().await;
        assert_eq!(process.authenticator.asked().len(), judgements);
    }
    process.nearly_pass(Duration::from_secs(2)).await;
    client.hears_nothing().await;
    process.pass(MS).await;
    assert_eq!(client.hear_refusal().await, ("TOKEN_EXPIRED".to_owned(), 4002));
}

#[tokio::test(start_paused = true)]
async fn whom_nobody_can_judge_at_first_is_sent_away_and_may_come_again() {
    let house = House::new();
    house.process.authenticator.be(Mood::CannotSay);
    let mut client = house.process.connect().await;
    client.authenticate("jane").await;
    assert_eq!(client.hear_refusal().await, ("UNAVAILABLE".to_owned(), 1011));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_when_the_token_has_ended_while_the_safe_took_its_time() {
    for asks in [true, false] {
        let gateway = Gateway::new();
        let process = &gateway.process;
        process.authenticator.know("soon", sample::caller(), process.in_ms(2500));
        let mut client = process.welcome("soon").await;
        client.hear_record().await;
        client.hears_nothing().await;
        let slow = gateway.safe.gate.acquire().await.unwrap();
        gateway.safe.show(r#"{"n":"late"}"#, "2");
        if asks {
            client.say(json!({ "type": "get_user_data" })).await;
        } else {
            gateway.ring();
        }
        while gateway.safe.tokens().len() < 2 {
            settle().await;
        }
        process.pass(2500 * MS).await;
        drop(slow);
        assert_eq!(client.hear_refusal().await, ("TOKEN_EXPIRED".to_owned(), 4002), "{asks}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_says_nothing_at_first_is_sent_away_in_time() {
    let house = House::new();
    let mut client = house.process.connect().await;
    settle().await;
    house.process.nearly_pass(LIMITS.auth_time).await;
    settle().await;
    assert!(!client.serving.is_finished() && house.process.closed("no authentication") == 0);
    house.process.pass(MS).await;
    assert_eq!(client.hear_close().await, (4001, "no authentication".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn whose_account_is_closed_is_sent_away_whatever_else_there_is_to_tell() {
    let house = House::new();
    let (mut client, _) = house.welcome().await;
    house.set("a").await;
    house.store.be_out_of_reach(true);
    client.hears_nothing().await;
    let Safe::Here { changes, .. } = &house.process.api.safe else { panic!("a safe") };
    changes.send_away(&sample::caller());
    assert_eq!(client.hear_refusal().await, ("ACCOUNT_CLOSED".to_owned(), 4002));
}
