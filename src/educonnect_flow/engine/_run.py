"""A run: one parent's way through a journey, between two events.

``Run`` has the fields that all journeys have.  A journey's run is a subclass with the journey's own fields; a shared
step adds its fields in a class between both.  Each field declares how it is written as JSON (``saved``), unless JSON
takes it as it is (text, whole numbers, ``None``).
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
from educonnect_flow.errors import WrongUse
from educonnect_flow.records import Body, Ref, StoredRun

JsonObject = dict[str, Any]
"""The text form of a run, parsed."""


class Codec(NamedTuple):
    """How a field is written as JSON and read; ``None``: unchanged."""

    dump: Callable[[Any], Any] | None
    load: Callable[[Any], Any] | None


TIME = Codec(datetime.isoformat, datetime.fromisoformat)
"""The codec of an aware time."""
TEXTS = Codec(None, tuple)
"""The codec of a tuple of texts."""

_CODEC = "codec"


def saved(default: Any, codec: Codec | None = None, *, repr: bool = True) -> Any:  # noqa: A002 - as in attrs
    """A field of a run: omitted from the text form while it has its *default*, else written by *codec*.

    :param codec: default: JSON takes the value as it is.
    :param repr: whether the run's repr shows it; False for personal data.
    """
    return field(default=default, repr=repr, metadata={_CODEC: codec})


@frozen(kw_only=True, slots=False)
class Run(Confidential):
    """One run between two events.  Contains no code, password, handle, unsealed number or birth date."""

    journey: ClassVar[str]
    """The name of the journey; it is stored, so never reuse it for another one."""
    states: ClassVar[type[Enum]]
    upcasts: ClassVar[tuple[Callable[[JsonObject], JsonObject], ...]] = ()
    """The functions that convert each version of the text form to the next, the first version first.  A change of the
    format adds a function; older versions can always be read."""

    id: str
    version: int
    """Incremented with every commit; a commit against another version is refused."""
    state: Any
    """A member of ``states``."""
    created_at: datetime
    seen_at: datetime
    """The time of the last submit, from which idle time is counted; aware, UTC."""
    latest_at: datetime
    """The latest time that was used: a clock before it has stepped back.  Aware, UTC."""
    owner: str = ""
    """The account that the run is about; empty when there is none."""
    events: int = 0
    """How many events were submitted."""
    rotation: int = 0
    """How often the handle was renewed."""
    stale_handle_uses: int = 0
    """How often the previous handle came with another body than the request that replaced it."""
    source: str | None = field(default=None, repr=False)
    """Keyed hashes of the source under each of the host's keys, separated by spaces."""
    prompt: str | None = None
    """The id of the human check's prompt on the page; empty when there is none."""

    @property
    def wanted(self) -> tuple[Ref, ...]:
        """Records that are to be read with the run."""
        return ()

    @property
    def counted_under(self) -> str | None:
        """Keyed hash of the mobile that the run is about, for the audit trail; ``None`` when there is none."""
        return None

    def after_clock_step(self, now: datetime) -> Self:  # noqa: ARG002 - for subclasses with something that expires
        """The run as seen at *now*, after the clock has stepped back: nothing is valid for longer than before."""
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
"""Fields that a store keeps in columns of their own, or that every text has."""


_FIELDS: dict[type[Run], tuple[_Field, ...]] = {}


def fields_of(kind: type[Run]) -> tuple[_Field, ...]:
    """The codecs of the fields of *kind*, without those in ``_BESIDE``.

    :raises TypeError: when a field has no default, or a factory as its default: a run starts with its state only.
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
    """*run* as JSON, without what the store keeps in columns of its own (id, owner, version)."""
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
    try:
        return encode(kept)
    except TypeError as error:
        raise WrongUse(f"{type(run).__name__} has a field that needs saved(…, codec): {error}") from None


def load(kind: type[Run], text: str, stored: StoredRun, version: int) -> Run:
    """The run of class *kind* that ``dump`` wrote.

    :param stored: what the store keeps in columns of its own.
    :param version: of this text; the text of an answer can be older than the run.
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
    """*run* in the form that a store takes."""
    return StoredRun(
        id=run.id,
        journey=run.journey,
        owner=run.owner,
        version=run.version,
        wanted=run.wanted,
        body=Body(None, run, dump),
    )


def loaded(kind: type[Run], of: StoredRun) -> Run:
    """The run of class *kind* that a store returned."""
    return of.body.value(lambda text: load(kind, text, of, of.version))
