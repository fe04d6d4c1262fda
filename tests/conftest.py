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
from tests.world import World

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")

_schemas = (f"t{n}" for n in itertools.count())


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL for the whole run."""
    running = Server()
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
    made.close()


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
