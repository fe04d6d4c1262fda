"""The store through Django's ORM keeps the contract, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from educonnect_flow.contrib.django.store import DjangoStore
from educonnect_flow.errors import StoreUnavailable
from educonnect_flow.records import Standing
from educonnect_flow.testing import StoreContract
from educonnect_flow.testing.stores import account, first
from tests.hosts.conftest import Threaded, alias
from tests.postgres import Server


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
            first(f"a{run}.{n}", f"h{run}.{n}", account=account(f"x{run}.{n}", f"g{run}", f"own{run}.{n}"))
            for n in range(8)
        ]
        with ThreadPoolExecutor(8) as pool:
            standings = [receipt.standing for receipt in pool.map(store.commit, commits)]
        assert sorted(standings, key=lambda s: s.value) == [Standing.ACTIVE] * 7 + [Standing.DONE]


@pytest.mark.parametrize(
    ("given", "standing"),
    [
        (("x2", "g1"), Standing.ACTIVE),
        (("x1", "g2"), Standing.IDENTIFIER_TAKEN),
        (("x2", "g2"), Standing.STALE),
        (None, Standing.STALE),
    ],
)
def test_who_was_overtaken_in_the_same_instant_is_told_by_what(
    store: DjangoStore, monkeypatch: pytest.MonkeyPatch, given: Any, standing: Standing
) -> None:
    store.commit(first(account=account("x1", "g1")))

    def overtaken(*_: Any) -> None:
        raise IntegrityError("somebody was first")

    monkeypatch.setattr(store, "_write_snapshot", overtaken)
    commit = first("a2", "h2", account=None if given is None else account(*given))
    assert store.commit(commit).standing is standing


def test_a_database_that_is_away_is_store_unavailable(tmp_path: Path, on_sqlite: DjangoStore) -> None:
    away = DjangoStore(alias(NAME=tmp_path / "no folder" / "file"))
    for call in (lambda: away.load("h"), lambda: away.commit(first()), lambda: away.issued("b")):
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
    with transaction.atomic(using=store._using), pytest.raises(RuntimeError, match="durable"):
        store.commit(first())
    assert store.load("h1") is None
