"""The contract of journeys: the library's own keep it, and for each rule a journey that breaks it is caught."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar

import attrs
import pytest
from attrs import evolve, frozen

from educonnect_flow import (
    ChooseProfile,
    GoBack,
    Profile,
    Reason,
    Refusal,
    ResendCode,
    Settings,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow.engine import Event, Journey, Lapse, Row, Run, StepContext, View, compile_table, showing
from educonnect_flow.journeys import ACTIVATION, FORGOTTEN_IDENTIFIER
from educonnect_flow.ports import Message
from educonnect_flow.steps import ending
from educonnect_flow.testing import JourneyContract, Walk, code_in
from tests.journeys.activation.test_table import Changing
from tests.world import EMILIE, LEO, PAUL, STRANGER, WRONG_DATE, ZOE, Questions, World, answers, claim, password


def failed(walk: Walk, event: Any, times: int) -> Any:
    for _ in range(times):
        walk.submit(event())
    return event()


def wrong(walk: Walk) -> Any:
    return lambda: SubmitCode(walk.wrong_code())


def later(walk: Walk, event: Event) -> Event:
    walk.clock.advance(minutes=1)
    return event


def activated(walk: Walk, event: Event) -> Event:
    World(walk.store, clock=walk.clock).at(State.ACTIVATED)
    return event


def struck_out(walk: Walk, event: Event) -> Event:
    directory: Any = walk.flow._engine.ports.directory
    directory.guardian = evolve(EMILIE, pupils=())
    return event


MOBILE_LIMIT = {"settings": Settings(mobile_failures=3)}


class TestActivation(JourneyContract):
    journey = ACTIVATION
    guardians = (EMILIE, PAUL)
    strangers: ClassVar = {"identity.claim": lambda walk: STRANGER}
    ports: ClassVar = {
        "identity.told": lambda: {"settings": Settings(tell_unknown_identity=True)},
        "identity.again": lambda: {"human_check": Questions()},
        "code.no_pupil": lambda: {"directory": Changing()},
        "pupils.gone": lambda: {"directory": Changing()},
        "password.gone": lambda: {"directory": Changing()},
        "code.held": lambda: {"settings": Settings(national_failures=3)},
        "pupils.held": lambda: {"settings": Settings(national_failures=3)},
        "code.barred": lambda: MOBILE_LIMIT,
        "pupils.barred": lambda: MOBILE_LIMIT,
    }
    events: ClassVar = {
        "profile.guardian": lambda walk: ChooseProfile(Profile.GUARDIAN),
        "profile.pupil": lambda walk: ChooseProfile(Profile.PUPIL),
        "sign_in.start": lambda walk: StartActivation(),
        "sign_in.back": lambda walk: GoBack(),
        "identity.claim": lambda walk: claim(),
        "identity.told": lambda walk: STRANGER,
        "identity.again": lambda walk: claim(human_check="not the number"),
        "identity.refused": lambda walk: claim(mobile="1"),
        "identity.back": lambda walk: GoBack(),
        "code.barred": lambda walk: walk.reach("mobile_failures", SubmitCode("000000")),
        "code.held": lambda walk: walk.reach("national_failures", SubmitCode("000000")),
        "code.active": lambda walk: activated(walk, SubmitCode(walk.code())),
        "code.no_pupil": lambda walk: struck_out(walk, SubmitCode(walk.code())),
        "code.right": lambda walk: SubmitCode(walk.code()),
        "code.last": lambda walk: failed(walk, wrong(walk), 4),
        "code.wrong": lambda walk: failed(walk, wrong(walk), 0),
        "code.refused": lambda walk: SubmitCode("1"),
        "code.resend": lambda walk: later(walk, ResendCode()),
        "code.resend_refused": lambda walk: ResendCode(),
        "code.back": lambda walk: GoBack(),
        "pupils.barred": lambda walk: walk.reach("mobile_failures", answers(LEO, ZOE)),
        "pupils.held": lambda walk: walk.reach("national_failures", answers(LEO, ZOE)),
        "pupils.gone": lambda walk: struck_out(walk, answers(LEO, ZOE)),
        "pupils.none": lambda walk: answers(deny=[LEO, ZOE]),
        "pupils.right": lambda walk: answers(LEO, ZOE),
        "pupils.last": lambda walk: failed(walk, lambda: WRONG_DATE, 4),
        "pupils.wrong": lambda walk: WRONG_DATE,
        "pupils.refused": lambda walk: answers(LEO),
        "pupils.back": lambda walk: GoBack(),
        "password.active": lambda walk: activated(walk, password()),
        "password.gone": lambda walk: struck_out(walk, password()),
        "password.chosen": lambda walk: password(),
        "password.refused": lambda walk: password("trop court"),
        "password.back": lambda walk: GoBack(),
    }


class TestForgottenIdentifier(JourneyContract):
    journey = FORGOTTEN_IDENTIFIER
    guardians = (EMILIE, PAUL)
    strangers: ClassVar = {"forgotten_identifier.claim": lambda walk: STRANGER}
    ports: ClassVar = {
        "forgotten_identifier.told": lambda: {"settings": Settings(tell_unknown_identity=True)},
        "forgotten_identifier.again": lambda: {"human_check": Questions()},
        "forgotten_identifier.held": lambda: {"settings": Settings(national_failures=3)},
        "forgotten_identifier.barred": lambda: MOBILE_LIMIT,
    }
    events: ClassVar = {
        "forgotten_identifier.claim": lambda walk: claim(),
        "forgotten_identifier.told": lambda walk: STRANGER,
        "forgotten_identifier.again": lambda walk: claim(human_check="not the number"),
        "forgotten_identifier.identity_refused": lambda walk: claim(mobile="1"),
        "forgotten_identifier.barred": lambda walk: walk.reach("mobile_failures", SubmitCode("000000")),
        "forgotten_identifier.held": lambda walk: walk.reach("national_failures", SubmitCode("000000")),
        "forgotten_identifier.shown": lambda walk: activated(walk, SubmitCode(walk.code())),
        "forgotten_identifier.not_activated": lambda walk: SubmitCode(walk.code()),
        "forgotten_identifier.last": lambda walk: failed(walk, wrong(walk), 4),
        "forgotten_identifier.wrong": lambda walk: failed(walk, wrong(walk), 0),
        "forgotten_identifier.code_refused": lambda walk: SubmitCode("1"),
        "forgotten_identifier.resend": lambda walk: later(walk, ResendCode()),
        "forgotten_identifier.resend_refused": lambda walk: ResendCode(),
        "forgotten_identifier.back": lambda walk: GoBack(),
    }


# --- journeys that break a rule --------------------------------------------------------------------


class Door(Enum):
    SHUT = "shut"
    OPEN = "open"
    GONE = "gone"


@frozen(slots=False)
class Knock(Event):
    who: str


@frozen(kw_only=True, slots=False)
class DoorRun(Run):
    journey: ClassVar[str] = "DOOR"
    states: ClassVar[type[Door]] = Door
    guests: tuple[str, ...] = ()  # says nothing of how it is written: a list comes back
    known: bool = False


class DoorView(View):
    """Nothing."""


@frozen(slots=False)
class KnownView(View):
    known: bool


def knows(context: StepContext[DoorRun, Knock, Any]) -> bool:
    return context.event.who == "known"


def remember(context: StepContext[DoorRun, Knock, Any]) -> None:
    context.changes["known"] = knows(context)


def keep_guest(context: StepContext[DoorRun, Knock, Any]) -> None:
    context.changes["guests"] = (context.event.who,)


def write_down(context: StepContext[DoorRun, Knock, Any]) -> None:
    context.denied = (context.event.who,)


def refuse(context: StepContext[DoorRun, Knock, Any]) -> None:
    context.refusals.append(Refusal(Reason.HOST_RULE, None, {"text": "non"}))


def never(context: StepContext[DoorRun, Knock, Any]) -> bool:
    return False


def door(*rows: Any, **more: Any) -> Journey[Any]:
    """A door with *rows* before those that end it."""
    given: dict[str, Any] = {
        "run": DoorRun,
        "table": compile_table(
            (
                *rows,
                Row("door.knock", Door.SHUT, Knock, Door.OPEN, (), (remember,)),
                Row("door.refuse", Door.OPEN, Knock, Door.OPEN, (), (refuse,), accepted=False),
                Row("door.idle", Door.SHUT, Lapse, Door.GONE, (), (ending.expire,), accepted=False),
                Row("door.late", Door.OPEN, Lapse, Door.GONE, (), (ending.expire,), accepted=False),
            ),
            states=Door, events=(Knock, Lapse), initial=Door.SHUT, final=frozenset({Door.GONE}),
            internal=frozenset({Lapse}),
        ),
        "events": (Knock,),
        "facts": {Knock: None},
        "views": dict.fromkeys(Door, showing(DoorView)),
    }  # fmt: skip
    return Journey(**(given | more))


def contract(of: Journey[Any], **more: Any) -> JourneyContract:
    kind = type("DoorContract", (JourneyContract,), {
        "journey": of, "events": {
            "door.knock": lambda walk: Knock("known"), "door.refuse": lambda walk: Knock("again"),
            "door.never": lambda walk: Knock("never"), "door.silent": lambda walk: Knock("x"),
        },
        "strangers": {"door.knock": lambda walk: Knock("unknown")}, **more,
    })  # fmt: skip
    made: JourneyContract = kind()
    return made


RULES = [name for name in vars(JourneyContract) if name.startswith("test_")]


def broken(of: JourneyContract) -> dict[str, str]:
    """The rules that the journey breaks, and what is said."""
    found = {}
    for rule in RULES:
        try:
            test: Callable[[], None] = getattr(of, rule)
            test()
        except AssertionError as error:
            found[rule] = str(error).split("\n", maxsplit=1)[0]
    return found


def test_a_right_journey_breaks_no_rule() -> None:
    assert len(RULES) == 6
    assert broken(contract(door())) == {}


ROW, CODEC, REPEAT, PAGE, TRAIL, ALIKE = RULES


def shows_what_it_counts(run: Any, settings: Any, prompt: Any) -> View:
    views.append(run)
    return KnownView(len(views) % 2 == 0)


views: list[Any] = []

WRONG: dict[str, tuple[Callable[[], JourneyContract], str, str]] = {
    "a row that no event takes": (
        lambda: contract(door(Row("door.never", Door.SHUT, Knock, Door.GONE, (never,)))), ROW,
        "door.never was not taken, but door.knock: ()",
    ),
    "a refusal that does not say why": (
        lambda: contract(door(Row("door.silent", Door.SHUT, Knock, Door.SHUT, (lambda a: not knows(a),), accepted=False))), ROW,
        "door.silent does not say why",
    ),
    "a row without an event": (
        lambda: contract(door(Row("door.other", Door.SHUT, Knock, Door.GONE, (never,)))), ROW,
        "events has nothing for the row door.other",
    ),
    "a field that is not read as it was written": (
        lambda: contract(door(Row("door.never", Door.SHUT, Knock, Door.OPEN, (knows,), (keep_guest,))), events={
            "door.never": lambda walk: Knock("known"), "door.knock": lambda walk: Knock("x"), "door.refuse": lambda walk: Knock("x"),
        }, strangers={}), CODEC,
        "door.never: a field is not read as it was written: ['guests']",
    ),
    "a page that shows something else when it is loaded again": (
        lambda: contract(door(views={**dict.fromkeys(Door, showing(DoorView)), Door.OPEN: shows_what_it_counts})), PAGE,
        "door.knock",
    ),
    "a trail that holds what was typed": (
        lambda: contract(door(Row("door.never", Door.SHUT, Knock, Door.OPEN, (lambda a: a.event.who == "never",), (write_down,)))), TRAIL,
        "door.never: the trail holds what was typed",
    ),
    "a page that tells somebody unknown apart": (
        lambda: contract(door(views={
            **dict.fromkeys(Door, showing(DoorView)), Door.OPEN: lambda run, settings, prompt: KnownView(run.known),
        })), ALIKE,
        "door.knock, then door.refuse: somebody unknown is told apart",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_journey_that_breaks_a_rule_is_caught(name: str) -> None:
    make, rule, said = WRONG[name]
    views.clear()
    assert broken(make()).get(rule) == said


def test_a_state_that_only_refusals_reach_has_no_way() -> None:
    of = door()
    row = of.table.rows[1]
    table = attrs.evolve(of.table, rows=tuple(attrs.evolve(one, accepted=False) for one in of.table.rows))
    with pytest.raises(AssertionError, match="no accepted row leads to OPEN"):
        contract(attrs.evolve(of, table=table)).walk_to(row)


def test_the_code_in_a_message() -> None:
    assert code_in(Message(id="m", to="+33612345678", text="Code 1\n\n@host #123456")) == "123456"
    with pytest.raises(ValueError, match="no code"):
        code_in(Message(id="m", to="+33612345678", text="Bonjour"))
