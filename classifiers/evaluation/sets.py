"""The evaluation sets: which there are, what counts as right in each, and where their files stand. Judges nothing."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from classifiers.training.sources import (
    CORPUS,
    PETITIONS,
    CivicPost,
    held_back,
    read_civic,
    read_posts,
    without_placeholders,
)

CIVICCHECK = Path(__file__).parent / "civiccheck_dev.jsonl"
"""332 written test cases in 55 functions; measured on only, never learned from or tuned on."""

CIVIC_TITLES: Mapping[str, str] = {
    "civiccheck_dev": "CivicCheck, written cases in 55 functions",
    "corpus_held_out": "Civic corpus, held-out blocks",
}

T = TypeVar("T")

_WORDS = re.compile(r"\w+")


@dataclass(frozen=True)
class Case:
    """One text of a public set. `truth` is what the set asks about it; `group` is its function, source or identity."""

    text: str
    truth: bool
    group: str = ""


@dataclass(frozen=True)
class PublicSet:
    """One set by its file name; `read` makes a case of a row, or None where the set does not count the row."""

    key: str
    title: str
    read: Callable[[Mapping[str, Any]], Case | None]


@dataclass(frozen=True)
class CivicSet:
    """Posts labelled by our own annotation guide."""

    key: str
    posts: tuple[CivicPost, ...]
    digest: str


@dataclass(frozen=True)
class Cases:
    """A public set as read, with the digest of its file."""

    key: str
    title: str
    cases: tuple[Case, ...]
    digest: str


@dataclass(frozen=True)
class Found:
    """The sets that are there, and for each that is not, why."""

    civic: tuple[CivicSet, ...]
    public: tuple[Cases, ...]
    left_out: Mapping[str, str]


def find_sets(sources: Path | None, *, most: int | None = None) -> Found:
    """Read every set that is there; `sources` holds the public ones, itself or in `eval` and `open`.

    With `most`, only so many posts of each set, spread evenly over it.
    """
    left_out: dict[str, str] = {}
    civic, public = [], []
    for key, held in _civic_sets().items():
        if held is None:
            left_out[key] = "it is part of the source, not of an installed package"
        else:
            civic.append(CivicSet(key, tuple(spread(held.posts, most)), held.digest))
    for one in PUBLIC_SETS:
        file = _file(sources, f"{one.key}.jsonl.gz") if sources else None
        if file is None:
            left_out[one.key] = f"{one.key}.jsonl.gz is not among the sources" if sources else "no --sources were named"
        else:
            cases = [case for row in _rows(file) if (case := one.read(row)) is not None]
            public.append(Cases(one.key, one.title, tuple(spread(cases, most)), digest_of([file])))
    return Found(tuple(civic), tuple(public), left_out)


def spread(these: Sequence[T], most: int | None) -> Sequence[T]:
    """At most so many of them, at even distances; all of them for None."""
    if most is None or len(these) <= most:
        return these
    return [these[at * len(these) // most] for at in range(most)]


def digest_of(files: Sequence[Path]) -> str:
    """The first half of the SHA-256 of the files' bytes, in order."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


def _civic_sets() -> dict[str, CivicSet | None]:
    files = sorted(CORPUS.glob("*.jsonl"))
    check = (
        CivicSet("civiccheck_dev", tuple(read_posts(CIVICCHECK)), digest_of([CIVICCHECK]))
        if CIVICCHECK.exists()
        else None
    )
    blocks = CivicSet("corpus_held_out", read_civic().held_out, digest_of(files)) if files else None
    return {"civiccheck_dev": check, "corpus_held_out": blocks}


def _file(sources: Path, name: str) -> Path | None:
    places = (sources / "eval", sources / "open", sources)
    return next((place / name for place in places if (place / name).is_file()), None)


def _rows(file: Path) -> list[Mapping[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _hateful(row: Mapping[str, Any]) -> Case:
    """HateCheck's functions are whole; HatemojiCheck's carry their kind of perturbation behind a stroke."""
    return Case(without_placeholders(row["text"]), row["hate"] == 1, str(row["category"]).split("/")[0])


def _tweeted_hate(row: Mapping[str, Any]) -> Case:
    return Case(without_placeholders(row["text"]), row["hate"] == 1)


def _offensive(row: Mapping[str, Any]) -> Case:
    return Case(without_placeholders(row["text"]), row["labels"]["offensive"] == "offensive")


def _sexist(row: Mapping[str, Any]) -> Case:
    return Case(without_placeholders(row["text"]), row["labels"]["label_sexist"] == "sexist")


def _lawful(row: Mapping[str, Any]) -> Case:
    return Case(without_placeholders(row["text"]), False, str(row["source"]))


def _petition(row: Mapping[str, Any]) -> Case | None:
    return Case(row["text"], False) if held_back(row["text"]) else None


def _template(row: Mapping[str, Any]) -> Case | None:
    """The harmless half of the templates; the group is the first name or the identity that was set into it."""
    if row["abusive"] != 0:
        return None
    words = _WORDS.findall(row["text"].casefold())
    inserted = {
        "name_adj": ("name", words[:1]),
        "being_adj": ("identity", words[1:-2]),
        "verb_adj": ("identity", words[1:]),
        "am_hate_adj": ("identity", words[2:]),
    }
    kind, named = inserted.get(str(row["category"]), ("none", []))
    return Case(row["text"], False, f"{kind} {' '.join(named)}".strip())


PUBLIC_SETS: tuple[PublicSet, ...] = (
    PublicSet("hatecheck", "HateCheck", _hateful),
    PublicSet("hatemojicheck", "HatemojiCheck", _hateful),
    PublicSet("tweeteval_offensive", "TweetEval offensive, test split", _offensive),
    PublicSet("tweeteval_hate", "TweetEval hate, test split", _tweeted_hate),
    PublicSet("edos", "EDOS task A, test split", _sexist),
    PublicSet("identity_sentence_templates", "Identity templates, harmless half", _template),
    PublicSet("real_civic", "Real lawful civic text", _lawful),
    PublicSet(PETITIONS, "UK petition titles held back by text hash", _petition),
)
