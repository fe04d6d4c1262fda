"""Why something was refused: a closed list, and the refusal that carries one of its members."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Any

import attrs
from attrs import frozen

from educonnect_flow._text import encode
from educonnect_flow._typed import of
from educonnect_flow.errors import WrongUse


class Reason(Enum):
    """Every reason there is.  The message catalogues have a text for parents for each."""

    NOT_NOW = "not_now"
    """The state does not accept this event; nothing changed."""
    IDLE = "idle"
    """Idle or open for too long, or too many events: the activation is ``EXPIRED``."""

    REQUIRED = "required"
    """The field is empty."""
    TOO_LONG = "too_long"
    """The field is longer than anything it could hold.  Params: ``max``, in characters."""
    CHARACTERS = "characters"
    """The field holds characters that no name, number or password has (control characters)."""

    MOBILE_CHARACTERS = "mobile_characters"
    """The number holds something else than ASCII digits, spaces and ``+ ( ) . - /``."""
    MOBILE_INVALID = "mobile_invalid"
    """No such number."""
    MOBILE_EXTENSION = "mobile_extension"
    """A number with an extension."""
    MOBILE_COUNTRY = "mobile_country"
    """A number of neither France nor its territories."""
    MOBILE_KIND = "mobile_kind"
    """A number that is no mobile: landline, voice over IP, premium rate…"""
    MOBILE_PREFIX = "mobile_prefix"
    """A number of six or eight digits, as some territories dial it.  Params: ``prefix``: those that fit it."""

    HUMAN_CHECK_REQUIRED = "human_check_required"
    """The human check was not answered; the prompt is still valid."""
    HUMAN_CHECK_FAILED = "human_check_failed"
    """The answer was wrong or late; the view holds a new prompt."""
    IDENTITY_UNKNOWN = "identity_unknown"
    """No guardian has this name and mobile.  Only used when ``tell_unknown_identity`` is set."""

    MOBILE_LOCKED = "mobile_locked"
    """Too many failures with this mobile.  Params: ``at``, ``seconds``."""
    SOURCE_FAILURES = "source_failures"
    """Too many failures from this source: submits are refused; costs no attempt.  Params: ``at``, ``seconds``."""
    SERVICE_FAILURES = "service_failures"
    """Too many failures in a range of numbers, or national: submits are refused for now; costs no attempt.  Params:
    ``at``, ``seconds``."""
    RESEND_TOO_SOON = "resend_too_soon"
    """A code went out a moment ago.  Params: ``at``, ``seconds``."""
    RESENDS_USED = "resends_used"
    """This activation has used all its codes; a new one may be started."""
    SMS_PER_MOBILE = "sms_per_mobile"
    """Too many messages to this mobile.  Params: ``at``, ``seconds``."""
    SMS_PER_SOURCE = "sms_per_source"
    """Too many messages asked for from this source.  Params: ``at``, ``seconds``."""
    SMS_PER_PREFIX = "sms_per_prefix"
    """Too many messages to numbers that begin like this one.  Params: ``at``, ``seconds``."""
    SMS_BUDGET = "sms_budget"
    """The national budget of messages is spent.  Params: ``at``, ``seconds``."""

    CODE_MALFORMED = "code_malformed"
    """Not the right number of digits; costs no attempt.  Params: ``length``."""
    CODE_WRONG = "code_wrong"
    """Another code; costs an attempt.  Params: ``attempts_left``."""
    CODE_EXPIRED = "code_expired"
    """The code has expired; costs no attempt."""
    LOCKED = "locked"
    """Too many failures: the activation is ``LOCKED``.  Params: ``at``, ``seconds``."""

    ANSWER_MISSING = "answer_missing"
    """A pupil of the page has no answer; costs no attempt."""
    ANSWER_REPEATED = "answer_repeated"
    """A pupil has several answers; costs no attempt."""
    PUPIL_NOT_SHOWN = "pupil_not_shown"
    """An answer for a pupil that the page does not show; costs no attempt."""
    BIRTH_DATE_MISSING = "birth_date_missing"
    """A confirmed pupil without a date; costs no attempt."""
    BIRTH_DATE_MALFORMED = "birth_date_malformed"
    """Not a real day, or not ``JJ/MM/AAAA``; costs no attempt."""
    BIRTH_DATES_WRONG = "birth_dates_wrong"
    """One of the dates is wrong, or several; costs an attempt.  Params: ``attempts_left``."""
    NO_PUPIL = "no_pupil"
    """The schools have no pupil of this guardian: the activation is ``REFUSED``."""
    NO_PUPIL_CONFIRMED = "no_pupil_confirmed"
    """Every pupil was denied: the activation is ``REFUSED``."""

    PASSWORD_TOO_SHORT = "password_too_short"
    """Params: ``min``, in characters."""
    PASSWORD_NO_UPPER = "password_no_upper"
    """No capital letter."""
    PASSWORD_NO_LOWER = "password_no_lower"
    """No small letter."""
    PASSWORD_NO_DIGIT = "password_no_digit"
    """No digit."""
    PASSWORD_NO_SPECIAL = "password_no_special"
    """None of the guide's special characters."""
    PASSWORD_COMMON = "password_common"
    """A common password."""
    PASSWORD_BREACHED = "password_breached"
    """On the host's list of passwords that were published."""
    PASSWORD_HAS_NAME = "password_has_name"
    """Contains the parent's own name."""
    PASSWORD_HAS_MOBILE = "password_has_mobile"
    """Contains the parent's own number."""
    PASSWORD_HAS_IDENTIFIER = "password_has_identifier"
    """Contains the future identifier."""
    PASSWORD_HAS_SERVICE = "password_has_service"
    """Contains the service's name."""
    PASSWORD_MISMATCH = "password_mismatch"
    """The confirmation differs."""

    HOST_RULE = "host_rule"
    """A rule of the host's own.  Params: ``text``, what the parent reads."""


