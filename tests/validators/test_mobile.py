"""Numbers: one form each, mobiles of France and its territories only, and a hint where one helps."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as hyp

from educonnect_flow import Reason, Refusal, Settings, State
from educonnect_flow.reasons import refusals_of
from educonnect_flow.testing import strategies as st
from educonnect_flow.validators.mobile import LONGEST, check_mobile, e164, mask, read_mobile, region_of
from tests.world import World, claim, reasons

promise = pytest.mark.promise
SETTINGS = Settings()

needs_saint_pierre = pytest.mark.skipif(
    not phonenumbers.is_valid_number(phonenumbers.parse("+508751234")),
    reason="the numbering plan of this release of phonenumbers is older than these ranges of Saint-Pierre-et-Miquelon",
)


def verdict(text: str, settings: Settings = SETTINGS) -> list[Refusal]:
    """Why *text* is refused."""
    return list(refusals_of(check_mobile(read_mobile(text, settings))))


@promise("I1")
@pytest.mark.parametrize(
    "text",
    ["0612345678", "06 12 34 56 78", "06.12.34.56.78", "06-12-34-56-78", "+33612345678", "+33 6 12 34 56 78",
     "0033612345678", "+33 (0)6 12 34 56 78", "+33 06 12 34 56 78", "6 12 34 56 78", "06\u00a012\u202f34 56 78"],
)  # fmt: skip
def test_one_number_has_one_form(text: str) -> None:
    assert read_mobile(text, SETTINGS).number == "+33612345678"
    assert verdict(text) == []


@promise("I1")
@given(hyp.data())
def test_however_a_mobile_is_written_it_is_the_same(data: hyp.DataObject) -> None:
    mobile = data.draw(st.mobiles())
    text = data.draw(st.written_mobiles(mobile))
    assert read_mobile(text, SETTINGS).number == mobile
    assert verdict(text) == []


@promise("I1")
def test_spellings_share_one_limit() -> None:
    world = World(settings=Settings(sms_per_mobile=3))
    for text in ("0612345678", "+33 6 12 34 56 78", "06.12.34.56.78"):
        world.at(State.CODE, claim(mobile=text))
    out = world.submit(world.at(State.IDENTITY), claim(mobile="+33 (0)6 12 34 56 78"))
    assert reasons(out) == [Reason.SMS_PER_MOBILE]


@promise("I1", "I2")
@pytest.mark.parametrize(
    ("text", "reason", "params"),
    [
        ("87 12 34 56", Reason.MOBILE_PREFIX, {"prefix": "+689"}),
        pytest.param("75 12 34", Reason.MOBILE_PREFIX, {"prefix": "+508, +687"}, marks=needs_saint_pierre),
        pytest.param("82 12 34", Reason.MOBILE_PREFIX, {"prefix": "+508, +681, +687"}, marks=needs_saint_pierre),
        ("0262 20 12 34", Reason.MOBILE_KIND, {}),
        ("+33 262 20 12 34", Reason.MOBILE_KIND, {}),
        ("0590 20 12 34", Reason.MOBILE_KIND, {}),
        ("0262 692 12 34", Reason.MOBILE_INVALID, {}),
        ("0692 12 34 5", Reason.MOBILE_INVALID, {}),
        ("0695 12 34 56 7", Reason.MOBILE_INVALID, {}),
        ("01 40 20 50 50", Reason.MOBILE_KIND, {}),
        ("09 70 12 34 56", Reason.MOBILE_KIND, {}),
        ("0899 12 34 56", Reason.MOBILE_KIND, {}),
        ("0800 12 34 56", Reason.MOBILE_KIND, {}),
        ("+262 262 12 34 56", Reason.MOBILE_KIND, {}),
        ("3631", Reason.MOBILE_INVALID, {}),
        ("112", Reason.MOBILE_INVALID, {}),
        ("06 12 34 56", Reason.MOBILE_INVALID, {}),
        ("06 39 98 12 34", Reason.MOBILE_INVALID, {}),
        ("0700 12 34 56", Reason.MOBILE_INVALID, {}),
        ("+32 470 12 34 56", Reason.MOBILE_COUNTRY, {}),
        ("+44 7911 123456", Reason.MOBILE_COUNTRY, {}),
        ("+377 6 12 34 56 78", Reason.MOBILE_COUNTRY, {}),
        ("+999 12345", Reason.MOBILE_INVALID, {}),
        ("0612345678 ext 12", Reason.MOBILE_EXTENSION, {}),
        ("0612345678x5", Reason.MOBILE_EXTENSION, {}),
        ("O612345678", Reason.MOBILE_CHARACTERS, {}),
        ("06①2345678", Reason.MOBILE_CHARACTERS, {}),
        ("06¹2345678", Reason.MOBILE_CHARACTERS, {}),
        ("𝟎O12345678", Reason.MOBILE_CHARACTERS, {}),
        ("bonjour", Reason.MOBILE_CHARACTERS, {}),
        ("-", Reason.MOBILE_INVALID, {}),
    ],
)
def test_other_numbers_are_refused_with_the_reason(text: str, reason: Reason, params: dict[str, str]) -> None:
    assert verdict(text) == [Refusal(reason, "mobile", params)]
    world = World()
    out = world.submit(world.at(State.IDENTITY), claim(mobile=text))
    assert (out.state, reasons(out)) == (State.IDENTITY, [reason])
    assert world.flow.deliver() == 0


@promise("I1")
@pytest.mark.parametrize(
    ("text", "number"),
    [("+262 692 12 34 56", "+262692123456"), ("+262 639 01 23 45", "+262639012345"), ("+590 690 12 34 56", "+590690123456"),
     ("+508 55 12 34", "+508551234"), ("+687 75 12 34", "+687751234"), ("+689 87 12 34 56", "+68987123456"),
     ("+681 82 12 34", "+681821234"), ("00262 692 12 34 56", "+262692123456")],
)  # fmt: skip
def test_every_territory_is_served_under_its_prefix(text: str, number: str) -> None:
    assert read_mobile(text, SETTINGS).number == number
    assert verdict(text) == []


TERRITORIES = [
    ("639012345", "262"), ("690123456", "590"), ("691223456", "590"), ("691991234", "590"), ("692123456", "262"),
    ("693001234", "262"), ("694201234", "594"), ("696201234", "596"), ("697201234", "596"), ("709201234", "262"),
    ("709101234", "596"), ("709001234", "590"), ("709301234", "594"), ("708401234", "508"),
]  # fmt: skip
"""A range of each, one block that the plan does not know yet, and those that territories share."""


@promise("I1")
@pytest.mark.parametrize(
    "head", ["0", "", "+33", "+33 ", "0033", "33", "+33 (0)", "+{c}", "00{c}", "{c}", "0{c}", "+{c} 0"]
)
@pytest.mark.parametrize(("national", "code"), TERRITORIES)
def test_a_number_of_an_overseas_range_is_one_number_however_it_is_written(head: str, national: str, code: str) -> None:
    text = f"{head.format(c=code)}{national[:3]} {national[3:5]} {national[5:7]} {national[7:]}"
    assert read_mobile(text, SETTINGS).number == f"+{code}{national}"
    assert verdict(text) == []
    assert e164(text) == f"+{code}{national}"


@pytest.mark.parametrize(
    ("text", "uai", "number"),
    [("87 12 34 56", "9840001A", "+68987123456"), ("75 12 34", "9830002B", "+687751234"), pytest.param("75 12 34", "9750001A", "+508751234", marks=needs_saint_pierre),
     ("82 12 34", "9860001A", "+681821234"), ("06 12 34 56 78", "9830002B", "+33612345678"), ("689 87 12 34 56", "0750001A", "+68987123456")],
)  # fmt: skip
def test_the_region_of_a_school_reads_its_short_numbers(text: str, uai: str, number: str) -> None:
    check = read_mobile(text, SETTINGS, region_of(uai))
    assert (check.number, refusals_of(check_mobile(check))) == (number, ())


@pytest.mark.parametrize(
    ("text", "uai"), [("87 12 34 56", "9830002B"), ("75 12 34", "0750001A"), ("10 12 34", "9830002B")]
)
def test_a_short_number_of_elsewhere_is_not_read_as_the_regions(text: str, uai: str) -> None:
    check = read_mobile(text, SETTINGS, region_of(uai))
    assert refusals_of(check_mobile(check))


def test_numbers_of_fiction_are_for_tests_only() -> None:
    assert verdict("06 39 98 12 34", Settings(fictional_mobiles=True)) == []
    assert verdict("06 39 98 12 3", Settings(fictional_mobiles=True)) != []


@given(hyp.text(max_size=LONGEST) | st.any_text)
def test_any_text_is_read_or_refused(text: str) -> None:
    read = read_mobile(text[:LONGEST], SETTINGS)
    assert verdict(text[:LONGEST]) or (read.number or "").startswith("+")


@given(st.mobiles())
def test_the_mask_shows_three_digits_of_a_number(mobile: str) -> None:
    masked = mask(mobile)
    prefix, first, *_, last = masked.split(" ")
    assert mobile.startswith(prefix + first)
    assert mobile.endswith(last)
    assert sum(c.isdigit() for c in masked.removeprefix(prefix)) == 3


def test_a_number_of_elsewhere_is_masked_too() -> None:
    """A host's own validator may let it through."""
    assert mask("+32470123456") == "3 •• •• •• •• 56"
    assert mask("+687751234") == "+687 7 •• 34"


@promise("I1")
@pytest.mark.parametrize(
    ("typed", "region", "number"),
    [
        ("687 75 12 34", "NC", "+687751234"), ("681 82 12 34", "WF", "+681821234"), ("508 55 12 34", "PM", "+508551234"),
        ("0508551234", "PM", "+508551234"), ("689 87 12 34 56", "PF", "+68987123456"), ("00687 75 12 34", "NC", "+687751234"),
        ("687 75 12 34", None, "+33687751234"), ("06 87 75 12 34", "NC", "+33687751234"),
        ("+33 262 692 12 34 56", None, "+262692123456"), ("0033262692123456", None, "+262692123456"),
    ],
)  # fmt: skip
def test_the_schools_region_comes_before_the_mainland(typed: str, region: str | None, number: str) -> None:
    assert read_mobile(typed, Settings(), region).number == number
