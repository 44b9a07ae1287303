"""Facebook Pages: everything this product knows of them. Profiles, groups and other people's pages are out of reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType

from platforms.facebook.addressing import graph_id, parse_url
from platforms.facebook.collecting import read_page
from platforms.graph import pages
from platforms.graph.asking import Talk
from platforms.graph.granted import secret_of, talk_as
from platforms.graph.posts import Item, graph_id_in, number
from platforms.graph.presence import Question, seen, unasked
from platforms.reading import words
from platforms.shape import (
    Access,
    Consent,
    Grant,
    GrantStart,
    Identity,
    Known,
    Pace,
    Page,
    Platform,
    PostRef,
    Sighting,
    Subject,
)
from wire.errors import Changed, Refused, SignInNeeded, WireError
from wire.http import Wire

NAME = "Facebook"
ADDRESSES: Mapping[str, str] = MappingProxyType(
    {"graph": "https://graph.facebook.com/v26.0", "dialog": "https://www.facebook.com/v26.0/dialog/oauth"}
)
"""The Graph host and the page where owners agree. Meta ends a version after about two years: then both change."""

_NEEDED = frozenset({"pages_show_list", "pages_read_engagement", "pages_read_user_content"})
SCOPES = (*sorted(_NEEDED), "pages_manage_metadata")
"""What is asked for; the last only so that Meta may push changes to us."""
_GIVEN_BACK = ("pages_read_user_content",)  # the others may serve the Instagram account of the same person


def identify(wire: Wire, access: Access) -> Identity:
    """Which Page the permission is for. Raises the four errors."""
    talk = talk_as(wire, access, secret_of(access.secret), NAME)
    page = _page(talk)
    handle = words(page.get("username")) or words(page.get("name")) or number(page.get("id"))
    return Identity(handle=handle, stable_id=number(page.get("id")))


def mentions(wire: Wire, access: Access, subject: Subject, cursor: str, known: Known) -> Iterator[Page]:
    """Pages of comments, visitors' posts and tags at the Page. Raises the four errors of wire/errors.py."""
    secret = secret_of(access.secret)
    talk = talk_as(wire, access, secret, NAME)
    page_id = number(access.stable_id) or number(subject.stable_id) or number(_page(talk).get("id"))
    yield from read_page(talk, page_id, cursor, known, secret=secret)


def look(wire: Wire, access: Access, post: PostRef) -> Sighting:
    """Whether Facebook still shows a post to the Page. Nothing is raised; without a credential nobody can be asked."""
    secret = secret_of(access.secret)
    if not secret.token:
        return unasked(NAME, "answers only a connected Page, and none was asked; open the link to see.")
    talk = talk_as(wire, access, secret, NAME)
    try:
        page_id = number(access.stable_id) or number(_page(talk).get("id"))
    except WireError as problem:
        return unasked(NAME, problem.why)
    asked = graph_id_in(post.version) or graph_id(post.external_id, page_id=page_id)
    if not asked:
        return unasked(NAME, "cannot be asked after a link of this kind; open it to see.")
    return seen(talk, Question(asked, "id,is_hidden", control_id=page_id, hidden_field="is_hidden"))


def begin(wire: Wire, access: Access, redirect: str, for_reporting: bool) -> GrantStart:
    """The page where the Page's owner agrees. Raises Refused without an application: reports are filed by a person."""
    return pages.begin(access, redirect, scopes=SCOPES, name=NAME)


def finish(wire: Wire, keep: str, code: str) -> str:
    """The secret to store, for what the owner brought back. Raises the four errors."""
    return pages.finish(wire, keep, code, needed=_NEEDED, name=NAME, fits=_any_page)


def revoke(wire: Wire, access: Access) -> None:
    """Give the permission to read back, leaving what the same person gave for Instagram. Raises the four errors."""
    pages.revoke(wire, access, scopes=_GIVEN_BACK, name=NAME)


def subscribe(wire: Wire, access: Access) -> None:
    """Let Meta push changes to the address set in the application's dashboard. Raises the four errors."""
    pages.subscribe(talk_as(wire, access, secret_of(access.secret), NAME))


def _begin_without(wire: Wire, address: str, redirect: str, for_reporting: bool) -> GrantStart:
    raise Refused(f"{NAME} knows only applications that were registered by hand: set the council's own first.")


def _any_page(page: Item) -> bool:
    return bool(number(page.get("id")))


def _page(talk: Talk) -> Item:
    """The Page a token is for. A person's token has no category, and Meta says so."""
    try:
        page = talk.ask("me", {"fields": "id,name,username,category"})
    except Refused as problem:
        if problem.code != "100":
            raise
        raise SignInNeeded("This is a person's token: connect the Page, or give the Page's own token.") from None
    if not number(page.get("id")):
        raise Changed(f"{NAME} names no Page.")
    return page


FACEBOOK = Platform(
    key="facebook",
    name=NAME,
    parse_url=parse_url,
    # A Page's allowance follows its readers, at least some hundred requests an hour; the headers are obeyed besides.
    pace=Pace(requests=60, per=timedelta(minutes=1), between_scans=timedelta(minutes=15)),
    consent=Consent(
        needs="The permission of somebody who may moderate the Page, and an application that Meta has reviewed.",
        how="They sign in at Facebook, choose the Page and agree; they can take it back there or here at any time.",
        sees="Comments under the Page's posts of the last 30 days, visitors' posts, public posts that tag the Page.",
        blind_spots=(
            "Personal profiles, groups and other people's pages can be read by no program within Facebook's terms.",
            "Meta does not say who wrote a post that tags the Page.",
            "An edited comment is noticed when it is pushed to us, or when further comments come after it.",
            "Whether a reported post is gone must be looked at by a person: Meta says only that it no longer shows it.",
            "A short share link, a pfbid link and the link with numbers of one post count as different posts.",
        ),
    ),
    identify=identify,
    mentions=mentions,
    look=look,
    grant=Grant(begin=_begin_without, finish=finish, revoke=revoke, begin_as=begin),
)

__all__ = ["ADDRESSES", "FACEBOOK", "identify", "parse_url", "subscribe"]
