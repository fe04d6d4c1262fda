"""The identity: names and mobile, compared with the school's records.  An unknown parent continues like a known one.

The step issues a first code, so its run data extends the run data of the code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import field, frozen

from educonnect_flow import accounts
from educonnect_flow._prompt import HumanPrompt
from educonnect_flow._secrecy import hidden, hidden_or_none, replace_fields
from educonnect_flow._typed import of
from educonnect_flow.engine._event import Event
from educonnect_flow.engine._ports import LoadContext, Ports
from educonnect_flow.engine._run import TEXTS, JsonObject, saved
from educonnect_flow.engine._step import StepContext
from educonnect_flow.errors import WrongUse
from educonnect_flow.outcome import View
from educonnect_flow.people import E164, Guardian
from educonnect_flow.reasons import Reason, Refusal, refusals_of, required
from educonnect_flow.records import Ref
from educonnect_flow.settings import Settings
from educonnect_flow.steps.code import (
    CodeFacts,
    CodeRun,
    FirstCodeFacts,
    SubmitCode,
    code_due,
    drop_code,
    expected_code,
    issue,
    load_code_counted,
    load_first_code,
    mobile_of,
)
from educonnect_flow.steps.human_check import HumanFacts, human_refused, load_human, read_answer
from educonnect_flow.steps.limits import failure_limits, limits_reached
from educonnect_flow.validators import Validators
from educonnect_flow.validators import identity as names
from educonnect_flow.validators import mobile as mobiles
from educonnect_flow.validators.identity import IdentityCheck
from educonnect_flow.validators.mobile import read_mobile

# --- events ----------------------------------------------------------------------------------------


@frozen(kw_only=True, slots=False)
class ClaimIdentity(Event):
    """The identity form: names, mobile and the answer to the human check."""

    family_name: str = field(converter=hidden, validator=of(str), repr=False)
    """Birth or usage name."""
    given_name: str = field(converter=hidden, validator=of(str), repr=False)
    mobile: str = field(converter=hidden, validator=of(str), repr=False)
    """As typed: ``06 12 34 56 78``, ``+262 692 12 34 56``."""
    human_check: str | None = field(default=None, converter=hidden_or_none, validator=of(str, type(None)), repr=False)
    """The answer to the prompt of the view; ``None`` when none was asked."""


# --- run data --------------------------------------------------------------------------------------


@frozen(kw_only=True, slots=False)
class IdentityRun(CodeRun):
    """A parent gives names and mobile, and proves the mobile with a code."""

    guardians: tuple[str, ...] = saved((), TEXTS, repr=False)
    """Ids of the records that match the claim; empty for an unknown parent."""

    @property
    def wanted(self) -> tuple[Ref, ...]:
        """In the state CODE: the claimed guardians' accounts; for an unknown parent, one look-up that finds none."""
        if self.challenge is None:
            return ()
        return accounts.of_guardians(self.guardians)


_RENAMED = {"strays": "stale_handle_uses", "code_at": "code_issued_at"}


def from_format_1(kept: JsonObject) -> JsonObject:
    """Convert format 1, which had the number and the guardians of a claim in one list, and two other field names."""
    claim = kept.pop("claim", None)
    if claim is not None:
        *number, guardians = claim
        kept["sent_to"] = [*number, not guardians]
        if guardians:
            kept["guardians"] = guardians
    return {_RENAMED.get(name, name): value for name, value in kept.items()}


# --- facts -----------------------------------------------------------------------------------------


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class FoundFacts(FirstCodeFacts):
    """For a well-formed identity form whose human check was passed."""

    mobile: E164
    candidates: tuple[Guardian, ...]
    """The directory's records with this mobile."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class ClaimFacts(HumanFacts):
    """For ``ClaimIdentity``."""

    form: tuple[Refusal, ...]
    """Why the form is malformed, before any port was called."""
    found: FoundFacts | None
    """``None`` when nothing was looked up, because the claim is refused already."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class ProvedFacts(CodeFacts):
    """For ``SubmitCode``, where a right code proves an identity."""

    candidates: tuple[Guardian, ...]
    """The records that matched the claim and still exist."""
    identifiers: tuple[str, ...]
    """The identifiers of the accounts that the guardians have already."""


def read_form(loading: LoadContext[Any, ClaimIdentity]) -> tuple[E164 | None, tuple[Refusal, ...]]:
    """The normalised number, and every refusal of the form.  Lengths are checked first."""
    event, ports = loading.event, loading.ports
    refusals = [*_family_name(event.family_name), *_given_name(event.given_name)]
    mobile = None
    blank = required("mobile", event.mobile, mobiles.LONGEST)
    if blank is not None:
        refusals.append(blank)
    else:
        number = read_mobile(event.mobile, ports.settings)
        mobile = number.number
        refusals += refusals_of(ports.validators.mobile(number))
        if mobile is None and not refusals:
            refusals.append(Refusal(Reason.MOBILE_INVALID, "mobile"))  # even if a host's validator accepts it
    return mobile, (*refusals, *read_answer(loading, event.human_check))


def _family_name(text: str) -> tuple[Refusal, ...]:
    blank = required("family_name", text, names.LONGEST)
    if blank is not None:
        return (blank,)
    return () if names.writable(text) else (Refusal(Reason.CHARACTERS, "family_name"),)


def _given_name(text: str) -> tuple[Refusal, ...]:
    """It may be empty, or a sign for none: « je n'ai qu'un nom »."""
    if len(text) > names.LONGEST:
        return (Refusal(Reason.TOO_LONG, "given_name", {"max": names.LONGEST}),)
    return () if names.possible(text) else (Refusal(Reason.CHARACTERS, "given_name"),)


