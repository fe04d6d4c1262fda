"""The PostgreSQL stores: the contract on a real server, and what happens when the server goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import psycopg
import pytest
from attrs import evolve

from educonnect_flow import AsyncActivationFlow, ChooseProfile, GoBack, Profile, State, SubmitCode
from educonnect_flow._postgres_pool import _AsyncConnection, _Connection
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.errors import StoreUnavailable
from educonnect_flow.records import Commit, CommitResult, CommitStatus, Conflict, Ref
from educonnect_flow.sms import RecordingSms
from educonnect_flow.stores import AsyncPostgresStore, PostgresStore
from educonnect_flow.stores._postgres_schema import create
from educonnect_flow.testing import AsyncStoreContract, CheapHasher, FakeClock, StoreContract, as_sync
from educonnect_flow.testing._clock import START
from educonnect_flow.testing._stores import HOUR, change, first, following, message
from tests.engine.test_async import walk
from tests.postgres import Server
from tests.world import EMILIE, SECRET, World

promise = pytest.mark.promise


class TestPostgresStore(StoreContract):
    @pytest.fixture
    def store(self, server: Server, schema: str) -> Iterator[PostgresStore]:
        self.opened = [PostgresStore(server.dsn, schema=schema, pool=20, timeout=30)]
        self.again: Callable[[], PostgresStore] = partial(PostgresStore, server.dsn, schema=schema, pool=1, timeout=30)
        yield self.opened[0]
        for store in self.opened:
            store.close()

    def reopened(self, store: PostgresStore) -> PostgresStore:
        store.close()
        self.opened.append(self.again())
        return self.opened[-1]


class TestAsyncPostgresStore(AsyncStoreContract):
    @pytest.fixture
    def async_store(self, server: Server, schema: str) -> AsyncPostgresStore:
        return AsyncPostgresStore(server.dsn, schema=schema, pool=20, timeout=30)


def test_the_whole_journey_awaited(server: Server, schema: str) -> None:
    async def run() -> State:
        store = AsyncPostgresStore(server.dsn, schema=schema)
        sms = RecordingSms()
        flow = AsyncActivationFlow(
            directory=StaticDirectory([EMILIE]), store=store, sms=sms, secret_key=SECRET, clock=FakeClock(),
            password_hasher=CheapHasher(),
        )  # fmt: skip
        out = await walk(flow, sms)
        await store.close()
        found: State = out.state
        return found

    assert asyncio.run(run()) is State.ACTIVATED


def test_a_store_that_was_never_used_closes() -> None:
    async def run() -> None:
        await AsyncPostgresStore("host=nowhere").close()

    asyncio.run(run())


def test_ten_makers_at_once_make_one_schema(server: Server, schema: str) -> None:
    with ThreadPoolExecutor(10) as pool:
        stores = list(pool.map(lambda _: PostgresStore(server.dsn, schema=schema, pool=1, timeout=30), range(10)))
    assert World(stores[0]).at(State.CODE).accepted
    for store in stores:
        store.close()


def test_a_newer_schema_is_refused(server: Server, schema: str) -> None:
    PostgresStore(server.dsn, schema=schema).close()
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f"UPDATE {schema}.version SET version = 99")
    with pytest.raises(StoreUnavailable) as caught:
        PostgresStore(server.dsn, schema=schema)
    assert "version 99" in str(caught.value.__cause__)

    async def run() -> None:
        await AsyncPostgresStore(server.dsn, schema=schema).load("h")

    with pytest.raises(StoreUnavailable):
        asyncio.run(run())


@pytest.mark.parametrize("schema", ["", "Upper", "a-b", "a;b", "1a", "x" * 64])
def test_a_schema_is_a_plain_name(schema: str) -> None:
    with pytest.raises(ValueError, match="schema"):
        create(schema)


def test_reprs_hold_no_connection() -> None:
    async def run() -> str:
        return repr(AsyncPostgresStore("host=nowhere password=secret"))

    assert asyncio.run(run()) == "AsyncPostgresStore(schema='educonnect_flow')"


def test_many_first_calls_open_one_pool(server: Server, schema: str) -> None:
    async def run() -> list[Any]:
        store = AsyncPostgresStore(server.dsn, schema=schema, timeout=30)
        loaded = await asyncio.gather(*(store.load("nothing") for _ in range(5)))
        await store.close()
        return loaded

    assert asyncio.run(run()) == [None] * 5
    store = PostgresStore(server.dsn, schema=schema)
    assert repr(store) == f"PostgresStore(schema={schema!r})"
    store.close()


@promise("R1", "R2")
@pytest.mark.parametrize("asynchronous", [False, True])
def test_of_two_commits_at_the_same_instant_the_second_gets_the_conflict(
    server: Server, schema: str, asynchronous: bool
) -> None:
    """Another transaction has written and not yet committed: no look at the tables shows it, only its constraint."""
    made: Any = PostgresStore(server.dsn, schema=schema, timeout=30)
    with as_sync(AsyncPostgresStore(server.dsn, schema=schema, timeout=30)) as awaited:
        store: Any = awaited if asynchronous else made
        _race(server, schema, store)
        awaited.close()
    made.close()


def _race(server: Server, schema: str, store: Any) -> None:
    cases: list[tuple[str, Commit, CommitResult]] = [
        (
            "INSERT INTO {s}.name VALUES ('account', 'guardian:g1', 'x', true)",
            first("a1", "h1", records=(change("e.x01", "guardian:g0", "guardian:g1"),)),
            CommitResult(CommitStatus.CONFLICT, conflict=Conflict("account", "e.x01", "guardian:g1")),
        ),
        (
            "INSERT INTO {s}.record VALUES ('account', 'e.x02', '', 1, '')",
            first("a2", "h2", records=(change("e.x02", "guardian:g2"),)),
            CommitResult(CommitStatus.CONFLICT, conflict=Conflict("account", "e.x02", None)),
        ),
        (
            "INSERT INTO {s}.run (id, version, handle, purge_at, body) VALUES ('a3', 1, 'h3', 0, '')",
            first("a3", "h9"),
            CommitResult(CommitStatus.STALE),
        ),
    ]
    for statement, commit, receipt in cases:
        with psycopg.connect(server.dsn) as other, ThreadPoolExecutor(1) as pool:
            other.execute(statement.format(s=schema))
            waiting = pool.submit(store.commit, commit)
            while not (_blocked(server) or waiting.done()):
                pass
            other.commit()
            assert waiting.result(60) == receipt
    # A handle that two runs share is no conflict that a journey knows: the error says so.
    store.commit(first("a5", "h5"))
    with pytest.raises(StoreUnavailable):
        store.commit(first("a6", "h5"))


def _blocked(server: Server) -> bool:
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    return row is not None and row[0] > 0


@pytest.mark.ci
@promise("R10")
def test_a_server_that_is_killed_gives_bounded_errors_and_comes_back_with_everything(schema: str) -> None:
    server = Server()
    store = PostgresStore(server.dsn, schema=schema, timeout=2)
    with as_sync(AsyncPostgresStore(server.dsn, schema=schema, timeout=2)) as awaited:
        _kill_and_start(server, store, awaited)
        awaited.close()
    store.close()
    server.close()


def _kill_and_start(server: Server, store: PostgresStore, awaited: Any) -> None:
    world = World(store)
    out = world.submit(world.flow.start(), ChooseProfile(Profile.GUARDIAN), "one")
    assert awaited.load("nothing") is None
    server.crash()
    for call in (
        lambda: world.submit(out, GoBack(), "two"),
        lambda: world.flow.start(),
        lambda: world.flow.deliver(),
        lambda: world.flow.purge(),
        lambda: awaited.load("nothing"),
        lambda: awaited.commit(first()),
    ):
        with pytest.raises(StoreUnavailable):
            call()
    server.start()
    end = 100
    while end:
        try:
            assert world.submit(out, ChooseProfile(Profile.GUARDIAN), "one") == out
            break
        except StoreUnavailable:
            end -= 1
    assert world.submit(out, GoBack(), "two").state is State.PROFILE
    done = world.at(State.CODE)
    assert world.submit(done, SubmitCode(world.code())).state is State.PUPILS


@pytest.mark.promise("R10")
def test_a_call_without_an_answer_in_time_closes_its_connection(server: Server) -> None:
    """Also where the server's own time-out does not reach, as in a commit's wait for its standby."""
    kind: Any = type("Impatient", (_Connection,), {"longest": 0.0})
    made = kind.connect(server.dsn, autocommit=True)
    with pytest.raises(psycopg.OperationalError, match="no answer in time"):
        made.execute("SELECT pg_sleep(2)")
    assert made.closed

    async def awaited() -> None:
        kind: Any = type("Impatient", (_AsyncConnection,), {"longest": 0.0})
        other = await kind.connect(server.dsn, autocommit=True)
        with pytest.raises(psycopg.OperationalError, match="no answer in time"):
            await other.execute("SELECT pg_sleep(2)")
        assert other.closed

    asyncio.run(awaited())


def test_a_store_that_was_closed_is_unavailable(server: Server, schema: str) -> None:
    store = PostgresStore(server.dsn, schema=schema)
    store.close()
    for call in (lambda: store.find((Ref("account", key="e.durand42"),)), lambda: store.load("handle")):
        with pytest.raises(StoreUnavailable):
            call()


def test_no_error_quotes_a_value(server: Server, schema: str) -> None:
    store = PostgresStore(server.dsn, schema=schema)
    with pytest.raises(StoreUnavailable) as refused:
        store.commit(evolve(first(), handle="0601020304\0"))  # it does not take a NUL, and says in which text
    assert "0601020304" not in str(refused.value)
    store.close()


def test_a_purge_takes_the_names_that_an_expired_record_has_when_it_goes(server: Server, schema: str) -> None:
    """A purge that waits while a record changes: a name that nobody has would be taken for ever."""
    store = PostgresStore(server.dsn, schema=schema, timeout=30)
    old = change("d1", "token:old", kind="session", expires_at=START)
    store.commit(first(messages=(message("m1", owner="me"),), records=(old,)))
    with psycopg.connect(server.dsn) as other, ThreadPoolExecutor(1) as pool:
        other.execute(f"DELETE FROM {schema}.message WHERE owner = 'me'")  # as a commit under way
        purging = pool.submit(store.purge, START + 2 * HOUR, 10)
        while not (_blocked(server) or purging.done()):
            pass
        new = change("d1", "token:new", kind="session", version=2, expires_at=START)
        with ThreadPoolExecutor(1) as second:
            changing = second.submit(store.commit, first("a2", "h2", records=(new,)))
            while sum(_waiting(server)) < 2 and not changing.done():
                pass
            other.commit()
            purging.result(60)
            changing.result(60)
    store.purge(START + 2 * HOUR, 10)
    again = change("d3", "token:new", kind="session")
    assert store.commit(first("a3", "h3", records=(again,))).status is CommitStatus.DONE
    store.close()


def _waiting(server: Server) -> list[int]:
    with psycopg.connect(server.dsn) as connection:
        rows = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchall()
    return [row[0] for row in rows]


def test_another_isolation_level_of_the_database_is_overruled_or_refused(server: Server, schema: str) -> None:
    name = f"isolated{schema}"
    server.execute(f"CREATE DATABASE {name}")
    server.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
    dsn = psycopg.conninfo.make_conninfo(server.dsn, dbname=name)
    store = PostgresStore(dsn, schema=schema)
    assert store.commit(first()).status is CommitStatus.DONE
    for level in ("repeatable read", "serializable"):
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"SET default_transaction_isolation = '{level}'")
            for call in ("purge(0, 1, 1)", "entries(0, 1)", "settle('m', NULL, NULL, NULL)", "commit('{}', '')"):
                with pytest.raises(psycopg.errors.RaiseException, match="READ COMMITTED, and not " + level.upper()):
                    connection.execute(f"SELECT * FROM {schema}.{call}")
    store.close()


@pytest.mark.ci
def test_two_runs_of_one_owner_that_end_each_other_at_once_never_meet_in_a_ring(server: Server, schema: str) -> None:
    """Two at once, many times: without one order of the locks every twelfth pair met in a deadlock."""
    store = PostgresStore(server.dsn, schema=schema, timeout=30)
    barrier = Barrier(2)

    def end(name: str) -> CommitStatus:
        barrier.wait(30)
        return store.commit(following(2, name, cancel_messages=True, cancel_owner_messages="me")).status

    with ThreadPoolExecutor(2) as pool:
        for n in range(150):
            names = (f"a{n}.0", f"a{n}.1")
            for name in names:
                waiting = tuple(message(f"m{name}.{one}", name, owner="me") for one in range(3))
                store.commit(first(name, f"h{name}", messages=waiting))
            assert list(pool.map(end, names)) == [CommitStatus.DONE] * 2
    store.close()
