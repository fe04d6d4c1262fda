"""All interleavings of a few calls at their port calls, counted."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from educonnect_flow.settings import Settings
from educonnect_flow.testing.simulation._checks import Violation
from educonnect_flow.testing.simulation._choices import CHANGES, Choice
from educonnect_flow.testing.simulation._people import RIGHT
from educonnect_flow.testing.simulation._plan import Cast, Plan
from educonnect_flow.testing.simulation._seeds import drawn_from
from educonnect_flow.testing.simulation._world import World

PARENT, TAB = 0, 1


@frozen(kw_only=True, eq=False, slots=False)
class Explored:
    """What was tried."""

    interleavings: int
    port_calls: int
    longest: int
    """Port calls of the calls at once, at most."""


def explored(cast: Cast, before: str, at_once: str, *, settings: Settings | None = None, parents: int = 1) -> Explored:
    """Try all interleavings of what *at_once* names, after what *before* names, from the beginning each time.

    See ``Simulation.explore``.

    :raises Violation: with its story, when something does not hold.
    """
    plan = Plan(
        parents=((RIGHT, 0, True),) * parents, processes=2, human=False, settings=settings or Settings(code_length=12),
        length=0, twins=False, meets=False, at_once=0, rates=(), fates=(0, 0, 0), gateway=0, clock=(),
    )  # fmt: skip
    waiting: list[list[int]] = [[]]
    tried = calls = longest = 0
    while waiting:
        chosen = waiting.pop()
        with drawn_from("explored"):
            world = World(cast, plan, keep_story=True)
            try:
                taken = _one(world, before.split(), at_once.split(), chosen, waiting)
            except Violation as violation:
                story = "\n".join(world.story or ())
                raise Violation(violation.promise, f"{violation.text}, after\n{story}") from None
            finally:
                world.close()
        tried, calls, longest = tried + 1, calls + world.port_calls, max(longest, taken)
    return Explored(interleavings=tried, port_calls=calls, longest=longest)


def _one(
    world: World, before: Sequence[str], at_once: Sequence[str], chosen: list[int], waiting: list[list[int]]
) -> int:
    for parent in range(len(world.parents)):
        for n, name in enumerate(before):
            world.apply(_choice(name, TAB + n + parent * 100, parent))
            while world.tasks:
                world.apply(Choice("go", next(iter(world.tasks))))
    world.holds = True
    actors = [_Actor(world, _choice(name, 1_000 + n, PARENT)) for n, name in enumerate(at_once)]
    world.holds = False
    taken: list[int] = []
    while True:
        able = [n for n, actor in enumerate(actors) if not actor.ended]
        if not able:
            break
        if len(taken) < len(chosen):
            turn = chosen[len(taken)]
        else:
            turn = able[0]
            waiting.extend([*taken, other] for other in able[1:])
        taken.append(turn)
        actors[turn].step()
    world.end()
    return len(taken)


def _choice(name: str, number: int, parent: int) -> Choice:
    whose, _, what = name.rpartition(":")
    parent = int(whose) if whose else parent
    if what in {"relay", "purge", "kill", "rotate"}:
        return Choice(what, number)
    if what[0] in "+-":
        return Choice("clock", what=what)
    if what in CHANGES:
        return Choice("import", what=what)
    return Choice("act", number, parent, TAB + parent * 100, what, process=number % 2)


class _Actor:
    """One of the calls at once.  Before its first port call it only looks at the clock, in its first step."""

    def __init__(self, world: World, choice: Choice) -> None:
        self._world, self._choice = world, choice
        self._call = choice.kind in {"act", "relay", "purge"}
        self._begun = False
        if self._call and not world.apply(choice):
            raise AssertionError(f"{choice.what} cannot be done here")

    @property
    def ended(self) -> bool:
        return self._choice.task not in self._world.tasks if self._call else self._begun

    def step(self) -> None:
        go = Choice("go", self._choice.task) if self._call else self._choice
        self._world.apply(go)
        if self._call and not self._begun:
            self._world.apply(go)
        self._begun = True
