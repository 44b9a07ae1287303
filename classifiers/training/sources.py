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

from classifiers.heads import LABELS, STEPS
from classifiers.normalise import for_model
from records.vocabulary import Label, Level

Target = tuple[float | None, ...]
"""One value per head of `classifiers.heads.HEADS`; None where the source does not say."""

CORPUS = Path(__file__).parent / "corpus"

BLOCK = 24
"""Neighbours in a corpus file are often twins, so a whole block of this many goes to one split."""

REPORTING = frozenset(
    {
        *("quoting_or_reporting_abuse", "counter_speech", "counter_speech_quote", "defence_counterspeech", "condemn"),
        *("quote", "quoted_abuse", "quoted_abuse_victim", "solidarity_quote", "reply_quote_lawful", "victim_report"),
        *("twin_quoting_obfuscated",),
    }
)
"""Functions whose lawful posts repeat or report someone else's words."""

_UNSURE_REPORTING = frozenset({"news_report", "news", "complaint_by_victim_or_vulnerable", "negated_threat_or_concern"})

_PLACEHOLDERS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\[linebreak\]|\[NEWLINE\]", re.IGNORECASE), " "),
    (re.compile(r"@USER\b|<user>|\[USER\]|\bRT @user:?", re.IGNORECASE), "@user"),
    (re.compile(r"\[URL\]|<url>|\bHTTPURL\b", re.IGNORECASE), "http"),
)


PETITIONS = "uk_petition_titles_2010_2015"

_PAIR = re.compile(r"pair \d+")


LICENCES: Mapping[str, str] = {
    "threatgram101": "CC BY 4.0",
    "civil_comments_toxic_spans": "CC0",
    "implicit_hate": "MIT",
    "hatexplain": "MIT",
    "hatemojibuild": "CC BY 4.0",
    "toxigen_annotated": "MIT",
    "stormfront_vicomtech": "CC BY-SA 3.0 ES",
    "mlma_en": "MIT",
    "edos": "CC0",
    "guest2021_misogyny": "MIT",
    "convabuse": "CC BY 4.0",
    "davidson2017": "MIT",
    "jigsaw2018_partial": "CC0, its texts CC BY-SA 3.0",
    "reddit_counterspeech": "MIT in part",
    PETITIONS: "Open Government Licence v3",
    "uk_parliament_motions": "CC BY 4.0",
}
"""The stated licences of the sets that shipped weights may use; a set that is not here is for comparison only."""


@dataclass(frozen=True)
class Row:
    """One text with what is known of it, ready for the model; `weight` scales its part of the loss."""

    text: str
    target: Target
    weight: float = 1.0
    parent: str = ""
    pair: str = ""
    """Twins share this; they stay in one batch, so that what both say cancels out."""


@dataclass(frozen=True)
class CivicPost:
    """One line of the civic corpus or of an evaluation file of the same shape."""

    id: str
    text: str
    function: str
    labels: frozenset[Label]
    level: Level
    target: str = ""
    """Whom the post is aimed at or about: `councillor`, `group`, `other` (a person), `none`."""
    parent: str = ""
    pair: str = ""

    @property
    def row(self) -> Row:
        known = [float(label in self.labels) for label in LABELS]
        steps = [float(self.level >= step) for step in STEPS]
        aimed = float(self.target in {"councillor", "other"}) if self.target else None
        return Row(
            for_model(self.text),
            (*known, *steps, aimed, self._reports()),
            parent=for_model(self.parent),
            pair=self.pair,
        )

    def _reports(self) -> float | None:
        if self.level is Level.LAWFUL and self.function in REPORTING:
            return 1.0
        return None if self.function in _UNSURE_REPORTING else 0.0


@dataclass(frozen=True)
class Civic:
    """The civic corpus in three splits by blocks: to learn from, to choose thresholds on, and to be measured on."""

    learn: tuple[CivicPost, ...]
    choose: tuple[CivicPost, ...]
    held_out: tuple[CivicPost, ...]


@dataclass(frozen=True)
class Sets:
    """The public sets: where they are, how many rows of each one reading may use, which of them count for less."""

    folder: Path
    caps: Mapping[str, int]
    weights: Mapping[str, float]


def read_posts(file: Path) -> list[CivicPost]:
    """The posts of one JSON-lines file; raises ValueError naming file and line where a line is not a post."""
    posts = []
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                posts.append(_post(json.loads(line), file=file.stem))
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


def read_public(sets: Sets, *, seed: int, share: float = 1.0) -> list[Row]:
    """A seeded draw from every public set that is there, at most its cap times `share` from each.

    Texts that are kept for measuring (see `held_back`) are never drawn. Raises FileNotFoundError naming the sets that
    are not in the folder: a model of fewer sources than its recipe names would pass for another.
    """
    missing = [name for name in sets.caps if not (sets.folder / f"{name}.jsonl.gz").exists()]
    if missing:
        raise FileNotFoundError(f"these public sets are not in {sets.folder}: {', '.join(missing)}")
    drawn: list[Row] = []
    for name, cap in sets.caps.items():
        rows = [row for row in _public_rows(sets, name) if any(value is not None for value in row.target)]
        random.Random(f"{seed}:{name}").shuffle(rows)  # noqa: S311 - reproducible, not secret
        drawn.extend(rows[: max(1, round(cap * share))])
    return drawn


def held_back(text: str) -> bool:
    """A tenth of the petition titles, drawn by the hash of the text: measured on, never learned from."""
    return hashlib.sha256(text.strip().encode()).digest()[0] < 26


def without_placeholders(text: str) -> str:
    """A public set's stand-ins for handles, links and line ends, as a post would have them."""
    for pattern, plain in _PLACEHOLDERS:
        text = pattern.sub(plain, text)
    return text


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
    return (*labels.values(), *steps, None, None)


def _least_level(labels: Mapping[Label, float | None], *, abusive: bool) -> Level:
    if labels[Label.THREAT] or labels[Label.DOXXING]:
        return Level.SERIOUS
    if labels[Label.HATE] or labels[Label.SEXUAL]:
        return Level.ABUSIVE
    return Level.UNCIVIL if labels[Label.INSULT] or abusive else Level.LAWFUL


def _public_rows(sets: Sets, name: str) -> Iterator[Row]:
    with gzip.open(sets.folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            said = json.loads(line)
            text = said["text"]
            if name == PETITIONS and held_back(text):
                continue
            yield Row(for_model(without_placeholders(text)), public_target(said), sets.weights.get(name, 1.0))


def _post(line: Mapping[str, object], *, file: str) -> CivicPost:
    labels, level = line["labels"], line["severity"]
    if not isinstance(labels, Sequence) or not isinstance(level, int):
        raise TypeError("labels must be a list and severity a number")
    return CivicPost(
        id=str(line["id"]),
        text=str(line["text"]),
        function=str(line["function"]),
        labels=frozenset(Label(str(label)) for label in labels),
        level=Level(level),
        target=str(line.get("target") or ""),
        parent=str(line.get("parent") or ""),
        pair=f"{file}:{pair.group()}" if (pair := _PAIR.search(str(line.get("note") or ""))) else "",
    )
