//! Mails that are being sent side by side, each in a place of its own that is filled again as soon as it ends: none waits for the
//! slow server of another's recipient.
//!
//! It is never ended by a mail: a panic is caught, and is one failure more. What is under way when it is dropped is cut off, and
//! begun again by the next.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use strongroom_ports::{DueMail, MailId, Timestamp};

use crate::mail_outbox::{MailOutbox, unless_it_panics};

/// Mails that are being sent at a time: a mail server takes that many connections of one client.
const AT_A_TIME: usize = 8;

/// From a failure to the next mail that is begun, so that a server that is away is asked now and then, and not all the time.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The mails of an outbox that are under way.
pub struct MailSending<'a> {
    outbox: &'a MailOutbox,
    under_way: FuturesUnordered<BoxFuture<'a, Ended>>,
    /// Their ids: while they are under way they are due.
    ids: HashSet<MailId>,
    failed_at: Option<Timestamp>,
}

/// A mail whose turn is over.
struct Ended {
    id: MailId,
    is_out_of_the_way: bool,
}

impl<'a> MailSending<'a> {
    /// Begins to send. One at a time for an outbox: two would send the same mails.
    #[must_use]
    pub fn new(outbox: &'a MailOutbox) -> Self {
        Self { outbox, under_way: FuturesUnordered::new(), ids: HashSet::new(), failed_at: None }
    }

    /// Fills the free places with mails that are due, and says how long to wait before it is asked again, unless
    /// [a mail ends](Self::one_ended) or the outbox is [woken](MailOutbox::woken) before.
    pub async fn begin_due(&mut self) -> Duration {
        if let Some(pause) = self.rest_of_pause() {
            return pause;
        }
        // Those under way are among the longest due, so that as many as there are places are enough to fill them.
        let due = match unless_it_panics(self.outbox.due(AT_A_TIME)).await {
            Some(Ok(due)) => due,
            Some(Err(error)) => {
                tracing::warn!(%error, "the mails that are due cannot be read");
                return AFTER_FAILURE;
            }
            None => return AFTER_FAILURE,
        };
        for mail in due {
            if self.ids.len() < AT_A_TIME && !self.ids.contains(&mail.id) {
                self.begin(mail);
            }
        }
        self.outbox.until_the_next()
    }

    /// Waits until one of the mails under way has ended; for ever where there is none.
    pub async fn one_ended(&mut self) {
        if !self.next_ended().await {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until all mails under way have ended, and begins no other.
    pub async fn all_ended(&mut self) {
        while self.next_ended().await {}
    }

    /// Waits for the next that ends; `false` where none is under way.
    async fn next_ended(&mut self) -> bool {
        let Some(Ended { id, is_out_of_the_way }) = self.under_way.next().await else { return false };
        self.ids.remove(&id);
        if !is_out_of_the_way {
            self.failed_at = Some(self.outbox.now());
        }
        true
    }

    fn begin(&mut self, mail: DueMail) {
        let (outbox, id) = (self.outbox, mail.id);
        self.ids.insert(id);
        let delivered = async move {
            let is_out_of_the_way = unless_it_panics(outbox.deliver(&mail)).await.unwrap_or(false);
            Ended { id, is_out_of_the_way }
        };
        self.under_way.push(delivered.boxed());
    }

    /// `None` once it is over, or the clock was set back behind it.
    fn rest_of_pause(&self) -> Option<Duration> {
        let since = self.outbox.now().millis().checked_sub(self.failed_at?.millis())?;
        AFTER_FAILURE
            .checked_sub(Duration::from_millis(u64::try_from(since).ok()?))
            .filter(|it| !it.is_zero())
    }
}

/// Printed by their number.
impl fmt::Debug for MailSending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSending").field("under_way", &self.ids.len()).finish_non_exhaustive()
    }
}
