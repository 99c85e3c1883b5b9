//! What every [`PasskeyCeremonies`] must do.

use std::sync::Barrier;

use serde_json::Value;
use strongroom_ports::{CeremonyError, MadePasskey, PasskeyCeremonies, PasskeyNames, TenantId};

use super::granted;
use crate::sample;

/// How many post one assertion at a time.
const RACERS: usize = 16;

/// A person's device with a browser, at a page of the first tenant that the suite is given.
pub trait PasskeyAuthenticator {
    /// What the browser posts after `navigator.credentials.create` with these options.
    fn make(&mut self, options: &[u8]) -> Vec<u8>;

    /// What the browser posts after `navigator.credentials.get` with these options, by the passkey that was made last.
    fn show(&mut self, options: &[u8]) -> Vec<u8>;
}

/// Runs every rule of [`PasskeyCeremonies`] for two tenants that it must serve. Each device that `authenticator` gives is a new
/// one.
///
/// # Panics
///
/// At the first rule that the ceremonies break.
pub fn passkey_ceremonies(
    ceremonies: &dyn PasskeyCeremonies,
    tenant: &TenantId,
    other: &TenantId,
    authenticator: &dyn Fn() -> Box<dyn PasskeyAuthenticator>,
) {
    let suite = Suite { ceremonies, tenant, other, authenticator };
    suite.options_are_those_of_the_contract();
    suite.a_passkey_signs_in();
    suite.a_registration_is_ended_once();
    suite.one_assertion_is_looked_up_once();
    suite.a_ceremony_belongs_to_its_tenant_and_kind();
    suite.what_is_no_credential_is_malformed();
    suite.a_verifier_opens_its_own_credential_alone();
    suite.nobody_else_has_ceremonies();
}

struct Suite<'a> {
    ceremonies: &'a dyn PasskeyCeremonies,
    tenant: &'a TenantId,
    other: &'a TenantId,
    authenticator: &'a dyn Fn() -> Box<dyn PasskeyAuthenticator>,
}

