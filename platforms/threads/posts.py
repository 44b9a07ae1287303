"""Reads posts as Threads answers or pushes them. Authors are known by their names only: Threads gives no numbers."""

from __future__ import annotations

from platforms.graph.posts import Item, number, raw_of, version_of
from platforms.plain_text import tidy
from platforms.reading import moment, table, web_address, words
from platforms.shape import Found
from platforms.threads.addressing import parse_url, short_code

FIELDS = (
    "id,permalink,username,text,timestamp,shortcode,is_quote_post,has_replies,is_reply,replied_to,root_post,alt_text,"
    "poll_attachment,text_attachment,link_attachment_url,topic_tag"
)
_OPTIONS = ("option_a", "option_b", "option_c", "option_d")


def read_post(item: Item, *, mentioned: tuple[str, ...] = (), answered: Item | None = None) -> Found | None:
    """The post in an answer, or None when its shape is wrong.

    `mentioned` are the ids that Threads itself says it is about; `answered` the account's own post at the root of the
    conversation.
    """
    graph_id, url = number(item.get("id")), web_address(item.get("permalink"))
    code = (parse_url(url) if url else "") or short_code(words(item.get("shortcode")))
    author = words(item.get("username")).lower()
    if not graph_id or not code or not author:
        return None
    root, text = answered or {}, _text(item)
    directly = number(table(item.get("replied_to")).get("id"))
    under_root = bool(root) and directly in ("", number(root.get("id")))
    return Found(
        external_id=code,
        version=version_of(graph_id, text),
        url=url or f"https://www.threads.com/@{author}/post/{code}",
        author_id=author,
        author_handle=author,
        text=text,
        alt_texts=tuple(each for each in (tidy(words(item.get("alt_text"))),) if each),
        parent_id=_code_of(root) if under_root else "",
        parent_author=mentioned[0] if under_root and mentioned else "",
        parent_text=tidy(words(root.get("text"))) if under_root else "",
        mentioned=mentioned,
        posted_at=moment(item.get("timestamp")),
        raw=raw_of(item),
    )


def _text(item: Item) -> str:
    """What people read: the post, the long text attached to it, and the options of a poll."""
    poll = table(item.get("poll_attachment"))
    parts = (
        item.get("text"),
        table(item.get("text_attachment")).get("plaintext"),
        *(poll.get(each) for each in _OPTIONS),
    )
    return "\n".join(tidy(words(each)) for each in parts if tidy(words(each)))


def _code_of(item: Item) -> str:
    url = web_address(item.get("permalink"))
    return (parse_url(url) if url else "") or short_code(words(item.get("shortcode")))
