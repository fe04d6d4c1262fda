"""What PostgreSQL is asked: one statement per call, and how to read its answer.

``PostgresStore`` and ``AsyncPostgresStore`` ask it over connections of their own, ``DjangoStore`` over Django's.  A commit
is one call of a function in the database: one round trip, one transaction.  What it refuses it refuses before it writes
anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from educonnect_flow.connections import checked_schema
from educonnect_flow.errors import StoreUnavailable
from educonnect_flow.machinery.secrecy import amended
from educonnect_flow.machinery.tally import EMPTY, EXACT, Limit, Tally, micros, moment
from educonnect_flow.machinery.text import encode
from educonnect_flow.records import (
    DONE,
    STALE,
    AuditEntry,
    Commit,
    Conflict,
    Lease,
    Leased,
    Loaded,
    Receipt,
    Record,
    RecordChange,
    Ref,
    Settled,
    Standing,
)
from educonnect_flow.stores import sql
from educonnect_flow.stores.sql import COUNTERS, names

T = TypeVar("T")

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

# A number is drawn before its commit: whoever reads by number waits for the writers under way, then looks.
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

# A number of the trail is drawn before its commit: a reader waits for the writers under way, then looks.  The wait and
# the reading are two statements of one function, for each statement sees what was committed when it began.
_READ_ON = """
CREATE OR REPLACE FUNCTION {t}entries(p_after bigint, p_limit int) RETURNS SETOF {t}audit LANGUAGE plpgsql AS $$
BEGIN
    PERFORM {t}check_isolation();
    PERFORM pg_advisory_xact_lock(hashtextextended('{lock}:audit', 0));
    RETURN QUERY SELECT * FROM {t}audit a WHERE a.seq > p_after ORDER BY a.seq LIMIT p_limit;
END $$;
"""

# The counting is that of machinery.tally, word for word; the store contract holds both to it.
_COMMIT = """
CREATE OR REPLACE FUNCTION {t}commit(
    p jsonb, p_body text, OUT standing text, OUT which int, OUT until bigint, OUT of_name text
) LANGUAGE plpgsql AS $$
DECLARE
    this text := p ->> 'id';
    v int := (p ->> 'version')::int;
    at_ bigint := (p ->> 'at')::bigint;
    one jsonb;
    many jsonb;
    kept jsonb;
    total bigint;
    cap_ bigint;
    window_ bigint;
    lock_ bigint;
    slot bigint;
    grain bigint;
    barred bigint;
    last bigint;
