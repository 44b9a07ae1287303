"""How a channel's owner gives and takes back permission at Google (OAuth with PKCE), with the least that is needed.

Reading asks for `youtube.readonly`; only an account that reports is asked for `youtube.force-ssl`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from datetime import datetime, timedelta
from hmac import compare_digest
from urllib.parse import parse_qs, urlencode, urlsplit

from platforms.reading import table, words
from platforms.shape import Access, GrantStart
from platforms.youtube.quota import Clock
from platforms.youtube.talking import READING, REPORTING, Secret, base_address, error_in, loaded, secret_of, token_in
from wire.errors import Refused, SignInNeeded
from wire.http import Answer, Wire

_OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
LOOPBACK = "http://127.0.0.1:8765/"
"""Google shows no codes to copy any more (since 2023): without an address to come back to, the browser is sent to one
where nothing answers, and the owner copies that page's whole address."""
_KEPT = ("tokens", "client_id", "client_secret", "redirect", "verifier", "state", "scope")


def begin(wire: Wire, address: str, redirect: str, for_reporting: bool) -> GrantStart:
    """Google knows only applications that were registered by hand: `begin_as` is the way. Raises Refused."""
    raise Refused("YouTube needs an application registered with Google: add its id and secret to the settings.")


def begin_as(wire: Wire, access: Access, redirect: str, for_reporting: bool) -> GrantStart:
    """The page where the owner agrees, for the council's own application. Raises Refused when none is set."""
    application = access.application
    if application is None or not application.client_id or not application.client_secret:
        return begin(wire, "", redirect, for_reporting)
    redirect = LOOPBACK if redirect == _OUT_OF_BAND else redirect
    scope = REPORTING if for_reporting else READING
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": application.client_id,
        "redirect_uri": redirect,
        "scope": scope,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "access_type": "offline",
        # Without this Google leaves the refresh token out when the owner agreed once before.
        "prompt": "consent",
    }
    keep = {
        "tokens": base_address(access, "tokens"),
        "client_id": application.client_id,
        "client_secret": application.client_secret,
        "redirect": redirect,
        "verifier": verifier,
        "state": state,
        "scope": scope,
    }
    url = f"{base_address(access, 'accounts')}/o/oauth2/v2/auth?{urlencode(query)}"
    return GrantStart(url=url, keep=json.dumps(keep))


def finish(wire: Wire, keep: str, code: str, *, clock: Clock) -> str:
    """The secret to store, for what the owner brought back: the whole address, its query, or the bare code.

    An address's state must be the one sent out. Raises Refused when it is not, when the owner said no or left a box
    unticked; SignInNeeded, TryLater or Changed as Google answers.
    """
    kept = _kept(keep)
    answer = wire.post(
        f"{kept['tokens']}/token",
        form={
            "grant_type": "authorization_code",
            "code": _code(code, state=kept["state"]),
            "client_id": kept["client_id"],
            "client_secret": kept["client_secret"],
            "redirect_uri": kept["redirect"],
            "code_verifier": kept["verifier"],
        },
    )
    if error_in(answer) in ("invalid_grant", "invalid_request", "redirect_uri_mismatch"):
        raise Refused("Google did not accept the code: it is used up, too old or not whole. Begin again.")
    token_in(answer, clock())
    body = table(answer.json())
    scopes, token = tuple(words(body.get("scope")).split()), words(body.get("refresh_token"))
    if kept["scope"] not in scopes:
        raise Refused("The owner left the box for YouTube unticked: begin again and tick it.")
    if not token:
        raise Refused("Google gave no lasting permission. Withdraw it on Google's own pages and begin again.")
    return Secret(token, scopes, _ends_at(body.get("refresh_token_expires_in"), clock())).kept()


def revoke(wire: Wire, access: Access) -> None:
    """Give the permission back at Google. One that is already withdrawn there is no error. Raises Refused, TryLater."""
    try:
        secret = secret_of(access)
    except SignInNeeded:
        secret = None
    if secret is None:
        raise Refused("No permission of this account is stored: withdraw it on Google's own pages.")
    form = {"token": secret.refresh_token}
    answer = wire.post(f"{base_address(access, 'tokens')}/revoke", form=form, idempotent=True)
    if answer.status != 200 and error_in(answer) != "invalid_token":
        raise _not_revoked(answer)


def _not_revoked(answer: Answer) -> Refused:
    return Refused(f"Google did not take the permission back (status {answer.status}): withdraw it on its own pages.")


def _ends_at(seconds: object, now: datetime) -> datetime | None:
    """When a permission ends that was given for a time; one of an unpublished application lasts seven days."""
    return now + timedelta(seconds=seconds) if isinstance(seconds, int) and 0 < seconds < 10**9 else None


def _kept(keep: str) -> dict[str, str]:
    found = loaded(keep)
    kept = {name: words(found.get(name)) for name in _KEPT}
    if not all(kept.values()):
        raise Refused("What was kept of this permission cannot be read. Begin again.")
    return kept


def _code(brought: str, *, state: str) -> str:
    text = brought.strip()
    if "=" not in text:
        return text
    query = parse_qs(urlsplit(text).query if "?" in text else text)
    if query.get("error"):
        raise Refused("The channel's owner did not agree.")
    if not compare_digest(query.get("state", [""])[0].encode("utf-8", "replace"), state.encode()):
        raise Refused("This answer does not belong to the permission that was asked for. Begin again.")
    return query.get("code", [""])[0]
