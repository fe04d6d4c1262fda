"""A wrong table does not build, and the error names what is wrong."""

from __future__ import annotations

import itertools
from enum import Enum
from functools import partial
from typing import Any

import pytest
from attrs import evolve
from lxml import etree
from transitions import MachineError

from educonnect_flow import GoBack
from educonnect_flow.engine._diagram import drawing, mermaid
from educonnect_flow.engine._event import Lapse
from educonnect_flow.engine._table import Row, TableError, _ways_of, compile_table, gated, name_of
from educonnect_flow.journeys import all_journeys
from educonnect_flow.journeys.activation.run import FINAL, State
from educonnect_flow.journeys.activation.table import EVENTS, ROWS, TABLE


class Door(Enum):
    """A small machine."""

    OPEN = "open"
    SHUT = "shut"
    GONE = "gone"


class Push:
    """An event."""


class Burn:
    """An event."""


class Knock:
    """An event that no row takes."""


def note(context: Any) -> None:
    """An effect."""


def never(context: Any) -> bool:
    """A guard."""
    return False


GOOD: tuple[Row[Door, Any], ...] = (
    Row("open.push", Door.OPEN, Push, Door.SHUT, (never,)),
    Row("open.again", Door.OPEN, Push, Door.OPEN),
    Row("shut.push", Door.SHUT, Push, Door.OPEN),
    Row("shut.burn", Door.SHUT, Burn, Door.GONE),
)


bad_row: Any = Row  # takes what the types would not let through


def build(*rows: Row[Door, Any], events: tuple[type, ...] = (Push, Burn)) -> Any:
    """Compile *rows*."""
    return compile_table(rows, states=Door, events=events, initial=Door.OPEN, final=frozenset({Door.GONE}))


def test_a_good_table_builds() -> None:
    table = build(*GOOD)
    assert table.permitted[Door.SHUT] == (Push, Burn)
    assert table.permitted[Door.GONE] == ()


@pytest.mark.parametrize(
    ("rows", "events", "message"),
    [
        (GOOD[:3], (Push,), "the state GONE cannot be reached"),
        ((GOOD[0], GOOD[1], GOOD[3]), (Push, Burn), None),
        ((*GOOD[:2], Row("shut.push", Door.SHUT, Push, Door.SHUT), Row("open.burn", Door.OPEN, Burn, Door.GONE)),
         (Push, Burn), "SHUT is a trap"),
        ((*GOOD, Row("gone.push", Door.GONE, Push, Door.OPEN)), (Push, Burn), "'gone.push' leaves the final state GONE"),
        ((*GOOD, bad_row("open.x", "nowhere", Push, Door.OPEN)), (Push, Burn), "'open.x' names an unknown state: 'nowhere'"),
        ((*GOOD, bad_row("open.x", Door.OPEN, Push, "nowhere")), (Push, Burn), "'open.x' names an unknown state: 'nowhere'"),
        ((*GOOD, Row("open.x", Door.OPEN, Knock, Door.OPEN)), (Push, Burn), "'open.x' names an unknown event"),
        ((*GOOD, bad_row("shut.x", Door.SHUT, Push, Door.OPEN, ("text",))), (Push, Burn), "is not callable: 'text'"),
        ((*GOOD, GOOD[3]), (Push, Burn), "two rows have the name 'shut.burn'"),
        ((*GOOD, Row("open.late", Door.OPEN, Push, Door.SHUT, (never,))), (Push, Burn),
         "'open.late' can never be taken: 'open.again' before it has no guard"),
        (GOOD, (Push, Burn, Knock), "no row takes the event Knock"),
    ],
)  # fmt: skip
def test_a_wrong_table_names_what_is_wrong(rows: Any, events: Any, message: str | None) -> None:
    if message is None:
        build(*rows, events=events)
        return
    with pytest.raises(TableError, match=message):
        build(*rows, events=events)


@pytest.mark.parametrize("name", [row.name for row in ROWS])
def test_the_journey_says_which_row_it_misses_or_builds_without(name: str) -> None:
    """Taking out any one row either breaks a rule that the compiler names, or only narrows the journey."""
    rows = tuple(row for row in ROWS if row.name != name)
    try:
        compile_table(
            rows, states=State, events=(*EVENTS, Lapse), initial=State.PROFILE, final=FINAL,
            internal=frozenset({Lapse}),
        )  # fmt: skip
    except TableError as error:
        assert any(state.name in str(error) for state in State) or "no row takes" in str(error)


def test_the_machine_is_frozen_and_shared() -> None:
    for event in TABLE.machine.events.values():
        with pytest.raises(KeyError):
            event.transitions["nowhere"]
    assert TABLE.machine.models == []
    assert not hasattr(TABLE.machine, "to_ACTIVATED")


# --- the dispatch, read off the machine ----------------------------------------------------------------


