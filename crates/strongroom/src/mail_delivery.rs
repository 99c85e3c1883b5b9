//! Drives the outbox: looks into it when a mail is added and when its time has come, until the process ends.
//!
//! Holds up no request. What it does not get done, it does after the next start.

use std::sync::Arc;
use std::time::Duration;

use strongroom_app::{MailOutbox, MailSending};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long the mails that are being sent may take once everything else has ended: as long as a mail server usually takes.
const LAST_MAILS: Duration = Duration::from_secs(5);

/// An outbox at work.
#[derive(Debug)]
pub(crate) struct MailDelivery {
    end: oneshot::Sender<()>,
    at_work: JoinHandle<()>,
}

impl MailDelivery {
    /// Begins, on the runtime that this is called on.
    pub(crate) fn begin(outbox: Arc<MailOutbox>) -> Self {
        let (end, mut is_over) = oneshot::channel();
        let at_work = tokio::spawn(async move {
            let mut sending = MailSending::new(&outbox);
            loop {
                let pause = sending.begin_due().await;
                tokio::select! {
                    biased;
                    _ = &mut is_over => break,
                    () = sending.one_ended() => {}
                    () = outbox.woken() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
            sending.all_ended().await;
        });
        Self { end, at_work }
    }

    /// Ends it once the mails that are being sent have been, or in the middle of those that take too long.
    pub(crate) async fn end(self) {
        let Self { end, mut at_work } = self;
        // It never ends by itself: a defect that is met on the way of a mail is caught there.
        let _ = end.send(());
        if tokio::time::timeout(LAST_MAILS, &mut at_work).await.is_err() {
            at_work.abort();
            tracing::warn!(
                "a mail was being sent when the process ended: it is sent again after the next start"
            );
        }
    }
}
