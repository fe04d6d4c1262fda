"""What ``out.view`` is, is known by the state: mypy says so, and pyright where it is there (``nox -s pyright``)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT

pytest.importorskip("mypy")
pytestmark = pytest.mark.ci

HEAD = """
from enum import Enum
from typing import Any, Literal, assert_never

from educonnect_flow import ActivationFlow, AsyncFlow, Flow, Journey, Outcome, State
from educonnect_flow.engine import Run
from educonnect_flow.journeys import ACTIVATION, FORGOTTEN_IDENTIFIER
from educonnect_flow.journeys.activation import views as v
from educonnect_flow.journeys.forgotten_identifier import views as f
from educonnect_flow.journeys.forgotten_identifier.run import State as Forgotten
from educonnect_flow.outcome import View


class Page(Enum):
    FORM = "form"
    DONE = "done"


class FormView(View):
    street: str


class DoneView(View):
    pass


OwnOutcome = Outcome[Literal[Page.FORM], FormView] | Outcome[Literal[Page.DONE], DoneView]


"""

RIGHT = {
    "by the state": """
def page(flow: ActivationFlow) -> str:
    out = flow.start()
    out = flow.submit(out.handle, v)  # type: ignore
    if out.state is State.ACTIVATED:
        return out.view.identifier
    return ""
""",
    "by the class": """
def page(flow: Flow) -> str:
    out = flow.resume("handle")
    return out.view.identifier if isinstance(out.view, v.ActivatedView) else ""
""",
    "of several journeys": """
def page(flow: Flow) -> tuple[str, ...]:
    out = flow.start(FORGOTTEN_IDENTIFIER)
    if out.state is Forgotten.SHOWN:
        return out.view.identifiers
    if out.state is State.ACTIVATED:
        return (out.view.identifier,)
    return ()
""",
    "awaited": """
async def page(flow: AsyncFlow) -> str:
    out = await flow.start(ACTIVATION)
    return out.view.masked_mobile if out.state is State.CODE else ""
""",
    "every view": """
def page(flow: ActivationFlow) -> str:
    view = flow.resume("handle").view
    match view:
        case v.ProfileView() | v.SignInView() | v.IdentityView() | v.CodeView() | v.PupilsView() | v.PasswordView():
            return "open"
        case v.ActivatedView(identifier=identifier):
            return identifier
        case v.AlreadyActiveView() | v.NotEligibleView() | v.RefusedView() | v.LockedView() | v.ExpiredView():
            return "ended"
        case _:
            assert_never(view)
""",
    "a journey of a host's own": """
def page(own: Journey[Run, OwnOutcome], **ports: Any) -> str:
    flow = Flow(journeys=[ACTIVATION, own], **ports)
    out = flow.resume("handle")
    if out.state is Page.FORM:
        return out.view.street
    return out.view.identifier if out.state is State.ACTIVATED else ""
""",
    "any outcome": """
def page(out: Outcome) -> str:
    return str(out.view.any_name) + str(out.state)
""",
}

WRONG = {
    "a misspelt name": """
def page(flow: ActivationFlow) -> str:
    out = flow.resume("handle")
    if out.state is State.ACTIVATED:
        return out.view.identifer
    return ""
""",
    "a name of another page": """
def page(flow: Flow) -> str:
    out = flow.resume("handle")
    return out.view.identifier if out.state is State.CODE else ""
""",
    "a name without a look at the state": """
def page(flow: ActivationFlow) -> str:
    return flow.resume("handle").view.identifier
""",
    "a forgotten view": """
def page(flow: ActivationFlow) -> str:
    view = flow.resume("handle").view
    match view:
        case v.ProfileView() | v.SignInView() | v.IdentityView() | v.CodeView() | v.PupilsView() | v.PasswordView():
            return "open"
        case v.ActivatedView() | v.AlreadyActiveView() | v.NotEligibleView() | v.RefusedView() | v.ExpiredView():
            return "ended"
        case _:
            assert_never(view)
""",
    "a misspelt name of a host's own": """
def page(own: Journey[Run, OwnOutcome], **ports: Any) -> str:
    out = Flow(journeys=[own], **ports).resume("handle")
    return out.view.stret if out.state is Page.FORM else ""
""",
    "a misspelt name, awaited": """
async def page(flow: AsyncFlow) -> str:
    out = await flow.resume("handle")
    return out.view.masked_mobil if out.state is State.CODE else ""
""",
}


def file_of(name: str) -> str:
    return re.sub(r"\W", "_", name) + ".py"


def by_mypy(folder: Path) -> set[str]:
    """The files in *folder* of which mypy says that something is wrong."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-warn-unused-ignores", "--cache-dir", ".cache", "."],
        cwd=folder, env={**os.environ, "MYPYPATH": str(ROOT / "src")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return {line.split(":")[0] for line in done.stdout.splitlines() if ": error: " in line}


def by_pyright(folder: Path) -> set[str]:
    """The same of pyright."""
    checker = os.environ.get("PYRIGHT")
    if checker is None:
        pytest.skip("pyright is not there: nox -s pyright")
    settings = {
        "typeCheckingMode": "standard", "extraPaths": [str(ROOT / "src")], "pythonVersion": "3.11", "include": ["."],
    }  # fmt: skip
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    done = subprocess.run(
        [checker, "--outputjson", "--pythonpath", sys.executable],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    said = json.loads(done.stdout)
    assert said["summary"]["filesAnalyzed"] == len(RIGHT | WRONG)
    return {Path(one["file"]).name for one in said["generalDiagnostics"] if one["severity"] == "error"}


@pytest.mark.parametrize("checker", [by_mypy, by_pyright])
def test_the_views_are_typed_by_state(checker: object, tmp_path: Path) -> None:
    assert callable(checker)
    for name, text in (RIGHT | WRONG).items():
        (tmp_path / file_of(name)).write_text(HEAD + text, "utf-8")
    assert checker(tmp_path) == set(map(file_of, WRONG))
