"""The flow that a synchronous host calls."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from educonnect_flow import queries, relay
from educonnect_flow.activation.events import Event
from educonnect_flow.audit import Observer
from educonnect_flow.engine import Engine
from educonnect_flow.errors import WrongUse
from educonnect_flow.gather import Caller, Outside
from educonnect_flow.journeys import ACTIVATION
from educonnect_flow.machinery.keys import Keys, Secret
from educonnect_flow.machinery.secrecy import hidden, hidden_or_none
from educonnect_flow.outcome import Budget, Outcome
from educonnect_flow.ports import BreachList, Clock, Directory, HumanCheck, PasswordHasher, Sms, Store, utc_now
from educonnect_flow.records import AuditEntry
from educonnect_flow.relay import Handed
from educonnect_flow.settings import Settings
from educonnect_flow.typed import has
from educonnect_flow.validators import Validators
from educonnect_flow.validators.password import PasswordReport

P = ParamSpec("P")
T = TypeVar("T")


async def _at_once(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    result = function(*args, **kwargs)
    if isinstance(result, Coroutine):
        result.close()
        raise WrongUse("a port of ActivationFlow is asynchronous: use AsyncActivationFlow")
    return result


def _run(journey: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits, for every port answers at once: its first step is its last."""
    try:
        journey.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("unreachable: _at_once never waits")  # pragma: no cover


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
) -> Outside:
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
        raise WrongUse("observer must be a function that takes an audit entry, and not a coroutine's")
    return Outside(
        call=call,
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


class ActivationFlow:
    """The journey of a parent, from the profile to the identifier.

    One instance serves all threads of a process for as long as it lives.

    :param directory: who the schools know.
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
    :raises WrongUse: when the key is no bytes or too short.
    """

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
            ACTIVATION,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._engine.outside.store!r})"

    def start(self, source: str | None = None) -> Outcome:
        """Begin: a new activation in ``PROFILE``.

        :param source: where the request comes from (an address, say).  Kept as a keyed hash only, for the budgets
            ``source_failures`` and ``sms_per_source``.
        :raises StoreUnavailable: try again.
        """
        return _run(self._engine.start(source))

    def submit(self, handle: str, event: Event, *, request_id: str | None = None) -> Outcome:
        """Take one event.  What a parent did wrong is a refusal in the outcome, never an exception.

        :param handle: of the newest outcome.
        :param request_id: 1 to 200 characters that name this request; sent again with the same event, it gets the
            same answer and changes nothing.
        :raises UnknownHandle: no activation answers to it.
        :raises RequestReused: the id was used for another event or body.
        :raises StoreUnavailable: nothing was said; try again with the same ``request_id``.
        :raises PortUnavailable: the directory, the human check or the hasher failed; nothing moved.
        :raises WrongUse: a value of a wrong type.
        """
        handle = hidden(handle)
        return _run(self._engine.submit(handle, event, request_id))

    def resume(self, handle: str) -> Outcome:
        """Where one stands: for a page that is loaded again.  Does not count as activity.

        :raises UnknownHandle: no activation answers to it.
        :raises StoreUnavailable: try again.
        """
        handle = hidden(handle)
        return _run(self._engine.resume(handle))

    def assess_password(self, handle: str, password: str) -> PasswordReport:
        """The criteria that *password* meets, and its strength; for a meter that answers as one types.

        :raises NotNow: the activation is not in ``PASSWORD``.
        :raises UnknownHandle: no activation answers to it.
        """
        handle, password = hidden(handle), hidden(password)
        return _run(self._engine.assess_password(handle, password))

    def deliver(self, limit: int = 100) -> int:
        """Hand over up to *limit* messages that wait; how many the gateway took.

        Call it from a process of its own, or after each request where a queue is too much; never before answering.

        :raises StoreUnavailable: what is not handed over stays in the outbox.
        """
        return self.hand_over(limit).taken

    def hand_over(self, limit: int = 100) -> Handed:
        """``deliver``, with the count of each fate: taken, rejected, retried, expired, decoy.

        :raises StoreUnavailable: what is not handed over stays in the outbox.
        """
        return _run(relay.hand_over(self._engine.outside, limit))

    def purge(self, limit: int = 1_000) -> int:
        """Delete up to *limit* activations that are over for ``keep_for``; how many.

        :raises StoreUnavailable: try again.
        """
        return _run(queries.purge(self._engine.outside, limit))

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
        return _run(queries.budget(self._engine.outside, kind, mobile, source, prefix))

    def audit(self, after: int = 0, limit: int = 1_000) -> tuple[tuple[int, AuditEntry], ...]:
        """Up to *limit* audit entries of all activations, each with its number, from above *after* on.

        Read on from the last number: none is missed.  ``educonnect_flow.audit.json_line`` makes lines of them, and
        ``replay`` a state.

        :raises StoreUnavailable: try again.
        """
        return _run(queries.audit(self._engine.outside, after, limit))

    def close(self) -> None:
        """Give back the store's files and connections.  The flow is not used after."""
        self._engine.outside.store.close()
