SET check_function_bodies = false;
CREATE SCHEMA stored;
CREATE FUNCTION stored.commit(p_id text, p_version integer, p_handle text, p_purge_at bigint, p_body text, p_void boolean, p_forget boolean, p_now bigint, p_keys text[], p_caps integer[], p_windows bigint[], p_locks bigint[], p_adds integer[], p_answered jsonb, p_outgoing jsonb, p_account jsonb, p_audit jsonb, OUT standing text, OUT which integer, OUT until bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    t stored.tally;
    total bigint;
    slot bigint;
    grain bigint;
    n int;
BEGIN
    IF p_version = 1 THEN
        IF EXISTS (SELECT FROM stored.activation a WHERE a.id = p_id) THEN standing := 'stale'; RETURN; END IF;
    ELSE
        PERFORM FROM stored.activation a WHERE a.id = p_id AND a.version = p_version - 1 FOR UPDATE;
        IF NOT FOUND THEN standing := 'stale'; RETURN; END IF;
    END IF;
    FOR i IN 1 .. cardinality(p_keys) LOOP
        -- Held to the end of the transaction: nobody else counts under this key until we have.
        PERFORM pg_advisory_xact_lock(hashtextextended('stored:' || p_keys[i], 0));
        SELECT * INTO t FROM stored.tally WHERE key = p_keys[i];
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
        IF EXISTS (SELECT FROM stored.holder h
                   WHERE h.guardian IN (SELECT jsonb_array_elements_text(p_account -> 'guardians'))) THEN
            standing := 'active'; RETURN;
        END IF;
        IF EXISTS (SELECT FROM stored.account a WHERE a.identifier = p_account ->> 'identifier') THEN
            standing := 'identifier_taken'; RETURN;
        END IF;
    END IF;
    -- Nothing was written so far; from here on nothing is refused, but by a unique constraint.
    IF p_version = 1 THEN
        INSERT INTO stored.activation VALUES (p_id, 1, p_handle, NULL, NULL, p_purge_at, p_body);
    ELSIF p_handle IS NULL THEN
        UPDATE stored.activation
        SET version = p_version, purge_at = p_purge_at, body = p_body,
            previous = CASE WHEN p_forget THEN NULL ELSE previous END,
            rotated_by = CASE WHEN p_forget THEN NULL ELSE rotated_by END
        WHERE id = p_id;
    ELSE
        UPDATE stored.activation
        SET version = p_version, purge_at = p_purge_at, body = p_body, previous = handle, handle = p_handle,
            rotated_by = p_answered ->> 'key'
        WHERE id = p_id;
    END IF;
    FOR i IN 1 .. cardinality(p_keys) LOOP
        CONTINUE WHEN p_adds[i] = 0;
        SELECT * INTO t FROM stored.tally WHERE key = p_keys[i];
        slot := p_now;
        IF p_caps[i] > 64 THEN
            grain := greatest(1, p_windows[i] / 64);
            slot := ((p_now + grain - 1) / grain) * grain;
        END IF;
        SELECT coalesce(array_agg(h.at ORDER BY h.at), '{}'), coalesce(array_agg(h.n ORDER BY h.at), '{}')
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
        INSERT INTO stored.tally VALUES (p_keys[i], t.ats, t.counts, t.barred_until, t.forgotten_at)
        ON CONFLICT (key) DO UPDATE
        SET ats = t.ats, counts = t.counts, barred_until = t.barred_until, forgotten_at = t.forgotten_at;
    END LOOP;
    IF p_void THEN DELETE FROM stored.outbox o WHERE o.activation = p_id; END IF;
    IF p_answered IS NOT NULL THEN
        INSERT INTO stored.answered VALUES (
            p_id, p_answered ->> 'key', p_answered ->> 'fingerprint', p_version, (p_answered ->> 'accepted')::boolean,
            p_answered ->> 'refusals', p_body);
    END IF;
    IF p_outgoing IS NOT NULL THEN
        INSERT INTO stored.outbox VALUES (
            p_outgoing ->> 'id', p_outgoing ->> 'activation', (p_outgoing ->> 'created_at')::bigint, 0,
            p_outgoing ->> 'nonce', p_outgoing ->> 'mobile', (p_outgoing ->> 'created_at')::bigint,
            (p_outgoing ->> 'expires_at')::bigint, (p_outgoing ->> 'decoy')::boolean);
    END IF;
    IF p_account IS NOT NULL THEN
        INSERT INTO stored.holder
        SELECT guardian, p_account ->> 'identifier'
        FROM jsonb_array_elements_text(p_account -> 'guardians') guardian ORDER BY guardian;
        INSERT INTO stored.account VALUES (
            p_account ->> 'identifier', p_account ->> 'base',
            ARRAY(SELECT jsonb_array_elements_text(p_account -> 'guardians')),
            ARRAY(SELECT jsonb_array_elements_text(p_account -> 'confirmed')),
            ARRAY(SELECT jsonb_array_elements_text(p_account -> 'denied')),
            p_account ->> 'password_hash', (p_account ->> 'created_at')::bigint, p_account ->> 'activation');
        INSERT INTO stored.base VALUES (p_account ->> 'base', 1)
        ON CONFLICT (base) DO UPDATE SET issued = stored.base.issued + 1;
    END IF;
    IF p_audit IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('stored:audit', 0));
        INSERT INTO stored.audit (activation, at, event, row, source, dest, reasons, denied, mobile, origin) VALUES (
            p_audit ->> 'activation', (p_audit ->> 'at')::bigint, p_audit ->> 'event', p_audit ->> 'row',
            p_audit ->> 'source', p_audit ->> 'dest', ARRAY(SELECT jsonb_array_elements_text(p_audit -> 'reasons')),
            ARRAY(SELECT jsonb_array_elements_text(p_audit -> 'denied')), p_audit ->> 'mobile', p_audit ->> 'origin');
    END IF;
    standing := 'done';
