"""Which words carried a judgement: each is left out in turn and the model asked again (occlusion). Judges nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from classifiers.shape import Passage, Reason

Report = Callable[[Sequence[Passage]], Sequence[float]]
"""The probabilities of level 2 or more, one per passage, in order; the same passage always gives the same one."""

MOST_WORDS = 40
"""A longer text is first narrowed to the stretch of this many words that the model finds worst."""

MOST_SHOWN = 8
_STEP = 30
_SHARE = 0.3
_LEAST = 0.05
_WORD = re.compile(r"\S+")

Span = tuple[int, int]


def carried(passage: Passage, report: Report) -> Reason | None:
    """The words whose absence lowers the probability of a report most, as spans of the text; None for a text of none.

    The same passage gives the same words. A word counts when leaving it out costs at least 0.3 of what the weightiest
    costs, in log-odds. Where no single word does (the text says it twice), it is those that weigh most alone.
    """
    stretch = _worst(passage, [found.span() for found in _WORD.finditer(passage.text)], report)
    if not stretch:
        return None
    start, end = stretch[0][0], stretch[-1][1]
    whole = Passage(passage.text[start:end], passage.parent)
    without = [Passage(_without(whole.text, start, span), passage.parent) for span in stretch]
    base, *left = map(_log_odds, report([whole, *without]))
    weights = [base - one for one in left]
    if max(weights) < _LEAST:
        alone = report([Passage(passage.text[slice(*span)], passage.parent) for span in stretch])
        floor = min(map(_log_odds, alone))
        weights = [_log_odds(one) - floor for one in alone]
    return Reason("carried", "These words weighed most in the model's reading", _heaviest(stretch, weights))


def _worst(passage: Passage, words: Sequence[Span], report: Report) -> Sequence[Span]:
    if len(words) <= MOST_WORDS:
        return words
    starts = [*range(0, len(words) - MOST_WORDS, _STEP), len(words) - MOST_WORDS]
    stretches = [words[at : at + MOST_WORDS] for at in starts]
    texts = [Passage(passage.text[one[0][0] : one[-1][1]], passage.parent) for one in stretches]
    scores = report(texts)
    return stretches[max(range(len(stretches)), key=scores.__getitem__)]


def _without(text: str, offset: int, span: Span) -> str:
    return text[: span[0] - offset] + text[span[1] - offset :]


def _heaviest(words: Sequence[Span], weights: Sequence[float]) -> tuple[Span, ...]:
    """The words that weigh enough, neighbours joined."""
    enough = max(weights) * _SHARE
    order = sorted(range(len(words)), key=lambda i: (-weights[i], i))[:MOST_SHOWN]
    chosen = sorted(i for i in order if weights[i] >= enough)
    spans: list[Span] = []
    for before, i in zip([-2, *chosen], chosen, strict=False):
        if i == before + 1:
            spans[-1] = (spans[-1][0], words[i][1])
        else:
            spans.append(words[i])
    return tuple(spans)


def _log_odds(chance: float) -> float:
    inside = min(max(chance, 0.0001), 0.9999)
    return math.log(inside / (1 - inside))
