"""A run: one parent's way through a journey, between two events.

This is the part that every journey has.  A journey's run is a subclass with the journey's own fields, and its own
``dump_fields`` and ``load_fields``; steps that journeys share bring their part of it as a class between both.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, Self

from attrs import field, frozen

from educonnect_flow.machinery.secrecy import Confidential, made
from educonnect_flow.machinery.text import encode
from educonnect_flow.records import Body, Ref, StoredRun

Kept = dict[str, Any]
"""The text form of a run, parsed."""


@frozen(kw_only=True, slots=False)
class Run(Confidential):
    """One run between two events.  Holds no code, no password, no handle, no full number, no birth date."""

    journey: ClassVar[str]
    """The name of the journey; stored, and never used for another one."""
    states: ClassVar[type[Enum]]
    upcasts: ClassVar[tuple[Callable[[Kept], Kept], ...]] = ()
    """What lifts each version of the text form to the next, from the first on.  A change of shape adds one here, and
    the versions before are read for ever."""

    id: str
    version: int
    """Raised by one with every commit; a commit against another version is refused."""
    state: Any
    """A member of ``states``."""
    created_at: datetime
    seen_at: datetime
    """When the last submit came in: what idle is counted from."""
    latest_at: datetime
    """The latest time that was acted on: when the clock is behind it, it has stepped back."""
    owner: str = ""
    """The account that the run is about; empty when there is none."""
    events: int = 0
    """How many events were submitted."""
    rotation: int = 0
    """How often the handle was renewed."""
    strays: int = 0
    """How often the handle before came with another body than the request that replaced it."""
    source: str | None = field(default=None, repr=False)
    """Keyed hashes of where the request came from, by each of the host's keys, with a space between."""
    prompt: str | None = None
    """The id of the human check's prompt on the page."""

    @property
    def wanted(self) -> tuple[Ref, ...]:
        """Records that are to be read with the run."""
        return ()

    @property
    def counted_under(self) -> str | None:
        """Keyed hash of the mobile that the run is about, for the audit trail; ``None`` when there is none."""
        return None

    def held(self, now: datetime) -> Self:  # noqa: ARG002 - for runs that have something that expires
        """The run as it is to be judged when the clock has stepped back to *now*: nothing lives longer for it."""
        return self

    def newly_expired(self, now: datetime) -> bool:  # noqa: ARG002 - as above
        """Whether the page now shows that something has expired since the run was last looked at."""
        return False

    def dump_fields(self, kept: Kept) -> None:
        """Add the journey's own fields to *kept*; what has its default is left out."""

    @classmethod
    def load_fields(cls, kept: Kept) -> dict[str, Any]:  # noqa: ARG003 - for runs that have fields
        """The journey's own fields out of *kept*: every one, by name."""
        return {}


_PLAIN = ("events", "rotation", "strays", "source", "prompt")
"""Fields that JSON takes as they are, and that are left out when they are empty."""


def dump(run: Run) -> str:
    """*run* as JSON.  What the store keeps beside it (id, owner, version) is not in it."""
    kept: Kept = {
        "format": 1 + len(run.upcasts),
        "state": run.state.value,
        "created_at": run.created_at.isoformat(),
        "seen_at": run.seen_at.isoformat(),
    }
    if run.latest_at != run.seen_at:
        kept["latest_at"] = run.latest_at.isoformat()
    fields = run.__dict__
    for name in _PLAIN:
        value = fields[name]
        if value:
            kept[name] = value
    run.dump_fields(kept)
    return encode(kept)


def load(kind: type[Run], text: str, stored: StoredRun, version: int) -> Run:
    """The run of class *kind* that ``dump`` wrote.

    :param stored: what the store keeps beside it.
    :param version: of this text; that of an answer is older than that of the run.
    :raises ValueError: when *text* was written by a newer version of the library.
    """
    kept: Kept = json.loads(text)
    newest = 1 + len(kind.upcasts)
    if kept["format"] > newest:
        raise ValueError(f"a stored {kind.journey} has format {kept['format']}; this library reads up to {newest}")
    for lift in kind.upcasts[kept["format"] - 1 :]:
        kept = lift(kept)
    get, seen_at = kept.get, datetime.fromisoformat(kept["seen_at"])
    fields: dict[str, Any] = {
        "id": stored.id,
        "owner": stored.owner,
        "version": version,
        "state": kind.states(kept["state"]),
        "created_at": datetime.fromisoformat(kept["created_at"]),
        "seen_at": seen_at,
        "latest_at": datetime.fromisoformat(kept["latest_at"]) if "latest_at" in kept else seen_at,
        "events": get("events", 0),
        "rotation": get("rotation", 0),
        "strays": get("strays", 0),
        "source": get("source"),
        "prompt": get("prompt"),
    }
    return made(kind, fields | kind.load_fields(kept))


def stored(run: Run) -> StoredRun:
    """*run* as a store takes it."""
    return StoredRun(
        id=run.id,
        journey=run.journey,
        owner=run.owner,
        version=run.version,
        wanted=run.wanted,
        body=Body(None, run, dump),
    )


def loaded(kind: type[Run], of: StoredRun) -> Run:
    """The run of class *kind* that a store has kept."""
    return of.body.value(lambda text: load(kind, text, of, of.version))
