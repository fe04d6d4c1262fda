"""Crashes, retries, races and clocks: nothing lost, nothing doubled, the same answer again."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from educonnect_flow import (
    ChooseProfile,
    GoBack,
    Guardian,
    Outcome,
    Profile,
    Reason,
    ResendCode,
    Settings,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow._keys import digest
from educonnect_flow.errors import RequestReused, StoreUnavailable, UnknownHandle, WrongUse
from educonnect_flow.ports import Store
from educonnect_flow.stores import MemoryStore, PostgresStore, SqliteStore
from educonnect_flow.testing import Crash, FaultyStore
from tests.forks import fork, in_child, status_of
from tests.postgres import Server
from tests.world import (
    LEO,
    WRONG_DATE,
    ZOE,
    World,
    account_of,
    activation_of,
    answers,
    claim,
    has_account,
    issued,
    later,
    leased,
    password,
    reasons,
)

promise = pytest.mark.promise


# --- one account -----------------------------------------------------------------------------------


def _homonyms(first: int, count: int) -> list[Guardian]:
    return [
        Guardian(id=f"m{n}", family_name="Martin", given_name="Marie", mobile=f"+336{10_000_000 + n}", pupils=[LEO])
        for n in range(first, first + count)
    ]


def _opened(kind: str, where: str) -> Store:
    return SqliteStore(where) if kind == "sqlite" else PostgresStore(where, schema="homonyms")


def _activate(kind: str, where: str, first: int, count: int) -> list[str]:
    """In a process of its own: activate *count* parents called M. Martin."""
    store = _opened(kind, where)
    world = World(store, guardians=_homonyms(first, count))
    identifiers = []
    for guardian in _homonyms(first, count):
        out = world.at(State.IDENTITY)
        out = world.submit(out, claim("Martin", "Marie", guardian.mobile))
        out = world.submit(out, SubmitCode(_derive(world, out)))
        out = world.submit(out, answers(LEO))
        out = world.submit(out, password())
        identifiers.append(out.view.identifier)
    store.close()
    return identifiers


def _derive(world: World, out: Outcome) -> str:
    """The code of an activation, as the relay derives it."""
    store = getattr(world.store, "store", world.store)  # past the faults of a FaultyStore
    loaded = store.load(digest(out.handle))
    assert loaded is not None
    a = activation_of(loaded)
    assert a.challenge is not None
    ports = world.flow._engine.ports
    return ports.code_of("ACTIVATION", a.id, a.challenge.nonce, ports.mobile_of(a.id, a.recipient.sealed_mobile))


@promise("R2")
@pytest.mark.ci
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_thousand_homonyms_in_two_processes_get_identifiers_of_their_own(
    kind: str, tmp_path: Path, server: Server
) -> None:
    where = str(tmp_path / "activations.db") if kind == "sqlite" else server.dsn
    _opened(kind, where).close()
    with get_context("spawn").Pool(2) as pool:
        made = pool.starmap(_activate, [(kind, where, 0, 500), (kind, where, 500, 500)])
    identifiers = [identifier for some in made for identifier in some]
    assert len(set(identifiers)) == 1000
    digits = Counter(len(identifier.removeprefix("m.martin")) for identifier in identifiers)
    assert set(digits) == {2, 3, 4}
    store = _opened(kind, where)
    assert issued(store, "m.martin") == 1000
    store.close()


# --- crashes ---------------------------------------------------------------------------------------

STEPS: list[tuple[str, Callable[[World, Outcome], Any]]] = [
    ("profile", lambda w, o: ChooseProfile(Profile.GUARDIAN)),
    ("start", lambda w, o: StartActivation()),
    ("claim", lambda w, o: claim()),
    ("wrong code", lambda w, o: SubmitCode("999999" if _derive(w, o) != "999999" else "888888")),
    ("back", lambda w, o: GoBack()),
    ("claim again", lambda w, o: later(w, claim())),
    ("resend", lambda w, o: later(w, ResendCode())),
    ("code", lambda w, o: SubmitCode(_derive(w, o))),
    ("wrong dates", lambda w, o: WRONG_DATE),
    ("dates", lambda w, o: answers(LEO, ZOE)),
    ("short password", lambda w, o: password("x")),
    ("password", lambda w, o: password()),
]


def _walk(world: World, error: type[BaseException]) -> list[Outcome]:
    """The whole journey; a request whose store call failed is sent again, as it was."""
    out = world.flow.start()
    outcomes = []
    for n, (_, make) in enumerate(STEPS):
        event = make(world, out)
        try:
            out = world.submit(out, event, f"request-{n}")
        except error:
            out = world.submit(out, event, f"request-{n}")
        outcomes.append(out)
    return outcomes


def _kept(world: World, outcomes: list[Outcome]) -> list[object]:
    return [(out.state, out.accepted, reasons(out)) for out in outcomes]


@promise("R3", "R4", "R7")
@pytest.mark.parametrize("error", [StoreUnavailable, Crash])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_failure_at_any_store_call_leaves_nothing_or_all_and_a_retry_gives_the_answer(
    store: Store, tmp_path: Path, after: bool, error: type[BaseException]
) -> None:
    plain = World(FaultyStore(MemoryStore()))
    expected = _kept(plain, _walk(plain, error))
    calls = plain.store.calls  # type: ignore[attr-defined]  # a store that counts its calls
    assert calls.count("commit") == 1 + len(STEPS)
    for n in range(2, len(calls) + 1):
        fresh = _emptied(store, tmp_path / f"{n}.db")
        faulty = FaultyStore(fresh, n, after=after, error=error)
        world = World(faulty)
        assert _kept(world, _walk(world, error)) == expected, (n, calls[n - 1])
        assert issued(fresh, "e.durand") == 1
        assert world.flow.deliver() == 0  # every code was superseded or used
        if fresh is not store:
            fresh.close()


def _emptied(store: Store, path: Path) -> Store:
    """An empty store of the same kind."""
    if isinstance(store, PostgresStore):
        s = store._schema
        tables = "run, answered, message, tally, record, name, audit, spent"
        with store._pool.connection() as connection:
            connection.execute("TRUNCATE " + ", ".join(f"{s}.{table}" for table in tables.split(", ")))
        return store
    return MemoryStore() if isinstance(store, MemoryStore) else SqliteStore(path)


@promise("R3")
def test_a_failed_start_leaves_nothing_that_is_known(store: Store) -> None:
    faulty = FaultyStore(store, 1)
    world = World(faulty)
    with pytest.raises(StoreUnavailable):
        world.flow.start()
    assert world.flow.start().state is State.PROFILE


@promise("R3")
def test_a_relay_that_dies_after_the_gateway_took_the_message_sends_the_same_again(store: Store) -> None:
    world = World(store)
    world.at(State.CODE)
    dying = World(FaultyStore(store, 2, error=Crash), clock=world.clock)
    with pytest.raises(Crash):
        dying.flow.deliver()
    assert world.flow.deliver() == 0  # under lease
    world.clock.advance(world.settings.lease_for)
    assert world.flow.deliver() == 1
    (first,), (second,) = dying.sms.sent, world.sms.sent
    assert (first.id, first.to, first.text) == (second.id, second.to, second.text)


# --- requests --------------------------------------------------------------------------------------


@promise("R7")
def test_a_request_id_with_another_body_is_an_error_and_changes_nothing(world: World) -> None:
    out = world.at(State.CODE)
    wrong = world.wrong()
    first = world.submit(out, SubmitCode(wrong), "one")
    assert world.submit(out, SubmitCode(wrong), "one") == first
    for other in (SubmitCode(world.code()), GoBack(), ResendCode(), password()):
        with pytest.raises(RequestReused):
            world.submit(out, other, "one")
    assert world.flow.resume(out.handle).view == first.view


@promise("R7")
@pytest.mark.parametrize("state", [State.IDENTITY, State.PASSWORD])
def test_every_answer_but_not_now_binds_the_id(world: World, state: State) -> None:
    out = world.at(state)
    bad, good = {
        State.IDENTITY: (claim(mobile="1"), claim()),
        State.PASSWORD: (password("x"), password()),
    }[state]
    assert reasons(world.submit(out, SubmitCode("123456"), "one")) == [Reason.NOT_NOW]
    refused = world.submit(out, bad, "one")
    assert refused.state is state
    with pytest.raises(RequestReused):
        world.submit(out, good, "one")
    with pytest.raises(RequestReused):
        world.submit(out, GoBack(), "one")
    assert world.submit(out, bad, "one") == refused
    assert world.submit(out, good, "two").accepted


@promise("R7", "F4")
def test_the_request_that_changed_the_handle_may_be_repeated_with_the_old_one(world: World) -> None:
    out = world.at(State.CODE)
    code = world.code()
    first = world.submit(out, SubmitCode(code), "the request")
    assert world.submit(out, SubmitCode(code), "the request") == first
    assert world.submit(first, SubmitCode(code), "the request") == first
    for other in (SubmitCode("999999"), GoBack()):
        with pytest.raises(RequestReused):
            world.submit(out, other, "the request")
    moved = world.submit(first, answers(LEO, ZOE))
    again = world.submit(out, SubmitCode(code), "the request")
    assert (again.state, again.handle) == (State.PUPILS, first.handle)
    assert world.flow.resume(again.handle).state is moved.state is State.PASSWORD


@promise("F4", "C1")
def test_the_handle_before_does_not_serve_to_guess_the_code(world: World) -> None:
    out = world.at(State.CODE)
    wrong, code = world.wrong(), world.code()
    world.submit(out, SubmitCode(wrong), "an earlier request")
    new = world.submit(out, SubmitCode(code), "the request")
    with pytest.raises(UnknownHandle):
        world.submit(out, SubmitCode(wrong), "an earlier request")
    for _ in range(3):
        with pytest.raises(RequestReused):
            world.submit(out, SubmitCode(wrong), "the request")
    with pytest.raises(UnknownHandle):
        world.submit(out, SubmitCode(code), "the request")
    assert world.submit(new, SubmitCode(code), "the request").handle == new.handle


@promise("F4")
def test_a_stray_request_is_said_only_once_counted(store: Store) -> None:
    from educonnect_flow.records import STALE

    world = World(store)
    out = world.at(State.CODE)
    world.submit(out, SubmitCode(world.code()), "the request")

    class Contended(FaultyStore):
        def _pass_on(self, name: str, method: Any, *args: Any) -> Any:
            return STALE if name == "commit" else super()._pass_on(name, method, *args)

    other = World(Contended(store), clock=world.clock)
    with pytest.raises(StoreUnavailable):
        other.submit(out, SubmitCode("999999"), "the request")


@pytest.mark.parametrize("request_id", ["", "x" * 201, 7, b"x"])
def test_a_misused_request_id_is_a_wrong_use(world: World, request_id: Any) -> None:
    with pytest.raises(WrongUse):
        world.submit(world.flow.start(), StartActivation(), request_id)


# --- versions --------------------------------------------------------------------------------------


@promise("R8")
def test_a_stale_version_is_refused_between_two_processes(tmp_path: Path) -> None:
    """The file as two processes have it: each loads, one commits, the other's commit is refused."""
    path = tmp_path / "activations.db"
    mine, theirs = SqliteStore(path), SqliteStore(path)
    world = World(mine)
    out = world.at(State.CODE)
    code = world.code()

    class Late(FaultyStore):
        def _pass_on(self, name: str, method: Any, *args: Any) -> Any:
            if name == "commit" and self.calls.count("commit") == 0:
                assert world.submit(out, GoBack()).accepted
            return super()._pass_on(name, method, *args)

    late = Late(theirs)
    other = World(late, clock=world.clock)
    after = other.submit(out, SubmitCode(code))
    assert (after.state, reasons(after)) == (State.IDENTITY, [Reason.NOT_NOW])
    assert late.calls.count("commit") == 2  # the one that was refused, and the event that is counted
    mine.close()
    theirs.close()


