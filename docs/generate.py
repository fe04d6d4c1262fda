"""Make the generated pages out of the code and the tests: ``python docs/generate.py`` (``--check``: only say if stale).

- the rows and the whole diagram of every journey, in a page of its own: docs/journey.md, docs/forgotten-identifier.md
- each drawn for people: docs/journey.svg, docs/forgotten-identifier.svg
- docs/settings.md, docs/reasons.md: out of the classes
- docs/guide.md: out of docs/guide.toml
- docs/promises.md: out of docs/promises.toml and the tests that carry an id
- the table of names in docs/school-records.md: out of tests/directory/names.json
"""

from __future__ import annotations

import ast
import json
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs

from educonnect_flow import Reason, Refusal, Settings
from educonnect_flow.engine._diagram import drawing, mermaid
from educonnect_flow.engine._event import Lapse
from educonnect_flow.engine._journey import Journey
from educonnect_flow.journeys import ACTIVATION, all_journeys
from educonnect_flow.steps.ending import GoBack

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def between(text: str, name: str, block: str) -> str:
    """*text* with what stands between the marks of *name* replaced by *block*."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    return f"{before}{begin}\n{block.strip()}\n{end}{after}"


def table(*rows: tuple[str, ...]) -> str:
    """A Markdown table; the first row is its head."""
    head, *body = rows
    lines = [head, tuple("---" for _ in head), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def rows_of(journey: Journey[Any]) -> str:
    """Every row of *journey*."""
    return table(
        ("row", "from", "event", "to", "when", "accepted"),
        *(
            (
                f"`{row.name}`",
                row.source.name,
                row.event.__name__,
                row.dest.name,
                ", ".join(guard.__name__.replace("_", " ") for guard in row.when) or "always",
                "yes" if row.accepted else "no",
            )
            for row in journey.table.rows
        ),
    )


def said(value: Any) -> str:
    """A setting's default, as people write it."""
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        for name, size in (("h", 3600), ("min", 60)):
            if seconds % size == 0:
                return f"{seconds // size} {name}"
        return f"{seconds} s"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def settings_page() -> str:
    """All settings."""
    strict = Settings.strict()
    rows = [
        (
            f"`{field.name}`",
            said(getattr(Settings(), field.name)),
            said(getattr(strict, field.name)) if getattr(strict, field.name) != field.default else "",
            field.metadata["source"],
            field.metadata["meaning"],
        )
        for field in attrs.fields(Settings)
    ]
    return table(("setting", "`educonnect()`", "`strict()`, where it differs", "source", "meaning"), *rows)


def reasons_page() -> str:
    """All reasons, with their texts."""
    source = ast.parse((ROOT / "src/educonnect_flow/reasons.py").read_text("utf-8"))
    body = next(node for node in source.body if isinstance(node, ast.ClassDef) and node.name == "Reason").body
    notes: dict[str, str] = {}
    for node, following in pairwise(body):
        if isinstance(node, ast.Assign) and isinstance(following, ast.Expr) and isinstance(node.targets[0], ast.Name):
            assert isinstance(following.value, ast.Constant)
            notes[node.targets[0].id] = " ".join(str(following.value.value).split()).replace("``", "`")
    rows = [
        (f"`{reason.name}`", notes[reason.name], Refusal(reason).message("fr"), Refusal(reason).message("en"))
        for reason in Reason
    ]
    return table(("reason", "when", "French", "English"), *rows)


def marked_tests() -> dict[str, list[str]]:
    """The tests that carry each id: ``file::test``."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                for identity in ids_of(node):
                    found[identity].append(f"{path.relative_to(ROOT)}::{node.name}")
    return found


def ids_of(node: ast.FunctionDef | ast.ClassDef) -> Iterator[str]:
    """The ids in a ``@promise(…)`` of *node*."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) in ("promise", "pytest.mark.promise"):
            for argument in decorator.args:
                assert isinstance(argument, ast.Constant)
                yield str(argument.value)


def promises() -> dict[str, dict[str, str]]:
    """The chapters of docs/promises.toml."""
    return tomllib.loads((DOCS / "promises.toml").read_text("utf-8"))


def promises_page() -> str:
    """All promises, with the tests that show them."""
    tests = marked_tests()
    chapters = []
    for chapter in promises().values():
        rows = [
            (identity, sentence, "<br>".join(f"`{test}`" for test in tests.get(identity, ())) or "*not shown yet*")
            for identity, sentence in chapter.items()
            if identity != "title"
        ]
        chapters.append(f"## {chapter['title']}\n\n" + table(("id", "promise", "shown by"), *rows))
    return "\n".join(chapters)


def names_page() -> str:
    """The table of cases that the tests try (tests/directory/names.json)."""
    cases = json.loads((ROOT / "tests" / "directory" / "names.json").read_text("utf-8"))
    rows = [("the record has", "typed", "the same?", "why")]
    for case in cases:
        family, given, usage, *others = case["record"]
        record = f"{family}{f' (usage: {usage})' if usage else ''}, {', '.join(filter(None, (given, *others))) or '–'}"
        typed = f"{case['typed'][0]}, {case['typed'][1] or '–'}"
        rows.append((record, typed, "yes" if case["same"] else "**no**", case["why"]))
    return table(*rows)


def guide() -> list[dict[str, str]]:
    """The sentences of docs/guide.toml."""
    found: list[dict[str, str]] = tomllib.loads((DOCS / "guide.toml").read_text("utf-8"))["sentence"]
    return found


def guide_page() -> str:
    """Each sentence of the guide, where it is, and what shows it."""

    def named(one: dict[str, str], name: str) -> str:
        return f"`{one[name]}`" if name in one else ""

    return table(
        ("the guide says", "row", "code", "shown by", ""),
        *(
            (one["text"], named(one, "row"), named(one, "code"), named(one, "test"), one.get("note", ""))
            for one in guide()
        ),
    )


def pages() -> dict[Path, str]:
    """Every generated text, by its file."""
    made = {}
    for journey in all_journeys():
        name = "journey" if journey is ACTIVATION else journey.name.lower().replace("_", "-")
        path = DOCS / f"{name}.md"
        drawn = between(path.read_text("utf-8"), "diagram", f"```text\n{mermaid(journey.table)}```")
        made[path] = between(drawn, "rows", rows_of(journey))
        made[path.with_suffix(".svg")] = drawing(journey.table, GoBack, Lapse)
    for page, name, block in (
        ("settings", "settings", settings_page()),
        ("reasons", "reasons", reasons_page()),
        ("promises", "promises", promises_page()),
        ("school-records", "names", names_page()),
        ("guide", "guide", guide_page()),
    ):
        path = DOCS / f"{page}.md"
        made[path] = between(path.read_text("utf-8"), name, block)
    return made


def stale() -> list[str]:
    """The files that do not hold what they should."""
    return [
        str(path.relative_to(ROOT))
        for path, text in pages().items()
        if not path.exists() or path.read_text("utf-8") != text
    ]


def main() -> int:
    """Write, or check."""
    old = stale()
    if "--check" in sys.argv[1:]:
        for name in old:
            print(f"stale: {name} (run: python docs/generate.py)")
        return 1 if old else 0
    for path, text in pages().items():
        path.write_text(text, "utf-8")
    print(f"written: {', '.join(old) or 'nothing to do'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
