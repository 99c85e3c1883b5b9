//! What every [`SessionStore`] must do.

use std::sync::Arc;
use std::time::Duration;

use strongroom_ports::{
    MAX_LIVE_SESSIONS, NewSession, RecordId, RefreshHash, Rotation, SessionEntry, SessionId, SessionStore,
    StoreError, Timestamp,
};

use super::race::{alone, race};
use super::{BlockOn, granted};
use crate::sample;

/// How many present one refresh token at a time.
const RACERS: usize = 16;
/// How long a session of this suite lasts.
const LIFETIME: Duration = Duration::from_hours(24);

/// Runs every rule of [`SessionStore`] that one caller can see.
///
/// # Panics
///
/// At the first rule that the store breaks.
pub async fn session_store(store: &dyn SessionStore) {
    a_session_that_never_began_is_dead(store).await;
    a_session_lives_from_its_opening_until_it_lapses(store).await;
    a_refresh_token_rotates_once_and_its_replay_revokes(store).await;
    a_token_that_was_never_valid_revokes_too(store).await;
    a_rotation_moves_the_lapse(store).await;
    a_lapsed_session_is_dead_and_stays_so(store).await;
    a_revoked_session_is_dead_for_good(store).await;
    sessions_do_not_touch_each_other(store).await;
    a_passkey_that_is_not_kept_begins_no_session(store).await;
    the_live_sessions_of_an_owner_are_listed_the_newest_first(store).await;
    a_rotation_is_the_last_refresh(store).await;
    an_owner_ends_own_live_sessions_only(store).await;
    one_session_too_many_ends_the_oldest(store).await;
}

/// Runs every rule of [`SessionStore`] that takes several callers to see: one thread for each, `handles` given out in
/// turn. The handles are of one store.
///
/// # Panics
///
/// At the first rule that the store breaks.
pub fn session_store_concurrency(handles: &[Arc<dyn SessionStore>], block_on: BlockOn) {
    assert!(!handles.is_empty(), "the suite needs a handle");
    let session = new_session();
    let opener = Arc::clone(&handles[0]);
    alone(block_on, async move { granted("a session can be opened", opener.open(session).await) });
    let answers = race(handles, block_on, RACERS, move |_, handle| async move {
        rotate(&*handle, &session.id, session.refresh).await.0
    });
    let rotated = answers.iter().filter(|answer| **answer == Rotation::Rotated).count();
    assert_eq!(rotated, 1, "one presented token rotates exactly once, however many present it: {answers:?}");
}

async fn a_session_that_never_began_is_dead(store: &dyn SessionStore) {
    let id = sample::fresh_session_id();
    assert!(!is_live(store, &id, sample::now()).await, "a session that never began does not live");
    let (answer, _) = rotate(store, &id, sample::fresh_refresh_hash()).await;
    assert_eq!(answer, Rotation::Dead, "a session that never began does not rotate");
    assert!(!is_live(store, &id, sample::now()).await, "a refused rotation begins no session");
    granted("revoking a session that never began is no error", store.revoke(&id).await);
}

async fn a_session_lives_from_its_opening_until_it_lapses(store: &dyn SessionStore) {
    let session = open(store).await;
    assert!(is_live(store, &session.id, session.created_at).await, "a session lives once it is opened");
    let last = Timestamp::from_millis(session.lapses_at.millis() - 1);
    assert!(is_live(store, &session.id, last).await, "a session lives to its last millisecond");
    assert!(!is_live(store, &session.id, session.lapses_at).await, "a session is dead when it lapses");
}

async fn a_refresh_token_rotates_once_and_its_replay_revokes(store: &dyn SessionStore) {
    let session = open(store).await;
    let (first, second) = rotate(store, &session.id, session.refresh).await;
    assert_eq!(first, Rotation::Rotated, "the valid token rotates");
    let (again, third) = rotate(store, &session.id, second).await;
    assert_eq!(again, Rotation::Rotated, "the next token is the valid one after a rotation");
    assert!(is_live(store, &session.id, sample::now()).await, "a session lives on after rotations");
    let (replay, _) = rotate(store, &session.id, session.refresh).await;
    assert_eq!(replay, Rotation::Replayed, "a token that was valid once is a replay, however long ago");
    assert!(!is_live(store, &session.id, sample::now()).await, "a replay revokes the session");
    let (late, _) = rotate(store, &session.id, third).await;
    assert_eq!(late, Rotation::Dead, "after a replay the valid token is dead too");
}

