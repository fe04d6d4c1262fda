"""The identity: how the names are written does not matter, their letters do.

The guide says « Nom », and both the birth and the usage name are one.  Case, accents, hyphens,
apostrophes, spaces and ligatures are how a name is written down; any other letter is another
name.  A letter of another alphabet that only looks the same stays different (CVE-2019-19844).
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

_WRITING = dict.fromkeys(map(ord, " \u00a0\u202f\u2009\u00ad'’‘ʼ`´′-‐‑‒–—−"))
"""Spaces, soft hyphen, apostrophes and hyphens: how a name is set, not what it is."""

_LETTERS: dict[int, str] = str.maketrans(
    {"œ": "oe", "æ": "ae", "ĳ": "ij", "ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl", "ſ": "s",
     "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i"}
)  # fmt: skip
"""Latin ligatures, and letters whose stroke or dot Unicode does not take apart from them."""


class _Bare(dict[int, str | None]):
    """What each code point comes to: a mark or a way of writing to nothing, a letter to plain ones."""

    def __missing__(self, point: int) -> str | None:
        found = None if unicodedata.category(chr(point)) == "Mn" else chr(point)
        if len(self) < _MEMORY:
            self[point] = found
        return found


_MEMORY = 2_000
"""Code points that are looked up once only: those of names in any one script, and no more."""
_BARE = _Bare({**_WRITING, **_LETTERS})

_UNWRITABLE = frozenset({"Cc", "Cs", "Co", "Cn"})
_PLAIN = re.compile(r"[A-Za-z '-]*")


def writable(name: str) -> bool:
    """Whether *name* (of at most ``LONGEST`` characters) could be one: a letter at least, no control characters."""
    if not _PLAIN.fullmatch(name) and any(
        (category := unicodedata.category(c)) in _UNWRITABLE or (category == "Cf" and c != "\u00ad") for c in name
    ):
        return False
    return any(c.isalpha() for c in fold(name))


def fold(name: str) -> str:
    """*name* (of at most ``LONGEST`` characters) as it is compared; folding it again changes nothing."""
    if name.isascii():
        return name.translate(_WRITING).lower()
    return unicodedata.normalize("NFD", name.translate(_WRITING).casefold()).translate(_BARE)


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

    The family name is the birth name or the usage name; both together are a third name, unless the record has it.  The
    given name is the first, alone or followed by others of the record in their order; never another one without it.
    """
    guardian = check.guardian
    family, given = fold(check.family_name), fold(check.given_name)
    families = {fold(guardian.family_name), fold(guardian.usage_name or "")} - {""}
    first = fold(guardian.given_name)
    others = (fold(name[:LONGEST]) for name in guardian.other_given_names)
    if given and first and family in families and given in set(accumulate(others, initial=first)):
        return None
    return Refusal(Reason.IDENTITY_UNKNOWN)
