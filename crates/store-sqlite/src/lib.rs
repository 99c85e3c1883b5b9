//! Strongroom's embedded store: sealed records in SQLite with group commit.
