"""Faults for the simulator to find, each a small patch: between two port calls, or in a store that yields.

Long because it is one table.  Each fault is a context manager that yields what makes a store for a world.
``python -m tests.testing.simulation.planted`` finds each in turn and prints the time that it took.
"""

# The simulator takes stores that pause: their methods are coroutines, and those of MemoryStore are not.
# mypy: disable-error-code="override"

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from attrs import evolve

from educonnect_flow import _messages as messages
from educonnect_flow import relay
from educonnect_flow._keys import Keys
from educonnect_flow.engine import _decide as deciding
from educonnect_flow.engine import _engine as engines
from educonnect_flow.engine._engine import Engine
from educonnect_flow.engine._ports import Ports
from educonnect_flow.engine._run import Run, stored
from educonnect_flow.errors import StoreUnavailable
from educonnect_flow.journeys import all_journeys
from educonnect_flow.ports import Message
from educonnect_flow.records import DONE, Commit, CommitResult, CommitStatus, Settled
from educonnect_flow.relay import DeliveryCounts
from educonnect_flow.stores import MemoryStore
from educonnect_flow.testing.simulation import Simulation, pause

Stores = Callable[[], Any]
FAULTS: dict[str, tuple[str, Callable[[], Any]]] = {}
"""By name: what is wrong, and the context manager."""


def planted(what: str) -> Callable[[Callable[[], Iterator[Stores | None]]], None]:
    """Add a fault to the table."""

    def add(function: Callable[[], Iterator[Stores | None]]) -> None:
        FAULTS[function.__name__] = (what, contextmanager(function))

    return add


def after(effect: str, then: Callable[[Any], None]) -> ExitStack:
    """*then* is done to the context after the effect that is called *effect*, in every row that has it."""
    return _rows(lambda do: tuple(_both(one, then) if one.__name__ == effect else one for one in do), effect)


def without(guard: str) -> ExitStack:
    """The rows with the guard *guard* are never taken."""
    stack = ExitStack()
    for row in _all_rows():
        if any(one.__name__ == guard for one in row.when):
            stack.enter_context(patch.dict(vars(row), when=(lambda context: False,)))
    return stack


def _rows(changed: Callable[[Any], Any], effect: str) -> ExitStack:
    stack, found = ExitStack(), 0
    for row in _all_rows():
        if any(one.__name__ == effect for one in row.do):
            stack.enter_context(patch.dict(vars(row), do=changed(row.do)))
            found += 1
    assert found, effect
    return stack


def _all_rows() -> list[Any]:
    return [row for journey in all_journeys() for row in journey.table.rows]


def _both(effect: Any, then: Callable[[Any], None]) -> Any:
    def done(context: Any) -> None:
        effect(context)
        then(context)

    done.__name__ = effect.__name__
    return done


def put(**changes: Any) -> Callable[[Any], None]:
    def then(context: Any) -> None:
        for name, value in changes.items():
            setattr(context, name, value)

    return then


def keep(field: str) -> Callable[[Any], None]:
    """The run's *field* stays as it was."""
    return lambda context: context.changes.pop(field, None)


# --- effects that leave something out ------------------------------------------------------------------


@planted("a resend leaves the message before it waiting")
def resend_keeps_the_old_message() -> Iterator[None]:
    with after("issue_next_code", put(cancel_messages=False)):
        yield


@planted("a step back leaves the page's message waiting")
def back_keeps_the_message() -> Iterator[None]:
    with after("undo_claim", put(cancel_messages=False)):
        yield


@planted("a lock leaves the page's message waiting")
def lock_keeps_the_message() -> Iterator[None]:
    with after("lock", put(cancel_messages=False)):
        yield


@planted("an accepted code leaves its message waiting")
def accepted_code_keeps_the_message() -> Iterator[None]:
    with after("accept_code", put(cancel_messages=False)):
        yield


@planted("the handle is not rotated with the accepted code")
def handle_stays() -> Iterator[None]:
    with after("accept_code", put(rotate=False)):
        yield


