"""The mobiles among the numbers that a school wrote down, as the host's form would read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import phonenumbers

from educonnect_flow._secrecy import Hidden
from educonnect_flow.directory.report import Kind
from educonnect_flow.reasons import Reason, Verdict, refusals_of
from educonnect_flow.settings import Settings
from educonnect_flow.validators.mobile import LONGEST, MobileCheck, check_mobile, read_mobile

_SETTINGS = Settings()
_NATIONAL = len("612345678")
_WRONG = {Reason.MOBILE_KIND: Kind.LANDLINE, Reason.MOBILE_COUNTRY: Kind.FOREIGN, Reason.MOBILE_PREFIX: Kind.NO_PREFIX}


class Phones:
    """The reading of numbers under the rule *check* of a host.

    :param region: where numbers of six or eight digits are of; see ``read_mobile``.
    """

    def __init__(self, check: Callable[[MobileCheck], Verdict], region: str | None) -> None:
        self._check = check
        self._region = region

    def mobiles_of(self, phones: Sequence[str], elsewhere: Sequence[str] = ()) -> tuple[list[str], str]:
        """The mobiles among *phones* in E.164, and the name of the ``Kind`` of what is wrong when there is none.

        :param elsewhere: numbers of other fields; a mobile there has an owner, but the file does not say who.
        """
        found: list[str] = []
        wrong = Kind.NO_MOBILE
        for phone in map(Hidden, phones):
            number = self._read(phone)
            if isinstance(number, Kind):
                wrong = number
            elif number not in found:
                found.append(number)
        if wrong is Kind.NO_MOBILE and any(isinstance(self._read(phone), str) for phone in map(Hidden, elsewhere)):
            wrong = Kind.MISPLACED
        return found, "" if found else wrong.name

    def _read(self, phone: str) -> str | Kind:
        digits = Hidden(phone.replace(" ", ""))
        if self._check is check_mobile and _mainland().fullmatch(digits):
            return Hidden("+33" + digits[-_NATIONAL:])
        if len(phone) > LONGEST:
            return Kind.MALFORMED
        check = read_mobile(phone, _SETTINGS, self._region)
        wrong = refusals_of(self._check(check))
        if wrong or check.number is None:
            return _WRONG.get(wrong[0].reason, Kind.MALFORMED) if wrong else Kind.MALFORMED
        return check.number


@cache
def _mainland() -> re.Pattern[str]:
    """The numbering plan's own pattern for the mobiles of the mainland, without the rest of its library."""
    plan: Any = phonenumbers.PhoneMetadata.metadata_for_region("FR")
    return re.compile(rf"(?:\+33|0)(?:{plan.mobile.national_number_pattern})")
