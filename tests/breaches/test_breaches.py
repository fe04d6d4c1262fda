"""Published passwords: a port, and an adapter that reads a local file of hashes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from educonnect_flow import AsyncActivationFlow, Reason, State
from educonnect_flow.breaches import HashedFile
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.errors import PortUnavailable, WrongUse
from educonnect_flow.stores import MemoryStore
from tests.world import EMILIE, PASSWORD, SECRET, World, password, reasons

promise = pytest.mark.promise
WEAK = password("x")


def hashed(text: str) -> str:
    return sha1(text.encode(), usedforsecurity=False).hexdigest().upper()


def written(path: Path, passwords: set[str], width: int = 40, count: str = "", end: str = "\n") -> Path:
    """A file of the hashes of *passwords*."""
    lines = sorted(hashed(text)[:width] + (f":{n}" if count else "") for n, text in enumerate(passwords))
    path.write_bytes((end.join(lines) + (end if lines else "")).encode())
    return path


@promise("P4")
@given(
    st.sets(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=1, max_size=60),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from([10, 16, 40]),
    st.sampled_from(["", "yes"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_it_holds_what_is_in_the_file_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, known: set[str], other: str, width: int, count: str, end: str
) -> None:
    path = written(tmp_path_factory.mktemp("breaches") / "hashes.txt", known, width, count, end)
    breaches = HashedFile(path)
    assert all(breaches.holds(text) for text in known)
    assert breaches.holds(other) is (other in known)
    breaches.close()


def test_a_file_without_an_end_of_line_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "one").write_text(f"{hashed('secret')}:3")
    breaches = HashedFile(tmp_path / "one")
    assert breaches.holds("secret")
    assert not breaches.holds("other")
    assert repr(breaches) == "HashedFile('one')"
    breaches.close()


def test_it_serves_many_threads_and_reads_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    known = {f"password{n}" for n in range(20_000)}
    breaches = HashedFile(written(tmp_path / "many", known))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: breaches.holds(f"password{n}"), range(19_900, 20_100)))
    assert found == [True] * 100 + [False] * 100
    reads: list[int] = []
    pread = os.pread

    def counted(file: int, length: int, at: int) -> bytes:
        reads.append(length)
        return pread(file, length, at)

    monkeypatch.setattr(os, "pread", counted)
    assert breaches.holds("password7")
    assert sum(reads) < 5_000
    breaches.close()


@pytest.mark.parametrize("content", [b"no hash at all\n", b"abcdef0123456789\n", b"\n", b"ABCDEF\n", b"\x00" * 50, b""])
def test_what_is_no_such_file_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError, match="x: no hash at byte 0"):
        HashedFile(tmp_path / "x")
    with pytest.raises(OSError, match="missing"):
        HashedFile(tmp_path / "missing")


@pytest.mark.parametrize("broken", ["broken", "F" * 5_000])
def test_a_line_that_breaks_the_file_is_told(broken: str, tmp_path: Path) -> None:
    lines = sorted(hashed(str(n)) for n in range(50))
    lines[25] = broken
    (tmp_path / "x").write_text("\n".join(lines))
    breaches = HashedFile(tmp_path / "x")
    world = World(breaches=breaches)
    with pytest.raises(PortUnavailable, match=r"breaches\.holds"):
        for n in range(50):
            world.submit(world.at(State.PASSWORD), password(f"Velo-Rouge-{n}"))
            world.clock.advance(days=2)
    breaches.close()


# --- in the journey --------------------------------------------------------------------------------


class Known:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def holds(self, password: str) -> bool:
        self.asked.append(password)
        return password == PASSWORD


@promise("P4")
def test_a_published_password_is_refused_with_its_reason(worlds: Callable[..., World]) -> None:
    known = Known()
    world = worlds(breaches=known)
    out = world.submit(world.at(State.PASSWORD), password())
    assert (out.state, reasons(out)) == (State.PASSWORD, [Reason.PASSWORD_BREACHED])
    assert "divulgué" in out.refusals[0].message()
    assert world.submit(out, password("Autre-Velo-32")).state is State.ACTIVATED
    assert known.asked == [PASSWORD, "Autre-Velo-32"]


def test_the_list_is_asked_once_however_often_the_commit_is_tried() -> None:
    class Interfering(Known):
        def holds(self, password: str) -> bool:
            if not self.asked:
                self.asked.append("first")
                world.submit(out, WEAK)  # another tab: the commit will be stale
            self.asked.append(password)
            return False

    breaches = Interfering()
    world = World(breaches=breaches)
    out = world.at(State.PASSWORD)
    assert world.submit(out, password()).state is State.ACTIVATED
    assert breaches.asked == ["first", "x", PASSWORD]


@promise("P1", "P3")
def test_the_list_is_asked_for_what_is_bounded_and_in_nfc() -> None:
    known = Known()
    world = World(breaches=known)
    out = world.at(State.PASSWORD)
    for text in ("x" * 257, "", "\ud800"):
        assert world.submit(out, password(text)).state is State.PASSWORD
    assert known.asked == []
    decomposed = PASSWORD.replace("é", "e\u0301")
    assert reasons(world.submit(out, password(decomposed))) == [Reason.PASSWORD_BREACHED]


def test_the_awaited_flow_asks_it_too() -> None:
    class Awaited(Known):
        async def holds(self, password: str) -> bool:  # type: ignore[override]  # asynchronous on purpose
            return password == PASSWORD

    world = World()
    out = world.at(State.PASSWORD)
    flow = AsyncActivationFlow(
        directory=StaticDirectory([EMILIE]), store=world.store, sms=world.sms, secret_key=SECRET, clock=world.clock,
        breaches=Awaited(),
    )  # fmt: skip
    after = asyncio.run(flow.submit(out.handle, password()))
    assert reasons(after) == [Reason.PASSWORD_BREACHED]


def test_a_list_without_its_method_is_a_wrong_use() -> None:
    wrong: Any = object()
    with pytest.raises(WrongUse, match="breaches must have a method holds"):
        World(MemoryStore(), breaches=wrong)
