"""Whether a post is still up: the public AppView's word and that of the author's own server, both without a credential.

A block looks like a removal to whom it concerns, so nobody's token is used; whatever is unclear is *unknown*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from platforms.bluesky.addressing import COLLECTION, PostAddress, is_did, post_address
from platforms.bluesky.talking import Reply, ask, ask_appview, home_of, resolve
from platforms.reading import tables, words
from platforms.shape import Access, PostRef, Sighting
from records.vocabulary import Presence
from wire.errors import Changed, TryLater, WireError
from wire.http import Wire

_SUSPENDED = frozenset({"takendown", "suspended"})


@dataclass(frozen=True)
class _Home:
    """What the author's own server says: of the account (`active`, or its status, `gone`), of the record if asked."""

    account: str
    record: bool | None


def look(wire: Wire, access: Access, post: PostRef) -> Sighting:
    """Ask after one post. Nothing is raised: what cannot be asked gives `unknown` or `rate_limited`."""
    address = post_address(post.external_id)
    try:
        if is_did(post.external_id):
            return _account(wire, access, post.external_id)
        if address is None:
            return Sighting(Presence.UNKNOWN, "This is not the address of a post on Bluesky.")
        author = resolve(wire, access, address.authority)
        return _post(wire, access, PostAddress(author, address.key), post.version)
    except TryLater as problem:
        presence = Presence.RATE_LIMITED if problem.rate_limited else Presence.UNKNOWN
        return Sighting(presence, problem.why)
    except WireError as problem:
        return Sighting(Presence.UNKNOWN, problem.why)


def _post(wire: Wire, access: Access, address: PostAddress, version: str) -> Sighting:
    reply = ask_appview(wire, access, "app.bsky.feed.getPosts", {"uris": [address.uri]})
    listed = reply.checked().get("posts")
    if not isinstance(listed, list):
        raise Changed(f"{reply.place} answered without a list of posts.", answer=reply.answer)
    for view in tables(listed):
        if view.get("uri") == address.uri:
            return _shown(view, version, labeler=access.addresses.get("labeler", ""))
    return _not_shown(wire, access, address)


def _shown(view: Mapping[str, object], version: str, *, labeler: str) -> Sighting:
    edited = " Its text has changed since it was found." if version and view.get("cid") != version else ""
    labels = [label for label in tables(view.get("labels")) if label.get("neg") is not True]
    if labeler and any(label.get("src") == labeler for label in labels):
        why = f"The public AppView shows the post with a label of Bluesky's moderation.{edited}"
        return Sighting(Presence.UP_LABELLED, why)
    return Sighting(Presence.UP, f"The public AppView shows the post.{edited}")


def _account(wire: Wire, access: Access, did: str) -> Sighting:
    """For a report on a whole account."""
    profile = _profile(wire, access, did)
    if profile == "active":
        return Sighting(Presence.UP, "The public AppView shows the account.")
    return _verdict(profile, _at_home(wire, access, did, key=""))


def _not_shown(wire: Wire, access: Access, address: PostAddress) -> Sighting:
    profile = _profile(wire, access, address.authority)
    return _verdict(profile, _at_home(wire, access, address.authority, key=address.key))


def _profile(wire: Wire, access: Access, did: str) -> str:
    """What the AppView says of the account: `active`, `suspended`, `deactivated` or `gone`. Raises the rest."""
    reply = ask_appview(wire, access, "app.bsky.actor.getProfile", {"actor": did})
    if reply.status == 200:
        if reply.body.get("did") != did:
            raise Changed(f"{reply.place} answered with another profile.", answer=reply.answer)
        return "active"
    if reply.word == "InvalidRequest" and reply.message == "Profile not found":
        return "gone"
    known = {"AccountTakedown": "suspended", "AccountDeactivated": "deactivated"}
    if reply.word not in known:
        reply.checked()
    return known[reply.word]


def _at_home(wire: Wire, access: Access, did: str, *, key: str) -> _Home:
    """What the author's own server says of the account and, while that is active, of the record `key`."""
    home = home_of(wire, access, did)
    if home is None:
        return _Home(account="gone", record=None)
    status = ask(wire, home, "com.atproto.sync.getRepoStatus", params={"did": did})
    if status.word == "RepoNotFound":
        return _Home(account="gone", record=None)
    body = status.checked()
    if body.get("active") is not True:
        state = words(body.get("status"))
        return _Home(account={"deleted": "gone"}.get(state, state or "unclear"), record=None)
    return _Home(account="active", record=_record(wire, home, did, key) if key else None)


def _record(wire: Wire, home: str, did: str, key: str) -> bool:
    params = {"repo": did, "collection": COLLECTION, "rkey": key}
    reply = ask(wire, home, "com.atproto.repo.getRecord", params=params)
    if _no_such_record(reply):
        return False
    body = reply.checked()
    if not isinstance(body.get("value"), dict) or body.get("uri") != PostAddress(did, key).uri:
        raise Changed(f"{reply.place} answered with another record.", answer=reply.answer)
    return True


def _no_such_record(reply: Reply) -> bool:
    older = reply.word == "InvalidRequest" and reply.message.startswith("Could not locate record")
    return reply.status == 400 and (reply.word == "RecordNotFound" or older)


def _verdict(profile: str, home: _Home) -> Sighting:
    """Both answers together. What the two do not agree on is unknown, and is said."""
    match profile, home:
        case "active", _Home(account="active", record=True):
            presence, said = Presence.REMOVED_BY_PLATFORM, "still holds it: the platform hides it"
        case "active", _Home(account="active", record=False):
            presence, said = Presence.REMOVED_BY_AUTHOR, "no longer holds it: most likely deleted by its author"
        case "suspended", _Home(account=account) if account in _SUSPENDED | {"active"}:
            presence, said = Presence.AUTHOR_SUSPENDED, f"says of the account: {account}"
        case "deactivated", _Home(account="deactivated"):
            presence, said = Presence.AUTHOR_DEACTIVATED, "says the same; the posts may come back"
        case "gone", _Home(account="gone"):
            presence, said = Presence.REMOVED_BY_AUTHOR, "does not either: the account was deleted"
        case _:
            presence, said = Presence.UNKNOWN, f"says of the account: {home.account or 'nothing'}"
    first = {
        "active": "The public AppView does not show the post",
        "suspended": "The public AppView says that the account is suspended",
        "deactivated": "The public AppView says that its owner has deactivated the account",
        "gone": "The public AppView knows no such account",
    }[profile]
    return Sighting(presence, f"{first}; the author's own server {said}.")
