"""The words that carried a judgement: the right ones, inside the text, the same every time."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.explaining import MOST_SHOWN, carried
from classifiers.judging import judge_with_words
from classifiers.register import load
from classifiers.shape import Classifier, Passage
from records.vocabulary import Level

BAD = frozenset({"villain", "rogue"})


def by_words(passages: Sequence[Passage]) -> list[float]:
    """A judge that knows two words."""
    return [min(0.95, 0.05 + 0.45 * sum(word in BAD for word in one.text.split())) for one in passages]


def words(text: str) -> list[str]:
    reason = carried(Passage(text), by_words)
    assert reason is not None
    return [text[start:end] for start, end in reason.spans]


def test_the_words_whose_absence_matters_are_named() -> None:
    assert words("you are a villain and that is all") == ["villain"]
    assert words("the villain met a rogue today") == ["villain", "rogue"]


def test_neighbouring_words_are_one_stretch() -> None:
    assert words("what a villain rogue he is") == ["villain rogue"]


def test_in_a_long_text_the_worst_stretch_is_searched() -> None:
    text = " ".join(["kerb"] * 300 + ["villain"] + ["kerb"] * 200)
    assert words(text) == ["villain"]


def test_a_text_of_no_words_has_none() -> None:
    assert carried(Passage(" \n "), by_words) is None


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_spans_are_ordered_stretches_of_the_text(text: str) -> None:
    reason = carried(Passage(text), by_words)
    if reason is None:
        assert not text.split()
        return
    assert 1 <= len(reason.spans) <= MOST_SHOWN
    ends = [0]
    for start, end in reason.spans:
        assert ends[-1] <= start < end <= len(text)
        assert text[start:end].strip()
        ends.append(end)
    assert reason == carried(Passage(text), by_words)


def test_every_flagged_post_says_which_words(transformer: Classifier) -> None:
    passages = [
        Passage("Thanks to Cllr Marsh the bins were collected on Tuesday"),
        Passage("Cllr Marsh you worthless stinking piece of dirt, crawl back under your rock"),
    ]
    lawful, abusive = judge_with_words(transformer, passages)
    assert lawful.level is Level.LAWFUL
    assert "carried" not in {reason.code for reason in lawful.why}
    assert abusive.level >= Level.ABUSIVE
    [reason] = [reason for reason in abusive.why if reason.code == "carried"]
    shown = " ".join(passages[1].text[start:end] for start, end in reason.spans)
    assert {"worthless", "stinking", "dirt"} & set(shown.replace(",", "").split())
    assert "worthless" not in reason.words
    assert transformer.carried(passages[1]) == reason


def test_the_word_list_names_its_words() -> None:
    wordlist = load("wordlist")
    assert wordlist.carried(Passage("The library is open on Monday")) is None