@planted("the lock is looked at for wrong codes only: a right one passes")
def lock_in_one_place() -> Iterator[None]:
    with after("accept_code", lambda context: context.limits.clear()):
        yield


@planted("the lock is looked at for codes only: birth dates pass")
def lock_not_for_dates() -> Iterator[None]:
    def clear(context: Any) -> None:
        context.limits.clear()

    with after("count_pupils_failure", clear), after("record_pupils", clear):
        yield


@planted("a wrong code is counted in the run and not for the mobile")
def mobile_not_counted() -> Iterator[None]:
    with after("count_code_failure", lambda context: context.limits.clear()):
        yield


@planted("a wrong code is counted for the mobile and not in the run")
def run_not_counted() -> Iterator[None]:
    with after("count_code_failure", keep("code_failures")):
        yield


@planted("a resend is not counted")
def resend_not_counted() -> Iterator[None]:
    with after("issue_next_code", keep("codes")):
        yield


@planted("a resend does not begin the wait for the next")
def resend_without_wait() -> Iterator[None]:
    with after("issue_next_code", keep("code_issued_at")):
        yield


@planted("no message is written for a stranger")
def no_row_for_a_stranger() -> Iterator[None]:
    def clear(context: Any) -> None:
        context.messages[:] = [out for out in context.messages if not out.decoy]

    with after("take_claim", clear):
        yield


@planted("a stranger's wrong codes are not counted")
def no_count_for_a_stranger() -> Iterator[None]:
    def clear(context: Any) -> None:
        if context.run.recipient.decoy:
            context.limits.clear()

    with after("count_code_failure", clear):
        yield


@planted("a stranger's code lives a second less")
def stranger_has_less_time() -> Iterator[None]:
    def less(context: Any) -> None:
        if context.changes["sent_to"].decoy:
            challenge = context.changes["challenge"]
            context.changes["challenge"] = challenge._replace(expires_at=challenge.expires_at - timedelta(seconds=1))

    with after("take_claim", less):
        yield


@planted("a page shows the identifier of another parent, too")
def identifier_of_another() -> Iterator[None]:
    shown: list[str] = ["unknown"]

    def another(context: Any) -> None:
        shown.extend(context.changes["identifiers"])
        context.changes["identifiers"] = tuple(dict.fromkeys(shown[-2:]))

    with after("show_identifiers", another):
        yield


@planted("an activation ends without its account")
def no_account() -> Iterator[None]:
    with after("create_account", lambda context: context.records.clear()):
        yield


@planted("the page after the code shows a pupil too many")
def pupil_too_many() -> Iterator[None]:
    with after("show_pupils", _one_more):
        yield


@planted("a step back to the pupils' page shows one too many")
def pupil_too_many_on_the_way_back() -> Iterator[None]:
    with after("undo_pupils", _one_more):
        yield


def _one_more(context: Any) -> None:
    shown = context.changes.get("pupils", context.run.pupils)
    context.changes["pupils"] = (*shown, evolve(shown[0], id="p9"))


@contextmanager
def code_for_the_next_mobile() -> Iterator[None]:
    """A step back keeps the code; that a code is bound to its mobile makes this harmless, unless any code opens."""

    def keep_code(context: Any) -> None:
        context.changes.pop("challenge")
        context.cancel_messages = False

    def no_other(context: Any) -> None:
        if context.run.challenge is not None:
            context.changes["challenge"] = context.run.challenge
            context.messages.clear()

    with after("undo_claim", keep_code), after("take_claim", no_other):
        yield


@planted("pupils are not looked up again when the password is chosen")
def records_not_read_again() -> Iterator[None]:
    with after("create_account", _confirm_all):
        yield


def _confirm_all(context: Any) -> None:
    (draft,) = context.records
    context.changes["confirmed"] = context.run.confirmed
    context.records[:] = [evolve(draft, body={**draft.body, "confirmed": context.run.confirmed})]


