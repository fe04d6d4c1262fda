"""Numbers: one form each, mobiles of France and its territories only, and a hint where one helps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as hyp

from educonnect_flow import Reason, Refusal, Settings, State
from educonnect_flow.reasons import refusals_of
from educonnect_flow.testing import strategies as st
from educonnect_flow.validators.mobile import LONGEST, check_mobile, mask, read_mobile
from tests.world import World, claim, reasons

promise = pytest.mark.promise
SETTINGS = Settings()


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
        ("0692 12 34 56", Reason.MOBILE_PREFIX, {"prefix": "+262"}),
        ("0639 01 23 45", Reason.MOBILE_PREFIX, {"prefix": "+262"}),
        ("0690 12 34 56", Reason.MOBILE_PREFIX, {"prefix": "+590"}),
        ("0694 20 12 34", Reason.MOBILE_PREFIX, {"prefix": "+594"}),
        ("0696 20 12 34", Reason.MOBILE_PREFIX, {"prefix": "+596"}),
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
        ("٠٦١٢٣٤٥٦٧٨", Reason.MOBILE_CHARACTERS, {}),
        ("０６１２３４５６７８", Reason.MOBILE_CHARACTERS, {}),
        ("06 12 34 56 78\n", Reason.MOBILE_CHARACTERS, {}),
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


def test_numbers_of_fiction_are_for_tests_only() -> None:
    assert verdict("06 39 98 12 34", Settings(fictional_mobiles=True)) == []
    assert verdict("06 39 97 12 34", Settings(fictional_mobiles=True)) != []


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
