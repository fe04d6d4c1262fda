"""The Django host on PostgreSQL, in several processes, with many parents at once over HTTP."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.hosts.processes import ended, free_port, manage, started
from tests.hosts.seen import family
from tests.postgres import Server
from tests.world import PASSWORD

PARENTS = 200
PROCESSES, THREADS = 4, 8


class Host:
    """Gunicorn with several processes, and a relay."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.folder = folder
        server.execute("CREATE DATABASE hosted")
        given = psycopg.conninfo.conninfo_to_dict(server.dsn)
        self.dsn = f"{server.dsn.replace('dbname=postgres', 'dbname=hosted')}"
        database = {"NAME": "hosted", "USER": given["user"], "HOST": given["host"], "CONN_MAX_AGE": 60}
        env = {"HOST_POSTGRES": json.dumps(database), "HOST_SEEN": str(folder), "HOST_FAMILIES": str(PARENTS)}
        assert manage("migrate", "-v0", **env).wait(60) == 0
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.processes = [
            started(
                "gunicorn", "django.core.wsgi:get_wsgi_application()", "-b", f"127.0.0.1:{port}", "-w", str(PROCESSES),
                "-k", "gthread", "--threads", str(THREADS), "--timeout", "120", "--backlog", "1024", **env,
            ),
            manage("educonnect_relay", "--idle", "0.1", "--threads", "2", **env),
        ]  # fmt: skip
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                httpx.get(f"{self.address}/services/", timeout=5)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise TimeoutError((folder / "log").read_text())

    def close(self) -> None:
        for process in self.processes:
            ended(process)

    def sms(self) -> dict[str, list[str]]:
        """The codes by number."""
        found: dict[str, list[str]] = {}
        path = self.folder / "sms"
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            to, text = json.loads(line)
            found.setdefault(to, []).append(re.findall(r"\b\d{6}\b", text)[-1])
        return found


class Parent:
    """One of them: a browser without scripts."""

    def __init__(self, host: Host, number: int, times: list[float]) -> None:
        self.host, self.number, self.times = host, number, times
        self.client = httpx.Client(base_url=host.address, follow_redirects=True, timeout=120)
        self.page: Any = None

    def look(self) -> None:
        self.page = self.sent("GET", "/activation/")

    def sent(self, method: str, address: Any, **given: Any) -> httpx.Response:
        """An answer; the very same request again when the connection was closed under it, as browsers do."""
        begun = time.monotonic()
        while True:
            try:
                found = self.client.request(method, address, **given)
            except httpx.TransportError:
                if time.monotonic() - begun > 120:
                    raise
            else:
                self.times.append(time.monotonic() - begun)
                return found

    def post(self, event: str, then: str, **data: str) -> None:
        tokens = {
            name: re.findall(rf'name="{name}" value="([^"]+)"', self.page.text)[0]
            for name in ("csrfmiddlewaretoken", "request_id")
        }
        self.page = self.sent("POST", self.page.url, data={"event": event, **tokens, **data})
        assert self.page.url.path == f"/activation/{then}/", (event, self.page.url, self.page.status_code)

    def walk(self) -> str:
        """To the end; the identifier."""
        guardian = family(self.number)
        self.look()
        self.post("ChooseProfile", "connexion", profile="guardian")
        self.post("StartActivation", "identite")
        self.post("ClaimIdentity", "code", family_name="Essai", given_name="Camille", mobile=f"067{self.number:07}")
        end = time.monotonic() + 120
        while guardian.mobile not in (sent := self.host.sms()) and time.monotonic() < end:
            time.sleep(0.2)
        self.post("SubmitCode", "eleves", code=sent[guardian.mobile][-1])
        said = {}
        for pupil in guardian.pupils:
            said[f"confirmed:{pupil.id}"] = "yes"
            for part in ("day", "month", "year"):
                said[f"birth:{pupil.id}:{part}"] = str(getattr(pupil.birth_date, part))
        self.post("ConfirmPupils", "mot-de-passe", **said)
        self.post("ChoosePassword", "compte-active", password=PASSWORD, confirmation=PASSWORD)
        self.client.close()
        return str(re.findall(r'id="identifier">([^<]+)<', self.page.text)[0])


@pytest.fixture
def host(server: Server, tmp_path: Path) -> Iterator[Host]:
    running = Host(server, tmp_path)
    yield running
    running.close()


@pytest.mark.by_hand
def test_two_hundred_parents_at_once_all_get_to_the_end(host: Host) -> None:
    times: list[float] = []
    together = threading.Barrier(PARENTS)

    def one(number: int) -> str:
        together.wait()
        return Parent(host, number, times).walk()

    begun = time.monotonic()
    with ThreadPoolExecutor(PARENTS) as pool:
        identifiers = list(pool.map(one, range(PARENTS)))
    took = time.monotonic() - begun
    assert len(set(identifiers)) == PARENTS
    assert all(re.fullmatch(r"c\.essai\d{2,}", name) for name in identifiers)
    sent = host.sms()
    assert {number: len(codes) for number, codes in sent.items()} == {family(n).mobile: 1 for n in range(PARENTS)}
    with psycopg.connect(host.dsn) as database:
        (accounts,) = database.execute("SELECT count(*) FROM educonnect_flow_account").fetchone() or ()
        (waiting,) = database.execute("SELECT count(*) FROM educonnect_flow_outbox").fetchone() or ()
    assert (accounts, waiting) == (PARENTS, 0)
    times.sort()
    at = {share: times[int(share / 100 * (len(times) - 1))] for share in (50, 95, 99, 100)}
    print(
        f"\n{PARENTS} parents at once, {PROCESSES} processes of {THREADS} threads: {len(times)} pages in {took:.1f} s,"
        f" {len(times) / took:.0f} a second; "
        + ", ".join(f"{'slowest' if share == 100 else f'{share} %'}: {seconds:.2f} s" for share, seconds in at.items())
    )
