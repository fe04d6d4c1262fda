"""What a decision needs from outside, asked event by event: the only place that calls a port before it.

The same calls are made for somebody known and for a stranger.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ParamSpec, Protocol, TypedDict, TypeVar

from attrs import define, field, frozen

from educonnect_flow import identifier
from educonnect_flow.activation.attempt import (
    ClaimFacts,
    CodeFacts,
    FoundFacts,
    IssueFacts,
    JudgedBy,
    PasswordFacts,
    PupilsFacts,
    ReadyFacts,
    pupils_of,
)
from educonnect_flow.activation.budgets import prefix_of
from educonnect_flow.activation.events import (
    ChoosePassword,
    ChooseProfile,
    ClaimIdentity,
    ConfirmPupils,
    Event,
    GoBack,
    ResendCode,
    StartActivation,
    SubmitCode,
)
from educonnect_flow.activation.form import read_form
from educonnect_flow.activation.guards import code_due
from educonnect_flow.activation.snapshot import Activation, Challenge, Claim
from educonnect_flow.audit import Observer
from educonnect_flow.errors import PortUnavailable, StoreUnavailable, WrongKey, WrongUse
from educonnect_flow.failures import log_failure
from educonnect_flow.machinery.journey import Load
from educonnect_flow.machinery.keys import Keys
from educonnect_flow.people import E164, Guardian, MobileKey, SealedMobile
from educonnect_flow.ports import BreachList, Clock, Directory, HumanCheck, PasswordHasher, Sms, Store
from educonnect_flow.reasons import Reason, Refusal
from educonnect_flow.settings import Settings
from educonnect_flow.validators import Validators
from educonnect_flow.validators.mobile import mask
from educonnect_flow.validators.password import check_texts, normalise

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger("educonnect_flow")

PURPOSE = "activation"
"""What a code of this journey is for; part of what it is derived from, so that it opens nothing else."""


class Caller(Protocol):
    """How a port is called: at once, or awaited, or in a thread."""

    async def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call *function* with what it takes."""
        ...


