"""Figures on posts labelled by our own guide: what a judge flags that it should not, and what it misses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from classifiers.evaluation.intervals import Area, Count, auc_with_interval, count
from classifiers.shape import Classifier, Judgement, Passage
from classifiers.training.sources import CivicPost
from records.vocabulary import Level


@dataclass(frozen=True)
class Answered:
    """A post with what a judge said of it."""

    post: CivicPost
    judgement: Judgement

    @property
    def abusive(self) -> bool:
        """Whether the guide would have it reported."""
        return self.post.level >= Level.ABUSIVE

    @property
    def flagged(self) -> bool:
        """Whether the judge would."""
        return self.judgement.level >= Level.ABUSIVE


@dataclass(frozen=True)
class Figures:
    """One judge on one set. `auc` is for level 2 or more against 0 and 1, by the `report` probability."""

    posts: int
    auc: Area | None
    """None where the posts are all of one kind."""
    flagged_lawful: Count
    """Posts of level 0 and 1 judged 2 or more: the free-expression failure."""
    missed_abusive: Count
    missed_serious: Count
    missed_critical: Count
    """Posts of at least level 2, at least level 3, and level 4 that were judged 0 or 1."""
    critical_known: Count
    """Posts of level 4 that were judged level 4."""

    def as_json(self) -> dict[str, object]:
        """Every figure with its count and interval."""
        counts = ("flagged_lawful", "missed_abusive", "missed_serious", "missed_critical", "critical_known")
        held: dict[str, Count] = {name: self.__dict__[name] for name in counts}
        return {
            "posts": self.posts,
            "auc": self.auc.as_json() if self.auc else None,
            **{name: one.as_json() for name, one in held.items()},
        }


def measure(classifier: Classifier, posts: Sequence[CivicPost]) -> Figures:
    """Judge the posts and count, at the classifier's own operating point."""
    return figures(answered(posts, classifier.judge(passages(posts))))


def passages(posts: Sequence[CivicPost]) -> list[Passage]:
    """What a judge is given of them: the text, and the post it answers where the corpus has it."""
    return [Passage(post.text, post.parent) for post in posts]


def answered(posts: Sequence[CivicPost], judgements: Sequence[Judgement]) -> list[Answered]:
    """Posts and judgements of the same order, side by side."""
    return [Answered(post, judgement) for post, judgement in zip(posts, judgements, strict=True)]


def figures(these: Sequence[Answered]) -> Figures:
    """Count what was flagged and missed."""
    truth = [one.abusive for one in these]
    critical = [one for one in these if one.post.level is Level.CRITICAL]
    both = any(truth) and not all(truth)
    return Figures(
        posts=len(these),
        auc=auc_with_interval([one.judgement.report for one in these], truth) if both else None,
        flagged_lawful=false_flags(these),
        missed_abusive=missed(these, Level.ABUSIVE),
        missed_serious=missed(these, Level.SERIOUS),
        missed_critical=missed(these, Level.CRITICAL),
        critical_known=count([one.judgement.level is Level.CRITICAL for one in critical]),
    )


def false_flags(these: Sequence[Answered]) -> Count:
    """Lawful and mild posts judged 2 or more."""
    return count([one.flagged for one in these if not one.abusive])


def missed(these: Sequence[Answered], least: Level = Level.ABUSIVE) -> Count:
    """Posts of at least this level judged 0 or 1."""
    return count([not one.flagged for one in these if one.post.level >= least])


def by_function(points: Mapping[str, Sequence[Answered]]) -> list[dict[str, object]]:
    """A row per function and kind of post: how many of its posts each operating point gets wrong.

    A function with posts on both sides has two rows, because flagging and missing are different failures.
    """
    rows: list[dict[str, object]] = []
    first = next(iter(points.values()))
    for function in sorted({one.post.function for one in first}):
        for kind, counted in _KINDS.items():
            counts = {
                point: counted([one for one in these if one.post.function == function])
                for point, these in points.items()
            }
            if next(iter(counts.values())).of:
                wrong = {point: one.as_json() for point, one in counts.items()}
                rows.append({"function": function, "kind": kind, "wrong": wrong})
    return rows


_KINDS: Mapping[str, Callable[[Sequence[Answered]], Count]] = {
    "lawful or mild, flagged": false_flags,
    "abusive, missed": missed,
}
