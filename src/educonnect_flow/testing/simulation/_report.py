"""What a simulation comes to, in words."""

from __future__ import annotations

from typing import Self

from attrs import frozen

COMMAND = "python -m educonnect_flow.testing.simulation"


@frozen(kw_only=True, eq=False, slots=False)
class Failure:
    """What did not hold, and how to see it again."""

    promise: str
    """Its id."""
    text: str
    seed: int
    """Of the world."""
    choices: int
    """That had happened by then."""
    trace: str
    """The shortened trace, as ``Simulation.replay`` takes it."""
    story: tuple[str, ...]
    """The same, in sentences."""

    def __str__(self) -> str:
        lines = "\n".join(f"  {n:>3}. {sentence}" for n, sentence in enumerate(self.story, 1))
        return (
            f"{self.text}\nseed {self.seed}; of {self.choices} choices these are needed:\n{lines}\n"
            f"replay it: {COMMAND} --seed {self.seed} --trace '{self.trace}'\n"
            f"find and shorten it again: {COMMAND} --seed {self.seed} --worlds 1"
        )


@frozen(kw_only=True, eq=False, slots=False)
class Report:
    """What was run, and what came of it."""

    seed: int
    """Of the first world."""
    worlds: int
    choices: int
    port_calls: int
    answers: int
    """Calls of parents that came back with an outcome."""
    seconds: float
    checked: tuple[str, ...]
    """Ids of the promises."""
    failure: Failure | None

    def __str__(self) -> str:
        rate = round(self.port_calls / self.seconds * 60)
        return (
            f"seed {self.seed}: {self.worlds} worlds, {self.choices} choices, {self.port_calls} port calls "
            f"({rate} a minute), {self.answers} answers in {self.seconds:.1f} s\n"
            f"checked: {' '.join(self.checked)}\n{self.failure or 'everything held'}"
        )

    def check(self) -> Self:
        """This report.

        :raises AssertionError: with the failure, when there is one.
        """
        if self.failure is not None:
            raise AssertionError(str(self))
        return self
