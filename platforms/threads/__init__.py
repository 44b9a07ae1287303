"""Threads: everything this product knows of it. It has a Graph host of its own, and no way to report by program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType

from platforms.graph.asking import Talk
from platforms.graph.granted import ending, talk_as
from platforms.graph.posts import Item, graph_id_in, number
from platforms.graph.presence import Question, seen, unasked
from platforms.reading import words
from platforms.shape import (
    Access,
    Consent,
    Grant,
    Identity,
    Known,
    Pace,
    Page,
    Platform,
    PostRef,
    Sighting,
    Subject,
)
from platforms.threads.addressing import parse_url
from platforms.threads.collecting import Scan, begun, read_mentions, read_replies, read_searches
from platforms.threads.permission import NAME, begin, begin_without, current, finish, renewed, revoke
from wire.errors import Changed, WireError
from wire.http import Wire

ADDRESSES: Mapping[str, str] = MappingProxyType(
    {
        "graph": "https://graph.threads.net/v1.0",
        "oauth": "https://graph.threads.net",
        "dialog": "https://threads.net/oauth/authorize",
    }
)
"""The Graph host with its version, the same host for tokens, and the page where owners agree."""


def identify(wire: Wire, access: Access) -> Identity:
    """Whose permission it is. Raises the four errors."""
    me = _me(talk_as(wire, access, current(access), NAME))
    return Identity(handle=words(me.get("username")), stable_id=number(me.get("id")), session=access.session)


def mentions(wire: Wire, access: Access, subject: Subject, cursor: str, known: Known) -> Iterator[Page]:
    """Pages of mentions, replies and what searches by name find, the account's own posts left out.

    The permission is renewed when it is due. Raises the four errors of wire/errors.py.
    """
    secret = current(access)
    talk = talk_as(wire, access, secret, NAME)
    me = _me(talk)
    secret, session = renewed(talk, access, secret)
    scan = begun(Scan(talk, number(me.get("id")), words(me.get("username")), known, session or access.session), cursor)
    if session:
        yield scan.page(())  # so that the renewed permission is kept before anything can go wrong
    yield from read_mentions(scan)
    yield from read_replies(scan)
    yield from read_searches(scan, subject)
    scan.notes.update(dict.fromkeys(ending(secret.until, now=talk.clock, name=NAME)))
    yield scan.page(())


def look(wire: Wire, access: Access, post: PostRef) -> Sighting:
    """Whether Threads still shows a post to the account. Nothing is raised; without a credential nobody is asked.

    Threads' embeds answer without one, but its terms forbid using them for anything but showing the post.
    """
    secret = current(access)
    if not secret.token:
        return unasked(NAME, "answers only a connected account, and none was asked; open the link to see.")
    asked = graph_id_in(post.version)
    if not asked:
        return unasked(NAME, "cannot be asked after a link; open it to see.")
    talk = talk_as(wire, access, secret, NAME)
    try:
        control = number(access.stable_id) or number(_me(talk).get("id"))
    except WireError as problem:
        return unasked(NAME, problem.why)
    return seen(talk, Question(asked, "id", control_id=control))


def _me(talk: Talk) -> Item:
    me = talk.ask("me", {"fields": "id,username"})
    if not number(me.get("id")) or not words(me.get("username")):
        raise Changed(f"{NAME} names no account.")
    return me


THREADS = Platform(
    key="threads",
    name=NAME,
    parse_url=parse_url,
    # The allowance follows how often the account is seen; the headers are obeyed besides.
    pace=Pace(requests=60, per=timedelta(minutes=1), between_scans=timedelta(minutes=30)),
    consent=Consent(
        needs="The councillor's permission to read, and an application that Meta has reviewed.",
        how="The councillor signs in at Threads and agrees; they can take it back in Threads' settings at any time.",
        sees="Public posts that mention them, replies under their posts of the last 30 days, searches by their names.",
        blind_spots=(
            "Until Meta has reviewed the application, only posts by its own testers are shown.",
            "Words that Meta holds offensive find nothing: only names are searched for, and not all posts are found.",
            "Posts by private accounts are never seen.",
            "The permission ends after 60 days unless it is renewed, which is done here while scans go on.",
            "Whether a reported post is gone must be looked at by a person: Meta says only that it no longer shows it.",
        ),
    ),
    identify=identify,
    mentions=mentions,
    look=look,
    grant=Grant(begin=begin_without, finish=finish, revoke=revoke, begin_as=begin),
)

__all__ = ["ADDRESSES", "THREADS", "identify", "parse_url"]
