"""Whether a Mastodon post is still up. The author's own server decides, asked without anybody's account.

A server that wants signed requests, is silent, or contradicts itself gives *unknown*, never "gone".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from platforms.addresses import take_apart
from platforms.mastodon.addressing import account_name, external_id, id_on, origin
from platforms.mastodon.reporting import seen_by
from platforms.mastodon.server import Home, error_of, secret_of
from platforms.reading import identifier, table, web_address, words
from platforms.shape import Access, PostRef, Sighting
from records.vocabulary import Presence
from wire.errors import Changed, TryLater, WireError
from wire.http import Answer, Fields, Wire

_FEDERATION = "application/activity+json"


class _Said(Enum):
    """What one place said about the post, or about its author's account."""

    UP = "still there"
    TOMBSTONE = "deleted, with a marker in its place"
    GONE = "gone for good"
    ABSENT = "not found"
    SUSPENDED = "suspended"
    CLOSED = "answers only signed-in servers or accounts"
    LIMITED = "asks us to slow down"
    SILENT = "no answer"
    UNCLEAR = "no clear answer"
    NOT_ASKED = "not asked"


@dataclass(frozen=True)
class _Heard:
    """The answers of the author's own server: its federation object, its public API, and the author's account."""

    place: str
    federation: _Said
    api: _Said = _Said.NOT_ASKED
    author: _Said = _Said.NOT_ASKED


def look(wire: Wire, access: Access, post: PostRef) -> Sighting:
    """What the author's own server says without a signed-in account; a reporter's own server is asked as well.

    Nothing is raised: a server that cannot be asked gives `unknown` or `rate_limited`.
    """
    own = origin(post.external_id)
    if not own:
        return _seen_through(wire, access, post)
    heard = _heard(wire, own, post)
    presence, why = _verdict(heard)
    how = (
        f"{why} {heard.place}: federation address {heard.federation.value}, public API {heard.api.value}, "
        f"author's account {heard.author.value}."
    )
    return Sighting(presence, how + _on_ours(wire, access, post, own=own))


def _heard(wire: Wire, own: str, post: PostRef) -> _Heard:
    """The answers, as far as they are needed: a server that asks us to slow down is asked nothing more."""
    place = own.partition("://")[2]
    federation = _federation(wire, own, post)
    if federation is _Said.LIMITED:
        return _Heard(place, federation)
    api = _api(wire, own, post)
    if _Said.UP in (federation, api) or api is _Said.LIMITED:
        return _Heard(place, federation, api)
    return _Heard(place, federation, api, _author(wire, own, post))


def _verdict(heard: _Heard) -> tuple[Presence, str]:
    said = (heard.federation, heard.api)
    up, gone = _Said.UP in said, bool({_Said.TOMBSTONE, _Said.GONE} & set(said))
    if up and gone:
        return Presence.UNKNOWN, "The author's server contradicts itself."
    if up:
        return Presence.UP, "The author's server still shows the post."
    if heard.author is _Said.SUSPENDED:
        return Presence.AUTHOR_SUSPENDED, "The author's server has suspended the account."
    if _Said.TOMBSTONE in said or (gone and heard.author is _Said.UP):
        return Presence.REMOVED_BY_AUTHOR, "The author's server says that the post was deleted."
    if gone:
        return Presence.REMOVED_BY_PLATFORM, "The author's server says that the post is gone for good."
    if said == (_Said.ABSENT, _Said.ABSENT) and heard.author is _Said.UP:
        why = "The author's server no longer has the post, while the account is still there; it does not say who acted."
        return Presence.REMOVED_BY_PLATFORM, why
    if _Said.LIMITED in (*said, heard.author):
        return Presence.RATE_LIMITED, "The author's server asks us to slow down."
    return Presence.UNKNOWN, "The author's server gave no clear answer."


def _federation(wire: Wire, own: str, post: PostRef) -> _Said:
    answer = _asked(wire, own, post.external_id, accept=_FEDERATION)
    if isinstance(answer, _Said):
        return answer
    body = _object(answer)
    if words(body.get("type")) == "Tombstone" and answer.status in (200, 410):
        return _Said.TOMBSTONE
    if answer.status != 200:
        return _negative(answer)
    # A log-in page, or another object, is no post.
    return _Said.UP if web_address(body.get("id")) and "content" in body and "type" in body else _Said.UNCLEAR


