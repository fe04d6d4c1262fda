"""Diagrams generated from a table: all of it as Mermaid, or the main path as SVG."""

from __future__ import annotations

from enum import Enum
from html import escape
from typing import Any

from educonnect_flow.engine._table import Row, Table, name_of


def mermaid(table: Table[Any, Any]) -> str:
    """*table* as a Mermaid ``stateDiagram-v2``: one arrow for each pair of states, labelled with its rows.

    An arrow's label names the event and, below it, the guards.
    """
    arrows: dict[tuple[Enum, Enum], list[str]] = {}
    for row in table.rows:
        arrows.setdefault((row.source, row.dest), []).append(_label(row))
    lines = ["stateDiagram-v2", f"    [*] --> {table.initial.name}"]
    lines += [f"    {source.name} --> {dest.name}: {'<br/>'.join(labels)}" for (source, dest), labels in arrows.items()]
    lines += [f"    {state.name} --> [*]" for state in type(table.initial) if state in table.final]
    return "\n".join(lines) + "\n"


def _label(row: Row[Any, Any]) -> str:
    return "<br/>".join([row.event.__name__, *_asked(row)])


def _asked(row: Row[Any, Any]) -> list[str]:
    return [f"[{name_of(guard).replace('_', ' ')}]" for guard in row.when]


def drawing(table: Table[Any, Any], back: type, expires: type) -> str:
    """*table* as a simplified SVG, 760 pixels wide.

    The main path goes down the left side.  Beside each page are the rows that lead to another state: a solid arrow
    for accepted rows, a dashed one for refusals.  A note below lists the rest: the rows that stay on their page, the
    steps back, and the expiry rows.

    :param back: the event that goes back a page.
    :param expires: the event that the library fires when a run expires.
    """
    moves = [row for row in table.rows if row.event not in (back, expires) and row.source is not row.dest]
    way = _way(table, moves)
    parts, y = [], 14
    for here, after in zip(way, [*way[1:], None], strict=True):
        exits: dict[tuple[Enum, bool], list[str]] = {}
        for row in moves:
            if row.source is here and row.dest is not after:
                exits.setdefault((row.dest, row.accepted), []).append(_line(row))
        top = y
        for (dest, accepted), lines in exits.items():
            parts += [_text(206, y + 12 + 15 * n, line) for n, line in enumerate(lines)]
            y += 15 * len(lines)
            parts += [
                _arrow(190, y + 4, 560, y + 4, dashed=not accepted),
                _box(564, y - 11, 180, dest.name, final=dest in table.final),
            ]
            y += 30
        y = max(y - 11, top + 30)
        parts.append(_box(10, top, 180, here.name, height=y - top, final=here in table.final))
        if after is not None:
            parts += [_arrow(100, y, 100, y + 34), _text(110, y + 20, _line(_row_between(moves, here, after)))]
            y += 36
    for line in _notes(table, way, back, expires):
        y += 17
        parts.append(_text(10, y + 12, line))
    return _SVG.format(height=y + 26, name=escape(f"The main path, in {len(way)} states"), parts="\n".join(parts))


_SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height}" width="760" height="{height}" role="img">
<title>{name}</title>
<style>text {{ font: 12px sans-serif; fill: #161616 }} rect, path {{ stroke: #3a3a3a; fill: none }}
.box {{ fill: #f5f5fe }} .end {{ fill: #eee }} .name {{ font-weight: bold; text-anchor: middle }}
.dashed {{ stroke-dasharray: 5 4 }}</style>
<rect width="760" height="{height}" style="fill: #fff; stroke: none"/>
<defs><marker id="tip" markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto">
<path d="M0,0 L8,4 L0,8 z" style="fill: #3a3a3a"/></marker></defs>
{parts}
</svg>
"""


def _way(table: Table[Any, Any], moves: list[Row[Any, Any]]) -> list[Enum]:
    """The longest path of accepted rows from the initial state; of equal ones, the one to the state declared first."""
    states: Any = type(table.initial)
    order = {state: -place for place, state in enumerate(states)}

    def longest(here: Enum, seen: tuple[Enum, ...]) -> list[Enum]:
        ways = [longest(row.dest, (*seen, row.dest)) for row in moves if _leads_on(row, here, seen)]
        return [here, *max(ways, key=lambda way: (len(way), order[way[-1]]), default=[])]

    return longest(table.initial, (table.initial,))


def _leads_on(row: Row[Any, Any], here: Enum, seen: tuple[Enum, ...]) -> bool:
    return row.source is here and row.accepted and row.dest not in seen


def _row_between(moves: list[Row[Any, Any]], here: Enum, after: Enum) -> Row[Any, Any]:
    return next(row for row in moves if row.source is here and row.dest is after and row.accepted)


def _line(row: Row[Any, Any]) -> str:
    return " ".join([row.event.__name__, *_asked(row)])


def _notes(table: Table[Any, Any], way: list[Enum], back: type, expires: type) -> list[str]:
    steps = [f"{row.source.name} → {row.dest.name}" for row in table.rows if row.event is back]
    beside = [f"{row.source.name} → {row.dest.name}" for row in table.rows if row.source not in (*way, *table.final)]
    ends = sorted({row.dest.name for row in table.rows if row.event is expires})
    stay = sum(row.source is row.dest for row in table.rows)
    notes = ["Solid: accepted. Dashed: refused."]
    if steps:
        notes.append(f"{back.__name__}: {', '.join(steps)}.")
    if beside:
        notes.append(f"Beside the main path: {', '.join(beside)}.")
    if ends:
        notes.append(f"{expires.__name__}: from every page to {', '.join(ends)}.")
    return [*notes, f"{stay} more rows stay on their page: they refuse, or do not change the state."]


def _text(x: int, y: int, text: str, kind: str = "") -> str:
    return f'<text x="{x}" y="{y}"{kind}>{escape(text)}</text>'


def _box(x: int, y: int, width: int, name: str, *, height: int = 30, final: bool) -> str:
    kind, corner = ("end", 15) if final else ("box", 3)
    box = f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="{corner}"/>'
    return box + _text(x + width // 2, y + height // 2 + 4, name, ' class="name"')


def _arrow(x: int, y: int, to_x: int, to_y: int, *, dashed: bool = False) -> str:
    kind = ' class="dashed"' if dashed else ""
    return f'<path{kind} d="M{x},{y} L{to_x},{to_y}" marker-end="url(#tip)"/>'
