"""From logits on posts of known answer to probabilities that come true, and to the lines of the operating points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from classifiers.heads import HEADS, LABELS, STEPS
from classifiers.severity import Scores
from classifiers.training.sources import CivicPost
from classifiers.weights import Calibration
from records.vocabulary import Level

MOST_LAWFUL_FLAGGED: Mapping[str, float] = {"cautious": 0.16, "balanced": 0.08, "quiet": 0.03}
"""Per operating point: the line of `report` flags at most this share of the lawful and mild posts it is chosen on.

Most of those posts are twins written to be mistaken, so of everyday posts far fewer are flagged."""

_FEW = 15
"""With fewer posts than this of either kind a head keeps its logits, and the plain line of 0.5."""


@dataclass(frozen=True)
class Scored:
    """A post with what the network says of it."""

    post: CivicPost
    scores: Scores


def calibrate(logits: Sequence[float], truth: Sequence[float | None]) -> Calibration:
    """Slope and shift under which what is known is likeliest, held near the plain logit where little is known."""
    known = [(logit, true) for logit, true in zip(logits, truth, strict=True) if true is not None]
    positive = sum(true for _, true in known)
    if min(positive, len(known) - positive) < _FEW:
        return Calibration()
    said, true = (torch.tensor(column, dtype=torch.float64) for column in zip(*known, strict=True))
    free = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([free], max_iter=100, line_search_fn="strong_wolfe")

    def surprise() -> torch.Tensor:
        optimiser.zero_grad()
        loss: torch.Tensor = nn.functional.binary_cross_entropy_with_logits(said * free[0] + free[1], true)
        loss = loss + ((free - torch.tensor([1.0, 0.0])) ** 2).sum() / len(known)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(surprise)  # type: ignore[no-untyped-call]
    slope, shift = (round(value, 5) for value in free.detach().tolist())
    return Calibration(max(slope, 0.05), shift)


def truths(post: CivicPost) -> dict[str, float | None]:
    """What the corpus says of a post, head by head."""
    return dict(zip(HEADS, post.row.target, strict=True))


def best_lines(scored: Sequence[Scored], *, point: str) -> dict[str, float]:
    """A line per head: `report` by the lawful posts it may flag, the others where precision meets recall."""
    lines = {}
    for label in LABELS:
        lines[label.value] = _best_f1(
            [(one.scores.labels[label], label in one.post.labels) for one in scored if one.post.level >= Level.ABUSIVE]
        )
    for step in STEPS:
        mild = step is Level.UNCIVIL  # among posts not to be reported; the higher steps among those to be
        among = [one for one in scored if (one.post.level < Level.ABUSIVE) is mild]
        lines[step.name.casefold()] = _best_f1([(one.scores.steps[step], one.post.level >= step) for one in among])
    lawful = sorted(one.scores.steps[Level.ABUSIVE] for one in scored if one.post.level < Level.ABUSIVE)
    allowed = lawful[math.ceil(len(lawful) * (1 - MOST_LAWFUL_FLAGGED[point])) - 1]
    lines[Level.ABUSIVE.name.casefold()] = round(min(0.98, allowed + 0.0001), 4)
    return lines


def _best_f1(known: Sequence[tuple[float, bool]]) -> float:
    """The line between 0.3 and 0.6 with the best harmonic mean of precision and recall."""
    true = sum(is_true for _, is_true in known)
    if true < _FEW:
        return 0.5

    def f1(line: float) -> float:
        over = [is_true for score, is_true in known if score >= line]
        return 2 * sum(over) / (len(over) + true)

    return max((step / 100 for step in range(30, 61, 5)), key=lambda line: (f1(line), -abs(line - 0.5)))
