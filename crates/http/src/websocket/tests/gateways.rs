//! The record of a safe elsewhere: read anew when something has passed through, and told whole when it is another.

use bytes::Bytes;
use serde_json::json;
use strongroom_domain::{EntityTag, PublicView, Revision};
use strongroom_ports::{Snapshot, UpstreamError};

use super::*;
use crate::websocket::live::{LONGEST_RETRY_TIME, RETRY_TIME};

/// As much as all answers together may take.
fn fill(gateway: &Gateway) -> Bytes {
    let bytes = HTTP_LIMITS.requests_in_flight * HTTP_LIMITS.body_bytes;
    gateway.process.api.places.hold(vec![0; bytes]).unwrap()
}

/// A record that no small part of the room suffices for.
fn long(letter: &str) -> String {
    json!({ "n": letter.repeat(200) }).to_string()
}

#[tokio::test(start_paused = true)]
async fn a_record_that_has_changed_is_told_whole_and_one_that_has_not_is_not_told() {
    let gateway = Gateway::new();
    gateway.safe.show(r#"{"n":"a","m":1}"#, "1");
    let mut client = gateway.process.welcome("jane").await;
    assert_eq!(client.hear_record().await, (json!({ "n": "a", "m": 1 }), json!("1")));
    client.hears_nothing().await;
    gateway.ring();
    client.hears_nothing().await;
    assert_eq!(gateway.safe.tokens().len(), 2, "it was read anew");
    for (record, tag) in [(r#"{"n":"b"}"#, "2"), (r#"{"n":"b"}"#, "3"), (r#"{"n":"c"}"#, "3")] {
        gateway.safe.show(record, tag);
        gateway.ring();
        let expected: Value = serde_json::from_str(record).unwrap();
        assert_eq!(client.hear_record().await, (expected, json!(tag)), "another text or another tag");
        gateway.ring();
        client.hears_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_gone_is_told_with_its_generation_where_its_safe_has_such() {
    let revision = Revision::first(sample::fresh_generation());
    let ours = EntityTag::Revision(revision);
    for (tag, generation) in [
        (Some(ours), json!(revision.generation.to_string())),
        (Some(EntityTag::strong("1").unwrap()), json!(null)),
        (None, json!(null)),
    ] {
        let gateway = Gateway::new();
        let (view, _) = PublicView::of_foreign(br#"{"n":"a"}"#).unwrap();
        gateway.safe.answer(Ok(Some(Snapshot { view, tag })));
        let mut client = gateway.welcome().await;
        gateway.safe.answer(Ok(None));
        gateway.ring();
        assert_eq!(client.hear_of("user_data_erased").await, json!({ "generation": generation }));
        gateway.ring();
        client.hears_nothing().await;
        gateway.safe.show("{}", "9");
        gateway.ring();
        assert_eq!(client.hear_record().await, (json!({}), json!("9")), "the socket stays");
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_finds_no_room_is_told_when_there_is_some() {
    let gateway = Gateway::new();
    let mut client = gateway.welcome().await;
    let full = fill(&gateway);
    gateway.safe.show(&long("a"), "1");
    gateway.ring();
    client.hears_nothing().await;
    assert_eq!(gateway.safe.tokens().len(), 2);
    gateway.process.pass(RETRY_TIME).await;
    client.hears_nothing().await;
    assert_eq!(gateway.process.sockets.pushed_so_far(), 0);
    drop(full);
    gateway.process.pass(LONGEST_RETRY_TIME).await;
    assert_eq!(client.hear_record().await, (json!({ "n": "a".repeat(200) }), json!("1")));
    gateway.ring();
    client.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_finds_no_room_at_first_comes_by_itself_when_there_is_some() {
    let gateway = Gateway::new();
    gateway.safe.show(&long("a"), "1");
    let full = fill(&gateway);
    let mut client = gateway.process.welcome("jane").await;
    assert_eq!(client.hear_error().await, "UNAVAILABLE");
    drop(full);
    gateway.process.pass(RETRY_TIME).await;
    assert_eq!(client.hear_record().await, (json!({ "n": "a".repeat(200) }), json!("1")));
    client.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_nobody_reads_takes_room_until_it_is_written() {
    let gateway = Gateway::new();
    gateway.safe.show(&long("a"), "1");
    let mut client = gateway.welcome().await;
    assert!(gateway.process.api.places.hold(vec![0; 4096]).is_ok(), "what is written takes none");
    gateway.safe.show(&json!({ "n": "b".repeat(1024 * 1024) }).to_string(), "2");
    gateway.ring();
    while gateway.process.api.places.hold(vec![0; 4096]).is_ok() {
        settle().await;
    }
    assert_eq!(client.hear_record().await.1, "2");
    client.hears_nothing().await;
    assert!(gateway.process.api.places.hold(vec![0; 4096]).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_resume_is_silent_where_nothing_was_missed_and_else_answered_by_the_record() {
    let gateway = Gateway::new();
    gateway.safe.show(r#"{"n":"a"}"#, "1");
    let mut client = gateway.welcome().await;
    client.say(json!({ "type": "resume", "since": "1" })).await;
    client.hears_nothing().await;
    for since in ["0", ""] {
        client.say(json!({ "type": "resume", "since": since })).await;
        client.hear_of("resync").await;
        assert_eq!(client.hear_record().await, (json!({ "n": "a" }), json!("1")));
        client.hears_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_safe_that_fails_is_asked_again_and_what_has_changed_is_told_then() {
    for failure in [
        UpstreamError::Unavailable,
        UpstreamError::Failed,
        UpstreamError::TooSlow,
        UpstreamError::Busy { retry_after_s: 1 },
        UpstreamError::Refused,
    ] {
        let gateway = Gateway::new();
        let mut client = gateway.welcome().await;
        gateway.safe.answer(Err(failure));
        gateway.ring();
        settle().await;
        assert_eq!(gateway.safe.tokens().len(), 2, "{failure}");
        gateway.safe.show(r#"{"n":"a"}"#, "1");
        settle().await;
        assert_eq!(gateway.safe.tokens().len(), 2, "{failure}: in its time");
        gateway.process.pass(RETRY_TIME).await;
        assert_eq!(client.hear_record().await, (json!({ "n": "a" }), json!("1")), "{failure}");
    }
}
