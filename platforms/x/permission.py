"""How an account's owner gives permission to read on X and takes it back (OAuth 2 with PKCE); never to write."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from hmac import compare_digest
from urllib.parse import parse_qs, urlencode, urlsplit

from platforms.reading import table, words
from platforms.shape import Access, GrantStart
from platforms.x.talking import (
    NEEDS_PERMISSION,
    Permission,
    base_address,
    basic,
    exchange,
    permission_of,
    token_refusal,
)
from wire.errors import Refused, SignInNeeded
from wire.http import Wire

SCOPES = "tweet.read users.read offline.access"
"""Reading posts and accounts, and going on doing so after two hours."""
_OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
_KEPT = ("api", "client_id", "client_secret", "redirect", "verifier", "state")


def begin(wire: Wire, address: str, redirect: str, for_reporting: bool) -> GrantStart:
    """Raises Refused: X knows only applications that were registered by hand, so `begin_as` is the way."""
    raise Refused("X knows only registered applications: enter the council's client id for X in the settings.")


def begin_as(wire: Wire, access: Access, redirect: str, for_reporting: bool) -> GrantStart:
    """The page where the owner agrees. Raises Refused where anything that must be there first is missing.

    X shows no code to copy: `redirect` must be an address registered for the application; where the console has none,
    the setting `redirect` of the platform names it and the owner copies the address they land on.
    """
    if for_reporting:
        raise Refused("X takes no reports by program: a person files them on its pages.", use_form=True)
    if not access.permission_on_file:
        raise Refused(f"First tick that this is so: {NEEDS_PERMISSION}")
    application = access.application
    if application is None or not application.client_id:
        raise Refused("Enter the client id of the council's application at X in the settings first.")
    back = access.addresses.get("redirect", "") if redirect == _OUT_OF_BAND else redirect
    if not back:
        raise Refused("X sends the owner back to a registered address: enter it in the settings (redirect) first.")
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": application.client_id,
        "redirect_uri": back,
        "scope": SCOPES,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    keep = (base_address(access, "api"), application.client_id, application.client_secret, back, verifier, state)
    url = f"{base_address(access, 'authorize')}?{urlencode(query)}"
    return GrantStart(url=url, keep=json.dumps(dict(zip(_KEPT, keep, strict=True))))


def finish(wire: Wire, keep: str, code: str) -> str:
    """The secret to store, for what the owner brought back: the whole address or query they landed on, or its code.

    A query's state must be the one sent out. Raises Refused when it is not, when the owner said no, or when X does not
    take the code.
    """
    kept = _kept(keep)
    form = {
        "grant_type": "authorization_code",
        "code": _code(code, state=kept["state"]),
        "redirect_uri": kept["redirect"],
        "code_verifier": kept["verifier"],
    }
    asking = Permission(secrets.token_urlsafe(12), kept["client_id"], kept["client_secret"], access="", refresh="")
    try:
        return exchange(wire, kept["api"], form, asking).kept()
    except SignInNeeded:
        raise Refused("X did not accept the code: it is used up, too old or not whole. Begin again.") from None


def revoke(wire: Wire, access: Access) -> None:
    """Give the permission back: both tokens, so that neither can be used again. Needs no permission on file.

    Raises Refused for a token that a person pasted: its owner withdraws it at X, under Settings, Connected apps.
    """
    permission = permission_of(access)
    if permission is None:
        raise Refused("This permission was not given through Wardkeeper: withdraw it on X under Connected apps.")
    for kind, token in (("refresh_token", permission.refresh), ("access_token", permission.access)):
        if not token:
            continue
        answer = wire.post(
            f"{base_address(access, 'api')}/2/oauth2/revoke",
            form={"token": token, "token_type_hint": kind, "client_id": permission.client_id},
            headers=basic(permission.client_id, permission.client_secret),
            idempotent=True,
        )
        if answer.status == 200:
            continue
        problem = token_refusal(answer)
        # A token that X no longer knows is what was wanted.
        if not isinstance(problem, SignInNeeded):
            raise problem


def _kept(keep: str) -> dict[str, str]:
    try:
        kept = {name: words(table(json.loads(keep)).get(name)) for name in _KEPT}
    except (ValueError, RecursionError):
        kept = {}
    if not all(kept.get(name) for name in _KEPT if name != "client_secret"):
        raise Refused("What was kept of this permission cannot be read. Begin again.")
    return kept


def _code(brought: str, *, state: str) -> str:
    text = brought.strip()
    if "=" not in text:
        return text
    try:
        query = parse_qs(urlsplit(text).query if "?" in text else text)
    except ValueError:
        raise Refused("This is not the address X sent the owner back to. Copy it whole.") from None
    if query.get("error"):
        raise Refused("The account's owner did not agree.")
    if not compare_digest(query.get("state", [""])[0].encode(), state.encode()):
        raise Refused("This answer does not belong to the permission that was asked for. Begin again.")
    return query.get("code", [""])[0]
