"""What both PostgreSQL stores ask: one statement per call, and how to read its answer.

A commit is one call of a function in the database: one round trip, one transaction.  What it refuses it refuses
before it writes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from educonnect_flow.activation import snapshot
from educonnect_flow.activation.products import Account, Outgoing
from educonnect_flow.connections import checked_schema
from educonnect_flow.errors import StoreUnavailable
from educonnect_flow.machinery.tally import EMPTY, EXACT, Tally, micros, moment
from educonnect_flow.machinery.text import encode
from educonnect_flow.reasons import dump_refusals
from educonnect_flow.records import DONE, Answered, AuditEntry, Claimed, Commit, Loaded, Receipt, Standing
from educonnect_flow.stores import rows

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

# The counting is that of machinery.tally, word for word; the store contract holds both to it.
_COMMIT = """
CREATE OR REPLACE FUNCTION {schema}.commit(
    p_id text, p_version int, p_handle text, p_purge_at bigint, p_body text, p_void boolean,
    p_forget boolean, p_now bigint,
    p_keys text[], p_caps int[], p_windows bigint[], p_locks bigint[], p_adds int[],
    p_answered jsonb, p_outgoing jsonb, p_account jsonb, p_audit jsonb,
    OUT standing text, OUT which int, OUT until bigint
) LANGUAGE plpgsql AS $$
DECLARE
    t {schema}.tally;
    total bigint;
    slot bigint;
    grain bigint;
    n int;
