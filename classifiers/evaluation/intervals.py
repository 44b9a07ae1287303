"""Figures with what chance alone could make of them: shares, areas under the curve, F1. Knows no model and no post."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Z = 1.959963984540054
"""Standard deviations on either side of the mean that hold 95 % of a normal distribution."""


@dataclass(frozen=True)
class Count:
    """So many of so many."""

    some: int
    of: int

    @property
    def share(self) -> float:
        """0 where there is nothing to count."""
        return self.some / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share (Wilson, 1927), which stays honest for few cases and for shares near 0."""
        if not self.of:
            return 0.0, 1.0
        square = Z * Z / self.of
        middle = (self.share + square / 2) / (1 + square)
        half = Z * math.sqrt(self.share * (1 - self.share) / self.of + square / (4 * self.of)) / (1 + square)
        return max(0.0, middle - half), min(1.0, middle + half)

    def as_json(self) -> dict[str, float]:
        """Count, share and interval, rounded as they are published."""
        low, high = self.interval
        return {"some": self.some, "of": self.of, "share": _round(self.share), "low": _round(low), "high": _round(high)}


@dataclass(frozen=True)
class Area:
    """An area under the curve with its 95 % interval."""

    area: float
    low: float
    high: float

    def as_json(self) -> dict[str, float]:
        """Rounded as it is published."""
        return {"area": _round(self.area), "low": _round(self.low), "high": _round(self.high)}


def count(flags: Sequence[bool]) -> Count:
    """How many of them are true."""
    return Count(sum(flags), len(flags))


def auc(scores: Sequence[float], truth: Sequence[bool]) -> float:
    """The chance that a true case scores above a false one, ties counting half; ValueError where either is lacking."""
    return auc_with_interval(scores, truth).area


def auc_with_interval(scores: Sequence[float], truth: Sequence[bool]) -> Area:
    """The area and its interval by DeLong's variance (1988), from ranks. ValueError where either kind is lacking."""
    true = [score for score, is_true in zip(scores, truth, strict=True) if is_true]
    false = [score for score, is_true in zip(scores, truth, strict=True) if not is_true]
    if not true or not false:
        raise ValueError("the area under the curve needs posts of both kinds")
    among_all = _ranks([*true, *false])
    own_true, own_false = _ranks(true), _ranks(false)
    above = [(whole - own) / len(false) for whole, own in zip(among_all, own_true, strict=False)]
    below = [1 - (whole - own) / len(true) for whole, own in zip(among_all[len(true) :], own_false, strict=True)]
    area = sum(above) / len(above)
    half = Z * math.sqrt(_variance(above) / len(true) + _variance(below) / len(false))
    return Area(area, max(0.0, area - half), min(1.0, area + half))


def macro_f1(said: Sequence[bool], truth: Sequence[bool]) -> float:
    """The mean of the F1 of both classes, as TweetEval and EDOS publish it; a class nobody names counts 0."""
    pairs = list(zip(said, truth, strict=True))
    right = {side: sum(a is side and b is side for a, b in pairs) for side in (True, False)}
    named = {side: sum(a is side for a, _ in pairs) + sum(b is side for _, b in pairs) for side in (True, False)}
    return sum(2 * right[side] / named[side] if named[side] else 0.0 for side in (True, False)) / 2


def per_thousand(*, base_rate: float, missed: float, flagged_lawful: float) -> Mapping[str, float]:
    """What 1,000 posts give when `base_rate` of them are abusive: flags, those a person will confirm, misses."""
    confirmed = 1000 * base_rate * (1 - missed)
    flags = confirmed + 1000 * (1 - base_rate) * flagged_lawful
    return {
        "base_rate": base_rate,
        "flags": round(flags, 1),
        "verified": round(confirmed, 1),
        "verified_share": _round(confirmed / flags if flags else 0.0),
        "missed": round(1000 * base_rate * missed, 1),
    }


def _ranks(values: Sequence[float]) -> list[float]:
    """The place of each value from 1, equal values sharing the middle one."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    at = 0
    while at < len(order):
        end = at
        while end < len(order) and values[order[end]] == values[order[at]]:
            end += 1
        for i in order[at:end]:
            ranks[i] = (at + end + 1) / 2
        at = end
    return ranks


def _variance(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _round(value: float) -> float:
    return round(value, 4)
