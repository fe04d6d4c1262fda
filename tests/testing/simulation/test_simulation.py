"""The simulator: the same seed does the same, everything holds, planted faults are found, and a failure can be read.

Long because it has a seed for each planted fault, and the orders of each small exploration.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from attrs import evolve

from educonnect_flow import ClaimIdentity, Validators
from educonnect_flow.errors import StoreUnavailable, WrongUse
from educonnect_flow.journeys import ACTIVATION
from educonnect_flow.stores import MemoryStore, PostgresStore, SqliteStore
from educonnect_flow.testing.simulation import MOVES, Check, Move, Simulation, Task, Violation, pause
from educonnect_flow.testing.simulation.__main__ import main
from educonnect_flow.testing.simulation._choices import Choice, read, written
from educonnect_flow.testing.simulation._people import GUARDIANS, Records
from educonnect_flow.testing.simulation._seeds import drawn_from
from educonnect_flow.testing.simulation._shrinking import shortened
from tests import ROOT
from tests.engine.test_own_journey import DOOR, Knock
from tests.postgres import Server
from tests.testing.simulation.planted import FAULTS, Yielding, code_for_the_next_mobile, found
from tests.world import EMILIE, PAUL

promise = pytest.mark.promise

SEEDS: dict[str, int] = {
    "resend_keeps_the_old_message": 41_000_077,
    "back_keeps_the_message": 41_100_015,
    "lock_keeps_the_message": 41_200_001,
    "accepted_code_keeps_the_message": 41_300_004,
    "handle_stays": 41_400_002,
    "lock_in_one_place": 41_500_013,
    "lock_not_for_dates": 41_600_157,
    "mobile_not_counted": 41_700_017,
    "run_not_counted": 41_800_004,
    "resend_not_counted": 41_900_063,
    "resend_without_wait": 42_000_061,
    "no_row_for_a_stranger": 42_100_000,
    "no_count_for_a_stranger": 42_200_078,
    "stranger_has_less_time": 42_300_000,
    "identifier_of_another": 42_400_003,
    "no_account": 42_500_001,
    "pupil_too_many": 42_600_000,
    "pupil_too_many_on_the_way_back": 42_700_012,
    "records_not_read_again": 42_800_064,
    "idle_run_goes_on": 42_900_009,
    "clock_revives_a_code": 43_000_002,
    "stale_is_done": 43_100_000,
    "barred_is_done": 43_200_000,
    "conflict_is_done": 43_300_114,
    "failure_is_done": 43_400_005,
    "overtakes": 43_500_000,
    "answer_bound_late": 43_600_003,
    "trail_written_late": 43_700_000,
    "counted_late": 43_800_004,
    "message_written_late": 43_900_000,
    "account_written_first": 44_000_000,
    "again_as_of_now": 44_100_016,
    "lock_opens": 44_200_018,
    "refusals_not_bound": 44_300_000,
    "rotated_without_the_request": 44_400_003,
    "directory_kept": 44_500_029,
    "unknown_numbers_kept": 44_600_003,
    "runs_kept": 44_700_069,
    "counted_under_one_key": 44_800_312,
    "settled_before_sent": 44_900_000,
    "failed_is_taken": 45_000_004,
    "expired_is_sent": 45_100_006,
    "decoy_is_sent": 45_200_000,
    "text_by_try": 45_300_013,
    "number_of_the_one_before": 45_400_001,
    "id_by_try": 45_500_000,
    "confirmed_too_many": 45_600_006,
    "relay_shares_a_variable": 45_700_002,
    "limits_read_then_written": 45_800_340,
    "names_read_then_written": 45_900_182,
    "version_read_then_written": 46_000_000,
    "counts_lost": 46_100_017,
    "run_then_messages": 46_200_000,
    "run_then_answer": 46_300_001,
    "run_then_trail": 46_400_001,
    "purge_without_a_look": 46_500_604,
    "purge_forgets_counters": 46_600_019,
    "purge_deletes_accounts": 46_700_007,
    "purge_deletes_messages": 46_800_012,
    "lease_read_then_marked": 46_900_003,
    "release_of_another": 47_000_998,
    "load_in_two_moments": 47_100_042,
    "voided_late": 47_200_000,
    "replaced_handle_leads": 47_300_002,
    "purged_early": 47_400_035,
    "identifier_twice": 47_500_365,
    "settled_comes_back": 47_600_001,
}
"""Near a world that finds the fault, so that the test is quick; any other seed finds it, too."""


# --- the same again ------------------------------------------------------------------------------------


def test_a_seed_gives_the_same_bytes_in_another_process_with_another_order_of_hashes() -> None:
    code = "from educonnect_flow.testing.simulation import *; print([Simulation().trace(n) for n in range(8)])"
    traces = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": order},
        ).stdout
        for order in ("1", "77")
    ]  # fmt: skip
    assert traces[0] == traces[1]
    assert len(traces[0]) > 50_000


def test_another_seed_gives_another_trace() -> None:
    assert len({Simulation().trace(n) for n in range(5)}) == 5


def test_only_what_the_worlds_own_thread_draws_follows_from_the_seed() -> None:
    def drawn() -> list[str]:
        elsewhere: list[str] = []
        with drawn_from("7"):
            here = secrets.token_urlsafe(16)
            other = threading.Thread(target=lambda: elsewhere.append(secrets.token_urlsafe(16)))
            other.start()
            other.join()
        return [here, *elsewhere]

    (here, elsewhere), (here_again, elsewhere_again) = drawn(), drawn()
    assert here == here_again
    assert len({here, elsewhere, elsewhere_again, secrets.token_urlsafe(16)}) == 4


def test_a_trace_is_text_and_back() -> None:
    trace = [
        Choice("act", 1, 2, 3, "claim", 1),
        Choice("go", 1, what="lost"),
        Choice("kill", process=2),
        Choice("rotate"),
    ]
    assert read(written(trace)) == trace
    assert read(" act,1,2,3,claim,1;\ngo,1,0,0,lost ") == trace[:2]
    for text in ("jump,1", "go,one", "go,1,2,3,4,5,6", "clock,0,0,0,soon", "clock,0,0,0,99999999999", "go,1,0,0,well"):
        with pytest.raises(ValueError, match="no choice is written"):
            read(text)


# --- what holds ----------------------------------------------------------------------------------------


@promise("C1", "C2", "C3", "C5", "C6", "C11", "C12", "C13", "F1", "F3", "F4", "F5", "F6", "F7", "F8", "I3")
@promise("E1", "E2", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R12", "V2")
@pytest.mark.parametrize("store", [MemoryStore, Yielding])
def test_everything_holds(store: Any) -> None:
    report = Simulation(store=store).run(worlds=25, seed=1).check()
    assert report.worlds == 25
    assert report.port_calls > 3_000
    assert set("C1 C2 C11 E1 E2 F7 I3 R1 R7 V2".split()) <= set(report.checked)


@promise("R3", "R5", "R7", "R8")
def test_everything_holds_in_files(tmp_path: Path) -> None:
    files = iter(range(1000))
    Simulation(store=lambda: SqliteStore(tmp_path / f"{next(files)}.db")).run(worlds=4, seed=11).check()


@promise("R3", "R5", "R7", "R8")
def test_everything_holds_on_a_server(server: Server) -> None:
    schemas = iter(range(1000))
    store = lambda: PostgresStore(server.dsn, schema=f"simulated{next(schemas)}", pool=1)  # noqa: E731 - a short one
    Simulation(store=store).run(worlds=2, seed=22).check()


@pytest.mark.ci
@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres"])
def test_everything_holds_for_a_minute_from_a_new_seed(
    kind: str, tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = iter(range(1_000_000))
    stores: dict[str, Any] = {
        "memory": MemoryStore,
        "sqlite": lambda: SqliteStore(tmp_path / f"{next(numbers)}.db"),
        "postgres": lambda: PostgresStore(server.dsn, schema=f"minute{next(numbers)}", pool=1),
    }
    report = Simulation(store=stores[kind]).run(seconds=60 if kind == "memory" else 20)
    with capsys.disabled():
        print(f"\n{kind}: {report}")
    report.check()


# --- all interleavings -----------------------------------------------------------------------------------

CODE = "start_ACTIVATION guardian begin claim relay"
PUPILS = f"{CODE} right_code"
PASSWORD = f"{PUPILS} dates"
SENT = "start_ACTIVATION guardian begin claim +61"
FORGOTTEN = "start_FORGOTTEN_IDENTIFIER claim relay"


@promise("C2", "C5", "C13", "R1", "R7", "R8")
@pytest.mark.parametrize(
    ("before", "at_once", "interleavings"),
    [
        (CODE, "right_code right_code", 20),
        (CODE, "right_code wrong_code", 20),
        (f"{CODE} +61", "right_code resend", 10),
        (CODE, "right_code again", 20),
        (f"{CODE} +61", "resend resend", 6),
        (f"{CODE} +61", "resend again", 6),
        (CODE, "right_code back", 10),
        (CODE, "right_code -60", 4),
        (CODE, "right_code +1801", 4),
        (CODE, "right_code rotate", 4),
        (CODE, "right_code resume", 4),
        (PUPILS, "dates dates", 20),
        (PUPILS, "dates strike", 4),
        (PUPILS, "dates again", 20),
        (PASSWORD, "password password", 252),
        pytest.param(PASSWORD, "password again", 252, marks=pytest.mark.ci),
        (PASSWORD, "password strike", 6),
        (PASSWORD, "password back", 21),
        (SENT, "relay relay", 6),
        (SENT, "relay resend", 10),
        (SENT, "relay back", 10),
        (f"{SENT} +1600", "relay +61", 4),
        (f"{CODE} +90001", "purge right_code", 3),
        (f"{CODE} +90001", "purge resume", 3),
        (FORGOTTEN, "right_code right_code", 20),
        (FORGOTTEN, "right_code again", 20),
        pytest.param(f"{CODE} +61", "right_code resend back", 1521, marks=pytest.mark.ci),
        pytest.param(SENT, "relay resend back", 748, marks=pytest.mark.ci),
        pytest.param(CODE, "right_code again back", 2668, marks=pytest.mark.ci),
        pytest.param(PUPILS, "dates again strike", 154, marks=pytest.mark.ci),
    ],
)
def test_all_interleavings_of_a_few_calls(before: str, at_once: str, interleavings: int) -> None:
    explored = Simulation().explore(before, at_once)
    assert explored.interleavings == interleavings
    assert explored.longest >= 2


@pytest.mark.ci
@promise("R1")
def test_all_interleavings_of_two_parents_who_are_one(tmp_path: Path) -> None:
    assert Simulation().explore(PASSWORD, "0:password 1:password", parents=2).interleavings == 252


def test_exploring_says_what_did_not_hold() -> None:
    with FAULTS["stale_is_done"][1](), pytest.raises(Violation, match=r"(?s)R3: .*refuses: stale") as caught:
        Simulation().explore(CODE, "right_code wrong_code")
    assert caught.value.promise == "R3"
    with pytest.raises(AssertionError, match="right_code cannot be done here"):
        Simulation().explore("start_ACTIVATION", "right_code")


# --- what is found -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str) -> None:
    with FAULTS[name][1]() as store:
        report = Simulation(store=store or MemoryStore).run(seconds=60, seed=SEEDS.get(name, 1), shorten=0)
    assert report.failure is not None
    assert report.failure.promise in report.checked


@pytest.mark.ci
@pytest.mark.parametrize(
    "name",
    [
        "limits_read_then_written",
        "settled_before_sent",
        "rotated_without_the_request",
        "lock_in_one_place",
        "purge_without_a_look",
    ],
)
def test_a_planted_fault_is_found_from_a_new_seed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    seed = secrets.randbelow(10**9)
    took, failure = found(name, 60, seed)
    with capsys.disabled():
        print(f"\n{name}: found after {took:.1f} s as {failure and failure.promise} (seed {seed})")
    assert failure is not None


def test_a_failure_is_read_and_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    with FAULTS["settled_before_sent"][1]():
        assert main(["--seed", "3", "--seconds", "30"]) == 1
        said = capsys.readouterr().out
        assert "R5: a message was done with, and no gateway has taken it" in said
        command = re.search(
            r"replay it: python -m educonnect_flow\.testing\.simulation --seed (\d+) --trace '(.*)'", said
        )
        assert command is not None
        steps = re.findall(r"^ +\d+\. (.*)$", said, re.MULTILINE)
        assert 4 <= len(steps) < 20, said
        assert any(re.match(r"call \d+: parent \d gives names and mobile, through process \d", step) for step in steps)
        assert main(["--seed", command[1], "--trace", command[2]]) == 1
        again = capsys.readouterr().out.splitlines()
        assert again[:-1] == steps
        assert again[-1].startswith("R5: ")
    assert main(["--seed", command[1], "--trace", command[2]]) == 0
    assert capsys.readouterr().out.endswith("everything held\n")


def test_a_difference_between_twins_is_shortened_too() -> None:
    with FAULTS["stranger_has_less_time"][1]():
        failure = Simulation().run(seconds=60, seed=SEEDS.get("stranger_has_less_time", 1), shorten=5).failure
    assert failure is not None
    assert re.match(r"E1: a known parent is answered otherwise than a stranger \(call \d+\)", failure.text)
    assert len(read(failure.trace)) < failure.choices / 2


def test_what_is_shortened_stays_broken() -> None:
    tried: list[list[int]] = []

    def broken(trace: list[int]) -> bool:
        tried.append(trace)
        return {3, 77} <= set(trace)

    assert shortened(list(range(100)), broken) == [3, 77]
    assert len(tried) < 150
    assert shortened(list(range(100)), broken, seconds=0) == list(range(100))
    assert shortened([1], lambda trace: True) == []


# --- the command and the class ---------------------------------------------------------------------------------


@pytest.mark.parametrize("store", ["memory", "sqlite", "a server"])
def test_the_command_says_what_was_run(store: str, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    if store == "a server":
        store = server.dsn
    assert main(["--seed", "5", "--worlds", "1", "--store", store]) == 0
    said = capsys.readouterr().out
    assert re.match(r"seed 5: 1 worlds, \d+ choices, \d+ port calls \(\d+ a minute\), \d+ answers in ", said)
    assert "checked: C1 C2 " in said
    assert said.endswith("everything held\n")


def test_the_command_draws_a_seed_and_prints_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise StoreUnavailable("the server is away")

    assert main(["--seconds", "0.01"]) == 0
    assert re.match(r"seed \d+: ", capsys.readouterr().out)
    monkeypatch.setattr("educonnect_flow.testing.simulation.__main__._schema", away)
    for wrong in (
        ["--trace", "kill"],
        ["--seed", "1", "--trace", "jump"],
        ["--worlds", "0"],
        ["--seconds", "nan"],
        ["--store", "paper"],
        ["--store", "host=/nowhere", "--worlds", "1"],
    ):
        with pytest.raises(SystemExit) as caught:
            main(wrong)
        assert caught.value.code == 2


def test_the_module_is_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "educonnect_flow.testing.simulation", "--seed", "5", "--worlds", "1"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_a_wrong_use_is_said_to_be_one() -> None:
    for wrong in (
        {},
        {"seconds": 0.0},
        {"seconds": -1.0},
        {"seconds": float("nan")},
        {"worlds": -1},
        {"seconds": 1.0, "worlds": -1},
    ):
        with pytest.raises(WrongUse, match="seconds= or worlds="):
            Simulation().run(**wrong)
    with pytest.raises(WrongUse, match="guardians"):
        Simulation(guardians=[])
    with pytest.raises(WrongUse, match="one name"):
        Simulation(moves=(*MOVES, MOVES[0]))

    class Nameless(MemoryStore):
        def __init__(self) -> None:
            super().__init__()
            self.commit = lambda commit: MemoryStore.commit(self, commit)  # type: ignore[method-assign]  # on purpose

    with pytest.raises(WrongUse, match="the store's commit must be a method of that name"):
        Simulation(store=Nameless).run(worlds=1)

    class Elsewhere:
        def __await__(self) -> Iterator[str]:
            yield "what an event loop waits for"

    class Waiting(MemoryStore):
        async def commit(self, commit: Any) -> Any:  # type: ignore[override]  # the simulator takes a store that pauses
            await Elsewhere()  # type: ignore[misc]  # on purpose: it yields text

    with pytest.raises(WrongUse, match="waits for an event loop"):
        Simulation(store=Waiting).run(worlds=1, seed=1)


# --- for hosts ---------------------------------------------------------------------------------------------------


def test_a_host_has_checks_and_moves_of_its_own() -> None:
    class NoHurry(Check):
        promises = "H1"
        ended_with: set[str] = set()

        def answered(self, task: Task, outcome: Any, error: Exception | None) -> None:
            if outcome is not None:
                self.ended_with.add(outcome.state.name)

        def whole(self) -> None:
            if self.world.port_calls > 100:
                self.fail("a world of more than a hundred port calls")

    simulation = Simulation(journeys=[ACTIVATION], checks=(NoHurry,))
    report = simulation.run(worlds=100, seed=1, shorten=0.2)
    assert report.failure is not None
    assert report.failure.text == "H1: a world of more than a hundred port calls"
    assert "H1" in report.checked
    assert "CODE" in NoHurry.ended_with
    with pytest.raises(AssertionError, match="H1"):
        report.check()


def test_a_store_that_pauses_is_given_turns() -> None:
    turns: list[str] = []

    class Paused(MemoryStore):
        async def lease(self, lease: Any) -> Any:  # type: ignore[override]  # the simulator takes a store that pauses
            turns.append("before")
            await pause()
            turns.append("after")
            return super().lease(lease)

        async def close(self) -> None:  # type: ignore[override]  # the simulator takes a store that pauses
            await pause()

    Simulation(store=Paused).run(worlds=5, seed=2).check()
    assert turns.count("before") > turns.count("after") / 2 > 0


def test_a_journey_of_a_hosts_own_runs_in_a_world() -> None:
    knock = Move(
        name="knock", event=Knock, text="knocks", make=lambda world, parent, tab: Knock("Ana"), right=1, hostile=1
    )
    simulation = Simulation(journeys=[DOOR], moves=[knock], guardians=GUARDIANS[:1])
    report = simulation.run(worlds=30, seed=3).check()
    assert report.answers > 100
    assert simulation.explore("start_DOOR", "knock knock").interleavings == 20


def test_a_port_that_raises_what_nothing_explains_breaks_a_promise() -> None:
    class Broken(MemoryStore):
        def load(self, handle: str, requests: Any = (), refs: Any = ()) -> Any:
            if requests:
                raise KeyError
            return super().load(handle, requests, refs)

    failure = Simulation(store=Broken).run(worlds=50, seed=1, shorten=0.2).failure
    assert failure is not None
    assert failure.text == "R10: a call raises StoreUnavailable, and no port failed it"
    assert "Broken.load raises KeyError" in str(failure)


# --- what a check says, one by one ---------------------------------------------------------------------------------

OPEN = Validators(code=lambda check: None)
"""Any code opens."""


@pytest.mark.parametrize(
    ("before", "at_once", "parents", "said"),
    [
        (CODE, "wrong_code", 1, "C11: a code opened that was never sent"),
        (CODE, "old_code", 2, "C11: a code of another run opened"),
        (f"{CODE} +61 resend relay", "old_code", 1, "C5: a code opened that a newer one had replaced"),
        (f"{CODE} +1801", "right_code", 1, "C6: a code opened out of its time"),
    ],
)
def test_a_code_that_should_not_open_is_seen(before: str, at_once: str, parents: int, said: str) -> None:
    with pytest.raises(Violation, match=said):
        Simulation(validators=OPEN).explore(before, at_once, parents=parents)


def test_a_code_that_a_step_back_revives_is_seen() -> None:
    with FAULTS["clock_revives_a_code"][1](), pytest.raises(Violation, match="R9: a code opened that had expired"):
        Simulation().explore(f"{CODE} +1801 short_code -1000", "right_code")


def test_a_code_that_opens_twice_is_seen() -> None:
    def rotate(attempt: Any) -> None:
        attempt.changes["rotation"] = attempt.run.rotation + 1
        attempt.rotate = True

    row = ACTIVATION.table.named["code.right"]
    with (
        patch.dict(vars(row), dest=row.source, do=(rotate,)),
        pytest.raises(Violation, match="C2: a code opened twice"),
    ):
        Simulation().explore(f"{CODE} right_code", "right_code")


def test_a_code_that_opens_for_another_mobile_is_seen() -> None:
    paul = Move(name="paul", event=ClaimIdentity, text="claims to be another",
                make=lambda world, parent, tab: ClaimIdentity(family_name="Martin", given_name="Paul", mobile="+33623456789"))  # fmt: skip
    with (
        code_for_the_next_mobile(),
        pytest.raises(Violation, match="F3: a code opened for another mobile"),
    ):
        Simulation(moves=(*MOVES, paul), validators=OPEN).explore(f"{CODE} back +61 paul", "right_code")


def test_a_call_that_never_ends_is_seen() -> None:
    class Endless(MemoryStore):
        async def lease(self, lease: Any) -> Any:  # type: ignore[override]  # the simulator takes a store that pauses
            while True:
                await pause()

    failure = Simulation(store=Endless).run(worlds=5, seed=1, shorten=0).failure
    assert failure is not None
    assert failure.text == "R10: a call never ends"


def test_a_page_that_is_answered_otherwise_is_seen() -> None:
    with FAULTS["again_as_of_now"][1](), pytest.raises(Violation, match="R7: the same request got two answers"):
        Simulation().explore(f"{CODE} wrong_code +61", "again resend")


def test_a_stranger_alone_is_enough() -> None:
    """The fault is only in the world in which the schools have no records."""
    moves = [move for move in MOVES if move.name != "claim_other"]
    with FAULTS["no_row_for_a_stranger"][1]():
        failure = Simulation(moves=moves, checks=()).run(seconds=60, seed=1, shorten=0).failure
    assert failure is not None
    assert failure.promise == "R5"


class Forgetful(MemoryStore):
    """Loses the trail, or a part of it; has what it had once."""

    lost = 0

    def trail(self, run: str) -> Any:
        trail = super().trail(run)
        return trail[: len(trail) - self.lost] if len(trail) > 1 or self.lost > 1 else trail


class Former(MemoryStore):
    former: dict[str, Any] = {}

    def load(self, handle: str, requests: Any = (), refs: Any = ()) -> Any:
        loaded = super().load(handle, requests, refs)
        return loaded if requests or loaded is None else self.former.setdefault(handle, loaded)


class Losing(MemoryStore):
    def load(self, handle: str, requests: Any = (), refs: Any = ()) -> Any:
        return super().load(handle, requests, refs) if requests else None


@pytest.mark.parametrize(
    ("store", "lost", "said"),
    [
        (Forgetful, 1, "F1: the trail of a run leads to PROFILE, and it is in SIGN_IN"),
        (Forgetful, 9, "F1: the trail of a run does not replay: there are no entries"),
        (Former, 0, "R3: the store has another run than was committed"),
        (Losing, 0, "V2: a run is gone from the store"),
    ],
)
def test_a_store_that_forgets_is_seen(store: Any, lost: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "lost", lost, raising=False)
    before = "start_ACTIVATION resume" if store is Former else "start_ACTIVATION"
    with pytest.raises(Violation, match=said):
        Simulation(store=store).explore(before, "guardian")


def test_a_message_that_no_commit_wrote_is_seen() -> None:
    class Inventive(MemoryStore):
        def lease(self, lease: Any) -> Any:
            leased = super().lease(lease)
            return leased and evolve(leased, id="another")

    with pytest.raises(Violation, match="R5: a relay has a message that no commit wrote"):
        Simulation(store=Inventive).explore(CODE, "relay")


def test_a_purge_that_fails_breaks_nothing() -> None:
    class Away(MemoryStore):
        def purge(self, now: Any, limit: int) -> int:
            raise StoreUnavailable("away")

    Simulation(store=Away).explore(CODE, "purge right_code")


def test_a_trace_may_speak_of_what_is_not_there() -> None:
    simulation = Simulation()
    twins = next(n for n in range(1_000) if simulation._plan(n).twins)
    story, found = simulation.replay(
        twins,
        "go,7;act,1,0,9,claim;act,3,0,0,start_NOWHERE;act,2,0,0,jump;rotate;rotate;rotate;rotate;rotate;rotate;rotate;import,0,0,0,strike",
    )
    assert found is None
    assert "parent" not in "".join(story)


@pytest.mark.parametrize(
    ("counts", "said"), [(True, "passed the cap of "), (False, "passed the lock of mobile_failures")]
)
def test_a_store_that_does_not_count_is_seen(counts: bool, said: str) -> None:
    class Uncounted(MemoryStore):
        """Counts only the limits that lock, or only those that do not."""

        def commit(self, commit: Any) -> Any:
            kept = tuple(one for one in commit.limits if (one.lock is not None) is counts)
            return super().commit(evolve(commit, limits=kept))

    failure = Simulation(store=Uncounted).run(seed=1, worlds=500, seconds=60).failure
    assert failure is not None
    assert f"I3: a commit {said}" in failure.text


def test_the_records_of_a_world_are_found_by_their_ids() -> None:
    records = Records((EMILIE, PAUL))
    assert records.guardians(["g2", "unknown", "g1", "g2"]) == (PAUL, EMILIE)
    records.change("remove", 1)
    assert records.guardians(["g1", "g2"]) == (EMILIE,)
