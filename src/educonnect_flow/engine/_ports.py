"""The ports of one flow, and the answers of ports that are reused when an event is decided again."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from attrs import define, field, frozen

from educonnect_flow._failures import log_failure
from educonnect_flow._keys import Keys
from educonnect_flow._observing import Observer
from educonnect_flow.engine._event import Event
from educonnect_flow.engine._run import Run
from educonnect_flow.errors import PortUnavailable, StoreUnavailable, WrongKey, WrongUse
from educonnect_flow.people import E164, MobileKey, SealedMobile
from educonnect_flow.ports import BreachList, Clock, Directory, HumanCheck, PasswordHasher, Sms, Store
from educonnect_flow.records import CommitResult, Conflict, Record
from educonnect_flow.settings import Settings
from educonnect_flow.validators import Validators

P = ParamSpec("P")
T = TypeVar("T")
R_co = TypeVar("R_co", bound=Run, covariant=True)
E_co = TypeVar("E_co", bound=Event, covariant=True)

_log = logging.getLogger("educonnect_flow")


def answered(result: T) -> T:
    """The result of a call that did not wait.

    :raises WrongUse: when it is awaitable.
    """
    if hasattr(result, "__await__"):
        if isinstance(result, Coroutine):
            result.close()
        raise WrongUse("a port of this flow is asynchronous: use AsyncFlow or AsyncActivationFlow")
    return result


class Caller(Protocol):
    """How a port is called: directly, awaited, or in a thread."""

    async def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call *function* with its arguments."""
        ...


@frozen(kw_only=True, eq=False, repr=False, slots=False)
class Ports:
    """The ports, the settings and the key of one flow, and how its ports are called."""

    call: Caller
    at_once: bool
    """Whether all ports are synchronous: then nothing is awaited, which saves one coroutine per call."""
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
        """Call a port; a foreign exception is logged, and becomes ``PortUnavailable``."""
        try:
            if self.at_once:
                return answered(function(*args, **kwargs))
            return await self.call(function, *args, **kwargs)
        except WrongUse:  # a mistake of the host: reported as it is
            raise
        except (PortUnavailable, StoreUnavailable) as error:
            log_failure(port, error)
            raise
        except Exception as error:
            log_failure(port, error)
            raise PortUnavailable(port) from error

    async def stored(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the store; a failure is logged, and a foreign exception becomes ``StoreUnavailable``."""
        try:
            if self.at_once:
                return answered(function(*args, **kwargs))
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

        :raises WrongUse: when the clock returns a naive time.
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

    def mobile_of(self, run: str, sealed: SealedMobile) -> E164:
        """The number of a claim (E.164).

        :raises WrongKey: when it was stored under another ``secret_key``.
        """
        try:
            return E164(self.keys.unseal(sealed, run))
        except ValueError as error:
            raise _wrong_key() from error

    def keys_of(self, mobile: E164) -> tuple[MobileKey, ...]:
        """The keyed hashes of *mobile* under each of the host's keys, the newest key first."""
        return tuple(map(MobileKey, self.keys.tokens("mobile", mobile)))

    def code_of(self, journey: str, run: str, nonce: str, mobile: E164) -> str:
        """The code that was issued under *nonce*: bound to the run, the mobile and the journey, so that it is valid
        for nothing else (ASVS 6.6.2).
        """
        try:
            return self.keys.digits(
                "code", self.settings.code_length, run, nonce, mobile, journey.lower(), marked=nonce
            )
        except ValueError as error:
            raise _wrong_key() from error


def _wrong_key() -> WrongKey:
    """Log the error, which only the operator of the host can fix, and return it."""
    _log.error("stored data cannot be decrypted with this secret_key: is the key the same in every process?")
    return WrongKey("stored data cannot be decrypted with this secret_key")


@define(eq=False, repr=False)
class RetryState:
    """Results kept while an event is retried after a conflict, so that no port is called twice."""

    barred: dict[str, datetime] = field(factory=dict)
    """By kind of limit: until when the store refuses."""
    conflicts: list[Conflict] = field(factory=list)
    """Records with which a commit had a conflict."""
    hash: str | None = None
    """The hash of the event's secret text."""
    _known: dict[str, Any] = field(factory=dict)
    _drawn: tuple[str, str] | None = None

    def draw(self, keys: Keys) -> tuple[str, str]:
        """A nonce for a code, and an id for its message: 128 random bits each."""
        if self._drawn is None:
            self._drawn = (keys.marked(secrets.token_urlsafe(16)), secrets.token_urlsafe(16))
        return self._drawn

    async def once(self, ports: Ports, port: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer of *port*, called once for all retries of the event."""
        if port not in self._known:
            self._known[port] = await ports.ask(port, function, *args, **kwargs)
        answer: T = self._known[port]
        return answer

    def remember(self, receipt: CommitResult) -> None:
        """Keep what the store reported for a refused commit, for the next decision.  A stale commit reports nothing."""
        if receipt.limit is not None and receipt.until is not None:
            self.barred[receipt.limit.kind] = receipt.until
        if receipt.conflict is not None:
            self.conflicts.append(receipt.conflict)


@define(eq=False, repr=False)
class LoadContext(Generic[R_co, E_co]):
    """The run, the event and the ports that a loader of facts works with."""

    ports: Ports
    run: R_co
    event: E_co
    now: datetime
    retry: RetryState
    records: tuple[Record, ...]
    """The records that the run wants, as they were when the run was loaded."""
