"""``python -m tests.killing STORE WHERE FOLDER KILLS SEED``: processes that walk journeys and relay, killed by SIGKILL.

Two at a time; each goes on where one before it was killed.  What was answered, and what the gateway took, stands in
files that outlive them.  Prints the counts as JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from educonnect_flow import (
    ActivationFlow,
    ChooseProfile,
    Guardian,
    Profile,
    Settings,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow._keys import digest
from educonnect_flow.ports import Message, Store
from educonnect_flow.stores import PostgresStore, SqliteStore
from educonnect_flow.testing import CheapHasher
from tests.world import LEO, SECRET, account_of, activation_of, answers, claim, issued, password

STATES = [State.PROFILE, State.SIGN_IN, State.IDENTITY, State.CODE, State.PUPILS, State.PASSWORD, State.ACTIVATED]
LEASE = timedelta(milliseconds=40)


def guardian(mobile: str) -> Guardian:
    """All have one name; the number says who it is."""
    return Guardian(id=mobile, family_name="Durand", given_name="Émilie", mobile=mobile, pupils=[LEO])


class Everybody:
    """A directory that knows every number."""

    def find(self, mobile: str) -> list[Guardian]:
        return [guardian(mobile)]

    def guardians(self, ids: Sequence[str]) -> list[Guardian]:
        return [guardian(mobile) for mobile in ids]


class Log:
    """Lines that outlive the process that wrote them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, **line: Any) -> None:
        os.write(self._file, (json.dumps(line) + "\n").encode())

    def read(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]


class Files:
    """A gateway whose every message is a line."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def send(self, message: Message) -> None:
        self.log.write(id=message.id, to=message.to, text=message.text)


def opened(kind: str, where: str) -> Store:
    return SqliteStore(where, timeout=30) if kind == "sqlite" else PostgresStore(where, schema="kills", pool=2)


class Walker:
    """One process: walks the journeys whose numbers begin as *block*, one after another."""

    def __init__(self, kind: str, where: str, folder: Path, block: int) -> None:
        self.acks, self.taken = Log(folder / f"acks-{block}"), Log(folder / "taken")
        self.block = block
        self.store = opened(kind, where)
        self.flow = ActivationFlow(
            directory=Everybody(), store=self.store, sms=Files(self.taken), secret_key=SECRET,
            password_hasher=CheapHasher(), settings=Settings(lease_for=LEASE, sms_budget=None),
        )  # fmt: skip

    def walk(self, journeys: int, *, begin: bool) -> None:
        """Finish what was begun, then begin others."""
        lines = self.acks.read()
        number = lines[-1]["journey"] if lines else 0
        at = lines[-1] if lines else None
        if at is not None:
            self._verify(at)
        while number < journeys:
            if at is None or at["step"] == len(STATES) - 1:
                if not begin:
                    return
                number += 1
                out = self.flow.start()
                at = {"journey": number, "step": 0, "handle": out.handle, "identifier": None}
                self.acks.write(**at)
            at = self._step(at)

    def _verify(self, at: dict[str, Any]) -> None:
        """What was answered is there, at most one step further."""
        loaded = self.store.load(digest(at["handle"]))
        state = activation_of(loaded).state if loaded is not None else None
        if state not in STATES[at["step"] : at["step"] + 2]:
            self.acks.write(**at, lost=str(state))

    def _step(self, at: dict[str, Any]) -> dict[str, Any]:
        number, step = at["journey"], at["step"]
        mobile = f"+336{self.block}{number:07}"
        event: Any = [
            lambda: ChooseProfile(Profile.GUARDIAN),
            StartActivation,
            lambda: claim("Durand", "Émilie", mobile),
            lambda: SubmitCode(self._code(mobile)),
            lambda: answers(LEO),
            password,
        ][step]()
        out = self.flow.submit(at["handle"], event, request_id=f"{number}-{step}")
        if out.state is not STATES[step + 1]:
            self.acks.write(**at, lost=f"{out.state} {out.refusals}")
            sys.exit(3)
        identifier = out.view.identifier if out.state is State.ACTIVATED else None
        after = {"journey": number, "step": step + 1, "handle": out.handle, "identifier": identifier}
        self.acks.write(**after)
        return after

    def _code(self, mobile: str) -> str:
        """Out of the message: without one, the journey does not go on."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            self.flow.deliver()
            for line in self.taken.read()[::-1]:
                if line["to"] == mobile:
                    return str(line["text"][-6:])
            time.sleep(0.005)
        self.acks.write(journey=0, step=0, handle="", identifier=None, lost=f"no message for {mobile}")
        sys.exit(3)


def born(kind: str, where: str, folder: Path, block: int, journeys: int, *, begin: bool) -> tuple[int, int]:
    """A process that walks; its number, and the end of a pipe that says when it begins."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    status = 4
    try:
        walker = Walker(kind, where, folder, block)
        os.write(writing, b"!")
        walker.walk(journeys, begin=begin)
        status = 0
    finally:
        os._exit(status)


def main(kind: str, where: str, folder: Path, kills: int, seed: int) -> dict[str, Any]:
    chance = random.Random(seed)  # noqa: S311 - when to kill
    opened(kind, where).close()
    killed = 0
    while killed < kills:
        pids = []
        for block in (1, 2):
            pid, reading = born(kind, where, folder, block, 1_000_000, begin=True)
            assert os.read(reading, 1) == b"!"
            os.close(reading)
            pids.append(pid)
        for pid in pids:
            time.sleep(chance.uniform(0, 0.08))
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            status = os.waitpid(pid, 0)[1]
            assert os.WIFSIGNALED(status), "a process ended by itself"
            killed += 1
    for block in (1, 2):  # what the last ones left is finished in peace
        pid, reading = born(kind, where, folder, block, 1_000_000, begin=False)
        os.close(reading)
        assert os.waitpid(pid, 0)[1] == 0
    return {"kills": killed, **count(kind, where, folder)}


def count(kind: str, where: str, folder: Path) -> dict[str, Any]:
    """What came of it."""
    store = opened(kind, where)
    lines = [(block, line) for block in (1, 2) for line in Log(folder / f"acks-{block}").read()]
    ended = {(block, line["journey"]): line["identifier"] for block, line in lines if line["identifier"]}
    begun = {(block, line["journey"]) for block, line in lines}
    codes: defaultdict[str, set[str]] = defaultdict(set)
    texts: defaultdict[str, set[str]] = defaultdict(set)
    taken = Log(folder / "taken").read()
    for line in taken:
        codes[line["to"]].add(line["id"])
        texts[line["id"]].add(line["text"])
    wrong = 0
    for (block, journey), identifier in ended.items():
        account = account_of(store, identifier)
        wrong += account is None or account.guardians != (f"+336{block}{journey:07}",)
    found = {
        "journeys": len(begun),
        "answers": len(lines),
        "lost": [line["lost"] for _, line in lines if "lost" in line],
        "unfinished": len(begun) - len(ended),
        "accounts": issued(store, "e.durand"),
        "identifiers": len(set(ended.values())),
        "accounts_wrong": wrong,
        "messages": len(texts),
        "handed_over_again": len(taken) - len(texts),
        "messages_with_two_texts": sum(len(some) > 1 for some in texts.values()),
        "parents_with_two_codes": sum(len(some) > 1 for some in codes.values()),
    }
    store.close()
    return found


if __name__ == "__main__":
    kind, where, folder, kills, seed = sys.argv[1:]
    print(json.dumps(main(kind, where, Path(folder), int(kills), int(seed))))
