"""Find which opted-in councillors a text is about, and how surely. Pure: no database, no network, no platform's name.

Nobody but the councillors handed to `build` is ever looked for, and nothing is learnt about an author.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ahocorasick_rs import AhoCorasick

from monitor.folding import fold, is_whole_handle, stands_alone
from monitor.naming import TITLES, Surnames, fits, given_names
from platforms.shape import Found
from records.vocabulary import MatchKind

SURE_ENOUGH = 0.5
"""The line: a match below it is most likely a namesake and is not kept. A council may hand over another."""

DECLARED = 1.0
"""The platform itself says that the councillor's account is mentioned, answered or quoted."""
HANDLE = 0.95
"""The handle stands in the text, on the platform it belongs to."""
TITLED_NAME = 0.9
"""A title with given name (or initial) and surname."""
NAMED_IN_CONTEXT = 0.8
"""A full name, or a title with the surname, together with ward, council, party or topic."""
TITLED_SURNAME = 0.75
"""A title with a surname that only one council's councillors bear."""
NICKNAME = 0.7
"""A nickname, misspelling or hashtag that the council wrote down; also a handle on another platform, in context."""
SHARED_SURNAME = 0.45
"""A title with a surname that councillors of several councils bear, and no context."""
NAME_ALONE = 0.4
"""A full name, or a handle of another platform, without context: as likely a namesake."""

_TITLE, _NAME, _NICKNAME, _HASHTAG, _HANDLE = range(5)
_BY_TITLE = MatchKind.TITLE_SURNAME
_MENTIONED = (DECLARED, MatchKind.MENTION)


@dataclass(frozen=True)
class Watched:
    """One councillor who opted in and the words they are found by. `handles` and `stable_ids` are (platform, word).

    `context` is what makes a name surer (ward, council, party, topics); with none given, a full name is enough.
    `exclusions` are words that mean a namesake. `surnames` may be empty: then the last word of the name.
    """

    councillor_id: int
    name: str
    council_id: int | None = None
    surnames: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    nicknames: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    handles: tuple[tuple[str, str], ...] = ()
    stable_ids: tuple[tuple[str, str], ...] = ()
    context: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchText:
    """What is matched of one post: the author's own words, and the stable ids the platform gives with them."""

    platform: str
    text: str
    warning: str = ""
    alt: str = ""
    mentioned: tuple[str, ...] = ()
    parent_author: str = ""
    quoted_author: str = ""
    author: str = ""

    @classmethod
    def of(cls, platform: str, found: Found) -> MatchText:
        """What is matched of a found post."""
        return cls(
            platform=platform,
            text=found.text,
            warning=found.warning,
            alt="\n".join(found.alt_texts),
            mentioned=found.mentioned,
            parent_author=found.parent_author,
            quoted_author=found.quoted_author,
            author=found.author_id,
        )


@dataclass(frozen=True, slots=True)
class Match:
    """That a text is about a councillor: how that was seen, and how surely (0 to 1)."""

    councillor_id: int
    how: MatchKind
    surety: float
    council_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """A councillor with every word folded once; context and exclusions are numbers of words, each in its `_Words`."""

    councillor_id: int
    council_id: int | None
    given: tuple[str, ...]
    context: frozenset[int]
    exclusions: frozenset[int]
    own_ids: frozenset[tuple[str, str]]


