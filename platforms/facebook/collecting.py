"""Finds what people write at an opted-in Facebook Page: comments, visitors' posts, posts that tag it.

The posts of the last weeks are listed in every scan; comments are read where Meta says that something has changed,
from the newest back until everything is known, and on from where a scan was cut short.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from platforms.facebook.posts import COMMENT_FIELDS, POST_FIELDS, is_private, read_comment, read_post
from platforms.graph.asking import ABSENT, Talk
from platforms.graph.granted import Secret, ending, loaded, texts
from platforms.graph.paging import Edge, Stretch, read_back, read_leaf
from platforms.graph.posts import Item, number
from platforms.reading import identifier, moment, table, words
from platforms.shape import Found, Known, Page
from wire.errors import Refused
from wire.http import Fields

WATCHED = timedelta(days=30)
"""How old a post may be whose comments are still looked at."""

_AT_ONCE = 100
_LIST_PAGES = 10
_COMMENT_PAGES = 25  # of one post in one scan
_TAG_PAGES = 10

NAMELESS = "Meta does not say who wrote a post that tags the Page: open the link to see its author."
NO_TAGS = "Meta shows this account no posts that tag the Page."
MORE_WAITS = "There is more to read here than one scan takes; the next scan goes on from there."
TOO_MANY_POSTS = "The Page has more posts than are watched: comments under the older ones are not seen."


@dataclass
class _Thread:
    """One post's comments: `mark` tells how they stood when they were last read to the end; `waiting` what is left."""

    mark: str = ""
    waiting: tuple[str, ...] = ()


@dataclass
class Scan:
    """One scan under way, and where to go on should it stop."""

    talk: Talk
    page_id: str
    known: Known
    threads: dict[str, _Thread] = field(default_factory=dict)
    tagged: tuple[str, ...] = ()
    seen: set[tuple[str, str]] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    notes: dict[str, None] = field(default_factory=dict)

    def cursor(self) -> str:
        threads = {post: {"mark": one.mark, "waiting": list(one.waiting)} for post, one in self.threads.items()}
        return json.dumps({"threads": threads, "tagged": list(self.tagged)})

    def by_page(self, post: Found) -> bool:
        return post.author_id == self.page_id

    def page(self, posts: tuple[Found, ...], *, unreadable: int = 0) -> Page:
        fresh = []
        for post in posts:
            pair = (post.external_id, post.version)
            if pair not in self.seen:
                self.seen.add(pair)
                fresh.append(post)
        return Page(
            tuple(fresh), self.cursor(), unreadable=unreadable, notes=tuple(self.notes), spent=self.talk.allowances()
        )


def read_page(talk: Talk, page_id: str, cursor: str, known: Known, *, secret: Secret) -> Iterator[Page]:
    """Pages of findings at one Facebook Page. Raises the four errors of wire/errors.py."""
    scan = _begun(Scan(talk, page_id, known), cursor)
    yield from _posts(scan)
    yield from _tags(scan)
    scan.notes.update(dict.fromkeys(ending(secret.until, now=talk.clock, name=talk.graph.name)))
    yield scan.page(())


def _begun(scan: Scan, cursor: str) -> Scan:
    """The scan set to where the last one stopped. A cursor that cannot be read means starting afresh."""
    kept = loaded(cursor)
    scan.tagged = texts(kept.get("tagged"))
    for post, told in table(kept.get("threads")).items():
        if number(post):
            scan.threads[post] = _Thread(words(table(told).get("mark")), texts(table(told).get("waiting")))
    return scan


def _posts(scan: Scan) -> Iterator[Page]:
    """The Page's posts of the last weeks, and after each list the comments under them."""
    place = ""
    for _ in range(_LIST_PAGES):
        params: Fields = {"fields": POST_FIELDS, "limit": _AT_ONCE}
        leaf = read_leaf(scan.talk, f"{scan.page_id}/feed", params, place=place)
        found = [read_post(each, page_id=scan.page_id) for each in leaf.items]
        by_others = tuple(each for each in found if each is not None and not scan.by_page(each))
        yield scan.page(by_others, unreadable=leaf.unreadable + sum(each is None for each in found))
        for item in leaf.items:
            yield from _comments(scan, item)
        if not leaf.onward or leaf.onward == place or _all_old(scan, leaf.items):
            # Posts beyond the window are watched no longer; what was kept of them goes.
            scan.threads = {post: one for post, one in scan.threads.items() if post in scan.listed}
            return
        place = leaf.onward
    scan.notes[TOO_MANY_POSTS] = None


def _all_old(scan: Scan, items: tuple[Item, ...]) -> bool:
    if scan.talk.clock is None or not items:
        return False
    oldest = scan.talk.clock - WATCHED
    times = [moment(each.get("created_time")) for each in items]
    return all(each is not None and each < oldest for each in times)


def _comments(scan: Scan, post: Item) -> Iterator[Page]:
    post_id = number(post.get("id"))
    if not post_id or post_id in scan.listed:
        return
    scan.listed.add(post_id)
    mark, thread = _mark(post), scan.threads.get(post_id, _Thread())
    if mark == thread.mark and not thread.waiting:
        return
    edge = Edge(
        path=f"{post_id}/comments",
        params={"fields": COMMENT_FIELDS, "filter": "stream", "order": "reverse_chronological", "limit": _AT_ONCE},
        read=partial(read_comment, post=post, page_id=scan.page_id),
        ours=scan.by_page,
    )
    scan.threads[post_id] = thread
    reading = read_back(scan.talk, edge, known=scan.known, pages=_COMMENT_PAGES, waiting=thread.waiting)
    try:
        for stretch in reading:
            thread.waiting = stretch.waiting
            thread.mark = mark if not stretch.waiting else thread.mark
            yield scan.page(_public(stretch), unreadable=stretch.unreadable)
    except Refused as problem:
        if problem.code != ABSENT:
            raise
        # Deleted between the list and the question; nothing of it is left to read.
        scan.threads.pop(post_id, None)
        return
    if thread.waiting:
        scan.notes[MORE_WAITS] = None


def _mark(post: Item) -> str:
    """Changes whenever a comment comes or goes: when the post was last touched, and how many comments it has."""
    summary = table(table(post.get("comments")).get("summary"))
    return f"{words(post.get('updated_time'))}/{identifier(summary.get('total_count'))}"


def _public(stretch: Stretch) -> tuple[Found, ...]:
    private = {number(each.get("id")) for each in stretch.items if is_private(each)}
    return tuple(each for each in stretch.posts if each.external_id not in private)


def _tags(scan: Scan) -> Iterator[Page]:
    edge = Edge(
        path=f"{scan.page_id}/tagged",
        params={"fields": POST_FIELDS, "limit": _AT_ONCE},
        read=partial(read_post, page_id=scan.page_id),
        ours=scan.by_page,
    )
    try:
        for stretch in read_back(scan.talk, edge, known=scan.known, pages=_TAG_PAGES, waiting=scan.tagged):
            scan.tagged = stretch.waiting
            if any(not each.author_id for each in stretch.posts):
                scan.notes[NAMELESS] = None
            yield scan.page(stretch.posts, unreadable=stretch.unreadable)
    except Refused:
        scan.notes[NO_TAGS] = None
