"""Finds what people write at an opted-in Instagram account: comments under its media, and media that tag it.

Comments are read whole where their number has changed, because an answer to an old comment stands deep in the list;
for the newest media the first pages are read in any case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from platforms.graph.asking import ABSENT, Talk
from platforms.graph.granted import Secret, ending, loaded, texts
from platforms.graph.paging import Edge, Leaf, Stretch, leaf_in, read_back, read_leaf
from platforms.graph.posts import Item, number
from platforms.instagram.posts import COMMENT_FIELDS, MEDIA_FIELDS, TAGGED_FIELDS, read_comment, read_media
from platforms.reading import identifier, table, words
from platforms.shape import Found, Known, Page
from wire.errors import Refused
from wire.http import Fields

WATCHED_MEDIA = 100
"""So many of the account's newest media are watched."""

_ALWAYS = 25  # of these the first pages are read although nothing seems to have changed
_AT_ONCE = 50
_COMMENT_PAGES = 30  # of one medium in one scan
_REPLY_PAGES = 10
_TAG_PAGES = 10
_REPLIES = f"replies.limit({_AT_ONCE}){{{COMMENT_FIELDS}}}"

PUSHED_ONLY = "Mentions in other people's captions and comments are found only when Meta pushes them to us."
NO_TAGS = "Meta shows this account no media that tag it."
MORE_WAITS = "There is more to read here than one scan takes; the next scan goes on from there."


@dataclass
class _Thread:
    """One medium's comments: their number when they were last read whole, and when this reading began; what waits."""

    mark: str = ""
    begun: str = ""
    waiting: tuple[str, ...] = ()


@dataclass
class Scan:
    """One scan under way, and where to go on should it stop."""

    talk: Talk
    account_id: str
    handle: str
    known: Known
    threads: dict[str, _Thread] = field(default_factory=dict)
    tagged: tuple[str, ...] = ()
    seen: set[tuple[str, str]] = field(default_factory=set)
    notes: dict[str, None] = field(default_factory=lambda: {PUSHED_ONLY: None})

    def cursor(self) -> str:
        threads = {
            media: {"mark": one.mark, "begun": one.begun, "waiting": list(one.waiting)}
            for media, one in self.threads.items()
        }
        return json.dumps({"threads": threads, "tagged": list(self.tagged)})

    def by_account(self, post: Found) -> bool:
        own = self.handle.lower().lstrip("@")
        return post.author_id == self.account_id or (own != "" and post.author_handle.lower() == own)

    def page(self, posts: tuple[Found, ...], *, unreadable: int = 0) -> Page:
        fresh = []
        for post in posts:
            pair = (post.external_id, post.version)
            if pair not in self.seen:
                self.seen.add(pair)
                fresh.append(post)
        notes, spent = tuple(self.notes), self.talk.allowances()
        return Page(tuple(fresh), self.cursor(), unreadable=unreadable, notes=notes, spent=spent)


def read_account(
    talk: Talk, account_id: str, handle: str, cursor: str, known: Known, *, secret: Secret
) -> Iterator[Page]:
    """Pages of findings at one Instagram account. Raises the four errors of wire/errors.py."""
    scan = _begun(Scan(talk, account_id, handle, known), cursor)
    media = _media(scan)
    scan.threads = {
        each: one for each, one in scan.threads.items() if each in {number(item.get("id")) for item in media}
    }
    for place, item in enumerate(media):
        yield from _comments(scan, item, always=place < _ALWAYS)
    yield from _tags(scan)
    scan.notes.update(dict.fromkeys(ending(secret.until, now=talk.clock, name=talk.graph.name)))
    yield scan.page(())


def _begun(scan: Scan, cursor: str) -> Scan:
    """The scan set to where the last one stopped. A cursor that cannot be read means starting afresh."""
    kept = loaded(cursor)
    scan.tagged = texts(kept.get("tagged"))
    for media, told in table(kept.get("threads")).items():
        one = table(told)
        if number(media):
            scan.threads[media] = _Thread(words(one.get("mark")), words(one.get("begun")), texts(one.get("waiting")))
    return scan