@planted("a run that was idle for too long goes on")
def idle_run_goes_on() -> Iterator[None]:
    def never(*_: Any) -> bool:
        return False

    with patch.object(deciding, "ended", never), patch.object(engines, "ended", never):
        yield


@planted("a clock that steps back gives an expired code its time again")
def clock_revives_a_code() -> Iterator[None]:
    with ExitStack() as stack:
        for journey in all_journeys():
            stack.enter_context(patch.object(journey.run, "after_clock_step", Run.after_clock_step))
        yield


# --- the engine, between two port calls ----------------------------------------------------------------

commit = Engine._commit
ask_port, ask_store = Ports.ask, Ports.stored


def committing(changed: Callable[[Engine, Commit], Any]) -> Any:
    return patch.object(Engine, "_commit", changed)


def _ignoring(status: CommitStatus) -> Any:
    async def changed(self: Engine, made: Commit) -> CommitResult:
        receipt = await commit(self, made)
        return DONE if receipt.status is status else receipt

    return committing(changed)


@planted("a commit that another overtook is answered as if it were done")
def stale_is_done() -> Iterator[None]:
    with _ignoring(CommitStatus.STALE):
        yield


@planted("a commit that a limit refused is answered as if it were done")
def barred_is_done() -> Iterator[None]:
    with _ignoring(CommitStatus.BARRED):
        yield


@planted("a commit whose account another has is answered as if it were done")
def conflict_is_done() -> Iterator[None]:
    with _ignoring(CommitStatus.CONFLICT):
        yield


@planted("a store that fails is taken for one that answered")
def failure_is_done() -> Iterator[None]:
    async def changed(self: Engine, made: Commit) -> CommitResult:
        try:
            return await commit(self, made)
        except StoreUnavailable:
            return DONE

    with committing(changed):
        yield


@planted("a commit that another overtook is made again without a new decision")
def overtakes() -> Iterator[None]:
    async def changed(self: Engine, made: Commit) -> CommitResult:
        receipt = await commit(self, made)
        for _ in range(5):
            if receipt.status is CommitStatus.STALE:
                made = evolve(made, run=evolve(made.run, version=made.run.version + 1, body=_raised(made.run)))
                receipt = await commit(self, made)
        return receipt

    with committing(changed):
        yield


def _raised(kept: Any) -> Any:
    run: Any = kept.body.value(lambda text: None)
    return stored(evolve(run, version=run.version + 1)).body


def _next(made: Commit, **more: Any) -> Commit:
    """A second commit of the same run."""
    run: Any = made.run.body.value(lambda text: None)
    raised = stored(evolve(run, version=run.version + 1))
    return Commit(run=raised, at=made.at, purge_at=made.purge_at, **more)


def _in_two(first: Callable[[Commit], dict[str, Any]], second: Callable[[Commit], dict[str, Any] | None]) -> Any:
    async def changed(self: Engine, made: Commit) -> CommitResult:
        more = second(made)
        if more is None:
            return await commit(self, made)
        receipt = await commit(self, evolve(made, **first(made)))
        return await commit(self, _next(made, **more)) if receipt.status is CommitStatus.DONE else receipt

    return committing(changed)


@planted("the answer of a request is bound in a second commit")
def answer_bound_late() -> Iterator[None]:
    with _in_two(lambda made: {"answered": None}, lambda made: {"answered": made.answered} if made.answered else None):
        yield


@planted("the trail is written in a second commit")
def trail_written_late() -> Iterator[None]:
    with _in_two(
        lambda made: {"audit": ()}, lambda made: {"audit": made.audit} if made.audit and made.run.version > 1 else None
    ):
        yield


@planted("failures are counted in a second commit")
def counted_late() -> Iterator[None]:
    with _in_two(lambda made: {"limits": ()}, lambda made: {"limits": made.limits} if made.limits else None):
        yield


