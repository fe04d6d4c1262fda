"""What a store must keep: subclass it in pytest, give a store, and run.  ``AsyncStoreContract`` is for those whose
methods are awaited.

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

from educonnect_flow.activation.products import Account, Outgoing
from educonnect_flow.activation.snapshot import Activation, Challenge, Claim, ShownPupil
from educonnect_flow.activation.states import State
from educonnect_flow.machinery.tally import EMPTY, Limit, micros
from educonnect_flow.people import MobileKey, Relation, SealedMobile
from educonnect_flow.ports import AsyncStore, Store
from educonnect_flow.reasons import Reason, Refusal
from educonnect_flow.records import Answered, AuditEntry, Commit, Standing
from educonnect_flow.testing.clock import START
from educonnect_flow.testing.waited import waited

HOUR = timedelta(hours=1)


def activation(name: str = "a1", version: int = 1, at: datetime = START, **fields: Any) -> Activation:
    """An activation as the contract uses it."""
    fields = {"state": State.PROFILE, "created_at": START, "seen_at": at, "latest_at": at, **fields}
    return Activation(id=name, version=version, **fields)


def full(name: str = "a1") -> Activation:
    """An activation with something in every field."""
    return activation(
        name,
        state=State.LOCKED,
        rotation=2,
        strays=1,
        source="s",
        prompt="prompt",
        claim=Claim(
            mobile=SealedMobile("sealed"),
            mobile_key=MobileKey("key"),
            masked="+33 6 •• •• •• 78",
            guardians=("g1", "g2"),
        ),
        challenge=Challenge("nonce", START, START + HOUR),
        codes=3,
        code_at=START + timedelta(microseconds=1),
        code_failures=4,
        pupils_failures=1,
        names=("Durand", "Émilie"),
        pupils=(ShownPupil(id="p1", given_name="Léo", school="Lycée", relation=Relation.IN_CHARGE),),
        confirmed=("p1",),
        denied=("p2",),
        identifier="e.durand42",
        until=START + HOUR,
        why=Reason.NO_PUPIL,
    )


def account(identifier: str, *guardians: str, base: str = "e.durand") -> Account:
    """An account as the contract uses it."""
    return Account(
        identifier=identifier,
        base=base,
        guardians=guardians,
        confirmed=("p1",),
        denied=("p2",),
        password_hash="hash",
        created_at=START,
        activation="a1",
    )


def message(name: str, of: str = "a1", at: datetime = START) -> Outgoing:
    """A message as the contract uses it."""
    return Outgoing(
        id=name,
        activation=of,
        nonce="n",
        mobile=SealedMobile("sealed"),
        created_at=at,
        expires_at=at + HOUR,
        decoy=False,
    )


def entry(of: str = "a1", **fields: Any) -> AuditEntry:
    """An audit entry as the contract uses it."""
    return AuditEntry(
        **{
            "at": START, "activation": of, "event": "GoBack", "row": None, "source": "code", "dest": "code",
            "reasons": ("not_now",), "denied": ("p2",), "mobile": "key", "origin": "s t", **fields,
        }
    )  # fmt: skip


def first(name: str = "a1", handle: str = "h1", **fields: Any) -> Commit:
    """The commit that begins an activation."""
    return Commit(**{"activation": activation(name), "purge_at": START + HOUR, "handle": handle, **fields})


def following(version: int, name: str = "a1", at: datetime = START, **fields: Any) -> Commit:
    """The commit that makes *version* out of the one before."""
    return Commit(**{"activation": activation(name, version, at), "purge_at": START + HOUR, **fields})


class StoreContract:
    """The rules of ``Store``, a test each."""

    def test_an_unknown_handle_leads_to_nothing(self, store: Store) -> None:
        assert store.load("h1") is None

    def test_a_snapshot_comes_back_whole(self, store: Store) -> None:
        kept = full()
        store.commit(Commit(activation=kept, purge_at=START + HOUR, handle="h1"))
        loaded = store.load("h1")
        assert loaded is not None
        assert loaded.activation == kept
        assert loaded.current
        assert loaded.answered is None

    def test_a_stale_version_is_always_refused(self, store: Store) -> None:
        assert store.commit(first()).standing is Standing.DONE
        assert store.commit(first(handle="h2")).standing is Standing.STALE
        assert store.commit(following(2)).standing is Standing.DONE
        for version in (2, 4):
            assert store.commit(following(version)).standing is Standing.STALE
        assert store.commit(following(2, "a9")).standing is Standing.STALE
        loaded = store.load("h1")
        assert loaded is not None
        assert loaded.activation.version == 2

    def test_of_many_at_once_one_commits(self, store: Store) -> None:
        store.commit(first())
        with ThreadPoolExecutor(16) as pool:
            receipts = list(pool.map(lambda _: store.commit(following(2)), range(16)))
        assert sorted(receipt.standing.value for receipt in receipts) == ["done"] + ["stale"] * 15

    def test_a_refused_commit_changes_nothing_at_all(self, store: Store) -> None:
        full_limit = Limit("kind", "full", 1, HOUR)
        store.commit(first(limits=(full_limit,), account=account("e.durand01", "g1")))
        free = Limit("kind", "free", 1, HOUR)
        refused = {
            Standing.STALE: following(3),
            Standing.BARRED: following(2, limits=(free, full_limit)),
            Standing.ACTIVE: following(2, account=account("e.durand02", "g2", "g1")),
            Standing.IDENTIFIER_TAKEN: following(2, account=account("e.durand01", "g3")),
        }
        for standing, commit in refused.items():
            whole = evolve(
                commit, handle="h2", outgoing=message("m1"), audit=entry(), limits=commit.limits or (free,),
                answered=Answered(
                    key="k", fingerprint="f", activation=commit.activation, accepted=True, refusals=()
                ),
            )  # fmt: skip
            assert store.commit(whole).standing is standing
        loaded = store.load("h1", "k")
        assert loaded is not None
        assert (loaded.activation.version, loaded.answered) == (1, None)
        assert store.load("h2") is None
        assert store.claim(START + HOUR, START + HOUR) is None
        assert store.trail("a1") == ()
        assert not store.active(("g2", "g3"))
        assert store.issued("e.durand") == 1
        assert store.account("e.durand02") is None
        assert store.commit(following(2, limits=(free,))).standing is Standing.DONE

    def test_a_new_handle_takes_over_and_the_one_before_is_known_as_such(self, store: Store) -> None:
        store.commit(first())
        done = following(2, handle="h2")
        answered = Answered(
            key="k",
            fingerprint="f",
            activation=done.activation,
            accepted=False,
            refusals=(Refusal(Reason.LOCKED, "code", {"at": START, "seconds": 3, "text": "t"}),),
        )
        store.commit(evolve(done, answered=answered))
        old, new = store.load("h1", "k"), store.load("h2", "other")
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
        answered = Answered(key="k", fingerprint="f", activation=done.activation, accepted=True, refusals=())
        store.commit(evolve(done, answered=answered))
        store.commit(following(3))
        assert store.load("h1") is not None
        store.commit(following(4, forget=True))
        assert store.load("h1") is None
        loaded = store.load("h2", "k")
        assert loaded is not None
        assert (loaded.current, loaded.rotated_by, loaded.answered) == (True, None, answered)

    def test_a_request_belongs_to_its_activation(self, store: Store) -> None:
        store.commit(first())
        store.commit(first("a2", "h2"))
        done = following(2)
        answered = Answered(key="k", fingerprint="f", activation=done.activation, accepted=True, refusals=())
        store.commit(evolve(done, answered=answered))
        mine, other = store.load("h1", "k"), store.load("h2", "k")
        assert mine is not None
        assert other is not None
        assert mine.answered == answered
        assert other.answered is None

    def test_limits_are_counted_across_activations(self, store: Store) -> None:
        limit = Limit("kind", "key", 3, HOUR)
        for n in range(3):
            assert store.commit(first(f"a{n}", f"h{n}", limits=(limit,))).standing is Standing.DONE
        receipt = store.commit(first("a9", "h9", limits=(limit,)))
        assert receipt.standing is Standing.BARRED
        assert receipt.limit == limit
        assert receipt.until == START + HOUR
        other = limit._replace(key="other")
        assert store.commit(first("a9", "h9", limits=(other,))).standing is Standing.DONE
        late = Commit(
            activation=activation("a10", at=START + HOUR), purge_at=START + HOUR, handle="h10", limits=(limit,)
        )
        assert store.commit(late).standing is Standing.DONE

    def test_a_limit_that_only_asks_counts_nothing(self, store: Store) -> None:
        asks = Limit("kind", "key", 1, HOUR, adds=0)
        for n in range(3):
            assert store.commit(first(f"a{n}", f"h{n}", limits=(asks,))).standing is Standing.DONE

    def test_a_limit_holds_under_any_parallelism(self, store: Store) -> None:
        limit = Limit("kind", "key", 5, HOUR)
        with ThreadPoolExecutor(16) as pool:
            receipts = list(pool.map(lambda n: store.commit(first(f"a{n}", f"h{n}", limits=(limit,))), range(32)))
        assert sum(receipt.standing is Standing.DONE for receipt in receipts) == 5

    def test_accounts_are_unique_by_guardian_and_by_identifier(self, store: Store) -> None:
        mine = account("e.durand42", "g1", "g2")
        store.commit(first(account=mine))
        assert store.account("e.durand42") == mine
        assert store.active(("g9", "g2"))
        assert not store.active(("g9",))
        assert not store.active(())
        again = store.commit(first("a2", "h2", account=account("e.durand43", "g2")))
        assert again.standing is Standing.ACTIVE
        taken = store.commit(first("a2", "h2", account=account("e.durand42", "g3")))
        assert taken.standing is Standing.IDENTIFIER_TAKEN
        assert store.commit(first("a2", "h2", account=account("e.durand43", "g3"))).standing is Standing.DONE
        assert store.issued("e.durand") == 2
        assert store.issued("m.martin") == 0

    def test_a_message_is_claimed_under_a_lease_and_settled_once(self, store: Store) -> None:
        store.commit(first(outgoing=message("m1")))
        assert store.claim(START - HOUR, START) is None
        claimed = store.claim(START, START + HOUR)
        assert claimed is not None
        assert (claimed.outgoing, claimed.attempts) == (message("m1"), 1)
        assert store.claim(START, START + HOUR) is None
        again = store.claim(START + HOUR, START + 2 * HOUR)
        assert again is not None
        assert again.attempts == 2
        store.release("m1", 2, START + HOUR / 2)
        assert store.claim(START, START + HOUR) is None
        assert store.claim(START + HOUR / 2, START + HOUR) is not None
        store.settle("m1")
        store.settle("m1")
        store.release("m1", 3, START)
        assert store.claim(START + 9 * HOUR, START + 9 * HOUR) is None

    def test_a_relay_whose_lease_is_over_releases_nothing(self, store: Store) -> None:
        store.commit(first(outgoing=message("m1")))
        late = store.claim(START, START + HOUR)
        holder = store.claim(START + HOUR, START + 3 * HOUR)
        assert late is not None
        assert holder is not None
        store.release("m1", late.attempts, START)
        assert store.claim(START + 2 * HOUR, START + 3 * HOUR) is None
        store.release("m1", holder.attempts, START)
        assert store.claim(START + 2 * HOUR, START + 3 * HOUR) is not None

    def test_settling_notes_its_entry_once(self, store: Store) -> None:
        store.commit(first(outgoing=message("m1")))
        store.claim(START, START + HOUR)
        for _ in range(2):
            store.settle("m1", entry(reasons=("sms_rejected",), denied=()))
        store.settle("nothing", entry())
        assert store.trail("a1") == (entry(reasons=("sms_rejected",), denied=()),)

    def test_settling_says_whether_the_message_was_there(self, store: Store) -> None:
        store.commit(first(outgoing=message("m1")))
        store.commit(first("a2", "h2", outgoing=message("m2")))
        assert [store.settle("m1"), store.settle("m1"), store.settle("nothing")] == [True, False, False]
        assert [store.settle("m2", entry()), store.settle("m2", entry())] == [True, False]

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
            commit = Commit(
                activation=activation(f"a{n}", at=at), purge_at=START + HOUR, handle=f"h{n}", limits=(limit,)
            )
            assert store.commit(commit).standing is Standing.DONE
        kept = store.tally("kind", "key")
        assert [at for at, _ in kept.hits] == [micros(START), micros(START + HOUR / 4)]
        assert sum(count for _, count in kept.hits) == 2
        assert kept.barred_until == micros(START + HOUR / 4 + HOUR)
        assert store.tally("other", "key") == store.tally("kind", "other") == EMPTY

    def test_the_message_due_the_longest_goes_first(self, store: Store) -> None:
        for n in (2, 0, 1):
            store.commit(first(f"a{n}", f"h{n}", outgoing=message(f"m{n}", f"a{n}", START + n * HOUR)))
        order = [store.claim(START + 3 * HOUR, START + 9 * HOUR) for _ in range(3)]
        assert [claimed.outgoing.id for claimed in order if claimed is not None] == ["m0", "m1", "m2"]

    def test_many_relays_never_share_a_message(self, store: Store) -> None:
        for n in range(20):
            store.commit(first(f"a{n}", f"h{n}", outgoing=message(f"m{n}", f"a{n}")))
        with ThreadPoolExecutor(8) as pool:
            claimed = list(pool.map(lambda _: store.claim(START, START + HOUR), range(30)))
        ids = [one.outgoing.id for one in claimed if one is not None]
        assert len(ids) == len(set(ids)) == 20

    def test_void_drops_what_waits_but_not_what_comes_with_it(self, store: Store) -> None:
        store.commit(first(outgoing=message("m1")))
        store.commit(first("a2", "h2", outgoing=message("m9", "a2")))
        store.commit(following(2, void=True, outgoing=message("m2")))
        found = {claimed.outgoing.id for claimed in (store.claim(START, START + HOUR) for _ in range(3)) if claimed}
        assert found == {"m2", "m9"}
        store.commit(following(3, void=True))
        assert store.claim(START + 2 * HOUR, START + 9 * HOUR) is not None  # the other activation's
        assert store.claim(START + 2 * HOUR, START + 9 * HOUR) is None

    def test_purge_takes_what_is_over_and_leaves_accounts_and_audit(self, store: Store) -> None:
        limit = Limit("kind", "key", 1, HOUR)
        done = Answered(key="k", fingerprint="f", activation=activation(), accepted=True, refusals=())
        store.commit(
            first(
                outgoing=message("m1"), account=account("e.durand42", "g1"), limits=(limit,), audit=entry(),
                answered=done,
            )
        )  # fmt: skip
        store.commit(following(2, handle="h2"))
        store.commit(evolve(first("a2", "h3"), purge_at=START + 2 * HOUR))
        assert store.purge(START + HOUR - timedelta(microseconds=1), 10) == 0
        assert store.purge(START + HOUR, 10) == 1
        assert store.load("h1") is None
        assert store.load("h2") is None
        assert store.load("h3") is not None
        assert store.claim(START + HOUR, START + HOUR) is None
        assert store.account("e.durand42") is not None
        assert store.trail("a1") == (entry(),)
        assert store.commit(first("a3", "h4", limits=(limit,))).standing is Standing.DONE
        store.commit(first("a1", "h5"))  # the id again: nothing of the first is left
        again = store.load("h5", "k")
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

    def test_purge_forgets_more_counters_than_activations(self, store: Store) -> None:
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
        entries = (entry(), entry(row="code.back", reasons=(), denied=()), entry(at=START - HOUR))
        store.commit(first(audit=entries[0]))
        store.commit(following(2, audit=entries[1]))
        store.commit(following(3, audit=entries[2]))
        assert store.trail("a1") == entries
        assert store.trail("a2") == ()

    def test_the_audit_of_all_can_be_read_from_where_one_stopped(self, store: Store) -> None:
        assert store.entries(0, 10) == ()
        written = [entry(f"a{n}") for n in range(5)]
        for n, one in enumerate(written):
            store.commit(first(f"a{n}", f"h{n}", audit=one))
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
            writing = [pool.submit(store.commit, first(f"a{n}", f"h{n}", audit=entry(f"a{n}"))) for n in range(count)]
            after = 0
            while len(seen) < count:
                over = all(one.done() for one in writing)
                found = store.entries(after, 7)
                seen += [one.activation for _, one in found]
                after = found[-1][0] if found else after
                if over and not found:
                    break
        assert sorted(seen) == sorted(f"a{n}" for n in range(count))


class AsyncStoreContract(StoreContract):
    """The same rules for an ``AsyncStore``: give it as the fixture ``async_store``; the contract closes it."""

    @pytest.fixture
    def store(self, async_store: AsyncStore) -> Iterator[Any]:
        """*async_store*, each call awaited in an event loop that runs in a thread of its own."""
        with waited(async_store) as store:
            yield store
            store.close()
