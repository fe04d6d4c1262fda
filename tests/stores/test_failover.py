"""PostgreSQL is killed, restarted, cut off, stopped, replaced by its standby: bounded errors, nothing lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from educonnect_flow import GoBack, Outcome, State, SubmitCode
from educonnect_flow._keys import digest
from educonnect_flow.directory import AsyncPostgresDirectory, PostgresDirectory
from educonnect_flow.errors import PortUnavailable, StoreUnavailable
from educonnect_flow.stores import AsyncPostgresStore, PostgresStore
from educonnect_flow.testing import as_sync
from tests.engine.test_reliability import STEPS
from tests.load import Parent, check, crowd, family, walk_all
from tests.postgres import Server, Wire
from tests.world import LEO, World, activation_of, answers, claim, issued, password

promise = pytest.mark.promise


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that this test may kill."""
    running = Server()
    yield running
    running.close()


def insist(call: Callable[[], Outcome], away: type[Exception] = StoreUnavailable) -> Outcome:
    """What *call* returns, once the server is back; a minute at most."""
    end = time.monotonic() + 60
    while True:
        try:
            return call()
        except away:
            assert time.monotonic() < end


def until_arrived(parents: list[Parent], count: int) -> None:
    """Wait until *count* of them have their account."""
    while sum(parent.out is not None and parent.out.state is State.ACTIVATED for parent in parents) < count:
        time.sleep(0.002)


