"""Parents under load: each walks the whole journey, sends again what got no answer, and remembers what was answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from educonnect_flow import ChooseProfile, Guardian, Outcome, Profile, StartActivation, State, SubmitCode
from educonnect_flow.errors import StoreUnavailable, UnknownHandle
from educonnect_flow.ports import Store
from tests.engine.test_reliability import _derive
from tests.world import LEO, World, account_of, answers, claim, issued, password

LONGEST = 120.0
"""Seconds that a parent tries before giving up."""


def family(count: int, prefix: str = "f", first: int = 30_000_000) -> list[Guardian]:
    """*count* homonyms with a number each."""
    return [
        Guardian(id=f"{prefix}{n}", family_name="Durand", given_name="Émilie", mobile=f"+336{first + n}", pupils=[LEO])
        for n in range(count)
    ]


class Parent:
    """One of them."""

    def __init__(self, world: World, guardian: Guardian) -> None:
        self.world = world
        self.guardian = guardian
        self.out: Outcome | None = None
        """The last that was answered."""
        self.failures = 0
        """Calls that ended in ``StoreUnavailable``."""
        self.slowest = 0.0
        """Seconds of the slowest of them."""

    def _insist(self, call: Callable[[], Any]) -> Any:
        end = time.monotonic() + LONGEST
        while True:
            begun = time.monotonic()
            try:
                return call()
            except StoreUnavailable:
                now = time.monotonic()
                self.slowest = max(self.slowest, now - begun)
                self.failures += 1
                assert now < end, "the store never came back"
                time.sleep(0.01)

    def walk(self) -> str:
        """To the end; the identifier."""
        out: Outcome = self._insist(self.world.flow.start)
        steps: list[tuple[State, Callable[[], Any]]] = [
            (State.SIGN_IN, lambda: ChooseProfile(Profile.GUARDIAN)),
            (State.IDENTITY, StartActivation),
            (State.CODE, lambda: claim(mobile=self.guardian.mobile)),
            (State.PUPILS, lambda: SubmitCode(_derive(self.world, out))),
            (State.PASSWORD, lambda: answers(LEO)),
            (State.ACTIVATED, password),
        ]
        for n, (expected, make) in enumerate(steps):
            self.out = out
            event = self._insist(make)
            request = f"{self.guardian.id}-{n}"
            handle = out.handle
            out = self._insist(lambda h=handle, e=event, r=request: self.world.flow.submit(h, e, request_id=r))  # type: ignore[misc]  # mypy infers no lambda with defaults
            assert out.state is expected, (out.state, out.refusals)
        self.out = out
        return str(out.view.identifier)


def crowd(store: Store, guardians: Sequence[Guardian]) -> list[Parent]:
    """A parent for each of *guardians*, over one flow."""
    world = World(store, guardians=guardians)
    return [Parent(world, guardian) for guardian in guardians]


def walk_all(parents: Sequence[Parent], threads: int, meanwhile: Callable[[], None]) -> list[str]:
    """All of them at once, and *meanwhile* whatever happens to the store; the identifiers."""
    with ThreadPoolExecutor(threads) as pool:
        walking = [pool.submit(parent.walk) for parent in parents]
        meanwhile()
        return [one.result(LONGEST * 2) for one in walking]


def check(store: Store, parents: Sequence[Parent], identifiers: Sequence[str]) -> None:
    """Nothing that was answered is lost, and nothing is there twice."""
    assert len(set(identifiers)) == len(parents)
    assert issued(store, "e.durand") == len(parents)
    for parent, identifier in zip(parents, identifiers, strict=True):
        account = account_of(store, identifier)
        assert account is not None
        assert account.guardians == (parent.guardian.id,)
        assert parent.out is not None
        try:
            assert parent.world.flow.resume(parent.out.handle).view.identifier == identifier
        except UnknownHandle as error:
            raise AssertionError("an answered activation is gone") from error
