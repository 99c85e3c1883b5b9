//! What a person may ask a second, by requests and messages together.

use serde_json::json;

use super::*;

#[tokio::test(start_paused = true)]
async fn messages_that_ask_the_safe_count_like_requests_and_others_do_not() {
    let mut house = House::new();
    let rate = Arc::new(PersonRate::new(1));
    house.process.sockets = Arc::new(Sockets::new(LIMITS, rate.clone()));
    let (mut client, _) = house.welcome().await;
    client.say(json!({ "type": "get_user_data" })).await;
    client.hear_record().await;
    let reads = house.safe.reads();
    for refused in [
        json!({ "type": "get_user_data" }),
        json!({ "type": "resume", "since": "x" }),
        json!({ "type": "auth", "token": "jane" }),
    ] {
        client.say(refused).await;
        assert_eq!(client.hear_error().await, "TOO_MANY_REQUESTS");
    }
    client.hears_nothing().await;
    assert_eq!((house.safe.reads(), house.process.authenticator.asked().len()), (reads, 1));
    assert!(!rate.admits(&sample::caller(), tokio::time::Instant::now()), "nor may a request");
    house.process.pass(Duration::from_secs(1)).await;
    client.say(json!({ "type": "get_user_data" })).await;
    client.hear_record().await;
}
