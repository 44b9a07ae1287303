"""Clean views of a text, each with offsets back to the original; it judges nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anyascii import anyascii

_LOOKALIKES = str.maketrans(
    "аеорсухкмтнвіјѕԁһԛԝɡαορυνικτχеΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕКМНОРСТУХІЈЅ",
    "aeopcyxkmthbijsdhqwgaopuviktxeABEZHIKMNOPTYXABEKMHOPCTYXIJS",
)
"""Cyrillic, Greek and other letters drawn like Latin ones (the commonest pairs of Unicode TR 39)."""

_LEET = str.maketrans("0134578@$!|", "oieastbasil")

_HANDLE = re.compile(r"(?<!\w)@\w(?:[\w.-]{0,63}\w)?")
_LINK = re.compile(r"(?:https?://|www\.)\S{1,500}", re.IGNORECASE)
_STRETCHED = re.compile(r"(.)\1{3,}")
_SPACE = re.compile(r"\s+")
_INNOCENT = re.compile(
    r"\b(?:"
    + "|".join(
        line
        for line in (Path(__file__).parent / "innocent.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    + r")\b",
    re.IGNORECASE,
)
_PLAIN_NAME = "Marsh"
_MIXED_SCRIPTS = re.compile(r"[A-Za-z][\u0370-\u058f]|[\u0370-\u058f][A-Za-z]")
_LEET_WORD = re.compile(r"(?<![\w@#$£!|])[A-Za-z]+[0134578@$!|]+[A-Za-z][A-Za-z@$!|0134578]*(?![\w£])")
_LETTERS_APART = re.compile(r"(?<!\w)\w(?:[ .\-_*]{1,2}\w){3,}(?!\w)")


@dataclass(frozen=True)
class View:
    """A rewritten text. `starts[i]` and `ends[i]` bound, in the original, what character i of `text` came from."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The (start, end) of the original that a non-empty stretch of the view stands for."""
        if not 0 <= start < end <= len(self.text):
            raise ValueError("a span must be a non-empty stretch of the view")
        return self.starts[start], max(self.ends[start:end])


def clean(text: str, *, fold_case: bool = False) -> View:
    """NFKC, look-alike letters made Latin inside mixed words, hidden and control characters dropped.

    Each cluster (a character with its combining marks) is rewritten alone, so every offset stays exact.
    """
    plain = text.isascii()
    written: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(text):
        piece = text[start:end] if plain else unicodedata.normalize("NFKC", text[start:end])
        for character in piece.casefold() if fold_case else piece:
            if kept := _visible(character):
                written.append(kept)
                starts.append(start)
                ends.append(end)
    rewritten = "".join(written)
    if not plain:
        rewritten = _latin(rewritten)
    return View(rewritten, tuple(starts), tuple(ends))


def for_model(text: str) -> str:
    """The form the model reads, in training and in use: clean, links and handles made alike, emoji in words.

    Names such as Scunthorpe become a plain name, because the model reads words in pieces and would see the rude one.
    """
    view = text if text.isascii() else unicodedata.normalize("NFKC", text)
    view = "".join(_in_words(character) for character in view)
    if not view.isascii():
        view = _latin(view)
    view = _LINK.sub(" http ", view)
    view = _HANDLE.sub("@user", view)
    view = _INNOCENT.sub(_PLAIN_NAME, view)
    view = _STRETCHED.sub(r"\1\1\1", view)
    return _SPACE.sub(" ", view).strip()


def unmasked(text: str) -> str | None:
    """The text with letters set apart joined and digits read as letters, or None where nothing looks disguised."""
    joined = _LETTERS_APART.sub(lambda found: re.sub(r"[\W_]", "", found.group()), text)
    read = _LEET_WORD.sub(lambda found: found.group().translate(_LEET), joined)
    return None if read == text else read


def parts(text: str, *, longest: int) -> list[tuple[int, str]]:
    """The stretches of a text to read, each with its offset: all of it, or of a longer one start, samples and end."""
    if len(text) <= longest:
        return [(0, text)]
    edge, size = longest // 3, longest // 30
    step = max(size, (len(text) - 2 * edge) // 10 + 1)
    middle = [(at, text[at : min(at + size, len(text) - edge)]) for at in range(edge, len(text) - edge, step)]
    return [(0, text[:edge]), *middle, (len(text) - edge, text[-edge:])]


def _latin(text: str) -> str:
    """Look-alike letters made Latin, in a text where at least one word mixes scripts; else the text as it is."""
    return text.translate(_LOOKALIKES) if _MIXED_SCRIPTS.search(text) else text


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or not unicodedata.combining(text[at]):
            yield start, at
            start = at


def _visible(character: str) -> str:
    if character.isprintable():
        return "" if unicodedata.category(character) == "Mn" and character in "\ufe0e\ufe0f\u034f" else character
    return " " if character.isspace() else ""


def _in_words(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() or character.isspace() else ""
    if unicodedata.category(character) in ("So", "Sk"):
        return f" {anyascii(character)} "
    return _visible(character)
