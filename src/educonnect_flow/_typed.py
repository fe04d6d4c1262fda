"""Type checks for the values that hosts build: a wrong type is ``WrongUse``, and never shows the value."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, cast

from educonnect_flow.errors import WrongUse


def of(*kinds: type) -> Callable[[Any, Any, Any], None]:
    """An attrs validator: an instance of one of *kinds*; a bool is no int, and a datetime is no date."""
    names = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)
    exact = frozenset(kinds)

    def check(instance: object, attribute: Any, value: object) -> None:
        if type(value) in exact:
            return
        # For isinstance a bool is an int and a datetime is a date; here they are not.
        wrong = (bool not in kinds and isinstance(value, bool)) or (date in kinds and isinstance(value, datetime))
        if wrong or not isinstance(value, kinds):
            where = f"{type(instance).__name__}.{attribute.name}"
            raise WrongUse(f"{where} must be {names}, not {type(value).__name__}")

    return check


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def identity(instance: object, attribute: Any, value: Any) -> None:
    """An attrs validator: text that every database can store."""
    where = f"{type(instance).__name__}.{attribute.name}"
    if not isinstance(value, str):
        raise WrongUse(f"{where} must be str, not {type(value).__name__}")
    if _UNSTORABLE.search(value):
        raise WrongUse(f"{where} must contain no null character and no lone surrogate")


def sequence(kind: type) -> Callable[[Any, Any, Any], None]:
    """An attrs validator: a tuple of *kind* (see ``frozen_sequence``)."""

    def check(instance: object, attribute: Any, value: object) -> None:
        where = f"{type(instance).__name__}.{attribute.name}"
        if not isinstance(value, tuple):
            raise WrongUse(f"{where} must be a list or tuple, not {type(value).__name__}")
        for item in value:
            if not isinstance(item, kind):
                raise WrongUse(f"{where} must hold {kind.__name__}, not {type(item).__name__}")

    return check


def frozen_sequence(value: Sequence[Any]) -> tuple[Any, ...]:
    """An attrs converter: a list becomes a tuple; any other value is unchanged, for the validator."""
    return tuple(value) if isinstance(value, list) else cast("tuple[Any, ...]", value)


def called(instance: object, attribute: Any, value: object) -> None:
    """An attrs validator: a callable."""
    if not callable(value):
        where = f"{type(instance).__name__}.{attribute.name}"
        raise WrongUse(f"{where} must be callable, not {type(value).__name__}")


def has(name: str, port: object, *methods: str) -> None:
    """Check that *port* has *methods*.

    :raises WrongUse: names the first missing method; also when *port* is a class instead of an instance.
    """
    for method in methods:
        if isinstance(port, type) or not callable(getattr(port, method, None)):
            raise WrongUse(f"{name} must have a method {method}; {type(port).__name__} has none")


def check_limit(limit: object) -> None:
    """Check that *limit* is a whole number, 0 or more.

    :raises WrongUse: when it is not.
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise WrongUse("limit must be a whole number, 0 or more")
