"""The activation: from the profile to the identifier."""

from __future__ import annotations

from educonnect_flow.activation.events import PUBLIC, ChoosePassword
from educonnect_flow.activation.loading import FACTS, METERS, accepted_password
from educonnect_flow.activation.snapshot import Activation
from educonnect_flow.activation.states import State
from educonnect_flow.activation.table import TABLE
from educonnect_flow.activation.views import VIEWS
from educonnect_flow.engine.journey import Journey

ACTIVATION: Journey[Activation] = Journey(
    run=Activation,
    table=TABLE,
    events=PUBLIC,
    facts=FACTS,
    views=VIEWS,
    prompts=frozenset({State.IDENTITY}),
    secrets={ChoosePassword: accepted_password},
    meters=METERS,
)
