"""The tables of ``SqliteStore``, version by version."""

from __future__ import annotations

# Times are whole microseconds since 1970, UTC.
_TABLES = """
CREATE TABLE activation (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, handle TEXT NOT NULL UNIQUE, previous TEXT UNIQUE,
    rotated_by TEXT, purge_at INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX activation_purge ON activation (purge_at);
CREATE TABLE answered (
    activation TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, version INTEGER NOT NULL,
    accepted INTEGER NOT NULL, refusals TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (activation, key)
) WITHOUT ROWID;
CREATE TABLE outbox (
    id TEXT PRIMARY KEY, activation TEXT NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL,
    nonce TEXT NOT NULL, mobile TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    decoy INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (due_at);
CREATE INDEX outbox_activation ON outbox (activation);
CREATE TABLE tally (
    key TEXT PRIMARY KEY, body TEXT NOT NULL, forgotten_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX tally_forgotten ON tally (forgotten_at);
CREATE TABLE account (
    identifier TEXT PRIMARY KEY, base TEXT NOT NULL, guardians TEXT NOT NULL, confirmed TEXT NOT NULL,
    denied TEXT NOT NULL, password_hash TEXT NOT NULL, created_at INTEGER NOT NULL, activation TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE holder (guardian TEXT PRIMARY KEY, identifier TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE base (base TEXT PRIMARY KEY, issued INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, activation TEXT NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL,
    row TEXT, source TEXT NOT NULL, dest TEXT NOT NULL, reasons TEXT NOT NULL, denied TEXT NOT NULL
);
CREATE INDEX audit_activation ON audit (activation);
"""

_SECOND = """
CREATE TABLE spent (key TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX spent_until ON spent (until);
ALTER TABLE audit ADD COLUMN mobile TEXT;
ALTER TABLE audit ADD COLUMN origin TEXT;
"""

# Journeys beside the activation: runs and messages name theirs, and an account is a record.  How often a base of an
# identifier was given out is counted as everything else is; a century is 3 155 760 000 000 000 microseconds.
_THIRD = """
CREATE TABLE run (
    id TEXT PRIMARY KEY, journey TEXT NOT NULL, owner TEXT NOT NULL, version INTEGER NOT NULL,
    handle TEXT NOT NULL UNIQUE, previous TEXT UNIQUE, rotated_by TEXT, purge_at INTEGER NOT NULL,
    wanted TEXT NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO run SELECT id, 'ACTIVATION', '', version, handle, previous, rotated_by, purge_at, '[]', body
    FROM activation;
DROP TABLE activation;
CREATE INDEX run_purge ON run (purge_at);
ALTER TABLE answered RENAME COLUMN activation TO run;
CREATE TABLE message (
    id TEXT PRIMARY KEY, run TEXT NOT NULL, journey TEXT NOT NULL, owner TEXT NOT NULL, due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, decoy INTEGER NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO message SELECT id, activation, 'ACTIVATION', '', due_at, attempts, created_at, expires_at, decoy,
    json_object('nonce', nonce, 'mobile', mobile) FROM outbox;
DROP TABLE outbox;
CREATE INDEX message_due ON message (due_at);
CREATE INDEX message_run ON message (run);
CREATE INDEX message_owner ON message (owner) WHERE owner <> '';
CREATE TABLE record (
    kind TEXT NOT NULL, key TEXT NOT NULL, owner TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL,
    expires_at INTEGER, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX record_expires ON record (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE name (
    kind TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, sole INTEGER NOT NULL, PRIMARY KEY (kind, name, key)
) WITHOUT ROWID;
CREATE UNIQUE INDEX name_sole ON name (kind, name) WHERE sole;
CREATE INDEX name_key ON name (kind, key);
INSERT INTO record SELECT 'account', identifier, identifier, 1, json_object('format', 1, 'guardians', json(guardians),
    'confirmed', json(confirmed), 'denied', json(denied), 'password_hash', password_hash, 'created_at', created_at,
    'run', activation), NULL FROM account;
INSERT INTO name SELECT 'account', 'guardian:' || guardian, identifier, 1 FROM holder;
INSERT INTO tally SELECT 'identifiers:' || base, json_array(0, json_array(at, issued)), at + 3155760000000000 FROM (
    SELECT b.base, b.issued, coalesce((SELECT max(a.created_at) FROM account a WHERE a.base = b.base), 0) AS at
    FROM base b
);
DROP TABLE account;
DROP TABLE holder;
DROP TABLE base;
ALTER TABLE audit RENAME COLUMN activation TO run;
ALTER TABLE audit ADD COLUMN journey TEXT NOT NULL DEFAULT 'ACTIVATION';
"""

STEPS = (_TABLES, _SECOND, _THIRD)
"""What makes each version of the tables out of the one before; a step that was released is never changed."""

SCHEMA = len(STEPS)
"""The version of the tables, kept in ``PRAGMA user_version``."""
