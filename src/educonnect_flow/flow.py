"""The flow that a synchronous host calls.

Long because every call says what it takes, returns and raises.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, ParamSpec

from educonnect_flow import _queries as queries
from educonnect_flow import relay
from educonnect_flow._keys import Keys, Secret
from educonnect_flow._observing import Observer
from educonnect_flow._secrecy import hidden, hidden_or_none
from educonnect_flow._typed import has
from educonnect_flow.engine._engine import Engine
from educonnect_flow.engine._event import Event
from educonnect_flow.engine._journey import Journey
from educonnect_flow.engine._ports import Caller, Ports, answered
from educonnect_flow.errors import WrongUse
from educonnect_flow.journeys import ACTIVATION, all_journeys
from educonnect_flow.journeys.activation.views import ActivationOutcome
from educonnect_flow.outcome import Budget
from educonnect_flow.ports import BreachList, Clock, Directory, HumanCheck, PasswordHasher, Sms, Store, utc_now
from educonnect_flow.records import AuditEntry
from educonnect_flow.relay import DeliveryCounts
from educonnect_flow.settings import Settings
from educonnect_flow.validators import Validators
from educonnect_flow.validators.password import PasswordReport

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from educonnect_flow.journeys.outcomes import AnyOutcome

    T = TypeVar("T")
    Out_co = TypeVar("Out_co", default=AnyOutcome, covariant=True)
else:
    from typing import TypeVar

    T = TypeVar("T")
    Out_co = TypeVar("Out_co", covariant=True)

P = ParamSpec("P")


async def _at_once(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return answered(function(*args, **kwargs))


def _run(call: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits, because no port of the flow is asynchronous: it ends in its first step."""
    try:
        call.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("unreachable: _at_once never waits")  # pragma: no cover - as it says


def assemble(
    call: Caller,
    *,
    directory: Any,
    store: Any,
    sms: Any,
    secret_key: Secret,
    clock: Clock | None,
    settings: Any,
    validators: Any,
    human_check: Any,
    password_hasher: Any,
    breaches: Any,
    observer: Any,
) -> Ports:
    """The ports of a flow, with the defaults filled in."""
    has("directory", directory, "find")
    has("store", store, *(name for name in vars(Store) if not name.startswith("_")))
    has("sms", sms, "send")
    if human_check is not None:
        has("human_check", human_check, "issue", "show", "passes")
    if not isinstance(settings, Settings | None) or not isinstance(validators, Validators | None):
        raise WrongUse("settings must be Settings, and validators Validators")
    if password_hasher is None:
        from educonnect_flow.hashing import Argon2id

        password_hasher = Argon2id()
    has("password_hasher", password_hasher, "hash", "verify")
    if breaches is not None:
        has("breaches", breaches, "holds")
    if observer is not None and (not callable(observer) or inspect.iscoroutinefunction(observer)):
        raise WrongUse("observer must be a function that takes an audit entry, not a coroutine function")
    return Ports(
        call=call,
        at_once=call is _at_once,
        directory=directory,
        store=store,
        sms=sms,
        clock=clock or utc_now,
        password_hasher=password_hasher,
        human_check=human_check,
        keys=Keys(secret_key),
        settings=settings or Settings.educonnect(),
        validators=validators or Validators(),
        breaches=breaches,
        observer=observer,
    )


def checked_journeys(
    journeys: Iterable[Journey[Any, Any]] | None, fixed: tuple[Journey[Any, Any], ...] | None
) -> tuple[Journey[Any, Any], ...]:
    """*fixed*, or *journeys*, or all of the library.

    :raises WrongUse: when there is none, something else is among them, or there is nothing to choose.
    """
    if fixed is not None and journeys is not None:
        raise WrongUse("the journeys of this flow are fixed; Flow and AsyncFlow take journeys=")
    chosen: tuple[Any, ...] = fixed or (all_journeys() if journeys is None else tuple(journeys))
    if not chosen or not all(isinstance(journey, Journey) for journey in chosen):
        raise WrongUse("journeys must be one Journey or more")
    return chosen


def check_journey(engine: Engine, journey: Any) -> None:
    """:raises WrongUse: when *journey* is none that the flow has."""
    if not isinstance(journey, Journey):
        raise WrongUse(f"start takes a Journey, not {type(journey).__name__}; the source is source=")
    if engine.journeys.get(journey.name) is not journey:
        raise WrongUse(f"this flow does not have the journey {journey.name}")


