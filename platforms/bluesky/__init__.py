"""Bluesky: everything this product knows of it, and nobody else's business."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from platforms.bluesky.addressing import is_did, parse_url, plain_handle
from platforms.bluesky.collecting import mentions
from platforms.bluesky.presence import look
from platforms.bluesky.reporting import report
from platforms.bluesky.talking import Connection, ask_appview, resolve
from platforms.reading import words
from platforms.shape import Access, Consent, Identity, Pace, Platform
from wire.errors import Changed
from wire.http import Wire

ADDRESSES: Mapping[str, str] = MappingProxyType(
    {
        "entryway": "https://bsky.social",
        "appview": "https://public.api.bsky.app",
        "plc": "https://plc.directory",
        "labeler": "did:plc:ar7c4by46qjdydhdevvrndac",
    }
)
"""The public network. `labeler` is the account of Bluesky's moderators; `pds`, when set, is used as the account's own
server instead of the one its sign-in names."""


def identify(wire: Wire, access: Access) -> Identity:
    """Whose credential it is; without one, whose handle. Raises the four errors."""
    connection = Connection(wire, access)
    if not connection.possible:
        did = resolve(wire, access, access.stable_id or access.handle)
        handle = plain_handle(access.handle)
        if is_did(access.stable_id or access.handle):
            profile = ask_appview(wire, access, "app.bsky.actor.getProfile", {"actor": did})
            handle = words(profile.checked().get("handle"))
        return Identity(handle=handle, stable_id=did)
    reply = connection.get("com.atproto.server.getSession", {})
    body = reply.checked()
    if not is_did(words(body.get("did"))) or not words(body.get("handle")):
        raise Changed(f"{reply.place} answered without an account.", answer=reply.answer)
    return Identity(handle=words(body.get("handle")), stable_id=words(body.get("did")), session=connection.to_keep())


BLUESKY = Platform(
    key="bluesky",
    name="Bluesky",
    parse_url=parse_url,
    # An account server allows 3,000 requests in 5 minutes for each address (Bluesky documentation, 2026).
    pace=Pace(requests=1500, per=timedelta(minutes=5), between_scans=timedelta(minutes=5)),
    consent=Consent(
        needs="The councillor's agreement; and, to see replies and quotes, an app password of their account.",
        how="The councillor makes an app password under Settings, Privacy and security, App passwords, without access "
        "to direct messages, and can delete it there at any time.",
        sees="Public posts that mention, answer, quote or name them. Private messages cannot be read.",
        blind_spots=(
            "Posts by accounts that the councillor has blocked or muted are not in their notifications.",
            "Replies and quotes that do not name the councillor are seen only with their own app password.",
            "The first scan looks back over the newest 1,000 posts of each list only.",
        ),
    ),
    identify=identify,
    mentions=mentions,
    look=look,
    report=report,
)
