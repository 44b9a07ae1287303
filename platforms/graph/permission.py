"""How an owner's permission begins and comes back on any Graph host: state, code, exchange. It keeps nothing itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from hmac import compare_digest
from urllib.parse import parse_qs, urlencode, urlsplit

from platforms.addresses import take_apart
from platforms.graph.asking import object_in
from platforms.graph.granted import application_of, loaded
from platforms.reading import words
from platforms.shape import Access, GrantStart
from wire.errors import Changed, Refused, TryLater
from wire.http import Answer, Fields, Wire

_KEPT = ("graph", "client_id", "client_secret", "redirect", "state")
_LONGEST_LIFE = timedelta(days=400)


def begun(access: Access, redirect: str, *, scopes: tuple[str, ...], name: str) -> GrantStart:
    """The page where the owner agrees, asking for these scopes alone. Raises Refused without an application."""
    application = application_of(access, name)
    if not usable(redirect):
        raise Refused(f"{name} sends people back to an address only: set the console's own, and register it with Meta.")
    state = secrets.token_urlsafe(24)
    query = {
        "client_id": application.client_id,
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": ",".join(scopes),
        "state": state,
    }
    keep = {
        "graph": access.addresses["graph"],
        "client_id": application.client_id,
        "client_secret": application.client_secret,
        "redirect": redirect,
        "state": state,
        "wanted": (access.address or access.handle).strip(),
    }
    return GrantStart(url=f"{access.addresses['dialog']}?{urlencode(query)}", keep=json.dumps(keep))


def usable(redirect: str) -> bool:
    """Whether Meta can send a browser there: an https address, or this computer's own while trying things out."""
    address = take_apart(redirect)
    return address is not None and (address.scheme == "https" or address.loopback)


def kept(keep: str) -> Mapping[str, str]:
    """What `begun` wanted kept. Raises Refused when it cannot be read."""
    found = {name: words(loaded(keep).get(name)) for name in (*_KEPT, "wanted")}
    if not all(found[name] for name in _KEPT):
        raise Refused("What was kept of this permission cannot be read. Begin again.")
    return found


def code_in(brought: str, *, state: str) -> str:
    """The code in what the owner brought back: the code alone, or the whole address with the state sent out.

    Raises Refused when they said no, or when the answer belongs to another permission.
    """
    # Meta ends the address it sends people back to with "#_" or "#_=_".
    text = brought.strip().partition("#")[0]
    if "=" not in text:
        return text
    try:
        query = parse_qs(urlsplit(text).query if "?" in text else text, max_num_fields=100)
    except ValueError:
        query = {}
    if query.get("error") or query.get("error_code"):
        raise Refused("The account's owner did not agree.")
    if not compare_digest(query.get("state", [""])[0].encode("utf-8", "replace"), state.encode()):
        raise Refused("This answer does not belong to the permission that was asked for. Begin again.")
    return query.get("code", [""])[0]


def token_from(answer: Answer, name: str) -> Mapping[str, object]:
    """The answer to an exchange, which holds an access token. Raises Refused for a code that is used up or too old."""
    try:
        body = object_in(answer, name)
    except TryLater:
        raise
    except Refused as problem:
        why = "The code was not accepted: it is used up, too old or not whole. Begin again."
        raise Refused(why, code=problem.code) from None
    if not words(body.get("access_token")):
        raise Changed(f"{name} gave no token.")
    return body


def exchanged(wire: Wire, url: str, asked: Fields, *, name: str) -> Mapping[str, object]:
    """A code or token exchanged for another, as Meta documents it: in the query of a GET. Raises the four errors."""
    return token_from(wire.get(url, params=asked, headers={"Accept": "application/json"}), name)


def ends_at(seconds: object, *, now: datetime | None) -> datetime | None:
    """When something that lasts so many seconds ends; None when that, or the time, is not known."""
    if now is None or isinstance(seconds, bool) or not isinstance(seconds, int) or seconds <= 0:
        return None
    return now + timedelta(seconds=min(seconds, int(_LONGEST_LIFE.total_seconds())))
