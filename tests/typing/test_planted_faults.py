"""Faults that the type checker must see, each planted into a copy of the library: the types guard what they seem to."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT

pytest.importorskip("mypy")
pytestmark = pytest.mark.ci

# file, what is there, what is planted, and what mypy says of it
FAULTS: dict[str, tuple[str, str, str, str]] = {
    "an event's field that does not exist": (
        "activation/guards.py", "given=attempt.event.code,", "given=attempt.event.coode,", "has no attribute",
    ),
    "a port called with other things than it takes": (
        "engine/engine.py", "self.outside.stored(self.outside.store.load, digest(handle), keys)",
        'self.outside.stored(self.outside.store.load, 42, [keys], "too", "many")', "arg-type",
    ),
    "the plain number stored as the sealed one": (
        "activation/effects.py", "mobile=found.sealed,", "mobile=found.mobile,", "SealedMobile",
    ),
    "the sealed number counted under": (
        "activation/effects.py", "mobile_key=found.mobile_keys[0],", "mobile_key=found.sealed,", "MobileKey",
    ),
    "a fact that is not loaded": (
        "activation/loading.py",
        "        identifiers=tuple([record.key for record in loading.records if record.kind == accounts.KIND]),\n", "",
        'Missing named argument "identifiers"',
    ),
    "facts of another event": (
        "activation/guards.py", "attempt.facts.expected", "attempt.facts.pupils", "has no attribute",
    ),
    "a typed number looked up as it is": (
        "activation/loading.py", "candidates=await _find(outside, mobile),", "candidates=await _find(outside, event.mobile),", "E164",
    ),
    "an optional answer given to the human check": (
        "activation/loading.py", "        assert event.human_check is not None\n", "", "arg-type",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "contrib", "testing"))
    assert checked(folder) == ""
    return folder


def checked(folder: Path) -> str:
    """What mypy says of the core of the copy in *folder*."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--ignore-missing-imports", "--cache-dir", ".cache",
         "src/educonnect_flow/engine/engine.py", "src/educonnect_flow/flow.py", "src/educonnect_flow/aio.py"],
        cwd=folder, env={"MYPYPATH": "src", "PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_seen(name: str, copy: Path) -> None:
    file, there, planted, said = FAULTS[name]
    path = copy / "src/educonnect_flow" / file
    right = path.read_text("utf-8")
    assert right.count(there) == 1
    path.write_text(right.replace(there, planted), "utf-8")
    try:
        errors = checked(copy)
    finally:
        path.write_text(right, "utf-8")
    assert f"{path.name}:" in errors
    assert said in errors
