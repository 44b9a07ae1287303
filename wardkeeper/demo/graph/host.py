"""A simulated Graph host: things with fields and edges, tokens with scopes, an allowance, and one dialect of errors."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Json = dict[str, object]


class GraphFault(Exception):
    """An error as the host answers it."""

    def __init__(self, code: int, message: str, *, status: int = 400, subcode: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.error: Json = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Simulated"}
        if subcode:
            self.error["error_subcode"] = subcode


@dataclass(eq=False)
class Thing:
    """One object. `sees` are the ids of the accounts whose tokens may read it; `edges` hold things, in any order."""

    graph_id: str
    kind: str
    at: datetime
    sees: frozenset[str]
    fields: Json = field(default_factory=dict)
    edges: dict[str, list[Thing]] = field(default_factory=dict)
    gone: bool = False

    def listed(self, edge: str) -> list[Thing]:
        """What an edge shows: newest first, without what is gone."""
        shown = [each for each in self.edges.get(edge, []) if not each.gone]
        return sorted(shown, key=lambda each: (each.at, each.graph_id), reverse=True)


@dataclass(frozen=True)
class Kind:
    """What a kind of thing has: its fields, its edges with the scopes each needs, and the scopes to read it at all."""

    fields: frozenset[str]
    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()


@dataclass
class Token:
    """Who a token is for and what it may do. `person` is who granted it; `expires` None for a Page's token."""

    value: str
    thing: Thing | None
    person: Person | None
    scopes: set[str]
    app_id: str
    expires: datetime | None = None
    long_lived: bool = True


@dataclass(eq=False)
class Person:
    """Somebody who signs in and agrees. `accounts` are what they may grant: Pages, or the Threads account itself.

    `tasks` is what they may do on their Pages; `declines` what they untick on the page where they agree.
    """

    person_id: str
    name: str
    accounts: list[Thing] = field(default_factory=list)
    tasks: tuple[str, ...] = ("MODERATE", "CREATE_CONTENT")
    declines: frozenset[str] = frozenset()
    granted: dict[str, set[str]] = field(default_factory=dict)


@dataclass
class Host:
    """One host at `base`, which ends in its version. `kinds` say what things have; `spent_code` is its error for that.

    `usage` is the percentage it tells with every answer; `calls_left` how often it still answers (None: always), and
    then `regain_minutes` how long that lasts. `jumbled`: pages repeat the item before and are out of order.
    `subscribed` holds what is pushed about which Page. `tells_next`: lists carry the address of the next page.
    `forgets_places`: it no longer knows earlier places.
    """

    base: str
    clock: Callable[[], datetime]
    kinds: Mapping[str, Kind]
    spent_code: int
    tells_next: bool = True
    app_id: str = "1029384756"
    app_secret: str = "simulated-application-secret"  # noqa: S105 - of a simulated application
    redirects: set[str] = field(default_factory=set)
    things: dict[str, Thing] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, tuple[Person, frozenset[str], str]] = field(default_factory=dict)
    usage: int = 3
    calls_left: int | None = None
    regain_minutes: int = 17
    jumbled: bool = False
    forgets_places: bool = False
    subscribed: dict[str, str] = field(default_factory=dict)
    seen_agents: list[str] = field(default_factory=list)
    asked_paths: list[str] = field(default_factory=list)

    def add(self, thing: Thing, *, to: Thing | None = None, edge: str = "") -> Thing:
        """Put a thing on the host, and on an edge of another."""
        self.things[thing.graph_id] = thing
        if to is not None:
            to.edges.setdefault(edge, []).append(thing)
        return thing

    def number(self) -> str:
        """A number not given before."""
        return str(17_000_000_000_000_000 + len(self.things) + 1)

    def issue(
        self,
        thing: Thing | None,
        scopes: set[str],
        *,
        person: Person | None = None,
        lasts: timedelta | None = None,
        long_lived: bool = True,
    ) -> str:
        """A token as though its owner had agreed."""
        value = f"EAAsimulated{secrets.token_urlsafe(24)}"
        expires = self.clock() + lasts if lasts else None
        self.tokens[value] = Token(value, thing, person, scopes, self.app_id, expires, long_lived)
        return value

    def token_for(self, value: str, *, proof: str = "") -> Token:
        """The token, when it is good. Raises GraphFault in the host's own words."""
        if not value:
            raise GraphFault(104, "An access token is required to request this resource.")
        token = self.tokens.get(value)
        if token is None:
            raise GraphFault(190, "Invalid OAuth access token - Cannot parse access token", status=401)
        if token.expires is not None and token.expires <= self.clock():
            raise GraphFault(190, "Error validating access token: Session has expired", status=401, subcode=463)
        return token

    def need(self, token: Token, scopes: tuple[str, ...]) -> None:
        """Raise GraphFault unless the token has all of these scopes, each group's alternatives separated by "|"."""
        for group in scopes:
            if not set(group.split("|")) & token.scopes:
                message = f"(#10) This endpoint requires the '{group.split('|')[0]}' permission"
                raise GraphFault(10, message, status=403)

    def visible(self, graph_id: str, token: Token) -> Thing:
        """The thing, when this token's account may see it; else the one error for everything."""
        thing = self.things.get(graph_id)
        viewer = token.thing.graph_id if token.thing else ""
        if thing is None or thing.gone or viewer not in thing.sees:
            message = (
                f"Unsupported get request. Object with ID '{graph_id}' does not exist, cannot be loaded due to missing "
                "permissions, or does not support this operation."
            )
            raise GraphFault(100, message, subcode=33)
        return thing

    def spend(self) -> None:
        """Count one call. Raises GraphFault when the allowance is used up."""
        if self.calls_left is None:
            return
        if self.calls_left <= 0:
            raise GraphFault(self.spent_code, "Application request limit reached", status=403)
        self.calls_left -= 1

    def everything(self) -> Iterator[Thing]:
        """All things that are still there."""
        return (each for each in self.things.values() if not each.gone)


def stamp(moment: datetime) -> str:
    """A time as Graph writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")