async fn a_token_that_was_never_valid_revokes_too(store: &dyn SessionStore) {
    let session = open(store).await;
    let (answer, _) = rotate(store, &session.id, sample::fresh_refresh_hash()).await;
    assert_eq!(answer, Rotation::Replayed, "another token than the valid one is a replay");
    assert!(!is_live(store, &session.id, sample::now()).await, "another token than the valid one revokes");
}

async fn a_rotation_moves_the_lapse(store: &dyn SessionStore) {
    let session = open(store).await;
    let later = session.lapses_at.plus(Duration::from_mins(1));
    let next = sample::fresh_refresh_hash();
    let answer = store.rotate(&session.id, session.refresh, next, session.created_at, later).await;
    assert_eq!(answer, Ok(Rotation::Rotated), "the valid token rotates");
    assert!(is_live(store, &session.id, session.lapses_at).await, "a rotation moves the lapse");
    assert!(!is_live(store, &session.id, later).await, "a session is dead at the lapse its rotation set");
}

async fn a_lapsed_session_is_dead_and_stays_so(store: &dyn SessionStore) {
    let session = open(store).await;
    let now = session.lapses_at;
    let next = sample::fresh_refresh_hash();
    let answer = store.rotate(&session.id, session.refresh, next, now, now.plus(LIFETIME)).await;
    assert_eq!(answer, Ok(Rotation::Dead), "a lapsed session does not rotate");
    assert!(!is_live(store, &session.id, now).await, "a refused rotation does not move the lapse");
}

async fn a_revoked_session_is_dead_for_good(store: &dyn SessionStore) {
    let session = open(store).await;
    granted("a session can be revoked", store.revoke(&session.id).await);
    assert!(!is_live(store, &session.id, session.created_at).await, "a revoked session does not live");
    let (answer, _) = rotate(store, &session.id, session.refresh).await;
    assert_eq!(answer, Rotation::Dead, "a revoked session does not rotate");
    assert!(!is_live(store, &session.id, session.created_at).await, "a refused rotation revives nothing");
    granted("revoking twice is no error", store.revoke(&session.id).await);
}

async fn sessions_do_not_touch_each_other(store: &dyn SessionStore) {
    let kept = open(store).await;
    let revoked = NewSession { owner: kept.owner, ..new_session() };
    granted("a person can have two sessions", store.open(revoked).await);
    granted("a session can be revoked", store.revoke(&revoked.id).await);
    assert!(is_live(store, &kept.id, sample::now()).await, "revoking ends one session only");
    let (foreign, _) = rotate(store, &revoked.id, kept.refresh).await;
    assert_eq!(foreign, Rotation::Dead, "a token rotates in its own session only");
    let (own, _) = rotate(store, &kept.id, kept.refresh).await;
    assert_eq!(own, Rotation::Rotated, "the other session's token still rotates");
}

async fn a_passkey_that_is_not_kept_begins_no_session(store: &dyn SessionStore) {
    let session = NewSession { credential: Some(sample::fresh_pseudonym()), ..new_session() };
    assert_eq!(
        store.open(session).await,
        Err(StoreError::Stale),
        "a passkey that is not kept begins nothing"
    );
    assert!(!is_live(store, &session.id, session.created_at).await, "what was refused has not begun");
    assert_eq!(
        list(store, &session.owner, session.created_at, 9).await,
        [],
        "what was refused is not listed"
    );
}

async fn the_live_sessions_of_an_owner_are_listed_the_newest_first(store: &dyn SessionStore) {
    let owner = sample::record_id("listed");
    assert_eq!(list(store, &owner, sample::now(), 9).await, [], "who has no session has none listed");
    let [old, new, ended] = [0, 2, 1].map(|minutes| begun_after(owner, Duration::from_mins(minutes)));
    for session in [old, new, ended] {
        granted("a session can be opened", store.open(session).await);
    }
    granted("a session can be revoked", store.revoke(&ended.id).await);
    open(store).await;
    let now = new.created_at;
    let [newest, oldest] = [new, old].map(|session| SessionEntry {
        id: session.id,
        credential: None,
        created_at: session.created_at,
        refreshed_at: None,
        lapses_at: session.lapses_at,
    });
    assert_eq!(
        list(store, &owner, now, 9).await,
        [newest, oldest],
        "the living ones of the owner are listed, newest first"
    );
    assert_eq!(list(store, &owner, now, 1).await, [newest], "no more are listed than were asked for");
    assert_eq!(list(store, &owner, old.lapses_at, 9).await, [newest], "a lapsed session is not listed");
}

