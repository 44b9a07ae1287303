"""What goes into a classifier and what comes out: plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from records.vocabulary import Label, Level, Verdict


class CannotLoad(Exception):
    """The configured model is not there or does not load; names the folder and what to do."""


@dataclass(frozen=True)
class Passage:
    """One text to judge, with the post it answers when that is known (never judged itself)."""

    text: str
    parent: str = ""


@dataclass(frozen=True)
class Reason:
    """One reason for a level: a rule or score in plain words, and the characters of the text it rests on.

    `words` never quotes the post; `spans` are (start, end) offsets into `Passage.text`.
    """

    code: str
    words: str
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Judgement:
    """What a model says of one text alone. `scores` are probabilities per label, `report` that of level 2 or more."""

    level: Level
    labels: frozenset[Label]
    scores: Mapping[Label, float]
    report: float
    why: tuple[Reason, ...]
    model: str
    version: str
    language: str = field(default="")

    @property
    def verdict(self) -> Verdict:
        return Verdict.of(self.level)


class Classifier(Protocol):
    """A loaded model. `judge` keeps the order of its input and never raises for a text, however odd."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Changes whenever the same text could be judged differently: weights, rules or thresholds."""
        ...

    def judge(self, passages: Sequence[Passage]) -> list[Judgement]: ...

    def carried(self, passage: Passage) -> Reason | None:
        """The words that carried the judgement of a passage, as spans; None where no word can be named."""
        ...
