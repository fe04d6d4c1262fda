"""Random histories of calls to the store under test and to a ``MemoryStore``: both must answer the same.

Each rule of the contract tests one thing; a history mixes all of them in unexpected orders.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from educonnect_flow.ports import Store
from educonnect_flow.reasons import Reason, Refusal
from educonnect_flow.records import (
    Answered,
    AuditEntry,
    Body,
    Commit,
    CommitResult,
    Lease,
    Outgoing,
    Record,
    RecordChange,
    Ref,
    StoredRun,
)
from educonnect_flow.stores import MemoryStore
from educonnect_flow.tally import Limit
from educonnect_flow.testing._clock import START

TEXTS = ("", "é", "%s", "'", '"', "\\", "🚲", "a\nb", "{}", "null", "ß", "A", "a")
"""Texts that a store may mix up, beside plain ones."""


_CHANGES = frozenset({"commit", "purge", "settle", "lease"})


class Call(NamedTuple):
    """One call of a store."""

    name: str
    args: tuple[Any, ...]


class _World:
    """Draws calls that have much to do with each other: few runs, records, limits and messages, all named *tag*."""

    def __init__(self, seed: int, tag: str) -> None:
        self.random = Random(seed)  # noqa: S311 - to be drawn again
        self.tag = tag
        self.now = START
        self.versions: dict[str, int] = {}
        self.records: dict[str, int] = {}
        self.handles: list[str] = []
        self.requests: list[str] = []
        self.messages: list[str] = []
        self.count = 0

    def calls(self, length: int) -> Iterator[Call]:
        makers = (
            [self._commit] * 8 + [self._load] * 4 + [self._lease] * 2 + [self._settle] * 2
            + [self._release, self._find, self._spend, self._spent, self._tally, self._purge, self._trail]
        )  # fmt: skip
        for _ in range(length):
            # The clock mostly goes on, and sometimes steps back.
            self.now += timedelta(seconds=self.random.choice((0, 1, 30, 600, 4_000, -20)))
            call = self.random.choice(makers)()
            yield call
            if call.name in _CHANGES:
                yield from self._looks()
        yield Call("entries", (0, 10_000))

    def _looks(self) -> Iterator[Call]:
        """Calls that see what a change has changed."""
        refs = [Ref("kind", key=f"{self.tag}k{n}") for n in range(3)]
        refs += [Ref("kind", name=f"{self.tag}n{n}") for n in range(4)]
        yield Call("find", ((*refs, Ref("kind", name=f"{self.tag}u")),))
        for handle in self.handles[-2:]:
            yield Call("load", (handle, (f"{self.tag}none", *self.requests[-1:]), ()))
        yield Call("tally", ("limit", self.name("l", 2)))

    def name(self, kind: str, of: int) -> str:
        return f"{self.tag}{kind}{self.random.randrange(of)}"

    def text(self) -> str:
        return self.random.choice(TEXTS)

    def fresh(self, kind: str) -> str:
        self.count += 1
        return f"{self.tag}{kind}{self.count}"

    def later(self) -> datetime:
        return self.now + timedelta(seconds=self.random.choice((0, 60, 1_800, 90_000)))

    def ref(self) -> Ref:
        if self.random.random() < 0.5:
            return Ref("kind", key=self.name("k", 3))
        return Ref("kind", name=self.name("n", 4))

    def _commit(self) -> Call:
        run = self.name("r", 3)
        known = self.versions.get(run, 0)
        # Mostly the next version; sometimes one that is stale or too far on.
        version = known + 1 if self.random.random() < 0.85 else max(1, known + self.random.choice((0, 2)))
        self.versions[run] = max(known, version)
        stored = StoredRun(
            id=run,
            journey="ACTIVATION" if run.endswith("0") else "SOME_OTHER",
            owner=self.random.choice(("", f"{self.tag}o1", f"{self.tag}o2")),
            version=version,
            wanted=tuple(self.ref() for _ in range(self.random.randrange(3))),
            body=Body(f'{{"v":{version},"t":"{len(self.text())}"}}'),
        )
        begins = version == 1
        handle = self.fresh("h") if begins or self.random.random() < 0.2 else None
        if handle is not None:
            self.handles.append(handle)
        commit = Commit(
            run=stored,
            at=self.now,
            purge_at=self.later(),
            handle=handle,
            forget=self.random.random() < 0.1,
            answered=self._answered(stored) if self.random.random() < 0.5 else None,
            limits=tuple(self._limit() for _ in range(self.random.choice((0, 0, 1, 2)))),
            records=self._records() if self.random.random() < 0.4 else (),
            messages=tuple(self._message(stored) for _ in range(self.random.choice((0, 0, 1, 2)))),
            cancel_messages=self.random.random() < 0.2,
            cancel_owner_messages=f"{self.tag}o1" if self.random.random() < 0.1 else None,
            audit=tuple(self._entry(stored) for _ in range(self.random.choice((0, 1, 2)))),
        )
        return Call("commit", (commit,))

    def _answered(self, stored: StoredRun) -> Answered:
        self.requests.append(self.fresh("q"))
        refusals = (Refusal(Reason.CODE_WRONG, "code", {"at": self.now, "seconds": 3}),)
        return Answered(
            key=self.requests[-1],
            fingerprint=self.text(),
            version=stored.version,
            accepted=self.random.random() < 0.5,
            refusals=refusals if self.random.random() < 0.5 else (),
            body=stored.body,
        )

    def _limit(self) -> Limit:
        lock = self.random.choice((None, timedelta(hours=1)))
        return Limit("limit", self.name("l", 2), 3, timedelta(hours=1), lock, self.random.choice((0, 1)))

    def _records(self) -> tuple[RecordChange, ...]:
        changes = {}
        for _ in range(self.random.choice((1, 1, 2))):
            key = self.name("k", 3)
            known = self.records.get(key, 0)
            version = known + 1 if self.random.random() < 0.8 else max(1, known)
            self.records[key] = version
            record = Record(
                kind="kind", key=key, owner=f"{self.tag}o1", version=version, body=f'{{"v":{version}}}',
                expires_at=self.random.choice((None, None, self.later())),
            )  # fmt: skip
            changes[key] = RecordChange(
                record=record,
                unique=(f"{self.tag}u{key}",) if self.random.random() < 0.7 else (f"{self.tag}u",),
                names=tuple(sorted({self.name("n", 4) for _ in range(2)})),
                delete=version > 1 and self.random.random() < 0.2,
            )
        named: set[str] = set()
        kept = []
        for change in changes.values():  # a commit gives a unique name to one record
            if change.delete or not named.intersection(change.unique):
                named.update(() if change.delete else change.unique)
                kept.append(change)
        return tuple(kept)

    def _message(self, stored: StoredRun) -> Outgoing:
        self.messages.append(self.fresh("m"))
        return Outgoing(
            id=self.messages[-1], run=stored.id, journey=stored.journey, owner=stored.owner, created_at=self.now,
            due_at=self.now + timedelta(microseconds=self.count), expires_at=self.later(),
            decoy=self.random.random() < 0.3, body='{"to":"é"}',
        )  # fmt: skip

    def _entry(self, stored: StoredRun) -> AuditEntry:
        return AuditEntry(
            at=self.now, run=stored.id, journey=stored.journey, event="Event", row=self.random.choice((None, "a.row")),
            source="a", dest="b", reasons=self.random.choice(((), ("code_wrong", "idle"))),
            denied=self.random.choice(((), (self.text(),))), mobile=self.random.choice((None, "key")),
            origin=self.random.choice((None, "s t")),
        )  # fmt: skip

    def _load(self) -> Call:
        handle = self.random.choice(self.handles or ["none"])
        requests = (f"{self.tag}none", self.random.choice(self.requests or ["none"]))
        return Call("load", (handle, requests, (self.ref(),)))

    def _lease(self) -> Call:
        return Call("lease", (Lease(self.now, self.now + timedelta(minutes=2)),))

    def _settle(self) -> Call:
        lease = Lease(self.now, self.now + timedelta(minutes=2)) if self.random.random() < 0.5 else None
        return Call("settle", (self._some_message(), None, lease))

    def _release(self) -> Call:
        return Call("release", (self._some_message(), self.random.choice((1, 1, 2)), self.later()))

    def _some_message(self) -> str:
        return self.random.choice(self.messages or ["none"])

    def _find(self) -> Call:
        return Call("find", (tuple(self.ref() for _ in range(3)),))

    def _spend(self) -> Call:
        return Call("spend", (self.name("s", 3), self.now, self.later()))

    def _spent(self) -> Call:
        return Call("spent", (self.name("s", 3), self.now))

    def _tally(self) -> Call:
        return Call("tally", ("limit", self.name("l", 2)))

    def _purge(self) -> Call:
        return Call("purge", (self.now, 1_000))

    def _trail(self) -> Call:
        return Call("trail", (self.name("r", 3),))


def seen(answer: Any) -> Any:
    """What of an answer must be the same."""
    if hasattr(answer, "__attrs_attrs__"):
        return {one.name: seen(getattr(answer, one.name)) for one in answer.__attrs_attrs__}
    if isinstance(answer, Body):
        return answer.text
    if isinstance(answer, CommitResult) and answer.conflict is not None:
        return answer.status  # of several conflicts any may be named
    return answer


def check_history(store: Store, seed: int, length: int = 300) -> None:
    """Tell *store* and a ``MemoryStore`` one history.

    :param store: it must have kept nothing yet.
    :param seed: the same seed draws the same history.
    :param length: in calls.
    :raises AssertionError: with the seed and the last calls, at the first answer that differs.
    """
    model, before = MemoryStore(), list[str]()
    for call in _World(seed, f"{seed}-").calls(length):
        before.append(call.name)
        expected = seen(getattr(model, call.name)(*call.args))
        got = seen(getattr(store, call.name)(*call.args))
        said = f"history {seed}, call {len(before)} ({' '.join(before[-8:])}): {got} and not {expected}"
        assert got == expected, said
