"""What may happen next in a world, one value for each choice; a list of them is a trace, which can be written as text.

Each says all that it means, so that a trace is still one when some of its choices are left out: a choice that speaks of
what is not there (of a call that never began, say) is void.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

FATES = ("", "late", "fail", "lost", "reject")
"""What becomes of a port call: it answers; it takes effect, and its answer is under way; it fails before its effect; it
takes effect, and its answer is lost; the gateway rejects the message for ever."""


CHANGES = ("strike", "remove", "restore")
"""How the records change."""

LONGEST_STEP = 10**9
"""Seconds that the clock may step, about."""


class Choice(NamedTuple):
    """One choice of the scheduler."""

    kind: str
    """``act``: a parent does something; ``relay``, ``purge``: a process begins to; ``go``: a call goes on; ``kill``: a
    process dies; ``clock``: the clock steps; ``rotate``: the next process gets the next keys; ``import``: the records
    change."""
    task: int = 0
    """``act``, ``relay``, ``purge``: the number of the call that begins; ``go``: of the call that goes on."""
    who: int = 0
    """The number of a parent, or of a record of the directory."""
    tab: int = 0
    """The number of the call that opened the tab."""
    what: str = ""
    """The name of a move, a fate, a change of the records; the seconds of a step of the clock."""
    process: int = 0


def written(trace: Iterable[Choice]) -> str:
    """*trace* as text."""
    return ";".join(_one(choice) for choice in trace)


def _one(choice: Choice) -> str:
    fields = [str(field) for field in choice]
    while fields[-1] in {"0", ""}:
        del fields[-1]
    return ",".join(fields)


def read(text: str) -> list[Choice]:
    """The trace that ``written`` wrote.

    :raises ValueError: when it is none.
    """
    trace = []
    for part in filter(None, map(str.strip, text.split(";"))):
        kind, *fields = part.split(",")
        choice = None
        try:
            choice = Choice(kind, *(read_as(field) for read_as, field in zip(_FIELDS, fields, strict=False)))
            right = len(fields) <= len(_FIELDS) and _MEANS[kind](choice.what)
        except (KeyError, ValueError):
            right = False
        if choice is None or not right:
            raise ValueError(f"no choice is written {part!r}")
        trace.append(choice)
    return trace


_FIELDS = (int, int, int, str, int)
_MEANS: dict[str, Callable[[str], bool]] = {
    "act": bool,
    "relay": lambda what: not what,
    "purge": lambda what: not what,
    "go": FATES.__contains__,
    "kill": lambda what: not what,
    "clock": lambda what: abs(int(what)) < LONGEST_STEP,
    "rotate": lambda what: not what,
    "import": CHANGES.__contains__,
}
"""By kind: what its ``what`` may be."""
