"""The relay as a process of its own: runs until a signal, and stops between two messages."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

from educonnect_flow.aio import AsyncFlow, loop_in_thread
from educonnect_flow.audit import json_line
from educonnect_flow.errors import StoreUnavailable
from educonnect_flow.flow import Flow
from educonnect_flow.relay import DeliveryCounts, pause

T = TypeVar("T")
AnyFlow = Flow | AsyncFlow

LONGEST_PAUSE = timedelta(seconds=30)
"""Longest pause between two tries while the store is unavailable."""

SIGNALS = (signal.SIGTERM, signal.SIGINT)

BATCH = 1_000
"""Activations that one transaction of a purge deletes, at most."""

_log = logging.getLogger("educonnect_flow")


def relay(flow: AnyFlow, *, threads: int = 1, idle: float = 1.0, report: float = 60.0) -> DeliveryCounts:
    """Hand over what waits until SIGTERM or SIGINT, then finish the messages in hand and close the flow.

    Call it from the main thread.  Returns the counts.

    :param threads: messages handed over at the same time.
    :param idle: seconds to wait when nothing waits, drawn between half and all of it.
    :param report: seconds between two lines of counts in the log.
    """
    stop, counts = threading.Event(), _Counts(report)
    with _stopped_by(stop):
        with _called(flow) as call, ThreadPoolExecutor(threads) as pool:
            _log.info("relay started: %d at a time", threads)
            working = []
            try:
                for _ in range(threads):
                    working.append(pool.submit(_work, flow, call, stop, counts, idle))
                    working[-1].add_done_callback(lambda _: stop.set())  # if one worker fails, stop all
                for done in working:
                    done.result()
            finally:
                stop.set()
        _log.info("relay stopped: %s", counts.total)
    return counts.total


def purge(flow: AnyFlow) -> int:
    """Delete what has expired, batch after batch, and close the flow; how many runs."""
    total = 0
    with _called(flow) as call:
        while True:
            gone: int = call(flow.purge, BATCH)
            total += gone
            if gone < BATCH:
                _log.info("purge: %d runs deleted", total)
                return total


def audit(flow: AnyFlow, after: int = 0) -> Iterator[str]:
    """The audit trail from above the number *after* on, as lines of JSON; close the flow at the end."""
    with _called(flow) as call:
        while entries := call(flow.audit, after, BATCH):
            for number, entry in entries:
                yield json_line(number, entry)
                after = number


class _Counts:
    def __init__(self, report: float) -> None:
        self.total = DeliveryCounts()
        self._lock = threading.Lock()
        self._report = report
        self._next = time.monotonic() + report

    def add(self, handed: DeliveryCounts) -> None:
        with self._lock:
            self.total = self.total.plus(handed)
            if time.monotonic() >= self._next:
                self._next = time.monotonic() + self._report
                _log.info("relay so far: %s", self.total)


def _work(flow: AnyFlow, call: Callable[..., Any], stop: threading.Event, counts: _Counts, idle: float) -> None:
    away, first = 0, timedelta(seconds=idle)
    while not stop.is_set():
        try:
            handed = call(flow.hand_over, 1)
        except StoreUnavailable as error:
            away += 1
            seconds = pause(first, away, LONGEST_PAUSE).total_seconds()
            _log.error("relay: the store is unavailable (%s), trying again in %.1f s", error, seconds)
            stop.wait(seconds)
            continue
        away = 0
        counts.add(handed)
        if not any(handed):
            stop.wait(pause(first, 1, first).total_seconds())


@contextmanager
def _called(flow: AnyFlow) -> Iterator[Callable[..., Any]]:
    """A function that calls a method of *flow* from any thread: directly, or in an event loop of its own."""
    if isinstance(flow, Flow):
        try:
            yield lambda method, *args: method(*args)
        finally:
            flow.close()
        return
    with loop_in_thread("educonnect_flow relay") as wait:
        try:
            yield lambda method, *args: wait(method(*args))
        finally:
            wait(flow.close())


def relay_command(flow: AnyFlow, **options: Any) -> DeliveryCounts:
    """``relay``, for a command: the process then ends with status 0, however many signals arrive until it has ended.

    A supervisor may signal a process several times.
    """

    def leave(*_: object) -> None:
        _ignore_signals()
        sys.exit(0)

    for number in SIGNALS:
        signal.signal(number, leave)  # before the relay starts
    try:
        return relay(flow, **options)
    finally:
        _ignore_signals()


def _ignore_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _stopped_by(stop: threading.Event) -> Iterator[None]:
    """Set *stop* at SIGTERM or SIGINT, however many arrive at once.

    A handler runs between any two instructions of the main thread, a second one within the first.  ``Event.set`` takes
    a lock that must not be taken twice, so the handlers only write to a pipe, and a thread sets the event.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def wake(*_: object) -> None:
        with suppress(BlockingIOError):  # full of signals that were not read yet
            os.write(writing, b"x")

    def wait() -> None:
        if os.read(reading, 1):
            stop.set()

    waiting = threading.Thread(target=wait, name="educonnect_flow signals", daemon=True)
    waiting.start()
    before = {number: signal.signal(number, wake) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(writing)  # ends the thread
        waiting.join()
        os.close(reading)