class _Words:
    """All context words, or all exclusions, found in a text at one go."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._automaton = AhoCorasick([])

    def numbers(self, terms: Iterable[str]) -> frozenset[int]:
        return frozenset(self._numbers.setdefault(term, len(self._numbers)) for term in _folded(terms))

    def close(self) -> None:
        self._automaton = AhoCorasick(list(self._numbers), store_patterns=False)

    def present(self, text: str) -> set[int]:
        hits = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return {index for index, start, end in hits if stands_alone(text, start, end)}


_Best = dict[int, tuple[float, MatchKind]]
"""The surest sign of each person so far."""
_Alone = list[tuple[int, float, float, MatchKind]]
"""Signs that need context: whose, how sure with and without it, and of what kind."""


def build(watched: Iterable[Watched]) -> Matcher:
    """A matcher for these councillors, of one council or of many. Building takes seconds for tens of thousands."""
    return Matcher(tuple(watched))


class Matcher:
    """Finds the councillors it was built for. Safe to share between threads: nothing changes after it is built."""

    def __init__(self, watched: Sequence[Watched]) -> None:
        self._context, self._exclusions = _Words(), _Words()
        self._people = tuple(_known(one, self._context, self._exclusions) for one in watched)
        self._context.close()
        self._exclusions.close()
        patterns = _patterns(watched)
        self._kinds = tuple(kind for _, kind in patterns)
        self._whose = tuple(tuple(whose) for whose in patterns.values())
        self._automaton = AhoCorasick([text for text, _ in patterns], store_patterns=False)
        self._surnames = Surnames([_surnames(one) for one in watched])
        self._by_id: dict[tuple[str, str], tuple[int, ...]] = {}
        for person, one in enumerate(watched):
            for stable_id in one.stable_ids:
                self._by_id[stable_id] = (*self._by_id.get(stable_id, ()), person)

    @property
    def patterns(self) -> int:
        """How many different words and phrases are looked for."""
        return len(self._kinds) + len(self._surnames)

    def matches(self, post: MatchText, *, line: float = SURE_ENOUGH) -> tuple[Match, ...]:
        """Whom the post is about, surest first; those below `line` are left out (0 shows all).

        A councillor's own post is never about that councillor.
        """
        words = f"{post.warning} | {post.text} | {post.alt}" if post.warning or post.alt else post.text
        text = fold(words)
        hits = self._automaton.find_matches_as_indexes(text, True)
        declared = post.mentioned or post.parent_author or post.quoted_author
        if not hits and not declared:
            return ()
        best: _Best = {}
        alone: _Alone = []
        if declared:
            self._declared(post, best)
        for index, start, end in hits:
            kind = self._kinds[index]
            if kind == _TITLE:
                self._after_title(text, start, end, best, alone)
            elif is_whole_handle(text, start, end) if kind == _HANDLE else stands_alone(text, start, end):
                for person, platform in self._whose[index]:
                    _weigh(person, kind, best, alone, at_home=platform == post.platform)
        if alone:
            self._in_context(text, best, alone)
        return self._results(post, text, best, line=line) if best else ()

    def matches_many(self, posts: Iterable[MatchText], *, line: float = SURE_ENOUGH) -> list[tuple[Match, ...]]:
        """`matches` for each post, in order."""
        matches = self.matches
        return [matches(post, line=line) for post in posts]

    def _declared(self, post: MatchText, best: _Best) -> None:
        platform, by_id = post.platform, self._by_id
        for how, stable_id in ((MatchKind.QUOTE, post.quoted_author), (MatchKind.REPLY, post.parent_author)):
            if stable_id:
                best.update(dict.fromkeys(by_id.get((platform, stable_id), ()), (DECLARED, how)))
        for stable_id in post.mentioned:
            for person in by_id.get((platform, stable_id), ()):
                best[person] = _MENTIONED

    def _after_title(self, text: str, start: int, end: int, best: _Best, alone: _Alone) -> None:
        if start and text[start - 1].isalnum():
            return
        people = self._people
        for bearers, given in self._surnames.after(text, start, end):
            if given:
                bearers = tuple(one for one in bearers if fits(given, people[one].given))
            surety = TITLED_NAME if given else TITLED_SURNAME
            if len(bearers) > 1 and len({people[one].council_id for one in bearers}) > 1:
                surety = SHARED_SURNAME
            if surety < NAMED_IN_CONTEXT:
                alone += [(one, NAMED_IN_CONTEXT, surety, _BY_TITLE) for one in bearers]
            else:
                for one in bearers:
                    _offer(one, surety, _BY_TITLE, best)

    def _in_context(self, text: str, best: _Best, alone: _Alone) -> None:
        present: set[int] | None = None
        for person, in_context, without, how in alone:
            if person in best and best[person][0] >= in_context:
                continue
            present = self._context.present(text) if present is None else present
            context = self._people[person].context
            # Where the council wrote no context down, nothing can hold a full name back; a shared surname stays shared.
            sure = not context.isdisjoint(present) if context else how is not _BY_TITLE
            _offer(person, in_context if sure else without, how, best)

    def _results(self, post: MatchText, text: str, best: _Best, *, line: float) -> tuple[Match, ...]:
        results = []
        excluded: set[int] | None = None
        for person, (surety, how) in best.items():
            if surety < line:
                continue
            known = self._people[person]
            if surety < HANDLE and known.exclusions:
                excluded = self._exclusions.present(text) if excluded is None else excluded
                if not known.exclusions.isdisjoint(excluded):
                    continue
            if post.author and (post.platform, post.author) in known.own_ids:
                continue
            results.append(_match(known.councillor_id, how, surety, known.council_id))
        if len(results) > 1:
            results.sort(key=lambda match: (-match.surety, match.councillor_id))
        return tuple(results)


def _weigh(person: int, kind: int, best: _Best, alone: _Alone, *, at_home: bool) -> None:
    if kind == _NAME:
        alone.append((person, NAMED_IN_CONTEXT, NAME_ALONE, MatchKind.NAME))
    elif kind != _HANDLE:
        _offer(person, NICKNAME, MatchKind.NICKNAME, best)
    elif at_home:
        _offer(person, HANDLE, MatchKind.HANDLE, best)
    else:
        alone.append((person, NICKNAME, NAME_ALONE, MatchKind.HANDLE))


def _offer(person: int, surety: float, how: MatchKind, best: _Best) -> None:
    if person not in best or surety > best[person][0]:
        best[person] = (surety, how)


@lru_cache(maxsize=1 << 16)
def _match(councillor_id: int, how: MatchKind, surety: float, council_id: int | None) -> Match:
    """The same few matches come again and again; a frozen value can be shared."""
    return Match(councillor_id, how, surety, council_id)


def _known(one: Watched, context: _Words, exclusions: _Words) -> _Known:
    return _Known(
        councillor_id=one.councillor_id,
        council_id=one.council_id,
        given=given_names((one.name, *one.names), _surnames(one)),
        context=context.numbers(one.context),
        exclusions=exclusions.numbers(one.exclusions),
        own_ids=frozenset(one.stable_ids),
    )


def _folded(terms: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(folded for term in terms if (folded := fold(term).strip())))


def _surnames(one: Watched) -> tuple[str, ...]:
    return _folded(one.surnames) or _folded((one.name.split() or [""])[-1:])


def _patterns(watched: Sequence[Watched]) -> dict[tuple[str, int], list[tuple[int, str]]]:
    """Every pattern and whose it is; a name two councillors share is one pattern with two bearers."""
    patterns: dict[tuple[str, int], list[tuple[int, str]]] = {(title, _TITLE): [] for title in TITLES}
    for person, one in enumerate(watched):
        names = [name for name in _folded((one.name, *one.names)) if " " in name]
        wanted = [(name, _NAME, "") for name in names]
        wanted += [(nickname, _NICKNAME, "") for nickname in _folded(one.nicknames)]
        wanted += [(f"#{tag}", _HASHTAG, "") for tag in _folded(tag.lstrip("#") for tag in one.hashtags)]
        for platform, handle in one.handles:
            wanted += [(form, _HANDLE, platform) for form in _handle_forms(handle)]
        for text, kind, platform in dict.fromkeys(wanted):
            patterns.setdefault((text, kind), []).append((person, platform))
    return patterns


def _handle_forms(handle: str) -> tuple[str, ...]:
    """Behind its sign or in an address; a handle that is itself a domain or an address also by itself."""
    plain = fold(handle).strip().lstrip("@")
    if len(plain) < 2:
        return ()
    return (plain,) if "." in plain or "@" in plain else (f"@{plain}", f"/{plain}")
