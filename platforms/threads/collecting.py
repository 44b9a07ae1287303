"""Finds public posts about an opted-in Threads account: mentions, replies under its posts, searches by name.

Each list is read from the newest back until everything is known, and on from where a scan was cut short. Only names
are searched for: words that Meta holds offensive find nothing at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import partial

from platforms.graph.asking import ABSENT, Talk
from platforms.graph.granted import loaded, texts
from platforms.graph.paging import Edge, Leaf, read_back, read_leaf
from platforms.graph.posts import Item, number
from platforms.reading import moment, table, words
from platforms.shape import Allowance, Found, Known, Page, Subject
from platforms.threads.posts import FIELDS, read_post
from wire.errors import Refused
from wire.http import Fields

WATCHED = timedelta(days=30)
"""How old a post of the account may be whose replies are still looked at."""
SEARCHES_A_DAY = 1000
"""Of the 2,200 searches that Threads allows an account in any 24 hours: two of our days never make more than that."""

_AT_ONCE = 100
_OWN_PAGES = 3
_MENTION_PAGES = 25
_REPLY_PAGES = 25  # of one post in one scan
_SEARCH_PAGES = 3

SEARCH_IS_WEAK = "Threads' search leaves posts out without saying so: that nothing was found means little."
NO_SEARCH = "The permission to search Threads was not given or not yet reviewed: only mentions and replies are read."
NO_SEARCHES_LEFT = "Today's searches on Threads are used up; they go on tomorrow."
NO_REPLIES = "The permission to read replies on Threads was not given or not yet reviewed."
MORE_WAITS = "There is more to read here than one scan takes; the next scan goes on from there."


@dataclass
class Scan:
    """One scan under way, and where to go on should it stop. `searched` counts the searches of the UTC day `day`."""

    talk: Talk
    user_id: str
    handle: str
    known: Known
    session: str = ""
    mentions: tuple[str, ...] = ()
    replies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    day: str = ""
    searched: int = 0
    seen: set[tuple[str, str]] = field(default_factory=set)
    notes: dict[str, None] = field(default_factory=dict)

    def cursor(self) -> str:
        waiting = {post: list(places) for post, places in self.replies.items() if places}
        kept = {"mentions": list(self.mentions), "replies": waiting, "day": self.day, "searched": self.searched}
        return json.dumps(kept)

    def by_account(self, post: Found) -> bool:
        return post.author_id == self.handle.lower().lstrip("@")

    def page(self, posts: tuple[Found, ...], *, unreadable: int = 0) -> Page:
        fresh = []
        for post in posts:
            pair = (post.external_id, post.version)
            if pair not in self.seen:
                self.seen.add(pair)
                fresh.append(post)
        return Page(tuple(fresh), self.cursor(), self.session, unreadable, tuple(self.notes), self._spent())

    def _spent(self) -> tuple[Allowance, ...]:
        if not self.searched or self.talk.clock is None:
            return self.talk.allowances()
        midnight = datetime.combine(self.talk.clock.date() + timedelta(days=1), time(), UTC)
        return (*self.talk.allowances(), Allowance("searches a day", self.searched, SEARCHES_A_DAY, midnight))


def begun(scan: Scan, cursor: str) -> Scan:
    """The scan set to where the last one stopped. A cursor that cannot be read means starting afresh."""
    kept = loaded(cursor)
    scan.mentions, scan.day = texts(kept.get("mentions")), words(kept.get("day"))
    scan.replies = {post: texts(places) for post, places in table(kept.get("replies")).items() if number(post)}
    searched = kept.get("searched")
    scan.searched = searched if isinstance(searched, int) and not isinstance(searched, bool) else 0
    return scan


def read_mentions(scan: Scan) -> Iterator[Page]:
    """Public posts in which the account is mentioned. Raises the four errors."""
    edge = Edge(
        path=f"{scan.user_id}/mentions",
        params={"fields": FIELDS, "limit": _AT_ONCE},
        read=partial(read_post, mentioned=(scan.user_id,)),
        ours=scan.by_account,
        next_told=False,
    )
    for stretch in read_back(scan.talk, edge, known=scan.known, pages=_MENTION_PAGES, waiting=scan.mentions):
        scan.mentions = stretch.waiting
        yield scan.page(stretch.posts, unreadable=stretch.unreadable)
    if scan.mentions:
        scan.notes[MORE_WAITS] = None


def read_replies(scan: Scan) -> Iterator[Page]:
    """Replies of any depth under the account's posts of the last weeks. Raises the four errors."""
    own = _own_posts(scan)
    ids = {number(each.get("id")) for each in own}
    scan.replies = {post: places for post, places in scan.replies.items() if post in ids}
    for post in own:
        if post.get("has_replies") is not False or scan.replies.get(number(post.get("id"))):
            try:
                yield from _conversation(scan, post)
            except Refused as problem:
                if problem.code == "permission":
                    scan.notes[NO_REPLIES] = None
                    return
                if problem.code != ABSENT:
                    raise


