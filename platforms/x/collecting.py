"""Finds public posts about an opted-in councillor on X, where the council's permission to do so is on file.

Each list is read from the newest back to the last post known, and some way beyond: X files some mentions late. Where a
scan stops, the next goes on at that very page. Posts of protected accounts and reposts are never kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from platforms.reading import identifier, moment, table, tables, words
from platforms.shape import Access, Allowance, Found, Known, Page, Subject
from platforms.x.addressing import earlier, given_out, is_handle, is_id, number_at
from platforms.x.posts import Item, beside, is_protected, is_repost, read_post
from platforms.x.spending import FEWEST, Purse, requests_left
from platforms.x.talking import NO_PERMISSION, POST, TWEET, Connection, TokenExpired, checked, post_fields
from wire.http import Answer, Wire

OVERLAP = timedelta(minutes=30)
"""How far each scan reads back over what the last one has seen."""
LONGEST_QUERY = 512
"""Characters of one search without an Enterprise plan."""
MORE_WAITS = "There is more to read here than one scan takes; the next scan goes on from there."
BUDGET_USED_UP = "X: today's share of posts is used up; the next day's scan goes on from there."
GAP = "X's search reaches back seven days only: what was posted between the last scan and then was not seen."
NO_NUMBER = "X: the account's number is not known, so only searches are read: connect the account again."
IN_A_CIRCLE = "X's pages led in a circle; the list is read again from its newest post in the next scan."

_PAGES = 10  # of one list in one scan; the rest follows in the next
_FIRST_PAGES = 2  # how far back the first scan goes
_NO_LIMIT = -1
_REPAIRS = 4  # times one page may be asked for in another way
_CLOCKS_DIFFER = timedelta(days=1)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class _List:
    """One list to read: where, with which words, and what the mark of its next page is called."""

    key: str
    kind: str
    path: str
    query: Mapping[str, str]
    mark: str


@dataclass
class _Place:
    """How far one list has been read: to its end down from `since`, and now at the page `mark` of a pass whose newest
    post is `newest`. `left` counts the pages that a first pass may still take."""

    since: str = ""
    newest: str = ""
    mark: str = ""
    left: int = _NO_LIMIT


@dataclass
class _Scan:
    """One scan under way, and all that is needed to go on should it stop."""

    connection: Connection
    subject: Subject
    purse: Purse
    now: datetime
    spelling: str = TWEET
    places: dict[str, _Place] = field(default_factory=dict)
    left: dict[str, Allowance] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)
    restarted: set[str] = field(default_factory=set)

    def cursor(self) -> str:
        places = {key: vars(place) for key, place in self.places.items()}
        return json.dumps({"spelling": self.spelling, "purse": self.purse.closed(), "places": places})

    def page(self, posts: tuple[Found, ...] = (), *, unreadable: int = 0, notes: tuple[str, ...] = ()) -> Page:
        spent = (self.purse.allowance(self.now), *self.left.values())
        return Page(posts, self.cursor(), unreadable=unreadable, notes=notes, spent=spent)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def mentions(
    wire: Wire,
    access: Access,
    subject: Subject,
    cursor: str,
    known: Known,
    *,
    clock: Callable[[], datetime] = _utc_now,
) -> Iterator[Page]:
    """Pages of public posts that mention the account, or that a search by its name, names and hashtags finds.

    Without permission on file nothing is asked and one empty page says so. Post numbers, not `known`, say where to
    stop. Raises the four errors of wire/errors.py.
    """
    if not access.permission_on_file:
        yield Page((), cursor, notes=(NO_PERMISSION,))
        return
    scan = _begun(Connection(wire, access), access, subject, cursor, clock())
    lists = [*_mentioning(subject), *_searches(subject)]
    scan.places = {each.key: scan.places.get(each.key, _Place()) for each in lists}
    if not is_id(subject.stable_id):
        yield scan.page(notes=(NO_NUMBER,))
    for each in lists:
        yield from _read(scan, each)


def queries(subject: Subject) -> list[str]:
    """The searches for a councillor: handle, names and hashtags, in as few as fit; reposts and own posts left out."""
    terms = [f"@{subject.handle.lstrip('@')}"] if is_handle(subject.handle.lstrip("@")) else []
    terms += [f'"{name}"' for name in map(_phrase, subject.names) if name]
    terms += [f"#{tag}" for tag in map(_word, subject.hashtags) if tag]
    without = " -is:retweet" + (f" -from:{subject.handle.lstrip('@')}" if terms[:1] and terms[0][0] == "@" else "")
    found: list[str] = []
    together: list[str] = []
    for term in dict.fromkeys(terms):
        if len(_query([*together, term], without)) > LONGEST_QUERY and together:
            found.append(_query(together, without))
            together = []
        if len(_query([term], without)) <= LONGEST_QUERY:
            together.append(term)
    return [*found, _query(together, without)] if together else found


def _query(terms: list[str], without: str) -> str:
    return f"({' OR '.join(terms)}){without}"


def _phrase(name: str) -> str:
    return _SPACES.sub(" ", re.sub(r'["\\\x00-\x1f]', " ", name)).strip()


def _word(tag: str) -> str:
    return "".join(char for char in tag if char.isalnum() or char == "_")


def _mentioning(subject: Subject) -> list[_List]:
    if not is_id(subject.stable_id):
        return []
    return [
        _List("mentions", "requests for mentions", f"/2/users/{subject.stable_id}/mentions", {}, "pagination_token")
    ]


def _searches(subject: Subject) -> list[_List]:
    return [
        _List(
            key=hashlib.sha256(query.encode("utf-8", "replace")).hexdigest()[:16],
            kind="searches",
            path="/2/tweets/search/recent",
            query={"query": query, "sort_order": "recency"},
            mark="next_token",
        )
        for query in queries(subject)
    ]


def _begun(connection: Connection, access: Access, subject: Subject, cursor: str, now: datetime) -> _Scan:
    """The scan set to where the last one stopped. A cursor that cannot be read means starting afresh."""
    try:
        kept = table(json.loads(cursor or "{}"))
    except (ValueError, RecursionError):
        kept = {}
    purse = Purse.opened(table(kept.get("purse")), access.budget, now=now)
    scan = _Scan(connection, subject, purse, now)
    scan.spelling = POST if kept.get("spelling") == POST else TWEET
    for key, value in table(kept.get("places")).items():
        place, left = table(value), table(value).get("left")
        since, newest = (each if is_id(each) else "" for each in map(words, (place.get("since"), place.get("newest"))))
        pages = left if isinstance(left, int) else _NO_LIMIT
        scan.places[key] = _Place(since, newest, words(place.get("mark")), pages)
    return scan


def _read(scan: _Scan, each: _List) -> Iterator[Page]:
    place = scan.places[each.key]
    if not place.mark:
        place.newest, place.left = "", _NO_LIMIT if place.since else _FIRST_PAGES
    for number in range(1, _PAGES + 1):
        if scan.purse.page < FEWEST:
            yield scan.page(notes=(BUDGET_USED_UP,))
            return
        used_up = scan.left.get(each.kind)
        if used_up is not None and used_up.spent >= used_up.limit:
            yield scan.page(notes=(MORE_WAITS,))
            return
        notes: list[str] = []
        body = yield from _asked_for(scan, each, place, notes)
        posts, unreadable = _posts(scan, body)
        _go_on(scan, place, body, notes)
        waits = bool(place.mark) and number == _PAGES
        yield scan.page(posts, unreadable=unreadable, notes=(*notes, *((MORE_WAITS,) if waits else ())))
        if not place.mark:
            return


def _asked_for(
    scan: _Scan, each: _List, place: _Place, notes: list[str]
) -> Generator[Page, None, Mapping[str, object]]:
    """One page of a list, asked for in another way where X names what it does not take."""
    for _ in range(_REPAIRS):
        answer = yield from _answer(scan, each, place)
        if answer.status != 400 or not _mended(scan, each, place, answer, notes):
            break
    requests = requests_left(answer, each.kind)
    if requests is not None:
        scan.left[each.kind] = requests
    body = checked(answer)
    scan.purse.read += len(tables(body.get("data")))
    return body


def _answer(scan: _Scan, each: _List, place: _Place) -> Generator[Page, None, Answer]:
    more = {**each.query, "max_results": str(scan.purse.page)}
    if place.since:
        more["since_id"] = earlier(place.since, OVERLAP)
    if place.mark:
        more[each.mark] = place.mark
    params = post_fields(scan.spelling, **more)
    try:
        return scan.connection.ask(each.path, params)
    except TokenExpired:
        # The new tokens are handed over before anything else can go wrong: the old ones are worth nothing now.
        kept = scan.connection.renew()
        yield Page((), scan.cursor(), session=kept)
        return scan.connection.ask(each.path, params)


def _mended(scan: _Scan, each: _List, place: _Place, answer: Answer, notes: list[str]) -> bool:
    """Whether a refused request can be made in another way, which is then set."""
    said = answer.body.decode("utf-8", "replace")
    if f"{scan.spelling}.fields" in said:
        scan.spelling = POST if scan.spelling == TWEET else TWEET
    elif place.mark and each.mark in said and each.key not in scan.restarted:
        scan.restarted.add(each.key)
        place.mark = ""
    elif place.since and "since_id" in said:
        place.since, place.mark, place.newest, place.left = "", "", "", _NO_LIMIT
        notes.append(GAP)
    else:
        return False
    return True


def _go_on(scan: _Scan, place: _Place, body: Mapping[str, object], notes: list[str]) -> None:
    """Move to the next page, or to the end of the pass: only a whole pass moves `since`.

    A list that was empty is read from a day before now on, whichever of the two clocks is wrong.
    """
    numbers = [place.newest, *map(_trusted_number, tables(body.get("data")))]
    place.newest = max(numbers, key=lambda number: int(number or "0"))
    mark = words(table(body.get("meta")).get("next_token"))
    if mark and mark == place.mark:
        place.mark, place.newest = "", ""
        notes.append(IN_A_CIRCLE)
        return
    if place.left > 0:
        place.left -= 1
    place.mark = "" if place.left == 0 else mark
    if not place.mark:
        newest = place.newest or ("" if place.since else number_at(scan.now - _CLOCKS_DIFFER))
        place.since = max(place.since, newest, key=lambda number: int(number or "0"))


def _trusted_number(post: Item) -> str:
    """The post's number, when the time in it is the time the post has: a wrong one would make us skip what follows."""
    number, posted = identifier(post.get("id")), moment(post.get("created_at"))
    if not is_id(number) or posted is None:
        return ""
    return number if abs(given_out(number) - posted) <= _CLOCKS_DIFFER else ""


def _posts(scan: _Scan, body: Mapping[str, object]) -> tuple[tuple[Found, ...], int]:
    """The public posts by others, each version once a scan, and how many could not be read."""
    along, data = beside(body), body.get("data")
    items = tables(data)
    posts, unreadable = [], (len(data) - len(items)) if isinstance(data, list) else int(data is not None)
    for item in items:
        if is_repost(item) or is_protected(item, along):
            continue
        post = read_post(item, along)
        if post is None:
            unreadable += 1
            continue
        pair = (post.external_id, post.version)
        if pair not in scan.seen and not _by_subject(scan.subject, post):
            scan.seen.add(pair)
            posts.append(post)
    return tuple(posts), unreadable


def _by_subject(subject: Subject, post: Found) -> bool:
    handle = subject.handle.lstrip("@").lower()
    return post.author_id == subject.stable_id or (bool(handle) and post.author_handle.lower() == handle)