@pytest.mark.ci
@promise("R3", "R10")
def test_a_server_killed_again_and_again_under_load_loses_nothing(
    own_server: Server, schema: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store = PostgresStore(own_server.dsn, schema=schema, timeout=3)
    parents = crowd(store, family(120))

    def kill() -> None:
        for done in range(10, 110, 20):
            until_arrived(parents, done)
            own_server.crash()
            own_server.start()

    identifiers = walk_all(parents, 8, kill)
    check(store, parents, identifiers)
    failures = sum(parent.failures for parent in parents)
    assert failures >= 5
    store.close()
    with capsys.disabled():
        print(f"\n5 kills of the server under 120 journeys: {failures} calls failed and were repeated, none lost")


@pytest.mark.ci
@promise("R11")
def test_a_standby_that_takes_over_has_everything_that_was_answered(
    own_server: Server, schema: str, capsys: pytest.CaptureFixture[str]
) -> None:
    standby = Server(standby_of=own_server)
    both = f"host={own_server.root},{standby.root} user=postgres dbname=postgres target_session_attrs=read-write"
    store = PostgresStore(both, schema=schema, timeout=3)
    own_server.require(standby)
    parents = crowd(store, family(100))

    def fail_over() -> None:
        until_arrived(parents, 20)
        own_server.crash()
        standby.execute("SELECT pg_promote()")

    identifiers = walk_all(parents, 8, fail_over)
    check(store, parents, identifiers)
    failures = sum(parent.failures for parent in parents)
    assert failures > 0
    store.close()
    standby.close()
    with capsys.disabled():
        print(f"\nfailover under 100 journeys: {failures} calls failed and were repeated, none lost")


@promise("R10", "R11")
@pytest.mark.ci
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_standby_that_says_nothing_gives_bounded_errors_and_no_success(
    own_server: Server, schema: str, asynchronous: bool
) -> None:
    """The server's time-outs do not end a commit's wait for its standby: ours does, and nobody is told of it before
    the standby has it.
    """
    standby = Server(standby_of=own_server)
    made: Any = PostgresStore(own_server.dsn, schema=schema, timeout=0.3)
    with as_sync(AsyncPostgresStore(own_server.dsn, schema=schema, timeout=0.3)) as awaited:
        world = World(awaited if asynchronous else made)
        out = world.at(State.CODE)
        code = world.code()
        own_server.require(standby)
        standby.pause()
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                world.submit(out, SubmitCode(code), "one")
        assert world.flow.resume(out.handle).state is State.CODE  # what the standby has not, nobody sees
        standby.unpause()
        after = insist(lambda: world.submit(out, SubmitCode(code), "one"))
        assert after.state is State.PUPILS
        assert world.submit(out, SubmitCode(code), "one") == after
        awaited.close()
    made.close()
    standby.close()


@promise("R10")
@pytest.mark.parametrize("asynchronous", [pytest.param(False, marks=pytest.mark.ci), True])
def test_a_server_that_says_nothing_gives_bounded_errors_and_heals(
    own_server: Server, schema: str, asynchronous: bool
) -> None:
    made: Any = PostgresStore(own_server.dsn, schema=schema, timeout=0.3)
    with as_sync(AsyncPostgresStore(own_server.dsn, schema=schema, timeout=0.3)) as awaited:
        world = World(awaited if asynchronous else made)
        out = world.at(State.CODE)
        code = world.code()
        own_server.pause()
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                world.submit(out, SubmitCode(code), "one")
        own_server.unpause()
        after = insist(lambda: world.submit(out, SubmitCode(code), "one"))
        assert after.state is State.PUPILS
        awaited.close()
    made.close()


@promise("R10")
@pytest.mark.parametrize("asynchronous", [False, pytest.param(True, marks=pytest.mark.ci)])
def test_a_directory_whose_server_says_nothing_gives_bounded_errors_and_heals(
    own_server: Server, asynchronous: bool
) -> None:
    made: Any = PostgresDirectory(own_server.dsn, timeout=0.3)
    with as_sync(AsyncPostgresDirectory(own_server.dsn, timeout=0.3)) as awaited:
        world = World(directory=awaited if asynchronous else made)
        out = world.at(State.IDENTITY)
        own_server.pause()
        for _ in range(2):
            with pytest.raises(PortUnavailable):
                world.submit(out, claim())
        own_server.unpause()
        assert insist(lambda: world.submit(out, claim()), PortUnavailable).state is State.CODE
        awaited.close()
    made.close()


@promise("R4")
@pytest.mark.parametrize("asynchronous", [False, True])
def test_when_the_connection_drops_at_each_commit_the_request_finds_its_answer(
    server: Server, schema: str, asynchronous: bool
) -> None:
    wire = Wire(server)
    made: Any = PostgresStore(wire.dsn, schema=schema)
    with as_sync(AsyncPostgresStore(wire.dsn, schema=schema)) as awaited:
        world = World(awaited if asynchronous else made)
        out = world.flow.start()
        for n, (_, make) in enumerate(STEPS):
            event = make(world, out)
            wire.cut_after(b".commit(")
            with pytest.raises(StoreUnavailable):
                world.submit(out, event, f"request-{n}")
            version = _version(world, out)
            out = world.submit(out, event, f"request-{n}")
            assert _version(world, out) == version  # found, and not done again
        assert wire.cuts == len(STEPS)
        assert out.state is State.ACTIVATED
        assert issued(made, "e.durand") == 1
        awaited.close()
    made.close()
    wire.close()


def _version(world: World, out: Outcome) -> int:
    loaded = world.store.load(digest(out.handle))
    assert loaded is not None
    return activation_of(loaded).version


@pytest.mark.by_hand
@promise("R10")
def test_a_store_that_is_away_for_a_minute_gives_bounded_errors_and_no_success(
    own_server: Server, schema: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store = PostgresStore(own_server.dsn, schema=schema, timeout=2)
    world = World(store)
    code_page, pupils, passwords = (world.at(state) for state in (State.CODE, State.PUPILS, State.PASSWORD))
    code = world.codes()[0]  # that of the first page
    calls: list[Callable[[], Any]] = [
        world.flow.start,
        world.flow.deliver,
        world.flow.purge,
        lambda: world.flow.resume(pupils.handle),
        lambda: world.submit(code_page, GoBack(), "back"),
        lambda: world.submit(pupils, answers(LEO), "pupils"),
        lambda: world.submit(passwords, password(), "password"),
    ]
    own_server.crash()
    end = time.monotonic() + 60
    slowest, errors = 0.0, 0

    def one(call: Callable[[], Any]) -> float:
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable):
            call()
        return time.monotonic() - begun

    with ThreadPoolExecutor(len(calls)) as pool:
        while time.monotonic() < end:
            took = list(pool.map(one, calls))
            slowest, errors = max(slowest, *took), errors + len(took)
    assert slowest < 30  # 2 s as a rule; a machine may be slow
    own_server.start()
    assert insist(lambda: world.submit(passwords, password(), "password")).state is State.ACTIVATED
    assert world.submit(code_page, SubmitCode(code)).state is State.ALREADY_ACTIVE
    store.close()
    with capsys.disabled():
        print(f"\nthe server away for a minute: {errors} calls, {errors} errors, the slowest after {slowest:.1f} s")
