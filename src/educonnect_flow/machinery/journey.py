"""A journey as a value: what the engine needs to run it.  The engine still names the activation's code and password."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Any, Generic, TypeVar

from attrs import frozen

from educonnect_flow.machinery.table import Table, TableError

S = TypeVar("S", bound=Enum)

Load = Callable[..., Awaitable[Any]]
"""Loads the facts of one event from outside: ``(outside, run, event, now, memo) -> facts``."""

Show = Callable[..., Any]
"""What the page of a state shows: ``(run, settings, prompt) -> view``."""


@frozen(kw_only=True, eq=False, repr=False)
class Journey(Generic[S]):
    """One journey, checked when it is made.

    :raises TableError: naming the state or the event that lacks something.
    """

    name: str
    """Never used again for another one."""
    table: Table[S, Any]
    events: tuple[type, ...]
    """Those that a host may submit, in the order of the pages."""
    timeout: Callable[[], Any]
    """The event that the engine fires when a run has ended by time or by number."""
    no_facts: Any
    """The facts of an event that needs none."""
    facts: Mapping[type, Load | None]
    """How the facts of each event are loaded; ``None``: it needs none."""
    views: Mapping[S, Show]
    prompts: frozenset[S]
    """The states whose page shows the human check."""

    def __attrs_post_init__(self) -> None:
        for state in type(self.table.initial):
            if state not in self.views:
                raise TableError(f"{self.name}: the state {state.name} has no view")
        for event in self.events:
            if event not in self.facts:
                raise TableError(f"{self.name}: it is not said which facts {event.__name__} needs")
        for event in self.facts:
            if event not in self.events:
                raise TableError(f"{self.name}: there are facts for {event.__name__}, which no host may submit")
        for state in self.prompts:
            if state in self.table.final:
                raise TableError(f"{self.name}: the final state {state.name} shows a human check")

    def __repr__(self) -> str:
        return f"Journey({self.name!r})"

    def accepts(self, state: S, event: type) -> bool:
        """Whether some row takes *event* in *state*."""
        return self.table.accepts(state, event)