async fn a_rotation_is_the_last_refresh(store: &dyn SessionStore) {
    let session = open(store).await;
    let at = session.created_at.plus(Duration::from_mins(7));
    let next = sample::fresh_refresh_hash();
    let answer = store.rotate(&session.id, session.refresh, next, at, at.plus(LIFETIME)).await;
    assert_eq!(answer, Ok(Rotation::Rotated), "the valid token rotates");
    let listed = list(store, &session.owner, at, 9).await;
    let told: Vec<_> = listed.iter().map(|entry| (entry.refreshed_at, entry.lapses_at)).collect();
    assert_eq!(told, [(Some(at), at.plus(LIFETIME))], "a rotation is listed as the last refresh");
}

async fn an_owner_ends_own_live_sessions_only(store: &dyn SessionStore) {
    let (mine, theirs) = (open(store).await, open(store).await);
    let now = mine.created_at;
    let end = async |session: &NewSession, now| {
        granted("ending one's own is decided", store.revoke_of(&mine.owner, &session.id, now).await)
    };
    assert!(!end(&theirs, now).await, "another's session is none of the owner's");
    assert!(is_live(store, &theirs.id, now).await, "nobody ends another's session");
    assert!(!end(&mine, mine.lapses_at).await, "a lapsed session cannot be ended");
    assert!(end(&mine, now).await, "an owner ends a session");
    assert!(!is_live(store, &mine.id, now).await, "what its owner ended is dead");
    assert!(!end(&mine, now).await, "a session ends once");
    assert!(!end(&new_session(), now).await, "a session that never began cannot be ended");
}

async fn one_session_too_many_ends_the_oldest(store: &dyn SessionStore) {
    let owner = sample::record_id("many");
    let lapsed = NewSession { lapses_at: sample::now(), ..begun_after(owner, Duration::ZERO) };
    assert_eq!(store.open(lapsed).await, Ok(Vec::new()), "a first session ends none");
    let mut begun = Vec::new();
    for seconds in 1..=MAX_LIVE_SESSIONS as u64 {
        let session = begun_after(owner, Duration::from_secs(seconds));
        assert_eq!(store.open(session).await, Ok(Vec::new()), "there is room for as many as may live");
        begun.push(session);
    }
    let last = begun_after(owner, Duration::from_mins(5));
    assert_eq!(store.open(last).await, Ok(vec![begun[0].id]), "one too many ends the oldest that lives");
    assert!(!is_live(store, &begun[0].id, last.created_at).await, "the oldest is dead then");
    let live = list(store, &owner, last.created_at, usize::MAX).await;
    assert_eq!(live.len(), MAX_LIVE_SESSIONS, "as many live as may");
    assert!(live.iter().any(|entry| entry.id == last.id), "the new one lives");
    open(store).await;
    assert_eq!(
        list(store, &owner, last.created_at, usize::MAX).await,
        live,
        "another owner's sessions do not count"
    );
}

fn begun_after(owner: RecordId, duration: Duration) -> NewSession {
    let created_at = sample::now().plus(duration);
    NewSession { owner, created_at, lapses_at: created_at.plus(LIFETIME), ..new_session() }
}

async fn list(store: &dyn SessionStore, owner: &RecordId, now: Timestamp, most: usize) -> Vec<SessionEntry> {
    granted("sessions can be listed", store.list(owner, now, most).await)
}

fn new_session() -> NewSession {
    NewSession {
        id: sample::fresh_session_id(),
        owner: sample::record_id("session"),
        credential: None,
        refresh: sample::fresh_refresh_hash(),
        created_at: sample::now(),
        lapses_at: sample::now().plus(LIFETIME),
    }
}

async fn open(store: &dyn SessionStore) -> NewSession {
    let session = new_session();
    granted("a session can be opened", store.open(session).await);
    session
}

/// Presents a token, one minute after the opening; the next token comes along.
async fn rotate(store: &dyn SessionStore, id: &SessionId, presented: RefreshHash) -> (Rotation, RefreshHash) {
    let next = sample::fresh_refresh_hash();
    let now = sample::now().plus(Duration::from_mins(1));
    let answer = store.rotate(id, presented, next, now, now.plus(LIFETIME)).await;
    (granted("a rotation is decided", answer), next)
}

async fn is_live(store: &dyn SessionStore, id: &SessionId, now: Timestamp) -> bool {
    granted("a session can be looked up", store.is_live(id, now).await)
}
