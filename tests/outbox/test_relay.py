"""The outbox's other end: leases, back-off, what is final, and the relay as a process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from educonnect_flow import (
    ActivationFlow,
    AsyncActivationFlow,
    ChooseProfile,
    Guardian,
    Profile,
    ResendCode,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow.__main__ import main
from educonnect_flow._keys import digest
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.errors import StoreUnavailable, WrongUse
from educonnect_flow.ports import Message, Store
from educonnect_flow.process import _stopped_by, purge, relay, relay_command
from educonnect_flow.records import AuditEntry, Lease, Leased
from educonnect_flow.relay import DeliveryCounts
from educonnect_flow.sms import RecordingSms
from educonnect_flow.stores import MemoryStore, PostgresStore, SqliteStore
from educonnect_flow.testing import Crash, FakeClock, FaultySms, FaultyStore, Gateway
from tests.engine.test_async import Awaited
from tests.postgres import Server
from tests.world import EMILIE, LEO, SECRET, STRANGER, World, activation_of, claim, later, leased

promise = pytest.mark.promise


def family(count: int) -> list[Guardian]:
    """Guardians with a number each."""
    return [
        Guardian(id=f"f{n}", family_name="Durand", given_name="Émilie", mobile=f"+336{20_000_000 + n}", pupils=[LEO])
        for n in range(count)
    ]


def fill(world: World, guardians: list[Guardian]) -> None:
    """A code waiting for each."""
    for guardian in guardians:
        out = world.flow.start()
        for event in (ChooseProfile(Profile.GUARDIAN), None, claim(mobile=guardian.mobile)):
            from educonnect_flow import StartActivation

            out = world.submit(out, event or StartActivation())


# --- leases ----------------------------------------------------------------------------------------


@promise("R5")
def test_many_relays_at_once_hand_over_each_message_once(store: Store) -> None:
    guardians = family(30)
    world = World(store, guardians=guardians)
    fill(world, guardians)
    with ThreadPoolExecutor(8) as pool:
        handed = list(pool.map(lambda _: world.flow.hand_over(10), range(8)))
    assert sum(one.taken for one in handed) == 30
    assert Counter(Counter(message.id for message in world.sms.sent).values()) == {1: 30}


@promise("R5", "R6")
def test_a_message_is_never_handed_over_under_two_leases(store: Store) -> None:
    """A slow gateway outlives the lease: the message may go out again, but its first relay then decides nothing."""
    world = World(store)
    world.at(State.CODE)
    lease = world.settings.lease_for
    second = World(store, clock=world.clock)

    def meanwhile() -> None:
        assert second.flow.deliver() == 0  # the lease stands
        world.clock.advance(lease)
        claimed.append(leased(store, world.clock(), world.clock() + lease))

    class Failing(FaultySms):
        def send(self, message: Message) -> None:
            meanwhile()
            raise TimeoutError

    claimed: list[Leased | None] = []
    late = World(store, clock=world.clock, sms=Failing())
    assert late.flow.hand_over() == DeliveryCounts(retried=1)
    assert claimed[0] is not None
    assert second.flow.deliver() == 0  # the first relay's release did not end the second's lease
    world.clock.advance(lease)
    assert second.flow.deliver() == 1


def test_a_claim_that_was_answered_after_its_lease_is_not_used(store: Store) -> None:
    clock = FakeClock()
    World(store, clock=clock).at(State.CODE)

    class Slow(FaultyStore):
        def _pass_on(self, name: str, method: Any, *args: Any) -> Any:
            result = super()._pass_on(name, method, *args)
            if name == "lease":
                clock.advance(minutes=1)
            return result

    late = World(Slow(store), clock=clock)
    assert late.flow.hand_over(1) == DeliveryCounts(retried=1)
    assert late.sms.sent == []
    assert World(store, clock=clock).flow.deliver() == 1


def test_a_message_that_was_leased_with_a_settling_after_its_lease_is_not_sent(store: Store) -> None:
    clock = FakeClock()
    both = World(store, clock=clock)
    both.at(State.CODE)
    out = both.flow.start(event=ChooseProfile(Profile.GUARDIAN))
    for event in (StartActivation(), STRANGER):
        out = both.submit(out, event)

    class Slow(FaultyStore):
        def _pass_on(self, name: str, method: Any, *args: Any) -> Any:
            result = super()._pass_on(name, method, *args)
            if name == "settle":
                clock.advance(minutes=1)
            return result

    late = World(Slow(store), clock=clock)
    handed = late.flow.hand_over(2)
    assert (handed.taken + handed.decoy, handed.retried) == (1, 1)
    handed = World(store, clock=clock).flow.hand_over()
    assert handed.taken + handed.decoy == 1


# --- what fails ------------------------------------------------------------------------------------


@promise("R6")
def test_a_gateway_that_times_out_after_accepting_gets_the_same_message_again(store: Store) -> None:
    sms = FaultySms(Gateway.LOSES, Gateway.FAILS, Gateway.LOSES)
    world = World(store, sms=sms)
    out = world.at(State.CODE)
    for _ in range(4):
        world.flow.deliver()
        world.clock.advance(minutes=1)
    assert sms.tries == 4
    assert len(sms.sent) == 3
    assert len({(message.id, message.to, message.text) for message in sms.sent}) == 1
    assert world.submit(out, SubmitCode(sms.sent[0].text[-6:])).state is State.PUPILS


@promise("R6", "C5")
def test_a_resend_is_the_only_way_to_a_second_code(store: Store) -> None:
    sms = FaultySms(Gateway.LOSES)
    world = World(store, sms=sms)
    out = world.at(State.CODE)
    world.flow.deliver()
    out = world.submit(out, later(world, ResendCode()))
    world.clock.advance(minutes=1)
    assert world.flow.hand_over() == DeliveryCounts(taken=1)  # the first is void: it is not tried again
    first, second = sms.sent
    assert first.id != second.id
    assert world.submit(out, SubmitCode(second.text[-6:])).state is State.PUPILS


def test_a_rejected_message_is_final_and_seen(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    sms = FaultySms(Gateway.REJECTS)
    world = World(store, sms=sms)
    out = world.at(State.CODE)
    with caplog.at_level(logging.INFO, "educonnect_flow"):
        assert world.flow.hand_over() == DeliveryCounts(rejected=1)
    world.clock.advance(minutes=10)
    assert world.flow.hand_over() == DeliveryCounts()
    assert sms.tries == 1
    loaded = store.load(digest(out.handle))
    assert loaded is not None
    noted = store.trail(activation_of(loaded).id)[-1]
    assert (noted.event, noted.reasons, noted.at) == (
        "Deliver",
        ("sms_rejected",),
        world.clock() - timedelta(minutes=10),
    )
    assert "rejected by the gateway" in caplog.text
    resent = world.submit(out, ResendCode())
    assert resent.accepted  # for the parent the number may be another's by then
    assert world.flow.deliver() == 1


def test_nobody_hears_of_a_rejection_that_was_not_noted(store: Store) -> None:
    class Late(FaultySms):
        """By the time it rejects the message, somebody else is done with it."""

        def send(self, message: Message) -> None:
            store.settle(message.id)
            super().send(message)

    told: list[AuditEntry] = []
    world = World(store, sms=Late(Gateway.REJECTS), observer=told.append)
    out = world.at(State.CODE)
    assert world.flow.hand_over() == DeliveryCounts(rejected=1)
    loaded = store.load(digest(out.handle))
    assert loaded is not None
    assert told == list(store.trail(activation_of(loaded).id))
    assert "Deliver" not in {entry.event for entry in told}


def test_each_fate_is_counted(store: Store) -> None:
    guardians = family(3)
    sms = FaultySms(Gateway.TAKES, Gateway.FAILS, Gateway.REJECTS)
    world = World(store, guardians=guardians, sms=sms)
    world.at(State.CODE, STRANGER)
    fill(world, guardians)
    assert world.flow.hand_over() == DeliveryCounts(taken=1, rejected=1, retried=1, decoy=1)
    world.clock.advance(minutes=30)
    assert world.flow.hand_over() == DeliveryCounts(expired=1)
    assert str(DeliveryCounts(taken=2, decoy=1)) == "2 taken, 0 rejected, 0 retried, 0 expired, 1 decoy"


def test_tries_are_further_and_further_apart_and_not_at_the_same_instant() -> None:
    """Doubled from ``retry_after`` on, up to five minutes, each drawn between half and all of it."""
    pauses: dict[int, list[float]] = {}
    for _ in range(40):
        due: list[tuple[int, datetime]] = []

        class Watched(MemoryStore):
            def release(self, message: str, attempts: int, due_at: datetime) -> None:
                due.append((attempts, due_at))  # noqa: B023 - read in this very turn
                super().release(message, attempts, due_at)

        sms = FaultySms(*[Gateway.FAILS] * 9)
        world = World(Watched(), sms=sms)
        world.at(State.CODE)
        for _ in range(9):
            assert world.flow.hand_over() == DeliveryCounts(retried=1)
            attempts, due_at = due[-1]
            pauses.setdefault(attempts, []).append((due_at - world.clock()).total_seconds())
            world.clock.now = due_at
    for attempts, seconds in pauses.items():
        longest = min(5 * 2 ** (attempts - 1), 300)
        assert longest / 2 <= min(seconds) <= max(seconds) <= longest
        assert len(set(seconds)) > 30


@promise("R5")
def test_what_a_dead_relay_had_in_hand_is_another_relays_after_the_lease(store: Store) -> None:
    world = World(store)
    world.at(State.CODE)

    class Dying(RecordingSms):
        def send(self, message: Message) -> None:
            raise Crash

    with pytest.raises(Crash):
        World(store, clock=world.clock, sms=Dying()).flow.deliver()
    assert world.flow.deliver() == 0
    world.clock.advance(world.settings.lease_for)
    assert world.flow.deliver() == 1


# --- the process -----------------------------------------------------------------------------------

HOST = '''
import logging, os, pathlib, time
from datetime import date
from educonnect_flow import ActivationFlow, AsyncActivationFlow, Guardian, Pupil, Relation, Settings
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.stores import AsyncPostgresStore, SqliteStore

class Files:
    """A gateway that writes a line for each message it takes."""
    def send(self, message):
        time.sleep(0.02)
        with open(os.environ["TAKEN"], "a") as taken:
            taken.write(message.id + " " + message.to + "\\n")

def ports():
    return dict(directory=StaticDirectory([]), sms=Files(), secret_key=b"a secret key made for the tests!")

MADE = []

def flow(**more):
    MADE.append(SqliteStore(os.environ["FILE"]))
    return ActivationFlow(store=MADE[-1], **ports() | more)

def awaited():
    return AsyncActivationFlow(store=AsyncPostgresStore(os.environ["DSN"], schema=os.environ["SCHEMA"]), **ports())

def failing():
    return flow(secret_key=b"short")

nothing = 7
'''


def start_relay(folder: Path, name: str, *more: str, **env: str) -> subprocess.Popen[str]:
    """``python -m educonnect_flow relay`` in *folder*, whose ``host.py`` makes the flow."""
    (folder / "host.py").write_text(HOST, "utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", "educonnect_flow", "relay", "--flow", f"host:{name}", "--idle", "0.05", *more],
        cwd=folder, stderr=subprocess.PIPE, text=True, env={**os.environ, "TAKEN": str(folder / "taken"), **env},
    )  # fmt: skip


def wait_for(what: Any) -> None:
    """Until *what()* is true; a minute at most."""
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_the_relay_runs_as_a_process_and_stops_on_sigterm(
    kind: str, tmp_path: Path, server: Server, schema: str
) -> None:
    guardians = family(12)
    store: Store = SqliteStore(tmp_path / "a.db") if kind == "sqlite" else PostgresStore(server.dsn, schema=schema)
    world = World(store, guardians=guardians, clock=FakeClock(datetime.now().astimezone()))
    world.at(State.CODE, STRANGER)
    fill(world, guardians)
    taken = tmp_path / "taken"
    env = {"FILE": str(tmp_path / "a.db"), "DSN": server.dsn, "SCHEMA": schema}
    name = "flow" if kind == "sqlite" else "awaited"
    process = start_relay(tmp_path, name, "--threads", "3", "--report", "0.01", **env)
    wait_for(lambda: taken.exists() and taken.read_text().count("\n") == 12)
    fill(world, guardians[:2])
    wait_for(lambda: taken.read_text().count("\n") == 14)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "relay started: 3 at a time" in log
    assert "relay so far: " in log
    assert log.rstrip().endswith("relay stopped: 14 taken, 0 rejected, 0 retried, 0 expired, 1 decoy")
    assert "+336" not in log
    assert Counter(Counter(taken.read_text().split("\n")[:-1]).values()) == {1: 14}
    store.close()


def test_a_relay_told_to_stop_finishes_what_it_has_in_hand(tmp_path: Path) -> None:
    guardians = family(50)
    store = SqliteStore(tmp_path / "a.db")
    world = World(store, guardians=guardians, clock=FakeClock(datetime.now().astimezone()))
    fill(world, guardians)
    taken = tmp_path / "taken"
    process = start_relay(tmp_path, "flow", FILE=str(tmp_path / "a.db"))
    wait_for(lambda: taken.exists() and taken.read_text().count("\n") >= 3)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    count = taken.read_text().count("\n")
    assert process.returncode == 0
    assert 3 <= count < 50
    assert f"relay stopped: {count} taken, 0 rejected" in log
    assert world.flow.deliver() == 50 - count  # none under a lease that nobody holds
    store.close()


@promise("R5")
def test_a_signal_within_a_signal_waits_for_nothing() -> None:
    """The second of two SIGTERMs arrives while the first one sets the event: its lock is taken then."""
    stop: Any = threading.Event()
    held, free = threading.Event(), threading.Event()

    def hold() -> bool:
        with stop._cond:
            held.set()
            return free.wait(10)

    with ThreadPoolExecutor(1) as pool, _stopped_by(stop):
        holding = pool.submit(hold)
        assert held.wait(30)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(number)
        for _ in range(70_000):  # more than a pipe takes
            signal.raise_signal(signal.SIGTERM)
        free.set()
        assert holding.result(30), "a handler waited for the lock"
        assert stop.wait(30)


@promise("R5")
def test_a_relay_that_is_signalled_several_times_at_once_ends_with_0(tmp_path: Path) -> None:
    """As ``timeout``, a container's double Ctrl-C, or a supervisor that signals a group do."""
    for run in range(6):
        folder = tmp_path / str(run)
        folder.mkdir()
        process = start_relay(folder, "flow", FILE=str(folder / "a.db"))
        assert process.stderr is not None
        assert "relay started" in process.stderr.readline()
        for n in range(40):
            process.send_signal(signal.SIGTERM if n % 2 else signal.SIGINT)
            time.sleep(0.0005 * (n % 3))
        log = process.stderr.read()
        process.stderr.close()
        assert process.wait(60) == 0, log
        assert "relay stopped: 0 taken" in log


