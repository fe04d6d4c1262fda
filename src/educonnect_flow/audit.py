"""Reads the audit trail: as lines of JSON, or replayed to a state."""

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
    """Replay a run's audit entries over the table of its journey, and return the resulting state.

    :param entries: all entries of one run, in order.
    :param journey: default: the library's journey that the entries name.
    :raises ValueError: when the entries do not begin with the start, when a transition is not in the table, or when
        the library has no such journey.
    """
    state: Enum | None = None
    for entry in entries:
        if entry.event == "Deliver":  # written by the relay: no transition of the run
            continue
        journey = journey or journey_named(entry.journey)
        if entry.journey != journey.name:
            raise ValueError(f"an entry of {entry.journey} among the entries of a run of {journey.name}")
        state = _after(journey, state, entry)
        if entry.dest != state.value:
            raise ValueError(f"{entry.event} leads to {state}, not to {entry.dest!r}")
    if state is None:
        raise ValueError("there are no entries")
    return state


def _after(journey: Journey[Any], state: Enum | None, entry: AuditEntry) -> Enum:
    """The state after *entry*, when the state before is *state*."""
    if entry.event == "Start":
        if state is not None:
            raise ValueError("a second start")
        initial: Enum = journey.table.initial
        return initial
    if state is None or entry.source != state.value:
        raise ValueError(f"{entry.event} in {entry.source!r}, but the entries before lead to {state}")
    if entry.row is None:
        return state
    row = journey.table.named.get(entry.row)
    if row is None or (row.source, row.event.__name__) != (state, entry.event):
        raise ValueError(f"no row {entry.row!r} for {entry.event} in {state}")
    dest: Enum = row.dest
    return dest
