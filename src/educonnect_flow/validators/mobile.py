"""The mobile number: one E.164 form per number, France and its territories, mobile only.

Source: the guide (« Pour les numéros hors France métropolitaine, merci d'indiquer l'indicatif
régional »); the national numbering plan as the ``phonenumbers`` library has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers
from attrs import frozen
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from educonnect_flow._secrecy import Confidential, Hidden
from educonnect_flow.people import E164
from educonnect_flow.reasons import Reason, Refusal, Verdict
from educonnect_flow.settings import Settings
from educonnect_flow.validators.reading import read_number

LONGEST = 40
"""Characters of a number as typed, at most; checked before anything else."""

COUNTRY_CODES = frozenset({33, 262, 508, 590, 594, 596, 681, 687, 689})
"""France, Réunion and Mayotte, Saint-Pierre-et-Miquelon, Guadeloupe, Guyane, Martinique, Wallis-et-Futuna,
Nouvelle-Calédonie, Polynésie française."""

_FRANCE = 33
_SHORT = ("PM", "NC", "PF", "WF")
"""Territories whose own numbers have six or eight digits, and no 0 before them."""
_LOCAL = ("RE", "YT", "GP", "GF", "MQ", "PM")
"""Territories whose local numbers look like the mainland's: ten digits, the first of them 0."""

_RANGES = {"639": 262, "690": 590, "691": 590, "692": 262, "693": 262, "694": 594, "696": 596, "697": 596}
"""Ranges of mobiles that belong to one territory as a whole: the mainland has no number in them.  A block that the
library's plan does not know yet is read, too."""
_CODE_WITHOUT_PLUS = re.compile(r"(?:(?:\+|00)33)?0?(262|508|590|594|596|681|687|689)0?([0-9]{6,9})")
_MAINLAND_CODE = re.compile(r"(?:(?:\+|00)?330?|0)?([0-9]{9})")
_SHORT_NUMBER = re.compile(r"[0-9]{6}|[0-9]{8}")

_REGIONS = {
    "971": "GP", "972": "MQ", "973": "GF", "974": "RE", "975": "PM", "976": "YT", "977": "BL", "978": "MF",
    "983": "NC", "988": "NC", "984": "PF", "987": "PF", "986": "WF",
}  # fmt: skip
"""By the first digits of a school's number (UAI)."""


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
    """For a number of six or eight digits, as they are dialled in some territories: the prefixes that fit it,
    ``+687`` or ``+508, +687``."""
    settings: Settings


class _Number(PhoneNumber):
    """A number whose repr does not show it."""

    def __repr__(self) -> str:
        return "<hidden>"

    __str__ = __repr__


def e164(text: str) -> E164 | None:
    """*text* in E.164 form, +33 unless it says otherwise; ``None`` when it is no number.  Not judged further."""
    read = _read(text, None)
    return None if read is None else _written(read)


def region_of(uai: str) -> str | None:
    """The overseas region of the school with the number *uai*, as ``phonenumbers`` names it; the mainland: ``None``."""
    return _REGIONS.get(uai[:3])


def read_mobile(text: str, settings: Settings, region: str | None = None) -> MobileCheck:
    """Read *text* (of at most ``LONGEST`` characters) as a number; +33 unless it says otherwise.

    A number of an overseas range is that territory's, whether it is written ``0692…``, ``+33 692…`` or ``0262 692…``.

    :param region: whose numbers of six or eight digits are read, too (``region_of``).
    """
    text = read_number(text)
    ascii_only = _WRITTEN.issuperset(text)
    parsed = _read(text, region)
    if parsed is None:
        return MobileCheck(
            number=None, country_code=None, ascii_only=ascii_only, extension=False, valid=False, mobile=False,
            prefix=None, settings=settings,
        )  # fmt: skip
    number = _written(parsed)
    kind = _kind(parsed)
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
        prefix=None if valid else _prefixes(text),
        settings=settings,
    )


def _parsed(text: str, region: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region, numobj=_Number())
    except NumberParseException:
        return None


def _written(number: PhoneNumber) -> E164:
    return E164(Hidden(phonenumbers.format_number(number, PhoneNumberFormat.E164)))


def _kind(number: PhoneNumber) -> int:
    """What the plan says that *number* is; a range of mobiles counts as a whole."""
    national = Hidden(phonenumbers.national_significant_number(number))
    ranged = len(national) == len("692123456") and _RANGES.get(national[:3]) == number.country_code
    return PhoneNumberType.MOBILE if ranged else phonenumbers.number_type(number)


def _read(text: str, region: str | None) -> PhoneNumber | None:
    """The number that *text* is, by the mainland's plan or else by that of the one territory that has it."""
    found = _parsed(text, "FR")
    if region in _SHORT and not (text.startswith(("06", "07")) and found is not None and _kind(found) in _KINDS):
        # At a school there, 687 75 12 34 is no number of the mainland.
        coded = _CODE_WITHOUT_PLUS.fullmatch(Hidden("".join(c for c in text if c in "+0123456789")))
        own = _parsed(f"+{coded[1]}{coded[2]}", region) if coded else None
        if own is not None and own.country_code == phonenumbers.country_code_for_region(region) and _known(own):
            return own
    if found is None or found.extension or phonenumbers.number_type(found) != PhoneNumberType.UNKNOWN:
        return found
    digits = Hidden("".join(c for c in text if c in "+0123456789"))
    if region in _SHORT and _SHORT_NUMBER.fullmatch(digits):
        short = _parsed(digits, region)
        if short is not None and _kind(short) != PhoneNumberType.UNKNOWN:
            return short
    others = {_written(one): one for one in _overseas(digits) if one is not None and _known(one)}
    return others.popitem()[1] if len(others) == 1 else found


def _known(number: PhoneNumber) -> bool:
    return number.country_code != _FRANCE and _kind(number) != PhoneNumberType.UNKNOWN


def _overseas(digits: str) -> Iterator[PhoneNumber | None]:
    """What *digits* may be in a territory: a local number, also under the prefix of the mainland; or its own prefix
    without the ``+``.
    """
    if (local := _MAINLAND_CODE.fullmatch(digits)) and not _FICTION.fullmatch(f"+33{local[1]}"):
        code = _RANGES.get(local[1][:3])
        if code is not None:
            yield _parsed(f"+{code}{local[1]}", "FR")
        else:
            yield from (_parsed(f"0{local[1]}", region) for region in _LOCAL)
    if coded := _CODE_WITHOUT_PLUS.fullmatch(digits):
        yield _parsed(f"+{coded[1]}{coded[2]}", "FR")


def _prefixes(text: str) -> str | None:
    """The prefixes under which *text*, six or eight digits, is a mobile; none when there is none."""
    digits = Hidden("".join(c for c in text if c in "+0123456789"))
    if not _SHORT_NUMBER.fullmatch(digits):
        return None
    read = (_parsed(digits, region) for region in _SHORT)
    found = {f"+{one.country_code}" for one in read if one is not None and _kind(one) in _KINDS}
    return ", ".join(sorted(found)) or None


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
