"""The engine runs any journey.  This page says what a journey consists of, in which order things happen, what may fail.

**A journey** is a value (``Journey``): a table of rows, the class of its runs, the facts that each event
needs, what each state shows.  It does no I/O.  The engine knows a journey only through this value.

**A run** is one parent's way through a journey (``Run``): a frozen record that a store keeps as text under a
random id.  The parent has a *handle*, the store has its digest.  A handle leads to one run.  It is replaced when the
code is accepted; the previous handle then only repeats the request that replaced it.  Every commit raises the run's
version by one.

**One event** is processed in this order (``_engine.Engine.submit``)::

    1. load      the run, the answer stored under the request's id, and the records that the run needs   Store.load
    2. facts     what the event needs from the ports                                              Directory, Store, ...
    3. decide    the first row whose guards all pass; its effects say what changes                 pure
    4. complete  what is slow or random: the hash of a password, a new prompt, a new handle        PasswordHasher, ...
    5. commit    the run, the answer, counters, records, messages, audit entries: all, or nothing  Store.commit
    6. answer    what the page may show                                                            pure

Messages leave after the commit, from the outbox, in another process (``educonnect_flow.relay``).

**What may fail.**  Before step 5 nothing of the run is written.  After any failure there, the host can send the same
request again; but the prompt of an answered human check is used (its port stores that).  A malformed form, and a code
requested too soon, are found before any port is called; their facts say that nothing was looked up.  A store that
fails *in* step 5 has written all or nothing; the host sends the request again with its id, and step 1 finds its
answer or not.  After step 5 nothing can fail.  A transaction of the run is open in step 5 only, so that a slow port
delays one parent only.

**Concurrent requests.**  The commit checks the run's version, the version of every record it changes, unique names,
and limits.  When a check fails, nothing is written, and the event is decided again from step 1 (or with what the
store returned: a limit that refuses, a name that is taken).  Every retry means that another request succeeded, so
the retries end.  ``RetryState`` keeps the answers of ports that must not be called twice for one request.

**Time.**  Before an event or a read, the engine checks whether the run has expired: idle too long, open too long, or
after too many events.  Then it fires ``Lapse``, and the row for it decides.  The clock is a port; when it steps
back, no run is valid for longer (``Run.after_clock_step``).

**A refusal is an answer.**  An event that the state does not accept, a wrong code, a limit: each is counted, and
answered with its reasons.  Exceptions are for the host: a port that fails, an unknown handle, a wrong type.

Imports: ``_event`` < ``_run``, ``_table`` < ``_step``, ``_ports``, ``_journey`` < ``_decide`` < ``_engine``.
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
