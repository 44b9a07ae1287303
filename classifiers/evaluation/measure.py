"""Figures of a classifier on labelled posts: what it flags that it should not, and what it misses."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from classifiers.register import load
from classifiers.shape import Classifier, Judgement, Passage
from classifiers.training.sources import CivicPost, read_civic, read_posts
from records.vocabulary import Level

CIVICCHECK = Path(__file__).parent / "civiccheck_dev.jsonl"
"""332 written test cases in 55 functions; measured on only, never learned from or tuned on."""


@dataclass(frozen=True)
class Count:
    """So many of so many."""

    some: int
    of: int

    @property
    def share(self) -> float:
        return self.some / self.of if self.of else 0.0


@dataclass(frozen=True)
class Figures:
    """One classifier on one set. `auc` is for level 2 or more against 0 and 1, by the `report` probability."""

    posts: int
    auc: float
    flagged_lawful: Count
    """Posts of level 0 and 1 judged 2 or more: the free-expression failure."""
    missed_abusive: Count
    missed_serious: Count
    missed_critical: Count
    """Posts of at least level 2, at least level 3, and level 4 that were judged 0 or 1."""
    critical_known: Count
    """Posts of level 4 that were judged level 4."""


def measure(classifier: Classifier, posts: Sequence[CivicPost]) -> Figures:
    """Judge the posts and count, at the classifier's own operating point."""
    judged = list(zip(posts, classifier.judge([Passage(post.text) for post in posts]), strict=True))
    lawful = [j for post, j in judged if post.level < Level.ABUSIVE]
    critical = [j for post, j in judged if post.level is Level.CRITICAL]
    return Figures(
        posts=len(posts),
        auc=round(auc([j.report for _, j in judged], [post.level >= Level.ABUSIVE for post, _ in judged]), 4),
        flagged_lawful=Count(len(lawful) - _missed(lawful), len(lawful)),
        missed_abusive=_missed_from(judged, Level.ABUSIVE),
        missed_serious=_missed_from(judged, Level.SERIOUS),
        missed_critical=Count(_missed(critical), len(critical)),
        critical_known=Count(sum(j.level is Level.CRITICAL for j in critical), len(critical)),
    )


def auc(scores: Sequence[float], truth: Sequence[bool]) -> float:
    """The chance that a true case scores above a false one, ties counting half; ValueError where either is lacking."""
    positive = sum(truth)
    if not positive or positive == len(truth):
        raise ValueError("the area under the curve needs posts of both kinds")
    order = sorted(range(len(scores)), key=scores.__getitem__)
    ranks = [0.0] * len(scores)
    at = 0
    while at < len(order):
        end = at
        while end < len(order) and scores[order[end]] == scores[order[at]]:
            end += 1
        for i in order[at:end]:
            ranks[i] = (at + end + 1) / 2
        at = end
    above = sum(rank for rank, true in zip(ranks, truth, strict=True) if true) - positive * (positive + 1) / 2
    return above / (positive * (len(truth) - positive))


def _missed(judgements: Sequence[Judgement]) -> int:
    return sum(judgement.level < Level.ABUSIVE for judgement in judgements)


def _missed_from(judged: Sequence[tuple[CivicPost, Judgement]], level: Level) -> Count:
    these = [judgement for post, judgement in judged if post.level >= level]
    return Count(_missed(these), len(these))


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m classifiers.evaluation.measure [--model NAME] [--folder DIR]`: prints the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="transformer")
    parser.add_argument("--folder", default=None, help="weights folder; the shipped one when left out")
    given = parser.parse_args(arguments)
    classifier = load(given.model, folder=given.folder)
    sets = {"civiccheck_dev": read_posts(CIVICCHECK), "corpus_held_out": list(read_civic().held_out)}
    figures = {name: asdict(measure(classifier, posts)) for name, posts in sets.items()}
    json.dump({"model": classifier.name, "version": classifier.version, **figures}, sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
