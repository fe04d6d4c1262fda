"""What is typed or pasted is read once, before every validator and for every host."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as hyp

from educonnect_flow import Reason, Settings, State, SubmitCode
from educonnect_flow.testing import strategies as st
from educonnect_flow.validators.mobile import read_mobile
from educonnect_flow.validators.reading import LONGEST_CODE, plain, read_code, read_date, read_number
from tests.world import World, reasons

promise = pytest.mark.promise

SMS = (
    "ÉduConnect : votre code de sécurité est 123456. Il est valable 30 min. Ne le donnez à personne.\n\n"
    "@educonnect.example #123456"
)


@promise("I1")
@pytest.mark.parametrize(
    "typed",
    ["\u202a06 12 34 56 78\u202c", "\u202d+33612345678\u202c", "\u206806 12 34 56 78\u2069", "\u200e0612345678",
     "\ufeff0612345678", "06\ufe0d12345678", "06\u201112\u201134\u201156\u201178", "06–12–34–56–78", "06—12—34—56—78",
     "06\u200712\u200734\u200756\u200778", "06 12 34 56 78\n", "\t06 12 34 56 78", "tel:+33612345678", "TEL: 0612345678",
     "٠٦١٢٣٤٥٦٧٨", "۰۶۱۲۳۴۵۶۷۸", "०६१२३४५६७८", "０６１２３４５６７８", "＋33612345678", "06\u200b12345678", "06−12−34−56−78",
     "0612345678\r\n", "𝟎𝟔𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖", "(06) 12.34/56-78", "０６（１２）３４５６７８", "06·12·34·56·78"],
)  # fmt: skip
def test_a_number_that_looks_right_is_read(typed: str) -> None:
    check = read_mobile(typed, Settings())
    assert (check.number, check.ascii_only) == ("+33612345678", True)


@promise("C10")
@pytest.mark.parametrize(
    "pasted",
    ["123456", "123 456", "123-456", " 123456", "123456\n", "12 34 56", "123\u00a0456", "123\u202f456", "#123456", "123.456",
     "Code : 123456", "１２３４５６", "١٢٣٤٥٦", "\u200f123456", "1 2 3 4 5 6", "123456 123456", SMS, "code 123456, valable 30 min"],
)  # fmt: skip
def test_the_code_in_what_was_pasted_is_read(pasted: str) -> None:
    assert read_code(pasted, 6) == "123456"


@promise("C10")
@pytest.mark.parametrize(
    "pasted",
    ["", "12345", "1234567", "123456 654321", "abcdef", "12a456", "①23456", "1²3456", "O12345", "12345½", "123 45", "12:34:56",
     "1" * 60, "123456" * 400, "IIIIII"],
)  # fmt: skip
def test_what_holds_no_code_or_two_is_malformed_and_costs_nothing(pasted: str) -> None:
    assert read_code(pasted, 6) is None
    world = World()
    out = world.submit(world.at(State.CODE), SubmitCode(pasted))
    assert (reasons(out), out.view.attempts_left) == ([Reason.CODE_MALFORMED], 5)


def test_a_pasted_message_opens() -> None:
    world = World()
    out = world.at(State.CODE)
    world.flow.deliver()
    assert world.submit(out, SubmitCode(world.sms.sent[-1].text)).state is State.PUPILS


def test_a_long_text_is_not_looked_through() -> None:
    assert read_code(" " * LONGEST_CODE + "123456", 6) is None
    assert read_date(" " * 100 + "21/09/2007") is None


@promise("I5")
@pytest.mark.parametrize(
    "typed",
    ["01/09/2012", "1/9/2012", "01-09-2012", "01.09.2012", "1.9.2012", "01 09 2012", "01/09/2012 ", " 01/09/2012\n", "01092012",
     "2012-09-01", "2012-9-1", "1er septembre 2012", "1 septembre 2012", "01 sept. 2012", "samedi 1 septembre 2012",
     "1 SEPTEMBRE 2012", "1 September 2012", "01 / 09 / 2012", "٠١/٠٩/٢٠١٢", "０１/０９/２０１２", "1\u00a0septembre\u00a02012",
     "01\u201109\u20112012", "1／9／2012", "１／９／２０１２", "1⁄9⁄2012", "2012/09/01", "2012 - 09 - 01", "le 1er septembre 2012", "\u200e01/09/2012", date(2012, 9, 1)],
)  # fmt: skip
def test_a_day_is_read_in_any_usual_writing(typed: str | date) -> None:
    assert read_date(typed) == date(2012, 9, 1)


@promise("I5")
@given(hyp.dates(min_value=date(1000, 1, 1)))
def test_every_day_is_read_back(day: date) -> None:
    months = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
    for text in (
        f"{day.day}/{day.month}/{day.year}", f"{day:%d-%m-%Y}", f"{day:%d%m%Y}", day.isoformat(),
        f"{day.day} {months[day.month - 1]} {day.year}", f"{day.day} {months[day.month - 1].upper()} {day.year}",
    ):  # fmt: skip
        assert read_date(text) == day


@promise("I1", "C10")
@given(st.any_text)
def test_nothing_but_a_digit_is_made_into_a_digit(text: str) -> None:
    digits = [c for c in text if unicodedata.category(c) == "Nd"]
    read = plain(text)
    assert [c for c in read if c.isdigit() and c.isascii()] == [str(unicodedata.decimal(c)) for c in digits]
    assert plain(read) == read
    assert read_number(text) == read_number(read_number(text))


def test_every_digit_of_every_script_is_read() -> None:
    every = [chr(point) for point in range(0x110000) if unicodedata.category(chr(point)) == "Nd"]
    assert len(every) > 600
    assert plain("".join(every)) == "".join(str(unicodedata.decimal(c)) for c in every)
