"""A journey of a host's own runs over the same engine and the same stores, with nothing of the library's journeys in it."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import Any, ClassVar

import pytest
from attrs import frozen

from educonnect_flow._keys import digest
from educonnect_flow.audit import replay
from educonnect_flow.engine._event import Event, Lapse
from educonnect_flow.engine._journey import Journey
from educonnect_flow.engine._ports import LoadContext
from educonnect_flow.engine._run import Run, dump
from educonnect_flow.engine._step import Draft, Facts, StepContext
from educonnect_flow.engine._table import Row, compile_table
from educonnect_flow.errors import NotNow, StoreUnavailable, WrongUse
from educonnect_flow.flow import Flow
from educonnect_flow.ports import Store
from educonnect_flow.records import CommitResult, CommitStatus, Record, Ref
from educonnect_flow.stores import MemoryStore
from educonnect_flow.testing._clock import START
from tests.world import World, reasons


class Door(Enum):
    SHUT = "shut"
    OPEN = "open"
    GONE = "gone"


@frozen(slots=False)
class Knock(Event):
    who: str


@frozen(kw_only=True, slots=False)
class DoorRun(Run):
    journey: ClassVar[str] = "DOOR"
    states: ClassVar[type[Door]] = Door


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class GuestFacts(Facts):
    known: tuple[Record, ...]
    times: int


async def load_guest(loading: LoadContext[DoorRun, Knock]) -> GuestFacts:
    ports, ref = loading.ports, Ref("guest", key=loading.event.who)
    known = await ports.stored(ports.store.find, (ref,))
    return GuestFacts(known=known, times=len(loading.retry.conflicts))


def note(context: StepContext[DoorRun, Knock, GuestFacts]) -> None:
    who = context.event.who
    version = context.facts.known[0].version + 1 if context.facts.known else 1
    context.records.append(
        Draft(kind="guest", key=who, owner=who, version=version, body={"knocks": version}, names=("sort:guest",))
    )


DOOR: Journey[DoorRun] = Journey(
    run=DoorRun,
    table=compile_table(
        (
            Row("door.opened", Door.SHUT, Knock, Door.OPEN, (), (note,)),
            Row("door.idle", Door.SHUT, Lapse, Door.GONE, accepted=False),
        ),
        states=Door,
        events=(Knock, Lapse),
        initial=Door.SHUT,
        final=frozenset({Door.OPEN, Door.GONE}),
        internal=frozenset({Lapse}),
    ),
    events=(Knock,),
    facts={Knock: load_guest},
    views=dict.fromkeys(Door, lambda run, settings, prompt: run.state.name),
)


def test_it_runs_over_every_store(store: Store) -> None:
    world = World(store, kind=Flow, journeys=[DOOR])
    out = world.flow.start(DOOR)
    for knocks in (1, 2):
        out = world.flow.start(DOOR, source="here")
        assert (out.journey, out.state, out.view, out.permitted) == ("DOOR", Door.SHUT, "SHUT", (Knock,))
        out = world.submit(out, Knock("lea"), "r")
        assert (out.accepted, out.state) == (True, Door.OPEN)
        assert world.submit(out, Knock("lea"), "r") == out
        (guest,) = store.find((Ref("guest", name="sort:guest"),))
        assert (guest.key, guest.version, guest.body) == ("lea", knocks, f'{{"knocks":{knocks}}}')
    loaded = store.load(digest(out.handle))
    assert loaded is not None
    assert replay(store.trail(loaded.run.id), DOOR) is Door.OPEN
    with pytest.raises(NotNow):
        world.flow.assess_password(out.handle, "x")


def test_it_is_resumed_and_expires(store: Store) -> None:
    world = World(store, kind=Flow, journeys=[DOOR])
    out = world.flow.start(DOOR)
    world.clock.advance(timedelta(minutes=-1))  # the clock steps back
    assert world.flow.resume(out.handle).state is Door.SHUT
    world.clock.advance(hours=3)
    assert world.flow.resume(out.handle).state is Door.GONE


def test_a_run_that_has_nothing_of_its_own_says_so() -> None:
    plain = DoorRun(id="d", version=1, state=Door.SHUT, created_at=START, seen_at=START, latest_at=START)
    assert plain.wanted == ()
    assert plain.counted_under is None
    assert plain.after_clock_step(START) is plain
    assert not plain.newly_expired(START)
    assert "'SHUT'" not in dump(plain)


def test_a_start_that_always_meets_another_ends_in_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy(MemoryStore):
        def commit(self, commit: Any) -> CommitResult:
            return CommitResult(CommitStatus.STALE)

    world = World(Busy(), kind=Flow, journeys=[DOOR])
    with pytest.raises(StoreUnavailable, match="too many concurrent changes"):
        world.flow.start(DOOR, event=Knock("lea"))


def test_two_journeys_of_one_name_are_refused() -> None:
    other = Journey(run=DoorRun, table=DOOR.table, events=DOOR.events, facts=DOOR.facts, views=DOOR.views)
    with pytest.raises(WrongUse, match="two journeys have the name DOOR"):
        World(kind=Flow, journeys=[DOOR, other])


def test_a_start_reads_what_another_wrote_meanwhile() -> None:
    """A record that changed between the reading and the commit: decided again, with what is there now."""

    class Meanwhile(MemoryStore):
        met = False

        def commit(self, commit: Any) -> CommitResult:
            if commit.records and not self.met:
                self.met = True
                World(self, kind=Flow, journeys=[DOOR]).flow.start(DOOR, event=Knock("lea"))
            return super().commit(commit)

    store = Meanwhile()
    out = World(store, kind=Flow, journeys=[DOOR]).flow.start(DOOR, event=Knock("lea"))
    assert (out.accepted, reasons(out)) == (True, [])
    assert store.find((Ref("guest", key="lea"),))[0].version == 2
