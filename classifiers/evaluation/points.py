"""What each operating point of a model costs, as measured when it was made. Measures and judges nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from classifiers.evaluation.intervals import Count
from classifiers.shape import CannotLoad
from records.vocabulary import Level

MEASURES = ("flagged_lawful", "missed_abusive", "missed_serious", "missed_critical")


@dataclass(frozen=True)
class Point:
    """An operating point: the probability of a report from which it flags, and what that does on held-out posts."""

    name: str
    line: float
    measured: Mapping[str, Count]
    """By the names of `MEASURES`; empty where the model was made without measuring it."""


def read_points(folder: Path) -> list[Point]:
    """The operating points of the model in the folder. Raises CannotLoad naming the folder where it holds none."""
    try:
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        return [_point(name, said) for name, said in about["points"].items()]
    except (OSError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise CannotLoad(
            f"The model folder {folder} holds no operating points ({type(error).__name__}); only a model made by"
            " wardkeeper train has them"
        ) from error


def _point(name: str, said: Mapping[str, Mapping[str, object]]) -> Point:
    held_out = said.get("held_out") or {}
    counts: dict[str, Count] = {}
    for measure, pair in held_out.items():
        if measure in MEASURES and isinstance(pair, list):
            some, of = pair
            counts[measure] = Count(int(some), int(of))
    return Point(str(name), float(str(said["lines"][Level.ABUSIVE.name.casefold()])), counts)
