"""All randomness from one seed, for as long as a world lives."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from threading import get_ident
from unittest.mock import patch


@contextmanager
def drawn_from(seed: str) -> Iterator[None]:
    """What this thread draws from ``secrets``, ``os.urandom``, ``uuid`` and ``random`` follows from *seed*, and the
    library's log is silent.  Other threads draw as ever.
    """
    tokens, mine, real = Random(f"{seed}/tokens"), get_ident(), os.urandom  # noqa: S311 - to be repeated, not to be secret
    log = logging.getLogger("educonnect_flow")

    def urandom(size: int, /) -> bytes:
        return tokens.randbytes(size) if get_ident() == mine else real(size)

    before, silent = random.getstate(), log.disabled
    random.seed(f"{seed}/jitter")
    log.disabled = True
    try:
        with patch.object(os, "urandom", urandom), patch.object(random, "_urandom", urandom):
            yield
    finally:
        log.disabled = silent
        random.setstate(before)
