"""Clean views: every character leads back to where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.normalise import clean, for_model, parts, unmasked

ANY = st.text(alphabet=st.characters(), max_size=80)


@given(ANY, st.booleans())
def test_offsets_lead_back_into_the_original(text: str, fold: bool) -> None:
    view = clean(text, fold_case=fold)
    assert len(view.text) == len(view.starts) == len(view.ends)
    for at in range(len(view.text)):
        start, end = view.span(at, at + 1)
        assert 0 <= start < end <= len(text)
    assert list(view.starts) == sorted(view.starts)


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=80))
def test_plain_text_is_left_alone(text: str) -> None:
    view = clean(text)
    assert view.text == text
    assert list(view.starts) == list(range(len(text)))


@given(ANY)
def test_the_model_never_sees_hidden_characters(text: str) -> None:
    read = for_model(text)
    assert read == read.strip()
    assert all(character.isprintable() for character in read)


def test_a_hidden_and_disguised_word_is_found_where_it_stands() -> None:
    text = "Cllr X, k\u200bіll"  # a zero-width space and a Cyrillic letter
    view = clean(text, fold_case=True)
    at = view.text.index("kill")
    assert text[slice(*view.span(at, at + 4))] == "k\u200bіll"


def test_compatibility_letters_and_marks() -> None:
    view = clean("ﬁne ｋｉｌｌ e\u0301")
    assert view.text == "fine kill é"
    assert view.span(0, 2) == (0, 1)


@pytest.mark.parametrize(
    ("text", "read"),
    [("k i l l you", "kill you"), ("I will k1ll you", "I will kill you"), ("w.a.n.k.e.r", "wanker")],
)
def test_disguised_words_have_a_second_reading(text: str, read: str) -> None:
    assert unmasked(text) == read


@pytest.mark.parametrize(
    "text", ["Scunthorpe", "the A38 at 5pm", "£4m for the M25", "B2B", "PE11 2AB", "no. 7 bus, £1.50!"]
)
def test_ordinary_words_and_numbers_have_none(text: str) -> None:
    assert unmasked(text) is None


def test_links_handles_and_emoji_read_alike() -> None:
    assert for_model("@cllr_brough see https://example.org/a?b 🔪") == "@user see http :knife:"


@given(st.integers(0, 5_000), st.integers(60, 900))
def test_parts_cover_both_ends_and_stay_in_bounds(length: int, longest: int) -> None:
    text = "".join(chr(97 + at % 26) for at in range(length))
    read = parts(text, longest=longest)
    assert all(text[at : at + len(part)] == part for at, part in read)
    assert read[0][0] == 0
    assert read[-1][0] + len(read[-1][1]) == length
    assert sum(len(part) for _, part in read) <= 1.2 * longest + 60


@pytest.mark.parametrize("text", ["(" * 60_000, "a1" * 30_000, "a " * 30_000, "\u0301" * 60_000, "@" * 60_000])
def test_hostile_input_of_full_length_is_read_at_once(text: str) -> None:
    """A pattern that looks back over what it has read would hang here."""
    assert len(clean(text, fold_case=True).starts) <= len(text)
    assert len(for_model(text)) <= len(text)
    unmasked(text)
