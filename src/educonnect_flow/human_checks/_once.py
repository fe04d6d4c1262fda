"""What both checks share: ids that prove themselves and end, and answers that count once."""

from __future__ import annotations

import inspect
import secrets
from abc import ABC, abstractmethod
from datetime import datetime, timedelta

from educonnect_flow._keys import Keys, Secret, digest
from educonnect_flow.errors import WrongUse
from educonnect_flow.ports import Clock, HumanPrompt, Store
from educonnect_flow.tally import micros, moment

LONGEST = 2_000
"""Characters of an id or an answer at most; looked at before anything else."""


class SingleUseCheck(ABC):
    """A human check whose prompts are made of their ids alone; each adapter says what they show and what is right."""

    def __init__(self, store: Store, secret_key: Secret, valid_for: timedelta, clock: Clock) -> None:
        self._once = Once(store, secret_key, valid_for, clock)

    def issue(self) -> HumanPrompt:
        """See ``HumanCheck``."""
        return self._prompt(self._once.issue())

    def show(self, id: str) -> HumanPrompt | None:
        """See ``HumanCheck``."""
        return self._prompt(id) if self._once.stands(id) else None

    def passes(self, id: str, answer: str) -> bool:
        """See ``HumanCheck``."""
        if not self._once.spend(id) or len(answer) > LONGEST or not answer.isascii():
            return False
        return self._right(id, answer)

    @abstractmethod
    def _prompt(self, name: str) -> HumanPrompt:
        """What the prompt *name* shows."""

    @abstractmethod
    def _right(self, name: str, answer: str) -> bool:
        """Whether *answer*, of bounded length and ASCII, is right for the prompt *name*."""


class Once:
    """Issues ids and spends them.

    :param store: where spent ids are kept, until they end.
    :param secret_key: of the host, as a flow takes it.
    :param valid_for: how long a prompt may be answered.
    """

    def __init__(self, store: Store, secret_key: Secret, valid_for: timedelta, clock: Clock) -> None:
        if inspect.iscoroutinefunction(store.spend):
            raise WrongUse("a human check takes a synchronous store; an asynchronous flow asks it through threads")
        self._store = store
        self._keys = Keys(secret_key)
        self._valid_for = valid_for
        self._clock = clock

    def issue(self) -> str:
        """A new id: random, with its end, under a keyed hash."""
        body = self._keys.marked(f"{secrets.token_urlsafe(16)}.{micros(self._clock() + self._valid_for)}")
        return f"{body}.{self._keys.token('prompt', body)}"

    def ends(self, name: str) -> datetime | None:
        """When the prompt *name* ends; ``None`` when it was never issued or has expired."""
        if len(name) > LONGEST or not name.isascii():
            return None
        body, _, seal = name.rpartition(".")
        try:
            right = self._keys.token_of(body, "prompt", body)
        except ValueError:
            return None
        if not secrets.compare_digest(seal, right):
            return None
        until = moment(int(body.rpartition(".")[2]))
        return until if self._clock() < until else None

    def stands(self, name: str) -> bool:
        """Whether the prompt *name* may still be answered."""
        return self.ends(name) is not None and not self._store.spent(self._key(name), self._clock())

    def spend(self, name: str) -> bool:
        """Whether this is the one answer to *name*: looked at before the answer is, so that none is tried twice."""
        until = self.ends(name)
        return until is not None and self._store.spend(self._key(name), self._clock(), until) is True

    def derive(self, purpose: str, name: str) -> str:
        """What belongs to the prompt *name* alone: 43 characters that only the key gives."""
        return self._keys.token_of(name, purpose, name)

    def number(self, purpose: str, name: str) -> int:
        """What belongs to the prompt *name* alone, as a number of 40 uniform digits."""
        return int(self._keys.digits(purpose, 40, name, marked=name))

    @staticmethod
    def _key(name: str) -> str:
        return f"prompt:{digest(name)}"
