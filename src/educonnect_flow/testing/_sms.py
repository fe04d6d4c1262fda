"""The contract of an SMS adapter, tested against a gateway whose behaviour can be set.

::

    class TestMySms(SmsContract):
        @pytest.fixture
        def gateway(self):
            return MyGateway()  # a local server, say, that keeps what it took

        @pytest.fixture
        def sms(self, gateway):
            return MySms(gateway.address, ...)
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from enum import Enum
from threading import Lock, Thread
from typing import Protocol

import pytest

from educonnect_flow.errors import SmsRejected, SmsUnavailable
from educonnect_flow.ports import Message, Sms


class Gateway(Enum):
    """How a gateway behaves."""

    TAKES = "takes"
    FAILS = "fails"
    """It takes nothing, and says that one may try again."""
    REJECTS = "rejects"
    """It takes nothing, and never will."""
    LOSES = "loses"
    """It takes the message, and its answer does not arrive."""
    SLOW = "slow"
    """It takes the message, after a while."""


class FaultySms:
    """A gateway with a given behaviour for each message, and a correct one afterwards.

    :param behaviours: of the first message, the second, …
    :param pause: what a slow one does meanwhile: ``lambda: clock.advance(minutes=2)``, say.
    """

    def __init__(self, *behaviours: Gateway, pause: Callable[[], object] = lambda: None) -> None:
        self.sent: list[Message] = []
        """What it took, repetitions included."""
        self.tries = 0
        self._behaviours = list(behaviours)
        self._pause = pause
        self._lock = Lock()

    def then(self, *behaviours: Gateway) -> None:
        """How it behaves from now on, message by message."""
        with self._lock:
            self._behaviours[:] = behaviours

    def send(self, message: Message) -> None:
        """See ``Sms``."""
        with self._lock:
            self.tries += 1
            how = self._behaviours.pop(0) if self._behaviours else Gateway.TAKES
        if how is Gateway.FAILS:
            raise SmsUnavailable("the gateway is away")
        if how is Gateway.REJECTS:
            raise SmsRejected("the gateway rejects this number")
        if how is Gateway.SLOW:
            self._pause()
        with self._lock:
            self.sent.append(message)
        if how is Gateway.LOSES:
            raise TimeoutError("the gateway did not answer")


class GatewayUnderTest(Protocol):
    """The other end of the adapter under test."""

    def taken(self) -> Sequence[tuple[str | None, str, str]]:
        """What it took, in order: the id where the adapter hands it on, the number (E.164), the text."""
        ...

    def behave(self, how: Gateway) -> None:
        """How it behaves from now on.  ``LOSES`` closes the connection; ``SLOW`` keeps its answer back until it behaves
        otherwise.
        """
        ...


def _chain(error: BaseException) -> Iterator[BaseException]:
    """*error* and every error that a traceback of it prints: causes and contexts."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [other for other in (one.__cause__, one.__context__) if other is not None]


@contextmanager
def _all_logs() -> Iterator[list[str]]:
    """What is logged meanwhile, by whichever logger, at every level."""
    logged: list[str] = []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logged.append(f"{record.getMessage()} {record.exc_info}")

    root, handler = logging.getLogger(), Keeps()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield logged
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


