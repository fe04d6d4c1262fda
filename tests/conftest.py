"""Fixtures that several test files share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from educonnect_flow.ports import Store
from educonnect_flow.stores import MemoryStore, SqliteStore
from tests.world import World

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")

Kind = type[MemoryStore] | type[SqliteStore]


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each store in turn."""
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "activations.db")
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
