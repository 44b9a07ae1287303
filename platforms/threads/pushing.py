"""What Threads pushes about an account: verified, taken once, and read into posts. It stores nothing.

Threads tells of deletions only for the account's own posts: whether somebody else's is gone is never pushed.
"""

from __future__ import annotations

from datetime import datetime

from platforms.graph.deliveries import Change, Pushed, Seen, opened
from platforms.graph.posts import number
from platforms.reading import table
from platforms.shape import Found
from platforms.threads.posts import read_post

FIELDS = ("mentions", "replies")
"""What the application must be subscribed to."""


def receive(body: bytes, signature: str, *, app_secret: str, now: datetime, seen: Seen) -> Pushed:
    """New mentions and replies. Raises Refused (answer 403) or Changed.

    For a mention Threads does not say whose: the text names the account, and matching finds it.
    """
    delivery = opened(body, signature, app_secret=app_secret, now=now, seen=seen)
    posts: list[Found] = []
    unreadable = delivery.unreadable
    for change in (each for each in delivery.changes if each.what in FIELDS):
        owner = _owner(change)
        post = read_post(change.value, mentioned=(owner,) if owner else ())
        unreadable += post is None
        posts += [post] if post else []
    return Pushed(posts=tuple(posts), keys=tuple(each.key for each in delivery.changes), unreadable=unreadable)


def _owner(change: Change) -> str:
    return number(table(change.value.get("root_post")).get("owner_id")) if change.what == "replies" else ""
