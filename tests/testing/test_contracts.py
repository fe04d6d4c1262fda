"""The test kit: our adapters keep their contracts, and for each rule a wrong adapter is told so."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import secrets
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import pytest
from attrs import evolve

from educonnect_flow.directory import StaticDirectory
from educonnect_flow.errors import SmsRejected, SmsUnavailable, StoreUnavailable
from educonnect_flow.hashing import Argon2id
from educonnect_flow.people import Guardian
from educonnect_flow.ports import AsyncDirectory, HumanPrompt, Message, PasswordHasher
from educonnect_flow.records import (
    DONE,
    AuditEntry,
    Commit,
    CommitResult,
    CommitStatus,
    Conflict,
    Lease,
    Leased,
    Loaded,
    Record,
    RecordChange,
    Ref,
    Settled,
)
from educonnect_flow.stores import MemoryStore
from educonnect_flow.tally import EMPTY, Limit, Tally
from educonnect_flow.testing import (
    AsyncStoreContract,
    CheapHasher,
    DirectoryContract,
    FaultySms,
    FaultyStore,
    Gateway,
    HumanCheckContract,
    PasswordHasherContract,
    SmsContract,
    StoreContract,
    as_sync,
)
from educonnect_flow.testing._clock import START
from educonnect_flow.testing._directory import LEO
from educonnect_flow.testing._stores import HOUR, run
from tests.engine.test_async import Awaited

# --- ours keep them --------------------------------------------------------------------------------


class TestStaticDirectory(DirectoryContract):
    @pytest.fixture
    def directory(self) -> StaticDirectory:
        return StaticDirectory(self.guardians)


class TestAwaitedDirectory(DirectoryContract):
    @pytest.fixture
    def directory(self) -> Iterator[Any]:
        directory: AsyncDirectory = Awaited(StaticDirectory(self.guardians))
        with as_sync(directory) as found:
            yield found


class TestArgon2id(PasswordHasherContract):
    @pytest.fixture
    def hasher(self) -> PasswordHasher:
        return Argon2id(memory=64, passes=1)


class TestAwaitedStore(AsyncStoreContract):
    @pytest.fixture
    def async_store(self) -> Any:
        return Awaited(MemoryStore())


class Riddles:
    """A human check that keeps every rule: what is asked is in the puzzle, and the clock is a number."""

    def __init__(self) -> None:
        self.open: dict[str, str] = {}
        self.lock = Lock()
        self.numbers = itertools.count(100)

    def issue(self) -> HumanPrompt:
        n = next(self.numbers)
        self.open[f"prompt-{n}"] = f"{n * 7919 % 1009:04}!"
        return self._prompt(f"prompt-{n}")

    def _prompt(self, id: str) -> HumanPrompt:
        return HumanPrompt(id=id, puzzle="Écrivez " + self.open[id])

    def show(self, id: str) -> HumanPrompt | None:
        return self._prompt(id) if id in self.open else None

    def passes(self, id: str, answer: str) -> bool:
        with self.lock:
            return self.open.pop(id, None) == answer


class RiddleRules(HumanCheckContract):
    def right(self, check: Any, prompt: HumanPrompt) -> str:
        return (prompt.puzzle or "").removeprefix("Écrivez ")

    def expire(self, check: Any) -> None:
        check.open.clear()


class TestRiddles(RiddleRules):
    @pytest.fixture
    def check(self) -> Riddles:
        return Riddles()


class LocalGateway:
    """The other end of ``FaultySms``, and of adapters made wrong."""

    def __init__(self) -> None:
        self.sms = FaultySms()

    def taken(self) -> Sequence[tuple[str | None, str, str]]:
        return [(message.id, message.to, message.text) for message in self.sms.sent]

    def behave(self, how: Gateway) -> None:
        how = Gateway.LOSES if how is Gateway.SLOW else how  # it gives up at once
        self.sms.then(*([how] * 100 if how is not Gateway.TAKES else []))


class TestFaultySms(SmsContract):
    @pytest.fixture
    def gateway(self) -> LocalGateway:
        return LocalGateway()

    @pytest.fixture
    def sms(self, gateway: LocalGateway) -> FaultySms:
        return gateway.sms


def test_a_slow_gateway_takes_its_time() -> None:
    waits: list[str] = []
    sms = FaultySms(Gateway.SLOW, pause=lambda: waits.append("waited"))
    sms.send(SmsContract.message)
    sms.send(SmsContract.message)
    assert (waits, sms.tries, len(sms.sent)) == (["waited"], 2, 2)


# --- wrong ones are told ---------------------------------------------------------------------------


class Unlocked:
    """No lock at all: whoever comes meanwhile sees what was."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


