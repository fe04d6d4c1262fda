"""E1–E3 when things fail: the gateway, the relay, the budgets; and the same rows for a stranger."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from educonnect_flow import Settings, State, SubmitCode
from educonnect_flow.ports import Store
from educonnect_flow.stores import MemoryStore, PostgresStore, SqliteStore
from educonnect_flow.testing import Crash, FaultySms, Gateway
from tests.journeys.activation.test_strangers import KNOWN, UNKNOWN_NUMBER, WRONG_NAME, shown, visit
from tests.world import World

promise = pytest.mark.promise
STRANGERS = [pytest.param(WRONG_NAME, id="wrong name"), pytest.param(UNKNOWN_NUMBER, id="unknown number")]


@promise("E1", "E3")
@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("how", list(Gateway))
def test_a_gateway_that_misbehaves_tells_nothing(how: Gateway, who: Any, store: Store) -> None:
    known = World(sms=FaultySms(*[how] * 99))
    unknown = World(store, sms=FaultySms(*[how] * 99))
    assert visit(known, KNOWN) == visit(unknown, who)
    assert unknown.sms is not None


@promise("E1", "E3")
@pytest.mark.parametrize("who", STRANGERS)
def test_a_relay_that_never_runs_or_dies_tells_nothing(who: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dying(FaultySms):
        def send(self, message: Any) -> None:
            raise Crash

    def relayed(world: World) -> Callable[[int], int]:
        deliver = world.flow.deliver

        def call(limit: int = 100) -> int:
            try:
                return deliver(limit)
            except Crash:
                return 0

        return call

    for sms in (FaultySms, Dying):
        known, unknown = World(sms=sms()), World(store if sms is FaultySms else MemoryStore(), sms=sms())
        for world in (known, unknown):
            monkeypatch.setattr(world.flow, "deliver", (lambda limit=100: 0) if sms is FaultySms else relayed(world))
        assert visit(known, KNOWN) == visit(unknown, who)


@promise("E1", "E2", "I3")
@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize(
    "settings",
    [
        {"sms_per_mobile": 1}, {"sms_budget": 2}, {"sms_per_prefix": 1}, {"mobile_failures": 2},
        {"prefix_failures": 2}, {"national_failures": 1}, {"sms_budget": 0},
    ],
    ids=lambda chosen: "-".join(chosen),
)  # fmt: skip
def test_a_budget_that_is_spent_tells_nothing(settings: dict[str, Any], who: Any, store: Store) -> None:
    chosen = Settings(**settings)

    def seen(world: World) -> list[str]:
        try:
            return visit(world, KNOWN if world is known else who)
        except AssertionError:
            return ["visit ended early"]

    known, unknown = World(settings=chosen), World(store, settings=chosen)
    first, second = seen(known), seen(unknown)
    assert first == second
    assert len(first) > 10


def rows(store: Store, path: Path) -> dict[str, int]:
    """How many rows there are of each kind."""
    if isinstance(store, MemoryStore):
        return {
            name: len(getattr(store, name))
            for name in ("_kept", "_handles", "_outbox", "_tallies", "_entries", "_records", "_spent")
        }
    tables = ("run", "answered", "message", "tally", "audit", "record", "name", "spent")
    if isinstance(store, SqliteStore):
        with closing(sqlite3.connect(path)) as db:
            return {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    assert isinstance(store, PostgresStore)
    schema, found = store._schema, {}
    with store._pool.connection() as connection:
        for table in tables:
            row = connection.execute(f"SELECT count(*) FROM {schema}.{table}").fetchone()
            assert row is not None
            found[table] = row[0]
    return found


@promise("E2")
@pytest.mark.parametrize("who", STRANGERS)
def test_the_same_rows_are_written_for_a_stranger(who: Any, store: Store, tmp_path: Path) -> None:
    world, path = World(store), tmp_path / "activations.db"
    grown = []
    for claimed in (KNOWN, who):
        world.clock.advance(days=3)
        world.flow.deliver()
        world.flow.purge()
        before = rows(store, path)
        out = world.at(State.CODE, claimed)
        steps = [rows(store, path)]
        out = world.submit(out, SubmitCode("000001"), "wrong")
        steps.append(rows(store, path))
        world.flow.deliver()
        steps.append(rows(store, path))
        grown.append([{name: count - before[name] for name, count in step.items()} for step in steps])
        assert "CODE" in shown(out)
    assert grown[0] == grown[1]


@promise("E3")
def test_what_a_gateway_does_is_never_part_of_an_answer(store: Store) -> None:
    """No request of a parent calls it at all."""
    sms = FaultySms()
    world = World(store, sms=sms)
    out = world.at(State.IDENTITY)
    out = world.submit(out, KNOWN)
    assert (out.state, sms.tries) == (State.CODE, 0)
