"""What is kept of an activation between two events: one frozen record, and its text form with a version."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from attrs import field, frozen

from educonnect_flow.activation.states import State
from educonnect_flow.machinery.secrecy import Confidential
from educonnect_flow.machinery.text import encode
from educonnect_flow.people import MobileKey, Relation, SealedMobile
from educonnect_flow.reasons import Reason

Kept = dict[str, Any]
"""The text form of an activation, parsed."""

UPCASTS: tuple[Callable[[Kept], Kept], ...] = ()
"""What lifts each version of the text form to the next, from the first on.  A change of shape adds one here, and the
versions before are read for ever."""

FORMAT = 1 + len(UPCASTS)
"""The version of the text form that is written."""


class Challenge(NamedTuple):
    """A code that was issued.  The code itself is nowhere: it is derived from the nonce when needed."""

    nonce: str
    issued_at: datetime
    expires_at: datetime


@frozen(kw_only=True, slots=False)
class Claim(Confidential):
    """Who somebody says they are, since the last identity form."""

    mobile: SealedMobile = field(repr=False)
    mobile_key: MobileKey = field(repr=False)
    """What failures and messages are counted under."""
    masked: str
    """``+33 6 •• •• •• 78``"""
    guardians: tuple[str, ...] = field(repr=False)
    """Ids of the records that match; empty for a stranger, who walks on all the same."""


@frozen(kw_only=True, slots=False)
class ShownPupil(Confidential):
    """A pupil as the page shows them.  Never a birth date."""

    id: str
    given_name: str
    school: str
    relation: Relation


@frozen(kw_only=True, slots=False)
class Activation(Confidential):
    """One activation between two events.  Holds no code, no password, no handle, no full number, no birth date."""

    id: str
    version: int
    """Raised by one with every commit; a commit against another version is refused."""
    state: State
    created_at: datetime
    seen_at: datetime
    """When the last submit came in: what idle is counted from."""
    latest_at: datetime
    """The latest time that was acted on: when the clock is behind it, it has stepped back."""
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
    claim: Claim | None = None
    challenge: Challenge | None = None
    codes: int = 0
    """Codes issued, ever."""
    code_at: datetime | None = None
    """When the last of them was issued."""
    code_failures: int = 0
    pupils_failures: int = 0
    names: tuple[str, ...] = field(default=(), repr=False)
    """The guardian's names, from the accepted code on: no password may be made of them."""
    pupils: tuple[ShownPupil, ...] = field(default=(), repr=False)
    """What the pupils' page shows, from the accepted code on."""
    confirmed: tuple[str, ...] | None = None
    """Ids of the confirmed pupils, once they are."""
    denied: tuple[str, ...] = ()
    """Ids of the denied ones, likewise."""
    identifier: str | None = None
    until: datetime | None = None
    """``LOCKED``: until when."""
    why: Reason | None = None
    """``REFUSED``: for what reason."""


_PLAIN = (
    "events", "rotation", "strays", "source", "prompt", "codes", "code_failures", "pupils_failures", "names", "denied",
    "identifier",
)  # fmt: skip
"""Fields that JSON takes as they are, and that are left out when they say nothing."""


def dump(activation: Activation) -> str:  # noqa: C901 - one branch per field
    """*activation* as JSON; what has its default is left out.  The version of the row is the store's."""
    a = activation
    kept: Kept = {
        "format": FORMAT,
        "id": a.id,
        "state": a.state.value,
        "created_at": a.created_at.isoformat(),
        "seen_at": a.seen_at.isoformat(),
    }
    if a.latest_at != a.seen_at:
        kept["latest_at"] = a.latest_at.isoformat()
    fields = a.__dict__
    for name in _PLAIN:
        value = fields[name]
        if value:
            kept[name] = value
    if a.claim is not None:
        kept["claim"] = [a.claim.mobile, a.claim.mobile_key, a.claim.masked, a.claim.guardians]
    if a.challenge is not None:
        nonce, issued_at, expires_at = a.challenge
        kept["challenge"] = [nonce, issued_at.isoformat(), expires_at.isoformat()]
    if a.code_at is not None:
        kept["code_at"] = a.code_at.isoformat()
    if a.pupils:
        kept["pupils"] = [[p.id, p.given_name, p.school, p.relation.value] for p in a.pupils]
    if a.confirmed is not None:
        kept["confirmed"] = a.confirmed
    if a.until is not None:
        kept["until"] = a.until.isoformat()
    if a.why is not None:
        kept["why"] = a.why.value
    return encode(kept)


_time = datetime.fromisoformat


def load(text: str, version: int) -> Activation:
    """The activation that ``dump`` wrote.

    :raises ValueError: when *text* was written by a newer version of the library.
    """
    kept: Kept = json.loads(text)
    if kept["format"] > FORMAT:
        raise ValueError(f"a stored activation has format {kept['format']}; this library reads up to {FORMAT}")
    for lift in UPCASTS[kept["format"] - 1 :]:
        kept = lift(kept)
    get = kept.get
    seen_at = _time(kept["seen_at"])
    claim, challenge, confirmed, why = get("claim"), get("challenge"), get("confirmed"), get("why")
    return Activation(
        id=kept["id"],
        version=version,
        state=State(kept["state"]),
        created_at=_time(kept["created_at"]),
        seen_at=seen_at,
        latest_at=_time(kept["latest_at"]) if "latest_at" in kept else seen_at,
        events=get("events", 0),
        rotation=get("rotation", 0),
        strays=get("strays", 0),
        source=get("source"),
        prompt=get("prompt"),
        codes=get("codes", 0),
        code_failures=get("code_failures", 0),
        pupils_failures=get("pupils_failures", 0),
        names=tuple(get("names", ())),
        denied=tuple(get("denied", ())),
        identifier=get("identifier"),
        claim=claim and Claim(mobile=claim[0], mobile_key=claim[1], masked=claim[2], guardians=tuple(claim[3])),
        challenge=challenge and Challenge(challenge[0], _time(challenge[1]), _time(challenge[2])),
        code_at=_time(kept["code_at"]) if "code_at" in kept else None,
        pupils=tuple(
            [ShownPupil(id=p[0], given_name=p[1], school=p[2], relation=Relation(p[3])) for p in get("pupils", ())]
        ),
        confirmed=None if confirmed is None else tuple(confirmed),
        until=_time(kept["until"]) if "until" in kept else None,
        why=why and Reason(why),
    )
