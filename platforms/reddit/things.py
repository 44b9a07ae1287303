"""Reads posts and comments as Reddit answers them, and tells what has become of each. It asks nobody anything.

Reddit keeps answering 200 for what is gone: a marker stands in the text's place, and an author can type that marker
too. So a marker counts only together with something an author cannot write.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from platforms.plain_text import plain_text, tidy
from platforms.reading import sensible, table, tables, web_address, words
from platforms.reddit.addressing import COMMENT, FULLNAME, POST, account_name, parse_url
from platforms.shape import Found
from wire.errors import Changed
from wire.http import Answer

SITE = "https://www.reddit.com"
NOBODY = "[deleted]"
"""What stands in an author's place; no account can have this name."""
_KINDS = {"t1": COMMENT, "t3": POST}
_BY_REDDIT = re.compile(r"\[\s*removed by reddit\b.*\]", re.DOTALL)
_AUTHOR_MARKS = frozenset({"[deleted]", "[deleted by user]"})
_MODERATOR_MARKS = frozenset({"[removed]", "[removed by moderator]"})
_NAMED = re.compile(r"(?<![\w/])/?u/([A-Za-z0-9_-]{3,20})", re.ASCII)
_ANCHOR = re.compile(r"t[0-9]_[a-z0-9]{1,13}")


class Fate(Enum):
    """What has become of a post, by Reddit's own answer; the value says how that shows."""

    THERE = "its text is shown"
    BY_AUTHOR = "the author's deletion marker stands in its place"
    BY_MODERATOR = "the moderators' removal marker stands in its place"
    BY_REDDIT = "Reddit's own removal marker stands in its place"
    DOUBTFUL = "a removal marker stands in its text, but the author could have typed it"
    UNCLEAR = "Reddit gives a reason for removal that is not known here"


_CATEGORIES = {
    **dict.fromkeys(("deleted", "author"), Fate.BY_AUTHOR),
    **dict.fromkeys(("moderator", "automod_filtered"), Fate.BY_MODERATOR),
    **dict.fromkeys(("reddit", "anti_evil_ops", "community_ops"), Fate.BY_REDDIT),
    **dict.fromkeys(("content_takedown", "copyright_takedown"), Fate.BY_REDDIT),
}


@dataclass(frozen=True)
class Thing:
    """One post (`t3_`) or comment (`t1_`) as Reddit gave it."""

    name: str
    data: Mapping[str, object]

    @property
    def is_post(self) -> bool:
        """False for a comment."""
        return self.name.startswith(POST)

    @property
    def body(self) -> str:
        """The text as its author typed it (Markdown), or the marker in its place."""
        return words(self.data.get("selftext" if self.is_post else "body")).strip()

    @property
    def author(self) -> str:
        """The author's name, "" when the account is gone."""
        name = words(self.data.get("author"))
        return "" if name == NOBODY else name

    @property
    def community(self) -> str:
        """The community it stands in, in small letters."""
        return words(self.data.get("subreddit")).lower()


@dataclass(frozen=True)
class Listing:
    """One page: posts and comments in Reddit's order, their names, where the next page starts, what was no thing."""

    things: tuple[Thing, ...]
    after: str
    unreadable: int


def read_listing(answer: Answer) -> Listing:
    """A page of a listing. Raises Changed when the answer is no listing."""
    said = table(answer.json())
    data = table(said.get("data"))
    children = data.get("children")
    if words(said.get("kind")) != "Listing" or not isinstance(children, list):
        raise Changed("Reddit's answer is not a listing.", answer=answer.body)
    things = tuple(each for each in map(_thing, tables(children)) if each is not None)
    after = words(data.get("after"))
    others = sum(words(each.get("kind")) not in _KINDS for each in tables(children))
    unreadable = len(children) - len(things) - others
    return Listing(things, after if _ANCHOR.fullmatch(after) else "", unreadable)


def fate(thing: Thing, *, version: str = "") -> Fate:
    """What has become of it. `version` is the version on record: a later edit means that the author wrote last."""
    category = thing.data.get("removed_by_category")
    if words(category):
        return _CATEGORIES.get(words(category).lower(), Fate.UNCLEAR)
    title = words(thing.data.get("title")) if thing.is_post else ""
    if not thing.author:
        return _marker(thing.body) or _marker(title) or Fate.THERE
    found = _marker(thing.body)
    if found is None:
        return Fate.DOUBTFUL if _marker(title) else Fate.THERE
    # What an author deletes loses its author as well.
    return found if found is not Fate.BY_AUTHOR and _untouched(thing, version=version) else Fate.DOUBTFUL


