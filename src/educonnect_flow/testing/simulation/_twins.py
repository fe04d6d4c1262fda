"""What must be alike for a known parent and a stranger: all that is answered, and the rows of every commit."""

from __future__ import annotations

from typing import Any

from educonnect_flow._keys import digest
from educonnect_flow.records import Commit
from educonnect_flow.testing.simulation._checks import Violation

ANSWERS, COMMITS, CALLS = "is answered otherwise than", "leaves other rows than", "calls other ports than"
NOTHING = (-1, "", None)
"""In the place of what one of two worlds has not."""

TWINS = ("E1", "E2")
"""Ids of the promises that twins of a world are compared for."""


def seen_in(outcome: Any) -> Any:
    """All that a parent sees of an outcome."""
    if outcome is None:
        return None
    return (
        digest(outcome.handle), outcome.state, outcome.accepted, outcome.refusals, type(outcome.view),
        _fields(outcome.view), outcome.permitted,
    )  # fmt: skip


def _fields(view: Any) -> tuple[tuple[str, Any], ...]:
    names = [field.name for field in getattr(type(view), "__attrs_attrs__", ())]
    return tuple((name, getattr(view, name)) for name in names)


def shape_of(commit: Commit) -> Any:
    """The rows of a commit that must be alike for a known parent and a stranger."""
    answered = commit.answered
    return (
        commit.run.id, commit.run.version, commit.at, commit.purge_at, commit.handle, commit.forget,
        answered and (answered.key, answered.fingerprint, answered.accepted, answered.refusals),
        commit.limits, len(commit.records), [(out.id, out.due_at, out.expires_at) for out in commit.messages],
        commit.cancel_messages, commit.audit,
    )  # fmt: skip


def difference(known: Any, unknown: Any) -> Violation:
    """What to say of two entries of ``World.heard``."""
    number, kind, _ = unknown if known is NOTHING else known
    where = f" (call {number})" if known[0] == unknown[0] else ""
    return Violation("E1" if kind == ANSWERS else "E2", f"a known parent {kind} a stranger{where}")