@frozen(kw_only=True, eq=False, repr=False, slots=False)
class Outside:
    """The ports, the settings and the key of one flow, and how its ports are called."""

    call: Caller
    directory: Directory
    store: Store
    sms: Sms
    clock: Clock
    password_hasher: PasswordHasher
    human_check: HumanCheck | None
    breaches: BreachList | None
    keys: Keys
    settings: Settings
    validators: Validators
    observer: Observer | None = None

    async def ask(self, port: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a port; what it raises that is not ours is logged, and becomes ``PortUnavailable``."""
        try:
            return await self.call(function, *args, **kwargs)
        except WrongUse:  # a mistake of the host, for the host to see
            raise
        except (PortUnavailable, StoreUnavailable) as error:
            log_failure(port, error)
            raise
        except Exception as error:
            log_failure(port, error)
            raise PortUnavailable(port) from error

    async def stored(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the store; that it fails is logged, and what it raises that is not ours becomes ``StoreUnavailable``."""
        try:
            return await self.call(function, *args, **kwargs)
        except WrongUse:
            raise
        except StoreUnavailable as error:
            log_failure(f"store.{getattr(function, '__name__', 'call')}", error)
            raise
        except Exception as error:
            log_failure(f"store.{getattr(function, '__name__', 'call')}", error)
            raise StoreUnavailable("the store failed") from error

    def now(self) -> datetime:
        """The time, in UTC.

        :raises WrongUse: when the clock's is not aware.
        :raises PortUnavailable: when the clock fails.
        """
        try:
            now: Any = self.clock()
        except Exception as error:
            log_failure("clock", error)
            raise PortUnavailable("clock") from error
        if not isinstance(now, datetime) or now.tzinfo is None:
            raise WrongUse("clock() must return an aware datetime")
        moment: datetime = now if now.tzinfo is UTC else now.astimezone(UTC)
        return moment

    def mobile_of(self, activation: str, sealed: SealedMobile) -> E164:
        """The number of a claim (E.164).

        :raises WrongKey: when it was stored under another ``secret_key``.
        """
        try:
            return E164(self.keys.unseal(sealed, activation))
        except ValueError as error:
            raise _wrong_key() from error

    def keys_of(self, mobile: E164) -> tuple[MobileKey, ...]:
        """The keyed hashes of *mobile*, by each of the host's keys, the newest first."""
        return tuple(map(MobileKey, self.keys.tokens("mobile", mobile)))

    def code_of(self, activation: str, nonce: str, mobile: E164) -> str:
        """The code that was issued under *nonce*: bound to the activation, the mobile and the purpose (ASVS 6.6.2)."""
        length = self.settings.code_length
        try:
            return self.keys.digits("code", length, activation, nonce, mobile, PURPOSE, marked=nonce)
        except ValueError as error:
            raise _wrong_key() from error


def _wrong_key() -> WrongKey:
    """The error, once it is logged: only who runs the host can mend it."""
    _log.error("what is stored does not open with this secret_key: is it the same in every process?")
    return WrongKey("what is stored does not open with this secret_key")


@define(eq=False, repr=False)
class Memo:
    """What is kept while one event is decided again because another came first: nothing outside is done twice."""

    human: bool | None = None
    drawn: tuple[str, str] | None = None
    barred: dict[str, datetime] = field(factory=dict)
    active: bool = False
    draws: int = 0
    breached: bool | None = None
    password_hash: str | None = None

    def draw(self, keys: Keys) -> tuple[str, str]:
        """A nonce for a code, and an id for its message: 128 random bits each."""
        if self.drawn is None:
            self.drawn = (keys.marked(secrets.token_urlsafe(16)), secrets.token_urlsafe(16))
        return self.drawn


class _Counted(TypedDict):
    mobile_keys: tuple[MobileKey, ...]
    prefix: str
    barred: Mapping[str, datetime]


def _counted(outside: Outside, mobile: E164, memo: Memo) -> _Counted:
    """The fields of ``CountedFacts``."""
    return {"mobile_keys": outside.keys_of(mobile), "prefix": prefix_of(mobile), "barred": memo.barred}


async def _claim(
    outside: Outside, activation: Activation, event: ClaimIdentity, now: datetime, memo: Memo
) -> ClaimFacts:
    prompt, check = activation.prompt, outside.human_check
    number, form = read_form(event, check is not None, outside.settings, outside.validators)
    if check is not None and prompt is None:  # the check came in while this parent was on the page
        form = tuple(dict.fromkeys((*form, Refusal(Reason.HUMAN_CHECK_REQUIRED, "human_check"))))
    if form or code_due(activation, outside.settings, now):
        return ClaimFacts(form=form, human=None, found=None)
    if check is not None:
        if memo.human is None:  # once per request: a prompt serves once, and another's is not this answer's
            assert prompt is not None  # the form is refused without both
            assert event.human_check is not None
            memo.human = await outside.ask("human_check.passes", check.passes, prompt, event.human_check) is True
        if not memo.human:
            return ClaimFacts(form=(), human=False, found=None)
    assert number is not None  # the form is right
    assert number.number is not None
    mobile = number.number
    nonce, message = memo.draw(outside.keys)
    found = FoundFacts(
        **_counted(outside, mobile, memo),
        nonce=nonce,
        message=message,
        mobile=mobile,
        sealed=SealedMobile(outside.keys.seal(mobile, activation.id)),
        masked=mask(mobile),
        candidates=await _find(outside, mobile),
    )
    return ClaimFacts(form=(), human=memo.human, found=found)


async def _find(outside: Outside, mobile: E164) -> tuple[Guardian, ...]:
    found: Any = await outside.ask("directory.find", outside.directory.find, mobile)
    if not isinstance(found, Sequence) or not all(isinstance(guardian, Guardian) for guardian in found):
        raise WrongUse("directory.find must return a sequence of Guardian")
    return tuple(found)


async def _matched(outside: Outside, claim: Claim, mobile: E164) -> tuple[Guardian, ...]:
    return tuple(guardian for guardian in await _find(outside, mobile) if guardian.id in claim.guardians)


def _claimed(activation: Activation) -> Claim:
    assert activation.claim is not None  # no state after IDENTITY is without one
    return activation.claim


_NOBODY = ("",)
"""Whom the store is asked for in a stranger's place, so that it has as much to look up."""


async def _code(outside: Outside, activation: Activation, event: SubmitCode, now: datetime, memo: Memo) -> CodeFacts:
    claim = _claimed(activation)
    challenge = activation.challenge
    assert isinstance(challenge, Challenge)  # CODE is never without one
    mobile = outside.mobile_of(activation.id, claim.mobile)
    return CodeFacts(
        **_counted(outside, mobile, memo),
        expected=outside.code_of(activation.id, challenge.nonce, mobile),
        candidates=await _matched(outside, claim, mobile),
        active=await outside.stored(outside.store.active, claim.guardians or _NOBODY),
    )


async def _resend(outside: Outside, activation: Activation, event: ResendCode, now: datetime, memo: Memo) -> IssueFacts:
    nonce, message = memo.draw(outside.keys)
    mobile = outside.mobile_of(activation.id, _claimed(activation).mobile)
    return IssueFacts(**_counted(outside, mobile, memo), nonce=nonce, message=message)


async def _pupils(
    outside: Outside, activation: Activation, event: ConfirmPupils, now: datetime, memo: Memo
) -> PupilsFacts:
    claim = _claimed(activation)
    mobile = outside.mobile_of(activation.id, claim.mobile)
    known = pupils_of(await _matched(outside, claim, mobile))
    shown = [pupil.id for pupil in activation.pupils]
    return PupilsFacts(
        **_counted(outside, mobile, memo),
        pupils=tuple(known[pupil] for pupil in shown if pupil in known),
        gone=frozenset(pupil for pupil in shown if pupil not in known),
    )


async def _password(
    outside: Outside, activation: Activation, event: ChoosePassword, now: datetime, memo: Memo
) -> PasswordFacts:
    if check_texts(event.password, event.confirmation, outside.settings.password_max):
        return PasswordFacts(ready=None)
    judged_by = await about_password(outside, activation, event.password, memo)
    base = judged_by.base
    guardians = await _matched(outside, _claimed(activation), judged_by.mobile)
    known = pupils_of(guardians)
    width = identifier.width(await outside.stored(outside.store.issued, base))
    digits = outside.keys.digits("identifier", width, activation.id, base, str(memo.draws))
    ready = ReadyFacts(
        mobile=judged_by.mobile,
        base=base,
        breached=judged_by.breached,
        guardians=tuple(dict.fromkeys(guardian.id for guardian in guardians)),
        gone=frozenset(pupil for pupil in activation.confirmed or () if pupil not in known),
        identifier=base + digits,
        active=memo.active,
    )
    return PasswordFacts(ready=ready)


async def about_password(outside: Outside, activation: Activation, password: str, memo: Memo) -> JudgedBy:
    """What a password is judged by, beside itself.

    :param password: of at most ``password_max`` characters.
    """
    family_name, given_name = activation.names[:2]
    if outside.breaches is not None and memo.breached is None:
        memo.breached = bool(await outside.ask("breaches.holds", outside.breaches.holds, normalise(password)))
    return JudgedBy(
        mobile=outside.mobile_of(activation.id, _claimed(activation).mobile),
        base=identifier.base(given_name, family_name),
        breached=bool(memo.breached),
    )


FACTS: dict[type[Event], Load | None] = {
    ChooseProfile: None,
    StartActivation: None,
    ClaimIdentity: _claim,
    SubmitCode: _code,
    ResendCode: _resend,
    ConfirmPupils: _pupils,
    ChoosePassword: _password,
    GoBack: None,
}
"""How the facts of each event of the activation are loaded; ``None``: it needs none."""
