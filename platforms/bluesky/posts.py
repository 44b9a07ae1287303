"""Reads one post from what the network answers. Any shape may come; what cannot be read is None, never an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import chain

from platforms.bluesky.addressing import PostAddress, author_of, is_did, post_address
from platforms.reading import moment, table, tables, words
from platforms.shape import Found

Json = Mapping[str, object]

_CLOCKS_DIFFER = timedelta(minutes=10)


def found_in(item: Json) -> Found | None:
    """The post in a post view or in a notification; None when it has no address, version, author or record."""
    address = post_address(words(item.get("uri")))
    author, record = table(item.get("author")), item.get("record")
    version = words(item.get("cid"))
    if address is None or not version or not isinstance(record, dict):
        return None
    if not is_did(address.authority) or words(author.get("did")) not in ("", address.authority):
        return None
    return _found(item, address, version=version, author=author, record=record)


def _found(item: Json, address: PostAddress, *, version: str, author: Json, record: Json) -> Found:
    shown = table(item.get("embed"))
    parent = words(table(table(record.get("reply")).get("parent")).get("uri"))
    languages = record.get("langs")
    return Found(
        external_id=address.uri,
        version=version,
        url=address.page,
        author_id=address.authority,
        author_handle=words(author.get("handle")),
        author_name=words(author.get("displayName")),
        text=words(record.get("text")),
        warning=", ".join(words(each.get("val")) for each in tables(table(record.get("labels")).get("values"))),
        alt_texts=_descriptions(table(record.get("embed")), shown),
        quoted_text=words(table(_quoted(shown).get("value")).get("text")),
        quoted_author=author_of(quoted_uri(record)),
        parent_id=parent if post_address(parent) else "",
        parent_author=author_of(parent),
        mentioned=_mentioned(record),
        language=words(languages[0]) if isinstance(languages, list) and languages else "",
        posted_at=_posted_at(record, item),
        raw=_raw(item),
    )


def quoted_uri(record: Json) -> str:
    """The address of the post that a record quotes, "" when it quotes none."""
    embed = table(record.get("embed"))
    return words(_quoted(embed).get("uri"))


def _quoted(embed: Json) -> Json:
    """The quoted post inside an embed, alone or beside pictures; a blocked or missing one is a stub without text."""
    record = table(embed.get("record"))
    return table(record.get("record")) or record


def _descriptions(*embeds: Json) -> tuple[str, ...]:
    """The words that describe pictures, videos and animations, each once, in the order given."""
    found: list[str] = []
    for embed in chain.from_iterable((embed, table(embed.get("media"))) for embed in embeds):
        found.append(words(embed.get("alt")))
        for pictures in (embed.get("images"), embed.get("items")):
            found.extend(words(picture.get("alt")) for picture in tables(pictures))
        # An animation is a link whose description the app fills with the picture's own.
        linked = words(table(embed.get("external")).get("description"))
        if linked.lower().startswith("alt:"):
            found.append(linked[4:].strip())
    return tuple(dict.fromkeys(text for text in found if text.strip()))


def _mentioned(record: Json) -> tuple[str, ...]:
    """Stable ids of the accounts mentioned. Where in the text the mention stands does not matter, so a wrong byte
    offset cannot hide one."""
    found = (
        words(feature.get("did"))
        for facet in tables(record.get("facets"))
        for feature in tables(facet.get("features"))
        if words(feature.get("$type")).endswith("#mention")
    )
    return tuple(dict.fromkeys(did for did in found if is_did(did)))


def _posted_at(record: Json, item: Json) -> datetime | None:
    """When its author says it was posted, unless that is absurd or later than when the network saw it."""
    said, seen = moment(record.get("createdAt")), moment(item.get("indexedAt"))
    if said is None or (seen is not None and said > seen + _CLOCKS_DIFFER):
        return seen
    return said


def _raw(item: Json) -> bytes:
    try:
        return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    except (RecursionError, ValueError):
        return b""
