"""A journey as a value: checked when it is made."""

from __future__ import annotations

from enum import Enum
from typing import Any

import attrs
import pytest

from educonnect_flow import GoBack, State, SubmitCode
from educonnect_flow.engine.event import Lapse
from educonnect_flow.engine.journey import Journey
from educonnect_flow.journeys import ACTIVATION
from educonnect_flow.machinery.table import TableError


def changed(**more: Any) -> Journey[Any]:
    """The activation, with something else in it."""
    return attrs.evolve(ACTIVATION, **more)


def test_the_activation_is_one() -> None:
    assert repr(changed()) == repr(ACTIVATION) == "Journey('ACTIVATION')"
    assert set(ACTIVATION.facts) == set(ACTIVATION.events)
    assert ACTIVATION.name == "ACTIVATION"
    assert ACTIVATION.accepts(State.CODE, SubmitCode)
    assert not ACTIVATION.accepts(State.PROFILE, GoBack)


def test_a_journey_that_lacks_something_is_refused() -> None:
    views = {state: view for state, view in ACTIVATION.views.items() if state is not State.LOCKED}
    with pytest.raises(TableError, match="ACTIVATION: the state LOCKED has no view"):
        changed(views=views)
    facts = {event: load for event, load in ACTIVATION.facts.items() if event is not GoBack}
    with pytest.raises(TableError, match="which facts GoBack needs"):
        changed(facts=facts)
    with pytest.raises(TableError, match="Lapse is named, which no host may submit"):
        changed(facts={**ACTIVATION.facts, Lapse: None})
    with pytest.raises(TableError, match="Lapse is named, which no host may submit"):
        changed(secrets={Lapse: None})
    with pytest.raises(TableError, match="final state EXPIRED asks for something"):
        changed(prompts=frozenset({State.EXPIRED}))


def test_the_views_of_another_journey_are_no_views() -> None:
    class Door(Enum):
        OPEN = "open"

    with pytest.raises(TableError, match="the state PROFILE has no view"):
        changed(views={Door.OPEN: None})
