//! Which keys a database was written with. Compared before anything is written.

use rusqlite::{Connection, Result, TransactionBehavior};
use strongroom_ports::KeyCheck;

use crate::error::OpenError;

/// Refuses unless every key that the database was written with is offered, and is the same. Writes nothing.
pub(crate) fn compare(connection: &Connection, offered: &[KeyCheck]) -> Result<(), OpenError> {
    let mut statement = connection.prepare("SELECT id, value FROM key_checks ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, value): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
        match offered.iter().find(|check| check.id.as_bytes() == id) {
            Some(check) if check.value.as_slice() == value => {}
            Some(check) => return Err(OpenError::KeyDiffers(check.id.clone())),
            None => return Err(OpenError::KeyMissing(String::from_utf8_lossy(&id).into_owned())),
        }
    }
    Ok(())
}

/// Records the keys that are new.
pub(crate) fn add(connection: &mut Connection, offered: &[KeyCheck]) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for check in offered {
        transaction.execute(
            "INSERT INTO key_checks (id, value) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
            (check.id.as_bytes(), &check.value),
        )?;
    }
    transaction.commit()
}
