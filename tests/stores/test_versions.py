"""What an older version of the library stored is read, and goes on; what a newer one stored is refused."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from educonnect_flow import ChooseProfile, Profile, Reason, ResendCode, StartActivation, State, SubmitCode
from educonnect_flow._keys import digest
from educonnect_flow.engine._run import JsonObject, dump
from educonnect_flow.errors import RequestReused
from educonnect_flow.journeys.activation.run import Activation
from educonnect_flow.ports import Store
from educonnect_flow.stores import AsyncPostgresStore, MemoryStore, PostgresStore, SqliteStore
from educonnect_flow.stores import _postgres_schema as postgres_schema
from educonnect_flow.stores import _sqlite_schema as sqlite_schema
from educonnect_flow.tally import micros
from educonnect_flow.testing import as_sync
from educonnect_flow.testing._clock import START
from tests import ROOT
from tests.engine.test_reliability import _derive
from tests.postgres import Server
from tests.stored.walks import crowd, make_world, walk_everywhere
from tests.world import LEO, WRONG_DATE, ZOE, answers, full, issued, parsed, password, reasons

STORED = ROOT / "tests" / "stored"

LINES = [
    pytest.param(json.loads(line), id=f"{path.stem}-{n}")
    for path in sorted(STORED.glob("snapshots-*.jsonl"))
    for n, line in enumerate(path.read_text("utf-8").splitlines())
]


# --- snapshots -------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", LINES)
def test_every_snapshot_ever_stored_is_read(line: dict[str, Any]) -> None:
    kept = parsed(line["text"], line["version"])
    assert (kept.state.value, kept.version) == (line["state"], line["version"])
    again = dump(kept)
    assert parsed(again, line["version"]) == kept
    then, now = json.loads(line["text"]), json.loads(again)
    then.pop("id", None)  # it is a column of its own
    if then["format"] == 1:
        then["format"] = 2
        if "claim" in then:
            sealed, key, masked, guardians = then.pop("claim")
            then["sent_to"] = [sealed, key, masked, guardians == []]
            then |= {"guardians": guardians} if guardians else {}
        for former, name in (("strays", "stale_handle_uses"), ("code_at", "code_issued_at")):
            then |= {name: then.pop(former)} if former in then else {}
    assert now == then


def test_the_fullest_snapshot_of_the_first_version_says_what_it_said() -> None:
    line = (STORED / "snapshots-1.jsonl").read_text("utf-8").splitlines()[0]
    assert parsed(json.loads(line)["text"]) == full()


def test_an_older_snapshot_is_lifted_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def name_the_state(kept: JsonObject) -> JsonObject:
        return {**kept, "state": kept["stage"]}

    def count_strays(kept: JsonObject) -> JsonObject:
        return {**kept, "stale_handle_uses": kept["stale_handle_uses"] + 1}

    stored = json.loads(dump(full()))
    monkeypatch.setattr(Activation, "upcasts", (name_the_state, count_strays))
    first = {**stored, "stage": stored["state"], "state": "?", "format": 1}
    assert parsed(json.dumps(first)).stale_handle_uses == 2
    assert parsed(json.dumps({**stored, "format": 2})).stale_handle_uses == 2
    assert parsed(json.dumps({**stored, "format": 3})).stale_handle_uses == 1
    assert json.loads(dump(full()))["format"] == 3
    with pytest.raises(ValueError, match="format 4; this library reads up to 3"):
        parsed(json.dumps({**stored, "format": 4}))


# --- tables ----------------------------------------------------------------------------------------


DATABASES = sorted(path.stem for path in STORED.glob("*.sql"))
"""``sqlite-1``: what the library wrote into a SQLite file at the first version of its tables."""


def poured(server: Server, schema: str, name: str) -> None:
    """Put what an older version wrote into *schema*."""
    text = (STORED / f"{name}.sql").read_text("utf-8")
    for then, now in (("stored.", f"{schema}."), ("SCHEMA stored", f"SCHEMA {schema}"), ("'stored:'", f"'{schema}:'")):
        text = text.replace(then, now)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(text)


def waiting(text: str, prefix: str, mark: str) -> str:
    """What puts a message into the outbox of an older version: that of the run in ``CODE``, which was sent then."""
    (line,) = {
        line
        for line in text.splitlines()
        if '"state":"code"' in line and re.search(r'"c3"', line) and "answered" not in line
    }
    (kept,) = re.findall(r"'({.*})'", line)
    body = json.loads(kept)
    nonce, mobile = body["challenge"][0], body["claim"][0]
    columns = "id, activation, due_at, attempts, nonce, mobile, created_at, expires_at, decoy"
    at, end = micros(START), micros(START + timedelta(minutes=30))
    return (
        f"INSERT INTO {prefix}outbox ({columns}) VALUES"
        f" ('waits', '{body['id']}', {at}, 0, '{nonce}', '{mobile}', {at}, {end}, {mark})"
    )


@pytest.fixture(params=DATABASES)
def old_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, int]]:
    """A store whose tables and rows an older version wrote, and that version."""
    kind, _, version = request.param.partition("-")
    text = (STORED / f"{request.param}.sql").read_text("utf-8")
    store: Store
    if kind == "djangopg":
        from tests.hosts.conftest import brought_up  # it sets Django up

        server = request.getfixturevalue("server")
        name = f"stored{request.getfixturevalue('schema')}"
        server.execute(f"CREATE DATABASE {name}")
        dsn = psycopg.conninfo.make_conninfo(server.dsn, dbname=name)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(text)
            connection.execute(waiting(text, "public.educonnect_flow_", "%s::boolean"), (False,))
        given = psycopg.conninfo.conninfo_to_dict(dsn)
        store = brought_up(
            ENGINE="django.db.backends.postgresql", NAME=name, USER=given["user"], HOST=given["host"],
            OPTIONS={"connect_timeout": 5},
        )  # fmt: skip
    elif kind == "postgres":
        server = request.getfixturevalue("server")
        schema = request.getfixturevalue("schema")
        poured(server, schema, request.param)
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute(waiting(text, f"{schema}.", "%s::boolean"), (False,))
            connection.execute(f"INSERT INTO {schema}.base VALUES ('x.deleted', 3)")
        store = PostgresStore(server.dsn, schema=schema)
    else:
        path = tmp_path / "activations.db"
        with closing(sqlite3.connect(path)) as db:
            db.executescript(text)
            with db:
                prefix = "educonnect_flow_" if kind == "django" else ""
                db.execute(waiting(text, prefix, "?"), (False,))
                db.execute(f"INSERT INTO {prefix}base VALUES ('x.deleted', 3)")
        if kind == "django":
            from tests.hosts.conftest import brought_up  # it sets Django up

            store = brought_up(NAME=path)
        else:
            store = SqliteStore(path)
    yield store, int(version)
    store.close()


def test_an_older_store_is_brought_up_to_date_and_every_parent_goes_on(old_store: tuple[Store, int]) -> None:
    store, version = old_store
    world = make_world(store)
    ends = json.loads((STORED / f"handles-{version}.json").read_text("utf-8"))
    handles = {name: handle for name, (handle, _) in ends.items()}
    states = {name: world.flow.resume(handle).state.value for name, handle in handles.items()}
    assert states == {name: state for name, (_, state) in ends.items()}

    # a message that waited is sent, and its code is that of the run
    assert world.flow.deliver() == 1
    code_then = _derive(world, world.flow.resume(handles["code"]))
    assert world.codes() == [code_then]

    submit = world.flow.submit
    assert submit(handles["profile"], ChooseProfile(Profile.GUARDIAN)).state is State.SIGN_IN
    assert submit(handles["sign_in"], StartActivation()).state is State.IDENTITY
    assert submit(handles["identity"], crowd(2)).state is State.CODE
    out = world.flow.resume(handles["code"])
    out = submit(out.handle, SubmitCode(_derive(world, out)))
    out = submit(out.handle, answers(LEO, ZOE))
    out = submit(out.handle, password())
    assert out.state is State.ACTIVATED
    assert issued(store, "a.dupont") == 2
    # counters and answered requests went along
    failed = submit(handles["wrong dates"], WRONG_DATE, request_id="wrong dates")
    assert failed.refusals[0].params["attempts_left"] == 4
    assert submit(handles["wrong dates"], WRONG_DATE).refusals[0].params["attempts_left"] == 3
    if version >= 2:  # passwords with a request id: accepted, refused, and another body
        chosen = submit(handles["activated"], password(), request_id="chosen")
        assert (chosen.accepted, chosen.state) == (True, State.ACTIVATED)
        weak = submit(handles["password"], password("weak"), request_id="weak password")
        assert not weak.accepted
        for name, event, request in (
            ("activated", password("weak"), "chosen"),
            ("password", password(), "weak password"),
        ):
            with pytest.raises(RequestReused):
                submit(handles[name], event, request_id=request)
        assert submit(handles["password"], password()).state is State.ACTIVATED
    world.clock.advance(seconds=30)
    assert reasons(submit(handles["resent"], ResendCode())) == [Reason.RESEND_TOO_SOON]
    # what the second version brought is there
    assert store.spend("k", world.clock(), world.clock.now.replace(year=2030))
    assert store.entries(0, 1)[0][1].event == "Start"


def test_the_account_that_a_run_of_then_must_look_for_is_found(old_store: tuple[Store, int]) -> None:
    """A run of an older version does not say which records it wants."""
    store, version = old_store
    world = make_world(store)
    handle, _ = json.loads((STORED / f"handles-{version}.json").read_text("utf-8"))["resent"]
    world.clock.advance(minutes=2)
    assert world.at(State.ACTIVATED, crowd(9)).accepted
    out = world.flow.resume(handle)
    assert world.submit(out, SubmitCode(_derive(world, out))).state is State.ALREADY_ACTIVE


@pytest.mark.parametrize("old_store", ["sqlite-2", "sqlite-1", "postgres-2", "django-2"], indirect=True)
def test_a_base_whose_accounts_a_host_deleted_is_brought_up(old_store: tuple[Store, int]) -> None:
    assert issued(old_store[0], "x.deleted") == 3


@pytest.mark.parametrize("asynchronous", [False, True])
def test_tables_are_brought_up_however_long_it_takes(server: Server, schema: str, asynchronous: bool) -> None:
    """The bound of a call is none of a migration, which would begin anew with every start."""
    poured(server, schema, "postgres-2")

    def opened() -> int:
        if asynchronous:
            with as_sync(AsyncPostgresStore(server.dsn, schema=schema, timeout=0.3)) as store:
                found = issued(store, "a.dupont")
                store.close()
                return found
        made = PostgresStore(server.dsn, schema=schema, timeout=0.3)
        found = issued(made, "a.dupont")
        made.close()
        return found

    with psycopg.connect(server.dsn) as other, ThreadPoolExecutor(1) as pool:
        other.execute(f"LOCK TABLE {schema}.audit")
        opening = pool.submit(opened)
        time.sleep(2.5)  # longer than any call may take
        assert not opening.done()
        other.commit()
        assert opening.result(60) == 1


def test_migrating_is_safe_when_many_do_it_at_once(server: Server, schema: str, tmp_path: Path) -> None:
    poured(server, schema, "postgres-1")
    with closing(sqlite3.connect(tmp_path / "a.db")) as db:
        db.executescript((STORED / "sqlite-1.sql").read_text("utf-8"))
    makers: list[Callable[[], Store]] = [
        lambda: PostgresStore(server.dsn, schema=schema, pool=1, timeout=30),
        lambda: SqliteStore(tmp_path / "a.db"),
    ]
    with ThreadPoolExecutor(10) as pool:
        for store in pool.map(lambda n: makers[n % 2](), range(20)):
            assert issued(store, "a.dupont") == 1
            store.close()


def test_a_new_store_has_the_newest_tables_and_the_stored_files_reach_up_to_them() -> None:
    """When a version is raised, ``python -m tests.stored`` was run for the one before."""
    assert sqlite_schema.SCHEMA == postgres_schema.SCHEMA
    wanted = {
        (kind, n) for n in range(1, sqlite_schema.SCHEMA) for kind in ("sqlite", "postgres", "django", "djangopg")
    }
    wanted -= {("django", 1), ("djangopg", 1)}  # there was no Django store then
    assert {(kind, int(n)) for kind, _, n in (name.partition("-") for name in DATABASES)} >= wanted


def test_the_walks_still_reach_every_state() -> None:
    ends = walk_everywhere(MemoryStore())
    states = {out.state for out in ends.values()}
    assert states == set(State) - {State.EXPIRED}
    assert all(digest(out.handle) for out in ends.values())
