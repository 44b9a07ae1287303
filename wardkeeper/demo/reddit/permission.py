"""How the simulated Reddit lets an account's owner give and take back permission (OAuth)."""

from __future__ import annotations

import base64
import secrets
from html import escape
from urllib.parse import urlencode

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from wardkeeper.demo.reddit.server import ALL_SCOPES, TOKEN_LASTS, Client, Redditor, RedditServer, Token
from wardkeeper.demo.reddit.wire_format import error


async def ask_owner(server: RedditServer, request: Request) -> Response:
    """The page where an account's owner agrees or declines."""
    client = _client_for(server, request.query_params)
    if client is None:
        return _no_such_application()
    names = "".join(f"<option>{escape(each.name)}</option>" for each in server.accounts.values())
    return HTMLResponse(
        "<!doctype html><title>reddit.com: permission</title><h1>Wardkeeper asks to connect</h1><form method=post>"
        f"<p>It asks for: {escape(request.query_params.get('scope', ''))}</p>"
        f"<label>Account <select name=account>{names}</select></label>"
        "<button name=authorize value=Allow>Allow</button> <button name=authorize value=Decline>Decline</button></form>"
    )


async def owner_decided(server: RedditServer, request: Request) -> Response:
    """Back to the application with a code, or with the owner's no."""
    asked, form = request.query_params, await request.form()
    client = _client_for(server, asked)
    account = server.accounts.get(str(form.get("account", "")).lower())
    if client is None or account is None:
        return _no_such_application()
    state = asked.get("state", "")
    if form.get("authorize") == "Decline":
        return _back(client, {"state": state, "error": "access_denied"})
    code = secrets.token_urlsafe(20)
    client.codes[code] = (account, asked.get("scope", ""))
    return _back(client, {"state": state, "code": code})


async def give_token(server: RedditServer, request: Request) -> Response:
    """A token for a code, for a refresh token, or for the application itself."""
    client = _signed(server, request)
    if client is None:
        return error(401, "Unauthorized")
    form = await request.form()
    match str(form.get("grant_type")):
        case "client_credentials":
            return JSONResponse(_issued(server, client, None, "*"))
        case "authorization_code":
            return _for_code(server, client, form)
        case "refresh_token":
            return _for_refresh(server, client, str(form.get("refresh_token")))
        case _:
            return JSONResponse({"error": "unsupported_grant_type"})


async def revoke(server: RedditServer, request: Request) -> Response:
    """End a token; a refresh token takes those it bought along. Whether it existed is not told."""
    client = _signed(server, request)
    if client is None:
        return error(401, "Unauthorized")
    token = str((await request.form()).get("token"))
    ended = server.refresh_tokens.pop(token, None)
    if ended is not None:
        mine = [key for key, each in server.tokens.items() if each.account is ended[0]]
        for key in mine:
            server.tokens.pop(key)
    server.tokens.pop(token, None)
    return Response(status_code=204)


def _for_code(server: RedditServer, client: Client, form: FormData) -> Response:
    account, scopes = client.codes.pop(str(form.get("code")), (None, ""))
    if account is None or form.get("redirect_uri") != client.redirect:
        return JSONResponse({"error": "invalid_grant"})
    refresh = server.agree(account, client, scopes=scopes)
    return JSONResponse({**_issued(server, client, account, scopes), "refresh_token": refresh})


def _for_refresh(server: RedditServer, client: Client, token: str) -> Response:
    account, scopes, client_id = server.refresh_tokens.get(token, (None, "", ""))
    if account is None or client_id != client.client_id or account.suspended or account.deleted:
        return error(400, "Bad Request")
    if server.rotates:
        server.refresh_tokens.pop(token)
        token = server.agree(account, client, scopes=scopes)
    return JSONResponse({**_issued(server, client, account, scopes), "refresh_token": token})


def _issued(server: RedditServer, client: Client, account: Redditor | None, scopes: str) -> dict[str, object]:
    token = secrets.token_urlsafe(30)
    server.tokens[token] = Token(account, scopes, client.client_id, server.clock() + TOKEN_LASTS)
    lasts = int(TOKEN_LASTS.total_seconds())
    return {"access_token": token, "token_type": "bearer", "expires_in": lasts, "scope": scopes}


def _signed(server: RedditServer, request: Request) -> Client | None:
    try:
        pair = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
    except ValueError:
        return None
    client_id, _, secret = pair.partition(":")
    client = server.clients.get(client_id)
    return client if client is not None and client.client_secret == secret else None


def _client_for(server: RedditServer, asked: QueryParams) -> Client | None:
    client = server.clients.get(asked.get("client_id", ""))
    if client is None or asked.get("redirect_uri") != client.redirect or not asked.get("state"):
        return None
    right = asked.get("response_type") == "code" and asked.get("duration") in ("permanent", "temporary")
    return client if right and set(asked.get("scope", "-").split()) <= set(ALL_SCOPES.split()) else None


def _back(client: Client, answer: dict[str, str]) -> Response:
    return RedirectResponse(f"{client.redirect}?{urlencode(answer)}#_", status_code=302)


def _no_such_application() -> Response:
    return HTMLResponse("<!doctype html><title>reddit.com: bad request</title><p>bad request", status_code=400)
