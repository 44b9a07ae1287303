"""Mastodon and compatible servers: everything this product knows of them, and nobody else's business."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType

from platforms.mastodon.addressing import account_name, parse_url
from platforms.mastodon.collecting import mentions
from platforms.mastodon.permission import begin, finish, revoke
from platforms.mastodon.presence import look
from platforms.mastodon.reporting import report, rules
from platforms.mastodon.server import ask, home_of
from platforms.reading import identifier, table, words
from platforms.shape import Access, Consent, Grant, Identity, Pace, Platform
from wire.errors import Changed, Refused
from wire.http import Wire

ADDRESSES: MappingProxyType[str, str] = MappingProxyType({})
"""There is no central server: each account's own is in `Access.address`."""


def identify(wire: Wire, access: Access) -> Identity:
    """Whose permission it is; without one, whether the handle exists on its server. Raises the four errors."""
    home = home_of(wire, access)
    if home.token:
        answer = ask(wire, home.base, "/api/v1/accounts/verify_credentials", token=home.token)
    else:
        name = account_name(access.handle, home.domain)
        own, _, domain = name.partition("@")
        params = {"acct": own if domain == home.domain.lower() else name}
        try:
            answer = ask(wire, home.base, "/api/v1/accounts/lookup", params=params)
        except Refused as problem:
            if problem.code != "404":
                raise
            raise Refused("No such account on this server: check the handle.", code="404") from None
    account = table(answer.json())
    if not words(account.get("acct")) or not identifier(account.get("id")):
        raise Changed("The server's answer names no account.", answer=answer.body)
    name = account_name(words(account.get("acct")), home.domain)
    return Identity(handle=name, stable_id=name, session=home.session)


MASTODON = Platform(
    key="mastodon",
    name="Mastodon",
    parse_url=parse_url,
    # 300 requests in 5 minutes are allowed for each account and address (Mastodon documentation, July 2026).
    pace=Pace(requests=300, per=timedelta(minutes=5), between_scans=timedelta(minutes=5)),
    consent=Consent(
        needs="The councillor's permission to read their notifications; nobody needs their password.",
        how="The councillor signs in on their own server and agrees; they can take it back there at any time.",
        sees="Public and unlisted posts that mention or quote them, chosen hashtags, what the server's search finds.",
        blind_spots=(
            "Private messages are never kept, although the server hands them over in the same list.",
            "A post that names them without mentioning the account may not be found: search sees only some authors.",
            "Posts by accounts whom the councillor has blocked or muted may not be shown to us.",
            "The first scan looks back over the newest 400 mentions only.",
        ),
    ),
    identify=identify,
    mentions=mentions,
    look=look,
    report=report,
    grant=Grant(begin=begin, finish=finish, revoke=revoke),
    rules=rules,
)

__all__ = ["ADDRESSES", "MASTODON", "identify", "parse_url"]
