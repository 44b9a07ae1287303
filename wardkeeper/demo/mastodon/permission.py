"""How the simulated Mastodon server lets an account's owner give and take back permission (OAuth with PKCE)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from html import escape
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from wardkeeper.demo.mastodon.server import ALL_SCOPES, Client, MastodonServer
from wardkeeper.demo.mastodon.wire_format import error, fields

_OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


async def register(server: MastodonServer, request: Request) -> Response:
    sent = await fields(request)
    uris = sent.get("redirect_uris")
    redirect = uris[0] if isinstance(uris, list) and uris else uris
    scopes = str(sent.get("scopes") or "read")
    if not sent.get("client_name") or not redirect or not set(scopes.split()) <= {*ALL_SCOPES.split(), "read"}:
        return error(422, "Validation failed: Redirect URI must be an absolute URI.")
    client = Client(secrets.token_urlsafe(16), secrets.token_urlsafe(24), str(redirect), scopes)
    server.clients[client.client_id] = client
    facts = {"client_id": client.client_id, "client_secret": client.client_secret, "client_secret_expires_at": 0}
    return JSONResponse({"id": str(len(server.clients)), "name": sent["client_name"], **facts})


def _client_for(server: MastodonServer, asked: QueryParams) -> Client | None:
    client = server.clients.get(asked.get("client_id", ""))
    if client is None or asked.get("redirect_uri") != client.redirect_uri or asked.get("response_type") != "code":
        return None
    wanted = set(asked.get("scope", "").split())
    return client if wanted <= set(client.scopes.split()) and asked.get("code_challenge_method") == "S256" else None


async def ask_owner(server: MastodonServer, request: Request) -> Response:
    if _client_for(server, request.query_params) is None:
        return error(400, "The requested application, address or scope is invalid")
    names = "".join(f"<option>{escape(name)}</option>" for name in server.accounts)
    return HTMLResponse(
        f"<!doctype html><title>Permission</title><h1>{escape(server.domain)}</h1><form method=post>"
        f"<p>Wardkeeper asks for: {escape(request.query_params.get('scope', ''))}</p>"
        f"<label>Account <select name=account>{names}</select></label> <button>Agree</button></form>"
    )


async def owner_agreed(server: MastodonServer, request: Request) -> Response:
    asked = request.query_params
    client, form = _client_for(server, asked), await request.form()
    account = server.accounts.get(str(form.get("account", "")).lower())
    if client is None or account is None:
        return error(400, "The requested application, address or account is invalid")
    code = secrets.token_urlsafe(16)
    client.codes[code] = (account, asked.get("scope", ""), asked.get("code_challenge", ""))
    if client.redirect_uri == _OUT_OF_BAND:
        return HTMLResponse(f"<!doctype html><title>Code</title><p>Copy this code: <code>{code}</code></p>")
    back = urlencode({"code": code, "state": asked.get("state", "")})
    return RedirectResponse(f"{client.redirect_uri}?{back}", status_code=303)


async def exchange(server: MastodonServer, request: Request) -> Response:
    sent = {name: str(value) for name, value in (await fields(request)).items()}
    client = server.clients.get(sent.get("client_id", ""))
    if client is None or client.client_secret != sent.get("client_secret"):
        return JSONResponse({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
    account, scopes, challenge = client.codes.pop(sent.get("code", ""), (None, "", ""))
    digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
    proven = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
    if account is None or not proven or sent.get("redirect_uri") != client.redirect_uri:
        return JSONResponse({"error": "invalid_grant", "error_description": "The provided grant is invalid"}, 400)
    token = server.issue_token(account, scopes=scopes)
    created = int(server.clock().timestamp())
    return JSONResponse({"access_token": token, "token_type": "Bearer", "scope": scopes, "created_at": created})


async def revoke(server: MastodonServer, request: Request) -> Response:
    sent = await fields(request)
    client = server.clients.get(str(sent.get("client_id")))
    if client is None or client.client_secret != sent.get("client_secret"):
        return JSONResponse({"error": "unauthorized_client"}, 403)
    server.tokens.pop(str(sent.get("token")), None)
    return JSONResponse({})


async def oauth_facts(server: MastodonServer, request: Request) -> Response:
    return JSONResponse({"issuer": server.base, "scopes_supported": ["read", *ALL_SCOPES.split()]})
