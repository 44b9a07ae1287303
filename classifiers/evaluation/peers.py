"""Other judges on the same posts, to stand beside ours. None of them is needed to judge, and none is shipped."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module, metadata
from typing import Any

from classifiers.shape import CannotLoad, Judgement, Passage, Reason
from records.vocabulary import Label, Level

PROFANITY = "alt-profanity-check"
"""A linear model over character and word counts, trained on 200,000 labelled texts; MIT."""


class ProfanityCheck:
    """The Python package `alt-profanity-check` at its own line of 0.5. Its one score stands for every label."""

    def __init__(self, package: Any, *, version: str) -> None:
        self._package, self._version = package, version

    @classmethod
    def load(cls) -> ProfanityCheck:
        """Raises CannotLoad where the package is not installed."""
        try:
            return cls(import_module("profanity_check"), version=metadata.version(PROFANITY))
        except ImportError as missing:
            raise CannotLoad(f"the Python package {PROFANITY} is not installed") from missing

    @property
    def name(self) -> str:
        return PROFANITY

    @property
    def version(self) -> str:
        return self._version

    def judge(self, passages: Sequence[Passage]) -> list[Judgement]:
        """Level 2 from 0.5 on, else lawful; it knows no degrees. The parent post is not read."""
        if not passages:
            return []
        chances = self._package.predict_prob([passage.text for passage in passages])
        return [self._judgement(round(float(chance), 4)) for chance in chances]

    def carried(self, passage: Passage) -> Reason | None:
        """It names no words."""
        return None

    def _judgement(self, chance: float) -> Judgement:
        flagged = chance >= 0.5
        return Judgement(
            level=Level.ABUSIVE if flagged else Level.LAWFUL,
            labels=frozenset({Label.INSULT, Label.HATE}) if flagged else frozenset(),
            scores=dict.fromkeys(Label, chance),
            report=chance,
            why=(),
            model=self.name,
            version=self.version,
        )
