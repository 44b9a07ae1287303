"""Reads one status as a Mastodon-like server answers it. Private messages are told apart here and never read."""

from __future__ import annotations

import json
from collections.abc import Mapping

from platforms.mastodon.addressing import account_name, external_id
from platforms.plain_text import plain_text, tidy
from platforms.reading import identifier, moment, table, tables, web_address, words
from platforms.shape import Found

Status = Mapping[str, object]

_PUBLIC = frozenset({"public", "unlisted"})


def is_public(status: Status) -> bool:
    """Whether everybody may read it. Anything else, `direct` and `private` above all, is not ours to read."""
    return words(status.get("visibility")) in _PUBLIC


def read_status(status: Status, *, domain: str, parents: Mapping[str, Status] | None = None) -> Found | None:
    """The post in a status, or None when its shape is not that of a status.

    `domain` is that of the server asked, `parents` the statuses answered to by their ids on that server.
    """
    account = table(status.get("account"))
    uri, acct = web_address(status.get("uri")), words(account.get("acct"))
    version = words(status.get("edited_at")) or words(status.get("created_at"))
    if not (uri and acct and version) or not isinstance(status.get("content"), str):
        return None
    url = web_address(status.get("url"))
    quoted = _quoted(status)
    parent = (parents or {}).get(identifier(status.get("in_reply_to_id")), {})
    return Found(
        external_id=external_id(uri, url),
        version=version,
        url=url or uri,
        author_id=account_name(acct, domain),
        author_handle=account_name(acct, domain),
        author_name=tidy(words(account.get("display_name"))),
        text=_text(status),
        warning=tidy(words(status.get("spoiler_text"))),
        alt_texts=_alt_texts(status),
        quoted_text=_text(quoted) if quoted else "",
        quoted_author=_author(quoted, domain),
        parent_id=_id(parent),
        parent_author=_author(parent, domain) or _answered(status, domain),
        parent_text=_text(parent) if parent and is_public(parent) else "",
        mentioned=tuple(account_name(words(each.get("acct")), domain) for each in _mentions(status)),
        language=words(status.get("language")),
        posted_at=moment(status.get("created_at")),
        raw=json.dumps(status, ensure_ascii=False).encode("utf-8", "replace"),
    )


def _text(status: Status) -> str:
    content = plain_text(words(status.get("content")), drop=_stands_for_a_quote)
    options = [tidy(words(each.get("title"))) for each in tables(table(status.get("poll")).get("options"))]
    return "\n".join(part for part in (content, *options) if part)


def _stands_for_a_quote(name: str, classes: frozenset[str]) -> bool:
    # Servers write the quoted address once more for readers who cannot show quotes.
    return "quote-inline" in classes


def _quoted(status: Status) -> Status:
    quote = table(status.get("quote"))
    quoted = table(quote.get("quoted_status")) or (quote if "content" in quote else {})
    return quoted if is_public(quoted) else {}


def _alt_texts(status: Status) -> tuple[str, ...]:
    described = (tidy(words(each.get("description"))) for each in tables(status.get("media_attachments")))
    return tuple(each for each in described if each)


def _author(status: Status, domain: str) -> str:
    acct = words(table(status.get("account")).get("acct"))
    return account_name(acct, domain) if acct else ""


def _answered(status: Status, domain: str) -> str:
    """Whose post is answered, where the server names the account by its number only."""
    number = identifier(status.get("in_reply_to_account_id"))
    for each in (table(status.get("account")), *_mentions(status)):
        if number and number == identifier(each.get("id")):
            return account_name(words(each.get("acct")), domain)
    return ""


def _mentions(status: Status) -> tuple[Status, ...]:
    return tuple(each for each in tables(status.get("mentions")) if words(each.get("acct")))


def _id(status: Status) -> str:
    uri = web_address(status.get("uri"))
    return external_id(uri, web_address(status.get("url"))) if uri else ""
