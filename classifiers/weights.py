"""A weights folder of ours: what its `model.json` says, checked against the files. Loads no network."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tokenizers import Tokenizer

from classifiers import doxxing, normalise, rules, severity
from classifiers.heads import LABELS, STEPS
from classifiers.severity import Lines
from classifiers.shape import CannotLoad

POINTS = ("cautious", "balanced", "quiet")
"""The operating points: `cautious` misses least and flags most, `quiet` the other way round."""

NETWORK = "model.safetensors"


NEEDED = (*(label.value for label in LABELS), *(step.name.casefold() for step in STEPS))
"""Heads without which a folder cannot judge."""


@dataclass(frozen=True)
class Calibration:
    """Turns one head's logit into a probability that comes true as often as it says (Platt, 1999)."""

    slope: float = 1.0
    shift: float = 0.0

    def probability(self, logit: float) -> float:
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, self.slope * logit + self.shift))))


@dataclass(frozen=True)
class Weights:
    """One folder as training wrote it. `measured` is what each operating point did on the corpus's choosing blocks."""

    folder: Path
    name: str
    version: str
    tokenizer: Tokenizer
    heads: tuple[str, ...]
    calibrations: tuple[Calibration, ...]
    """One per head, in order."""
    lines: Lines
    point: str


def read_weights(folder: Path, *, point: str, files: Sequence[str]) -> Weights:
    """Read `model.json`, check the digest of every file in `files` and of the tokenizer.

    Raises CannotLoad naming the folder where a file is missing, damaged or of another kind, or the point is unknown.
    """
    try:
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        for file in ("config.json", "tokenizer.json", *files):
            _check(folder, file, str(about["files"][file]))
        if point not in about["points"]:
            raise CannotLoad(
                f"The model folder {folder} has no operating point {point!r}: {', '.join(about['points'])}"
            )
        heads = tuple(map(str, about["heads"]))
        if lacking := [head for head in NEEDED if head not in heads]:
            raise CannotLoad(f"The model folder {folder} has no head for {', '.join(lacking)}; train it anew")
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return Weights(
            folder=folder,
            name=str(about["name"]),
            version=version_of(json.dumps(about, sort_keys=True), point, *files),
            tokenizer=whole_texts(tokenizer),
            heads=heads,
            calibrations=tuple(Calibration(*map(float, about["calibration"][head])) for head in heads),
            lines=_lines(about["points"][point]["lines"]),
            point=point,
        )
    except (OSError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise incomplete(folder, error, files) from error


def incomplete(folder: Path, error: Exception, files: Sequence[str]) -> CannotLoad:
    return CannotLoad(
        f"The model folder {folder} is incomplete or damaged ({type(error).__name__}); it must hold config.json,"
        f" tokenizer.json, model.json and {', '.join(files)} as training wrote them"
    )


def version_of(*parts: str) -> str:
    """Changes with the weights, the operating point and the rules, by choice even with a comment in a rule."""
    digest = hashlib.sha256("\n".join(parts).encode())
    judging: tuple[ModuleType, ...] = (normalise, severity, rules, doxxing)
    for module in judging:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:12]


def whole_texts(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer without cutting and padding of its own."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _check(folder: Path, file: str, digest: str) -> None:
    if hashlib.sha256((folder / file).read_bytes()).hexdigest() != digest:
        raise CannotLoad(f"The model folder {folder} is damaged: {file} is not the file that model.json names")


def _lines(said: Mapping[str, object]) -> Lines:
    return Lines(
        {label: float(str(said[label.value])) for label in LABELS},
        {step: float(str(said[step.name.casefold()])) for step in STEPS},
    )