def test_endless_contention_ends_in_a_clear_error() -> None:
    from educonnect_flow.records import STALE

    class Contended(MemoryStore):
        busy = False

        def commit(self, commit: Any) -> Any:
            return STALE if self.busy else super().commit(commit)

    store = Contended()
    world = World(store)
    out = world.at(State.CODE)
    store.busy = True
    with pytest.raises(StoreUnavailable, match="too many concurrent changes"):
        world.submit(out, GoBack())
    world.clock.advance(hours=2)
    with pytest.raises(StoreUnavailable, match="too many concurrent changes"):
        world.flow.resume(out.handle)


# --- clocks ----------------------------------------------------------------------------------------


@promise("R9")
def test_a_code_that_has_expired_is_never_valid_again(world: World) -> None:
    out = world.at(State.CODE)
    code = world.code()
    world.clock.advance(minutes=31)
    assert reasons(world.submit(out, SubmitCode(code))) == [Reason.CODE_EXPIRED]
    for step in (-1, -10, -30, -61):
        world.clock.advance(minutes=step)
        assert reasons(world.submit(out, SubmitCode(code))) == [Reason.CODE_EXPIRED]


@promise("R9")
@pytest.mark.parametrize("back", [1, 20, 60, 60 * 24])
def test_a_clock_that_steps_back_never_lengthens_a_code(world: World, back: int) -> None:
    out = world.at(State.CODE)
    code = world.code()
    world.clock.advance(minutes=25)
    assert world.submit(out, SubmitCode("malformed")).state is State.CODE
    world.clock.advance(minutes=-back)
    world.submit(out, SubmitCode("malformed"))  # seen after the step
    world.clock.advance(minutes=5)
    assert reasons(world.submit(out, SubmitCode(code))) == [Reason.CODE_EXPIRED]


