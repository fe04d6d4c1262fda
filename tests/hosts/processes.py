"""The hosts as processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests import ROOT


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def manage(*arguments: str, **env: str) -> subprocess.Popen[bytes]:
    """Django's command, as a process."""
    return started("django", *arguments, **env)


def started(module: str, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
    """A module, as a process of the host."""
    with (Path(env["HOST_SEEN"]) / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.hosts.settings", **env}, cwd=ROOT, stdout=log, stderr=log,
        )  # fmt: skip


def ended(process: subprocess.Popen[bytes]) -> None:
    """Tell a process to end, and wait for it."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
