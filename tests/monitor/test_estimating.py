"""The sums behind the figures, against values worked out elsewhere and against what must hold for any numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.estimating import Part, share, stability, total, weighted

COUNTS = st.integers(min_value=0, max_value=5000)
BINS = st.lists(COUNTS, min_size=10, max_size=10)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # Wilson's intervals as in Newcombe, Statistics in Medicine 17 (1998), table I.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval(hits: int, of: int, low: float, high: float) -> None:
    found = share(hits, of)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_a_share_of_nothing_says_nothing() -> None:
    assert share(0, 0).share is None
    assert share(0, 0).low is None


@given(COUNTS, COUNTS)
def test_a_share_lies_in_its_interval(hits: int, more: int) -> None:
    found = share(hits, hits + more)
    if found.share is not None and found.low is not None and found.high is not None:
        assert 0 <= found.low <= found.share <= found.high <= 1


def test_what_was_seen_whole_is_certain_and_what_was_not_seen_is_doubt() -> None:
    whole = total([Part(40, 10, 40), Part(0, 0, 0)])
    assert (whole.number, whole.low, whole.high) == (10, 10, 10)
    unseen = total([Part(40, 10, 40), Part(500, 0, 0)])
    assert (unseen.number, unseen.low, unseen.high) == (10, 10, 510)


def test_a_sample_without_a_hit_still_leaves_doubt() -> None:
    found = total([Part(1000, 0, 50)])
    assert (found.number, found.low) == (0, 0)
    assert found.high == pytest.approx(1000 * 0.0713, rel=0.01)


def test_parts_are_joined_more_closely_than_one_by_one() -> None:
    both = total([Part(100, 5, 20), Part(100, 5, 20)])
    alone = total([Part(100, 5, 20)])
    assert both.number == 2 * alone.number
    assert both.high - both.number < 2 * (alone.high - alone.number)


def test_equal_weights_change_nothing_and_unequal_ones_count_for_less() -> None:
    assert weighted([(7.0, True), (7.0, False), (7.0, False)]) == (pytest.approx(1), pytest.approx(3))
    hits, seen = weighted([(100.0, True), (1.0, False), (1.0, False)])
    assert hits / seen == pytest.approx(100 / 102)
    assert seen < 1.1
    assert weighted([]) == (0.0, 0.0)


@given(BINS, BINS)
def test_the_stability_index_is_never_negative_and_zero_for_the_same(before: list[int], after: list[int]) -> None:
    assert stability(before, after) >= -1e-12
    assert stability(before, before) == pytest.approx(0)


def test_a_shift_by_one_bin_is_marked() -> None:
    before = [800, 100, 50, 20, 10, 5, 5, 4, 3, 3]
    assert stability(before, before[-1:] + before[:-1]) > 0.25
    assert stability(before, [790, 105, 52, 21, 11, 6, 5, 4, 3, 3]) < 0.1
