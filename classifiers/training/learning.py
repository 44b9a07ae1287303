"""One phase of learning: batches, the loss over what each row knows, the falling rate, a state to go on from."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from tokenizers import Tokenizer
from torch import Tensor, nn

from classifiers.heads import HEADS
from classifiers.network import Network, read_ids
from classifiers.training.recipes import Recipe, Stage
from classifiers.training.sources import Row
from records.vocabulary import Level

_REPORT = HEADS.index(Level.ABUSIVE.name.casefold())
_NEAR = 40
"""Batches whose texts are put in order of length together, so that little is padded and chance still rules."""

Batch = Sequence[int]


@dataclass(frozen=True)
class Lesson:
    """What one pass teaches: the rows, and the teacher's logits for each where there is a teacher."""

    rows: Sequence[Row]
    taught: Tensor | None = None


class Learner:
    """One stage with its own optimiser; keeps a running average of the weights, which is what it leaves behind.

    The same recipe, seed and rows on the same machine give the same weights. `save` and `resume` carry everything that
    matters between two passes, so that a stopped training goes on as if it had not been.
    """

    def __init__(
        self, network: Network, tokenizer: Tokenizer, recipe: Recipe, *, stage: Stage, seed: int, rows: int
    ) -> None:
        self._network, self._tokenizer, self._recipe = network, tokenizer, recipe
        self._padding, self._mask = padding_and_mask(tokenizer)
        torch.manual_seed(seed)
        self._random = random.Random(f"{seed}:{stage.name}")  # noqa: S311 - reproducible, not secret
        heads = list(network.heads.parameters())
        body = [p for p in network.encoder.parameters() if p.requires_grad]
        groups = [{"params": body, "lr": stage.rate}, {"params": heads, "lr": stage.rate * 5}]
        self._optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
        steps = rows // recipe.batch + 8
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser, lambda at: min((at + 1) / (0.06 * steps), max(0.02, 1 - at / steps))
        )
        self._average = {name: value.detach().clone() for name, value in network.state_dict().items()}

    def learn(self, lesson: Lesson, *, name: str) -> float:
        """One pass over the rows; returns the mean loss of its last part."""
        self._network.train()
        encoded = encode(self._tokenizer, lesson.rows)
        recent = 0.0
        with _progress() as bar:
            shown = bar.add_task(name, total=len(lesson.rows), loss="")
            for number, batch in enumerate(self._batches(lesson.rows, [len(ids) for ids in encoded])):
                loss = self._step(lesson, encoded, batch)
                recent = loss if number == 0 else 0.98 * recent + 0.02 * loss
                bar.update(shown, advance=len(batch), loss=f"loss {recent:.3f}")
        return recent

    def averaged(self) -> dict[str, Tensor]:
        """A copy of the running average of the weights."""
        return {name: value.clone() for name, value in self._average.items()}

    def save(self, file: Path, *, done: int) -> None:
        """After `done` passes. Written beside and moved, so that a kill leaves the state before or the state after."""
        state = {
            "done": done,
            "network": self._network.state_dict(),
            "average": self._average,
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "random": self._random.getstate(),
            "torch": torch.get_rng_state(),
        }
        part = file.with_suffix(".part")
        torch.save(state, part)
        part.replace(file)

    def resume(self, file: Path) -> int:
        """Go on from a saved state; returns how many passes it has behind it."""
        state = torch.load(file, weights_only=True)
        self._network.load_state_dict(state["network"])
        self._average = state["average"]
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        version, numbers, gauss = state["random"]
        self._random.setstate((version, tuple(numbers), gauss))
        torch.set_rng_state(state["torch"])
        return int(state["done"])

    def _batches(self, rows: Sequence[Row], lengths: Sequence[int]) -> list[Batch]:
        """Twins share a batch; batches are of like length and come in random order."""
        units = list(_units(rows))
        self._random.shuffle(units)
        batches: list[Batch] = []
        size = self._recipe.batch
        for start in range(0, len(units), size * _NEAR):
            near = sorted(units[start : start + size * _NEAR], key=lambda unit: max(lengths[i] for i in unit))
            batch: list[int] = []
            for unit in near:
                batch += unit
                if len(batch) >= size:
                    batches.append(batch)
                    batch = []
            if batch:
                batches.append(batch)
        self._random.shuffle(batches)
        return batches

    def _step(self, lesson: Lesson, encoded: Sequence[Sequence[int]], batch: Batch) -> float:
        ids, mask = read_ids([encoded[i] for i in batch], padding=self._padding)
        hidden = (torch.rand(ids.shape) < self._recipe.hidden_words) & (ids > 999)
        logits = self._network(ids.masked_fill(hidden, self._mask), mask)
        teacher = self._recipe.teacher
        loss = masked_loss(
            logits,
            [lesson.rows[i] for i in batch],
            taught=None if lesson.taught is None else lesson.taught[list(batch)],
            follow=teacher.weight if teacher else 0.0,
        )
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        self._schedule.step()
        with torch.no_grad():
            for name, value in self._network.state_dict().items():
                if "word_embeddings" not in name:
                    self._average[name].lerp_(value, 1 - self._recipe.averaging)
        return float(loss.detach())


def _progress() -> Progress:
    """A bar on standard error; where that is no terminal, only its end is written."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def encode(tokenizer: Tokenizer, rows: Sequence[Row]) -> list[list[int]]:
    """Token ids per row; a parent post follows its reply, behind a separator."""
    pairs = [(row.text, row.parent) if row.parent else row.text for row in rows]
    return [one.ids for one in tokenizer.encode_batch(pairs)]


def masked_loss(logits: Tensor, rows: Sequence[Row], *, taught: Tensor | None = None, follow: float = 0.0) -> Tensor:
    """Binary cross-entropy over what each row knows, softened by 0.02; a silent source adds nothing.

    With a teacher's logits the target is `follow` parts teacher where the row knows, and all teacher where it does not.
    """
    known = torch.tensor([[float(value is not None) for value in row.target] for row in rows])
    wanted = torch.tensor([[value or 0.0 for value in row.target] for row in rows]) * 0.96 + 0.02
    if taught is not None:
        part = 1 - known * (1 - follow)
        wanted = part * taught.sigmoid() + (1 - part) * wanted
        known = torch.ones_like(known)
    weight = known * torch.tensor([[row.weight] for row in rows])
    weight[:, _REPORT] *= 2.0  # "report" decides what a person sees, so it counts double
    each = nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    total: Tensor = (each * weight).sum() / weight.sum().clamp(min=1.0)
    return total


def padding_and_mask(tokenizer: Tokenizer) -> tuple[int, int]:
    """The ids of the padding and the hidden word, whichever way this tokenizer spells them."""
    ids = [
        next(found for word in words if (found := tokenizer.token_to_id(word)) is not None)
        for words in (("[PAD]", "<pad>"), ("[MASK]", "<mask>"))
    ]
    return ids[0], ids[1]


def _units(rows: Sequence[Row]) -> Iterator[list[int]]:
    pairs: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        if row.pair:
            pairs.setdefault(row.pair, []).append(i)
        else:
            yield [i]
    yield from pairs.values()
