"""How the simulated Google lets a channel's owner give and take back permission (OAuth with PKCE)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import timedelta
from html import escape
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from wardkeeper.demo.youtube.site import CLIENT_ID, CLIENT_SECRET, FORCE_SSL, READONLY, Asked, SimulatedYouTube
from wardkeeper.demo.youtube.wire_format import plain_error

_HOUR = timedelta(seconds=3599)


def _problem(asked: QueryParams) -> str:
    """What the real page refuses; "" when all is well. The way of copying a code by hand is blocked since 2023."""
    if asked.get("client_id") != CLIENT_ID:
        return "invalid_client"
    if not asked.get("redirect_uri", "").startswith(("https://", "http://127.0.0.1", "http://localhost")):
        return "redirect_uri_mismatch"
    if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
        return "invalid_request"
    scopes = set(asked.get("scope", "").split())
    return "" if scopes and scopes <= {READONLY, FORCE_SSL} else "invalid_scope"


async def ask_owner(site: SimulatedYouTube, request: Request) -> Response:
    """The page where the owner agrees."""
    problem = _problem(request.query_params)
    if problem:
        return HTMLResponse(f"<!doctype html><title>Error</title><p>Error 400: {problem}", status_code=400)
    names = "".join(f"<option>{escape(each.handle)}</option>" for each in site.channels.values())
    scopes = escape(request.query_params.get("scope", ""))
    return HTMLResponse(
        f"<!doctype html><title>Permission</title><form method=post><p>Wardkeeper asks for: {scopes}</p>"
        f"<label>Channel <select name=handle>{names}</select></label> <button>Continue</button></form>"
    )


async def owner_agreed(site: SimulatedYouTube, request: Request) -> Response:
    """The owner agreed, to everything or (`only`) to some of it, or said no."""
    asked, form = request.query_params, await request.form()
    owner = next((each for each in site.channels.values() if each.handle == form.get("handle")), None)
    problem = _problem(asked)
    if problem or owner is None:
        return plain_error(400, problem or "invalid_request")
    state = asked.get("state", "")
    if form.get("refuse"):
        return _back(asked, {"error": "access_denied", "state": state})
    scopes = str(form.get("only", asked.get("scope", "")))
    code = f"4/{secrets.token_urlsafe(24)}"
    site.codes[code] = Asked(owner, tuple(scopes.split()), asked.get("code_challenge", ""), asked["redirect_uri"])
    return _back(asked, {"state": state, "code": code, "scope": scopes})


def _back(asked: QueryParams, query: dict[str, str]) -> Response:
    return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(query)}", status_code=302)


async def exchange(site: SimulatedYouTube, request: Request) -> Response:
    """A code, or a refresh token, for an access token."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    if form.get("client_id") != CLIENT_ID or form.get("client_secret") != CLIENT_SECRET:
        return plain_error(401, "invalid_client")
    if form.get("grant_type") == "refresh_token":
        return _tokens(site, form.get("refresh_token", ""), first=False)
    asked = site.codes.pop(form.get("code", ""), None)
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if asked is None or asked.challenge != proof or asked.redirect != form.get("redirect_uri"):
        return plain_error(400, "invalid_grant")
    return _tokens(site, site.grant(asked.owner, *asked.scopes), first=True)


def _tokens(site: SimulatedYouTube, refresh_token: str, *, first: bool) -> Response:
    permission = site.permissions.get(refresh_token)
    if permission is None or permission.withdrawn:
        return plain_error(400, "invalid_grant")
    token = f"ya29.{secrets.token_urlsafe(24)}"
    permission.tokens[token] = site.clock() + _HOUR
    body: dict[str, object] = {
        "access_token": token,
        "expires_in": int(_HOUR.total_seconds()),
        "scope": " ".join(permission.scopes),
        "token_type": "Bearer",
    }
    if first:
        body["refresh_token"] = refresh_token
        if site.lasts is not None:
            body["refresh_token_expires_in"] = int(site.lasts.total_seconds())
    return JSONResponse(body)


async def revoke(site: SimulatedYouTube, request: Request) -> Response:
    """Take back a permission by its refresh token or one of its access tokens."""
    token = str((await request.form()).get("token", ""))
    for refresh_token, permission in site.permissions.items():
        if token == refresh_token or token in permission.tokens:
            if permission.withdrawn:
                break
            permission.withdrawn = True
            permission.tokens.clear()
            return JSONResponse({})
    return plain_error(400, "invalid_token")