@promise("R9")
def test_a_code_whose_issue_time_is_now_in_the_future_has_expired(world: World) -> None:
    out = world.at(State.CODE)
    code = world.code()
    world.clock.advance(minutes=-10)
    assert reasons(world.submit(out, SubmitCode(code))) == [Reason.CODE_EXPIRED]


@promise("R9")
def test_what_a_page_showed_as_expired_stays_expired(world: World) -> None:
    out = world.at(State.CODE)
    code = world.code()
    world.clock.advance(minutes=31)
    assert world.flow.resume(out.handle).state is State.CODE
    world.clock.advance(minutes=-20)
    assert reasons(world.submit(out, SubmitCode(code))) == [Reason.CODE_EXPIRED]


@promise("R9")
def test_a_small_step_back_costs_the_code_no_more_than_the_step(world: World) -> None:
    out = world.at(State.CODE)
    code = world.code()
    world.clock.advance(minutes=20)
    world.submit(out, SubmitCode("malformed"))
    world.clock.advance(seconds=-1)
    assert world.submit(out, SubmitCode(code)).state is State.PUPILS


@promise("R9")
def test_a_wait_may_grow_with_the_step_and_never_shrinks(world: World) -> None:
    out = world.at(State.CODE)
    world.clock.advance(minutes=-30)
    assert reasons(world.submit(out, ResendCode())) == [Reason.RESEND_TOO_SOON]
    world.clock.advance(minutes=30, seconds=59)
    assert reasons(world.submit(out, ResendCode())) == [Reason.RESEND_TOO_SOON]
    world.clock.advance(seconds=1)
    assert world.submit(out, ResendCode()).accepted


