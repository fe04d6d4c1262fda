"""The human check: an image to read, or a puzzle that the browser solves.  It is on the page of another step."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from educonnect_flow.engine._ports import LoadContext
from educonnect_flow.engine._step import Facts, StepContext
from educonnect_flow.reasons import Reason, Refusal, required

LONGEST_ANSWER = 10_000
"""Characters of an answer, at most: a solved puzzle is a few hundred."""

_FIELD = "human_check"


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class HumanFacts(Facts):
    """For a page with a human check."""

    human: bool | None
    """Whether the answer was right; ``None`` when the check was not called."""


def read_answer(loading: LoadContext[Any, Any], answer: str | None) -> tuple[Refusal, ...]:
    """Why *answer* is malformed, before the check is called; empty when it is not."""
    if loading.ports.human_check is None:
        return ()
    wrong = required(_FIELD, answer or "", LONGEST_ANSWER, Reason.HUMAN_CHECK_REQUIRED)
    if wrong is None and loading.run.prompt is None:  # the host added the check while this parent was on the page
        wrong = Refusal(Reason.HUMAN_CHECK_REQUIRED, _FIELD)
    return () if wrong is None else (wrong,)


async def load_human(loading: LoadContext[Any, Any], answer: str | None) -> bool | None:
    """Whether *answer* is right; called once per request, because a prompt can be answered once.

    :param answer: one that ``read_answer`` accepts.
    """
    ports, prompt, check = loading.ports, loading.run.prompt, loading.ports.human_check
    if check is None:
        return None
    assert prompt is not None  # without it the form is refused
    assert answer is not None
    return await loading.retry.once(ports, "human_check.passes", check.passes, prompt, answer) is True


def human_refused(facts: HumanFacts) -> tuple[Refusal, ...]:
    """Why the answer is refused; empty when it is right."""
    return (Refusal(Reason.HUMAN_CHECK_FAILED, _FIELD),) if facts.human is False else ()


def prompt_spent(context: StepContext[Any, Any, HumanFacts]) -> bool:
    """The human check was answered, rightly or not: its prompt cannot be used again."""
    return context.facts.human is not None


def ask_prompt(context: StepContext[Any, Any, Any]) -> None:
    """The page needs a new prompt."""
    context.prompt = True


def drop_prompt(context: StepContext[Any, Any, Any]) -> None:
    """The parent leaves the page: drop the prompt."""
    context.changes["prompt"] = None
