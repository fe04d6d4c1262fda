"""The last step of the activation: the account and its identifier, when the password is accepted."""

from __future__ import annotations

from attrs import frozen

from educonnect_flow import _identifier as identifier
from educonnect_flow import accounts, tally
from educonnect_flow.accounts import Account, identifiers
from educonnect_flow.engine._ports import LoadContext
from educonnect_flow.engine._step import Draft, Facts, StepContext
from educonnect_flow.engine._table import gated
from educonnect_flow.journeys.activation.run import Activation
from educonnect_flow.steps.identity import find_claimed
from educonnect_flow.steps.password import (
    ChoosePassword,
    PasswordFacts,
    load_judged_by,
    password_holds,
    refused_on_its_form,
)
from educonnect_flow.steps.pupils import pupils_of
from educonnect_flow.tally import micros


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class NewAccount(Facts):
    """What the account is made of."""

    guardians: tuple[str, ...]
    """Ids of the records that matched the claim and still exist."""
    gone: frozenset[str]
    """Ids of confirmed pupils that the records no longer have."""
    stem: str
    """The identifier without its digits."""
    identifier: str
    """A drawn identifier; the commit checks that it is free."""
    active: bool
    """Whether the store found an account of one of the guardians."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class AccountFacts(PasswordFacts):
    """For ``ChoosePassword``."""

    new: NewAccount | None
    """``None`` when nothing was looked up, because the password's length or characters are refused."""


async def load_account(loading: LoadContext[Activation, ChoosePassword]) -> AccountFacts:
    """For ``ChoosePassword``."""
    ports, run, event = loading.ports, loading.run, loading.event
    if refused_on_its_form(event, ports.settings):
        return AccountFacts(judged_by=None, new=None)
    judged_by = await load_judged_by(loading, event.password)
    stem = judged_by.stem
    guardians = await find_claimed(ports, run, judged_by.mobile)
    known = pupils_of(guardians)
    counted = identifiers(stem)
    issued = tally.used(await ports.stored(ports.store.tally, counted.kind, counted.key), counted, micros(loading.now))
    # Either another account has one of the guardians, or another account has the drawn identifier.
    conflicts = loading.retry.conflicts
    drawn = str(sum(conflict.name is None for conflict in conflicts))
    new = NewAccount(
        guardians=tuple(dict.fromkeys(guardian.id for guardian in guardians)),
        gone=frozenset(pupil for pupil in run.confirmed or () if pupil not in known),
        stem=stem,
        identifier=stem + ports.keys.digits("identifier", identifier.width(issued), run.id, stem, drawn),
        active=any(conflict.name is not None for conflict in conflicts),
    )
    return AccountFacts(judged_by=judged_by, new=new)


Ending = StepContext[Activation, ChoosePassword, AccountFacts]


def none_left(context: Ending) -> bool:
    """The schools have removed every confirmed pupil."""
    new, confirmed = context.facts.new, context.run.confirmed
    assert confirmed is not None  # PASSWORD comes after the pupils
    return new is not None and new.gone.issuperset(confirmed)


def found_account(context: Ending) -> bool:
    """The store found an account of one of the guardians."""
    return context.facts.new is not None and context.facts.new.active


@gated(password_holds)
def create_account(context: Ending) -> None:
    """Create the account: an identifier, and the confirmed pupils that the records still have.

    The password is hashed outside, before the commit.
    """
    run, new = context.run, context.facts.new
    assert new is not None  # it is loaded for every accepted password
    assert run.confirmed is not None  # PASSWORD comes after the pupils
    confirmed = tuple(pupil for pupil in run.confirmed if pupil not in new.gone)
    context.changes |= {"confirmed": confirmed, "identifier": new.identifier}
    account = Account(
        identifier=new.identifier,
        guardians=new.guardians,
        confirmed=confirmed,
        denied=run.denied,
        password_hash="",
        created_at=context.now,
        run=run.id,
    )
    context.records.append(
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
    context.limits.append(identifiers(new.stem))
