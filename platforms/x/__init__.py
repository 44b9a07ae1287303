"""X: everything this product knows of it, and nobody else's business.

By default posts enter by hand and reports are filed by a person; collecting waits for the permission X's terms demand.
"""

from __future__ import annotations

from datetime import timedelta

from platforms.reading import identifier, table, words
from platforms.shape import Access, Consent, Grant, Identity, Pace, Platform
from platforms.x.addressing import is_handle, is_id, parse_url
from platforms.x.collecting import mentions
from platforms.x.permission import begin, begin_as, finish, revoke
from platforms.x.presence import look
from platforms.x.talking import ADDRESSES, NEEDS_PERMISSION, Connection, TokenExpired, checked, permission_of
from wire.errors import Changed, Refused, SignInNeeded
from wire.http import Wire


def identify(wire: Wire, access: Access) -> Identity:
    """Whose permission it is; with the application's token, whether the handle exists. Raises the four errors."""
    if not access.permission_on_file:
        raise Refused(f"X is read only with permission. First tick that this is so: {NEEDS_PERMISSION}")
    handle = access.handle.strip().lstrip("@")
    if permission_of(access) is not None:
        path = "/2/users/me"
    elif is_handle(handle):
        path = f"/2/users/by/username/{handle}"
    else:
        raise Refused("This is no name on X: one has letters, digits and underscores only.")
    try:
        answer = Connection(wire, access).ask(path, {"user.fields": "username,protected"})
    except TokenExpired:
        raise SignInNeeded("This permission has run out: the account's owner has to agree once more.") from None
    user = table(checked(answer).get("data"))
    name, number = words(user.get("username")), identifier(user.get("id"))
    if not is_handle(name) or not is_id(number):
        raise Changed("X's answer names no account.", answer=answer.body)
    return Identity(handle=name, stable_id=number)


X = Platform(
    key="x",
    name="X",
    parse_url=parse_url,
    # 300 requests for mentions and as many searches in 15 minutes for each user (X's page on rate limits, 2026).
    pace=Pace(requests=300, per=timedelta(minutes=15), between_scans=timedelta(minutes=15)),
    consent=Consent(
        needs="Nothing, as long as people report posts by their links. To be scanned: X's written permission for the "
        "council, an application registered there, and the councillor's agreement.",
        how="By hand: paste the post's link, its text, the author's handle and the time. To be scanned: the councillor "
        "signs in on X and agrees to reading; they can take it back there under Settings, Connected apps.",
        sees="By hand only the posts that people report. With permission also public posts that mention the account, "
        "and what X's search of the last seven days finds for its name, names and hashtags.",
        blind_spots=(
            "Without permission on file nothing on X is found by itself: its terms want an Enterprise plan and written "
            "permission from X.",
            "Without that permission a machine can tell that a post is up, but not that it is gone: a person looks.",
            "X may say that it must hear from the person targeted: the councillor may have to report as well.",
            "Posts by accounts that the councillor has blocked may be missing when their own permission is used.",
            "X shows the newest 800 mentions and searches seven days back; each post read costs money, up to a share "
            "for each day.",
            "A post pasted by the link of its edited version counts as another one than the post found by a scan.",
        ),
    ),
    identify=identify,
    mentions=mentions,
    look=look,
    grant=Grant(begin=begin, finish=finish, revoke=revoke, begin_as=begin_as),
    needs_permission=NEEDS_PERMISSION,
    # What X deletes or withholds must go here within a day (X developer agreement, 2026).
    hold_for=timedelta(hours=24),
)

__all__ = ["ADDRESSES", "X", "identify", "parse_url"]
