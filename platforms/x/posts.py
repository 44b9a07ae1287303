"""Reads one post as X's interface answers it, in both of its spellings (tweet and post). It asks for nothing.

Only what everybody can read comes out: posts of protected accounts are told apart here and never read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from platforms.plain_text import tidy
from platforms.reading import identifier, moment, table, tables, words
from platforms.shape import Found
from platforms.x.addressing import is_handle, is_id, permalink

Item = Mapping[str, object]

_REPOSTS = frozenset({"retweeted", "reposted"})
_LEADING_NAMES = re.compile(r"(?:@[A-Za-z0-9_]{1,20}\s+)+")
_NO_LANGUAGE = frozenset({"und", "zxx"})
_OWN_PICTURES = ("pic.x.com/", "pic.twitter.com/")


@dataclass(frozen=True)
class Beside:
    """What came along with a page of posts, by number or key: people, other posts, pictures."""

    people: Mapping[str, Item] = field(default_factory=dict)
    posts: Mapping[str, Item] = field(default_factory=dict)
    media: Mapping[str, Item] = field(default_factory=dict)

    def public_author(self, post: Item) -> Item | None:
        """The post's author; None when they did not come along or show their posts to followers only."""
        author = self.people.get(identifier(post.get("author_id")))
        return None if author is None or author.get("protected") is True else author


def beside(body: Item) -> Beside:
    """The part of an answer that holds what its posts refer to."""
    includes = table(body.get("includes"))
    posts = (*tables(includes.get("tweets")), *tables(includes.get("posts")))
    return Beside(
        people=_by(tables(includes.get("users")), "id"),
        posts=_by(posts, "id"),
        media=_by(tables(includes.get("media")), "media_key"),
    )


def is_repost(post: Item) -> bool:
    """Whether it only repeats another post, with no words of its own."""
    return any(words(each.get("type")) in _REPOSTS for each in _referenced(post))


def is_protected(post: Item, along: Beside) -> bool:
    """Whether its author shows posts to followers only: not public, so not ours to read."""
    return table(along.people.get(identifier(post.get("author_id")))).get("protected") is True


def read_post(post: Item, along: Beside) -> Found | None:
    """The post, or None when its shape is not that of a post or its author did not come along.

    An edit is a new post with a number of its own here; the first number stays the id and the newest is the version.
    """
    number = identifier(post.get("id"))
    author = along.public_author(post)
    if not is_id(number) or author is None or not isinstance(post.get("text"), str):
        return None
    handle = words(author.get("username"))
    quoted, parent = _other(post, along, "quoted"), _other(post, along, "replied_to")
    return Found(
        external_id=first_number(post),
        version=number,
        url=permalink(handle if is_handle(handle) else "", number),
        author_id=identifier(author.get("id")),
        author_handle=handle,
        author_name=tidy(words(author.get("name"))),
        text=text_of(post),
        alt_texts=_alt_texts(post, along),
        quoted_text=text_of(quoted) if along.public_author(quoted) else "",
        quoted_author=identifier(quoted.get("author_id")),
        parent_id=first_number(parent) or _reference(post, "replied_to"),
        parent_author=identifier(parent.get("author_id")) or identifier(post.get("in_reply_to_user_id")),
        parent_text=text_of(parent) if along.public_author(parent) else "",
        mentioned=tuple(dict.fromkeys(identifier(each.get("id")) for each in _mentions(post) if each.get("id"))),
        language=_language(words(post.get("lang"))),
        posted_at=moment(post.get("created_at")),
        raw=json.dumps(post, ensure_ascii=False).encode("utf-8", "replace"),
    )


def first_number(post: Item) -> str:
    """The number a post had before it was edited; its own when it never was."""
    number = identifier(post.get("id"))
    for name in ("edit_history_tweet_ids", "edit_history_post_ids"):
        history = post.get(name)
        numbers = [identifier(each) for each in history] if isinstance(history, list) else []
        if number in numbers and all(is_id(each) for each in numbers):
            return min(numbers, key=int)
    return number


def text_of(post: Item) -> str:
    """All the words of a post, long ones whole, with links as they lead and without the names a reply begins with."""
    text = words(post.get("text"))
    entities = table(post.get("entities"))
    for name in ("note_tweet", "note_post"):
        note = table(post.get(name))
        if words(note.get("text")):
            text, entities = words(note.get("text")), table(note.get("entities")) or entities
    for link in tables(entities.get("urls")):
        short, full = words(link.get("url")), words(link.get("expanded_url"))
        own = words(link.get("display_url")).startswith(_OWN_PICTURES)
        if short and (own or full):
            text = text.replace(short, "" if own else full)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return tidy(_without_leading_names(text, post))


def _without_leading_names(text: str, post: Item) -> str:
    """X puts the names of everybody in a conversation before a reply, and shows none of them to readers."""
    if not _reference(post, "replied_to"):
        return text
    known = {words(each.get("username")).lower() for each in _mentions(post)}
    found = _LEADING_NAMES.match(text)
    names = found.group().lower().split() if found else []
    return text[found.end() :] if found and all(name[1:] in known for name in names) else text


def _mentions(post: Item) -> tuple[Item, ...]:
    notes = (table(post.get(name)) for name in ("note_tweet", "note_post"))
    holders = (table(post.get("entities")), *(table(note.get("entities")) for note in notes))
    return tuple(each for holder in holders for each in tables(holder.get("mentions")))


def _referenced(post: Item) -> tuple[Item, ...]:
    return (*tables(post.get("referenced_tweets")), *tables(post.get("referenced_posts")))


def _reference(post: Item, kind: str) -> str:
    return next((identifier(each.get("id")) for each in _referenced(post) if words(each.get("type")) == kind), "")


def _other(post: Item, along: Beside, kind: str) -> Item:
    return along.posts.get(_reference(post, kind), {})


def _alt_texts(post: Item, along: Beside) -> tuple[str, ...]:
    keys = table(post.get("attachments")).get("media_keys")
    named = [words(key) for key in keys] if isinstance(keys, list) else []
    described = (tidy(words(along.media.get(key, {}).get("alt_text"))) for key in named)
    return tuple(each for each in described if each)


def _language(code: str) -> str:
    """The language; X's own codes for "none" and for kinds of posts (und, zxx, qme and the like) say nothing."""
    return "" if code in _NO_LANGUAGE or (len(code) == 3 and code.startswith("q")) else code


def _by(items: tuple[Item, ...], name: str) -> dict[str, Item]:
    return {identifier(each.get(name)): each for each in items if identifier(each.get(name))}
