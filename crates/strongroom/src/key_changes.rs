//! Keys that change while the safe serves: on SIGHUP they are read again from where the configuration said at start, the
//! certificate of TLS with them, and the key sets that are fetched are looked at.
//!
//! What cannot be read changes nothing: the old keys stay in force, and the log says so. A key that is gone takes with it
//! every token that it signed, remembered or not.

use std::sync::Arc;

use strongroom_http::Tls;
use strongroom_jwt::{ForeignKeys, SigningKeys};
use tokio::signal::unix::Signal;

use crate::compose::Verifiers;
use crate::config::{self, Config, Issuer, IssuerKeys, KeySource, Place, ShownToSafe};
use crate::failure::Failure;
use crate::key_files;

/// Where keys are.
#[derive(Debug)]
pub(crate) struct KeySources {
    /// What signs: a safe's tokens, or a gateway's assertions.
    signing_keys: Option<KeySource>,
    /// Those with keys in a file.
    issuers: Vec<Issuer>,
    tls: Option<config::Tls>,
}

impl KeySources {
    pub(crate) fn of(config: &Config) -> Self {
        let has_file = |issuer: &&Issuer| !matches!(issuer.keys, IssuerKeys::Published(_));
        Self {
            signing_keys: match &config.place {
                Place::Here(_) => Some(config.tokens.signing_keys.clone()),
                Place::Remote(remote) => match &remote.credentials {
                    ShownToSafe::Assertion { keys, .. } => Some(KeySource::File(keys.clone())),
                    ShownToSafe::CallerToken | ShownToSafe::ApiKey(_) => None,
                },
            },
            issuers: config.issuers.iter().filter(has_file).cloned().collect(),
            tls: config.server.tls.clone(),
        }
    }
}

/// Who changes the keys in force.
#[derive(Debug)]
pub(crate) struct KeyChanges {
    sources: KeySources,
    verifiers: Verifiers,
    tls: Option<Arc<Tls>>,
    hangup: Signal,
}

impl KeyChanges {
    pub(crate) fn new(
        sources: KeySources,
        verifiers: Verifiers,
        tls: Option<Arc<Tls>>,
        hangup: Signal,
    ) -> Self {
        Self { sources, verifiers, tls, hangup }
    }

    /// Sets the keepers of fetched key sets to work, on the runtime that this is called on.
    pub(crate) fn keep(&mut self) {
        for keeper in self.verifiers.keepers.drain(..) {
            // Nobody waits for one: it never ends, not by a defect of what reads a set either.
            tokio::spawn(keeper.run(self.verifiers.remembered.clone()));
        }
    }

    /// Reads all keys again at each SIGHUP, one included that came while the safe started. Never returns.
    pub(crate) async fn heed_signals(&mut self) {
        while self.hangup.recv().await.is_some() {
            self.read_again();
        }
        // No signal will come any more, which is no reason to end.
        std::future::pending::<()>().await;
    }

    /// The files are small and few: nobody waits for this thread meanwhile.
    fn read_again(&self) {
        let mut is_one_gone = false;
        match self.sources.signing_keys.as_ref().map(key_files::signing_keys) {
            Some(Ok(keys)) => is_one_gone |= self.take_signing_keys(keys),
            Some(Err(failure)) => tracing::error!(%failure, "signing keys stay as they were"),
            None => {}
        }
        for issuer in &self.sources.issuers {
            match key_files::issuer_keys(issuer, &self.verifiers.fetches)
                .and_then(|keys| self.take_issuer_keys(issuer, &keys))
            {
                Ok(replaced) => is_one_gone |= replaced,
                Err(failure) => {
                    tracing::error!(issuer = issuer.iss, %failure, "keys of an issuer stay as they were");
                }
            }
        }
        if let (Some(files), Some(tls)) = (&self.sources.tls, &self.tls)
            && let Err(failure) = key_files::tls_again(files, tls)
        {
            tracing::error!(%failure, "the certificate stays as it was");
        }
        if is_one_gone {
            self.verifiers.remembered.forget_all();
        }
        self.verifiers.foreign.look_again();
        tracing::info!(is_one_gone, "keys have been read again");
    }

    fn take_signing_keys(&self, keys: SigningKeys) -> bool {
        match (&self.verifiers.own, &self.verifiers.assertions) {
            (Some(own), _) => own.replace_keys(keys),
            (None, Some(assertions)) => {
                assertions.replace_keys(keys);
                // Nobody here has remembered what they signed.
                false
            }
            (None, None) => false,
        }
    }

    fn take_issuer_keys(&self, issuer: &Issuer, keys: &ForeignKeys) -> Result<bool, Failure> {
        let replaced = self.verifiers.foreign.replace_keys(&issuer.iss, keys);
        replaced.map_err(|error| Failure::Keys(error.to_string()))
    }
}
