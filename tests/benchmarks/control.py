"""The controls: scripts that do the same checks, reads and commits by hand, and nothing else.

No machine, no snapshot, no outbox rules, no refusals: what a developer would write in an afternoon.
"""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from datetime import date

import phonenumbers
from zxcvbn.frequency_lists import FREQUENCY_LISTS

KEY = b"k" * 32
COMMON = {word: rank for rank, word in enumerate(FREQUENCY_LISTS["passwords"], 1)}
SPECIALS = set("!?@#$(){}[]_&=+-%*<>£µ/.:;")
CODES = {33, 262, 508, 590, 594, 596, 681, 687, 689}


def fold(name: str) -> str:
    """Names as they are compared."""
    text = unicodedata.normalize("NFD", name.casefold())
    return re.sub(r"[\s'’-]", "", "".join(c for c in text if not unicodedata.combining(c))).replace("œ", "oe")


def read_number(text: str) -> str:
    """The E.164 form of a French mobile."""
    number = phonenumbers.parse(text, "FR")
    assert not number.extension
    assert number.country_code in CODES
    assert phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def same_person(claimed: tuple[str, str], known: tuple[str, str]) -> bool:
    """Whether both names agree."""
    return (fold(claimed[0]), fold(claimed[1])) == (fold(known[0]), fold(known[1]))


def code_for(activation: str, nonce: str, mobile: str) -> str:
    """Six digits."""
    mac = hmac.digest(KEY, f"{activation}|{nonce}|{mobile}|activation".encode(), "sha256")
    return str(int.from_bytes(mac, "big") % 10**6).zfill(6)


def read_date(text: str) -> date:
    """``JJ/MM/AAAA``"""
    match = re.fullmatch(r"([0-9]{2})/([0-9]{2})/([0-9]{4})", text)
    assert match
    day, month, year = map(int, match.groups())
    return date(year, month, day)


def check_password(password: str, names: tuple[str, str], mobile: str) -> None:
    """The five criteria, common and personal ones."""
    text = unicodedata.normalize("NFC", password)
    assert len(text) >= 8
    assert any(c.isupper() for c in text)
    assert any(c.islower() for c in text)
    assert any(c in "0123456789" for c in text)
    assert any(c in SPECIALS for c in text)
    folded = fold(text)
    assert text.casefold() not in COMMON
    assert COMMON.get(text.casefold().strip("0123456789!?-."), 999) > 500
    assert not any(fold(name) in folded for name in names)
    assert mobile[-8:] not in folded
    assert "educonnect" not in folded


def walk(number: str, known: dict[str, tuple[str, str, date]]) -> str:
    """Every check of one activation, with nothing kept: the control of row 1."""
    mobile = read_number(number)
    family, given, birth = known[mobile]
    assert same_person(("DURAND", "Emilie"), (family, given))
    nonce = secrets.token_urlsafe(16)
    activation = secrets.token_urlsafe(16)
    sent = code_for(activation, nonce, mobile)  # by the sender
    assert hmac.compare_digest(sent, code_for(activation, nonce, mobile))  # by the checker
    assert read_date("21/09/2007") == birth
    check_password("Vélo-Bleu-31", (family, given), mobile)
    return f"e.durand{secrets.randbelow(100):02}"
