"""« Identifiant oublié »: the parent says who they are, proves it with a code, and reads the identifier."""

from __future__ import annotations

from educonnect_flow.activation.loading import load_claim, load_code, load_resend
from educonnect_flow.engine.journey import Journey
from educonnect_flow.journeys.forgotten_identifier.run import ForgottenIdentifier, State
from educonnect_flow.journeys.forgotten_identifier.table import EVENTS, TABLE
from educonnect_flow.journeys.forgotten_identifier.views import VIEWS

FORGOTTEN_IDENTIFIER: Journey[ForgottenIdentifier] = Journey(
    run=ForgottenIdentifier,
    table=TABLE,
    events=EVENTS,
    facts=dict(zip(EVENTS, (load_claim, load_code, load_resend, None), strict=True)),
    views=VIEWS,
    prompts=frozenset({State.IDENTITY}),
)