async def load_claim(loading: LoadContext[IdentityRun, ClaimIdentity]) -> ClaimFacts:
    """For ``ClaimIdentity``."""
    ports, run, event = loading.ports, loading.run, loading.event
    mobile, form = read_form(loading)
    if form or code_due(run, ports.settings, loading.now):
        return ClaimFacts(form=form, human=None, found=None)
    human = await load_human(loading, event.human_check)
    if human is False:
        return ClaimFacts(form=(), human=False, found=None)
    assert mobile is not None  # the form is well formed
    first = await load_first_code(loading, mobile)
    found = FoundFacts(**first.__dict__, mobile=mobile, candidates=await find(ports, mobile))
    return ClaimFacts(form=(), human=human, found=found)


async def find(ports: Ports, mobile: E164) -> tuple[Guardian, ...]:
    """The directory's records with *mobile*.

    :raises WrongUse: when the directory returns something else.
    """
    found: Any = await ports.ask("directory.find", ports.directory.find, mobile)
    if not isinstance(found, tuple | list | Sequence) or not all(isinstance(one, Guardian) for one in found):
        raise WrongUse("directory.find must return a sequence of Guardian")
    return tuple(found)


async def find_claimed(ports: Ports, run: IdentityRun, mobile: E164) -> tuple[Guardian, ...]:
    """The records with *mobile* that matched the claim of *run* and still exist."""
    return tuple([guardian for guardian in await find(ports, mobile) if guardian.id in run.guardians])


async def load_proof(loading: LoadContext[IdentityRun, SubmitCode]) -> ProvedFacts:
    """For ``SubmitCode``."""
    ports, run = loading.ports, loading.run
    mobile = mobile_of(ports, run)
    return ProvedFacts(
        **await load_code_counted(loading, mobile),
        expected=expected_code(ports, run, mobile),
        candidates=await find_claimed(ports, run, mobile),
        identifiers=tuple([record.key for record in loading.records if record.kind == accounts.KIND]),
    )


# --- guards ----------------------------------------------------------------------------------------

Claiming = StepContext[IdentityRun, ClaimIdentity, ClaimFacts]
Proving = StepContext[IdentityRun, SubmitCode, ProvedFacts]


def claim_holds(context: Claiming) -> bool:
    """The form is well formed, the human check passed, and a code may be issued.  With
    ``tell_unknown_identity`` a record must match, too.
    """
    return not context.verdict("claim", _claim)


def _claim(context: Claiming) -> tuple[Refusal, ...]:
    facts = context.facts
    refused = facts.form or code_due(context.run, context.settings, context.now) or human_refused(facts)
    if refused:
        return refused
    assert facts.found is not None  # what is refused without a look-up has been refused above
    refused = limits_reached(facts.found, context.now)
    if refused:
        return refused
    if context.settings.tell_unknown_identity and not matching(context.event, facts.found, context.validators):
        return (Refusal(Reason.IDENTITY_UNKNOWN),)
    return ()


def identity_refused(context: Claiming) -> bool:
    """The claim failed because no record matches, and ``tell_unknown_identity`` is set."""
    return any(refusal.reason is Reason.IDENTITY_UNKNOWN for refusal in context.verdict("claim", _claim))


_DUMMY = Guardian(id="", family_name="Personne", given_name="Aucune", mobile="")
"""A dummy record, so that an unknown mobile costs one comparison too."""


def matching(event: ClaimIdentity, found: FoundFacts, validators: Validators) -> tuple[str, ...]:
    """Ids of the records that match the claim.  Does the same work when there is no record."""
    ids = []
    for guardian in found.candidates or (_DUMMY,):
        record = IdentityCheck(
            family_name=event.family_name, given_name=event.given_name, mobile=found.mobile, guardian=guardian
        )
        if not refusals_of(validators.identity(record)) and guardian is not _DUMMY:
            ids.append(guardian.id)
    return tuple(dict.fromkeys(ids))


def has_account(context: Proving) -> bool:
    """One of the guardian's records has an account already."""
    return bool(context.facts.identifiers)


# --- effects ---------------------------------------------------------------------------------------


def _found(context: Claiming) -> FoundFacts:
    found = context.facts.found
    assert found is not None  # it is loaded for every accepted claim
    return found


def take_claim(context: Claiming) -> None:
    """Store the claim and issue a first code; for an unknown parent too, whose run is a decoy."""
    found = _found(context)
    guardians = matching(context.event, found, context.validators)
    context.changes |= {"guardians": guardians, "prompt": None}
    issue(context, replace_fields(found.recipient, {"decoy": not guardians}), found)


def count_identity_failure(context: Claiming) -> None:
    """Count a wrong name as a failure of the mobile, where the page tells the parent that it is wrong."""
    context.limits += failure_limits(context, _found(context), adds=1)


def undo_claim(context: StepContext[Any, Any, Any]) -> None:
    """Back to the identity page: the claim and its code are dropped.  Counters stay."""
    drop_code(context)
    context.changes["guardians"] = ()


# --- view ------------------------------------------------------------------------------------------


@frozen(slots=False)
class IdentityView(View):
    """``IDENTITY``"""

    prompt: HumanPrompt | None
    """The human check's prompt; ``None`` when the flow has none."""


def show_identity(run: IdentityRun, settings: Settings, prompt: HumanPrompt | None) -> IdentityView:  # noqa: ARG001 - the signature of Show
    """The identity page."""
    return IdentityView(prompt)
