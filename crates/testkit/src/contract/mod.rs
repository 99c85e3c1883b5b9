//! What every implementation of a port must do: the port's doc comment as a suite.
//!
//! An adapter's test calls the suite of its port with an instance; a suite panics at the first broken rule and names it.
//! Every suite uses ids that never repeat, so it may run on a store that others use at the same time.
//!
//! ```
//! use strongroom_testkit::{contract, fake::InMemoryRecordStore};
//!
//! futures_executor::block_on(contract::record_store(&InMemoryRecordStore::new()));
//! ```

use std::fmt::Debug;
use std::pin::Pin;

mod account_closing;
mod authenticator;
mod change_bell;
mod clock;
mod confirmation_store;
mod credential_store;
mod credential_store_concurrency;
mod draft;
mod key_set_source;
mod passkey_ceremonies;
mod race;
mod randomness;
mod record_store;
mod record_store_concurrency;
mod sealer;
mod session_store;
mod token_issuer;
mod upstream;
mod upstream_concurrency;
mod wallet_directory;

pub use account_closing::account_closing;
pub use authenticator::{authenticator, authenticator_after_revocation};
pub use change_bell::change_bell;
pub use clock::clock;
pub use confirmation_store::{confirmation_store, confirmation_store_concurrency};
pub use credential_store::credential_store;
pub use credential_store_concurrency::{credential_store_concurrency, removal_against_sign_in};
pub use key_set_source::key_set_source;
pub use passkey_ceremonies::{PasskeyAuthenticator, passkey_ceremonies};
pub use randomness::randomness;
pub use record_store::record_store;
pub use record_store_concurrency::record_store_concurrency;
pub use sealer::{sealer, sealer_secrecy};
pub use session_store::{session_store, session_store_concurrency};
pub use token_issuer::token_issuer;
pub use upstream::upstream;
pub use upstream_concurrency::upstream_concurrency;
pub use wallet_directory::wallet_directory;

/// Runs a future to its end on the thread that calls: `futures_executor::block_on`, or the `block_on` of a runtime.
pub type BlockOn = fn(Pin<Box<dyn Future<Output = ()> + Send>>);

/// Takes what must have succeeded; a red test shows the rule first.
#[track_caller]
fn granted<T, E: Debug>(rule: &str, result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{rule}: {error:?}"))
}

/// Takes what must be there; a red test shows the rule first.
#[track_caller]
fn present<T>(rule: &str, option: Option<T>) -> T {
    option.unwrap_or_else(|| panic!("{rule}"))
}
