//! Clients that do not read.

use serde_json::json;
use strongroom_ports::Refusal;
use tokio::io::AsyncReadExt;

use super::doubles::Mood;
use super::*;
use crate::websocket::opening::JUDGED_EVERY;

/// More than there is room for between a client and a server, whatever their system makes of what it was asked for.
const LONG: usize = 128 * 1024;

/// A house and a client that does not read the update that waits for it; and the version of that update.
async fn stuck() -> (House, Client, String) {
    let house = House::new();
    house.set("a").await;
    let (client, _) = house.welcome().await;
    let version = house.set(&"b".repeat(LONG)).await;
    settle().await;
    assert_eq!(house.store.asked(), 1);
    (house, client, version)
}

#[tokio::test(start_paused = true)]
async fn while_a_client_does_not_read_nothing_more_is_read_for_it_and_afterwards_it_gets_it_as_one() {
    let (house, mut client, first) = stuck().await;
    let mut last = String::new();
    for at in 0..20 {
        last = house.set(&format!("{at}")).await;
        settle().await;
    }
    assert_eq!(house.store.asked(), 1, "what it does not read is not read for it");
    let told = client.hear_of("user_data_update").await;
    assert_eq!((&told["version"], told.get("from")), (&json!(first), None));
    let told = client.hear_of("user_data_update").await;
    assert_eq!(told, json!({ "changed": { "n": "19" }, "removed": [], "version": last, "from": first }));
    client.hears_nothing().await;
    assert_eq!(house.process.sockets.coalesced_so_far(), 1);
    let next = house.set("next").await;
    let told = client.hear_of("user_data_update").await;
    assert_eq!((&told["version"], told.get("from")), (&json!(next), None), "who reads again is told each");
}

#[tokio::test(start_paused = true)]
async fn what_a_client_says_while_it_does_not_read_is_answered_when_it_does() {
    let (_house, mut client, _) = stuck().await;
    for id in 0..10 {
        client.say(json!({ "type": "get_user_data", "requestId": id })).await;
    }
    settle().await;
    client.hear_of("user_data_update").await;
    for id in 0..10 {
        assert_eq!(client.hear_of("user_data").await["requestId"], id);
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_finds_no_room_for_so_long_ends_the_socket() {
    let (house, mut client, version) = stuck().await;
    house.process.nearly_pass(LIMITS.write_time).await;
    settle().await;
    assert_eq!(house.process.closed("slow reader"), 0);
    house.process.pass(MS).await;
    settle().await;
    assert_eq!(house.process.closed("slow reader"), 1);
    assert_eq!(client.hear_of("user_data_update").await["version"], version, "what had begun is whole");
    assert_eq!(client.hear_close().await, (1013, "slow reader".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_long_message_may_take_longer_than_that_as_long_as_its_frames_do_not() {
    let (house, client, _) = stuck().await;
    let mut stream = client.into_stream();
    let (mut taken, mut passed) = (vec![0; 16 * 1024], Duration::ZERO);
    for _ in 0..LONG / taken.len() {
        stream.read_exact(&mut taken).await.unwrap();
        settle().await;
        house.process.pass(LIMITS.write_time / 2).await;
        settle().await;
        passed += LIMITS.write_time / 2;
        assert_eq!(house.process.closed("slow reader"), 0, "{passed:?}");
    }
    assert!(passed > LIMITS.write_time);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_gone_before_it_has_read_takes_no_place() {
    let (house, client, _) = stuck().await;
    house.process.pass(LIMITS.write_time).await;
    settle().await;
    assert_eq!(house.process.sockets.open(), 1, "it may read still");
    client.leave().await;
    assert_eq!(house.process.sockets.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_was_slow_when_it_was_to_be_asked_whether_it_is_there_is_asked_the_next_time() {
    let house = House::new();
    let (mut client, _) = house.welcome().await;
    house.process.pass(LIMITS.ping_time.saturating_sub(LIMITS.write_time / 2)).await;
    client.hears_nothing().await;
    house.set(&"b".repeat(LONG)).await;
    settle().await;
    house.process.pass(LIMITS.write_time / 2).await;
    settle().await;
    client.hear_of("user_data_update").await;
    settle().await;
    house.process.pass(LIMITS.ping_time).await;
    client.hears_nothing().await;
    assert_eq!(house.process.closed("no pong"), 0);
    // It has answered by reading; another time has come when it has not.
    house.process.pass(LIMITS.ping_time).await;
    settle().await;
    house.process.pass(LIMITS.ping_time).await;
    settle().await;
    assert_eq!(house.process.closed("no pong"), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_refused_in_the_middle_of_a_message_hears_the_close_and_no_more() {
    let (house, mut client, _) = stuck().await;
    house.process.authenticator.be(Mood::Refuses(Refusal::Invalid));
    house.process.pass(JUDGED_EVERY).await;
    settle().await;
    assert_eq!(house.process.closed("authentication failed"), 1);
    assert_eq!(client.hear_close().await, (4002, "authentication failed".to_owned()));
}
