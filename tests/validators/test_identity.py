"""Names: how they are written does not matter, the letters do."""

from __future__ import annotations

import unicodedata

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as hyp

from educonnect_flow import Guardian, Reason, State, SubmitCode
from educonnect_flow.reasons import refusals_of
from educonnect_flow.testing import strategies as st
from educonnect_flow.validators import identity
from educonnect_flow.validators.identity import (
    LONGEST,
    IdentityCheck,
    check_identity,
    families,
    fold,
    given_names,
    writable,
)
from tests.world import MOBILE, World, claim, reasons

promise = pytest.mark.promise


def same(claimed: str, known: str) -> bool:
    """Whether somebody called *claimed* is taken for the *known* one, by family name and by given name alike."""
    by_family = IdentityCheck(
        family_name=claimed, given_name="Zoé", mobile=MOBILE,
        guardian=Guardian(id="g", family_name=known, given_name="Zoé", mobile=MOBILE),
    )  # fmt: skip
    by_given = IdentityCheck(
        family_name="Durand", given_name=claimed, mobile=MOBILE,
        guardian=Guardian(id="g", family_name="Durand", given_name=known, mobile=MOBILE),
    )  # fmt: skip
    results = {not refusals_of(check_identity(check)) for check in (by_family, by_given)}
    assert len(results) == 1
    return results.pop()


@promise("I4")
@pytest.mark.parametrize(
    ("claimed", "known"),
    [
        ("DURAND", "Durand"), ("emilie", "Émilie"), ("LEFEVRE", "Lefèvre"), ("Lefe\u0300vre", "Lefèvre"),
        ("le goff", "Le Goff"), ("legoff", "Le Goff"), ("Jean Luc", "Jean-Luc"), ("Jean‑Luc", "JEAN LUC"),
        ("DALMEIDA", "D'Almeida"), ("D’Almeida", "D'ALMEIDA"), ("D´Almeida", "D`Almeida"),
        ("Oeuvrard", "Œuvrard"), ("OEUVRARD", "œuvrard"), ("Laetitia", "Lætitia"), ("Gross", "Groß"), ("GROẞ", "gross"),
        ("Nunez", "Nuñez"), ("Şahin", "SAHIN"), ("İnci", "inci"), ("Soren", "Søren"), ("Lukasz", "Łukasz"),
        (" Durand ", "Durand"), ("Du\u00adrand", "Durand"), ("François", "FRANCOIS"), ("Ngô", "NGO"), ("ﬁona", "Fiona"),
        ("St. Pierre", "St Pierre"), ("Durand.", "Durand"), ("Durand,", "Durand"), ("Gal·la", "Galla"),
        ("Teriʻi", "Terii"), ("Teriꞌi", "Terii"), ("D＇Almeida", "D’Almeida"), ("Jean\u2003Luc", "Jean Luc"),
        ("Đặng", "ÐANG"), ("Ƶoe", "Zoe"), ("Ŧomas", "Tomas"), ("Ɓala", "Bala"), ("Ɗan", "Dan"), ("Ƴaya", "Yaya"),
        ("\u202dDurand\u202c", "Durand"), ("Durand / Petit", "Durand Petit"), ("« Durand »", "Durand"),
    ],
)  # fmt: skip
def test_writing_does_not_matter(claimed: str, known: str) -> None:
    assert same(claimed, known)
    assert same(known, claimed)


@promise("I4")
@pytest.mark.parametrize(
    ("claimed", "known"),
    [
        ("Durant", "Durand"), ("Martine", "Martin"), ("Mohammed", "Mohamed"), ("Petit", "Petite"), ("Dupond", "Dupont"),
        ("Durаnd", "Durand"),  # Cyrillic а
        ("Ζoe", "Zoe"),  # Greek Ζ
        ("Ｄｕｒａｎｄ", "Durand"), ("𝐃𝐮𝐫𝐚𝐧𝐝", "Durand"), ("Dur4nd", "Durand"), ("Durand2", "Durand"), ("O0", "OO"), ("Іван", "Iван"),
    ],
)  # fmt: skip
def test_letters_do(claimed: str, known: str) -> None:
    assert not same(claimed, known)
    assert not same(known, claimed)


@promise("I4")
@given(hyp.data())
def test_every_spelling_of_a_name_is_the_name(data: hyp.DataObject) -> None:
    guardian = data.draw(st.guardians())
    assert same(data.draw(st.spellings(guardian.family_name)), guardian.family_name)


def test_what_is_remembered_of_letters_is_bounded() -> None:
    letters = [chr(point) for point in range(0x4E00, 0x4E00 + 2 * identity._MEMORY)]
    assert [identity.fold(letter) for letter in letters] == letters
    assert len(identity._BARE) == identity._MEMORY
    assert identity.fold("Éléonore-Œ") == "eleonoreoe"


@promise("I4")
@given(hyp.text(max_size=LONGEST))
def test_folding_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@promise("I4")
@given(hyp.text(hyp.characters(categories=["Lu", "Ll"], exclude_characters="ſK"), min_size=1, max_size=8))
def test_no_letter_of_another_alphabet_becomes_a_latin_one(text: str) -> None:
    latin = [c for c in text if "LATIN" in unicodedata.name(c, "") or c in "ªºÅK"]
    if not latin:
        assert not any("a" <= c <= "z" for c in fold(text))


def test_birth_and_usage_name_both_count() -> None:
    guardian = Guardian(id="g", family_name="Durand", given_name="Émilie", usage_name="Petit", mobile=MOBILE)
    for family_name, found in (
        ("durand", True),
        ("PETIT", True),
        ("Durand-Petit", True),
        ("Petit Durand", True),
        ("Durandpetite", False),
        ("", False),
    ):
        check = IdentityCheck(family_name=family_name, given_name="Emilie", mobile=MOBILE, guardian=guardian)
        assert (check_identity(check) is None) is found


