"""The pupils: every one answered, every confirmed one with the right birth date, all or nothing.

Source: the guide (« vous devez confirmer que vous êtes bien représentant légal ou personne en charge
de ces élèves et renseigner leurs dates de naissance »).  A wrong date never says whose it is.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from attrs import frozen

from educonnect_flow._secrecy import Confidential
from educonnect_flow.people import Pupil, PupilAnswer
from educonnect_flow.reasons import Reason, Refusal, Verdict
from educonnect_flow.validators.reading import read_date

MOST = 1_000
"""Answers at most: more are not even looked at."""

OLDEST = 60
"""Years of a pupil, at most: an older birth date is a slip, and costs no attempt."""


@frozen(kw_only=True, eq=False, repr=False, slots=False)
class PupilsCheck(Confidential):
    """What a pupils validator may see."""

    pupils: tuple[Pupil, ...]
    """Those that the page shows, with their birth dates."""
    answers: tuple[PupilAnswer, ...]
    today: date
    """In UTC."""


def plausible(day: date, today: date) -> bool:
    """Whether a pupil can have been born on *day*: not after *today*, and not more than ``OLDEST`` years before."""
    return day <= today and (day.year + OLDEST, day.month, day.day) >= (today.year, today.month, today.day)


def check_pupils(check: PupilsCheck) -> Verdict:
    """Every refusal of form, each with its field; or, the form being right, one ``BIRTH_DATES_WRONG`` for all."""
    formal = check_form(check)
    if formal:
        return formal
    given = {answer.pupil_id: answer for answer in check.answers}
    # Every date is compared, so that the time says nothing of which was wrong.
    right = [
        not given[pupil.id].confirmed or read_date(given[pupil.id].birth_date or "") == pupil.birth_date
        for pupil in check.pupils
    ]
    return None if all(right) else Refusal(Reason.BIRTH_DATES_WRONG, "answers")


def check_form(check: PupilsCheck) -> tuple[Refusal, ...]:
    """What is missing, repeated, malformed, or about a pupil that is not on the page."""
    if len(check.answers) > MOST:
        return (Refusal(Reason.PUPIL_NOT_SHOWN, "answers"),)
    shown = {pupil.id for pupil in check.pupils}
    times = Counter(answer.pupil_id for answer in check.answers)
    refusals = []
    if not shown.issuperset(times):
        refusals.append(Refusal(Reason.PUPIL_NOT_SHOWN, "answers"))
    for pupil in check.pupils:
        field_name = f"answers[{pupil.id}]"
        if times[pupil.id] == 0:
            refusals.append(Refusal(Reason.ANSWER_MISSING, field_name))
        elif times[pupil.id] > 1:
            refusals.append(Refusal(Reason.ANSWER_REPEATED, field_name))
    for answer in check.answers:
        if answer.confirmed and times[answer.pupil_id] == 1 and answer.pupil_id in shown:
            field_name = f"answers[{answer.pupil_id}]"
            if answer.birth_date is None or (isinstance(answer.birth_date, str) and not answer.birth_date.strip()):
                refusals.append(Refusal(Reason.BIRTH_DATE_MISSING, field_name))
            elif (day := read_date(answer.birth_date)) is None or not plausible(day, check.today):
                refusals.append(Refusal(Reason.BIRTH_DATE_MALFORMED, field_name))
    return tuple(refusals)
