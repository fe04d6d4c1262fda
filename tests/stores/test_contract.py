"""Both stores keep the contract; the file keeps it across processes and power."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from educonnect_flow import GoBack, State
from educonnect_flow.ports import Store
from educonnect_flow.records import Ref
from educonnect_flow.stores import MemoryStore, SqliteStore
from educonnect_flow.testing import StoreContract
from tests.world import World, password


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        self.opened = [SqliteStore(tmp_path / "activations.db")]
        yield self.opened[0]
        for store in self.opened:
            store.close()

    def reopened(self, store: SqliteStore) -> SqliteStore:
        store.close()
        self.opened.append(SqliteStore(store._path))
        return self.opened[-1]


@pytest.mark.promise("R10")
def test_no_call_reads_a_table_through(tmp_path: Path) -> None:
    """However many rows there are: the plan of every statement that a whole activation needs uses an index."""
    store = SqliteStore(tmp_path / "activations.db")
    asked: dict[str, str] = {}
    db = store._open_writer()
    db.set_trace_callback(lambda query: asked.setdefault(re.sub(r"'[^']*'|[0-9]+", "?", query), query))
    world = World(store)
    out = world.at(State.PASSWORD)
    world.submit(out, password(), "the request")
    world.submit(out, password(), "the request")
    world.submit(world.at(State.CODE), GoBack())
    world.clock.advance(hours=50)
    world.flow.purge()
    store.spend("k", world.clock(), world.clock())
    store.spent("k", world.clock())
    store.find((Ref("account", key="k"), Ref("account", name="guardian:g1")))
    store.trail("a1")
    store.entries(0, 10)
    db.set_trace_callback(None)
    plans = {
        query: [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()]
        for query in asked.values()
        if query.startswith(("SELECT", "UPDATE", "DELETE"))
    }
    assert len(plans) > 15
    for query, plan in plans.items():
        through = [step for step in plan if step.startswith("SCAN") and "json_each" not in step and "INDEX" not in step]
        assert [step for step in through if step != "SCAN r"] == [], query  # r: the one run that was found
        assert [step for step in plan if "(kind=?)" in step] == [], query  # every record of a kind
    store.close()
