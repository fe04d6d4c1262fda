"""Hypothesis strategies for what parents type, right and wrong, and for directories.

>>> from hypothesis import given
>>> from educonnect_flow.testing import strategies as st
>>> @given(st.guardians(), st.spellings("Le Goff"))
... def test(guardian, name): ...
"""

from __future__ import annotations

import string
import unicodedata
from datetime import date

import phonenumbers
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from educonnect_flow.people import Guardian, Pupil, PupilAnswer, Relation
from educonnect_flow.validators.password import SPECIALS
from educonnect_flow.validators.reading import read_code

_FAMILY = ("Durand", "Lefèvre", "Le Goff", "O’Brien", "Nuñez-Garcia", "D'Almeida", "Œuvrard", "Groß", "Şahin", "Ly")
_GIVEN = ("Émilie", "Jean-Luc", "Zoé", "Anaïs", "Noël", "Mohamed", "Lætitia", "Ève", "Ana Maria", "Ö")

_MOBILE_STARTS = {
    "33": ("61", "62", "66", "74", "76"),
    "262": ("692", "693"),
    "590": ("690",),
    "594": ("694",),
    "596": ("696",),
}

any_text: SearchStrategy[str] = st.text(st.characters(), max_size=40) | st.text(
    st.characters(categories=["Cs", "Cc", "Cf", "Mn"]), max_size=10
)
"""Any text at all: lone surrogates, control characters and marks included."""


@st.composite
def mobiles(draw: DrawFn) -> str:
    """A mobile of France or its territories, E.164."""
    code = draw(st.sampled_from(sorted(_MOBILE_STARTS)))
    start = draw(st.sampled_from(_MOBILE_STARTS[code]))
    length = 9 - len(start)
    mobile = f"+{code}{start}{draw(st.integers(0, 10**length - 1)):0{length}d}"
    assume(phonenumbers.is_valid_number(phonenumbers.parse(mobile)))  # some ranges are not given out
    return mobile


@st.composite
def written_mobiles(draw: DrawFn, mobile: str) -> str:
    """*mobile* (E.164) in one of the ways in which people write it."""
    code = next(code for code in _MOBILE_STARTS if mobile.startswith(f"+{code}"))
    national = mobile[len(code) + 1 :]
    head = draw(st.sampled_from([f"+{code}", f"00{code}", f"+{code} ", f"+{code} (0)"]))
    if draw(st.booleans()):
        head = draw(st.sampled_from(["0", "+33 ", "0033", "33"]))  # all territories of ten digits are dialled so
    gap = draw(st.sampled_from(["", " ", ".", "-"]))
    pairs = [national[0], *(national[i : i + 2] for i in range(1, len(national), 2))]
    return head + gap.join(pairs)


@st.composite
def spellings(draw: DrawFn, name: str) -> str:
    """*name* as somebody else may write it: case, accents, hyphens, apostrophes, spaces and ligatures."""
    text = name
    if draw(st.booleans()):
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    if draw(st.booleans()):
        text = unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), text)
    for letter, written in (("œ", "oe"), ("Œ", "OE"), ("æ", "ae"), ("ß", "ss")):
        if draw(st.booleans()):
            text = text.replace(letter, written)
    gap = draw(st.sampled_from([" ", "-", "", "\u00a0"]))
    text = gap.join(text.replace("-", " ").split(" "))
    text = text.replace("’", "'").replace("'", draw(st.sampled_from(["'", "’", " ", ""])))
    return {"as it is": text, "upper": text.upper(), "lower": text.lower()}[
        draw(st.sampled_from(["as it is", "upper", "lower"]))
    ]


def birth_dates() -> SearchStrategy[date]:
    """A pupil's."""
    return st.dates(date(2005, 1, 1), date(2023, 12, 31))


def codes(length: int = 6) -> SearchStrategy[str]:
    """Well-formed codes."""
    return st.text(string.digits, min_size=length, max_size=length)


def malformed_codes() -> SearchStrategy[str]:
    """What holds no code of six digits, or two of them."""
    return st.sampled_from(
        [
            "",
            "12345",
            "1234567",
            "12_456",
            "123456 654321",
            "①23456",
            "12345\0",
            "+12345",
            "1e1000",
            "²³¹²³¹",
        ]
    ) | any_text.filter(lambda text: read_code(text, 6) is None)


@st.composite
def pupils(draw: DrawFn, pupil_id: str) -> Pupil:
    """A pupil under a given id."""
    return Pupil(
        id=pupil_id,
        family_name=draw(st.sampled_from(_FAMILY)),
        given_name=draw(st.sampled_from(_GIVEN)),
        birth_date=draw(birth_dates()),
        school=draw(st.sampled_from(["École Jules Ferry", "Collège Jean Moulin", "Lycée Simone Veil"])),
        uai=draw(st.sampled_from(["0750001A", "0350002B"])),
        relation=draw(st.sampled_from(Relation)),
    )


@st.composite
def guardians(draw: DrawFn, guardian_id: str = "g1", max_pupils: int = 4) -> Guardian:
    """A guardian with up to *max_pupils* pupils, whose ids begin with the guardian's."""
    count = draw(st.integers(0, max_pupils))
    return Guardian(
        id=guardian_id,
        family_name=draw(st.sampled_from(_FAMILY)),
        given_name=draw(st.sampled_from(_GIVEN)),
        usage_name=draw(st.none() | st.sampled_from(_FAMILY)),
        mobile=draw(mobiles()),
        pupils=[draw(pupils(f"{guardian_id}.p{n}")) for n in range(count)],
    )


@st.composite
def answers(draw: DrawFn, shown: tuple[Pupil, ...]) -> tuple[PupilAnswer, ...]:
    """Answers for the pupils *shown*: mostly right, some wrong, denied, malformed, missing or repeated."""
    given: list[PupilAnswer] = []
    for pupil in shown:
        right = draw(st.just(pupil.birth_date) | st.just(pupil.birth_date.strftime("%d/%m/%Y")))
        wrong: date | str | None = draw(
            st.none() | birth_dates() | st.sampled_from(["31/02/2015", "2015-03-01", "1/3/2015", ""]) | any_text
        )
        for _ in range(draw(st.sampled_from([1, 1, 1, 1, 1, 0, 2]))):
            confirmed = draw(st.sampled_from([True, True, True, False]))
            given.append(
                PupilAnswer(
                    pupil_id=pupil.id,
                    confirmed=confirmed,
                    birth_date=draw(st.sampled_from([right, right, right, wrong])) if confirmed else None,
                )
            )
    if draw(st.integers(0, 9)) == 0:
        given.append(PupilAnswer(pupil_id="nobody", confirmed=False))
    return tuple(draw(st.permutations(given)))


@st.composite
def passwords(draw: DrawFn) -> str:
    """Passwords that meet the guide's five criteria."""
    parts = [
        draw(st.text(string.ascii_uppercase + "ÉÀ", min_size=1, max_size=4)),
        draw(st.text(string.ascii_lowercase + "éù", min_size=1, max_size=6)),
        draw(st.text(string.digits, min_size=1, max_size=4)),
        draw(st.text("".join(sorted(SPECIALS)), min_size=1, max_size=4)),
        draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=20)),
    ]
    return "".join(draw(st.permutations(parts)))