@planted("messages are written in a second commit")
def message_written_late() -> Iterator[None]:
    with _in_two(lambda made: {"messages": ()}, lambda made: {"messages": made.messages} if made.messages else None):
        yield


@planted("the account is written before the run's end")
def account_written_first() -> Iterator[None]:
    async def changed(self: Engine, made: Commit) -> CommitResult:
        if not made.records:
            return await commit(self, made)
        run: Any = made.run.body.value(lambda text: None)
        before = evolve(run, state=type(run.state)["PASSWORD"], identifier=None)
        receipt = await commit(self, evolve(made, run=stored(before), answered=None, audit=()))
        if receipt.status is not CommitStatus.DONE:
            return receipt
        return await commit(self, _next(made, answered=made.answered, audit=made.audit))

    with committing(changed):
        yield


@planted("a repeated request is answered with the run as it is now")
def again_as_of_now() -> Iterator[None]:
    async def again(self: Engine, handle: str, found: Any, answered: Any) -> Any:
        run, prompt = await self._prompt(found.journey, found.run, fresh=False, keep=True)
        if not found.current:
            handle = await self._current_handle(found.run)
        return self._outcome(found.journey, handle, run, answered.refusals, prompt, accepted=answered.accepted)

    with patch.object(Engine, "_replay_response", again):
        yield


@planted("a run that is locked is opened again")
def lock_opens() -> Iterator[None]:
    async def changed(self: Engine, made: Commit) -> CommitResult:
        receipt = await commit(self, made)
        run: Any = made.run.body.value(lambda text: None)
        if receipt.status is CommitStatus.DONE and run.state.name == "LOCKED":
            raised = stored(
                evolve(run, version=run.version + 1, state=type(run.state)["IDENTITY"], sent_to=None, guardians=())
            )
            await commit(self, Commit(run=raised, at=made.at, purge_at=made.purge_at))
        return receipt

    with committing(changed):
        yield


@planted("refusals are not bound to their request")
def refusals_not_bound() -> Iterator[None]:
    async def changed(self: Engine, made: Commit) -> CommitResult:
        refused = made.answered is not None and not made.answered.accepted
        return await commit(self, evolve(made, answered=None) if refused else made)

    with committing(changed):
        yield


@planted("the handle is rotated without the request that did it")
def rotated_without_the_request() -> Iterator[None]:
    async def changed(self: Engine, made: Commit) -> CommitResult:
        return await commit(self, evolve(made, answered=None) if made.handle is not None else made)

    with committing(changed):
        yield


@planted("each process keeps what the directory once said")
def directory_kept() -> Iterator[None]:
    async def ask(self: Ports, port: str, function: Any, *args: Any, **kwargs: Any) -> Any:
        kept = vars(self).setdefault("_kept", {})
        if port != "directory.find" or args not in kept:
            kept[args] = await ask_port(self, port, function, *args, **kwargs)
        return kept[args]

    with patch.object(Ports, "ask", ask):
        yield


@planted("each process keeps the numbers that it found unknown")
def unknown_numbers_kept() -> Iterator[None]:
    async def ask(self: Ports, port: str, function: Any, *args: Any, **kwargs: Any) -> Any:
        unknown = vars(self).setdefault("_unknown", set())
        if port == "directory.find" and args in unknown:
            return ()
        found = await ask_port(self, port, function, *args, **kwargs)
        if port == "directory.find" and not found:
            unknown.add(args)
        return found

    with patch.object(Ports, "ask", ask):
        yield


@planted("each process keeps the runs that it loaded last")
def runs_kept() -> Iterator[None]:
    async def keeping(self: Ports, function: Any, *args: Any, **kwargs: Any) -> Any:
        kept = vars(self).setdefault("_kept", {})
        if function.__name__ != "load" or args not in kept:
            kept[args] = await ask_store(self, function, *args, **kwargs)
            return kept[args]
        return kept.pop(args)

    with patch.object(Ports, "stored", keeping):
        yield


