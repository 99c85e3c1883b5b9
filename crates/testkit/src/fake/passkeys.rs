//! Passkeys of glass: ceremonies whose credentials are JSON that any test can write, by [`GlassAuthenticator`] or by hand.
//!
//! They behave as real ones do towards whoever uses the port, and prove nothing: a signature is the credential's own id, for
//! all to see. No time passes here.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use serde_json::{Value, json};
use strongroom_ports::{
    CeremonyError, CredentialId, MadePasskey, P256Point, PasskeyAssertion, PasskeyCeremonies, PasskeyNames,
    TenantId,
};

use super::locked;
use crate::contract::PasskeyAuthenticator;

/// A [`PasskeyCeremonies`] whose credentials are glass.
///
/// ```
/// use strongroom_ports::{PasskeyCeremonies, PasskeyNames};
/// use strongroom_testkit::contract::PasskeyAuthenticator;
/// use strongroom_testkit::fake::{GlassAuthenticator, GlassPasskeys};
/// use strongroom_testkit::sample;
///
/// let tenant = sample::tenant(sample::TENANT);
/// let (passkeys, mut authenticator) = (GlassPasskeys::new([tenant.clone()]), GlassAuthenticator::new("glass-1"));
///
/// let options = passkeys.offer_registration(&tenant, PasskeyNames::default())?;
/// let made = passkeys.finish_registration(&tenant, &authenticator.make(&options))?;
///
/// let options = passkeys.offer_sign_in(&tenant)?;
/// let assertion = passkeys.take_assertion(&tenant, &authenticator.show(&options))?;
/// assert!(assertion.credential() == &made.id);
/// assert!(assertion.verify(&made.verifier)?.is_some(), "its counter has gone up");
/// # Ok::<(), strongroom_ports::CeremonyError>(())
/// ```
#[derive(Debug)]
pub struct GlassPasskeys {
    tenants: Vec<TenantId>,
    begun: AtomicU64,
    open: Mutex<HashMap<String, Begun>>,
}

/// What a ceremony was begun with: names for a registration, none for a sign-in.
#[derive(Debug)]
struct Begun {
    tenant: TenantId,
    names: Option<PasskeyNames>,
}

impl GlassPasskeys {
    /// Ceremonies for these tenants.
    #[must_use]
    pub fn new(tenants: impl IntoIterator<Item = TenantId>) -> Self {
        Self {
            tenants: tenants.into_iter().collect(),
            begun: AtomicU64::new(0),
            open: Mutex::new(HashMap::new()),
        }
    }

    fn begin(&self, tenant: &TenantId, names: Option<PasskeyNames>) -> Result<String, CeremonyError> {
        if !self.tenants.contains(tenant) {
            return Err(CeremonyError::UnknownTenant);
        }
        let challenge = format!("challenge-{}", self.begun.fetch_add(1, Ordering::Relaxed));
        locked(&self.open).insert(challenge.clone(), Begun { tenant: tenant.clone(), names });
        Ok(challenge)
    }

    /// The credential and what its ceremony was begun with.
    fn end(&self, tenant: &TenantId, credential: &[u8]) -> Result<(Glass, Begun), CeremonyError> {
        if !self.tenants.contains(tenant) {
            return Err(CeremonyError::UnknownTenant);
        }
        let glass = Glass::read(credential).ok_or(CeremonyError::Malformed)?;
        let begun = locked(&self.open).remove(&glass.challenge).ok_or(CeremonyError::Refused)?;
        if begun.tenant == *tenant { Ok((glass, begun)) } else { Err(CeremonyError::Refused) }
    }
}

impl PasskeyCeremonies for GlassPasskeys {
    fn offer_registration(&self, tenant: &TenantId, names: PasskeyNames) -> Result<Bytes, CeremonyError> {
        let name = names.user_name.clone().unwrap_or_else(|| "glass".to_owned());
        let challenge = self.begin(tenant, Some(names))?;
        let options = json!({
            "rp": { "id": tenant.as_str(), "name": tenant.as_str() },
            "user": { "id": "Z2xhc3M", "name": name, "displayName": name },
            "challenge": challenge,
            "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
            "authenticatorSelection": { "residentKey": "required", "userVerification": "required" },
            "attestation": "none",
            "excludeCredentials": [],
            "timeout": 300_000,
        });
        Ok(options.to_string().into())
    }

