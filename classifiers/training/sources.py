"""Reads what the model learns from: the civic corpus and public sets. Where a source is silent, so is the target."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifiers.normalise import for_model
from records.vocabulary import Label, Level

LABELS: tuple[Label, ...] = tuple(Label)
STEPS: tuple[Level, ...] = (Level.UNCIVIL, Level.ABUSIVE, Level.SERIOUS, Level.CRITICAL)
"""The ordinal heads: each is the probability that the level is at least this one."""

Target = tuple[float | None, ...]
"""One value per label, then one per step; None where the source does not say."""

CORPUS = Path(__file__).parent / "corpus"

BLOCK = 24
"""Neighbours in a corpus file are often twins, so a whole block of this many goes to one split."""

CAPS: Mapping[str, int] = {
    "threatgram101": 2500,
    "civil_comments_toxic_spans": 1500,
    "convabuse": 700,
    "davidson2017": 1500,
    "edos": 3000,
    "guest2021_misogyny": 1000,
    "hatemojibuild": 1500,
    "hatexplain": 3000,
    "implicit_hate": 2500,
    "jigsaw2018_partial": 2500,
    "mlma_en": 400,
    "reddit_counterspeech": 800,
    "stormfront_vicomtech": 1500,
    "toxigen_annotated": 2500,
    "uk_petition_titles_2010_2015": 3000,
    "uk_parliament_motions": 900,
}
"""Rows of each openly licensed set that one reading may use; a file not named here is never read."""

_WEIGHTS: Mapping[str, float] = {"threatgram101": 0.3, "davidson2017": 0.5, "mlma_en": 0.4}
"""Sets known to be noisy count for less."""

_PLACEHOLDERS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\[linebreak\]|\[NEWLINE\]", re.IGNORECASE), " "),
    (re.compile(r"@USER\b|<user>|\[USER\]|\bRT @user:?", re.IGNORECASE), "@user"),
    (re.compile(r"\[URL\]|<url>|\bHTTPURL\b", re.IGNORECASE), "http"),
)


@dataclass(frozen=True)
class Row:
    """One text with what is known of it, ready for the model; `weight` scales its part of the loss."""

    text: str
    target: Target
    weight: float = 1.0


@dataclass(frozen=True)
class CivicPost:
    """One line of the civic corpus or of an evaluation file of the same shape."""

    id: str
    text: str
    function: str
    labels: frozenset[Label]
    level: Level

    @property
    def row(self) -> Row:
        known = [float(label in self.labels) for label in LABELS]
        return Row(for_model(self.text), (*known, *(float(self.level >= step) for step in STEPS)))


@dataclass(frozen=True)
class Civic:
    """The civic corpus in three splits by blocks: to learn from, to choose thresholds on, and to be measured on."""

    learn: tuple[CivicPost, ...]
    choose: tuple[CivicPost, ...]
    held_out: tuple[CivicPost, ...]


def read_posts(file: Path) -> list[CivicPost]:
    """The posts of one JSON-lines file; raises ValueError naming file and line where a line is not a post."""
    posts = []
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                posts.append(_post(json.loads(line)))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{file.name} line {number} is not a corpus post: {error}") from error
    return posts


def read_civic(folder: Path = CORPUS) -> Civic:
    """The whole corpus, split by a hash of file and block, so that twins stay together and new files move nothing."""
    splits: dict[str, list[CivicPost]] = {"learn": [], "choose": [], "held_out": []}
    for file in sorted(folder.glob("*.jsonl")):
        for at, post in enumerate(read_posts(file)):
            draw = hashlib.sha256(f"{file.name}:{at // BLOCK}".encode()).digest()[0]
            splits["choose" if draw < 20 else "held_out" if draw < 41 else "learn"].append(post)
    return Civic(*(tuple(splits[name]) for name in ("learn", "choose", "held_out")))


def read_public(folder: Path, *, seed: int, share: float = 1.0) -> list[Row]:
    """A seeded draw from every public set present in `folder`, at most its cap times `share` from each.

    Raises FileNotFoundError when none of the known sets is there.
    """
    drawn: list[Row] = []
    found = False
    for name, cap in CAPS.items():
        file = folder / f"{name}.jsonl.gz"
        if not file.exists():
            continue
        found = True
        rows = [row for row in _public_rows(file, name) if any(value is not None for value in row.target)]
        random.Random(f"{seed}:{name}").shuffle(rows)  # noqa: S311 - reproducible, not secret
        drawn.extend(rows[: max(1, round(cap * share))])
    if not found:
        raise FileNotFoundError(f"none of the public sets ({', '.join(CAPS)}) is in {folder}")
    return drawn


def public_target(said: Mapping[str, object]) -> Target:
    """What a public row says of our labels and levels.

    "Not abusive" rules out the labels the sets never ask about and every level above lawful; a hateful or sexual text
    is at least level 2, a threat at least 3; an insult or an unspecified abuse is at least 1, and no more is known.
    """
    labels: dict[Label, float | None] = {}
    for label in LABELS:
        value = said.get(label.value)
        labels[label] = float(value) if isinstance(value, int) else None
    lawful = said.get("abusive") == 0 and not any(labels.values())
    if lawful:
        for label in (Label.INTIMIDATION, Label.INCITEMENT, Label.SMEAR):
            labels[label] = 0.0
    least = _least_level(labels, abusive=said.get("abusive") == 1)
    steps = [0.0 if lawful else 1.0 if step <= least else None for step in STEPS]
    return (*labels.values(), *steps)


def _least_level(labels: Mapping[Label, float | None], *, abusive: bool) -> Level:
    if labels[Label.THREAT] or labels[Label.DOXXING]:
        return Level.SERIOUS
    if labels[Label.HATE] or labels[Label.SEXUAL]:
        return Level.ABUSIVE
    return Level.UNCIVIL if labels[Label.INSULT] or abusive else Level.LAWFUL


def _public_rows(file: Path, name: str) -> Iterator[Row]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            said = json.loads(line)
            text = said["text"]
            for pattern, plain in _PLACEHOLDERS:
                text = pattern.sub(plain, text)
            yield Row(for_model(text), public_target(said), _WEIGHTS.get(name, 1.0))


def _post(line: Mapping[str, object]) -> CivicPost:
    labels, level = line["labels"], line["severity"]
    if not isinstance(labels, Sequence) or not isinstance(level, int):
        raise TypeError("labels must be a list and severity a number")
    return CivicPost(
        id=str(line["id"]),
        text=str(line["text"]),
        function=str(line["function"]),
        labels=frozenset(Label(str(label)) for label in labels),
        level=Level(level),
    )
