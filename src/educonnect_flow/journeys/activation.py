"""The activation: from the profile to the identifier."""

from __future__ import annotations

from educonnect_flow.activation.attempt import NO_FACTS
from educonnect_flow.activation.events import PUBLIC, Lapse
from educonnect_flow.activation.states import State
from educonnect_flow.activation.table import TABLE
from educonnect_flow.activation.views import VIEWS
from educonnect_flow.gather import FACTS
from educonnect_flow.machinery.journey import Journey

ACTIVATION: Journey[State] = Journey(
    name="ACTIVATION",
    table=TABLE,
    events=PUBLIC,
    timeout=Lapse,
    no_facts=NO_FACTS,
    facts=FACTS,
    views=VIEWS,
    prompts=frozenset({State.IDENTITY}),
)
