"""How a councillor is named after a title: "Cllr Brough", "Cllr. J. Brough", "Councillors Brough, Hall and O'Neill"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ahocorasick_rs import AhoCorasick

from monitor.folding import fold, stands_alone

_MANY = frozenset({"cllrs", "councillors", "councilors", "cynghorwyr"})
_GLUED = frozenset({"cllr", "councillor"})
"""Titles written in one word with the surname, as in a hashtag or a handle; "coun" is not, because of "county"."""
TITLES = ("cllr", "cclr", "councillor", "councilor", "coun", "cyng", "cynghorydd", *sorted(_MANY))
"""As written in the United Kingdom, in English and Welsh, with the commonest misspellings."""

_HONORIFICS = frozenset(
    ("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "rev", "revd", "sir", "dame", "lord", "lady", "the")
)
_NEAR = 60
"""Characters after a title in which the surname must end: honorific, given names, surname."""
_LIST = 160
"""The same for a list of councillors."""
_BETWEEN = re.compile(r",|&|/|\band\b|\bac?\b")
_STOP = re.compile(r"[!?;:\n]|\.\s+\w{3}|@|#")


Named = tuple[tuple[int, ...], tuple[str, ...]]
"""A surname behind a title: the people who bear it, and the given names or initials written between."""


def fits(written: tuple[str, ...], names: tuple[str, ...]) -> bool:
    """True when every given name written is among a person's `names`, an initial of one, or a short form of one."""
    for word in written:
        for name in names:
            if name.startswith(word) or (len(name) > 1 and word.startswith(name)):
                break
        else:
            return False
    return True


def given_names(names: Sequence[str], surnames: Sequence[str]) -> tuple[str, ...]:
    """The folded given names in a person's full names: what stands before the surname."""
    found: dict[str, None] = {}
    for name in names:
        folded = fold(name).strip()
        for surname in sorted(surnames, key=len, reverse=True):
            if folded.endswith(f" {surname}"):
                words = folded[: -len(surname)].replace(".", " ").split()
                found.update(dict.fromkeys(word for word in words if word not in _HONORIFICS))
                break
    return tuple(found)


class Surnames:
    """The surnames of all watched people, looked for only behind a title."""

    def __init__(self, surnames_of: Sequence[Sequence[str]]) -> None:
        bearers: dict[str, list[int]] = {}
        for person, surnames in enumerate(surnames_of):
            for surname in dict.fromkeys(surnames):
                bearers.setdefault(surname, []).append(person)
        self._bearers = [tuple(people) for people in bearers.values()]
        self._automaton = AhoCorasick(list(bearers), store_patterns=False)

    def __len__(self) -> int:
        return len(self._bearers)

    def after(self, text: str, start: int, end: int) -> list[Named]:
        """Every surname named behind the title at `start` to `end` of a folded text."""
        title = text[start:end]
        glued = text[end : end + 1].isalnum()
        if glued and title not in _GLUED:
            return []
        many = title in _MANY
        window = text[end : end + (_LIST if many else _NEAR)]
        found: list[Named] = []
        for index, at, to in self._automaton.find_matches_as_indexes(window, overlapping=True):
            if glued and at == 0 and not window[to : to + 1].isalnum():
                found.append((self._bearers[index], ()))
            elif not glued and stands_alone(text, end + at, end + to):
                given = _given(window[:at], many=many)
                if given is not None:
                    found.append((self._bearers[index], given))
        return found


def _given(gap: str, *, many: bool) -> tuple[str, ...] | None:
    """The given names and initials in the gap between title and surname, or None when the gap says something else."""
    gap = gap.removeprefix(".").strip()
    if not gap or gap in _HONORIFICS:
        return ()
    if gap.isalpha():
        return (gap,)
    if _STOP.search(gap):
        return None
    parts = _BETWEEN.split(gap) if many else [gap]
    if any(len(part.split()) > 3 for part in parts):
        return None
    words = parts[-1].replace(".", " ").replace("(", " ").replace(")", " ").split()
    given = tuple(word for word in words if word not in _HONORIFICS)
    return given if all(word.replace("-", "").isalpha() for word in given) else None
