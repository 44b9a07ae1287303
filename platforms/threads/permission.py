"""How a Threads account's owner gives permission, and how it is renewed before its sixty days are over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from platforms.graph.asking import Talk, date_of, object_in
from platforms.graph.granted import Secret, loaded, secret_of, talk_as
from platforms.graph.permission import begun, code_in, ends_at, exchanged, kept, token_from
from platforms.graph.posts import number
from platforms.reading import identifier, moment, words
from platforms.shape import Access, GrantStart
from wire.errors import Refused, SignInNeeded
from wire.http import Wire

NAME = "Threads"
SCOPES = ("threads_basic", "threads_manage_mentions", "threads_read_replies", "threads_keyword_search")
"""What is asked for: reading only."""
RENEWED_BEFORE = timedelta(days=30)
"""A permission lasts sixty days and can be renewed at any time in them, once it is a day old."""


def begin(wire: Wire, access: Access, redirect: str, for_reporting: bool) -> GrantStart:
    """The page where the owner agrees. Raises Refused without an application: reports are filed by a person."""
    start = begun(access, redirect, scopes=SCOPES, name=NAME)
    return replace(start, keep=json.dumps({**loaded(start.keep), "oauth": access.addresses["oauth"]}))


def begin_without(wire: Wire, address: str, redirect: str, for_reporting: bool) -> GrantStart:
    """Raises Refused: Threads knows only applications that were registered by hand."""
    raise Refused(f"{NAME} knows only applications that were registered by hand: set the council's own first.")


def finish(wire: Wire, keep: str, code: str) -> str:
    """The secret to store, for what the owner brought back. Raises the four errors."""
    held = kept(keep)
    oauth = words(loaded(keep).get("oauth"))
    form = {
        "client_id": held["client_id"],
        "client_secret": held["client_secret"],
        "grant_type": "authorization_code",
        "redirect_uri": held["redirect"],
        "code": code_in(code, state=held["state"]),
    }
    answer = wire.post(f"{oauth}/oauth/access_token", form=form, headers={"Accept": "application/json"})
    short = token_from(answer, NAME)
    asked = {
        "grant_type": "th_exchange_token",
        "client_secret": held["client_secret"],
        "access_token": words(short.get("access_token")),
    }
    lasting = exchanged(wire, f"{oauth}/access_token", asked, name=NAME)
    until = ends_at(lasting.get("expires_in"), now=date_of(answer))
    token, user_id = words(lasting.get("access_token")), number(identifier(short.get("user_id")))
    return Secret(token=token, user_id=user_id, app=held["client_id"], until=until).kept()


def revoke(wire: Wire, access: Access) -> None:
    """Raises Refused always: Threads has no way for a program to give a permission back; it says where people can."""
    raise Refused("Threads lets only its owner withdraw: in Threads, Settings, Account, Website permissions.")


def current(access: Access) -> Secret:
    """The permission to use: the renewed one of an earlier run, unless the account was connected anew since."""
    secret, renewed = secret_of(access.secret), loaded(access.session)
    if not secret.token or words(renewed.get("for")) != _mark(secret) or not words(renewed.get("token")):
        return secret
    return replace(secret, token=words(renewed.get("token")), until=moment(renewed.get("until")))


def renewed(talk: Talk, access: Access, secret: Secret) -> tuple[Secret, str]:
    """The permission renewed when it is due, and the session to keep ("" when nothing has changed).

    A renewal that fails leaves the old one in place: people are told in time that it ends. Raises TryLater.
    """
    if secret.until is None or talk.clock is None or secret.until > talk.clock + RENEWED_BEFORE:
        return secret, ""
    asked = {"grant_type": "th_refresh_token", "access_token": secret.token}
    try:
        url = f"{access.addresses['oauth']}/refresh_access_token"
        body = object_in(talk.wire.get(url, params=asked, headers={"Accept": "application/json"}), NAME)
    except (Refused, SignInNeeded):
        return secret, ""
    return _taken_over(body, talk, access, secret)


def _taken_over(body: Mapping[str, object], talk: Talk, access: Access, secret: Secret) -> tuple[Secret, str]:
    token, until = words(body.get("access_token")), ends_at(body.get("expires_in"), now=talk.clock)
    if not token or until is None:
        return secret, ""
    fresh = replace(secret, token=token, until=until)
    talk.graph = talk_as(talk.wire, access, fresh, NAME).graph
    session = {"for": _mark(secret_of(access.secret)), "token": token, "until": until.isoformat()}
    return fresh, json.dumps(session)


def _mark(secret: Secret) -> str:
    return hashlib.sha256(secret.token.encode("utf-8", "replace")).hexdigest()[:16]
