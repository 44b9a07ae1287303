"""From texts to scores through a network that somebody hands in: windows, batches, chances. Knows no framework."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from classifiers.heads import AIMED, LABELS, REPORTED, STEPS
from classifiers.normalise import for_model, parts, unmasked
from classifiers.severity import Lines, Scores, Source, judged
from classifiers.shape import Judgement, Passage
from classifiers.weights import Calibration
from records.vocabulary import Label, Level

WINDOW = 128
"""Tokens the model reads at once, as in training."""

OVERLAP = 32
"""Tokens that neighbouring windows share, so that a sentence cut by one stands whole in the next."""

LONGEST = 30_000
"""Characters read of one text; of a longer one the start, the end and samples between are read."""

SHORT_REPLY = 48
"""A reply of at most this many tokens is read together with the post it answers."""

PARENT = 48
"""Tokens of the answered post that are read with it."""

BATCH = 256
"""Tokens of one batch: more do not stay in the processor's nearest memory and are slower, not faster."""

Ids = NDArray[np.int64]
Run = Callable[[Ids], NDArray[Any]]
"""Token ids, (texts, tokens), to logits, (texts, heads); called from several threads at once.

Texts of one length only come together, so that nothing is padded and no mask is needed.
"""


class Reader:
    """Scores passages. The same passage always gets the same scores, alone or among others.

    No text is padded, because what is added to it shows in the last digits, and every batch runs on one thread (several
    batches at a time), because sums split over threads do too.
    """

    def __init__(
        self,
        run: Run,
        *,
        tokenizer: Tokenizer,
        heads: Sequence[str],
        calibrations: Sequence[Calibration],
        threads: int | None = None,
    ) -> None:
        self._run, self._tokenizer = run, tokenizer
        self._heads, self._calibrations = tuple(heads), tuple(calibrations)
        self._threads = threads or min(4, os.cpu_count() or 1)

    def scores(self, passages: Sequence[Passage]) -> list[Scores]:
        """The worst of each text's windows, head by head; equal passages are read once."""
        once = list(dict.fromkeys(passages))
        windows = [(at, window) for at, passage in enumerate(once) for window in self._windows(passage)]
        worst = np.full((len(once), len(self._heads)), -np.inf)
        batches = _batches([len(window) for _, window in windows])
        with ThreadPoolExecutor(self._threads) as pool:
            outputs = pool.map(lambda batch: self._run(_ids([windows[i][1] for i in batch])), batches)
            for batch, logits in zip(batches, outputs, strict=True):
                for i, row in zip(batch, logits, strict=True):
                    worst[windows[i][0]] = np.maximum(worst[windows[i][0]], row)
        scored = {passage: self._named(row) for passage, row in zip(once, worst.tolist(), strict=True)}
        return [scored[passage] for passage in passages]

    def _windows(self, passage: Passage) -> list[list[int]]:
        """The text in overlapping windows; where it looks disguised, the undisguised reading as well."""
        found = []
        for _, stretch in parts(passage.text, longest=LONGEST):
            plain = for_model(stretch)
            for reading in (plain, *filter(None, [unmasked(plain)])):
                found += self._cut(self._tokenizer.encode(reading).ids, passage.parent)
        return found

    def _cut(self, whole: list[int], parent: str) -> list[list[int]]:
        if len(whole) <= SHORT_REPLY and parent.strip():
            answered = self._tokenizer.encode(for_model(parent[:LONGEST])).ids[1:-1][:PARENT]
            return [[*whole, *self._between(), *answered, whole[-1]]]
        if len(whole) <= WINDOW:
            return [whole]
        first, inner, last = whole[0], whole[1:-1], whole[-1]
        room = WINDOW - 2
        starts = [*range(0, len(inner) - room, room - OVERLAP), len(inner) - room]
        return [[first, *inner[at : at + room], last] for at in starts]

    def _between(self) -> list[int]:
        """What the tokenizer sets between a text and a second one, besides the end of the first."""
        alone, pair = len(self._tokenizer.encode("").ids), self._tokenizer.encode("", "").ids
        return pair[alone:-1]

    def _named(self, row: Sequence[float]) -> Scores:
        chances = {
            head: round(calibration.probability(logit), 4)
            for head, calibration, logit in zip(self._heads, self._calibrations, row, strict=True)
        }
        labels = {label: chances.get(label.value, 0.0) for label in LABELS}
        if STEPS[2].name.casefold() not in chances:
            return Scores(labels, _steps_of_labels(labels, chances))
        steps = {step: chances[step.name.casefold()] for step in STEPS}
        for step in STEPS[1:]:
            steps[step] = min(steps[step], steps[Level(step - 1)])
        return Scores(labels, steps, aimed=chances.get(AIMED), reported=chances.get(REPORTED))


def judgements(
    passages: Sequence[Passage], scores: Sequence[Scores], *, lines: Lines, source: Source
) -> list[Judgement]:
    """One judgement per passage, in order."""
    return [
        judged(parts(passage.text, longest=LONGEST), score, lines, source)
        for passage, score in zip(passages, scores, strict=True)
    ]


def _steps_of_labels(labels: dict[Label, float], chances: dict[str, float]) -> dict[Level, float]:
    """The steps of a model that only knows labels."""
    grave = max(labels[Label.THREAT], labels[Label.DOXXING])
    report = max(chances.get("abusive", 0.0), *(p for label, p in labels.items() if label is not Label.INSULT))
    return {STEPS[0]: max(report, labels[Label.INSULT]), STEPS[1]: report, STEPS[2]: grave, STEPS[3]: 0.0}


def _ids(windows: Sequence[Sequence[int]]) -> Ids:
    return np.array(windows, dtype=np.int64)


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Indexes of windows of one length each, long ones first so that no thread waits for a late one."""
    by_length: dict[int, list[int]] = {}
    for at, length in enumerate(lengths):
        by_length.setdefault(length, []).append(at)
    return [
        same[start : start + size]
        for length, same in sorted(by_length.items(), reverse=True)
        for size in [max(1, BATCH // length)]
        for start in range(0, len(same), size)
    ]
