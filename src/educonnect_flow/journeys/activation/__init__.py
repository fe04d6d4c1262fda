"""The activation: from the profile to the identifier."""

from __future__ import annotations

from educonnect_flow.engine._journey import Journey
from educonnect_flow.journeys.activation.account import load_account
from educonnect_flow.journeys.activation.profile import ChooseProfile, StartActivation
from educonnect_flow.journeys.activation.run import Activation, State
from educonnect_flow.journeys.activation.table import EVENTS, TABLE
from educonnect_flow.journeys.activation.views import VIEWS, ActivationOutcome
from educonnect_flow.steps.code import ResendCode, SubmitCode, load_resend
from educonnect_flow.steps.ending import GoBack
from educonnect_flow.steps.identity import ClaimIdentity, load_claim, load_proof
from educonnect_flow.steps.password import ChoosePassword, accepted_password, assess_password
from educonnect_flow.steps.pupils import ConfirmPupils, load_pupils

ACTIVATION: Journey[Activation, ActivationOutcome] = Journey(
    run=Activation,
    table=TABLE,
    events=EVENTS,
    facts={
        ChooseProfile: None,
        StartActivation: None,
        ClaimIdentity: load_claim,
        SubmitCode: load_proof,
        ResendCode: load_resend,
        ConfirmPupils: load_pupils,
        ChoosePassword: load_account,
        GoBack: None,
    },
    views=VIEWS,
    prompts=frozenset({State.IDENTITY}),
    secrets={ChoosePassword: accepted_password},
    meters={State.PASSWORD: assess_password},
)
