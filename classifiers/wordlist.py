"""A word list with the plain rules on top: needs no model, knows no meaning. Used only where a setting names it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from classifiers.heads import STEPS
from classifiers.normalise import clean, parts, unmasked
from classifiers.severity import Lines, Scores, Source, judged
from classifiers.shape import CannotLoad, Judgement, Passage, Reason
from classifiers.weights import version_of
from records.vocabulary import Label, Level

TERMS = Path(__file__).parent / "wordlist.txt"

LONGEST = 30_000
"""Characters read of one text; of a longer one the start, the end and samples between are read."""

CONFIDENCE = 0.8
"""What a listed term counts for; a list knows no shades."""

_LINES = Lines(dict.fromkeys(Label, 0.5), dict.fromkeys(STEPS, 0.5))


class Wordlist:
    """Whole words only, so that a place or surname holding an offensive word inside it is left alone."""

    def __init__(self, terms: Mapping[str, tuple[Label, Level]]) -> None:
        self._terms = terms
        listed = "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True))
        self._pattern = re.compile(rf"\b(?:{listed})\b")
        self._version = version_of(repr(sorted(terms.items())))

    @classmethod
    def load(
        cls, *, folder: Path | str | None = None, allow_network: bool = False, point: str = "balanced"
    ) -> Wordlist:
        """The shipped list, whatever the folder and the operating point: there is only one of it.

        Raises CannotLoad naming the file where it is missing or broken.
        """
        del folder, allow_network, point
        try:
            return cls(_read(TERMS))
        except (OSError, ValueError) as error:
            raise CannotLoad(f"The word list {TERMS} does not load: {error}") from error

    @property
    def name(self) -> str:
        return "wordlist"

    @property
    def version(self) -> str:
        return self._version

    def judge(self, passages: Sequence[Passage]) -> list[Judgement]:
        """One judgement per passage, in order. The parent post is not read."""
        source = Source(self.name, self.version)
        read = [parts(passage.text, longest=LONGEST) for passage in passages]
        return [judged(stretches, self._scores(stretches), _LINES, source) for stretches in read]

    def carried(self, passage: Passage) -> Reason | None:
        """The listed words of the text as it is written."""
        view = clean(passage.text, fold_case=True)
        spans = tuple(view.span(*found.span()) for found in self._pattern.finditer(view.text))
        return Reason("carried", "These words are on the list", spans) if spans else None

    def _scores(self, read: Sequence[tuple[int, str]]) -> Scores:
        found = [self._terms[term] for _, text in read for term in self._found(text)]
        worst = max((level for _, level in found), default=Level.LAWFUL)
        labels = {label: CONFIDENCE if any(label is one for one, _ in found) else 0.0 for label in Label}
        return Scores(labels, {step: CONFIDENCE if worst >= step else 0.0 for step in STEPS})

    def _found(self, text: str) -> list[str]:
        plain = clean(text, fold_case=True).text
        return self._pattern.findall(plain) + self._pattern.findall(unmasked(plain) or "")


def _read(file: Path) -> dict[str, tuple[Label, Level]]:
    terms = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            term, label, level = line.split("\t")
            terms[term] = (Label(label), Level(int(level)))
    return terms
