"""How an account's owner gives and takes back permission on a Mastodon-like server (OAuth with PKCE)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from hmac import compare_digest
from urllib.parse import parse_qs, urlencode, urlsplit

from platforms.mastodon.server import Secret, ask, base_of, refusal, secret_of
from platforms.reading import table, words
from platforms.shape import Access, GrantStart
from wire.errors import Changed, Refused, SignInNeeded, WireError
from wire.http import Wire

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
"""As redirect: the server shows the owner a code to copy instead of sending their browser back."""

_READING = ("read:notifications", "read:statuses", "read:search")
_WHO_AM_I = ("profile", "read:accounts")  # the first needs a server from 2024 on
_REPORTING = "write:reports"


def begin(wire: Wire, address: str, redirect: str, for_reporting: bool) -> GrantStart:
    """Register with the server and return the page where the owner agrees. Raises the four errors."""
    base = base_of(Access(address=address))
    scopes = " ".join((*_READING, _who_am_i(wire, base), *((_REPORTING,) if for_reporting else ())))
    answer = wire.post(
        f"{base}/api/v1/apps",
        json={"client_name": "Wardkeeper", "redirect_uris": redirect, "scopes": scopes},
        headers={"Accept": "application/json"},
        idempotent=True,
    )
    client = table(answer.json()) if answer.status in (200, 201) else {}
    client_id, client_secret = words(client.get("client_id")), words(client.get("client_secret"))
    if not client_id or not client_secret:
        raise refusal(answer, base, token="")
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect,
        "scope": scopes,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    keep = {
        "base": base,
        "client_id": client_id,
        "client_secret": client_secret,
        "redirect": redirect,
        "verifier": verifier,
        "state": state,
    }
    return GrantStart(url=f"{base}/oauth/authorize?{urlencode(query)}", keep=json.dumps(keep))


def finish(wire: Wire, keep: str, code: str) -> str:
    """The secret to store, for what the owner brought back: the code they copied, or the whole address or query.

    A query's state must be the one sent out. Raises Refused when it is not, or when the owner said no.
    """
    kept = _kept(keep)
    answer = wire.post(
        f"{kept['base']}/oauth/token",
        form={
            "grant_type": "authorization_code",
            "code": _code(code, state=kept["state"]),
            "client_id": kept["client_id"],
            "client_secret": kept["client_secret"],
            "redirect_uri": kept["redirect"],
            "code_verifier": kept["verifier"],
        },
        headers={"Accept": "application/json"},
    )
    if answer.status in (400, 401, 403):
        raise Refused("The server did not accept the code: it is used up, too old or not whole. Begin again.")
    token = words(table(answer.json()).get("access_token")) if answer.status == 200 else ""
    if not token:
        raise refusal(answer, kept["base"], token="")
    return Secret(token, kept["client_id"], kept["client_secret"]).kept()


def revoke(wire: Wire, access: Access) -> None:
    """Give the permission back. Raises Refused for a token that a person pasted: its owner must withdraw it."""
    base, secret = base_of(access), secret_of(access)
    if not secret.client_id:
        raise Refused("This permission was not given through Wardkeeper: withdraw it on the server's own pages.")
    form = {"client_id": secret.client_id, "client_secret": secret.client_secret, "token": secret.token}
    answer = wire.post(f"{base}/oauth/revoke", form=form, headers={"Accept": "application/json"}, idempotent=True)
    if answer.status != 200:
        raise _not_revoked(refusal(answer, base, token=""))


def _kept(keep: str) -> dict[str, str]:
    names = ("base", "client_id", "client_secret", "redirect", "verifier", "state")
    try:
        kept = {name: words(table(json.loads(keep)).get(name)) for name in names}
    except (ValueError, RecursionError):
        kept = {}
    if not all(kept.get(name) for name in names):
        raise Refused("What was kept of this permission cannot be read. Begin again.")
    return kept


def _not_revoked(problem: WireError) -> WireError:
    # Whatever the server dislikes, signing in again is not what the owner wanted.
    return Refused(problem.why) if isinstance(problem, SignInNeeded) else problem


def _who_am_i(wire: Wire, base: str) -> str:
    """The narrowest scope by which the server says whose permission it is."""
    try:
        known = table(ask(wire, base, "/.well-known/oauth-authorization-server").json()).get("scopes_supported")
    except (Refused, Changed):
        known = []
    return next((each for each in _WHO_AM_I if isinstance(known, list) and each in known), _WHO_AM_I[-1])


def _code(brought: str, *, state: str) -> str:
    text = brought.strip()
    if "=" not in text:
        return text
    query = parse_qs(urlsplit(text).query if "?" in text else text)
    if query.get("error"):
        raise Refused("The account's owner did not agree.")
    if not compare_digest(query.get("state", [""])[0].encode(), state.encode()):
        raise Refused("This answer does not belong to the permission that was asked for. Begin again.")
    return query.get("code", [""])[0]