@planted("while keys are rotated, counters are kept under the newest alone")
def counted_under_one_key() -> Iterator[None]:
    keys_of = Ports.keys_of
    with patch.object(Ports, "keys_of", lambda self, mobile: keys_of(self, mobile)[:1]):
        yield


# --- the relay -----------------------------------------------------------------------------------------

hand_over = relay._hand_over


@planted("a message is settled before it is sent")
def settled_before_sent() -> Iterator[None]:
    async def changed(ports: Any, out: Any) -> Any:
        await ports.stored(ports.store.settle, out.id)
        return await hand_over(ports, out)

    with patch.object(relay, "_hand_over", changed):
        yield


@planted("a message that the gateway did not take is settled")
def failed_is_taken() -> Iterator[None]:
    async def changed(ports: Any, out: Any) -> Any:
        handed, audit = await hand_over(ports, out)
        return DeliveryCounts(taken=1) if handed.retried else handed, audit

    with patch.object(relay, "_hand_over", changed):
        yield


@planted("a message is sent after its code has expired")
def expired_is_sent() -> Iterator[None]:
    async def changed(ports: Any, out: Any) -> Any:
        return await hand_over(ports, evolve(out, expires_at=out.expires_at.replace(year=2099)))

    with patch.object(relay, "_hand_over", changed):
        yield


@planted("what was written for strangers is sent")
def decoy_is_sent() -> Iterator[None]:
    async def changed(ports: Any, out: Any) -> Any:
        return await hand_over(ports, evolve(out, decoy=False))

    with patch.object(relay, "_hand_over", changed):
        yield


@planted("each try of a message has another text")
def text_by_try() -> Iterator[None]:
    tries, text = iter(range(10**9)), messages.sms_text
    with patch.object(messages, "sms_text", lambda code, settings: f"{next(tries)} {text(code, settings)}"):
        yield


@planted("a message goes to the number of the one before")
def number_of_the_one_before() -> Iterator[None]:
    before: list[str] = []

    def readdressed(**fields: Any) -> Message:
        before.append(fields["to"])
        return Message(**fields | {"to": before[-2:][0]})

    with patch.object(relay, "Message", readdressed):
        yield


@planted("each try of a message has another id")
def id_by_try() -> Iterator[None]:
    tries = iter(range(10**9))

    def numbered(**fields: Any) -> Message:
        return Message(**fields | {"id": f"{fields['id']}.{next(tries)}"})

    with patch.object(relay, "Message", numbered):
        yield


@planted("a pupil is confirmed that the parent did not confirm")
def confirmed_too_many() -> Iterator[None]:
    def more(context: Any) -> None:
        context.changes["confirmed"] = (*context.changes["confirmed"], "p9")

    with after("record_pupils", more):
        yield


@planted("two calls of a relay share the message in hand")
def relay_shares_a_variable() -> Iterator[None]:
    shared: dict[Any, Any] = {}

    async def changed(ports: Any, out: Any) -> Any:
        shared["now"] = out
        await ports.stored(ports.store.spent, "heartbeat", ports.now())
        return await hand_over(ports, shared["now"])

    with patch.object(relay, "_hand_over", changed):
        yield


# --- stores that yield between their statements --------------------------------------------------------


class Yielding(MemoryStore):
    """Commits in one go, after a pause: no fault yet."""

    async def commit(self, commit: Commit) -> CommitResult:
        await pause()
        return super().commit(commit)


def _read_then_written(**left_out: Any) -> Stores:
    """All is looked at, and after a pause again but for *left_out*."""

    class Store(MemoryStore):
        async def commit(self, commit: Commit) -> CommitResult:
            refused = self._refuse(commit)
            if refused is not None:
                return refused
            await pause()
            refused = self._refuse(evolve(commit, **left_out))
            if refused is not None:
                return refused
            self._write(commit)
            return DONE

    return Store


@planted("a store reads limits, and writes them later")
def limits_read_then_written() -> Iterator[Stores]:
    yield _read_then_written(limits=())


