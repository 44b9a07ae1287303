"""The few sums behind the figures: shares with their intervals, totals from a sample, and how far two counts differ.

Pure arithmetic; all intervals are 95 %. Wilson's for shares; totals join the intervals of their parts as in the method
of variance estimates recovery (Zou and Donner, Statistics in Medicine 27, 2008), which holds for rare events too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_Z = 1.959963984540054
_HALF = 0.5
"""Added to every bin, so that an empty one does not make two counts differ without bound."""


@dataclass(frozen=True)
class Share:
    """`hits` of `of`, and the interval in which the true share lies most likely; all None when nothing was counted."""

    hits: float
    of: float
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Total:
    """An estimated number and its interval."""

    number: float
    low: float
    high: float


@dataclass(frozen=True)
class Part:
    """One part of a total: `size` things, of which `hits` among `seen` were found to count."""

    size: float
    hits: float
    seen: float


def share(hits: float, of: float) -> Share:
    """A share with Wilson's interval."""
    if of <= 0:
        return Share(hits, of, None, None, None)
    low, high = _wilson(hits / of, of)
    return Share(hits, of, hits / of, low, high)


def _wilson(found: float, seen: float) -> tuple[float, float]:
    squared = _Z * _Z
    middle = (found + squared / (2 * seen)) / (1 + squared / seen)
    spread = _Z * math.sqrt(found * (1 - found) / seen + squared / (4 * seen * seen)) / (1 + squared / seen)
    low = 0.0 if found == 0 else max(0.0, middle - spread)
    high = 1.0 if found == 1 else min(1.0, middle + spread)
    return low, high


def total(parts: Iterable[Part]) -> Total:
    """How many in all parts together, from what was seen of each. A part seen whole adds no doubt; one of which nothing
    was seen counts for none, and all of it as doubt."""
    number = below = above = 0.0
    for part in parts:
        if part.seen <= 0:
            above += part.size**2
            continue
        found = part.hits / part.seen
        number += part.size * found
        if part.seen < part.size:
            low, high = _wilson(found, part.seen)
            below += (part.size * (found - low)) ** 2
            above += (part.size * (high - found)) ** 2
    return Total(number, max(0.0, number - math.sqrt(below)), number + math.sqrt(above))


def weighted(answers: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """Hits and answers of equal worth that say the same as these (weight, hit) pairs do (Kish's effective number)."""
    weights = math.fsum(weight for weight, _ in answers)
    squares = math.fsum(weight * weight for weight, _ in answers)
    if not squares:
        return 0.0, 0.0
    seen = weights * weights / squares
    return seen * math.fsum(weight for weight, hit in answers if hit) / weights, seen


def stability(before: Sequence[int], after: Sequence[int]) -> float:
    """The population stability index of two histograms with the same bins: 0 for the same shares."""
    bins, many, few = len(before), sum(before), sum(after)
    index = 0.0
    for old, new in zip(before, after, strict=True):
        expected = (old + _HALF) / (many + _HALF * bins)
        actual = (new + _HALF) / (few + _HALF * bins)
        index += (actual - expected) * math.log(actual / expected)
    return index
