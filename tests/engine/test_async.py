"""The awaited flow: the same journey, ports of either kind, nothing blocking the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import educonnect_flow
from educonnect_flow import (
    AsyncActivationFlow,
    AsyncFlow,
    ChooseProfile,
    GoBack,
    Guardian,
    Outcome,
    Profile,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.errors import WrongUse
from educonnect_flow.journeys import FORGOTTEN_IDENTIFIER
from educonnect_flow.ports import Message, Store
from educonnect_flow.sms import RecordingSms
from educonnect_flow.stores import AsyncPostgresStore, MemoryStore, SqliteStore
from educonnect_flow.testing import CheapHasher, FakeClock
from tests.world import EMILIE, LEO, MOBILE, SECRET, ZOE, answers, claim, password


class Awaited:
    """Any port with each method as a coroutine."""

    def __init__(self, port: object) -> None:
        self.port = port

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any) -> Any:
            await asyncio.sleep(0)
            return getattr(self.port, name)(*args)

        # As a decorator may have it, no coroutine function any more; "find" stays one.
        return call if name == "find" else lambda *args: call(*args)


async def walk(flow: AsyncFlow, sms: RecordingSms) -> Outcome:
    """The whole journey."""
    out = await flow.start(source="203.0.113.7")
    for event in (ChooseProfile(Profile.GUARDIAN), StartActivation(), claim()):
        out = await flow.submit(out.handle, event)
    assert await flow.deliver() == 1
    out = await flow.submit(out.handle, SubmitCode(sms.sent[-1].text[-6:]), request_id="one")
    out = await flow.submit(out.handle, answers(LEO, ZOE))
    assert (await flow.resume(out.handle)).state is State.PASSWORD
    report = await flow.assess_password(out.handle, "Vélo-Bleu-31")
    assert all(criterion.met for criterion in report.criteria)
    out = await flow.submit(out.handle, password())
    assert await flow.purge() == 0
    return out


@pytest.mark.parametrize("kind", ["memory", "postgres"])
def test_several_journeys_in_one_flow(kind: str, request: pytest.FixtureRequest) -> None:
    async def both() -> tuple[Outcome, Outcome]:
        store: Any = MemoryStore()
        if kind == "postgres":
            server, schema = request.getfixturevalue("server"), request.getfixturevalue("schema")
            store = AsyncPostgresStore(server.dsn, schema=schema)
        sms, clock = RecordingSms(), FakeClock()
        flow = AsyncFlow(
            directory=StaticDirectory([EMILIE]), store=store, sms=sms, secret_key=SECRET, clock=clock,
            password_hasher=CheapHasher(),
        )  # fmt: skip
        made = await walk(flow, sms)
        clock.advance(hours=1)
        out = await flow.start(FORGOTTEN_IDENTIFIER, event=claim())
        assert await flow.deliver() == 1
        out = await flow.submit(out.handle, SubmitCode(sms.sent[-1].text[-6:]), request_id="one")
        with pytest.raises(WrongUse):
            await flow.start("203.0.113.7")  # type: ignore[arg-type]  # as it was once
        await flow.close()
        return made, out

    made, out = asyncio.run(both())
    assert (out.journey, out.state.name) == ("FORGOTTEN_IDENTIFIER", "SHOWN")
    assert out.view.identifiers == (made.view.identifier,)


@pytest.mark.parametrize("awaited", [True, False])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_the_whole_journey(awaited: bool, kind: str, tmp_path: Path) -> None:
    store: Store = MemoryStore() if kind == "memory" else SqliteStore(tmp_path / "a.db")
    sms = RecordingSms()
    ports: dict[str, Any] = {
        "directory": StaticDirectory([EMILIE]),
        "store": store,
        "sms": sms,
        "password_hasher": CheapHasher(),
    }
    if awaited:
        ports = {name: Awaited(port) for name, port in ports.items()}
    flow = AsyncActivationFlow(secret_key=SECRET, clock=FakeClock(), **ports)
    out = asyncio.run(walk(flow, sms))
    assert out.state is State.ACTIVATED
    assert MOBILE not in repr(flow)
    store.close()


def test_what_takes_time_runs_off_the_loop() -> None:
    threads: dict[str, set[int]] = {}

    class Watched:
        def hash(self, text: str) -> str:
            threads.setdefault("hash", set()).add(threading.get_ident())
            return text

        def verify(self, hash: str, text: str) -> bool:
            return hash == text

        def find(self, mobile: str) -> list[Guardian]:
            threads.setdefault("find", set()).add(threading.get_ident())
            return [EMILIE]

        def guardians(self, ids: Sequence[str]) -> list[Guardian]:
            raise NotImplementedError

        def send(self, message: Message) -> None:
            threads.setdefault("send", set()).add(threading.get_ident())
            sms.send(message)

    sms, watched = RecordingSms(), Watched()
    flow = AsyncActivationFlow(
        secret_key=SECRET, directory=watched, store=MemoryStore(), sms=watched, password_hasher=watched
    )
    assert asyncio.run(walk(flow, sms)).state is State.ACTIVATED
    assert set(threads) == {"hash", "find", "send"}
    assert all(threading.get_ident() not in idents for idents in threads.values())


def test_many_at_once_in_one_loop() -> None:
    async def race() -> list[Outcome]:
        out = await flow.start()
        return await asyncio.gather(*(flow.submit(out.handle, ChooseProfile(Profile.GUARDIAN)) for _ in range(20)))

    flow = AsyncActivationFlow(
        secret_key=SECRET, directory=StaticDirectory([]), store=MemoryStore(), sms=RecordingSms()
    )
    outcomes = asyncio.run(race())
    assert sum(outcome.accepted for outcome in outcomes) == 1
    assert GoBack in outcomes[0].permitted


def test_names_are_loaded_when_asked_for() -> None:
    assert educonnect_flow.AsyncActivationFlow is AsyncActivationFlow
    for module in (educonnect_flow, educonnect_flow.sms, educonnect_flow.stores):
        with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
            module.Nothing  # noqa: B018 - asked for
