"""A literal table of rows, checked and built with one shared ``transitions`` machine.

Long because the checks, the machine and the dispatch read the same rows.

The table is the only definition of a journey.  ``compile_table`` refuses one that has an
unreachable state, a trap, a way out of a final state, a name it does not know, a row that can
never be taken, or an event that no row takes when every guard says no; then it builds the machine, once, and freezes
it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from attrs import frozen
from transitions import Machine, State

if TYPE_CHECKING:
    from transitions import EventData

S = TypeVar("S", bound=Enum)
A = TypeVar("A", bound="StepContext[Any]")

Guard = Callable[[A], bool]
Effect = Callable[[A], None]


E = TypeVar("E", bound="Callable[..., None]")


def gated(*guards: Callable[..., bool]) -> Callable[[E], E]:
    """Mark an effect that opens the next step: a row with this effect must have one of *guards*.

    ``compile_table`` refuses a row without it, so that no table opens a step without its proof.
    """

    def mark(effect: E) -> E:
        effect.gates = guards  # type: ignore[attr-defined]  # read by compile_table alone
        return effect

    return mark


class TableError(ValueError):
    """The table has an error; the message names the row, state or event."""


class StepContext(Protocol[S]):
    """The machine's model: it exists for one event and holds what guards and effects need."""

    state: S
    row: Row[S, Any] | None


@frozen(eq=False, repr=False, slots=False)
class Row(Generic[S, A]):
    """One transition.  For one (source, event) the first row whose guards all pass is taken."""

    name: str
    """``state.what``, unique over all journeys; written in the audit trail."""
    source: S
    event: type
    dest: S
    when: tuple[Guard[A], ...] = ()
    do: tuple[Effect[A], ...] = ()
    accepted: bool = True
    """False for a row that refuses the event."""


@frozen(eq=False, repr=False, slots=False)
class Table(Generic[S, A]):
    """Rows that passed every check, and the machine that runs them."""

    rows: tuple[Row[S, A], ...]
    initial: S
    final: frozenset[S]
    machine: Machine
    permitted: Mapping[S, tuple[type, ...]]
    """For each state, the events that have a row, without the internal ones."""
    named: Mapping[str, Row[S, A]]
    """The rows by name."""
    _ways: Mapping[tuple[S, type], tuple[Row[S, A], ...]]
    """The rows of each (state, event), in the machine's order."""

    def accepts(self, state: S, event: type) -> bool:
        """Whether there is a row for (*state*, *event*)."""
        return (state, event) in self._ways

    def fire(self, context: A, event: type) -> Row[S, A] | None:
        """Take *event* in the state of *context*: apply the effects of the first row whose guards all pass, and return
        the row; ``None`` when there is none.

        Equal to the machine's own dispatch, without its bookkeeping; a test compares both.
        """
        for row in self._ways.get((context.state, event), ()):
            for guard in row.when:
                if not guard(context):
                    break
            else:
                context.row = row
                for effect in row.do:
                    effect(context)
                context.state = row.dest
                return row
        return None


def name_of(callback: Any) -> str:
    """The name of a guard or an effect in the diagram; for a ``partial`` its function's, for an object its class's."""
    return getattr(callback, "__name__", None) or name_of(getattr(callback, "func", type(callback)))


class _Check:
    """A row's guards as one ``transitions`` condition; it sets the row on the context when all pass."""

    __slots__ = ("__name__", "_row")

    def __init__(self, row: Row[Any, Any]) -> None:
        self._row = row
        self.__name__ = " and ".join(map(name_of, row.when))

    def __call__(self, event_data: EventData) -> bool:
        context = cast("StepContext[Any]", event_data.model)
        for guard in self._row.when:
            if not guard(context):
                return False
        context.row = self._row
        return True


class _Apply:
    """A row's effects as one ``before`` callback."""

    __slots__ = ("__name__", "_effects")

    def __init__(self, row: Row[Any, Any]) -> None:
        self._effects = row.do
        self.__name__ = " then ".join(map(name_of, row.do))

    def __call__(self, event_data: EventData) -> None:
        for effect in self._effects:
            effect(event_data.model)


def transitions_of(rows: Iterable[Row[Any, Any]]) -> list[dict[str, Any]]:
    """The *rows* in the form that ``transitions`` takes."""
    return [
        {
            "trigger": row.event.__name__,
            "source": row.source.name,
            "dest": row.dest.name,
            "conditions": [_Check(row)],
            "before": [_Apply(row)] if row.do else [],
        }
        for row in rows
    ]


def compile_table(
    rows: tuple[Row[S, A], ...],
    *,
    states: type[S],
    events: Iterable[type],
    initial: S,
    final: frozenset[S],
    internal: frozenset[type] = frozenset(),
) -> Table[S, A]:
    """Check *rows* and build their machine.

    :param events: every event class that a row may name.
    :param internal: the events that only the library fires.
    :raises TableError: names the row, the state or the event with the error.
    """
    known = tuple(events)
    _check_names(rows, states, known)
    for one in known:  # the machine, the audit and the hosts know it by its name
        if sum(other.__name__ == one.__name__ for other in known) > 1:
            raise TableError(f"two events have the name {one.__name__}")
    _check_ends(rows, initial, final, tuple(states))
    _check_order(rows)
    _check_gates(rows)
    machine = Machine(
        model=None,
        name="educonnect_flow",
        states=[State(state) for state in states],
        initial=initial,
        transitions=cast("Any", transitions_of(rows)),
        auto_transitions=False,
        send_event=True,
        queued=False,
    )
    for event in machine.events.values():
        # Reading a missing source of this defaultdict would make it valid.
        cast("Any", event.transitions).default_factory = None
    permitted = {
        state: tuple(
            event
            for event in known
            if event not in internal and any(row.source is state and row.event is event for row in rows)
        )
        for state in states
    }
    named = {row.name: row for row in rows}
    return Table(rows, initial, final, machine, permitted, named, _ways_of(machine, rows))


