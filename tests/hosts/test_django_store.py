"""The store over Django's connection keeps the contract, on both databases."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve
from django.db import connections, transaction

from educonnect_flow.contrib.django import models
from educonnect_flow.contrib.django.store import DjangoStore
from educonnect_flow.errors import StoreUnavailable, WrongUse
from educonnect_flow.flow import Flow
from educonnect_flow.ports import utc_now
from educonnect_flow.records import Commit, CommitStatus, Ref
from educonnect_flow.tally import Limit
from educonnect_flow.testing import StoreContract
from educonnect_flow.testing._stores import change, first
from tests.hosts.conftest import Threaded, alias
from tests.journeys.forgotten_identifier.test_forgotten_identifier import walk
from tests.postgres import Server
from tests.world import World

promise = pytest.mark.promise


class TestOnSqlite(StoreContract):
    @pytest.fixture
    def store(self, on_sqlite: DjangoStore) -> DjangoStore:
        return on_sqlite


class TestOnPostgres(StoreContract):
    @pytest.fixture
    def store(self, on_postgres: DjangoStore) -> DjangoStore:
        return on_postgres


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def store(request: pytest.FixtureRequest) -> DjangoStore:
    found: DjangoStore = request.getfixturevalue(request.param)
    return found


def test_of_many_accounts_of_one_guardian_at_once_one_comes_to_be(store: DjangoStore) -> None:
    for run in range(5):
        commits = [
            first(f"a{run}.{n}", f"h{run}.{n}", records=(change(f"x{run}.{n}", f"guardian:{run}", f"guardian:own{n}"),))
            for n in range(8)
        ]
        with ThreadPoolExecutor(8) as pool:
            statuses = [receipt.status for receipt in pool.map(store.commit, commits)]
        assert sorted(statuses, key=lambda s: s.value) == [CommitStatus.CONFLICT] * 7 + [CommitStatus.DONE]


def test_a_database_that_is_away_is_store_unavailable(tmp_path: Path, on_sqlite: DjangoStore) -> None:
    away = DjangoStore(alias(NAME=tmp_path / "no folder" / "file"))
    for call in (lambda: away.load("h"), lambda: away.commit(first()), lambda: away.find((Ref("account", key="b"),))):
        with pytest.raises(StoreUnavailable, match="unable to open"):
            call()
    empty = DjangoStore(alias(NAME=tmp_path / "empty"))
    with pytest.raises(StoreUnavailable, match="no such table"):
        empty.load("h")
    empty.close()
    assert repr(on_sqlite) in {f"DjangoStore('{name}')" for name in connections}


def test_after_the_server_was_killed_the_next_call_but_one_is_answered() -> None:
    server = Server()
    try:
        given = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": "postgres",
            "HOST": str(server.root),
        }
        name = alias(**given)
        from django.core.management import call_command

        call_command("migrate", database=name, verbosity=0)
        store = Threaded(name)
        store.commit(first())
        server.crash()
        server.start()
        with pytest.raises(StoreUnavailable):
            store.load("h1")
        assert store.load("h1") is not None
        store.close()
    finally:
        server.close()


def test_a_commit_within_another_transaction_is_refused(store: DjangoStore) -> None:
    with transaction.atomic(using=store._using), pytest.raises(WrongUse, match="ATOMIC_REQUESTS"):
        store.commit(first())
    assert store.load("h1") is None


def test_what_no_try_can_mend_is_not_tried_again(on_postgres: DjangoStore) -> None:
    with pytest.raises(StoreUnavailable, match="NotNullViolation"):
        on_postgres.commit(evolve(first(), handle=None))


def test_no_error_quotes_a_value(on_postgres: DjangoStore) -> None:
    commit = evolve(first(), handle="0601020304\0")  # PostgreSQL does not take a NUL, and says in which text
    with pytest.raises(StoreUnavailable) as refused:
        on_postgres.commit(commit)
    assert "0601020304" not in str(refused.value)


def test_a_handle_that_two_runs_share_is_a_clear_error(store: DjangoStore) -> None:
    store.commit(first())
    with pytest.raises(StoreUnavailable):
        store.commit(first("a2"))
    assert store.commit(first("a2", "h2")).status is CommitStatus.DONE


def test_a_database_that_does_not_commit_by_itself_is_refused(store: DjangoStore) -> None:
    connection = connections[store._using]
    connection.settings_dict["AUTOCOMMIT"] = False
    try:
        with pytest.raises(WrongUse, match="AUTOCOMMIT"):
            store.commit(first())
    finally:
        connection.settings_dict["AUTOCOMMIT"] = True
    assert store.load("h1") is None
    transaction.set_autocommit(False, using=store._using)
    try:
        with pytest.raises(WrongUse, match="set_autocommit"):
            store.commit(first())
    finally:
        transaction.set_autocommit(True, using=store._using)
    assert store.load("h1") is None


def test_every_journey_runs_on_it(store: DjangoStore) -> None:
    walk(World(store, kind=Flow))


# --- a purge beside commits ----------------------------------------------------------------------------

WINDOW = timedelta(milliseconds=20)
LIMITS = tuple(Limit(f"kind{n}", f"key{m}", 10**6, WINDOW, None, 1) for n in range(3) for m in range(4))
MANY = tuple(
    Limit(f"kind{n}", f"key{m}", 10**6, WINDOW, None, adds) for n in range(3) for m in range(9) for adds in (0, 1)
)


def counted(name: str, limits: Iterable[Limit] = LIMITS, at: datetime | None = None) -> Commit:
    """The first commit of a run, that counts against *limits*."""
    made = first(name, f"handle {name}")
    return evolve(made, at=at or utc_now(), limits=tuple(limits))


def beside_purges(store: DjangoStore, seconds: float) -> tuple[int, list[BaseException]]:
    """Seven threads commit while two purge in a loop; how many commits, and every error."""
    end, errors, done = time.monotonic() + seconds, list[BaseException](), Counter[str]()
    chance = random.Random(7)  # noqa: S311 - any order will do

    def commits(worker: int) -> None:
        for n in itertools.count():
            if time.monotonic() > end:
                return
            some = chance.sample(MANY, 6)  # in any order
            try:
                assert store.commit(counted(f"a{worker}.{n}", some)).status is CommitStatus.DONE
            except StoreUnavailable as error:
                errors.append(error)
            done["commits"] += 1

    def purges(_: int) -> None:
        while time.monotonic() < end:
            try:
                store.purge(utc_now(), 1_000)
            except StoreUnavailable as error:
                errors.append(error)

    with ThreadPoolExecutor(9) as pool:
        for future in [pool.submit(commits, n) for n in range(7)] + [pool.submit(purges, n) for n in range(2)]:
            future.result()
    return done["commits"], errors


@promise("R10")
def test_parents_beside_a_purge_in_a_loop_meet_no_deadlock_and_no_missing_counter(on_postgres: DjangoStore) -> None:
    commits, errors = beside_purges(on_postgres, 3)
    assert [repr(error) for error in errors] == []
    assert commits > 20


@promise("R10")
@pytest.mark.ci
def test_parents_beside_a_purge_in_a_loop_for_longer(on_postgres: DjangoStore) -> None:
    commits, errors = beside_purges(on_postgres, 20)
    assert [repr(error) for error in errors] == []
    assert commits > 100


def test_a_purge_waits_for_no_commit(on_postgres: DjangoStore) -> None:
    """A commit holds its counters: a purge passes them over, and takes them the next time."""
    old = utc_now() - timedelta(days=9)
    on_postgres.commit(counted("a", LIMITS, old))
    on_postgres.spend("spent", old, old)
    held, waits = threading.Event(), threading.Event()

    def commit() -> None:
        with transaction.atomic(using=on_postgres._using):
            list(models.Tally.objects.using(on_postgres._using).select_for_update().filter(key__endswith="key1"))
            list(models.Spent.objects.using(on_postgres._using).select_for_update())
            held.set()
            waits.wait(30)
        connections[on_postgres._using].close()

    with ThreadPoolExecutor(1) as pool:
        committing = pool.submit(commit)
        assert held.wait(30)
        on_postgres.purge(utc_now(), 1_000)
        left = set(models.Tally.objects.using(on_postgres._using).values_list("key", flat=True))
        assert left == {f"kind{n}:key1" for n in range(3)}
        waits.set()
        committing.result(30)
    on_postgres.purge(utc_now(), 1_000)
    assert not models.Tally.objects.using(on_postgres._using).exists()
    assert not models.Spent.objects.using(on_postgres._using).exists()
