"""What a shipped model should reach, beside what was measured. Changes no measure; a target that is missed is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from classifiers.evaluation.sets import CIVIC_TITLES
from classifiers.training.sources import PETITIONS

Judge = Mapping[str, Any]
"""A judge's row of the report, with `points`: its figures on CivicCheck at each operating point that was measured."""


@dataclass(frozen=True)
class Target:
    """One aim: in words, where the figure stands, and the line it should not cross."""

    measure: str
    figure: Callable[[Judge], float]
    line: float
    at_least: bool = False

    def met(self, figure: float) -> bool:
        """Whether the figure reaches it."""
        return figure >= self.line if self.at_least else figure <= self.line


def figure_of(target: Target, judge: Judge) -> float | None:
    """The figure, or None where its set or its operating point was not measured for this judge."""
    try:
        return target.figure(judge)
    except (LookupError, TypeError):
        return None


def _civic(point: str, measure: str) -> Callable[[Judge], float]:
    return lambda judge: float(judge["points"][point][measure]["area" if measure == "auc" else "share"])


def _public(key: str, *path: str) -> Callable[[Judge], float]:
    def figure(judge: Judge) -> float:
        said: Any = judge["public"][key]
        for step in path:
            said = said[step]
        return float(said)

    return figure


def _worst_source(judge: Judge) -> float:
    return max(float(said["share"]) for said in judge["public"]["real_civic"]["sources"].values())


_CHECK = CIVIC_TITLES["civiccheck_dev"].partition(",")[0]

TARGETS: tuple[Target, ...] = (
    Target(f"{_CHECK}, level 2 or more against 0 and 1, area", _civic("balanced", "auc"), 0.97, at_least=True),
    Target(f"{_CHECK}, lawful and mild flagged, balanced", _civic("balanced", "flagged_lawful"), 0.05),
    Target(f"{_CHECK}, level 3 or more missed, balanced", _civic("balanced", "missed_serious"), 0.08),
    Target(f"{_CHECK}, level 4 missed, balanced", _civic("balanced", "missed_critical"), 0.03),
    Target(f"{_CHECK}, lawful and mild flagged, cautious", _civic("cautious", "flagged_lawful"), 0.15),
    Target(f"{_CHECK}, level 3 or more missed, cautious", _civic("cautious", "missed_serious"), 0.04),
    Target(f"{_CHECK}, level 4 missed, cautious", _civic("cautious", "missed_critical"), 0.0),
    Target("HateCheck, all right", _public("hatecheck", "hate_head", "right", "share"), 0.90, at_least=True),
    Target(
        "HateCheck, non-hateful right",
        _public("hatecheck", "hate_head", "right_negative", "share"),
        0.85,
        at_least=True,
    ),
    Target("real lawful civic text flagged", _public("real_civic", "flagged", "share"), 0.005),
    Target("real lawful civic text flagged, worst source", _worst_source, 0.01),
    Target("petition titles flagged", _public(PETITIONS, "flagged", "share"), 0.003),
    Target(
        "TweetEval offensive, macro-F1",
        _public("tweeteval_offensive", "insult_or_abuse", "macro_f1"),
        0.72,
        at_least=True,
    ),
    Target("identity templates flagged", _public("identity_sentence_templates", "flagged", "share"), 0.01),
    Target("identity templates, spread between names", _public("identity_sentence_templates", "name", "spread"), 0.01),
)
"""Where a line was set for the shipped model; measured as the tables beside say."""
