"""Fold a text to the form names are looked for in: case, accents, width and hidden characters make no difference.

It judges nothing and keeps no offsets; what is stored and shown is always the text as written.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST = 300_000
"""Characters read of one text; a post has far fewer, and an absurd one must not hold up the rest."""

_FEW = 64
"""Bytes of other than plain characters; a longer stretch is hardly met twice, so it is not remembered."""

_ASCII = bytes(range(128))
_PLAIN = bytes(32 if code < 32 else code for code in range(256)).lower()
_DROPPED = bytes(code for code in (*range(32), 127) if not chr(code).isspace())
_SPACE = re.compile(r"\s+")

_HIDDEN = re.compile(
    "["
    "\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f"  # controls that are not white space
    "\\u00ad\\u061c\\u180b-\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb"  # zero width
    "\\u0300-\\u036f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f"  # accents on Latin letters
    "\\ufe00-\\ufe0f\\U000e0000-\\U000e01ef"  # variation selectors and tags
    "]+"
)

_SPELT_OUT = (
    ("\u2019", "'"),
    ("\u2018", "'"),
    ("\u02bc", "'"),
    ("\u02bb", "'"),
    ("\u2010", "-"),
    ("\u2013", "-"),
    ("\u00f8", "o"),
    ("\u0142", "l"),
    ("\u0111", "d"),
    ("\u00e6", "ae"),
    ("\u0153", "oe"),
    ("\u00f0", "d"),
    ("\u00fe", "th"),
    ("\u0131", "i"),
)
"""Signs and letters that Unicode does not take apart, as British keyboards write them."""


def fold(text: str) -> str:
    """NFKC and case folded, accents and hidden characters dropped, all white space one space. Idempotent.

    Works over bytes, and over each unusual character once: several times faster than asking of every character.
    """
    short = text[:LONGEST]
    raw = short.encode("utf-8", "replace")
    if len(raw) != len(short):
        unusual = raw.translate(None, _ASCII)
        for one, usual in _changes_met_before(unusual) if len(unusual) <= _FEW else _changes(unusual):
            raw = raw.replace(one, usual)
    folded = raw.translate(_PLAIN, _DROPPED).decode()
    return " ".join(folded.split()) if "  " in folded else folded.strip(" ")


def _changes(unusual: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """What stands for each of these characters that does not stay as it is."""
    characters = sorted(set(unusual.decode()))
    return tuple((one.encode(), usual.encode()) for one in characters if (usual := _usual(one)) != one)


_changes_met_before = lru_cache(maxsize=1 << 14)(_changes)


@lru_cache(maxsize=1 << 14)
def _usual(character: str) -> str:
    """What stands for one character; folding its case can bring forth what falls apart once more."""
    usual = character
    for _ in range(2):
        usual = _HIDDEN.sub("", unicodedata.normalize("NFKD", usual)).casefold()
    for letter, plain in _SPELT_OUT:
        usual = usual.replace(letter, plain)
    return _SPACE.sub(" ", usual)


def stands_alone(text: str, start: int, end: int) -> bool:
    """True when the stretch is a word by itself: "hall" not in "hallam", "brien" not in "o'brien", "jo" not in "@jo".

    A possessive is still the word.
    """
    before = text[start - 1] if start else " "
    if before != " " and (
        _in_word(before) or before == "@" or (before in "'-" and _in_word(text[start - 2 : start - 1]))
    ):
        return False
    after = text[end] if end < len(text) else " "
    if after == " ":
        return True
    if _in_word(after):
        return False
    if after == "-":
        return not _in_word(text[end + 1 : end + 2])
    if after == "'":
        return not _in_word(text[end + 1 : end + 2]) or (text[end + 1] == "s" and not _in_word(text[end + 2 : end + 3]))
    return True


def is_whole_handle(text: str, start: int, end: int) -> bool:
    """The same for a handle, to which dots, hyphens and signs belong; it may stand behind its sign or in an address."""
    sign = text[start]
    before = text[start - 1] if start else " "
    if before != " " and sign != "/" and (_in_word(before) or (sign != "@" and before in ".-")):
        return False
    after = text[end] if end < len(text) else " "
    if after == " ":
        return True
    return not (_in_word(after) or after == "@" or (after in ".-" and _in_word(text[end + 1 : end + 2])))


def _in_word(character: str) -> bool:
    """Letters, digits, the underscore, and marks that belong to the letter before them. Nothing is not in a word."""
    if character.isalnum() or character == "_":
        return True
    return bool(character) and not character.isascii() and unicodedata.category(character)[0] == "M"
