"""Invented families, with one quirk or another."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from attrs import Factory, define, evolve, frozen

from educonnect_flow.people import Relation
from educonnect_flow.testing.exports._made import (
    ALL,
    IN_CHARGE,
    LEGAL,
    SELF,
    MadeLink,
    MadePerson,
    MadePupil,
    MadeSchool,
    Quirk,
    school_year,
)  # fmt: skip

FAMILY_NAMES = (
    "DURAND", "LEFÈVRE", "D’ALMEIDA", "LE GOFF", "NGUYEN", "BEN AÏSSA", "GARCIA LOPEZ", "MARTIN", "O'BRIEN", "ŒUVRARD",
    "DE LA TOUR", "KOWALSKI", "TRAORÉ", "PETIT-JEAN", "ÇELIK",
)  # fmt: skip
GIVEN_NAMES = (
    "Émilie", "Jean-Noël", "Zoé", "Ali", "Marie Claire", "Loïc", "Anaïs", "Mohamed", "Inès", "Chloë", "Paul", "Noémie",
    "Åsa", "Maëlys", "François",
)  # fmt: skip
SYLLABLES = ("BA", "CO", "DRI", "FLE", "GU", "KER", "LAN", "MO", "NEL", "PRU", "ROS", "TIL", "VAN", "ZA")


def made_up(
    families: int,
    *,
    uai: str = "0750001A",
    seed: int = 0,
    quirks: Iterable[Quirk] = ALL,
    first: int = 0,
    today: date | None = None,
) -> MadeSchool:
    """A school of so many families: one or two guardians, one to three pupils, each with a name and number of its own.

    :param quirks: every tenth family has one or another of them.
    :param first: the number of the first family: schools with other numbers have no person in common.
    :param today: who left has left by then, and the school year is its.
    """
    draw = random.Random(f"{seed}/{uai}")  # noqa: S311 - invented people
    wanted, today = frozenset(quirks), today or date.today()  # noqa: DTZ011 - a school's day
    school = MadeSchool(uai=uai, name="COLLÈGE D’ICI", year=school_year(today), quirks=wanted)
    persons, pupils, links = [], [], []
    for number in range(first, first + families):
        family = _family(draw, number, wanted)
        if wanted:
            _spoil(draw, number, family, wanted, today)
        persons += family.persons
        pupils += family.pupils
        links += family.links
    return evolve(school, persons=persons, pupils=pupils, links=links)


@define
class _Family:
    persons: list[MadePerson]
    pupils: list[MadePupil]
    links: list[MadeLink]


def _family(draw: random.Random, number: int, quirks: frozenset[Quirk]) -> _Family:
    surname = f"{draw.choice(FAMILY_NAMES)} {_syllables(number)}"
    pupils = [
        MadePupil(
            number=number * 10 + n,
            family_name=surname,
            given_name=f"{draw.choice(GIVEN_NAMES)}{'' if n == 0 else f'-{GIVEN_NAMES[n]}'}",
            born=date(2005, 1, 1) + timedelta(days=draw.randrange(4_000)),
        )
        for n in range(draw.choices((1, 2, 3), (75, 20, 5))[0])
    ]
    persons = [
        MadePerson(
            number=number * 10 + n,
            family_name=surname if n == 0 else f"{draw.choice(FAMILY_NAMES)} {_syllables(number)}",
            given_name=draw.choice(GIVEN_NAMES),
            usage_name=surname if n == 1 and Quirk.SEVERAL_NAMES in quirks else None,
            mobile=_written(draw, number * 2 + n),
            other_given_names=tuple(draw.sample(GIVEN_NAMES, draw.randint(0, 2)))
            if Quirk.SEVERAL_NAMES in quirks
            else (),
        )
        for n in range(draw.choices((1, 2), (25, 75))[0])
    ]
    relation = LEGAL if draw.random() < 0.9 else IN_CHARGE
    links = [MadeLink(person=a.number, pupil=c.number, relation=relation) for a in persons for c in pupils]
    return _Family(persons, pupils, links)


@define(kw_only=True)
class _Change:
    """What a quirk does to a family: to its first guardian and first pupil, and the persons that it adds."""

    adult: dict[str, Any] = Factory(dict)
    child: dict[str, Any] = Factory(dict)
    person: dict[str, Any] | None = None
    """Another person like the first."""
    pupil: dict[str, Any] | None = None
    links: Sequence[MadeLink] = ()
    """Person and pupil by their place in the family: 0 is the first, 8 the one that is added, 9 does not exist."""


def _link(person: int, pupil: int, relation: Relation | None, **more: Any) -> MadeLink:
    return MadeLink(person=person, pupil=pupil, relation=relation, **more)


_NO_MOBILES = (
    "01 40 20 50 50", "06 12", "+44 7911 123456", "+336123456789", "0262 20 12 34", "0612345678 maman",
)  # fmt: skip
_LOCAL = ("0692{n}", "+33 692{n}", "0033692{n}", "0690{n}", "0262692{n}")
_BAD_NAMES: tuple[dict[str, Any], ...] = (
    {"given_name": ".", "claimable": True}, {"given_name": "", "claimable": True}, {"given_name": "H?LENE"},
    {"given_name": "Ã©milie"}, {"family_name": "MME DURAND"},
    {"family_name": "DURAND (DECEDE)"}, {"family_name": "MARTIN VVE PETIT"}, {"family_name": "123"},
)  # fmt: skip
_ADDED, _ABSENT = 8, 9


def _overseas(number: int) -> str:
    digits = f"{number % 1_000_000:06}"
    return f"+262 692 {digits[:2]} {digits[2:4]} {digits[4:]}"


@frozen
class _Case:
    draw: random.Random
    number: int
    adult: MadePerson
    child: MadePupil
    today: date


_CHANGES: dict[Quirk, Callable[[_Case], _Change]] = {
    Quirk.CONTACTS: lambda c: _Change(
        person={"family_name": "CONTACT", "mobile": _written(c.draw, 4_000_000 + c.number)},
        links=[_link(_ADDED, 0, None)],
    ),
    Quirk.WITHOUT_PUPILS: lambda c: _Change(
        person={"given_name": "Seul", "mobile": _written(c.draw, 4_000_000 + c.number)}
    ),
    Quirk.NO_MOBILE: lambda c: _Change(adult={"mobile": c.draw.choice([None, ""])}),
    Quirk.OTHER_NUMBERS: lambda c: _Change(adult={"mobile": c.draw.choice(_NO_MOBILES)}),
    Quirk.OVERSEAS: lambda c: _Change(adult={"mobile": _overseas(c.number)}),
    Quirk.LOCAL_NUMBERS: lambda c: _Change(
        adult={"mobile": c.draw.choice(_LOCAL).format(n=f"{c.number % 1_000_000:06}")}
    ),
    Quirk.BAD_NAMES: lambda c: _Change(adult={"usage_name": None, "claimable": False, **c.draw.choice(_BAD_NAMES)}),
    Quirk.MISPLACED: lambda c: _Change(adult={"mobile": None, "home": c.adult.mobile}),
    Quirk.SEVERAL_NUMBERS: lambda c: _Change(
        adult={"more": ("01 40 20 50 50", _written(c.draw, 4_000_000 + c.number))}
    ),
    Quirk.CAPITALS: lambda c: _Change(adult={"family_name": _unaccented(c.adult.family_name)}),
    Quirk.TWINS: lambda c: _Change(
        person={"given_name": c.adult.given_name.upper(), "family_name": _unaccented(c.adult.family_name)},
        links=[_link(_ADDED, 0, LEGAL)],
    ),
    Quirk.LEFT: lambda c: _Change(
        pupil={"given_name": "Parti", "left": c.today - timedelta(days=c.draw.randrange(300))},
        links=[_link(0, _ADDED, LEGAL)],
    ),
    Quirk.LEAVING: lambda c: _Change(
        pupil={"given_name": "Parti", "left": c.today + timedelta(days=1 + c.draw.randrange(300))},
        links=[_link(0, _ADDED, LEGAL)],
    ),
    Quirk.HOMONYMS: lambda c: _Change(
        pupil={"given_name": c.child.given_name.upper(), "born": date(2010, 1, 1)}, links=[_link(0, _ADDED, LEGAL)]
    ),
    Quirk.UNDATED: lambda _: _Change(child={"born": None}),
    Quirk.LINKS_TO_NOBODY: lambda _: _Change(links=[_link(_ABSENT, 0, LEGAL), _link(0, _ABSENT, LEGAL)]),
    Quirk.REPEATED_LINKS: lambda _: _Change(links=[_link(0, 0, None), _link(0, 0, LEGAL)]),
    Quirk.PUPIL_AS_GUARDIAN: lambda c: _Change(
        person={
            "family_name": c.child.family_name,
            "given_name": c.child.given_name,
            "usage_name": None,
            "other_given_names": (),
            "mobile": _written(c.draw, 4_000_000 + c.number),
        },
        links=[_link(_ADDED, 0, LEGAL, kinship=SELF)],
    ),
    Quirk.OWN_MOBILE: lambda c: _Change(child={"mobile": c.adult.mobile}),
    Quirk.MALFORMED_LINKS: lambda c: _Change(
        person={"given_name": "Sans Niveau", "mobile": _written(c.draw, 4_000_000 + c.number)},
        links=[_link(_ADDED, 0, LEGAL, malformed=True)],
    ),
    Quirk.IMPOSSIBLE_DATES: lambda _: _Change(child={"born": date(2112, 3, 14)}),
    Quirk.UNKNOWN_SCHOOL: lambda _: _Change(child={"known": False}),
    Quirk.REPEATED_PERSONS: lambda c: _Change(adult={"again": c.draw.choice([c.adult.given_name, "Autre"])}),
    Quirk.NOBODY: lambda _: _Change(pupil={"given_name": "Isolé"}),
}
"""What those of the people do; the others are in how a file is written."""


def _spoil(draw: random.Random, number: int, family: _Family, quirks: frozenset[Quirk], today: date) -> None:
    """One quirk or another, for most families."""
    quirk = draw.choice((*sorted(quirks & _CHANGES.keys(), key=lambda one: one.name), None))
    if quirk is None:
        return
    adult, child = family.persons[0], family.pupils[0]
    change = _CHANGES[quirk](_Case(draw, number, adult, child, today))
    family.persons[0], family.pupils[0] = evolve(adult, **change.adult), evolve(child, **change.child)
    if change.person is not None:
        family.persons.append(evolve(adult, number=number * 10 + _ADDED, **change.person))
    if change.pupil is not None:
        family.pupils.append(evolve(child, number=number * 10 + _ADDED, **change.pupil))
    family.links += [
        evolve(link, person=number * 10 + link.person, pupil=number * 10 + link.pupil) for link in change.links
    ]


def _syllables(number: int) -> str:
    """A name of its own for each number."""
    found = []
    while True:
        number, place = divmod(number, len(SYLLABLES))
        found.append(SYLLABLES[place])
        if not number:
            return "".join(found)


def _unaccented(name: str) -> str:
    return name.translate(str.maketrans("ÈÏÉÇ’", "EIEC'")).replace("Œ", "OE")


def _written(draw: random.Random, number: int) -> str:
    digits = f"{600_000_000 + number * 7 % 99_999_999:09}"
    pairs = " ".join(digits[n : n + 2] for n in range(1, 9, 2))
    return draw.choice([f"+33{digits}", f"0{digits}", f"+33 {digits[0]} {pairs}", f"0{digits[0]} {pairs}"])
