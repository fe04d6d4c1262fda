"""The page on a journey of a host's own, run: the journey, a host's page, and its contract."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from pathlib import Path

from tests import ROOT

PAGE = (ROOT / "docs/own-journey.md").read_text("utf-8")


def block(name: str) -> str:
    """The code between the marks of *name*."""
    (code,) = re.findall(rf"<!-- begin {name} -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    return str(code)


def ran(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False,
        env={"SECRET_KEY": secrets.token_hex(32), "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_journey_is_short() -> None:
    assert len([line for line in block("own-journey").splitlines() if line.strip()]) < 100


def test_the_hosts_page_runs(tmp_path: Path) -> None:
    (tmp_path / "host.py").write_text(block("own-journey") + block("own-page"), "utf-8")
    assert ran(tmp_path, "host.py") == 'DONE {"address":"2 rue du Port"}\n'


def test_the_contract_of_the_page_holds(tmp_path: Path) -> None:
    test = tmp_path / "test_address.py"
    test.write_text(block("own-journey") + block("own-page") + block("own-contract"), "utf-8")
    assert "6 passed" in ran(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test))
