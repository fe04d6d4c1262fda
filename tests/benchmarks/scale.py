"""One step beside few rows and beside many; an identifier for the first of many homonyms and for a late one."""

from __future__ import annotations

import random
import secrets
import sqlite3
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from educonnect_flow import (
    ActivationFlow,
    ChoosePassword,
    ChooseProfile,
    ClaimIdentity,
    ConfirmPupils,
    GoBack,
    Guardian,
    Profile,
    PupilAnswer,
    Settings,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow._identifier import width
from educonnect_flow._keys import digest
from educonnect_flow._letters import CodeLetter
from educonnect_flow._text import encode
from educonnect_flow.accounts import Account
from educonnect_flow.accounts import identifiers as identifiers_of
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.engine._run import dump
from educonnect_flow.journeys.activation.run import Activation
from educonnect_flow.people import SealedMobile
from educonnect_flow.ports import Store
from educonnect_flow.sms import RecordingSms
from educonnect_flow.stores import PostgresStore, SqliteStore
from educonnect_flow.stores import _sql as sql
from educonnect_flow.tally import micros
from educonnect_flow.testing import CheapHasher
from tests.benchmarks.walker import BORN, MAX_CONFLICT_RETRIES, guardian, seconds
from tests.postgres import Server

FEW = 1_000
SAMPLE = 200


def _rows(count: int, postgres: bool) -> Iterator[tuple[str, tuple[object, ...]]]:
    """*count* pending runs, waiting messages, counters, and as many accounts; the columns as in the tables."""
    now = datetime.now(UTC)
    at, later = micros(now), micros(now + timedelta(days=2))
    none: object = [] if postgres else "[]"
    no: object = False if postgres else 0
    yes: object = True if postgres else 1
    for n in range(count):
        kept = Activation(id=f"a{n}", version=1, state=State.PROFILE, created_at=now, seen_at=now, latest_at=now)
        run = {
            "id": f"a{n}", "journey": "ACTIVATION", "owner": "", "version": 1, "handle": digest(f"h{n}"),
            "previous": None, "rotated_by": None, "purge_at": later, "wanted": "[]", "body": dump(kept),
        }  # fmt: skip
        yield "run", tuple(run[column] for column in sql.RUN)
        body = CodeLetter("n" * 22, SealedMobile("s" * 38)).dump()
        message = {
            "id": f"m{n}", "run": f"a{n}", "journey": "ACTIVATION", "owner": "", "due_at": later, "attempts": 0,
            "created_at": at, "expires_at": later, "decoy": no, "body": body,
        }  # fmt: skip
        yield "message", tuple(message[column] for column in sql.MESSAGE)
        yield "tally", (f"sms_per_mobile:{n:043}", f"[0,[{at},1]]", later)
        account = Account(
            identifier=f"x.name{n}", guardians=(f"old{n}",), confirmed=("p",), denied=(), password_hash="h" * 97,
            created_at=now, run=f"o{n}",
        )  # fmt: skip
        key = account.identifier
        yield "record", ("account", key, key, 1, encode(account.body()), None)
        yield "name", ("account", account.unique()[0], key, yes)
        entry = {
            "run": f"o{n}", "journey": "ACTIVATION", "at": at, "event": "ChoosePassword", "row": "password.chosen",
            "source": "password", "dest": "activated", "reasons": none, "denied": none, "mobile": None, "origin": None,
        }  # fmt: skip
        yield "audit", tuple(entry[column] for column in sql.AUDIT)


def _fill_sqlite(path: Path, count: int) -> None:
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous=OFF")
    batches: dict[str, list[tuple[object, ...]]] = {}
    for table, row in _rows(count, postgres=False):
        batch = batches.setdefault(table, [])
        batch.append(row)
        if len(batch) == 5_000:
            _insert(db, table, batch)
    for table, batch in batches.items():
        _insert(db, table, batch)
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


COLUMNS = {
    "run": sql.RUN, "message": sql.MESSAGE, "tally": sql.TALLY, "record": sql.RECORD, "name": sql.NAME, "audit": sql.AUDIT,
}  # fmt: skip


def _insert(db: sqlite3.Connection, table: str, batch: list[tuple[object, ...]]) -> None:
    if batch:
        columns, marks = sql.names(COLUMNS[table]), ", ".join("?" * len(batch[0]))
        db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", batch)
        batch.clear()


def _fill_postgres(dsn: str, schema: str, count: int) -> None:
    with psycopg.connect(dsn) as connection:
        for table, columns in COLUMNS.items():
            with connection.cursor().copy(f"COPY {schema}.{table} ({sql.names(columns)}) FROM STDIN") as copy:
                for name, row in _rows(count, postgres=True):
                    if name == table:
                        copy.write_row(row)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


@contextmanager
def _flow(store: Store, guardians: list[Guardian] | None = None) -> Iterator[ActivationFlow]:
    flow = ActivationFlow(
        directory=StaticDirectory(guardians or []), store=store, sms=RecordingSms(), secret_key=b"k" * 32,
        password_hasher=CheapHasher(), settings=Settings(sms_budget=10**6, idle_for=timedelta(hours=9), run_for=timedelta(hours=9)),
    )  # fmt: skip
    yield flow
    flow.close()


def _step(flow: ActivationFlow, count: int) -> Callable[[], object]:
    """Two steps of an activation drawn from all, so that nothing stays where it was."""
    chance = random.Random(7)  # noqa: S311 - which row

    def step() -> None:
        handle = f"h{chance.randrange(count)}"
        flow.submit(handle, ChooseProfile(Profile.GUARDIAN))
        flow.submit(handle, GoBack())

    return step


def steps(folder: Path, server: Server, rows: int) -> None:
    """Row 4, on both stores: from 10³ up to *rows*, by tens."""
    sizes = [FEW]
    while sizes[-1] < rows:
        sizes.append(min(sizes[-1] * 10, rows))
    for kind in ("SQLite", "PostgreSQL"):
        flows = []
        for size in sizes:
            if kind == "SQLite":
                path = folder / f"rows{size}.db"
                SqliteStore(path).close()
                _fill_sqlite(path, size)
                store: Store = SqliteStore(path)
            else:
                PostgresStore(server.dsn, schema=f"rows{size}").close()
                _fill_postgres(server.dsn, f"rows{size}", size)
                store = PostgresStore(server.dsn, schema=f"rows{size}")
            flows.append(_flow(store))
        entered = [flow.__enter__() for flow in flows]
        ours = [_step(flow, size) for flow, size in zip(entered, sizes, strict=True)]
        for step in ours:
            seconds(step, SAMPLE)
        rounds = [[seconds(step, SAMPLE // 4) / 2 for step in ours] for _ in range(MAX_CONFLICT_RETRIES)]
        for n, size in enumerate(sizes):
            ratio = statistics.median(one[n] / one[0] for one in rounds)
            took = statistics.median(one[n] for one in rounds) * 1e6
            print(
                f"{f'one step beside {size:,} rows, {kind}':<46} {took:>9.0f} µs  = {ratio:5.2f} ×   (to hold: ≤ 1.2 ×)"
            )
        for flow in entered:
            flow.close()


def _martin(n: int) -> Guardian:
    one = guardian(n)
    return Guardian(id=f"m{n}", family_name="Martin", given_name="Marie", mobile=one.mobile, pupils=one.pupils)


def _last_page(flow: ActivationFlow, n: int) -> str:
    """The handle of a parent who has only a password left to choose."""
    out = flow.start()
    out = flow.submit(out.handle, ChooseProfile(Profile.GUARDIAN))
    out = flow.submit(out.handle, StartActivation())
    out = flow.submit(out.handle, ClaimIdentity(family_name="Martin", given_name="Marie", mobile=f"06{12_000_000 + n}"))
    flow.deliver()
    sms = flow._engine.ports.sms
    assert isinstance(sms, RecordingSms)
    out = flow.submit(out.handle, SubmitCode(sms.sent[-1].text[-6:]))
    out = flow.submit(out.handle, ConfirmPupils([PupilAnswer(pupil_id=f"p{n}", confirmed=True, birth_date=BORN)]))
    assert out.state is State.PASSWORD, out
    return out.handle


def _taken(count: int) -> list[tuple[str, str]]:
    """The identifiers of *count* homonyms, drawn as the library draws them, and whose they are."""
    taken: set[str] = set()
    for n in range(count):
        digits = width(n)
        while (identifier := f"m.martin{secrets.randbelow(10**digits):0{digits}}") in taken:
            pass
        taken.add(identifier)
    return [(identifier, f"old{n}") for n, identifier in enumerate(taken)]


def identifiers(folder: Path, server: Server, homonyms: int) -> None:
    """Row 5."""
    choice = ChoosePassword(password="Vélo-Bleu-31", confirmation="Vélo-Bleu-31")
    for kind in ("SQLite", "PostgreSQL"):
        handles: list[list[str]] = []
        flows: list[ActivationFlow] = []
        for n, before in enumerate((0, homonyms)):
            if kind == "SQLite":
                path = folder / f"homonyms{before}.db"
                store: Store = SqliteStore(path)
                db: sqlite3.Connection | psycopg.Connection = sqlite3.connect(path)
                schema, mark = "", "?"
            else:
                schema, mark = f"homonyms{before}.", "%s"
                store = PostgresStore(server.dsn, schema=schema[:-1])
                db = psycopg.connect(server.dsn)
            rows = _taken(before)
            cursor = db.cursor()
            if rows:
                now = datetime.now(UTC)
                accounts = [
                    Account(
                        identifier=identifier, guardians=(of,), confirmed=(), denied=(), password_hash="h",
                        created_at=now, run="o",
                    )
                    for identifier, of in rows
                ]  # fmt: skip
                made = [("account", one.identifier, one.identifier, 1, encode(one.body()), None) for one in accounts]
                named = [("account", one.unique()[0], one.identifier, True) for one in accounts]
                counted = identifiers_of("m.martin")
                tally = ("identifiers:m.martin", f"[0,[{micros(now)},{before}]]", micros(now + counted.window))
                for table, columns, values in (
                    ("record", sql.RECORD, made), ("name", sql.NAME, named), ("tally", sql.TALLY, [tally]),
                ):  # fmt: skip
                    marks = ", ".join([mark] * len(columns))
                    cursor.executemany(f"INSERT INTO {schema}{table} ({sql.names(columns)}) VALUES ({marks})", values)
            db.commit()
            db.close()
            flow = _flow(
                store, [_martin(one) for one in range(n * 1_000, n * 1_000 + MAX_CONFLICT_RETRIES * 20)]
            ).__enter__()
            handles.append([_last_page(flow, one) for one in range(n * 1_000, n * 1_000 + MAX_CONFLICT_RETRIES * 20)])
            flows.append(flow)
        pairs = []
        for _ in range(MAX_CONFLICT_RETRIES):
            took = [
                seconds(lambda f=flow, h=some: f.submit(h.pop(), choice), 20)  # type: ignore[misc]  # mypy infers no lambda with defaults
                for flow, some in zip(flows, handles, strict=True)
            ]
            pairs.append((took[1], took[0]))
        ratio = statistics.median(a / b for a, b in pairs)
        a, b = (statistics.median(column) * 1e6 for column in zip(*pairs, strict=True))
        name = f"identifier after {homonyms:,} homonyms, {kind}"
        print(f"{name:<46} {a:>9.0f} µs  / {b:>9.0f} µs  = {ratio:5.2f} ×   (to hold: ≤ 1.5 ×)")
        for flow in flows:
            flow.close()
