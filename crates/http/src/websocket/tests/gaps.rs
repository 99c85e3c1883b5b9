//! What was missed and can no longer be told one by one.

use serde_json::json;
use strongroom_ports::UpstreamError;

use super::*;
use crate::websocket::live::LONGEST_RETRY_TIME;

#[tokio::test(start_paused = true)]
async fn what_the_outbox_no_longer_has_is_made_up_for_by_the_record_and_told_on_from_there() {
    let house = House::keeping_events(2);
    house.set("a").await;
    let (mut client, _) = house.welcome().await;
    let mut last = String::new();
    for text in ["b", "c", "d", "e"] {
        last = house.set(text).await;
    }
    assert_eq!(client.hear_of("resync").await, json!({}));
    assert_eq!(client.hear_record().await, (json!({ "n": "e" }), json!(last)));
    client.hears_nothing().await;
    let next = house.set("f").await;
    let told = client.hear_of("user_data_update").await;
    assert_eq!(told, json!({ "changed": { "n": "f" }, "removed": [], "version": next }));
    client.hears_nothing().await;
    assert_eq!(house.process.sockets.resyncs_so_far(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_gap_over_a_safe_that_cannot_answer_is_told_once_and_asks_no_oftener_than_its_time() {
    let house = House::keeping_events(2);
    house.set("a").await;
    let (mut client, _) = house.welcome().await;
    house.safe.trouble(Some(UpstreamError::Unavailable));
    let mut last = String::new();
    for text in ["b", "c", "d", "e"] {
        last = house.set(text).await;
    }
    client.hear_of("resync").await;
    assert_eq!(client.hear_error().await, "UNAVAILABLE");
    settle().await;
    let (reads, asked) = (house.safe.reads(), house.store.asked());
    assert_eq!(reads, 2, "the burst's, and the one that failed");
    for more in 1..=3 {
        house.process.pass(LONGEST_RETRY_TIME).await;
        settle().await;
        assert_eq!((house.safe.reads(), house.store.asked()), (reads + more, asked));
    }
    house.safe.trouble(None);
    house.process.pass(LONGEST_RETRY_TIME).await;
    assert_eq!(client.hear_record().await, (json!({ "n": "e" }), json!(last)), "and nothing before it");
    client.hears_nothing().await;
    let next = house.set("f").await;
    assert_eq!(client.hear_of("user_data_update").await["version"], next);
    assert_eq!(house.process.sockets.resyncs_so_far(), 1);
}
