//! Confirming that a person can be reached at an e-mail address: a code is mailed, and whoever sends it back has read it.
//!
//! Nothing here sends: a request ends with code and mail on disk together, and [`MailOutbox`](crate::MailOutbox) does the rest. No
//! answer tells whether an address is known, a quota used up, or which of the reasons there are made a code worthless.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use strongroom_domain::{EmailAddress, Key, Patch, PatchError, Precondition, Value};
use strongroom_ports::{
    Caller, Clock, ConfirmationStore, MailId, MailQuota, NewConfirmation, Pseudonym, Randomness, RecordId,
    Sealer, Subject, Upstream, UpstreamError,
};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use crate::mail_bell::MailBell;
use crate::mail_note::{self, CODE_LIFETIME};

/// Tries of one code: enough for a slip of the finger. Five in a million is the chance of a guess.
const TRIES: u32 = 5;

/// Mails. Three an hour are as many as a person asks for who mistypes an address, and as few as a stranger may have sent to
/// somebody else. Those that wait take some 10 MiB of the disk.
const QUOTA: MailQuota =
    MailQuota { window: Duration::from_hours(1), per_owner: 3, per_address: 3, waiting: 10_000 };

/// Codes have six digits.
const CODES: u32 = 1_000_000;

/// The keys under which a person's consent is kept (guide, section 1).
const NEWS: &str = "optin.news";
const NOTIFICATIONS: &str = "optin.notifications";

/// Asks for codes, and takes them.
#[derive(Debug)]
pub struct EmailConfirmation {
    confirmations: Arc<dyn ConfirmationStore>,
    safe: Arc<dyn Upstream>,
    sealer: Arc<dyn Sealer>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    bell: Arc<MailBell>,
}

/// What a person sends back.
pub struct Confirmed<'a> {
    /// The address that the code was mailed to, byte for byte.
    pub address: &'a EmailAddress,
    /// The code, or whatever was sent for one.
    pub code: &'a str,
    /// Where the address is kept. A write-only key is as good as a readable one.
    pub key: Key,
    /// Whether the person wants news; `None`: was not asked.
    pub news: Option<bool>,
    /// Likewise of notifications.
    pub notifications: Option<bool>,
}

/// Printed by its kind alone: the code is a secret while it may still be used.
impl fmt::Debug for Confirmed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Confirmed")
    }
}

/// Why an address was not confirmed, or no code made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ConfirmationError {
    /// There is no such code: it was never sent to this address for this person, is used, has expired, or its tries are spent: 400.
    #[error("the code is worth nothing")]
    WorthlessCode,
    /// The address would be kept under the key of a consent that is sent with it: 400.
    #[error("the address and a consent are to be kept under one key")]
    OneKeyForTwo,
    /// Codes cannot be kept now: 503.
    #[error("codes cannot be kept now")]
    Unavailable,
    /// The safe did not take the address; the code is used.
    #[error(transparent)]
    Safe(#[from] UpstreamError),
}

impl EmailConfirmation {
    /// Over its ports. `bell`: that of the outbox.
    #[must_use]
    pub fn new(
        confirmations: Arc<dyn ConfirmationStore>,
        safe: Arc<dyn Upstream>,
        sealer: Arc<dyn Sealer>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        bell: Arc<MailBell>,
    ) -> Self {
        Self { confirmations, safe, sealer, clock, randomness, bell }
    }

