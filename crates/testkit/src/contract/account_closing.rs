//! What closing an account must do to everything that a store keeps of it.

use strongroom_ports::{
    Addition, ConfirmationStore, CredentialStore, MailQuota, NewConfirmation, NewCredential, NewSession,
    SessionStore, StoreError,
};

use super::confirmation_store::{self, ROOM, new_confirmation, try_of};
use super::credential_store::{MANY, add, begun_with, new_credential};
use super::granted;
use crate::sample;

/// Runs the rules of [`CredentialStore::close_account`]. All three are of one store, and nobody else has mails in it.
///
/// # Panics
///
/// At the first rule that the store breaks.
pub async fn account_closing(
    credentials: &dyn CredentialStore,
    sessions: &dyn SessionStore,
    confirmations: &dyn ConfirmationStore,
) {
    let house = House { credentials, sessions, confirmations };
    an_account_that_was_never_there_closes(house).await;
    a_closed_account_leaves_nothing_and_takes_nothing_of_others(house).await;
    what_an_ended_session_adds_is_not_kept(house).await;
    an_address_counts_on_when_the_account_is_closed(house).await;
}

#[derive(Clone, Copy)]
struct House<'a> {
    credentials: &'a dyn CredentialStore,
    sessions: &'a dyn SessionStore,
    confirmations: &'a dyn ConfirmationStore,
}

/// An account with all that one can have.
struct Account {
    credentials: [NewCredential; 2],
    sessions: [NewSession; 2],
    confirmation: NewConfirmation,
}

impl House<'_> {
    async fn open(self) -> Account {
        let first = add(self.credentials, new_credential()).await;
        let owner = first.owner;
        let second = add(self.credentials, NewCredential { owner, ..new_credential() }).await;
        let with = begun_with(owner, first.name);
        let without = NewSession { credential: None, ..begun_with(owner, first.name) };
        for session in [with, without] {
            granted("a session can be opened", self.sessions.open(session).await);
        }
        let confirmation = NewConfirmation { owner, ..new_confirmation() };
        confirmation_store::request(self.confirmations, &confirmation).await;
        Account { credentials: [first, second], sessions: [with, without], confirmation }
    }

    async fn is_live(self, session: &NewSession) -> bool {
        granted("a session can be looked up", self.sessions.is_live(&session.id, sample::now()).await)
    }
}

async fn an_account_that_was_never_there_closes(house: House<'_>) {
    let closed = house.credentials.close_account(&sample::record_id("nobody")).await;
    assert_eq!(closed, Ok(Vec::new()), "closing an account that is not there is no error, and ends nothing");
}

async fn a_closed_account_leaves_nothing_and_takes_nothing_of_others(house: House<'_>) {
    let (closed, other) = (house.open().await, house.open().await);
    let owner = closed.confirmation.owner;
    let revoked = begun_with(owner, closed.credentials[1].name);
    granted("a session can be opened", house.sessions.open(revoked).await);
    granted("a session can be revoked", house.sessions.revoke(&revoked.id).await);
    let mut ended = granted("an account can be closed", house.credentials.close_account(&owner).await);
    ended.sort_unstable();
    let mut expected = closed.sessions.map(|session| session.id);
    expected.sort_unstable();
    assert_eq!(ended, expected, "closing names the sessions that ended, and no others");

    assert_eq!(house.credentials.of_owner(&owner).await, Ok(Vec::new()), "a closed account has no passkey");
    for credential in &closed.credentials {
        assert_eq!(house.credentials.find(&credential.name).await, Ok(None), "nor is one found by its name");
        let late = house.sessions.open(begun_with(owner, credential.name)).await;
        assert_eq!(late, Err(StoreError::Stale), "nor does one begin a session");
    }
    for session in &closed.sessions {
        assert!(!house.is_live(session).await, "a closed account has no session");
        let next = sample::fresh_refresh_hash();
        let rotation =
            house.sessions.rotate(&session.id, session.refresh, next, sample::now(), session.lapses_at).await;
        assert_eq!(rotation, Ok(strongroom_ports::Rotation::Dead), "nor does one rotate");
    }
    assert_eq!(try_of(house.confirmations, &closed.confirmation).await, None, "a closed account has no code");
    let waiting: Vec<_> = confirmation_store::due(house.confirmations, sample::now())
        .await
        .into_iter()
        .map(|(id, ..)| id)
        .collect();
    assert_eq!(waiting, [other.confirmation.mail], "its mails wait no longer, and another's do");

    for credential in &other.credentials {
        let found = granted("a passkey can be looked for", house.credentials.find(&credential.name).await);
        assert!(found.is_some(), "another's passkeys stay");
    }
    for session in &other.sessions {
        assert!(house.is_live(session).await, "another's sessions live on");
    }
    let code = try_of(house.confirmations, &other.confirmation).await;
    assert_eq!(code, Some(other.confirmation.code), "another's code stays");

    assert_eq!(house.credentials.close_account(&owner).await, Ok(Vec::new()), "closing twice is no error");
    let again = NewCredential { name: closed.credentials[0].name, ..new_credential() };
    add(house.credentials, again).await;
    granted("a mail can be forgotten", house.confirmations.done(&other.confirmation.mail).await);
}

async fn what_an_ended_session_adds_is_not_kept(house: House<'_>) {
    let (account, other) = (house.open().await, house.open().await);
    let owner = account.credentials[0].owner;
    let third = |session| NewCredential { owner, session: Some(session), ..new_credential() };
    let by_living = house.credentials.add(third(account.sessions[0].id), MANY).await;
    assert_eq!(by_living, Ok(Addition::Added), "a living session adds a passkey");
    let by_another = house.credentials.add(third(other.sessions[0].id), MANY).await;
    assert_eq!(by_another, Ok(Addition::Ended), "another's session adds nothing");
    granted("an account can be closed", house.credentials.close_account(&owner).await);
    let late = house.credentials.add(third(account.sessions[0].id), MANY).await;
    assert_eq!(late, Ok(Addition::Ended), "nothing is added to an account that has been closed");
    assert_eq!(house.credentials.of_owner(&owner).await, Ok(Vec::new()), "and nothing is kept of it");
    for account in [&account, &other] {
        granted("a mail can be forgotten", house.confirmations.done(&account.confirmation.mail).await);
    }
}

async fn an_address_counts_on_when_the_account_is_closed(house: House<'_>) {
    let first = new_confirmation();
    confirmation_store::request(house.confirmations, &first).await;
    granted("an account can be closed", house.credentials.close_account(&first.owner).await);
    let second = NewConfirmation { address: first.address, ..new_confirmation() };
    let asked = house.confirmations.request(second, MailQuota { per_address: 1, ..ROOM }).await;
    assert_eq!(asked, Ok(false), "closing accounts gives nobody another mail to an address");
}
