"""Whether a probability comes true as often as it says. Changes no probability."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from classifiers.weights import Calibration

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Posts whose probability lies between `low` and `high`: the mean of what was said, and how many came true."""

    low: float
    high: float
    posts: int
    said: float
    came_true: int


@dataclass(frozen=True)
class Reliability:
    """The table of ten bins, and the expected calibration error: the mean gap, weighted by posts."""

    bins: tuple[Bin, ...]
    error: float


def reliability(said: Sequence[float], truth: Sequence[bool]) -> Reliability:
    """The reliability of probabilities whose truth is known; 1.0 falls into the last bin. ValueError for no posts."""
    if not said:
        raise ValueError("reliability needs posts")
    rows: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for chance, true in zip(said, truth, strict=True):
        rows[min(BINS - 1, int(chance * BINS))].append((chance, true))
    bins = tuple(_bin(at, row) for at, row in enumerate(rows))
    error = sum(abs(one.said * one.posts - one.came_true) for one in bins) / len(said)
    return Reliability(bins, round(error, 4))


def uncalibrated(chance: float, calibration: Calibration) -> float:
    """The plain sigmoid of the logit behind a calibrated probability; what was rounded away stays away."""
    inside = min(max(chance, 0.0001), 0.9999)
    logit = (math.log(inside / (1 - inside)) - calibration.shift) / calibration.slope
    return Calibration().probability(logit)


def _bin(at: int, row: Sequence[tuple[float, bool]]) -> Bin:
    return Bin(
        low=at / BINS,
        high=(at + 1) / BINS,
        posts=len(row),
        said=round(sum(chance for chance, _ in row) / len(row), 4) if row else 0.0,
        came_true=sum(true for _, true in row),
    )
