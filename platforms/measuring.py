"""Measures a text as a platform does, so that a limit is met here and not found out there."""

from __future__ import annotations

from collections.abc import Iterable

import regex  # type: ignore[import-untyped]

from platforms.shape import TextLimit, Unit

_GRAPHEME = regex.compile(r"\X")


def measure(text: str, unit: Unit) -> int:
    """The length of a text: as people see letters (graphemes), in code points (characters) or in UTF-8 bytes."""
    if unit is Unit.GRAPHEMES:
        return sum(1 for _ in _GRAPHEME.finditer(text))
    if unit is Unit.BYTES:
        return len(text.encode("utf-8", "replace"))
    return len(text)


def fits(text: str, limits: Iterable[TextLimit]) -> bool:
    """Whether a text is within every one of the limits."""
    return all(measure(text, limit.unit) <= limit.length for limit in limits)