@promise("R9")
def test_a_lock_outlives_a_step_back(world: World) -> None:
    out = world.at(State.CODE)
    for _ in range(5):
        out = world.submit(out, SubmitCode(world.wrong()))
    world.clock.advance(hours=-3)
    assert world.flow.resume(out.handle).state is State.LOCKED


@promise("R9")
def test_an_expired_activation_stays_so(world: World) -> None:
    out = world.at(State.PUPILS)
    world.clock.advance(hours=1)
    assert world.flow.resume(out.handle).state is State.EXPIRED
    world.clock.advance(hours=-1)
    assert world.flow.resume(out.handle).state is State.EXPIRED


@promise("R9")
@given(
    steps=st.lists(
        st.integers(-5 * 3600, 5 * 3600) | st.integers(-90, 90) | st.integers(-1800, 1800), min_size=1, max_size=12
    )
)
def test_however_the_clock_steps_a_code_lives_no_longer_and_a_wait_is_no_shorter(steps: list[int]) -> None:
    """Seen after every step: what ran forward in all bounds the code, and a lock or an end is never undone."""
    world = World(settings=Settings(idle_for=timedelta(days=2), run_for=timedelta(days=9)))
    out = world.at(State.CODE)
    code, issued, forward, over = world.code(), world.clock(), 0, False
    for step in steps:
        world.clock.advance(seconds=step)
        forward += max(0, step)
        early = world.submit(out, ResendCode()) if step < 0 else None
        if early is not None:
            assert not early.accepted or world.clock() >= issued + timedelta(seconds=60)
            if early.accepted:
                return
        out = world.submit(out, SubmitCode("malformed"))
        over = over or world.clock() >= issued + timedelta(minutes=30) or world.clock() < issued
    after = world.submit(out, SubmitCode(code))
    if over or forward >= 1800:
        assert reasons(after) == [Reason.CODE_EXPIRED]
    if all(step >= 0 for step in steps):
        assert after.accepted is not over