def test_a_relay_command_that_is_signalled_before_it_starts_ends_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    def early(*_: Any) -> Any:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("educonnect_flow.process.relay", early)
    with pytest.raises(SystemExit) as caught:
        relay_command(World().flow)
    assert caught.value.code == 0
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN  # whatever comes while it ends


class Stopper:
    """A store that is away for a while, then sends SIGTERM to this very process once nothing waits."""

    def __init__(self, store: Store, away: int) -> None:
        self.store = store
        self.away = away
        self.closed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def lease(self, lease: Lease) -> Leased | None:
        if self.away:
            self.away -= 1
            raise StoreUnavailable("away")
        found: Leased | None = self.store.lease(lease)
        if found is None:
            os.kill(os.getpid(), signal.SIGTERM)
        return found

    def close(self) -> None:
        self.closed = True


@promise("R10")
@pytest.mark.parametrize("awaited", [False, True])
def test_a_relay_outlives_a_store_that_is_away(awaited: bool, caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.at(State.CODE)
    store = Stopper(world.store, away=3)
    ports: dict[str, Any] = {
        "directory": StaticDirectory([EMILIE]), "sms": world.sms, "secret_key": SECRET, "clock": world.clock,
    }  # fmt: skip
    flow: Any = AsyncActivationFlow(store=Awaited(store), **ports) if awaited else ActivationFlow(store=store, **ports)
    before = signal.getsignal(signal.SIGTERM)
    with caplog.at_level(logging.INFO, "educonnect_flow"):
        assert relay(flow, threads=2, idle=0.001, report=1e-9) == DeliveryCounts(taken=1)
    assert signal.getsignal(signal.SIGTERM) is before
    assert caplog.text.count("the store is unavailable") == 3
    assert "relay so far: 1 taken" in caplog.text
    assert store.closed


def test_a_relay_that_is_used_wrongly_ends_and_says_so() -> None:
    world = World()
    world.at(State.CODE)
    flow = ActivationFlow(
        directory=StaticDirectory([]),
        store=world.store,
        sms=Awaited(world.sms),
        secret_key=SECRET,
        clock=world.clock,
    )
    with pytest.raises(WrongUse, match="asynchronous"):
        relay(flow, threads=2, idle=0.001)


def test_a_thread_that_fails_ends_the_relay_whichever_it_is() -> None:
    store = MemoryStore()

    class Turns:
        turn = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def lease(self, lease: Lease) -> Leased | None:
            self.turn += 1
            if self.turn == 4:
                raise WrongUse("a host's mistake")
            return None

    flow = ActivationFlow(
        directory=StaticDirectory([]),
        store=Turns(),
        sms=RecordingSms(),
        secret_key=SECRET,
    )
    with pytest.raises(WrongUse, match="a host's mistake"):
        relay(flow, threads=3, idle=0.05)


def test_whoever_reads_the_audit_may_stop(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a.db")
    world = World(store)
    for _ in range(3_000):
        world.flow.start()
    store.close()
    (tmp_path / "host.py").write_text(HOST, "utf-8")
    audit = subprocess.Popen(
        [sys.executable, "-m", "educonnect_flow", "audit", "--flow", "host:flow"], cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "FILE": str(tmp_path / "a.db"), "TAKEN": ""},
    )  # fmt: skip
    assert audit.stdout is not None
    assert audit.stderr is not None
    assert audit.stdout.readline().startswith('{"number": 1,')
    audit.stdout.close()
    assert audit.stderr.read() == ""
    assert audit.wait(60) == 0
    audit.stderr.close()


@pytest.mark.usefixtures("host")
def test_a_reader_that_is_gone_ends_the_audit_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    store = SqliteStore(os.environ["FILE"])
    World(store).flow.start()
    store.close()
    with os.fdopen(writing, "w") as gone:
        monkeypatch.setattr(sys, "stdout", gone)
        assert main(["audit", "--flow", "host_of_this_test:flow"]) == 0
        monkeypatch.undo()


@promise("V2")
def test_the_purge_deletes_batch_after_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(SqliteStore(tmp_path / "a.db"))
    handles = [world.flow.start().handle for _ in range(7)]
    world.clock.advance(days=2)
    monkeypatch.setattr("educonnect_flow.process.BATCH", 3)
    with caplog.at_level(logging.INFO, "educonnect_flow"):
        assert purge(world.flow) == 7
    assert "7 runs deleted" in caplog.text
    again = SqliteStore(tmp_path / "a.db")
    assert all(again.load(digest(handle)) is None for handle in handles)
    again.close()


# --- the command line ------------------------------------------------------------------------------


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "host_of_this_test.py").write_text(HOST, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("FILE", str(tmp_path / "a.db"))
    yield
    for store in getattr(
        sys.modules.get("host_of_this_test"), "MADE", ()
    ):  # a wrong argument ends the command before it does
        store.close()


@pytest.mark.usefixtures("host")
def test_the_command_line_purges(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "educonnect_flow"):
        assert main(["purge", "--flow", "host_of_this_test:flow"]) == 0
    assert "purge: 0 runs deleted" in caplog.text


@pytest.mark.usefixtures("host")
def test_the_command_line_relays(monkeypatch: pytest.MonkeyPatch) -> None:
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    assert main(["relay", "--flow", "host_of_this_test:flow", "--idle", "0.01", "--threads", "2"]) == 0
    timer.join()


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["relay"], "--flow"),
        (["relay", "--flow", "host_of_this_test:missing"], "cannot import"),
        (["relay", "--flow", "no_such_module:flow"], "cannot import"),
        (["relay", "--flow", ":"], "cannot import"),
        (["relay", "--flow", "host_of_this_test:nothing"], "is no flow and makes none"),
        (["relay", "--flow", "host_of_this_test:flow", "--threads", "0"], "--threads"),
        (["relay", "--flow", "host_of_this_test:flow", "--idle", "-1"], "--idle"),
        (["purge", "--flow", "host_of_this_test:flow", "--idle", "1"], "unrecognized"),
        (
            ["purge", "--flow", "host_of_this_test:failing"],
            "'host_of_this_test:failing' failed: WrongUse: secret_key must",
        ),
    ],
)
def test_a_wrong_command_line_is_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_both_flows_close_their_store() -> None:
    stores = [Stopper(MemoryStore(), 0), Stopper(MemoryStore(), 0)]
    ports: dict[str, Any] = {"directory": StaticDirectory([]), "sms": RecordingSms(), "secret_key": SECRET}
    ActivationFlow(store=stores[0], **ports).close()
    asyncio.run(AsyncActivationFlow(store=stores[1], **ports).close())
    assert all(store.closed for store in stores)
