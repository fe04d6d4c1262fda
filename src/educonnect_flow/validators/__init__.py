"""The rules that let a step pass, one file each, and the bundle that a host swaps them in.

A validator takes one frozen record with all that it may see, and returns ``None``, a
``Refusal``, or several.  It is called once per event; it does no I/O.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from attrs import field, frozen

from educonnect_flow._typed import called
from educonnect_flow.reasons import Verdict, refusals_of
from educonnect_flow.validators.code import CodeCheck, check_code
from educonnect_flow.validators.identity import IdentityCheck, check_identity
from educonnect_flow.validators.mobile import MobileCheck, check_mobile
from educonnect_flow.validators.password import PasswordCheck, check_password
from educonnect_flow.validators.pupils import PupilsCheck, check_pupils

__all__ = [
    "CodeCheck", "IdentityCheck", "MobileCheck", "PasswordCheck", "PupilsCheck", "Validators", "all_of",
    "check_code", "check_identity", "check_mobile", "check_password", "check_pupils", "first_of",
]  # fmt: skip

C = TypeVar("C")


@frozen(kw_only=True, slots=False)
class Validators:
    """One validator for each rule; each has the guide's as its default."""

    identity: Callable[[IdentityCheck], Verdict] = field(default=check_identity, validator=called)
    """Whether a record of the directory is the person who claims it.  Called for each record of the mobile."""
    mobile: Callable[[MobileCheck], Verdict] = field(default=check_mobile, validator=called)
    """Whether a number, normalised, may receive a code."""
    code: Callable[[CodeCheck], Verdict] = field(default=check_code, validator=called)
    """Whether the code opens.  A refusal costs an attempt unless it is malformed or expired."""
    pupils: Callable[[PupilsCheck], Verdict] = field(default=check_pupils, validator=called)
    """Whether the answers hold.  A refusal costs an attempt unless it concerns the form only."""
    password: Callable[[PasswordCheck], Verdict] = field(default=check_password, validator=called)
    """Whether the password may be chosen."""


def all_of(*validators: Callable[[C], Verdict]) -> Callable[[C], Verdict]:
    """A validator that asks all of *validators* and returns every refusal."""

    def check(record: C) -> Verdict:
        return tuple(refusal for validator in validators for refusal in refusals_of(validator(record)))

    return check


def first_of(*validators: Callable[[C], Verdict]) -> Callable[[C], Verdict]:
    """A validator that asks *validators* in turn and stops at the first that refuses."""

    def check(record: C) -> Verdict:
        for validator in validators:
            refusals = refusals_of(validator(record))
            if refusals:
                return refusals
        return None

    return check
