"""One input for every parser of what comes from outside: a refusal or a documented error, never anything else."""

from __future__ import annotations

from collections.abc import Callable

from educonnect_flow import (
    ChoosePassword,
    ClaimIdentity,
    ConfirmPupils,
    Outcome,
    PupilAnswer,
    ResendCode,
    State,
    SubmitCode,
)
from educonnect_flow._identifier import base
from educonnect_flow.errors import ActivationError, UnknownHandle
from educonnect_flow.human_checks import AltchaCheck, CaptchaCheck
from educonnect_flow.stores import MemoryStore
from tests.world import SECRET, World

_worlds = {state: World() for state in (State.IDENTITY, State.CODE, State.PUPILS, State.PASSWORD)}
_outs = {state: world.at(state) for state, world in _worlds.items()}
_codes = {state: world.codes() for state, world in _worlds.items()}
_checks = (AltchaCheck(MemoryStore(), SECRET, cost=1), CaptchaCheck(MemoryStore(), SECRET))


def _fresh(state: State) -> tuple[World, Outcome]:
    """Where *state* stands; anew when it was left or locked."""
    world, out = _worlds[state], _outs[state]
    if world.flow.resume(out.handle).state is not state:
        world = _worlds[state] = World()
        out = _outs[state] = world.at(state)
        _codes[state] = world.codes()
    return world, out


def _submit(state: State, event: object, *, may_pass: bool = False) -> None:
    world, out = _fresh(state)
    after = world.submit(out, event)
    assert may_pass or not after.accepted, (state, event)
    for refusal in after.refusals:
        assert refusal.message()
        assert refusal.message("en")


def number(text: str) -> None:
    """A mobile: accepted only as a French one."""
    world, out = _fresh(State.IDENTITY)
    after = world.submit(out, ClaimIdentity(family_name="Durand", given_name="Emilie", mobile=text))
    if after.accepted:
        _worlds[State.IDENTITY].flow.deliver()
        assert sum(char.isdigit() for char in text) >= 6


def name(text: str) -> None:
    """A name, and the identifier made of one."""
    _submit(State.IDENTITY, ClaimIdentity(family_name=text, given_name=text, mobile="x"))
    assert base(text, text).isascii()


def code(text: str) -> None:
    """A code: no other text than the one sent opens."""
    world, out = _fresh(State.CODE)
    after = world.submit(out, SubmitCode(text))
    assert not after.accepted or text in _codes[State.CODE] or text in world.codes()


def birth_date(text: str) -> None:
    """A date: no other text than the two right ones."""
    answers = [
        PupilAnswer(pupil_id="leo", confirmed=True, birth_date=text),
        PupilAnswer(pupil_id="zoe", confirmed=False),
    ]
    _submit(State.PUPILS, ConfirmPupils(answers), may_pass=text == "21/09/2007")


def pupil(text: str) -> None:
    """A pupil's id: none but those shown."""
    answers = [PupilAnswer(pupil_id=text, confirmed=True, birth_date="21/09/2007")]
    _submit(State.PUPILS, ConfirmPupils(answers))


def password(text: str) -> None:
    """A password, on the meter and on the page."""
    world, out = _fresh(State.PASSWORD)
    report = world.flow.assess_password(out.handle, text)
    assert report.strength
    _submit(State.PASSWORD, ChoosePassword(password=text, confirmation=text + "x"))


def handle(text: str) -> None:
    """A handle: unknown."""
    world = _worlds[State.CODE]
    try:
        world.flow.submit(text, ResendCode())
    except UnknownHandle:
        return
    raise AssertionError("a handle was guessed")


def request_id(text: str) -> None:
    """A request id, of any kind."""
    world, out = _fresh(State.CODE)
    world.flow.submit(out.handle, SubmitCode("x"), request_id=text)


def human(text: str) -> None:
    """What answers a human check, and names a prompt."""
    for check in _checks:
        assert check.show(text) is None
        assert not check.passes(text, text)
        assert not check.passes(check._once.issue(), text)


PARSERS: tuple[Callable[[str], None], ...] = (
    number, name, code, birth_date, pupil, password, handle, request_id, human,
)  # fmt: skip


def one_input(data: bytes) -> None:
    """The first byte says which parser; the rest is what it gets."""
    if not data:
        return
    parser = PARSERS[data[0] % len(PARSERS)]
    text = data[1:].decode("utf-8", "surrogateescape" if data[0] & 0x80 else "replace")
    try:
        parser(text)
    except ActivationError as error:
        assert str(error)  # documented, and told
