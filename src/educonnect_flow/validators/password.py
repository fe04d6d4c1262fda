"""The password: the guide's five criteria, common and personal passwords refused, and the meter.

Sources: the guide (five criteria); NIST SP 800-63B-4, 3.1.1.2 (blocklist on the entire password, NFC,
no truncation); ASVS 5.0, 6.2.4, 6.2.9 and 6.2.11.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from attrs import evolve, field, frozen

from educonnect_flow._secrecy import Confidential, Hidden
from educonnect_flow.reasons import Reason, Refusal, Verdict, refusals_of
from educonnect_flow.settings import Settings
from educonnect_flow.validators.identity import LONGEST, fold
from educonnect_flow.validators.mobile import split

SPECIALS = frozenset("!?@#$(){}[]_&=+-%*<>£µ/.:;")
"""The guide's list.  Any other character is welcome, and counts as no special one."""

SCORED = 16
"""How many characters the meter reads: zxcvbn's time grows fast on crafted input, and more only adds strength."""

_COMMON_CORES = 2_000
"""Passwords that are also refused with digits and specials around them: the first of zxcvbn's list."""

_FRENCH = frozenset(
    {"azertyuiop", "chouchou", "coucou", "doudou", "jetaime", "loulou", "maman", "motdepasse", "nounours", "papa"}
)
"""Words that French parents choose and that stand far down in zxcvbn's list, or not at all."""

_DIGITS = frozenset("0123456789")


class Strength(IntEnum):
    """How well a password resists guessing, weak to strong."""

    WEAK = 1
    FAIR = 2
    GOOD = 3
    STRONG = 4


@frozen(slots=False)
class Criterion:
    """One thing that the page asks."""

    name: str
    """``upper``, ``lower``, ``digit``, ``special`` or ``length``."""
    met: bool
    reason: Reason = field(repr=False)
    """What a password is refused for that does not meet it."""
    least: int = field(default=1, repr=False)
    """How many of them are asked."""

    def message(self, locale: str = "fr") -> str:
        """The line that the page shows, in *locale*."""
        from educonnect_flow._messages import criterion_text

        return criterion_text(self.name, self.least, locale)


class PasswordReport(NamedTuple):
    """What the meter shows as one types."""

    criteria: tuple[Criterion, ...]
    strength: Strength
    refusals: tuple[Refusal, ...] = ()
    """Why a submit of this password would be refused; empty when it would be accepted."""


@frozen(kw_only=True, eq=False, repr=False, slots=False)
class PasswordCheck(Confidential):
    """What a password validator may see."""

    password: str
    """In NFC, of at most ``password_max`` characters."""
    confirmation: str
    """Likewise."""
    names: tuple[str, ...]
    """The parent's names."""
    mobile: str
    """E.164."""
    identifier: str
    """The identifier to be, without its digits: ``e.durand``."""
    settings: Settings
    breached: bool = False
    """Whether it was published, as far as the host's list knows."""


def normalise(password: str) -> str:
    """*password* in NFC: the same on every keyboard (NIST 3.1.1.2).  Bound its length first: NFC is quadratic."""
    return Hidden(unicodedata.normalize("NFC", password))


def criteria(password: str, settings: Settings) -> tuple[Criterion, ...]:
    """What *settings* ask, in the guide's order, and whether *password* (NFC) has it."""
    least = settings.password_min
    length = Criterion("length", len(password) >= least, Reason.PASSWORD_TOO_SHORT, least)
    if not settings.password_composition:
        return (length,)
    return (*(Criterion(name, has(password), reason) for name, reason, has in _COMPOSITION), length)


_COMPOSITION: tuple[tuple[str, Reason, Callable[[str], bool]], ...] = (
    ("upper", Reason.PASSWORD_NO_UPPER, lambda text: any(map(str.isupper, text))),
    # µ is one of the specials, and a small letter to Unicode only.
    ("lower", Reason.PASSWORD_NO_LOWER, lambda text: any(map(str.islower, text.replace("µ", "")))),
    ("digit", Reason.PASSWORD_NO_DIGIT, lambda text: not _DIGITS.isdisjoint(text)),
    ("special", Reason.PASSWORD_NO_SPECIAL, lambda text: not SPECIALS.isdisjoint(text)),
)
"""The guide's four kinds of characters, in its order."""


def empty_criteria(settings: Settings) -> tuple[Criterion, ...]:
    """What *settings* ask, none of it met: what the page shows first.  Kept with the settings, which never change."""
    known: tuple[Criterion, ...] | None = settings.__dict__.get("_criteria")
    if known is None:
        known = settings.__dict__["_criteria"] = criteria("", settings)
    return known


_SURROGATE = re.compile("[\ud800-\udfff]")


