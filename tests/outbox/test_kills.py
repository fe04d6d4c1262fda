"""SIGKILL at any moment: every answer stands, every message goes out, no account is doubled."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgres import Server

KILLS = 520


def killed(kind: str, where: str, folder: Path, kills: int, capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.killing", kind, where, str(folder), str(kills), "7"],
        check=False, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    with capsys.disabled():
        print(f"\n{kind}: {found}")
    assert found["kills"] >= kills
    assert found["lost"] == []
    assert found["unfinished"] == 0
    assert found["accounts"] == found["identifiers"] == found["journeys"]
    assert found["messages"] == found["journeys"] > 0
    for wrong in ("accounts_wrong", "messages_with_two_texts", "parents_with_two_codes"):
        assert found[wrong] == 0, wrong


@pytest.mark.promise("R3", "R5", "R6")
@pytest.mark.parametrize(
    ("kind", "kills"),
    [
        ("sqlite", 20),
        pytest.param("sqlite", 100, marks=pytest.mark.ci),
        pytest.param("postgres", 100, marks=pytest.mark.ci),
        pytest.param("sqlite", KILLS, marks=pytest.mark.by_hand),
        pytest.param("postgres", KILLS, marks=pytest.mark.by_hand),
    ],
)
def test_processes_killed_at_random_moments_lose_nothing_and_double_nothing(
    kind: str, kills: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if kind == "sqlite":
        killed(kind, str(tmp_path / "activations.db"), tmp_path, kills, capsys)
        return
    server = Server()
    killed(kind, server.dsn, tmp_path, kills, capsys)
    server.close()