@promise("R9")
@pytest.mark.parametrize("hours", [[3, -3, 3, -3], [-2, 2, -2, 2], [1, -5, 4, 1]])
def test_hours_back_and_forth_open_no_lock_and_forget_no_failure(world: World, hours: list[int]) -> None:
    for _ in range(2):
        out = world.at(State.CODE)
        for _ in range(5):
            out = world.submit(out, SubmitCode(world.wrong()))
        assert out.state is State.LOCKED
    locked_at = world.clock()
    for step in hours:
        world.clock.advance(hours=step)
        again = world.flow.start()
        for event in (ChooseProfile(Profile.GUARDIAN), StartActivation(), claim()):
            again = world.submit(again, event)
        if world.clock() < locked_at + timedelta(hours=1):
            assert (again.state, reasons(again)) == (State.IDENTITY, [Reason.MOBILE_LOCKED])


@promise("R9")
def test_the_zone_of_the_clock_does_not_matter() -> None:
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    instants = [datetime(2026, 10, 25, 0, 45, tzinfo=UTC), datetime(2026, 10, 25, 1, 5, tzinfo=UTC)]  # summer time ends
    world = World(clock=None)
    world.clock.now = instants[0].astimezone(ZoneInfo("Europe/Paris"))
    out = world.at(State.CODE)
    world.clock.now = instants[1].astimezone(ZoneInfo("Europe/Paris"))
    assert out.view.expires_at == instants[0] + timedelta(minutes=30)
    assert world.submit(out, SubmitCode(world.code())).state is State.PUPILS
    world.clock.now = datetime(2026, 10, 25, 1, 5)
    with pytest.raises(WrongUse, match="aware"):
        world.flow.start()


# --- the outbox ------------------------------------------------------------------------------------


@promise("R12")
def test_a_message_whose_code_has_expired_is_discarded(world: World, store: Store) -> None:
    world.at(State.CODE)
    world.clock.advance(world.settings.code_ttl)
    assert world.flow.deliver() == 0
    assert world.sms.sent == []
    assert leased(store, world.clock.now + timedelta(days=9), world.clock.now) is None


@promise("R12")
def test_an_outage_longer_than_the_code_sends_nothing_stale(world: World) -> None:
    from educonnect_flow.errors import SmsUnavailable

    class Down:
        tries = 0

        def send(self, message: object) -> None:
            self.tries += 1
            raise SmsUnavailable("down")

    gateway = Down()
    broken = World(world.store, clock=world.clock, sms=gateway)
    broken.at(State.CODE)
    for _ in range(40):
        broken.flow.deliver()
        world.clock.advance(minutes=1)
    assert 5 < gateway.tries < 31
    assert world.flow.deliver() == 0


# --- the file --------------------------------------------------------------------------------------


def test_everything_is_there_after_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "activations.db"
    store = SqliteStore(path)
    out = World(store).at(State.CODE)
    store.close()
    store = SqliteStore(path)
    world = World(store)
    assert world.submit(out, SubmitCode(world.code())).state is State.PUPILS
    store.close()


def test_a_forked_child_and_its_parent_both_keep_what_they_answer(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "activations.db")
    world = World(store)
    world.at(State.CODE)
    handles = tmp_path / "handles"

    def work() -> bool:
        while not (tmp_path / "parent closed").exists():
            time.sleep(0.01)
        handles.write_text("\n".join(world.at(State.CODE).handle for _ in range(3)))
        return True

    pid = fork(work)
    mine = world.at(State.CODE)
    store.close()  # as a parent that turns into a daemon does
    (tmp_path / "parent closed").touch()
    assert status_of(pid) == 0
    again = World(SqliteStore(tmp_path / "activations.db"))
    for handle in [mine.handle, *handles.read_text().split()]:
        assert again.flow.resume(handle).state is State.CODE
    again.store.close()


def test_a_fork_waits_for_a_transaction_to_end(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "activations.db")
    world = World(store)
    begun, stop = threading.Event(), threading.Event()

    def busy() -> None:
        while not stop.is_set():
            world.flow.start()
            begun.set()

    writer = threading.Thread(target=busy)
    writer.start()
    begun.wait(30)
    try:
        for _ in range(5):
            assert in_child(lambda: world.flow.start().accepted) == 0
    finally:
        stop.set()
        writer.join()
    assert world.at(State.CODE).accepted
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        world.flow.start()
    with store._write_lock, pytest.raises(StoreUnavailable, match="closed"):
        has_account(store, "g1")  # the reader's way