def _media(scan: Scan) -> list[Item]:
    """The account's newest media, each once."""
    found: dict[str, Item] = {}
    place = ""
    params: Fields = {"fields": MEDIA_FIELDS, "limit": _AT_ONCE}
    while len(found) < WATCHED_MEDIA:
        leaf = read_leaf(scan.talk, f"{scan.account_id}/media", params, place=place)
        found.update({number(each.get("id")): each for each in leaf.items if number(each.get("id"))})
        if not leaf.onward or leaf.onward == place:
            break
        place = leaf.onward
    return list(found.values())[:WATCHED_MEDIA]


def _comments(scan: Scan, media: Item, *, always: bool) -> Iterator[Page]:
    media_id, count = number(media.get("id")), identifier(media.get("comments_count"))
    thread = scan.threads.setdefault(media_id, _Thread())
    changed = count != thread.mark
    if count == "0" or not (changed or thread.waiting or always):
        thread.mark = count
        return
    if not thread.waiting:
        thread.begun = count
    edge = Edge(
        path=f"{media_id}/comments",
        params={"fields": f"{COMMENT_FIELDS},{_REPLIES}", "limit": _AT_ONCE},
        read=partial(read_comment, media=media, account_id=scan.account_id),
        ours=scan.by_account,
    )
    thorough = changed and not thread.waiting
    reading = read_back(
        scan.talk, edge, known=scan.known, pages=_COMMENT_PAGES, waiting=thread.waiting, thorough=thorough
    )
    try:
        for stretch in reading:
            # Before the place is moved on, so that after a crash the answers are read again as well.
            yield from _replies(scan, stretch, media)
            thread.waiting = stretch.waiting
            thread.mark = thread.mark if stretch.waiting else thread.begun
            yield scan.page(stretch.posts, unreadable=stretch.unreadable)
    except Refused as problem:
        if problem.code != ABSENT:
            raise
        scan.threads.pop(media_id, None)
    if thread.waiting:
        scan.notes[MORE_WAITS] = None


def _replies(scan: Scan, stretch: Stretch, media: Item) -> Iterator[Page]:
    """The answers to each comment: the first come along with it, further ones are asked for."""
    for above in stretch.items:
        if not table(above.get("replies")):
            continue
        leaf = leaf_in(table(above.get("replies")), next_told=True, name=scan.talk.graph.name)
        yield _answers(scan, leaf, media, above)
        for _ in range(_REPLY_PAGES):
            if not leaf.onward or not number(above.get("id")):
                break
            params: Fields = {"fields": COMMENT_FIELDS, "limit": _AT_ONCE}
            before, leaf = (
                leaf.onward,
                read_leaf(scan.talk, f"{number(above.get('id'))}/replies", params, place=leaf.onward),
            )
            yield _answers(scan, leaf, media, above)
            if leaf.onward == before:
                break


def _answers(scan: Scan, leaf: Leaf, media: Item, above: Item) -> Page:
    read = [read_comment(each, media=media, account_id=scan.account_id, above=above) for each in leaf.items]
    posts = tuple(each for each in read if each is not None and not scan.by_account(each))
    return scan.page(posts, unreadable=leaf.unreadable + sum(each is None for each in read))


def _tags(scan: Scan) -> Iterator[Page]:
    edge = Edge(
        path=f"{scan.account_id}/tags",
        params={"fields": TAGGED_FIELDS, "limit": _AT_ONCE},
        read=partial(read_media, account_id=scan.account_id),
        ours=scan.by_account,
    )
    try:
        for stretch in read_back(scan.talk, edge, known=scan.known, pages=_TAG_PAGES, waiting=scan.tagged):
            scan.tagged = stretch.waiting
            yield scan.page(stretch.posts, unreadable=stretch.unreadable)
    except Refused:
        scan.notes[NO_TAGS] = None
