"""Logs committed audit entries, and passes them to the host's observer."""

from __future__ import annotations

import logging
from collections.abc import Callable

from educonnect_flow._failures import log_failure
from educonnect_flow.records import AuditEntry

Observer = Callable[[AuditEntry], None]
"""A function of the host, for its metrics: called with every entry after its commit."""

_log = logging.getLogger("educonnect_flow")


def tell(entry: AuditEntry, observer: Observer | None) -> None:
    """Log *entry*, and pass it to the *observer*, whose exceptions are logged and ignored."""
    if _log.isEnabledFor(logging.INFO):
        fields = {
            "run": entry.run, "journey": entry.journey, "event": entry.event, "row": entry.row,
            "source": entry.source, "dest": entry.dest, "reasons": entry.reasons,
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