def _ways_of(machine: Machine, rows: tuple[Row[S, A], ...]) -> dict[tuple[S, type], tuple[Row[S, A], ...]]:
    """The rows of each (state, event), read from the *machine*.

    :raises TableError: when the machine would call something that no row names.
    """
    ways: dict[tuple[S, type], tuple[Row[S, A], ...]] = {}
    events = {row.event.__name__: row.event for row in rows}
    for name, event in machine.events.items():
        for source, transitions in cast("Any", event.transitions).items():
            found = tuple(_row_of(transition) for transition in transitions)
            state = found[0].source
            if source != state.name or any(row.source is not state or row.event is not events[name] for row in found):
                raise TableError(f"the machine confuses rows: {name} in {source}")
            ways[state, events[name]] = found
    return ways


def _row_of(transition: Any) -> Row[Any, Any]:
    """The row from which a *transition* of the machine was built."""
    (condition,) = transition.conditions
    row: Row[Any, Any] = condition.func._row  # noqa: SLF001 - of this module
    applied = [effect for one in transition.before for effect in one._effects]  # noqa: SLF001 - of this module
    if (
        not condition.target
        or applied != list(row.do)
        or transition.prepare
        or transition.after
        or (transition.source, transition.dest) != (row.source.name, row.dest.name)
    ):
        raise TableError(f"the machine does not do what the row {row.name!r} says")
    return row


def _check_callbacks(row: Row[Any, Any]) -> None:
    parts: tuple[Any, ...] = (row.when, row.do)
    if not all(isinstance(part, tuple) for part in parts):
        raise TableError(f"row {row.name!r} needs tuples of guards and effects: is a comma missing?")
    for callback in (*row.when, *row.do):
        if inspect.iscoroutinefunction(getattr(callback, "func", callback)):
            raise TableError(f"row {row.name!r} names a coroutine function: {name_of(callback)} must not be async")


def _check_names(rows: tuple[Row[S, A], ...], states: type[S], events: tuple[type, ...]) -> None:
    seen: set[str] = set()
    for row in rows:
        for state in (row.source, row.dest):
            if not isinstance(state, states):
                raise TableError(f"row {row.name!r} names an unknown state: {state!r}")
        if row.event not in events:
            raise TableError(f"row {row.name!r} names an unknown event: {row.event!r}")
        _check_callbacks(row)
        for callback in (*row.when, *row.do):
            if not callable(callback):
                raise TableError(f"row {row.name!r} names something that is not callable: {callback!r}")
        if row.name in seen:
            raise TableError(f"two rows have the name {row.name!r}")
        seen.add(row.name)
    for event in events:
        if not any(row.event is event for row in rows):
            raise TableError(f"no row takes the event {event.__name__}")


def _check_ends(rows: tuple[Row[S, A], ...], initial: S, final: frozenset[S], states: tuple[S, ...]) -> None:
    for row in rows:
        if row.source in final:
            raise TableError(f"row {row.name!r} leaves the final state {row.source.name}")
    reachable = _closure({initial}, {(row.source, row.dest) for row in rows})
    ending = _closure(set(final), {(row.dest, row.source) for row in rows})
    for state in states:
        if state not in reachable:
            raise TableError(f"the state {state.name} cannot be reached")
    for state in states:
        if state not in ending:
            raise TableError(f"the state {state.name} is a trap: no final state can be reached from it")


def _check_order(rows: tuple[Row[S, A], ...]) -> None:
    closed: dict[tuple[S, type], str] = {}
    for row in rows:
        pair = (row.source, row.event)
        if pair in closed:
            raise TableError(f"row {row.name!r} can never be taken: {closed[pair]!r} before it has no guard")
        if not row.when:
            closed[pair] = row.name
    for row in rows:
        if (row.source, row.event) not in closed:
            raise TableError(
                f"no row takes {row.event.__name__} in {row.source.name} when every guard refuses: "
                "the last one must have no guard"
            )


def _check_gates(rows: tuple[Row[S, A], ...]) -> None:
    for row in rows:
        for effect in row.do:
            gates: tuple[Any, ...] = getattr(effect, "gates", ())
            if gates and not any(guard in gates for guard in row.when):
                asked = " or ".join(map(name_of, gates))
                raise TableError(f"row {row.name!r} has the effect {name_of(effect)} without the guard {asked}")


def _closure(start: set[S], edges: set[tuple[S, S]]) -> set[S]:
    reached, front = set(start), list(start)
    while front:
        here = front.pop()
        for source, dest in edges:
            if source is here and dest not in reached:
                reached.add(dest)
                front.append(dest)
    return reached
