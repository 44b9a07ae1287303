"""Whether something on Reddit is still up, asked as the council's application and never with anybody's account.

Only Reddit's own marker for this very post is "gone"; an empty list, a closed door or a silence is *unknown*.
"""

from __future__ import annotations

from dataclasses import replace

from platforms.reading import table, words
from platforms.reddit.addressing import FULLNAME, account_name, community_of, is_account
from platforms.reddit.talking import Caller, ask, caller
from platforms.reddit.things import Fate, Thing, fate, read_listing
from platforms.shape import Access, PostRef, Sighting
from records.vocabulary import Presence
from wire.errors import Refused, TryLater, WireError
from wire.http import Wire

_PRESENCE = {
    Fate.BY_AUTHOR: Presence.REMOVED_BY_AUTHOR,
    Fate.BY_MODERATOR: Presence.REMOVED_BY_MODERATOR,
    Fate.BY_REDDIT: Presence.REMOVED_BY_PLATFORM,
}
_CLOSED = frozenset({"private", "gold_only", "quarantined", "employees_only"})
_SHARE_LINK = "The post is known only by a short share link, which Reddit's interface cannot look up: open the link."


def look(wire: Wire, access: Access, post: PostRef) -> Sighting:
    """What Reddit shows in the post's place to somebody without an account.

    Nothing is raised: a Reddit that cannot be asked, or may not be asked, gives `unknown` or `rate_limited`.
    """
    if not FULLNAME.fullmatch(post.external_id):
        return Sighting(Presence.UNKNOWN, _SHARE_LINK)
    try:
        who = caller(wire, replace(access, secret="", session=""))
        answer = ask(who, "/api/info", params={"id": post.external_id})
        shown = [each for each in read_listing(answer).things if each.name == post.external_id]
        return _seen(shown[0], post) if shown else _absent(who, post)
    except TryLater as problem:
        presence = Presence.RATE_LIMITED if problem.rate_limited else Presence.UNKNOWN
        return Sighting(presence, problem.why)
    except WireError as problem:
        return Sighting(Presence.UNKNOWN, problem.why)


def _seen(thing: Thing, post: PostRef) -> Sighting:
    found = fate(thing, version=post.version)
    how = f"Reddit answers for it: {found.value}."
    if found is Fate.THERE:
        gone = "" if thing.author else " The author's account is gone; what it wrote is still shown."
        warned = thing.data.get("quarantine") is True
        label = " The community is behind Reddit's quarantine warning." if warned else ""
        return Sighting(Presence.UP_LABELLED if warned else Presence.UP, how + gone + label)
    return Sighting(_PRESENCE.get(found, Presence.UNKNOWN), how)


def _absent(who: Caller, post: PostRef) -> Sighting:
    """Reddit lists nothing under the id: only its community or its author can say why."""
    community = community_of(post.url)
    door = _door(who, f"/r/{community}/about") if community else ""
    if door in _CLOSED:
        return Sighting(Presence.PRIVATE_OR_BLOCKED, f"Reddit lists nothing: the community is closed to us ({door}).")
    if door == "banned":
        return Sighting(Presence.REMOVED_BY_PLATFORM, "Reddit lists nothing, and says that it banned the community.")
    if _suspended(who, post.author_id):
        return Sighting(Presence.AUTHOR_SUSPENDED, "Reddit lists nothing, and says that it suspended the author.")
    return Sighting(Presence.UNKNOWN, "Reddit lists nothing under its id and does not say why: a person should look.")


def _door(who: Caller, path: str) -> str:
    """Why a community's page is closed, in Reddit's own word; "" when it is open or nothing clear is said."""
    try:
        ask(who, path)
    except Refused as problem:
        return problem.code
    return ""


def _suspended(who: Caller, author: str) -> bool:
    try:
        name = _name(who, author)
        said = table(ask(who, f"/user/{name}/about").json()) if is_account(name) else {}
    except Refused:
        return False
    about = table(said.get("data"))
    return words(about.get("name")).lower() == name and about.get("is_suspended") is True


def _name(who: Caller, author: str) -> str:
    """The name behind an account's id; what a person wrote down is a name already."""
    if not author.startswith("t2_"):
        return account_name(author)
    said = table(ask(who, "/api/user_data_by_account_ids", params={"ids": author}).json())
    return account_name(words(table(said.get(author)).get("name")))
