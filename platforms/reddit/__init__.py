"""Reddit: everything this product knows of it. Off until the council ticks that Reddit approved its use."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType

from platforms.reading import table, words
from platforms.reddit.addressing import account_name, communities, is_account, parse_url
from platforms.reddit.collecting import mentions
from platforms.reddit.permission import begin, begin_as, finish, revoke
from platforms.reddit.presence import look
from platforms.reddit.reporting import report, rules
from platforms.reddit.talking import NEEDS_PERMISSION, Caller, ask, caller
from platforms.shape import Access, Consent, Grant, Identity, Pace, Platform
from wire.errors import Changed, Refused
from wire.http import Answer, Wire

ADDRESSES: MappingProxyType[str, str] = MappingProxyType(
    {"api": "https://oauth.reddit.com", "www": "https://www.reddit.com"}
)
"""Where Reddit answers an application (`api`), and where people agree and tokens are given out (`www`)."""


def identify(wire: Wire, access: Access) -> Identity:
    """Whose permission it is; without one, whether the account, else each watched community, exists.

    Raises the four errors; Refused without the council's permission on file.
    """
    who = caller(wire, access)
    if who.account is not None:
        answer = ask(who, "/api/v1/me", voice=who.account)
        about = table(answer.json())
    elif access.handle.strip():
        answer = _about(who, access.handle)
        about = table(table(answer.json()).get("data"))
    else:
        return _watching(who, access.address)
    if about.get("is_suspended") is True:
        raise Refused("Reddit has suspended this account.", code="suspended")
    name, number = words(about.get("name")), words(about.get("id"))
    if not name or not number:
        raise Changed("Reddit's answer names no account.", answer=answer.body)
    return Identity(handle=name, stable_id=f"t2_{number.removeprefix('t2_')}", session=who.session)


def _about(who: Caller, handle: str) -> Answer:
    name = account_name(handle)
    if not is_account(name):
        raise Refused("This is not the name of a Reddit account: one has 3 to 20 letters, digits, _ or -.")
    try:
        return ask(who, f"/user/{name}/about")
    except Refused as problem:
        if problem.code != "404":
            raise
        raise Refused("Reddit knows no such account: check its name.", code="404") from None


def _watching(who: Caller, address: str) -> Identity:
    """An account of nobody, for a council that only watches communities."""
    watched = communities(address)
    if not watched:
        raise Refused("Give an account's name, or the communities to watch, such as r/harrow.")
    for name in watched:
        try:
            ask(who, f"/r/{name}/about")
        except Refused as problem:
            raise Refused(f"Reddit does not show r/{name} to us ({problem.code}).", code=problem.code) from None
    return Identity(handle="", stable_id="", session=who.session)


REDDIT = Platform(
    key="reddit",
    name="Reddit",
    parse_url=parse_url,
    # 100 requests a minute for each application, averaged over ten minutes (Data API documentation, 2026); the rest
    # is left to the council's other processes.
    pace=Pace(requests=600, per=timedelta(minutes=10), between_scans=timedelta(minutes=15)),
    consent=Consent(
        needs="Reddit's approval of the council's application and purpose, ticked here, and the councillor's "
        "permission to read who mentions and answers them; nobody needs their password.",
        how="The councillor signs in at Reddit and agrees; they can take it back here, or at Reddit under Apps, at any "
        "time. The communities to watch are written into the account's address, such as r/harrow.",
        sees="Public posts found by the councillor's names, public posts and comments in the watched communities, and "
        "public comments that mention or answer the councillor.",
        blind_spots=(
            "Comments cannot be searched: outside the watched communities only those that reach the inbox are found.",
            "Private messages are never read, although the same permission would allow it.",
            "Private and quarantined communities are not seen.",
            "Of each list Reddit shows the newest 1,000 entries only; a first scan looks back over 500.",
            "An edit of a post older than the newest hundred in its list is not noticed.",
            "A short share link and the full link of one post count as two posts.",
        ),
    ),
    identify=identify,
    mentions=mentions,
    look=look,
    report=report,
    grant=Grant(begin=begin, finish=finish, revoke=revoke, begin_as=begin_as),
    rules=rules,
    needs_permission=NEEDS_PERMISSION,
    # What was deleted at Reddit must be deleted here: two days are what others promise (Data API terms, 2026).
    hold_for=timedelta(hours=48),
)

__all__ = ["ADDRESSES", "REDDIT", "identify", "parse_url"]
