"""How the simulated X lets an account's owner give and take back permission (OAuth 2 with PKCE)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from html import escape
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from wardkeeper.demo.x.network import ALL_SCOPES, Client, Network, UserToken


async def ask_owner(network: Network, request: Request) -> Response:
    """The page on which the owner agrees."""
    if _asked_by(network, request.query_params) is None:
        return HTMLResponse("<!doctype html><title>X</title><p>Something went wrong.", status_code=400)
    names = "".join(f"<option>{escape(person.username)}</option>" for person in network.people.values())
    return HTMLResponse(
        "<!doctype html><title>Permission</title><h1>X</h1><form method=post>"
        f"<p>Wardkeeper asks for: {escape(request.query_params.get('scope', ''))}</p>"
        f"<label>Account <select name=account>{names}</select></label> <button>Authorise app</button></form>"
    )


async def owner_agreed(network: Network, request: Request) -> Response:
    """Back to the registered address, with a code or with the owner's refusal."""
    asked = request.query_params
    client, form = _asked_by(network, asked), await request.form()
    if client is None:
        return HTMLResponse("<!doctype html><title>X</title><p>Something went wrong.", status_code=400)
    person = network.people.get(str(form.get("account", "")).lower())
    back = {"state": asked.get("state", ""), "error": "access_denied"}
    if person is not None:
        code = secrets.token_urlsafe(16)
        client.codes[code] = (person, asked.get("scope", ""), asked.get("code_challenge", ""))
        back = {"state": asked.get("state", ""), "code": code}
    return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", status_code=303)


async def exchange(network: Network, request: Request) -> Response:
    """Tokens for a code, or for an older pair of tokens, of which the refresh token works once."""
    sent = {name: str(value) for name, value in (await request.form()).items()}
    client = _proven(network, request, sent)
    if client is None:
        return _refused(401, "unauthorized_client", "Missing valid authorization header")
    if sent.get("grant_type") == "refresh_token":
        given = network.refresh_tokens.pop(sent.get("refresh_token", ""), None)
        if given is None or given.client_id != client.client_id:
            return _refused(400, "invalid_request", "Value passed for the token was invalid.")
        for token in [token for token, each in network.user_tokens.items() if each == given]:
            del network.user_tokens[token]
        return _tokens(network, given, client)
    person, scopes, challenge = client.codes.pop(sent.get("code", ""), (None, "", ""))
    digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
    proven = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
    if person is None or not proven or sent.get("redirect_uri") not in client.redirects:
        return _refused(400, "invalid_request", "Value passed for the authorization code was invalid.")
    return _tokens(network, UserToken(person, scopes, client.client_id, network.clock()), client)


async def revoke(network: Network, request: Request) -> Response:
    """Withdraw a token."""
    sent = {name: str(value) for name, value in (await request.form()).items()}
    client = _proven(network, request, sent)
    if client is None:
        return _refused(401, "unauthorized_client", "Missing valid authorization header")
    token = sent.get("token", "")
    if network.user_tokens.pop(token, None) is None and network.refresh_tokens.pop(token, None) is None:
        return _refused(400, "invalid_request", "Value passed for the token was invalid.")
    return JSONResponse({"revoked": True})


def _asked_by(network: Network, asked: QueryParams) -> Client | None:
    client = network.clients.get(asked.get("client_id", ""))
    sound = (
        client is not None
        and asked.get("redirect_uri") in client.redirects
        and asked.get("response_type") == "code"
        and asked.get("code_challenge_method") == "S256"
        and bool(asked.get("code_challenge") and asked.get("state"))
        and set(asked.get("scope", "").split()) <= set(ALL_SCOPES.split())
    )
    return client if sound else None


def _proven(network: Network, request: Request, sent: dict[str, str]) -> Client | None:
    """The application that asks: one with a secret proves it in the header, one without names its id only."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    client = network.clients.get(sent.get("client_id", ""))
    if scheme.lower() != "basic":
        return client if client is not None and not client.client_secret else None
    try:
        client_id, _, client_secret = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    client = network.clients.get(client_id)
    return client if client is not None and client.client_secret == client_secret else None


def _tokens(network: Network, given: UserToken, client: Client) -> Response:
    access, refresh = network.issue(given.person, given.scopes, client.client_id)
    lasts = int(network.access_lasts.total_seconds())
    body = {"token_type": "bearer", "expires_in": lasts, "access_token": access, "scope": given.scopes}
    return JSONResponse({**body, "refresh_token": refresh} if refresh else body)


def _refused(status: int, error: str, words: str) -> Response:
    return JSONResponse({"error": error, "error_description": words}, status_code=status)
