"""Take out of a text whom it is about, who wrote it and where it stood, before it may leave as an annotation.

Careful rather than exact. A name that is also an everyday word is masked where it is written as a name; where a
councillor's name may still be there in disguise, `doubtful` says so and the text stays where it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from monitor.folding import fold
from monitor.naming import TITLES

COUNCILLOR, AUTHOR, HANDLE, HASHTAG = "[councillor]", "[author]", "[handle]", "[hashtag]"
_SHORTEST_DISGUISED = 5
"""Letters from which on a name is known again though signs stand between its letters, or inside another word."""
_HONORIFICS = frozenset(("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "revd", "sir", "dame", "lord", "lady"))
_DOMAIN = r"(?:[\w-]+\.)+(?:com|org|net|info|uk|scot|wales|cymru|eu|social|app|blog|news|online|io|co|me|tv|ly|gg|be)"
_PLAIN = (
    (re.compile(r"(?i)\b(?:https?|ftp)://\S+|\bwww\.\S+"), "[link]"),
    (re.compile(r"(?<![\w.])@[\w.-]*\w(?:@[\w.-]*\w)?"), HANDLE),
    (re.compile(r"(?<![\w.])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
    (re.compile(rf"(?i)(?<![\w.-]){_DOMAIN}(?![\w.-]*\w)(?:/\S*)?"), "[link]"),
    (re.compile(r"(?<![\w+])(?:\+44|0)[\s().-]*\d(?:[\s().-]{0,2}\d){7,10}(?!\d)"), "[phone]"),
    (re.compile(r"(?i)\b[a-z]{1,2}\d[a-z\d]?\s*\d[a-z]{2}\b"), "[postcode]"),
)
_TAG = re.compile(r"[#＃][^\W_][\w]*")
_REPEATED = re.compile(rf"{re.escape(COUNCILLOR)}(?:[\s.]+{re.escape(COUNCILLOR)})+")
_DISGUISES = tuple(str.maketrans("0134578@$!", f"o{one}eastbasi") for one in "li")

ORDINARY = frozenset(
    """
    art ash bailey baker banks bell berry bill bird bishop black blue bond booth bright brook brown bull burns bush
    butcher butler carpenter carter castle chance chase church clark clay close cook cooper cross dale dawn day dean
    drake drew ebony eve faith farmer field fish fisher ford forest foster fox frank frost gardener gay gold golden
    good grace grant gray green grey grove guy hall hand hardy heath hill holly hope house hunt hunter iris ivy jack
    jay jewel job joy june king knight lake lamb lance lane law lee little long lord love mark marsh mason max may
    miles mill miller moon moor moore new noble north page park parker parsons pat penny pepper pike pool poole pope
    porter potter power price prince pride ray reed reeves rich rob rock rose rowan ruby rush sage sandy self sharp
    shepherd short singer skip slater small smart smith snow south speed spring steel stone storm strange street strong
    sue summer summers swan swift taylor temple thatcher tiger tower turner vale viola violet wade walker wall ward
    waters watt way weaver webb wells west wheeler white wild will winter wise wolf wood woods worth wright young
    """.split()  # noqa: SIM905 - read as words
)
"""Names that are also everyday words, folded. One that is missing here costs a word of a text, never a name."""


@dataclass(frozen=True)
class Known:
    """One councillor as the council wrote them down. `words` are surnames, nicknames and hashtags; `handles` all
    the addresses and names of their accounts."""

    name: str
    words: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()


class Masker:
    """Masks the names of all councillors of one council."""

    def __init__(self, councillors: Iterable[Known]) -> None:
        known = list(councillors)
        phrases = {phrase for one in known for phrase in _phrases(one)}
        self._sure = _one_of(phrase for phrase in phrases if not _is_ordinary(phrase))
        ordinary = sorted(phrase for phrase in phrases if _is_ordinary(phrase))
        self._careful = _one_of(ordinary)
        titles = "|".join(sorted(TITLES, key=len, reverse=True))
        self._titled = re.compile(rf"\b(?:{titles})\b[\W_]*({_alternatives(ordinary)})") if ordinary else None
        # Without a dot in it a handle is a word like others; behind its sign every handle goes anyway.
        handles = {fold(handle).lstrip("@") for one in known for handle in one.handles}
        self._handles = sorted((handle for handle in handles if "." in handle), key=len)
        squashed = {_squash(phrase) for phrase in phrases if not _is_ordinary(phrase)}
        self._squashed = {name for name in squashed if len(name) >= _SHORTEST_DISGUISED}

    def mask(self, text: str, *, author: Sequence[str] = ()) -> str:
        """The text without links, handles, e-mail addresses, phone numbers, postcodes and names; `author` is how the
        author calls themselves."""
        for handle in reversed(self._handles):
            text = re.sub(rf"(?i)(?<![\w.@-])@?{re.escape(handle)}(?![\w-])", HANDLE, text)
        for pattern, mark in _PLAIN:
            text = pattern.sub(mark, text)
        text = _TAG.sub(lambda found: HASHTAG if self._is_in(found[0]) else found[0], text)
        own = [phrase for name in author if len(phrase := fold(name).strip()) > 2]
        text = _replace(text, _spans(_one_of(own), text), AUTHOR)
        return _REPEATED.sub(COUNCILLOR, _replace(text, self._names(text), COUNCILLOR))

    def doubtful(self, masked: str) -> bool:
        """True when a masked text may still hold a councillor's name, glued to other words or written with digits."""
        return self._is_in(masked.replace(COUNCILLOR, " ").replace(HASHTAG, " "))

    def _is_in(self, text: str) -> bool:
        folded = fold(text)
        written = {_squash(folded), *(_squash(folded.translate(table)) for table in _DISGUISES)}
        return any(name in one for one in written for name in self._squashed)

    def _names(self, text: str) -> Iterator[tuple[int, int]]:
        yield from _spans(self._sure, text)
        yield from (span for span in _spans(self._careful, text) if text[span[0]].isupper())
        yield from _spans(self._titled, text)


