//! Passkeys of a safe behind its gateway: signing in with data, and the end of an account.

use serde_json::json;

use super::{Device, IN, JSON, PAGE, UP, body, sign_in, sign_up, text};
use crate::forwarding::{gateway, with_identity, world};
use crate::support::Safe;

#[test]
fn a_person_signs_in_with_data_and_closes_the_account_through_the_gateway() {
    let world = world();
    let safe = world.serve();
    let gateway = gateway(&world, safe.address, &with_identity(safe.address));
    let mut client = gateway.connect();
    let mut device = Device::at(PAGE);
    let jane = sign_up(&mut client, &mut device);
    let (person, token) = (text(&jane["subject"]), text(&jane["access_token"]));
    let write = json!({ "externalUserId": person, "data": { "a": 1, "private.b": "x" } }).to_string();
    assert_eq!(client.authorized(token, "POST", "/v1/ibexsafe/userdata", &write).status, 200);

    let answer = sign_in(&mut client, &mut device, &json!({ "includeUserdata": true }));
    assert_eq!((answer.status, &answer.json()["userdata"]), (200, &json!({ "a": 1 })), "{}", answer.body);
    let without = sign_in(&mut client, &mut device, &json!({})).json();
    assert!(without.get("userdata").is_none() && without["access_token"].is_string());

    assert_eq!(client.authorized(token, "DELETE", "/v1/users/me", "").status, 204);
    let read = format!("/v1/ibexsafe/userdata/external/{person}");
    assert_eq!(safe.connect().authorized(token, "GET", &read, "").status, 401, "its sessions have ended");
    assert_eq!(sign_in(&mut client, &mut device, &json!({})).status, 401);
}

#[test]
fn the_tenant_that_a_gateway_names_is_the_one_whose_options_come_back() {
    let world = world();
    let safe = world.serve();
    let gateway = gateway(&world, safe.address, &with_identity(safe.address));
    let mut client = gateway.connect();
    for (header, value, rp_id) in [
        ("X-RpId", "shop.example", "shop.example"),
        ("Host", "app.shop.example", "shop.example"),
        ("Origin", "https://www.shop.example", "shop.example"),
        ("Host", "localhost", "localhost"),
    ] {
        let offer = client.request("GET", IN, &[(header, value)], "");
        assert_eq!(offer.json()["credentialRequestOptions"]["rpId"], rp_id, "{header}: {value}");
    }
}

#[test]
fn a_passkey_of_the_gateways_page_is_good_at_dev_with_a_gateway() {
    let data = tempfile::tempdir().unwrap();
    let dev = Safe::dev_gateway(data.path());
    let page = format!("http://localhost:{}", dev.address.port());
    let origin = ("Origin", page.as_str());
    let (mut client, mut device) = (dev.connect(), Device::at(&page));
    let offer = client.request("GET", UP, &[origin], "").json();
    let made = body(&device.make(&offer["credentialRequestOptions"]), &json!({}));
    let signed_up = client.request("POST", UP, &[origin, JSON], &made);
    assert_eq!(signed_up.status, 200, "{}", signed_up.body);
    let offer = client.request("GET", IN, &[origin], "").json();
    let shown = body(&device.show(&offer["credentialRequestOptions"]), &json!({ "includeUserdata": true }));
    let signed_in = client.request("POST", IN, &[origin, JSON], &shown).json();
    assert_eq!((&signed_in["subject"], &signed_in["userdata"]), (&signed_up.json()["subject"], &json!({})));
}
