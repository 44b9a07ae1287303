"""The stream behind the judge command: lines of JSON in, judged objects out. Opens no file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

from classifiers.shape import Classifier, Judgement, Passage
from records.vocabulary import Level

CHUNK = 256
"""Posts judged together; more gains no speed."""

CHUNK_CHARACTERS = 4_000_000
"""A chunk is judged earlier once it holds this much text, which bounds memory."""

Judge = Callable[[Sequence[Passage]], list[Judgement]]

Progress = Callable[[int], None]
"""Called with the number of lines done so far."""


@dataclass(frozen=True)
class _Line:
    """One line as read: the object and its passage, or what is wrong with it."""

    said: Mapping[str, object]
    passage: Passage | None


def judge_lines(
    lines: Iterable[bytes],
    classifier: Classifier,
    *,
    why: bool = False,
    progress: Progress | None = None,
    chunk: int = CHUNK,
) -> Iterator[dict[str, object]]:
    """One output object per non-blank input line, in order.

    A good line needs `text`; `parent`, the text of the post it answers, is optional. Its other keys are kept, and
    `level`, `verdict`, `labels` and `scores` are added, with `why` the reasons and the words of the text that they rest
    on. A bad line gives `error` and `line`, its number from 1.
    """
    judge = partial(judge_with_words, classifier) if why else classifier.judge
    waiting: list[_Line] = []
    characters = number = 0
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        line = _read(raw, number)
        waiting.append(line)
        characters += len(line.passage.text) if line.passage else 0
        if len(waiting) >= chunk or characters >= CHUNK_CHARACTERS:
            yield from _judged(waiting, judge, why=why)
            waiting, characters = [], 0
            if progress:
                progress(number)
    yield from _judged(waiting, judge, why=why)
    if progress:
        progress(number)


def judge_with_words(classifier: Classifier, passages: Sequence[Passage]) -> list[Judgement]:
    """Judge, and for every flagged passage (level 2 or more) name the words that carried it."""
    judgements = classifier.judge(passages)
    return [
        replace(judgement, why=(*judgement.why, *filter(None, [classifier.carried(passage)])))
        if judgement.level >= Level.ABUSIVE
        else judgement
        for passage, judgement in zip(passages, judgements, strict=True)
    ]


def as_line(said: Mapping[str, object]) -> bytes:
    """One output object as a line of UTF-8 JSON; half of a surrogate pair, which UTF-8 cannot hold, stays escaped."""
    try:
        return json.dumps(said, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(said, allow_nan=False).encode() + b"\n"


def added(judgement: Judgement) -> dict[str, object]:
    """The keys that a judgement adds to a line; `scores` holds a probability per label and `report`."""
    return {
        "level": int(judgement.level),
        "verdict": judgement.verdict.value,
        "language": judgement.language,
        "labels": sorted(label.value for label in judgement.labels),
        "scores": {**{label.value: score for label, score in judgement.scores.items()}, "report": judgement.report},
    }


def _judged(waiting: list[_Line], judge: Judge, *, why: bool) -> Iterator[dict[str, object]]:
    judgements = iter(judge([line.passage for line in waiting if line.passage is not None]))
    for line in waiting:
        if line.passage is None:
            yield dict(line.said)
            continue
        judgement = next(judgements)
        reasons = {"why": [asdict(reason) for reason in judgement.why]} if why else {}
        yield {**line.said, **added(judgement), **reasons}


def _read(raw: bytes, number: int) -> _Line:
    try:
        said = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        return _bad("not UTF-8 text", number)
    except RecursionError:
        return _bad("JSON nested too deeply", number)
    except ValueError:
        return _bad("not JSON", number)
    if not isinstance(said, dict):
        return _bad("not a JSON object", number)
    text, parent = said.get("text"), said.get("parent") or ""
    if not isinstance(text, str):
        return _bad("'text' is missing" if "text" not in said else "'text' is not a string", number)
    if not isinstance(parent, str):
        return _bad("'parent' is not a string", number)
    return _Line(said, Passage(text, parent))


def _bad(error: str, number: int) -> _Line:
    return _Line({"error": error, "line": number}, None)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
