"""The statistics behind the figures, against known values and slow but plain counting."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.evaluation.calibration import reliability, uncalibrated
from classifiers.evaluation.intervals import Count, auc, auc_with_interval, macro_f1, per_thousand
from classifiers.weights import Calibration


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans()), min_size=2, max_size=30))
def test_area_under_the_curve_counts_pairs(cases: list[tuple[float, bool]]) -> None:
    scores, truth = [score for score, _ in cases], [true for _, true in cases]
    if len(set(truth)) < 2:
        with pytest.raises(ValueError, match="both kinds"):
            auc(scores, truth)
        return
    pairs = [(a, b) for a, true in cases if true for b, other in cases if not other]
    said = auc_with_interval(scores, truth)
    assert said.area == pytest.approx(sum((a > b) + 0.5 * (a == b) for a, b in pairs) / len(pairs))
    assert 0 <= said.low <= said.area + 1e-12
    assert said.area - 1e-12 <= said.high <= 1


def test_the_interval_of_an_area_is_delongs() -> None:
    true, false = [0.9, 0.8, 0.4, 0.35], [0.7, 0.3, 0.2, 0.1, 0.05]

    def beats(a: float, b: float) -> float:
        return (a > b) + 0.5 * (a == b)

    above = [sum(beats(a, b) for b in false) / len(false) for a in true]
    below = [sum(beats(a, b) for a in true) / len(true) for b in false]

    def variance(values: list[float]) -> float:
        mean = sum(values) / len(values)
        return sum((value - mean) ** 2 for value in values) / (len(values) - 1)

    half = 1.959963984540054 * math.sqrt(variance(above) / len(true) + variance(below) / len(false))
    said = auc_with_interval([*true, *false], [True] * 4 + [False] * 5)
    assert said.area == pytest.approx(0.9)
    assert said.low == pytest.approx(0.9 - half)
    assert said.high == pytest.approx(min(1.0, 0.9 + half))


def test_a_share_has_wilsons_interval() -> None:
    assert Count(10, 100).interval == pytest.approx((0.05523, 0.17437), abs=1e-5)
    assert Count(0, 20).interval == pytest.approx((0.0, 0.16113), abs=1e-5)
    assert Count(0, 0).interval == (0.0, 1.0)
    assert Count(0, 0).share == 0.0


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_its_share(some: int, more: int) -> None:
    one = Count(some, some + more - 1) if some + more > 1 else Count(0, 1)
    low, high = one.interval
    assert 0 <= low <= one.share + 1e-12
    assert one.share - 1e-12 <= high <= 1


def test_macro_f1_is_the_mean_of_both_classes() -> None:
    said, truth = [True, True, False, False, False], [True, False, False, False, True]
    assert macro_f1(said, truth) == pytest.approx((2 * 1 / 4 + 2 * 2 / 6) / 2)
    assert macro_f1([False, False], [True, True]) == 0.0
    assert macro_f1([True, True], [True, True]) == pytest.approx(0.5)


def test_flags_foretold_add_up() -> None:
    said = per_thousand(base_rate=0.03, missed=0.1, flagged_lawful=0.05)
    assert said["verified"] == 27.0
    assert said["missed"] == 3.0
    assert said["flags"] == pytest.approx(27 + 48.5)
    assert said["verified_share"] == pytest.approx(27 / 75.5, abs=1e-4)
    assert per_thousand(base_rate=0.0, missed=0.1, flagged_lawful=0.0)["verified_share"] == 0.0


def test_reliability_sorts_into_ten_bins_and_weighs_the_gaps() -> None:
    said = reliability([0.05, 0.05, 1.0, 0.95], [False, True, True, True])
    assert [one.posts for one in said.bins] == [2, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert said.bins[9].came_true == 2
    assert said.error == pytest.approx((abs(0.1 - 1) + abs(1.95 - 2)) / 4)
    with pytest.raises(ValueError, match="needs posts"):
        reliability([], [])


@given(st.floats(-5, 5), st.floats(0.3, 3), st.floats(-1, 1))
def test_calibration_can_be_undone(logit: float, slope: float, shift: float) -> None:
    calibration = Calibration(slope, shift)
    chance = calibration.probability(logit)
    if 0.001 < chance < 0.999:
        assert uncalibrated(chance, calibration) == pytest.approx(Calibration().probability(logit), abs=1e-6)
