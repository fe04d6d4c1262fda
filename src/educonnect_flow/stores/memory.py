"""A store in memory: for tests, demonstrations and one process."""

from __future__ import annotations

from datetime import datetime
from heapq import heappop, heappush
from threading import Lock

from attrs import define

from educonnect_flow.activation.products import Account, Outgoing
from educonnect_flow.activation.snapshot import Activation
from educonnect_flow.machinery import tally
from educonnect_flow.machinery.tally import EMPTY, Limit, Tally, micros, moment
from educonnect_flow.records import DONE, STALE, Answered, AuditEntry, Claimed, Commit, Loaded, Receipt, Standing


@define(eq=False, repr=False)
class _Kept:
    activation: Activation
    purge_at: datetime
    handle: str
    previous: str | None
    rotated_by: str | None
    answered: dict[str, Answered]
    messages: list[str]


@define(eq=False, repr=False)
class _Waiting:
    outgoing: Outgoing
    due_at: datetime
    attempts: int


class MemoryStore:
    """Everything in this process's memory, under one lock.

    Keeps every promise as long as the process lives, and **nothing after it exits**; other processes see
    nothing of it.  Purged data may linger in freed memory.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, _Kept] = {}
        self._handles: dict[str, str] = {}
        self._outbox: dict[str, _Waiting] = {}
        self._due: list[tuple[datetime, str]] = []  # a heap; what is no longer so is passed over
        self._tallies: dict[str, tuple[Tally, int]] = {}
        self._accounts: dict[str, Account] = {}
        self._holders: dict[str, str] = {}
        self._issued: dict[str, int] = {}
        self._entries: list[AuditEntry] = []
        self._trail: dict[str, list[AuditEntry]] = {}
        self._spent: dict[str, datetime] = {}

    def __repr__(self) -> str:
        return f"MemoryStore({len(self._kept)} activations, {len(self._accounts)} accounts)"

    def load(self, handle: str, request: str | None = None) -> Loaded | None:
        """See ``Store``."""
        with self._lock:
            identity = self._handles.get(handle)
            if identity is None:
                return None
            kept = self._kept[identity]
            return Loaded(
                activation=kept.activation,
                current=kept.handle == handle,
                rotated_by=kept.rotated_by,
                answered=kept.answered.get(request) if request is not None else None,
            )

    def commit(self, commit: Commit) -> Receipt:
        """See ``Store``."""
        with self._lock:
            refused = self._refuse(commit)
            if refused is not None:
                return refused
            self._write(commit)
            return DONE

    def _refuse(self, commit: Commit) -> Receipt | None:
        kept = self._kept.get(commit.activation.id)
        if (kept.activation.version if kept is not None else 0) + 1 != commit.activation.version:
            return STALE
        now = micros(commit.activation.seen_at)
        for limit in commit.limits:
            until = tally.barred(self._tally(limit), limit, now)
            if until is not None:
                return Receipt(Standing.BARRED, limit, moment(until))
        account = commit.account
        if account is not None:
            if any(guardian in self._holders for guardian in account.guardians):
                return Receipt(Standing.ACTIVE)
            if account.identifier in self._accounts:
                return Receipt(Standing.IDENTIFIER_TAKEN)
        return None

    def _tally(self, limit: Limit) -> Tally:
        return self._tallies.get(f"{limit.kind}:{limit.key}", (EMPTY, 0))[0]

    def _write(self, commit: Commit) -> None:
        activation, account, audit = commit.activation, commit.account, commit.audit
        for limit in commit.limits:
            if limit.adds:
                counted = tally.hit(self._tally(limit), limit, micros(activation.seen_at))
                self._tallies[f"{limit.kind}:{limit.key}"] = (counted, tally.forgotten_at(counted, limit))
        self._write_snapshot(commit)
        kept = self._kept[activation.id]
        if commit.void:
            self._void(kept)
        if commit.outgoing is not None:
            kept.messages.append(commit.outgoing.id)
            self._outbox[commit.outgoing.id] = _Waiting(commit.outgoing, commit.outgoing.created_at, 0)
            heappush(self._due, (commit.outgoing.created_at, commit.outgoing.id))
        if account is not None:
            self._accounts[account.identifier] = account
            self._issued[account.base] = self._issued.get(account.base, 0) + 1
            self._holders.update(dict.fromkeys(account.guardians, account.identifier))
        if audit is not None:
            self._note(audit)

    def _note(self, audit: AuditEntry) -> None:
        self._entries.append(audit)
        self._trail.setdefault(audit.activation, []).append(audit)

    def _void(self, kept: _Kept) -> None:
        for message in kept.messages:
            self._outbox.pop(message, None)
        kept.messages.clear()

    def _write_snapshot(self, commit: Commit) -> None:
        activation, handle = commit.activation, commit.handle
        kept = self._kept.get(activation.id)
        if kept is None:
            assert handle is not None  # a new activation comes with its handle
            kept = self._kept[activation.id] = _Kept(activation, commit.purge_at, handle, None, None, {}, [])
            self._handles[handle] = activation.id
        elif handle is not None:
            if kept.previous is not None:
                del self._handles[kept.previous]
            kept.previous, kept.handle = kept.handle, handle
            kept.rotated_by = commit.answered.key if commit.answered is not None else None
            self._handles[handle] = activation.id
        elif commit.forget and kept.previous is not None:
            del self._handles[kept.previous]
            kept.previous = kept.rotated_by = None
        kept.activation, kept.purge_at = activation, commit.purge_at
        if commit.answered is not None:
            kept.answered[commit.answered.key] = commit.answered

    def active(self, guardians: tuple[str, ...]) -> bool:
        """See ``Store``."""
        with self._lock:
            return any(guardian in self._holders for guardian in guardians)

    def issued(self, base: str) -> int:
        """See ``Store``."""
        with self._lock:
            return self._issued.get(base, 0)

    def account(self, identifier: str) -> Account | None:
        """See ``Store``."""
        with self._lock:
            return self._accounts.get(identifier)

    def claim(self, now: datetime, lease_until: datetime) -> Claimed | None:
        """See ``Store``."""
        with self._lock:
            while self._due and self._due[0][0] <= now:
                due_at, message = heappop(self._due)
                waiting = self._outbox.get(message)
                if waiting is not None and waiting.due_at == due_at:
                    waiting.attempts += 1
                    self._put_off(waiting, lease_until)
                    return Claimed(outgoing=waiting.outgoing, attempts=waiting.attempts)
            return None

    def _put_off(self, waiting: _Waiting, due_at: datetime) -> None:
        waiting.due_at = due_at
        heappush(self._due, (due_at, waiting.outgoing.id))

    def settle(self, message: str, audit: AuditEntry | None = None) -> bool:
        """See ``Store``."""
        with self._lock:
            gone = self._outbox.pop(message, None) is not None
            if gone and audit is not None:
                self._note(audit)
            return gone

    def release(self, message: str, attempts: int, due_at: datetime) -> None:
        """See ``Store``."""
        with self._lock:
            waiting = self._outbox.get(message)
            if waiting is not None and waiting.attempts == attempts:
                self._put_off(waiting, due_at)

    def spend(self, key: str, now: datetime, until: datetime) -> bool:
        """See ``Store``."""
        with self._lock:
            if self._spent.get(key, now) > now:
                return False
            self._spent[key] = until
            return True

    def spent(self, key: str, now: datetime) -> bool:
        """See ``Store``."""
        with self._lock:
            return self._spent.get(key, now) > now

    def tally(self, kind: str, key: str) -> Tally:
        """See ``Store``."""
        with self._lock:
            return self._tallies.get(f"{kind}:{key}", (EMPTY, 0))[0]

    def purge(self, now: datetime, limit: int) -> int:
        """See ``Store``."""
        with self._lock:
            over = [kept for kept in self._kept.values() if kept.purge_at <= now][:limit]
            for kept in over:
                del self._kept[kept.activation.id]
                for handle in (kept.handle, kept.previous):
                    if handle is not None:
                        del self._handles[handle]
                self._void(kept)
            for key in [key for key, (_, forget) in self._tallies.items() if forget <= micros(now)]:
                del self._tallies[key]
            for key in [key for key, until in self._spent.items() if until <= now]:
                del self._spent[key]
            return len(over)

    def trail(self, activation: str) -> tuple[AuditEntry, ...]:
        """See ``Store``."""
        with self._lock:
            return tuple(self._trail.get(activation, ()))

    def entries(self, after: int, limit: int) -> tuple[tuple[int, AuditEntry], ...]:
        """See ``Store``."""
        with self._lock:
            return tuple(enumerate(self._entries[after : after + limit], after + 1))

    def close(self) -> None:
        """See ``Store``."""
