"""What a store must keep, all of it in one contract: subclass it in pytest, give a store, and run.
``AsyncStoreContract`` is for those whose methods are awaited.

Long because it is one contract, a rule a test.

::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self):
            store = MyStore(...)
            yield store
            store.close()
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from educonnect_flow.ports import AsyncStore, Store
from educonnect_flow.reasons import Reason, Refusal
from educonnect_flow.records import (
    Answered,
    AuditEntry,
    Body,
    Commit,
    CommitStatus,
    Conflict,
    Lease,
    Outgoing,
    Record,
    RecordChange,
    Ref,
    StoredRun,
)
from educonnect_flow.tally import EMPTY, Limit, micros
from educonnect_flow.testing._as_sync import as_sync
from educonnect_flow.testing._clock import START
from educonnect_flow.testing._histories import check_history

HOUR = timedelta(hours=1)


def run(name: str = "a1", version: int = 1, **fields: Any) -> StoredRun:
    """A run as the contract uses it."""
    body = Body(f'{{"is":"{name} at {version}"}}')
    return StoredRun(**{
        "id": name, "journey": "ACTIVATION", "owner": "", "version": version, "wanted": (), "body": body, **fields
    })  # fmt: skip


def full(name: str = "a1") -> StoredRun:
    """A run with something in every field."""
    return run(
        name,
        journey="SOME_OTHER",
        owner="e.durand42",
        wanted=(Ref("account", key="e.durand42"), Ref("account", name="guardian:g1")),
        body=Body('{"is":"é \\u0000 %s ? {} \'"}'),
    )


def record(key: str = "e.durand42", version: int = 1, **fields: Any) -> Record:
    """A record as the contract uses it."""
    return Record(**{
        "kind": "account", "key": key, "owner": key, "version": version, "body": f'{{"v":{version}}}',
        "expires_at": None, **fields,
    })  # fmt: skip


def change(
    key: str = "e.durand42",
    *unique: str,
    version: int = 1,
    names: tuple[str, ...] = (),
    delete: bool = False,
    **fields: Any,
) -> RecordChange:
    """A record with its names."""
    return RecordChange(record=record(key, version, **fields), unique=unique, names=names, delete=delete)


def answer(of: StoredRun, key: str = "k", **fields: Any) -> Answered:
    """The answer of a request that led to the run *of*."""
    return Answered(**{
        "key": key, "fingerprint": "f", "version": of.version, "accepted": True, "refusals": (), "body": of.body,
        **fields,
    })  # fmt: skip


def message(name: str, of: str = "a1", at: datetime = START, **fields: Any) -> Outgoing:
    """A message as the contract uses it."""
    return Outgoing(**{
        "id": name, "run": of, "journey": "ACTIVATION", "owner": "", "created_at": at, "due_at": at,
        "expires_at": at + HOUR, "decoy": False, "body": f'{{"to":"{name}"}}', **fields,
    })  # fmt: skip


def entry(of: str = "a1", **fields: Any) -> AuditEntry:
    """An audit entry as the contract uses it."""
    return AuditEntry(
        **{
            "at": START, "run": of, "journey": "ACTIVATION", "event": "GoBack", "row": None, "source": "code",
            "dest": "code", "reasons": ("not_now",), "denied": ("p2",), "mobile": "key", "origin": "s t", **fields,
        }
    )  # fmt: skip


def first(name: str = "a1", handle: str = "h1", **fields: Any) -> Commit:
    """The commit that begins a run."""
    return Commit(**{"run": run(name), "at": START, "purge_at": START + HOUR, "handle": handle, **fields})


def following(version: int, name: str = "a1", **fields: Any) -> Commit:
    """The commit that makes *version* out of the one before."""
    return Commit(**{"run": run(name, version), "at": START, "purge_at": START + HOUR, **fields})


class StoreContract:
    """The rules of ``Store``, a test each."""

    history = 1
    """The seed of the random history; another number draws another one."""

    def reopened(self, store: Any) -> Any:
        """A second store over the same file or server, as another process has it after this one ended.

        Of a store that keeps nothing beyond its process: itself.
        """
        return store

    def test_any_history_is_answered_as_in_memory(self, store: Store) -> None:
        check_history(store, self.history)

    def test_what_was_committed_is_there_after_a_restart(self, store: Store) -> None:
        limit = Limit("kind", "key", 3, HOUR)
        kept = full()
        store.commit(first(
            run=kept, answered=answer(kept), limits=(limit,), messages=(message("m1"),), audit=(entry(),),
            records=(change("e.durand01", "guardian:g1", names=("n",)),),
        ))  # fmt: skip
        store.spend("key", START, START + HOUR)
        again = self.reopened(store)
        loaded = again.load("h1", ["k"])
        assert loaded is not None
        assert (loaded.run, loaded.answered) == (kept, answer(kept))
        assert [record.key for record in again.find((Ref("account", name="n"),))] == ["e.durand01"]
        assert (
            again.commit(following(2, records=(change("e.durand02", "guardian:g1"),))).status is CommitStatus.CONFLICT
        )
        assert len(again.tally("kind", "key").hits) == 1
        assert again.lease(Lease(START, START + HOUR)).id == "m1"
        assert again.spent("key", START)
        assert again.trail("a1") == (entry(),)

    def test_an_unknown_handle_leads_to_nothing(self, store: Store) -> None:
        assert store.load("h1") is None

    def test_a_snapshot_comes_back_whole(self, store: Store) -> None:
        kept = full()
        store.commit(first(run=kept))
        loaded = store.load("h1")
        assert loaded is not None
        assert loaded.run == kept
        assert loaded.current
        assert loaded.answered is None
        assert loaded.records == ()
        changed = evolve(kept, version=2, owner="", wanted=(), body=Body("2"))
        store.commit(following(2, run=changed))
        loaded = store.load("h1")
        assert loaded is not None
        assert loaded.run == changed

    def test_a_stale_version_is_always_refused(self, store: Store) -> None:
        assert store.commit(first()).status is CommitStatus.DONE
        assert store.commit(first(handle="h2")).status is CommitStatus.STALE
        assert store.commit(following(2)).status is CommitStatus.DONE
        for version in (2, 4):
            assert store.commit(following(version)).status is CommitStatus.STALE
        assert store.commit(following(2, "a9")).status is CommitStatus.STALE
        loaded = store.load("h1")
        assert loaded is not None
        assert loaded.run.version == 2

    def test_of_many_at_once_one_commits(self, store: Store) -> None:
        store.commit(first())
        with ThreadPoolExecutor(16) as pool:
            receipts = list(pool.map(lambda _: store.commit(following(2)), range(16)))
        assert sorted(receipt.status.value for receipt in receipts) == ["done"] + ["stale"] * 15

    def test_a_refused_commit_changes_nothing_at_all(self, store: Store) -> None:
        full_limit = Limit("kind", "full", 1, HOUR)
        store.commit(first(limits=(full_limit,), records=(change("e.durand01", "guardian:g1"),)))
        free = Limit("kind", "free", 1, HOUR)
        refused = {
            CommitStatus.STALE: (following(3),),
            CommitStatus.BARRED: (following(2, limits=(free, full_limit)),),
            CommitStatus.CONFLICT: (
                following(2, records=(change("e.durand02", "guardian:g2", "guardian:g1"),)),
                following(2, records=(change("e.durand02", "guardian:g2"), change("e.durand01", "guardian:g3"))),
                following(2, records=(change("e.durand01", version=3),)),
                following(2, records=(change("e.durand01", version=3, delete=True),)),
                following(2, records=(change("e.durand02", version=2),)),
            ),
        }
        for status, commits in refused.items():
            for commit in commits:
                whole = evolve(
                    commit, handle="h2", messages=(message("m1"),), audit=(entry(),), limits=commit.limits or (free,),
                    answered=answer(commit.run), cancel_owner_messages="e.durand01",
                )  # fmt: skip
                assert store.commit(whole).status is status
        loaded = store.load("h1", ("k",))
        assert loaded is not None
        assert (loaded.run.version, loaded.answered) == (1, None)
        assert store.load("h2") is None
        assert store.lease(Lease(START + HOUR, START + HOUR)) is None
        assert store.trail("a1") == ()
        assert store.find((Ref("account", key="e.durand02"), Ref("account", name="guardian:g2"))) == ()
        assert store.find((Ref("account", key="e.durand01"),)) == (record("e.durand01"),)
        assert store.commit(following(2, limits=(free,))).status is CommitStatus.DONE

    def test_a_new_handle_takes_over_and_the_one_before_is_known_as_such(self, store: Store) -> None:
        store.commit(first())
        done = following(2, handle="h2")
        refusals = (Refusal(Reason.LOCKED, "code", {"at": START, "seconds": 3, "text": "t"}),)
        answered = answer(done.run, accepted=False, refusals=refusals)
        store.commit(evolve(done, answered=answered))
        old, new = store.load("h1", ("k",)), store.load("h2", ("other",))
        assert old is not None
        assert new is not None
        assert (old.current, old.rotated_by, old.answered) == (False, "k", answered)
        assert (new.current, new.rotated_by, new.answered) == (True, "k", None)
        store.commit(following(3, handle="h3"))
        assert store.load("h1") is None
        last = store.load("h2")
        assert last is not None
        assert (last.current, last.rotated_by) == (False, None)

    def test_the_handle_before_can_be_forgotten(self, store: Store) -> None:
        store.commit(first())
        done = following(2, handle="h2")
        answered = answer(done.run)
        store.commit(evolve(done, answered=answered))
        store.commit(following(3))
        assert store.load("h1") is not None
        store.commit(following(4, forget=True))
        assert store.load("h1") is None
        loaded = store.load("h2", ("k",))
        assert loaded is not None
        assert (loaded.current, loaded.rotated_by, loaded.answered) == (True, None, answered)

    def test_a_request_belongs_to_its_run(self, store: Store) -> None:
        store.commit(first())
        store.commit(first("a2", "h2"))
        done = following(2)
        store.commit(evolve(done, answered=answer(done.run)))
        mine, other = store.load("h1", ("k",)), store.load("h2", ("k",))
        assert mine is not None
        assert other is not None
        assert mine.answered == answer(done.run)
        assert other.answered is None

    def test_an_answer_is_found_under_any_of_several_keys_and_stays_as_it_was(self, store: Store) -> None:
        store.commit(first())
        done = following(2)
        store.commit(evolve(done, answered=answer(done.run, "older", fingerprint="g")))
        store.commit(following(3))
        for keys in (("newer", "older"), ("older", "newer"), ("older",)):
            loaded = store.load("h1", keys)
            assert loaded is not None
            assert loaded.answered == answer(done.run, "older", fingerprint="g")
            assert loaded.run.version == 3
        loaded = store.load("h1", ("newer", "newest"))
        assert loaded is not None
        assert loaded.answered is None

    def test_limits_are_counted_across_runs(self, store: Store) -> None:
        limit = Limit("kind", "key", 3, HOUR)
        for n in range(3):
            assert store.commit(first(f"a{n}", f"h{n}", limits=(limit,))).status is CommitStatus.DONE
        receipt = store.commit(first("a9", "h9", limits=(limit,)))
        assert receipt.status is CommitStatus.BARRED
        assert receipt.limit == limit
        assert receipt.until == START + HOUR
        other = limit._replace(key="other")
        assert store.commit(first("a9", "h9", limits=(other,))).status is CommitStatus.DONE
        late = first("a10", "h10", at=START + HOUR, limits=(limit,))
        assert store.commit(late).status is CommitStatus.DONE

    def test_a_limit_that_only_asks_counts_nothing(self, store: Store) -> None:
        asks = Limit("kind", "key", 1, HOUR, adds=0)
        for n in range(3):
            assert store.commit(first(f"a{n}", f"h{n}", limits=(asks,))).status is CommitStatus.DONE

    def test_a_limit_that_is_named_twice_is_judged_alike_both_times(self, store: Store) -> None:
        limit = Limit("kind", "key", 1, HOUR)
        both = (limit, limit._replace(adds=0), limit)
        assert store.commit(first(limits=both)).status is CommitStatus.DONE
        assert sum(count for _, count in store.tally("kind", "key").hits) == 2
        assert store.commit(first("a2", "h2", limits=both)).status is CommitStatus.BARRED

    def test_a_limit_holds_under_any_parallelism(self, store: Store) -> None:
        limit = Limit("kind", "key", 5, HOUR)
        with ThreadPoolExecutor(16) as pool:
            receipts = list(pool.map(lambda n: store.commit(first(f"a{n}", f"h{n}", limits=(limit,))), range(32)))
        assert sum(receipt.status is CommitStatus.DONE for receipt in receipts) == 5

    def test_limits_in_any_order_never_wait_for_each_other(self, store: Store) -> None:
        limits = tuple(Limit("kind", f"key{n}", 1_000, HOUR) for n in range(6))
        with ThreadPoolExecutor(8) as pool:
            made = [first(f"a{n}", f"h{n}", limits=limits[n % 6 :] + limits[: n % 6]) for n in range(24)]
            assert {receipt.status for receipt in pool.map(store.commit, made)} == {CommitStatus.DONE}
        assert all(sum(count for _, count in store.tally(one.kind, one.key).hits) == 24 for one in limits)

    def test_a_record_is_found_by_its_key_and_by_its_names(self, store: Store) -> None:
        mine = change("e.durand42", "guardian:g1", "guardian:g2", names=("mobile:m", "guardian:g1"))
        session = change("d1", names=("account:e.durand42",), kind="session", expires_at=START + HOUR)
        store.commit(first(records=(mine, session)))
        account = mine.record
        for ref in (
            Ref("account", key="e.durand42"), Ref("account", name="guardian:g1"), Ref("account", name="guardian:g2"),
            Ref("account", name="mobile:m"),
        ):  # fmt: skip
            assert store.find((ref,)) == (account,)
        assert store.find((Ref("session", name="account:e.durand42"),)) == (session.record,)
        every = (Ref("session", key="d1"), Ref("account", name="mobile:m"), Ref("account", key="e.durand42"))
        assert store.find(every) == (account, session.record)
        for ref in (
            Ref("session", key="e.durand42"), Ref("account", key="guardian:g1"), Ref("account", name="e.durand42"),
            Ref("account", name="mobile:n"), Ref("account", key=""), Ref("account"),
        ):  # fmt: skip
            assert store.find((ref,)) == ()
        assert store.find(()) == ()

    def test_a_run_is_loaded_with_the_records_that_it_wants_and_those_asked_for(self, store: Store) -> None:
        mine, other = change("e.durand42", "guardian:g1"), change("m.martin17", "guardian:g2")
        store.commit(first(run=run(wanted=(Ref("account", name="guardian:g1"),)), records=(mine, other)))
        asked = (Ref("account", key="m.martin17"), Ref("account", key="e.durand42"))
        for refs, expected in (((), (mine,)), (asked[:1], (mine, other)), (asked, (mine, other))):
            loaded = store.load("h1", (), refs)
            assert loaded is not None
            assert loaded.records == tuple(one.record for one in expected)
        store.commit(following(2))
        loaded = store.load("h1", ("k",), asked[:1])
        assert loaded is not None
        assert loaded.records == (other.record,)

    def test_records_are_unique_by_key_and_by_unique_name(self, store: Store) -> None:
        store.commit(first(records=(change("e.durand42", "guardian:g1", "guardian:g2", names=("mobile:m",)),)))
        again = store.commit(first("a2", "h2", records=(change("e.durand43", "guardian:g9", "guardian:g2"),)))
        assert again.status is CommitStatus.CONFLICT
        assert again.conflict == Conflict("account", "e.durand43", "guardian:g2")
        taken = store.commit(first("a2", "h2", records=(change("e.durand42", "guardian:g3"),)))
        assert taken.status is CommitStatus.CONFLICT
        assert taken.conflict == Conflict("account", "e.durand42", None)
        twice = store.commit(first("a2", "h2", records=(change("e.durand42", "guardian:g1", "guardian:g2"),)))
        assert twice.conflict == Conflict("account", "e.durand42", None)
        free = change("e.durand43", "guardian:g3", names=("mobile:m", "guardian:g1"))
        assert store.commit(first("a2", "h2", records=(free,))).status is CommitStatus.DONE
        assert store.find((Ref("account", name="mobile:m"),)) == (record("e.durand42"), record("e.durand43"))
        other = change("e.durand42", "guardian:g1", kind="other")
        assert store.commit(first("a3", "h3", records=(other,))).status is CommitStatus.DONE

    def test_a_record_is_changed_by_compare_and_set_with_all_its_names(self, store: Store) -> None:
        store.commit(first(records=(change("k1", "mail:a", "mail:b", names=("mobile:m",)),)))
        stale = store.commit(following(2, records=(change("k1", version=3),)))
        assert stale.conflict == Conflict("account", "k1", None)
        after = change("k1", "mail:b", "mail:c", version=2, names=("mobile:n",), owner="x", expires_at=START + HOUR)
        assert store.commit(following(2, records=(after,))).status is CommitStatus.DONE
        assert store.find((Ref("account", key="k1"),)) == (after.record,)
        for name, there in (
            ("mail:a", False),
            ("mail:b", True),
            ("mail:c", True),
            ("mobile:m", False),
            ("mobile:n", True),
        ):
            assert store.find((Ref("account", name=name),)) == ((after.record,) if there else ())
        freed = first("a2", "h2", records=(change("k2", "mail:a"),))
        assert store.commit(freed).status is CommitStatus.DONE

    def test_a_name_does_not_pass_from_one_record_to_another_in_one_commit(self, store: Store) -> None:
        store.commit(first(records=(change("k1", "mail:a"), change("k2", "mail:b"))))
        for records in (
            (change("k1", version=2), change("k9", "mail:a")),
            (change("k0", "mail:b"), change("k2", version=2)),
            (change("k1", version=2, delete=True), change("k9", "mail:a")),
            (change("k1", "mail:b", version=2), change("k2", "mail:a", version=2)),
        ):
            receipt = store.commit(following(2, records=records))
            assert receipt.conflict is not None
            assert receipt.conflict.name in {"mail:a", "mail:b"}
        gone = change("k1", "mail:b", version=2, delete=True)  # what it would be called is not looked at
        assert store.commit(following(2, records=(gone,))).status is CommitStatus.DONE

    def test_a_deleted_record_is_gone_with_its_names(self, store: Store) -> None:
        store.commit(first(records=(change("k1", "mail:a", names=("mobile:m",)),)))
        assert store.commit(following(2, records=(change("k1", version=2, delete=True),))).status is CommitStatus.DONE
        refs = (Ref("account", key="k1"), Ref("account", name="mail:a"), Ref("account", name="mobile:m"))
        assert store.find(refs) == ()
        assert store.commit(first("a2", "h2", records=(change("k1", "mail:a"),))).status is CommitStatus.DONE

    def test_of_many_changes_of_a_record_at_once_one_is_made(self, store: Store) -> None:
        store.commit(first(records=(change("k1"),)))
        with ThreadPoolExecutor(16) as pool:
            made = [first(f"b{n}", f"i{n}", records=(change("k1", version=2),)) for n in range(16)]
            receipts = list(pool.map(store.commit, made))
            new = [first(f"c{n}", f"j{n}", records=(change(f"n{n}", "guardian:g1"),)) for n in range(16)]
            receipts_of_new = list(pool.map(store.commit, new))
        for all_receipts in (receipts, receipts_of_new):
            statuses = sorted(receipt.status.value for receipt in all_receipts)
            assert statuses == ["conflict"] * 15 + ["done"]

    def test_two_changes_of_the_same_two_records_never_wait_for_each_other(self, store: Store) -> None:
        store.commit(first(records=(change("k1"), change("k2"))))

        def both(n: int) -> CommitStatus:
            order = ("k1", "k2") if n % 2 else ("k2", "k1")
            records = tuple(change(key, version=2) for key in order)
            return store.commit(first(f"b{n}", f"i{n}", records=records)).status

        with ThreadPoolExecutor(8) as pool:
            assert sorted(one.value for one in pool.map(both, range(8))) == ["conflict"] * 7 + ["done"]

    def test_a_message_is_leased_and_settled_once(self, store: Store) -> None:
        store.commit(first(messages=(message("m1", journey="SOME_OTHER", decoy=True),)))
        assert store.lease(Lease(START - HOUR, START)) is None
        leased = store.lease(Lease(START, START + HOUR))
        assert leased is not None
        sent = message("m1", journey="SOME_OTHER", decoy=True)
        for name in ("id", "run", "journey", "expires_at", "decoy", "body"):
            assert getattr(leased, name) == getattr(sent, name)
        assert leased.attempts == 1
        assert store.lease(Lease(START, START + HOUR)) is None
        again = store.lease(Lease(START + HOUR, START + 2 * HOUR))
        assert again is not None
        assert again.attempts == 2
        store.release("m1", 2, START + HOUR / 2)
        assert store.lease(Lease(START, START + HOUR)) is None
        assert store.lease(Lease(START + HOUR / 2, START + HOUR)) is not None
        store.settle("m1")
        store.settle("m1")
        store.release("m1", 3, START)
        assert store.lease(Lease(START + 9 * HOUR, START + 9 * HOUR)) is None

    def test_a_message_leaves_when_it_is_due(self, store: Store) -> None:
        store.commit(first(messages=(message("m1", due_at=START + HOUR), message("m2"))))
        now = store.lease(Lease(START, START + 9 * HOUR))
        assert now is not None
        assert now.id == "m2"
        assert store.lease(Lease(START + HOUR - timedelta(microseconds=1), START + 9 * HOUR)) is None
        later = store.lease(Lease(START + HOUR, START + 9 * HOUR))
        assert later is not None
        assert later.id == "m1"

    def test_a_relay_whose_lease_is_over_releases_nothing(self, store: Store) -> None:
        store.commit(first(messages=(message("m1"),)))
        late = store.lease(Lease(START, START + HOUR))
        holder = store.lease(Lease(START + HOUR, START + 3 * HOUR))
        assert late is not None
        assert holder is not None
        store.release("m1", late.attempts, START)
        assert store.lease(Lease(START + 2 * HOUR, START + 3 * HOUR)) is None
        store.release("m1", holder.attempts, START)
        assert store.lease(Lease(START + 2 * HOUR, START + 3 * HOUR)) is not None

    def test_settling_leases_the_next_in_the_same_call(self, store: Store) -> None:
        for n in range(3):
            store.commit(first(f"a{n}", f"h{n}", messages=(message(f"m{n}", f"a{n}", START + n * HOUR),)))
        one = Lease(START + HOUR, START + 9 * HOUR)
        assert store.lease(one) is not None
        settled = store.settle("m0", None, one)
        assert settled.gone
        assert settled.leased is not None
        assert (settled.leased.id, settled.leased.attempts, settled.leased.body) == ("m1", 1, message("m1").body)
        settled = store.settle("m1", entry("a1"), one)
        assert (settled.gone, settled.leased) == (True, None)  # the last is not due
        settled = store.settle("m1", entry("a1"), Lease(START + 2 * HOUR, START + 9 * HOUR))
        assert not settled.gone
        assert settled.leased is not None
        assert store.trail("a1") == (entry("a1"),)
        assert store.lease(Lease(START + 2 * HOUR, START + 9 * HOUR)) is None

    def test_settling_notes_its_entry_once(self, store: Store) -> None:
        store.commit(first(messages=(message("m1"),)))
        store.lease(Lease(START, START + HOUR))
        for _ in range(2):
            store.settle("m1", entry(reasons=("sms_rejected",), denied=()))
        store.settle("nothing", entry())
        assert store.trail("a1") == (entry(reasons=("sms_rejected",), denied=()),)

    def test_settling_says_whether_the_message_was_there(self, store: Store) -> None:
        store.commit(first(messages=(message("m1"),)))
        store.commit(first("a2", "h2", messages=(message("m2"),)))
        assert [store.settle(one).gone for one in ("m1", "m1", "nothing")] == [True, False, False]
        assert [store.settle("m2", entry()).gone for _ in range(2)] == [True, False]

    def test_a_key_is_spent_once_until_its_time(self, store: Store) -> None:
        assert not store.spent("k", START)
        with ThreadPoolExecutor(16) as pool:
            spent = list(pool.map(lambda _: store.spend("k", START, START + HOUR), range(16)))
        assert sorted(spent) == [False] * 15 + [True]
        assert store.spent("k", START + HOUR - timedelta(microseconds=1))
        assert not store.spent("k", START + HOUR)
        assert not store.spent("other", START)
        assert store.spend("other", START, START + HOUR)
        assert not store.spend("k", START + HOUR - timedelta(microseconds=1), START + 9 * HOUR)
        assert store.spend("k", START + HOUR, START + 2 * HOUR)
        assert not store.spend("k", START + HOUR, START + 2 * HOUR)

    def test_what_is_counted_can_be_read(self, store: Store) -> None:
        assert store.tally("kind", "key") == EMPTY
        limit = Limit("kind", "key", 2, HOUR, lock=HOUR)
        for n in range(2):
            at = START + n * HOUR / 4
            commit = first(f"a{n}", f"h{n}", at=at, limits=(limit,))
            assert store.commit(commit).status is CommitStatus.DONE
        kept = store.tally("kind", "key")
        assert [at for at, _ in kept.hits] == [micros(START), micros(START + HOUR / 4)]
        assert sum(count for _, count in kept.hits) == 2
        assert kept.barred_until == micros(START + HOUR / 4 + HOUR)
        assert store.tally("other", "key") == store.tally("kind", "other") == EMPTY

    def test_the_message_due_the_longest_goes_first(self, store: Store) -> None:
        for n in (2, 0, 1):
            store.commit(first(f"a{n}", f"h{n}", messages=(message(f"m{n}", f"a{n}", START + n * HOUR),)))
        order = [store.lease(Lease(START + 3 * HOUR, START + 9 * HOUR)) for _ in range(3)]
        assert [leased.id for leased in order if leased is not None] == ["m0", "m1", "m2"]

    def test_many_relays_never_share_a_message(self, store: Store) -> None:
        for n in range(20):
            store.commit(first(f"a{n}", f"h{n}", messages=(message(f"m{n}", f"a{n}"),)))
        with ThreadPoolExecutor(8) as pool:
            leased = list(pool.map(lambda _: store.lease(Lease(START, START + HOUR)), range(30)))
        ids = [one.id for one in leased if one is not None]
        assert len(ids) == len(set(ids)) == 20

    def test_void_drops_what_waits_but_not_what_comes_with_it(self, store: Store) -> None:
        store.commit(first(messages=(message("m1"),)))
        store.commit(first("a2", "h2", messages=(message("m9", "a2"),)))
        store.commit(following(2, cancel_messages=True, messages=(message("m2"), message("m3"))))
        found = {one.id for one in (store.lease(Lease(START, START + HOUR)) for _ in range(4)) if one}
        assert found == {"m2", "m3", "m9"}
        store.commit(following(3, cancel_messages=True))
        assert store.lease(Lease(START + 2 * HOUR, START + 9 * HOUR)) is not None  # the other run's
        assert store.lease(Lease(START + 2 * HOUR, START + 9 * HOUR)) is None

    def test_ending_an_owner_drops_the_messages_of_all_its_runs(self, store: Store) -> None:
        for n, owner in enumerate(("me", "me", "you", "")):
            store.commit(first(f"a{n}", f"h{n}", messages=(message(f"m{n}", f"a{n}", owner=owner),)))
        store.commit(following(2, "a0", cancel_owner_messages="me", messages=(message("m9", "a0", owner="me"),)))
        found = {one.id for one in (store.lease(Lease(START, START + HOUR)) for _ in range(5)) if one}
        assert found == {"m2", "m3", "m9"}

    def test_runs_of_one_owner_that_end_each_other_never_wait_for_each_other(self, store: Store) -> None:
        for n in range(6):
            waiting = tuple(message(f"m{n}.{one}", f"a{n}", owner="me") for one in range(5))
            store.commit(first(f"a{n}", f"h{n}", messages=waiting))
        with ThreadPoolExecutor(6) as pool:
            ends = [following(2, f"a{n}", cancel_messages=True, cancel_owner_messages="me") for n in range(6)]
            assert {receipt.status for receipt in pool.map(store.commit, ends)} == {CommitStatus.DONE}
        assert store.lease(Lease(START + HOUR, START + HOUR)) is None

    def test_purge_takes_what_is_over_and_leaves_records_and_audit(self, store: Store) -> None:
        limit = Limit("kind", "key", 1, HOUR)
        store.commit(
            first(
                messages=(message("m1"),), records=(change("e.durand42", "guardian:g1"),), limits=(limit,),
                audit=(entry(),), answered=answer(run()),
            )
        )  # fmt: skip
        store.commit(following(2, handle="h2"))
        store.commit(evolve(first("a2", "h3"), purge_at=START + 2 * HOUR))
        assert store.purge(START + HOUR - timedelta(microseconds=1), 10) == 0
        assert store.purge(START + HOUR, 10) == 1
        assert store.load("h1") is None
        assert store.load("h2") is None
        assert store.load("h3") is not None
        assert store.lease(Lease(START + HOUR, START + HOUR)) is None
        assert store.find((Ref("account", name="guardian:g1"),)) == (record("e.durand42"),)
        assert store.trail("a1") == (entry(),)
        assert store.commit(first("a3", "h4", limits=(limit,))).status is CommitStatus.DONE
        store.commit(first("a1", "h5"))  # the id again: nothing of the first is left
        again = store.load("h5", ("k",))
        assert again is not None
        assert again.answered is None

    def test_purge_forgets_counters_and_spent_keys_that_say_nothing_more(self, store: Store) -> None:
        limit = Limit("kind", "key", 1, HOUR)
        store.commit(first(limits=(limit,)))
        store.spend("k", START, START + HOUR)
        store.purge(START + HOUR - timedelta(microseconds=1), 10)
        assert store.tally("kind", "key") != EMPTY
        assert not store.spend("k", START, START + HOUR)
        store.purge(START + HOUR, 10)
        assert store.tally("kind", "key") == EMPTY
        assert store.spend("k", START, START + HOUR)  # the clock went back: only a forgotten key can be spent again

    def test_purge_takes_records_that_have_expired(self, store: Store) -> None:
        ends = change("d1", "token:t", kind="session", names=("account:x",), expires_at=START + HOUR)
        store.commit(first(records=(ends, change("d2", kind="session", expires_at=START + 2 * HOUR), change("k"))))
        refs = (
            Ref("session", key="d1"), Ref("session", name="account:x"), Ref("session", name="token:t"),
            Ref("session", key="d2"), Ref("account", key="k"),
        )  # fmt: skip
        store.purge(START + HOUR - timedelta(microseconds=1), 10)
        assert len(store.find(refs)) == 3
        store.purge(START + HOUR, 10)
        assert [one.key for one in store.find(refs)] == ["k", "d2"]
        again = store.commit(first("a2", "h2", records=(change("d3", "token:t", kind="session"),)))
        assert again.status is CommitStatus.DONE

    def test_purge_forgets_more_counters_than_runs(self, store: Store) -> None:
        for n in range(4):
            store.commit(first(f"a{n}", f"h{n}", limits=tuple(Limit("kind", f"{n}{m}", 1, HOUR) for m in range(4))))
            store.spend(f"k{n}", START, START + HOUR)
        for _ in range(4):
            store.purge(START + HOUR, 1)
        assert [store.tally("kind", f"{n}{m}") for n in range(4) for m in range(4)] == [EMPTY] * 16
        assert not any(store.spent(f"k{n}", START) for n in range(4))

    def test_purge_stops_at_its_limit(self, store: Store) -> None:
        for n in range(5):
            store.commit(first(f"a{n}", f"h{n}"))
        assert [store.purge(START + HOUR, 2) for _ in range(4)] == [2, 2, 1, 0]

    def test_the_audit_trail_is_in_order(self, store: Store) -> None:
        entries = (entry(), entry(row="code.back", reasons=(), denied=()), entry(at=START - HOUR, journey="SOME_OTHER"))
        store.commit(first(audit=entries[:2]))
        store.commit(following(2, audit=entries[2:]))
        assert store.trail("a1") == entries
        assert store.trail("a2") == ()

    def test_the_audit_of_all_can_be_read_from_where_one_stopped(self, store: Store) -> None:
        assert store.entries(0, 10) == ()
        written = [entry(f"a{n}") for n in range(5)]
        for n, one in enumerate(written):
            store.commit(first(f"a{n}", f"h{n}", audit=(one,)))
        read: list[tuple[int, AuditEntry]] = []
        after = 0
        while found := store.entries(after, 2):
            assert len(found) <= 2
            read += found
            after = found[-1][0]
        assert [one for _, one in read] == written
        numbers = [number for number, _ in read]
        assert numbers == sorted(set(numbers))

    def test_reading_on_misses_nothing_that_is_written_meanwhile(self, store: Store) -> None:
        count = 40
        seen: list[str] = []
        with ThreadPoolExecutor(8) as pool:
            writing = [
                pool.submit(store.commit, first(f"a{n}", f"h{n}", audit=(entry(f"a{n}"),))) for n in range(count)
            ]
            after = 0
            while len(seen) < count:
                over = all(one.done() for one in writing)
                found = store.entries(after, 7)
                seen += [one.run for _, one in found]
                after = found[-1][0] if found else after
                if over and not found:
                    break
        assert sorted(seen) == sorted(f"a{n}" for n in range(count))


class AsyncStoreContract(StoreContract):
    """The same rules for an ``AsyncStore``: give it as the fixture ``async_store``; the contract closes it."""

    @pytest.fixture
    def store(self, async_store: AsyncStore) -> Iterator[Any]:
        """*async_store*, each call awaited in an event loop that runs in a thread of its own."""
        with as_sync(async_store) as store:
            yield store
            store.close()
