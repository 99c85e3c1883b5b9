//! One assertion, shown more than once.

use std::sync::Barrier;

use serde_json::json;

use super::{Device, IN, PAGE, UP, body, options, post, problem, sign_in, sign_up, world};

#[test]
fn of_sixteen_parallel_posts_of_one_assertion_exactly_one_signs_in() {
    let world = world();
    let safe = world.serve();
    let mut client = safe.connect();
    let mut device = Device::at(PAGE);
    sign_up(&mut client, &mut device);
    let assertion = body(&device.show(&options(&mut client, IN)), &json!({}));
    let together = Barrier::new(16);
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let post = || {
            let mut client = safe.connect();
            together.wait();
            client.request("POST", IN, &[("Origin", PAGE), super::JSON], &assertion).status
        };
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(post)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 15, "{statuses:?}");
}

#[test]
fn no_challenge_outlives_a_restart_and_every_passkey_does() {
    let world = world();
    let safe = world.serve();
    let mut client = safe.connect();
    let mut device = Device::at(PAGE);
    let jane = sign_up(&mut client, &mut device);
    let used = device.show(&options(&mut client, IN));
    assert_eq!(post(&mut client, IN, &used, &json!({})).status, 200);
    let unused = device.show(&options(&mut client, IN));
    let never_made = Device::at(PAGE).make(&options(&mut client, UP));
    drop(client);
    safe.stop();

    let safe = world.serve();
    let mut client = safe.connect();
    for (path, credential) in [(IN, &used), (IN, &unused), (UP, &never_made)] {
        let answer = post(&mut client, path, credential, &json!({}));
        assert_eq!(problem(&answer), (401, "credential_refused".to_owned()), "{path}");
    }
    assert_eq!(sign_in(&mut client, &mut device, &json!({})).json()["subject"], jane["subject"]);
}

#[test]
fn what_another_page_or_another_tenant_made_is_refused() {
    let world = world();
    let safe = world.serve();
    let mut client = safe.connect();
    let mut device = Device::at(PAGE);
    sign_up(&mut client, &mut device);
    let mut elsewhere = Device::at("http://localhost:3001");
    let foreign = elsewhere.make(&options(&mut client, UP));
    let refused = (401, "credential_refused".to_owned());
    assert_eq!(
        problem(&post(&mut client, UP, &foreign, &json!({}))),
        refused,
        "an origin that is not registered"
    );
    let own = device.show(&options(&mut client, IN));
    let shop = [("X-RpId", "shop.example"), super::JSON];
    let answer = client.request("POST", IN, &shop, &body(&own, &json!({})));
    assert_eq!(problem(&answer), refused, "for another tenant");
}
