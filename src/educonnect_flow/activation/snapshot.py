"""What is kept of an activation between two events, and how it is written as text."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Self

from attrs import field, frozen

from educonnect_flow import accounts
from educonnect_flow.activation.states import State
from educonnect_flow.engine.run import Kept, Run
from educonnect_flow.machinery.secrecy import Confidential, amended
from educonnect_flow.people import MobileKey, Relation, SealedMobile
from educonnect_flow.reasons import Reason
from educonnect_flow.records import Ref


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
class CodeRun(Run):
    """A parent gives names and mobile, and proves the mobile with a code: the part that such journeys share."""

    claim: Claim | None = None
    challenge: Challenge | None = None
    codes: int = 0
    """Codes issued, ever."""
    code_at: datetime | None = None
    """When the last of them was issued."""
    code_failures: int = 0
    until: datetime | None = None
    """``LOCKED``: until when."""

    @property
    def wanted(self) -> tuple[Ref, ...]:
        """While a code is waited for: the accounts of the guardians claimed, and as many for a stranger as for one."""
        if self.claim is None or self.challenge is None:
            return ()
        return accounts.of_guardians(self.claim.guardians)

    @property
    def counted_under(self) -> str | None:
        """Keyed hash of the mobile claimed."""
        return self.claim.mobile_key if self.claim is not None else None

    def held(self, now: datetime) -> Self:
        """The code loses what the clock took back; one that was issued in what is now the future has expired."""
        challenge = self.challenge
        if challenge is None:
            return self
        expires_at = now if now < challenge.issued_at else challenge.expires_at - (self.latest_at - now)
        return amended(self, {"challenge": challenge._replace(expires_at=expires_at)})

    def newly_expired(self, now: datetime) -> bool:
        """Whether the code has expired since the run was last looked at."""
        challenge = self.challenge
        return challenge is not None and self.latest_at < challenge.expires_at <= now

    def dump_fields(self, kept: Kept) -> None:
        """See ``Run``."""
        claim, challenge = self.claim, self.challenge
        if claim is not None:
            kept["claim"] = [claim.mobile, claim.mobile_key, claim.masked, claim.guardians]
        if challenge is not None:
            kept["challenge"] = [challenge.nonce, challenge.issued_at.isoformat(), challenge.expires_at.isoformat()]
        if self.codes:
            kept["codes"] = self.codes
        if self.code_at is not None:
            kept["code_at"] = self.code_at.isoformat()
        if self.code_failures:
            kept["code_failures"] = self.code_failures
        if self.until is not None:
            kept["until"] = self.until.isoformat()

    @classmethod
    def load_fields(cls, kept: Kept) -> dict[str, Any]:
        """See ``Run``."""
        get = kept.get
        claim, challenge = get("claim"), get("challenge")
        return {
            "claim": claim and Claim(mobile=claim[0], mobile_key=claim[1], masked=claim[2], guardians=tuple(claim[3])),
            "challenge": challenge and Challenge(challenge[0], _time(challenge[1]), _time(challenge[2])),
            "codes": get("codes", 0),
            "code_at": _time(kept["code_at"]) if "code_at" in kept else None,
            "code_failures": get("code_failures", 0),
            "until": _time(kept["until"]) if "until" in kept else None,
        }


@frozen(kw_only=True, slots=False)
class Activation(CodeRun):
    """One activation between two events."""

    journey: ClassVar[str] = "ACTIVATION"
    states: ClassVar[type[State]] = State

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
    why: Reason | None = None
    """``REFUSED``: for what reason."""

    def dump_fields(self, kept: Kept) -> None:
        """See ``Run``."""
        super().dump_fields(kept)
        fields = self.__dict__
        for name in _PLAIN:
            value = fields[name]
            if value:
                kept[name] = value
        if self.pupils:
            kept["pupils"] = [[p.id, p.given_name, p.school, p.relation.value] for p in self.pupils]
        if self.confirmed is not None:
            kept["confirmed"] = self.confirmed
        if self.why is not None:
            kept["why"] = self.why.value

    @classmethod
    def load_fields(cls, kept: Kept) -> dict[str, Any]:
        """See ``Run``."""
        get = kept.get
        confirmed, why = get("confirmed"), get("why")
        return {
            **super().load_fields(kept),
            "pupils_failures": get("pupils_failures", 0),
            "names": tuple(get("names", ())),
            "pupils": tuple(
                [ShownPupil(id=p[0], given_name=p[1], school=p[2], relation=Relation(p[3])) for p in get("pupils", ())]
            ),
            "confirmed": None if confirmed is None else tuple(confirmed),
            "denied": tuple(get("denied", ())),
            "identifier": get("identifier"),
            "why": why and Reason(why),
        }


_PLAIN = ("pupils_failures", "names", "denied", "identifier")
"""Fields that JSON takes as they are, and that are left out when they are empty."""

_time = datetime.fromisoformat
