-- Sealed boxes of passkeys and mails, in parts of one size that are overwritten in place and never deleted: see
-- box_slots.rs. `box` is whose part it is, 32 bytes; the zeros of a free one. `part` counts from 0.
CREATE TABLE box_slots (
    slot INTEGER PRIMARY KEY,
    box BLOB NOT NULL CHECK (length(box) = 32),
    part BLOB NOT NULL CHECK (length(part) = 1),
    body BLOB NOT NULL CHECK (length(body) = 960)
) STRICT;

CREATE INDEX box_slots_of ON box_slots (box, part);

-- Passkeys. The box is that of the name.
CREATE TABLE credentials (
    name BLOB PRIMARY KEY,
    owner BLOB NOT NULL,
    edition INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX credentials_of_owner ON credentials (owner, created_at);

-- Codes that wait to be said back, one for an owner and an address.
CREATE TABLE confirmations (
    owner BLOB NOT NULL,
    address BLOB NOT NULL,
    code BLOB NOT NULL,
    mail BLOB NOT NULL,
    tries INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (owner, address)
) STRICT, WITHOUT ROWID;

CREATE INDEX confirmations_expire ON confirmations (expires_at);

-- What was asked for, for as long as a quota looks back. The owner is of zeros once the account is closed.
CREATE TABLE confirmation_requests (
    seq INTEGER PRIMARY KEY,
    owner BLOB NOT NULL,
    address BLOB NOT NULL,
    requested_at INTEGER NOT NULL
) STRICT;

CREATE INDEX confirmation_requests_of_owner ON confirmation_requests (owner, requested_at);
CREATE INDEX confirmation_requests_of_address ON confirmation_requests (address, requested_at);
CREATE INDEX confirmation_requests_age ON confirmation_requests (requested_at);

-- Mails that are still to be sent. The id has sixteen bytes of ff behind it, and is the name of the box.
CREATE TABLE mails (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    owner BLOB NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX mails_of_owner ON mails (owner);
CREATE INDEX mails_due ON mails (due_at);
CREATE INDEX mails_expire ON mails (expires_at);

-- The passkey that a session began with, and when its tokens were exchanged last; of older sessions neither is known.
ALTER TABLE sessions ADD COLUMN credential BLOB;
ALTER TABLE sessions ADD COLUMN refreshed_at INTEGER;

CREATE INDEX sessions_of_owner ON sessions (owner, revoked, created_at);
