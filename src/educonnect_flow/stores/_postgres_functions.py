"""The functions of the database that every store on PostgreSQL calls: a commit is one call, and one transaction."""

from __future__ import annotations

from educonnect_flow.stores import _sql as sql
from educonnect_flow.stores._sql import names
from educonnect_flow.tally import EXACT

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

# The counting is that of educonnect_flow.tally, word for word; the store contract holds both to it.
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

    IF (p ->> 'void')::boolean OR p ->> 'cancel_owner_messages' IS NOT NULL THEN
        -- In one order, so that two runs of one owner that cancel each other's messages do not deadlock.
        PERFORM FROM {t}message m
        WHERE ((p ->> 'void')::boolean AND m.run = this) OR m.owner = p ->> 'cancel_owner_messages' ORDER BY m.id FOR UPDATE;
    END IF;
    IF (p ->> 'void')::boolean THEN DELETE FROM {t}message m WHERE m.run = this; END IF;
    IF p ->> 'cancel_owner_messages' IS NOT NULL THEN DELETE FROM {t}message m WHERE m.owner = p ->> 'cancel_owner_messages'; END IF;
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
