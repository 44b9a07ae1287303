"""Changes a text in ways that must not change its judgement, so that the model cannot lean on accidents of wording."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from classifiers.normalise import for_model
from classifiers.training.recipes import Augmentation
from classifiers.training.sources import Row

_TITLED = re.compile(r"\b(?:[Cc]llr|[Cc]ouncillor|[Cc]oun\.?|Mayor|Mr|Mrs|Ms)\.?\s+((?:[A-Z][a-z]+ )?[A-Z][\w'-]{2,})")
_EMOJI = ("🙂", "😂", "👏", "🙄", "👍", "❤️", "😡", "🤷", "🤦", "💯")
_IDENTITIES: tuple[tuple[str, ...], ...] = (
    (
        *("muslims", "jews", "christians", "hindus", "sikhs", "catholics", "buddhists", "women", "men", "immigrants"),
        *("migrants", "refugees", "asylum seekers", "foreigners", "travellers", "poles", "romanians", "indians"),
        *("pakistanis", "somalis", "nigerians", "asians", "africans", "black people", "white people", "gay people"),
        *("trans people", "lesbians", "disabled people", "autistic people", "pensioners", "gay men", "trans women"),
        *("bangladeshis", "albanians", "arabs", "irish people", "welsh people", "scots", "deaf people"),
    ),
    (
        *("muslim", "jewish", "christian", "hindu", "sikh", "catholic", "polish", "romanian", "indian", "pakistani"),
        *("somali", "nigerian", "asian", "african", "black", "gay", "lesbian", "trans", "disabled", "autistic"),
        *("bangladeshi", "albanian", "arab", "irish", "caribbean", "bisexual", "deaf", "turkish", "ukrainian"),
    ),
)
"""Words for groups of people, many and one; what is said of one group is as hateful or harmless of another."""

_ROW_OF = {word: at for at, row in enumerate(_IDENTITIES) for word in row}
_IDENTITY = re.compile(
    r"\b(?:" + "|".join(sorted(_ROW_OF, key=len, reverse=True)) + r")\b(?! (?:country|friday|sabbath))", re.IGNORECASE
)
_WORD = re.compile(r"[A-Za-z][\w'-]*")
_TWINS = {"a": "а", "e": "е", "o": "о", "c": "с", "p": "р", "x": "х", "i": "і", "s": "ѕ"}
"""Latin letters and the Cyrillic ones that look like them."""
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
    """Seeded. `lawful` are short lawful texts that may stand before or after any post without changing its level;
    `parents` are posts that any post may answer without changing its own level."""

    def __init__(
        self,
        often: Augmentation,
        *,
        names: Sequence[str],
        lawful: Sequence[str],
        parents: Sequence[str],
        seed: int,
    ) -> None:
        self._often = often
        self._names = list(names)
        self._known = frozenset(names)
        self._lawful = list(lawful)
        self._parents = list(parents)
        self._random = random.Random(seed)  # noqa: S311 - reproducible, not secret

    def __call__(self, row: Row) -> Row:
        """The row with its text changed, and now and then with a post that it answers; what it teaches stays."""
        parent = row.parent
        if not parent and self._parents and self._chance(self._often.parent):
            parent = self._random.choice(self._parents)
        return replace(row, text=for_model(self.text(row.text)), parent=parent)

    def text(self, text: str) -> str:
        often = self._often
        if self._chance(often.names):
            text = self._rename(text)
        if self._chance(often.identities):
            text = self._swap_identities(text)
        if self._chance(often.beside) and self._lawful:
            beside = self._rename(self._random.choice(self._lawful))
            text = f"{beside} {text}" if self._random.random() < 0.5 else f"{text} {beside}"
        if self._chance(often.handle):
            text = f"@user {text}"
        if self._chance(often.punctuation):
            text = re.sub(r"[.,!?;']", "", text)
        if self._chance(often.emoji):
            text = f"{text} {self._random.choice(_EMOJI)}"
        if self._chance(often.case):
            text = self._random.choice((str.lower, str.upper, str.lower))(text)
        return self._scuff(text) if self._chance(often.scuff) else text

    def _chance(self, often: float) -> bool:
        return self._random.random() < often

    def _swap_identities(self, text: str) -> str:
        """Every word for a group by one other word of its row in `_IDENTITIES`, the same word always by the same."""
        swaps: dict[str, str] = {}

        def swap(found: re.Match[str]) -> str:
            word = found.group()
            row = _IDENTITIES[_ROW_OF[word.casefold()]]
            new = swaps.setdefault(word.casefold(), self._random.choice(row))
            return new.capitalize() if word[0].isupper() else new

        return _IDENTITY.sub(swap, text)

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
                    "".join(_TWINS.get(letter, letter) for letter in word),
                    " ".join(word),
                )
            )
        return " ".join(words)
