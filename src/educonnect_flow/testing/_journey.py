"""What a journey must keep: subclass it in pytest, give the journey and an event for each of its rows, and run.

::

    class TestMyJourney(JourneyContract):
        journey = MY_JOURNEY
        events = {
            "address.asked": lambda walk: AskAddress(customer="c1", address="2 rue du Port"),
            "address.wrong": lambda walk: SubmitCode(walk.wrong_code()),
            ...
        }
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import attrs

from educonnect_flow._keys import digest
from educonnect_flow.audit import json_line, replay
from educonnect_flow.engine import Event, Journey, Lapse, Outcome, Row, Run
from educonnect_flow.engine._run import dump, load, loaded
from educonnect_flow.flow import Flow
from educonnect_flow.people import Guardian
from educonnect_flow.ports import Message
from educonnect_flow.records import AuditEntry, Commit
from educonnect_flow.settings import Settings
from educonnect_flow.sms import RecordingSms
from educonnect_flow.steps.limits import limits_of
from educonnect_flow.stores import MemoryStore
from educonnect_flow.testing._clock import FakeClock
from educonnect_flow.testing._directory import DirectoryContract
from educonnect_flow.testing._faults import CheapHasher

SHORTEST = 4
"""Characters of a typed text that is looked for in the trail, at least."""


def code_in(message: Message) -> str:
    """The code in an SMS of the library.

    :raises ValueError: when there is none.
    """
    found = re.search(r"#(\d+)$", message.text)
    if found is None:
        raise ValueError("the message holds no code")
    return found[1]


class Watched:
    """A store that notes what it is asked and how many rows are written."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.calls: list[str] = []
        self.rows: list[tuple[int, ...]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)

        def noted(*args: Any) -> Any:
            if name not in _RELAY:
                self.calls.append(name)
            if name == "commit":
                commit: Commit = args[0]
                written = (commit.limits, commit.records, commit.messages, commit.audit)
                self.rows.append(tuple(map(len, written)))
            return method(*args)

        return noted


_RELAY = frozenset({"lease", "settle", "release"})
"""Calls of the relay, which drops a decoy without anything visible outside."""


class Walk:
    """One run on its way through a journey, with a store in memory, a clock to set, and a gateway that keeps all."""

    def __init__(self, journey: Journey[Any, Any], **ports: Any) -> None:
        """Give the ports that differ: ``directory``, ``settings``, …"""
        self.journey = journey
        self.clock, self.sms, self.store = FakeClock(), RecordingSms(), MemoryStore()
        self.watched = Watched(self.store)
        self.settings: Settings = ports.pop("settings", Settings())
        given: dict[str, Any] = {
            "store": self.watched, "sms": self.sms, "clock": self.clock, "secret_key": bytes(32),
            "password_hasher": CheapHasher(), "settings": self.settings, "journeys": [journey], **ports,
        }  # fmt: skip
        self.flow: Flow[Outcome] = Flow(**given)
        self.proved = False
        """Whether the right code was asked for."""
        self.out: Outcome = self.flow.start(journey)

    def submit(self, event: Event, request_id: str | None = None) -> Outcome:
        """Submit *event* with the newest handle."""
        self.out = self.flow.submit(self.out.handle, event, request_id=request_id)
        return self.out

    @property
    def run(self) -> Run:
        """The run, as it is kept."""
        got = self.store.load(digest(self.out.handle))
        assert got is not None
        return loaded(self.journey.run, got.run)

    @property
    def trail(self) -> Sequence[AuditEntry]:
        """The run's audit entries."""
        return self.store.trail(self.run.id)

    def code(self) -> str:
        """The code of the newest message, once the relay has sent it."""
        self.proved = True
        self.flow.deliver()
        return code_in(self.sms.sent[-1])

    def wrong_code(self) -> str:
        """A code of the right form that was never sent."""
        self.flow.deliver()
        sent = set(map(code_in, self.sms.sent))
        length = self.settings.code_length
        return next(code for code in (f"{n:0{length}}" for n in range(1000)) if code not in sent)

    def reach(self, kind: str, event: Event) -> Event:
        """*event*, once the limit *kind* is reached, as by failures elsewhere: ``mobile_failures`` of the run's own
        number, or ``national_failures``.
        """
        key = self.run.counted_under or ""
        for limit in limits_of(kind, key, self.settings):
            for _ in range(limit.cap):
                self._count(limit)
        return event

    def _count(self, limit: Any) -> None:
        got = self.store.load(digest(self.out.handle))
        assert got is not None
        run = attrs.evolve(got.run, version=got.run.version + 1)
        raised = attrs.evolve(self.run, version=run.version)
        run = attrs.evolve(run, body=type(run.body)(None, raised, dump))
        self.store.commit(Commit(run=run, at=self.clock(), purge_at=self.clock(), limits=(limit,)))


Recipe = Callable[[Walk], Event]


