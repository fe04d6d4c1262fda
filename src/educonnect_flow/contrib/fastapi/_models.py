"""What goes over the wire, made of the library's own classes: a view or an event that changes there changes here."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, create_model, field_validator, model_validator
from pydantic_core import PydanticCustomError

from educonnect_flow._prompt import HumanPrompt
from educonnect_flow.engine._event import Event
from educonnect_flow.journeys.activation import views
from educonnect_flow.journeys.activation.run import State
from educonnect_flow.journeys.activation.table import EVENTS
from educonnect_flow.outcome import Outcome
from educonnect_flow.people import PupilAnswer
from educonnect_flow.reasons import Reason, Refusal
from educonnect_flow.validators.password import Criterion, PasswordReport

T = TypeVar("T")
Model = type[BaseModel]


class Read(BaseModel):
    """A response: read from the attributes of the library's records."""

    model_config = ConfigDict(from_attributes=True)


LONGEST = 10_000
"""Characters of a text at most: an answer to a human check is the longest.  The flow refuses most fields far below."""

MOST_ANSWERS = 100
"""Answers for pupils, at most."""

MOST_FIELDS = 50
"""Fields of a body, at most: beyond it nothing is said of each."""

Text = Annotated[str, Field(max_length=LONGEST)]


class Said(BaseModel):
    """What is asked: exactly the fields there are.  Its repr shows none of them."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _few(cls, body: object) -> object:
        if isinstance(body, dict) and len(body) > MOST_FIELDS:
            raise PydanticCustomError("too_many_fields", "too many fields")
        return body

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return ()


class PromptModel(Read):
    """What the human check asks: a puzzle, or an image and its sound at ``human-check/image`` and ``/audio``."""

    puzzle: str | None
    image: bool

    @field_validator("image", mode="before")
    @classmethod
    def _is_there(cls, value: object) -> bool:
        return value is not None


class CriterionModel(Read):
    """One thing that a password must have."""

    name: str
    met: bool
    text: str = Field(description="What the parent reads.")

    @model_validator(mode="before")
    @classmethod
    def _told(cls, criterion: Criterion, info: ValidationInfo) -> dict[str, Any]:
        return {
            "name": criterion.name,
            "met": criterion.met,
            "text": criterion.message((info.context or {}).get("locale", "fr")),
        }


class AnswerModel(Said):
    """The answer for one pupil."""

    pupil_id: Text
    confirmed: bool
    birth_date: Text | None = Field(
        default=None, description="`2007-09-21` or `21/09/2007`; not read when the pupil is denied."
    )

    def answer(self) -> PupilAnswer:
        """As the event takes it."""
        return PupilAnswer(pupil_id=self.pupil_id, confirmed=self.confirmed, birth_date=self.birth_date)


_MODELS: dict[Any, Any] = {HumanPrompt: PromptModel, Criterion: CriterionModel, PupilAnswer: AnswerModel}


def _translated(hint: Any, base: Model) -> Any:
    """The type of *hint* on the wire."""
    if hint in _MODELS:
        return _MODELS[hint]
    if hint is str and base is Said:
        return Text
    if get_origin(hint) is tuple:
        found: Any = list[_translated(get_args(hint)[0], base)]  # type: ignore[misc]  # made at run time
        return Annotated[found, Field(max_length=MOST_ANSWERS)] if base is Said else found
    if isinstance(hint, types.UnionType):
        return Union[tuple(_translated(one, base) for one in get_args(hint))]  # noqa: UP007 - made at run time
    return model_of(hint, base) if attrs.has(hint) else hint


@cache
def model_of(cls: Any, base: Model) -> Model:
    """The model of one of the library's attrs classes."""
    hints = get_type_hints(cls)
    made: dict[str, Any] = {}
    for field in attrs.fields(cls) if attrs.has(cls) else ():
        default = ... if field.default is attrs.NOTHING else field.default
        made[field.name] = (_translated(hints[field.name], base), default)
    return create_model(cls.__name__, __base__=base, __doc__=cls.__doc__, **made)


