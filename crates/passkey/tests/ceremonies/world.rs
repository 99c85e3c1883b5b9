//! Two tenants, a clock that stands still, and passkeys that can lie.

use std::sync::Arc;

use bytes::Bytes;
use strongroom_passkey::{PasskeyTenant, WebauthnCeremonies};
use strongroom_ports::{CeremonyError, MadePasskey, PasskeyCeremonies, PasskeyNames, TenantId};
use strongroom_testkit::fake::{CountingRandomness, ManualClock};
use strongroom_testkit::sample;

use crate::forge::{Answer, Key};

pub(crate) const ORIGIN: &str = "http://localhost:8080";
pub(crate) const SECOND_ORIGIN: &str = "https://app.localhost";
pub(crate) const OTHER_ORIGIN: &str = "https://shop.example";

pub(crate) struct World {
    pub(crate) ceremonies: WebauthnCeremonies,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) tenant: TenantId,
    pub(crate) other: TenantId,
}

/// A passkey that was made in the world, and can lie from now on.
pub(crate) struct Passkey {
    pub(crate) key: Key,
    pub(crate) made: MadePasskey,
    /// `user.id` of its options.
    pub(crate) handle: String,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let (tenant, other) = (sample::tenant(sample::TENANT), sample::tenant(sample::OTHER_TENANT));
        let passkey_tenant = |id: &TenantId, name: &str, origins: &[&str]| PasskeyTenant {
            id: id.clone(),
            name: name.to_owned(),
            origins: origins.iter().map(|&origin| origin.to_owned()).collect(),
        };
        let tenants = [
            passkey_tenant(&tenant, "Development", &[ORIGIN, SECOND_ORIGIN]),
            passkey_tenant(&other, "Shop", &[OTHER_ORIGIN]),
        ];
        let randomness = Arc::new(CountingRandomness::new());
        let ceremonies = WebauthnCeremonies::new(tenants, clock.clone(), randomness).unwrap();
        Self { ceremonies, clock, tenant, other }
    }

    pub(crate) fn creation_options(&self) -> Bytes {
        self.ceremonies.offer_registration(&self.tenant, PasskeyNames::default()).unwrap()
    }

    pub(crate) fn request_options(&self) -> Bytes {
        self.ceremonies.offer_sign_in(&self.tenant).unwrap()
    }

    /// Registers a new passkey, after a lie or none.
    pub(crate) fn register(&self, lie: impl FnOnce(&mut Answer)) -> Result<Passkey, CeremonyError> {
        self.register_key(Key::es256(), lie)
    }

    pub(crate) fn register_key(
        &self,
        key: Key,
        lie: impl FnOnce(&mut Answer),
    ) -> Result<Passkey, CeremonyError> {
        let mut answer = Answer::to_creation(&self.creation_options());
        let handle = answer.user_handle.clone().unwrap().as_str().unwrap().to_owned();
        lie(&mut answer);
        let made = self.ceremonies.finish_registration(&self.tenant, &answer.made(&key))?;
        Ok(Passkey { key, made, handle })
    }

    /// A passkey that was made without a lie.
    pub(crate) fn registered(&self) -> Passkey {
        self.register(|_| ()).unwrap()
    }

    /// Signs in with a passkey, after a lie or none; keeps what is to be kept.
    pub(crate) fn sign_in(
        &self,
        passkey: &mut Passkey,
        lie: impl FnOnce(&mut Answer),
    ) -> Result<Option<Bytes>, CeremonyError> {
        let mut answer = Answer::to_request(&self.request_options(), &passkey.handle);
        lie(&mut answer);
        let next = self.verify(passkey, &answer.shown(&passkey.key))?;
        if let Some(next) = &next {
            passkey.made.verifier = next.clone();
        }
        Ok(next)
    }

    /// Posts what is said to be shown by a passkey.
    pub(crate) fn verify(&self, passkey: &Passkey, shown: &[u8]) -> Result<Option<Bytes>, CeremonyError> {
        self.ceremonies.take_assertion(&self.tenant, shown)?.verify(&passkey.made.verifier)
    }
}
