//! A store that fails when it is told to, and everything else in memory around it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use strongroom_app::{ConfirmationError, Confirmed, EmailConfirmation, MailBell, MailOutbox, MailSending};
use strongroom_domain::{EmailAddress, Key};
use strongroom_ports::{
    Caller, ConfirmationStore, DueMail, Mail, MailError, MailId, MailQuota, Mailer, NewConfirmation,
    Pseudonym, RecordId, StoreError, Timestamp, Upstream,
};
use strongroom_testkit::fake::{
    CountingRandomness, InMemoryAccountStore, InMemoryUpstream, ManualClock, RecordingMailer,
    TransparentSealer,
};
use strongroom_testkit::sample;

pub(crate) const ADDRESS: &str = "Jane.Doe@foo.domain";

/// Everything, over memory.
pub(crate) struct House {
    pub(crate) store: Arc<TroubledStore>,
    pub(crate) safe: Arc<InMemoryUpstream>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) mailer: Arc<RecordingMailer>,
    pub(crate) email: EmailConfirmation,
    pub(crate) outbox: MailOutbox,
    pub(crate) jane: Caller,
}

/// Answers no mail to [`SLOW`], has a defect that one to [`DEFECT`] meets, and takes every other.
#[derive(Debug, Default)]
pub(crate) struct MoodyMailer {
    pub(crate) taken: RecordingMailer,
    pub(crate) begun: AtomicUsize,
}

pub(crate) const SLOW: &str = "slow.foo.domain";
pub(crate) const DEFECT: &str = "defect.foo.domain";

#[async_trait]
impl Mailer for MoodyMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        assert!(!mail.to.ends_with(DEFECT), "a defect of the mailer");
        if mail.to.ends_with(SLOW) {
            std::future::pending::<()>().await;
        }
        self.taken.send(mail).await
    }
}

impl House {
    pub(crate) fn new() -> Self {
        let store = Arc::new(TroubledStore::default());
        let (safe, clock) = (Arc::new(InMemoryUpstream::new()), Arc::new(ManualClock::default()));
        let (mailer, bell) = (Arc::new(RecordingMailer::default()), Arc::new(MailBell::new()));
        let sealer = Arc::new(TransparentSealer::new());
        let email = EmailConfirmation::new(
            store.clone(),
            safe.clone(),
            sealer.clone(),
            clock.clone(),
            Arc::new(CountingRandomness::new()),
            bell.clone(),
        );
        let outbox = MailOutbox::new(store.clone(), sealer, mailer.clone(), clock.clone(), bell);
        Self { store, safe, clock, mailer, email, outbox, jane: sample::caller() }
    }

    /// Sends what is due, as many mails as have a place, to their end. How long to wait after that.
    pub(crate) async fn deliver_due(&self) -> Duration {
        let mut sending = MailSending::new(&self.outbox);
        sending.begin_due().await;
        sending.all_ended().await;
        sending.begin_due().await
    }

    /// Asks for a code for the guide's person.
    pub(crate) async fn ask(&self, address: &str) {
        self.email.validate(&self.jane, "Demo", &parsed(address)).await.unwrap();
    }

    /// Asks for a code, and reads the mail.
    pub(crate) async fn code(&self, address: &str) -> String {
        self.ask(address).await;
        let before = self.mailer.sent().len();
        self.deliver_due().await;
        let sent = self.mailer.sent();
        assert_eq!(sent.len(), before + 1, "one mail");
        code_in(&sent[before])
    }

    /// Sends a code back.
    pub(crate) async fn confirm(&self, address: &str, code: &str) -> Result<(), ConfirmationError> {
        self.confirm_as(&self.jane, address, code).await
    }

    pub(crate) async fn confirm_as(
        &self,
        caller: &Caller,
        address: &str,
        code: &str,
    ) -> Result<(), ConfirmationError> {
        let address = parsed(address);
        let key = Key::parse("marketing.email").unwrap();
        let sent = Confirmed { address: &address, code, key, news: None, notifications: None };
        self.email.confirm(caller, sent).await
    }

    /// What may be read of the guide's person.
    pub(crate) async fn view(&self) -> Option<String> {
        Some(self.safe.read(&self.jane).await.unwrap()?.view.as_json().to_owned())
    }
}

pub(crate) fn parsed(address: &str) -> EmailAddress {
    EmailAddress::parse(address).unwrap()
}

/// The code that a mail carries.
pub(crate) fn code_in(mail: &Mail) -> String {
    let (_, behind) = mail.text.split_once(" is ").unwrap();
    behind[..6].to_owned()
}

/// Another code.
pub(crate) fn wrong(code: &str) -> String {
    if code == "000000" { "000001".to_owned() } else { "000000".to_owned() }
}

/// Notes nothing while it is troubled. What waits can be swapped for something else.
#[derive(Debug, Default)]
pub(crate) struct TroubledStore {
    kept: InMemoryAccountStore,
    pub(crate) is_troubled: AtomicBool,
    pub(crate) damages_mails: AtomicBool,
    pub(crate) has_a_defect: AtomicBool,
}

impl TroubledStore {
    fn trouble(&self) -> Result<(), StoreError> {
        if self.is_troubled.load(Ordering::SeqCst) { Err(StoreError::Unavailable) } else { Ok(()) }
    }
}

#[async_trait]
impl ConfirmationStore for TroubledStore {
    async fn request(&self, confirmation: NewConfirmation, quota: MailQuota) -> Result<bool, StoreError> {
        self.trouble()?;
        self.kept.request(confirmation, quota).await
    }

    async fn take_try(
        &self,
        owner: &RecordId,
        address: &Pseudonym,
        most: u32,
        now: Timestamp,
    ) -> Result<Option<Pseudonym>, StoreError> {
        self.trouble()?;
        self.kept.take_try(owner, address, most, now).await
    }

    async fn use_up(
        &self,
        owner: &RecordId,
        address: &Pseudonym,
        code: &Pseudonym,
    ) -> Result<bool, StoreError> {
        self.trouble()?;
        self.kept.use_up(owner, address, code).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<DueMail>, StoreError> {
        assert!(!self.has_a_defect.load(Ordering::SeqCst), "a defect of the store");
        let mut due = self.kept.due(now, limit).await?;
        if self.damages_mails.load(Ordering::SeqCst) {
            for mail in &mut due {
                mail.sealed = mail.sealed.slice(1..);
            }
        }
        Ok(due)
    }

    async fn done(&self, mail: &MailId) -> Result<(), StoreError> {
        self.trouble()?;
        self.kept.done(mail).await
    }

    async fn put_off(&self, mail: &MailId, until: Timestamp) -> Result<(), StoreError> {
        self.trouble()?;
        self.kept.put_off(mail, until).await
    }
}
