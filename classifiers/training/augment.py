"""Changes a text in ways that must not change its judgement, so that the model cannot lean on accidents of wording."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence

_TITLED = re.compile(r"\b(?:[Cc]llr|[Cc]ouncillor|[Cc]oun\.?|Mayor|Mr|Mrs|Ms)\.?\s+((?:[A-Z][a-z]+ )?[A-Z][\w'-]{2,})")
_WORD = re.compile(r"[A-Za-z][\w'-]*")
_LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
_NOT_NAMES = frozenset(
    {"allah", "god", "the", "what", "this", "that", "when", "leader", "council", "and", "for", "not", "was"}
)


def surnames(texts: Sequence[str]) -> tuple[str, ...]:
    """Names that follow a title in the corpus and are seldom ordinary lower-case words there."""
    named: Counter[str] = Counter()
    lower: Counter[str] = Counter()
    upper: Counter[str] = Counter()
    for text in texts:
        named.update(found.rsplit(" ", 1)[-1].removesuffix("'s").casefold() for found in _TITLED.findall(text))
        for word in _WORD.findall(text):
            (lower if word.islower() else upper)[word.removesuffix("'s").casefold()] += 1
    return tuple(sorted(n for n in named if n not in _NOT_NAMES and lower[n] <= 0.3 * (upper[n] + lower[n])))


class Augmenter:
    """Seeded. `lawful` are short lawful texts that may stand before or after any post without changing its level."""

    def __init__(self, *, names: Sequence[str], lawful: Sequence[str], seed: int) -> None:
        self._names = list(names)
        self._known = frozenset(names)
        self._lawful = list(lawful)
        self._random = random.Random(seed)  # noqa: S311 - reproducible, not secret

    def __call__(self, text: str) -> str:
        if self._random.random() < 0.6:
            text = self._rename(text)
        if self._random.random() < 0.12:
            beside = self._rename(self._random.choice(self._lawful))
            text = f"{beside} {text}" if self._random.random() < 0.5 else f"{text} {beside}"
        if self._random.random() < 0.12:
            text = f"@user {text}"
        if self._random.random() < 0.1:
            text = re.sub(r"[.,!?;']", "", text)
        return self._scuff(text) if self._random.random() < 0.15 else text

    def _rename(self, text: str) -> str:
        swaps: dict[str, str] = {}

        def swap(found: re.Match[str]) -> str:
            word = found.group()
            stem = word.removesuffix("'s")
            if stem.casefold() not in self._known:
                return word
            return swaps.setdefault(stem.casefold(), self._random.choice(self._names)) + word[len(stem) :]

        return _WORD.sub(swap, text)

    def _scuff(self, text: str) -> str:
        words = text.split(" ")
        at = self._random.randrange(len(words))
        word = words[at]
        if len(word) > 3:
            cut = self._random.randrange(1, len(word) - 1)
            words[at] = self._random.choice(
                (
                    word[:cut] + word[cut + 1 :],
                    word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :],
                    "".join(_LEET.get(letter, letter) for letter in word),
                    " ".join(word),
                )
            )
        return " ".join(words)
