"""What the folders and files promise: short files, and no circle of imports, open or hidden."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

from tests import ROOT

SOURCE = ROOT / "src"
FILES = sorted(SOURCE.rglob("*.py"))
LONGEST = 300


def test_a_long_file_says_why_it_is_long() -> None:
    texts = {path: path.read_text("utf-8") for path in FILES}
    long = [path for path, text in texts.items() if len(text.splitlines()) > LONGEST]
    assert [path for path in long if "\nLong because " not in (ast.get_docstring(ast.parse(texts[path])) or "")] == []


def module_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def imported(path: Path) -> set[str]:
    """The modules of the library that a file imports, within functions too, but not for type checkers alone."""
    found: set[str] = set()
    tree = ast.parse(path.read_text("utf-8"))
    for_checkers = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for part in branch.body
        for node in ast.walk(part)
    }
    for node in ast.walk(tree):
        if id(node) in for_checkers:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            found.update(name if name in MODULES else node.module for name in whole)
    return found & set(MODULES)


def circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Modules that import each other, by depth-first search."""
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> None:
        if module in path:
            found.append(path[path.index(module) :])
            return
        if module not in done:
            for other in sorted(imports[module]):
                visit(other, [*path, module])
            done.add(module)

    for module in imports:
        visit(module, [])
    return found


def test_no_two_files_import_each_other_not_even_within_a_function() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c"]]
    # A package's face imports what it hands on; what it hands on does not import the face.
    assert circles({name: imported(path) - {name} for name, path in MODULES.items()}) == []


EXEMPTION = re.compile(r"# (?:noqa|type: ignore|pyright: ignore|pragma: no cover)(?P<rest>.*)")
REASON = re.compile(r"(?:: [A-Z0-9, ]+|\[[a-z, -]+\])?(?: -|  #) \w.*")
"""What it is about, and why."""


def unexplained(text: str) -> list[str]:
    """The comments of *text* that exempt a line from a check and do not say why."""
    comments = [
        token.string for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.COMMENT
    ]
    found = [match for match in map(EXEMPTION.search, comments) if match is not None]
    return [match.group() for match in found if REASON.fullmatch(match["rest"]) is None]


def test_each_exemption_from_a_check_says_why_beside_it() -> None:
    bare = ["# noqa", "# noqa: S311", "# type: ignore[misc]", "# pragma: no cover", "# noqa: S311 -"]
    said = [
        "# noqa: A002, S311 - a jitter",
        "# type: ignore[misc, valid-type]  # made at run time",
        "# pragma: no cover - a child",
    ]
    assert unexplained("\n".join(f"x = 1  {one}" for one in bare + said)) == bare
    files = [
        *FILES,
        *(path for folder in ("tests", "examples", "docs") for path in sorted((ROOT / folder).rglob("*.py"))),
        ROOT / "noxfile.py",
    ]
    silent = {str(path.relative_to(ROOT)): unexplained(path.read_text("utf-8")) for path in files}
    assert {name: found for name, found in silent.items() if found} == {}
