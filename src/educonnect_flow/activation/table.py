"""The journey: every transition there is, one row each, read from top to bottom.

For one (state, event) the first row whose guards all pass is taken; when none is, the event is
refused and nothing moves.  ``accepted=False`` marks the rows that a mistake takes.  What the guards
ask stands in ``guards.py``, what a row changes in ``effects.py``.
"""

from __future__ import annotations

from typing import Any

from educonnect_flow.activation import effects as do
from educonnect_flow.activation import guards as if_
from educonnect_flow.activation.events import (
    PUBLIC,
    ChoosePassword,
    ChooseProfile,
    ClaimIdentity,
    ConfirmPupils,
    GoBack,
    ResendCode,
    StartActivation,
    SubmitCode,
)
from educonnect_flow.activation.states import FINAL
from educonnect_flow.activation.states import State as S
from educonnect_flow.engine.event import Lapse
from educonnect_flow.engine.step import Attempt
from educonnect_flow.machinery.table import Row, compile_table

# fmt: off
ROWS: tuple[Row[S, Attempt[Any, Any, Any]], ...] = (
    # name               from        event            to                when                              do
    Row("profile.guardian", S.PROFILE,  ChooseProfile,   S.SIGN_IN,        (if_.is_guardian,)),
    Row("profile.pupil",    S.PROFILE,  ChooseProfile,   S.NOT_ELIGIBLE),
    Row("profile.idle",     S.PROFILE,  Lapse,           S.EXPIRED,        (), (do.lapse,), accepted=False),

    Row("sign_in.start",    S.SIGN_IN,  StartActivation, S.IDENTITY),
    Row("sign_in.back",     S.SIGN_IN,  GoBack,          S.PROFILE),
    Row("sign_in.idle",     S.SIGN_IN,  Lapse,           S.EXPIRED,        (), (do.lapse,), accepted=False),

    Row("identity.claim",   S.IDENTITY, ClaimIdentity,   S.CODE,           (if_.claim_holds,), (do.take_claim, do.issue_first_code)),
    Row("identity.told",    S.IDENTITY, ClaimIdentity,   S.IDENTITY,       (if_.identity_refused,), (do.count_identity_failure, do.ask_prompt), accepted=False),
    Row("identity.again",   S.IDENTITY, ClaimIdentity,   S.IDENTITY,       (if_.prompt_spent,), (do.ask_prompt,), accepted=False),
    Row("identity.back",    S.IDENTITY, GoBack,          S.SIGN_IN,        (), (do.drop_prompt,)),
    Row("identity.idle",    S.IDENTITY, Lapse,           S.EXPIRED,        (), (do.lapse,), accepted=False),

    Row("code.barred",      S.CODE,     SubmitCode,      S.LOCKED,         (if_.mobile_barred,), (do.lock,), accepted=False),
    Row("code.held",        S.CODE,     SubmitCode,      S.CODE,           (if_.held_off,), (), accepted=False),
    Row("code.active",      S.CODE,     SubmitCode,      S.ALREADY_ACTIVE, (if_.code_right, if_.has_account), (do.accept_code,)),
    Row("code.no_pupil",    S.CODE,     SubmitCode,      S.REFUSED,        (if_.code_right, if_.has_no_pupil), (do.accept_code, do.refuse_no_pupil), accepted=False),
    Row("code.right",       S.CODE,     SubmitCode,      S.PUPILS,         (if_.code_right,), (do.accept_code, do.show_pupils)),
    Row("code.last",        S.CODE,     SubmitCode,      S.LOCKED,         (if_.code_wrong, if_.last_code), (do.count_code_failure, do.lock), accepted=False),
    Row("code.wrong",       S.CODE,     SubmitCode,      S.CODE,           (if_.code_wrong,), (do.count_code_failure,), accepted=False),
    Row("code.resend",      S.CODE,     ResendCode,      S.CODE,           (if_.code_may_go,), (do.issue_next_code,)),
    Row("code.back",        S.CODE,     GoBack,          S.IDENTITY,       (), (do.undo_claim,)),
    Row("code.idle",        S.CODE,     Lapse,           S.EXPIRED,        (), (do.lapse,), accepted=False),

    Row("pupils.barred",    S.PUPILS,   ConfirmPupils,   S.LOCKED,         (if_.mobile_barred,), (do.lock,), accepted=False),
    Row("pupils.held",      S.PUPILS,   ConfirmPupils,   S.PUPILS,         (if_.held_off,), (), accepted=False),
    Row("pupils.gone",      S.PUPILS,   ConfirmPupils,   S.REFUSED,        (if_.all_gone,), (do.refuse_no_pupil,), accepted=False),
    Row("pupils.none",      S.PUPILS,   ConfirmPupils,   S.REFUSED,        (if_.pupils_right, if_.none_confirmed), (do.refuse_none_confirmed,), accepted=False),
    Row("pupils.right",     S.PUPILS,   ConfirmPupils,   S.PASSWORD,       (if_.pupils_right,), (do.record_pupils,)),
    Row("pupils.last",      S.PUPILS,   ConfirmPupils,   S.LOCKED,         (if_.pupils_wrong, if_.last_pupils), (do.count_pupils_failure, do.lock), accepted=False),
    Row("pupils.wrong",     S.PUPILS,   ConfirmPupils,   S.PUPILS,         (if_.pupils_wrong,), (do.count_pupils_failure,), accepted=False),
    Row("pupils.back",      S.PUPILS,   GoBack,          S.IDENTITY,       (), (do.undo_claim, do.undo_code)),
    Row("pupils.idle",      S.PUPILS,   Lapse,           S.EXPIRED,        (), (do.lapse,), accepted=False),

    Row("password.gone",    S.PASSWORD, ChoosePassword,  S.REFUSED,        (if_.none_left,), (do.refuse_no_pupil,), accepted=False),
    Row("password.active",  S.PASSWORD, ChoosePassword,  S.ALREADY_ACTIVE, (if_.password_holds, if_.found_account)),
    Row("password.chosen",  S.PASSWORD, ChoosePassword,  S.ACTIVATED,      (if_.password_holds,), (do.keep_known_pupils, do.create_account)),
    Row("password.back",    S.PASSWORD, GoBack,          S.PUPILS,         (), (do.undo_pupils,)),
    Row("password.idle",    S.PASSWORD, Lapse,           S.EXPIRED,        (), (do.lapse,), accepted=False),
)
# fmt: on

TABLE = compile_table(
    ROWS,
    states=S,
    events=(*PUBLIC, Lapse),
    initial=S.PROFILE,
    final=FINAL,
    internal=frozenset({Lapse}),
)
