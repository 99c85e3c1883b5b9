//! Calls of the library without its log: it writes credentials, keys and whole answers to it, some of them as errors.

use tracing::Dispatch;
use tracing::dispatcher::with_default;

/// Does this, and nothing that is logged meanwhile on this thread is heard.
pub(crate) fn quietly<T>(act: impl FnOnce() -> T) -> T {
    with_default(&Dispatch::none(), act)
}
