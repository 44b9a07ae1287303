"""Texts are measured as the platforms measure them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.measuring import fits, measure
from platforms.shape import TextLimit, Unit


@pytest.mark.parametrize(
    ("text", "graphemes", "characters", "in_bytes"),
    [
        ("", 0, 0, 0),
        ("abc", 3, 3, 3),
        ("e\u0301", 1, 2, 3),
        ("👨‍👩‍👧", 1, 5, 18),
        ("🇬🇧🇫🇷", 2, 4, 16),
        ("\r\n", 1, 2, 2),
        ("👍🏽", 1, 2, 8),
        ("\ud800", 1, 1, 1),
    ],
)
def test_letters_code_points_and_bytes_differ(text: str, graphemes: int, characters: int, in_bytes: int) -> None:
    assert measure(text, Unit.GRAPHEMES) == graphemes
    assert measure(text, Unit.CHARACTERS) == characters
    assert measure(text, Unit.BYTES) == in_bytes


def test_a_text_must_be_within_every_limit() -> None:
    limits = (TextLimit(3, Unit.GRAPHEMES), TextLimit(20, Unit.BYTES))
    assert fits("👨‍👩‍👧", limits)
    assert not fits("👨‍👩‍👧" * 2, limits)
    assert not fits("abcd", limits)
    assert fits("anything", ())


@given(st.text())
def test_graphemes_never_outnumber_code_points(text: str) -> None:
    assert measure(text, Unit.GRAPHEMES) <= measure(text, Unit.CHARACTERS) <= measure(text, Unit.BYTES)
