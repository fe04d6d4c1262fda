"""A run: one parent's way through a journey, between two events.

This is the part that every journey has.  A journey's run is a subclass with the journey's own fields; steps that
journeys share bring their part of it as a class between both.  Each field says how it is written as JSON (``saved``);
what JSON takes as it is (text, whole numbers, ``None``) needs to say nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, NamedTuple, Self

from attrs import NOTHING, Factory, field, fields, frozen

from educonnect_flow._secrecy import Confidential, made
from educonnect_flow._text import encode
from educonnect_flow.records import Body, Ref, StoredRun

JsonObject = dict[str, Any]
"""The text form of a run, parsed."""


class Codec(NamedTuple):
    """How a field is written as JSON, and read; ``None``: as JSON has it."""

    dump: Callable[[Any], Any] | None
    load: Callable[[Any], Any] | None


TIME = Codec(datetime.isoformat, datetime.fromisoformat)
"""An aware time."""
TEXTS = Codec(None, tuple)
"""A tuple of texts."""

_CODEC = "codec"


def saved(default: Any, codec: Codec | None = None, *, repr: bool = True) -> Any:  # noqa: A002 - as in attrs
    """A field of a run: left out of the text form while it has its *default*, else written by *codec*.

    :param codec: default: JSON takes the value as it is.
    :param repr: whether the run's repr shows it; false for what is personal.
    """
    return field(default=default, repr=repr, metadata={_CODEC: codec})


@frozen(kw_only=True, slots=False)
class Run(Confidential):
    """One run between two events.  Holds no code, no password, no handle, no full number, no birth date."""

    journey: ClassVar[str]
    """The name of the journey; stored, and never used for another one."""
    states: ClassVar[type[Enum]]
    upcasts: ClassVar[tuple[Callable[[JsonObject], JsonObject], ...]] = ()
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
    stale_handle_uses: int = 0
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

    def after_clock_step(self, now: datetime) -> Self:  # noqa: ARG002 - for runs that have something that expires
        """The run as it is to be judged when the clock has stepped back to *now*: nothing lives longer for it."""
        return self

    def newly_expired(self, now: datetime) -> bool:  # noqa: ARG002 - as above
        """Whether the page now shows that something has expired since the run was last looked at."""
        return False


class _Field(NamedTuple):
    name: str
    default: Any
    dump: Callable[[Any], Any] | None
    load: Callable[[Any], Any] | None


_BESIDE = frozenset({"id", "owner", "version", "state", "created_at", "seen_at", "latest_at"})
"""Fields that a store keeps beside the text, or that every text has."""


_FIELDS: dict[type[Run], tuple[_Field, ...]] = {}


def fields_of(kind: type[Run]) -> tuple[_Field, ...]:
    """How the fields of *kind* are written and read, but for those ``_BESIDE``.

    :raises TypeError: when one has no default, or one that is made anew each time: a run begins with its first state
        alone.
    """
    known = _FIELDS.get(kind)
    if known is None:
        known = _FIELDS[kind] = tuple([_field_of(kind, one) for one in fields(kind) if one.name not in _BESIDE])
    return known


def _field_of(kind: type[Run], one: Any) -> _Field:
    if one.default is NOTHING or isinstance(one.default, Factory):  # type: ignore[arg-type]  # attrs types it as a function
        raise TypeError(f"{kind.__name__}.{one.name} needs a default that is a value")
    codec = one.metadata.get(_CODEC) or Codec(None, None)
    return _Field(one.name, one.default, codec.dump, codec.load)


def dump(run: Run) -> str:
    """*run* as JSON.  What the store keeps beside it (id, owner, version) is not in it."""
    kept: JsonObject = {
        "format": 1 + len(run.upcasts),
        "state": run.state.value,
        "created_at": run.created_at.isoformat(),
        "seen_at": run.seen_at.isoformat(),
    }
    if run.latest_at != run.seen_at:
        kept["latest_at"] = run.latest_at.isoformat()
    values = run.__dict__
    for name, default, write, _ in fields_of(type(run)):
        value = values[name]
        if value is not default and value != default:
            kept[name] = value if write is None else write(value)
    return encode(kept)


def load(kind: type[Run], text: str, stored: StoredRun, version: int) -> Run:
    """The run of class *kind* that ``dump`` wrote.

    :param stored: what the store keeps beside it.
    :param version: of this text; that of an answer is older than that of the run.
    :raises ValueError: when *text* was written by a newer version of the library.
    """
    kept: JsonObject = json.loads(text)
    newest = 1 + len(kind.upcasts)
    if kept["format"] > newest:
        raise ValueError(f"a stored {kind.journey} has format {kept['format']}; this library reads up to {newest}")
    for lift in kind.upcasts[kept["format"] - 1 :]:
        kept = lift(kept)
    seen_at = datetime.fromisoformat(kept["seen_at"])
    values: dict[str, Any] = {
        "id": stored.id,
        "owner": stored.owner,
        "version": version,
        "state": kind.states(kept["state"]),
        "created_at": datetime.fromisoformat(kept["created_at"]),
        "seen_at": seen_at,
        "latest_at": datetime.fromisoformat(kept["latest_at"]) if "latest_at" in kept else seen_at,
    }
    for name, default, _, read in fields_of(kind):
        if name in kept:
            values[name] = kept[name] if read is None else read(kept[name])
        else:
            values[name] = default
    return made(kind, values)


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
