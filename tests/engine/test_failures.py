"""What the log says when something outside fails: once, what, of which type and where, and no value."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from educonnect_flow import AsyncActivationFlow, State, SubmitCode
from educonnect_flow._failures import MOST_FRAMES, frames_of, log_failure
from educonnect_flow.errors import (
    PortUnavailable,
    RequestReused,
    SmsUnavailable,
    StoreUnavailable,
    UnknownHandle,
    WrongKey,
    WrongUse,
)
from educonnect_flow.sms import RecordingSms
from educonnect_flow.stores import MemoryStore
from educonnect_flow.testing import FaultyStore
from tests.world import EMILIE, MOBILE, SECRET, World, claim

promise = pytest.mark.promise


class Misspelt:
    """A directory with a mistake in it."""

    def __init__(self) -> None:
        self.table = {MOBILE: [EMILIE]}

    def find(self, mobile: str) -> Any:
        return self.tabel[mobile]  # type: ignore[attr-defined]  # the mistake


class Secretive:
    """A directory whose error holds the number."""

    def find(self, mobile: str) -> Any:
        table: dict[str, Any] = {}
        return table[mobile]


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [one for one in caplog.records if one.name == "educonnect_flow" and one.levelno == logging.ERROR]
    return [one.getMessage() for one in found]


@promise("V1")
@pytest.mark.parametrize(
    ("directory", "kind"), [(Misspelt(), "builtins.AttributeError"), (Secretive(), "builtins.KeyError")]
)
@pytest.mark.parametrize("asynchronous", [False, True])
def test_what_an_adapter_raises_is_logged_once_with_port_type_and_frames(
    directory: Any, kind: str, asynchronous: bool, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    out = world.at(State.IDENTITY)
    with pytest.raises(PortUnavailable):
        if asynchronous:
            flow = AsyncActivationFlow(
                directory=directory, store=world.store, sms=RecordingSms(), secret_key=SECRET, clock=world.clock
            )
            asyncio.run(flow.submit(out.handle, claim()))
        else:
            World(world.store, clock=world.clock, directory=directory).flow.submit(out.handle, claim())
    (line,) = errors(caplog)
    assert line.startswith(f"directory.find failed: {kind} at ")
    assert line.endswith(" find")
    assert "test_failures.py:" in line
    assert MOBILE not in caplog.text
    assert "\n" not in line


def test_an_adapter_that_says_itself_that_it_is_unavailable_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    class Away:
        def find(self, mobile: str) -> Any:
            raise PortUnavailable("the school's own service")

    world = World()
    out = world.at(State.IDENTITY)
    with pytest.raises(PortUnavailable, match="the school's own service"):
        World(world.store, clock=world.clock, directory=Away()).flow.submit(out.handle, claim())
    (line,) = errors(caplog)
    assert line.startswith("directory.find failed: educonnect_flow.errors.PortUnavailable at ")


@promise("V1")
@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (PortUnavailable(f"the service of {MOBILE}"), PortUnavailable),
        (StoreUnavailable("the store of the human check"), StoreUnavailable),
        (UnknownHandle("of another flow"), PortUnavailable),
        (SmsUnavailable("of another port"), PortUnavailable),
        (RequestReused("of another flow"), PortUnavailable),
        (ValueError(MOBILE), PortUnavailable),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_an_adapter_raises_is_logged_once_and_is_no_answer_of_the_flow(
    error: Exception, becomes: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    class Raising:
        def find(self, mobile: str) -> Any:
            raise error

    world = World()
    out = world.at(State.IDENTITY)
    with pytest.raises(becomes):
        World(world.store, clock=world.clock, directory=Raising()).flow.submit(out.handle, claim())
    (line,) = errors(caplog)
    assert line.startswith(f"directory.find failed: {type(error).__module__}.{type(error).__name__}")
    assert MOBILE not in caplog.text


def test_a_clock_that_fails_is_a_port_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Any:
        raise OSError(MOBILE)

    with pytest.raises(PortUnavailable, match="clock"):
        World(clock=broken).flow.start()  # type: ignore[arg-type]  # a clock of its own kind
    (line,) = errors(caplog)
    assert line.startswith("clock failed: builtins.OSError at ")


def test_an_observer_that_fails_is_logged_with_its_frames(caplog: pytest.LogCaptureFixture) -> None:
    def broken(entry: Any) -> None:
        raise KeyError(MOBILE)

    World(observer=broken).flow.start()
    (line,) = errors(caplog)
    assert line.startswith("the observer failed: builtins.KeyError at ")
    assert "broken" in line


@promise("V1")
def test_that_the_store_fails_is_logged_once_with_the_call_and_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    class Locked(MemoryStore):
        def load(self, *_: Any) -> Any:
            raise StoreUnavailable("activations.db: database is locked") from OSError(MOBILE)

    with pytest.raises(StoreUnavailable):
        World(Locked()).flow.resume("unknown")
    (line,) = errors(caplog)
    assert line.startswith(
        "store.load failed: educonnect_flow.errors.StoreUnavailable (activations.db: database is locked) at "
    )
    assert line.endswith("caused by builtins.OSError at no frame")
    assert MOBILE not in caplog.text


def test_a_store_that_passes_calls_on_without_a_name_is_named_a_call(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(StoreUnavailable):
        World(FaultyStore(MemoryStore(), 1, error=KeyError)).flow.start()
    assert errors(caplog)[0].startswith("store.call failed: builtins.KeyError")


@promise("V1")
def test_another_key_has_its_own_error_and_the_log_says_what_to_look_at(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    out = world.at(State.CODE)
    other = World(world.store, clock=world.clock, secret_key=b"another secret key of the tests!")
    with pytest.raises(WrongKey, match="secret_key"):
        other.submit(out, SubmitCode("123456"))
    (line,) = errors(caplog)
    assert "is the key the same in every process?" in line
    caplog.clear()
    with caplog.at_level(logging.WARNING, "educonnect_flow"):
        assert other.flow.deliver() == 0  # the relay of another process, as the pages of the docs once made it
    assert any("is the key the same in every process?" in text for text in errors(caplog))
    assert "not taken (WrongKey), try 1" in caplog.text
    world.clock.advance(minutes=1)
    assert world.code().isdecimal()  # the relay with the right key still hands it over


def test_frames_are_bounded_and_a_chain_that_leads_back_ends(caplog: pytest.LogCaptureFixture) -> None:
    def deep(n: int) -> None:
        if n == 0:
            raise ValueError("the end")
        deep(n - 1)

    with pytest.raises(ValueError, match="the end") as caught:
        deep(100)
    text = frames_of(caught.value)
    assert text.count("deep") == MOST_FRAMES
    assert f"({102 - MOST_FRAMES} more)" in text
    one, two = ValueError(), KeyError()
    one.__cause__, two.__cause__ = two, one
    assert frames_of(one) == "builtins.ValueError at no frame, caused by builtins.KeyError at no frame"
    try:
        try:
            raise KeyError("hidden")
        except KeyError:
            raise OSError from None
    except OSError as error:
        log_failure("it", error)
    assert "KeyError" not in caplog.text


def test_an_answer_that_is_to_be_awaited_is_the_hosts_mistake_whatever_it_is() -> None:
    class Later:
        def __await__(self) -> Any:
            raise AssertionError("it is never awaited")

    class Slow:
        def find(self, mobile: str) -> Any:
            return Later()

    world = World(directory=Slow())
    with pytest.raises(WrongUse, match="a port of this flow is asynchronous"):
        world.at(State.CODE)
