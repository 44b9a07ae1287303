"""How the simulated Graph host reads what is asked for: fields within fields, edges, pages of an edge."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

from wardkeeper.demo.graph.host import GraphFault, Host, Json, Thing, Token

_NAME = re.compile(r"[a-z_0-9]+")
_MOST = 100
_USUAL = 25


@dataclass(frozen=True)
class Asked:
    """One field asked for, its modifiers such as limit(50), and the fields wanted inside it."""

    name: str
    modifiers: dict[str, str] = field(default_factory=dict)
    inside: tuple[Asked, ...] = ()


def fields_asked(text: str) -> tuple[Asked, ...]:
    """The fields in a `fields` parameter. Raises GraphFault for anything that is none."""
    asked, end = _fields(text or "id", 0)
    if end != len(text or "id"):
        raise GraphFault(2500, f"Syntax error at character {end}")
    return asked


def _fields(text: str, at: int) -> tuple[tuple[Asked, ...], int]:
    found = []
    while at < len(text):
        name = _NAME.match(text, at)
        if name is None:
            raise GraphFault(2500, f"Syntax error, expected a field at character {at}")
        at = name.end()
        modifiers: dict[str, str] = {}
        inside: tuple[Asked, ...] = ()
        while text[at : at + 1] == ".":
            word = _NAME.match(text, at + 1)
            close = text.find(")", at)
            if word is None or text[word.end() : word.end() + 1] != "(" or close < 0:
                raise GraphFault(2500, f"Syntax error at character {at}")
            modifiers[word.group()] = text[word.end() + 1 : close]
            at = close + 1
        if text[at : at + 1] == "{":
            inside, at = _fields(text, at + 1)
            if text[at : at + 1] != "}":
                raise GraphFault(2500, f"Syntax error at character {at}")
            at += 1
        found.append(Asked(name.group(), modifiers, inside))
        if text[at : at + 1] != ",":
            break
        at += 1
    return tuple(found), at


def rendered(host: Host, thing: Thing, asked: tuple[Asked, ...], token: Token) -> Json:
    """A thing as it is answered; what is not known of it is left out."""
    kind = host.kinds[thing.kind]
    told: Json = {}
    for each in asked:
        if each.name in kind.edges:
            told[each.name] = _inner_edge(host, thing, each, token)
        elif each.name not in kind.fields:
            message = f"(#100) Tried accessing nonexisting field ({each.name}) on node type ({thing.kind})"
            raise GraphFault(100, message)
        elif (value := thing.fields.get(each.name)) is not None:
            told[each.name] = _value(host, value, each, token)
    return {**told, "id": thing.graph_id}


def _value(host: Host, value: object, asked: Asked, token: Token) -> object:
    if isinstance(value, Thing):
        return rendered(host, value, asked.inside or (Asked("id"),), token)
    if isinstance(value, dict) and asked.inside:
        wanted = {each.name for each in asked.inside}
        return {name: each for name, each in value.items() if name in wanted}
    return value


def _inner_edge(host: Host, thing: Thing, asked: Asked, token: Token) -> Json:
    host.need(token, host.kinds[thing.kind].edges[asked.name])
    page = edge_page(
        host, thing, asked.name, asked.inside, token, limit=asked.modifiers.get("limit", str(_USUAL)), after=""
    )
    if "summary" in asked.modifiers:
        page["summary"] = {"order": "chronological", "total_count": len(thing.listed(asked.name))}
    return page


def edge_page(
    host: Host, thing: Thing, edge: str, asked: tuple[Asked, ...], token: Token, *, limit: str, after: str
) -> Json:
    """One page of an edge. With its address the next page carries the token, as the real ones do."""
    if not limit.isdigit() or int(limit) > _MOST:
        raise GraphFault(100, f"(#100) Param limit must be a number less than or equal to {_MOST}")
    return paged(host, thing.listed(edge), asked, token, limit=int(limit), after=after, path=f"{thing.graph_id}/{edge}")


def paged(
    host: Host, things: list[Thing], asked: tuple[Asked, ...], token: Token, *, limit: int, after: str, path: str
) -> Json:
    """One page of a list that begins with the newest."""
    start = _start(host, things, after)
    page, rest = things[start : start + limit], things[start + limit :]
    if not page:
        return {"data": []}
    cursors = {"before": _place(page[0]), "after": _place(page[-1])}
    paging: Json = {"cursors": cursors}
    if host.tells_next and rest:
        query = urlencode({"access_token": token.value, "limit": limit, "after": cursors["after"]})
        paging["next"] = f"{host.base}/{path}?{query}"
    shown = ([things[start - 1]] if start else []) + page[::-1] if host.jumbled else page
    return {"data": [rendered(host, each, asked, token) for each in shown], "paging": paging}


def _place(thing: Thing) -> str:
    return base64.urlsafe_b64encode(json.dumps([thing.at.isoformat(), thing.graph_id]).encode()).decode()


def _start(host: Host, things: list[Thing], after: str) -> int:
    if not after:
        return 0
    try:
        at, number = json.loads(base64.urlsafe_b64decode(after.encode()))
    except ValueError:
        at, number = "", ""
    if not at or host.forgets_places:
        raise GraphFault(100, "(#100) Invalid cursors values")
    return sum((each.at.isoformat(), each.graph_id) >= (at, number) for each in things)
