"""The pupils: each is confirmed with the birth date of the school's records, or denied."""

from __future__ import annotations

import unicodedata
from typing import Any

from attrs import field, frozen

from educonnect_flow._prompt import HumanPrompt
from educonnect_flow._secrecy import Confidential
from educonnect_flow._typed import frozen_sequence, sequence
from educonnect_flow.engine._event import Event
from educonnect_flow.engine._ports import LoadContext
from educonnect_flow.engine._run import TEXTS, Codec, saved
from educonnect_flow.engine._step import StepContext
from educonnect_flow.engine._table import gated
from educonnect_flow.outcome import View
from educonnect_flow.people import Guardian, Pupil, PupilAnswer, Relation
from educonnect_flow.reasons import Reason, Refusal, refusals_of
from educonnect_flow.settings import Settings
from educonnect_flow.steps.code import code_right, mobile_of
from educonnect_flow.steps.identity import IdentityRun, Proving, find_claimed
from educonnect_flow.steps.limits import CountedFacts, count_failure, failure_limits, load_counted, load_last
from educonnect_flow.validators.identity import fold
from educonnect_flow.validators.pupils import PupilsCheck, check_form

# --- events ----------------------------------------------------------------------------------------


@frozen(slots=False)
class ConfirmPupils(Event):
    """The answers for the pupils: exactly one for each pupil of the page."""

    answers: tuple[PupilAnswer, ...] = field(converter=frozen_sequence, validator=sequence(PupilAnswer))


# --- run data --------------------------------------------------------------------------------------


@frozen(kw_only=True, slots=False)
class ShownPupil(Confidential):
    """A pupil as shown on the page, without the birth date."""

    id: str
    given_name: str
    school: str
    relation: Relation
    family_name: str = ""
    """The part of it that distinguishes two pupils of one given name, such as ``D.``; else empty."""

    @property
    def label(self) -> str:
        """What the page calls the pupil: ``Léo``, or ``Léo D.`` beside another Léo."""
        return f"{self.given_name} {self.family_name}".rstrip()


def _dump_pupil(pupil: ShownPupil) -> list[str]:
    letters = [pupil.family_name] if pupil.family_name else []
    return [pupil.id, pupil.given_name, pupil.school, pupil.relation.value, *letters]


def _load_pupil(kept: list[str]) -> ShownPupil:
    name, given_name, school, relation, *letters = kept
    return ShownPupil(
        id=name, given_name=given_name, school=school, relation=Relation(relation), family_name="".join(letters)
    )


_PUPILS = Codec(lambda shown: list(map(_dump_pupil, shown)), lambda kept: tuple(map(_load_pupil, kept)))
_REASON = Codec(lambda reason: reason.value, Reason)


@frozen(kw_only=True, slots=False)
class PupilsRun(IdentityRun):
    """A run in which pupils are confirmed."""

    pupils: tuple[ShownPupil, ...] = saved((), _PUPILS, repr=False)
    """The pupils that the page shows, stored when the code is accepted."""
    pupils_failures: int = 0
    confirmed: tuple[str, ...] | None = saved(None, TEXTS)
    """Ids of the confirmed pupils; ``None`` before."""
    denied: tuple[str, ...] = saved((), TEXTS)
    """Ids of the denied pupils."""
    why: Reason | None = saved(None, _REASON)
    """``REFUSED``: the reason."""


# --- facts -----------------------------------------------------------------------------------------


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class PupilsFacts(CountedFacts):
    """For ``ConfirmPupils``."""

    pupils: tuple[Pupil, ...]
    """The pupils of the page, as the records have them now."""
    gone: frozenset[str]
    """Ids of the pupils of the page that the records no longer have."""


def pupils_of(guardians: tuple[Guardian, ...]) -> dict[str, Pupil]:
    """All pupils of *guardians* by id, without duplicates, in order."""
    pupils: dict[str, Pupil] = {}
    for guardian in guardians:
        for pupil in guardian.pupils:
            pupils.setdefault(pupil.id, pupil)
    return pupils


async def load_pupils(loading: LoadContext[PupilsRun, ConfirmPupils]) -> PupilsFacts:
    """For ``ConfirmPupils``."""
    ports, run = loading.ports, loading.run
    mobile = mobile_of(ports, run)
    known = pupils_of(await find_claimed(ports, run, mobile))
    shown = [pupil.id for pupil in run.pupils]
    counted = load_counted(loading, mobile, run.recipient.mobile_key)
    return PupilsFacts(
        **await load_last(loading, counted, ports.settings.pupils_failures - run.pupils_failures),
        pupils=tuple(known[pupil] for pupil in shown if pupil in known),
        gone=frozenset(pupil for pupil in shown if pupil not in known),
    )


# --- guards ----------------------------------------------------------------------------------------

Answering = StepContext[PupilsRun, ConfirmPupils, PupilsFacts]


def has_no_pupil(context: Proving) -> bool:
    """The schools have no pupil of this guardian."""
    return not any(guardian.pupils for guardian in context.facts.candidates)


def all_gone(context: Answering) -> bool:
    """The schools have removed every pupil of the page."""
    return context.facts.gone.issuperset(pupil.id for pupil in context.run.pupils)


def pupils_right(context: Answering) -> bool:
    """Every pupil has an answer, and every date is right."""
    return not context.verdict("pupils", _pupils)


