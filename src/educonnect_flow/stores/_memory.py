"""A store in memory, for tests, demonstrations and one process.

Long because all of the port is one class.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import heappop, heappush
from threading import Lock

from attrs import define

from educonnect_flow import tally
from educonnect_flow.records import (
    DONE,
    STALE,
    Answered,
    AuditEntry,
    Commit,
    CommitResult,
    CommitStatus,
    Conflict,
    Lease,
    Leased,
    Loaded,
    Outgoing,
    Record,
    RecordChange,
    Ref,
    Settled,
    StoredRun,
)
from educonnect_flow.tally import EMPTY, Limit, Tally, micros, moment


@define(eq=False, repr=False)
class _Kept:
    run: StoredRun
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


_NONE = (EMPTY, 0)


class MemoryStore:
    """Everything in this process's memory, under one lock.

    Keeps every promise as long as the process lives, and **nothing after it exits**; other processes see
    nothing of it.  Purged data may linger in freed memory.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, _Kept] = {}
        self._handles: dict[str, str] = {}
        self._records: dict[tuple[str, str], RecordChange] = {}
        self._unique: dict[tuple[str, str], str] = {}
        self._named: dict[tuple[str, str], set[str]] = {}
        self._outbox: dict[str, _Waiting] = {}
        self._due: list[tuple[datetime, str]] = []  # a heap; an entry that is no longer true is skipped
        self._tallies: dict[tuple[str, str], tuple[Tally, int]] = {}
        self._entries: list[AuditEntry] = []
        self._trail: dict[str, list[AuditEntry]] = {}
        self._spent: dict[str, datetime] = {}

    def __repr__(self) -> str:
        return f"MemoryStore({len(self._kept)} runs, {len(self._records)} records)"

    # --- runs --------------------------------------------------------------------------------------

    def load(self, handle: str, requests: Sequence[str] = (), refs: Sequence[Ref] = ()) -> Loaded | None:
        """See ``Store``."""
        with self._lock:
            identity = self._handles.get(handle)
            if identity is None:
                return None
            kept = self._kept[identity]
            answered = None
            for request in requests:
                answered = answered or kept.answered.get(request)
            wanted = kept.run.wanted
            return Loaded(
                run=kept.run,
                current=kept.handle == handle,
                rotated_by=kept.rotated_by,
                answered=answered,
                records=self._found((*wanted, *refs)) if wanted or refs else (),
            )

    def find(self, refs: Sequence[Ref]) -> tuple[Record, ...]:
        """See ``Store``."""
        with self._lock:
            return self._found(refs)

    def _found(self, refs: Iterable[Ref]) -> tuple[Record, ...]:
        found = set()
        for kind, key, name in refs:
            if key is not None and (kind, key) in self._records:
                found.add((kind, key))
            if name is not None:
                found.update((kind, of) for of in self._named.get((kind, name), ()))
        return tuple(self._records[one].record for one in sorted(found))

    def commit(self, commit: Commit) -> CommitResult:
        """See ``Store``."""
        with self._lock:
            refused = self._refuse(commit)
            if refused is not None:
                return refused
            self._write(commit)
            return DONE

    def _refuse(self, commit: Commit) -> CommitResult | None:
        kept = self._kept.get(commit.run.id)
        if (kept.run.version if kept is not None else 0) + 1 != commit.run.version:
            return STALE
        if commit.limits:
            now = micros(commit.at)
            for limit in commit.limits:
                until = tally.barred(self._tally(limit), limit, now)
                if until is not None:
                    return CommitResult(CommitStatus.BARRED, limit, moment(until))
        for change in commit.records:
            conflict = self._conflict(change)
            if conflict is not None:
                return CommitResult(CommitStatus.CONFLICT, conflict=conflict)
        return None

    def _tally(self, limit: Limit) -> Tally:
        return self._tallies.get((limit.kind, limit.key), _NONE)[0]

    def _conflict(self, change: RecordChange) -> Conflict | None:
        kind, key = change.record.kind, change.record.key
        for name in () if change.delete else change.unique:
            if self._unique.get((kind, name), key) != key:
                return Conflict(kind, key, name)
        before = self._records.get((kind, key))
        if (before.record.version if before is not None else 0) + 1 != change.record.version:
            return Conflict(kind, key, None)
        return None

    def _write(self, commit: Commit) -> None:
        for limit in commit.limits:
            if limit.adds:
                counted = tally.hit(self._tally(limit), limit, micros(commit.at))
                self._tallies[limit.kind, limit.key] = (counted, tally.forgotten_at(counted, limit))
        self._write_run(commit)
        for change in commit.records:
            self._write_record(change)
        kept = self._kept[commit.run.id]
        if commit.cancel_messages:
            self._void(kept)
        if commit.cancel_owner_messages is not None:
            for message in [
                one for one, of in self._outbox.items() if of.outgoing.owner == commit.cancel_owner_messages
            ]:
                del self._outbox[message]
        for out in commit.messages:
            kept.messages.append(out.id)
            self._outbox[out.id] = _Waiting(out, out.due_at, 0)
            heappush(self._due, (out.due_at, out.id))
        for entry in commit.audit:
            self._note(entry)

    def _note(self, audit: AuditEntry) -> None:
        self._entries.append(audit)
        self._trail.setdefault(audit.run, []).append(audit)

    def _void(self, kept: _Kept) -> None:
        for message in kept.messages:
            self._outbox.pop(message, None)
        kept.messages.clear()

    def _write_run(self, commit: Commit) -> None:
        run, handle = commit.run, commit.handle
        kept = self._kept.get(run.id)
        if kept is None:
            assert handle is not None  # a new run comes with its handle
            kept = self._kept[run.id] = _Kept(run, commit.purge_at, handle, None, None, {}, [])
            self._handles[handle] = run.id
        elif handle is not None:
            if kept.previous is not None:
                del self._handles[kept.previous]
            kept.previous, kept.handle = kept.handle, handle
            kept.rotated_by = commit.answered.key if commit.answered is not None else None
            self._handles[handle] = run.id
        elif commit.forget and kept.previous is not None:
            del self._handles[kept.previous]
            kept.previous = kept.rotated_by = None
        kept.run, kept.purge_at = run, commit.purge_at
        if commit.answered is not None:
            kept.answered[commit.answered.key] = commit.answered

    # --- records -----------------------------------------------------------------------------------

    def _write_record(self, change: RecordChange) -> None:
        kind, key = change.record.kind, change.record.key
        self._delete_record(kind, key)
        if change.delete:
            return
        self._records[kind, key] = change
        self._unique.update({(kind, name): key for name in change.unique})
        for name in (*change.unique, *change.names):
            self._named.setdefault((kind, name), set()).add(key)

    def _delete_record(self, kind: str, key: str) -> None:
        before = self._records.pop((kind, key), None)
        if before is not None:
            for name in before.unique:
                self._unique.pop((kind, name), None)
            for name in {*before.unique, *before.names}:
                self._named[kind, name].discard(key)

    # --- the outbox --------------------------------------------------------------------------------

    def lease(self, lease: Lease) -> Leased | None:
        """See ``Store``."""
        with self._lock:
            return self._leased(lease)

    def _leased(self, lease: Lease) -> Leased | None:
        while self._due and self._due[0][0] <= lease.now:
            due_at, message = heappop(self._due)
            waiting = self._outbox.get(message)
            if waiting is not None and waiting.due_at == due_at:
                waiting.attempts += 1
                self._put_off(waiting, lease.until)
                out = waiting.outgoing
                return Leased(
                    id=out.id,
                    run=out.run,
                    journey=out.journey,
                    expires_at=out.expires_at,
                    decoy=out.decoy,
                    body=out.body,
                    attempts=waiting.attempts,
                )
        return None

    def _put_off(self, waiting: _Waiting, due_at: datetime) -> None:
        waiting.due_at = due_at
        heappush(self._due, (due_at, waiting.outgoing.id))

    def settle(self, message: str, audit: AuditEntry | None = None, lease: Lease | None = None) -> Settled:
        """See ``Store``."""
        with self._lock:
            gone = self._outbox.pop(message, None) is not None
            if gone and audit is not None:
                self._note(audit)
            return Settled(gone=gone, leased=self._leased(lease) if lease is not None else None)

    def release(self, message: str, attempts: int, due_at: datetime) -> None:
        """See ``Store``."""
        with self._lock:
            waiting = self._outbox.get(message)
            if waiting is not None and waiting.attempts == attempts:
                self._put_off(waiting, due_at)

    # --- counters ----------------------------------------------------------------------------------

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
            return self._tallies.get((kind, key), _NONE)[0]

    # --- retention ---------------------------------------------------------------------------------

    def purge(self, now: datetime, limit: int) -> int:
        """See ``Store``."""
        with self._lock:
            over = [kept for kept in self._kept.values() if kept.purge_at <= now][:limit]
            for kept in over:
                del self._kept[kept.run.id]
                for handle in (kept.handle, kept.previous):
                    if handle is not None:
                        del self._handles[handle]
                self._void(kept)
            ends = {of: change.record.expires_at for of, change in self._records.items()}
            for kind, key in [of for of, expires_at in ends.items() if expires_at is not None and expires_at <= now]:
                self._delete_record(kind, key)
            for of in [of for of, (_, forget) in self._tallies.items() if forget <= micros(now)]:
                del self._tallies[of]
            for key in [key for key, until in self._spent.items() if until <= now]:
                del self._spent[key]
            return len(over)

    def trail(self, run: str) -> tuple[AuditEntry, ...]:
        """See ``Store``."""
        with self._lock:
            return tuple(self._trail.get(run, ()))

    def entries(self, after: int, limit: int) -> tuple[tuple[int, AuditEntry], ...]:
        """See ``Store``."""
        with self._lock:
            return tuple(enumerate(self._entries[after : after + limit], after + 1))

    def close(self) -> None:
        """See ``Store``."""