@pytest.mark.parametrize(
    ("name", "fits"),
    [("Durand", True), ("O'Brien", True), ("Ly", True), ("Ж", True), ("محمد", True), ("-", False), ("''", False), ("12", False),
     ("Du\x00rand", False), ("Du\nrand", False), ("Du\u202erand", True), ("Durand\n", True), ("Durand2", False), ("e.durand@ecole.example", False),
     ("Durand 😀", False), ("http://x", False), ("Durand €", False), ("Durand, née Petit", True), ("Martin (Petit)", True), ("\ud800", False), ("Du\u00adrand", True)],
)  # fmt: skip
def test_a_name_has_a_letter_and_no_control_characters(name: str, fits: bool) -> None:
    assert writable(name) is fits


def test_a_look_alike_walks_on_like_any_stranger() -> None:
    world = World()
    out = world.at(State.CODE, claim("Durаnd"))
    assert world.flow.deliver() == 0
    assert reasons(world.submit(out, SubmitCode("000000"))) == [Reason.CODE_WRONG]


# --- several names of one record -------------------------------------------------------------------


def matches(record: Guardian, family_name: str, given_name: str = "Anne") -> bool:
    check = IdentityCheck(family_name=family_name, given_name=given_name, mobile=MOBILE, guardian=record)
    return not refusals_of(check_identity(check))


BOTH = Guardian(id="g", family_name="MARTIN", given_name="Anne", usage_name="PETIT", mobile=MOBILE)
IN_ONE = Guardian(id="g", family_name="MARTIN EP PETIT", given_name="Anne", mobile=MOBILE)


@promise("I4")
@pytest.mark.parametrize("record", [BOTH, IN_ONE], ids=["two fields", "one field"])
@pytest.mark.parametrize(
    "typed",
    ["Martin", "Petit", "Martin-Petit", "Petit-Martin", "MARTIN PETIT", "Martin épouse Petit", "Martin ép. Petit",
     "Petit née Martin", "Petit, née Martin", "Martin (Petit)", "Petit (Martin)", "martin ep petit", "PETIT né MARTIN"],
)  # fmt: skip
def test_birth_and_usage_name_of_one_record_match_in_any_order(record: Guardian, typed: str) -> None:
    assert matches(record, typed)


@promise("I4")
@pytest.mark.parametrize("record", [BOTH, IN_ONE], ids=["two fields", "one field"])
@pytest.mark.parametrize(
    "typed",
    ["Martin Durand", "Durand-Petit", "Martin Martin", "Petit Petit", "Martin veuve Petit", "épouse", "Martin née",
     "née Martin", "Martin Petit Martin", "Mar Tin Pe", ""],
)  # fmt: skip
def test_no_name_that_the_record_has_not(record: Guardian, typed: str) -> None:
    assert not matches(record, typed)


@promise("I4")
@given(hyp.data())
def test_what_is_accepted_of_one_record_is_counted(data: hyp.DataObject) -> None:
    """At most 13 family names (two, both in two orders with five ways between, and the field as a whole), and as many
    given names as the record has, each with all before it.
    """
    guardian = data.draw(st.guardians())
    both = guardian.usage_name is not None and fold(guardian.usage_name) != ""
    assert len(families(guardian)) <= (13 if both else 1)
    assert 1 <= len(given_names(guardian)) <= 1 + len(guardian.other_given_names)
    spelled = (data.draw(st.spellings(guardian.family_name)), data.draw(st.spellings(guardian.given_name)))
    assert (fold(spelled[0]), fold(spelled[1])) in {(f, g) for f in families(guardian) for g in given_names(guardian)}


@promise("I4")
@pytest.mark.parametrize("recorded", ["", "-", ".", "  ", "–"])
@pytest.mark.parametrize("typed", ["", "-", "/", " "])
def test_a_record_without_a_given_name_matches_a_claim_without_one(recorded: str, typed: str) -> None:
    record = Guardian(id="g", family_name="Durand", given_name=recorded, mobile=MOBILE)
    assert matches(record, "Durand", typed)
    assert not matches(record, "Durand", "Anne")
    assert not matches(evolve(record, given_name="Anne"), "Durand", typed)


def test_who_has_one_name_only_gets_a_code() -> None:
    record = Guardian(id="g", family_name="Durand", given_name="", mobile="+33612345678")
    world = World(guardians=[record])
    world.submit(world.at(State.IDENTITY), claim("Durand", ""))
    assert world.flow.deliver() == 1


@pytest.mark.parametrize("field", ["family_name", "given_name"])
@pytest.mark.parametrize(
    "text", ["Durand2", "e.durand@ecole.example", "Durand 😀", "06 12 34 56 78 x", "http://x", "#", "²", "½", "Ⅷ"]
)
def test_what_no_record_can_hold_is_refused_aloud(field: str, text: str) -> None:
    world = World()
    out = world.submit(world.at(State.IDENTITY), evolve(claim(), **{field: text}))
    assert [(refusal.reason, refusal.field) for refusal in out.refusals] == [(Reason.CHARACTERS, field)]


@promise("I4")
def test_folding_any_letter_is_stable_and_makes_no_digit() -> None:
    for point in range(0x110000):
        if not 0xD800 <= point < 0xE000:
            text = fold(f"a{chr(point)}b")
            assert fold(text) == text
            if not chr(point).isdigit():
                assert not any("0" <= c <= "9" for c in text) or chr(point).isnumeric(), hex(point)