class Wrong(MemoryStore):
    """Wrong in one way, once one method is replaced."""


class KnowsAll(Wrong):
    def load(self, handle: str, requests: Sequence[str] = (), refs: Sequence[Ref] = ()) -> Loaded | None:
        found = super().load(handle, requests, refs)
        return found or Loaded(run=run(), current=True, rotated_by=None, answered=None, records=())


class DropsTheOwner(Wrong):
    def commit(self, commit: Commit) -> CommitResult:
        return super().commit(evolve(commit, run=evolve(commit.run, owner="")))


class IgnoresTheVersion(Wrong):
    def _refuse(self, commit: Commit) -> CommitResult | None:
        return None


class LooksThenWrites(Wrong):
    def __init__(self) -> None:
        super().__init__()
        self._lock = Unlocked()  # type: ignore[assignment]  # no lock on purpose

    def _refuse(self, commit: Commit) -> CommitResult | None:
        refused = super()._refuse(commit)
        time.sleep(0.01)
        return refused


class NotesBeforeItRefuses(Wrong):
    def commit(self, commit: Commit) -> CommitResult:
        receipt = super().commit(commit)
        if receipt is not DONE:
            for one in commit.audit:
                self._note(one)
        return receipt


class TakesAnyHandleForTheCurrent(Wrong):
    def load(self, handle: str, requests: Sequence[str] = (), refs: Sequence[Ref] = ()) -> Loaded | None:
        loaded = super().load(handle, requests, refs)
        return loaded and evolve(loaded, current=True)


class NeverForgetsAHandle(Wrong):
    def commit(self, commit: Commit) -> CommitResult:
        return super().commit(evolve(commit, forget=False))


class KeepsRequestsInOnePlace(Wrong):
    def load(self, handle: str, requests: Sequence[str] = (), refs: Sequence[Ref] = ()) -> Loaded | None:
        loaded = super().load(handle, requests, refs)
        answered = [kept.answered[key] for kept in self._kept.values() for key in requests if key in kept.answered]
        return loaded and evolve(loaded, answered=answered[0] if answered else None)


class LooksUnderOneKey(Wrong):
    def load(self, handle: str, requests: Sequence[str] = (), refs: Sequence[Ref] = ()) -> Loaded | None:
        return super().load(handle, requests[:1], refs)


class CountsPerRun(Wrong):
    def commit(self, commit: Commit) -> CommitResult:
        own = tuple(limit._replace(key=limit.key + commit.run.id) for limit in commit.limits)
        return super().commit(evolve(commit, limits=own))


class CountsWhatOnlyAsks(Wrong):
    def commit(self, commit: Commit) -> CommitResult:
        return super().commit(evolve(commit, limits=tuple(limit._replace(adds=1) for limit in commit.limits)))


class LocksInTheOrderGiven(Wrong):
    """A lock for each counter, taken in any order: two commits wait for each other, and one gives up."""

    def __init__(self) -> None:
        super().__init__()
        self._of = {f"key{n}": Lock() for n in range(6)}

    def commit(self, commit: Commit) -> CommitResult:
        held = []
        try:
            for limit in commit.limits:
                if not self._of[limit.key].acquire(timeout=0.1):
                    raise StoreUnavailable("deadlock detected")
                held.append(limit.key)
                time.sleep(0.002)
            return super().commit(commit)
        finally:
            for key in held:
                self._of[key].release()


class FindsByKeyAlone(Wrong):
    def find(self, refs: Sequence[Ref]) -> tuple[Record, ...]:
        return super().find([ref._replace(name=None) for ref in refs])


class ForgetsWhatTheRunWants(Wrong):
    def load(self, handle: str, requests: Sequence[str] = (), refs: Sequence[Ref] = ()) -> Loaded | None:
        loaded = super().load(handle, requests, refs)
        return loaded and evolve(loaded, records=self.find(refs))


class SharesUniqueNames(Wrong):
    def _conflict(self, change: RecordChange) -> Conflict | None:
        return super()._conflict(evolve(change, unique=()))


class KeepsFormerNames(Wrong):
    def _delete_record(self, kind: str, key: str) -> None:
        self._records.pop((kind, key), None)


class DeletesTheRecordAlone(Wrong):
    def _write_record(self, change: RecordChange) -> None:
        if change.delete:
            del self._records[change.record.kind, change.record.key]
        else:
            super()._write_record(change)


class ChangesAnyVersion(Wrong):
    def _conflict(self, change: RecordChange) -> Conflict | None:
        conflict = super()._conflict(change)
        return conflict if conflict is not None and conflict.name is not None else None


