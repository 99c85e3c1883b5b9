-- Sealed bytes live in `keys` and `boxes` alone, in slots that are overwritten in place and never deleted: see slots.rs.
-- Every other table may be moved about by SQLite freely; none holds a byte that an erasure has to reach.

-- The sealing keys this database was written with; none of them is here, only what proves that the keyring has them.
CREATE TABLE key_checks (
    id BLOB PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
    slot INTEGER PRIMARY KEY,
    generation BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;

CREATE TABLE keys_free (
    bytes INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    PRIMARY KEY (bytes, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE boxes (
    slot INTEGER PRIMARY KEY,
    generation BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;

CREATE TABLE boxes_free (
    bytes INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    PRIMARY KEY (bytes, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE records (
    id BLOB PRIMARY KEY,
    generation BLOB NOT NULL,
    version INTEGER NOT NULL,
    key_slot INTEGER NOT NULL,
    public_slot INTEGER NOT NULL,
    private_slot INTEGER
) STRICT, WITHOUT ROWID;

-- The outbox. `seq` is the order of commit. `kind` is 1 for a write, whose sealed body is in `slot`, and 2 for an erasure.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    generation BLOB NOT NULL,
    version INTEGER NOT NULL,
    write_id BLOB NOT NULL,
    kind INTEGER NOT NULL,
    slot INTEGER,
    UNIQUE (id, generation, version)
) STRICT;

CREATE INDEX erasures ON events (seq) WHERE kind = 2;

CREATE TABLE sessions (
    id BLOB PRIMARY KEY,
    owner BLOB NOT NULL,
    refresh_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    lapses_at INTEGER NOT NULL,
    revoked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_lapse ON sessions (lapses_at);
