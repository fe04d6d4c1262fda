"""A journey as a value: checked when it is made."""

from __future__ import annotations

import re
import subprocess
import sys
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest

from educonnect_flow import ChooseProfile, Flow, GoBack, Profile, State, SubmitCode
from educonnect_flow.engine._event import Lapse
from educonnect_flow.engine._journey import Journey
from educonnect_flow.engine._run import Run, dump
from educonnect_flow.engine._table import TableError, compile_table
from educonnect_flow.errors import WrongUse
from educonnect_flow.journeys import ACTIVATION, FORGOTTEN_IDENTIFIER, NAMES, all_journeys, journey_named
from educonnect_flow.journeys.activation.run import FINAL
from educonnect_flow.journeys.activation.table import EVENTS
from educonnect_flow.journeys.outcomes import AnyOutcome
from educonnect_flow.steps.ending import ExpiredView
from educonnect_flow.testing._clock import START
from tests import ROOT
from tests.world import World, full


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
    with pytest.raises(TableError, match="facts has no entry for GoBack"):
        changed(facts=facts)
    with pytest.raises(TableError, match="Lapse is not an event that a host may submit"):
        changed(facts={**ACTIVATION.facts, Lapse: None})
    with pytest.raises(TableError, match="Lapse is not an event that a host may submit"):
        changed(secrets={Lapse: None})
    with pytest.raises(TableError, match="final state EXPIRED has a prompt or a password meter"):
        changed(prompts=frozenset({State.EXPIRED}))


def test_the_table_and_the_run_have_the_same_states() -> None:
    with pytest.raises(TableError, match="FORGOTTEN_IDENTIFIER: the table's states are not those of the run"):
        attrs.evolve(FORGOTTEN_IDENTIFIER, table=ACTIVATION.table)


def test_a_state_without_an_end_by_time_is_refused() -> None:
    rows = tuple(row for row in ACTIVATION.table.rows if row.name != "code.idle")
    table = compile_table(
        rows, states=State, events=(*EVENTS, Lapse), initial=State.PROFILE, final=FINAL, internal=frozenset({Lapse})
    )
    with pytest.raises(TableError, match="no row takes CODE to an end when a run expires"):
        changed(table=table)


def test_the_names_of_rows_are_unique_over_all_journeys() -> None:
    names = [row.name for journey in all_journeys() for row in journey.table.rows]
    assert len(names) == len(set(names)) > 40
    assert [journey.name for journey in all_journeys()] == list(NAMES)
    assert all(journey_named(journey.name) is journey for journey in all_journeys())


def test_the_library_loads_the_activation_only_until_another_journey_is_used() -> None:
    code = (
        "import sys, educonnect_flow, educonnect_flow.flow as f\n"
        "loaded = lambda: [name for name in sys.modules if 'forgotten_identifier' in name]\n"
        "assert loaded() == [], loaded()\n"
        "from educonnect_flow.journeys import FORGOTTEN_IDENTIFIER\n"
        "assert loaded()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_engine_and_the_stores_name_no_journey() -> None:
    """But where tables of former versions are brought up: there was one journey then."""
    folder = ROOT / "src" / "educonnect_flow"
    for path in [
        *(folder / "engine").glob("*.py"),
        *(folder / "stores").glob("*.py"),
        folder / "records.py",
        folder / "ports.py",
    ]:
        text = re.sub(r'(?s)_THIRD = """.*?"""', "", path.read_text("utf-8"))
        for name in NAMES:
            assert name not in text, f"{path.name} names {name}"
        assert "import educonnect_flow.activation" not in text
        assert not re.search(r"from educonnect_flow\.(activation|journeys)", text), path.name


def test_the_views_of_another_journey_are_no_views() -> None:
    class Door(Enum):
        OPEN = "open"

    with pytest.raises(TableError, match="views has .*OPEN.*, which is no state"):
        changed(views={Door.OPEN: None})


def test_a_run_whose_field_has_no_default_is_refused() -> None:
    @attrs.frozen(kw_only=True, slots=False)
    class Named(ACTIVATION.run):  # type: ignore[misc,name-defined]  # a class out of a value
        name: str

    @attrs.frozen(kw_only=True, slots=False)
    class Listed(ACTIVATION.run):  # type: ignore[misc,name-defined]  # a class out of a value
        names: list[str] = attrs.field(factory=list)

    with pytest.raises(TableError, match=r"ACTIVATION: Named\.name needs a default that is a value"):
        changed(run=Named)
    with pytest.raises(TableError, match=r"ACTIVATION: Listed\.names needs a default that is a value"):
        changed(run=Listed)


def test_the_union_of_all_outcomes_names_each_state_once() -> None:
    states = [get_args(get_args(one)[0])[0] for one in get_args(AnyOutcome)]
    assert states == [state for journey in all_journeys() for state in journey.run.states]


def test_a_view_that_is_a_class_and_a_run_without_a_name_are_refused() -> None:
    class NoRun(Run):
        pass

    with pytest.raises(TableError, match="the view of LOCKED is a class"):
        changed(views={**ACTIVATION.views, State.LOCKED: ExpiredView})
    with pytest.raises(TableError, match="NoRun has no journey"):
        changed(run=NoRun)


def test_a_change_of_an_unknown_field_names_the_row() -> None:
    def misspelt(context: Any) -> None:
        context.changes["identifer"] = "x"

    row = attrs.evolve(ACTIVATION.table.rows[0], do=(misspelt,))
    rows = (row, *ACTIVATION.table.rows[1:])
    table = compile_table(
        rows, states=State, events=(*EVENTS, Lapse), initial=State.PROFILE, final=FINAL, internal=frozenset({Lapse})
    )
    world = World(kind=Flow, journeys=[changed(table=table)])
    journey = next(iter(world.flow._engine.journeys.values()))
    out = world.flow.start(journey)
    with pytest.raises(WrongUse, match=r"row 'profile\.guardian' changes what Activation has not: identifer"):
        world.submit(out, ChooseProfile(Profile.GUARDIAN))


def test_a_field_that_json_does_not_take_is_said(tmp_path: Path) -> None:
    run = full()
    with pytest.raises(WrongUse, match=r"Activation has a field that needs saved\(…, codec\): .*date"):
        dump(attrs.evolve(run, identifier=START))  # type: ignore[arg-type]  # what a host may write
