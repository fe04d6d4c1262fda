"""The page on a journey of a host's own, run: the journey, a host's page, and its contract."""

from __future__ import annotations

import re
import secrets
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from educonnect_flow.testing import JourneyContract
from tests import ROOT

PAGE = (ROOT / "docs/own-journey.md").read_text("utf-8")


def block(name: str) -> str:
    """The code between the marks of *name*."""
    (code,) = re.findall(rf"<!-- begin {name} -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    return str(code)


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the page's code defines, run from top to bottom in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEY", secrets.token_hex(32))
    module = ModuleType("own_journey")
    monkeypatch.setitem(sys.modules, "own_journey", module)
    code = block("own-journey") + block("own-page") + block("own-contract")
    exec(compile(code, "own_journey", "exec"), vars(module))  # noqa: S102 - our own page
    return vars(module)


def test_the_journey_is_short() -> None:
    assert len([line for line in block("own-journey").splitlines() if line.strip()]) < 100


def test_the_hosts_page_runs(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> None:
    names = request.getfixturevalue("names")
    assert names["out"].state.name == "DONE"
    assert capsys.readouterr().out == 'DONE {"address":"2 rue du Port"}\n'


def test_the_contract_of_the_page_holds(names: dict[str, Any]) -> None:
    kind: type[JourneyContract] = names["TestChangeAddress"]
    rules = [rule for rule in dir(kind) if rule.startswith("test_")]
    assert len(rules) == 6
    for rule in rules:
        getattr(kind(), rule)()
