"""Adapters that fail on demand, and a fast password hasher."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256
from typing import Any

from educonnect_flow.errors import StoreUnavailable
from educonnect_flow.ports import AsyncStore, Store


class CheapHasher:
    """A hasher without a salt and without any cost: for tests only."""

    def hash(self, text: str) -> str:
        """See ``PasswordHasher``."""
        return f"cheap:{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"

    def verify(self, hash: str, text: str) -> bool:
        """See ``PasswordHasher``."""
        return hash == self.hash(text)


class Crash(BaseException):
    """The process ends here: no ``except Exception`` stops it."""


class FaultyStore:
    """A store whose *n*-th call fails, before or after its effect.

    :param store: the real one, synchronous or asynchronous.
    :param call: which call fails, from 1 on; 0: none.
    :param after: True: what was asked is done, and its answer lost.
    :param error: what is raised.
    """

    def __init__(
        self,
        store: Store | AsyncStore,
        call: int = 0,
        *,
        after: bool = False,
        error: type[BaseException] = StoreUnavailable,
    ) -> None:
        self.store = store
        self._call = call
        self._after = after
        self._error = error
        self.calls: list[str] = []
        """The names of the methods called so far."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(self._pass_on, name, getattr(self.store, name))

    def _pass_on(self, name: str, method: Callable[..., Any], *args: Any) -> Any:
        self.calls.append(name)
        fails = len(self.calls) == self._call
        if fails and not self._after:
            raise self._error("before")
        result = method(*args)
        if inspect.isawaitable(result):
            return self._awaited(result, fails)
        if fails:
            raise self._error("after")
        return result

    async def _awaited(self, result: Awaitable[Any], fails: bool) -> Any:
        answer = await result
        if fails:
            raise self._error("after")
        return answer