@planted("a store looks for unique names, and writes them later")
def names_read_then_written() -> Iterator[Stores]:
    yield _read_then_written(records=())


@planted("a store compares the version, and writes it later")
def version_read_then_written() -> Iterator[Stores]:
    class Store(MemoryStore):
        async def commit(self, commit: Commit) -> CommitResult:
            refused = self._refuse(commit)
            await pause()
            if refused is None:
                self._write(commit)
            return refused or DONE

    yield Store


@planted("a store counts from what it read before another's count")
def counts_lost() -> Iterator[Stores]:
    class Store(MemoryStore):
        async def commit(self, commit: Commit) -> CommitResult:
            read = {(one.kind, one.key): self._tallies.get((one.kind, one.key)) for one in commit.limits if one.adds}
            await pause()
            refused = self._refuse(commit)
            if refused is None:
                for key, tally in read.items():
                    self._tallies.pop(key, None)
                    if tally is not None:
                        self._tallies[key] = tally
                self._write(commit)
            return refused or DONE

    yield Store


@planted("a store writes the run, and its messages later")
def run_then_messages() -> Iterator[Stores]:
    yield _in_parts("messages", ())


@planted("a store writes the run, and the answer later")
def run_then_answer() -> Iterator[Stores]:
    yield _in_parts("answered", None)


@planted("a store writes the run, and the trail later")
def run_then_trail() -> Iterator[Stores]:
    yield _in_parts("audit", ())


def _in_parts(part: str, nothing: Any) -> Stores:
    class Store(MemoryStore):
        async def commit(self, commit: Commit) -> CommitResult:
            refused = self._refuse(commit)
            if refused is not None:
                return refused
            self._write(evolve(commit, **{part: nothing}))
            await pause()
            late = {
                "limits": (),
                "records": (),
                "handle": None,
                "void": False,
                "messages": (),
                "answered": None,
                "audit": (),
            }
            self._write(evolve(commit, **{**late, part: getattr(commit, part), "run": self._kept[commit.run.id].run}))
            return DONE

    return Store


@planted("a purge lists runs, and deletes them later without another look")
def purge_without_a_look() -> Iterator[Stores]:
    class Store(MemoryStore):
        async def purge(self, now: Any, limit: int) -> int:
            over = [kept for kept in self._kept.values() if kept.purge_at <= now]
            await pause()
            for kept in over:
                kept.purge_at = min(kept.purge_at, now)
            return super().purge(now, limit)

    yield Store


@planted("a purge deletes every counter")
def purge_forgets_counters() -> Iterator[Stores]:
    class Store(MemoryStore):
        def purge(self, now: Any, limit: int) -> int:
            self._tallies.clear()
            return super().purge(now, limit)

    yield Store


@planted("a purge deletes accounts")
def purge_deletes_accounts() -> Iterator[Stores]:
    class Store(MemoryStore):
        def purge(self, now: Any, limit: int) -> int:
            for kind, key in list(self._records):
                self._delete_record(kind, key)
            return super().purge(now, limit)

    yield Store


@planted("a purge deletes messages that wait")
def purge_deletes_messages() -> Iterator[Stores]:
    class Store(MemoryStore):
        def purge(self, now: Any, limit: int) -> int:
            self._outbox.clear()
            return super().purge(now, limit)

    yield Store


@planted("a store reads the message that is due, and marks it later")
def lease_read_then_marked() -> Iterator[Stores]:
    class Store(MemoryStore):
        async def lease(self, lease: Any) -> Any:
            due = list(self._due)
            await pause()
            for entry in due:
                waiting = self._outbox.get(entry[1])
                if entry not in self._due and waiting is not None and entry[0] <= lease.now:
                    waiting.due_at = entry[0]
                    self._due.insert(0, entry)
            return super().lease(lease)

    yield Store


