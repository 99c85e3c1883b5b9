//! A browser at a page, and an authenticator with room for one passkey: both others' work.

use futures_executor::block_on;
use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData};
use passkey::crypto::rust_crypto::RustCryptoBackend;
use passkey::types::Passkey;
use passkey::types::ctap2::{Aaguid, Ctap2Error};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

/// A person who is there and says yes.
struct Willing;

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

/// A device that counts, at a page.
pub(crate) struct Device {
    page: Url,
    passkey: Option<Passkey>,
}

impl Device {
    pub(crate) fn at(page: &str) -> Self {
        Self { page: Url::parse(page).unwrap(), passkey: None }
    }

    /// Answers `navigator.credentials.create` with these options, as `toJSON` writes it.
    pub(crate) fn make(&mut self, options: &Value) -> Value {
        let mut client = Client::new(self.authenticator()).allows_insecure_localhost(true);
        let made = block_on(client.register(&self.page, public_key(options), DefaultClientData)).unwrap();
        self.passkey.clone_from(client.authenticator().store());
        as_to_json_writes(&made)
    }

    /// Answers `navigator.credentials.get` with these options, likewise.
    pub(crate) fn show(&mut self, options: &Value) -> Value {
        let mut client = Client::new(self.authenticator()).allows_insecure_localhost(true);
        let shown =
            block_on(client.authenticate(&self.page, public_key(options), DefaultClientData)).unwrap();
        self.passkey.clone_from(client.authenticator().store());
        as_to_json_writes(&shown)
    }

    fn authenticator(&self) -> Authenticator<Option<Passkey>, Willing, RustCryptoBackend> {
        let mut authenticator =
            Authenticator::new(Aaguid::new_empty(), self.passkey.clone(), Willing, RustCryptoBackend);
        authenticator.set_make_credentials_with_signature_counter(true);
        authenticator
    }
}

fn public_key<T: DeserializeOwned>(options: &Value) -> T {
    let mut options = options.clone();
    // Nothing that is allowed is anything that is discoverable.
    if options["allowCredentials"].as_array().is_some_and(Vec::is_empty) {
        options["allowCredentials"] = Value::Null;
    }
    serde_json::from_value(json!({ "publicKey": options })).unwrap()
}

/// What a browser adds beside what is required is there too.
fn as_to_json_writes(credential: &impl Serialize) -> Value {
    let mut credential = serde_json::to_value(credential).unwrap();
    credential["authenticatorAttachment"] = json!("platform");
    if credential["clientExtensionResults"].is_null() {
        credential["clientExtensionResults"] = json!({});
    }
    credential
}
