"""Collects public posts about one councillor: their notifications, and the network's search. Matches nothing itself.

A back-dated post sorts where it claims to belong, so a date is never a reason to stop: only a page known before is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from platforms.bluesky.addressing import plain_handle
from platforms.bluesky.posts import found_in
from platforms.bluesky.talking import Connection, Reply, ask_appview
from platforms.reading import table, tables, words
from platforms.shape import Access, Found, Known, Page, Subject
from wire.errors import Changed, Refused, SignInNeeded, TryLater, WireError
from wire.http import Fields, Wire

PAGE = 100
MOST_PAGES = 50
"""Pages of one list in one scan; what lies deeper is read in the next."""
SWEEP_EVERY = 72
"""One scan in so many reads on past pages it knows, because a back-dated post hides behind them."""
SWEEP_PAGES = 10
BATCH = 25
"""Posts the network hands out for one getPosts."""

_NO_SEARCH = "Bluesky does not let us search without an account: posts that name the councillor are not seen."
_NO_REPLIES = "Replies and quotes that do not name the councillor are seen only with the councillor's own app password."


@dataclass(frozen=True)
class _List:
    """One list to page through: a key to remember it by (holding no name), and the call for a page."""

    key: str
    items: str
    anonymous: bool
    page: Callable[[str], Reply]


@dataclass
class _Scan:
    """What must be remembered: within a scan, and (as the cursor) from one to the next.

    `due` has the lists not yet finished in this scan with the place to go on; `resumed` those left by an earlier one.
    `fresh` are the posts first seen in this scan: a page of them is not a page known before it.
    """

    scans: int
    due: dict[str, str]
    resumed: frozenset[str]
    fresh: set[tuple[str, str]] = field(default_factory=set)
    problem: WireError | None = None
    notes: tuple[str, ...] = ()

    def cursor(self) -> str:
        """All that the next scan needs, or this one after a crash."""
        return json.dumps({"scans": self.scans, "due": self.due})


def mentions(wire: Wire, access: Access, subject: Subject, cursor: str, known: Known) -> Iterator[Page]:
    """Pages of posts that name, mention, answer or quote the subject, newest first in each list.

    Without a credential only the public search is asked. One list that fails does not stop the others; its error is
    raised at the end. Raises the four errors.
    """
    connection = Connection(wire, access)
    scan = _resume(cursor)
    try:
        lists, scan.notes = _lists(wire, access, subject, connection)
        scan.due = {each.key: scan.due.get(each.key, "") for each in lists}
        parents: dict[str, str] = {}
        for each in lists:
            for page in _read(each, scan, subject, known):
                posts = page.posts if each.items == "posts" else _as_shown(wire, access, page.posts)
                posts = _with_parents(wire, access, posts, parents)
                yield replace(page, posts=posts, cursor=scan.cursor(), session=connection.to_keep())
        scan.scans += 1
        yield Page((), scan.cursor(), session=connection.to_keep(), notes=scan.notes)
        if scan.problem is not None:
            raise scan.problem
    except WireError:
        # A sign-in made in vain would be made again at every scan, and the network allows few a day.
        session = connection.to_keep()
        if session:
            yield Page((), scan.cursor(), session=session)
        raise


def _resume(cursor: str) -> _Scan:
    try:
        kept = table(json.loads(cursor or "{}"))
    except (ValueError, RecursionError):
        kept = {}
    scans = kept.get("scans")
    places = {key: words(place) for key, place in table(kept.get("due")).items()}
    return _Scan(scans=scans if isinstance(scans, int) else 0, due=places, resumed=frozenset(places))


def _lists(wire: Wire, access: Access, subject: Subject, connection: Connection) -> tuple[list[_List], tuple[str, ...]]:
    """What to read for this subject, and what cannot be seen that way."""
    found: list[_List] = []
    own = False
    if connection.possible:
        session = connection.session()
        own = session.did == subject.stable_id or (
            not subject.stable_id and session.handle == plain_handle(subject.handle)
        )
    if own:
        notified: Fields = {"reasons": ["mention", "reply", "quote"], "limit": PAGE}
        method = "app.bsky.notification.listNotifications"
        call = _paged(lambda params: connection.get(method, params), notified)
        found.append(_List("notifications", "notifications", anonymous=False, page=call))
    for query in _queries(subject):
        key = hashlib.sha256(json.dumps(query, sort_keys=True).encode("utf-8", "replace")).hexdigest()[:12]
        found.append(_search(wire, access, connection, {"key": key, **query}))
    return found, () if own else (_NO_REPLIES,)


def _queries(subject: Subject) -> list[dict[str, str]]:
    terms = [plain_handle(subject.handle), *subject.names, *(f"#{tag.lstrip('#')}" for tag in subject.hashtags)]
    queries = [{"q": term} for term in dict.fromkeys(term.strip() for term in terms) if term.strip("# ")]
    # Mentions follow the account, not its handle of the day; "*" is the search's own word for any text.
    return [{"q": "*", "mentions": subject.stable_id}, *queries] if subject.stable_id else queries


def _search(wire: Wire, access: Access, connection: Connection, query: Mapping[str, str]) -> _List:
    method = "app.bsky.feed.searchPosts"
    params: Fields = {name: value for name, value in query.items() if name != "key"}
    params = {**params, "sort": "latest", "limit": PAGE}
    if connection.possible:
        call = _paged(lambda full: connection.get(method, full), params)
    else:
        call = _paged(lambda full: ask_appview(wire, access, method, full), params)
    return _List(query["key"], "posts", anonymous=not connection.possible, page=call)


def _paged(call: Callable[[Fields], Reply], params: Fields) -> Callable[[str], Reply]:
    return lambda place: call({**params, "cursor": place} if place else params)


def _read(each: _List, scan: _Scan, subject: Subject, known: Known) -> Iterator[Page]:
    """The pages of one list. An error is noted for the end, unless it concerns every list alike."""
    try:
        yield from _pages(each, scan, subject, known)
    except SignInNeeded:
        if not each.anonymous:
            raise
        _search_is_closed(each, scan)
    except Refused as problem:
        if each.anonymous and problem.code in ("Forbidden", "403"):
            _search_is_closed(each, scan)
        else:
            scan.problem = scan.problem or problem
    except TryLater as problem:
        # Once may be this list's own trouble; twice is the server's, and more waiting would only hold others up.
        if problem.rate_limited or isinstance(scan.problem, TryLater):
            raise
        scan.problem = scan.problem or problem
    except Changed as problem:
        scan.problem = scan.problem or problem


def _search_is_closed(each: _List, scan: _Scan) -> None:
    scan.notes = tuple(dict.fromkeys((*scan.notes, _NO_SEARCH)))
    scan.due.pop(each.key, None)


def _pages(each: _List, scan: _Scan, subject: Subject, known: Known) -> Iterator[Page]:
    place, resumed = scan.due[each.key], each.key in scan.resumed
    sweeping = scan.scans % SWEEP_EVERY == 0 and not resumed
    for left in reversed(range(SWEEP_PAGES if sweeping else MOST_PAGES)):
        reply = _page(each, place) if resumed else each.page(place)
        found, unreadable = _posts(reply, each.items, subject)
        pairs = dict.fromkeys((post.external_id, post.version) for post in found)
        held = known(list(pairs)) if pairs else set()
        new = {(post.external_id, post.version): post for post in found if (post.external_id, post.version) not in held}
        new = {pair: post for pair, post in new.items() if pair not in scan.fresh}
        scan.fresh.update(new)
        known_before = bool(pairs) and scan.fresh.isdisjoint(pairs)
        following = words(reply.body.get("cursor"))
        finished = not following or following == place or (known_before and not (resumed or sweeping))
        if finished or (sweeping and not left):
            scan.due.pop(each.key, None)
        else:
            scan.due[each.key] = place = following
        yield Page(tuple(new.values()), "", unreadable=unreadable)
        if finished:
            return


def _page(each: _List, place: str) -> Reply:
    """A page at a place kept from an earlier scan; such a place may have lapsed, and then it is the first page."""
    try:
        reply = each.page(place)
        reply.checked()
        return reply
    except (TryLater, Refused, Changed) as problem:
        if not place or (isinstance(problem, TryLater) and problem.rate_limited):
            raise
        return each.page("")


def _posts(reply: Reply, items: str, subject: Subject) -> tuple[list[Found], int]:
    """The readable posts of a page, without the subject's own; and how many could not be read."""
    listed = reply.checked().get(items)
    if not isinstance(listed, list):
        raise Changed(f"{reply.place} answered without a list of posts.", answer=reply.answer)
    read = [found_in(item) if isinstance(item, dict) else None for item in listed]
    handle = plain_handle(subject.handle)
    found = [
        post
        for post in read
        if post is not None
        and not (post.author_id == subject.stable_id or (handle and post.author_handle.lower() == handle))
    ]
    return found, read.count(None)


