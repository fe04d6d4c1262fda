"""Values that must not be written anywhere by accident."""

from __future__ import annotations

from datetime import date
from typing import Any, NoReturn, Self, SupportsIndex, TypeVar

T = TypeVar("T")


class Confidential:
    """A frozen value that holds a secret or personal data: it refuses to be pickled.

    Pickles are written to caches, queues and crash reports.  A copy inside the process is the value itself, because
    it cannot change.
    """

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a secret or personal data and is not pickled")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, retry: dict[int, Any]) -> Self:
        return self


def made(kind: type[T], fields: dict[str, Any]) -> T:
    """Make a frozen, dict-backed record of class *kind* from all of its *fields*: faster than calling the class.

    Fields are not converted or validated, and defaults are not applied.
    """
    record = object.__new__(kind)
    record.__dict__.update(fields)
    return record


def replace_fields(record: T, changes: dict[str, Any]) -> T:
    """A frozen, dict-backed *record* (``frozen(slots=False)``) with *changes*: faster than ``attrs.evolve``.

    Fields are not converted or validated again: only for records that this library makes.
    """
    copy = object.__new__(type(record))
    copy.__dict__.update(record.__dict__)
    copy.__dict__.update(changes)
    return copy


class Hidden(str):
    """A str whose repr does not show its text.

    A traceback with local variables, as crash reporters write it, shows reprs.  A formatted copy is a plain str again:
    hide it, too, before you assign it to a variable.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "<hidden>"

    def __getitem__(self, index: SupportsIndex | slice) -> Hidden:
        return Hidden(super().__getitem__(index))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, retry: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return (str, (str(self),))


class Frameless:
    """A context that removes the inner frames from an exception, because their local variables hold a secret.

    For calls into other libraries, which make plain text of a hidden text.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is not None:
            error.__context__ = None
            raise error.with_traceback(None) from None


class HiddenBytes(bytes):
    """``Hidden``, encoded."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<hidden>"


def hidden(value: str) -> str:
    """Text as ``Hidden``; any other value unchanged, for a later type check.  Also an attrs converter."""
    return Hidden(value) if type(value) is str else value


def hidden_or_none(value: str | None) -> str | None:
    """``hidden``, for a text or ``None``."""
    return Hidden(value) if type(value) is str else value


def hidden_day(value: date | str | None) -> date | str | None:
    """``hidden``, for a date or a text."""
    return Hidden(value) if type(value) is str else value
