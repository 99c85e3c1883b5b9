//! For whom a socket speaks: the token of its first message, judged again and again for as long as the socket lives.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use strongroom_ports::{ChainId, Principal, Refusal, Verdict, WalletAddress};
use tokio::time::{Instant, sleep_until, timeout};
use zeroize::Zeroizing;

use super::handshake::Switch;
use super::server_message::Fault;
use crate::api::Safe;
use crate::safe_time::in_safe_time;

/// How often a token is judged again: a socket is closed within five seconds of what ends its session.
pub(super) const JUDGED_EVERY: Duration = Duration::from_secs(4);

/// A token that was good when it was judged last.
pub(crate) struct Bearer {
    token: Arc<Zeroizing<String>>,
    pub(crate) principal: Arc<Principal>,
    /// When it must be judged again: soon, and at its end.
    pub(crate) judged_until: Instant,
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
        let judged_until = judged_until(&principal, switch);
        Ok(Self { token: Arc::new(token), principal, judged_until })
    }

    /// Judges the token anew, if it is time. What cannot be judged now was good the last time, and is judged again soon.
    pub(crate) async fn judge_if_due(&mut self, switch: &Switch) -> Result<(), Fault> {
        if self.judged_until > Instant::now() {
            return Ok(());
        }
        let time = left(&self.principal, switch).min(JUDGED_EVERY);
        match timeout(time, judge(&self.token, switch)).await.unwrap_or(Err(Refused::Unavailable)) {
            Ok(principal) => self.principal = principal,
            Err(Refused::Token(fault)) => return Err(fault),
            Err(Refused::Unavailable) if left(&self.principal, switch).is_zero() => {
                return Err(Fault::TOKEN_EXPIRED);
            }
            Err(Refused::Unavailable) => {}
        }
        self.judged_until = judged_until(&self.principal, switch);
        Ok(())
    }

    /// Waits for an answer, however long it takes, and has the token judged in its time: when the answer is there, it is good.
    pub(crate) async fn meanwhile<T>(
        &mut self,
        switch: &Switch,
        asked: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let mut asked = pin!(asked);
        loop {
            let answer = tokio::select! {
                biased;
                answer = asked.as_mut() => Some(answer),
                () = sleep_until(self.judged_until) => None,
            };
            self.judge_if_due(switch).await?;
            if let Some(answer) = answer {
                return Ok(answer);
            }
        }
    }

    /// The token, for a safe that takes it.
    pub(crate) fn token(&self) -> Arc<Zeroizing<String>> {
        self.token.clone()
    }
}

/// The wallets of the passkey that a session began with. Whoever has none, or whose safe is elsewhere, is told of none.
pub(crate) async fn wallets(principal: &Principal, switch: &Switch) -> BTreeMap<ChainId, WalletAddress> {
    match &switch.api.safe {
        Safe::Here { passkeys, .. } => in_safe_time(passkeys.wallets(principal)).await.unwrap_or_default(),
        Safe::Remote { .. } => BTreeMap::new(),
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

fn judged_until(principal: &Principal, switch: &Switch) -> Instant {
    Instant::now() + left(principal, switch).min(JUDGED_EVERY)
}