def _pupils(context: Answering) -> tuple[Refusal, ...]:
    # The form is checked here with any validator, because the effects rely on it.
    check = _pupils_check(context)
    return check_form(check) or refusals_of(context.validators.pupils(check))


def _pupils_check(context: Answering) -> PupilsCheck:
    return PupilsCheck(pupils=context.facts.pupils, answers=_answers(context), today=context.now.date())


def _answers(context: Answering) -> tuple[PupilAnswer, ...]:
    """The answers, without those for a pupil that the schools have removed since the page was shown."""
    gone = context.facts.gone
    return tuple(answer for answer in context.event.answers if answer.pupil_id not in gone)


def none_confirmed(context: Answering) -> bool:
    """Every pupil is denied."""
    return not any(answer.confirmed for answer in _answers(context))


def pupils_wrong(context: Answering) -> bool:
    """The answers are well formed, and wrong."""
    return bool(context.verdict("pupils", _pupils)) and not check_form(_pupils_check(context))


def last_pupils(context: Answering) -> bool:
    """This failure uses the last attempt of the run."""
    return context.run.pupils_failures + 1 >= context.settings.pupils_failures


# --- effects ---------------------------------------------------------------------------------------


@gated(code_right)
def show_pupils(context: Proving) -> None:
    """All pupils of all matching records, each once."""
    pupils = tuple(pupils_of(context.facts.candidates).values())
    context.changes["pupils"] = tuple(
        ShownPupil(
            id=pupil.id,
            given_name=pupil.given_name,
            school=pupil.school,
            relation=pupil.relation,
            family_name=distinguishing_letters(pupil, pupils),
        )
        for pupil in pupils
    )


def distinguishing_letters(pupil: Pupil, pupils: tuple[Pupil, ...]) -> str:
    """What distinguishes *pupil* from those of *pupils* that have the same given name and another family name.

    The shortest beginning of the family name that none of them has, with a full stop: ``D.``; or the whole name, when
    another one begins with it.  Empty when there is none of them: nothing more is shown than is needed.
    """
    given, family = fold(pupil.given_name), unicodedata.normalize("NFC", pupil.family_name).strip()
    same = [fold(one.family_name) for one in pupils if fold(one.given_name) == given]
    others = [other for other in same if other != fold(family)]
    if not others:
        return ""
    for length in range(1, len(family)):
        if family[length - 1].isalpha() and not any(other.startswith(fold(family[:length])) for other in others):
            return f"{family[:length]}."
    return family


def count_pupils_failure(context: Answering) -> None:
    """Count a wrong birth date, in the run and for the mobile."""
    failures = context.run.pupils_failures + 1
    context.changes["pupils_failures"] = failures
    count_failure(context, context.facts, Reason.BIRTH_DATES_WRONG, context.settings.pupils_failures - failures)


@gated(pupils_right)
def record_pupils(context: Answering) -> None:
    """Store the confirmed pupils; the denied ones are recorded for the school."""
    confirmed = {answer.pupil_id for answer in _answers(context) if answer.confirmed}
    shown = tuple(pupil.id for pupil in context.facts.pupils)
    context.changes["confirmed"] = tuple(pupil for pupil in shown if pupil in confirmed)
    context.changes["denied"] = context.denied = tuple(pupil for pupil in shown if pupil not in confirmed)
    context.limits += failure_limits(context, context.facts, adds=0)


def refuse_no_pupil(context: StepContext[Any, Any, Any]) -> None:
    """No pupil to confirm: the school must check its records."""
    _refuse(context, Reason.NO_PUPIL)


def refuse_none_confirmed(context: Answering) -> None:
    """All pupils denied: the school must check its records."""
    context.denied = tuple(pupil.id for pupil in context.facts.pupils)
    context.limits += failure_limits(context, context.facts, adds=0)
    _refuse(context, Reason.NO_PUPIL_CONFIRMED)


def _refuse(context: StepContext[Any, Any, Any], reason: Reason) -> None:
    context.changes["why"] = reason
    context.refusals.append(Refusal(reason))


def drop_pupils(context: StepContext[Any, Any, Any]) -> None:
    """Back before the code: drop the pupils."""
    context.changes |= {"pupils": (), "confirmed": None, "denied": ()}


def undo_pupils(context: StepContext[Any, Any, Any]) -> None:
    """Back to the pupils' page: they must be confirmed again."""
    context.changes |= {"confirmed": None, "denied": ()}


# --- view ------------------------------------------------------------------------------------------


@frozen(slots=False)
class PupilsView(View):
    """``PUPILS``"""

    pupils: tuple[ShownPupil, ...] = field(repr=False)
    attempts_left: int


@frozen(slots=False)
class RefusedView(View):
    """``REFUSED``: contact the school."""

    reason: Reason
    """``NO_PUPIL`` or ``NO_PUPIL_CONFIRMED``."""


def show_pupils_page(run: PupilsRun, settings: Settings, prompt: HumanPrompt | None) -> PupilsView:  # noqa: ARG001 - the signature of Show
    """The page of the pupils."""
    return PupilsView(run.pupils, settings.pupils_failures - run.pupils_failures)


def show_refused(run: PupilsRun, settings: Settings, prompt: HumanPrompt | None) -> RefusedView:  # noqa: ARG001 - the signature of Show
    """The final page of a run without a pupil."""
    assert run.why is not None
    return RefusedView(run.why)
