"""What parents and processes begin in a world, and what their browsers make of the answers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from educonnect_flow._keys import digest
from educonnect_flow.errors import ActivationError
from educonnect_flow.reasons import Reason
from educonnect_flow.testing.simulation._checks import Violation
from educonnect_flow.testing.simulation._choices import Choice
from educonnect_flow.testing.simulation._moves import SENDS_AGAIN, code_in
from educonnect_flow.testing.simulation._people import Parent, Request, Tab
from educonnect_flow.testing.simulation._tasks import Task

if TYPE_CHECKING:
    from educonnect_flow.ports import Message

LONGEST_END = 20_000
"""Port calls that the end of a world may take."""


class Acting:
    """The part of a world in which calls begin and end."""

    if TYPE_CHECKING:
        tasks: dict[int, Task]
        parents: list[Parent]
        story: list[str] | None
        answers: int
        holds: bool
        newest: int

        def __getattr__(self, name: str) -> Any: ...

    def apply(self, choice: Choice) -> bool:
        """Let *choice* happen; false when it speaks of what is not there.

        :raises Violation: when something that must always hold does not.
        """
        return _KINDS[choice.kind](self, choice)

    # --- what begins -------------------------------------------------------------------------------

    def act(self, choice: Choice) -> bool:
        """A parent does something."""
        parent = self.parents[choice.who % len(self.parents)]
        flow = self.flows[choice.process % len(self.flows)]
        if choice.what.startswith("start_"):
            journey = self.journeys.get(choice.what.removeprefix("start_"))
            if journey is None:
                return False
            tab = parent.tabs[choice.task] = Tab(choice.task)
            call = flow.start(journey, source=f"192.0.2.{parent.number}")
            self._begin(choice, "start", call, parent, tab, said=f"begins {journey.name}")
            return True
        known = parent.tabs.get(choice.tab)
        if known is None or known.outcome is None:
            return False
        return self._send_again(choice, parent, known) or self._submit_new(choice, parent, known)

    def _submit_new(self, choice: Choice, parent: Parent, tab: Tab) -> bool:
        move = self.moves.get(choice.what)
        event = move.make(self, parent, tab) if move is not None else None
        if event is None:
            return False
        request = Request(tab.handle or "", event, f"r{choice.task}")
        tab.sent.append(request)
        return self._submit(choice, parent, tab, request, move.text)

    def _send_again(self, choice: Choice, parent: Parent, tab: Tab) -> bool:
        what, said = choice.what, SENDS_AGAIN.get(choice.what, "")
        if what == "resume":
            call = self.flows[choice.process % len(self.flows)].resume(tab.handle)
            self._begin(choice, "resume", call, parent, tab, said=said)
            return True
        if what == "stray" and tab.former is not None:
            other = Request(tab.former, tab.sent[-1].event, f"r{choice.task}")
            return self._submit(choice, parent, tab, other, said)
        if what == "reuse" and tab.sent:
            last = tab.sent[-1]
            last.spoiled = True
            other = Request(tab.handle or "", tab.sent[0].event, last.id, spoiled=True)
            return self._submit(choice, parent, tab, other, said)
        requests = {"retry": tab.lost, "again": tab.sent[-1:]}.get(what)
        if not requests:
            return False
        return self._submit(choice, parent, tab, requests[0], said)

    def _submit(self, choice: Choice, parent: Parent, tab: Tab, request: Request, said: str) -> bool:
        flow = self.flows[choice.process % len(self.flows)]
        call = flow.submit(request.handle, request.event, request_id=request.id)
        self._begin(choice, "submit", call, parent, tab, request=request, said=said)
        return True

    def relay(self, choice: Choice) -> bool:
        """A relay begins to hand over what waits, three messages at most."""
        self._begin(choice, "relay", self.flows[choice.process % len(self.flows)].hand_over(3), said="the relay")
        return True

    def purge(self, choice: Choice) -> bool:
        """A purge begins."""
        self._begin(choice, "purge", self.flows[choice.process % len(self.flows)].purge(100), said="the purge")
        return True

    def _begin(
        self,
        choice: Choice,
        kind: str,
        coroutine: Coroutine[Any, Any, Any],
        parent: Parent | None = None,
        tab: Tab | None = None,
        *,
        request: Request | None = None,
        said: str,
    ) -> None:
        process = choice.process % len(self.flows)
        records = len(self.records.versions) - 1
        task = Task(kind, choice.task, process, coroutine, records, self.port_calls)
        task.tab, task.request = tab, request
        task.who = parent.number if parent is not None else -1
        task.text = said
        if request is not None:
            task.event = request.event
        if tab is not None and tab.log is not None:
            task.known, task.states = tab.log, len(tab.log.states) - 1
            of = digest(request.handle if request is not None else tab.handle or "")
            task.superseded, task.rotated_by = of != tab.log.handle, tab.log.rotated_by
        self.tasks[choice.task] = task
        self.newest = max(self.newest, choice.task)
        who = f"parent {task.who} " if parent is not None else ""
        self.say(f"call {task.number}: {who}{said}, through process {process}")
        if not self.holds:
            self.resume(task, None)

    # --- what ends ---------------------------------------------------------------------------------

    def finish(self, task: Task, outcome: Any, error: Exception | None) -> None:
        """The answer of a call is there."""
        if self.story is not None:
            came = type(error).__name__ if error is not None else said_of(outcome)
            self.tell(task, f"ends: {came}")
        tab = task.tab
        if tab is None:
            return
        if error is not None:
            if not isinstance(error, ActivationError) or task.faulted:
                self.lose(task)
            return
        self.answers += 1
        if tab.handle is not None and tab.handle != outcome.handle:
            tab.former = tab.handle
        tab.handle, tab.outcome = outcome.handle, outcome
        if task.request in tab.lost:
            tab.lost.remove(task.request)

    def lose(self, task: Task) -> None:
        """The answer of a call will never be there."""
        tab, request = task.tab, task.request
        if tab is not None and request is not None and not request.spoiled and request not in tab.lost:
            tab.lost.append(request)

    def end(self) -> None:
        """Let everything come to its end: every call, every request without an answer, every message that waits.

        :raises Violation: as ``apply``.
        """
        self.say("at the end all goes on, in order, and nothing fails")
        self._all_go_on()
        for parent in self.parents:
            for tab in parent.tabs.values():
                for _ in range(len(tab.lost)):
                    self.apply(Choice("act", self._next(), parent.number, tab.number, "retry"))
                    self._all_go_on()
        for _ in range(2):
            self.apply(Choice("clock", what="301"))
            for _ in range(1 + len(self.letters) // 3):
                self.apply(Choice("relay", self._next()))
                self._all_go_on()
        self.look()
        self.look_at_the_end()

    def _next(self) -> int:
        return self.newest + 1

    def _all_go_on(self) -> None:
        for _ in range(LONGEST_END):
            if not self.tasks:
                return
            self.go(Choice("go", next(iter(self.tasks))))
        raise Violation("R10", "a call never ends")

    # --- what a phone shows ------------------------------------------------------------------------

    def code_arrived(self, message: str) -> str | None:
        """The code of *message*, once the phone has it."""
        texts = self.letters[message].texts
        return code_in(min(texts)) if texts else None

    def codes(self, parent: Parent) -> list[str]:
        """All codes on the phone of *parent*."""
        inbox: list[Message] = self.gateway.inbox.get(parent.record.mobile, []) if parent.reads else []
        return [code for message in inbox if (code := code_in(message.text)) is not None]

    # --- what is said ------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """A sentence of the story."""
        if self.story is not None:
            self.story.append(text)

    def tell(self, task: Task, text: str) -> None:
        """What happens to *task*: the sentence goes on for as long as nothing else does."""
        if self.story is not None:
            of = f"call {task.number}:"
            if self.story and self.story[-1].startswith(of):
                self.story[-1] += f"; {text}"
            else:
                self.story.append(f"{of} {text}")


def said_of(outcome: Any) -> str:
    """An outcome, in words."""
    if not hasattr(outcome, "state"):
        return str(outcome)
    reasons = ", ".join(refusal.reason.name for refusal in outcome.refusals if isinstance(refusal.reason, Reason))
    return f"{outcome.state.name}{f' ({reasons})' if reasons else ''}"


_KINDS: dict[str, Callable[[Any, Choice], bool]] = {
    "act": Acting.act,
    "relay": Acting.relay,
    "purge": Acting.purge,
    "go": lambda world, choice: bool(world.go(choice)),
    "kill": lambda world, choice: bool(world.kill(choice)),
    "clock": lambda world, choice: bool(world.step(choice)),
    "rotate": lambda world, choice: bool(world.rotate(choice)),
    "import": lambda world, choice: bool(world.change(choice)),
}
