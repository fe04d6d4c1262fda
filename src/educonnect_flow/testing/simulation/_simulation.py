"""Many worlds, one after the other, each out of a seed; and what is said when something does not hold."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from random import Random
from typing import Any

from educonnect_flow.engine._journey import Journey
from educonnect_flow.errors import WrongUse
from educonnect_flow.journeys import all_journeys
from educonnect_flow.people import Guardian
from educonnect_flow.settings import Settings
from educonnect_flow.stores import MemoryStore
from educonnect_flow.testing.simulation._checks import Checks, Violation
from educonnect_flow.testing.simulation._choices import Choice, read, written
from educonnect_flow.testing.simulation._exploring import Explored, explored
from educonnect_flow.testing.simulation._guarded import Codes, Guesses, Handles, Limits
from educonnect_flow.testing.simulation._moves import MOVES, Move
from educonnect_flow.testing.simulation._people import GUARDIANS
from educonnect_flow.testing.simulation._plan import Cast, Drawing, Plan, drawn
from educonnect_flow.testing.simulation._posted import Delivery, Leases, Sending
from educonnect_flow.testing.simulation._promised import Accounts, Answers, Ends, Pupils, Trail, Versions
from educonnect_flow.testing.simulation._report import Failure, Report
from educonnect_flow.testing.simulation._seeds import drawn_from
from educonnect_flow.testing.simulation._shrinking import shortened
from educonnect_flow.testing.simulation._twins import NOTHING, TWINS, difference
from educonnect_flow.testing.simulation._world import World
from educonnect_flow.validators import Validators

CHECKS: Checks = (
    Versions, Ends, Limits, Guesses, Codes, Handles, Accounts, Pupils, Answers, Trail, Leases, Sending, Delivery,
)  # fmt: skip
"""What the library promises."""

LOOK = 200
"""Choices between two looks at a whole world."""


class Simulation:
    """Journeys, a store and validators in a world in which everything may happen between any two port calls.

    :param store: makes an empty store for a world; synchronous, or asynchronous with no other ``await`` than that of
        ``pause`` (any other goes through ``educonnect_flow.testing._as_sync``).
    :param journeys: default: all of the library.
    :param moves: what parents do; default: those of the library.  A host adds its own.
    :param guardians: the school records; default: four invented ones.
    :param validators: default: the guide's.
    :param settings: default: drawn for each world, with low bounds.
    :param checks: beside those of the library.
    :raises WrongUse: when two moves have one name, or there is no guardian.
    """

    def __init__(
        self,
        *,
        store: Callable[[], Any] = MemoryStore,
        journeys: Iterable[Journey[Any]] | None = None,
        moves: Iterable[Move] = MOVES,
        guardians: Sequence[Guardian] = GUARDIANS,
        validators: Validators | None = None,
        settings: Settings | None = None,
        checks: Checks = (),
    ) -> None:
        self._cast = Cast(
            store=store,
            journeys=tuple(all_journeys() if journeys is None else journeys),
            moves=tuple(moves),
            guardians=tuple(guardians),
            checks=(*CHECKS, *checks),
            validators=validators,
            settings=settings,
        )
        if len({move.name for move in self._cast.moves}) < len(self._cast.moves):
            raise WrongUse("two moves have one name")
        if not self._cast.guardians:
            raise WrongUse("guardians must be one or more: parents claim to be one of them")

    def run(
        self,
        *,
        seconds: float | None = None,
        worlds: int | None = None,
        seed: int | None = None,
        shorten: float = 20.0,
    ) -> Report:
        """Run worlds until *seconds* have passed or so many *worlds* have ended, or something does not hold.

        :param seed: of the first world; the next has the next number.  Default: a new one.
        :param shorten: seconds that a trace may be shortened for.
        """
        given = [bound for bound in (seconds, worlds) if bound is not None]
        if not given or not all(bound > 0 for bound in given):
            raise WrongUse("run needs seconds= or worlds=, above nothing")
        first = secrets.randbelow(10**9) if seed is None else seed
        began, totals, failure = time.perf_counter(), [0, 0, 0, 0], None
        while failure is None and totals[0] != worlds and not _is_up(began, seconds):
            failure = self._one(first + totals[0], totals, shorten)
        made, choices, port_calls, answers = totals
        return Report(
            seed=first, worlds=made, choices=choices, port_calls=port_calls, answers=answers,
            seconds=time.perf_counter() - began, failure=failure, checked=self.checked,
        )  # fmt: skip

    @property
    def checked(self) -> tuple[str, ...]:
        """Ids of the promises that are checked."""
        made: Iterable[Any] = self._cast.checks
        words = {word for check in made for word in getattr(check, "promises", "").split()} | {*TWINS}
        return tuple(sorted(words, key=lambda word: (word[0], len(word), word)))

    def explore(self, before: str, at_once: str, *, settings: Settings | None = None, parents: int = 1) -> Explored:
        """Try *all* interleavings of the calls that *at_once* names, after those that *before* names.

        Names are those of moves, of one parent's tab; ``relay`` and ``purge``; ``kill`` of the process; ``+61`` and
        ``-61``: a step of the clock, in seconds; ``strike`` and the like: a change of the records.  ``1:password`` is
        parent number 1's.  A call with *n* port calls has *n* steps; a step of the clock is one.

        :raises Violation: with its story, when something does not hold.
        """
        return explored(self._cast, before, at_once, settings=settings, parents=parents)

    def replay(self, seed: int, trace: str) -> tuple[tuple[str, ...], str | None]:
        """What *trace* comes to in the world of *seed*: its story, and what does not hold, if anything."""
        found, story, _ = self._replayed(self._plan(seed), seed, read(trace), keep_story=True)
        return story, str(found) if found is not None else None

    def trace(self, seed: int) -> str:
        """All that happens in the world of *seed*, as text: choices, port calls, answers."""
        plan = self._plan(seed)
        with self._world(plan, seed, keep_story=True) as world:
            trace, found = _draw(world, seed)
            story = list(world.story or ())
        return "\n".join([written(trace), *story, str(found)])

    # --- one world ---------------------------------------------------------------------------------

    def _plan(self, seed: int) -> Plan:
        return drawn(Random(f"{seed}/plan"), self._cast)  # noqa: S311 - to be repeated

    @contextmanager
    def _world(self, plan: Plan, seed: int, **more: bool) -> Any:
        with drawn_from(str(seed)):
            world = World(self._cast, plan, **more)
            try:
                yield world
            finally:
                world.close()

    def _one(self, seed: int, totals: list[int], shorten: float) -> Failure | None:
        plan = self._plan(seed)
        with self._world(plan, seed) as world:
            if plan.twins:
                world.heard = []
            trace, found = _draw(world, seed)
            for n, more in enumerate((1, len(trace), world.port_calls, world.answers)):
                totals[n] += more
            heard = world.heard
        if found is None and heard is not None:
            found = self._compared(plan, seed, trace, heard)
            totals[2] += world.port_calls  # the twin made as many, or about
        return self._failure(plan, seed, trace, found, shorten) if found is not None else None

    def _compared(self, plan: Plan, seed: int, trace: list[Choice], heard: list[Any]) -> Violation | None:
        """What differs when the schools have no records."""
        with self._world(plan, seed, unknown=True) as world:
            world.heard = []
            found = _apply(world, trace)
            if found is not None:
                return found
            for known, unknown in zip_longest(heard, world.heard, fillvalue=NOTHING):
                if known != unknown:
                    return difference(known, unknown)
        return None

    def _replayed(
        self, plan: Plan, seed: int, trace: list[Choice], *, keep_story: bool = False
    ) -> tuple[Violation | None, tuple[str, ...], int]:
        with self._world(plan, seed, keep_story=keep_story) as world:
            if plan.twins:
                world.heard = []
            found = _apply(world, trace)
            heard, story, steps = world.heard, tuple(world.story or ()), world.port_calls
        if found is None and heard is not None:
            found = self._compared(plan, seed, trace, heard)
        return found, story, steps

    def _failure(self, plan: Plan, seed: int, trace: list[Choice], found: Violation, seconds: float) -> Failure:
        def broken(candidate: list[Choice]) -> bool:
            again = self._replayed(plan, seed, candidate)[0]
            return again is not None and again.promise == found.promise

        short = shortened(trace, broken, seconds) if seconds and broken(trace) else trace
        again, story, _ = self._replayed(plan, seed, short, keep_story=True)
        return Failure(
            promise=found.promise,
            text=str(again or found),
            seed=seed,
            choices=len(trace),
            trace=written(short),
            story=story,
        )


def _is_up(began: float, seconds: float | None) -> bool:
    return seconds is not None and time.perf_counter() - began >= seconds


def _draw(world: World, seed: int) -> tuple[list[Choice], Violation | None]:
    """Draw choices until the plan's length; what happened, and what did not hold."""
    drawing, trace = Drawing(Random(f"{seed}/choices"), world), []  # noqa: S311 - to be repeated
    try:
        for n in range(world.plan.length):
            choice = drawing.next()
            trace.append(choice)
            if not world.apply(choice):
                trace.pop()
            if n % LOOK == LOOK - 1:
                world.look()
        world.end()
    except Violation as violation:
        return trace, violation
    return trace, None


def _apply(world: World, trace: list[Choice]) -> Violation | None:
    try:
        for choice in trace:
            world.apply(choice)
        world.end()
    except Violation as violation:
        return violation
    return None
