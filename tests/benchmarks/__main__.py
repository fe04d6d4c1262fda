"""``python -m tests.benchmarks``: each figure beside its control in one run, as a ratio.

A and B take turns; a ratio is the median of the pairs'.  Absolute times say something of the machine, ratios of the
library.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from educonnect_flow import (
    ChoosePassword,
    ChooseProfile,
    ClaimIdentity,
    ConfirmPupils,
    Profile,
    PupilAnswer,
    StartActivation,
    SubmitCode,
)
from educonnect_flow.stores import MemoryStore, PostgresStore, SqliteStore
from tests.benchmarks import control, records, scale, simulated, strangers, throughput
from tests.benchmarks.walker import BORN, MAX_CONFLICT_RETRIES, PARENTS, Walker, family_name, known, pair, seconds
from tests.postgres import Server


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
    for _ in range(MAX_CONFLICT_RETRIES):
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


def postgres(server: Server) -> None:
    """Row 3."""
    store, bare, people = PostgresStore(server.dsn, schema="ours"), control.BarePostgres(server.dsn, "bare"), known()
    bare.create()
    numbers = iter(f"06{12_000_000 + n}" for n in range(PARENTS))
    pair("whole activation, PostgreSQL", "≤ 1.3 ×", Walker(store).walk, lambda: bare.walk(next(numbers), people))
    store.close()
    bare.db.close()


def main() -> None:
    """All figures, with the machine."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="accounts and activations beside the step (20,000)")
    parser.add_argument("--homonyms", type=int, default=5_000, help="of whom the next one is (5,000)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of load for each number of processes (0.5)")
    parser.add_argument("--samples", type=int, default=200, help="parents known and unknown, each (200)")
    parser.add_argument("--families", type=int, default=6_000, help="of the school whose records are imported (6,000)")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder, closing(Server()) as server:
        memory()
        sqlite(Path(folder))
        postgres(server)
        scale.steps(Path(folder), server, options.rows)
        scale.identifiers(Path(folder), server, options.homonyms)
        throughput.measure(server, options.seconds)
        strangers.measure(Path(folder), server, options.samples)
        records.measure(600, server.dsn)
        records.measure(options.families, server.dsn)
    simulated.measure()
    imports()
    password()


if __name__ == "__main__":
    main()
