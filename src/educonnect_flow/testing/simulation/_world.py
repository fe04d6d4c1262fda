"""A world: parents, processes that run flows over one store, records, a gateway, a clock; choices make it go on.

Nothing in it is drawn, and nothing waits: what happens follows from the choices and the seed of its tokens alone.

Long because it is one world: who acts in it, and what happens at a port call.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from educonnect_flow.errors import SmsRejected, WrongUse
from educonnect_flow.records import Commit, CommitResult, CommitStatus, Lease, Leased, Settled
from educonnect_flow.testing._clock import FakeClock
from educonnect_flow.testing._faults import CheapHasher
from educonnect_flow.testing.simulation._acting import Acting
from educonnect_flow.testing.simulation._checks import Letter, Log, Violation, overridden
from educonnect_flow.testing.simulation._choices import Choice
from educonnect_flow.testing.simulation._failing import failure, name_of, refused
from educonnect_flow.testing.simulation._people import Parent, PhoneNetwork, Prompts, Records
from educonnect_flow.testing.simulation._tasks import Call, Done, ScheduledFlow, Task, at_once, check_point, message_of
from educonnect_flow.testing.simulation._twins import ANSWERS, CALLS, COMMITS, seen_in, shape_of

if TYPE_CHECKING:
    from educonnect_flow.testing.simulation._plan import Cast, Plan

_FIRST, _SECOND = b"the first secret key of a world!", b"the second secret key of a world"
PHASES = ((_FIRST,), (_FIRST, _SECOND), (_SECOND, _FIRST))
"""How keys are rotated, process by process: see docs/security.md."""


class World(Acting):
    """See the module.

    :param cast: what a host has chosen: store, journeys, moves, validators, records, checks.
    :param plan: what was drawn for this world: parents, settings, how many processes.
    :param unknown: the schools have no records.
    :param keep_story: keep sentences of what happens.
    """

    def __init__(self, cast: Cast, plan: Plan, *, unknown: bool = False, keep_story: bool = False) -> None:
        self.cast, self.plan, self.settings = cast, plan, plan.settings
        self.clock = FakeClock()
        self.seen = self.clock.now
        """The latest time that the clock ever showed."""
        self.store = cast.store()
        self.records = Records(() if unknown else cast.guardians)
        self.gateway, self.prompts = PhoneNetwork(), Prompts()
        self.parents = [
            Parent(n, temper, cast.guardians[record % len(cast.guardians)], reads)
            for n, (temper, record, reads) in enumerate(plan.parents)
        ]
        self.phases = [0] * plan.processes
        self.flows = [self._flow(0) for _ in self.phases]
        self.journeys = {journey.name: journey for journey in cast.journeys}
        self.moves = {move.name: move for move in cast.moves}
        self.tasks: dict[int, Task] = {}
        self.runs: dict[str, Log] = {}
        self.letters: dict[str, Letter] = {}
        self.port_calls = self.answers = self.newest = 0
        self.holds = False
        """Whether calls that begin wait for their first turn."""
        self.story: list[str] | None = [] if keep_story else None
        self.heard: list[Any] | None = None
        """What the twins of a world are compared by."""
        checks = [make(self) for make in cast.checks]
        self._committed, self._answered_by = overridden(checks, "committed"), overridden(checks, "answered")
        self._leased_by, self._sent_by = overridden(checks, "leased"), overridden(checks, "sent")
        self._settled_by = overridden(checks, "settled")
        self._whole, self._ended = overridden(checks, "whole"), overridden(checks, "ended")
        self._observers: dict[str, Callable[[Task, Call, Any], None]] = {
            "commit": self._commit, "lease": self._lease, "settle": self._settle, "release": self._release,
            "send": self._send, "purge": self._purge,
        }  # fmt: skip
        for name in ("commit", "lease", "settle", "release", "purge"):
            if getattr(getattr(self.store, name), "__name__", None) != name:
                raise WrongUse(
                    f"the store's {name} must be a method of that name, for the simulator looks at its calls"
                )

    def _flow(self, phase: int) -> ScheduledFlow:
        return ScheduledFlow(
            directory=self.records,
            store=self.store,
            sms=self.gateway,
            secret_key=PHASES[phase],
            clock=self.clock,
            settings=self.settings,
            validators=self.cast.validators,
            human_check=self.prompts if self.plan.human else None,
            password_hasher=CheapHasher(),
            journeys=self.cast.journeys,
        )

    def close(self) -> None:
        """Give the store back, and end what is left of coroutines."""
        for task in self.tasks.values():
            task.coroutine.close()
        at_once(self.store.close())

    # --- calls that go on --------------------------------------------------------------------------

    def go(self, choice: Choice) -> bool:
        """A call goes on from its port call to the next."""
        task = self.tasks.get(choice.task)
        if task is None:
            return False
        waits = task.waits
        kind = type(waits)
        if kind is Call:
            self._call(task, waits, choice.what)
        elif kind is tuple:
            self.tell(task, "the answer arrives")
            self.resume(task, waits[0])
        else:
            self.tell(task, "takes its first turn" if waits is None else "goes on between two statements")
            self.resume(task, None)
        return True

    def _call(self, task: Task, call: Call, fate: str) -> None:
        self.port_calls += 1
        if self.heard is not None and task.tab is not None:
            self.heard.append((task.number, CALLS, call.function.__name__))
        if fate in {"fail", "reject"}:
            self.tell(task, f"{name_of(call)} fails before its effect")
            self._failed(task, call, failure(call, fate))
            return
        call.fate = fate
        try:
            answer = call.function(*call.args, **call.kwargs)
        except Exception as error:  # noqa: BLE001 - a port may raise anything
            self.tell(task, f"{name_of(call)} raises {type(error).__name__}")
            self._failed(task, call, error, faulted=False)
            return
        if type(answer) is CoroutineType:
            self.tell(task, f"{name_of(call)} begins")
            self.resume(task, answer)
        else:
            self._answered(task, call, answer)

    def _answered(self, task: Task, call: Call, answer: Any) -> None:
        fate = call.fate
        if self.story is not None:
            said = {"late": " takes effect; its answer is under way", "lost": " takes effect; its answer is lost"}
            self.tell(task, f"{name_of(call)}{said.get(fate, '')}{refused(answer)}")
        observer = self._observers.get(call.function.__name__)
        if observer is not None:
            observer(task, call, answer)
        if fate == "late":
            task.waits = (answer,)
        elif fate == "lost":
            self._failed(task, call, failure(call, fate))
        else:
            self.resume(task, answer)

    def _failed(self, task: Task, call: Call, error: Exception, *, faulted: bool = True) -> None:
        """*call* raises *error*, and we are to blame when *faulted*."""
        if isinstance(error, SmsRejected):
            self.letters[message_of(call).id].rejected = True
        task.faulted = task.faulted or faulted
        self.resume(task, None, error)

    def resume(self, task: Task, value: Any, error: Exception | None = None) -> None:
        """Run *task* to its next port call, or to its end."""
        outcome, failure = None, None
        try:
            point = task.coroutine.send(value) if error is None else task.coroutine.throw(error)
        except StopIteration as end:
            outcome = end.value
        except Exception as raised:  # noqa: BLE001 - which errors are right is judged by the checks
            failure = raised
        else:
            if type(point) is Done:  # what it changed is there now
                self._answered(task, point.call, point.answer)
                return
            check_point(point)
            task.waits, task.called_at = point, self.clock.now
            return
        del self.tasks[task.number]
        self.finish(task, outcome, failure)
        if task.tab is None:
            return
        if self.heard is not None:
            self.heard.append((task.number, ANSWERS, (type(failure), seen_in(outcome))))
        for answered in self._answered_by:
            answered(task, outcome, failure)

    # --- processes and time ------------------------------------------------------------------------

    def kill(self, choice: Choice) -> bool:
        """A process dies with its calls, and another takes its place."""
        process = choice.process % len(self.flows)
        self._restart(process, f"process {process} dies")
        return True

    def rotate(self, _: Choice) -> bool:
        """The next process is restarted with the next keys."""
        process = self.phases.index(min(self.phases))
        phase = self.phases[process] + 1
        if phase == len(PHASES):
            return False
        self.phases[process] = phase
        self._restart(
            process, f"process {process} is restarted with {('one', 'two', 'the new one first of two')[phase]} keys"
        )
        return True

    def _restart(self, process: int, said: str) -> None:
        self.say(said)
        for task in [task for task in self.tasks.values() if task.process == process]:
            del self.tasks[task.number]
            task.coroutine.close()
            self.lose(task)
        self.flows[process] = self._flow(self.phases[process])

    def step(self, choice: Choice) -> bool:
        """The clock steps."""
        self.clock.advance(seconds=int(choice.what))
        self.seen = max(self.seen, self.clock.now)
        self.say(f"the clock steps by {int(choice.what):+} s")
        return True

    def change(self, choice: Choice) -> bool:
        """The records change."""
        if self.records.first:
            self.say(self.records.change(choice.what, choice.who))
        return bool(self.records.first)

    # --- what is seen of the port calls --------------------------------------------------------------

    def _commit(self, task: Task, call: Call, receipt: CommitResult) -> None:
        commit: Commit = call.args[0]
        if self.heard is not None:
            self.heard.append((task.number, COMMITS, (receipt.status, shape_of(commit))))
        if receipt.status is not CommitStatus.DONE:
            return
        log = self.runs.get(commit.run.id)
        if log is None:
            log = self.runs[commit.run.id] = Log(self.journeys[commit.run.journey])
        task.commit, task.log = commit, log
        assert task.tab is not None  # relays and purges commit nothing
        task.tab.log = log
        log.take(task, commit)
        for out in commit.messages:
            self.letters[out.id] = Letter(out, log)
            log.letters.append(out.id)
        for committed in self._committed:
            committed(task, commit, log)

    def _lease(self, task: Task, call: Call, leased: Leased | None) -> None:
        if leased is not None:
            self._has(task, call.args[0], leased)

    def _has(self, task: Task, lease: Lease, leased: Leased) -> None:
        letter = self.letters.get(leased.id)
        if letter is None:
            raise Violation("R5", "a relay has a message that no commit wrote")
        for check in self._leased_by:
            check(task, lease, letter, leased)
        letter.leased_until, letter.attempts = lease.until, leased.attempts

    def _settle(self, task: Task, call: Call, settled: Settled) -> None:
        letter = self.letters[call.args[0]]
        if not letter.settled and settled.gone:
            letter.settled = True
            for check in self._settled_by:
                check(task, letter)
        if settled.leased is not None:
            self._has(task, call.args[2], settled.leased)

    def _release(self, task: Task, call: Call, _: None) -> None:
        message, attempts, due_at = call.args
        letter = self.letters[message]
        if letter.attempts == attempts:
            letter.leased_until = due_at

    def _send(self, task: Task, call: Call, _: None) -> None:
        message = message_of(call)
        letter = self.letters.get(message.id)
        if letter is None:
            raise Violation("R5", "a message leaves that no commit wrote")
        letter.taken = True
        letter.texts.add(str(message.text))
        for check in self._sent_by:
            check(task, call, letter)

    def _purge(self, task: Task, call: Call, _: int) -> None:
        for log in self.runs.values():
            log.purged = log.purged or log.purge_at <= call.args[0]

    # --- looks at the whole --------------------------------------------------------------------------

    def look(self) -> None:
        """Check the whole world."""
        for whole in self._whole:
            whole()

    def look_at_the_end(self) -> None:
        """Check what must hold once nothing is under way."""
        for ended in self._ended:
            ended()
