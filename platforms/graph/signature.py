"""Whether a push comes from Meta: the signature over its bytes, and the handshake before the first one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from hmac import compare_digest
from hmac import new as keyed

HEADER = "x-hub-signature-256"
"""The header that carries the signature; the older one without "-256" proves nothing and is not looked at."""

_SIGNED = re.compile(r"sha256=([0-9a-f]{64})")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,200}")


def signed(body: bytes, signature: str, *, app_secret: str) -> bool:
    """Whether the bytes, exactly as they arrived, carry the application's signature. Never so without a secret."""
    said = _SIGNED.fullmatch(signature.strip())
    if said is None or not app_secret:
        return False
    return compare_digest(said.group(1), keyed(app_secret.encode(), body, hashlib.sha256).hexdigest())


def handshake(query: Mapping[str, str], *, verify_token: str) -> str | None:
    """What to answer, as plain text, when Meta asks whether the address is ours; None means: answer 403.

    `query` is the request's own; `verify_token` the word agreed in Meta's dashboard.
    """
    asked, challenge = query.get("hub.verify_token", ""), query.get("hub.challenge", "")
    if not verify_token or not compare_digest(asked.encode("utf-8", "replace"), verify_token.encode()):
        return None
    # The challenge is sent back as it came: nothing that could be a page or a script gets through.
    return challenge if query.get("hub.mode") == "subscribe" and _CHALLENGE.fullmatch(challenge) else None
