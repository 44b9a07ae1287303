"""A judge for whom the text says all: "level 3 score 0.8" is level 3 with a report score of 0.8; nothing is level 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from classifiers.shape import Judgement, Passage, Reason
from records.vocabulary import Label, Level


@dataclass(frozen=True)
class Reads:
    """Reads level and score from the text; `stricter` levels more than that."""

    version: str = "judge"
    stricter: int = 0
    name: str = "reads"

    def judge(self, passages: Sequence[Passage]) -> list[Judgement]:
        """One judgement per passage."""
        return [self._one(passage.text.split()) for passage in passages]

    def carried(self, passage: Passage) -> Reason | None:
        """Names no words."""
        return None

    def _one(self, words: list[str]) -> Judgement:
        written = int(words[words.index("level") + 1]) if "level" in words else 0
        level = Level(min(4, max(0, written + self.stricter)))
        score = float(words[words.index("score") + 1]) if "score" in words else int(level) / 4
        labels = frozenset({Label.INSULT}) if level else frozenset[Label]()
        return Judgement(level, labels, dict.fromkeys(Label, 0.1), score, (), self.name, self.version)
