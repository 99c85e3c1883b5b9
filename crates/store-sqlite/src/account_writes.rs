//! The writes to what belongs to people's accounts but sessions: passkeys, codes, mails. Each goes to its file from here.

use bytes::Bytes;
use rusqlite::Connection;
use strongroom_ports::{
    Addition, MailId, MailQuota, NewConfirmation, NewCredential, Pseudonym, RecordId, Removal, Timestamp,
};

use crate::answer::Answer;
use crate::box_slots::of_mail;
use crate::error::Refused;
use crate::{confirmation_writes, credential_writes, mail_writes};

/// One write, as its caller asked for it.
#[derive(Debug)]
pub(crate) enum AccountWrite {
    AddCredential { new: NewCredential, most: usize },
    ReplaceCredential { name: Pseudonym, edition: u64, sealed: Bytes },
    RemoveCredential { owner: RecordId, name: Pseudonym },
    Close { owner: RecordId },
    RequestConfirmation { new: NewConfirmation, quota: MailQuota },
    TakeTry { owner: RecordId, address: Pseudonym, most: u32, now: Timestamp },
    UseUp { owner: RecordId, address: Pseudonym, code: Pseudonym },
    DueMails { now: Timestamp, limit: usize },
    MailDone { id: MailId },
    PutOff { id: MailId, until: Timestamp },
}

impl AccountWrite {
    /// Applies it, and says besides the answer whether it has changed anything.
    pub(crate) fn apply(&self, connection: &Connection) -> Result<(Answer, bool), Refused> {
        Ok(match self {
            Self::AddCredential { new, most } => {
                let addition = credential_writes::add(connection, new, *most)?;
                (Answer::Addition(addition), addition == Addition::Added)
            }
            Self::ReplaceCredential { name, edition, sealed } => {
                credential_writes::replace(connection, name, *edition, sealed)?;
                (Answer::Done, true)
            }
            Self::RemoveCredential { owner, name } => {
                let removal = credential_writes::remove(connection, owner, name)?;
                let is_removed = matches!(removal, Removal::Removed { .. });
                (Answer::Removal(removal), is_removed)
            }
            Self::Close { owner } => {
                let ended = credential_writes::close_account(connection, owner)?;
                let was_open = ended.is_some();
                (Answer::Ended(ended.unwrap_or_default()), was_open)
            }
            Self::RequestConfirmation { new, quota } => {
                // A refusal is committed too.
                (Answer::Decided(confirmation_writes::request(connection, new, *quota)?), true)
            }
            Self::TakeTry { owner, address, most, now } => {
                let code = confirmation_writes::take_try(connection, owner, address, *most, *now)?;
                (Answer::Code(code), code.is_some())
            }
            Self::UseUp { owner, address, code } => {
                decided(confirmation_writes::use_up(connection, owner, address, code)?)
            }
            Self::DueMails { now, limit } => {
                let due = mail_writes::due(connection, *now, *limit)?;
                (Answer::Due(due), mail_writes::forget_expired(connection, *now)?)
            }
            Self::MailDone { id } => (Answer::Done, mail_writes::forget(connection, &of_mail(id))?),
            Self::PutOff { id, until } => {
                (Answer::Done, mail_writes::put_off(connection, &of_mail(id), *until)?)
            }
        })
    }
}

/// What has decided for something has changed it.
fn decided(decision: bool) -> (Answer, bool) {
    (Answer::Decided(decision), decision)
}
