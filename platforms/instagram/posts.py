"""Reads media and comments as an Instagram account is given them."""

from __future__ import annotations

from platforms.graph.posts import Item, number, raw_of, version_of
from platforms.instagram.addressing import comment_link, parse_url
from platforms.plain_text import tidy
from platforms.reading import moment, table, web_address, words
from platforms.shape import Found

COMMENT_FIELDS = "id,text,timestamp,from{id,username},username,parent_id,hidden"
MEDIA_FIELDS = "id,caption,permalink,timestamp,username,alt_text,comments_count"
TAGGED_FIELDS = "id,caption,permalink,timestamp,username"
UNDER_FIELDS = "media{id,permalink,caption,username}"


def read_media(item: Item, *, account_id: str) -> Found | None:
    """A picture or reel that tags or mentions the account; None when its shape is wrong."""
    graph_id, url = number(item.get("id")), web_address(item.get("permalink"))
    code = parse_url(url) if url else None
    if not graph_id or not code:
        return None
    text, author = tidy(words(item.get("caption"))), words(item.get("username"))
    return Found(
        external_id=code,
        version=version_of(graph_id, text),
        url=url,
        author_id=author,
        author_handle=author,
        text=text,
        alt_texts=tuple(each for each in (tidy(words(item.get("alt_text"))),) if each),
        mentioned=(account_id,),
        posted_at=moment(item.get("timestamp")),
        raw=raw_of(item),
    )


def read_comment(item: Item, *, media: Item, account_id: str, above: Item | None = None) -> Found | None:
    """A comment under `media`, or an answer to the comment `above`; None when its shape is wrong.

    Whatever is written under the account's own media is put before the account, so it counts as mentioned. Meta does
    not always say who wrote a comment: then the author is "".
    """
    graph_id, permalink = number(item.get("id")), web_address(media.get("permalink"))
    code = parse_url(permalink) if permalink else None
    if not graph_id or not code:
        return None
    sender, text = table(item.get("from")), tidy(words(item.get("text")))
    handle = words(sender.get("username")) or words(item.get("username"))
    parent = above or {}
    return Found(
        external_id=f"{code}_{graph_id}",
        version=version_of(graph_id, text),
        url=comment_link(permalink, graph_id),
        author_id=number(sender.get("id")) or handle,
        author_handle=handle,
        text=text,
        parent_id=f"{code}_{number(parent.get('id'))}" if parent else code,
        parent_author=_author(parent) if parent else "",
        parent_text=tidy(words(parent.get("text"))) if parent else tidy(words(media.get("caption"))),
        mentioned=(account_id,),
        posted_at=moment(item.get("timestamp")),
        raw=raw_of(item),
    )


def _author(item: Item) -> str:
    sender = table(item.get("from"))
    return number(sender.get("id")) or words(sender.get("username")) or words(item.get("username"))