class Traced:
    """An attempt whose guards answer as they are told, and which notes every call in its order."""

    def __init__(self, state: State, passing: frozenset[str]) -> None:
        self.state, self.passing = state, passing
        self.row: Any = None
        self.calls: list[str] = []


def traced(rows: tuple[Any, ...]) -> tuple[Any, ...]:
    """*rows* with the same names, states and events, whose guards and effects only note that they were called."""

    def guard(name: str) -> Any:
        def ask(context: Traced) -> bool:
            context.calls.append(f"{name}?")
            return name in context.passing

        return ask

    def effect(name: str) -> Any:
        def note(context: Traced) -> None:
            context.calls.append(f"{name} in {context.state.name} by {context.row.name}")

        return note

    return tuple(
        evolve(
            row,
            when=tuple(guard(one.__name__) for one in row.when),
            do=tuple(effect(one.__name__) for one in row.do),
        )
        for row in rows
    )


def test_the_dispatch_is_the_machine_for_every_state_event_and_outcome_of_the_guards() -> None:
    table = compile_table(
        traced(ROWS), states=State, events=(*EVENTS, Lapse), initial=State.PROFILE, final=FINAL,
        internal=frozenset({Lapse}),
    )  # fmt: skip
    tried = 0
    for state, event in itertools.product(State, (*EVENTS, Lapse)):
        names = sorted(
            {guard.__name__ for row in ROWS if (row.source, row.event) == (state, event) for guard in row.when}
        )
        for size in range(len(names) + 1):
            for passing in map(frozenset, itertools.combinations(names, size)):
                by_dispatch, by_machine = Traced(state, passing), Traced(state, passing)
                row = table.fire(by_dispatch, event)
                if table.accepts(state, event):
                    table.machine.events[event.__name__].trigger(by_machine)
                else:  # the machine refuses what no row takes
                    with pytest.raises(MachineError):
                        table.machine.events[event.__name__].trigger(by_machine)
                assert row is by_machine.row
                assert vars(by_dispatch) == vars(by_machine)
                tried += 1
    assert tried > 300


@pytest.mark.parametrize(
    "change",
    [
        lambda transition: transition.after.append(never),
        lambda transition: transition.prepare.append(never),
        lambda transition: transition.before.clear(),
        lambda transition: setattr(transition, "dest", "PROFILE"),
        lambda transition: setattr(transition.conditions[0], "target", False),
    ],
)
def test_a_machine_that_does_something_else_than_its_rows_is_refused(change: Any) -> None:
    table = compile_table(
        ROWS, states=State, events=(*EVENTS, Lapse), initial=State.PROFILE, final=FINAL, internal=frozenset({Lapse})
    )
    (transition,) = table.machine.events["ClaimIdentity"].transitions["IDENTITY"][:1]
    change(transition)
    with pytest.raises(TableError, match=r"identity\.claim"):
        _ways_of(table.machine, ROWS)


def test_a_machine_whose_rows_were_exchanged_is_refused() -> None:
    table = compile_table(
        ROWS, states=State, events=(*EVENTS, Lapse), initial=State.PROFILE, final=FINAL, internal=frozenset({Lapse})
    )
    transitions: Any = table.machine.events["ClaimIdentity"].transitions
    transitions["IDENTITY"].append(table.machine.events["SubmitCode"].transitions["CODE"][0])
    with pytest.raises(TableError, match="confuses rows: ClaimIdentity in IDENTITY"):
        _ways_of(table.machine, ROWS)


def test_two_events_of_one_name_are_refused() -> None:
    other: Any = type("Push", (), {})
    rows: Any = (
        Row("open.push", Door.OPEN, Push, Door.SHUT),
        Row("shut.push", Door.SHUT, other, Door.OPEN),
        Row("open.burn", Door.OPEN, Burn, Door.GONE),
    )
    with pytest.raises(TableError, match="two events have the name Push"):
        compile_table(rows, states=Door, events=(Push, other, Burn), initial=Door.OPEN, final=frozenset({Door.GONE}))


def test_a_guard_without_a_name_may_stand_in_a_row() -> None:
    rows: Any = (
        Row("open.push", Door.OPEN, Push, Door.SHUT, (partial(never),)),
        Row("open.burn", Door.OPEN, Burn, Door.GONE),
        Row("open.shut", Door.OPEN, Push, Door.SHUT, (), (partial(note),)),
        Row("shut.burn", Door.SHUT, Burn, Door.GONE),
    )
    table: Any = compile_table(rows, states=Door, events=(Push, Burn), initial=Door.OPEN, final=frozenset({Door.GONE}))
    context: Any = Traced(Door.OPEN, frozenset())  # type: ignore[arg-type]  # a state of another machine
    assert table.fire(context, Push).name == "open.shut"
    assert "never" in mermaid(table)


