"""The mobile number: one E.164 form per number, France and its territories, mobile only.

Source: the guide (« Pour les numéros hors France métropolitaine, merci d'indiquer l'indicatif
régional »); the national numbering plan as the ``phonenumbers`` library has it.
"""

from __future__ import annotations

import re

import phonenumbers
from attrs import frozen
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from educonnect_flow._secrecy import Confidential, Hidden
from educonnect_flow.people import E164
from educonnect_flow.reasons import Reason, Refusal, Verdict
from educonnect_flow.settings import Settings

LONGEST = 40
"""Characters of a number as typed, at most; checked before anything else."""

COUNTRY_CODES = frozenset({33, 262, 508, 590, 594, 596, 681, 687, 689})
"""France, Réunion and Mayotte, Saint-Pierre-et-Miquelon, Guadeloupe, Guyane, Martinique, Wallis-et-Futuna,
Nouvelle-Calédonie, Polynésie française."""

_FRANCE = 33
_OVERSEAS = ("RE", "YT", "GP", "GF", "MQ")
"""Territories whose local numbers look like the mainland's: ten digits from 06 or 07."""

_SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009", " "))
"""The spaces of French typography, which come along when a number is copied."""
_WRITTEN = frozenset("0123456789 +().-/")
_FICTION = re.compile(r"\+3363998[0-9]{4}")
_KINDS = {PhoneNumberType.MOBILE: "mobile", PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile"}


@frozen(kw_only=True, eq=False, repr=False, slots=False)
class MobileCheck(Confidential):
    """A number as read: what a mobile validator may see."""

    number: E164 | None
    """E.164; ``None`` when no number could be read."""
    country_code: int | None
    ascii_only: bool
    """Only ASCII digits, spaces and ``+ ( ) . - /`` were typed."""
    extension: bool
    valid: bool
    """The numbering plan has such a number."""
    mobile: bool
    """…and it is a mobile's."""
    prefix: str | None
    """For a local overseas number typed under the prefix of the mainland: the prefix to use, ``+262``."""
    settings: Settings


class _Number(PhoneNumber):
    """A number whose repr does not show it."""

    def __repr__(self) -> str:
        return "<hidden>"

    __str__ = __repr__


def e164(text: str) -> E164 | None:
    """*text* in E.164 form, +33 unless it says otherwise; ``None`` when it is no number.  Not judged further."""
    try:
        number = phonenumbers.parse(text, "FR", numobj=_Number())
        return E164(Hidden(phonenumbers.format_number(number, PhoneNumberFormat.E164)))
    except NumberParseException:
        return None


def read_mobile(text: str, settings: Settings) -> MobileCheck:
    """Read *text* (of at most ``LONGEST`` characters) as a number; +33 unless it says otherwise."""
    text = Hidden(text.translate(_SPACES))
    ascii_only = _WRITTEN.issuperset(text)
    try:
        parsed = phonenumbers.parse(text, "FR", numobj=_Number())
    except NumberParseException:
        return MobileCheck(
            number=None, country_code=None, ascii_only=ascii_only, extension=False, valid=False, mobile=False,
            prefix=None, settings=settings,
        )  # fmt: skip
    number = E164(Hidden(phonenumbers.format_number(parsed, PhoneNumberFormat.E164)))
    kind = phonenumbers.number_type(parsed)
    valid = kind != PhoneNumberType.UNKNOWN
    mobile = kind in _KINDS
    if settings.fictional_mobiles and _FICTION.fullmatch(number):
        valid = mobile = True
    return MobileCheck(
        number=number,
        country_code=parsed.country_code,
        ascii_only=ascii_only,
        extension=bool(parsed.extension),
        valid=valid,
        mobile=mobile,
        prefix=None if valid or parsed.country_code != _FRANCE else _overseas_prefix(text),
        settings=settings,
    )


def _overseas_prefix(text: str) -> str | None:
    """The one territory's prefix under which *text* is a mobile; none when there is none, or several."""
    found = set()
    for region in _OVERSEAS:
        try:
            parsed = phonenumbers.parse(text, region, numobj=_Number())
        except NumberParseException:
            continue
        if parsed.country_code != _FRANCE and phonenumbers.number_type(parsed) in _KINDS:
            found.add(f"+{parsed.country_code}")
    return found.pop() if len(found) == 1 else None


def check_mobile(check: MobileCheck) -> Verdict:
    """The first of the ``MOBILE_…`` reasons that applies."""
    reason = _reason(check)
    if reason is None:
        return None
    return Refusal(reason, "mobile", {"prefix": check.prefix} if reason is Reason.MOBILE_PREFIX else {})


def _reason(check: MobileCheck) -> Reason | None:
    if check.extension:
        return Reason.MOBILE_EXTENSION
    if not check.ascii_only:
        return Reason.MOBILE_CHARACTERS
    if check.prefix is not None:
        return Reason.MOBILE_PREFIX
    if check.country_code is not None and check.country_code not in COUNTRY_CODES:
        return Reason.MOBILE_COUNTRY
    if not check.valid:
        return Reason.MOBILE_INVALID
    if not check.mobile:
        return Reason.MOBILE_KIND
    return None


_PREFIXED = re.compile(rf"(\+(?:{'|'.join(map(str, sorted(COUNTRY_CODES)))}))([0-9]+)")


def split(number: str) -> tuple[str, str]:
    """Prefix and national part of an E.164 *number*: ``+33``, ``612345678``; no prefix for one of elsewhere."""
    if not _PREFIXED.fullmatch(number):
        return "", Hidden(number.removeprefix("+"))
    length = len(f"+{_FRANCE}") if number.startswith(f"+{_FRANCE}") else len("+262")
    return number[:length], Hidden(number[length:])


def mask(number: str) -> str:
    """An E.164 *number* with all but its prefix, first and last two digits hidden: ``+33 6 •• •• •• 78``."""
    prefix, national = split(number)
    hidden = "•• " * ((len(national) - 3) // 2)
    return f"{prefix} {national[:1]} {hidden}{national[-2:]}".strip()
