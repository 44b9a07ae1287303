"""Instagram's professional accounts, through the Facebook Page each is linked with: all that is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from platforms.graph import pages
from platforms.graph.asking import Talk
from platforms.graph.deliveries import Pointer
from platforms.graph.granted import secret_of, talk_as
from platforms.graph.posts import Item, graph_id_in, number
from platforms.graph.presence import Question, seen, unasked
from platforms.instagram.addressing import comment_in, parse_url
from platforms.instagram.collecting import read_account
from platforms.instagram.pushing import fetched
from platforms.reading import table, words
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
from wire.errors import Refused, WireError
from wire.http import Wire

NAME = "Instagram"
ADDRESSES: Mapping[str, str] = MappingProxyType(
    {"graph": "https://graph.facebook.com/v26.0", "dialog": "https://www.facebook.com/v26.0/dialog/oauth"}
)
"""The Graph host and the page where owners agree: both Facebook's, for only there are mentions told."""

_NEEDED = frozenset({"instagram_basic", "instagram_manage_comments", "pages_show_list", "pages_read_engagement"})
SCOPES = (*sorted(_NEEDED), "pages_manage_metadata")
"""What is asked for; the last only so that Meta may push mentions to us."""
_GIVEN_BACK = ("instagram_basic", "instagram_manage_comments")  # the others may serve the same person's Page


def identify(wire: Wire, access: Access) -> Identity:
    """Which Instagram account the permission is for. Raises the four errors."""
    account = _account(talk_as(wire, access, secret_of(access.secret), NAME))
    return Identity(handle=words(account.get("username")), stable_id=number(account.get("id")))


def mentions(wire: Wire, access: Access, subject: Subject, cursor: str, known: Known) -> Iterator[Page]:
    """Pages of comments under the account's media and of media that tag it. Raises the four errors."""
    secret = secret_of(access.secret)
    talk = talk_as(wire, access, secret, NAME)
    account_id, handle = number(access.stable_id) or number(subject.stable_id), access.handle or subject.handle
    if not account_id or not handle:
        account = _account(talk)
        account_id, handle = number(account.get("id")), words(account.get("username"))
    yield from read_account(talk, account_id, handle, cursor, known, secret=secret)


def fetch(wire: Wire, access: Access, pointers: Sequence[Pointer]) -> Page:
    """What a push pointed to, with the permission of the account it is about. Raises the four errors."""
    return fetched(talk_as(wire, access, secret_of(access.secret), NAME), pointers, handle=access.handle)


def look(wire: Wire, access: Access, post: PostRef) -> Sighting:
    """Whether Instagram still shows a post to the account. Nothing is raised; without a credential nobody is asked."""
    secret = secret_of(access.secret)
    if not secret.token:
        return unasked(NAME, "answers only a connected account, and none was asked; open the link to see.")
    talk = talk_as(wire, access, secret, NAME)
    asked = graph_id_in(post.version) or comment_in(post.external_id)
    if not asked:
        return unasked(NAME, "cannot be asked after a link of this kind; open it to see.")
    try:
        account_id = number(access.stable_id) or number(_account(talk).get("id"))
    except WireError as problem:
        return unasked(NAME, problem.why)
    if comment_in(post.external_id):
        return seen(talk, Question(asked, "id,hidden", control_id=account_id, hidden_field="hidden"))
    return seen(talk, Question(asked, "id", control_id=account_id))


def begin(wire: Wire, access: Access, redirect: str, for_reporting: bool) -> GrantStart:
    """The page where the account's owner agrees. Raises Refused without an application: people file the reports."""
    return pages.begin(access, redirect, scopes=SCOPES, name=NAME)


def finish(wire: Wire, keep: str, code: str) -> str:
    """The secret to store, for what the owner brought back. Raises the four errors."""
    return pages.finish(wire, keep, code, needed=_NEEDED, name=NAME, fits=_linked)


def revoke(wire: Wire, access: Access) -> None:
    """Give the permission back, leaving what the same person gave for a Facebook Page. Raises the four errors."""
    pages.revoke(wire, access, scopes=_GIVEN_BACK, name=NAME)


def subscribe(wire: Wire, access: Access) -> None:
    """Let Meta push changes to the address set in the application's dashboard. Raises the four errors."""
    pages.subscribe(talk_as(wire, access, secret_of(access.secret), NAME))


def _begin_without(wire: Wire, address: str, redirect: str, for_reporting: bool) -> GrantStart:
    raise Refused(f"{NAME} knows only applications that were registered by hand: set the council's own first.")


def _linked(page: Item) -> bool:
    return bool(number(table(page.get("instagram_business_account")).get("id")))


def _account(talk: Talk) -> Item:
    page = talk.ask("me", {"fields": "id,instagram_business_account{id,username}"})
    if not _linked(page):
        raise Refused("No professional Instagram account is linked with this Page: link it in the account's settings.")
    return table(page.get("instagram_business_account"))


INSTAGRAM = Platform(
    key="instagram",
    name=NAME,
    parse_url=parse_url,
    # The allowance follows how often the account is seen; the headers are obeyed besides.
    pace=Pace(requests=60, per=timedelta(minutes=1), between_scans=timedelta(minutes=30)),
    consent=Consent(
        needs="A professional account linked with a Facebook Page, and an application that Meta has reviewed.",
        how="Somebody who runs that Page signs in at Facebook and agrees; they can take it back there or here.",
        sees="Comments under the account's newest 100 posts, public posts that tag it, and pushed public mentions.",
        blind_spots=(
            "Mentions in other people's captions and comments come only by a push that Meta does not repeat for long.",
            "Who wrote a comment that mentions the account elsewhere is not told.",
            "Stories vanish within a day and cannot be read: keep a screenshot at once.",
            "Nothing by private accounts, and nothing at all about accounts that are not professional, can be read.",
            "Whether a reported post is gone must be looked at by a person: Meta says only that it no longer shows it.",
        ),
    ),
    identify=identify,
    mentions=mentions,
    look=look,
    grant=Grant(begin=_begin_without, finish=finish, revoke=revoke, begin_as=begin),
)

__all__ = ["ADDRESSES", "INSTAGRAM", "fetch", "identify", "parse_url", "subscribe"]
