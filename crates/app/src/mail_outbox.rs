//! The outbox: opens the mails that are due, hands them to a [`Mailer`], and tries again until their code is worth nothing.
//!
//! A mail is sent at least once: where the process ends between its sending and the note of it, it is sent again. Knows no
//! runtime: whoever drives it by [`MailSending`](crate::MailSending) waits between two looks, for as long as it says or until it is woken. Nobody's
//! request waits for it.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use strongroom_ports::{
    Clock, ConfirmationStore, DueMail, MailError, MailId, Mailer, Sealer, StoreError, Timestamp,
};

use crate::mail_bell::MailBell;
use crate::mail_note;

/// How long an outbox is left alone in which nothing was put off by this process: mails that an earlier one put off are found then.
const IDLE: Duration = Duration::from_secs(30);

/// From the first attempt to the second; doubled from there on.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest from one attempt to the next: a code lives for fifteen of these.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Mails on their way out.
#[derive(Debug)]
pub struct MailOutbox {
    confirmations: Arc<dyn ConfirmationStore>,
    sealer: Arc<dyn Sealer>,
    mailer: Arc<dyn Mailer>,
    clock: Arc<dyn Clock>,
    bell: Arc<MailBell>,
    known: Mutex<Known>,
    counts: Counts,
}

/// What this process has seen of the mails, as many as wait at most.
#[derive(Debug, Default)]
struct Known {
    /// Sent or refused, and the store does not know yet.
    over: HashSet<MailId>,
    /// Until when.
    put_off: HashMap<MailId, Timestamp>,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
    unreadable: AtomicU64,
}

/// What has become of mails since the process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MailFigures {
    /// Handed over.
    pub sent: u64,
    /// Attempts that failed, and are made again.
    pub failed: u64,
    /// Refused for good.
    pub refused: u64,
    /// Could not be opened, and are gone.
    pub unreadable: u64,
}

impl MailOutbox {
    /// Over its ports. `bell`: rung when there is a new mail.
    #[must_use]
    pub fn new(
        confirmations: Arc<dyn ConfirmationStore>,
        sealer: Arc<dyn Sealer>,
        mailer: Arc<dyn Mailer>,
        clock: Arc<dyn Clock>,
        bell: Arc<MailBell>,
    ) -> Self {
        let (known, counts) = Default::default();
        Self { confirmations, sealer, mailer, clock, bell, known, counts }
    }

    /// Waits until there is a new mail.
    pub async fn woken(&self) {
        self.bell.rung().await;
    }

    /// What has become of mails so far.
    #[must_use]
    pub fn figures(&self) -> MailFigures {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Counts { sent, failed, refused, unreadable } = &self.counts;
        MailFigures { sent: of(sent), failed: of(failed), refused: of(refused), unreadable: of(unreadable) }
    }

    /// The mails that are due now, the longest due first, or why nobody knows.
    pub(crate) async fn due(&self, limit: usize) -> Result<Vec<DueMail>, StoreError> {
        self.confirmations.due(self.clock.now(), limit).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether the mail is out of the way.
    pub(crate) async fn deliver(&self, due: &DueMail) -> bool {
        let was_over = self.known().over.contains(&due.id);
        let is_over = was_over || self.attempt(due).await;
        let settled = if is_over {
            {
                let mut known = self.known();
                known.over.insert(due.id);
                known.put_off.remove(&due.id);
            }
            self.confirmations.done(&due.id).await
        } else {
            let until = self.clock.now().plus(pause_after(due.attempts));
            self.known().put_off.insert(due.id, until);
            self.confirmations.put_off(&due.id, until).await
        };
        match settled {
            Ok(()) => {
                self.known().over.remove(&due.id);
                is_over
            }
            Err(error) => {
                complain(error);
                false
            }
        }
    }

    /// Tries to send a mail; whether there is nothing more to try.
    async fn attempt(&self, due: &DueMail) -> bool {
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        let Some(mail) = mail_note::open(&*self.sealer, due.owner, &due.sealed) else {
            tracing::warn!(person = ?due.owner, "a mail that waits does not open: it is dropped");
            count(&self.counts.unreadable);
            return true;
        };
        // A mail that nobody can send without meeting a defect is put off like any that fails.
        let sent = unless_it_panics(self.mailer.send(&mail)).await.unwrap_or(Err(MailError::NotNow));
        match sent {
            Ok(()) => {
                count(&self.counts.sent);
                true
            }
            Err(MailError::Refused) => {
                tracing::warn!(person = ?due.owner, "a mail was refused: it is dropped");
                count(&self.counts.refused);
                true
            }
            Err(MailError::NotNow) => {
                count(&self.counts.failed);
                false
            }
        }
    }

    /// Forgets those whose time has come: they are due no more, since their codes have expired.
    pub(crate) fn until_the_next(&self) -> Duration {
        let now = self.clock.now();
        let mut known = self.known();
        known.put_off.retain(|_, until| *until > now);
        let next = known.put_off.values().min();
        next.map_or(IDLE, |next| {
            let millis = u64::try_from(next.millis().saturating_sub(now.millis())).unwrap_or(0);
            Duration::from_millis(millis).min(IDLE)
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a work gives; `None` where it met a defect, of ours or of a library, which is logged.
///
/// What is shared stays whole: locks are taken over, and what was noted is the store's.
pub(crate) async fn unless_it_panics<T>(work: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .inspect_err(|_| tracing::error!("a defect was met while a mail was on its way"))
        .ok()
}

fn complain(error: StoreError) {
    tracing::warn!(%error, "what became of a mail could not be noted");
}

/// How long after the attempt that followed so many others.
fn pause_after(attempts: u32) -> Duration {
    let factor = 2_u32.checked_pow(attempts).unwrap_or(u32::MAX);
    FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let seconds: Vec<_> = [0, 1, 2, 5, 6, 7, 1000].map(|it| pause_after(it).as_secs()).into();
        assert_eq!(seconds, [1, 2, 4, 32, 60, 60, 60]);
    }
}
