"""Fixtures that several test files share."""

from __future__ import annotations

import itertools
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from educonnect_flow.ports import Store
from educonnect_flow.stores import MemoryStore, PostgresStore, SqliteStore
from tests.postgres import SMALL, Server
from tests.world import PASSWORD, SECRET, World

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("small", settings.get_profile("default"), max_examples=10)
settings.load_profile("small" if SMALL else "default")

BIRTH_DATES = ("2007-09-21", "21/09/2007", "2007, 9, 21", "20070921")

RECORDS_HAVE = "known_person"
"""A table that only school records have: they hold numbers and birth dates, as they must."""

FROZEN = f"cheap:{PASSWORD}"
"""In ``tests/stored``, of a hasher that once did not even hash."""

_schemas = (f"t{n}" for n in itertools.count())


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL for the whole run; what is left in it at the end holds no secret."""
    running = Server(flushes=False)
    yield running
    tables = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
    with psycopg.connect(running.dsn) as connection:
        found = connection.execute(tables).fetchall()
        records = {schema for schema, table in found if table == RECORDS_HAVE}
        for schema, table in found:
            if schema not in records:
                assert leaked(copied(connection, f"{schema}.{table}").replace(FROZEN, "")) == [], (
                    f"{schema}.{table} (promise V1)"
                )
    running.close()


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """A command that was run in this process leaves its handlers; they are its own to leave."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.fixture(scope="session", autouse=True)
def files_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No SQLite file that a test left behind holds a secret, but those of school records."""
    yield
    for path in tmp_path_factory.getbasetemp().rglob("*"):
        if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3":
            with closing(sqlite3.connect(path)) as db:
                if db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (RECORDS_HAVE,)).fetchone():
                    continue
            held = "".join(one.read_bytes().decode("utf-8", "replace") for one in path.parent.glob(f"{path.name}*"))
            assert leaked(held.replace(FROZEN, "")) == [], f"{path} (promise V1)"


@pytest.fixture
def schema() -> str:
    """A schema that no other test has."""
    return next(_schemas)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each store in turn."""
    made: Store
    if request.param == "memory":
        made = MemoryStore()
    elif request.param == "sqlite":
        made = SqliteStore(tmp_path / "activations.db")
    else:
        running: Server = request.getfixturevalue("server")
        made = PostgresStore(running.dsn, schema=next(_schemas), pool=20, timeout=30)
    yield made
    assert leaked(at_rest(made)) == []
    made.close()


CANARIES = ("612345678", "6 12 34 56 78", PASSWORD, SECRET.decode(), *BIRTH_DATES)
"""What no output and no file of a store may hold, in any test."""


def leaked(text: str) -> list[str]:
    """Which of them *text* holds."""
    return [canary for canary in CANARIES if canary in text]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """The canary of V1: what a test that passed has logged and printed is swept; a leak fails it."""
    report = yield
    if report.passed:
        for name, text in report.sections:
            found = leaked(text)
            if found:
                report.outcome = "failed"
                report.longrepr = f"{item.nodeid}: {name} holds {found} (promise V1)"
    return report


def at_rest(store: Store) -> str:
    """All that *store* keeps, as text."""
    if isinstance(store, SqliteStore):
        files = [path for path in store._path.parent.glob(f"{store._path.name}*") if path.is_file()]
        return "".join(path.read_bytes().decode("utf-8", "replace") for path in files)
    if isinstance(store, PostgresStore):
        schema, found = store._schema, ""
        with store._pool.connection() as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall()
            for (table,) in tables:
                found += copied(connection, f"{schema}.{table}")
        return found
    return ""


def copied(connection: psycopg.Connection[Any], table: str) -> str:
    """All rows of *table*, as text."""
    with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
        return "".join(bytes(block).decode() for block in copy)


@pytest.fixture
def world(store: Store) -> World:
    """A world on each store in turn."""
    return World(store)


@pytest.fixture
def worlds(store: Store) -> Callable[..., World]:
    """Worlds with other settings or ports, on each store in turn."""

    def make(**given: Any) -> World:
        return World(store, **given)

    return make