BEGIN
    IF p_version = 1 THEN
        IF EXISTS (SELECT FROM {schema}.activation a WHERE a.id = p_id) THEN standing := 'stale'; RETURN; END IF;
    ELSE
        PERFORM FROM {schema}.activation a WHERE a.id = p_id AND a.version = p_version - 1 FOR UPDATE;
        IF NOT FOUND THEN standing := 'stale'; RETURN; END IF;
    END IF;

    FOR i IN 1 .. cardinality(p_keys) LOOP
        -- Held to the end of the transaction: nobody else counts under this key until we have.
        PERFORM pg_advisory_xact_lock(hashtextextended('{schema}:' || p_keys[i], 0));
        SELECT * INTO t FROM {schema}.tally WHERE key = p_keys[i];
        until := NULL;
        IF p_caps[i] <= 0 THEN
            until := p_now + p_windows[i];
        ELSIF p_locks[i] IS NOT NULL THEN
            IF p_now < t.barred_until THEN until := t.barred_until; END IF;
        ELSIF t.key IS NOT NULL THEN
            SELECT coalesce(sum(h.n), 0) INTO total FROM unnest(t.ats, t.counts) h (at, n) WHERE h.at > p_now - p_windows[i];
            IF total >= p_caps[i] THEN
                SELECT min(h.at) + p_windows[i] INTO until
                FROM (SELECT u.at, sum(u.n) OVER (ORDER BY u.at) AS gone FROM unnest(t.ats, t.counts) u (at, n)
                      WHERE u.at > p_now - p_windows[i]) h
                WHERE total - h.gone < p_caps[i];
            END IF;
        END IF;
        IF until IS NOT NULL THEN standing := 'barred'; which := i; RETURN; END IF;
    END LOOP;

    IF p_account IS NOT NULL THEN
        IF EXISTS (SELECT FROM {schema}.holder h
                   WHERE h.guardian IN (SELECT jsonb_array_elements_text(p_account -> 'guardians'))) THEN
            standing := 'active'; RETURN;
        END IF;
        IF EXISTS (SELECT FROM {schema}.account a WHERE a.identifier = p_account ->> 'identifier') THEN
            standing := 'identifier_taken'; RETURN;
        END IF;
    END IF;

    -- Nothing was written so far; from here on nothing is refused, but by a unique constraint.
    IF p_version = 1 THEN
        INSERT INTO {schema}.activation VALUES (p_id, 1, p_handle, NULL, NULL, p_purge_at, p_body);
    ELSIF p_handle IS NULL THEN
        UPDATE {schema}.activation
        SET version = p_version, purge_at = p_purge_at, body = p_body,
            previous = CASE WHEN p_forget THEN NULL ELSE previous END,
            rotated_by = CASE WHEN p_forget THEN NULL ELSE rotated_by END
        WHERE id = p_id;
    ELSE
        UPDATE {schema}.activation
        SET version = p_version, purge_at = p_purge_at, body = p_body, previous = handle, handle = p_handle,
            rotated_by = p_answered ->> 'key'
        WHERE id = p_id;
    END IF;

    FOR i IN 1 .. cardinality(p_keys) LOOP
        CONTINUE WHEN p_adds[i] = 0;
        SELECT * INTO t FROM {schema}.tally WHERE key = p_keys[i];
        slot := p_now;
        IF p_caps[i] > {exact} THEN
            grain := greatest(1, p_windows[i] / {exact});
            slot := ((p_now + grain - 1) / grain) * grain;
        END IF;
        SELECT coalesce(array_agg(h.at ORDER BY h.at), '{{}}'), coalesce(array_agg(h.n ORDER BY h.at), '{{}}')
        INTO t.ats, t.counts FROM unnest(t.ats, t.counts) h (at, n) WHERE h.at > p_now - p_windows[i];
        n := cardinality(t.ats);
        IF n > 0 AND t.ats[n] >= slot THEN
            t.counts[n] := t.counts[n] + 1;
        ELSE
            t.ats := t.ats || slot;
            t.counts := t.counts || 1;
            n := n + 1;
        END IF;
        t.barred_until := coalesce(t.barred_until, 0);
        IF p_locks[i] IS NOT NULL AND (SELECT sum(c) FROM unnest(t.counts) c) >= p_caps[i] THEN
            t.barred_until := p_now + p_locks[i];
        END IF;
        t.forgotten_at := greatest(t.ats[n] + p_windows[i], t.barred_until);
        INSERT INTO {schema}.tally VALUES (p_keys[i], t.ats, t.counts, t.barred_until, t.forgotten_at)
        ON CONFLICT (key) DO UPDATE
        SET ats = t.ats, counts = t.counts, barred_until = t.barred_until, forgotten_at = t.forgotten_at;
    END LOOP;

    IF p_void THEN DELETE FROM {schema}.outbox o WHERE o.activation = p_id; END IF;
    IF p_answered IS NOT NULL THEN
        INSERT INTO {schema}.answered VALUES (
            p_id, p_answered ->> 'key', p_answered ->> 'fingerprint', p_version, (p_answered ->> 'accepted')::boolean,
            p_answered ->> 'refusals', p_body);
    END IF;
    IF p_outgoing IS NOT NULL THEN
        INSERT INTO {schema}.outbox VALUES (
            p_outgoing ->> 'id', p_outgoing ->> 'activation', (p_outgoing ->> 'created_at')::bigint, 0,
            p_outgoing ->> 'nonce', p_outgoing ->> 'mobile', (p_outgoing ->> 'created_at')::bigint,
            (p_outgoing ->> 'expires_at')::bigint, (p_outgoing ->> 'decoy')::boolean);
    END IF;
    IF p_account IS NOT NULL THEN
        INSERT INTO {schema}.holder
        SELECT guardian, p_account ->> 'identifier'
        FROM jsonb_array_elements_text(p_account -> 'guardians') guardian ORDER BY guardian;
        INSERT INTO {schema}.account VALUES (
            p_account ->> 'identifier', p_account ->> 'base',
            ARRAY(SELECT jsonb_array_elements_text(p_account -> 'guardians')),
            ARRAY(SELECT jsonb_array_elements_text(p_account -> 'confirmed')),
            ARRAY(SELECT jsonb_array_elements_text(p_account -> 'denied')),
            p_account ->> 'password_hash', (p_account ->> 'created_at')::bigint, p_account ->> 'activation');
        INSERT INTO {schema}.base VALUES (p_account ->> 'base', 1)
        ON CONFLICT (base) DO UPDATE SET issued = {schema}.base.issued + 1;
    END IF;
    IF p_audit IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('{schema}:audit', 0));
        INSERT INTO {schema}.audit (activation, at, event, row, source, dest, reasons, denied, mobile, origin) VALUES (
            p_audit ->> 'activation', (p_audit ->> 'at')::bigint, p_audit ->> 'event', p_audit ->> 'row',
            p_audit ->> 'source', p_audit ->> 'dest', ARRAY(SELECT jsonb_array_elements_text(p_audit -> 'reasons')),
            ARRAY(SELECT jsonb_array_elements_text(p_audit -> 'denied')), p_audit ->> 'mobile', p_audit ->> 'origin');
    END IF;
    standing := 'done';
