//! Revisions as columns: a generation is a blob of sixteen bytes, a version a positive integer.

use rusqlite::{Error, Result, Row};
use strongroom_domain::{Generation, Revision};
use strongroom_ports::StoreError;

/// The revision in two neighbouring columns.
pub(crate) fn revision(row: &Row<'_>, generation_column: usize) -> Result<Revision> {
    let version_column = generation_column + 1;
    let version: i64 = row.get(version_column)?;
    Ok(Revision {
        generation: Generation::from_bytes(row.get(generation_column)?),
        version: u64::try_from(version)
            .map_err(|_| Error::IntegralValueOutOfRange(version_column, version))?,
    })
}

/// A version as `SQLite` keeps it. The port allows twice as many; nobody writes that often.
pub(crate) fn stored(version: u64) -> Result<i64, StoreError> {
    i64::try_from(version).map_err(|_| StoreError::Unavailable)
}
