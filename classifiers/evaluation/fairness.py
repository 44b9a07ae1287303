"""Whether errors fall on some people more than on others, by words that a text names. Judges nothing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from classifiers.evaluation.civic import Answered, false_flags, missed

MENTIONS = Path(__file__).parent / "mentions.toml"
"""Words by which a text is counted under an identity, a party, a sex or a region of speech; rough by nature."""


def by_mention(
    these: Sequence[Answered], mentions: Mapping[str, Mapping[str, re.Pattern[str]]]
) -> list[dict[str, object]]:
    """A row per kind and name: false flags and misses among the posts that name it, and first all posts together.

    A post that names two is counted under both.
    """
    rows = [_row("all posts", "", these)]
    for kind, names in mentions.items():
        for name, pattern in names.items():
            rows.append(_row(kind, name, [one for one in these if pattern.search(one.post.text)]))
    return rows


def read_mentions(file: Path = MENTIONS) -> dict[str, dict[str, re.Pattern[str]]]:
    """Kind, name and the pattern of its words: whole words, in any case."""
    said = tomllib.loads(file.read_text(encoding="utf-8"))
    return {kind: {name: _pattern(words) for name, words in names.items()} for kind, names in said.items()}


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    listed = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{listed})(?!\w)", re.IGNORECASE)


def _row(kind: str, name: str, these: Sequence[Answered]) -> dict[str, object]:
    return {
        "kind": kind,
        "name": name,
        "flagged_lawful": false_flags(these).as_json(),
        "missed_abusive": missed(these).as_json(),
    }
