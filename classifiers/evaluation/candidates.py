"""A judge about to be measured: loaded, with the lines of its single heads, asked in batches. Counts nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from classifiers.register import DEFAULT_FOLDER, load
from classifiers.severity import Scores
from classifiers.shape import Classifier, Judgement, Passage
from classifiers.weights import Calibration
from records.vocabulary import Label, Level

CHUNK = 256

PLAIN_LINE = 0.5
"""The line of a head where a model names none."""

Watch = Callable[[str, int], None]
"""Called with what is being judged and how many posts have just been judged."""


@runtime_checkable
class Scoring(Protocol):
    """A classifier that also tells what its network alone says, before rules and lines."""

    def scores(self, passages: Sequence[Passage]) -> list[Scores]: ...


@dataclass(frozen=True)
class Candidate:
    """One judge at one operating point. `lines` are those of its labels, `calibration` that of `report`."""

    backend: str
    point: str
    classifier: Classifier
    lines: Mapping[Label, float]
    calibration: Calibration | None = None

    def says(self, label: Label, judgement: Judgement) -> bool:
        """Whether the head of a label reaches its own line, whatever the level."""
        return judgement.scores[label] >= self.lines[label]


def open_candidate(backend: str, *, folder: Path | None, point: str) -> Candidate:
    """Raises CannotLoad naming the folder where it does not hold a model of that back-end."""
    classifier = load(backend, folder=folder, point=point)
    about = _about(folder or DEFAULT_FOLDER)
    if about.get("name") != classifier.name:
        return plain_candidate(classifier, backend=backend)
    said = cast("Mapping[str, Mapping[str, Mapping[str, float]]]", about["points"])[point]["lines"]
    calibration = cast("Mapping[str, Sequence[float]]", about["calibration"])[Level.ABUSIVE.name.casefold()]
    return Candidate(
        backend, point, classifier, {label: said[label.value] for label in Label}, Calibration(*calibration)
    )


def plain_candidate(classifier: Classifier, *, backend: str) -> Candidate:
    """A judge with one operating point only."""
    return Candidate(backend, "its own", classifier, dict.fromkeys(Label, PLAIN_LINE))


def answers(candidate: Candidate, passages: Sequence[Passage], *, what: str, watch: Watch) -> list[Judgement]:
    """A judgement per passage, in order; posts of like length are judged together."""
    order = sorted(range(len(passages)), key=lambda at: len(passages[at].text))
    found: dict[int, Judgement] = {}
    for start in range(0, len(order), CHUNK):
        these = order[start : start + CHUNK]
        judged = candidate.classifier.judge([passages[at] for at in these])
        found.update(zip(these, judged, strict=True))
        watch(what, len(these))
    return [found[at] for at in range(len(passages))]


def _about(folder: Path) -> Mapping[str, object]:
    file = folder / "model.json"
    if not file.is_file():
        return {}
    said: Mapping[str, object] = json.loads(file.read_text(encoding="utf-8"))
    return said