END $$;
CREATE TABLE stored.audit (
    seq bigint NOT NULL,
    activation text NOT NULL,
    at bigint NOT NULL,
    event text NOT NULL,
    "row" text,
    source text NOT NULL,
    dest text NOT NULL,
    reasons text[] NOT NULL,
    denied text[] NOT NULL,
    mobile text,
    origin text
);
CREATE FUNCTION stored.entries(p_after bigint, p_limit integer) RETURNS SETOF stored.audit
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('stored:audit', 0));
    RETURN QUERY SELECT * FROM stored.audit a WHERE a.seq > p_after ORDER BY a.seq LIMIT p_limit;
END $$;
CREATE TABLE stored.account (
    identifier text NOT NULL,
    base text NOT NULL,
    guardians text[] NOT NULL,
    confirmed text[] NOT NULL,
    denied text[] NOT NULL,
    password_hash text NOT NULL,
    created_at bigint NOT NULL,
    activation text NOT NULL
);
CREATE TABLE stored.activation (
    id text NOT NULL,
    version integer NOT NULL,
    handle text NOT NULL,
    previous text,
    rotated_by text,
    purge_at bigint NOT NULL,
    body text NOT NULL
)
WITH (fillfactor='70');
CREATE TABLE stored.answered (
    activation text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    version integer NOT NULL,
    accepted boolean NOT NULL,
    refusals text NOT NULL,
    body text NOT NULL
);
ALTER TABLE stored.audit ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stored.audit_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE stored.base (
    base text NOT NULL,
    issued bigint NOT NULL
);
CREATE TABLE stored.holder (
    guardian text NOT NULL,
    identifier text NOT NULL
);
CREATE TABLE stored.outbox (
    id text NOT NULL,
    activation text NOT NULL,
    due_at bigint NOT NULL,
    attempts integer NOT NULL,
    nonce text NOT NULL,
    mobile text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    decoy boolean NOT NULL
);
CREATE TABLE stored.spent (
    key text NOT NULL,
    until bigint NOT NULL
);
CREATE TABLE stored.tally (
    key text NOT NULL,
    ats bigint[] NOT NULL,
    counts integer[] NOT NULL,
    barred_until bigint NOT NULL,
    forgotten_at bigint NOT NULL
);
CREATE TABLE stored.version (
    version integer NOT NULL
);
INSERT INTO stored.account VALUES ('a.dupont72', 'a.dupont', '{c6}', '{leo,zoe}', '{}', 'cheap:9454195c4f7701b30888e7cd984243ccd1231cf39468988e42c1fa24390fcd14', 1788249600000000, '73edd6f1ef074bf833b23af3ac36e419');
INSERT INTO stored.activation VALUES ('78992ca3571e093ece749d81aabbdd07', 1, '__llmv3UD16phS4jJ6w6n_cjYv9YETqh1WntVrJ_uG4', NULL, NULL, 1788339600000000, '{"format":1,"id":"78992ca3571e093ece749d81aabbdd07","state":"profile","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00"}');
INSERT INTO stored.activation VALUES ('352bf0acefab048a8f2a2672b41906e1', 2, '1TArEOhSBvgWgRjRHlSW0DHzE1jhOAqyNFGRmKXd_TA', NULL, NULL, 1788339600000000, '{"format":1,"id":"352bf0acefab048a8f2a2672b41906e1","state":"sign_in","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00"}');
INSERT INTO stored.activation VALUES ('568b4bd3b6cd7a3b6deeb271cc1edb05', 3, 'B6Cu0x_dcN480_D-2O55qal-6PYtJJmBrRnxi-wuh0k', NULL, NULL, 1788339600000000, '{"format":1,"id":"568b4bd3b6cd7a3b6deeb271cc1edb05","state":"identity","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00"}');
INSERT INTO stored.activation VALUES ('a5b38bce055ab2f0d7f3b731b7bba3a1', 4, 'S6-m9L24Tjr7T9vMbPmpRmYz8Xt3Hr1v0H082h7wFmI', NULL, NULL, 1788339600000000, '{"format":1,"id":"a5b38bce055ab2f0d7f3b731b7bba3a1","state":"code","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","codes":1,"claim":["K2EvRkMqqn-jkdS13gEueFUCIKqKT5jn5O6YaQ","fb0oeGEd7cxLCf4CH_4aP9fgQ3xCXqFHG2HqL5Spu5c","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 43",["c3"]],"challenge":["9POxRt.ecfe9ff961c13bcab3e8e0466f767e2d","2026-09-01T08:00:00+00:00","2026-09-01T08:30:00+00:00"],"code_at":"2026-09-01T08:00:00+00:00"}');
INSERT INTO stored.activation VALUES ('342d5c099f4639ffda554ed437e697e7', 7, '8-XbkQ3-Kz-lfJfUPzsWo5AHtT-i458YxENvWn1v2p4', 'sDC1gv2TBE0aq-L3H8auYfESSFGevYPvg0VxJr8iDfU', NULL, 1788339600000000, '{"format":1,"id":"342d5c099f4639ffda554ed437e697e7","state":"password","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"names":["Dupont","Anne",""],"claim":["E6q0LqFc6FQ01Q9_5mpecrDS7Tm1N4aT1fba1A","_TaOOcM1QNhWGYYY0RnwTxgt0831qQJHlAK7EjQB7-g","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 45",["c5"]],"code_at":"2026-09-01T08:00:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]],"confirmed":["leo","zoe"]}');
INSERT INTO stored.activation VALUES ('acda439f140c2808325b83e581c4a5c9', 5, 'YQzHmL8DQ5b96fcWB0py3mNHOZ3oqfsEtBfJxHLf0lY', 'r2zHY-teC-D--gWM6-64RhfNPYHCjr1sNm8GSv1KcoE', NULL, 1788339600000000, '{"format":1,"id":"acda439f140c2808325b83e581c4a5c9","state":"pupils","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"names":["Dupont","Anne",""],"claim":["T43G5x0lwsvW8SHO-2pxApGA_A4FCALkCGRUvw","x-EHJoucR47P-m3Gy5UCaW-xl9bbq2_mHE8DXcmk9Nw","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 44",["c4"]],"code_at":"2026-09-01T08:00:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]]}');
INSERT INTO stored.activation VALUES ('73edd6f1ef074bf833b23af3ac36e419', 7, 'erXpMM8KjGzcKztK0xEry7gMWHJxE2Jz-8ShjEo3Iwk', 'I6VPT3afy5XxFotOMGw1Ttjrup4I6e2smMtTTPKvxA8', NULL, 1788339600000000, '{"format":1,"id":"73edd6f1ef074bf833b23af3ac36e419","state":"activated","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"names":["Dupont","Anne",""],"identifier":"a.dupont72","claim":["g2bJW0RdCoxnT4BnVWHGRybJ93dIXFcx-TY_Sw","p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 46",["c6"]],"code_at":"2026-09-01T08:00:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]],"confirmed":["leo","zoe"]}');
INSERT INTO stored.activation VALUES ('44e8e0ccfa93b2490c423aaf7b5b7e14', 5, '0sXS_ISdPg4fF85xQmUaaYZ2JSJigHYhxYoeaybjYkQ', 'W3FgT1RXlRv30HszUmwjH-2JDnB56e38yjS0NxpPkCE', NULL, 1788339600000000, '{"format":1,"id":"44e8e0ccfa93b2490c423aaf7b5b7e14","state":"already_active","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"names":["Dupont","Anne",""],"claim":["HjCWh-T91vvYhYSh-BvI6TXUJ-j0Lgt4o_Jbbg","p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 46",["c6"]],"code_at":"2026-09-01T08:00:00+00:00"}');
INSERT INTO stored.activation VALUES ('492459c489e081dbda6b6bead44b7fa7', 2, '5wN050o7RHhifYsaDiDo3PXJQSrTyzrijHeWjajdx34', NULL, NULL, 1788339600000000, '{"format":1,"id":"492459c489e081dbda6b6bead44b7fa7","state":"not_eligible","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00"}');
INSERT INTO stored.activation VALUES ('2f9520b369e80b61c373689c459dd043', 7, 'DaCTGEo7ZePP0OY_bBF2-rDK-mgSflGBZVeOUZ0KJyo', 'GLX3Wz7rE_XiuuoiPWchq49QmyxP8twFvTVSpmC4vxc', NULL, 1788339660000000, '{"format":1,"id":"2f9520b369e80b61c373689c459dd043","state":"pupils","created_at":"2026-09-01T08:01:00+00:00","seen_at":"2026-09-01T08:01:00+00:00","rotation":1,"codes":1,"names":["Durand","\u00c9milie","Petit"],"claim":["qzHB0jP5t_42NUoCTpXHssHLARpyVeb0iqgTNA","J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 78",["g1"]],"code_at":"2026-09-01T08:01:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]]}');
INSERT INTO stored.activation VALUES ('48ca868e35f33cc3fa526cdae734965e', 9, 'CUUiBAsiOv18XztFrTBc5QbbQbc-cqGIAgL0ZVRx9XE', NULL, NULL, 1788339600000000, '{"format":1,"id":"48ca868e35f33cc3fa526cdae734965e","state":"locked","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","codes":1,"code_failures":5,"claim":["iHmpd0fD_AWlc8DKQ97Vx9xcmsMMsb-xrm2tMw","ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 47",["c7"]],"challenge":["9POxRt.6d4748eb35a4e32a585da1de0998cd7b","2026-09-01T08:00:00+00:00","2026-09-01T08:30:00+00:00"],"code_at":"2026-09-01T08:00:00+00:00","until":"2026-09-01T09:00:00+00:00"}');
INSERT INTO stored.activation VALUES ('6e3acebef052fa2969d98fc5bdd9ea2b', 5, '-u0ORQs8An65tcgVjBI23UOGPkmAp3_OB6Vhk1OxIW4', 'gZnEHGn0XwcVWr-RU3r7RVI-9kLBQDPEwSy9ibZARMw', NULL, 1788339600000000, '{"format":1,"id":"6e3acebef052fa2969d98fc5bdd9ea2b","state":"refused","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"names":["Seule","\u00c8ve",""],"claim":["rSZFLfsdPAXnhgm0f-E65BpWJHD4CfSXFyv-LA","WyE43FkLGe6qHD9H-2FW4os_-rF8aHtWfP-JbUAfnW8","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 33",["g3"]],"code_at":"2026-09-01T08:00:00+00:00","why":"no_pupil"}');
INSERT INTO stored.activation VALUES ('20a8498a6bcf0c3fdb8467e1873b13ee', 4, 'buuPH3fsDBpFCWXByYkwMaYYIDUkQIgL-LAed7MpQ5E', NULL, NULL, 1788339600000000, '{"format":1,"id":"20a8498a6bcf0c3fdb8467e1873b13ee","state":"code","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","codes":1,"claim":["aV6Pd48ZrQyy3eesFhSIq1VTqONimzErHbElLg","STrVafjegGFldBw9Ot6u14e9-InQiIP1w3_l__o-3QE","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 99",[]],"challenge":["9POxRt.f8556d08389bd2f4d22778b89a935d5e","2026-09-01T08:00:00+00:00","2026-09-01T08:30:00+00:00"],"code_at":"2026-09-01T08:00:00+00:00"}');
INSERT INTO stored.activation VALUES ('cfa32c1b6a0386c8998b9039827bcb3e', 6, 'nssmR9opHOB_zPPo1ghitGGQgL-SHESbQHEyql-DL3o', 'Tn0Iym5NYG3jHCoFYkoVKTXCRnkwJp3FnzkYELJTm8A', NULL, 1788339600000000, '{"format":1,"id":"cfa32c1b6a0386c8998b9039827bcb3e","state":"pupils","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"pupils_failures":1,"names":["Dupont","Anne",""],"claim":["hGotzOFo-7igHJeK6XnsXbivxYZdefPB6l1LDA","cOckkq-4Z8p7qU3mv6LnO-2VH5vhEmkh8Wr_VWpwJLo","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 48",["c8"]],"code_at":"2026-09-01T08:00:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]]}');
INSERT INTO stored.activation VALUES ('d7f7653aec13d8409caec38f26cdf55d', 5, '2KCt8iABg5xSTRsBPWQs8XiTfD5CRrQyza8R-JbMpTk', NULL, NULL, 1788339660000000, '{"format":1,"id":"d7f7653aec13d8409caec38f26cdf55d","state":"code","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:01:00+00:00","codes":2,"claim":["wiBm3JBemOaaRiZ_oYBDQCSUhVGtrO4G1sDnjQ","gtCm_GvGiCAEc3ouEj-bAglqEC7CBV1799XjLULawDo","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 49",["c9"]],"challenge":["9POxRt.56050b87fed1cac20cb9bc0a26bf9293","2026-09-01T08:01:00+00:00","2026-09-01T08:31:00+00:00"],"code_at":"2026-09-01T08:01:00+00:00"}');
INSERT INTO stored.activation VALUES ('e5d60fe8daeb80bde0d4b155555ddb73', 3, 'ZNN_m_zMDPOhNWN6rZ4zKnNeGARACVXil-WtHXkgSH4', NULL, NULL, 1788339660000000, '{"format":1,"id":"e5d60fe8daeb80bde0d4b155555ddb73","state":"identity","created_at":"2026-09-01T08:01:00+00:00","seen_at":"2026-09-01T08:01:00+00:00","prompt":"1"}');
INSERT INTO stored.activation VALUES ('b04c3ee8eb0cf670cfbc81faaef3595f', 6, 'h0YtDxwvrExevVauGwKfuJfXS5wlwyUSjLkqRiqVnS4', 'hABJkJvgPa2b48UovZdi_EIbh3nHZCFQlryqo4fHGAY', NULL, 1788339660000000, '{"format":1,"id":"b04c3ee8eb0cf670cfbc81faaef3595f","state":"refused","created_at":"2026-09-01T08:01:00+00:00","seen_at":"2026-09-01T08:01:00+00:00","rotation":1,"codes":1,"names":["Durand","\u00c9milie","Petit"],"claim":["L03dWYhZLmUzIbJme4EmOVL1h9ZWWiJJ21nnHw","J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 78",["g1"]],"code_at":"2026-09-01T08:01:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]],"why":"no_pupil_confirmed"}');
INSERT INTO stored.answered VALUES ('342d5c099f4639ffda554ed437e697e7', 'OoqJc3acgRl4Sbpqfs1osAPUnTFFJvix9WimehPiHhM', 'slow:cheap:207e22920876d2aa6ff007362835c93d9fea1ed83b56947db9cd7d5ebda46ec8', 7, false, '[["password_no_upper","password",{}],["password_no_digit","password",{}],["password_no_special","password",{}],["password_too_short","password",{"min":8}]]', '{"format":1,"id":"342d5c099f4639ffda554ed437e697e7","state":"password","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"names":["Dupont","Anne",""],"claim":["E6q0LqFc6FQ01Q9_5mpecrDS7Tm1N4aT1fba1A","_TaOOcM1QNhWGYYY0RnwTxgt0831qQJHlAK7EjQB7-g","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 45",["c5"]],"code_at":"2026-09-01T08:00:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]],"confirmed":["leo","zoe"]}');
INSERT INTO stored.answered VALUES ('73edd6f1ef074bf833b23af3ac36e419', 'rZCMOODOzK05pQ35r7XCcRFr-iS5O8A05aPoJ-Q8fRQ', 'slow:cheap:915657181124fa45c67f6d6bf77aef72e77c22649e10ce64cb1559e162179039', 7, true, '[]', '{"format":1,"id":"73edd6f1ef074bf833b23af3ac36e419","state":"activated","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"names":["Dupont","Anne",""],"identifier":"a.dupont72","claim":["g2bJW0RdCoxnT4BnVWHGRybJ93dIXFcx-TY_Sw","p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 46",["c6"]],"code_at":"2026-09-01T08:00:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]],"confirmed":["leo","zoe"]}');
INSERT INTO stored.answered VALUES ('cfa32c1b6a0386c8998b9039827bcb3e', 'r6ebyRVYBlwhRRonDW78Br4YkfgB19yTEMs7Th7ISKA', 'ilSD7lZ8m5PsxZjmQYLdE6wpTasRWp2Xr_CvjpOs-_A', 6, false, '[["birth_dates_wrong","answers",{"attempts_left":4}]]', '{"format":1,"id":"cfa32c1b6a0386c8998b9039827bcb3e","state":"pupils","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"pupils_failures":1,"names":["Dupont","Anne",""],"claim":["hGotzOFo-7igHJeK6XnsXbivxYZdefPB6l1LDA","cOckkq-4Z8p7qU3mv6LnO-2VH5vhEmkh8Wr_VWpwJLo","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 48",["c8"]],"code_at":"2026-09-01T08:00:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]]}');
INSERT INTO stored.answered VALUES ('d7f7653aec13d8409caec38f26cdf55d', '_8cPIlEGk2RJsRCDfEhfkdDrrfoG4SvB6jVpXr-198E', 'EE4hUt76qzfBa26iKSHXUyveJ_izpYDaaYajWs6l_2Q', 5, true, '[]', '{"format":1,"id":"d7f7653aec13d8409caec38f26cdf55d","state":"code","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:01:00+00:00","codes":2,"claim":["wiBm3JBemOaaRiZ_oYBDQCSUhVGtrO4G1sDnjQ","gtCm_GvGiCAEc3ouEj-bAglqEC7CBV1799XjLULawDo","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 49",["c9"]],"challenge":["9POxRt.56050b87fed1cac20cb9bc0a26bf9293","2026-09-01T08:01:00+00:00","2026-09-01T08:31:00+00:00"],"code_at":"2026-09-01T08:01:00+00:00"}');
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (1, '78992ca3571e093ece749d81aabbdd07', 1788249600000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (2, '352bf0acefab048a8f2a2672b41906e1', 1788249600000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (3, '352bf0acefab048a8f2a2672b41906e1', 1788249600000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (4, '568b4bd3b6cd7a3b6deeb271cc1edb05', 1788249600000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (5, '568b4bd3b6cd7a3b6deeb271cc1edb05', 1788249600000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (6, '568b4bd3b6cd7a3b6deeb271cc1edb05', 1788249600000000, 'StartActivation', 'sign_in.start', 'sign_in', 'identity', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (7, 'a5b38bce055ab2f0d7f3b731b7bba3a1', 1788249600000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (8, 'a5b38bce055ab2f0d7f3b731b7bba3a1', 1788249600000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (9, 'a5b38bce055ab2f0d7f3b731b7bba3a1', 1788249600000000, 'StartActivation', 'sign_in.start', 'sign_in', 'identity', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (10, 'a5b38bce055ab2f0d7f3b731b7bba3a1', 1788249600000000, 'ClaimIdentity', 'identity.claim', 'identity', 'code', '{}', '{}', 'fb0oeGEd7cxLCf4CH_4aP9fgQ3xCXqFHG2HqL5Spu5c', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (11, 'acda439f140c2808325b83e581c4a5c9', 1788249600000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (12, 'acda439f140c2808325b83e581c4a5c9', 1788249600000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (13, 'acda439f140c2808325b83e581c4a5c9', 1788249600000000, 'StartActivation', 'sign_in.start', 'sign_in', 'identity', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (14, 'acda439f140c2808325b83e581c4a5c9', 1788249600000000, 'ClaimIdentity', 'identity.claim', 'identity', 'code', '{}', '{}', 'x-EHJoucR47P-m3Gy5UCaW-xl9bbq2_mHE8DXcmk9Nw', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (15, 'acda439f140c2808325b83e581c4a5c9', 1788249600000000, 'SubmitCode', 'code.right', 'code', 'pupils', '{}', '{}', 'x-EHJoucR47P-m3Gy5UCaW-xl9bbq2_mHE8DXcmk9Nw', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (16, '342d5c099f4639ffda554ed437e697e7', 1788249600000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (17, '342d5c099f4639ffda554ed437e697e7', 1788249600000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (18, '342d5c099f4639ffda554ed437e697e7', 1788249600000000, 'StartActivation', 'sign_in.start', 'sign_in', 'identity', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (19, '342d5c099f4639ffda554ed437e697e7', 1788249600000000, 'ClaimIdentity', 'identity.claim', 'identity', 'code', '{}', '{}', '_TaOOcM1QNhWGYYY0RnwTxgt0831qQJHlAK7EjQB7-g', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (20, '342d5c099f4639ffda554ed437e697e7', 1788249600000000, 'SubmitCode', 'code.right', 'code', 'pupils', '{}', '{}', '_TaOOcM1QNhWGYYY0RnwTxgt0831qQJHlAK7EjQB7-g', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (21, '342d5c099f4639ffda554ed437e697e7', 1788249600000000, 'ConfirmPupils', 'pupils.right', 'pupils', 'password', '{}', '{}', '_TaOOcM1QNhWGYYY0RnwTxgt0831qQJHlAK7EjQB7-g', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (22, '342d5c099f4639ffda554ed437e697e7', 1788249600000000, 'ChoosePassword', NULL, 'password', 'password', '{password_no_upper,password_no_digit,password_no_special,password_too_short}', '{}', '_TaOOcM1QNhWGYYY0RnwTxgt0831qQJHlAK7EjQB7-g', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (23, '73edd6f1ef074bf833b23af3ac36e419', 1788249600000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (24, '73edd6f1ef074bf833b23af3ac36e419', 1788249600000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (25, '73edd6f1ef074bf833b23af3ac36e419', 1788249600000000, 'StartActivation', 'sign_in.start', 'sign_in', 'identity', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (26, '73edd6f1ef074bf833b23af3ac36e419', 1788249600000000, 'ClaimIdentity', 'identity.claim', 'identity', 'code', '{}', '{}', 'p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (27, '73edd6f1ef074bf833b23af3ac36e419', 1788249600000000, 'SubmitCode', 'code.right', 'code', 'pupils', '{}', '{}', 'p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (28, '73edd6f1ef074bf833b23af3ac36e419', 1788249600000000, 'ConfirmPupils', 'pupils.right', 'pupils', 'password', '{}', '{}', 'p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (29, '73edd6f1ef074bf833b23af3ac36e419', 1788249600000000, 'ChoosePassword', 'password.chosen', 'password', 'activated', '{}', '{}', 'p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (30, '44e8e0ccfa93b2490c423aaf7b5b7e14', 1788249600000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (31, '44e8e0ccfa93b2490c423aaf7b5b7e14', 1788249600000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (32, '44e8e0ccfa93b2490c423aaf7b5b7e14', 1788249600000000, 'StartActivation', 'sign_in.start', 'sign_in', 'identity', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (33, '44e8e0ccfa93b2490c423aaf7b5b7e14', 1788249600000000, 'ClaimIdentity', 'identity.claim', 'identity', 'code', '{}', '{}', 'p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (34, '44e8e0ccfa93b2490c423aaf7b5b7e14', 1788249600000000, 'SubmitCode', 'code.active', 'code', 'already_active', '{}', '{}', 'p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (35, '492459c489e081dbda6b6bead44b7fa7', 1788249600000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (36, '492459c489e081dbda6b6bead44b7fa7', 1788249600000000, 'ChooseProfile', 'profile.pupil', 'profile', 'not_eligible', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (37, '6e3acebef052fa2969d98fc5bdd9ea2b', 1788249600000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (38, '6e3acebef052fa2969d98fc5bdd9ea2b', 1788249600000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (39, '6e3acebef052fa2969d98fc5bdd9ea2b', 1788249600000000, 'StartActivation', 'sign_in.start', 'sign_in', 'identity', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (40, '6e3acebef052fa2969d98fc5bdd9ea2b', 1788249600000000, 'ClaimIdentity', 'identity.claim', 'identity', 'code', '{}', '{}', 'WyE43FkLGe6qHD9H-2FW4os_-rF8aHtWfP-JbUAfnW8', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (41, '6e3acebef052fa2969d98fc5bdd9ea2b', 1788249600000000, 'SubmitCode', 'code.no_pupil', 'code', 'refused', '{no_pupil}', '{}', 'WyE43FkLGe6qHD9H-2FW4os_-rF8aHtWfP-JbUAfnW8', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (42, '48ca868e35f33cc3fa526cdae734965e', 1788249600000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (43, '48ca868e35f33cc3fa526cdae734965e', 1788249600000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (44, '48ca868e35f33cc3fa526cdae734965e', 1788249600000000, 'StartActivation', 'sign_in.start', 'sign_in', 'identity', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (45, '48ca868e35f33cc3fa526cdae734965e', 1788249600000000, 'ClaimIdentity', 'identity.claim', 'identity', 'code', '{}', '{}', 'ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (46, '48ca868e35f33cc3fa526cdae734965e', 1788249600000000, 'SubmitCode', 'code.wrong', 'code', 'code', '{code_wrong}', '{}', 'ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (48, '48ca868e35f33cc3fa526cdae734965e', 1788249600000000, 'SubmitCode', 'code.wrong', 'code', 'code', '{code_wrong}', '{}', 'ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (50, '48ca868e35f33cc3fa526cdae734965e', 1788249600000000, 'SubmitCode', 'code.last', 'code', 'locked', '{code_wrong,locked}', '{}', 'ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (54, '20a8498a6bcf0c3fdb8467e1873b13ee', 1788249600000000, 'ClaimIdentity', 'identity.claim', 'identity', 'code', '{}', '{}', 'STrVafjegGFldBw9Ot6u14e9-InQiIP1w3_l__o-3QE', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (58, 'cfa32c1b6a0386c8998b9039827bcb3e', 1788249600000000, 'ClaimIdentity', 'identity.claim', 'identity', 'code', '{}', '{}', 'cOckkq-4Z8p7qU3mv6LnO-2VH5vhEmkh8Wr_VWpwJLo', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (59, 'cfa32c1b6a0386c8998b9039827bcb3e', 1788249600000000, 'SubmitCode', 'code.right', 'code', 'pupils', '{}', '{}', 'cOckkq-4Z8p7qU3mv6LnO-2VH5vhEmkh8Wr_VWpwJLo', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (60, 'cfa32c1b6a0386c8998b9039827bcb3e', 1788249600000000, 'ConfirmPupils', 'pupils.wrong', 'pupils', 'pupils', '{birth_dates_wrong}', '{}', 'cOckkq-4Z8p7qU3mv6LnO-2VH5vhEmkh8Wr_VWpwJLo', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (64, 'd7f7653aec13d8409caec38f26cdf55d', 1788249600000000, 'ClaimIdentity', 'identity.claim', 'identity', 'code', '{}', '{}', 'gtCm_GvGiCAEc3ouEj-bAglqEC7CBV1799XjLULawDo', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (65, 'd7f7653aec13d8409caec38f26cdf55d', 1788249660000000, 'ResendCode', 'code.resend', 'code', 'code', '{}', '{}', 'gtCm_GvGiCAEc3ouEj-bAglqEC7CBV1799XjLULawDo', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (69, '2f9520b369e80b61c373689c459dd043', 1788249660000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (70, '2f9520b369e80b61c373689c459dd043', 1788249660000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (71, '2f9520b369e80b61c373689c459dd043', 1788249660000000, 'StartActivation', 'sign_in.start', 'sign_in', 'identity', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (76, 'b04c3ee8eb0cf670cfbc81faaef3595f', 1788249660000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (77, 'b04c3ee8eb0cf670cfbc81faaef3595f', 1788249660000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (78, 'b04c3ee8eb0cf670cfbc81faaef3595f', 1788249660000000, 'StartActivation', 'sign_in.start', 'sign_in', 'identity', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (47, '48ca868e35f33cc3fa526cdae734965e', 1788249600000000, 'SubmitCode', 'code.wrong', 'code', 'code', '{code_wrong}', '{}', 'ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (49, '48ca868e35f33cc3fa526cdae734965e', 1788249600000000, 'SubmitCode', 'code.wrong', 'code', 'code', '{code_wrong}', '{}', 'ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (51, '20a8498a6bcf0c3fdb8467e1873b13ee', 1788249600000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (52, '20a8498a6bcf0c3fdb8467e1873b13ee', 1788249600000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (53, '20a8498a6bcf0c3fdb8467e1873b13ee', 1788249600000000, 'StartActivation', 'sign_in.start', 'sign_in', 'identity', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (55, 'cfa32c1b6a0386c8998b9039827bcb3e', 1788249600000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (56, 'cfa32c1b6a0386c8998b9039827bcb3e', 1788249600000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (57, 'cfa32c1b6a0386c8998b9039827bcb3e', 1788249600000000, 'StartActivation', 'sign_in.start', 'sign_in', 'identity', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (61, 'd7f7653aec13d8409caec38f26cdf55d', 1788249600000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (62, 'd7f7653aec13d8409caec38f26cdf55d', 1788249600000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (63, 'd7f7653aec13d8409caec38f26cdf55d', 1788249600000000, 'StartActivation', 'sign_in.start', 'sign_in', 'identity', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (66, 'e5d60fe8daeb80bde0d4b155555ddb73', 1788249660000000, 'Start', NULL, '', 'profile', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (67, 'e5d60fe8daeb80bde0d4b155555ddb73', 1788249660000000, 'ChooseProfile', 'profile.guardian', 'profile', 'sign_in', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (68, 'e5d60fe8daeb80bde0d4b155555ddb73', 1788249660000000, 'StartActivation', 'sign_in.start', 'sign_in', 'identity', '{}', '{}', NULL, NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (72, '2f9520b369e80b61c373689c459dd043', 1788249660000000, 'ClaimIdentity', 'identity.claim', 'identity', 'code', '{}', '{}', 'J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (73, '2f9520b369e80b61c373689c459dd043', 1788249660000000, 'SubmitCode', 'code.right', 'code', 'pupils', '{}', '{}', 'J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (74, '2f9520b369e80b61c373689c459dd043', 1788249660000000, 'ConfirmPupils', 'pupils.right', 'pupils', 'password', '{}', '{}', 'J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (75, '2f9520b369e80b61c373689c459dd043', 1788249660000000, 'GoBack', 'password.back', 'password', 'pupils', '{}', '{}', 'J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (79, 'b04c3ee8eb0cf670cfbc81faaef3595f', 1788249660000000, 'ClaimIdentity', 'identity.claim', 'identity', 'code', '{}', '{}', 'J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (80, 'b04c3ee8eb0cf670cfbc81faaef3595f', 1788249660000000, 'SubmitCode', 'code.right', 'code', 'pupils', '{}', '{}', 'J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w', NULL);
INSERT INTO stored.audit OVERRIDING SYSTEM VALUE VALUES (81, 'b04c3ee8eb0cf670cfbc81faaef3595f', 1788249660000000, 'ConfirmPupils', 'pupils.none', 'pupils', 'refused', '{no_pupil_confirmed}', '{leo,zoe}', 'J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w', NULL);
INSERT INTO stored.base VALUES ('a.dupont', 1);
INSERT INTO stored.holder VALUES ('c6', 'a.dupont72');
INSERT INTO stored.tally VALUES ('sms_per_mobile:fb0oeGEd7cxLCf4CH_4aP9fgQ3xCXqFHG2HqL5Spu5c', '{1788249600000000}', '{1}', 0, 1788336000000000);
INSERT INTO stored.tally VALUES ('sms_per_mobile:x-EHJoucR47P-m3Gy5UCaW-xl9bbq2_mHE8DXcmk9Nw', '{1788249600000000}', '{1}', 0, 1788336000000000);
INSERT INTO stored.tally VALUES ('sms_budget:national/4', '{1788250500000000}', '{1}', 0, 1788336900000000);
INSERT INTO stored.tally VALUES ('sms_per_mobile:_TaOOcM1QNhWGYYY0RnwTxgt0831qQJHlAK7EjQB7-g', '{1788249600000000}', '{1}', 0, 1788336000000000);
INSERT INTO stored.tally VALUES ('sms_budget:national/13', '{1788250500000000}', '{2}', 0, 1788336900000000);
INSERT INTO stored.tally VALUES ('sms_per_mobile:p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw', '{1788249600000000}', '{2}', 0, 1788336000000000);
INSERT INTO stored.tally VALUES ('sms_per_mobile:WyE43FkLGe6qHD9H-2FW4os_-rF8aHtWfP-JbUAfnW8', '{1788249600000000}', '{1}', 0, 1788336000000000);
INSERT INTO stored.tally VALUES ('sms_per_prefix:+33633', '{1788250500000000}', '{1}', 0, 1788336900000000);
INSERT INTO stored.tally VALUES ('sms_budget:national/14', '{1788250500000000}', '{1}', 0, 1788336900000000);
INSERT INTO stored.tally VALUES ('sms_per_mobile:ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY', '{1788249600000000}', '{1}', 0, 1788336000000000);
INSERT INTO stored.tally VALUES ('sms_budget:national/9', '{1788250500000000}', '{1}', 0, 1788336900000000);
INSERT INTO stored.tally VALUES ('mobile_failures:ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY', '{1788249600000000}', '{5}', 0, 1788336000000000);
INSERT INTO stored.tally VALUES ('sms_per_mobile:STrVafjegGFldBw9Ot6u14e9-InQiIP1w3_l__o-3QE', '{1788249600000000}', '{1}', 0, 1788336000000000);
INSERT INTO stored.tally VALUES ('sms_per_prefix:+33699', '{1788250500000000}', '{1}', 0, 1788336900000000);
INSERT INTO stored.tally VALUES ('sms_budget:national/10', '{1788250500000000}', '{2}', 0, 1788336900000000);
INSERT INTO stored.tally VALUES ('sms_per_mobile:cOckkq-4Z8p7qU3mv6LnO-2VH5vhEmkh8Wr_VWpwJLo', '{1788249600000000}', '{1}', 0, 1788336000000000);
INSERT INTO stored.tally VALUES ('sms_budget:national/2', '{1788250500000000}', '{1}', 0, 1788336900000000);
INSERT INTO stored.tally VALUES ('mobile_failures:cOckkq-4Z8p7qU3mv6LnO-2VH5vhEmkh8Wr_VWpwJLo', '{1788249600000000}', '{1}', 0, 1788336000000000);
INSERT INTO stored.tally VALUES ('sms_per_mobile:gtCm_GvGiCAEc3ouEj-bAglqEC7CBV1799XjLULawDo', '{1788249600000000,1788249660000000}', '{1,1}', 0, 1788336060000000);
INSERT INTO stored.tally VALUES ('sms_per_prefix:+33644', '{1788250500000000}', '{9}', 0, 1788336900000000);
INSERT INTO stored.tally VALUES ('sms_budget:national/7', '{1788250500000000}', '{3}', 0, 1788336900000000);
INSERT INTO stored.tally VALUES ('sms_budget:national/15', '{1788250500000000}', '{1}', 0, 1788336900000000);
INSERT INTO stored.tally VALUES ('sms_per_mobile:J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w', '{1788249660000000}', '{2}', 0, 1788336060000000);
INSERT INTO stored.tally VALUES ('sms_per_prefix:+33612', '{1788250500000000}', '{2}', 0, 1788336900000000);
INSERT INTO stored.tally VALUES ('sms_budget:national/12', '{1788250500000000}', '{1}', 0, 1788336900000000);
INSERT INTO stored.version VALUES (2);
SELECT pg_catalog.setval('stored.audit_seq_seq', 81, true);
ALTER TABLE ONLY stored.account
    ADD CONSTRAINT account_identifier PRIMARY KEY (identifier);
ALTER TABLE ONLY stored.activation
    ADD CONSTRAINT activation_handle_key UNIQUE (handle);
ALTER TABLE ONLY stored.activation
    ADD CONSTRAINT activation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY stored.activation
    ADD CONSTRAINT activation_previous_key UNIQUE (previous);
ALTER TABLE ONLY stored.answered
    ADD CONSTRAINT answered_pkey PRIMARY KEY (activation, key);
ALTER TABLE ONLY stored.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY stored.base
    ADD CONSTRAINT base_pkey PRIMARY KEY (base);
ALTER TABLE ONLY stored.holder
    ADD CONSTRAINT holder_guardian PRIMARY KEY (guardian);
ALTER TABLE ONLY stored.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY stored.spent
    ADD CONSTRAINT spent_pkey PRIMARY KEY (key);
ALTER TABLE ONLY stored.tally
    ADD CONSTRAINT tally_pkey PRIMARY KEY (key);
CREATE INDEX activation_purge ON stored.activation USING btree (purge_at);
CREATE INDEX audit_activation ON stored.audit USING btree (activation);
CREATE INDEX outbox_activation ON stored.outbox USING btree (activation);
CREATE INDEX outbox_due ON stored.outbox USING btree (due_at);
CREATE INDEX spent_until ON stored.spent USING btree (until);
CREATE INDEX tally_forgotten ON stored.tally USING btree (forgotten_at);
