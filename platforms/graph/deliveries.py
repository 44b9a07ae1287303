"""Opens what Meta pushes: signed, fresh, each change once. What a change means is said by the platform's own package.

Pushes come twice, late and out of order, for up to a day and a half (Meta's documentation of webhooks).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from platforms.graph.posts import number
from platforms.graph.signature import signed
from platforms.reading import sensible, table, tables, words
from platforms.shape import Found
from wire.errors import Changed, Refused

KEPT_FOR = timedelta(days=2)
"""Older pushes are not taken, so the keys of those taken need not be kept any longer."""
AHEAD = timedelta(minutes=10)
"""How far Meta's clock may be ahead of ours."""
_MILLISECONDS_FROM = 100_000_000_000

Seen = Callable[[Sequence[str]], set[str]]
"""Given keys of changes, those already taken."""


@dataclass(frozen=True)
class Change:
    """One thing that happened at one account of ours; `what` is Meta's word for where. `key` is the same however often
    it is pushed."""

    key: str
    account: str
    what: str
    value: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True)
class Delivery:
    """What a push brought that is new; `replayed` changes were taken before, `stale` ones are too old to be taken."""

    changes: tuple[Change, ...]
    replayed: int = 0
    stale: int = 0
    unreadable: int = 0


@dataclass(frozen=True)
class Pointer:
    """Something that Meta only points to: it must be fetched, and soon. `elsewhere` is under somebody else's media,
    where the account was mentioned; of those Meta keeps no list."""

    account: str
    media_id: str
    comment_id: str = ""
    elsewhere: bool = False


@dataclass(frozen=True)
class Pushed:
    """What a delivery means: new and edited posts, external ids of what was deleted, and what must be fetched.

    Store the posts and the `keys` in one transaction; then a push that comes again changes nothing.
    """

    posts: tuple[Found, ...] = ()
    removed: tuple[str, ...] = ()
    pointers: tuple[Pointer, ...] = ()
    keys: tuple[str, ...] = ()
    unreadable: int = 0


def opened(body: bytes, signature: str, *, app_secret: str, now: datetime, seen: Seen) -> Delivery:
    """The new changes in a push: `body` exactly as it arrived, `signature` the header X-Hub-Signature-256.

    `now` is timezone-aware. Raises Refused (answer 403) when it is not signed, Changed when it is no push.
    """
    if not signed(body, signature, app_secret=app_secret):
        raise Refused("This push does not carry our application's signature.", code="signature")
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise Changed("A signed push is not JSON.", answer=body) from None
    if not isinstance(told, dict):
        raise Changed("A signed push has a shape we do not know.", answer=body)
    found: dict[str, Change] = {}
    stale = unreadable = 0
    for change, at in _changes(told):
        if change is None or at is None:
            unreadable += 1
        elif not now - KEPT_FOR <= at <= now + AHEAD:
            stale += 1
        else:
            found[change.key] = change
    before = seen(tuple(found)) if found else set()
    fresh = tuple(change for key, change in found.items() if key not in before)
    return Delivery(fresh, replayed=len(found) - len(fresh), stale=stale, unreadable=unreadable)


def _changes(told: Mapping[str, object]) -> Iterator[tuple[Change | None, datetime | None]]:
    """Pages and Instagram push entries with changes, Threads one change with its account beside it."""
    kind = words(told.get("object")) or words(told.get("topic"))
    if "values" in told:
        yield _change(kind, told.get("target_id"), table(told.get("values"))), moment_of(told.get("time"))
    for entry in tables(told.get("entry")):
        # Instagram's own examples put a single change straight into the entry.
        listed = tables(entry.get("changes")) or ((entry,) if "field" in entry else ())
        for each in listed:
            yield _change(kind, entry.get("id"), each), moment_of(entry.get("time"))


def _change(kind: str, account: object, told: Mapping[str, object]) -> Change | None:
    value, name = table(told.get("value")), words(told.get("field"))
    if not (number(account) and value and name):
        return None
    try:
        whole = json.dumps([kind, number(account), name, value], sort_keys=True)
    except RecursionError:
        return None
    return Change(hashlib.sha256(whole.encode()).hexdigest(), number(account), name, value)


def moment_of(value: object) -> datetime | None:
    """A time in seconds or milliseconds since 1970, in UTC; None when it is none or absurd."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = value / 1000 if value >= _MILLISECONDS_FROM else value
        return sensible(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None
