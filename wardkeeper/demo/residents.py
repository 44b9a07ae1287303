"""The residents of the demonstration: what they say, where and when, read from the seed files. They judge nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

HANDLE_DOMAIN = "aldermere.example"
_CHATTER_ROUNDS = 4


@dataclass(frozen=True)
class Saying:
    """One post: on which platform, by whom, when, which words. `edit` and `delete` happen later."""

    id: str
    on: str
    author: str
    at: datetime
    text: str
    reply_to: str = ""
    warning: str = ""
    alt: tuple[str, ...] = ()
    edited_at: datetime | None = None
    edited_text: str = ""
    deleted_at: datetime | None = None


@dataclass(frozen=True)
class Member:
    """One councillor of the seed, with the account names they opted in."""

    name: str
    ward: str
    party: str
    bluesky: str = ""
    mastodon: str = ""
    nicknames: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Officer:
    """One person of the seed who signs in."""

    email: str
    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Cast:
    """The council of the demonstration."""

    name: str
    tier: str
    nation: str
    people: tuple[Officer, ...] = field(default=())
    councillors: tuple[Member, ...] = field(default=())


def cast() -> Cast:
    """The council and its people; all invented."""
    seed = json.loads(_seed("council.json"))
    return Cast(
        name=seed["name"],
        tier=seed["tier"],
        nation=seed["nation"],
        people=tuple(Officer(one["email"], one["name"], tuple(one["roles"])) for one in seed["people"]),
        councillors=tuple(Member(**{key: _fixed(value) for key, value in one.items()}) for one in seed["councillors"]),
    )


def story(began: datetime) -> tuple[Saying, ...]:
    """Everything the residents say, in order of time, counted from when the story began."""
    sayings = [_saying(json.loads(line), began) for line in _seed("posts.jsonl").splitlines() if line.strip()]
    return tuple(sorted(sayings, key=lambda saying: saying.at))


def chatter(began: datetime, *, every: timedelta) -> tuple[Saying, ...]:
    """What goes on being said after the story, one post every so often, for about an hour and a half."""
    lines = [json.loads(line) for line in _seed("chatter.jsonl").splitlines() if line.strip()]
    minutes = every.total_seconds() / 60
    return tuple(
        _saying({**line, "id": f"{line['id']}-{number}", "minute": 12 + number * minutes}, began)
        for number, line in enumerate(lines * _CHATTER_ROUNDS)
    )


def _seed(name: str) -> str:
    return (files("wardkeeper.demo") / "seed" / name).read_text(encoding="utf-8")


def _fixed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _saying(line: dict[str, Any], began: datetime) -> Saying:
    edit = line.get("edit")
    return Saying(
        id=line["id"],
        on=line["on"],
        author=line["author"],
        at=_moment(began, line["minute"]),
        text=line["text"],
        reply_to=line.get("reply_to", ""),
        warning=line.get("warning", ""),
        alt=tuple(line.get("alt", ())),
        edited_at=_moment(began, edit["minute"]) if edit else None,
        edited_text=edit["text"] if edit else "",
        deleted_at=_moment(began, line["delete"]) if "delete" in line else None,
    )


def _moment(began: datetime, minute: float) -> datetime:
    return began + timedelta(minutes=minute)
