//! The ceremonies, from their options to their answers: which checks come when.
//!
//! The challenge is spent as soon as it can be read, before anything is verified: whoever posts one answer sixteen times has
//! it looked up once. What the tenant, the page and the kind decide is decided before any cryptography.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use strongroom_ports::{
    CeremonyError, Clock, MadePasskey, P256Point, PasskeyAssertion, PasskeyCeremonies, PasskeyNames,
    Randomness, TenantId,
};

use crate::assertion::TakenAssertion;
use crate::challenge::Challenge;
use crate::client_data::{CREATE, ClientData, GET};
use crate::names;
use crate::open_ceremonies::{Act, Ceremony, MAX_OPEN_CEREMONIES, OpenCeremonies, Registration};
use crate::options;
use crate::posted::{self, Made, Shown};
use crate::registration;
use crate::tenant::{OriginError, PasskeyTenant, RelyingParty};
use crate::user_handle::UserHandle;
use crate::verifier::Verifier;

/// The ceremonies of Web Authentication, with their state in memory.
#[derive(Debug)]
pub struct WebauthnCeremonies {
    parties: HashMap<TenantId, Arc<RelyingParty>>,
    open: OpenCeremonies,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

/// An answer whose ceremony was ours.
struct Answered {
    act: Act,
    challenge: Challenge,
    client_data: ClientData,
    client_data_json: Vec<u8>,
}

impl WebauthnCeremonies {
    /// Ceremonies for these tenants, which have distinct ids.
    ///
    /// # Errors
    ///
    /// [`OriginError`] where an origin is no URL.
    pub fn new(
        tenants: impl IntoIterator<Item = PasskeyTenant>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, OriginError> {
        let party = |tenant: PasskeyTenant| Ok((tenant.id.clone(), Arc::new(RelyingParty::new(tenant)?)));
        let parties = tenants.into_iter().map(party).collect::<Result<_, _>>()?;
        Ok(Self { parties, open: OpenCeremonies::new(MAX_OPEN_CEREMONIES), clock, randomness })
    }

    fn party(&self, tenant: &TenantId) -> Result<&Arc<RelyingParty>, CeremonyError> {
        self.parties.get(tenant).ok_or(CeremonyError::UnknownTenant)
    }

    fn begin(&self, tenant: &TenantId, challenge: Challenge, act: Act) {
        self.open.begin(challenge, Ceremony { tenant: tenant.clone(), act }, self.clock.now());
    }

    /// Finds the ceremony that is answered here, and ends it, whosever it is.
    fn end(&self, tenant: &TenantId, credential: &[u8]) -> Result<Answered, CeremonyError> {
        let client_data_json = posted::client_data(credential)?;
        let client_data = ClientData::read(&client_data_json)?;
        let challenge = Challenge::claimed(&client_data.challenge).ok_or(CeremonyError::Refused)?;
        let ceremony = self.open.take(&challenge, self.clock.now()).ok_or(CeremonyError::Refused)?;
        if ceremony.tenant == *tenant {
            Ok(Answered { act: ceremony.act, challenge, client_data, client_data_json })
        } else {
            Err(CeremonyError::Refused)
        }
    }
}

impl PasskeyCeremonies for WebauthnCeremonies {
    fn offer_registration(&self, tenant: &TenantId, names: PasskeyNames) -> Result<Bytes, CeremonyError> {
        let party = self.party(tenant)?;
        let challenge = Challenge::draw(&*self.randomness);
        let handle = UserHandle::draw(&*self.randomness);
        let names = names::bounded(names);
        let options = options::creation(party, &challenge, &handle, &names);
        self.begin(tenant, challenge, Act::Registration(Box::new(Registration { handle, names })));
        Ok(options)
    }

    fn finish_registration(
        &self,
        tenant: &TenantId,
        credential: &[u8],
    ) -> Result<MadePasskey, CeremonyError> {
        let party = self.party(tenant)?;
        let Answered { act, challenge, client_data, client_data_json } = self.end(tenant, credential)?;
        let Act::Registration(begun) = act else { return Err(CeremonyError::Refused) };
        let Registration { handle, names } = *begun;
        client_data.check(CREATE, party)?;
        let made = Made::read(credential)?;
        let verifier = registration::verify(party, &challenge, handle, client_data_json, &made)?;
        Ok(MadePasskey { id: made.id, verifier: verifier.to_bytes(), names })
    }

    fn offer_sign_in(&self, tenant: &TenantId) -> Result<Bytes, CeremonyError> {
        let party = self.party(tenant)?;
        let challenge = Challenge::draw(&*self.randomness);
        self.begin(tenant, challenge, Act::SignIn);
        Ok(options::request(party, &challenge))
    }

    fn take_assertion(
        &self,
        tenant: &TenantId,
        credential: &[u8],
    ) -> Result<Box<dyn PasskeyAssertion>, CeremonyError> {
        let party = self.party(tenant)?;
        let Answered { act, challenge, client_data, client_data_json } = self.end(tenant, credential)?;
        let Act::SignIn = act else { return Err(CeremonyError::Refused) };
        client_data.check(GET, party)?;
        let shown = Shown::read(credential)?;
        Ok(Box::new(TakenAssertion { party: Arc::clone(party), challenge, client_data_json, shown }))
    }

    fn verification_point(&self, verifier: &[u8]) -> Option<P256Point> {
        Verifier::open(verifier)?.point()
    }
}