END $$;
"""

_STEPS = (_TABLES, _SECOND + _ENTRIES)
"""What makes each version of the tables out of the one before; a step that was released is never changed."""

SCHEMA = len(_STEPS)
"""The version of the tables and functions, kept in the table ``version``."""


class Query(NamedTuple, Generic[T]):
    """A statement, its values, and what its rows mean."""

    sql: str
    values: Sequence[Any]
    read: Callable[[list[tuple[Any, ...]]], T]


def _nothing(_: list[tuple[Any, ...]]) -> None:
    return None


class Queries:
    """The statements of one schema.

    :raises ValueError: when *schema* is no plain lower-case name.
    """

    def __init__(self, schema: str) -> None:
        self.schema = checked_schema(schema)
        self._load = (
            f"SELECT version, body, handle = %s, rotated_by FROM {schema}.activation WHERE handle = %s OR previous = %s"
        )
        self._load_with_request = (
            "SELECT a.version, a.body, a.handle = %s, a.rotated_by, r.key, r.fingerprint, r.version, r.accepted,"
            f" r.refusals, r.body FROM {schema}.activation a"
            f" LEFT JOIN {schema}.answered r ON r.activation = a.id AND r.key = %s WHERE a.handle = %s OR a.previous = %s"
        )
        self._commit = f"SELECT * FROM {schema}.commit({', '.join(['%s'] * 13 + ['%s::jsonb'] * 4)})"

    def create(self) -> str:
        """Everything that makes the schema, from nothing; safe when many do it at once.

        One anonymous block under an advisory lock: it looks at the version there is, and does what is missing.  The
        function of a commit is made anew with each version.
        """
        steps = "".join(
            f"    IF found < {version} THEN EXECUTE $step${step.format(schema=self.schema)}$step$; END IF;\n"
            for version, step in enumerate(_STEPS, 1)
        )
        commit = _COMMIT.format(schema=self.schema, exact=EXACT)
        return f"""
DO $create$
DECLARE found int;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('{self.schema}:create', 0));
    CREATE SCHEMA IF NOT EXISTS {self.schema};
    CREATE TABLE IF NOT EXISTS {self.schema}.version (version int NOT NULL);
    SELECT max(version) INTO found FROM {self.schema}.version;
    found := coalesce(found, 0);
    IF found > {SCHEMA} THEN
        RAISE EXCEPTION 'the schema {self.schema} has version %; this library knows up to {SCHEMA}', found;
    END IF;
{steps}    IF found < {SCHEMA} THEN
        EXECUTE $commit${commit}$commit$;
        DELETE FROM {self.schema}.version;
        INSERT INTO {self.schema}.version VALUES ({SCHEMA});
    END IF;
