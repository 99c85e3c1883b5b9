-- The sealing keys this database was written with; none of them is here, only what proves that the keyring has them.
CREATE TABLE key_checks (
    id BLOB PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The wrapped keys, in slots that are overwritten in place and never deleted: see key_slots.rs. A free slot has the
-- generation of zeros. Whoever destroys a row here has shredded every box of its generation.
CREATE TABLE keys (
    slot INTEGER PRIMARY KEY,
    generation BLOB NOT NULL CHECK (length(generation) = 16),
    body BLOB NOT NULL CHECK (length(body) = 320)
) STRICT;

CREATE INDEX keys_free ON keys (slot) WHERE generation = x'00000000000000000000000000000000';

-- Rows are long, and not in the order of their ids: so they have row numbers, and only the index is sorted by id. Of the
-- outbox, a record knows its oldest event and the bytes of all.
CREATE TABLE records (
    id BLOB NOT NULL PRIMARY KEY,
    generation BLOB NOT NULL,
    version INTEGER NOT NULL,
    key_slot INTEGER NOT NULL,
    oldest_event INTEGER NOT NULL,
    event_bytes INTEGER NOT NULL,
    public_box BLOB NOT NULL,
    private_box BLOB
) STRICT;

-- The outbox. `seq` is the order of commit. `kind` is 1 for a write, which has a sealed body, and 2 for an erasure.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    generation BLOB NOT NULL,
    version INTEGER NOT NULL,
    write_id BLOB NOT NULL,
    kind INTEGER NOT NULL,
    body BLOB,
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