def _api(wire: Wire, own: str, post: PostRef) -> _Said:
    number = id_on(post.external_id, own)
    if not number:
        return _Said.NOT_ASKED
    answer = _asked(wire, own, f"{own}/api/v1/statuses/{number}")
    if isinstance(answer, _Said):
        return answer
    if answer.status == 404 and not error_of(answer):
        return _Said.UNCLEAR  # not a server of this kind, or no such interface
    if answer.status != 200:
        return _negative(answer)
    body = _object(answer)
    same = external_id(web_address(body.get("uri")), web_address(body.get("url"))) == post.external_id
    return _Said.UP if same else _Said.UNCLEAR


def _author(wire: Wire, own: str, post: PostRef) -> _Said:
    name = post.author_id.removeprefix("@").partition("@")[0] or _name_in(post.external_id)
    if not name:
        return _Said.NOT_ASKED
    answer = _asked(wire, own, f"{own}/api/v1/accounts/lookup", params={"acct": name})
    if isinstance(answer, _Said):
        return answer
    if answer.status != 200:
        return _negative(answer)
    body = _object(answer)
    if body.get("suspended") is True:
        return _Said.SUSPENDED
    same = account_name(words(body.get("username")), "").partition("@")[0] == name.lower()
    return _Said.UP if same and identifier(body.get("id")) else _Said.UNCLEAR


def _asked(
    wire: Wire, own: str, url: str, *, accept: str = "application/json", params: Fields | None = None
) -> Answer | _Said:
    """The answer, or what its failing to come means. An answer from another server counts for nothing."""
    try:
        answer = wire.get(url, headers={"Accept": accept}, params=params)
    except TryLater as problem:
        return _Said.LIMITED if problem.rate_limited else _Said.SILENT
    except WireError:
        return _Said.UNCLEAR
    final = take_apart(answer.url)
    stayed = final is not None and f"{final.scheme}://{final.place}" == own
    return answer if stayed else _Said.UNCLEAR


def _negative(answer: Answer) -> _Said:
    meaning = {404: _Said.ABSENT, 410: _Said.GONE, 401: _Said.CLOSED, 403: _Said.CLOSED, 422: _Said.CLOSED}
    return meaning.get(answer.status, _Said.UNCLEAR)


def _object(answer: Answer) -> dict[str, object]:
    try:
        return dict(table(answer.json()))
    except Changed:
        return {}


def _name_in(post_id: str) -> str:
    address = take_apart(post_id)
    parts = address.parts if address else ()
    return parts[1] if parts[:1] == ("users",) and len(parts) > 1 else ""


def _on_ours(wire: Wire, access: Access, post: PostRef, *, own: str) -> str:
    """What the reporter's own server shows, for the record only: removed there is not removed at its origin."""
    ours = take_apart(access.address if "://" in access.address else f"https://{access.address}")
    token = secret_of(access).token
    if ours is None or not access.address or not token or f"{ours.scheme}://{ours.place}" == own:
        return ""
    home = Home(base=f"{ours.scheme}://{ours.place}", domain=ours.place, token=token)
    try:
        shown = seen_by(wire, home, post) is not None
    except WireError:
        return f" {ours.place}: {_Said.UNCLEAR.value}."
    return f" {ours.place}: {'shows its copy' if shown else 'shows no copy'}."


def _seen_through(wire: Wire, access: Access, post: PostRef) -> Sighting:
    """A post known only by the address another server shows it under: that server may say where it came from."""
    address = take_apart(post.external_id)
    nowhere = Sighting(Presence.UNKNOWN, "Only another server's view of the post is known, and it leads nowhere.")
    if address is None:
        return nowhere
    through = f"{address.scheme}://{address.place}"
    answer = _asked(wire, through, f"{through}/api/v1/statuses/{address.parts[-1]}")
    if isinstance(answer, _Said) or answer.status != 200:
        return nowhere
    body = _object(answer)
    post_id = external_id(web_address(body.get("uri")), web_address(body.get("url")))
    if not origin(post_id) or origin(post_id) == through:
        return nowhere
    return look(wire, access, PostRef(post_id, post.version, post_id, post.author_id))