impl Suite<'_> {
    fn offer_registration(&self) -> Vec<u8> {
        let names = PasskeyNames { user_name: Some("jane".to_owned()), ..PasskeyNames::default() };
        granted("a registration begins", self.ceremonies.offer_registration(self.tenant, names)).to_vec()
    }

    fn offer_sign_in(&self) -> Vec<u8> {
        granted("a sign-in begins", self.ceremonies.offer_sign_in(self.tenant)).to_vec()
    }

    /// A device and its passkey.
    fn registered(&self) -> (Box<dyn PasskeyAuthenticator>, MadePasskey) {
        let mut device = (self.authenticator)();
        let credential = device.make(&self.offer_registration());
        let made = self.ceremonies.finish_registration(self.tenant, &credential);
        (device, granted("a passkey is made", made))
    }

    fn options_are_those_of_the_contract(&self) {
        let (first, second) = (object(&self.offer_registration()), object(&self.offer_registration()));
        assert!(first["challenge"] != second["challenge"], "no two challenges are alike");
        assert_eq!(first["rp"]["id"], self.tenant.as_str(), "a registration names its tenant");
        assert_eq!(first["user"]["name"], "jane", "a registration names the person");
        assert!(first["user"]["id"].is_string(), "a registration has a user handle");
        let selection = &first["authenticatorSelection"];
        assert_eq!(selection["residentKey"], "required", "a passkey is discoverable");
        assert_eq!(selection["userVerification"], "required", "a person is verified when a passkey is made");
        assert_eq!(first["attestation"], "none", "no attestation is asked for");
        assert_eq!(first["excludeCredentials"], Value::Array(Vec::new()), "no credential is excluded");

        let request = object(&self.offer_sign_in());
        assert_eq!(request["rpId"], self.tenant.as_str(), "a sign-in names its tenant");
        assert_eq!(request["userVerification"], "required", "a person is verified when a passkey is shown");
        assert_eq!(
            request["allowCredentials"],
            Value::Array(Vec::new()),
            "whatever passkey is there will do"
        );
        for options in [&first, &request] {
            assert_eq!(options["timeout"], 300_000, "a ceremony has five minutes, in milliseconds");
            for name in ["extensions", "mediation"] {
                assert!(options.get(name).is_none(), "options have no {name}");
            }
        }
    }

    fn a_passkey_signs_in(&self) {
        let (mut device, made) = self.registered();
        assert!(made.names.user_name.as_deref() == Some("jane"), "a passkey has the names it was begun with");
        let mut verifier = made.verifier;
        for _ in 0..2 {
            let taken = self.ceremonies.take_assertion(self.tenant, &device.show(&self.offer_sign_in()));
            let assertion = granted("an assertion is taken", taken);
            assert!(*assertion.credential() == made.id, "an assertion names its credential");
            let next = granted("a passkey signs in", assertion.verify(&verifier));
            verifier = next.unwrap_or(verifier);
        }
        let printed = format!("{:?}", self.ceremonies);
        assert!(!printed.contains("jane"), "a name is never printed");
    }

    fn a_registration_is_ended_once(&self) {
        let credential = (self.authenticator)().make(&self.offer_registration());
        granted("a passkey is made", self.ceremonies.finish_registration(self.tenant, &credential));
        let again = self.ceremonies.finish_registration(self.tenant, &credential);
        assert_eq!(again.err(), Some(CeremonyError::Refused), "a challenge is spent by its registration");
    }

    fn one_assertion_is_looked_up_once(&self) {
        let (mut device, _) = self.registered();
        let credential = device.show(&self.offer_sign_in());
        let (start, ceremonies, tenant) = (Barrier::new(RACERS), self.ceremonies, self.tenant);
        let racer = || {
            start.wait();
            ceremonies.take_assertion(tenant, &credential).err()
        };
        let answers: Vec<_> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..RACERS).map(|_| scope.spawn(racer)).collect();
            racers
                .into_iter()
                .map(|racer| granted("a thread ends", racer.join().map_err(|_| "panic")))
                .collect()
        });
        let taken = answers.iter().filter(|answer| answer.is_none()).count();
        assert_eq!(taken, 1, "one assertion is taken exactly once, however many post it: {answers:?}");
        let refused = answers.iter().filter(|answer| **answer == Some(CeremonyError::Refused)).count();
        assert_eq!(refused, RACERS - 1, "all others are refused: {answers:?}");
    }

    fn a_ceremony_belongs_to_its_tenant_and_kind(&self) {
        let (mut device, _) = self.registered();
        let refused = Some(CeremonyError::Refused);
        let (made, shown) = (device.make(&self.offer_registration()), device.show(&self.offer_sign_in()));
        let elsewhere = self.ceremonies.finish_registration(self.other, &made).err();
        assert_eq!(elsewhere, refused, "a registration belongs to its tenant");
        let elsewhere = self.ceremonies.take_assertion(self.other, &shown).err();
        assert_eq!(elsewhere, refused, "a sign-in belongs to its tenant");
        let later = self.ceremonies.take_assertion(self.tenant, &shown).err();
        assert_eq!(later, refused, "a challenge is spent, whatever the answer");

        let (made, shown) = (device.make(&self.offer_sign_in()), device.show(&self.offer_registration()));
        let made = self.ceremonies.finish_registration(self.tenant, &made).err();
        assert_eq!(made, refused, "a sign-in makes no passkey");
        let shown = self.ceremonies.take_assertion(self.tenant, &shown).err();
        assert_eq!(shown, refused, "a registration signs nobody in");
    }

    fn what_is_no_credential_is_malformed(&self) {
        let malformed = Some(CeremonyError::Malformed);
        for text in ["", "null", "[]", "{}", "{\"id\":1}", "{\"id\":"] {
            let made = self.ceremonies.finish_registration(self.tenant, text.as_bytes());
            assert_eq!(made.err(), malformed, "no new credential: {text}");
            let shown = self.ceremonies.take_assertion(self.tenant, text.as_bytes());
            assert_eq!(shown.err(), malformed, "no credential that is shown: {text}");
        }
    }

    fn a_verifier_opens_its_own_credential_alone(&self) {
        let (mut device, _) = self.registered();
        let (_, another) = self.registered();
        for (what, verifier) in [("another's", &another.verifier[..]), ("no", b"{}"), ("an empty", b"")] {
            let taken = self.ceremonies.take_assertion(self.tenant, &device.show(&self.offer_sign_in()));
            let answer = granted("an assertion is taken", taken).verify(verifier);
            assert_eq!(answer.err(), Some(CeremonyError::Refused), "{what} verifier verifies nothing");
        }
        assert_eq!(self.ceremonies.verification_point(b"{}"), None, "what is no verifier has no point");
    }

    fn nobody_else_has_ceremonies(&self) {
        let nobody = sample::tenant("nobody.example");
        let unknown = Some(CeremonyError::UnknownTenant);
        let names = PasskeyNames::default();
        assert_eq!(self.ceremonies.offer_registration(&nobody, names).err(), unknown, "of nobody's");
        assert_eq!(self.ceremonies.offer_sign_in(&nobody).err(), unknown, "of nobody's");
        assert_eq!(self.ceremonies.finish_registration(&nobody, b"{}").err(), unknown, "of nobody's");
        assert_eq!(self.ceremonies.take_assertion(&nobody, b"{}").err(), unknown, "of nobody's");
    }
}

fn object(json: &[u8]) -> Value {
    granted("options are JSON", serde_json::from_slice(json).map_err(|_| "no JSON"))
}
