"""``python -m tests.benchmarks``: each figure beside its control in one run, as a ratio.

A and B take turns; a ratio is the median of the pairs'.  Absolute times say something of the machine, ratios of the
library.
"""

from __future__ import annotations

import gc
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from educonnect_flow import (
    ActivationFlow,
    ChoosePassword,
    ChooseProfile,
    ClaimIdentity,
    ConfirmPupils,
    Guardian,
    Profile,
    Pupil,
    PupilAnswer,
    Relation,
    Settings,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.ports import Store
from educonnect_flow.sms import RecordingSms
from educonnect_flow.stores import MemoryStore, SqliteStore
from educonnect_flow.testing import CheapHasher
from tests.benchmarks import control

ROUNDS, BATCH = 15, 60
PARENTS = (ROUNDS + 2) * BATCH
BORN = date(2007, 9, 21)


def family_name(n: int) -> str:
    """``Durandabc``: so that no two parents of a run draw from the same identifiers."""
    return "Durand" + "".join("abcdefghij"[int(digit)] for digit in str(n))


def guardian(n: int) -> Guardian:
    """One of many parents, each with a mobile of her own; every one has another name, so that identifiers are free."""
    pupil = Pupil(
        id=f"p{n}",
        family_name="Durand",
        given_name="Léo",
        birth_date=BORN,
        school="Lycée Jean Moulin",
        uai="0750001A",
        relation=Relation.LEGAL_REPRESENTATIVE,
    )
    return Guardian(
        id=f"g{n}", family_name=family_name(n), given_name="Émilie", mobile=f"+336{12_000_000 + n}", pupils=[pupil]
    )


class Walker:
    """A flow and its next parent."""

    def __init__(self, store: Store) -> None:
        self.sms = RecordingSms()
        self.flow = ActivationFlow(
            directory=StaticDirectory([guardian(n) for n in range(PARENTS)]),
            store=store,
            sms=self.sms,
            secret_key=b"k" * 32,
            password_hasher=CheapHasher(),
            settings=Settings(sms_budget=10**6),
        )
        self.next = 0

    def walk(self) -> None:
        """A whole activation."""
        n, flow = self.next, self.flow
        self.next += 1
        out = flow.start()
        out = flow.submit(out.handle, ChooseProfile(Profile.GUARDIAN))
        out = flow.submit(out.handle, StartActivation())
        out = flow.submit(
            out.handle,
            ClaimIdentity(family_name=family_name(n).upper(), given_name="Emilie", mobile=f"06{12_000_000 + n}"),
        )
        flow.deliver()
        out = flow.submit(out.handle, SubmitCode(self.sms.sent[-1].text[-6:]))
        answer = PupilAnswer(pupil_id=f"p{n}", confirmed=True, birth_date="21/09/2007")
        out = flow.submit(out.handle, ConfirmPupils([answer]))
        out = flow.submit(out.handle, ChoosePassword(password="Vélo-Bleu-31", confirmation="Vélo-Bleu-31"))
        assert out.state is State.ACTIVATED, out


def seconds(step: Callable[[], object], times: int) -> float:
    """How long *times* of *step* take, each on average."""
    gc.collect()
    start = time.perf_counter()
    for _ in range(times):
        step()
    return (time.perf_counter() - start) / times


def pair(name: str, bound: str, ours: Callable[[], object], bare: Callable[[], object], times: int = BATCH) -> None:
    """Take turns, and print the median ratio."""
    seconds(ours, times)
    seconds(bare, times)
    pairs = [(seconds(ours, times), seconds(bare, times)) for _ in range(ROUNDS)]
    ratio = statistics.median(a / b for a, b in pairs)
    a, b = (statistics.median(column) * 1e6 for column in zip(*pairs, strict=True))
    print(f"{name:<46} {a:>9.0f} µs  / {b:>9.0f} µs  = {ratio:5.2f} ×   (to hold: {bound})")


def known() -> dict[str, tuple[str, str, date]]:
    """The control's directory."""
    return {f"+336{12_000_000 + n}": ("Durand", "Émilie", BORN) for n in range(PARENTS)}


def memory() -> None:
    """Row 1."""
    people = known()
    numbers = iter(f"06{12_000_000 + n}" for n in range(PARENTS))
    pair("whole activation, memory", "≤ 3 ×", Walker(MemoryStore()).walk, lambda: control.walk(next(numbers), people))


def sqlite(folder: Path) -> None:
    """Row 2."""
    store, bare, people = SqliteStore(folder / "ours.db"), control.Bare(folder / "bare.db"), known()
    numbers = iter(f"06{12_000_000 + n}" for n in range(PARENTS))
    pair("whole activation, SQLite file", "≤ 1.5 ×", Walker(store).walk, lambda: bare.walk(next(numbers), people))
    store.close()
    bare.db.close()


def imports() -> None:
    """Row 6: a fresh process each, less what an empty one takes; compiled before, as an installed package is."""
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def process(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True, env=compiled)

    empty = process("")
    process("import educonnect_flow")()
    pairs = []
    for _ in range(ROUNDS):
        nothing = seconds(empty, 2)
        ours = seconds(process("import educonnect_flow"), 2) - nothing
        bare = seconds(process("import transitions, attrs, phonenumbers"), 2) - nothing
        pairs.append((ours, bare))
    ratio = statistics.median(a / b for a, b in pairs)
    a, b = (statistics.median(column) * 1e3 for column in zip(*pairs, strict=True))
    print(f"{'import':<46} {a:>9.1f} ms  / {b:>9.1f} ms  = {ratio:5.2f} ×   (to hold: ≤ 1.3 ×)")


CRAFTED = [
    "4@8({[<3690!1|705$+7%2zx" * 20,
    "@4@4@4@4@4@4@4@4@4@4@4@4" * 20,
    "1l!|1l!|1l!|1l!|1l!|1l!|" * 20,
    "p@$$w0rdp@$$w0rdp@$$w0rd" * 20,
    "[6zx4!|(<78e2t+1@|x2$05c" * 20,
    "|@[6$+03514co48z(9al|o7$" * 20,
    "e" + "\u0301\u0323" * 500,
    "A" * 10_000_000,
    "İ" * 256,
]


def password() -> None:
    """Row 7: the slowest of crafted passwords, on the password page: the meter, then the submit."""
    walker = Walker(MemoryStore())
    flow = walker.flow
    out = flow.start()
    out = flow.submit(out.handle, ChooseProfile(Profile.GUARDIAN))
    out = flow.submit(out.handle, StartActivation())
    out = flow.submit(out.handle, ClaimIdentity(family_name=family_name(0), given_name="Emilie", mobile="0612000000"))
    flow.deliver()
    out = flow.submit(out.handle, SubmitCode(walker.sms.sent[-1].text[-6:]))
    answer = PupilAnswer(pupil_id="p0", confirmed=True, birth_date=BORN)
    out = flow.submit(out.handle, ConfirmPupils([answer]))
    flow.assess_password(out.handle, "warm up")
    worst = 0.0
    for crafted in CRAFTED:
        event = ChoosePassword(password=crafted, confirmation="another")
        meter = seconds(partial(flow.assess_password, out.handle, crafted), 3)
        submit = seconds(partial(flow.submit, out.handle, event), 3)
        worst = max(worst, meter + submit)
    print(f"{'password page, worst of the crafted inputs':<46} {worst * 1e3:>9.1f} ms  (to hold: ≤ 100 ms)")


def main() -> None:
    """All figures, with the machine."""
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        memory()
        sqlite(Path(folder))
    imports()
    password()


if __name__ == "__main__":
    main()