def _params(value: Mapping[str, Any]) -> Mapping[str, Any]:
    for param in value.values():
        if not isinstance(param, str | int | datetime):
            raise WrongUse("Refusal.params holds text, whole numbers and times by name")
    return MappingProxyType(dict(value))


@frozen(slots=False)
class Refusal:
    """One reason, the field it concerns, and what the message needs.

    Holds no value that the parent typed.
    """

    reason: Reason = attrs.field(validator=of(Reason))
    field: str | None = attrs.field(default=None, validator=of(str, type(None)))
    """The name of the event's field; for a pupil ``answers[ID]``; ``None`` for the whole."""
    params: Mapping[str, Any] = attrs.field(factory=dict, converter=_params, hash=False)
    """Text, whole numbers and aware times by name; see ``Reason`` for which."""

    def message(self, locale: str = "fr") -> str:
        """What the parent reads, one or two sentences, in *locale* (``fr``, ``en``; any other: ``fr``)."""
        from educonnect_flow._messages import refusal_text

        return refusal_text(self.reason.name, self.params, locale)

    def __reduce__(self) -> tuple[type[Refusal], tuple[Reason, str | None, dict[str, Any]]]:
        return (Refusal, (self.reason, self.field, dict(self.params)))


def until(reason: Reason, at: datetime, now: datetime, where: str | None = None) -> Refusal:
    """A refusal that says when to come back: ``at`` (aware) and in how many ``seconds``, rounded up."""
    seconds = max(1, -((now - at).total_seconds() // 1))
    return Refusal(reason, where, {"at": at, "seconds": int(seconds)})


def required(field: str, text: str, longest: int, empty: Reason = Reason.REQUIRED) -> Refusal | None:
    """Why *text* is no answer for *field* at all: too long (looked at first) or empty; else ``None``.

    :param longest: in characters.
    """
    if len(text) > longest:
        return Refusal(Reason.TOO_LONG, field, {"max": longest})
    if not text or text.isspace():
        return Refusal(empty, field)
    return None


def dump_refusals(refusals: tuple[Refusal, ...]) -> str:
    """*refusals* as JSON, for a store."""
    return encode(
        [
            [
                refusal.reason.value,
                refusal.field,
                {
                    name: {"at": value.isoformat()} if isinstance(value, datetime) else value
                    for name, value in refusal.params.items()
                },
            ]
            for refusal in refusals
        ]
    )


def load_refusals(text: str) -> tuple[Refusal, ...]:
    """The refusals that ``dump_refusals`` wrote."""
    return tuple(
        Refusal(
            Reason(reason),
            where,
            {
                name: datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value
                for name, value in params.items()
            },
        )
        for reason, where, params in json.loads(text)
    )


Verdict = Refusal | tuple[Refusal, ...] | list[Refusal] | None
"""What a validator returns."""


def refusals_of(verdict: object) -> tuple[Refusal, ...]:
    """What a validator returned, as a tuple.

    :raises WrongUse: when it is neither ``None``, a refusal, nor a list or tuple of them.
    """
    if verdict is None:
        return ()
    if isinstance(verdict, Refusal):
        return (verdict,)
    if isinstance(verdict, tuple | list) and all(isinstance(item, Refusal) for item in verdict):
        return tuple(verdict)
    raise WrongUse(f"a validator returns None, a Refusal or several, not {type(verdict).__name__}")
