"""Every number that a host may change, with where its default comes from."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Self

from attrs import Attribute, field, frozen

from educonnect_flow._typed import frozen_sequence, of, sequence

GUIDE = "the guide"
ASSUMED = "assumed"
DESIGN = "a bound of this library"

_DAY = timedelta(hours=24)
_LONGEST = timedelta(days=3653)
_BUDGETS = (
    "source_failures", "prefix_failures", "national_failures",
    "sms_per_mobile", "sms_per_source", "sms_per_prefix", "sms_budget",
)  # fmt: skip
SMS_LONGEST = 160
"""Characters of the GSM alphabet in one SMS."""
SMS_BESIDE = 93
"""Characters of the longest text of an SMS beside the code (twice), the minutes and the origin."""
_MINUTE = timedelta(minutes=1)
_HOST = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_SHORTEST_CODE, _LONGEST_CODE = 4, 12


def _setting(default: Any, source: str, meaning: str, *kinds: type) -> Any:
    return field(
        default=default, validator=of(*(kinds or (type(default),))), metadata={"source": source, "meaning": meaning}
    )


@frozen(kw_only=True, slots=False)
class Settings:
    """The limits of the journey.  ``educonnect`` is the default; ``strict`` is tighter.

    :raises WrongUse: when a value has another type.
    :raises ValueError: when values contradict each other or make no sense.
    """

    code_length: int = _setting(6, ASSUMED, "digits of a code (NIST SP 800-63B-4, 3.1.3.2: six at least)")
    code_ttl: timedelta = _setting(timedelta(minutes=30), GUIDE, "how long a code is valid")
    code_failures: int = _setting(5, ASSUMED, "wrong codes per activation")
    pupils_failures: int = _setting(5, ASSUMED, "submits with a wrong birth date per activation")
    mobile_failures: int = _setting(10, ASSUMED, "failures of both kinds per mobile, over all activations")
    source_failures: int | None = _setting(
        200,
        ASSUMED,
        "failures of both kinds per source, where the host names one; `None` sets no bound",
        int,
        type(None),
    )
    prefix_failures: int | None = _setting(
        None, ASSUMED, "failures of both kinds per range of a million numbers; `None` sets no bound", int, type(None)
    )
    national_failures: int | None = _setting(
        None, ASSUMED, "failures of both kinds in all, national; `None` sets no bound", int, type(None)
    )
    failures_window: timedelta = _setting(_DAY, ASSUMED, "within which failures are counted, but those per activation")
    lock_for: timedelta = _setting(timedelta(hours=1), ASSUMED, "how long a lock lasts")
    resend_after: timedelta = _setting(timedelta(seconds=60), ASSUMED, "between two codes of an activation")
    resends: int = _setting(3, ASSUMED, "further codes per activation, after the first")
    sms_per_mobile: int = _setting(5, ASSUMED, "codes per mobile, over all activations")
    sms_per_source: int | None = _setting(
        200, ASSUMED, "codes per source, where the host names one; `None` sets no bound", int, type(None)
    )
    sms_per_prefix: int | None = _setting(
        20_000, ASSUMED, "codes per range of a million numbers; `None` sets no bound", int, type(None)
    )
    sms_budget: int | None = _setting(100_000, ASSUMED, "codes in all, national; `None` sets no bound", int, type(None))
    sms_window: timedelta = _setting(_DAY, ASSUMED, "within which codes are counted, but those per activation")
    idle_for: timedelta = _setting(timedelta(hours=1), ASSUMED, "time without a submit after which a run expires")
    run_for: timedelta = _setting(
        timedelta(hours=4), DESIGN, "time from the start after which a run expires, also when it is used"
    )
    events_per_run: int = _setting(200, DESIGN, "submits of any kind after which a run expires")
    keep_for: timedelta = _setting(_DAY, ASSUMED, "how long an ended run is kept before `purge` deletes it")
    tell_unknown_identity: bool = _setting(
        False, ASSUMED, "show that a name and mobile are unknown; then any visitor can find out who is known"
    )
    password_min: int = _setting(8, GUIDE, "characters of a password at least")
    password_max: int = _setting(256, DESIGN, "characters of a password at most; checked before anything else")
    password_composition: bool = _setting(True, GUIDE, "ask a capital, a small letter, a digit and a special character")
    service_names: tuple[str, ...] = field(
        default=("educonnect",),
        converter=frozen_sequence,
        validator=sequence(str),
        metadata={"source": ASSUMED, "meaning": "words that no password may contain"},
    )
    origin: str = _setting(
        "educonnect.education.gouv.fr",
        GUIDE,
        "the host's domain, in the SMS, so that phones fill the code in",
    )
    sms_locale: str = _setting("fr", GUIDE, "language of the SMS")
    lease_for: timedelta = _setting(timedelta(seconds=60), DESIGN, "how long a relay may take for one message")
    retry_after: timedelta = _setting(
        timedelta(seconds=5),
        DESIGN,
        "before a message that a gateway did not take is tried again; doubles, up to 5 min",
    )
    fictional_mobiles: bool = _setting(
        False, DESIGN, "accept 06 39 98 xx xx, the range kept for fiction; for tests and demonstrations"
    )

    def __attrs_post_init__(self) -> None:
        for name in ("code_failures", "pupils_failures", "mobile_failures", "password_min", "events_per_run"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more")
        for name in ("resends", *_BUDGETS):
            if (getattr(self, name) or 0) < 0:
                raise ValueError(f"{name} must not be negative")
        attribute: Attribute[Any]
        for attribute in type(self).__attrs_attrs__:
            value = getattr(self, attribute.name)
            if isinstance(value, timedelta) and not timedelta(0) < value <= _LONGEST:
                raise ValueError(f"{attribute.name} must be longer than nothing, and not longer than ten years")
        for wrong, text in (
            (not _SHORTEST_CODE <= self.code_length <= _LONGEST_CODE, "code_length must be 4 to 12 digits"),
            (
                self.idle_for <= self.code_ttl,
                "idle_for must be longer than code_ttl, so that an expired code can still be resent",
            ),
            (
                not _HOST.fullmatch(self.origin),
                "origin must be a host name, without scheme and port: phones look for it",
            ),
            (
                SMS_BESIDE + len(f"{self.code_ttl // _MINUTE}") + 2 * self.code_length + len(self.origin) > SMS_LONGEST,
                "origin is too long: with the code and the text the SMS would be two messages",
            ),
            (self.run_for < self.idle_for, "run_for must not be shorter than idle_for"),
            (
                self.password_max < max(64, self.password_min),
                "password_max must be 64 or more (ASVS 5.0, 6.2.9) and not below password_min",
            ),
        ):
            if wrong:
                raise ValueError(text)

    @classmethod
    def educonnect(cls) -> Self:
        """The guide's journey: 30 minutes, five criteria, 8 characters.

        It conforms neither to NIST SP 800-63B-4 nor to ASVS 5.0 level 2, which ask for a code of 10
        minutes and forbid composition rules; it follows the service that parents know.
        """
        return cls()

    @classmethod
    def strict(cls) -> Self:
        """A code of 10 minutes (NIST SP 800-63B-4, 3.1.3.2; ASVS 5.0, 6.5.5), 15 characters and no composition rule
        (NIST 3.1.1.2; ASVS 6.2.5).
        """
        return cls(code_ttl=timedelta(minutes=10), password_min=15, password_composition=False)
