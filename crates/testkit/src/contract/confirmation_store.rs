//! What every [`ConfirmationStore`] must do.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use strongroom_ports::{ConfirmationStore, MailQuota, NewConfirmation, Pseudonym, RecordId, Timestamp};

use super::race::{alone, race};
use super::{BlockOn, granted};
use crate::sample;

/// How many do the same thing at a time.
const RACERS: usize = 16;
/// Tries that a code has.
const TRIES: u32 = 5;
/// How long a code of this suite is worth something.
const LIFETIME: Duration = Duration::from_mins(15);
/// More than a rule of this suite asks for.
pub(super) const ROOM: MailQuota =
    MailQuota { window: Duration::from_hours(1), per_owner: 50, per_address: 50, waiting: 50 };

/// Runs every rule of [`ConfirmationStore`] that one caller can see. Nobody else has mails in the store meanwhile: they would count,
/// and be due.
///
/// # Panics
///
/// At the first rule that the store breaks.
pub async fn confirmation_store(store: &dyn ConfirmationStore) {
    a_code_has_its_tries_and_no_more(store).await;
    a_code_is_worth_something_until_it_expires(store).await;
    a_code_is_used_up_once_and_its_mail_goes_with_it(store).await;
    a_later_code_replaces_an_earlier_one_and_its_mail(store).await;
    a_quota_counts_what_was_asked_for_within_its_window(store).await;
    the_outbox_holds_no_more_than_may_wait(store).await;
    a_mail_is_due_as_it_was_kept_until_it_is_done(store).await;
    mails_come_the_longest_due_first_and_no_more_than_asked_for(store).await;
    a_mail_that_is_put_off_is_due_later_and_counts_its_attempts(store).await;
    a_mail_that_has_expired_is_never_due(store).await;
}

/// Runs every rule of [`ConfirmationStore`] that takes several callers to see: one thread for each, `handles` given out in turn.
/// The handles are of one store, and nobody else has mails in it.
///
/// # Panics
///
/// At the first rule that the store breaks.
pub fn confirmation_store_concurrency(handles: &[Arc<dyn ConfirmationStore>], block_on: BlockOn) {
    assert!(!handles.is_empty(), "the suite needs a handle");
    let kept = new_confirmation();
    let (owner, address, code) = (kept.owner, kept.address, kept.code);
    let store = Arc::clone(&handles[0]);
    alone(block_on, async move { request(&*store, &kept).await });

    let answers = race(handles, block_on, RACERS, move |_, store| async move {
        take_try(&*store, owner, address, sample::now()).await.is_some()
    });
    let tries = answers.iter().filter(|taken| **taken).count();
    assert_eq!(tries, TRIES as usize, "a code has as many tries as there may be, however many try");

    let answers = race(handles, block_on, RACERS, move |_, store| async move {
        granted("a use is decided", store.use_up(&owner, &address, &code).await)
    });
    assert_eq!(answers.iter().filter(|used| **used).count(), 1, "a code is used up exactly once");

    let owner = sample::record_id("quota");
    let answers = race(handles, block_on, RACERS, move |_, store| async move {
        let quota = MailQuota { per_owner: TRIES, ..ROOM };
        let new = NewConfirmation { owner, ..new_confirmation() };
        granted("a request is decided", store.request(new, quota).await)
    });
    let kept = answers.iter().filter(|kept| **kept).count();
    assert_eq!(kept, TRIES as usize, "a quota holds, however many ask");
}

async fn a_code_has_its_tries_and_no_more(store: &dyn ConfirmationStore) {
    let new = new_confirmation();
    assert_eq!(try_of(store, &new).await, None, "a code that was never asked for has no try");
    request(store, &new).await;
    let (other, address) = (sample::record_id("other"), sample::fresh_pseudonym());
    let stranger = take_try(store, other, new.address, sample::now()).await;
    assert_eq!(stranger, None, "a code has no try for another owner");
    let elsewhere = take_try(store, new.owner, address, sample::now()).await;
    assert_eq!(elsewhere, None, "a code has no try for another address");
    for _ in 0..TRIES {
        assert_eq!(try_of(store, &new).await, Some(new.code), "a try gives the hash to compare with");
    }
    assert_eq!(try_of(store, &new).await, None, "a code has no more tries than there may be");
    send_all(store).await;
}

async fn a_code_is_worth_something_until_it_expires(store: &dyn ConfirmationStore) {
    let new = new_confirmation();
    request(store, &new).await;
    let last = Timestamp::from_millis(new.expires_at.millis() - 1);
    let code = take_try(store, new.owner, new.address, last).await;
    assert_eq!(code, Some(new.code), "a code is good to its last millisecond");
    let code = take_try(store, new.owner, new.address, new.expires_at).await;
    assert_eq!(code, None, "a code is worth nothing when it expires");
    send_all(store).await;
}

