//! The traits through which Strongroom's rules meet the world, and their errors.
//!
//! A port speaks its caller's words: few methods, plain arguments, one error variant per decision. The doc comment of a
//! method is its contract; `strongroom-testkit` holds that comment as a suite that every implementation runs. Mocks
//! (`MockUpstream`, …) come with the feature `mock`.
//!
//! No port carries a value, a token or a key in an error or a `Debug`.

mod assertions;
mod authenticator;
mod caller;
mod change_bell;
mod clock;
mod confirmation_store;
mod credential_store;
mod key_check;
mod key_set_source;
mod mailer;
mod passkey_ceremonies;
mod pseudonym;
mod randomness;
mod record_store;
mod remote_identity;
mod remote_safe;
mod scrubbed;
mod sealer;
mod session_store;
mod token_issuer;
mod upstream;
mod wallet_directory;

pub use assertions::Assertions;
pub use authenticator::{AuthenticationUnavailable, Authenticator, Principal, Refusal, Verdict};
pub use caller::{Caller, TenantId, TenantIdError};
pub use change_bell::ChangeBell;
pub use clock::{Clock, Timestamp};
pub use confirmation_store::{ConfirmationStore, DueMail, MailId, MailQuota, NewConfirmation};
pub use credential_store::{Addition, CredentialStore, NewCredential, Removal, StoredCredential};
pub use key_check::KeyCheck;
pub use key_set_source::{KeySetSource, KeySetUnavailable};
pub use mailer::{Mail, MailError, Mailer};
pub use passkey_ceremonies::{
    CeremonyError, CredentialId, MAX_CREDENTIAL_ID_BYTES, MAX_NAME_CHARACTERS, MadePasskey, P256Point,
    PasskeyAssertion, PasskeyCeremonies, PasskeyNames, fit_name,
};
pub use pseudonym::{Pseudonym, Subject};
pub use randomness::Randomness;
pub use record_store::{Commit, Event, EventBody, RecordId, RecordStore, SealedRecord, StoreError, WriteId};
pub use remote_identity::{IdentityAct, IdentityCall, IdentityCallError, RemoteIdentity};
pub use remote_safe::{PassedOn, RemoteSafe, VerbAnswer, VerbCall};
pub use scrubbed::scrubbed;
pub use sealer::{BoxContext, BoxKind, Plaintext, SealError, Sealer};
pub use session_store::{
    MAX_LIVE_SESSIONS, NewSession, RefreshHash, Rotation, SessionEntry, SessionId, SessionStore,
};
pub use token_issuer::{IssueError, RefreshClaims, Token, TokenIssuer, TokenPair};
pub use upstream::{Export, Snapshot, Upstream, UpstreamError};
pub use wallet_directory::{ChainId, WalletAddress, WalletDirectory};

#[cfg(feature = "mock")]
pub use {
    authenticator::MockAuthenticator, change_bell::MockChangeBell, clock::MockClock,
    confirmation_store::MockConfirmationStore, credential_store::MockCredentialStore,
    key_set_source::MockKeySetSource, mailer::MockMailer, passkey_ceremonies::MockPasskeyCeremonies,
    randomness::MockRandomness, record_store::MockRecordStore, sealer::MockSealer,
    session_store::MockSessionStore, token_issuer::MockTokenIssuer, upstream::MockUpstream,
    wallet_directory::MockWalletDirectory,
};

/// The README's examples run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
