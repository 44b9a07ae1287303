"""One measured figure and its target, as the benchmarks hand them over: a line of JSON each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Measured:
    """A figure with its unit. `at_most` or `at_least` is the target; `how` says what was done to get it."""

    what: str
    figure: float
    unit: str
    how: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def target(self) -> str:
        """The target in words, "" where there is none."""
        if self.at_most is not None:
            return f"at most {self.at_most:,g} {self.unit}"
        return "" if self.at_least is None else f"at least {self.at_least:,g} {self.unit}"

    @property
    def met(self) -> bool:
        """True where the target is reached, or there is none."""
        over = self.at_most is not None and self.figure > self.at_most
        return not over and (self.at_least is None or self.figure >= self.at_least)


def hand_over(figures: Sequence[Measured]) -> None:
    """Print each on a line of its own."""
    for figure in figures:
        print(json.dumps(asdict(figure)), flush=True)


def taken_from(lines: Sequence[str]) -> list[Measured]:
    """What a benchmark handed over; other lines are not looked at."""
    return [Measured(**json.loads(line)) for line in lines if line.startswith("{")]
