"""Logs the failure of a port: which port, the exception's type and its frames, and no value."""

from __future__ import annotations

import logging
import traceback
from pathlib import PurePath

from educonnect_flow.errors import StoreUnavailable

_log = logging.getLogger("educonnect_flow")

MOST_FRAMES = 20
"""Maximum number of logged frames of one exception, the innermost ones; the others are counted."""


def log_failure(what: str, error: BaseException) -> None:
    """Log at ERROR that *what* failed with *error*: its type and frames, and those of its causes, in one line.

    Neither a message nor a local variable is logged: both may hold what a parent typed.
    """
    if _log.isEnabledFor(logging.ERROR):  # frames are looked up in source files
        _log.error("%s failed: %s", what, frames_of(error))


def frames_of(error: BaseException) -> str:
    """The types and frames of *error* and of its causes, the outermost first.

    For ``StoreUnavailable`` its text too: which file, and the database's message.
    """
    texts, seen = [], set[int]()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:  # a chain may be circular
        seen.add(id(one))
        said = f" ({one})" if isinstance(one, StoreUnavailable) else ""
        texts.append(f"{type(one).__module__}.{type(one).__qualname__}{said} at {_places(one)}")
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return ", caused by ".join(texts)


def _places(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    shown = [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-MOST_FRAMES:]]
    left_out = [f"({len(frames) - MOST_FRAMES} more)"] if len(frames) > MOST_FRAMES else []
    return " > ".join([*left_out, *shown]) or "no frame"