class JourneyContract:
    """The rules of a ``Journey``, a test each."""

    journey: ClassVar[Journey[Any, Any]]
    events: ClassVar[Mapping[str, Recipe]]
    """For each row, by its name, an event that takes it once its state is reached; rows for ``Lapse`` need none."""
    strangers: ClassVar[Mapping[str, Recipe]] = {}
    """For the rows that must not show whether a person is known: the same event of an unknown person."""
    ports: ClassVar[Mapping[str, Callable[[], Mapping[str, Any]]]] = {}
    """For each row that needs them, the ports and settings of its flow."""
    guardians: ClassVar[Sequence[Guardian]] = DirectoryContract.guardians

    def walk_to(self, row: Row[Any, Any], known: Recipe | None = None, marked: str = "") -> Walk:
        """A run that is in the source state of *row*.

        :param known: the event for the row *marked*, in place of the one in ``events``.
        """
        from educonnect_flow.directory import StaticDirectory

        given = dict(self.ports.get(row.name, dict)())
        walk = Walk(self.journey, **{"directory": StaticDirectory(self.guardians), **given})
        for step in self._path(row.source):
            event = known if known is not None and step.name == marked else self._recipe(step)
            walk.submit(event(walk))
            assert walk.out.state is step.dest, f"on the way to {row.name}: {step.name} was not taken"
        return walk

    def _path(self, state: Any) -> list[Row[Any, Any]]:
        """The shortest way of accepted rows to *state*."""
        table = self.journey.table
        front: list[tuple[Any, list[Row[Any, Any]]]] = [(table.initial, [])]
        seen = {table.initial}
        while front:
            here, path = front.pop(0)
            if here is state:
                return path
            for row in table.rows:
                if row.source is here and row.accepted and row.dest not in seen:
                    seen.add(row.dest)
                    front.append((row.dest, [*path, row]))
        raise AssertionError(f"no accepted row leads to {state.name}")

    def _recipe(self, row: Row[Any, Any]) -> Recipe:
        assert row.name in self.events, f"events has nothing for the row {row.name}"
        return self.events[row.name]

    def taken(self, row: Row[Any, Any], known: Recipe | None = None, marked: str = "") -> tuple[Walk, Event | None]:
        """A run that has just taken *row*, and the event that it took it for; ``None`` for a row for ``Lapse``."""
        walk = self.walk_to(row, known, marked)
        if row.event is Lapse:
            walk.clock.advance(walk.settings.run_for)
            walk.out = walk.flow.resume(walk.out.handle)
            return walk, None
        event = self._recipe(row)(walk)
        walk.submit(event)
        return walk, event

    # --- the rules ---------------------------------------------------------------------------------

    def test_every_row_is_taken_by_a_run(self) -> None:
        for row in self.journey.table.rows:
            walk, _ = self.taken(row)
            entry = walk.trail[-1]
            assert entry.row == row.name, f"{row.name} was not taken, but {entry.row}: {walk.out.refusals}"
            assert walk.out.state is row.dest
            if row.event is not Lapse:
                assert walk.out.accepted is row.accepted
                assert bool(walk.out.refusals) is not row.accepted, f"{row.name} does not say why"

    def test_every_run_is_written_and_read_the_same(self) -> None:
        for row in self.journey.table.rows:
            run, stored = self._kept(row)
            text = dump(run)
            again = load(self.journey.run, text, stored, run.version)
            assert again == run, f"{row.name}: a field is not read as it was written: {_differences(run, again)}"
            assert dump(again) == text

    def _kept(self, row: Row[Any, Any]) -> tuple[Run, Any]:
        walk, _ = self.taken(row)
        got = walk.store.load(digest(walk.out.handle))
        assert got is not None
        return walk.run, got.run

    def test_a_repeated_request_gets_the_same_answer_and_changes_nothing(self) -> None:
        for row in self.journey.table.rows:
            if row.event is Lapse:
                continue
            walk = self.walk_to(row)
            event, handle = self._recipe(row)(walk), walk.out.handle
            first = walk.submit(event, "the request")
            kept = len(walk.trail)
            assert walk.flow.submit(handle, event, request_id="the request") == first, row.name
            assert len(walk.trail) == kept, f"{row.name}: the same request was taken twice"

    def test_a_page_that_is_loaded_again_shows_the_same(self) -> None:
        for row in self.journey.table.rows:
            walk, _ = self.taken(row)
            again = walk.flow.resume(walk.out.handle)
            assert (again.state, again.view) == (walk.out.state, walk.out.view), row.name

    def test_the_trail_leads_to_the_state_and_holds_nothing_that_was_typed(self) -> None:
        for row in self.journey.table.rows:
            walk, event = self.taken(row)
            assert replay(walk.trail, self.journey) is walk.out.state
            lines = "\n".join(json_line(n, entry) for n, entry in enumerate(walk.trail))
            for text in _texts(event) if event is not None else ():
                assert text not in lines, f"{row.name}: the trail holds what was typed"

    def test_somebody_unknown_sees_and_leaves_what_somebody_known_does(self) -> None:
        rows = self.journey.table.named
        for name, unknown in self.strangers.items():
            marked = rows[name]
            after = [row for row in rows.values() if row.source is marked.dest and not row.accepted]
            for row in after:
                known, _ = self.taken(row)
                if not known.proved:  # what a right code shows is shown to the known alone
                    other, _ = self.taken(row, unknown, name)
                    assert self._seen(known) == self._seen(other), (
                        f"{name}, then {row.name}: somebody unknown is told apart"
                    )

    @staticmethod
    def _seen(walk: Walk) -> list[Any]:
        page = walk.out
        return [
            (page.state, page.accepted, page.refusals, page.permitted, _shown(page.view)),
            [(entry.row, entry.reasons) for entry in walk.trail],
            walk.watched.calls,
            walk.watched.rows,
        ]


def _texts(event: Event) -> list[str]:
    values = [getattr(event, one.name) for one in attrs.fields(type(event))] if attrs.has(type(event)) else []
    return [value for value in values if isinstance(value, str) and len(value) >= SHORTEST]


def _shown(view: Any) -> dict[str, Any]:
    """What a page shows, but for the number itself, which differs."""
    fields = attrs.fields(type(view)) if attrs.has(type(view)) else ()
    return {one.name: getattr(view, one.name) for one in fields if not one.name.startswith("masked")}


def _differences(run: Run, again: Run) -> list[str]:
    return [name for name, value in vars(run).items() if vars(again)[name] != value]
