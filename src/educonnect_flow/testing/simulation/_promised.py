"""The promises of the library that are about runs, requests, codes and counters, each checked out of the port calls.

Each counts anew what the library counts, and knows nothing of how it does it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from educonnect_flow import accounts
from educonnect_flow.audit import replay
from educonnect_flow.engine._run import loaded
from educonnect_flow.errors import PortUnavailable, RequestReused, StoreUnavailable, UnknownHandle
from educonnect_flow.reasons import Reason
from educonnect_flow.records import Commit
from educonnect_flow.testing.simulation._checks import Check, Log
from educonnect_flow.testing.simulation._tasks import Task, at_once

if TYPE_CHECKING:
    from educonnect_flow.testing.simulation._world import World


class Versions(Check):
    """R8"""

    promises = "R8"

    def committed(self, task: Task, commit: Commit, log: Log) -> None:
        before = log.before.version if log.before is not None else 0
        if log.run.version != before + 1:
            self.fail(f"a run went from version {before} to {log.run.version}")

    def answered(self, task: Task, outcome: Any, error: Exception | None) -> None:
        if error is None and task.kind == "resume" and outcome.state not in task.known.states[task.states :]:
            self.fail(f"a page shows {outcome.state.name}, which the run had left before it was loaded")


class Ends(Check):
    """F5, F8"""

    promises = "F5 F8"

    def committed(self, task: Task, commit: Commit, log: Log) -> None:
        before, settings = log.before, self.world.settings
        if before is None:
            return
        if before.state in log.journey.table.final and log.run.state is not before.state:
            self.fail(f"{before.state.name} is final, and {log.run.state.name} came after it")
        if log.accepted and (
            commit.at - before.created_at >= settings.run_for
            or commit.at - before.seen_at >= settings.idle_for
            or log.submits - before.stale_handle_uses > settings.events_per_run
        ):
            self.fail("an event was accepted in a run that had ended", "F8")


class Accounts(Check):
    """R1, R2, F7, C11"""

    promises = "R1 R2 F7 C11"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._of: dict[str, str] = {}
        self._identifiers: set[str] = set()

    def committed(self, task: Task, commit: Commit, log: Log) -> None:
        for change in commit.records:
            record = change.record
            if record.kind != accounts.KIND or record.version != 1:
                continue
            if record.key in self._identifiers:
                self.fail("two accounts have one identifier", "R2")
            self._identifiers.add(record.key)
            if log.new("identifier") != record.key:
                self.fail("an account was made, and its run has not ended in the same commit")
            body = json.loads(record.body)
            for guardian in (*body["guardians"], log.run.id):
                if guardian in self._of:
                    self.fail(f"two accounts of {'one run' if guardian == log.run.id else 'one guardian'}")
                self._of[guardian] = record.key
            if not self.world.records.linked(log.mobile, task.records).issuperset(body["confirmed"]):
                self.fail("a pupil was confirmed whom the records do not link", "F7")
        if (
            log.entry is not None
            and log.run.state.name == "ACTIVATED"
            and log.new("identifier") not in self._identifiers
        ):
            self.fail("an activation ended without its account")

    def answered(self, task: Task, outcome: Any, error: Exception | None) -> None:
        shown = getattr(getattr(outcome, "view", None), "identifiers", ())
        if shown:
            mobile = task.tab.log.mobile if task.tab is not None else None
            theirs = {one.id for one in self.world.records.first if one.mobile == mobile}
            if not set(shown) <= {self._of.get(guardian) for guardian in theirs}:
                self.fail("a page shows an identifier of another mobile's guardian", "C11")

    def ended(self) -> None:
        for identifier in self._identifiers:
            if not at_once(self.world.store.find((accounts.of_identifier(identifier),))):
                self.fail("an account is gone from the store")


class Pupils(Check):
    """F7: who is shown with an accepted code is linked by the records of that moment; no page shows more later."""

    promises = "F7"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._shown: dict[str, set[str]] = defaultdict(set)

    def committed(self, task: Task, commit: Commit, log: Log) -> None:
        if log.accepted and log.entry is not None and log.entry.event == "SubmitCode":
            linked = self.world.records.linked(log.mobile, task.records)
            self._shown[log.run.id] = {pupil.id for pupil in log.new("pupils") or ()}
            if not self._shown[log.run.id] <= linked:
                self.fail("a pupil is shown whom the records do not link")
        confirmed = log.new("confirmed")
        if log.accepted and log.entry is not None and log.entry.event == "ConfirmPupils" and confirmed:
            if not self.world.records.linked(log.mobile, task.records).issuperset(confirmed):
                self.fail("a pupil was confirmed whom the records do not link")

    def answered(self, task: Task, outcome: Any, error: Exception | None) -> None:
        pupils = getattr(getattr(outcome, "view", None), "pupils", ())
        if pupils and not {pupil.id for pupil in pupils} <= self._shown[task.tab.log.run.id if task.tab else ""]:
            self.fail("a page shows a pupil that the accepted code did not show")


class Answers(Check):
    """R3, R4, R7, R10: what is answered was committed; the same request gets the same answer and does one thing."""

    promises = "R7 R3 R4 R10"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._done: dict[tuple[str, str], Any] = {}
        self._when: dict[tuple[str, str], int] = {}

    def committed(self, task: Task, commit: Commit, log: Log) -> None:
        request, entry = task.request, log.entry
        if request is None or request.spoiled or entry is None:
            return
        of = (log.run.id, request.id)
        if of in self._done and entry.event != "Lapse":
            self.fail(f"a request took effect twice: {entry.event}")
        self._done[of], self._when[of] = (log.run.state, log.accepted, entry.reasons), self.world.port_calls

    def answered(self, task: Task, outcome: Any, error: Exception | None) -> None:
        request = task.request
        if error is not None:
            self._judge(task, error)
        if request is None or error is not None or request.spoiled:
            return
        log, reasons = task.tab.log if task.tab else None, tuple(one.reason.value for one in outcome.refusals)
        got = (outcome.state, outcome.accepted, reasons)
        of = (log.run.id if log is not None else "", request.id)
        done, not_now = self._done.get(of), reasons == (Reason.NOT_NOW.value,)
        if done is not None and done != got and not (not_now and self._when[of] > task.began):  # NOT_NOW binds no id
            self.fail(f"committed was {_said(done)}, and answered {_said(got)}")
        if done is None and task.commit is None and not (not_now and log is not None and log.ended):
            self.fail(f"{_said(got)} was answered, and never committed", "R3")
        if not not_now:
            view = {name: value for name, value in vars_of(outcome.view) if name != "prompt"}
            if request.answer not in {None, (*got, repr(view))}:
                self.fail("the same request got two answers")
            request.answer = (*got, repr(view))

    def _judge(self, task: Task, error: Exception) -> None:
        """Which errors may be."""
        log, request = task.known, task.request
        if isinstance(error, StoreUnavailable | PortUnavailable) and task.faulted:
            return
        if isinstance(error, RequestReused) and request is not None and request.spoiled:
            return
        if isinstance(error, UnknownHandle) and (log is None or log.purged):
            return
        if isinstance(error, UnknownHandle) and log is not None:
            if request is not None and request.id == log.rotated_by and not log.forgotten:
                self.fail("the request that replaced the handle is not known any more", "R4")
            if task.superseded or log is not task.tab.log or log.rotated_by != task.rotated_by:  # type: ignore[union-attr]  # a call with a run has a tab
                return
            self.fail("a run that was answered is gone", "R3")
        self.fail(f"a call raises {type(error).__name__}, and no port failed it", "R10")


def _said(done: Any) -> str:
    state, accepted, reasons = done
    return f"{state.name}{'' if accepted else f' refused {reasons}'}"


def vars_of(view: Any) -> list[tuple[str, Any]]:
    """The fields of a view."""
    return [(one.name, getattr(view, one.name)) for one in getattr(type(view), "__attrs_attrs__", ())]


class Trail(Check):
    """F1: the trail of every run leads over its table to its state, and the store has what was committed."""

    promises = "F1 R3 V2"

    def whole(self) -> None:
        store = self.world.store
        for name, log in self.world.runs.items():
            if not log.changed:
                continue
            log.changed = False
            try:
                led = replay(at_once(store.trail(name)), log.journey)
            except ValueError as error:
                self.fail(f"the trail of a run does not replay: {error}")
            if led is not log.run.state:
                self.fail(f"the trail of a run leads to {led.name}, and it is in {log.run.state.name}")
            kept = at_once(store.load(log.handle))
            if kept is None and not log.purged:
                self.fail("a run is gone from the store", "V2")
            if kept is not None:
                run = loaded(log.journey.run, kept.run)
                if (run.state, run.version) != (log.run.state, log.run.version):
                    self.fail("the store has another run than was committed", "R3")