def check_texts(password: str, confirmation: str, longest: int) -> tuple[Refusal, ...]:
    """Whether both can be looked at at all: first of all their length, for what follows takes time with it."""
    for name, text in (("password", password), ("confirmation", confirmation)):
        if len(text) > longest:
            return (Refusal(Reason.TOO_LONG, name, {"max": longest}),)
        if _SURROGATE.search(text):  # half a character: nothing could encode it
            return (Refusal(Reason.CHARACTERS, name),)
    return () if password else (Refusal(Reason.REQUIRED, "password"),)


def check_password(check: PasswordCheck) -> Verdict:
    """Every criterion that is not met, then common, personal, and the confirmation: all of them at once."""
    settings, refusals = check.settings, []
    if settings.password_composition:
        refusals += [Refusal(reason, "password") for _, reason, has in _COMPOSITION if not has(check.password)]
    if len(check.password) < settings.password_min:
        refusals.append(Refusal(Reason.PASSWORD_TOO_SHORT, "password", {"min": settings.password_min}))
    if is_common(check.password):
        refusals.append(Refusal(Reason.PASSWORD_COMMON, "password"))
    if check.breached:
        refusals.append(Refusal(Reason.PASSWORD_BREACHED, "password"))
    refusals += [Refusal(reason, "password") for reason in personal(check)]
    if check.password != check.confirmation:
        refusals.append(Refusal(Reason.PASSWORD_MISMATCH, "confirmation"))
    return refusals


def is_common(password: str) -> bool:
    """Whether everybody uses it: all of it, whatever its case, or a very common word between digits and specials."""
    ranks = _ranks()
    whole = Hidden(password.casefold())
    if whole in ranks:
        return True
    core = _core(whole)
    return core in _FRENCH or ranks.get(core, _COMMON_CORES + 1) <= _COMMON_CORES


def _core(text: str) -> str:
    letters = [*map(str.isalpha, text)]
    if True not in letters:
        return ""
    return text[letters.index(True) : len(letters) - letters[::-1].index(True)]


@cache
def _ranks() -> dict[str, int]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # here, for it takes longer to load than all else

    return {word: rank for rank, word in enumerate(FREQUENCY_LISTS["passwords"], 1)}


def personal(check: PasswordCheck) -> list[Reason]:
    """For which words of the parent's own, or the service's, the password is refused."""
    text = _folded(check.password)
    letters = Hidden("".join(filter(str.isalpha, text)))
    reasons = []
    if any(_made_of(text, letters, word) for name in check.names for word in _words(name)):
        reasons.append(Reason.PASSWORD_HAS_NAME)
    digits = Hidden("".join(filter(_DIGITS.__contains__, text)))
    if split(check.mobile)[1][-8:] in digits:  # whatever prefix it is typed with
        reasons.append(Reason.PASSWORD_HAS_MOBILE)
    if _folded(check.identifier) in text:
        reasons.append(Reason.PASSWORD_HAS_IDENTIFIER)
    if any(_made_of(text, letters, _folded(name)) for name in check.settings.service_names):
        reasons.append(Reason.PASSWORD_HAS_SERVICE)
    return reasons


_SHORTEST = 4
_SEPARATORS = re.compile(r"[^\w]+")


def _made_of(text: str, letters: str, word: str) -> bool:
    """A longer word anywhere; a shorter one only when there are no other letters."""
    return word in text if len(word) >= _SHORTEST else word != "" and letters == word


def _folded(text: str) -> str:
    # fold() is made for names of bounded length; a password is bounded too, by password_max.
    return Hidden(fold(text))


def _words(name: str) -> set[str]:
    cut = name[:LONGEST]
    parts = _SEPARATORS.split(cut)
    return {fold(cut), *map(fold, parts)} if len(parts) > 1 else {fold(cut)}


def assess(check: PasswordCheck, refusals: tuple[Refusal, ...] | None = None) -> PasswordReport:
    """The criteria met, and the strength.  Takes a bounded time whatever the input.

    :param refusals: why a submit of it would be refused; default: what ``check_password`` says.  A reason that is no
        criterion of the page makes it weak.
    """
    if refusals is None:
        refusals = refusals_of(check_password(check))
    asked = criteria(check.password, check.settings)
    named = {criterion.reason for criterion in asked}
    if any(refusal.reason is Reason.TOO_LONG for refusal in refusals):
        asked = tuple(evolve(one, met=False) if one.name == "length" else one for one in asked)
    if not check.password or any(refusal.reason not in named for refusal in refusals):
        strength = Strength.WEAK
    else:
        from zxcvbn import zxcvbn  # here, for it takes longer to load than all else

        # Never its user_inputs: they go through a global that threads share.
        # It takes a line's end for the end of a number, and fails on it.
        shown = Hidden("".join(c if c.isprintable() else " " for c in check.password[:SCORED]))
        score = zxcvbn(shown)["score"]
        strength = Strength(max(1, score))
    return PasswordReport(asked, strength, refusals)