def read_thing(thing: Thing, *, parent: Thing | None = None) -> Found | None:
    """The post or comment as found, or None when its shape is wrong. `parent` is what a comment answers."""
    data, version = thing.data, version_of(thing)
    required = "title" if thing.is_post else "body"
    if not version or not isinstance(data.get(required), str) or not words(data.get("author")):
        return None
    quoted = next(iter(_quoted(thing)), None)
    author = words(data.get("author_fullname")) if thing.author else ""
    return Found(
        external_id=thing.name,
        version=version,
        url=_url(thing),
        author_id=author,
        author_handle=thing.author or NOBODY,
        text=text_of(thing),
        alt_texts=_captions(data),
        quoted_text=text_of(quoted) if quoted else "",
        quoted_author=words(quoted.data.get("author_fullname")) if quoted else "",
        parent_id=parent.name if parent else "",
        parent_author=words(parent.data.get("author_fullname")) if parent and parent.author else "",
        parent_text=text_of(parent) if parent and fate(parent) is Fate.THERE else "",
        posted_at=_moment(data.get("created_utc")),
        raw=json.dumps(dict(data), ensure_ascii=False).encode("utf-8", "replace"),
    )


def version_of(thing: Thing) -> str:
    """The second of the last edit, or of the posting; "" when Reddit tells neither."""
    edited, created = (_seconds(thing.data.get(name)) for name in ("edited", "created_utc"))
    if thing.data.get("edited") is True:  # very old posts only say that they were edited
        return f"{created}e" if created else ""
    return edited or created


def text_of(thing: Thing) -> str:
    """The words a reader sees: title, text, the link a post leads to, the choices of a poll."""
    data = thing.data
    html = words(data.get("selftext_html" if thing.is_post else "body_html"))
    text = plain_text(html) if html.lstrip().startswith("<") else ""
    pieces = [text or tidy(thing.body)]
    if thing.is_post:
        link = "" if data.get("is_self") is True else web_address(data.get("url"))
        choices = [tidy(words(each.get("text"))) for each in tables(table(data.get("poll_data")).get("options"))]
        pieces = [tidy(words(data.get("title"))), *pieces, *choices, link]
    return "\n\n".join(piece for piece in pieces if piece)


def names_in(text: str) -> frozenset[str]:
    """The accounts a text names as u/name, in small letters."""
    return frozenset(account_name(each) for each in _NAMED.findall(text))


def _thing(child: Mapping[str, object]) -> Thing | None:
    data = table(child.get("data"))
    name = words(data.get("name")).lower()
    prefix = _KINDS.get(words(child.get("kind")), "")
    return Thing(name, data) if prefix and name.startswith(prefix) and FULLNAME.fullmatch(name) else None


def _marker(text: str) -> Fate | None:
    text = text.strip().lower()
    if text in _AUTHOR_MARKS:
        return Fate.BY_AUTHOR
    if text in _MODERATOR_MARKS:
        return Fate.BY_MODERATOR
    return Fate.BY_REDDIT if _BY_REDDIT.fullmatch(text) else None


def _untouched(thing: Thing, *, version: str) -> bool:
    """Whether the author has not edited it since the version on record: then the marker is not their writing."""
    edited = thing.data.get("edited")
    return not edited or (bool(version) and version_of(thing) == version)


def _quoted(thing: Thing) -> tuple[Thing, ...]:
    """The post that a cross-post shows, while it is there."""
    parents = tables(thing.data.get("crosspost_parent_list")) if thing.is_post else ()
    named = (Thing(words(each.get("name")), each) for each in parents if words(each.get("name")).startswith(POST))
    return tuple(each for each in named if fate(each) is Fate.THERE)


def _captions(data: Mapping[str, object]) -> tuple[str, ...]:
    items = tables(table(data.get("gallery_data")).get("items"))
    return tuple(caption for caption in (tidy(words(each.get("caption"))) for each in items) if caption)


def _url(thing: Thing) -> str:
    """The address people copy; made from the ids where Reddit's own does not lead to this very thing."""
    given = f"{SITE}{words(thing.data.get('permalink'))}"
    if parse_url(given) == thing.name:
        return given
    number = thing.name[len(POST) :]
    if thing.is_post:
        return f"{SITE}/comments/{number}/"
    thread = words(thing.data.get("link_id")).removeprefix(POST)
    made = f"{SITE}/comments/{thread}/comment/{number}/"
    return made if parse_url(made) == thing.name else SITE


def _seconds(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(int(value)) if 0 < value < 1e11 and math.isfinite(value) else ""


def _moment(value: object) -> datetime | None:
    seconds = _seconds(value)
    try:
        return sensible(datetime.fromtimestamp(int(seconds), UTC)) if seconds else None
    except (OverflowError, ValueError, OSError):
        return None
