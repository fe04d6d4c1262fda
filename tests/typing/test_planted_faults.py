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
        "steps/code.py", "plain(context.event.code[", "plain(context.event.coode[", "has no attribute",
    ),
    "a port called with other things than it takes": (
        "engine/_engine.py", "self.ports.stored(self.ports.store.load, digest(handle), keys)",
        'self.ports.stored(self.ports.store.load, 42, [keys], "too", "many")', "arg-type",
    ),
    "the plain number stored as the sealed one": (
        "steps/code.py", "sealed_mobile=SealedMobile(keys.seal(mobile, loading.run.id)),", "sealed_mobile=mobile,", "SealedMobile",
    ),
    "the sealed number counted under": (
        "steps/code.py", 'mobile_key=counted["mobile_keys"][0],', "mobile_key=mobile,", "MobileKey",
    ),
    "a fact that is not loaded": (
        "steps/identity.py",
        "        identifiers=tuple([record.key for record in loading.records if record.kind == accounts.KIND]),\n", "",
        'Missing named argument "identifiers"',
    ),
    "facts of another event": (
        "steps/code.py", "expected=context.facts.expected", "expected=context.facts.pupils", "has no attribute",
    ),
    "a typed number looked up as it is": (
        "steps/identity.py", "candidates=await find(ports, mobile))", "candidates=await find(ports, event.mobile))", "E164",
    ),
    "an optional answer given to the human check": (
        "steps/human_check.py", "    assert answer is not None\n", "", "arg-type",
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
         "src/educonnect_flow/engine/_engine.py", "src/educonnect_flow/flow.py", "src/educonnect_flow/aio.py"],
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
