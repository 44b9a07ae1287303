"""Reads a Graph edge from the newest back to where everything is known, and goes on where a reading was cut short."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from platforms.graph.asking import Talk
from platforms.graph.posts import Item
from platforms.reading import table, tables, words
from platforms.shape import Found, Known
from wire.errors import Changed, Refused
from wire.http import Fields

KNOWN_PAGES = 2
"""Whole pages in a row that must be known before the rest counts as known: items arrive late and out of order."""

# Of the address of a further page only these words are kept; the rest is ours, above all the token.
_PLACE_WORDS = ("after", "until", "__paging_token", "offset", "pagination_token")
_LONGEST_PLACE = 2000


@dataclass(frozen=True)
class Leaf:
    """One page of an edge. `onward` is where to go on, "" at the end; `unreadable` counts what is no object."""

    items: tuple[Item, ...]
    onward: str
    unreadable: int


@dataclass(frozen=True)
class Edge:
    """Something to read: `read` turns an item into a post, None for what cannot be read; `ours` are left out.

    `next_told`: the edge says whether there is a further page. Threads gives only a place to go on from.
    """

    path: str
    params: Fields
    read: Callable[[Item], Found | None]
    ours: Callable[[Found], bool]
    next_told: bool = True


@dataclass(frozen=True)
class Stretch:
    """One page as read: its items, its posts by others, and the places below which something still waits."""

    items: tuple[Item, ...]
    posts: tuple[Found, ...]
    unreadable: int
    waiting: tuple[str, ...]


@dataclass
class _Way:
    """The places still to be read, those already read, and whether everything is read whatever is known."""

    todo: list[str]
    thorough: bool
    been: set[str] = field(default_factory=set)
    known_in_a_row: int = 0


def read_leaf(talk: Talk, path: str, params: Fields, *, place: str = "", next_told: bool = True) -> Leaf:
    """One page of an edge. Raises the four errors, Changed when it is no list."""
    body = talk.ask(path, {**params, **dict(parse_qsl(place))})
    return leaf_in(body, next_told=next_told, name=talk.graph.name)


def leaf_in(body: Mapping[str, object], *, next_told: bool, name: str) -> Leaf:
    """The page in an answer, or in a field of one. Raises Changed when it is no list."""
    items = body.get("data")
    if not isinstance(items, list):
        raise Changed(f"{name} answered something else than a list.")
    read = tables(items)
    return Leaf(
        items=read, onward=_onward(table(body.get("paging")), bool(read), next_told), unreadable=len(items) - len(read)
    )


def read_back(
    talk: Talk, edge: Edge, *, known: Known, pages: int, waiting: tuple[str, ...] = (), thorough: bool = False
) -> Iterator[Stretch]:
    """At most so many `pages`: from the newest back until KNOWN_PAGES of them are known, then from where it waits.

    `thorough` reads to the end whatever is known. A place that Meta no longer knows is made good by reading everything
    again. What is left over is in the last stretch's `waiting`. Raises the four errors.
    """
    way = _Way(todo=["", *waiting], thorough=thorough)
    for _ in range(pages):
        if not way.todo:
            return
        place = way.todo.pop(0)
        try:
            leaf = read_leaf(talk, edge.path, edge.params, place=place, next_told=edge.next_told)
        except Refused as problem:
            if not place or way.thorough or problem.code.partition("/")[0] != "100":
                raise
            way = _Way(todo=[""], thorough=True)
            continue
        way.been.add(place)
        posts = [edge.read(each) for each in leaf.items]
        wanted = tuple(each for each in posts if each is not None and not edge.ours(each))
        _go_on(way, leaf, settled=_settled(wanted, known))
        unreadable = leaf.unreadable + sum(each is None for each in posts)
        yield Stretch(leaf.items, wanted, unreadable, tuple(each for each in way.todo if each))


def _go_on(way: _Way, leaf: Leaf, *, settled: bool) -> None:
    way.known_in_a_row = way.known_in_a_row + 1 if settled else 0
    enough = way.known_in_a_row >= KNOWN_PAGES and not way.thorough
    if enough:
        way.known_in_a_row = 0
    elif leaf.onward and leaf.onward not in way.been and leaf.onward not in way.todo:
        way.todo.insert(0, leaf.onward)


def _settled(posts: tuple[Found, ...], known: Known) -> bool:
    pairs = {(each.external_id, each.version) for each in posts}
    return bool(pairs) and known(tuple(pairs)) >= pairs


def _onward(paging: Mapping[str, object], found: bool, next_told: bool) -> str:
    further = words(paging.get("next"))
    if not found or (next_told and not further):
        return ""
    after = words(table(paging.get("cursors")).get("after"))
    place = {"after": after} if after else _place_in(further)
    onward = urlencode(place, errors="replace")
    return onward if len(onward) <= _LONGEST_PLACE else ""


def _place_in(address: str) -> dict[str, str]:
    try:
        asked = dict(parse_qsl(urlsplit(address).query, max_num_fields=100))
    except ValueError:
        return {}
    return {name: asked[name] for name in _PLACE_WORDS if name in asked}
