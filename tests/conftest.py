"""Fixtures that several test files share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from educonnect_flow.ports import Store
from educonnect_flow.stores import MemoryStore, PostgresStore, SqliteStore
from tests.postgres import Server
from tests.world import PASSWORD, SECRET, World

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")

BIRTH_DATES = ("2007-09-21", "21/09/2007", "2007, 9, 21", "20070921")

_schemas = (f"t{n}" for n in itertools.count())


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL for the whole run."""
    running = Server(flushes=False)
    yield running
    running.close()


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
        schema, found = store._queries.schema, ""
        with store._pool.connection() as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall()
            for (table,) in tables:
                with connection.cursor().copy(f"COPY {schema}.{table} TO STDOUT") as copy:
                    found += "".join(bytes(block).decode() for block in copy)
        return found
    return ""


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