def read_searches(scan: Scan, subject: Subject) -> Iterator[Page]:
    """Public posts that a search by name or by topic finds. Raises the four errors."""
    for name in dict.fromkeys(each.strip() for each in subject.names if each.strip()):
        yield from _search(scan, {"q": name, "search_mode": "KEYWORD"})
    for tag in dict.fromkeys(each.strip("# ") for each in subject.hashtags if each.strip("# ")):
        yield from _search(scan, {"q": tag, "search_mode": "TAG"})


def _own_posts(scan: Scan) -> list[Item]:
    """The account's posts of the last weeks, each once."""
    found: dict[str, Item] = {}
    place = ""
    params: Fields = {"fields": "id,permalink,shortcode,text,timestamp,username,has_replies", "limit": _AT_ONCE}
    for _ in range(_OWN_PAGES):
        leaf = read_leaf(scan.talk, f"{scan.user_id}/threads", params, place=place, next_told=False)
        found.update({number(each.get("id")): each for each in leaf.items if number(each.get("id"))})
        if not leaf.onward or leaf.onward == place or _all_old(scan, leaf):
            break
        place = leaf.onward
    return list(found.values())


def _all_old(scan: Scan, leaf: Leaf) -> bool:
    if scan.talk.clock is None:
        return False
    times = [moment(each.get("timestamp")) for each in leaf.items]
    return all(each is not None and each < scan.talk.clock - WATCHED for each in times)


def _conversation(scan: Scan, post: Item) -> Iterator[Page]:
    post_id = number(post.get("id"))
    edge = Edge(
        path=f"{post_id}/conversation",
        params={"fields": FIELDS, "limit": _AT_ONCE, "reverse": "true"},
        read=partial(read_post, mentioned=(scan.user_id,), answered=post),
        ours=scan.by_account,
        next_told=False,
    )
    waiting = scan.replies.get(post_id, ())
    for stretch in read_back(scan.talk, edge, known=scan.known, pages=_REPLY_PAGES, waiting=waiting):
        scan.replies[post_id] = stretch.waiting
        yield scan.page(stretch.posts, unreadable=stretch.unreadable)
    if scan.replies.get(post_id):
        scan.notes[MORE_WAITS] = None


def _search(scan: Scan, asked: dict[str, str]) -> Iterator[Page]:
    place = ""
    for _ in range(_SEARCH_PAGES):
        if not _may_search(scan):
            scan.notes[NO_SEARCHES_LEFT] = None
            return
        params: Fields = {**asked, "search_type": "RECENT", "fields": FIELDS, "limit": _AT_ONCE}
        try:
            leaf = read_leaf(scan.talk, "keyword_search", params, place=place, next_told=False)
        except Refused:
            scan.notes[NO_SEARCH] = None
            return
        scan.notes[SEARCH_IS_WEAK] = None
        found = [read_post(each) for each in leaf.items]
        posts = tuple(each for each in found if each is not None and not scan.by_account(each))
        pairs = {(each.external_id, each.version) for each in posts}
        settled = not pairs or scan.known(tuple(pairs)) >= pairs
        yield scan.page(posts, unreadable=leaf.unreadable + sum(each is None for each in found))
        if settled or not leaf.onward or leaf.onward == place:
            return
        place = leaf.onward


def _may_search(scan: Scan) -> bool:
    """Whether one more search is within our own limit for the day; it is counted before it is made."""
    today = scan.talk.clock.date().isoformat() if scan.talk.clock else scan.day
    if today != scan.day:
        scan.day, scan.searched = today, 0
    if scan.searched >= SEARCHES_A_DAY:
        return False
    scan.searched += 1
    return True
