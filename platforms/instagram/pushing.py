"""What Meta pushes about an Instagram account: verified, taken once, then fetched. It stores nothing.

Mentions under other people's media come in no other way, and Meta keeps no list of them: fetch them soon.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from platforms.graph.asking import ABSENT, Talk
from platforms.graph.deliveries import Change, Pointer, Pushed, Seen, opened
from platforms.graph.posts import Item, number
from platforms.instagram.posts import COMMENT_FIELDS, UNDER_FIELDS, read_comment, read_media
from platforms.reading import table
from platforms.shape import Found, Page
from wire.errors import Refused

FIELDS = ("comments", "mentions")
"""What the account must be subscribed to."""

NAMELESS = "Meta does not say who wrote a comment that mentions the account elsewhere: open the link to see."
_MENTIONED_COMMENT = f"id,text,timestamp,{UNDER_FIELDS}"
_MENTIONED_MEDIA = "id,caption,permalink,timestamp,username"


def receive(body: bytes, signature: str, *, app_secret: str, now: datetime, seen: Seen) -> Pushed:
    """What must be fetched. Raises Refused (answer 403) or Changed."""
    delivery = opened(body, signature, app_secret=app_secret, now=now, seen=seen)
    pointers: list[Pointer] = []
    unreadable = delivery.unreadable
    for change in delivery.changes:
        if change.what in FIELDS:
            pointer = _pointer(change)
            unreadable += pointer is None
            pointers += [pointer] if pointer else []
    keys = tuple(each.key for each in delivery.changes)
    return Pushed(pointers=tuple(dict.fromkeys(pointers)), keys=keys, unreadable=unreadable)


def fetched(talk: Talk, pointers: Sequence[Pointer], *, handle: str) -> Page:
    """The posts pointed to, without the account's own; what is deleted by now is left out. Raises the four errors.

    Fetching the same again is without harm, so after an error everything may be fetched once more.
    """
    posts: dict[tuple[str, str], Found] = {}
    unreadable = 0
    for pointer in pointers:
        try:
            post = _post(talk, pointer)
        except Refused as problem:
            if problem.code != ABSENT:
                raise
            continue
        unreadable += post is None
        if post is not None and post.author_id != pointer.account and post.author_handle.lower() != handle.lower():
            posts[(post.external_id, post.version)] = post
    notes = (NAMELESS,) if any(not each.author_id for each in posts.values()) else ()
    return Page(tuple(posts.values()), "", unreadable=unreadable, notes=notes, spent=talk.allowances())


def _pointer(change: Change) -> Pointer | None:
    value = change.value
    if change.what == "mentions":
        media, comment = number(value.get("media_id")), number(value.get("comment_id"))
        return Pointer(change.account, media, comment, elsewhere=True) if media or comment else None
    comment = number(value.get("id"))
    media = number(table(value.get("media")).get("id"))
    return Pointer(change.account, media, comment) if comment else None


def _post(talk: Talk, pointer: Pointer) -> Found | None:
    account = pointer.account
    if not pointer.elsewhere:
        item = talk.ask(pointer.comment_id, {"fields": f"{COMMENT_FIELDS},{UNDER_FIELDS}"})
        return read_comment(item, media=table(item.get("media")), account_id=account)
    if pointer.comment_id:
        item = _mentioned(
            talk, account, "mentioned_comment", f"comment_id({pointer.comment_id}){{{_MENTIONED_COMMENT}}}"
        )
        return read_comment(item, media=table(item.get("media")), account_id=account)
    item = _mentioned(talk, account, "mentioned_media", f"media_id({pointer.media_id}){{{_MENTIONED_MEDIA}}}")
    return read_media(item, account_id=account)


def _mentioned(talk: Talk, account: str, field: str, which: str) -> Item:
    return table(talk.ask(account, {"fields": f"{field}.{which}"}).get(field))
