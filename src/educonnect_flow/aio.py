"""The flow for asynchronous hosts: the same procedure in an event loop.

A port whose methods are coroutines is awaited; other ports, and the password hasher, run in threads.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar, cast

from educonnect_flow import _queries as queries
from educonnect_flow import relay
from educonnect_flow._keys import Secret
from educonnect_flow._observing import Observer
from educonnect_flow._secrecy import hidden, hidden_or_none
from educonnect_flow.engine._engine import Engine
from educonnect_flow.engine._event import Event
from educonnect_flow.engine._journey import Journey
from educonnect_flow.engine._ports import Caller
from educonnect_flow.flow import Out_co, assemble, check_journey, checked_journeys
from educonnect_flow.journeys import ACTIVATION
from educonnect_flow.journeys.activation.views import ActivationOutcome
from educonnect_flow.outcome import Budget
from educonnect_flow.ports import (
    AsyncBreachList,
    AsyncDirectory,
    AsyncHumanCheck,
    AsyncPasswordHasher,
    AsyncSms,
    AsyncStore,
    BreachList,
    Clock,
    Directory,
    HumanCheck,
    PasswordHasher,
    Sms,
    Store,
)
from educonnect_flow.records import AuditEntry
from educonnect_flow.relay import DeliveryCounts
from educonnect_flow.settings import Settings
from educonnect_flow.validators import Validators
from educonnect_flow.validators.password import PasswordReport

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def loop_in_thread(name: str) -> Iterator[Callable[..., Any]]:
    """Run an event loop in a thread named *name*; yields a function that runs a coroutine there, from any thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=name)
    thread.start()

    def wait(coroutine: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(timeout)

    try:
        yield wait
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _awaited(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    if inspect.iscoroutinefunction(function):
        return cast("T", await function(*args, **kwargs))
    result = await asyncio.to_thread(function, *args, **kwargs)
    return cast("T", await result) if inspect.isawaitable(result) else result


class AsyncFlow(Generic[Out_co]):
    """The async twin of ``Flow``: same parameters; each port may be synchronous or asynchronous."""

    _fixed: ClassVar[tuple[Journey[Any], ...] | None] = None

    def __init__(
        self,
        *,
        directory: Directory | AsyncDirectory,
        store: Store | AsyncStore,
        sms: Sms | AsyncSms,
        secret_key: Secret,
        clock: Clock | None = None,
        settings: Settings | None = None,
        validators: Validators | None = None,
        human_check: HumanCheck | AsyncHumanCheck | None = None,
        password_hasher: PasswordHasher | AsyncPasswordHasher | None = None,
        breaches: BreachList | AsyncBreachList | None = None,
        observer: Observer | None = None,
        journeys: Iterable[Journey[Any, Out_co]] | None = None,
    ) -> None:
        self._engine = Engine(
            assemble(
                self._caller(),
                directory=directory,
                store=store,
                sms=sms,
                secret_key=secret_key,
                clock=clock,
                settings=settings,
                validators=validators,
                human_check=human_check,
                password_hasher=password_hasher,
                breaches=breaches,
                observer=observer,
            ),
            checked_journeys(journeys, self._fixed),
        )

    @classmethod
    def _caller(cls) -> Caller:
        """How the ports are called."""
        return _awaited

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._engine.ports.store!r})"

    async def start(
        self, journey: Journey[Any, Any] = ACTIVATION, *, source: str | None = None, event: Event | None = None
    ) -> Out_co:
        """See ``Flow.start``."""
        check_journey(self._engine, journey)
        outcome: Out_co = await self._engine.start(journey, source, event)
        return outcome

    async def submit(self, handle: str, event: Event, *, request_id: str | None = None) -> Out_co:
        """See ``Flow.submit``."""
        handle = hidden(handle)
        outcome: Out_co = await self._engine.submit(handle, event, request_id)
        return outcome

    async def resume(self, handle: str) -> Out_co:
        """See ``Flow.resume``."""
        handle = hidden(handle)
        outcome: Out_co = await self._engine.resume(handle)
        return outcome

    async def assess_password(self, handle: str, password: str) -> PasswordReport:
        """See ``Flow.assess_password``."""
        handle, password = hidden(handle), hidden(password)
        return await self._engine.assess_password(handle, password)

    async def deliver(self, limit: int = 100) -> int:
        """See ``Flow.deliver``."""
        return (await self.hand_over(limit)).taken

    async def hand_over(self, limit: int = 100) -> DeliveryCounts:
        """See ``Flow.hand_over``."""
        return await relay.hand_over(self._engine.ports, limit)

    async def purge(self, limit: int = 1_000) -> int:
        """See ``Flow.purge``."""
        return await queries.purge(self._engine.ports, limit)

    async def budget(
        self, kind: str, *, mobile: str | None = None, source: str | None = None, prefix: str | None = None
    ) -> Budget:
        """See ``Flow.budget``."""
        mobile = hidden_or_none(mobile)
        return await queries.budget(self._engine.ports, kind, mobile, source, prefix)

    async def audit(self, after: int = 0, limit: int = 1_000) -> tuple[tuple[int, AuditEntry], ...]:
        """See ``Flow.audit``."""
        return await queries.audit(self._engine.ports, after, limit)

    async def close(self) -> None:
        """See ``Flow.close``."""
        ports = self._engine.ports
        await ports.call(ports.store.close)


class AsyncActivationFlow(AsyncFlow[ActivationOutcome]):
    """The async twin of ``ActivationFlow``: same parameters; each port may be synchronous or asynchronous."""

    _fixed = (ACTIVATION,)
