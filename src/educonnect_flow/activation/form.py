"""The identity form as such: what can be said of it before anything outside is asked."""

from __future__ import annotations

from educonnect_flow.activation.events import ClaimIdentity
from educonnect_flow.reasons import Reason, Refusal, refusals_of
from educonnect_flow.settings import Settings
from educonnect_flow.validators import Validators
from educonnect_flow.validators import identity as names
from educonnect_flow.validators import mobile as mobiles
from educonnect_flow.validators.mobile import MobileCheck, read_mobile

LONGEST_ANSWER = 10_000
"""Characters of an answer to the human check, at most: a solved puzzle is a few hundred."""


def read_form(
    event: ClaimIdentity, prompted: bool, settings: Settings, validators: Validators
) -> tuple[MobileCheck | None, tuple[Refusal, ...]]:
    """The number as read, and every refusal of the form.  Lengths are bounded before anything else is done."""
    refusals = [
        *_name("family_name", event.family_name),
        *_name("given_name", event.given_name),
    ]
    number = None
    blank = _blank("mobile", event.mobile, mobiles.LONGEST)
    if blank is not None:
        refusals.append(blank)
    else:
        number = read_mobile(event.mobile, settings)
        refusals += refusals_of(validators.mobile(number))
        if number.number is None and not refusals:
            refusals.append(Refusal(Reason.MOBILE_INVALID, "mobile"))  # whatever a host's validator lets through
    if prompted:
        answer = event.human_check or ""
        blank = _blank("human_check", answer, LONGEST_ANSWER, Reason.HUMAN_CHECK_REQUIRED)
        if blank is not None:
            refusals.append(blank)
    return number, tuple(refusals)


def _blank(field: str, text: str, longest: int, empty: Reason = Reason.REQUIRED) -> Refusal | None:
    if len(text) > longest:
        return Refusal(Reason.TOO_LONG, field, {"max": longest})
    if not text or text.isspace():
        return Refusal(empty, field)
    return None


def _name(field: str, text: str) -> tuple[Refusal, ...]:
    blank = _blank(field, text, names.LONGEST)
    if blank is not None:
        return (blank,)
    return () if names.writable(text) else (Refusal(Reason.CHARACTERS, field),)
