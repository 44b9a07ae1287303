"""What every classifier owes its callers: order, consistency, no raising, the same answer for the same text."""

from __future__ import annotations

import random

import pytest

from classifiers.severity import CRITICAL_LABELS, LEAST
from classifiers.shape import Classifier, Judgement, Passage
from records.vocabulary import Label, Level, Verdict

ODD = ["", " ", "\x00\x07\u200b", "\ud800", "🙂" * 50, "a" * 5_000, "½ ﬁ ﷽", "\n\n\n", "@user", "مرحبا", "(" * 3_000]

ORDINARY = [
    "Thanks to Cllr Marsh for sorting the dropped kerb on Elder Street",
    "When is the next full council meeting and will it be streamed?",
    "The bins have been missed three weeks running. This is a shambles and the cabinet should resign",
    "Cllr Brough, Saturday at the fete, I am bringing a hammer for your knees",
    "Cllr Brough lives at 22 Elm Road",
    "Four per cent on the council tax and the library shuts. Disgraceful decision",
    "I will kill you Cllr Marsh",
]

PLACES = [
    "Road closed through Scunthorpe until Monday",
    "The Penistone line timetable changes in May",
    "Lightwater and Clitheroe libraries reopen on Tuesday",
    "Cllr Shital Patel met residents in Sussex",
]

SURNAMES = [
    "Cllr Dick Cockburn chairs planning this year",
    "Weekend walk from Devil's Arse to Shitterton, details at the library in Cockermouth",
    "Cllr Assumpta Nobbs chairs the Middlesex panel on classics and cockles",
]


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_are_judged_and_consistent(classifier: Classifier, text: str) -> None:
    [judgement] = classifier.judge([Passage(text)])
    _agrees(judgement)


def test_nothing_to_judge(classifier: Classifier) -> None:
    assert classifier.judge([]) == []


def test_order_and_duplicates(classifier: Classifier) -> None:
    texts = [*ORDINARY, *ORDINARY[::-1], ORDINARY[3]]
    judgements = classifier.judge([Passage(text) for text in texts])
    assert [j.level for j in judgements[: len(ORDINARY)]] == [
        j.level for j in judgements[len(ORDINARY) : 2 * len(ORDINARY)]
    ][::-1]
    assert judgements[-1] == judgements[3]
    assert judgements[3].level is Level.CRITICAL
    for judgement in judgements:
        _agrees(judgement)


def test_a_text_is_judged_alike_alone_and_among_others(classifier: Classifier) -> None:
    alone = {text: classifier.judge([Passage(text)])[0] for text in ORDINARY}
    mixed = ORDINARY * 3 + [f"Meeting number {n} of the parish council" + " and more" * n for n in range(40)]
    random.Random(3).shuffle(mixed)
    for text, judgement in zip(mixed, classifier.judge([Passage(text) for text in mixed]), strict=True):
        if text in alone:
            assert judgement == alone[text]


@pytest.mark.parametrize("text", PLACES)
def test_places_and_names_with_a_rude_word_inside_are_lawful(classifier: Classifier, text: str) -> None:
    [judgement] = classifier.judge([Passage(text)])
    assert judgement.level is Level.LAWFUL


@pytest.mark.parametrize("text", SURNAMES)
def test_surnames_that_are_rude_words_are_not_reported(classifier: Classifier, text: str) -> None:
    [judgement] = classifier.judge([Passage(text)])
    assert judgement.level < Level.ABUSIVE


def test_explicit_threat_and_its_lawful_twin(classifier: Classifier) -> None:
    threat, auction = classifier.judge(
        [
            Passage("Cllr Brough, Saturday at the fete, I am bringing a hammer for your knees"),
            Passage("Cllr Brough brought the hammer down at the fete auction"),
        ]
    )
    assert threat.level is Level.CRITICAL
    assert Label.THREAT in threat.labels
    assert threat.verdict is Verdict.ABUSIVE
    assert threat.report >= 0.9
    assert auction.level is Level.LAWFUL
    assert not auction.labels


def test_home_address_is_serious_and_with_hostile_intent_critical(classifier: Classifier) -> None:
    plain, hostile = classifier.judge(
        [Passage("Cllr Brough lives at 22 Elm Road"), Passage("Cllr Brough lives at 22 Elm Road, burn it down lads")]
    )
    assert plain.level >= Level.SERIOUS
    assert Label.DOXXING in plain.labels
    assert hostile.level is Level.CRITICAL
    assert any(reason.code == "private_home" for reason in plain.why)


def test_every_reason_explains_without_quoting(classifier: Classifier) -> None:
    text = "Cllr Brough, I will kill you. You live at 22 Elm Road and I know it."
    [judgement] = classifier.judge([Passage(text)])
    assert judgement.why
    for reason in judgement.why:
        assert reason.words
        assert "Brough" not in reason.words
        assert all(0 <= start < end <= len(text) for start, end in reason.spans)


def test_a_ten_megabyte_text_is_read_at_both_ends(classifier: Classifier) -> None:
    filler = "The committee noted the report on kerbs. " * 250_000
    [both] = classifier.judge([Passage(f"Cllr Brough, I will kill you. {filler} Cllr Brough, we'll break your legs.")])
    assert both.level is Level.CRITICAL
    assert any(reason.code == "long_text" for reason in both.why)
    spans = [span for reason in both.why if reason.code == "threat_of_violence" for span in reason.spans]
    assert min(spans) == (13, 28)
    assert max(spans)[0] > len(filler)


def test_versions_and_names(classifier: Classifier) -> None:
    [judgement] = classifier.judge([Passage("hello")])
    assert (judgement.model, judgement.version) == (classifier.name, classifier.version)
    assert len(classifier.version) == 12


def _agrees(judgement: Judgement) -> None:
    """The consistency rules of the annotation guide."""
    assert set(judgement.scores) == set(Label)
    assert all(0 <= score <= 1 for score in (*judgement.scores.values(), judgement.report))
    if judgement.level is Level.LAWFUL:
        assert not judgement.labels
    if judgement.level is Level.UNCIVIL:
        assert judgement.labels == {Label.INSULT}
    assert all(judgement.level >= LEAST[label] for label in judgement.labels)
    if judgement.level is Level.CRITICAL:
        assert judgement.labels.intersection(CRITICAL_LABELS)
    assert bool(judgement.why) or judgement.level is Level.LAWFUL
