//! A browser and an authenticator that others wrote.

use futures_executor::block_on;
use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData};
use passkey::crypto::rust_crypto::RustCryptoBackend;
use passkey::types::Passkey;
use passkey::types::ctap2::{Aaguid, Ctap2Error};
use public_suffix::PublicSuffixList;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use strongroom_testkit::contract::PasskeyAuthenticator;
use url::Url;

/// A person who is there and says yes.
pub(crate) struct Willing;

#[async_trait::async_trait]
impl UserValidationMethod for Willing {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _: UiHint<'a, Passkey>,
        presence: bool,
        verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence, verification })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

/// At a page of some origin, with room for one passkey.
pub(crate) struct Browser {
    origin: Url,
    client: Client<Option<Passkey>, Willing, RustCryptoBackend, PublicSuffixList, ()>,
}

impl Browser {
    pub(crate) fn at(origin: &str) -> Self {
        let authenticator = Authenticator::new(Aaguid::new_empty(), None, Willing, RustCryptoBackend);
        let client = Client::new(authenticator).allows_insecure_localhost(true);
        Self { origin: Url::parse(origin).unwrap(), client }
    }

    /// Its passkey, once made, counts.
    pub(crate) fn counts(mut self) -> Self {
        self.client.authenticator_mut().set_make_credentials_with_signature_counter(true);
        self
    }

    /// The same authenticator, at another page.
    pub(crate) fn goes_to(&mut self, origin: &str) {
        self.origin = Url::parse(origin).unwrap();
    }

    /// Sets the counter of its passkey.
    pub(crate) fn set_counter(&mut self, counter: u32) {
        let passkey = self.client.authenticator_mut().store_mut().as_mut().unwrap();
        passkey.counter = Some(counter);
    }
}

/// The options as a browser is given them.
fn public_key<T: DeserializeOwned>(options: &[u8]) -> T {
    let options: Value = serde_json::from_slice(options).unwrap();
    serde_json::from_value(json!({ "publicKey": options })).unwrap()
}

impl PasskeyAuthenticator for Browser {
    fn make(&mut self, options: &[u8]) -> Vec<u8> {
        // At a sign-in's options it is the suite that lies: they have neither person nor party.
        let options = if is_creation(options) { options.to_vec() } else { creation_of(options) };
        let made = self.client.register(&self.origin, public_key(&options), DefaultClientData);
        serde_json::to_vec(&block_on(made).unwrap()).unwrap()
    }

    fn show(&mut self, options: &[u8]) -> Vec<u8> {
        let shown = self.client.authenticate(&self.origin, public_key(options), DefaultClientData);
        serde_json::to_vec(&block_on(shown).unwrap()).unwrap()
    }
}

fn is_creation(options: &[u8]) -> bool {
    serde_json::from_slice::<Value>(options).unwrap().get("user").is_some()
}

/// Options of a registration with the challenge of a sign-in.
fn creation_of(request: &[u8]) -> Vec<u8> {
    let request: Value = serde_json::from_slice(request).unwrap();
    let options = json!({
        "rp": { "id": request["rpId"], "name": "localhost" },
        "user": { "id": "AAAA", "name": "jane", "displayName": "Jane" },
        "challenge": request["challenge"],
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
    });
    serde_json::to_vec(&options).unwrap()
}
