"""Every transition there is, one row each, read from top to bottom; see ``educonnect_flow.activation.table``."""

from __future__ import annotations

from typing import Any

from educonnect_flow.activation import effects as do
from educonnect_flow.activation import guards as if_
from educonnect_flow.activation.events import ClaimIdentity, GoBack, ResendCode, SubmitCode
from educonnect_flow.engine.event import Event, Lapse
from educonnect_flow.engine.step import Attempt
from educonnect_flow.journeys.forgotten_identifier.run import State as S
from educonnect_flow.machinery.table import Row, compile_table, gated


@gated(if_.code_right)
def show_identifiers(attempt: if_.Coded) -> None:
    """Those of the accounts that the guardians have."""
    attempt.changes["identifiers"] = attempt.facts.identifiers


# fmt: off
ROWS: tuple[Row[S, Attempt[Any, Any, Any]], ...] = (
    # name                                  from        event          to               when                              do
    Row("forgotten_identifier.claim",         S.IDENTITY, ClaimIdentity, S.CODE,          (if_.claim_holds,), (do.take_claim, do.issue_first_code)),
    Row("forgotten_identifier.told",          S.IDENTITY, ClaimIdentity, S.IDENTITY,      (if_.identity_refused,), (do.count_identity_failure, do.ask_prompt), accepted=False),
    Row("forgotten_identifier.again",         S.IDENTITY, ClaimIdentity, S.IDENTITY,      (if_.prompt_spent,), (do.ask_prompt,), accepted=False),
    Row("forgotten_identifier.identity_idle", S.IDENTITY, Lapse,         S.EXPIRED,       (), (do.lapse,), accepted=False),

    Row("forgotten_identifier.barred",        S.CODE,     SubmitCode,    S.LOCKED,        (if_.mobile_barred,), (do.lock,), accepted=False),
    Row("forgotten_identifier.held",          S.CODE,     SubmitCode,    S.CODE,          (if_.held_off,), (), accepted=False),
    Row("forgotten_identifier.shown",         S.CODE,     SubmitCode,    S.SHOWN,         (if_.code_right, if_.has_account), (do.accept_code, show_identifiers)),
    Row("forgotten_identifier.not_activated", S.CODE,     SubmitCode,    S.NOT_ACTIVATED, (if_.code_right,), (do.accept_code,)),
    Row("forgotten_identifier.last",          S.CODE,     SubmitCode,    S.LOCKED,        (if_.code_wrong, if_.last_code), (do.count_code_failure, do.lock), accepted=False),
    Row("forgotten_identifier.wrong",         S.CODE,     SubmitCode,    S.CODE,          (if_.code_wrong,), (do.count_code_failure,), accepted=False),
    Row("forgotten_identifier.resend",        S.CODE,     ResendCode,    S.CODE,          (if_.code_may_go,), (do.issue_next_code,)),
    Row("forgotten_identifier.back",          S.CODE,     GoBack,        S.IDENTITY,      (), (do.undo_claim,)),
    Row("forgotten_identifier.code_idle",     S.CODE,     Lapse,         S.EXPIRED,       (), (do.lapse,), accepted=False),
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
