"""How port calls fail, and how a story names them."""

from __future__ import annotations

from typing import Any

from educonnect_flow.errors import SmsRejected, SmsUnavailable, StoreUnavailable
from educonnect_flow.records import CommitResult, CommitStatus
from educonnect_flow.testing.simulation._tasks import Call

_PORT_FAILS = "the port is away"


def name_of(call: Call) -> str:
    """The port's method, as a sentence names it."""
    return str(getattr(call.function, "__qualname__", "the port"))


def refused(answer: Any) -> str:
    """That a store refused a commit, and why; else nothing."""
    if isinstance(answer, CommitResult) and answer.status is not CommitStatus.DONE:
        return f" refuses: {answer.status.value}"
    return ""


def failure(call: Call, fate: str) -> Exception:
    """What a port raises that fails."""
    name = call.function.__name__
    if name == "send":
        return {"reject": SmsRejected, "fail": SmsUnavailable}.get(fate, TimeoutError)(_PORT_FAILS)
    if name in STORE:
        return StoreUnavailable(_PORT_FAILS)
    return OSError(_PORT_FAILS)


STORE = frozenset(
    {"load", "commit", "lease", "settle", "release", "tally", "purge", "trail", "entries", "spend", "spent"}
)