def path_of(event: type[Event]) -> str:
    """``ClaimIdentity``: ``claim-identity``."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in event.__name__).lstrip("-")


PATHS = {event: path_of(event) for event in EVENTS}
"""Where each event is posted."""

VIEWS: dict[State, type] = {
    State.PROFILE: views.ProfileView,
    State.SIGN_IN: views.SignInView,
    State.IDENTITY: views.IdentityView,
    State.CODE: views.CodeView,
    State.PUPILS: views.PupilsView,
    State.PASSWORD: views.PasswordView,
    State.ACTIVATED: views.ActivatedView,
    State.ALREADY_ACTIVE: views.AlreadyActiveView,
    State.NOT_ELIGIBLE: views.NotEligibleView,
    State.REFUSED: views.RefusedView,
    State.LOCKED: views.LockedView,
    State.EXPIRED: views.ExpiredView,
}


EventPath: Any = Enum("EventPath", {path: path for path in PATHS.values()})  # type: ignore[misc]  # one for each event


def _outcome_model(state: State, view: type) -> Model:
    fields: dict[str, Any] = {
        "state": (Literal[state.value], ...),
        "permitted": (list[EventPath], Field(description="Where the next event may be posted.")),
        "view": (model_of(view, Read), ...),
    }
    name = f"{view.__name__.removesuffix('View')}Outcome"
    return create_model(name, __base__=Read, __doc__=f"The current state is ``{state.value}``.", **fields)


OUTCOMES: dict[State, Model] = {state: _outcome_model(state, view) for state, view in VIEWS.items()}
"""One model for each state: its view is what that page may show."""

AnyOutcome: Any = Annotated[Union[tuple(OUTCOMES.values())], Field(discriminator="state")]  # noqa: UP007 - made at run time


def outcome_of(out: Outcome, locale: str) -> dict[str, Any]:
    """*out* as JSON: all of it but the handle."""
    told = OUTCOMES[out.state].model_validate(
        {"state": out.state.value, "permitted": [PATHS[event] for event in out.permitted], "view": out.view},
        context={"locale": locale},
    )
    return told.model_dump(mode="json")


def event_of(event: type[Event]) -> tuple[Model, Callable[[BaseModel], Event]]:
    """The model of what is posted for *event*, and what makes the event of it."""

    def read(body: BaseModel) -> Event:
        values = {name: getattr(body, name) for name in type(body).model_fields}
        if "answers" in values:
            values["answers"] = [answer.answer() for answer in values["answers"]]
        return event(**values)

    cls: Any = event
    return model_of(cls, Said), read


class RefusalModel(BaseModel):
    """One reason why not."""

    reason: Reason
    field: str | None = Field(description="The field of what was posted; for a pupil `answers[ID]`.")
    params: dict[str, Any] = Field(description="Text, whole numbers and times by name.")
    message: str = Field(description="What the parent reads.")


def refusal_of(refusal: Refusal, locale: str) -> dict[str, Any]:
    """*refusal* as JSON."""
    return RefusalModel(
        reason=refusal.reason, field=refusal.field, params=dict(refusal.params), message=refusal.message(locale)
    ).model_dump(mode="json")


class Assessed(Said):
    """A password that is being typed."""

    password: Text


class ReportModel(Read):
    """The criteria that a password meets, its strength, and why a submit of it would be refused."""

    criteria: list[CriterionModel]
    strength: int = Field(ge=1, le=4, description="From weak to strong.")
    refusals: list[RefusalModel] = Field(description="Empty when a submit would be accepted.")

    @classmethod
    def of(cls, report: PasswordReport, locale: str) -> dict[str, Any]:
        """*report* as JSON."""
        told = cls.model_validate(
            {
                "criteria": report.criteria,
                "strength": int(report.strength),
                "refusals": [refusal_of(refusal, locale) for refusal in report.refusals],
            },
            context={"locale": locale},
        )
        return told.model_dump(mode="json")


_POSTED: tuple[Model, ...] = (AnswerModel, Assessed, *(event_of(event)[0] for event in EVENTS))
NAMES = frozenset({"body", "header", "Idempotency-Key"}.union(*(model.model_fields for model in _POSTED)))
"""All names of the schema that an error may be at."""


def value_names(enum: type[Enum]) -> list[str]:
    """The values of *enum*."""
    return [str(member.value) for member in enum]
