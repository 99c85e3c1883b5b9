//! Where wrapped keys live, so that they can be destroyed: slots of one size, overwritten in place, that never move.
//!
//! `secure_delete` overwrites what is deleted, but not the copies that `SQLite` leaves behind when it balances a B-tree:
//! a row that moved to another page may stay readable in the slack of the old one. Slots never move. They are appended in
//! the order of their key, which splits no page; an update of the same length overwrites the same bytes
//! (`btreeOverwriteCell`); and none is ever deleted. A slot that is no longer used is filled with zeros and kept for the
//! next key, which fits, whatever its length.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Result};
use strongroom_domain::Generation;

/// The schema says so too. A wrapped key of ours has up to 126 bytes; one that RSA-2048 wrapped, in a key service, 256.
const SLOT_BYTES: usize = 320;

/// What is in a slot: the key's length in two bytes, big-endian; the key; zeros. A length of zero says that there is none.
pub(crate) type Body = [u8; SLOT_BYTES];

const LENGTH_BYTES: usize = 2;

/// A slot's whole content for a key; `None` for a key that is empty or longer than 318 bytes.
pub(crate) fn fill(key: &[u8]) -> Option<Body> {
    let length = u16::try_from(key.len()).ok().filter(|length| *length > 0)?;
    let mut body = [0; SLOT_BYTES];
    body[..LENGTH_BYTES].copy_from_slice(&length.to_be_bytes());
    body.get_mut(LENGTH_BYTES..LENGTH_BYTES + key.len())?.copy_from_slice(key);
    Some(body)
}

/// The key in a slot; `None` where there is none.
pub(crate) fn read(body: Vec<u8>) -> Option<Bytes> {
    let length = usize::from(u16::from_be_bytes(*body.first_chunk::<LENGTH_BYTES>()?));
    let end = LENGTH_BYTES + length;
    (length > 0 && end <= body.len()).then(|| Bytes::from(body).slice(LENGTH_BYTES..end))
}

/// Puts a key into a free slot, or a new one, and names it.
pub(crate) fn put(connection: &Connection, generation: Generation, body: &Body) -> Result<i64> {
    let taken = connection
        .prepare_cached(
            "UPDATE keys SET generation = ?1, body = ?2 WHERE slot =
             (SELECT slot FROM keys WHERE generation = x'00000000000000000000000000000000' LIMIT 1)
             RETURNING slot",
        )?
        .query_row((generation.to_bytes(), body), |row| row.get(0))
        .optional()?;
    match taken {
        Some(slot) => Ok(slot),
        None => connection
            .prepare_cached("INSERT INTO keys (generation, body) VALUES (?1, ?2)")?
            .insert((generation.to_bytes(), body)),
    }
}

/// Fills a generation's slot with zeros and sets it free. One that is not there, or another's, is no error.
pub(crate) fn clear(connection: &Connection, slot: i64, generation: Generation) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE keys SET generation = zeroblob(16), body = zeroblob(length(body)) WHERE slot = ?1 AND generation = ?2",
        )?
        .execute((slot, generation.to_bytes()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    fn generation(number: u8) -> Generation {
        Generation::from_bytes([number; 16])
    }

    #[test]
    fn what_fills_a_slot_reads_back_whatever_its_length() {
        for length in [1, 2, 126, 317, 318] {
            let key = vec![7_u8; length];
            assert_eq!(read(fill(&key).unwrap().to_vec()).unwrap(), key, "{length}");
        }
    }

    #[test]
    fn no_key_and_one_that_is_too_long_are_refused() {
        assert!(fill(&[]).is_none());
        assert!(fill(&[7; 319]).is_none());
    }

    #[test]
    fn a_free_slot_and_a_cut_one_read_as_nothing() {
        assert_eq!(read(vec![0; SLOT_BYTES]), None);
        assert_eq!(read(vec![]), None);
        assert_eq!(read(vec![0, 3, 1, 2]), None);
    }

    #[test]
    fn a_slot_that_was_set_free_takes_the_next_key() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, 0).unwrap();
        let put = |number, length| {
            put(&connection, generation(number), &fill(&vec![number; length]).unwrap()).unwrap()
        };
        let (first, second) = (put(1, 100), put(2, 100));
        clear(&connection, first, generation(2)).unwrap();
        assert_eq!(put(3, 50), second + 1, "another's slot is not set free");
        clear(&connection, first, generation(1)).unwrap();
        assert_eq!(put(4, 318), first);
        assert_eq!(put(5, 1), second + 2);
    }
}