@pytest.mark.promise("F1")
def test_an_effect_that_opens_something_needs_its_guard() -> None:
    def proved(context: Any) -> bool:
        return True

    @gated(proved, never)
    def opens(context: Any) -> None:
        """An effect that opens something."""

    gone = GOOD[3]
    for guards in ((proved,), (never,), (never, proved)):
        assert build(*GOOD[:3], evolve(gone, when=guards, do=(note, opens)), evolve(gone, name="shut.not"))
    with pytest.raises(TableError, match="row 'shut.burn' has the effect opens without the guard proved or never"):
        build(*GOOD[:3], evolve(gone, do=(opens,)))


@pytest.mark.promise("F1")
@pytest.mark.parametrize("journey", all_journeys(), ids=lambda journey: journey.name)
def test_no_journey_opens_a_step_without_its_guard(journey: Any) -> None:
    """Each row that opens something, with another guard in place of its own, is refused."""
    opening = [row for row in journey.table.rows if any(hasattr(effect, "gates") for effect in row.do)]
    assert opening
    for row in opening:
        rows = tuple(evolve(one, when=(never,)) if one is row else one for one in journey.table.rows)
        with pytest.raises(TableError, match=f"row {row.name!r} has the effect .* without the guard "):
            compile_table(
                rows,
                states=journey.run.states,
                events=(*journey.events, Lapse),
                initial=journey.table.initial,
                final=journey.table.final,
                internal=frozenset({Lapse}),
            )


def test_what_sets_a_password_or_ends_a_proof_is_marked() -> None:
    gates = {
        name_of(effect): {name_of(gate) for gate in effect.gates}
        for journey in all_journeys()
        for row in journey.table.rows
        for effect in row.do
        if hasattr(effect, "gates")
    }
    assert gates == {
        "accept_code": {"code_right"},
        "show_pupils": {"code_right"},
        "record_pupils": {"pupils_right"},
        "keep_names": {"code_right"},
        "create_account": {"password_holds"},
        "show_identifiers": {"code_right"},
    }


# --- the drawing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("journey", all_journeys(), ids=lambda journey: journey.name)
def test_the_drawing_has_every_row_that_leaves_a_page(journey: Any) -> None:
    drawn = drawing(journey.table, GoBack, Lapse)
    root = etree.fromstring(drawn)
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    for row in journey.table.rows:
        asked = [f"[{name_of(guard).replace('_', ' ')}]" for guard in row.when]
        leaves = row.event not in (GoBack, Lapse) and row.source is not row.dest
        if leaves:
            assert " ".join([row.event.__name__, *asked]) in texts
        assert row.source.name in texts
    refused = [row for row in journey.table.rows if not row.accepted and row.event is not Lapse]
    dashed = {(row.source, row.dest) for row in refused if row.source is not row.dest}
    assert drawn.count('class="dashed"') == len(dashed)


def test_no_two_texts_of_a_drawing_overlap() -> None:
    for journey in all_journeys():
        root = etree.fromstring(drawing(journey.table, GoBack, Lapse))
        boxes = []
        for text in root.iter("{http://www.w3.org/2000/svg}text"):
            x, y, width = int(text.attrib["x"]), int(text.attrib["y"]), 7 * len(text.text or "")
            left = x - width // 2 if text.get("class") == "name" else x
            assert 0 <= left < left + width <= 760
            boxes.append((left, left + width, y - 10, y + 3))
        for one, other in itertools.combinations(boxes, 2):
            assert one[1] <= other[0] or other[1] <= one[0] or one[3] <= other[2] or other[3] <= one[2], (one, other)


def test_a_state_beside_the_way_is_in_the_note() -> None:
    class Path(Enum):
        FIRST = "first"
        LONG = "long"
        SHORT = "short"
        END = "end"

    rows: Any = (
        Row("first.long", Path.FIRST, Push, Path.LONG, (never,)),
        Row("first.short", Path.FIRST, Push, Path.SHORT),
        Row("long.burn", Path.LONG, Burn, Path.END),
        Row("short.burn", Path.SHORT, Burn, Path.END),
    )
    table = compile_table(rows, states=Path, events=(Push, Burn), initial=Path.FIRST, final=frozenset({Path.END}))
    drawn = drawing(table, GoBack, Lapse)
    assert "Beside the main path: SHORT → END." in drawn
    assert "GoBack" not in drawn
    assert "Lapse" not in drawn


def test_a_guard_that_is_a_coroutine_function_is_refused() -> None:
    async def waits(context: Any) -> bool:
        return False

    for more in ({"when": (waits,)}, {"do": (waits,)}, {"when": (partial(waits),)}):
        with pytest.raises(TableError, match="row 'open.push' names a coroutine function: waits must not be async"):
            build(evolve(GOOD[0], **more), *GOOD[1:])


def test_a_missing_comma_is_named() -> None:
    for more in ({"when": never}, {"do": note}):
        with pytest.raises(TableError, match="row 'open.push' needs tuples"):
            build(evolve(GOOD[0], **more), *GOOD[1:])
