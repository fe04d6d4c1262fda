"""The identity: how the names are written does not matter, their letters do.

The guide says « Nom », and both the birth and the usage name are one.  Case, accents, strokes, ligatures and every sign
between letters are how a name is written down; any other letter is another name.  A letter of another alphabet that
only looks the same stays different (CVE-2019-19844), and a digit is never dropped.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate

from attrs import frozen

from educonnect_flow._secrecy import Confidential
from educonnect_flow.people import Guardian
from educonnect_flow.reasons import Reason, Refusal, Verdict

LONGEST = 100
"""Characters of a name, at most; checked before anything else (CVE-2023-46695)."""

JOINING = ("epouse", "ep", "nee", "ne")
"""Words, folded, that may be between the birth and the usage name: « MARTIN épouse PETIT », « Petit née Martin »."""

_APOSTROPHES = frozenset("\u02b9\u02ba\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\ua78b\ua78c")
"""Letters to Unicode, apostrophes to those who write them: the okina of Polynesia, among others."""

_MEMORY = 2_000
"""Code points that are looked up once only: those of names in any one script, and no more."""


class _Bare(dict[int, str | None]):
    """What each code point comes to: a mark or a sign to nothing, a Latin letter to plain ones."""

    def __missing__(self, point: int) -> str | None:
        found = _bare(chr(point))
        if len(self) < _MEMORY:
            self[point] = found
        return found


def _bare(character: str) -> str | None:
    category = unicodedata.category(character)
    if character in _APOSTROPHES or category in {"Mn", "Me"} or category[0] in "PSZC":
        return None
    if category[0] == "L" and not character.isascii() and unicodedata.name(character, "").startswith("LATIN"):
        from anyascii import anyascii  # here, for few names need it: the whole table of letters with a stroke or a hook

        plain = anyascii(character).lower()
        letters = "".join(c for c in plain if c.isalpha())
        return character if not letters or any(c.isdigit() for c in plain) else letters
    return character


_BARE = _Bare()
_SIGNS = str.maketrans(dict.fromkeys(c for c in map(chr, range(128)) if not c.isalnum()))

_UNWRITABLE = frozenset({"Cc", "Cs", "Co", "Cn", "Nd", "Nl", "No", "Sm", "Sc", "So"})
_OTHERS = frozenset("@#%&*_\\:;!?<>=+$|~^{}[]")
"""Signs that no name has.  A mail address, a web address or a smiley in the field is a slip, and is refused aloud."""
_PLAIN = re.compile(r"[A-Za-z '-]*")


def possible(name: str) -> bool:
    """Whether *name* (of at most ``LONGEST`` characters) has only what a record can hold: no digit, no symbol."""
    if _PLAIN.fullmatch(name):
        return True
    return not any(c in _OTHERS or unicodedata.category(c) in _UNWRITABLE for c in name.strip())


def writable(name: str) -> bool:
    """Whether *name* (of at most ``LONGEST`` characters) could be one: ``possible``, with a letter at least."""
    return possible(name) and any(c.isalpha() for c in fold(name))


def fold(name: str) -> str:
    """*name* (of at most ``LONGEST`` characters) as it is compared; folding it again changes nothing."""
    if name.isascii():
        return name.translate(_SIGNS).lower()
    return unicodedata.normalize("NFD", name.casefold()).translate(_BARE)


@frozen(kw_only=True, eq=False, repr=False, slots=False)
class IdentityCheck(Confidential):
    """What an identity validator may see: the claim, and one record that has the same mobile."""

    family_name: str
    """As typed."""
    given_name: str
    mobile: str
    """E.164."""
    guardian: Guardian


def check_identity(check: IdentityCheck) -> Verdict:
    """``IDENTITY_UNKNOWN`` unless both names are the record's, however written.

    The family name is the birth name, the usage name, or both together in either order, also with a word of ``JOINING``
    between them.  The given name is the first, alone or followed by others of the record in their order; never another
    one without it.  A record without a given name matches a claim without one.
    """
    if fold(check.family_name) in families(check.guardian) and fold(check.given_name) in given_names(check.guardian):
        return None
    return Refusal(Reason.IDENTITY_UNKNOWN)


def families(guardian: Guardian) -> frozenset[str]:
    """Every family name, folded, that is this *guardian*'s."""
    one, other = fold(guardian.family_name[:LONGEST]), fold((guardian.usage_name or "")[:LONGEST])
    if not other:
        one, other = _both(guardian.family_name[:LONGEST]) or (one, "")
    known = {one, other, fold(guardian.family_name[:LONGEST])}
    if one and other:
        for first, second in ((one, other), (other, one)):
            known.update(f"{first}{joining}{second}" for joining in ("", *JOINING))
    return frozenset(known - {""})


def _both(text: str) -> tuple[str, str] | None:
    """The two names of a record that has both in one field, with a word of ``JOINING`` between them."""
    words = [fold(word) for word in text.split()]
    for place in range(1, len(words) - 1):
        if words[place] in JOINING:
            return "".join(words[:place]), "".join(words[place + 1 :])
    return None


def given_names(guardian: Guardian) -> frozenset[str]:
    """Every given name, folded, that is this *guardian*'s; only the empty one when the record has none."""
    first = fold(guardian.given_name[:LONGEST])
    if not any(c.isalpha() for c in first):
        return frozenset({""})
    others = (fold(name[:LONGEST]) for name in guardian.other_given_names)
    return frozenset(accumulate(others, initial=first))
