"""The audit trail, read: as lines of JSON, as a state again, and told to whoever watches."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable

from educonnect_flow.activation.states import State
from educonnect_flow.activation.table import ROWS, TABLE
from educonnect_flow.failures import log_failure
from educonnect_flow.records import AuditEntry

Observer = Callable[[AuditEntry], None]
"""What a host binds to its own metrics: called with every entry, once it is committed."""

_log = logging.getLogger("educonnect_flow")
_ROWS = {row.name: row for row in ROWS}


def json_line(number: int, entry: AuditEntry) -> str:
    """*entry* as one line of JSON, without its end of line; times are ISO 8601 in UTC."""
    return json.dumps(
        {
            "number": number,
            "at": entry.at.isoformat(),
            "activation": entry.activation,
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


def replay(entries: Iterable[AuditEntry]) -> State:
    """The state that an activation's trail leads to, over the table.

    :param entries: all of one activation, in order.
    :raises ValueError: when the trail does not begin with the start, or when a step is not in the table.
    """
    state: State | None = None
    for entry in entries:
        if entry.event == "Deliver":  # the relay's: no step of the journey
            continue
        if entry.event == "Start":
            if state is not None:
                raise ValueError("a second start")
            state = TABLE.initial
        elif state is None or entry.source != state.value:
            raise ValueError(f"{entry.event} in {entry.source!r}, where the trail has led to {state}")
        elif entry.row is not None:
            row = _ROWS.get(entry.row)
            if row is None or (row.source, row.event.__name__) != (state, entry.event):
                raise ValueError(f"no row {entry.row!r} for {entry.event} in {state}")
            state = row.dest
        if entry.dest != state.value:
            raise ValueError(f"{entry.event} leads to {state}, and not to {entry.dest!r}")
    if state is None:
        raise ValueError("an empty trail")
    return state


def tell(entry: AuditEntry, observer: Observer | None) -> None:
    """Log *entry*, and hand it to the *observer*; what that raises is logged, and stops nothing."""
    if _log.isEnabledFor(logging.INFO):
        fields = {
            "activation": entry.activation, "event": entry.event, "row": entry.row, "source": entry.source,
            "dest": entry.dest, "reasons": entry.reasons,
        }  # fmt: skip
        _log.info(
            "%s: %s -> %s%s", entry.event, entry.source or "-", entry.dest,
            f" ({', '.join(entry.reasons)})" if entry.reasons else "", extra={"educonnect_flow": fields},
        )  # fmt: skip
    if observer is not None:
        try:
            observer(entry)
        except Exception as error:  # noqa: BLE001 - a host's metrics must not stop a parent
            log_failure("the observer", error)
