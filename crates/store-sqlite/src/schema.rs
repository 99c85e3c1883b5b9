//! The schema and its versions. Migrations only ever go forward, each in the transaction that counts it.

use rusqlite::{Connection, Result, TransactionBehavior};

use crate::error::OpenError;

/// `Stro` in ASCII: tells our databases from others (`file(1)` reads it too).
const APPLICATION_ID: i64 = 0x5374_726f;

/// What makes version n + 1 out of version n. One that has been released is never changed.
const MIGRATIONS: &[&str] =
    &[include_str!("migrations/0001_initial.sql"), include_str!("migrations/0002_accounts.sql")];

/// The first schema with passkeys, codes and mails.
pub(crate) const WITH_ACCOUNTS: i64 = 2;

/// The newest schema that this release reads.
#[expect(clippy::cast_possible_wrap, reason = "migrations are few")]
pub(crate) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// The schema version of a database that is ours, or 0 for one that nobody has used. Writes nothing.
pub(crate) fn inspect(connection: &Connection) -> Result<i64, OpenError> {
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, found) {
        (0, 0) if tables == 0 => Ok(0),
        (APPLICATION_ID, found) if found > NEWEST => Err(OpenError::Newer { found, known: NEWEST }),
        (APPLICATION_ID, found) if found > 0 => Ok(found),
        _ => Err(OpenError::Foreign),
    }
}

/// Brings a database from the version it has to the newest.
pub(crate) fn migrate(connection: &mut Connection, found: i64) -> Result<()> {
    run(connection, found, MIGRATIONS)
}

fn run(connection: &mut Connection, found: i64, migrations: &[&str]) -> Result<()> {
    let done = usize::try_from(found).unwrap_or(usize::MAX);
    for (version, migration) in (1_i64..).zip(migrations).skip(done) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    #[test]
    fn an_unused_database_becomes_ours() {
        let mut connection = empty();
        assert_eq!(inspect(&connection).unwrap(), 0);
        migrate(&mut connection, 0).unwrap();
        assert_eq!(inspect(&connection).unwrap(), NEWEST);
    }

    #[test]
    fn a_migration_runs_once_and_in_its_order() {
        let mut connection = empty();
        run(&mut connection, 0, &["CREATE TABLE a (x)"]).unwrap();
        run(&mut connection, 1, &["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y"]).unwrap();
        connection.execute("INSERT INTO a (x, y) VALUES (1, 2)", []).unwrap();
    }

    #[test]
    fn a_migration_that_fails_leaves_the_version_before_it() {
        let mut connection = empty();
        run(&mut connection, 0, &["CREATE TABLE a (x)"]).unwrap();
        run(&mut connection, 1, &["", "CREATE TABLE b (x); CREATE TABLE a (x)"]).unwrap_err();
        assert_eq!(inspect(&connection).unwrap(), 1);
        assert_eq!(
            connection
                .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
                .unwrap(),
            1
        );
    }

    #[test]
    fn databases_of_others_and_of_newer_releases_are_refused() {
        let connection = empty();
        connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert!(matches!(inspect(&connection), Err(OpenError::Foreign)));

        let mut connection = empty();
        migrate(&mut connection, 0).unwrap();
        connection.pragma_update(None, "user_version", NEWEST + 1).unwrap();
        assert!(matches!(inspect(&connection), Err(OpenError::Newer { found, .. }) if found == NEWEST + 1));
    }
}
