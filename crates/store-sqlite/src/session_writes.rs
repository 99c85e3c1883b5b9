//! Sessions, as one write of a group changes them. A session is dead when it lapses, by the clock of whoever
//! asks, and goes a good while later, a few at a time, with the writes of others.

use rusqlite::{Connection, OptionalExtension, Result, Row};
use strongroom_ports::{
    MAX_LIVE_SESSIONS, NewSession, Pseudonym, RecordId, RefreshHash, Rotation, SessionId, StoreError,
    Timestamp,
};

use crate::error::Refused;

/// Lapsed sessions, and ended ones of an owner, that one write takes along: more than one, so that they do not heap up; few, so that no write waits.
const LAPSED_PER_WRITE: i64 = 16;

/// How long a session is kept once it has lapsed. A clock that was ahead by less has cost no living session when it is set
/// right: long enough that somebody notices. The table holds what was begun within a refresh token's life and this.
const KEPT_AFTER_LAPSE_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Keeps a new session, and ends the oldest of its owner beyond those that may live. Stale without the passkey it began with.
pub(crate) fn open(connection: &Connection, session: &NewSession) -> Result<Vec<SessionId>, Refused> {
    if let Some(credential) = &session.credential
        && !has_credential(connection, &session.owner, credential)?
    {
        return Err(StoreError::Stale.into());
    }
    forget_lapsed(connection, session.created_at)?;
    forget_ended(connection, &session.owner)?;
    let ended = end_beyond(connection, &session.owner, session.created_at)?;
    connection
        .prepare_cached(
            "INSERT INTO sessions (id, owner, credential, refresh_hash, created_at, lapses_at, revoked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
        )?
        .execute((
            session.id.as_bytes(),
            session.owner.as_bytes(),
            session.credential.as_ref().map(Pseudonym::as_bytes),
            session.refresh.as_bytes(),
            session.created_at.millis(),
            session.lapses_at.millis(),
        ))?;
    Ok(ended)
}

/// Exchanges the valid refresh hash for the next, or revokes the session.
pub(crate) fn rotate(
    connection: &Connection,
    id: &SessionId,
    presented: &RefreshHash,
    next: &RefreshHash,
    now: Timestamp,
    lapses_at: Timestamp,
) -> Result<Rotation> {
    let valid: Option<[u8; 32]> = connection
        .prepare_cached("SELECT refresh_hash FROM sessions WHERE id = ?1 AND revoked = 0 AND lapses_at > ?2")?
        .query_row((id.as_bytes(), now.millis()), |row| row.get(0))
        .optional()?;
    match valid {
        None => Ok(Rotation::Dead),
        Some(valid) if valid == *presented.as_bytes() => {
            connection
                .prepare_cached(
                    "UPDATE sessions SET refresh_hash = ?2, lapses_at = ?3, refreshed_at = ?4 WHERE id = ?1",
                )?
                .execute((id.as_bytes(), next.as_bytes(), lapses_at.millis(), now.millis()))?;
            forget_lapsed(connection, now)?;
            Ok(Rotation::Rotated)
        }
        Some(_) => {
            revoke(connection, id)?;
            Ok(Rotation::Replayed)
        }
    }
}

/// Ends a session. `false` when there was none to end.
pub(crate) fn revoke(connection: &Connection, id: &SessionId) -> Result<bool> {
    let ended = connection
        .prepare_cached("UPDATE sessions SET revoked = 1 WHERE id = ?1 AND revoked = 0")?
        .execute([id.as_bytes()])?;
    Ok(ended > 0)
}

/// Whether a session is an owner's and lives.
pub(crate) fn is_live_of(
    connection: &Connection,
    owner: &RecordId,
    id: &SessionId,
    now: Timestamp,
) -> Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM sessions WHERE id = ?1 AND owner = ?2 AND revoked = 0 AND lapses_at > ?3",
        )?
        .exists((id.as_bytes(), owner.as_bytes(), now.millis()))
}

/// Ends a live session of an owner. `false` when the owner has no such one.
pub(crate) fn revoke_of(
    connection: &Connection,
    owner: &RecordId,
    id: &SessionId,
    now: Timestamp,
) -> Result<bool> {
    let ended = connection
        .prepare_cached(
            "UPDATE sessions SET revoked = 1 WHERE id = ?1 AND owner = ?2 AND revoked = 0 AND lapses_at > ?3",
        )?
        .execute((id.as_bytes(), owner.as_bytes(), now.millis()))?;
    Ok(ended > 0)
}

/// Ends the sessions of an owner that began with a passkey, and names them.
pub(crate) fn end_of_credential(
    connection: &Connection,
    owner: &RecordId,
    credential: &Pseudonym,
) -> Result<Vec<SessionId>> {
    connection
        .prepare_cached(
            "UPDATE sessions SET revoked = 1 WHERE owner = ?1 AND credential = ?2 AND revoked = 0 RETURNING id",
        )?
        .query_map((owner.as_bytes(), credential.as_bytes()), session_id)?
        .collect()
}

/// Removes all sessions of an owner, and names those that had not ended. Says also whether there was any.
pub(crate) fn remove_all(connection: &Connection, owner: &RecordId) -> Result<(Vec<SessionId>, bool)> {
    let ended = connection
        .prepare_cached("DELETE FROM sessions WHERE owner = ?1 AND revoked = 0 RETURNING id")?
        .query_map([owner.as_bytes()], session_id)?
        .collect::<Result<Vec<_>>>()?;
    let ended_before =
        connection.prepare_cached("DELETE FROM sessions WHERE owner = ?1")?.execute([owner.as_bytes()])?;
    let was_any = !ended.is_empty() || ended_before > 0;
    Ok((ended, was_any))
}

fn has_credential(connection: &Connection, owner: &RecordId, name: &Pseudonym) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM credentials WHERE name = ?1 AND owner = ?2")?
        .query_row((name.as_bytes(), owner.as_bytes()), |_| Ok(()))
        .optional()?
        .is_some())
}

/// Makes room for one more: of those that live, the oldest end and go.
fn end_beyond(connection: &Connection, owner: &RecordId, now: Timestamp) -> Result<Vec<SessionId>> {
    let kept = i64::try_from(MAX_LIVE_SESSIONS - 1).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "DELETE FROM sessions WHERE id IN
             (SELECT id FROM sessions WHERE owner = ?1 AND revoked = 0 AND lapses_at > ?2
              ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?3)
             RETURNING id",
        )?
        .query_map((owner.as_bytes(), now.millis(), kept), session_id)?
        .collect()
}

fn session_id(row: &Row<'_>) -> Result<SessionId> {
    Ok(SessionId::from_bytes(row.get(0)?))
}

/// An ended session is as dead as none, by whatever clock: where one begins, those of its owner that have ended go, or whoever
/// signs in and out by a program would fill the table for a refresh token's life.
fn forget_ended(connection: &Connection, owner: &RecordId) -> Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM sessions WHERE id IN
             (SELECT id FROM sessions WHERE owner = ?1 AND revoked = 1 LIMIT ?2)",
        )?
        .execute((owner.as_bytes(), LAPSED_PER_WRITE))?;
    Ok(())
}

fn forget_lapsed(connection: &Connection, now: Timestamp) -> Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM sessions WHERE id IN
             (SELECT id FROM sessions WHERE lapses_at <= ?1 ORDER BY lapses_at LIMIT ?2)",
        )?
        .execute((now.millis().saturating_sub(KEPT_AFTER_LAPSE_MS), LAPSED_PER_WRITE))?;
    Ok(())
}
