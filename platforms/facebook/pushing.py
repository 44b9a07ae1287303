"""What Facebook pushes about a Page: verified, taken once, and read into posts and deletions. It stores nothing."""

from __future__ import annotations

from datetime import datetime

from platforms.facebook.addressing import comment_external_id, external_id
from platforms.facebook.posts import read_pushed
from platforms.graph.deliveries import Change, Pushed, Seen, opened
from platforms.graph.posts import Item, number
from platforms.reading import words
from platforms.shape import Found

FIELDS = ("feed",)
"""What the Page must be subscribed to."""

_WRITTEN = frozenset({"add", "edit", "edited"})
_GONE = frozenset({"remove", "delete"})
_ITEMS = frozenset({"comment", "post", "status", "photo", "video", "share", "album", "link", "note"})


def receive(body: bytes, signature: str, *, app_secret: str, now: datetime, seen: Seen) -> Pushed:
    """New and edited posts by others and the ids of what was deleted. Raises Refused (answer 403) or Changed."""
    delivery = opened(body, signature, app_secret=app_secret, now=now, seen=seen)
    posts: list[Found] = []
    removed: list[str] = []
    unreadable = delivery.unreadable
    for change in (each for each in delivery.changes if _concerns_us(each)):
        verb = words(change.value.get("verb"))
        gone = _id_in(change.value)
        if verb in _GONE and gone:
            removed.append(gone)
        elif verb in _WRITTEN:
            post = read_pushed(change.value, page_id=change.account)
            unreadable += post is None
            if post is not None and post.author_id != change.account:
                posts.append(post)
    keys = tuple(each.key for each in delivery.changes)
    return Pushed(posts=tuple(posts), removed=tuple(removed), keys=keys, unreadable=unreadable)


def _concerns_us(change: Change) -> bool:
    private = change.value.get("is_private") is True
    return change.what in FIELDS and words(change.value.get("item")) in _ITEMS and not private


def _id_in(value: Item) -> str:
    post = external_id(number(value.get("post_id")))
    comment = number(value.get("comment_id"))
    return comment_external_id(comment, post=post) if comment else post
