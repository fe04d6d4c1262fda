"""``python -m tests.mutate_table``: break the table in every way that one row can be broken, and see the tests fail.

A mutation tool changes functions; the table is a literal.  Each mutant is a copy of the sources with one change: a row
left out, a guard or an effect left out, two rows of one state and event exchanged, another destination, ``accepted``
turned round.  Prints the survivors, and fails when fewer than 95 % die.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

from tests import ROOT

TABLE = Path("educonnect_flow/journeys/activation/table.py")
TESTS = [
    *(
        f"tests/journeys/activation/test_{name}.py"
        for name in ("rows", "table", "run_data", "order", "strangers", "codes", "budgets")
    ),
    "tests/engine/test_audit.py",
    "tests/validators/test_pupils.py",
]
ROW = re.compile(
    r'    Row\("(?P<name>[\w.]+)", +S\.(?P<source>\w+), +(?P<event>\w+), +S\.(?P<dest>\w+)(?P<rest>.*)\),\n'
)
STATES = (
    "PROFILE SIGN_IN IDENTITY CODE PUPILS PASSWORD ACTIVATED ALREADY_ACTIVE NOT_ELIGIBLE REFUSED LOCKED EXPIRED".split()
)


def mutants(text: str) -> Iterator[tuple[str, str]]:
    """Every changed table, and what was changed."""
    rows = list(ROW.finditer(text))
    for row in rows:
        line, name = row[0], row["name"]
        yield f"{name}: left out", text.replace(line, "")
        for state in STATES:
            if state != row["dest"]:
                changed = re.sub(rf"(S\.{row['source']}, +{row['event']}, +)S\.{row['dest']}", rf"\1S.{state}", line)
                yield f"{name}: to {state}", text.replace(line, changed)
        turned = (
            line.replace(", accepted=False", "")
            if "accepted=False" in line
            else line.replace("),\n", ", accepted=False),\n")
        )
        yield f"{name}: accepted turned round", text.replace(line, turned)
        for part in re.findall(
            r"(?:(?:code|human_check|identity|limits|password|pupils|account)\.\w+|is_guardian|expire)", line
        ):
            without = re.sub(rf"{re.escape(part)},? ?", "", line)
            yield f"{name}: without {part}", text.replace(line, without)
    for before, after in pairwise(rows):
        if (before["source"], before["event"]) == (after["source"], after["event"]):
            pair = before[0] + after[0]
            yield f"{before['name']} after {after['name']}", text.replace(pair, after[0] + before[0])


def killed(mutant: tuple[str, str]) -> bool:
    """Whether some test fails on it."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "src", Path(folder) / "src", ignore=shutil.ignore_patterns("__pycache__"))
        (Path(folder) / "src" / TABLE).write_text(mutant[1], "utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-k", "not sqlite and not postgres", *TESTS],
            cwd=ROOT, check=False, capture_output=True, env={"PYTHONPATH": str(Path(folder) / "src"), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        return done.returncode != 0


def main() -> int:
    """All of them, two at a time."""
    text = (ROOT / "src" / TABLE).read_text("utf-8")
    assert not killed(("none", text)), "the tests fail as it is"
    made = list(mutants(text))
    with ThreadPoolExecutor(2) as pool:
        fates = list(pool.map(killed, made))
    survivors = [name for (name, _), dead in zip(made, fates, strict=True) if not dead]
    print(f"{len(made)} mutants of the table, {sum(fates)} killed ({sum(fates) / len(made):.1%})")
    for name in survivors:
        print("survived:", name)
    return 0 if sum(fates) >= 0.95 * len(made) else 1


if __name__ == "__main__":
    raise SystemExit(main())
