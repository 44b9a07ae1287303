"""Finds public posts and comments about an opted-in councillor on Reddit. It keeps no private message.

Every list is read from its newest entry back to where the last finished reading began, and on until a whole page is
known. The mark moves only when a reading is finished, so after a crash the list is simply read again: Reddit shows a
thousand entries of it at most, and what is known is not kept twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from platforms.reading import table, words
from platforms.reddit.addressing import FULLNAME, account_name, communities
from platforms.reddit.talking import AS_APPLICATION, NO_PERMISSION, Caller, Voice, ask, caller
from platforms.reddit.things import Fate, Listing, Thing, fate, names_in, read_listing, read_thing
from platforms.shape import Access, Found, Known, Page, Subject
from wire.errors import Refused, TryLater
from wire.http import Fields, Wire

_AT_ONCE = 100  # the most Reddit gives in one page, and looks up in one request
_PAGES = 10  # 1,000 entries, which is as deep as Reddit's lists are
_FIRST_PAGES = 5  # how far back the first scan goes
_MARK = 25  # entries of which one must still stand to find the place again
_SPARE = 3  # entries from which to go on should a page's last be removed while we read
_LONGEST_QUERY = 450  # characters; Reddit refuses a search above 512
_INBOX = ("mentions", "comments", "selfreply")

NOT_CONNECTED = "The councillor has not connected this account: mentions and answers in its inbox are not read."
SEARCH_IS_WEAK = "Reddit's search finds posts only, never comments: that nothing was found does not mean much."
NO_COMMUNITIES = "No community is watched, so that comments are found only where they reach the councillor's inbox."
NOTHING_TO_READ = "Nothing to read: connect the account, or write down names or communities."


@dataclass(frozen=True)
class _Source:
    """One list of Reddit: `key` in the cursor, `name` for people, and how it is asked for."""

    key: str
    name: str
    path: str
    params: Fields
    voice: Voice = AS_APPLICATION
    mentioning: bool = False

    @property
    def inbox(self) -> bool:
        """Whether it lists messages, whose public side must be looked up."""
        return self.voice is not AS_APPLICATION


@dataclass
class _Scan:
    """One scan under way. `marks` holds for each list the newest entries of its last finished reading."""

    who: Caller
    subject: Subject
    known: Known
    marks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)
    parents: dict[str, Thing | None] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)

    def page(self, posts: tuple[Found, ...], *, unreadable: int = 0, notes: Sequence[str] = ()) -> Page:
        cursor = json.dumps({"marks": self.marks})
        return Page(posts, cursor, self.who.session, unreadable, tuple(notes), self.who.spent)

    def by_subject(self, thing: Thing) -> bool:
        own_id = words(thing.data.get("author_fullname"))
        own_name = account_name(self.subject.handle)
        return bool(own_id and own_id == self.subject.stable_id) or bool(own_name and thing.author.lower() == own_name)


def mentions(wire: Wire, access: Access, subject: Subject, cursor: str, known: Known) -> Iterator[Page]:
    """Pages of public posts: a search for the names, the watched communities, and the account's inbox if it agreed.

    The communities are those in the account's address. Without the council's permission on file nothing is asked and
    one empty page says so. Raises the four errors of wire/errors.py.
    """
    if not access.permission_on_file:
        yield Page((), cursor, access.session, notes=(NO_PERMISSION,))
        return
    scan = _Scan(caller(wire, access), subject, known)
    watched = communities(access.address)
    # The inbox comes last: when its permission has ended, the rest has been read by then.
    sources = (*_searches(subject), *_watched(watched), *_inbox(scan.who))
    kept = _marks(cursor)
    scan.marks = {source.key: kept[source.key] for source in sources if source.key in kept}
    for source in sources:
        yield from _read(scan, source)
    if sources and len(scan.refused) == len(sources):
        raise scan.refused[-1]
    yield scan.page((), notes=_blind_spots(scan, watched, sources))


def _blind_spots(scan: _Scan, watched: Sequence[str], sources: Sequence[_Source]) -> list[str]:
    notes = [] if sources else [NOTHING_TO_READ]
    if scan.subject.names:
        notes.append(SEARCH_IS_WEAK)
    if sources and not watched:
        notes.append(NO_COMMUNITIES)
    if scan.subject.handle and scan.who.account is None:
        notes.append(NOT_CONNECTED)
    return notes


def _searches(subject: Subject) -> Iterator[_Source]:
    """One search for all names together where they fit: every request counts against the council's allowance."""
    queries: list[str] = []
    for name in dict.fromkeys(" ".join(each.replace('"', " ").split()) for each in subject.names):
        phrase = f'"{name}"'
        if not name or len(phrase) > _LONGEST_QUERY:
            continue
        if queries and len(queries[-1]) + len(phrase) + 4 <= _LONGEST_QUERY:
            queries[-1] += f" OR {phrase}"
        else:
            queries.append(phrase)
    for query in queries:
        params = {"q": query, "sort": "new", "t": "month", "type": "link"}
        # The names themselves have no place in the cursor.
        key = f"search {hashlib.sha256(query.encode('utf-8', 'replace')).hexdigest()[:12]}"
        yield _Source(key, "the search", "/search", params)


def _watched(names: Sequence[str]) -> Iterator[_Source]:
    for name in names:
        yield _Source(f"r/{name} posts", f"r/{name}", f"/r/{name}/new", {})
        yield _Source(f"r/{name} comments", f"r/{name}", f"/r/{name}/comments", {})


