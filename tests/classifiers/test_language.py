"""The language is noticed where it is plain, told to the reviewer, and changes no judgement."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.language import noticed
from classifiers.shape import Classifier, Passage


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Thanks to the councillor for mending the kerb outside the library", "en"),
        ("Dziękuję pani radnej za naprawę chodnika przed biblioteką", "pl"),
        ("Diolch i'r cynghorydd am drwsio'r palmant wrth y llyfrgell", "cy"),
        ("merci beaucoup madame la conseillère pour le trottoir devant la bibliothèque", "fr"),
        ("lol", ""),
        ("🔪🔪🔪", ""),
        ("", ""),
    ],
)
def test_a_plain_language_is_noticed(text: str, language: str) -> None:
    assert noticed(text) == language


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_looked_at(text: str) -> None:
    assert noticed(text) == noticed(text)


def test_another_language_is_judged_all_the_same_and_said(classifier: Classifier) -> None:
    [judgement] = classifier.judge([Passage("Dziękuję pani radnej za naprawę chodnika przed biblioteką")])
    assert judgement.language == "pl"
    assert any("Polish" in reason.words for reason in judgement.why)