def _as_shown(wire: Wire, access: Access, posts: tuple[Found, ...]) -> tuple[Found, ...]:
    """The same posts as the network shows them, quoted text included; a notification carries the bare record."""
    shown = {post.external_id: post for post in _fetched(wire, access, [post.external_id for post in posts])}
    return tuple(
        shown[post.external_id]
        if post.external_id in shown and shown[post.external_id].version == post.version
        else post
        for post in posts
    )


def _with_parents(wire: Wire, access: Access, posts: tuple[Found, ...], parents: dict[str, str]) -> tuple[Found, ...]:
    """The posts with the text they answer, where it can be had."""
    wanted = dict.fromkeys(post.parent_id for post in posts if post.parent_id and post.parent_id not in parents)
    parents.update(dict.fromkeys(wanted, ""))
    parents.update({post.external_id: post.text for post in _fetched(wire, access, wanted)})
    return tuple(replace(post, parent_text=parents.get(post.parent_id, "")) for post in posts)


def _fetched(wire: Wire, access: Access, uris: Iterable[str]) -> list[Found]:
    """Posts by address, with nobody's credential. What cannot be had is left out: it only adds to what we hold."""
    todo, found = list(uris), list[Found]()
    try:
        for start in range(0, len(todo), BATCH):
            batch = todo[start : start + BATCH]
            reply = ask_appview(wire, access, "app.bsky.feed.getPosts", {"uris": batch})
            # One address it does not like fails a whole batch.
            alone = [[uri] for uri in batch] if reply.status == 400 and len(batch) > 1 else []
            replies = [ask_appview(wire, access, "app.bsky.feed.getPosts", {"uris": each}) for each in alone] or [reply]
            views = [view for each in replies for view in tables(each.body.get("posts"))]
            found.extend(post for post in map(found_in, views) if post is not None)
    except WireError:
        return found
    return found
