"""The audit trail, read: as lines of JSON, and as a state again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import Enum
from typing import Any

from educonnect_flow._observing import Observer
from educonnect_flow.engine._journey import Journey
from educonnect_flow.journeys import journey_named
from educonnect_flow.records import AuditEntry

__all__ = ["Observer", "json_line", "replay"]


def json_line(number: int, entry: AuditEntry) -> str:
    """*entry* as one line of JSON, without its end of line; times are ISO 8601 in UTC."""
    return json.dumps(
        {
            "number": number,
            "at": entry.at.isoformat(),
            "run": entry.run,
            "journey": entry.journey,
            "event": entry.event,
            "row": entry.row,
            "source": entry.source,
            "dest": entry.dest,
            "reasons": entry.reasons,
            "denied": entry.denied,
            "mobile": entry.mobile,
            "origin": entry.origin,
        },
        ensure_ascii=False,
    )


def replay(entries: Iterable[AuditEntry], journey: Journey[Any] | None = None) -> Enum:
    """The state that a run's trail leads to, over the table of its journey.

    :param entries: all of one run, in order.
    :param journey: default: the one of the library that the entries name.
    :raises ValueError: when the trail does not begin with the start, when a step is not in the table, or when the
        library has no such journey.
    """
    state: Enum | None = None
    for entry in entries:
        if entry.event == "Deliver":  # the relay's: no step of the journey
            continue
        journey = journey or journey_named(entry.journey)
        if entry.journey != journey.name:
            raise ValueError(f"an entry of {entry.journey} in a trail of {journey.name}")
        state = _after(journey, state, entry)
        if entry.dest != state.value:
            raise ValueError(f"{entry.event} leads to {state}, and not to {entry.dest!r}")
    if state is None:
        raise ValueError("an empty trail")
    return state


def _after(journey: Journey[Any], state: Enum | None, entry: AuditEntry) -> Enum:
    """The state after *entry*, which was made in *state*."""
    if entry.event == "Start":
        if state is not None:
            raise ValueError("a second start")
        initial: Enum = journey.table.initial
        return initial
    if state is None or entry.source != state.value:
        raise ValueError(f"{entry.event} in {entry.source!r}, where the trail has led to {state}")
    if entry.row is None:
        return state
    row = journey.table.named.get(entry.row)
    if row is None or (row.source, row.event.__name__) != (state, entry.event):
        raise ValueError(f"no row {entry.row!r} for {entry.event} in {state}")
    dest: Enum = row.dest
    return dest