def _phrases(one: Known) -> Iterator[str]:
    """Folded: the full name, each of its words, and what else the council wrote down."""
    words = [word for word in fold(one.name).replace(".", " ").split() if word not in _HONORIFICS]
    yield " ".join(words)
    for word in words:
        yield from (part for part in (word, *word.split("-")) if len(part) > 2)
    for other in one.words:
        phrase = fold(other).lstrip("#").strip()
        if len(phrase) > 2:
            yield phrase


def _is_ordinary(phrase: str) -> bool:
    return phrase in ORDINARY


def _squash(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


def _one_of(phrases: Iterable[str]) -> re.Pattern[str] | None:
    listed = _alternatives(phrases)
    return re.compile(rf"(?<![^\W\d_])({listed})(?![^\W\d_])") if listed else None


def _alternatives(phrases: Iterable[str]) -> str:
    return "|".join(_written(phrase) for phrase in sorted(set(phrases), key=lambda one: (-len(one), one)) if phrase)


def _written(phrase: str) -> str:
    """The phrase with anything or nothing between its words, and in a longer one a sign between its letters."""
    between = r"[\W_]?" if len(phrase) >= _SHORTEST_DISGUISED else ""
    words = (between.join(re.escape(letter) for letter in word) for word in re.split(r"[\W_]+", phrase) if word)
    return r"[\W_]{0,3}".join(words)


def _spans(pattern: re.Pattern[str] | None, text: str) -> Iterator[tuple[int, int]]:
    """Where in the text as written the pattern stands, which is looked for in the folded text."""
    if pattern is None:
        return
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for letter in " " if character.isspace() else fold(character):
            letters.append(letter)
            places.append(place)
    for found in pattern.finditer("".join(letters)):
        if found.end(1) > found.start(1):
            yield places[found.start(1)], places[found.end(1) - 1] + 1


def _replace(text: str, spans: Iterable[tuple[int, int]], mark: str) -> str:
    """The text with a mark for every span; spans that overlap become one."""
    kept: list[str] = []
    at = 0
    for start, end in sorted(spans):
        if start >= at:
            kept += [text[at:start], mark]
        at = max(at, end)
    return "".join([*kept, text[at:]])
