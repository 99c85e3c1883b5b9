//! Where sealed bytes live, so that they can be destroyed: slots, overwritten in place, that never move.
//!
//! `secure_delete` overwrites what is deleted, but not the copies that `SQLite` leaves behind when it balances a B-tree:
//! a row that moved to another page may stay readable in the slack of the old one. Rows in a slot table never move. They
//! are appended in the order of their key, which splits no page; an update of the same length overwrites the same bytes
//! (`btreeOverwriteCell`); and none is ever deleted. A slot that is no longer used is filled with zeros and kept for the
//! next body of its length.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Result};
use strongroom_domain::Generation;

/// Before the body: its length plus one, in big endian; zero says that the slot is free.
const PREFIX_BYTES: usize = 4;

/// The shortest slot. Slots grow by an eighth to a quarter of themselves, so that a slot given back fits again.
const SMALLEST_BYTES: usize = 64;

/// The generation of a free slot.
const FREE: [u8; 16] = [0; 16];

/// One table of slots, each marked with the generation it belongs to.
#[derive(Debug)]
pub(crate) struct Slots {
    append: &'static str,
    overwrite: &'static str,
    find_free: &'static str,
    take_free: &'static str,
    clear: &'static str,
    give_free: &'static str,
}

macro_rules! slots {
    ($table:literal) => {
        Slots {
            append: concat!("INSERT INTO ", $table, " (generation, body) VALUES (?1, ?2)"),
            overwrite: concat!(
                "UPDATE ",
                $table,
                " SET generation = ?3, body = ?4",
                " WHERE slot = ?1 AND generation = ?2 AND length(body) = length(?4)"
            ),
            find_free: concat!("SELECT slot FROM ", $table, "_free WHERE bytes = ?1 LIMIT 1"),
            take_free: concat!("DELETE FROM ", $table, "_free WHERE bytes = ?1 AND slot = ?2"),
            clear: concat!(
                "UPDATE ",
                $table,
                " SET generation = zeroblob(16), body = zeroblob(length(body))",
                " WHERE slot = ?1 AND generation = ?2 RETURNING length(body)"
            ),
            give_free: concat!("INSERT INTO ", $table, "_free (bytes, slot) VALUES (?1, ?2)"),
        }
    };
}

/// The wrapped keys, apart from everything else.
pub(crate) const KEYS: Slots = slots!("keys");

/// Sealed boxes, those of events too.
pub(crate) const BOXES: Slots = slots!("boxes");

impl Slots {
    /// Puts bytes into a free slot, or a new one, and names it.
    pub(crate) fn put(&self, connection: &Connection, generation: Generation, bytes: &[u8]) -> Result<i64> {
        let body = fill(bytes);
        let generation = generation.to_bytes();
        let length = i64::try_from(body.len()).unwrap_or(i64::MAX);
        let free: Option<i64> =
            connection.prepare_cached(self.find_free)?.query_row([length], |row| row.get(0)).optional()?;
        if let Some(slot) = free {
            connection.prepare_cached(self.take_free)?.execute((length, slot))?;
            // Somebody may have tidied the table up by hand: then there is nothing to overwrite.
            if connection.prepare_cached(self.overwrite)?.execute((slot, FREE, generation, &body))? == 1 {
                return Ok(slot);
            }
        }
        connection.prepare_cached(self.append)?.insert((generation, body))
    }

    /// Replaces a slot's bytes: in their place when the length fits, elsewhere otherwise. Names where they are now.
    pub(crate) fn replace(
        &self,
        connection: &Connection,
        slot: i64,
        generation: Generation,
        bytes: &[u8],
    ) -> Result<i64> {
        let owner = generation.to_bytes();
        if connection.prepare_cached(self.overwrite)?.execute((slot, owner, owner, fill(bytes)))? == 1 {
            return Ok(slot);
        }
        self.clear(connection, slot, generation)?;
        self.put(connection, generation, bytes)
    }

    /// Fills a generation's slot with zeros and gives it back. One that is not there, or another's, is no error.
    pub(crate) fn clear(&self, connection: &Connection, slot: i64, generation: Generation) -> Result<()> {
        let length: Option<i64> = connection
            .prepare_cached(self.clear)?
            .query_row((slot, generation.to_bytes()), |row| row.get(0))
            .optional()?;
        if let Some(length) = length {
            connection.prepare_cached(self.give_free)?.execute((length, slot))?;
        }
        Ok(())
    }
}

/// A slot's whole content for some bytes.
fn fill(bytes: &[u8]) -> Vec<u8> {
    let needed = PREFIX_BYTES + bytes.len();
    let step = (needed.next_power_of_two() / 8).max(SMALLEST_BYTES);
    let mut body = Vec::with_capacity(needed.next_multiple_of(step));
    // A body of 4 GiB is far beyond what SQLite takes (1 GB), which refuses it then.
    body.extend_from_slice(&u32::try_from(bytes.len() + 1).unwrap_or(u32::MAX).to_be_bytes());
    body.extend_from_slice(bytes);
    body.resize(needed.next_multiple_of(step), 0);
    body
}

/// The bytes of a slot's content; `None` when it is free or makes no sense.
pub(crate) fn read(body: Vec<u8>) -> Option<Bytes> {
    let prefix = body.first_chunk::<PREFIX_BYTES>()?;
    let length = usize::try_from(u32::from_be_bytes(*prefix)).ok()?.checked_sub(1)?;
    let end = PREFIX_BYTES.checked_add(length).filter(|end| *end <= body.len())?;
    Some(Bytes::from(body).slice(PREFIX_BYTES..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_a_slot_reads_back_whatever_its_length() {
        for length in [0, 1, 59, 60, 61, 124, 125, 1000, 4091, 4092, 70_000] {
            let bytes = vec![7_u8; length];
            let body = fill(&bytes);
            assert!(body.len() <= SMALLEST_BYTES + length + length / 4 + PREFIX_BYTES, "{length}");
            assert_eq!(read(body).unwrap(), bytes, "{length}");
        }
    }

    #[test]
    fn a_free_slot_and_a_cut_one_read_as_nothing() {
        assert_eq!(read(vec![0; 64]), None);
        assert_eq!(read(vec![]), None);
        assert_eq!(read(vec![0, 0, 0, 9, 1, 2, 3]), None);
    }
}
