//! What a resume has asked for, and what may come in between.

use serde_json::json;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_record_that_is_asked_for_meanwhile_takes_nothing_from_what_is_told_again() {
    let house = House::new();
    let first = house.set("0").await;
    let mut versions = Vec::new();
    for at in 1..40 {
        versions.push(house.set(&at.to_string()).await);
    }
    let mut client = house.process.connect().await;
    client.authenticate("jane").await;
    client.say(json!({ "type": "resume", "since": first })).await;
    client.say(json!({ "type": "get_user_data", "requestId": 1 })).await;
    client.hear_welcome().await;
    client.hear_record().await;
    assert_eq!(client.hear_of("user_data").await["requestId"], 1);
    client.say(json!({ "type": "get_user_data", "requestId": 2 })).await;
    let (mut told, mut shown) = (Vec::new(), 0);
    while told.len() < versions.len() || shown == 0 {
        let (kind, data) = client.hear().await;
        match kind.as_str() {
            "user_data_update" => told.push(data["version"].as_str().unwrap().to_owned()),
            _ => shown += 1,
        }
    }
    assert_eq!((told, shown), (versions, 1));
    client.hears_nothing().await;
    let next = house.set("next").await;
    assert_eq!(client.hear_of("user_data_update").await["version"], next);
}

#[tokio::test(start_paused = true)]
async fn a_second_resume_is_answered_by_the_record_from_which_it_goes_on() {
    let house = House::new();
    let first = house.set("a").await;
    let second = house.set("b").await;
    let mut client = house.process.welcome("jane").await;
    client.hear_record().await;
    client.say(json!({ "type": "resume", "since": first })).await;
    assert_eq!(client.hear_of("user_data_update").await["version"], second);
    client.say(json!({ "type": "resume", "since": first })).await;
    client.hear_of("resync").await;
    assert_eq!(client.hear_record().await, (json!({ "n": "b" }), json!(second)));
    client.hears_nothing().await;
    let next = house.set("c").await;
    assert_eq!(client.hear_of("user_data_update").await["version"], next);
}