class LocksRecordsInTheOrderGiven(Wrong):
    def __init__(self) -> None:
        super().__init__()
        self._of = {"k1": Lock(), "k2": Lock()}

    def commit(self, commit: Commit) -> CommitResult:
        held = []
        try:
            for change in commit.records:
                if not self._of[change.record.key].acquire(timeout=0.1):
                    raise StoreUnavailable("deadlock detected")
                held.append(change.record.key)
                time.sleep(0.01)
            return super().commit(commit)
        finally:
            for key in held:
                self._of[key].release()


class CountsAsItGoes(Wrong):
    """Each limit is judged after those before it were counted."""

    def commit(self, commit: Commit) -> CommitResult:
        seen: set[str] = set()
        for limit in commit.limits:
            if limit.key in seen and limit.cap <= len(commit.limits):
                return CommitResult(CommitStatus.BARRED, limit, commit.at)
            seen.add(limit.key)
        return super().commit(commit)


class PassesNamesOn(Wrong):
    def _conflict(self, change: RecordChange) -> Conflict | None:
        conflict = super()._conflict(change)
        return conflict if conflict is not None and conflict.name is None else None


class LocksMessagesInTheOrderFound(Wrong):
    def __init__(self) -> None:
        super().__init__()
        self._of = [Lock() for _ in range(6)]

    def commit(self, commit: Commit) -> CommitResult:
        if commit.cancel_owner_messages is None:
            return super().commit(commit)
        mine, held = int(commit.run.id[1:]), []
        try:
            for n in (mine, *range(6)):
                if n not in held:
                    if not self._of[n].acquire(timeout=0.1):
                        raise StoreUnavailable("deadlock detected")
                    held.append(n)
                    time.sleep(0.01)
            return super().commit(commit)
        finally:
            for n in held:
                self._of[n].release()


class LeasesNothing(Wrong):
    def _leased(self, lease: Lease) -> Leased | None:
        return super()._leased(lease._replace(until=lease.now))


class NewestFirst(Wrong):
    def _leased(self, lease: Lease) -> Leased | None:
        self._due.sort(reverse=True)
        return super()._leased(lease)


class LeasesBeforeItIsDue(Wrong):
    def _write(self, commit: Commit) -> None:
        super()._write(evolve(commit, messages=tuple(evolve(out, due_at=out.created_at) for out in commit.messages)))


class LeasesWithoutALock(Wrong):
    def lease(self, lease: Lease) -> Leased | None:
        due = [waiting for waiting in self._outbox.values() if waiting.due_at <= lease.now]
        time.sleep(0.01)
        if not due:
            return None
        due[0].due_at = lease.until
        out = due[0].outgoing
        given: dict[str, Any] = {name: getattr(out, name) for name in ("id", "run", "journey", "expires_at")}
        return Leased(**given, decoy=out.decoy, body=out.body, attempts=1)


class SettlesAndLeasesNothing(Wrong):
    def settle(self, message: str, audit: AuditEntry | None = None, lease: Lease | None = None) -> Settled:
        return super().settle(message, audit)


class EndsNoOwner(Wrong):
    def _write(self, commit: Commit) -> None:
        super()._write(evolve(commit, cancel_owner_messages=None))


class KeepsExpiredRecords(Wrong):
    def _delete_record(self, kind: str, key: str) -> None:
        if kind != "session":
            super()._delete_record(kind, key)


class ReleasesAnothersLease(Wrong):
    def release(self, message: str, attempts: int, due_at: datetime) -> None:
        waiting = self._outbox.get(message)
        if waiting is not None:
            self._put_off(waiting, due_at)


class NotesEverySettling(Wrong):
    def settle(self, message: str, audit: AuditEntry | None = None, lease: Lease | None = None) -> Settled:
        settled = super().settle(message, None, lease)
        if audit is not None:
            self._note(audit)
        return settled


class SettlesAnything(Wrong):
    def settle(self, message: str, audit: AuditEntry | None = None, lease: Lease | None = None) -> Settled:
        return evolve(super().settle(message, audit, lease), gone=True)


class SpendsWithoutALock(Wrong):
    def spend(self, key: str, now: datetime, until: datetime) -> bool:
        free = self._spent.get(key, now) <= now
        time.sleep(0.01)
        self._spent[key] = until
        return free


class HidesItsCounters(Wrong):
    def tally(self, kind: str, key: str) -> Tally:
        return EMPTY


class VoidsWhatComesWithIt(Wrong):
    def _write(self, commit: Commit) -> None:
        super()._write(commit)
        if commit.cancel_messages:
            self._void(self._kept[commit.run.id])


class PurgesTheAudit(Wrong):
    def purge(self, now: datetime, limit: int) -> int:
        gone = super().purge(now, limit)
        self._trail.clear()
        return gone


