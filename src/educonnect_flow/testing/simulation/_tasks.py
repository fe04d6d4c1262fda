"""A call in progress: a coroutine that the scheduler moves from one port call to the next."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from types import CoroutineType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from educonnect_flow.aio import AsyncFlow
from educonnect_flow.engine._ports import Caller
from educonnect_flow.errors import WrongUse

if TYPE_CHECKING:
    from educonnect_flow.engine._event import Event
    from educonnect_flow.ports import Message
    from educonnect_flow.records import Commit
    from educonnect_flow.testing.simulation._people import Request, Tab

P = ParamSpec("P")
T = TypeVar("T")


class _Point:
    """Where a coroutine hands over to the scheduler."""

    __slots__ = ()

    def __await__(self) -> Generator[_Point, Any, Any]:
        return (yield self)


class Call(_Point):
    """A port is about to be called."""

    __slots__ = ("args", "fate", "function", "kwargs")

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        self.fate = ""


class Done(_Point):
    """An asynchronous port has answered."""

    __slots__ = ("answer", "call")

    def __init__(self, call: Call, answer: Any) -> None:
        self.call, self.answer = call, answer


class Pause(_Point):
    """A store, or any other port, is between two of its statements."""

    __slots__ = ()


_PAUSE = Pause()


async def pause() -> None:
    """Awaited by an asynchronous port between two of its statements: the scheduler may run anybody else now."""
    await _PAUSE


async def scheduled(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """How a flow in a world calls a port."""
    call = Call(function, args, kwargs)
    answer = await call
    if type(answer) is CoroutineType:
        answer = await Done(call, await answer)
    return cast("T", answer)


class ScheduledFlow(AsyncFlow):
    """A flow whose port calls are the scheduler's."""

    @classmethod
    def _caller(cls) -> Caller:
        return scheduled


class Task:
    """One call of a flow, from its beginning to its answer."""

    __slots__ = (
        "began", "called_at", "commit", "coroutine", "event", "faulted", "kind", "known", "log", "number", "process",
        "records", "request", "rotated_by", "states", "superseded", "tab", "text", "waits", "who",
    )  # fmt: skip

    def __init__(
        self, kind: str, number: int, process: int, coroutine: Coroutine[Any, Any, Any], records: int, began: int
    ) -> None:
        self.kind = kind
        """``start``, ``submit``, ``resume``, ``relay``, ``purge``"""
        self.number, self.process, self.coroutine = number, process, coroutine
        self.records, self.began = records, began
        """How often the records had changed, and how many port calls there had been, when it began."""
        self.waits: Any = None
        """What it waits for: a point, or what it is to be given next, as a tuple."""
        self.who = -1
        self.tab: Tab | None = None
        self.event: Event | None = None
        self.request: Request | None = None
        self.commit: Commit | None = None
        """The last that it made."""
        self.faulted = False
        """Whether a port failed it."""
        self.log: Any = None
        """What is known of the run, once it is."""
        self.superseded = False
        """Whether its handle was replaced before it began, and by which request."""
        self.rotated_by: str | None = None
        self.known: Any = None
        """The log of the handle's run when it began."""
        self.states = 0
        """How many commits of it there had been, but one."""
        self.called_at: Any = None
        """The time when it came to the port call that it waits for."""
        self.text: str = ""
        """What it is, in words."""


def at_once(answer: Any) -> Any:
    """What a port has answered, with its pauses left out: for looks at a store that belong to no call."""
    if type(answer) is not CoroutineType:
        return answer
    try:
        while True:
            answer.send(None)
    except StopIteration as end:
        return end.value


def check_point(point: Any) -> None:
    """:raises WrongUse: when a port waits for something that only an event loop has."""
    if not isinstance(point, _Point):
        raise WrongUse(
            "a port of this world waits for an event loop: give it through educonnect_flow.testing._as_sync, "
            "or let it await simulation.pause() alone"
        )


def message_of(call: Call) -> Message:
    """What a gateway is asked to send."""
    message: Message = call.args[0]
    return message
