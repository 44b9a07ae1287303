"""Whether a post on X is still up, asked as nobody: never with a councillor's credential, whom its author may block.

With permission on file and the application's own token X's interface is asked about post and author; else, or when it
does not answer, only the public embed service, which knows "up" but not why something is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from platforms.reading import identifier, table, tables, words
from platforms.shape import Access, PostRef, Sighting
from platforms.x.addressing import handle_in, is_handle, is_id, parse_url, permalink
from platforms.x.talking import POST, TWEET, Problem, app_token, base_address, problems
from records.vocabulary import Presence
from wire.errors import Changed, Refused, TryLater, WireError
from wire.http import Answer, Wire

HOME = "GB"
EVERYWHERE = "XX"
"""X's word for "withheld in every country"."""
_MISSING = "resource-not-found"
_CLOSED = "not-authorized-for-resource"


class _Author(Enum):
    """What X says about an author's account."""

    THERE = "is there and open to everybody"
    PROTECTED = "shows its posts to followers only"
    SUSPENDED = "is suspended"
    MISSING = "is not found: deactivated or deleted"
    UNCLEAR = "could not be asked about"


def look(wire: Wire, access: Access, post: PostRef) -> Sighting:
    """What X says of the post, to nobody in particular. Nothing is raised: no clear answer is `unknown`."""
    number = post.version if is_id(post.version) else post.external_id
    if not is_id(number):
        return Sighting(Presence.UNKNOWN, "This is no number of a post on X.")
    try:
        if access.permission_on_file and app_token(access):
            seen = _by_interface(wire, access, post, number)
            if seen is not None:
                return seen
        return _by_embedding(wire, access, post, number)
    except TryLater as later:
        presence = Presence.RATE_LIMITED if later.rate_limited else Presence.UNKNOWN
        return Sighting(presence, later.why)
    except Refused as problem:
        return Sighting(Presence.UNKNOWN, problem.why)


def _by_interface(wire: Wire, access: Access, post: PostRef, number: str) -> Sighting | None:
    """The interface's answer, None when it says nothing about the post (no credit, no plan, another shape)."""
    for spelling in (TWEET, POST):
        answer = _asked(wire, access, "/2/tweets", {"ids": number, f"{spelling}.fields": "withheld,author_id"}, number)
        if answer is not None:
            break
    else:
        return None
    body, found = answer
    if body:
        return _withheld(table(body.get("withheld")))
    if not {_MISSING, _CLOSED} & {each.kind for each in found}:
        return None
    author = _author(wire, access, post)
    presence, why = _verdict(missing=any(each.kind == _MISSING for each in found), author=author)
    return Sighting(presence, f"{why} X's interface: the post is not shown; its author's account {author.value}.")


def _verdict(*, missing: bool, author: _Author) -> tuple[Presence, str]:
    if author is _Author.SUSPENDED:
        return Presence.AUTHOR_SUSPENDED, "X has suspended the author's account."
    if author is _Author.PROTECTED:
        return Presence.PRIVATE_OR_BLOCKED, "The author now shows posts to followers only."
    if author is _Author.MISSING:
        return Presence.AUTHOR_DEACTIVATED, "The author's account is closed; its posts may come back."
    if missing and author is _Author.THERE:
        why = "X no longer has the post, while its author's account is there; it does not say who acted."
        return Presence.REMOVED_BY_PLATFORM, why
    return Presence.UNKNOWN, "X gave no clear answer."


def _withheld(withheld: Mapping[str, object]) -> Sighting:
    countries = withheld.get("country_codes")
    codes = {words(each).upper() for each in countries} if isinstance(countries, list) else set()
    if EVERYWHERE in codes:
        return Sighting(Presence.LIMITED_IN_UK, "X's interface: the post is withheld in every country.")
    if HOME in codes:
        return Sighting(Presence.LIMITED_IN_UK, "X's interface: the post is withheld in the United Kingdom.")
    return Sighting(Presence.UP, "X's interface still shows the post.")


def _author(wire: Wire, access: Access, post: PostRef) -> _Author:
    name = post.author_id.lstrip("@")
    if is_id(name):
        path, params = "/2/users", {"ids": name, "user.fields": "protected"}
    elif is_handle(name):
        path, params = "/2/users/by", {"usernames": name, "user.fields": "protected"}
    else:
        return _Author.UNCLEAR
    answer = _asked(wire, access, path, params, name)
    if answer is None:
        return _Author.UNCLEAR
    body, found = answer
    if body:
        return _Author.PROTECTED if body.get("protected") is True else _Author.THERE
    if any(each.suspended for each in found):
        return _Author.SUSPENDED
    # A suspended account is filed under the same kind, so the kind alone is not enough.
    if any(each.kind == _MISSING and each.title == "Not Found Error" for each in found):
        return _Author.MISSING
    return _Author.PROTECTED if any(each.kind == _CLOSED for each in found) else _Author.UNCLEAR


def _asked(
    wire: Wire, access: Access, path: str, params: Mapping[str, str], about: str
) -> tuple[Mapping[str, object], list[Problem]] | None:
    """What X has of one thing, and the errors about it; None when the answer is about something else, or a refusal."""
    answer = _heard(wire, access, path, params)
    if answer is None or answer.status not in (200, 404):
        return None
    try:
        body = table(answer.json())
    except Changed:
        return None
    data = body.get("data")
    items = tables(data) if isinstance(data, list) else (table(data),)
    for item in items:
        if about.lower() in (identifier(item.get("id")), words(item.get("username")).lower()):
            return item, []
    found = [each for each in problems(body) if each.about.lower() == about.lower()]
    return ({}, found) if found else None


def _heard(wire: Wire, access: Access, path: str, params: Mapping[str, str]) -> Answer | None:
    try:
        return wire.get(
            base_address(access, "api") + path,
            params=params,
            headers={"Accept": "application/json"},
            bearer=app_token(access),
        )
    except TryLater as later:
        if later.rate_limited:
            raise
        return None
    except WireError:
        return None


def _by_embedding(wire: Wire, access: Access, post: PostRef, number: str) -> Sighting:
    """Up when X embeds this very post. Anything else says nothing: it embeds no sensitive or protected posts either,
    and gives the same answer for them as for what was deleted."""
    params = {"url": permalink(handle_in(post.url), number), "omit_script": "true", "dnt": "true"}
    try:
        answer = wire.get(base_address(access, "oembed"), params=params, headers={"Accept": "application/json"})
        body = table(answer.json()) if answer.status == 200 else {}
    except Changed:
        return Sighting(Presence.UNKNOWN, "X's embed service answered in a way we do not know.")
    if parse_url(words(body.get("url"))) in (number, post.external_id) and words(body.get("html")):
        return Sighting(Presence.UP, "X's public embed service still shows the post.")
    if answer.status == 200:
        return Sighting(Presence.UNKNOWN, "X's embed service answered with something that is not this post.")
    why = (
        f"X's embed service does not show the post (status {answer.status}): it may be deleted, removed, private or "
        "marked sensitive. A person has to look."
    )
    return Sighting(Presence.UNKNOWN, why)