@planted("a relay's release ends the lease of another")
def release_of_another() -> Iterator[Stores]:
    class Store(MemoryStore):
        def release(self, message: str, attempts: int, due_at: Any) -> None:
            waiting = self._outbox.get(message)
            super().release(message, waiting.attempts if waiting is not None else attempts, due_at)

    yield Store


@planted("a store looks for the answer, and reads the run later")
def load_in_two_moments() -> Iterator[Stores]:
    class Store(MemoryStore):
        async def load(self, handle: str, requests: Any = (), refs: Any = ()) -> Any:
            before = super().load(handle, requests, refs)
            await pause()
            after = super().load(handle, requests, refs)
            return evolve(after, answered=before.answered) if before is not None and after is not None else after

    yield Store


@planted("a store voids messages after the commit")
def voided_late() -> Iterator[Stores]:
    class Store(MemoryStore):
        async def commit(self, commit: Commit) -> CommitResult:
            waiting = list(self._kept[commit.run.id].messages) if commit.run.id in self._kept else []
            receipt = super().commit(evolve(commit, cancel_messages=False))
            await pause()
            if commit.cancel_messages and receipt is DONE:
                for message in waiting:
                    self._outbox.pop(message, None)
            return receipt

    yield Store


@planted("a handle that was replaced leads to the run")
def replaced_handle_leads() -> Iterator[Stores]:
    class Store(MemoryStore):
        def load(self, handle: str, requests: Any = (), refs: Any = ()) -> Any:
            loaded = super().load(handle, requests, refs)
            return None if loaded is None else evolve(loaded, current=True)

    yield Store


@planted("a purge deletes runs an hour early")
def purged_early() -> Iterator[Stores]:
    class Store(MemoryStore):
        def purge(self, now: Any, limit: int) -> int:
            return super().purge(now + timedelta(hours=1), limit)

    yield Store


@planted("two accounts may have one identifier")
def identifier_twice() -> Iterator[Stores]:
    class Store(MemoryStore):
        def _refuse(self, commit: Commit) -> CommitResult | None:
            records = tuple(one for one in commit.records if (one.record.kind, one.record.key) not in self._records)
            return super()._refuse(evolve(commit, records=records))

    with patch.object(Keys, "digits", _short(Keys.digits)):
        yield Store


def _short(digits: Any) -> Any:
    """Identifiers of one digit, so that many meet."""

    def short(self: Keys, purpose: str, length: int, *parts: str, marked: str | None = None) -> Any:
        made = digits(self, purpose, length, *parts, marked=marked)
        return made[:1] if purpose == "identifier" else made

    return short


@planted("a settled message is there again when its lease ends")
def settled_comes_back() -> Iterator[Stores]:
    class Store(MemoryStore):
        def settle(self, message: str, audit: Any = None, lease: Any = None) -> Settled:
            waiting = self._outbox.get(message)
            settled = super().settle(message, audit, lease)
            if waiting is not None and waiting.attempts == 1:
                self._outbox[message] = waiting
            return settled

    yield Store


def found(name: str, seconds: float, seed: int) -> tuple[float, Any]:
    """Run until the fault *name* is found, *seconds* of the processor at most; those that it took, and the failure."""
    began, took, failure = time.process_time(), 0.0, None
    with FAULTS[name][1]() as store:
        simulation = Simulation(store=store or MemoryStore)
        while failure is None and took < seconds:
            failure = simulation.run(worlds=50, seed=seed, shorten=0).failure
            took, seed = time.process_time() - began, seed + 50
    return took, failure


def main() -> int:
    """The table for docs/simulation.md."""
    missed = 0
    print("| what is planted | found after | as |\n| --- | --- | --- |")
    for n, (name, (what, _)) in enumerate(FAULTS.items()):
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        took, failure = found(name, 60, 7_000_000 + 100_000 * n)
        missed += failure is None
        said = f"{took:.1f} s | {failure.promise}" if failure else "not found | "
        print(f"| {what} (`{name}`) | {said} |", flush=True)
    print(f"{len(FAULTS)} faults, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
