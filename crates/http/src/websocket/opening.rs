//! For whom a socket speaks: the token of its first message, judged again and again for as long as the socket lives.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use strongroom_ports::{ChainId, Principal, Refusal, Verdict, WalletAddress};
use zeroize::Zeroizing;

use super::handshake::Switch;
use super::servers_word::Fault;
use crate::api::Safe;
use crate::safe_time::in_safe_time;

/// How often a token is judged again: a socket is closed within five seconds of what ends its session.
pub(super) const JUDGED_EVERY: Duration = Duration::from_secs(4);

/// A token that was good when it was judged last.
pub(crate) struct Bearer {
    token: Zeroizing<String>,
    pub(crate) principal: Arc<Principal>,
}

/// Why there is no bearer, or none any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// What the token says, or what became of it.
    Token(Fault),
    /// Nobody can say now.
    Unavailable,
}

impl Bearer {
    /// Takes a token that is good, and belongs where the handshake came from.
    pub(crate) async fn of(token: Zeroizing<String>, switch: &Switch) -> Result<Self, Refused> {
        let principal = judge(&token, switch).await?;
        Ok(Self { token, principal })
    }

    /// Judges the token anew. What cannot be judged now was good the last time, and is judged again soon.
    pub(crate) async fn judge_again(&mut self, switch: &Switch) -> Result<(), Fault> {
        match judge(&self.token, switch).await {
            Ok(principal) => self.principal = principal,
            Err(Refused::Token(fault)) => return Err(fault),
            Err(Refused::Unavailable) if left(&self.principal, switch).is_zero() => {
                return Err(Fault::TOKEN_EXPIRED);
            }
            Err(Refused::Unavailable) => {}
        }
        Ok(())
    }

    /// How long the last judgement holds: a while, and never beyond the token's end.
    pub(crate) fn judged_for(&self, switch: &Switch) -> Duration {
        left(&self.principal, switch).min(JUDGED_EVERY)
    }

    /// The token, for a safe that takes it.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The wallets of the passkey that the session began with. Whoever has none, or whose safe is elsewhere, is told of none.
    pub(crate) async fn wallets(&self, switch: &Switch) -> BTreeMap<ChainId, WalletAddress> {
        match &switch.api.safe {
            Safe::Here { passkeys, .. } => {
                in_safe_time(passkeys.wallets(&self.principal)).await.unwrap_or_default()
            }
            Safe::Remote { .. } => BTreeMap::new(),
        }
    }
}

async fn judge(token: &str, switch: &Switch) -> Result<Arc<Principal>, Refused> {
    let judged = in_safe_time(switch.api.authenticator.authenticate(token)).await;
    let principal = match judged.map_err(|_| Refused::Unavailable)? {
        Verdict::Known(principal) => principal,
        Verdict::Refused(Refusal::Expired) => return Err(Refused::Token(Fault::TOKEN_EXPIRED)),
        Verdict::Refused(Refusal::Invalid) | Verdict::NotMine => {
            return Err(Refused::Token(Fault::TOKEN_INVALID));
        }
    };
    let tenant = switch.api.tenants.with_token(&principal.caller.tenant, switch.names.as_named());
    tenant.map_err(|_| Refused::Token(Fault::TENANT_MISMATCH))?;
    // What leeway a request has, a socket has not.
    if left(&principal, switch).is_zero() { Err(Refused::Token(Fault::TOKEN_EXPIRED)) } else { Ok(principal) }
}

/// Up to a token's `exp`.
fn left(principal: &Principal, switch: &Switch) -> Duration {
    let left = principal.expires_at.millis().saturating_sub(switch.now().millis());
    Duration::from_millis(u64::try_from(left).unwrap_or_default())
}
