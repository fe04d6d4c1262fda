"""« Identifiant oublié »: the parent gives name and mobile, proves the mobile with a code, and reads the identifier."""

from __future__ import annotations

from educonnect_flow.engine._journey import Journey
from educonnect_flow.journeys.forgotten_identifier.run import ForgottenIdentifier, State
from educonnect_flow.journeys.forgotten_identifier.table import EVENTS, TABLE
from educonnect_flow.journeys.forgotten_identifier.views import VIEWS, ForgottenIdentifierOutcome
from educonnect_flow.steps.code import load_resend
from educonnect_flow.steps.identity import load_claim, load_proof

FORGOTTEN_IDENTIFIER: Journey[ForgottenIdentifier, ForgottenIdentifierOutcome] = Journey(
    run=ForgottenIdentifier,
    table=TABLE,
    events=EVENTS,
    facts=dict(zip(EVENTS, (load_claim, load_proof, load_resend, None), strict=True)),
    views=VIEWS,
    prompts=frozenset({State.IDENTITY}),
)
