//! Our own keys follow each other while the safe serves: nobody is signed out by a rotation, and everybody by a theft.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::support::process::{DEMO, strongroom};
use crate::support::{Safe, World, comes_true};

/// A person who has signed up.
struct Person {
    id: String,
    access: String,
    refresh: String,
}

fn sign_up(safe: &Safe) -> Person {
    let answer = safe.connect().request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").json();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    Person { id: text("subject"), access: text("access_token"), refresh: text("refresh_token") }
}

fn read(safe: &Safe, person: &Person) -> u16 {
    let path = format!("/v1/ibexsafe/userdata/external/{}", person.id);
    safe.connect().authorized(&person.access, "GET", &path, "").status
}

fn refresh(safe: &Safe, person: &Person) -> u16 {
    let body = format!(r#"{{"refresh_token":"{}"}}"#, person.refresh);
    let json = [("Content-Type", "application/json")];
    safe.connect().request("POST", "/v1/auth/refresh", &json, &body).status
}

/// Which key signed a token.
fn kid(person: &Person) -> String {
    let header = URL_SAFE_NO_PAD.decode(person.access.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

/// The names of the public keys that everybody sees.
fn published(safe: &Safe) -> Vec<String> {
    let set = safe.connect().request("GET", "/.well-known/jwks.json", &[], "").json();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// Runs `strongroom keys …` on a file: how it ended, and the ids in the order that it printed.
fn keys(command: &[&str], file: &Path, rest: &[&str]) -> (Option<i32>, Vec<String>) {
    let output = strongroom().arg("keys").args(command).arg(file).args(rest).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let ids = printed.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    (output.status.code(), ids)
}

#[test]
fn a_key_is_published_signs_and_is_retired_and_nobody_is_signed_out_before_their_time() {
    let world = World::new("");
    let file = world.path("signing.json");
    let safe = world.serve();
    let early = sign_up(&safe);
    let old = kid(&early);
    assert_eq!(published(&safe), [old.as_str()]);

    let (_, ids) = keys(&["add"], &file, &[]);
    let next = ids[1].clone();
    assert_eq!(published(&safe), [old.as_str()], "not before it is read");
    safe.read_keys_again(1);
    assert_eq!(published(&safe), [old.clone(), next.clone()]);
    assert_eq!(kid(&sign_up(&safe)), old, "it waits");

    keys(&["rotate"], &file, &[]);
    safe.read_keys_again(2);
    let late = sign_up(&safe);
    assert_eq!((kid(&late), published(&safe)), (next.clone(), vec![next.clone(), old.clone()]));
    assert_eq!((read(&safe, &early), read(&safe, &late)), (204, 204));

    let config = world.config();
    for rest in
        [&[old.as_str()][..], &[&old, "--config", config.to_str().unwrap()], &[&next], &[&next, "--force"]]
    {
        assert_eq!(keys(&["retire"], &file, rest).0, Some(4), "{rest:?}");
    }
    safe.read_keys_again(3);
    assert_eq!(
        (read(&safe, &early), refresh(&safe, &early)),
        (204, 200),
        "a refresh goes over to the new key"
    );

    // As if the longest-lived token of the old key had ended meanwhile.
    let text = std::fs::read_to_string(&file).unwrap();
    let (before, after) = text.split_once("\"signed_until\": ").unwrap();
    let (_, after) = after.split_once(' ').unwrap();
    std::fs::write(&file, format!("{before}\"signed_until\": 1700000000 {after}")).unwrap();
    assert_eq!(keys(&["retire"], &file, &[&old]), (Some(0), vec![next.clone()]));
    safe.read_keys_again(4);
    assert_eq!(published(&safe), [next]);
    assert_eq!((read(&safe, &early), read(&safe, &late)), (401, 204));
}

#[test]
fn tokens_of_a_stolen_key_end_at_once_remembered_or_not() {
    let world = World::new("");
    let file = world.path("signing.json");
    let safe = world.serve();
    let (remembered, fresh) = (sign_up(&safe), sign_up(&safe));
    assert_eq!(read(&safe, &remembered), 204);
    keys(&["rotate"], &file, &[]);
    assert_eq!(keys(&["retire"], &file, &[&kid(&fresh), "--force"]).0, Some(0));
    safe.read_keys_again(1);
    assert_eq!((read(&safe, &remembered), read(&safe, &fresh)), (401, 401));
    assert_eq!(refresh(&safe, &fresh), 401);
    assert_eq!(read(&safe, &sign_up(&safe)), 204);
}

#[test]
fn a_file_that_cannot_be_used_changes_nothing_and_says_so() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new("");
    let file = world.path("signing.json");
    let good = std::fs::read(&file).unwrap();
    let safe = world.serve();
    let person = sign_up(&safe);
    let half = good[..good.len() / 2].to_vec();
    std::fs::write(&file, half).unwrap();
    safe.read_keys_again(1);
    std::fs::write(&file, &good).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    safe.read_keys_again(2);
    std::fs::remove_file(&file).unwrap();
    safe.read_keys_again(3);
    assert_eq!((read(&safe, &person), kid(&sign_up(&safe))), (204, kid(&person)));
    let (status, log) = safe.stop();
    assert_eq!(status.code(), Some(0));
    assert_eq!(log.matches("signing keys stay as they were").count(), 3, "{log}");
    let good = String::from_utf8(good).unwrap();
    let key = good.split('"').find(|text| text.len() == 43).unwrap();
    assert!(!log.contains(key));
}

#[test]
fn a_restart_picks_a_rotation_up_and_so_does_dev() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("keys/signing.json");
    let safe = Safe::dev(data.path());
    let path = format!("/v1/ibexsafe/userdata/external/{DEMO}");
    let early = safe.access_token.clone();
    keys(&["rotate"], &file, &[]);
    safe.signal("HUP");
    // `dev` logs no more than warnings: what is published tells.
    assert!(comes_true(|| published(&safe).len() == 2));
    assert_eq!(safe.connect().authorized(&early, "GET", &path, "").status, 204);
    safe.stop();
    keys(&["rotate"], &file, &[]);
    let safe = Safe::dev(data.path());
    assert_eq!(published(&safe).len(), 3);
    assert_eq!(safe.connect().authorized(&early, "GET", &path, "").status, 204);
}

#[test]
fn a_signal_is_no_end() {
    let world = World::new("");
    let safe = world.serve();
    for times in 1..=20 {
        safe.read_keys_again(times);
    }
    assert_eq!(safe.connect().request("GET", "/health", &[], "").status, 200);
    assert_eq!(safe.stop().0.code(), Some(0));
}
