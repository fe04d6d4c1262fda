"""Who and what is around the flows of a world: parents with their phones, records that change, a gateway, prompts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from attrs import define, evolve, field

from educonnect_flow.engine._event import Event
from educonnect_flow.people import Guardian, Pupil, Relation
from educonnect_flow.ports import HumanPrompt, Message

RIGHT, MISTAKEN, HOSTILE = "right", "mistaken", "hostile"
TEMPERS = (RIGHT, MISTAKEN, HOSTILE)
"""A parent who does what the page asks; one who errs; one who has read no SMS, and guesses."""


def _pupil(number: int, name: str) -> Pupil:
    return Pupil(
        id=f"p{number}", family_name="Durand", given_name=name, birth_date=date(2010, 1 + number, 10 + number),
        school="Collège Jean Moulin", uai="0750001A", relation=Relation.LEGAL_REPRESENTATIVE,
    )  # fmt: skip


_LEO, _ZOE, _ANA = _pupil(0, "Léo"), _pupil(1, "Zoé"), _pupil(2, "Ana")

GUARDIANS = (
    Guardian(id="g0", family_name="Durand", given_name="Émilie", mobile="+33612345678", pupils=[_LEO, _ZOE]),
    Guardian(id="g1", family_name="Durand", given_name="Émilie", mobile="+33612345678", pupils=[_ANA]),
    Guardian(id="g2", family_name="Martin", given_name="Paul", mobile="+33623456789", pupils=[_LEO, _ANA]),
    Guardian(id="g3", family_name="Durand", given_name="Élise", mobile="+33634567890", pupils=[_ZOE]),
)
"""Two records of one person, at two schools; a second guardian of a pupil; one whose identifier begins alike."""


class Records:
    """A directory whose records change.  ``versions[n]`` says who was linked to each mobile after *n* changes."""

    def __init__(self, guardians: Sequence[Guardian]) -> None:
        self.first = tuple(guardians)
        self._now = {guardian.id: guardian for guardian in guardians}
        self.versions: list[dict[str, frozenset[str]]] = [self._links()]

    def find(self, mobile: str) -> tuple[Guardian, ...]:
        """See ``Directory``."""
        return tuple([guardian for guardian in self._now.values() if guardian.mobile == mobile])

    def guardians(self, ids: Sequence[str]) -> tuple[Guardian, ...]:
        """See ``Directory``."""
        return tuple([self._now[name] for name in dict.fromkeys(ids) if name in self._now])

    def change(self, what: str, who: int) -> str:
        """Change the record number *who*; says what was done."""
        was = self.first[who % len(self.first)]
        now = self._now.get(was.id, was)
        if what == "strike":
            self._now[was.id] = evolve(now, pupils=now.pupils[1:])
            said = f"the school strikes out the first pupil of {was.id}"
        elif what == "remove":
            self._now.pop(was.id, None)
            said = f"the school removes the record {was.id}"
        else:
            self._now[was.id] = was
            said = f"the school brings the record {was.id} back as it was"
        self.versions.append(self._links())
        return said

    def linked(self, mobile: str | None, since: int) -> set[str]:
        """Ids of the pupils that were linked to *mobile* at any time since the version *since*."""
        return {pupil for links in self.versions[since:] for pupil in links.get(mobile or "", ())}

    def _links(self) -> dict[str, frozenset[str]]:
        links: dict[str, frozenset[str]] = {}
        for guardian in self._now.values():
            ids = frozenset(pupil.id for pupil in guardian.pupils)
            links[guardian.mobile] = links.get(guardian.mobile, frozenset()) | ids
        return links


class PhoneNetwork:
    """A gateway, and the phones behind it."""

    def __init__(self) -> None:
        self.inbox: dict[str, list[Message]] = {}

    def send(self, message: Message) -> None:
        """See ``Sms``."""
        self.inbox.setdefault(message.to, []).append(message)


class Prompts:
    """A human check that asks for its own number; each prompt serves once."""

    def __init__(self) -> None:
        self.issued = 0
        self._open: set[str] = set()

    def issue(self) -> HumanPrompt:
        """See ``HumanCheck``."""
        self.issued += 1
        self._open.add(str(self.issued))
        return self._prompt(str(self.issued))

    def show(self, id: str) -> HumanPrompt | None:
        """See ``HumanCheck``."""
        return self._prompt(id) if id in self._open else None

    def passes(self, id: str, answer: str) -> bool:
        """See ``HumanCheck``."""
        here = id in self._open
        self._open.discard(id)
        return here and answer == id

    @staticmethod
    def _prompt(number: str) -> HumanPrompt:
        return HumanPrompt(id=number, puzzle=f"Tapez {number}")


@define(eq=False, repr=False)
class Request:
    """What a browser sends, and may send again as it is."""

    handle: str
    event: Event
    id: str
    spoiled: bool = False
    """Whether another body was sent under its id."""
    answer: Any = None
    """The first outcome that came back, and was more than ``NOT_NOW``."""


@define(eq=False, repr=False)
class Tab:
    """One page in a parent's browser: it leads to one run."""

    number: int
    handle: str | None = None
    outcome: Any = None
    """The newest that came back; ``None`` until the start is answered."""
    log: Any = None
    """What is known of its run."""
    former: str | None = None
    """A handle that was replaced."""
    lost: list[Request] = field(factory=list)
    """Requests whose answer did not come."""
    sent: list[Request] = field(factory=list)


@define(eq=False, repr=False)
class Parent:
    """A person with a browser, and perhaps with a phone."""

    number: int
    temper: str
    record: Guardian
    """The guardian that the parent claims to be."""
    reads: bool
    """Whether it is their phone."""
    tabs: dict[int, Tab] = field(factory=dict)
