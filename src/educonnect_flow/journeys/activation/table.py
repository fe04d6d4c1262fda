"""The activation: all its transitions, one row each, read from top to bottom.

For a (state, event) the first row whose guards all pass is taken; the last row has no guard.  ``accepted=False``
marks the rows that refuse.  The guards and effects are in the steps.
"""

from __future__ import annotations

from typing import Any

from educonnect_flow.engine._event import Event, Lapse
from educonnect_flow.engine._step import StepContext
from educonnect_flow.engine._table import Row, compile_table
from educonnect_flow.journeys.activation import account
from educonnect_flow.journeys.activation.profile import ChooseProfile, StartActivation, is_guardian
from educonnect_flow.journeys.activation.run import FINAL
from educonnect_flow.journeys.activation.run import State as S
from educonnect_flow.steps import code, human_check, identity, limits, password, pupils
from educonnect_flow.steps.code import ResendCode, SubmitCode
from educonnect_flow.steps.ending import GoBack, expire
from educonnect_flow.steps.identity import ClaimIdentity
from educonnect_flow.steps.password import ChoosePassword
from educonnect_flow.steps.pupils import ConfirmPupils

# fmt: off
ROWS: tuple[Row[S, StepContext[Any, Any, Any]], ...] = (
    # name                  from        event            to                when                              do
    Row("profile.guardian",    S.PROFILE,  ChooseProfile,   S.SIGN_IN,        (is_guardian,)),
    Row("profile.pupil",       S.PROFILE,  ChooseProfile,   S.NOT_ELIGIBLE),
    Row("profile.idle",        S.PROFILE,  Lapse,           S.EXPIRED,        (), (expire,), accepted=False),

    Row("sign_in.start",       S.SIGN_IN,  StartActivation, S.IDENTITY),
    Row("sign_in.back",        S.SIGN_IN,  GoBack,          S.PROFILE),
    Row("sign_in.idle",        S.SIGN_IN,  Lapse,           S.EXPIRED,        (), (expire,), accepted=False),

    Row("identity.claim",      S.IDENTITY, ClaimIdentity,   S.CODE,           (identity.claim_holds,), (identity.take_claim,)),
    Row("identity.told",       S.IDENTITY, ClaimIdentity,   S.IDENTITY,       (identity.identity_refused,), (identity.count_identity_failure, human_check.ask_prompt), accepted=False),
    Row("identity.again",      S.IDENTITY, ClaimIdentity,   S.IDENTITY,       (human_check.prompt_spent,), (human_check.ask_prompt,), accepted=False),
    Row("identity.refused",    S.IDENTITY, ClaimIdentity,   S.IDENTITY,       accepted=False),
    Row("identity.back",       S.IDENTITY, GoBack,          S.SIGN_IN,        (), (human_check.drop_prompt,)),
    Row("identity.idle",       S.IDENTITY, Lapse,           S.EXPIRED,        (), (expire,), accepted=False),

    Row("code.barred",         S.CODE,     SubmitCode,      S.LOCKED,         (limits.mobile_barred,), (limits.lock,), accepted=False),
    Row("code.held",           S.CODE,     SubmitCode,      S.CODE,           (limits.throttled,), accepted=False),
    Row("code.active",         S.CODE,     SubmitCode,      S.ALREADY_ACTIVE, (code.code_right, identity.has_account), (code.accept_code,)),
    Row("code.no_pupil",       S.CODE,     SubmitCode,      S.REFUSED,        (code.code_right, pupils.has_no_pupil), (code.accept_code, pupils.refuse_no_pupil), accepted=False),
    Row("code.right",          S.CODE,     SubmitCode,      S.PUPILS,         (code.code_right,), (code.accept_code, pupils.show_pupils, password.keep_names)),
    Row("code.last",           S.CODE,     SubmitCode,      S.LOCKED,         (code.code_wrong, code.last_code), (code.count_code_failure, limits.lock), accepted=False),
    Row("code.wrong",          S.CODE,     SubmitCode,      S.CODE,           (code.code_wrong,), (code.count_code_failure,), accepted=False),
    Row("code.refused",        S.CODE,     SubmitCode,      S.CODE,           accepted=False),
    Row("code.resend",         S.CODE,     ResendCode,      S.CODE,           (code.code_may_go,), (code.issue_next_code,)),
    Row("code.resend_refused", S.CODE,     ResendCode,      S.CODE,           accepted=False),
    Row("code.back",           S.CODE,     GoBack,          S.IDENTITY,       (), (identity.undo_claim,)),
    Row("code.idle",           S.CODE,     Lapse,           S.EXPIRED,        (), (expire,), accepted=False),

    Row("pupils.barred",       S.PUPILS,   ConfirmPupils,   S.LOCKED,         (limits.mobile_barred,), (limits.lock,), accepted=False),
    Row("pupils.held",         S.PUPILS,   ConfirmPupils,   S.PUPILS,         (limits.throttled,), accepted=False),
    Row("pupils.gone",         S.PUPILS,   ConfirmPupils,   S.REFUSED,        (pupils.all_gone,), (pupils.refuse_no_pupil,), accepted=False),
    Row("pupils.none",         S.PUPILS,   ConfirmPupils,   S.REFUSED,        (pupils.pupils_right, pupils.none_confirmed), (pupils.refuse_none_confirmed,), accepted=False),
    Row("pupils.right",        S.PUPILS,   ConfirmPupils,   S.PASSWORD,       (pupils.pupils_right,), (pupils.record_pupils,)),
    Row("pupils.last",         S.PUPILS,   ConfirmPupils,   S.LOCKED,         (pupils.pupils_wrong, pupils.last_pupils), (pupils.count_pupils_failure, limits.lock), accepted=False),
    Row("pupils.wrong",        S.PUPILS,   ConfirmPupils,   S.PUPILS,         (pupils.pupils_wrong,), (pupils.count_pupils_failure,), accepted=False),
    Row("pupils.refused",      S.PUPILS,   ConfirmPupils,   S.PUPILS,         accepted=False),
    Row("pupils.back",         S.PUPILS,   GoBack,          S.IDENTITY,       (), (identity.undo_claim, pupils.drop_pupils, password.drop_names)),
    Row("pupils.idle",         S.PUPILS,   Lapse,           S.EXPIRED,        (), (expire,), accepted=False),

    Row("password.gone",       S.PASSWORD, ChoosePassword,  S.REFUSED,        (account.none_left,), (pupils.refuse_no_pupil,), accepted=False),
    Row("password.active",     S.PASSWORD, ChoosePassword,  S.ALREADY_ACTIVE, (password.password_holds, account.found_account)),
    Row("password.chosen",     S.PASSWORD, ChoosePassword,  S.ACTIVATED,      (password.password_holds,), (account.create_account,)),
    Row("password.refused",    S.PASSWORD, ChoosePassword,  S.PASSWORD,       accepted=False),
    Row("password.back",       S.PASSWORD, GoBack,          S.PUPILS,         (), (pupils.undo_pupils,)),
    Row("password.idle",       S.PASSWORD, Lapse,           S.EXPIRED,        (), (expire,), accepted=False),
)
# fmt: on

EVENTS: tuple[type[Event], ...] = (
    ChooseProfile,
    StartActivation,
    ClaimIdentity,
    SubmitCode,
    ResendCode,
    ConfirmPupils,
    ChoosePassword,
    GoBack,
)
"""The events that a host may submit, in the order of the pages."""

TABLE = compile_table(
    ROWS,
    states=S,
    events=(*EVENTS, Lapse),
    initial=S.PROFILE,
    final=FINAL,
    internal=frozenset({Lapse}),
)
