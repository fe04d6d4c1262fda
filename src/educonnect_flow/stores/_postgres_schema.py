"""The tables of the PostgreSQL stores, version by version, and what makes them."""

from __future__ import annotations

from educonnect_flow._postgres_pool import checked_schema
from educonnect_flow.stores._postgres_functions import functions

# Times are whole microseconds since 1970, UTC.  A tally keeps its hits as two arrays: when, and how many.
_TABLES = """
CREATE TABLE {schema}.activation (
    id text PRIMARY KEY, version int NOT NULL, handle text NOT NULL UNIQUE, previous text UNIQUE, rotated_by text,
    purge_at bigint NOT NULL, body text NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX activation_purge ON {schema}.activation (purge_at);
CREATE TABLE {schema}.answered (
    activation text NOT NULL, key text NOT NULL, fingerprint text NOT NULL, version int NOT NULL,
    accepted boolean NOT NULL, refusals text NOT NULL, body text NOT NULL, PRIMARY KEY (activation, key)
);
CREATE TABLE {schema}.outbox (
    id text PRIMARY KEY, activation text NOT NULL, due_at bigint NOT NULL, attempts int NOT NULL, nonce text NOT NULL,
    mobile text NOT NULL, created_at bigint NOT NULL, expires_at bigint NOT NULL, decoy boolean NOT NULL
);
CREATE INDEX outbox_due ON {schema}.outbox (due_at);
CREATE INDEX outbox_activation ON {schema}.outbox (activation);
CREATE TABLE {schema}.tally (
    key text PRIMARY KEY, ats bigint[] NOT NULL, counts int[] NOT NULL, barred_until bigint NOT NULL,
    forgotten_at bigint NOT NULL
);
CREATE INDEX tally_forgotten ON {schema}.tally (forgotten_at);
CREATE TABLE {schema}.account (
    identifier text CONSTRAINT account_identifier PRIMARY KEY, base text NOT NULL, guardians text[] NOT NULL,
    confirmed text[] NOT NULL, denied text[] NOT NULL, password_hash text NOT NULL, created_at bigint NOT NULL,
    activation text NOT NULL
);
CREATE TABLE {schema}.holder (guardian text CONSTRAINT holder_guardian PRIMARY KEY, identifier text NOT NULL);
CREATE TABLE {schema}.base (base text PRIMARY KEY, issued bigint NOT NULL);
CREATE TABLE {schema}.audit (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, activation text NOT NULL, at bigint NOT NULL,
    event text NOT NULL, row text, source text NOT NULL, dest text NOT NULL, reasons text[] NOT NULL,
    denied text[] NOT NULL
);
CREATE INDEX audit_activation ON {schema}.audit (activation);
"""

_SECOND = """
CREATE TABLE {schema}.spent (key text PRIMARY KEY, until bigint NOT NULL);
CREATE INDEX spent_until ON {schema}.spent (until);
ALTER TABLE {schema}.audit ADD COLUMN mobile text, ADD COLUMN origin text;
"""

# A number is drawn before its commit, so a reader by number first waits for the writers in progress.
_ENTRIES = """
CREATE FUNCTION {schema}.entries(p_after bigint, p_limit int) RETURNS SETOF {schema}.audit LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('{schema}:audit', 0));
    RETURN QUERY SELECT * FROM {schema}.audit a WHERE a.seq > p_after ORDER BY a.seq LIMIT p_limit;
END $$;
"""