    fn finish_registration(
        &self,
        tenant: &TenantId,
        credential: &[u8],
    ) -> Result<MadePasskey, CeremonyError> {
        let (glass, begun) = self.end(tenant, credential)?;
        let names = begun.names.ok_or(CeremonyError::Refused)?;
        Ok(MadePasskey { id: glass.id()?, verifier: glass.verifier(), names })
    }

    fn offer_sign_in(&self, tenant: &TenantId) -> Result<Bytes, CeremonyError> {
        let options = json!({
            "challenge": self.begin(tenant, None)?,
            "rpId": tenant.as_str(),
            "userVerification": "required",
            "timeout": 300_000,
            "allowCredentials": [],
        });
        Ok(options.to_string().into())
    }

    fn take_assertion(
        &self,
        tenant: &TenantId,
        credential: &[u8],
    ) -> Result<Box<dyn PasskeyAssertion>, CeremonyError> {
        let (glass, begun) = self.end(tenant, credential)?;
        if begun.names.is_some() {
            return Err(CeremonyError::Refused);
        }
        Ok(Box::new(GlassAssertion { credential: glass.id()?, glass }))
    }

    /// A point that is on no curve, of the verifier's own first bytes.
    fn verification_point(&self, verifier: &[u8]) -> Option<P256Point> {
        let id = Glass::read(verifier)?.id;
        let mut x = [0; 32];
        x.iter_mut().zip(id.bytes()).for_each(|(to, from)| *to = from);
        Some(P256Point { x, y: [1; 32] })
    }
}

/// A credential of glass, and its verifier, which has no challenge.
#[derive(Debug)]
struct Glass {
    id: String,
    challenge: String,
    counter: u64,
}

impl Glass {
    fn read(json: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(json).ok()?;
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        let (id, challenge) = (text("id")?, text("challenge")?);
        Some(Self { id, challenge, counter: value.get("counter")?.as_u64()? })
    }

    fn id(&self) -> Result<CredentialId, CeremonyError> {
        CredentialId::new(self.id.as_bytes()).ok_or(CeremonyError::Malformed)
    }

    fn verifier(&self) -> Bytes {
        json!({ "id": self.id, "challenge": "", "counter": self.counter }).to_string().into()
    }
}

#[derive(Debug)]
struct GlassAssertion {
    credential: CredentialId,
    glass: Glass,
}

impl PasskeyAssertion for GlassAssertion {
    fn credential(&self) -> &CredentialId {
        &self.credential
    }

    fn verify(self: Box<Self>, verifier: &[u8]) -> Result<Option<Bytes>, CeremonyError> {
        let known = Glass::read(verifier).ok_or(CeremonyError::Refused)?;
        let uses_counter = known.counter > 0 || self.glass.counter > 0;
        if known.id != self.glass.id || (uses_counter && self.glass.counter <= known.counter) {
            return Err(CeremonyError::Refused);
        }
        Ok(uses_counter.then(|| self.glass.verifier()))
    }
}

/// A person's device for [`GlassPasskeys`], which counts. What it posts is
/// `{"id":"…","challenge":"…","counter":1}`, for both kinds of ceremony.
#[derive(Debug)]
pub struct GlassAuthenticator {
    id: String,
    counter: u64,
}

impl GlassAuthenticator {
    /// A device whose only credential has this id: its letters are the bytes of the [`CredentialId`].
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), counter: 0 }
    }

    fn answer(&mut self, options: &[u8]) -> Vec<u8> {
        let options: Value = serde_json::from_slice(options).unwrap_or_default();
        self.counter += 1;
        json!({ "id": self.id, "challenge": options["challenge"], "counter": self.counter })
            .to_string()
            .into_bytes()
    }
}

impl PasskeyAuthenticator for GlassAuthenticator {
    fn make(&mut self, options: &[u8]) -> Vec<u8> {
        self.answer(options)
    }

    fn show(&mut self, options: &[u8]) -> Vec<u8> {
        self.answer(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{contract, sample};

    #[test]
    fn it_keeps_the_contract() {
        let (tenant, other) = (sample::tenant(sample::TENANT), sample::tenant(sample::OTHER_TENANT));
        let passkeys = GlassPasskeys::new([tenant.clone(), other.clone()]);
        let count = AtomicU64::new(0);
        let authenticator = || -> Box<dyn PasskeyAuthenticator> {
            Box::new(GlassAuthenticator::new(&format!("glass-{}", count.fetch_add(1, Ordering::Relaxed))))
        };
        contract::passkey_ceremonies(&passkeys, &tenant, &other, &authenticator);
    }
}
