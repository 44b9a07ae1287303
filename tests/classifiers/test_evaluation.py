"""The gate: a model that is worse on posts it never learned from does not pass; and the measure itself is right."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from classifiers.evaluation.checking import SLACK
from classifiers.evaluation.civic import Figures, measure
from classifiers.evaluation.page import BEGIN, END, JSON_NAME, PAGE_NAME, card_figures, page
from classifiers.evaluation.sets import CIVICCHECK
from classifiers.register import load
from classifiers.shape import Classifier
from classifiers.training.sources import LICENCES, CivicPost, read_civic, read_posts
from records.vocabulary import Level

HELD_OUT_AUC, HELD_OUT_FLAGGED, HELD_OUT_MISSED = 0.885, 0.105, 0.36
CIVICCHECK_AUC, CIVICCHECK_FLAGGED, CIVICCHECK_MISSED_SERIOUS, CIVICCHECK_MISSED_CRITICAL = 0.96, 0.09, 0.16, 0.06
"""Floors and ceilings a little outside the figures of docs/evaluation.md; a better model moves them."""

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.fixture(scope="session")
def held_out() -> Sequence[CivicPost]:
    return read_civic().held_out


@pytest.fixture(scope="session")
def held_out_figures(transformer: Classifier, held_out: Sequence[CivicPost]) -> Figures:
    """The held-out blocks, judged once."""
    return measure(transformer, held_out)


@pytest.fixture(scope="session")
def civiccheck_figures(transformer: Classifier) -> Figures:
    """CivicCheck, judged once."""
    return measure(transformer, read_posts(CIVICCHECK))


@pytest.fixture(scope="session")
def published() -> dict[str, Any]:
    """The committed report."""
    said: dict[str, Any] = json.loads((DOCS / JSON_NAME).read_text(encoding="utf-8"))
    return said


def test_held_out_posts_of_the_corpus(held_out_figures: Figures) -> None:
    assert held_out_figures.auc is not None
    assert held_out_figures.auc.area >= HELD_OUT_AUC
    assert held_out_figures.flagged_lawful.share <= HELD_OUT_FLAGGED
    assert held_out_figures.missed_abusive.share <= HELD_OUT_MISSED


def test_written_cases_of_another_author(civiccheck_figures: Figures) -> None:
    assert civiccheck_figures.posts == 332
    assert civiccheck_figures.auc is not None
    assert civiccheck_figures.auc.area >= CIVICCHECK_AUC
    assert civiccheck_figures.flagged_lawful.share <= CIVICCHECK_FLAGGED
    assert civiccheck_figures.missed_serious.share <= CIVICCHECK_MISSED_SERIOUS
    assert civiccheck_figures.missed_critical.share <= CIVICCHECK_MISSED_CRITICAL


def test_posts_of_a_random_order_measure_alike(wordlist: Classifier, held_out: Sequence[CivicPost]) -> None:
    posts = list(held_out[:120])
    expected = measure(wordlist, posts)
    random.Random(5).shuffle(posts)
    assert measure(wordlist, posts) == expected
    assert expected.missed_abusive.of == sum(post.level >= Level.ABUSIVE for post in posts)


def test_the_published_figures_are_of_the_shipped_model(published: dict[str, Any]) -> None:
    model = published["model"]
    shipped = load(model["backend"], point=model["point"])
    assert (model["name"], model["version"], model["point"]) == (shipped.name, shipped.version, "balanced")
    assert published["quick"] is False


def test_the_published_figures_are_what_is_measured(
    published: dict[str, Any], civiccheck_figures: Figures, held_out_figures: Figures
) -> None:
    """With the float network; a back-end in whole numbers may differ by what its own gate allows."""
    float_judge = next(judge for judge in published["judges"] if judge["backend"] == "transformer")
    for key, figures in (("civiccheck_dev", civiccheck_figures), ("corpus_held_out", held_out_figures)):
        said, now = float_judge["civic"][key], figures.as_json()
        assert said["posts"] == now["posts"]
        for measured in ("flagged_lawful", "missed_abusive", "missed_serious"):
            share: Any = now[measured]
            assert said[measured]["share"] == pytest.approx(share["share"], abs=SLACK), (key, measured)


def test_page_and_card_say_what_the_json_says(published: dict[str, Any]) -> None:
    assert (DOCS / PAGE_NAME).read_text(encoding="utf-8") == page(published)
    card = (DOCS / "model.md").read_text(encoding="utf-8")
    assert card.partition(BEGIN)[2].partition(END)[0] == f"\n\n{card_figures(published)}"


def test_the_card_names_every_source_with_its_licence() -> None:
    card = (DOCS / "model.md").read_text(encoding="utf-8")
    assert [name for name, licence in LICENCES.items() if f"| `{name}` | {licence} |" not in card] == []
