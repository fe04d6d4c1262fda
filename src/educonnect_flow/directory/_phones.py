"""The mobiles among the numbers that a school wrote down."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import phonenumbers

from educonnect_flow._secrecy import Hidden
from educonnect_flow.directory.report import Kind
from educonnect_flow.reasons import Reason, refusals_of
from educonnect_flow.settings import Settings
from educonnect_flow.validators.mobile import LONGEST, check_mobile, read_mobile

_SETTINGS = Settings()
_DIGITS = re.compile(r"(?:\+33|0)([67][0-9]{8})")
_WRONG = {Reason.MOBILE_KIND: Kind.LANDLINE, Reason.MOBILE_COUNTRY: Kind.FOREIGN, Reason.MOBILE_PREFIX: Kind.NO_PREFIX}


def mobiles_of(phones: Sequence[str], elsewhere: Sequence[str]) -> tuple[list[str], str]:
    """The mobiles among *phones* in E.164, and the name of the ``Kind`` of what is wrong when there is none.

    :param elsewhere: numbers of other fields; a mobile there is somebody's, but the file does not say whose.
    """
    found: list[str] = []
    wrong = Kind.NO_MOBILE
    for phone in map(Hidden, phones):
        number = _read(phone)
        if isinstance(number, Kind):
            wrong = number
        elif number not in found:
            found.append(number)
    if wrong is Kind.NO_MOBILE and any(isinstance(_read(phone), str) for phone in map(Hidden, elsewhere)):
        wrong = Kind.MISPLACED
    return found, "" if found else wrong.name


def _read(phone: str) -> str | Kind:
    digits = Hidden(phone.replace(" ", ""))
    if _DIGITS.fullmatch(digits) and _mainland().fullmatch(digits[-9:]):
        return Hidden(f"+33{digits[-9:]}")
    if len(phone) > LONGEST:
        return Kind.MALFORMED
    check = read_mobile(phone, _SETTINGS)
    wrong = refusals_of(check_mobile(check))
    if wrong or check.number is None:
        return _WRONG.get(wrong[0].reason, Kind.MALFORMED) if wrong else Kind.MALFORMED
    return check.number


@cache
def _mainland() -> re.Pattern[str]:
    """The numbering plan's own pattern for the mobiles of the mainland, without the rest of its library."""
    plan: Any = phonenumbers.PhoneMetadata.metadata_for_region("FR")
    return re.compile(plan.mobile.national_number_pattern)