async fn a_code_is_used_up_once_and_its_mail_goes_with_it(store: &dyn ConfirmationStore) {
    let new = new_confirmation();
    request(store, &new).await;
    let use_up =
        async |owner, address, code| granted("a use is decided", store.use_up(&owner, &address, &code).await);
    let other = sample::fresh_pseudonym();
    assert!(!use_up(new.owner, new.address, other).await, "another code is not used up");
    assert!(!use_up(new.owner, other, new.code).await, "nor for another address");
    assert!(!use_up(sample::record_id("other"), new.address, new.code).await, "nor by another owner");
    assert!(use_up(new.owner, new.address, new.code).await, "the code is used up");
    assert!(!use_up(new.owner, new.address, new.code).await, "a code is used up once");
    assert_eq!(try_of(store, &new).await, None, "a used code has no try");
    assert_eq!(due(store, sample::now()).await, [], "the mail of a used code waits no longer");
}

async fn a_later_code_replaces_an_earlier_one_and_its_mail(store: &dyn ConfirmationStore) {
    let first = new_confirmation();
    request(store, &first).await;
    for _ in 0..TRIES {
        try_of(store, &first).await;
    }
    let second = NewConfirmation { owner: first.owner, address: first.address, ..new_confirmation() };
    let elsewhere = NewConfirmation { owner: first.owner, ..new_confirmation() };
    request(store, &second).await;
    request(store, &elsewhere).await;
    assert_eq!(try_of(store, &second).await, Some(second.code), "a later code has tries of its own");
    assert_eq!(
        try_of(store, &elsewhere).await,
        Some(elsewhere.code),
        "one for another address replaces nothing"
    );
    let used = granted("a use is decided", store.use_up(&first.owner, &first.address, &first.code).await);
    assert!(!used, "a replaced code is worth nothing");
    let waiting: Vec<_> = due(store, sample::now()).await.into_iter().map(|(id, ..)| id).collect();
    assert_eq!(waiting, [second.mail, elsewhere.mail], "the mail of a replaced code waits no longer");
    send_all(store).await;
}

async fn a_quota_counts_what_was_asked_for_within_its_window(store: &dyn ConfirmationStore) {
    let first = new_confirmation();
    let asked = async |new: &NewConfirmation, quota| {
        granted("a request is decided", store.request(new.clone(), quota).await)
    };
    let of_owner = MailQuota { per_owner: 2, ..ROOM };
    assert!(asked(&first, of_owner).await, "there is room at first");
    let used = store.use_up(&first.owner, &first.address, &first.code).await;
    assert_eq!(used, Ok(true), "the code is used up");
    let second = NewConfirmation { owner: first.owner, ..new_confirmation() };
    assert!(asked(&second, of_owner).await, "there is room for as many as there may be");
    let third = NewConfirmation { owner: first.owner, address: second.address, ..new_confirmation() };
    assert!(!asked(&third, of_owner).await, "what was asked for counts, also when it has been used");
    assert_eq!(try_of(store, &second).await, Some(second.code), "a refused request replaces nothing");
    let waiting: Vec<_> = due(store, sample::now()).await.into_iter().map(|(id, ..)| id).collect();
    assert_eq!(waiting, [second.mail], "a refused request has no mail");
    let stranger = NewConfirmation { address: second.address, ..new_confirmation() };
    assert!(asked(&stranger, of_owner).await, "another owner has room");
    let another = NewConfirmation { address: second.address, ..new_confirmation() };
    let of_address = MailQuota { per_address: 2, ..ROOM };
    assert!(!asked(&another, of_address).await, "an address counts whoever asked");
    assert!(asked(&another, MailQuota { per_address: 3, ..ROOM }).await, "what was refused does not count");
    let created_at = sample::now().plus(ROOM.window);
    let later = NewConfirmation { created_at, expires_at: created_at.plus(LIFETIME), ..third };
    assert!(asked(&later, of_owner).await, "what was asked for before the window does not count");
    granted("mails can be forgotten", store.done(&later.mail).await);
    send_all(store).await;
}

async fn the_outbox_holds_no_more_than_may_wait(store: &dyn ConfirmationStore) {
    let quota = MailQuota { waiting: 2, ..ROOM };
    let asked = async |new: &NewConfirmation| {
        granted("a request is decided", store.request(new.clone(), quota).await)
    };
    let (first, second, third) = (new_confirmation(), new_confirmation(), new_confirmation());
    assert!(asked(&first).await && asked(&second).await, "there is room for as many as may wait");
    assert!(!asked(&third).await, "no more wait than may");
    let again = NewConfirmation { owner: first.owner, address: first.address, ..new_confirmation() };
    assert!(asked(&again).await, "a mail that replaces another takes its room");
    granted("a mail can be forgotten", store.done(&second.mail).await);
    assert!(asked(&third).await, "a mail that is done makes room");
    let created_at = again.expires_at;
    let late = NewConfirmation { created_at, expires_at: created_at.plus(LIFETIME), ..new_confirmation() };
    assert!(asked(&late).await, "mails that have expired make room");
    granted("a mail can be forgotten", store.done(&late.mail).await);
    send_all(store).await;
}

