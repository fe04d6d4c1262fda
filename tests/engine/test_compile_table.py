"""A wrong table does not build, and the error names what is wrong."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest

from educonnect_flow.activation.events import PUBLIC, Lapse
from educonnect_flow.activation.states import FINAL, State
from educonnect_flow.activation.table import ROWS, TABLE
from educonnect_flow.machinery.table import Row, TableError, compile_table


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


def never(attempt: Any) -> bool:
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
        ((*GOOD, Row("gone.push", Door.GONE, Push, Door.OPEN)), (Push, Burn), "'gone.push' leads out of the final state GONE"),
        ((*GOOD, bad_row("open.x", "nowhere", Push, Door.OPEN)), (Push, Burn), "'open.x' names an unknown state: 'nowhere'"),
        ((*GOOD, bad_row("open.x", Door.OPEN, Push, "nowhere")), (Push, Burn), "'open.x' names an unknown state: 'nowhere'"),
        ((*GOOD, Row("open.x", Door.OPEN, Knock, Door.OPEN)), (Push, Burn), "'open.x' names an unknown event"),
        ((*GOOD, bad_row("shut.x", Door.SHUT, Push, Door.OPEN, ("text",))), (Push, Burn), "cannot be called: 'text'"),
        ((*GOOD, GOOD[3]), (Push, Burn), "two rows are called 'shut.burn'"),
        ((*GOOD, Row("open.late", Door.OPEN, Push, Door.SHUT, (never,))), (Push, Burn),
         "'open.late' can never be taken: 'open.again' before it takes all"),
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
            rows, states=State, events=(*PUBLIC, Lapse), initial=State.PROFILE, final=FINAL,
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