# Journeys beside the activation: runs and messages name theirs, and an account is a record.  A tally is JSON, as in the
# other stores.  How often a base of an identifier was given out is counted as everything else is; a century is
# 3 155 760 000 000 000 microseconds.
_THIRD = """
DROP FUNCTION {schema}.entries(bigint, int);
DROP FUNCTION IF EXISTS {schema}.commit(
    text, int, text, bigint, text, boolean, boolean, bigint, text[], int[], bigint[], bigint[], int[], jsonb, jsonb,
    jsonb, jsonb
);
ALTER TABLE {schema}.activation RENAME TO run;
ALTER INDEX {schema}.activation_purge RENAME TO run_purge;
ALTER TABLE {schema}.run ADD COLUMN journey text NOT NULL DEFAULT 'ACTIVATION',
    ADD COLUMN owner text NOT NULL DEFAULT '', ADD COLUMN wanted text NOT NULL DEFAULT '[]';
ALTER TABLE {schema}.answered RENAME COLUMN activation TO run;
ALTER TABLE {schema}.outbox RENAME TO message;
ALTER INDEX {schema}.outbox_due RENAME TO message_due;
ALTER INDEX {schema}.outbox_activation RENAME TO message_run;
ALTER TABLE {schema}.message RENAME COLUMN activation TO run;
ALTER TABLE {schema}.message ADD COLUMN journey text NOT NULL DEFAULT 'ACTIVATION',
    ADD COLUMN owner text NOT NULL DEFAULT '', ADD COLUMN body text;
UPDATE {schema}.message SET body = jsonb_build_object('nonce', nonce, 'mobile', mobile)::text;
ALTER TABLE {schema}.message ALTER COLUMN body SET NOT NULL, DROP COLUMN nonce, DROP COLUMN mobile;
CREATE INDEX message_owner ON {schema}.message (owner) WHERE owner <> '';
CREATE TABLE {schema}.record (
    kind text NOT NULL, key text NOT NULL, owner text NOT NULL, version int NOT NULL, body text NOT NULL,
    expires_at bigint, PRIMARY KEY (kind, key)
);
CREATE INDEX record_expires ON {schema}.record (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE {schema}.name (
    kind text NOT NULL, name text NOT NULL, key text NOT NULL, sole boolean NOT NULL, PRIMARY KEY (kind, name, key)
);
CREATE UNIQUE INDEX name_sole ON {schema}.name (kind, name) WHERE sole;
CREATE INDEX name_key ON {schema}.name (kind, key);
INSERT INTO {schema}.record
SELECT 'account', identifier, identifier, 1, jsonb_build_object('format', 1, 'guardians', guardians,
    'confirmed', confirmed, 'denied', denied, 'password_hash', password_hash, 'created_at', created_at,
    'run', activation)::text, NULL
FROM {schema}.account;
INSERT INTO {schema}.name SELECT 'account', 'guardian:' || guardian, identifier, true FROM {schema}.holder;
ALTER TABLE {schema}.tally ADD COLUMN body text;
UPDATE {schema}.tally SET body = (
    jsonb_build_array(barred_until)
    || (SELECT coalesce(jsonb_agg(jsonb_build_array(h.at, h.n) ORDER BY h.at), '[]') FROM unnest(ats, counts) h (at, n))
)::text;
ALTER TABLE {schema}.tally ALTER COLUMN body SET NOT NULL, DROP COLUMN ats, DROP COLUMN counts,
    DROP COLUMN barred_until;
INSERT INTO {schema}.tally (key, body, forgotten_at)
SELECT 'identifiers:' || b.base, jsonb_build_array(0, jsonb_build_array(b.at, b.issued))::text,
    b.at + 3155760000000000
FROM (SELECT b.base, b.issued, coalesce(max(a.created_at), 0) AS at
      FROM {schema}.base b LEFT JOIN {schema}.account a ON a.base = b.base GROUP BY b.base, b.issued) b;
DROP TABLE {schema}.account;
DROP TABLE {schema}.holder;
DROP TABLE {schema}.base;
ALTER TABLE {schema}.audit RENAME COLUMN activation TO run;
ALTER TABLE {schema}.audit ADD COLUMN journey text NOT NULL DEFAULT 'ACTIVATION';
"""

_STEPS = (_TABLES, _SECOND + _ENTRIES, _THIRD)
"""What makes each version of the tables out of the one before; a step that was released is never changed."""

SCHEMA = len(_STEPS)
"""The version of the tables and functions, kept in the table ``version``."""


def versions(schema: str) -> tuple[str, str]:
    """Two questions: whether there is a version, and whether it is this one."""
    there = f"SELECT to_regclass('{schema}.version') IS NOT NULL"
    return there, f"SELECT coalesce(max(version) = {SCHEMA}, false) FROM {schema}.version"


def create(schema: str) -> str:
    """Everything that makes *schema*, from nothing; safe when many do it at once.

    One anonymous block under an advisory lock: it looks at the version there is, and does what is missing.  The
    functions are made anew with each version.

    :raises ValueError: when *schema* is no plain lower-case name.
    """
    checked_schema(schema)
    steps = "".join(
        f"    IF found < {version} THEN EXECUTE $step${step.format(schema=schema)}$step$; END IF;\n"
        for version, step in enumerate(_STEPS, 1)
    )
    return f"""
DO $create$
DECLARE found int;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('{schema}:create', 0));
    CREATE SCHEMA IF NOT EXISTS {schema};
    CREATE TABLE IF NOT EXISTS {schema}.version (version int NOT NULL);
    SELECT max(version) INTO found FROM {schema}.version;
    found := coalesce(found, 0);
    IF found > {SCHEMA} THEN
        RAISE EXCEPTION 'the schema {schema} has version %; this library knows up to {SCHEMA}', found;
    END IF;
{steps}    IF found < {SCHEMA} THEN
        EXECUTE $functions${functions(schema + ".", schema, arrays=True)}$functions$;
        DELETE FROM {schema}.version;
        INSERT INTO {schema}.version VALUES ({SCHEMA});
    END IF;
END $create$"""
