"""The controls: scripts that do the same checks, reads and commits by hand, and nothing else.

No machine, no snapshot, no outbox rules, no refusals: what a developer would write in an afternoon.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import sqlite3
import time
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import phonenumbers
import psycopg
from zxcvbn.frequency_lists import FREQUENCY_LISTS

KEY = b"k" * 32
COMMON = {word: rank for rank, word in enumerate(FREQUENCY_LISTS["passwords"], 1)}
SPECIALS = set("!?@#$(){}[]_&=+-%*<>£µ/.:;")
CODES = {33, 262, 508, 590, 594, 596, 681, 687, 689}


def fold(name: str) -> str:
    """Names as they are compared."""
    text = unicodedata.normalize("NFD", name.casefold())
    return re.sub(r"[\s'’-]", "", "".join(c for c in text if not unicodedata.combining(c))).replace("œ", "oe")


def read_number(text: str) -> str:
    """The E.164 form of a French mobile."""
    number = phonenumbers.parse(text, "FR")
    assert not number.extension
    assert number.country_code in CODES
    assert phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def same_person(claimed: tuple[str, str], known: tuple[str, str]) -> bool:
    """Whether both names agree."""
    return (fold(claimed[0]), fold(claimed[1])) == (fold(known[0]), fold(known[1]))


def code_for(activation: str, nonce: str, mobile: str) -> str:
    """Six digits."""
    mac = hmac.digest(KEY, f"{activation}|{nonce}|{mobile}|activation".encode(), "sha256")
    return str(int.from_bytes(mac, "big") % 10**6).zfill(6)


def read_date(text: str) -> date:
    """``JJ/MM/AAAA``"""
    match = re.fullmatch(r"([0-9]{2})/([0-9]{2})/([0-9]{4})", text)
    assert match
    day, month, year = map(int, match.groups())
    return date(year, month, day)


def check_password(password: str, names: tuple[str, str], mobile: str) -> None:
    """The five criteria, common and personal ones."""
    text = unicodedata.normalize("NFC", password)
    assert len(text) >= 8
    assert any(c.isupper() for c in text)
    assert any(c.islower() for c in text)
    assert any(c in "0123456789" for c in text)
    assert any(c in SPECIALS for c in text)
    folded = fold(text)
    assert text.casefold() not in COMMON
    assert COMMON.get(text.casefold().strip("0123456789!?-."), 999) > 500
    assert not any(fold(name) in folded for name in names)
    assert mobile[-8:] not in folded
    assert "educonnect" not in folded


def walk(number: str, known: dict[str, tuple[str, str, date]]) -> str:
    """Every check of one activation, with nothing kept: the control of row 1."""
    mobile = read_number(number)
    family, given, birth = known[mobile]
    assert same_person(("DURAND", "Emilie"), (family, given))
    nonce = secrets.token_urlsafe(16)
    activation = secrets.token_urlsafe(16)
    sent = code_for(activation, nonce, mobile)  # by the sender
    assert hmac.compare_digest(sent, code_for(activation, nonce, mobile))  # by the checker
    assert read_date("21/09/2007") == birth
    check_password("Vélo-Bleu-31", (family, given), mobile)
    return f"e.durand{secrets.randbelow(100):02}"


SCHEMA = """
CREATE TABLE activation (
    id TEXT PRIMARY KEY, handle TEXT UNIQUE, previous TEXT UNIQUE, version INT, purge INT, body TEXT
) WITHOUT ROWID;
CREATE INDEX activation_purge ON activation (purge);
CREATE TABLE outbox (id TEXT PRIMARY KEY, activation TEXT, due INT, body TEXT) WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (due);
CREATE INDEX outbox_activation ON outbox (activation);
CREATE TABLE tally (key TEXT PRIMARY KEY, body TEXT, forgotten INT) WITHOUT ROWID;
CREATE INDEX tally_forgotten ON tally (forgotten);
CREATE TABLE holder (guardian TEXT PRIMARY KEY, identifier TEXT) WITHOUT ROWID;
CREATE TABLE account (identifier TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID;
CREATE TABLE base (base TEXT PRIMARY KEY, issued INT) WITHOUT ROWID;
CREATE TABLE audit (seq INTEGER PRIMARY KEY AUTOINCREMENT, activation TEXT, body TEXT);
CREATE INDEX audit_activation ON audit (activation);
"""


class Bare:
    """The reads and commits of a whole activation on bare ``sqlite3``: same durability, about the same bytes."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("PRAGMA secure_delete=ON")
        self.db.executescript(SCHEMA)

    def load(self, handle: str) -> tuple[str, int, dict[str, str]]:
        """One row by its handle."""
        identity, version, body = self.db.execute(
            "SELECT id, version, body FROM activation WHERE handle = ? OR previous = ?", (handle, handle)
        ).fetchone()
        return identity, version, json.loads(body)

    def save(self, identity: str, version: int, body: dict[str, str], *more: tuple[str, tuple[object, ...]]) -> None:
        """A compare-and-set with an audit row and whatever else, in one transaction."""
        db = self.db
        db.execute("BEGIN IMMEDIATE")
        done = db.execute(
            "UPDATE activation SET version = ?, purge = ?, body = ? WHERE id = ? AND version = ?",
            (version + 1, time.time_ns(), json.dumps(body), identity, version),
        )
        assert done.rowcount == 1
        db.execute("INSERT INTO audit (activation, body) VALUES (?, ?)", (identity, "x" * 60))
        for statement, values in more:
            db.execute(statement, values)
        db.execute("COMMIT")

    def walk(self, number: str, known: dict[str, tuple[str, str, date]]) -> str:
        """The control of row 2: what :func:`walk` checks, kept step by step."""
        db = self.db
        identity, handle, renewed = (secrets.token_urlsafe(16) for _ in range(3))
        body = {"state": "profile", "padding": "x" * 400}
        db.execute("BEGIN IMMEDIATE")
        db.execute(
            "INSERT INTO activation VALUES (?, ?, NULL, 1, ?, ?)", (identity, handle, time.time_ns(), json.dumps(body))
        )
        db.execute("INSERT INTO audit (activation, body) VALUES (?, ?)", (identity, "x" * 60))
        db.execute("COMMIT")
        for state in ("sign_in", "identity"):
            _, version, body = self.load(handle)
            self.save(identity, version, body | {"state": state})
        # the claim
        _, version, body = self.load(handle)
        mobile = read_number(number)
        family, given, birth = known[mobile]
        assert same_person(("DURAND", "Emilie"), (family, given))
        nonce = secrets.token_urlsafe(16)
        tallies = [(f"{kind}:{mobile}", "[0,[1780000000000000,1]]") for kind in ("sms", "failures")]
        for key, _ in [*tallies, ("budget", "")]:
            db.execute("SELECT body FROM tally WHERE key = ?", (key,)).fetchone()
        self.save(
            identity,
            version,
            body | {"state": "code", "nonce": nonce},
            ("DELETE FROM outbox WHERE activation = ?", (identity,)),
            ("INSERT INTO outbox VALUES (?, ?, 1, ?)", (nonce, identity, json.dumps({"nonce": nonce, "to": mobile}))),
            ("INSERT OR REPLACE INTO tally VALUES (?, ?, 1)", tallies[0]),
            ("INSERT OR REPLACE INTO tally VALUES (?, ?, 1)", ("budget", "[0,[1780000000000000,1]]")),
        )
        # the relay
        db.execute("SELECT id FROM outbox WHERE due <= 1 ORDER BY due LIMIT 1").fetchone()
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE outbox SET due = 2 WHERE id = (SELECT id FROM outbox WHERE due <= 1 ORDER BY due LIMIT 1)")
        db.execute("COMMIT")
        sent = code_for(identity, nonce, mobile)
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM outbox WHERE id = ?", (nonce,))
        db.execute("COMMIT")
        db.execute("SELECT id FROM outbox WHERE due <= 1 ORDER BY due LIMIT 1").fetchone()
        # the code
        _, version, body = self.load(handle)
        assert hmac.compare_digest(sent, code_for(identity, body["nonce"], mobile))
        db.execute("SELECT 1 FROM holder WHERE guardian IN (?)", (mobile,)).fetchone()
        self.save(
            identity,
            version,
            body | {"state": "pupils"},
            ("UPDATE activation SET previous = handle, handle = ? WHERE id = ?", (renewed, identity)),
            ("DELETE FROM outbox WHERE activation = ?", (identity,)),
            ("SELECT body FROM tally WHERE key = ?", (f"failures:{mobile}",)),
        )
        # the pupils
        _, version, body = self.load(renewed)
        assert read_date("21/09/2007") == birth
        self.save(
            identity,
            version,
            body | {"state": "password"},
            ("SELECT body FROM tally WHERE key = ?", (f"failures:{mobile}",)),
        )
        # the password
        _, version, body = self.load(renewed)
        check_password("Vélo-Bleu-31", (family, given), mobile)
        issued = (db.execute("SELECT issued FROM base WHERE base = ?", ("e.durand",)).fetchone() or (0,))[0]
        identifier = f"e.durand{issued}{secrets.randbelow(100):02}"
        self.save(
            identity,
            version,
            body | {"state": "activated"},
            ("INSERT INTO holder VALUES (?, ?)", (mobile, identifier)),
            ("INSERT INTO account VALUES (?, ?)", (identifier, "x" * 200)),
            ("INSERT INTO base VALUES (?, 1) ON CONFLICT (base) DO UPDATE SET issued = issued + 1", ("e.durand",)),
        )
        return identifier


class BarePostgres:
    """The same on bare ``psycopg``: a transaction a step, a round trip a statement."""

    def __init__(self, dsn: str, schema: str) -> None:
        self.db = psycopg.connect(dsn, autocommit=True)
        self.schema = schema

    def create(self) -> None:
        """The tables."""
        self.db.execute(f"CREATE SCHEMA {self.schema}")
        script = SCHEMA.replace(" WITHOUT ROWID", "").replace(
            "INTEGER PRIMARY KEY AUTOINCREMENT", "BIGSERIAL PRIMARY KEY"
        )
        self.use()
        self.db.execute(re.sub(r"\bINT\b", "BIGINT", script))

    def use(self) -> None:
        """Its tables, on this connection."""
        self.db.execute(f"SET search_path = {self.schema}")

    def one(self, statement: str, *values: object) -> tuple[Any, ...]:
        """One row."""
        row = self.db.execute(statement, values).fetchone()
        return row if row is not None else ()

    def load(self, handle: str) -> tuple[str, int, dict[str, str]]:
        """One row by its handle."""
        identity, version, body = self.one(
            "SELECT id, version, body FROM activation WHERE handle = %s OR previous = %s", handle, handle
        )
        return identity, version, json.loads(body)

    def save(self, identity: str, version: int, body: dict[str, str], *more: tuple[str, tuple[object, ...]]) -> None:
        """A compare-and-set with an audit row and whatever else, in one transaction."""
        db = self.db
        with db.transaction():
            done = db.execute(
                "UPDATE activation SET version = %s, purge = %s, body = %s WHERE id = %s AND version = %s",
                (version + 1, time.time_ns(), json.dumps(body), identity, version),
            )
            assert done.rowcount == 1
            db.execute("INSERT INTO audit (activation, body) VALUES (%s, %s)", (identity, "x" * 60))
            for statement, values in more:
                db.execute(statement, values)

    def walk(self, number: str, known: dict[str, tuple[str, str, date]]) -> str:
        """The control of row 3: what :func:`walk` checks, kept step by step."""
        db, one = self.db, self.one
        identity, handle, renewed = (secrets.token_urlsafe(16) for _ in range(3))
        body = {"state": "profile", "padding": "x" * 400}
        with db.transaction():
            db.execute(
                "INSERT INTO activation VALUES (%s, %s, NULL, 1, %s, %s)",
                (identity, handle, time.time_ns(), json.dumps(body)),
            )
            db.execute("INSERT INTO audit (activation, body) VALUES (%s, %s)", (identity, "x" * 60))
        for state in ("sign_in", "identity"):
            _, version, body = self.load(handle)
            self.save(identity, version, body | {"state": state})
        # the claim
        _, version, body = self.load(handle)
        mobile = read_number(number)
        family, given, birth = known[mobile]
        assert same_person(("DURAND", "Emilie"), (family, given))
        nonce = secrets.token_urlsafe(16)
        count = (
            "INSERT INTO tally VALUES (%s, %s, 1)"
            " ON CONFLICT (key) DO UPDATE SET body = excluded.body, forgotten = excluded.forgotten"
        )
        hit = "[0,[1780000000000000,1]]"
        self.save(
            identity,
            version,
            body | {"state": "code", "nonce": nonce},
            ("SELECT body FROM tally WHERE key = %s FOR UPDATE", (f"failures:{mobile}",)),
            ("DELETE FROM outbox WHERE activation = %s", (identity,)),
            (
                "INSERT INTO outbox VALUES (%s, %s, 1, %s)",
                (nonce, identity, json.dumps({"nonce": nonce, "to": mobile})),
            ),
            (count, (f"sms:{mobile}", hit)),
        )
        # the relay
        due = "SELECT id FROM outbox WHERE due <= 1 ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED"
        claimed = one(f"UPDATE outbox SET due = 2 WHERE id = ({due}) RETURNING id")
        sent = code_for(identity, nonce, mobile)
        db.execute("DELETE FROM outbox WHERE id = %s", claimed or (nonce,))
        one(f"UPDATE outbox SET due = 2 WHERE id = ({due}) RETURNING id")
        # the code
        _, version, body = self.load(handle)
        assert hmac.compare_digest(sent, code_for(identity, body["nonce"], mobile))
        one("SELECT 1 FROM holder WHERE guardian = ANY(%s)", [mobile])
        self.save(
            identity,
            version,
            body | {"state": "pupils"},
            ("UPDATE activation SET previous = handle, handle = %s WHERE id = %s", (renewed, identity)),
            ("DELETE FROM outbox WHERE activation = %s", (identity,)),
            ("SELECT body FROM tally WHERE key = %s FOR UPDATE", (f"failures:{mobile}",)),
        )
        # the pupils
        _, version, body = self.load(renewed)
        assert read_date("21/09/2007") == birth
        self.save(
            identity,
            version,
            body | {"state": "password"},
            ("SELECT body FROM tally WHERE key = %s FOR UPDATE", (f"failures:{mobile}",)),
        )
        # the password
        _, version, body = self.load(renewed)
        check_password("Vélo-Bleu-31", (family, given), mobile)
        base = "e.durand" + mobile[-6:]
        issued = (one("SELECT issued FROM base WHERE base = %s", base) or (0,))[0]
        identifier = f"{base}.{issued}{secrets.randbelow(100):02}"
        self.save(
            identity,
            version,
            body | {"state": "activated"},
            ("INSERT INTO holder VALUES (%s, %s)", (mobile + nonce, identifier + nonce)),
            ("INSERT INTO account VALUES (%s, %s)", (identifier + nonce, "x" * 200)),
            ("INSERT INTO base VALUES (%s, 1) ON CONFLICT (base) DO UPDATE SET issued = base.issued + 1", (base,)),
        )
        return identifier