BEGIN
    PERFORM {t}check_isolation();
    IF v = 1 THEN
        IF EXISTS (SELECT FROM {t}run r WHERE r.id = this) THEN standing := 'stale'; RETURN; END IF;
    ELSE
        PERFORM FROM {t}run r WHERE r.id = this AND r.version = v - 1 FOR UPDATE;
        IF NOT FOUND THEN standing := 'stale'; RETURN; END IF;
    END IF;

    many := p -> 'limits';
    -- Held to the end of the transaction: no other one counts under these keys until then.  They are taken in one order,
    -- so that no two transactions wait for each other.
    PERFORM pg_advisory_xact_lock(k.lock) FROM (
        SELECT DISTINCT hashtextextended('{lock}:' || (l ->> 'key'), 0) AS lock FROM jsonb_array_elements(many) l ORDER BY 1
    ) k;
    FOR i IN 0 .. jsonb_array_length(many) - 1 LOOP
        one := many -> i;
        cap_ := (one ->> 'cap')::bigint;
        window_ := (one ->> 'window')::bigint;
        SELECT t.body::jsonb INTO kept FROM {t}tally t WHERE t.key = one ->> 'key';
        until := NULL;
        IF cap_ <= 0 THEN
            until := at_ + window_;
        ELSIF (one ->> 'lock') IS NOT NULL THEN
            barred := (kept ->> 0)::bigint;
            IF at_ < barred THEN until := barred; END IF;
        ELSIF kept IS NOT NULL THEN
            SELECT coalesce(sum((h ->> 1)::bigint), 0) INTO total
            FROM jsonb_array_elements(kept - 0) h WHERE (h ->> 0)::bigint > at_ - window_;
            IF total >= cap_ THEN
                SELECT min(h.at) + window_ INTO until
                FROM (SELECT (u ->> 0)::bigint AS at, sum((u ->> 1)::bigint) OVER (ORDER BY (u ->> 0)::bigint) AS gone
                      FROM jsonb_array_elements(kept - 0) u WHERE (u ->> 0)::bigint > at_ - window_) h
                WHERE total - h.gone < cap_;
            END IF;
        END IF;
        IF until IS NOT NULL THEN standing := 'barred'; which := i; RETURN; END IF;
    END LOOP;

    many := p -> 'records';
    FOR i IN 0 .. jsonb_array_length(many) - 1 LOOP
        one := many -> i;
        which := i;
        FOR of_name IN SELECT jsonb_array_elements_text(one -> 'unique') LOOP
            PERFORM FROM {t}name n
            WHERE n.kind = one ->> 'kind' AND n.name = of_name AND n.sole AND n.key <> one ->> 'key';
            IF FOUND THEN standing := 'conflict'; RETURN; END IF;
        END LOOP;
        of_name := NULL;
        IF (one ->> 'version')::int = 1 THEN
            IF EXISTS (SELECT FROM {t}record r WHERE r.kind = one ->> 'kind' AND r.key = one ->> 'key') THEN
                standing := 'conflict'; RETURN;
            END IF;
        ELSE
            PERFORM FROM {t}record r
            WHERE r.kind = one ->> 'kind' AND r.key = one ->> 'key' AND r.version = (one ->> 'version')::int - 1
            FOR UPDATE;
            IF NOT FOUND THEN standing := 'conflict'; RETURN; END IF;
        END IF;
    END LOOP;

    -- Nothing was written so far; from here on nothing is refused, but by a unique constraint.
    IF v = 1 THEN
        INSERT INTO {t}run (id, journey, owner, version, handle, purge_at, wanted, body)
        VALUES (this, p ->> 'journey', p ->> 'owner', 1, p ->> 'handle', (p ->> 'purge_at')::bigint, p ->> 'wanted',
            p_body);
    ELSE
        UPDATE {t}run r
        SET version = v, owner = p ->> 'owner', purge_at = (p ->> 'purge_at')::bigint, wanted = p ->> 'wanted',
            body = p_body,
            previous = CASE WHEN p ->> 'handle' IS NOT NULL THEN r.handle
                            WHEN (p ->> 'forget')::boolean THEN NULL ELSE r.previous END,
            rotated_by = CASE WHEN p ->> 'handle' IS NOT NULL THEN p -> 'answered' ->> 'key'
                              WHEN (p ->> 'forget')::boolean THEN NULL ELSE r.rotated_by END,
            handle = coalesce(p ->> 'handle', r.handle)
        WHERE r.id = this;
    END IF;

    FOR one IN SELECT * FROM jsonb_array_elements(p -> 'limits') LOOP
        CONTINUE WHEN (one ->> 'adds')::int = 0;
        cap_ := (one ->> 'cap')::bigint;
        window_ := (one ->> 'window')::bigint;
        lock_ := (one ->> 'lock')::bigint;
        SELECT t.body::jsonb INTO kept FROM {t}tally t WHERE t.key = one ->> 'key';
        slot := at_;
        IF cap_ > {exact} THEN
            grain := greatest(1, window_ / {exact});
            slot := ((at_ + grain - 1) / grain) * grain;
        END IF;
        barred := coalesce((kept ->> 0)::bigint, 0);
        SELECT coalesce(jsonb_agg(h ORDER BY (h ->> 0)::bigint), '[]'), coalesce(max((h ->> 0)::bigint), -1)
        INTO many, last
        FROM jsonb_array_elements(kept - 0) h WHERE (h ->> 0)::bigint > at_ - window_;
        IF last >= slot THEN
            many := jsonb_set(many, '{{-1,1}}', to_jsonb((many -> -1 ->> 1)::bigint + 1));
        ELSE
            many := many || jsonb_build_array(jsonb_build_array(slot, 1));
            last := slot;
        END IF;
        IF lock_ IS NOT NULL AND (SELECT sum((h ->> 1)::bigint) FROM jsonb_array_elements(many) h) >= cap_ THEN
            barred := at_ + lock_;
        END IF;
        INSERT INTO {t}tally (key, body, forgotten_at)
        VALUES (one ->> 'key', (jsonb_build_array(barred) || many)::text, greatest(last + window_, barred))
        ON CONFLICT (key) DO UPDATE SET body = excluded.body, forgotten_at = excluded.forgotten_at;
    END LOOP;

    FOR one IN SELECT * FROM jsonb_array_elements(p -> 'records') LOOP
        IF (one ->> 'version')::int = 1 THEN
            INSERT INTO {t}record (kind, key, owner, version, body, expires_at)
            VALUES (one ->> 'kind', one ->> 'key', one ->> 'owner', 1, one ->> 'body', (one ->> 'expires_at')::bigint);
        ELSE
            IF (one ->> 'delete')::boolean THEN
                DELETE FROM {t}record r WHERE r.kind = one ->> 'kind' AND r.key = one ->> 'key';
            ELSE
                UPDATE {t}record r
                SET owner = one ->> 'owner', version = (one ->> 'version')::int, body = one ->> 'body',
                    expires_at = (one ->> 'expires_at')::bigint
                WHERE r.kind = one ->> 'kind' AND r.key = one ->> 'key';
            END IF;
            DELETE FROM {t}name n WHERE n.kind = one ->> 'kind' AND n.key = one ->> 'key';
        END IF;
        INSERT INTO {t}name (kind, name, key, sole)
        SELECT one ->> 'kind', n ->> 0, one ->> 'key', (n ->> 1)::boolean
        FROM jsonb_array_elements(one -> 'names') n ORDER BY n ->> 0;
    END LOOP;

    IF (p ->> 'void')::boolean OR p ->> 'end_owner' IS NOT NULL THEN
        -- In one order, so that two runs of an owner that end each other's do not wait in a ring.
        PERFORM FROM {t}message m
        WHERE ((p ->> 'void')::boolean AND m.run = this) OR m.owner = p ->> 'end_owner' ORDER BY m.id FOR UPDATE;
    END IF;
    IF (p ->> 'void')::boolean THEN DELETE FROM {t}message m WHERE m.run = this; END IF;
    IF p ->> 'end_owner' IS NOT NULL THEN DELETE FROM {t}message m WHERE m.owner = p ->> 'end_owner'; END IF;
    one := p -> 'answered';
    IF one <> 'null' THEN
        INSERT INTO {t}answered (run, key, fingerprint, version, accepted, refusals, body)
        VALUES (this, one ->> 'key', one ->> 'fingerprint', v, (one ->> 'accepted')::boolean, one ->> 'refusals', p_body);
    END IF;
    INSERT INTO {t}message (id, run, journey, owner, due_at, attempts, created_at, expires_at, decoy, body)
    SELECT m ->> 'id', m ->> 'run', m ->> 'journey', m ->> 'owner', (m ->> 'due_at')::bigint, 0,
        (m ->> 'created_at')::bigint, (m ->> 'expires_at')::bigint, (m ->> 'decoy')::boolean, m ->> 'body'
    FROM jsonb_array_elements(p -> 'messages') m;
    IF jsonb_array_length(p -> 'audit') > 0 THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('{lock}:audit', 0));
        FOR one IN SELECT * FROM jsonb_array_elements(p -> 'audit') LOOP
            PERFORM {t}note(one);
        END LOOP;
    END IF;
    which := NULL;
    standing := 'done';