def _inbox(who: Caller) -> Iterator[_Source]:
    if who.account is None:
        return
    for part in _INBOX:
        # Without mark=false the councillor would find their messages read.
        params = {"mark": "false"}
        yield _Source(part, "the inbox", f"/message/{part}", params, voice=who.account, mentioning=part == "mentions")


def _read(scan: _Scan, source: _Source) -> Iterator[Page]:
    """From the newest entry back until the mark is met and a whole page is known."""
    mark, first = frozenset(scan.marks.get(source.key, ())), source.key not in scan.marks
    newest: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ("",)
    limit = _FIRST_PAGES if first else _PAGES
    for number in range(1, limit + 1):
        try:
            leaf = _page(scan, source, anchors)
        except Refused as problem:
            scan.refused.append(problem)
            yield scan.page((), notes=[_closed(source, problem)])
            return
        names = tuple(each.name for each in leaf.things)
        newest = newest or names[:_MARK]
        posts, unreadable = _posts(scan, source, leaf.things)
        met = bool(mark & set(names))
        ended = not leaf.after or leaf.after == anchors[0]
        last = ended or number == limit or (met and _all_known(scan, posts))
        if last:
            scan.marks[source.key] = newest or tuple(mark)
        missed = not first and number == limit and not met
        notes = [_missed(source)] if missed else []
        yield scan.page(posts, unreadable=leaf.unreadable + unreadable, notes=notes)
        if last:
            return
        anchors = (leaf.after, *names[-2 : -2 - _SPARE : -1])


def _page(scan: _Scan, source: _Source, anchors: tuple[str, ...]) -> Listing:
    """The page after the first anchor that Reddit still knows: after a removed one it lists nothing."""
    leaf = Listing((), "", 0)
    for anchor in anchors:
        params: Fields = {**source.params, "limit": _AT_ONCE, **({"after": anchor} if anchor else {})}
        leaf = read_listing(ask(scan.who, source.path, voice=source.voice, params=params))
        if leaf.things:
            return leaf
    if anchors[0]:
        raise TryLater(f"Reddit lost our place in {source.name}: much was removed while we read.")
    return leaf


def _posts(scan: _Scan, source: _Source, things: Sequence[Thing]) -> tuple[tuple[Found, ...], int]:
    """The posts by others that are there for everybody, each version once a scan, and how many could not be read."""
    if source.inbox:
        things = [each for each in _public(scan, [each.name for each in things]) if each is not None]
    shown = [each for each in things if fate(each) is Fate.THERE and not scan.by_subject(each)]
    read = [(each, read_thing(each)) for each in shown]
    fresh = {}
    for thing, found in read:
        if found is not None and (found.external_id, found.version) not in scan.seen:
            scan.seen.add((found.external_id, found.version))
            fresh[found.external_id, found.version] = thing
    held = scan.known(list(fresh)) if fresh else set()
    _fetch_parents(scan, [thing for pair, thing in fresh.items() if pair not in held])
    posts = [_whole(scan, source, thing) for thing in fresh.values()]
    return tuple(post for post in posts if post is not None), sum(found is None for _, found in read)


def _whole(scan: _Scan, source: _Source, thing: Thing) -> Found | None:
    """The post with what it answers, and the subject among those mentioned where Reddit or its text says so."""
    found = read_thing(thing, parent=scan.parents.get(words(thing.data.get("parent_id"))))
    own = account_name(scan.subject.handle)
    named = source.mentioning or (found is not None and own in names_in(found.text))
    if found is None or not named or not scan.subject.stable_id:
        return found
    return replace(found, mentioned=(scan.subject.stable_id,))


def _fetch_parents(scan: _Scan, things: Sequence[Thing]) -> None:
    wanted = dict.fromkeys(words(each.data.get("parent_id")) for each in things if not each.is_post)
    missing = [each for each in wanted if FULLNAME.fullmatch(each) and each not in scan.parents]
    for name, found in zip(missing, _public(scan, missing), strict=True):
        scan.parents[name] = found


def _public(scan: _Scan, names: Sequence[str]) -> list[Thing | None]:
    """Each thing as everybody sees it, or None: what stands in a private community is not ours to keep."""
    found: dict[str, Thing] = {}
    for start in range(0, len(names), _AT_ONCE):
        batch = ",".join(names[start : start + _AT_ONCE])
        listing = read_listing(ask(scan.who, "/api/info", params={"id": batch}))
        found.update({each.name: each for each in listing.things})
    return [found.get(each) for each in names]


def _all_known(scan: _Scan, posts: Sequence[Found]) -> bool:
    pairs = {(each.external_id, each.version) for each in posts}
    return not pairs or scan.known(list(pairs)) >= pairs


def _closed(source: _Source, problem: Refused) -> str:
    return f"Reddit: {source.name} cannot be read ({problem.code or 'refused'})."


def _missed(source: _Source) -> str:
    return f"Reddit: more was written in {source.name} than Reddit lists (1,000 entries); the oldest was missed."


def _marks(cursor: str) -> dict[str, tuple[str, ...]]:
    """Where the last readings began. A cursor that cannot be read means starting afresh."""
    try:
        kept = table(table(json.loads(cursor or "{}")).get("marks"))
    except (ValueError, RecursionError):
        return {}
    return {
        key: tuple(words(each) for each in value if FULLNAME.fullmatch(words(each)))
        for key, value in kept.items()
        if isinstance(value, list)
    }
