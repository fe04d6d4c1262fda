"""What the benchmarks share: a flow that walks parents, and how two things are timed against each other."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from datetime import date

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
from educonnect_flow._keys import digest
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.people import E164
from educonnect_flow.ports import Store
from educonnect_flow.sms import RecordingSms
from educonnect_flow.testing import CheapHasher
from tests.world import activation_of

MAX_CONFLICT_RETRIES, BATCH = 15, 60
PARENTS = (MAX_CONFLICT_RETRIES + 2) * BATCH
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

    def __init__(self, store: Store, first: int = 0, count: int = PARENTS) -> None:
        self.sms = RecordingSms()
        self.flow = ActivationFlow(
            directory=StaticDirectory([guardian(n) for n in range(first, first + count)]),
            store=store,
            sms=self.sms,
            secret_key=b"k" * 32,
            password_hasher=CheapHasher(),
            settings=Settings(sms_budget=10**6),
        )
        self.next = first

    def _code(self, handle: str, mobile: str) -> str:
        """Out of the message, or, when another process's relay had it, as that relay derived it."""
        if self.sms.sent and self.sms.sent[-1].to == mobile:
            return self.sms.sent[-1].text[-6:]
        ports = self.flow._engine.ports
        loaded = ports.store.load(digest(handle))
        assert loaded is not None
        run = activation_of(loaded)
        assert run.challenge is not None
        return ports.code_of(run.journey, run.id, run.challenge.nonce, E164(mobile))

    def walk(self) -> None:
        """A whole activation."""
        n, flow = self.next, self.flow
        self.next += 1
        out = flow.start(event=ChooseProfile(Profile.GUARDIAN))
        out = flow.submit(out.handle, StartActivation())
        out = flow.submit(
            out.handle,
            ClaimIdentity(family_name=family_name(n).upper(), given_name="Emilie", mobile=f"06{12_000_000 + n}"),
        )
        flow.deliver()
        out = flow.submit(out.handle, SubmitCode(self._code(out.handle, f"+336{12_000_000 + n}")))
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
    pairs = [(seconds(ours, times), seconds(bare, times)) for _ in range(MAX_CONFLICT_RETRIES)]
    ratio = statistics.median(a / b for a, b in pairs)
    a, b = (statistics.median(column) * 1e6 for column in zip(*pairs, strict=True))
    print(f"{name:<46} {a:>9.0f} µs  / {b:>9.0f} µs  = {ratio:5.2f} ×   (to hold: {bound})")


def known(first: int = 0, count: int = PARENTS) -> dict[str, tuple[str, str, date]]:
    """The control's directory."""
    return {f"+336{12_000_000 + n}": ("Durand", "Émilie", BORN) for n in range(first, first + count)}