class SmsContract:
    """The rules of ``Sms``, a test each.  An asynchronous one goes through ``as_sync``."""

    tells_rejections = True
    """Whether the adapter can tell "never" from "not now"; where it cannot, everything is "not now"."""
    hands_ids_on = True
    """Whether the gateway gets the message's id."""
    gives_up_within = 10.0
    """Seconds after which the adapter has given up on a gateway that does not answer; less than ``lease_for``, or two
    relays send the same message.
    """

    message = Message(id="m1", to="+33612345678", text="EduConnect : votre code est 012345.\n\n@example.fr #012345")

    def test_a_message_arrives_as_it_is(self, sms: Sms, gateway: GatewayUnderTest) -> None:
        sms.send(self.message)
        sms.send(Message(id="m2", to="+262692123456", text="à é è ù ç € & % + = ? # \" ' \\ <b>"))
        ids = ("m1", "m2") if self.hands_ids_on else (None, None)
        assert list(gateway.taken()) == [
            (ids[0], self.message.to, self.message.text),
            (ids[1], "+262692123456", "à é è ù ç € & % + = ? # \" ' \\ <b>"),
        ]

    def test_a_retry_is_the_same_message(self, sms: Sms, gateway: GatewayUnderTest) -> None:
        for _ in range(2):
            sms.send(self.message)
        taken = gateway.taken()
        assert len(taken) == 2
        assert len(set(taken)) == 1

    def test_a_gateway_that_fails_is_said_to(self, sms: Sms, gateway: GatewayUnderTest) -> None:
        gateway.behave(Gateway.FAILS)
        error = self._refused(sms)
        assert not isinstance(error, SmsRejected)
        assert list(gateway.taken()) == []
        gateway.behave(Gateway.TAKES)
        sms.send(self.message)
        assert len(gateway.taken()) == 1

    def test_an_answer_that_is_lost_is_no_success(self, sms: Sms, gateway: GatewayUnderTest) -> None:
        gateway.behave(Gateway.LOSES)
        error = self._refused(sms)
        assert not isinstance(error, SmsRejected)

    def test_a_rejection_is_final(self, sms: Sms, gateway: GatewayUnderTest) -> None:
        gateway.behave(Gateway.REJECTS)
        error = self._refused(sms)
        assert isinstance(error, SmsRejected) is self.tells_rejections
        assert list(gateway.taken()) == []

    def test_an_error_says_neither_code_nor_number(self, sms: Sms, gateway: GatewayUnderTest) -> None:
        for how in (Gateway.FAILS, Gateway.LOSES, Gateway.REJECTS):
            gateway.behave(how)
            with _all_logs() as logged:
                error = self._refused(sms)
            said = [f"{one} {one!r}" for one in _chain(error)] + logged
            for secret in ("012345", "612345678", "6 12 34 56 78"):
                assert not [text for text in said if secret in text], f"what went wrong is said with {secret}"

    def test_a_silent_gateway_is_given_up_on(self, sms: Sms, gateway: GatewayUnderTest) -> None:
        gateway.behave(Gateway.SLOW)
        errors: list[BaseException] = []

        def send() -> None:
            try:
                sms.send(self.message)
            except Exception as error:  # noqa: BLE001 - which one is looked at below
                errors.append(error)

        thread = Thread(target=send, daemon=True)
        thread.start()
        thread.join(self.gives_up_within)
        waits = thread.is_alive()
        gateway.behave(Gateway.TAKES)
        thread.join(self.gives_up_within)
        assert not waits, "the adapter waits for ever: give its calls a time limit"
        assert errors, "silence was taken for success"
        assert not isinstance(errors[0], SmsRejected)

    def test_it_sends_each_message_once_and_leaves_retries_to_the_relay(
        self, sms: Sms, gateway: GatewayUnderTest
    ) -> None:
        gateway.behave(Gateway.LOSES)
        self._refused(sms)
        assert len(gateway.taken()) <= 1

    def test_two_messages_of_one_text_are_two(self, sms: Sms, gateway: GatewayUnderTest) -> None:
        for name in ("m1", "m2"):
            sms.send(Message(id=name, to=self.message.to, text=self.message.text))
        assert len(gateway.taken()) == 2

    def test_a_long_text_arrives_whole(self, sms: Sms, gateway: GatewayUnderTest) -> None:
        text = "\n".join(f"Élève {n} : l’école a changé le numéro." for n in range(12))
        sms.send(Message(id="m1", to=self.message.to, text=text))
        assert [one[2] for one in gateway.taken()] == [text]

    def test_it_serves_several_threads(self, sms: Sms, gateway: GatewayUnderTest) -> None:
        messages = [Message(id=f"m{n}", to=f"+3361234567{n}", text=f"#{n:06}") for n in range(8)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(sms.send, messages))
        assert sorted((to, text) for _, to, text in gateway.taken()) == [(one.to, one.text) for one in messages]

    def _refused(self, sms: Sms) -> Exception:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is the caller's question
            sms.send(self.message)
        return caught.value
