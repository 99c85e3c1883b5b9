//! Fakes, contract suites and laws for testing use of Strongroom's rules and ports.
//!
//! - [`contract`]: what every implementation of a port must do, as functions that an adapter's tests call.
//! - [`fake`]: ports that behave, in memory, and pass those suites; for tests that tell a story.
//! - [`law`]: what always holds of the rules, against a plain-map model; for the domain and for whatever wraps it.
//! - [`mock`]: ports that expect, by `mockall`; for tests of a refusal.
//! - [`sample`]: the guide's own person and data, and ids that never repeat.
//!
//! For tests only: nothing here keeps a secret. There is no runtime: suites are plain functions or futures, which any
//! executor runs.

pub mod contract;
pub mod fake;
pub mod law;
pub mod sample;

/// Mocks of every port: they expect calls and answer as told. For a story with more than two expectations take a
/// [`fake`].
pub mod mock {
    pub use strongroom_ports::{
        MockAuthenticator, MockChangeBell, MockClock, MockConfirmationStore, MockCredentialStore,
        MockKeySetSource, MockMailer, MockPasskeyCeremonies, MockRandomness, MockRecordStore, MockSealer,
        MockSessionStore, MockTokenIssuer, MockUpstream, MockWalletDirectory,
    };
}

/// The README's examples run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;

/// The guides' examples run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guides/embed-the-domain.md")]
#[doc = include_str!("../../../docs/guides/test-your-rules.md")]
struct GuideExamples;
