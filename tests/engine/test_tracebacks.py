"""A traceback with local variables, as crash reporters make them, holds no handle, code, password or mobile.

Any line may raise: memory may run out, a worker may be stopped.  So every local variable of every line of the library is
looked at while parents walk through a run, right and wrong; then what adapters raise is caught and read.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import pickle
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import TracebackException
from types import FrameType
from typing import Any

import phonenumbers
import pytest

import educonnect_flow
from educonnect_flow import (
    AsyncActivationFlow,
    ChooseProfile,
    GoBack,
    Outcome,
    Profile,
    ResendCode,
    StartActivation,
    State,
    SubmitCode,
    Validators,
)
from educonnect_flow._secrecy import Hidden, HiddenBytes
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.errors import PortUnavailable, StoreUnavailable
from educonnect_flow.hashing import Argon2id
from educonnect_flow.ports import Message
from educonnect_flow.sms import RecordingSms
from educonnect_flow.stores import SqliteStore
from educonnect_flow.testing import CheapHasher
from educonnect_flow.validators.mobile import _Number
from educonnect_flow.validators.password import is_common
from tests.conftest import BIRTH_DATES
from tests.world import (
    EMILIE,
    LEO,
    MOBILE,
    PASSWORD,
    SECRET,
    TYPED,
    WRONG_DATE,
    ZOE,
    Questions,
    World,
    answers,
    claim,
    password,
)

promise = pytest.mark.promise
LIBRARY = str(Path(educonnect_flow.__file__).parent)
PARTS = (
    "612345678",
    "6 12 34 56 78",
    PASSWORD,
    str(PASSWORD.encode())[2:-1],
    "vélo-bleu-31",
    "velo-bleu-31",
    "velobleu31",
    *BIRTH_DATES[:2],
)


MANY = 500


class Watch:
    """Looks at every local variable of the library's frames."""

    def __init__(self) -> None:
        self.secrets: set[str] = {str(part) for part in PARTS}
        self.shown: dict[str, str] = {}
        """What was shown, and where first."""
        self.begun: set[int] = set()
        self.lines = 0

    def look(self, frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if (
            not code.co_filename.startswith(LIBRARY)
            or code.co_filename.endswith("secrecy.py")
            or code.co_name == "<module>"
        ):
            return None
        if event == "call":
            self.begun.add(id(frame))
            return self.look
        if event == "line" and id(frame) in self.begun:  # its first: what it was called with may be hidden by it
            self.begun.discard(id(frame))
            return self.look
        self.lines += 1
        for name, value in list(frame.f_locals.items()):
            if isinstance(value, dict | list | tuple | set) and len(value) > MANY:
                continue  # a list of words, or a catalogue
            try:
                shown = repr(value)
            except AttributeError:  # a record that is being made
                continue
            self.shown.setdefault(shown, f"{Path(code.co_filename).relative_to(LIBRARY)}:{code.co_name}: {name}")
        return self.look

    def found(self) -> list[str]:
        """Where a secret was shown: only at the end are all of them known."""
        return sorted({where for shown, where in self.shown.items() if any(secret in shown for secret in self.secrets)})

    @contextmanager
    def on(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self.look)
        try:
            yield
        finally:
            sys.settrace(before)


def test_no_local_variable_of_any_line_shows_a_secret(tmp_path: Path) -> None:
    watch, numbers = Watch(), itertools.count()
    is_common("x")  # its list of 30,000 words is made once, and not while every line is looked at
    world = World(
        SqliteStore(tmp_path / "a.db"), password_hasher=Argon2id(8, 1), human_check=(questions := Questions())
    )

    def submit(out: Outcome, event: Any) -> Outcome:
        watch.secrets.add(str(out.handle))
        with watch.on():
            after = world.flow.submit(str(out.handle), event, request_id=f"r{next(numbers)}")
        watch.secrets.add(str(after.handle))
        return after

    def code() -> str:
        with watch.on():
            world.flow.deliver()
        watch.secrets.update(shown for one in world.codes() for shown in (f"'{one}'", f"#{one}"))  # no part of a digest
        return str(world.codes()[-1])

    def claimed(out: Outcome) -> Outcome:
        return submit(out, claim(human_check=str(questions.asked)))

    with watch.on():
        out = world.flow.start(source="203.0.113.7")
    event: Any
    for event in (ChooseProfile(Profile.GUARDIAN), StartActivation(), claim(mobile="06 12 34 56 7")):
        out = submit(out, event)
    out = claimed(out)
    code()
    out = submit(out, GoBack())
    world.clock.advance(minutes=1)
    out = claimed(out)
    code()
    world.clock.advance(minutes=1)
    out = submit(out, ResendCode())
    right = code()
    for event in (SubmitCode(world.wrong()), SubmitCode("x"), SubmitCode(right), WRONG_DATE, answers(LEO, ZOE)):
        out = submit(out, event)
    decomposed = unicodedata.normalize("NFD", PASSWORD)
    for text in (PASSWORD, decomposed, "a" * 300, MOBILE):
        with watch.on():
            world.flow.assess_password(str(out.handle), text)
    for event in (password(PASSWORD, "x"), password(decomposed, "x"), password(MOBILE), password(decomposed)):
        out = submit(out, event)
    assert out.state is State.ACTIVATED
    with watch.on():
        world.flow.resume(str(out.handle))
        world.flow.budget("sms_per_mobile", mobile=MOBILE)
    world.store.close()
    assert watch.lines > 5_000
    assert "\n".join(watch.found()) == ""


def shown(error: BaseException) -> str:
    """*error* as a crash reporter shows it."""
    return "".join(TracebackException.from_exception(error, capture_locals=True).format())


def fail(*_: Any) -> Any:
    """What an adapter does that has a mistake in it."""
    raise KeyError("a mistake of the host's")


class Broken:
    """A port whose every method fails, one frame deep, with what it was given among its local variables."""

    def find(self, mobile: str) -> Any:
        return fail(mobile)

    def hash(self, text: str) -> Any:
        return fail(text)

    def verify(self, hash: str, text: str) -> Any:
        return fail(text)

    def holds(self, password: str) -> Any:
        return fail(password)

    def send(self, message: Message) -> None:
        to, text = message.to, message.text
        raise KeyboardInterrupt(len(to) + len(text))  # a relay that is stopped


EVENTS: dict[State, Callable[[World], Any]] = {
    State.IDENTITY: lambda world: claim(),
    State.CODE: lambda world: SubmitCode(world.code()),
    State.PUPILS: lambda world: answers(LEO, ZOE),
    State.PASSWORD: lambda world: password(),
}
PORTS = [
    ("directory", State.IDENTITY), ("directory", State.CODE), ("directory", State.PUPILS), ("directory", State.PASSWORD),
    ("password_hasher", State.PASSWORD), ("breaches", State.PASSWORD),
]  # fmt: skip


def check(error: BaseException, *more: str) -> None:
    text = shown(error)
    assert "tests" in text  # the frames of the adapter are there
    assert [secret for secret in (*PARTS, *more) if secret in text] == []


@promise("V1")
@pytest.mark.parametrize(("port", "state"), PORTS)
def test_what_an_adapter_raises_shows_nothing(port: str, state: State) -> None:
    world = World()
    out = world.at(state)
    event = EVENTS[state](world)
    broken = World(world.store, clock=world.clock, **{port: Broken()})  # type: ignore[arg-type]  # a port by its name
    with pytest.raises(PortUnavailable) as caught:
        broken.flow.submit(str(out.handle), event, request_id="r")
    check(caught.value, str(out.handle), *world.codes())

    async def awaited() -> None:
        ports: dict[str, Any] = {"directory": StaticDirectory([EMILIE]), "password_hasher": CheapHasher()} | {
            port: Broken()
        }
        flow = AsyncActivationFlow(store=world.store, sms=RecordingSms(), secret_key=SECRET, clock=world.clock, **ports)
        await flow.submit(str(out.handle), event, request_id="r")

    with pytest.raises(PortUnavailable) as caught:
        asyncio.run(awaited())
    check(caught.value, str(out.handle), *world.codes())


class FailingStore:
    """A store of which one method fails."""

    def __init__(self, store: Any, failing: str) -> None:
        self.store, self.failing = store, failing

    def __getattr__(self, name: str) -> Any:
        return fail if name == self.failing else getattr(self.store, name)


@promise("V1")
@pytest.mark.parametrize("call", ["load", "commit", "tally"])
def test_what_a_store_raises_shows_nothing(call: str) -> None:
    world = World()
    state = State.PASSWORD if call == "tally" else State.CODE
    out = world.at(state)
    event = EVENTS[state](world)
    failing: Any = FailingStore(world.store, call)
    with pytest.raises(StoreUnavailable) as caught:
        World(failing, clock=world.clock).flow.submit(str(out.handle), event, request_id="r")
    check(caught.value, str(out.handle), *world.codes())


VALIDATORS = [("identity", State.IDENTITY), ("mobile", State.IDENTITY), ("code", State.CODE), ("pupils", State.PUPILS),
              ("password", State.PASSWORD)]  # fmt: skip


@promise("V1")
@pytest.mark.parametrize(("name", "state"), VALIDATORS)
def test_what_a_hosts_validator_raises_shows_nothing(name: str, state: State) -> None:
    world = World()
    out = world.at(state)
    event = EVENTS[state](world)
    broken = World(world.store, clock=world.clock, validators=Validators(**{name: fail}))
    with pytest.raises(KeyError) as caught:
        broken.flow.submit(str(out.handle), event, request_id="r")
    check(caught.value, str(out.handle), *world.codes())
    if name == "password":
        with pytest.raises(KeyError) as caught:
            broken.flow.assess_password(str(out.handle), PASSWORD)
        check(caught.value, str(out.handle))


@promise("V1")
def test_a_relay_that_is_stopped_within_a_gateway_shows_nothing() -> None:
    world = World()
    world.at(State.CODE)
    with pytest.raises(KeyboardInterrupt) as caught:
        World(world.store, clock=world.clock, sms=Broken()).flow.deliver()
    world.clock.advance(minutes=2)
    check(caught.value, world.code())


@promise("V1")
def test_a_hasher_without_memory_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 asks for 19 MiB at once: on a full machine that call fails."""
    import argon2.low_level

    lib: Any = vars(argon2.low_level)["lib"]

    class Full:
        def __getattr__(self, name: str) -> Any:
            failing = name in ("argon2_hash", "argon2_verify")
            return (lambda *_: lib.ARGON2_MEMORY_ALLOCATION_ERROR) if failing else getattr(lib, name)

    world = World(password_hasher=Argon2id(8, 1))
    out = world.at(State.PASSWORD)
    monkeypatch.setattr(argon2.low_level, "lib", Full())
    with pytest.raises(PortUnavailable) as caught:
        world.flow.submit(str(out.handle), password())
    assert "Memory allocation error" in shown(caught.value)
    check(caught.value, str(out.handle))
    assert not Argon2id(8, 1).verify("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g", Hidden(PASSWORD))


@promise("V1")
@pytest.mark.parametrize("error", [MemoryError, SystemExit, KeyboardInterrupt])
def test_a_worker_that_is_stopped_within_argon2_shows_nothing(error: type[BaseException]) -> None:
    """A time limit may raise in any frame, that of another library too; the hook is called in its frames."""
    hasher = Argon2id(8, 1)
    made = hasher.hash(Hidden(PASSWORD))

    def stop(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_name in ("hash_secret", "verify_secret"):
            raise error
        return None

    for call in (lambda: hasher.hash(Hidden(PASSWORD)), lambda: hasher.verify(made, Hidden(PASSWORD))):
        before = sys.gettrace()
        sys.settrace(stop)
        try:
            with pytest.raises(error) as caught:
                call()
        finally:
            sys.settrace(before)
        check(caught.value)


@promise("V1")
def test_a_worker_that_is_stopped_within_apprise_shows_nothing() -> None:
    pytest.importorskip("apprise")
    from educonnect_flow.sms import AppriseSms

    sms = AppriseSms("jsons://user:gatewaypassword@127.0.0.1:1/?:to={to}")

    message = Message(id="m", to=MOBILE, text="code #123456")

    def stop(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_name in ("instantiate", "notify"):
            raise MemoryError
        return None

    before = sys.gettrace()
    sys.settrace(stop)
    try:
        with pytest.raises(MemoryError) as caught:
            sms.send(message)
    finally:
        sys.settrace(before)
    check(caught.value, "gatewaypassword", "123456")


def test_hidden_text_is_the_text() -> None:
    text = Hidden("secret")
    assert (text, hash(text), f"{text}", text[1:3]) == ("secret", hash("secret"), "secret", "ec")
    assert repr([text[1:3], copy.copy(text), copy.deepcopy([text])]) == "[<hidden>, <hidden>, [<hidden>]]"
    assert repr([text, HiddenBytes(b"secret")]) == "[<hidden>, <hidden>]"
    assert repr(phonenumbers.parse(TYPED, "FR", numobj=_Number())) == "<hidden>"
    assert type(pickle.loads(pickle.dumps(text))) is str  # noqa: S301 - our own
