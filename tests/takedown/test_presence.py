"""When a row of checks amounts to "gone": two that agree, far enough apart, with nothing else in between."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from records.vocabulary import Presence
from takedown.presence import Check, standing
from tests.builders import NOW

HOUR = timedelta(hours=1)
GONE, MODERATED, UP, UNKNOWN = (
    Presence.REMOVED_BY_PLATFORM,
    Presence.REMOVED_BY_MODERATOR,
    Presence.UP,
    Presence.UNKNOWN,
)


def _checks(*seen: tuple[float, Presence]) -> list[Check]:
    return [Check(NOW + timedelta(hours=hours), presence) for hours, presence in seen]


def test_the_cases_that_matter() -> None:
    for seen, gone in (
        ([(0, GONE)], False),
        ([(0, GONE), (1, GONE)], True),
        ([(0, GONE), (0.5, GONE)], False),
        ([(0, GONE), (0.5, GONE), (1.1, GONE)], True),
        ([(0, GONE), (1, UNKNOWN), (2, GONE)], False),
        ([(0, GONE), (1, Presence.RATE_LIMITED), (2, GONE), (3, GONE)], True),
        ([(0, GONE), (1, Presence.PRIVATE_OR_BLOCKED), (2, GONE)], False),
        ([(0, GONE), (1, UP), (2, GONE)], False),
        ([(0, GONE), (2, MODERATED)], False),
        ([(0, GONE), (1, GONE), (2, UP)], False),
        ([(0, Presence.AUTHOR_DEACTIVATED), (2, Presence.AUTHOR_DEACTIVATED)], False),
        ([(0, Presence.PRIVATE_OR_BLOCKED), (2, Presence.PRIVATE_OR_BLOCKED)], False),
        ([], False),
    ):
        assert standing(_checks(*seen), agree_after=HOUR).gone is gone, seen


def test_when_another_look_would_settle_it() -> None:
    assert standing(_checks((0, GONE)), agree_after=HOUR).settles_at == NOW + HOUR
    assert standing(_checks((0, GONE), (1, UNKNOWN)), agree_after=HOUR).settles_at == NOW + 2 * HOUR
    assert standing(_checks((0, GONE), (1, UNKNOWN), (2, UNKNOWN)), agree_after=HOUR).settles_at is None
    assert standing(_checks((0, UP)), agree_after=HOUR).settles_at is None
    assert standing(_checks((0, GONE), (1, GONE)), agree_after=HOUR).settles_at is None


@given(
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(Presence)), max_size=12, unique_by=lambda seen: seen[0]),
    st.integers(1, 90),
)
def test_gone_is_never_believed_without_two_agreeing_checks_apart(
    seen: list[tuple[int, Presence]], minutes: int
) -> None:
    agree_after = timedelta(minutes=minutes)
    checks = [Check(NOW + timedelta(minutes=minute), presence) for minute, presence in seen]
    if not standing(checks, agree_after=agree_after).gone:
        return
    ordered = sorted(checks, key=lambda check: check.at)
    last = ordered[-1]
    assert last.presence.gone
    agreeing = [check for check in ordered if last.at - check.at >= agree_after and check.presence is last.presence]
    assert agreeing
    assert all(check.presence is last.presence for check in ordered if check.at >= agreeing[-1].at)
