"""A table drawn as Mermaid, out of the table itself."""

from __future__ import annotations

from enum import Enum
from typing import Any

from educonnect_flow.machinery.table import Row, Table, name_of


def mermaid(table: Table[Any, Any]) -> str:
    """*table* as a ``stateDiagram-v2``: an arrow for each pair of states, with the rows that take it.

    An arrow's label names the event and, below it, what the guards ask.
    """
    arrows: dict[tuple[Enum, Enum], list[str]] = {}
    for row in table.rows:
        arrows.setdefault((row.source, row.dest), []).append(_label(row))
    lines = ["stateDiagram-v2", f"    [*] --> {table.initial.name}"]
    lines += [f"    {source.name} --> {dest.name}: {'<br/>'.join(labels)}" for (source, dest), labels in arrows.items()]
    lines += [f"    {state.name} --> [*]" for state in type(table.initial) if state in table.final]
    return "\n".join(lines) + "\n"


def _label(row: Row[Any, Any]) -> str:
    return "<br/>".join([row.event.__name__, *(f"[{name_of(guard).replace('_', ' ')}]" for guard in row.when)])
