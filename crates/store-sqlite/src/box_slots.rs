//! Where the sealed boxes of passkeys and mails live, so that they can be destroyed: in parts of one size, each in a slot that is
//! overwritten in place and never moves.
//!
//! It is the way of wrapped keys (see `key_slots.rs`, which says why a row that is merely deleted may stay readable), for boxes of
//! any length: as many slots as it takes. What else is kept of a passkey or a mail is keyed hashes and times.

use rusqlite::{Connection, OptionalExtension, Result};
use strongroom_ports::{MailId, Pseudonym, StoreError};

use crate::error::Refused;

/// The schema says so too. Four slots fill a page of 4 KiB.
const SLOT_BYTES: usize = 960;
const LENGTH_BYTES: usize = 2;
const PART_BYTES: usize = SLOT_BYTES - LENGTH_BYTES;

/// Parts of a box, 61 312 bytes in all: more than a passkey or a mail of ours has, sealed.
const MAX_PARTS: usize = 64;

/// Whose box it is; that of a free slot is of zeros.
pub(crate) type BoxName = [u8; 32];

/// The box of a passkey.
pub(crate) fn of_credential(name: &Pseudonym) -> BoxName {
    *name.as_bytes()
}

/// The box of a mail: of no passkey, whose hash never ends so, and never free.
pub(crate) fn of_mail(id: &MailId) -> BoxName {
    let mut name = [0xff; 32];
    name[..16].copy_from_slice(id.as_bytes());
    name
}

/// The mail of a box.
pub(crate) fn mail(name: &BoxName) -> MailId {
    let mut id = [0; 16];
    id.copy_from_slice(&name[..16]);
    MailId::from_bytes(id)
}

/// Refuses a box that has more parts than a box may have. Asked before anything is changed.
pub(crate) fn check(sealed: &[u8]) -> Result<(), StoreError> {
    if sealed.len() > MAX_PARTS * PART_BYTES { Err(StoreError::Unavailable) } else { Ok(()) }
}

/// Puts a box into free slots, or new ones. There is none of this name yet.
pub(crate) fn put(connection: &Connection, name: &BoxName, sealed: &[u8]) -> Result<(), Refused> {
    check(sealed)?;
    // An empty box has a part too: one without any is damage.
    let count = sealed.len().div_ceil(PART_BYTES).max(1);
    for (number, part) in (0_u8..).zip((0..count).map(|part| part * PART_BYTES)) {
        let end = sealed.len().min(part + PART_BYTES);
        put_part(connection, name, number, &fill(&sealed[part..end]))?;
    }
    Ok(())
}

/// Fills the slots of a box with zeros and sets them free. One that is not there is no error.
pub(crate) fn clear(connection: &Connection, name: &BoxName) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE box_slots SET box = zeroblob(32), part = x'00', body = zeroblob(length(body)) WHERE box = ?1",
        )?
        .execute([name])?;
    Ok(())
}

/// What a slot holds of its box; `None` for what is none.
pub(crate) fn part(body: &[u8]) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes(*body.first_chunk::<LENGTH_BYTES>()?));
    body.get(LENGTH_BYTES..LENGTH_BYTES + length)
}

fn fill(part: &[u8]) -> [u8; SLOT_BYTES] {
    let mut body = [0; SLOT_BYTES];
    let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
    body[..LENGTH_BYTES].copy_from_slice(&length.to_be_bytes());
    body[LENGTH_BYTES..LENGTH_BYTES + part.len()].copy_from_slice(part);
    body
}

fn put_part(connection: &Connection, name: &BoxName, number: u8, body: &[u8; SLOT_BYTES]) -> Result<()> {
    let taken: Option<i64> = connection
        .prepare_cached(
            "UPDATE box_slots SET box = ?1, part = ?2, body = ?3 WHERE slot =
             (SELECT slot FROM box_slots WHERE box = zeroblob(32) LIMIT 1)
             RETURNING slot",
        )?
        .query_row((name, [number], body), |row| row.get(0))
        .optional()?;
    if taken.is_none() {
        connection
            .prepare_cached("INSERT INTO box_slots (box, part, body) VALUES (?1, ?2, ?3)")?
            .execute((name, [number], body))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    const ONE: BoxName = [1; 32];
    const OTHER: BoxName = [2; 32];

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, 0).unwrap();
        connection
    }

    fn read(connection: &Connection, name: &BoxName) -> Vec<u8> {
        let mut statement =
            connection.prepare("SELECT body FROM box_slots WHERE box = ?1 ORDER BY part").unwrap();
        let bodies = statement.query_map([name], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        bodies.flat_map(|body| part(&body.unwrap()).unwrap().to_vec()).collect()
    }

    fn slots(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM box_slots", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_box_of_any_length_reads_back() {
        for length in [0, 1, 957, 958, 959, 1916, 5000, 61_312] {
            let connection = database();
            let sealed: Vec<u8> = (0..=250).cycle().take(length).collect();
            put(&connection, &ONE, &sealed).unwrap();
            assert_eq!(read(&connection, &ONE), sealed, "{length}");
        }
    }

    #[test]
    fn a_box_beyond_the_limit_is_refused_and_leaves_nothing() {
        let connection = database();
        assert!(matches!(
            put(&connection, &ONE, &vec![7; 61_313]),
            Err(Refused::Store(StoreError::Unavailable))
        ));
        assert_eq!(slots(&connection), 0);
    }

    #[test]
    fn a_slot_is_overwritten_when_its_box_goes_and_holds_another_later() {
        let connection = database();
        put(&connection, &ONE, &[1; 2000]).unwrap();
        put(&connection, &OTHER, &[2; 10]).unwrap();
        clear(&connection, &ONE).unwrap();
        let left: i64 = connection
            .query_row("SELECT count(*) FROM box_slots WHERE body <> zeroblob(960)", [], |row| row.get(0))
            .unwrap();
        assert_eq!((left, slots(&connection)), (1, 4), "another's box stays, and so do the free slots");
        put(&connection, &ONE, &[3; 2000]).unwrap();
        assert_eq!(slots(&connection), 4);
        assert_eq!((read(&connection, &ONE), read(&connection, &OTHER)), (vec![3; 2000], vec![2; 10]));
    }

    #[test]
    fn a_slot_that_is_cut_off_holds_nothing() {
        assert_eq!(part(&[0]), None);
        assert_eq!(part(&[0, 3, 1, 2]), None);
    }
}
