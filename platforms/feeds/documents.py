"""Reads the bytes of a feed: RSS, Atom or JSON Feed. A document that declares a DOCTYPE is refused unread.

The bytes come from outside and may be built to harm: nothing named in them is fetched, and what was checked is
exactly what is parsed.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import feedparser  # type: ignore[import-untyped]

from platforms.feeds.addressing import article_address
from platforms.plain_text import plain_text, tidy
from platforms.reading import identifier, moment, sensible, table, tables, words
from wire.errors import Changed, Refused

MOST_ENTRIES = 500
"""Entries read of one document; feeds hold twenty or fifty."""

_DECLARED = re.compile(rb"""^[^<]{0,16}<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_BEFORE_ROOT = re.compile(r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_PLAIN_CHARSETS = re.compile(r"utf-?8|ascii|iso8859-\d+|cp125\d|koi8-[ru]")
# WordPress puts who commented, and on what, where a headline would stand.
_COMMENT_TITLE = re.compile(r"(?:Comment on (?P<headline>.+) by |By: )(?P<author>.+)", re.DOTALL)
_WEB_PAGE = re.compile(r"<(?:!doctype\s+)?html\b", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """One entry: `entry_id` "" when it has none, `url` the article's own address, `posted_at` None when unknown.

    `under` is the headline of the article that a comment stands under, where the feed says it.
    """

    entry_id: str
    url: str
    text: str
    under: str
    author: str
    posted_at: datetime | None
    raw: bytes


@dataclass(frozen=True)
class Document:
    """A feed's title, its entries, and how many entries had nothing to read or to point at."""

    title: str
    entries: tuple[Entry, ...]
    unreadable: int


def read_document(body: bytes, *, charset: str, base: str) -> Document:
    """The feed in `body`; `charset` is what the answer's header named, `base` the address relative links start from.

    Raises Refused for a DOCTYPE or a web page, Changed for anything else that is no feed. `base` appears in neither.
    """
    text = _decoded(body, charset)
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("{"):
        return _from_json(start, body, base)
    prolog = _BEFORE_ROOT.match(start)
    root = start[prolog.end() if prolog else 0 :][:200]
    if _WEB_PAGE.match(root):
        raise Refused("This address answers with a web page, not a feed: look for the site's feed address.")
    if root.startswith("<!"):
        raise Refused("This feed declares a DOCTYPE, which can be used to attack the reader: it was not read.")
    return _from_xml(_DECLARATION.sub("", start), body, base)


def _decoded(body: bytes, charset: str) -> str:
    """The text, by byte order mark, then the document's own word, then the header's; never by an exotic charset,
    in which a DOCTYPE could be hidden from us and not from the parser."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body.decode(name, "replace")
    declared = _DECLARED.match(body)
    for wish in (declared.group(1).decode() if declared else "", charset):
        try:
            name = codecs.lookup(wish).name
        except (LookupError, ValueError):
            continue
        if _PLAIN_CHARSETS.fullmatch(name):
            return body.decode(name, "replace")
    return body.decode("utf-8", "replace")


def _from_xml(text: str, body: bytes, base: str) -> Document:
    parsed = feedparser.parse(
        io.BytesIO(text.encode("utf-8", "replace")),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    feed: dict[str, Any] = parsed.feed
    if not dict.get(parsed, "version") and not parsed.entries:
        raise Changed("This address answers with something that is not a feed.", answer=body)
    site = words(dict.get(feed, "link"))
    read = [_xml_entry(each, base=base, site=site) for each in parsed.entries[:MOST_ENTRIES]]
    entries = tuple(each for each in read if each is not None)
    return Document(_detail(feed, "title"), entries, len(read) - len(entries))


def _xml_entry(entry: dict[str, Any], *, base: str, site: str) -> Entry | None:
    # dict.get, because the parser's own look-up answers for other keys as well, with a warning.
    contents = tables(dict.get(entry, "content"))
    story = _plain(contents[0]) if contents else _detail(entry, "summary")
    return _entry(
        entry_id=words(dict.get(entry, "id")),
        links=(words(dict.get(entry, "link")), words(dict.get(entry, "id")), site),
        base=base,
        parts=(_detail(entry, "title"), story),
        author=tidy(words(dict.get(entry, "author"))),
        posted_at=_parsed_time(dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")),
        raw=json.dumps(entry, default=str, ensure_ascii=False),
    )


def _from_json(text: str, body: bytes, base: str) -> Document:
    try:
        feed = table(json.loads(text))
    except (ValueError, RecursionError):
        feed = {}
    if "jsonfeed.org" not in words(feed.get("version")):
        raise Changed("This address answers with something that is not a feed.", answer=body)
    read = [_json_entry(each, base=base) for each in tables(feed.get("items"))[:MOST_ENTRIES]]
    entries = tuple(each for each in read if each is not None)
    return Document(tidy(words(feed.get("title"))), entries, len(read) - len(entries))


def _json_entry(item: Mapping[str, object], *, base: str) -> Entry | None:
    authors = (*tables(item.get("authors")), table(item.get("author")))
    story = plain_text(words(item.get("content_html"))) or tidy(words(item.get("content_text")))
    return _entry(
        entry_id=identifier(item.get("id")),
        links=(words(item.get("url")), words(item.get("external_url")), identifier(item.get("id"))),
        base=base,
        parts=(tidy(words(item.get("title"))), story or tidy(words(item.get("summary")))),
        author=next((tidy(words(each.get("name"))) for each in authors if each.get("name")), ""),
        posted_at=moment(item.get("date_published")) or moment(item.get("date_modified")),
        raw=json.dumps(item, ensure_ascii=False),
    )


def _entry(
    *,
    entry_id: str,
    links: tuple[str, ...],
    base: str,
    parts: tuple[str, str],
    author: str,
    posted_at: datetime | None,
    raw: str,
) -> Entry | None:
    title, story = parts
    by_line = _COMMENT_TITLE.fullmatch(title)
    about = (story,) if by_line and author and by_line["author"].strip() == author else (title, story)
    text = "\n\n".join(dict.fromkeys(each for each in about if each))
    url = next((found for link in links if link and (found := article_address(_absolute(base, link)))), "")
    if not text or not url:
        return None
    under = (by_line["headline"] or "").strip() if by_line and len(about) == 1 else ""
    return Entry(entry_id.strip(), url, text, under, author, posted_at, raw.encode("utf-8", "replace"))


def _absolute(base: str, link: str) -> str:
    try:
        return urljoin(base, link.strip())
    except ValueError:
        return ""


def _detail(holder: dict[str, Any], name: str) -> str:
    return _plain(table(dict.get(holder, f"{name}_detail")))


def _plain(detail: Mapping[str, object]) -> str:
    value = words(detail.get("value"))
    return tidy(value) if words(detail.get("type")) == "text/plain" else plain_text(value)


def _parsed_time(value: object) -> datetime | None:
    """The parser's nine-number time, which is in UTC."""
    if not isinstance(value, tuple):
        return None
    try:
        year, month, day, hour, minute, second = value[:6]
        return sensible(datetime(year, month, day, hour, minute, second, tzinfo=UTC))
    except (TypeError, ValueError):
        return None
