"""What every post from a Graph host has in common: its numbers, its version, its raw answer without tokens."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from platforms.reading import identifier, table, tables, words

Item = Mapping[str, object]

_NUMBER = re.compile(r"[0-9]{1,40}(?:_[0-9]{1,40})?")
_VERSION = re.compile(r"([0-9]{1,40}(?:_[0-9]{1,40})?)\.[0-9a-f]{16}")


def number(value: object) -> str:
    """A Graph id, as digits or two groups of digits with an underscore; "" for anything else."""
    found = identifier(value)
    return found if _NUMBER.fullmatch(found) and found.isascii() else ""


def version_of(graph_id: str, text: str) -> str:
    """The version of a post: its Graph id, by which it can be asked after, and a digest of its text.

    Graph tells no time of an edit, so a text is the same version whether it was read or pushed to us.
    """
    return f"{graph_id}.{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"


def graph_id_in(version: str) -> str:
    """The Graph id a version carries, or "" for a post that people brought in by its link."""
    found = _VERSION.fullmatch(version)
    return found.group(1) if found else ""


def raw_of(item: Item) -> bytes:
    """The item as it was answered, without the addresses of further pages: those carry the token."""
    try:
        return json.dumps(_without_paging(item), ensure_ascii=False).encode("utf-8", "replace")
    except RecursionError:
        return b""


def tagged(item: Item) -> tuple[str, ...]:
    """The ids of accounts a text tags; a list in newer answers, by place in the text in older ones."""
    tags = item.get("message_tags")
    listed = tables(tags) or tuple(each for place in table(tags).values() for each in tables(place))
    return tuple(dict.fromkeys(number(each.get("id")) for each in listed if number(each.get("id"))))


def descriptions(item: Item) -> tuple[str, ...]:
    """Titles and descriptions of what is attached to a post or comment, each once."""
    attached = (*tables(table(item.get("attachments")).get("data")), table(item.get("attachment")))
    found = (words(each.get(name)).strip() for each in attached for name in ("title", "description"))
    return tuple(dict.fromkeys(each for each in found if each))


def _without_paging(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_paging(each) for key, each in value.items() if key != "paging"}
    return [_without_paging(each) for each in value] if isinstance(value, list) else value