class NeverForgetsWhatIsSpent(Wrong):
    def purge(self, now: datetime, limit: int) -> int:
        kept = dict(self._spent)
        gone = super().purge(now, limit)
        self._spent.update(kept)
        return gone


class ForgetsOneCounterAtATime(Wrong):
    def purge(self, now: datetime, limit: int) -> int:
        kept = dict(self._tallies)
        gone = super().purge(now, limit)
        self._tallies.update({key: kept[key] for key in list(kept)[limit:]})
        return gone


class PurgesAllAtOnce(Wrong):
    def purge(self, now: datetime, limit: int) -> int:
        return super().purge(now, 1_000_000)


class ReadsBackwards(Wrong):
    def trail(self, run: str) -> tuple[AuditEntry, ...]:
        return super().trail(run)[::-1]


class RepeatsTheLastEntry(Wrong):
    def entries(self, after: int, limit: int) -> tuple[tuple[int, AuditEntry], ...]:
        return super().entries(max(0, after - 1), limit) if after < 5 else ()


class DrawsNumbersBeforeItWrites(Wrong):
    """A sequence outside the transaction: a low number may appear after a high one was read."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)
        self._numbered: dict[int, AuditEntry] = {}

    def commit(self, commit: Commit) -> CommitResult:
        number = next(self._numbers)
        time.sleep(0.02 if number % 3 else 0)
        receipt = super().commit(commit)
        for one in commit.audit:
            self._numbered[number] = one
        return receipt

    def entries(self, after: int, limit: int) -> tuple[tuple[int, AuditEntry], ...]:
        found = sorted((number, one) for number, one in list(self._numbered.items()) if number > after)
        return tuple(found[:limit])


class AnswersOnce(Wrong):
    def __init__(self) -> None:
        super().__init__()
        self.asked: set[tuple[str, ...]] = set()

    def load(self, handle: str, requests: Sequence[str] = (), refs: Sequence[Ref] = ()) -> Loaded | None:
        known = (handle, *requests)
        loaded = super().load(handle, requests, refs)
        if loaded is None or known not in self.asked:
            self.asked.add(known)
            return loaded
        return evolve(loaded, answered=None)


class ForgetsAtRestart(Wrong):
    def again(self) -> MemoryStore:
        return MemoryStore()


class RestartedStoreContract(StoreContract):
    def reopened(self, store: Any) -> Any:
        return store.again() if isinstance(store, ForgetsAtRestart) else store


WRONG_STORES: dict[str, Callable[[], MemoryStore]] = {
    "test_any_history_is_answered_as_in_memory": AnswersOnce,
    "test_what_was_committed_is_there_after_a_restart": ForgetsAtRestart,
    "test_an_unknown_handle_leads_to_nothing": KnowsAll,
    "test_a_snapshot_comes_back_whole": DropsTheOwner,
    "test_a_stale_version_is_always_refused": IgnoresTheVersion,
    "test_of_many_at_once_one_commits": LooksThenWrites,
    "test_a_refused_commit_changes_nothing_at_all": NotesBeforeItRefuses,
    "test_a_new_handle_takes_over_and_the_one_before_is_known_as_such": TakesAnyHandleForTheCurrent,
    "test_the_handle_before_can_be_forgotten": NeverForgetsAHandle,
    "test_a_request_belongs_to_its_run": KeepsRequestsInOnePlace,
    "test_limits_are_counted_across_runs": CountsPerRun,
    "test_a_limit_that_only_asks_counts_nothing": CountsWhatOnlyAsks,
    "test_a_limit_holds_under_any_parallelism": LooksThenWrites,
    "test_an_answer_is_found_under_any_of_several_keys_and_stays_as_it_was": LooksUnderOneKey,
    "test_limits_in_any_order_never_wait_for_each_other": LocksInTheOrderGiven,
    "test_a_record_is_found_by_its_key_and_by_its_names": FindsByKeyAlone,
    "test_a_run_is_loaded_with_the_records_that_it_wants_and_those_asked_for": ForgetsWhatTheRunWants,
    "test_records_are_unique_by_key_and_by_unique_name": SharesUniqueNames,
    "test_a_record_is_changed_by_compare_and_set_with_all_its_names": KeepsFormerNames,
    "test_a_deleted_record_is_gone_with_its_names": DeletesTheRecordAlone,
    "test_of_many_changes_of_a_record_at_once_one_is_made": ChangesAnyVersion,
    "test_two_changes_of_the_same_two_records_never_wait_for_each_other": LocksRecordsInTheOrderGiven,
    "test_a_limit_that_is_named_twice_is_judged_alike_both_times": CountsAsItGoes,
    "test_a_name_does_not_pass_from_one_record_to_another_in_one_commit": PassesNamesOn,
    "test_runs_of_one_owner_that_end_each_other_never_wait_for_each_other": LocksMessagesInTheOrderFound,
    "test_a_message_leaves_when_it_is_due": LeasesBeforeItIsDue,
    "test_settling_leases_the_next_in_the_same_call": SettlesAndLeasesNothing,
    "test_ending_an_owner_drops_the_messages_of_all_its_runs": EndsNoOwner,
    "test_purge_takes_records_that_have_expired": KeepsExpiredRecords,
    "test_a_message_is_leased_and_settled_once": LeasesNothing,
    "test_the_message_due_the_longest_goes_first": NewestFirst,
    "test_many_relays_never_share_a_message": LeasesWithoutALock,
    "test_a_relay_whose_lease_is_over_releases_nothing": ReleasesAnothersLease,
    "test_settling_notes_its_entry_once": NotesEverySettling,
    "test_settling_says_whether_the_message_was_there": SettlesAnything,
    "test_a_key_is_spent_once_until_its_time": SpendsWithoutALock,
    "test_what_is_counted_can_be_read": HidesItsCounters,
    "test_void_drops_what_waits_but_not_what_comes_with_it": VoidsWhatComesWithIt,
    "test_purge_takes_what_is_over_and_leaves_records_and_audit": PurgesTheAudit,
    "test_purge_forgets_counters_and_spent_keys_that_say_nothing_more": NeverForgetsWhatIsSpent,
    "test_purge_forgets_more_counters_than_runs": ForgetsOneCounterAtATime,
    "test_purge_stops_at_its_limit": PurgesAllAtOnce,
    "test_the_audit_trail_is_in_order": ReadsBackwards,
    "test_the_audit_of_all_can_be_read_from_where_one_stopped": RepeatsTheLastEntry,
    "test_reading_on_misses_nothing_that_is_written_meanwhile": DrawsNumbersBeforeItWrites,
}


class Directory(StaticDirectory):
    def __init__(self) -> None:
        super().__init__(DirectoryContract.guardians)


class LosesPupils(Directory):
    def find(self, mobile: str) -> tuple[Guardian, ...]:
        return tuple(evolve(guardian, pupils=[LEO]) for guardian in super().find(mobile))


class FindsOne(Directory):
    def find(self, mobile: str) -> tuple[Guardian, ...]:
        return super().find(mobile)[:1]


class RaisesForTheUnknown(Directory):
    def find(self, mobile: str) -> tuple[Guardian, ...]:
        return self._found[mobile]


class FindsByTheEnd(Directory):
    def find(self, mobile: str) -> tuple[Guardian, ...]:
        return next((people for known, people in self._found.items() if known.endswith(mobile[1:])), ())


class FindsForOneThread(Directory):
    mobile = ""

    def find(self, mobile: str) -> tuple[Guardian, ...]:
        self.mobile = mobile
        time.sleep(0.005)
        return super().find(self.mobile)


class LosesAllButTheFirstPupil(Directory):
    def guardians(self, ids: Sequence[str]) -> tuple[Guardian, ...]:
        return tuple(evolve(guardian, pupils=guardian.pupils[:1]) for guardian in super().guardians(ids))


class RepeatsIds(Directory):
    def guardians(self, ids: Sequence[str]) -> tuple[Guardian, ...]:
        return tuple(guardian for one in ids for guardian in super(RepeatsIds, self).guardians([one]))


class RaisesForAnUnknownId(Directory):
    def guardians(self, ids: Sequence[str]) -> tuple[Guardian, ...]:
        return tuple(guardian for one in dict.fromkeys(ids) for guardian in self._by_id[one])


class TakesFewIds(Directory):
    def guardians(self, ids: Sequence[str]) -> tuple[Guardian, ...]:
        return super().guardians(ids[:1_000])


WRONG_DIRECTORIES: dict[str, Callable[[], Any]] = {
    "test_a_guardian_is_found_whole": LosesPupils,
    "test_all_who_share_a_number_are_found_with_all_their_pupils": FindsOne,
    "test_an_unknown_number_finds_nobody_and_raises_nothing": RaisesForTheUnknown,
    "test_only_the_whole_number_finds": FindsByTheEnd,
    "test_it_finds_the_same_every_time_and_from_any_thread": FindsForOneThread,
    "test_guardians_are_found_by_their_ids_with_all_their_pupils": LosesAllButTheFirstPupil,
    "test_an_id_that_is_asked_for_twice_counts_once": RepeatsIds,
    "test_unknown_ids_are_left_out_and_raise_nothing": RaisesForAnUnknownId,
    "test_many_ids_can_be_asked_for_at_once": TakesFewIds,
}


class Plain:
    """Keeps no rule but the first."""

    def hash(self, text: str) -> str:
        return f"plain:{text}"

    def verify(self, hash: str, text: str) -> bool:
        return hash == f"plain:{text}"


class RaisesForGarbage(Plain):
    """Which is allowed: an error lets nobody in."""

    def verify(self, hash: str, text: str) -> bool:
        if not hash.startswith("plain:"):
            raise ValueError("no hash of mine")
        return super().verify(hash, text)


def test_a_hasher_may_raise_for_what_is_no_hash() -> None:
    PasswordHasherContract().test_a_hash_that_is_none_verifies_nothing(RaisesForGarbage())


def test_a_store_that_is_awaited_fails_when_it_is_told_to() -> None:
    async def run(after: bool) -> tuple[bool, bool, int]:
        awaited: Any = Awaited(MemoryStore())
        store = FaultyStore(awaited, 2, after=after)
        assert await store.spend("first", START, START + HOUR)
        with pytest.raises(StoreUnavailable):
            await store.spend("second", START, START + HOUR)
        return await store.spend("second", START, START + HOUR), after, len(store.calls)

    for after in (False, True):
        assert asyncio.run(run(after)) == (not after, after, 3)


class ForgetsNuls(Plain):
    def verify(self, hash: str, text: str) -> bool:
        return "\x00" not in text and super().verify(hash, text)


class IgnoresCase(Plain):
    def verify(self, hash: str, text: str) -> bool:
        return hash.casefold() == f"plain:{text}".casefold()


class CutsAt72Bytes(Plain):
    def hash(self, text: str) -> str:
        return "plain:" + text.encode()[:72].hex()

    def verify(self, hash: str, text: str) -> bool:
        return hash == self.hash(text)


class TakesGarbage(Plain):
    def verify(self, hash: str, text: str) -> bool:
        return not hash.startswith("plain:") or super().verify(hash, text)


class SharesItsState(Plain):
    text = ""

    def verify(self, hash: str, text: str) -> bool:
        self.text = text
        time.sleep(0.01)
        return hash == f"plain:{self.text}"


class PeppersPerProcess(Plain):
    def __init__(self) -> None:
        self.pepper = secrets.token_hex(8)

    def hash(self, text: str) -> str:
        return f"{self.pepper}:{text}"

    def verify(self, hash: str, text: str) -> bool:
        return hash == self.hash(text)


class KeepsBytes(Plain):
    def hash(self, text: str) -> str:
        return f"plain:\x00{text}"


class FoldsSpellings(Plain):
    def verify(self, hash: str, text: str) -> bool:
        return unicodedata.normalize("NFKC", hash) == unicodedata.normalize("NFKC", f"plain:{text}")


WRONG_HASHERS: dict[str, Callable[[], Any]] = {
    "test_what_was_hashed_is_verified": ForgetsNuls,
    "test_anything_else_is_not": IgnoresCase,
    "test_nothing_is_cut_off": CutsAt72Bytes,
    "test_a_hash_has_a_salt_of_its_own": CheapHasher,
    "test_a_hash_does_not_hold_the_password": Plain,
    "test_a_hash_that_is_none_verifies_nothing": TakesGarbage,
    "test_it_serves_several_threads": SharesItsState,
    "test_another_process_verifies_what_was_hashed": PeppersPerProcess,
    "test_a_hash_is_text_that_every_database_keeps": KeepsBytes,
    "test_texts_that_look_alike_are_not_the_same": FoldsSpellings,
}


class PassesNobody(Riddles):
    def passes(self, id: str, answer: str) -> bool:
        return False


class PassesEverybody(Riddles):
    def passes(self, id: str, answer: str) -> bool:
        return self.open.pop(id, None) is not None


class PassesAnyRightAnswer(Riddles):
    def passes(self, id: str, answer: str) -> bool:
        return answer in self.open.values()


class ServesForEver(Riddles):
    def passes(self, id: str, answer: str) -> bool:
        return self.open.get(id) == answer


class ForgivesOnce(Riddles):
    def passes(self, id: str, answer: str) -> bool:
        return self.open.get(id) == answer and super().passes(id, answer)


class LooksThenSpends(Riddles):
    def passes(self, id: str, answer: str) -> bool:
        right = self.open.get(id) == answer
        time.sleep(0.01)
        self.open.pop(id, None)
        return right


class ReadsTheBeginning(Riddles):
    def passes(self, id: str, answer: str) -> bool:
        return any(known[:-1] == id[:-1] for known in self.open) and answer in self.open.values()


class ShowsNothingAgain(Riddles):
    def show(self, id: str) -> HumanPrompt | None:
        return None


class IssuesOneForAll(Riddles):
    def issue(self) -> HumanPrompt:
        self.open["prompt"] = "right"
        return self._prompt("prompt")


class ImageOnly(Riddles):
    def _prompt(self, id: str) -> HumanPrompt:
        return HumanPrompt(id=id, image=b"\x89PNG\r\n")


class TellsItsAnswer(Riddles):
    def issue(self) -> HumanPrompt:
        name = f"prompt-{next(self.numbers)}"
        self.open[name] = name[-3:]
        return self._prompt(name)


class BurnsAll(Riddles):
    def passes(self, id: str, answer: str) -> bool:
        right = super().passes(id, answer)
        if not right:
            self.open.clear()
        return right


class ShowsWhatEnded(Riddles):
    def __init__(self) -> None:
        super().__init__()
        self.shown: set[str] = set()

    def show(self, id: str) -> HumanPrompt | None:
        if id in self.open:
            self.shown.add(id)
        return self._prompt(id) if id in self.shown else None


class CountsWithoutALock(Riddles):
    count = 0

    def issue(self) -> HumanPrompt:
        number = self.count
        time.sleep(0.01)
        self.count = number + 1
        self.open[f"p{number}"] = "right"
        return self._prompt(f"p{number}")


class NeverEnds(Riddles):
    def __init__(self) -> None:
        super().__init__()
        self.open = type("Kept", (dict,), {"clear": lambda _: None})()


WRONG_CHECKS: dict[str, Callable[[], Any]] = {
    "test_the_right_answer_passes": PassesNobody,
    "test_a_wrong_answer_does_not": PassesEverybody,
    "test_the_answer_to_another_prompt_does_not": PassesAnyRightAnswer,
    "test_a_prompt_serves_once_after_the_right_answer": ServesForEver,
    "test_a_prompt_serves_once_after_a_wrong_answer": ForgivesOnce,
    "test_of_many_right_answers_at_once_one_passes": LooksThenSpends,
    "test_an_id_that_was_never_issued_passes_nothing": ReadsTheBeginning,
    "test_a_prompt_that_stands_is_shown_again": ShowsNothingAgain,
    "test_every_prompt_is_new": IssuesOneForAll,
    "test_nobody_is_shut_out_by_an_image": ImageOnly,
    "test_a_prompt_does_not_hold_its_answer": TellsItsAnswer,
    "test_a_prompt_ends": NeverEnds,
    "test_a_wrong_answer_to_one_prompt_leaves_the_others": BurnsAll,
    "test_a_prompt_that_is_shown_again_ends_too": ShowsWhatEnded,
    "test_many_prompts_issued_at_once_are_all_new": CountsWithoutALock,
}


class Adapter:
    """In front of a gateway; each wrong one is wrong in one way."""

    def __init__(self, gateway: LocalGateway) -> None:
        self.gateway = gateway

    def send(self, message: Message) -> None:
        self.gateway.sms.send(message)


class DropsAccents(Adapter):
    def send(self, message: Message) -> None:
        super().send(evolve(message, text=message.text.encode("ascii", "ignore").decode()))


class NumbersItsMessages(Adapter):
    count = 0

    def send(self, message: Message) -> None:
        self.count += 1
        super().send(evolve(message, id=f"{self.count}"))


class SwallowsFailures(Adapter):
    def send(self, message: Message) -> None:
        with contextlib.suppress(SmsUnavailable):
            super().send(message)


class TakesSilenceForSuccess(Adapter):
    def send(self, message: Message) -> None:
        with contextlib.suppress(TimeoutError):
            super().send(message)


class NeverGivesUp(Adapter):
    def send(self, message: Message) -> None:
        try:
            super().send(message)
        except SmsRejected as error:
            raise SmsUnavailable(str(error)) from None


class QuotesTheMessage(Adapter):
    def send(self, message: Message) -> None:
        try:
            super().send(message)
        except TimeoutError as error:
            raise SmsUnavailable("no answer") from ConnectionError(f"{error}: {message.to}")


class KeepsTheMessage(Adapter):
    message: Message

    def send(self, message: Message) -> None:
        self.message = message
        time.sleep(0.01)
        super().send(self.message)


class WaitsForEver(Adapter):
    def send(self, message: Message) -> None:
        try:
            super().send(message)
        except TimeoutError:
            time.sleep(0.5)  # longer than the contract's patience
            raise


class TriesAgain(Adapter):
    def send(self, message: Message) -> None:
        with contextlib.suppress(TimeoutError):
            super().send(message)
        super().send(message)


class SendsATextOnce(Adapter):
    texts: str = ""

    def send(self, message: Message) -> None:
        if self.texts != message.text:
            super().send(message)
        self.texts = message.text


class CutsLongTexts(Adapter):
    def send(self, message: Message) -> None:
        super().send(evolve(message, text=message.text[:160]))


class QuickSmsContract(SmsContract):
    gives_up_within = 0.2


WRONG_SMS: dict[str, Callable[[LocalGateway], Any]] = {
    "test_a_message_arrives_as_it_is": DropsAccents,
    "test_a_retry_is_the_same_message": NumbersItsMessages,
    "test_a_gateway_that_fails_is_said_to": SwallowsFailures,
    "test_an_answer_that_is_lost_is_no_success": TakesSilenceForSuccess,
    "test_a_rejection_is_final": NeverGivesUp,
    "test_an_error_says_neither_code_nor_number": QuotesTheMessage,
    "test_it_serves_several_threads": KeepsTheMessage,
    "test_a_silent_gateway_is_given_up_on": WaitsForEver,
    "test_it_sends_each_message_once_and_leaves_retries_to_the_relay": TriesAgain,
    "test_two_messages_of_one_text_are_two": SendsATextOnce,
    "test_a_long_text_arrives_whole": CutsLongTexts,
}

CONTRACTS: list[tuple[type[Any], dict[str, Callable[..., Any]]]] = [
    (RestartedStoreContract, WRONG_STORES),
    (DirectoryContract, WRONG_DIRECTORIES),
    (PasswordHasherContract, WRONG_HASHERS),
    (RiddleRules, WRONG_CHECKS),
    (QuickSmsContract, WRONG_SMS),
]


@pytest.mark.parametrize(
    ("contract", "rule", "wrong"),
    [
        pytest.param(contract, rule, wrong, id=f"{contract.__name__}-{wrong.__name__}-{rule}")
        for contract, wrongs in CONTRACTS
        for rule, wrong in wrongs.items()
    ],
)
def test_a_wrong_adapter_is_told(contract: type[Any], rule: str, wrong: Callable[..., Any]) -> None:
    test = getattr(contract(), rule)
    with pytest.raises((AssertionError, KeyError, StoreUnavailable, pytest.fail.Exception)):
        if contract is QuickSmsContract:
            gateway = LocalGateway()
            test(wrong(gateway), gateway)
        else:
            test(wrong())


@pytest.mark.parametrize(("contract", "wrongs"), CONTRACTS)
def test_every_rule_has_a_wrong_adapter(contract: type[Any], wrongs: dict[str, Any]) -> None:
    assert {name for name in dir(contract) if name.startswith("test_")} == set(wrongs)


BROKEN_BY_A_LOST_OWNER = {
    "test_a_snapshot_comes_back_whole",
    "test_any_history_is_answered_as_in_memory",
    "test_what_was_committed_is_there_after_a_restart",
}


def test_a_wrong_adapter_keeps_the_other_rules() -> None:
    """A wrong adapter that broke everything would show nothing."""
    limit = Limit("kind", "key", 1, timedelta(hours=1))
    assert limit.adds == 1
    for rule in WRONG_STORES:
        if rule not in BROKEN_BY_A_LOST_OWNER:
            getattr(StoreContract(), rule)(DropsTheOwner())


class HidesTheNumberInTheContext(Adapter):
    def send(self, message: Message) -> None:
        try:
            super().send(message)
        except TimeoutError:
            try:
                raise ConnectionError(message.to)
            except ConnectionError:
                raise SmsUnavailable("no answer")  # noqa: B904 - that is what is wrong with it


class LogsTheText(Adapter):
    def send(self, message: Message) -> None:
        logging.getLogger("adapter").debug("sending %s", message.text)
        super().send(message)


class TakesSilenceAtLast(Adapter):
    def send(self, message: Message) -> None:
        with contextlib.suppress(TimeoutError):
            super().send(message)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (HidesTheNumberInTheContext, "test_an_error_says_neither_code_nor_number"),
        (LogsTheText, "test_an_error_says_neither_code_nor_number"),
        (TakesSilenceAtLast, "test_a_silent_gateway_is_given_up_on"),
    ],
)
def test_another_wrong_adapter_is_caught(wrong: type[Adapter], rule: str) -> None:
    gateway = LocalGateway()
    with pytest.raises(AssertionError):
        getattr(QuickSmsContract(), rule)(wrong(gateway), gateway)


class SaysWhy(Adapter):
    def send(self, message: Message) -> None:
        try:
            super().send(message)
        except TimeoutError as error:
            raise SmsUnavailable("no answer") from error


def test_an_adapter_may_say_what_led_to_its_error() -> None:
    gateway = LocalGateway()
    QuickSmsContract().test_an_error_says_neither_code_nor_number(SaysWhy(gateway), gateway)