    /// Has a code mailed to an address, unless a quota is used up, which the caller is not told. `tenant_name`: what people call the
    /// service that asks. The mail is on disk when this returns, and not yet sent.
    ///
    /// # Errors
    ///
    /// [`ConfirmationError::Unavailable`].
    pub async fn validate(
        &self,
        caller: &Caller,
        tenant_name: &str,
        address: &EmailAddress,
    ) -> Result<(), ConfirmationError> {
        let place = self.place(caller, address);
        let code = self.new_code();
        let hashed = self.hashed(&place, &code);
        let sealed_mail = mail_note::seal(
            (&*self.sealer, &*self.randomness),
            place.owner,
            &mail_note::of_code(address, tenant_name, &code),
        );
        strongroom_domain::scrub(code.into_bytes());
        let created_at = self.clock.now();
        let confirmation = NewConfirmation {
            owner: place.owner,
            address: place.mailbox,
            code: hashed,
            mail: MailId::from_bytes(self.random()),
            sealed_mail: sealed_mail.map_err(|_| ConfirmationError::Unavailable)?,
            created_at,
            expires_at: created_at.plus(CODE_LIFETIME),
        };
        let kept = self.confirmations.request(confirmation, QUOTA).await;
        if kept.map_err(|_| ConfirmationError::Unavailable)? {
            self.bell.ring();
        } else {
            tracing::info!(person = ?place.owner, "no code was mailed: a quota is used up");
        }
        Ok(())
    }

    /// Takes a code back, once, and keeps the address and the consents in the person's record.
    ///
    /// The code is used up before anything is written, so that of several who send it at once one writes and the others have changed
    /// nothing. Where the safe then refuses, another code must be asked for.
    ///
    /// # Errors
    ///
    /// [`ConfirmationError`].
    pub async fn confirm(&self, caller: &Caller, sent: Confirmed<'_>) -> Result<(), ConfirmationError> {
        let place = self.place(caller, sent.address);
        let hashed = self.hashed(&place, sent.code);
        let patch = patch(sent)?;
        let (owner, mailbox) = (&place.owner, &place.mailbox);
        let unavailable = |_| ConfirmationError::Unavailable;
        let right = self.confirmations.take_try(owner, mailbox, TRIES, self.clock.now()).await;
        let is_right =
            right.map_err(unavailable)?.is_some_and(|right| right.as_bytes().ct_eq(hashed.as_bytes()).into());
        if !is_right || !self.confirmations.use_up(owner, mailbox, &hashed).await.map_err(unavailable)? {
            return Err(ConfirmationError::WorthlessCode);
        }
        self.safe.merge(caller, &patch, &Precondition::default()).await?;
        Ok(())
    }

    fn place(&self, caller: &Caller, address: &EmailAddress) -> Place {
        let hashed = |address: &EmailAddress| {
            self.sealer.pseudonym(&Subject::Address { tenant: &caller.tenant, address: address.as_str() })
        };
        Place {
            owner: self.sealer.record_id(caller),
            mailbox: hashed(&address.in_small_letters()),
            exact: hashed(address),
        }
    }

    /// Bound to the very bytes of the address: a code for one spelling confirms no other.
    fn hashed(&self, place: &Place, code: &str) -> Pseudonym {
        self.sealer.pseudonym(&Subject::Code { owner: &place.owner, address: &place.exact, code })
    }

    /// Six digits, each code as likely as any other: what is left of the numbers once they are dealt out evenly is drawn again.
    fn new_code(&self) -> String {
        const EVEN: u32 = u32::MAX - u32::MAX % CODES;
        loop {
            let drawn = u32::from_be_bytes(self.random());
            if drawn < EVEN {
                return format!("{:06}", drawn % CODES);
            }
        }
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.randomness.fill(&mut bytes);
        bytes
    }
}

/// Whose, and where it is mailed to.
struct Place {
    owner: RecordId,
    /// What mails are counted by, and codes found by.
    mailbox: Pseudonym,
    exact: Pseudonym,
}

fn patch(sent: Confirmed<'_>) -> Result<Patch, ConfirmationError> {
    let mut patch = Patch::new();
    // An address has no character that a text refuses.
    let address =
        Value::text(sent.address.as_str().to_owned()).map_err(|_| ConfirmationError::OneKeyForTwo)?;
    patch.change(sent.key, Some(address)).map_err(one_key_for_two)?;
    for (key, flag) in [(NEWS, sent.news), (NOTIFICATIONS, sent.notifications)] {
        if let Some(flag) = flag {
            patch.set(key, Value::Bool(flag)).map_err(one_key_for_two)?;
        }
    }
    Ok(patch)
}

fn one_key_for_two(_: PatchError) -> ConfirmationError {
    ConfirmationError::OneKeyForTwo
}
