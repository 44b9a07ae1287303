"""Reads posts and comments as a Facebook Page is given them, whether asked for or pushed. Private ones are left out."""

from __future__ import annotations

from dataclasses import replace

from platforms.facebook.addressing import comment_external_id, external_id
from platforms.graph.deliveries import moment_of
from platforms.graph.posts import Item, descriptions, number, raw_of, tagged, version_of
from platforms.plain_text import tidy
from platforms.reading import moment, table, web_address, words
from platforms.shape import Found

POST_FIELDS = (
    "id,message,story,from,created_time,updated_time,permalink_url,message_tags,is_hidden,status_type,"
    "attachments{title,description},comments.filter(stream).limit(0).summary(true)"
)
COMMENT_FIELDS = (
    "id,message,from{id,name},created_time,permalink_url,parent{id,message,from},attachment{title,description},"
    "message_tags,is_hidden,is_private"
)


def read_post(item: Item, *, page_id: str) -> Found | None:
    """A post at the Page, by the Page itself or by a visitor, or one that tags it; None when its shape is wrong.

    Meta says who wrote it for the Page's own posts, and for others only sometimes: then the author is "".
    """
    graph_id = number(item.get("id"))
    if "_" not in graph_id:
        return None
    author, text = table(item.get("from")), tidy(words(item.get("message")))
    return Found(
        external_id=external_id(graph_id),
        version=version_of(graph_id, text),
        url=web_address(item.get("permalink_url")) or f"https://www.facebook.com/{graph_id}",
        author_id=number(author.get("id")),
        author_handle=number(author.get("id")),
        author_name=tidy(words(author.get("name"))),
        text=text,
        alt_texts=descriptions(item),
        mentioned=tuple(dict.fromkeys((page_id, *tagged(item)))),
        posted_at=moment(item.get("created_time")),
        raw=raw_of(item),
    )


def read_comment(item: Item, *, post: Item, page_id: str) -> Found | None:
    """A comment under a post at the Page; None when its shape is wrong.

    Whatever is written under the account's own posts is put before the account, so the Page counts as mentioned.
    """
    under = external_id(number(post.get("id")))
    comment_id = comment_external_id(number(item.get("id")), post=under)
    if not comment_id or not under:
        return None
    author, answered, text = table(item.get("from")), table(item.get("parent")), tidy(words(item.get("message")))
    parent = answered or post
    above = comment_external_id(number(answered.get("id")), post=under) if answered else under
    return Found(
        external_id=comment_id,
        version=version_of(comment_id, text),
        url=web_address(item.get("permalink_url")) or _link(under, comment_id, page_id),
        author_id=number(author.get("id")),
        author_handle=number(author.get("id")),
        author_name=tidy(words(author.get("name"))),
        text=text,
        alt_texts=descriptions(item),
        parent_id=above,
        parent_author=number(table(parent.get("from")).get("id")),
        parent_text=tidy(words(parent.get("message"))),
        mentioned=tuple(dict.fromkeys((page_id, *tagged(item)))),
        posted_at=moment(item.get("created_time")),
        raw=raw_of(item),
    )


def is_private(item: Item) -> bool:
    """Whether a comment is for the Page alone: private, and never collected."""
    return item.get("is_private") is True


def read_pushed(value: Item, *, page_id: str) -> Found | None:
    """The post or comment in a change pushed to us; the same version as when it is asked for. None when misshapen."""
    told = {
        "id": value.get("comment_id") or value.get("post_id"),
        "message": value.get("message"),
        "from": value.get("from"),
        "permalink_url": table(value.get("post")).get("permalink_url") if not value.get("comment_id") else None,
    }
    if value.get("comment_id"):
        post, parent = number(value.get("post_id")), number(value.get("parent_id"))
        answers = {"parent": {"id": parent}} if parent and parent != post else {}
        found = read_comment({**told, **answers}, post={"id": post}, page_id=page_id)
    else:
        found = read_post(told, page_id=page_id)
    # A push tells the time in seconds, an answer in words.
    return found and replace(found, posted_at=moment_of(value.get("created_time")), raw=raw_of(value))


def _link(post: str, comment_id: str, page_id: str) -> str:
    return f"https://www.facebook.com/{page_id}/posts/{post}?comment_id={comment_id.rpartition('_')[2]}"
