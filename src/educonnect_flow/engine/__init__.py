"""Runs any journey: what it is made of, what happens in which order, and what may fail where.

**A journey** is a value (``Journey``): a table of rows, the class of its runs, the facts that each event
needs, what each state shows.  It does no I/O.  The engine knows no journey: all it knows of one is in this value.

**A run** is one parent's way through a journey (``Run``): a frozen record that a store keeps as text under a
random id. The parent holds a *handle*, the store its digest.  A handle leads to one run.  It is replaced when the
code is accepted; the former one then only repeats the request that replaced it.  Every commit raises the run's
version by one.

**One event** is taken in this order (``_engine.Engine.submit``)::

    1. load      the run, the answer under the request's id, and the records that the run wants    Store.load
    2. facts     what the event needs from outside                                                Directory, Store, ...
    3. decide    the first row whose guards all pass; its effects say what changes                 pure
    4. complete  what is slow or drawn: the hash of a password, a new prompt, a new handle         PasswordHasher, ...
    5. commit    the run, the answer, counters, records, messages, the trail: all, or nothing      Store.commit
    6. answer    what the page may show                                                            pure

Messages leave after the commit, from the outbox, in another process (``educonnect_flow.relay``).

**What may fail.**  Before 5 nothing of the run is written, and whatever fails there, the same request can come
again; but a human check that was answered has spent its prompt (its port keeps that). A form that is refused, and a
code asked for too soon, are found before any port is asked: so facts say that nothing was looked for. A store that
fails *in* 5 may have written all or nothing; the request comes again with its id, and 1 finds its answer, or does
not. After 5 nothing can fail. No transaction of the run is open but in 5, so that a slow port delays one parent
only.

**What others do meanwhile.**  The commit compares: the run's version, the version of every record it changes, unique
names, and limits.  When one does not fit, nothing was written, and the event is decided again from 1 (or with what
the store said: a limit, a name that is taken).  Each round means that another request got through, so there is an
end.  ``RetryState`` keeps the answers of ports that must not be asked twice for one request.

**Time.**  Every event and every look at a run first asks whether the run has ended: idle too long, open too long, or
after too many events.  Then the engine fires ``Lapse``, and the row for it decides.  The clock is a port; when
it steps back, a run lives no longer for it (``Run.held``).

**A refusal is an answer.**  An event out of its state, a wrong code, a limit: each is counted, and answered with its
reasons.  Exceptions are for the host: a port that fails, an unknown handle, a wrong type.

Who imports whom: ``_event`` < ``_run``, ``_table`` < ``_step``, ``_ports``, ``_journey`` < ``_decide`` < ``_engine``.
"""

from __future__ import annotations

from educonnect_flow.engine._event import Event, Lapse
from educonnect_flow.engine._journey import Journey, Show, showing
from educonnect_flow.engine._ports import LoadContext
from educonnect_flow.engine._run import TEXTS, TIME, Codec, Run, saved
from educonnect_flow.engine._step import NO_FACTS, Draft, Facts, StepContext
from educonnect_flow.engine._table import Row, Table, TableError, compile_table, gated
from educonnect_flow.outcome import Outcome, View

__all__ = [
    "NO_FACTS",
    "TEXTS",
    "TIME",
    "Codec",
    "Draft",
    "Event",
    "Facts",
    "Journey",
    "Lapse",
    "LoadContext",
    "Outcome",
    "Row",
    "Run",
    "Show",
    "StepContext",
    "Table",
    "TableError",
    "View",
    "compile_table",
    "gated",
    "saved",
    "showing",
]  # fmt: skip
