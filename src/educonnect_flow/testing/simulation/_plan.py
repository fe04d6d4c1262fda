"""What is drawn: for each world how it is, and then what happens next in it.

Each world has its own mixture: many parents or few, much that fails or nothing, a clock that steps or does not.  So
each kind of fault is rare in some worlds and frequent in others, and worlds without it go far.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Any

from attrs import frozen

from educonnect_flow.engine._journey import Journey
from educonnect_flow.people import Guardian
from educonnect_flow.settings import Settings
from educonnect_flow.testing.simulation._checks import Checks
from educonnect_flow.testing.simulation._choices import CHANGES, Choice
from educonnect_flow.testing.simulation._moves import Move
from educonnect_flow.testing.simulation._people import HOSTILE, MISTAKEN, RIGHT, Parent, Tab
from educonnect_flow.testing.simulation._tasks import Call, Task
from educonnect_flow.validators import Validators

if TYPE_CHECKING:
    from educonnect_flow.testing.simulation._world import World

FORWARD = (*("61",) * 8, "1", "20", "180", "180", "600", "1500", "1801", "3601", "15000", "90000")
BACK = ("-1", "-61", "-61", "-600", "-1500", "-3600", "-90000")
TABS = 4
"""Of one parent, at most."""


@frozen(kw_only=True, eq=False, slots=False)
class Cast:
    """What all worlds of a simulation have."""

    store: Callable[[], Any]
    journeys: tuple[Journey[Any], ...]
    moves: tuple[Move, ...]
    guardians: Sequence[Guardian]
    checks: Checks
    validators: Validators | None = None
    settings: Settings | None = None


@frozen(kw_only=True, eq=False, slots=False)
class Plan:
    """How one world is."""

    parents: tuple[tuple[str, int, bool], ...]
    """Temper, number of the record that they claim to be, whether they have its phone."""
    processes: int
    human: bool
    settings: Settings
    length: int
    """Choices, but those that are void."""
    twins: bool
    """No parent gets a code, and a second world in which the schools have no records must look the same."""
    meets: bool
    """Parents wait for the slowest, so that they are on the same page."""
    at_once: int
    """Calls under way at the same time, about."""
    rates: tuple[float, ...]
    """How often, of a thousand choices: a process dies, the clock steps, keys are rotated, the records change, a purge
    begins, a relay begins."""
    fates: tuple[float, float, float]
    """Of port calls: late, failing, lost; each share with those before it."""
    gateway: float
    """How often a gateway does not answer as it should."""
    clock: tuple[str, ...]


def drawn(draw: Random, cast: Cast) -> Plan:
    """A plan for one world."""
    some, chance = draw.choice, draw.random
    twins = chance() < 0.1
    tempers: tuple[str, ...] = (RIGHT, RIGHT, MISTAKEN, HOSTILE)
    people, one, meets = len(cast.guardians), chance() < 0.3, chance() < 0.25
    if meets or chance() < 0.3:  # a world in which most get to the end
        tempers = (RIGHT,)
    parents = []
    for _ in range(some((1, 2, 2, 3, 5))):
        temper = some(tempers)
        record = 0 if one else draw.randrange(people)
        parents.append((temper, record, temper != HOSTILE and not twins))
    late, fail, lost = (some((0.0, 0.0, 0.01, 0.08)) for _ in range(3))
    return Plan(
        parents=tuple(parents),
        processes=some((1, 2, 3)),
        human=chance() < 0.3,
        settings=cast.settings or settings_drawn(draw, twins=twins),
        length=some((80, 250, 600)),
        twins=twins,
        meets=meets,
        at_once=some((1, 2, 2, 3, 4, 6)),
        rates=tuple(accumulate((
            some((0, 0, 4, 15)), some((0, 5, 15, 30)), some((0, 0, 4)), 0 if twins else some((0, 0, 10, 25)),
            some((0, 0, 4, 10)), some((60, 120, 180)),
        ))),
        fates=(late, late + fail, late + fail + lost),
        gateway=some((0.0, 0.0, 0.1, 0.5)),
        clock=FORWARD + BACK * some((0, 0, 1)),
    )  # fmt: skip


def settings_drawn(draw: Random, *, twins: bool) -> Settings:
    """Bounds so low that they are met.  Codes are so long that no guess is right by luck."""
    some = draw.choice
    return Settings(
        code_length=12,
        code_failures=some((2, 3, 5)),
        pupils_failures=some((2, 5)),
        mobile_failures=some((3, 5, 10)),
        source_failures=some((None, 4, 200)),
        sms_per_mobile=some((2, 5, 9, 30)),
        sms_per_source=some((3, 200)),
        sms_budget=some((6, 100_000, 100_000)),
        resends=some((1, 2, 3)),
        events_per_run=some((15, 200)),
        tell_unknown_identity=some((True, *(False,) * 7)) and not twins,
        keep_for=timedelta(hours=some((1, 24))),
    )


class Drawing:
    """Draws choices for one world, one after the other."""

    def __init__(self, draw: Random, world: World) -> None:
        self._draw, self._world, self._number = draw, world, 0
        self._moves: dict[Any, tuple[tuple[str, ...], list[float]]] = {}
        plan = world.plan
        self._rates, self._fates, self._at_once = plan.rates, plan.fates, plan.at_once
        self._starts = tuple(
            f"start_{name}" for name, one in world.journeys.items() for _ in range(len(one.table.rows))
        )

    def next(self) -> Choice:
        """What may happen next."""
        world, chance = self._world, self._draw.random
        rare = chance() * 1000
        if rare < self._rates[-1]:
            return self._rare(bisect(self._rates, rare))
        tasks = world.tasks
        if tasks and (len(tasks) >= self._at_once or chance() < 0.6):
            return self._go(list(tasks.values()))
        return self._act()

    def _go(self, tasks: list[Task]) -> Choice:
        chance = self._draw.random
        task = tasks[int(chance() * len(tasks))]
        if self._world.plan.meets and _next_is(task, "commit") and chance() < 0.7:  # so that two commit at once
            task = tasks[int(chance() * len(tasks))]
        return Choice("go", task.number, what=self._fate(task))

    def _fate(self, task: Task) -> str:
        fates, at = self._fates, self._draw.random()
        if at < self._world.plan.gateway and _next_is(task, "send"):
            return self._draw.choice(("fail", "fail", "late", "lost", "reject"))
        return ("late", "fail", "lost")[bisect(fates, at)] if at < fates[2] and type(task.waits) is Call else ""

    def _rare(self, which: int) -> Choice:
        draw, process = self._draw, self._draw.randrange(9)
        if which == 1:
            return Choice("clock", what=draw.choice(self._world.plan.clock))
        if which == 3:
            return Choice("import", who=draw.randrange(9), what=draw.choice(CHANGES))
        kind = ("kill", "", "rotate", "", "purge", "relay")[which]
        if which >= 4:
            self._number += 1
            return Choice(kind, self._number, process=process)
        return Choice(kind, process=process)

    def _act(self) -> Choice:
        draw, world = self._draw, self._world
        parent = world.parents[int(draw.random() * len(world.parents))]
        if world.plan.meets and draw.random() < 0.8:
            parent = min(world.parents, key=_page)
        self._number += 1
        process = int(draw.random() * len(world.flows))
        tabs = [tab for tab in parent.tabs.values() if tab.outcome is not None][-TABS:]
        open_tabs = [tab for tab in tabs if tab.outcome.permitted]
        if not tabs or draw.random() < (0.03 if open_tabs else 0.3):
            return Choice("act", self._number, parent.number, what=draw.choice(self._starts), process=process)
        tab = (open_tabs or tabs)[-1] if draw.random() < 0.8 else draw.choice(tabs)
        return Choice("act", self._number, parent.number, tab.number, self._move(parent, tab), process)

    def _move(self, parent: Parent, tab: Tab) -> str:
        """The name of a move for *tab*."""
        chance = self._draw.random
        other = chance()
        if tab.lost and other < 0.5:
            return "retry"
        if other < 0.07 or not tab.outcome.permitted:
            return self._draw.choice(("again", "again", "resume", "stray", "reuse", "back", "wrong_code", "password"))
        of = (tab.outcome.permitted, parent.temper)
        found = self._moves.get(of)
        if found is None:
            found = self._moves[of] = self._weighed(*of)
        names, weights = found
        return names[bisect(weights, chance() * weights[-1])] if names else "resume"

    def _weighed(self, permitted: Any, temper: str) -> tuple[tuple[str, ...], list[float]]:
        weighed = [
            (move.name, getattr(move, temper))
            for move in self._world.cast.moves
            if move.event in permitted and getattr(move, temper)
        ]
        return tuple(name for name, _ in weighed), list(accumulate(weight for _, weight in weighed))


def _next_is(task: Task, name: str) -> bool:
    """Whether *task* waits for a call of the port's method *name*."""
    return type(task.waits) is Call and getattr(task.waits.function, "__name__", "") == name


def _page(parent: Parent) -> int:
    """The number of the page that a parent is on, of the furthest; -1 when on none that goes on."""
    on = [tab.outcome.state for tab in parent.tabs.values() if tab.outcome is not None and tab.outcome.permitted]
    return max((list(type(state).__members__).index(state.name) for state in on), default=-1)
