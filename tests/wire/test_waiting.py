"""Every dialect of "come back later" gives a wait between nothing and a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.waiting import LONGEST, asked_wait

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30),
        ({"retry-after": "Sun, 22 Nov 2026 12:01:00 GMT"}, 60),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0),
        ({"ratelimit-reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"ratelimit-reset": "45"}, 45),
        ({"x-ratelimit-reset": "2026-11-22T12:05:00.000000Z"}, 300),
        ({"x-ratelimit-reset": "2026-11-22T12:05:00"}, 300),
        ({"x-ratelimit-reset": "212.5"}, 212.5),
        ({"x-ratelimit-reset": str(int(NOW.timestamp() * 1000) + 5000)}, 5),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 10)}, 10),
        ({"retry-after": "7", "ratelimit-reset": "900"}, 7),
        ({"retry-after": "soon", "ratelimit-reset": "9"}, 9),
        ({"retry-after": "99999999"}, LONGEST.total_seconds()),
        ({"x-ratelimit-reset": "2999-01-01T00:00:00Z"}, LONGEST.total_seconds()),
    ],
)
def test_the_dialects(headers: dict[str, str], seconds: float) -> None:
    assert asked_wait(headers, now=NOW, limited=True) == timedelta(seconds=seconds)


def test_no_readable_wait_is_none() -> None:
    for value in ("", "soon", "nan", "inf", "-inf"):
        assert asked_wait({"retry-after": value}, now=NOW, limited=True) is None


def test_reset_headers_on_other_answers_ask_for_nothing() -> None:
    assert asked_wait({"ratelimit-reset": "300"}, now=NOW, limited=False) is None
    assert asked_wait({"retry-after": "300"}, now=NOW, limited=False) == timedelta(seconds=300)


@given(st.text(max_size=40) | st.floats().map(str) | st.integers().map(str) | st.datetimes().map(str))
def test_whatever_stands_there_the_wait_is_sane(value: str) -> None:
    wait = asked_wait({"retry-after": value}, now=NOW, limited=True)
    assert wait is None or timedelta(0) <= wait <= LONGEST
