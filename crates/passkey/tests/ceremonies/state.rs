//! The state of a ceremony: of its tenant and kind, five minutes, once.

use std::sync::Barrier;
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_ports::{CeremonyError, PasskeyCeremonies, PasskeyNames};
use strongroom_testkit::sample;

use crate::forge::{Answer, Key};
use crate::world::{OTHER_ORIGIN, World};

const REFUSED: Option<CeremonyError> = Some(CeremonyError::Refused);

/// A change of what is posted.
type Change = fn(&mut Value);

#[test]
fn a_ceremony_is_over_after_five_minutes() {
    for (waited, ends) in [(Duration::from_millis(299_999), None), (Duration::from_mins(5), REFUSED)] {
        let world = World::new();
        let passkey = world.registered();
        let new = Answer::to_creation(&world.creation_options()).made(&Key::es256());
        let shown = Answer::to_request(&world.request_options(), &passkey.handle).shown(&passkey.key);
        world.clock.advance(waited);
        assert_eq!(world.ceremonies.finish_registration(&world.tenant, &new).err(), ends, "{waited:?}");
        assert_eq!(world.verify(&passkey, &shown).err(), ends, "{waited:?}");
    }
}

#[test]
fn another_tenant_s_ceremony_is_refused_even_with_that_tenant_s_own_page() {
    let world = World::new();
    let passkey = world.registered();
    let options = world.ceremonies.offer_sign_in(&world.other).unwrap();
    for rp_id in ["localhost", "shop.example"] {
        for origin in [crate::world::ORIGIN, OTHER_ORIGIN] {
            let mut answer = Answer::to_request(&options, &passkey.handle);
            (answer.rp_id, answer.origin) = (rp_id.to_owned(), origin.to_owned());
            assert_eq!(world.verify(&passkey, &answer.shown(&passkey.key)).err(), REFUSED);
        }
    }
    let names = PasskeyNames::default();
    let options = world.ceremonies.offer_registration(&world.other, names).unwrap();
    let made = Answer::to_creation(&options).made(&Key::es256());
    assert_eq!(world.ceremonies.finish_registration(&world.tenant, &made).err(), REFUSED);
}

#[test]
fn another_kind_s_ceremony_is_refused() {
    let world = World::new();
    let passkey = world.registered();
    let creation: Value = serde_json::from_slice(&world.creation_options()).unwrap();
    let request: Value = serde_json::from_slice(&world.request_options()).unwrap();
    let mut answer = Answer::to_request(&world.request_options(), &passkey.handle);
    answer.challenge = creation["challenge"].as_str().unwrap().to_owned();
    assert_eq!(world.verify(&passkey, &answer.shown(&passkey.key)).err(), REFUSED);
    let mut answer = Answer::to_creation(&world.creation_options());
    answer.challenge = request["challenge"].as_str().unwrap().to_owned();
    let made = world.ceremonies.finish_registration(&world.tenant, &answer.made(&Key::es256()));
    assert_eq!(made.err(), REFUSED);
}

#[test]
fn a_challenge_is_spent_whatever_was_wrong_with_its_answer() {
    let world = World::new();
    let passkey = world.registered();
    let wrongs: [(&str, Change); 4] = [
        ("a malformed id", |posted| posted["id"] = json!(7)),
        ("no signature", |posted| posted["response"]["signature"] = json!(null)),
        ("a malformed handle", |posted| posted["response"]["userHandle"] = json!("!")),
        ("another type", |posted| posted["type"] = json!("password")),
    ];
    for (what, wrong) in wrongs {
        let answer = Answer::to_request(&world.request_options(), &passkey.handle);
        let right = answer.shown(&passkey.key);
        let mut posted: Value = serde_json::from_slice(&right).unwrap();
        wrong(&mut posted);
        let outcome = world.verify(&passkey, posted.to_string().as_bytes());
        assert_eq!(outcome.err(), Some(CeremonyError::Malformed), "{what}");
        assert_eq!(world.verify(&passkey, &right).err(), REFUSED, "spent by {what}");
    }
    let mut answer = Answer::to_request(&world.request_options(), &passkey.handle);
    answer.origin = OTHER_ORIGIN.to_owned();
    assert_eq!(world.verify(&passkey, &answer.shown(&passkey.key)).err(), REFUSED);
    answer.origin = crate::world::ORIGIN.to_owned();
    assert_eq!(world.verify(&passkey, &answer.shown(&passkey.key)).err(), REFUSED, "spent by an origin");
}

#[test]
fn of_sixteen_parallel_posts_of_one_assertion_one_passes() {
    let world = World::new();
    let passkey = world.registered();
    let shown = Answer::to_request(&world.request_options(), &passkey.handle).shown(&passkey.key);
    let start = Barrier::new(16);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let post = || {
            start.wait();
            world.verify(&passkey, &shown).err()
        };
        let posts: Vec<_> = (0..16).map(|_| scope.spawn(post)).collect();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_none()).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == REFUSED).count(), 15, "{outcomes:?}");
}

#[test]
fn nothing_is_printed_of_what_is_open() {
    let world = World::new();
    let names = PasskeyNames { user_name: Some("jane".to_owned()), ..PasskeyNames::default() };
    let options = world.ceremonies.offer_registration(&world.tenant, names).unwrap();
    let options: Value = serde_json::from_slice(&options).unwrap();
    let printed = format!("{:?}", world.ceremonies);
    for secret in [options["challenge"].as_str(), options["user"]["id"].as_str(), Some("jane")] {
        assert!(!printed.contains(secret.unwrap()));
    }
    assert!(printed.contains("count: 1"), "how many there are may be known");
}

#[test]
fn a_tenant_without_passkeys_is_unknown() {
    let nobody = sample::tenant("nobody.example");
    let unknown = Some(CeremonyError::UnknownTenant);
    assert_eq!(World::new().ceremonies.offer_sign_in(&nobody).err(), unknown);
}
