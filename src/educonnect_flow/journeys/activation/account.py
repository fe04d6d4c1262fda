"""The last step of the activation: the account and its identifier, once the password is accepted."""

from __future__ import annotations

from attrs import frozen

from educonnect_flow import accounts, identifier
from educonnect_flow.accounts import Account, identifiers
from educonnect_flow.engine.outside import Loading
from educonnect_flow.engine.step import Attempt, Draft, Facts
from educonnect_flow.journeys.activation.run import Activation
from educonnect_flow.machinery import tally
from educonnect_flow.machinery.table import gated
from educonnect_flow.machinery.tally import micros
from educonnect_flow.steps.identity import find_claimed
from educonnect_flow.steps.password import (
    ChoosePassword,
    PasswordFacts,
    load_judged_by,
    password_holds,
    refused_on_its_form,
)
from educonnect_flow.steps.pupils import pupils_of


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class NewAccount(Facts):
    """What the account would be made of."""

    guardians: tuple[str, ...]
    """Ids of the records that matched the claim and are there now."""
    gone: frozenset[str]
    """Ids of confirmed pupils that the records no longer have."""
    stem: str
    """Of the identifier: without its digits."""
    identifier: str
    """A free one, if still free at the commit."""
    active: bool
    """Whether the store found an account of one of the guardians."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class AccountFacts(PasswordFacts):
    """For ``ChoosePassword``."""

    new: NewAccount | None
    """``None`` when nothing was looked for, because the password is refused on its form."""


async def load_account(loading: Loading[Activation, ChoosePassword]) -> AccountFacts:
    """For ``ChoosePassword``."""
    outside, run, event = loading.outside, loading.run, loading.event
    if refused_on_its_form(event, outside.settings):
        return AccountFacts(judged_by=None, new=None)
    judged_by = await load_judged_by(loading, event.password)
    stem = judged_by.stem
    guardians = await find_claimed(outside, run, judged_by.mobile)
    known = pupils_of(guardians)
    counted = identifiers(stem)
    issued = tally.used(
        await outside.stored(outside.store.tally, counted.kind, counted.key), counted, micros(loading.now)
    )
    # Whether another account has one of the guardians, or only the identifier that was drawn.
    conflicts = loading.memo.conflicts
    drawn = str(sum(conflict.name is None for conflict in conflicts))
    new = NewAccount(
        guardians=tuple(dict.fromkeys(guardian.id for guardian in guardians)),
        gone=frozenset(pupil for pupil in run.confirmed or () if pupil not in known),
        stem=stem,
        identifier=stem + outside.keys.digits("identifier", identifier.width(issued), run.id, stem, drawn),
        active=any(conflict.name is not None for conflict in conflicts),
    )
    return AccountFacts(judged_by=judged_by, new=new)


Ending = Attempt[Activation, ChoosePassword, AccountFacts]


def none_left(attempt: Ending) -> bool:
    """The schools have struck out every pupil that was confirmed."""
    new, confirmed = attempt.facts.new, attempt.run.confirmed
    assert confirmed is not None  # PASSWORD comes after the pupils
    return new is not None and new.gone.issuperset(confirmed)


def found_account(attempt: Ending) -> bool:
    """The store found an account of one of the guardians when it was to make another."""
    return attempt.facts.new is not None and attempt.facts.new.active


@gated(password_holds)
def create_account(attempt: Ending) -> None:
    """The end: an identifier, and an account with the confirmed pupils that the records still have.

    The password is hashed outside, before the commit.
    """
    run, new = attempt.run, attempt.facts.new
    assert new is not None  # the password holds, so it was looked for
    assert run.confirmed is not None  # PASSWORD comes after the pupils
    confirmed = tuple(pupil for pupil in run.confirmed if pupil not in new.gone)
    attempt.changes |= {"confirmed": confirmed, "identifier": new.identifier}
    account = Account(
        identifier=new.identifier,
        guardians=new.guardians,
        confirmed=confirmed,
        denied=run.denied,
        password_hash="",
        created_at=attempt.now,
        run=run.id,
    )
    attempt.records.append(
        Draft(
            kind=accounts.KIND,
            key=account.identifier,
            owner=account.identifier,
            version=1,
            body=account.body(),
            hashed=accounts.HASH,
            unique=account.unique(),
        )
    )
    attempt.limits.append(identifiers(new.stem))
