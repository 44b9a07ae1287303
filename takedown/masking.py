"""How text is shown: masked until somebody asks to see it, and harmless to screens and terminals when they do."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

DOT = "•"
"""Stands for one letter, digit or symbol."""

_REPLACEMENT = "�"
_BREAKS = frozenset("\n\r\x0b\x0c\x85\u2028\u2029")
_REORDERS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class _ByCharacter(dict[int, str]):
    """A table for str.translate that works each character out once."""

    def __missing__(self, code: int) -> str:
        shown = self[code] = self.show(chr(code))
        return shown

    def show(self, character: str) -> str:
        raise LookupError(character)


class _Masked(_ByCharacter):
    def show(self, character: str) -> str:
        if character in _BREAKS:
            return "\n"
        kind = unicodedata.category(character)[0]
        if kind == "Z" or character == "\t":
            return " "
        if kind == "P":
            return character
        # Marks belong to the letter before; formats and controls (C) have no shape of their own.
        return "" if kind in "MC" else DOT


class _Visible(_ByCharacter):
    def show(self, character: str) -> str:
        if character in "\n\t":
            return character
        if character in _REORDERS or unicodedata.category(character) == "Cs":
            return _REPLACEMENT
        if character in "\u2028\u2029":
            return "\n"
        if unicodedata.category(character) != "Cc":
            return character
        code = ord(character)
        if code == 0x7F:
            return "\u2421"
        return chr(0x2400 + code) if code < 0x20 else _REPLACEMENT


_MASKED = _Masked()
_VISIBLE = _Visible()


def masked(text: str) -> str:
    """The shape of a text without its words: lengths, lines and punctuation stay, every letter, digit, symbol and
    emoji becomes a dot. The same text always gives the same mask; nothing in it can steer a terminal."""
    return text.translate(_MASKED)


def visible(text: str) -> str:
    """The text as written, with control characters, terminal escapes and reordering marks made into harmless signs."""
    return text.replace("\r\n", "\n").translate(_VISIBLE)


@dataclass(frozen=True)
class Piece:
    """A stretch of a text as it is shown; `marked` where a reason for its level rests on it."""

    shown: str
    marked: bool = False


def pieces(text: str, spans: Sequence[tuple[int, int]], *, show: Callable[[str], str]) -> list[Piece]:
    """The text cut at the ends of the spans, each stretch through `show`; a mark stays where it is under a mask.

    `spans` are offsets into `text`; what lies outside it is left out.
    """
    return [Piece(show(text[start:end]), marked) for start, end, marked in _stretches(len(text), spans)]


def _stretches(length: int, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, bool]]:
    at = 0
    for start, end in sorted(spans):
        start, end = max(start, at), min(end, length)
        if start >= end:
            continue
        if at < start:
            yield at, start, False
        yield start, end, True
        at = end
    if at < length:
        yield at, length, False