END $$;
"""

# The functions look, wait for a lock, and look again: each statement must see what was committed when it began.
_CHECK = """
CREATE OR REPLACE FUNCTION {t}check_isolation() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'educonnect_flow needs the isolation level READ COMMITTED, and not %',
            upper(current_setting('transaction_isolation'));
    END IF;
END $$;
"""

# What a record or a run had when it was locked is deleted: a statement of its own sees what was written until then.
_PURGE = """
CREATE OR REPLACE FUNCTION {t}purge(p_at bigint, p_limit int, p_most int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    ended text[];
    kinds text[];
    keys text[];
BEGIN
    PERFORM {t}check_isolation();
    DELETE FROM {t}tally WHERE key IN (
        SELECT t.key FROM {t}tally t WHERE t.forgotten_at <= p_at LIMIT p_most FOR UPDATE SKIP LOCKED);
    DELETE FROM {t}spent WHERE key IN (
        SELECT s.key FROM {t}spent s WHERE s.until <= p_at LIMIT p_most FOR UPDATE SKIP LOCKED);
    WITH expired AS (
        SELECT r.kind, r.key FROM {t}record r WHERE r.expires_at <= p_at LIMIT p_most FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM {t}record r USING expired e WHERE r.kind = e.kind AND r.key = e.key RETURNING r.kind, r.key
    ) SELECT array_agg(g.kind), array_agg(g.key) INTO kinds, keys FROM gone g;
    DELETE FROM {t}name n USING unnest(kinds, keys) AS g (kind, key) WHERE n.kind = g.kind AND n.key = g.key;
    WITH due AS (
        SELECT r.id FROM {t}run r WHERE r.purge_at <= p_at ORDER BY r.purge_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM {t}run r USING due d WHERE r.id = d.id RETURNING r.id
    ) SELECT coalesce(array_agg(g.id), '{{}}') INTO ended FROM gone g;
    DELETE FROM {t}answered a WHERE a.run = ANY (ended);
    PERFORM FROM {t}message m WHERE m.run = ANY (ended) ORDER BY m.id FOR UPDATE;
    DELETE FROM {t}message m WHERE m.run = ANY (ended);
    RETURN cardinality(ended);
END $$;
"""

# Called under the shared lock of the trail.
_NOTE = """
CREATE OR REPLACE FUNCTION {t}note(a jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO {t}audit (run, journey, at, event, row, source, dest, reasons, denied, mobile, origin)
    VALUES (a ->> 'run', a ->> 'journey', (a ->> 'at')::bigint, a ->> 'event', a ->> 'row', a ->> 'source', a ->> 'dest',
        {reasons}, {denied}, a ->> 'mobile', a ->> 'origin')
$$;
"""

# Settling notes and leases in one round trip.  Its answer is whether the message was there, and the next one.
_SETTLE = """
CREATE OR REPLACE FUNCTION {t}settle(p_message text, p_audit jsonb, p_until bigint, p_now bigint,
    OUT gone boolean, OUT leased jsonb) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM {t}check_isolation();
    DELETE FROM {t}message m WHERE m.id = p_message;
    gone := FOUND;
    IF gone AND p_audit IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('{lock}:audit', 0));
        PERFORM {t}note(p_audit);
    END IF;
    IF p_until IS NOT NULL THEN
        UPDATE {t}message m SET due_at = p_until, attempts = m.attempts + 1 WHERE m.id = (
            SELECT d.id FROM {t}message d WHERE d.due_at <= p_now ORDER BY d.due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING jsonb_build_array({columns}) INTO leased;
    END IF;
END $$;
"""


def functions(prefix: str, lock: str, *, arrays: bool) -> str:
    """The functions over tables whose names begin with *prefix*.

    :param lock: the name under which advisory locks are taken.
    :param arrays: whether columns that hold several texts are arrays; else they are JSON.
    """
    many = "ARRAY(SELECT jsonb_array_elements_text(a -> '{0}'))" if arrays else "(a ->> '{0}')"
    return "".join(
        text.format(
            t=prefix,
            lock=lock,
            exact=EXACT,
            reasons=many.format("reasons"),
            denied=many.format("denied"),
            columns=names(sql.LEASED, "m"),
        )
        for text in (_CHECK, _READ_ON, _NOTE, _COMMIT, _SETTLE, _PURGE)
    )


TRIES = 5
"""Of one commit that ran into a unique constraint.  The first try after it finds what the other one wrote."""


class Query(NamedTuple, Generic[T]):
    """A statement, its values, and what its rows mean."""

    sql: str
    values: Sequence[Any]
    read: Callable[[list[tuple[Any, ...]]], T]


def _nothing(_: list[tuple[Any, ...]]) -> None:
    return None


class Queries:
    """The statements over tables whose names begin with *prefix*: a schema with its dot, or part of a name."""

    def __init__(self, prefix: str) -> None:
        t = self._t = prefix
        columns = names(sql.RECORD, "o")
        of = f"(SELECT {columns} FROM {t}record o WHERE o.kind = {{kind}} AND o.key = {{key}} OFFSET 0) c"
        # A look-up for each reference (OFFSET keeps the planner from joining): the tables are never read through.
        self._records = (
            f"FROM (SELECT c.* FROM jsonb_array_elements({{w}}) w"
            f" CROSS JOIN LATERAL {of.format(kind='w ->> 0', key='w ->> 1')}"
            f" UNION ALL SELECT c.* FROM jsonb_array_elements({{w}}) w CROSS JOIN LATERAL"
            f" (SELECT i.kind, i.key FROM {t}name i WHERE i.kind = w ->> 0 AND i.name = w ->> 2 OFFSET 0) n"
            f" CROSS JOIN LATERAL {of.format(kind='n.kind', key='n.key')}) c"
        )
        records = self._records.replace("{w}", "(r.wanted::jsonb || %s::jsonb)")
        self._load = (
            f"SELECT {names(('id', 'journey', 'owner', 'version', 'wanted', 'body'), 'r')}, r.handle = %s, r.rotated_by,"
            f" {names(sql.ANSWERED[1:], 'a')}, CASE WHEN r.wanted || %s = '[][]' THEN NULL ELSE"
            f" (SELECT json_agg(json_build_array({names(sql.RECORD, 'c')}))::text {records}) END"
            f" FROM {t}run r LEFT JOIN {t}answered a ON a.run = r.id AND a.key = ANY(%s)"
            " WHERE r.handle = %s OR r.previous = %s LIMIT 1"
        )
        self._find = f"SELECT {names(sql.RECORD, 'c')} {self._records.replace('{w}', '%s::jsonb')}"
        self._audit = f"{names(sql.AUDIT)} FROM {t}"

    def load(self, handle: str, requests: Sequence[str], refs: Sequence[Ref]) -> Query[Loaded | None]:
        """See ``Store``."""

        def read(found: list[tuple[Any, ...]]) -> Loaded | None:
            if not found:
                return None
            *row, records = found[0]
            loaded = sql.loaded(row)
            return loaded if records is None else amended(loaded, {"records": sql.read_records(json.loads(records))})

        given = sql.refs(refs)
        return Query(self._load, (handle, given, given, given, list(requests), handle, handle), read)

    def find(self, refs: Sequence[Ref]) -> Query[tuple[Record, ...]]:
        """See ``Store``."""
        given = sql.refs(refs)
        return Query(self._find, (given, given), sql.read_records)

    def commit(self, commit: Commit) -> Query[Receipt]:
        """See ``Store``."""
        records = sql.in_order(commit.records)

        def read(found: list[tuple[Any, ...]]) -> Receipt:
            standing, which, until, name = found[0]
            if standing == "done":
                return DONE
            if standing == "barred":
                return Receipt(Standing.BARRED, commit.limits[which], moment(until))
            if standing == "conflict":
                record = records[which].record
                return Receipt(Standing.CONFLICT, conflict=Conflict(record.kind, record.key, name))
            return STALE

        values = sql.run_values(commit)
        answered = commit.answered
        del values["body"]  # said once, for the run and for the answer
        values |= {
            "at": micros(commit.at),
            "forget": commit.forget,
            "void": commit.void,
            "end_owner": commit.end_owner,
            "answered": None if answered is None else _but(sql.answered_values(commit, answered), "body"),
            "limits": [_limit(limit) for limit in commit.limits],
            "records": [_record(change) for change in records],
            "messages": [sql.message_values(out) for out in commit.messages],
            "audit": [sql.audit_values(entry) for entry in commit.audit],
        }
        query = f"SELECT standing, which, until, of_name FROM {self._t}commit(%s::jsonb, %s)"
        return Query(query, (encode(values), commit.run.body.text), read)

    def lease(self, lease: Lease) -> Query[Leased | None]:
        """See ``Store``."""

        def read(found: list[tuple[Any, ...]]) -> Leased | None:
            return sql.leased(found[0]) if found else None

        query = (
            f"UPDATE {self._t}message SET due_at = %s, attempts = attempts + 1 WHERE id = ("
            f"SELECT id FROM {self._t}message WHERE due_at <= %s ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
            f" RETURNING {names(sql.LEASED)}"
        )
        return Query(query, (micros(lease.until), micros(lease.now)), read)

    def settle(self, message: str, audit: AuditEntry | None, lease: Lease | None) -> Query[Settled]:
        """See ``Store``."""

        def read(found: list[tuple[Any, ...]]) -> Settled:
            gone, row = found[0]
            return Settled(gone=gone, leased=None if row is None else sql.leased(json.loads(row)))

        values = (
            message,
            None if audit is None else encode(sql.audit_values(audit)),
            None if lease is None else micros(lease.until),
            None if lease is None else micros(lease.now),
        )
        query = f"SELECT gone, leased::text FROM {self._t}settle(%s, %s::jsonb, %s::bigint, %s::bigint)"
        return Query(query, values, read)

    def release(self, message: str, attempts: int, due_at: datetime) -> Query[None]:
        """See ``Store``."""
        query = f"UPDATE {self._t}message SET due_at = %s WHERE id = %s AND attempts = %s"
        return Query(query, (micros(due_at), message, attempts), _nothing)

    def spend(self, key: str, now: datetime, until: datetime) -> Query[bool]:
        """See ``Store``."""
        query = (
            f"INSERT INTO {self._t}spent AS s (key, until) VALUES (%s, %s)"
            " ON CONFLICT (key) DO UPDATE SET until = excluded.until WHERE s.until <= %s RETURNING 1"
        )
        return Query(query, (key, micros(until), micros(now)), bool)

    def spent(self, key: str, now: datetime) -> Query[bool]:
        """See ``Store``."""
        return Query(f"SELECT 1 FROM {self._t}spent WHERE key = %s AND until > %s", (key, micros(now)), bool)

    def tally(self, kind: str, key: str) -> Query[Tally]:
        """See ``Store``."""

        def read(found: list[tuple[Any, ...]]) -> Tally:
            return Tally.load(found[0][0]) if found else EMPTY

        return Query(f"SELECT body FROM {self._t}tally WHERE key = %s", (f"{kind}:{key}",), read)

    def purge(self, now: datetime, limit: int) -> Query[int]:
        """See ``Store``."""
        query = f"SELECT {self._t}purge(%s, %s, %s)"
        return Query(query, (micros(now), limit, COUNTERS * limit), lambda found: int(found[0][0]))

    def trail(self, run: str) -> Query[tuple[AuditEntry, ...]]:
        """See ``Store``."""
        return Query(f"SELECT {self._audit}audit WHERE run = %s ORDER BY seq", (run,), sql.trail)

    def entries(self, after: int, limit: int) -> Query[tuple[tuple[int, AuditEntry], ...]]:
        """See ``Store``."""
        return Query(f"SELECT seq, {self._audit}entries(%s, %s) ORDER BY seq", (after, limit), sql.entries)


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


def unavailable(error: Exception) -> StoreUnavailable:
    """What the host sees of an *error* of the database: its kind, and not its text, which may quote values."""
    return StoreUnavailable(f"PostgreSQL: {type(error).__name__}")


def _limit(limit: Limit) -> dict[str, Any]:
    return {
        "key": f"{limit.kind}:{limit.key}",
        "cap": limit.cap,
        "window": _micros(limit.window),
        "lock": None if limit.lock is None else _micros(limit.lock),
        "adds": limit.adds,
    }


def _record(change: RecordChange) -> dict[str, Any]:
    gone = change.delete
    return sql.record_values(change.record) | {
        "unique": [] if gone else change.unique,
        "names": [] if gone else sql.names_of(change),
        "delete": gone,
    }


def _but(values: dict[str, Any], column: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != column}


def _micros(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
