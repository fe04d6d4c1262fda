"""All transitions, one row each, read from top to bottom; see the activation's table."""

from __future__ import annotations

from typing import Any

from educonnect_flow.engine._event import Event, Lapse
from educonnect_flow.engine._step import StepContext
from educonnect_flow.engine._table import Row, compile_table, gated
from educonnect_flow.journeys.forgotten_identifier.run import State as S
from educonnect_flow.steps import code, human_check, identity, limits
from educonnect_flow.steps.code import ResendCode, SubmitCode
from educonnect_flow.steps.ending import GoBack, expire
from educonnect_flow.steps.identity import ClaimIdentity


@gated(code.code_right)
def show_identifiers(context: identity.Proving) -> None:
    """The identifiers of the guardians' accounts."""
    context.changes["identifiers"] = context.facts.identifiers


# fmt: off
ROWS: tuple[Row[S, StepContext[Any, Any, Any]], ...] = (
    # name                                     from        event          to               when                              do
    Row("forgotten_identifier.claim",            S.IDENTITY, ClaimIdentity, S.CODE,          (identity.claim_holds,), (identity.take_claim,)),
    Row("forgotten_identifier.told",             S.IDENTITY, ClaimIdentity, S.IDENTITY,      (identity.identity_refused,), (identity.count_identity_failure, human_check.ask_prompt), accepted=False),
    Row("forgotten_identifier.again",            S.IDENTITY, ClaimIdentity, S.IDENTITY,      (human_check.prompt_spent,), (human_check.ask_prompt,), accepted=False),
    Row("forgotten_identifier.identity_refused", S.IDENTITY, ClaimIdentity, S.IDENTITY,      accepted=False),
    Row("forgotten_identifier.identity_idle",    S.IDENTITY, Lapse,         S.EXPIRED,       (), (expire,), accepted=False),

    Row("forgotten_identifier.barred",           S.CODE,     SubmitCode,    S.LOCKED,        (limits.mobile_barred,), (limits.lock,), accepted=False),
    Row("forgotten_identifier.held",             S.CODE,     SubmitCode,    S.CODE,          (limits.throttled,), accepted=False),
    Row("forgotten_identifier.shown",            S.CODE,     SubmitCode,    S.SHOWN,         (code.code_right, identity.has_account), (code.accept_code, show_identifiers)),
    Row("forgotten_identifier.not_activated",    S.CODE,     SubmitCode,    S.NOT_ACTIVATED, (code.code_right,), (code.accept_code,)),
    Row("forgotten_identifier.last",             S.CODE,     SubmitCode,    S.LOCKED,        (code.code_wrong, code.last_code), (code.count_code_failure, limits.lock), accepted=False),
    Row("forgotten_identifier.wrong",            S.CODE,     SubmitCode,    S.CODE,          (code.code_wrong,), (code.count_code_failure,), accepted=False),
    Row("forgotten_identifier.code_refused",     S.CODE,     SubmitCode,    S.CODE,          accepted=False),
    Row("forgotten_identifier.resend",           S.CODE,     ResendCode,    S.CODE,          (code.code_may_go,), (code.issue_next_code,)),
    Row("forgotten_identifier.resend_refused",   S.CODE,     ResendCode,    S.CODE,          accepted=False),
    Row("forgotten_identifier.back",             S.CODE,     GoBack,        S.IDENTITY,      (), (identity.undo_claim,)),
    Row("forgotten_identifier.code_idle",        S.CODE,     Lapse,         S.EXPIRED,       (), (expire,), accepted=False),
)
# fmt: on

EVENTS: tuple[type[Event], ...] = (ClaimIdentity, SubmitCode, ResendCode, GoBack)

TABLE = compile_table(
    ROWS,
    states=S,
    events=(*EVENTS, Lapse),
    initial=S.IDENTITY,
    final=frozenset({S.SHOWN, S.NOT_ACTIVATED, S.LOCKED, S.EXPIRED}),
    internal=frozenset({Lapse}),
)