class Flow(Generic[Out_co]):
    """The journeys of a parent's account.

    One instance serves all threads of a process for as long as it lives.

    :param directory: the guardians in the schools' records.
    :param store: where everything is kept.
    :param sms: the gateway; only ``deliver`` calls it.
    :param secret_key: 16 bytes or more, the same in every process and for as long as anything stored is in use;
        ``secrets.token_bytes(32)`` makes one.  A list of several rotates: the newest comes first.
    :param clock: default: the system's.
    :param settings: default: ``Settings.educonnect``.
    :param validators: default: the guide's.
    :param human_check: default: none is asked.
    :param password_hasher: default: Argon2id.
    :param breaches: passwords that were published; default: none is asked beside the common ones.
    :param observer: called with every audit entry once it is committed, and with refusals that are not kept
        (``NOT_NOW``): for a host's metrics.  What it raises is logged and stops nothing.
    :param journeys: those that this flow has; default: all of the library.
    :raises WrongUse: when the key is not bytes, or too short.
    """

    _fixed: ClassVar[tuple[Journey[Any], ...] | None] = None
    """The fixed journeys of a class; ``None``: the host chooses."""

    def __init__(
        self,
        *,
        directory: Directory,
        store: Store,
        sms: Sms,
        secret_key: Secret,
        clock: Clock | None = None,
        settings: Settings | None = None,
        validators: Validators | None = None,
        human_check: HumanCheck | None = None,
        password_hasher: PasswordHasher | None = None,
        breaches: BreachList | None = None,
        observer: Observer | None = None,
        journeys: Iterable[Journey[Any, Out_co]] | None = None,
    ) -> None:
        self._engine = Engine(
            assemble(
                _at_once,
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

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._engine.ports.store!r})"

    def start(
        self, journey: Journey[Any, Any] = ACTIVATION, *, source: str | None = None, event: Event | None = None
    ) -> Out_co:
        """Begin: a new run of *journey*, in its first state.

        :param source: where the request comes from (an address, say).  Kept as a keyed hash only, for the budgets
            ``source_failures`` and ``sms_per_source``.
        :param event: submitted at once: the outcome is that of the event, and both are one commit.
        :raises WrongUse: when *journey* is none that the flow has, or does not take *event*.
        :raises StoreUnavailable: try again.
        """
        check_journey(self._engine, journey)
        outcome: Out_co = _run(self._engine.start(journey, source, event))
        return outcome

    def submit(self, handle: str, event: Event, *, request_id: str | None = None) -> Out_co:
        """Take one event.  What a parent did wrong is a refusal in the outcome, never an exception.

        :param handle: of the newest outcome.
        :param request_id: 1 to 200 characters that name this request; sent again with the same event, it gets the
            same answer and changes nothing.
        :raises UnknownHandle: no run of the flow's journeys answers to it.
        :raises RequestReused: the id was used for another event or body.
        :raises StoreUnavailable: there is no answer; send it again with the same ``request_id``.
        :raises PortUnavailable: the directory, the human check or the hasher failed; nothing changed.
        :raises WrongUse: a value of a wrong type.
        """
        handle = hidden(handle)
        outcome: Out_co = _run(self._engine.submit(handle, event, request_id))
        return outcome

    def resume(self, handle: str) -> Out_co:
        """The current page of the run, for a page that is loaded again.  Does not count as activity.

        :raises UnknownHandle: no run of the flow's journeys answers to it.
        :raises StoreUnavailable: try again.
        """
        handle = hidden(handle)
        outcome: Out_co = _run(self._engine.resume(handle))
        return outcome

    def assess_password(self, handle: str, password: str) -> PasswordReport:
        """The criteria that *password* meets, and its strength; for a meter that answers as one types.

        :raises NotNow: the run is in no state with a password's meter, such as ``PASSWORD``.
        :raises UnknownHandle: no run of the flow's journeys answers to it.
        """
        handle, password = hidden(handle), hidden(password)
        return _run(self._engine.assess_password(handle, password))

    def deliver(self, limit: int = 100) -> int:
        """Send up to *limit* waiting messages; return how many the gateway took.

        Call it from a process of its own, or, in a small host, after the answer of each request; never before it.

        :raises StoreUnavailable: what is not handed over stays in the outbox.
        """
        return self.hand_over(limit).taken

    def hand_over(self, limit: int = 100) -> DeliveryCounts:
        """``deliver``, with the count of each fate: taken, rejected, retried, expired, decoy.

        :raises StoreUnavailable: what is not handed over stays in the outbox.
        """
        return _run(relay.hand_over(self._engine.ports, limit))

    def purge(self, limit: int = 1_000) -> int:
        """Delete up to *limit* runs that ended ``keep_for`` ago; return how many.

        :raises StoreUnavailable: try again.
        """
        return _run(queries.purge(self._engine.ports, limit))

    def budget(
        self, kind: str, *, mobile: str | None = None, source: str | None = None, prefix: str | None = None
    ) -> Budget:
        """What is counted against one limit, for alarms.

        :param kind: the name of a setting: ``sms_budget``, ``sms_per_prefix``, ``sms_per_source``, ``sms_per_mobile``,
            ``national_failures``, ``prefix_failures``, ``source_failures``, ``mobile_failures``.
        :param mobile: E.164, for those per mobile or prefix.
        :param source: as given to ``start``, for those per source.
        :param prefix: such as ``+33612``, for those per prefix.
        :raises WrongUse: when there is no such kind.
        :raises StoreUnavailable: try again.
        """
        mobile = hidden_or_none(mobile)
        return _run(queries.budget(self._engine.ports, kind, mobile, source, prefix))

    def audit(self, after: int = 0, limit: int = 1_000) -> tuple[tuple[int, AuditEntry], ...]:
        """Up to *limit* audit entries of all runs, each with its number, from above *after* on.

        Read on from the last number: none is missed.  ``educonnect_flow.audit.json_line`` makes lines of them, and
        ``replay`` a state.

        :raises StoreUnavailable: try again.
        """
        return _run(queries.audit(self._engine.ports, after, limit))

    def close(self) -> None:
        """Close the store's files and connections.  Do not use the flow afterwards."""
        self._engine.ports.store.close()


class ActivationFlow(Flow[ActivationOutcome]):
    """The activation alone: from the profile to the identifier.  Takes what ``Flow`` takes, but for ``journeys``."""

    _fixed = (ACTIVATION,)
