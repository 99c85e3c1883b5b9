//! The ceremonies with a browser and an authenticator that others wrote: what goes well, and what is refused.

use serde_json::Value;
use strongroom_ports::{CeremonyError, MadePasskey, PasskeyCeremonies};
use strongroom_testkit::contract::{self, PasskeyAuthenticator};

use crate::browser::Browser;
use crate::forge::{BACKED_UP, altered};
use crate::world::{ORIGIN, OTHER_ORIGIN, SECOND_ORIGIN, World};

const REFUSED: Option<CeremonyError> = Some(CeremonyError::Refused);

fn registered(world: &World, browser: &mut Browser) -> MadePasskey {
    let made = browser.make(&world.creation_options());
    world.ceremonies.finish_registration(&world.tenant, &made).unwrap()
}

/// Posts what is shown, and has it verified.
fn end(world: &World, shown: &[u8], made: &MadePasskey) -> Option<CeremonyError> {
    let taken = world.ceremonies.take_assertion(&world.tenant, shown);
    taken.and_then(|assertion| assertion.verify(&made.verifier)).err()
}

#[test]
fn the_contract_of_the_port_is_kept() {
    let world = World::new();
    let browser = || -> Box<dyn PasskeyAuthenticator> { Box::new(Browser::at(ORIGIN).counts()) };
    contract::passkey_ceremonies(&world.ceremonies, &world.tenant, &world.other, &browser);
}

#[test]
fn a_passkey_is_made_and_signs_in_at_every_origin_of_its_tenant() {
    let world = World::new();
    let mut browser = Browser::at(ORIGIN);
    let made = registered(&world, &mut browser);
    for origin in [ORIGIN, SECOND_ORIGIN] {
        browser.goes_to(origin);
        let shown = browser.show(&world.request_options());
        let assertion = world.ceremonies.take_assertion(&world.tenant, &shown).unwrap();
        assert!(*assertion.credential() == made.id);
        assert_eq!(assertion.verify(&made.verifier), Ok(None), "nothing to keep: it does not count");
    }
}

#[test]
fn a_replayed_assertion_is_refused() {
    let world = World::new();
    let mut browser = Browser::at(ORIGIN);
    let made = registered(&world, &mut browser);
    let shown = browser.show(&world.request_options());
    assert_eq!(end(&world, &shown, &made), None);
    assert_eq!(end(&world, &shown, &made), REFUSED);
}

#[test]
fn a_replayed_registration_is_refused() {
    let world = World::new();
    let credential = Browser::at(ORIGIN).make(&world.creation_options());
    assert!(world.ceremonies.finish_registration(&world.tenant, &credential).is_ok());
    let again = world.ceremonies.finish_registration(&world.tenant, &credential);
    assert_eq!(again.err(), REFUSED);
}

#[test]
fn a_challenge_is_not_used_again_by_a_fresh_assertion() {
    let world = World::new();
    let mut browser = Browser::at(ORIGIN);
    let made = registered(&world, &mut browser);
    let options = world.request_options();
    assert_eq!(end(&world, &browser.show(&options), &made), None);
    assert_eq!(end(&world, &browser.show(&options), &made), REFUSED);
}

#[test]
fn another_origin_is_refused() {
    let world = World::new();
    let mut browser = Browser::at("http://localhost:9999");
    let made = browser.make(&world.creation_options());
    assert_eq!(world.ceremonies.finish_registration(&world.tenant, &made).err(), REFUSED);
    let mut browser = Browser::at(ORIGIN);
    let made = registered(&world, &mut browser);
    browser.goes_to("http://localhost:9999");
    assert_eq!(end(&world, &browser.show(&world.request_options()), &made), REFUSED);
}

#[test]
fn another_rp_id_is_refused() {
    let world = World::new();
    let mut browser = Browser::at(ORIGIN);
    let made = registered(&world, &mut browser);
    // Of another site, which says that it is ours: no honest browser would, and the authenticator does not know.
    let mut options: Value = serde_json::from_slice(&world.request_options()).unwrap();
    options["rpId"] = "shop.example".into();
    browser.goes_to(OTHER_ORIGIN);
    let shown = browser.show(options.to_string().as_bytes());
    let shown = altered(&shown, "clientDataJSON", |json| {
        *json = String::from_utf8(json.clone()).unwrap().replace(OTHER_ORIGIN, ORIGIN).into_bytes();
    });
    assert_eq!(end(&world, &shown, &made), REFUSED);
}

#[test]
fn a_foreign_credential_is_refused() {
    let world = World::new();
    let (mut browser, mut thief) = (Browser::at(ORIGIN), Browser::at(ORIGIN));
    let (made, _) = (registered(&world, &mut browser), registered(&world, &mut thief));
    let shown = thief.show(&world.request_options());
    assert_eq!(end(&world, &shown, &made), REFUSED);
}

#[test]
fn a_counter_that_goes_back_is_refused() {
    let world = World::new();
    let mut browser = Browser::at(ORIGIN).counts();
    let mut made = registered(&world, &mut browser);
    // An authenticator counts before it signs: this shows eleven, then eleven, ten, and twelve.
    for (counter, ends) in [(10, None), (10, REFUSED), (9, REFUSED), (11, None)] {
        browser.set_counter(counter);
        let shown = browser.show(&world.request_options());
        let assertion = world.ceremonies.take_assertion(&world.tenant, &shown).unwrap();
        let outcome = assertion.verify(&made.verifier);
        assert_eq!(outcome.as_ref().err().copied(), ends, "{counter}");
        made.verifier = outcome.ok().flatten().unwrap_or(made.verifier);
    }
}

#[test]
fn altered_flags_are_refused() {
    let world = World::new();
    let mut browser = Browser::at(ORIGIN);
    let made = registered(&world, &mut browser);
    let shown = browser.show(&world.request_options());
    let shown = altered(&shown, "authenticatorData", |data| data[32] ^= BACKED_UP);
    assert_eq!(end(&world, &shown, &made), REFUSED);
}