END $create$"""

    def load(self, handle: str, request: str | None) -> Query[Loaded | None]:
        """See ``Store``."""

        def read(found: list[tuple[Any, ...]]) -> Loaded | None:
            return rows.loaded(found[0]) if found else None

        if request is None:
            return Query(self._load, (handle, handle, handle), read)
        return Query(self._load_with_request, (handle, request, handle, handle), read)

    def commit(self, commit: Commit) -> Query[Receipt]:
        """See ``Store``."""
        a, limits = commit.activation, commit.limits
        answered, out, account, audit = commit.answered, commit.outgoing, commit.account, commit.audit

        def read(found: list[tuple[Any, ...]]) -> Receipt:
            standing, which, until = found[0]
            if standing == "done":
                return DONE
            if standing == "barred":
                return Receipt(Standing.BARRED, limits[which - 1], moment(until))
            return Receipt(Standing(standing))

        values = (
            a.id,
            a.version,
            commit.handle,
            micros(commit.purge_at),
            snapshot.dump(a),
            commit.void,
            commit.forget,
            micros(a.seen_at),
            [f"{limit.kind}:{limit.key}" for limit in limits],
            [limit.cap for limit in limits],
            [_micros(limit.window) for limit in limits],
            [None if limit.lock is None else _micros(limit.lock) for limit in limits],
            [limit.adds for limit in limits],
            answered and encode(_answered(answered)),
            out and encode(_outgoing(out)),
            account and encode(_account(account)),
            audit and encode(_audit(audit)),
        )
        return Query(self._commit, values, read)

    def active(self, guardians: tuple[str, ...]) -> Query[bool]:
        """See ``Store``."""
        sql = f"SELECT FROM {self.schema}.holder WHERE guardian = ANY(%s) LIMIT 1"
        return Query(sql, (list(guardians),), bool)

    def issued(self, base: str) -> Query[int]:
        """See ``Store``."""
        sql = f"SELECT issued FROM {self.schema}.base WHERE base = %s"
        return Query(sql, (base,), lambda found: found[0][0] if found else 0)

    def account(self, identifier: str) -> Query[Account | None]:
        """See ``Store``."""

        def read(found: list[tuple[Any, ...]]) -> Account | None:
            return rows.account(found[0], tuple) if found else None

        sql = f"SELECT {rows.ACCOUNT} FROM {self.schema}.account WHERE identifier = %s"
        return Query(sql, (identifier,), read)

    def claim(self, now: datetime, lease_until: datetime) -> Query[Claimed | None]:
        """See ``Store``."""

        def read(found: list[tuple[Any, ...]]) -> Claimed | None:
            return rows.claimed(found[0]) if found else None

        sql = (
            f"UPDATE {self.schema}.outbox SET due_at = %s, attempts = attempts + 1 WHERE id = ("
            f"SELECT id FROM {self.schema}.outbox WHERE due_at <= %s ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
            f" RETURNING {rows.CLAIMED}"
        )
        return Query(sql, (micros(lease_until), micros(now)), read)

    def settle(self, message: str, audit: AuditEntry | None) -> Query[bool]:
        """See ``Store``."""
        s = self.schema
        if audit is None:
            return Query(f"DELETE FROM {s}.outbox WHERE id = %s RETURNING 1", (message,), bool)
        sql = (
            f"WITH held AS (SELECT pg_advisory_xact_lock_shared(hashtextextended('{s}:audit', 0))),"
            f" gone AS (DELETE FROM {s}.outbox USING held WHERE id = %s RETURNING id)"
            f" INSERT INTO {s}.audit (activation, at, event, row, source, dest, reasons, denied, mobile, origin)"
            " SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s FROM gone RETURNING 1"
        )
        entry = _audit(audit)
        entry |= {"reasons": list(audit.reasons), "denied": list(audit.denied)}
        return Query(sql, (message, *entry.values()), bool)

    def release(self, message: str, attempts: int, due_at: datetime) -> Query[None]:
        """See ``Store``."""
        sql = f"UPDATE {self.schema}.outbox SET due_at = %s WHERE id = %s AND attempts = %s"
        return Query(sql, (micros(due_at), message, attempts), _nothing)

    def spend(self, key: str, now: datetime, until: datetime) -> Query[bool]:
        """See ``Store``."""
        sql = (
            f"INSERT INTO {self.schema}.spent AS s VALUES (%s, %s)"
            " ON CONFLICT (key) DO UPDATE SET until = excluded.until WHERE s.until <= %s RETURNING 1"
        )
        return Query(sql, (key, micros(until), micros(now)), bool)

    def spent(self, key: str, now: datetime) -> Query[bool]:
        """See ``Store``."""
        return Query(f"SELECT FROM {self.schema}.spent WHERE key = %s AND until > %s", (key, micros(now)), bool)

    def tally(self, kind: str, key: str) -> Query[Tally]:
        """See ``Store``."""

        def read(found: list[tuple[Any, ...]]) -> Tally:
            if not found:
                return EMPTY
            ats, counts, barred_until = found[0]
            return Tally(tuple(zip(ats, counts, strict=True)), barred_until)

        sql = f"SELECT ats, counts, barred_until FROM {self.schema}.tally WHERE key = %s"
        return Query(sql, (f"{kind}:{key}",), read)

    def purge(self, now: datetime, limit: int) -> Query[int]:
        """See ``Store``."""
        s, at = self.schema, micros(now)
        sql = f"""
