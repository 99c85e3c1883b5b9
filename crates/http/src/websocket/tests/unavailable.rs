//! A safe that cannot answer, or not for good.

use serde_json::json;
use strongroom_ports::UpstreamError;

use super::*;
use crate::websocket::live::{LONGEST_RETRY_TIME, RETRY_TIME};

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_shown_at_first_comes_by_itself_when_the_safe_is_back() {
    let house = House::new();
    house.set("a").await;
    let version = house.set("b").await;
    house.safe.trouble(Some(UpstreamError::Unavailable));
    let mut client = house.process.welcome("jane").await;
    assert_eq!(client.hear_error().await, "UNAVAILABLE");
    client.hears_nothing().await;
    assert_eq!(house.safe.reads(), 1, "no message has it asked again");
    house.process.pass(RETRY_TIME).await;
    client.hears_nothing().await;
    assert_eq!(house.safe.reads(), 2, "its time does");
    house.process.pass(RETRY_TIME).await;
    client.hears_nothing().await;
    assert_eq!(house.safe.reads(), 2, "and each time later than the last");
    house.safe.trouble(None);
    house.process.pass(LONGEST_RETRY_TIME).await;
    assert_eq!(client.hear_record().await, (json!({ "n": "b" }), json!(version)), "whole, and said once");
    client.hears_nothing().await;
    let version = house.set("c").await;
    assert_eq!(client.hear_of("user_data_update").await["version"], version);
}

#[tokio::test(start_paused = true)]
async fn whoever_has_no_record_hears_of_that_when_the_safe_is_back() {
    let house = House::new();
    house.safe.trouble(Some(UpstreamError::Unavailable));
    let mut client = house.process.welcome("jane").await;
    assert_eq!(client.hear_error().await, "UNAVAILABLE");
    house.safe.trouble(None);
    house.process.pass(RETRY_TIME).await;
    assert_eq!(client.hear_record().await, (json!({}), json!(null)));
    client.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn who_asks_a_safe_that_cannot_answer_is_told_so_each_time_and_shown_the_record_in_the_end() {
    let house = House::new();
    let (mut client, _) = house.welcome().await;
    house.safe.trouble(Some(UpstreamError::Unavailable));
    for _ in 0..2 {
        client.say(json!({ "type": "get_user_data", "requestId": 7 })).await;
        assert_eq!(client.hear_error().await, "UNAVAILABLE");
    }
    house.safe.trouble(None);
    client.say(json!({ "type": "get_user_data", "requestId": 7 })).await;
    assert_eq!(client.hear_of("user_data").await["requestId"], 7);
    house.process.pass(RETRY_TIME).await;
    client.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_owed_is_not_made_up_for_by_what_came_after_a_version() {
    let house = House::new();
    let first = house.set("a").await;
    let version = house.set("b").await;
    house.safe.trouble(Some(UpstreamError::Unavailable));
    let mut client = house.process.welcome("jane").await;
    assert_eq!(client.hear_error().await, "UNAVAILABLE");
    house.safe.trouble(None);
    client.say(json!({ "type": "resume", "since": first })).await;
    client.hear_of("resync").await;
    assert_eq!(client.hear_record().await, (json!({ "n": "b" }), json!(version)));
    client.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_change_that_could_not_be_read_is_told_once_when_the_store_is_back() {
    let house = House::new();
    let (mut client, _) = house.welcome().await;
    let version = house.set("a").await;
    house.store.be_out_of_reach(true);
    client.hears_nothing().await;
    house.process.pass(RETRY_TIME).await;
    client.hears_nothing().await;
    house.store.be_out_of_reach(false);
    house.process.pass(LONGEST_RETRY_TIME).await;
    let told = client.hear_of("user_data_update").await;
    assert_eq!((&told["version"], &told["changed"]), (&json!(version), &json!({ "n": "a" })));
    client.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_does_not_open_ends_the_socket() {
    let house = House::new();
    house.safe.trouble(Some(UpstreamError::Damaged));
    let mut client = house.process.connect().await;
    client.authenticate("jane").await;
    assert_eq!(client.hear_close().await, (1011, "internal error".to_owned()));

    house.safe.trouble(None);
    let (mut client, _) = house.welcome().await;
    house.safe.trouble(Some(UpstreamError::Damaged));
    client.say(json!({ "type": "get_user_data" })).await;
    assert_eq!(client.hear_close().await, (1011, "internal error".to_owned()));
    assert_eq!(house.process.closed("internal error"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_drains_says_so() {
    let house = House::new();
    let (mut client, _) = house.welcome().await;
    house.process.drain.send_replace(true);
    assert_eq!(client.hear_close().await, (1001, "going away".to_owned()));
}
