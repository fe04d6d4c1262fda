"""The promises about limits, guesses, codes and handles, each counted anew out of the port calls."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from educonnect_flow.reasons import Reason
from educonnect_flow.records import Commit
from educonnect_flow.testing.simulation._checks import Check, Log
from educonnect_flow.testing.simulation._tasks import Task

if TYPE_CHECKING:
    from educonnect_flow.testing.simulation._world import World


class Limits(Check):
    """I3: every limit that a commit names was free when it was made."""

    promises = "I3"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._hits: dict[tuple[str, str], list[datetime]] = defaultdict(list)
        self._barred: dict[tuple[str, str], datetime] = {}

    def committed(self, task: Task, commit: Commit, log: Log) -> None:
        seen = self.world.seen
        for limit in commit.limits:
            of = (limit.kind, limit.key)
            if limit.lock is not None:
                if of in self._barred and seen < self._barred[of]:
                    self.fail(f"a commit passed the lock of {limit.kind}")
            elif sum(hit > seen - limit.window for hit in self._hits[of]) >= limit.cap:
                self.fail(f"a commit passed the cap of {limit.kind}, {limit.cap}")
        for limit in commit.limits:
            if limit.adds and limit.kind != "identifiers":
                hits = self._hits[limit.kind, limit.key]
                hits.append(commit.at)
                if limit.lock is not None and sum(hit > seen - limit.window for hit in hits) >= limit.cap:
                    self._barred[limit.kind, limit.key] = commit.at + limit.lock


class Guesses(Check):
    """C1, C4, F6, C12: counted by the mobile itself, not by the limits that the commits name."""

    promises = "C1 C3 C4 C12 F6"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._failed: dict[tuple[str, str], int] = defaultdict(int)
        self._hits: dict[str, list[datetime]] = defaultdict(list)
        self._barred: dict[str, datetime] = {}

    def committed(self, task: Task, commit: Commit, log: Log) -> None:
        entry, mobile = log.entry, log.mobile
        if entry is None or mobile is None or entry.event not in {"SubmitCode", "ConfirmPupils"}:
            return
        wrong = {Reason.CODE_WRONG.value, Reason.BIRTH_DATES_WRONG.value}.intersection(entry.reasons)
        if not wrong and not log.accepted:
            return
        settings, seen = self.world.settings, self.world.seen
        if mobile in self._barred and seen < self._barred[mobile]:
            self.fail("a code or a date was looked at while the mobile was locked", "C12")
        if wrong:
            self._failed[entry.run, entry.event] += 1
            code = entry.event == "SubmitCode"
            if self._failed[entry.run, entry.event] > (settings.code_failures if code else settings.pupils_failures):
                self.fail("a run has more failures than it may", "C1" if code else "F6")
            hits = self._hits[mobile]
            hits.append(commit.at)
            if sum(hit > seen - settings.failures_window for hit in hits) >= settings.mobile_failures:
                self._barred[mobile] = commit.at + settings.lock_for


class Codes(Check):
    """C2, C5, C6, C11, C13, F4"""

    promises = "C2 C5 C6 C11 C13 F3 F4 R5 R9"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._opened: set[str] = set()
        self._issued: dict[str, list[datetime]] = defaultdict(list)
        self._looked_at: dict[str, datetime] = {}
        """By run: the latest time that was acted on since its newest code was issued."""

    def committed(self, task: Task, commit: Commit, log: Log) -> None:
        challenge, former = log.new("challenge"), getattr(log.before, "challenge", None)
        if challenge is not None and (former is None or former.nonce != challenge.nonce):
            self._issue(commit, log, challenge.nonce)
        latest = self._looked_at.get(log.run.id, commit.at)
        self._looked_at[log.run.id] = commit.at if commit.messages else max(latest, log.run.latest_at)
        if log.accepted and log.entry is not None and log.entry.event == "SubmitCode" and log.letters:
            self._open(getattr(task.event, "code", ""), commit, log, latest)

    def _issue(self, commit: Commit, log: Log, nonce: str) -> None:
        if not any(self.world.letters[out.id].nonce == nonce for out in commit.messages):
            self.fail("a code was issued without its message in the same commit", "R5")
        times, settings = self._issued[log.run.id], self.world.settings
        if times and commit.at < times[-1] + settings.resend_after:
            self.fail("a code was issued too soon after another", "C13")
        times.append(commit.at)
        if len(times) > 1 + settings.resends:
            self.fail("a run has more codes than it may", "C13")

    def _open(self, code: str, commit: Commit, log: Log, latest: datetime) -> None:
        letter = self.world.letters[log.letters[-1]]
        if letter.id in self._opened:
            self.fail("a code opened twice")
        self._opened.add(letter.id)
        if not any(code in text for text in letter.texts):
            others = [one for one in self.world.letters.values() if any(code in text for text in one.texts)]
            if any(one.log is log for one in others):
                self.fail("a code opened that a newer one had replaced", "C5")
            self.fail("a code of another run opened" if others else "a code opened that was never sent", "C11")
        if not letter.out.created_at <= commit.at < letter.out.expires_at:
            self.fail("a code opened out of its time", "C6")
        if latest >= letter.out.expires_at:
            self.fail("a code opened that had expired before the clock stepped back", "R9")
        if letter.mobile != log.mobile:
            self.fail("a code opened for another mobile than it was sent to", "F3")

    def answered(self, task: Task, outcome: Any, error: Exception | None) -> None:
        if error is not None or task.kind != "submit" or task.commit is None or task.request is None:
            return
        accepted = outcome.accepted and task.log.entry is not None and type(task.event).__name__ == "SubmitCode"
        if accepted and outcome.handle == task.request.handle:
            self.fail("the handle did not change with the accepted code", "F4")


class Handles(Check):
    """F4: a handle that was replaced only repeats what replaced it."""

    promises = "F4"

    def answered(self, task: Task, outcome: Any, error: Exception | None) -> None:
        if error is None and task.superseded:
            if task.request is None or task.request.id != task.rotated_by:
                self.fail("a handle that was replaced led to a run")
