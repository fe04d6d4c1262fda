"""Every interleaving, crash and step of the clock, from one seed: a simulator that anybody can replay.

The engine is a coroutine that waits at port calls only. So here a scheduler of our own decides what happens next: no
thread, no sleep, no luck.  At every port call it may run another call, let this one fail before or after its effect,
hold its answer back, kill the process that made it, step the clock, rotate keys, purge, or change the records::

    from educonnect_flow.testing.simulation import Simulation

    Simulation(store=MyStore).run(seconds=10).check()

The order of imports, from the inside out: ``choices``, ``tasks``, ``people`` < ``moves`` < ``checks`` < ``promised``,
``guarded``, ``posted``, ``twins``, ``plan`` < ``acting`` < ``world`` < ``exploring`` < ``simulation``.
"""

from educonnect_flow.testing.simulation._checks import Check, Letter, Log, Violation
from educonnect_flow.testing.simulation._exploring import Explored
from educonnect_flow.testing.simulation._moves import MOVES, Move
from educonnect_flow.testing.simulation._report import Failure, Report
from educonnect_flow.testing.simulation._simulation import CHECKS, Simulation
from educonnect_flow.testing.simulation._tasks import Task, pause
from educonnect_flow.testing.simulation._world import World

__all__ = [
    "CHECKS", "MOVES", "Check", "Explored", "Failure", "Letter", "Log", "Move", "Report", "Simulation", "Task",
    "Violation", "World", "pause",
]  # fmt: skip
