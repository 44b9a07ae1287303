"""Finds public posts about an opted-in councillor on their Mastodon-like server. It keeps no private message.

Notifications are read forwards from the last one seen, so that nothing is skipped after a crash or a long pause.
Hashtags and searches are read from the newest backwards until a whole page is known, because a post that arrives late
from another server is filed under the time it was written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from platforms.addresses import take_apart
from platforms.mastodon.addressing import account_name
from platforms.mastodon.server import Home, ask, home_of
from platforms.mastodon.statuses import Status, is_public, read_status
from platforms.reading import identifier, table, tables, words
from platforms.shape import Access, Found, Known, Page, Subject
from wire.errors import Changed, Refused, SignInNeeded, WireError
from wire.http import Answer, Fields, Wire

_MENTIONING = ("mention", "quote")
_NOTIFICATIONS = 80  # the most a server gives at once
_STATUSES = 40
_BATCH = 20
_PAGES = 25  # of one source in one scan; the rest follows in the next
_FIRST_PAGES = 5  # how far back the first scan goes
_SEARCH_PAGES = 3

NO_PERMISSION = "The councillor has not connected this account: only hashtags can be read, not mentions."
SEARCH_IS_WEAK = (
    "Searching on this server finds only posts whose authors allow it: that nothing was found does not mean that "
    "there is nothing."
)
NO_SEARCH = "This server offers the account no search of posts."
NO_HASHTAGS = "This server shows hashtags to nobody who is not signed in, or not at all."
MORE_WAITS = "There is more to read here than one scan takes; the next scan goes on from there."


@dataclass(frozen=True)
class _Leaf:
    """One page as the server gave it: newest first, with the ids from which to go on in either direction."""

    items: tuple[Mapping[str, object], ...]
    newer: str
    older: str
    unreadable: int


@dataclass
class _Scan:
    """One scan under way, and where to go on should it stop: `newest` and `back` for notifications, `tags` by name.

    `back` is set while older notifications wait, `back_left` how many pages of them; `tags` holds the ids below which
    a hashtag has not been read to its end.
    """

    wire: Wire
    home: Home
    subject: Subject
    known: Known
    newest: str = ""
    back: str = ""
    back_left: int = 0
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)
    parents: dict[str, Status] = field(default_factory=dict)

    def cursor(self) -> str:
        notifications = {"newest": self.newest, "back": self.back, "back_left": self.back_left}
        return json.dumps({"notifications": notifications, "tags": self.tags})

    def by_subject(self, post: Found) -> bool:
        ours = (each for each in (self.subject.stable_id, self.subject.handle) if each)
        return post.author_id in {account_name(each, self.home.domain) for each in ours}

    def page(self, statuses: tuple[Status, ...], *, unreadable: int = 0, notes: tuple[str, ...] = ()) -> Page:
        posts, broken = _posts(self, statuses)
        return Page(posts, self.cursor(), self.home.session, unreadable + broken, notes)


def mentions(wire: Wire, access: Access, subject: Subject, cursor: str, known: Known) -> Iterator[Page]:
    """Pages of public posts: mentions and quotes of the account (with its permission), hashtags, searches by name.

    The subject's own posts are left out. Raises the four errors of wire/errors.py.
    """
    scan = _begun(_Scan(wire, home_of(wire, access), subject, known), cursor)
    if scan.home.token:
        yield from _notifications(scan)
    else:
        yield scan.page((), notes=(NO_PERMISSION,))
    for tag in dict.fromkeys(each.lstrip("#") for each in subject.hashtags if each.strip("# ")):
        yield from _hashtag(scan, tag)
    if scan.home.token:
        for name in dict.fromkeys(each for each in subject.names if each.strip()):
            yield from _search(scan, name)


def _begun(scan: _Scan, cursor: str) -> _Scan:
    """The scan set to where the last one stopped. A cursor that cannot be read means starting afresh."""
    try:
        kept = table(json.loads(cursor or "{}"))
    except (ValueError, RecursionError):
        kept = {}
    notifications = table(kept.get("notifications"))
    scan.newest, scan.back = words(notifications.get("newest")), words(notifications.get("back"))
    left = notifications.get("back_left")
    scan.back_left = left if isinstance(left, int) else 0
    for tag, backs in table(kept.get("tags")).items():
        scan.tags[tag] = tuple(words(each) for each in backs if words(each)) if isinstance(backs, list) else ()
    return scan


def _notifications(scan: _Scan) -> Iterator[Page]:
    first = not scan.newest
    if first:
        leaf = _read_notifications(scan, {})
        scan.newest, scan.back, scan.back_left = leaf.newer, leaf.older, _FIRST_PAGES - 1
        yield _mentioning(scan, leaf)
    while scan.back and scan.back_left > 0:
        leaf = _read_notifications(scan, {"max_id": scan.back})
        scan.back, scan.back_left = (leaf.older if leaf.items else ""), scan.back_left - 1
        yield _mentioning(scan, leaf)
    scan.back = ""
    if first:
        return
    for number in range(1, _PAGES + 1):
        leaf = _read_notifications(scan, {"min_id": scan.newest})
        # A server that knows no min_id gives the same page again and again.
        if not leaf.items or leaf.newer == scan.newest:
            break
        scan.newest = leaf.newer
        yield _mentioning(scan, leaf, notes=(MORE_WAITS,) if number == _PAGES else ())
    yield from _edited(scan)


def _edited(scan: _Scan) -> Iterator[Page]:
    """An edited post raises no new notification: what is new on the newest page are new versions."""
    page = _mentioning(scan, _read_notifications(scan, {}))
    held = scan.known([(each.external_id, each.version) for each in page.posts]) if page.posts else set()
    fresh = tuple(each for each in page.posts if (each.external_id, each.version) not in held)
    yield Page(fresh, page.cursor, page.session, 0, ())


def _read_notifications(scan: _Scan, where: Mapping[str, str]) -> _Leaf:
    # Without include_filtered the account's own notification policy hides exactly the strangers' abuse.
    params: Fields = {"types[]": _MENTIONING, "limit": _NOTIFICATIONS, "include_filtered": "true", **where}
    return _leaf(ask(scan.wire, scan.home.base, "/api/v1/notifications", params=params, token=scan.home.token))


def _mentioning(scan: _Scan, leaf: _Leaf, *, notes: tuple[str, ...] = ()) -> Page:
    wanted = [each for each in leaf.items if words(each.get("type")) in _MENTIONING]
    statuses = tuple(table(each.get("status")) for each in wanted)
    unreadable = leaf.unreadable + sum(not each for each in statuses)
    return scan.page(tuple(each for each in statuses if each), unreadable=unreadable, notes=notes)


def _hashtag(scan: _Scan, tag: str) -> Iterator[Page]:
    """From the newest back until a whole page is known, then wherever an earlier scan was cut short."""
    waiting = ["", *scan.tags.get(tag, ())]
    first, pages = tag not in scan.tags, 0
    limit = _FIRST_PAGES if first else _PAGES
    while waiting and pages < limit:
        below, pages = waiting.pop(0), pages + 1
        params: Fields = {"limit": _STATUSES, **({"max_id": below} if below else {})}
        path = f"/api/v1/timelines/tag/{quote(tag, safe='')}"
        try:
            leaf = _leaf(ask(scan.wire, scan.home.base, path, params=params, token=scan.home.token))
        except Refused:
            yield scan.page((), notes=(NO_HASHTAGS,))
            return
        posts, unreadable = _posts(scan, leaf.items)
        if leaf.items and leaf.older != below and not _all_known(scan, posts):
            waiting.insert(0, leaf.older)
        more = bool(waiting) and pages == limit
        # The first scan goes back so far and no further: a hashtag's whole history is not wanted.
        scan.tags[tag] = () if first and more else tuple(each for each in waiting if each)
        notes = (MORE_WAITS,) if more and not first else ()
        yield Page(posts, scan.cursor(), scan.home.session, leaf.unreadable + unreadable, notes)


def _search(scan: _Scan, name: str) -> Iterator[Page]:
    for number in range(_SEARCH_PAGES):
        params: Fields = {"q": _phrase(name), "type": "statuses", "limit": _STATUSES, "offset": number * _STATUSES}
        try:
            answer = ask(scan.wire, scan.home.base, "/api/v2/search", params=params, token=scan.home.token)
        except (Refused, SignInNeeded):
            yield scan.page((), notes=(NO_SEARCH,))
            return
        statuses = tables(table(answer.json()).get("statuses"))
        posts, unreadable = _posts(scan, statuses)
        yield Page(posts, scan.cursor(), scan.home.session, unreadable, (SEARCH_IS_WEAK,) if number == 0 else ())
        if len(statuses) < _STATUSES or _all_known(scan, posts):
            return


def _phrase(name: str) -> str:
    return '"{}"'.format(name.replace('"', " ").strip())


def _all_known(scan: _Scan, posts: tuple[Found, ...]) -> bool:
    pairs = [(each.external_id, each.version) for each in posts]
    return bool(pairs) and scan.known(pairs) >= set(pairs)


def _posts(scan: _Scan, statuses: tuple[Status, ...]) -> tuple[tuple[Found, ...], int]:
    """The public posts by others, each version once a scan, and how many statuses could not be read."""
    public = tuple(each for each in statuses if is_public(each))
    _fetch_parents(scan, public)
    posts, unreadable = [], 0
    for status in public:
        post = read_status(status, domain=scan.home.domain, parents=scan.parents)
        if post is None:
            unreadable += 1
            continue
        pair = (post.external_id, post.version)
        if pair not in scan.seen and not scan.by_subject(post):
            scan.seen.add(pair)
            posts.append(post)
    return tuple(posts), unreadable + sum("visibility" not in each for each in statuses)


def _fetch_parents(scan: _Scan, statuses: tuple[Status, ...]) -> None:
    """What was answered to, for context. Older servers cannot give several at once; then the context is missing."""
    for status in statuses:
        scan.parents.setdefault(identifier(status.get("id")), status)
    wanted = dict.fromkeys(identifier(each.get("in_reply_to_id")) for each in statuses)
    missing = [each for each in wanted if each and each not in scan.parents]
    for start in range(0, len(missing), _BATCH):
        batch = missing[start : start + _BATCH]
        try:
            answer = ask(scan.wire, scan.home.base, "/api/v1/statuses", params={"id[]": batch}, token=scan.home.token)
            found = tables(answer.json())
        except WireError:
            return
        scan.parents.update({each: {} for each in batch})
        scan.parents.update({identifier(each.get("id")): each for each in found})


def _leaf(answer: Answer) -> _Leaf:
    items = answer.json()
    if not isinstance(items, list):
        raise Changed("The server's answer is not a list.", answer=answer.body)
    read = tables(items)
    ids = [identifier(each.get("id")) for each in read if identifier(each.get("id"))]
    links = _links(answer.headers.get("link", ""))
    # Ids are text of several kinds; within one server longer means newer, then the alphabet decides.
    by_age = sorted(ids, key=lambda each: (len(each), each))
    newer = links.get("prev", "") or (by_age[-1] if by_age else "")
    older = links.get("next", "") or (by_age[0] if by_age and not links else "")
    return _Leaf(items=read, newer=newer, older=older, unreadable=len(items) - len(read))


def _links(header: str) -> dict[str, str]:
    """The ids in a Link header by direction. The addresses are not followed: a token goes to one server only."""
    found: dict[str, str] = {}
    for link in header.split(","):
        url, _, rest = link.strip().partition(";")
        address = take_apart(url.strip("<> "))
        for relation, name in (("prev", "min_id"), ("next", "max_id")):
            if address is not None and f'rel="{relation}"' in rest and address.query.get(name):
                found[relation] = address.query[name]
    return found
