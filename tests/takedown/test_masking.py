"""Nothing of a text but its shape is seen through the mask, and no text can steer a screen."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takedown.masking import masked, pieces, visible


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("You are a fool, Cllr Ellery!", "••• ••• • ••••, •••• ••••••!"),
        ("12 Weir Lane\nat 7", "•• •••• ••••\n•• •"),
        ("e\u0301t\u0301e\u0301", "•••"),
        ("🔪🔪 soon", "•• ••••"),
        ("👩‍👧", "••"),
        ("زد", "••"),
        ("a\x1b[2Jb\x07", "•[•••"),
        ("", ""),
    ],
)
def test_the_mask_keeps_the_shape(text: str, shape: str) -> None:
    assert masked(text) == shape


@given(st.text(alphabet=st.characters(codec=None)))
def test_no_letter_digit_or_symbol_passes_the_mask(text: str) -> None:
    shape = masked(text)
    assert shape == masked(text)
    assert all(sign in " \n•" or unicodedata.category(sign)[0] == "P" for sign in shape)
    assert masked(shape) == shape


@given(st.text(alphabet=st.characters(codec=None)))
def test_revealed_text_cannot_steer_a_terminal_or_turn_a_line_round(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(sign) for sign in shown.replace("\n", "").replace("\t", "")} & {"Cc", "Cs"}
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    shown.encode("utf-8")


def test_ordinary_words_emoji_and_other_scripts_are_shown_as_written() -> None:
    text = "Don’t — کہو 👩‍👧 e\u0301\n\tnext"
    assert visible(text) == text


def test_an_escape_is_shown_as_a_sign() -> None:
    assert visible("a\x1b[31mb\r\nc\x00\x7f\x9b") == "a␛[31mb\nc␀␡�"


@given(st.text(max_size=80), st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 90)), max_size=6))
def test_marks_cut_a_text_and_change_nothing_else(text: str, spans: list[tuple[int, int]]) -> None:
    cut = pieces(text, spans, show=masked)
    assert "".join(piece.shown for piece in cut) == masked(text)
    assert "".join(piece.shown for piece in pieces(text, spans, show=str)) == text


def test_a_mark_stays_where_it_is_under_the_mask() -> None:
    cut = pieces("what a rogue, truly", [(7, 12)], show=masked)
    assert [(piece.shown, piece.marked) for piece in cut] == [("•••• • ", False), ("•••••", True), (", •••••", False)]