WITH over AS (
    SELECT id FROM {s}.activation WHERE purge_at <= %s ORDER BY purge_at LIMIT %s FOR UPDATE SKIP LOCKED
), gone AS (DELETE FROM {s}.activation WHERE id IN (SELECT id FROM over) RETURNING id),
answers AS (DELETE FROM {s}.answered WHERE activation IN (SELECT id FROM over)),
messages AS (DELETE FROM {s}.outbox WHERE activation IN (SELECT id FROM over)),
tallies AS (
    DELETE FROM {s}.tally WHERE key IN (SELECT key FROM {s}.tally WHERE forgotten_at <= %s LIMIT %s FOR UPDATE SKIP LOCKED)
), spent AS (
    DELETE FROM {s}.spent WHERE key IN (SELECT key FROM {s}.spent WHERE until <= %s LIMIT %s FOR UPDATE SKIP LOCKED)
)
SELECT count(*) FROM gone"""
        return Query(sql, (at, limit, *(at, rows.COUNTERS * limit) * 2), lambda found: int(found[0][0]))

    def trail(self, activation: str) -> Query[tuple[AuditEntry, ...]]:
        """See ``Store``."""

        def read(found: list[tuple[Any, ...]]) -> tuple[AuditEntry, ...]:
            return rows.trail(found, tuple)

        sql = f"SELECT {rows.ENTRY} FROM {self.schema}.audit WHERE activation = %s ORDER BY seq"
        return Query(sql, (activation,), read)

    def entries(self, after: int, limit: int) -> Query[tuple[tuple[int, AuditEntry], ...]]:
        """See ``Store``."""

        def read(found: list[tuple[Any, ...]]) -> tuple[tuple[int, AuditEntry], ...]:
            return rows.entries(found, tuple)

        sql = f"SELECT {rows.ENTRY} FROM {self.schema}.entries(%s, %s) ORDER BY seq"
        return Query(sql, (after, limit), read)


def refused(constraint: str | None) -> Receipt | None:
    """What a commit that ran into a unique constraint comes to: another one got there in the same instant."""
    return {
        "holder_guardian": Receipt(Standing.ACTIVE),
        "account_identifier": Receipt(Standing.IDENTIFIER_TAKEN),
        "activation_pkey": Receipt(Standing.STALE),
        "answered_pkey": Receipt(Standing.STALE),
    }.get(constraint or "")


def unavailable(error: Exception) -> StoreUnavailable:
    """What the host sees of an *error* of the database: its kind, and not its text, which may quote values."""
    return StoreUnavailable(f"PostgreSQL: {type(error).__name__}")


def _micros(length: Any) -> int:
    return int(length.total_seconds() * 1_000_000)


def _answered(answered: Answered) -> dict[str, Any]:
    return {
        "key": answered.key,
        "fingerprint": answered.fingerprint,
        "accepted": answered.accepted,
        "refusals": dump_refusals(answered.refusals),
    }


def _outgoing(out: Outgoing) -> dict[str, Any]:
    return {
        "id": out.id,
        "activation": out.activation,
        "nonce": out.nonce,
        "mobile": out.mobile,
        "created_at": micros(out.created_at),
        "expires_at": micros(out.expires_at),
        "decoy": out.decoy,
    }


def _account(account: Account) -> dict[str, Any]:
    return {
        "identifier": account.identifier,
        "base": account.base,
        "guardians": account.guardians,
        "confirmed": account.confirmed,
        "denied": account.denied,
        "password_hash": account.password_hash,
        "created_at": micros(account.created_at),
        "activation": account.activation,
    }


def _audit(entry: AuditEntry) -> dict[str, Any]:
    return {
        "activation": entry.activation,
        "at": micros(entry.at),
        "event": entry.event,
        "row": entry.row,
        "source": entry.source,
        "dest": entry.dest,
        "reasons": entry.reasons,
        "denied": entry.denied,
        "mobile": entry.mobile,
        "origin": entry.origin,
    }
