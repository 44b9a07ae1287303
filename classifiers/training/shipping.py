"""Writes a trained network as a weights folder, calibrated and with operating points, on the corpus's own blocks."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

from classifiers.heads import AIMED, HEADS, REPORTED
from classifiers.network import Network
from classifiers.severity import Scores
from classifiers.shape import Passage
from classifiers.training.calibrating import Scored, best_lines, calibrate, truths
from classifiers.training.sources import LICENCES, Civic, CivicPost
from classifiers.training.train import copy_tokenizer
from classifiers.transformer import Transformer
from classifiers.weights import NETWORK, POINTS, Calibration
from records.vocabulary import Level


def ship(network: Network, *, encoder: Path, out: Path, civic: Civic, recipe: Mapping[str, object]) -> None:
    """Write config.json, tokenizer.json, model.json and half-precision weights to `out`, replacing what is there.

    Probabilities and lines are chosen on the blocks kept for choosing; the trade-off of every operating point is
    measured on the blocks that nothing was chosen on.
    """
    out.mkdir(parents=True, exist_ok=True)
    copy_tokenizer(encoder, out)
    transformers.AutoConfig.from_pretrained(encoder).save_pretrained(out)
    halves = {name: value.to(torch.float16).contiguous() for name, value in network.state_dict().items()}
    save_file(halves, out / NETWORK)
    caps = recipe.get("caps")
    names = list(caps) if isinstance(caps, Mapping) else []
    about: dict[str, object] = {
        "name": out.name,
        "heads": list(HEADS),
        "calibration": {head: [1.0, 0.0] for head in HEADS},
        "points": {point: {"lines": dict.fromkeys(HEADS, 0.5)} for point in POINTS},
        "recipe": dict(recipe),
        "sources": {"civic corpus": "MIT", **{name: LICENCES.get(name, "not stated") for name in names}},
        "files": {name: digest_of(out / name) for name in ("config.json", "tokenizer.json", NETWORK)},
    }
    write_about(out, about)
    settle_point_by_point(out, civic)


def settle_point_by_point(out: Path, civic: Civic) -> None:
    """Choose calibration and operating points anew for the network that stands in `out`."""
    about = read_about(out)
    about["calibration"] = {head: [1.0, 0.0] for head in HEADS}
    write_about(out, about)
    logits = [_logits(one.scores) for one in scored(out, civic.choose)]
    known = [truths(post) for post in civic.choose]
    calibration = {
        head: calibrate([one[head] for one in logits], [one[head] for one in known])
        for head in HEADS
        if head in logits[0]
    }
    about["calibration"] = {head: _pair(calibration.get(head, Calibration())) for head in HEADS}
    write_about(out, about)
    choose, held_out = scored(out, civic.choose), scored(out, civic.held_out)
    points = {}
    for point in POINTS:
        lines = best_lines(choose, point=point)
        points[point] = {"lines": lines, "held_out": _trade_off(held_out, line=lines["abusive"])}
    about["points"] = points
    write_about(out, about)


def scored(folder: Path, posts: Sequence[CivicPost]) -> list[Scored]:
    """Posts with the scores of the model in the folder."""
    scores = Transformer.load(folder=folder).scores([Passage(post.text, post.parent) for post in posts])
    return [Scored(post, one) for post, one in zip(posts, scores, strict=True)]


def read_about(out: Path) -> dict[str, object]:
    said: dict[str, object] = json.loads((out / "model.json").read_text(encoding="utf-8"))
    return said


def write_about(out: Path, about: Mapping[str, object]) -> None:
    (out / "model.json").write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def digest_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _trade_off(posts: Sequence[Scored], *, line: float) -> dict[str, list[int]]:
    """[so many, of so many]: lawful and mild posts flagged and posts of each grave level missed, by the model alone."""

    def over(least: Level, most: Level = Level.CRITICAL) -> list[bool]:
        return [one.scores.steps[Level.ABUSIVE] >= line for one in posts if least <= one.post.level <= most]

    def missed(least: Level) -> list[int]:
        flags = over(least)
        return [len(flags) - sum(flags), len(flags)]

    lawful = over(Level.LAWFUL, Level.UNCIVIL)
    return {
        "flagged_lawful": [sum(lawful), len(lawful)],
        "missed_abusive": missed(Level.ABUSIVE),
        "missed_serious": missed(Level.SERIOUS),
        "missed_critical": missed(Level.CRITICAL),
    }


def _logits(scores: Scores) -> dict[str, float]:
    """The uncalibrated logits behind the scores of a folder whose calibration is the plain one."""
    chances: dict[str, float | None] = {label.value: chance for label, chance in scores.labels.items()}
    chances |= {step.name.casefold(): chance for step, chance in scores.steps.items()}
    chances |= {AIMED: scores.aimed, REPORTED: scores.reported}
    return {head: _logit(chance) for head, chance in chances.items() if chance is not None}


def _logit(probability: float) -> float:
    inside = min(max(probability, 0.0001), 0.9999)
    return math.log(inside / (1 - inside))


def _pair(calibration: Calibration) -> list[float]:
    return [calibration.slope, calibration.shift]
