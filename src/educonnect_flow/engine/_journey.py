"""A journey as a value: all that the engine needs to run it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic

from attrs import field, frozen

from educonnect_flow.engine._event import Event, Lapse
from educonnect_flow.engine._run import Run, fields_of
from educonnect_flow.engine._table import Table, TableError
from educonnect_flow.outcome import Outcome, View
from educonnect_flow.settings import Settings

if TYPE_CHECKING:
    from educonnect_flow._prompt import HumanPrompt
    from educonnect_flow.engine._ports import LoadContext
    from educonnect_flow.validators.password import PasswordReport

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    R_co = TypeVar("R_co", bound=Run, covariant=True)
    Out_co = TypeVar("Out_co", default=Outcome[Any, Any], covariant=True)
else:
    from typing import TypeVar

    R_co = TypeVar("R_co", bound=Run, covariant=True)
    Out_co = TypeVar("Out_co", covariant=True)

Load = Callable[["LoadContext[Any, Any]"], Awaitable[Any]]
"""Loads the facts of one event from outside."""

Show = Callable[[Any, Settings, "HumanPrompt | None"], View]
"""Makes the view of a state: ``(run, settings, prompt) -> view``."""


def showing(view: type[View]) -> Show:
    """A page that shows nothing of the run."""
    shown = view()
    return lambda *_: shown


Secret = Callable[[Any, Settings], "str | None"]
"""The text of an event that is hashed when it is accepted; ``None`` when it would be refused on its form."""

Meter = Callable[["LoadContext[Any, Any]", str], Awaitable["PasswordReport"]]
"""Assesses a password on the page of a state: ``(loading, password) -> report``."""


@frozen(kw_only=True, eq=False, repr=False)
class Journey(Generic[R_co, Out_co]):
    """One journey, checked when it is created.

    Its type parameters are its runs and its outcomes (a union of ``Outcome``, one per state).

    :raises TableError: names the state or the event that lacks something.
    """

    run: type[R_co]
    """The class of its runs; it holds the journey's name and its states."""
    table: Table[Any, Any]
    events: tuple[type[Event], ...]
    """The events that a host may submit, in the order of the pages."""
    facts: Mapping[type[Event], Load | None]
    """The loader of the facts of each event; ``None``: it needs none."""
    views: Mapping[Any, Show]
    prompts: frozenset[Any] = frozenset()
    """The states whose page shows the human check."""
    secrets: Mapping[type[Event], Secret] = field(factory=dict)
    """For each event with a secret text: the function that returns the text to hash."""
    meters: Mapping[Any, Meter] = field(factory=dict)
    """For each state whose page has a password meter: its function."""

    def __attrs_post_init__(self) -> None:
        for name in ("journey", "states"):
            if not hasattr(self.run, name):
                raise TableError(f"{self.run.__name__} has no {name}: a class variable of each class of runs")
        states: type[Enum] = self.run.states
        try:
            fields_of(self.run)
        except TypeError as error:
            raise TableError(f"{self.name}: {error}") from None
        if type(self.table.initial) is not states:
            raise TableError(f"{self.name}: the table's states are not those of the run")
        self._check_states(states)
        self._check_events()
        for state in (*self.prompts, *self.meters):
            if state in self.table.final:
                raise TableError(f"{self.name}: the final state {state.name} has a prompt or a password meter")

    def _check_states(self, states: type[Enum]) -> None:
        for state in self.views:
            if not isinstance(state, states):
                raise TableError(f"{self.name}: views has {state!r}, which is no state")
        for state in states:
            if state not in self.views:
                raise TableError(f"{self.name}: the state {state.name} has no view")
            if isinstance(self.views[state], type):
                raise TableError(f"{self.name}: the view of {state.name} is a class: write showing(…)")
            if state not in self.table.final and not self.accepts(state, Lapse):
                raise TableError(f"{self.name}: no row takes {state.name} to an end when a run expires")

    def _check_events(self) -> None:
        for event in self.events:
            if event not in self.facts:
                raise TableError(f"{self.name}: facts has no entry for {event.__name__}")
        for event in (*self.facts, *self.secrets):
            if event not in self.events:
                raise TableError(f"{self.name}: {event.__name__} is not an event that a host may submit")

    @property
    def name(self) -> str:
        """The journey's name, which is stored; never reuse it for another journey."""
        return self.run.journey

    def __repr__(self) -> str:
        return f"Journey({self.name!r})"

    def accepts(self, state: Any, event: type) -> bool:
        """Whether a row accepts *event* in *state*."""
        return self.table.accepts(state, event)
