//! `[tokens]`: our own tokens, and the leeway for everybody's.

use std::time::Duration;

use super::reader::{Reader, Section};
use super::secret::KeySource;

const DAY_S: u32 = 24 * 60 * 60;
const SIGNING_KEYS: &str = "signing.json";
const ACCESS_LIFETIME_S: u32 = 3600;
const REFRESH_LIFETIME_S: u32 = DAY_S;
const MAX_REFRESH_LIFETIME_S: u32 = 90 * DAY_S;
const MAX_LEEWAY_S: u32 = 300;

/// How long the longest token that any configuration allows is good.
pub(crate) const LONGEST_TOKEN_LIFE: Duration =
    Duration::from_secs(MAX_REFRESH_LIFETIME_S as u64 + MAX_LEEWAY_S as u64);

/// Lifetimes and keys of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tokens {
    /// `signing_keys_file`, or `STRONGROOM_TOKENS__SIGNING_KEYS`: the keys that sign ours.
    pub(crate) signing_keys: KeySource,
    /// `access_lifetime_s`.
    pub(crate) access_lifetime: Duration,
    /// `refresh_lifetime_s`; not shorter than the access token's.
    pub(crate) refresh_lifetime: Duration,
    /// `leeway_s`: how far clocks may be apart.
    pub(crate) leeway: Duration,
}

impl Tokens {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let signing_keys = section.keys("signing_keys", "signing_keys_file", SIGNING_KEYS);
        let access_lifetime =
            section.read("access_lifetime_s", ACCESS_LIFETIME_S, |raw| raw.seconds(60..=DAY_S));
        let refresh_lifetime = section
            .read("refresh_lifetime_s", REFRESH_LIFETIME_S, |raw| raw.seconds(60..=MAX_REFRESH_LIFETIME_S));
        let leeway = section.read("leeway_s", 30, |raw| raw.seconds(0..=MAX_LEEWAY_S));

        let tokens = Self {
            signing_keys: signing_keys?,
            access_lifetime: access_lifetime?,
            refresh_lifetime: refresh_lifetime?,
            leeway: leeway?,
        };
        if tokens.refresh_lifetime < tokens.access_lifetime {
            return section.refuse("refresh_lifetime_s", "shorter than access_lifetime_s");
        }
        Some(tokens)
    }

    /// Settings that are not as they are by default and mean nothing to a process without tokens of its own.
    pub(super) fn of_own_tokens(&self, reader: &Reader) -> impl Iterator<Item = &'static str> {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        let keys = match &self.signing_keys {
            KeySource::File(file) => (*file != reader.default_path(SIGNING_KEYS), "tokens.signing_keys_file"),
            KeySource::Environment(_) => (true, "tokens.signing_keys"),
        };
        let access = self.access_lifetime != seconds(ACCESS_LIFETIME_S);
        let refresh = self.refresh_lifetime != seconds(REFRESH_LIFETIME_S);
        [keys, (access, "tokens.access_lifetime_s"), (refresh, "tokens.refresh_lifetime_s")]
            .into_iter()
            .filter_map(|(is_set, key)| is_set.then_some(key))
    }

    /// How long the longest-lived token is good, from when it is signed.
    pub(crate) fn longest_life(&self) -> Duration {
        self.access_lifetime.max(self.refresh_lifetime) + self.leeway
    }
}