def test_a_signal_at_the_beginning_of_a_transaction_does_not_wedge_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path / "activations.db")
    world = World(store)
    patiently = store._patiently

    def interrupted(step: Callable[[], object], end: float) -> None:
        patiently(step, end)
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "_patiently", interrupted)
    with pytest.raises(KeyboardInterrupt):
        world.flow.start()
    monkeypatch.undo()
    assert world.flow.start().accepted
    store.close()


def test_the_file_is_for_its_owner_and_as_durable_as_said(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "activations.db")
    World(store).flow.start()
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0
    with store._transaction() as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA secure_delete").fetchone() == (1,)
    store.close()


def test_a_transaction_that_the_database_ended_itself_is_unavailable(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "activations.db")
    with pytest.raises(StoreUnavailable, match="disk full"), store._transaction() as db:
        db.execute("ROLLBACK")
        raise sqlite3.OperationalError("disk full")
    assert World(store).at(State.CODE).accepted
    store.close()


def test_ten_openers_at_once_make_one_schema(tmp_path: Path) -> None:
    path = tmp_path / "activations.db"
    with ThreadPoolExecutor(10) as pool:
        stores = list(pool.map(lambda _: SqliteStore(path), range(10)))
    assert World(stores[0]).at(State.CODE).accepted
    for store in stores:
        store.close()


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "activations.db"
    SqliteStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(StoreUnavailable, match="version 99"):
        SqliteStore(path)


@pytest.mark.parametrize("content", [b"no database at all, but text" * 50, None])
def test_what_is_no_such_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x" if content is not None else tmp_path / "missing" / "x"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match="cannot open x"):
        SqliteStore(path)
    with pytest.raises(ValueError, match="MemoryStore"):
        SqliteStore(":memory:")


def test_a_writer_that_does_not_finish_is_waited_for_in_bounded_time(tmp_path: Path) -> None:
    path = tmp_path / "activations.db"
    store = SqliteStore(path, timeout=0.2)
    world = World(store)
    out = world.at(State.CODE)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    start = time.monotonic()
    with pytest.raises(StoreUnavailable):
        world.submit(out, GoBack())
    assert time.monotonic() - start < 30  # bounded, on however slow a machine
    assert world.flow.resume(out.handle).state is State.CODE  # readers are not held up
    blocker.execute("ROLLBACK")
    blocker.close()
    assert world.submit(out, GoBack()).accepted
    held = threading.Event()
    release = threading.Event()

    def hold() -> None:
        with store._transaction():
            held.set()
            release.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    with pytest.raises(StoreUnavailable, match="too many writers"):
        world.submit(out, GoBack())
    release.set()
    holder.join()
    store.close()


def test_a_file_that_is_gone_is_a_clear_error_in_every_call(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "activations.db")
    world = World(store)
    out = world.at(State.CODE)
    with sqlite3.connect(tmp_path / "activations.db") as db:
        for table in ("run", "audit", "message"):
            db.execute(f"DROP TABLE {table}")
    db.close()
    for call in (
        lambda: world.flow.resume(out.handle),
        lambda: world.flow.start(),
        lambda: world.flow.deliver(),
        lambda: world.flow.purge(),
        lambda: store.trail("a1"),
    ):
        with pytest.raises(StoreUnavailable):
            call()
    store.close()


# --- retention -------------------------------------------------------------------------------------


@promise("V2")
def test_ended_runs_are_purged_on_their_day_and_nothing_of_them_stays_in_the_file(
    world: World, store: Store, tmp_path: Path
) -> None:
    done = world.at(State.ACTIVATED)
    left = world.at(State.CODE, claim("Martin", "Paul", "06 23 45 67 89"))
    settings = world.settings
    world.clock.advance(settings.idle_for + settings.keep_for - timedelta(seconds=1))
    assert world.flow.purge() == 0
    world.clock.advance(seconds=1)
    assert world.flow.purge(limit=1) == 1
    assert world.flow.purge() == 1
    for out in (done, left):
        with pytest.raises(UnknownHandle):
            world.flow.resume(out.handle)
    assert account_of(store, done.view.identifier) is not None
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for trace in (b"Leo", b"Moulin", "••".encode(), b"\\u2022", digest(done.handle).encode()):
        assert trace not in raw