async fn a_mail_is_due_as_it_was_kept_until_it_is_done(store: &dyn ConfirmationStore) {
    for length in [1, 1000, 20_000] {
        let sealed_mail: Bytes = (0..=255).cycle().take(length).collect::<Vec<u8>>().into();
        let new = NewConfirmation { sealed_mail: sealed_mail.clone(), ..new_confirmation() };
        request(store, &new).await;
        let before = Timestamp::from_millis(new.created_at.millis() - 1);
        assert_eq!(due(store, before).await, [], "a mail is not due before it was asked for");
        let expected = [(new.mail, new.owner, sealed_mail, 0)];
        for _ in 0..2 {
            let told = due(store, new.created_at).await;
            assert_eq!(told, expected, "a mail is due as it was kept, until it is done");
        }
        granted("a mail can be forgotten", store.done(&new.mail).await);
        assert_eq!(due(store, new.created_at).await, [], "what is done is not due");
        granted("forgetting twice is no error", store.done(&new.mail).await);
        assert_eq!(try_of(store, &new).await, Some(new.code), "the code stays when its mail is sent");
    }
}

async fn mails_come_the_longest_due_first_and_no_more_than_asked_for(store: &dyn ConfirmationStore) {
    let mut asked = Vec::new();
    for minutes in [2, 0, 1] {
        let created_at = sample::now().plus(Duration::from_mins(minutes));
        let new = NewConfirmation { created_at, ..new_confirmation() };
        request(store, &new).await;
        asked.push(new.mail);
    }
    let now = sample::now().plus(Duration::from_mins(2));
    let told = granted("due mails can be read", store.due(now, 2).await);
    let ids: Vec<_> = told.iter().map(|mail| mail.id).collect();
    assert_eq!(ids, [asked[1], asked[2]], "the longest due come first, no more than asked for");
    send_all(store).await;
}

async fn a_mail_that_is_put_off_is_due_later_and_counts_its_attempts(store: &dyn ConfirmationStore) {
    let new = new_confirmation();
    request(store, &new).await;
    for attempts in 1..=3 {
        let until = sample::now().plus(Duration::from_mins(attempts));
        granted("a mail can be put off", store.put_off(&new.mail, until).await);
        let before = Timestamp::from_millis(until.millis() - 1);
        assert_eq!(due(store, before).await, [], "a mail that is put off is not due until then");
        let told: Vec<_> =
            due(store, until).await.into_iter().map(|(.., attempts)| u64::from(attempts)).collect();
        assert_eq!(told, [attempts], "each attempt that failed counts");
    }
    let unknown = store.put_off(&sample::fresh_mail_id(), sample::now()).await;
    granted("putting off what is not there is no error", unknown);
    send_all(store).await;
}

async fn a_mail_that_has_expired_is_never_due(store: &dyn ConfirmationStore) {
    let new = new_confirmation();
    request(store, &new).await;
    let last = Timestamp::from_millis(new.expires_at.millis() - 1);
    assert_eq!(due(store, last).await.len(), 1, "a mail is due to its last millisecond");
    assert_eq!(due(store, new.expires_at).await, [], "a mail that has expired is not due");
    assert_eq!(due(store, last).await, [], "a mail that has expired is forgotten");
}

/// A code of fifteen minutes, of its own owner and for its own address.
pub(super) fn new_confirmation() -> NewConfirmation {
    NewConfirmation {
        owner: sample::record_id("confirmation"),
        address: sample::fresh_pseudonym(),
        code: sample::fresh_pseudonym(),
        mail: sample::fresh_mail_id(),
        sealed_mail: Bytes::from_static(b"sealed mail"),
        created_at: sample::now(),
        expires_at: sample::now().plus(LIFETIME),
    }
}

pub(super) async fn request(store: &dyn ConfirmationStore, new: &NewConfirmation) {
    let kept = granted("a request is decided", store.request(new.clone(), ROOM).await);
    assert!(kept, "with room, a request is kept");
}

pub(super) async fn try_of(store: &dyn ConfirmationStore, new: &NewConfirmation) -> Option<Pseudonym> {
    take_try(store, new.owner, new.address, new.created_at).await
}

async fn take_try(
    store: &dyn ConfirmationStore,
    owner: RecordId,
    address: Pseudonym,
    now: Timestamp,
) -> Option<Pseudonym> {
    granted("a try is decided", store.take_try(&owner, &address, TRIES, now).await)
}

type Told = (strongroom_ports::MailId, RecordId, Bytes, u32);

pub(super) async fn due(store: &dyn ConfirmationStore, now: Timestamp) -> Vec<Told> {
    let due = granted("due mails can be read", store.due(now, usize::MAX).await);
    due.into_iter().map(|mail| (mail.id, mail.owner, mail.sealed, mail.attempts)).collect()
}

/// Leaves no mail to the next rule.
async fn send_all(store: &dyn ConfirmationStore) {
    let last = Timestamp::from_millis(sample::now().plus(LIFETIME).millis() - 1);
    for (mail, ..) in due(store, last).await {
        granted("a mail can be forgotten", store.done(&mail).await);
    }
}
