"""Writes a trained network as a weights folder, its temperature and lines chosen on the corpus's own blocks."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer

from classifiers.severity import Scores
from classifiers.training.sources import CAPS, LABELS, STEPS, CivicPost, read_civic
from classifiers.transformer import WEIGHTS, Network, Transformer
from records.vocabulary import Level

MOST_LAWFUL_FLAGGED = 0.08
"""The line of `report` flags at most this share of the lawful and mild posts that it is chosen on."""

HEADS = (*(label.value for label in LABELS), *(step.name.casefold() for step in STEPS))

_FEW = 15
"""With fewer true posts than this a head keeps the plain line of 0.5."""


@dataclass(frozen=True)
class _Scored:
    post: CivicPost
    scores: Scores


def ship(network: Network, *, encoder: Path, out: Path, corpus: Path, recipe: Mapping[str, object]) -> None:
    """Write config.json, tokenizer.json, model.json and half-precision weights to `out`, replacing what is there."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(encoder / "tokenizer.json", out / "tokenizer.json")
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(out / "tokenizer.json"))
    transformers.AutoConfig.from_pretrained(encoder).save_pretrained(out)
    halves = {name: value.to(torch.float16).contiguous() for name, value in network.state_dict().items()}
    save_file(halves, out / WEIGHTS)
    about: dict[str, object] = {
        "name": out.name,
        "heads": list(HEADS),
        "temperature": 1.0,
        "lines": dict.fromkeys(HEADS, 0.5),
        "recipe": dict(recipe),
        "sources": ["civic corpus", *CAPS],
        "files": {name: _digest(out / name) for name in ("config.json", "tokenizer.json", WEIGHTS)},
    }
    _write(about, out)
    choose = read_civic(corpus).choose
    about["temperature"] = best_temperature(_scored(out, choose))
    _write(about, out)
    about["lines"] = best_lines(_scored(out, choose))
    _write(about, out)


def best_temperature(scored: Sequence[_Scored]) -> float:
    """The divisor of the logits, from 0.5 to 3, under which `report` is likeliest to have come out as it did."""
    known = [(_logit(one.scores.steps[Level.ABUSIVE]), one.post.level >= Level.ABUSIVE) for one in scored]

    def surprise(temperature: float) -> float:
        return sum(math.log1p(math.exp((-logit if true else logit) / temperature)) for logit, true in known)

    return min((step / 20 for step in range(10, 61)), key=surprise)


def best_lines(scored: Sequence[_Scored]) -> dict[str, float]:
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
    allowed = lawful[math.ceil(len(lawful) * (1 - MOST_LAWFUL_FLAGGED)) - 1]
    lines[Level.ABUSIVE.name.casefold()] = round(min(0.95, allowed + 0.0001), 4)
    return lines


def _best_f1(known: Sequence[tuple[float, bool]]) -> float:
    """The line between 0.35 and 0.6 with the best harmonic mean of precision and recall."""
    true = sum(is_true for _, is_true in known)
    if true < _FEW:
        return 0.5

    def f1(line: float) -> float:
        over = [is_true for score, is_true in known if score >= line]
        return 2 * sum(over) / (len(over) + true)

    return max((step / 100 for step in range(35, 61, 5)), key=lambda line: (f1(line), -abs(line - 0.5)))


def _scored(folder: Path, posts: Sequence[CivicPost]) -> list[_Scored]:
    scores = Transformer.load(folder=folder).scores([post.text for post in posts])
    return [_Scored(post, one) for post, one in zip(posts, scores, strict=True)]


def _logit(probability: float) -> float:
    inside = min(max(probability, 0.0001), 0.9999)
    return math.log(inside / (1 - inside))


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _write(about: Mapping[str, object], out: Path) -> None:
    (out / "model.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
