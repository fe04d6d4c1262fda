"""The pupils: each is confirmed with the birth date that the school knows, or denied."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from educonnect_flow.engine.event import Event
from educonnect_flow.engine.outside import Loading
from educonnect_flow.engine.run import TEXTS, Codec, saved
from educonnect_flow.engine.step import Attempt
from educonnect_flow.machinery.secrecy import Confidential
from educonnect_flow.machinery.table import gated
from educonnect_flow.outcome import View
from educonnect_flow.people import Guardian, Pupil, PupilAnswer, Relation
from educonnect_flow.prompt import HumanPrompt
from educonnect_flow.reasons import Reason, Refusal, refusals_of
from educonnect_flow.settings import Settings
from educonnect_flow.steps.code import code_right, mobile_of
from educonnect_flow.steps.identity import IdentityRun, Proving, find_claimed
from educonnect_flow.steps.limits import CountedFacts, count_failure, failure_limits, load_counted
from educonnect_flow.typed import frozen_sequence, sequence
from educonnect_flow.validators.pupils import PupilsCheck, check_form

# --- events ----------------------------------------------------------------------------------------


@frozen(slots=False)
class ConfirmPupils(Event):
    """The answers for the pupils: exactly one for each that the page shows."""

    answers: tuple[PupilAnswer, ...] = field(converter=frozen_sequence, validator=sequence(PupilAnswer))


# --- run data --------------------------------------------------------------------------------------


@frozen(kw_only=True, slots=False)
class ShownPupil(Confidential):
    """A pupil as the page shows them.  Never a birth date."""

    id: str
    given_name: str
    school: str
    relation: Relation


_PUPILS = Codec(
    lambda shown: [[one.id, one.given_name, one.school, one.relation.value] for one in shown],
    lambda kept: tuple(
        [ShownPupil(id=one[0], given_name=one[1], school=one[2], relation=Relation(one[3])) for one in kept]
    ),
)
_REASON = Codec(lambda reason: reason.value, Reason)


@frozen(kw_only=True, slots=False)
class PupilsRun(IdentityRun):
    """A run in which pupils are confirmed."""

    pupils: tuple[ShownPupil, ...] = saved((), _PUPILS, repr=False)
    """What the page shows, from the accepted code on."""
    pupils_failures: int = 0
    confirmed: tuple[str, ...] | None = saved(None, TEXTS)
    """Ids of the confirmed pupils, once they are."""
    denied: tuple[str, ...] = saved((), TEXTS)
    """Ids of the denied ones, likewise."""
    why: Reason | None = saved(None, _REASON)
    """``REFUSED``: for what reason."""


# --- facts -----------------------------------------------------------------------------------------


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class PupilsFacts(CountedFacts):
    """For ``ConfirmPupils``."""

    pupils: tuple[Pupil, ...]
    """Those that the page shows, as the records have them now."""
    gone: frozenset[str]
    """Ids of those that the page shows and the records no longer have."""


def pupils_of(guardians: tuple[Guardian, ...]) -> dict[str, Pupil]:
    """All pupils of *guardians* by id, each once, in order."""
    pupils: dict[str, Pupil] = {}
    for guardian in guardians:
        for pupil in guardian.pupils:
            pupils.setdefault(pupil.id, pupil)
    return pupils


async def load_pupils(loading: Loading[PupilsRun, ConfirmPupils]) -> PupilsFacts:
    """For ``ConfirmPupils``."""
    outside, run = loading.outside, loading.run
    mobile = mobile_of(outside, run)
    known = pupils_of(await find_claimed(outside, run, mobile))
    shown = [pupil.id for pupil in run.pupils]
    return PupilsFacts(
        **load_counted(loading, mobile, run.recipient.mobile_key),
        pupils=tuple(known[pupil] for pupil in shown if pupil in known),
        gone=frozenset(pupil for pupil in shown if pupil not in known),
    )


# --- guards ----------------------------------------------------------------------------------------

Answering = Attempt[PupilsRun, ConfirmPupils, PupilsFacts]


def has_no_pupil(attempt: Proving) -> bool:
    """The schools know no pupil of this guardian."""
    return not any(guardian.pupils for guardian in attempt.facts.candidates)


def all_gone(attempt: Answering) -> bool:
    """The schools have struck out every pupil that the page shows."""
    return attempt.facts.gone.issuperset(pupil.id for pupil in attempt.run.pupils)


def pupils_right(attempt: Answering) -> bool:
    """Every pupil is answered and every date is right."""
    return not attempt.verdict("pupils", _pupils)


def _pupils(attempt: Answering) -> tuple[Refusal, ...]:
    # The form is judged here, whatever the validator: what comes after relies on it.
    check = _pupils_check(attempt)
    return check_form(check) or refusals_of(attempt.validators.pupils(check))


def _pupils_check(attempt: Answering) -> PupilsCheck:
    return PupilsCheck(pupils=attempt.facts.pupils, answers=_answers(attempt))


def _answers(attempt: Answering) -> tuple[PupilAnswer, ...]:
    """The answers, without those for a pupil that the page showed and the schools have since struck out."""
    gone = attempt.facts.gone
    return tuple(answer for answer in attempt.event.answers if answer.pupil_id not in gone)


def none_confirmed(attempt: Answering) -> bool:
    """Every pupil is denied."""
    return not any(answer.confirmed for answer in _answers(attempt))


def pupils_wrong(attempt: Answering) -> bool:
    """The answers are well formed, and refused."""
    return bool(attempt.verdict("pupils", _pupils)) and not check_form(_pupils_check(attempt))


def last_pupils(attempt: Answering) -> bool:
    """This failure uses the last attempt of the run."""
    return attempt.run.pupils_failures + 1 >= attempt.settings.pupils_failures


# --- effects ---------------------------------------------------------------------------------------


@gated(code_right)
def show_pupils(attempt: Proving) -> None:
    """All pupils of all matching records, each once."""
    attempt.changes["pupils"] = tuple(
        ShownPupil(id=pupil.id, given_name=pupil.given_name, school=pupil.school, relation=pupil.relation)
        for pupil in pupils_of(attempt.facts.candidates).values()
    )


def count_pupils_failure(attempt: Answering) -> None:
    """A wrong birth date: one attempt less, here and for the mobile."""
    failures = attempt.run.pupils_failures + 1
    attempt.changes["pupils_failures"] = failures
    count_failure(attempt, attempt.facts, Reason.BIRTH_DATES_WRONG, attempt.settings.pupils_failures - failures)


@gated(pupils_right)
def record_pupils(attempt: Answering) -> None:
    """Who is confirmed; the others are left out, and recorded for the school."""
    confirmed = {answer.pupil_id for answer in _answers(attempt) if answer.confirmed}
    shown = tuple(pupil.id for pupil in attempt.facts.pupils)
    attempt.changes["confirmed"] = tuple(pupil for pupil in shown if pupil in confirmed)
    attempt.changes["denied"] = attempt.denied = tuple(pupil for pupil in shown if pupil not in confirmed)
    attempt.limits += failure_limits(attempt, attempt.facts, adds=0)


def refuse_no_pupil(attempt: Attempt[Any, Any, Any]) -> None:
    """Nothing to confirm: the school must look."""
    _refuse(attempt, Reason.NO_PUPIL)


def refuse_none_confirmed(attempt: Answering) -> None:
    """All denied: the school must look."""
    attempt.denied = tuple(pupil.id for pupil in attempt.facts.pupils)
    attempt.limits += failure_limits(attempt, attempt.facts, adds=0)
    _refuse(attempt, Reason.NO_PUPIL_CONFIRMED)


def _refuse(attempt: Attempt[Any, Any, Any], reason: Reason) -> None:
    attempt.changes["why"] = reason
    attempt.refusals.append(Refusal(reason))


def drop_pupils(attempt: Attempt[Any, Any, Any]) -> None:
    """Back before the code: what it opened is dropped."""
    attempt.changes |= {"pupils": (), "confirmed": None, "denied": ()}


def undo_pupils(attempt: Attempt[Any, Any, Any]) -> None:
    """Back to the pupils' page: they must be confirmed again."""
    attempt.changes |= {"confirmed": None, "denied": ()}


# --- view ------------------------------------------------------------------------------------------


@frozen(slots=False)
class PupilsView(View):
    """``PUPILS``"""

    pupils: tuple[ShownPupil, ...] = field(repr=False)
    attempts_left: int


@frozen(slots=False)
class RefusedView(View):
    """``REFUSED``: see the school."""

    reason: Reason
    """``NO_PUPIL`` or ``NO_PUPIL_CONFIRMED``."""


def show_pupils_page(run: PupilsRun, settings: Settings, prompt: HumanPrompt | None) -> PupilsView:  # noqa: ARG001
    """The page of the pupils."""
    return PupilsView(run.pupils, settings.pupils_failures - run.pupils_failures)


def show_refused(run: PupilsRun, settings: Settings, prompt: HumanPrompt | None) -> RefusedView:  # noqa: ARG001
    """The end of a run without a pupil."""
    assert run.why is not None
    return RefusedView(run.why)
