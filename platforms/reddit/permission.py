"""How an account's owner gives and takes back permission at Reddit (OAuth; Reddit offers no PKCE, so state it is)."""

from __future__ import annotations

import json
import secrets
from hmac import compare_digest
from urllib.parse import parse_qs, urlencode, urlsplit

from platforms.addresses import take_apart
from platforms.reading import table, words
from platforms.reddit.talking import Secret, approved, base_address, basic, buy_token, secret_of
from platforms.shape import Access, Application, GrantStart
from wire.errors import Refused, SignInNeeded
from wire.http import Wire

# Least scopes: the inbox for collecting; for reporting the post and its community's rules as well as the report.
_COLLECTING = "identity privatemessages"
_REPORTING = "identity read report"
_KEPT = ("www", "client_id", "client_secret", "contact", "redirect", "state")


def begin(wire: Wire, address: str, redirect: str, for_reporting: bool) -> GrantStart:
    """Never works here: Reddit knows only applications that it has approved. Use `begin_as`."""
    raise Refused("Reddit knows only applications that it has approved: name the council's in the settings.")


def begin_as(wire: Wire, access: Access, redirect: str, for_reporting: bool) -> GrantStart:
    """The page at Reddit where the owner agrees. `redirect` must be the one registered with the application.

    Raises Refused without the council's permission or application, or without an address to come back to.
    """
    application, www = approved(access), base_address(access, "www")
    if take_apart(redirect) is None:
        raise Refused("Reddit sends people back to an address only, and shows no code to copy: set one up first.")
    state = secrets.token_urlsafe(24)
    query = {
        "client_id": application.client_id,
        "response_type": "code",
        "state": state,
        "redirect_uri": redirect,
        "duration": "permanent",
        "scope": _REPORTING if for_reporting else _COLLECTING,
    }
    kept = (www, application.client_id, application.client_secret, application.contact, redirect, state)
    keep = json.dumps(dict(zip(_KEPT, kept, strict=True)))
    return GrantStart(url=f"{www}/api/v1/authorize?{urlencode(query)}", keep=keep)


def finish(wire: Wire, keep: str, code: str) -> str:
    """The secret to store, for the whole address or query that the owner's browser brought back.

    Its state must be the one sent out. Raises Refused when it is not, or when the owner said no.
    """
    kept = _read(keep)
    grant = {
        "grant_type": "authorization_code",
        "code": _code(code, state=kept["state"]),
        "redirect_uri": kept["redirect"],
    }
    application = Application(kept["client_id"], kept["client_secret"], kept["contact"])
    try:
        said = buy_token(wire, kept["www"], application, grant)
    except SignInNeeded as problem:
        why = "Reddit did not accept the code: it is used up, too old or not whole. Begin again."
        raise Refused(f"{why} ({problem.why})") from None
    refresh = words(said.get("refresh_token"))
    if not refresh:
        raise Refused("Reddit gave a permission for an hour only, not a lasting one. Begin again.")
    return Secret(refresh, kept["client_id"]).kept()


def revoke(wire: Wire, access: Access) -> None:
    """Give the permission back; Reddit then ends every token that came from it. Raises the four errors."""
    secret, application = secret_of(access), access.application
    if secret is None or application is None or application.client_id != secret.client_id:
        why = "This permission cannot be given back from here: withdraw it at www.reddit.com/prefs/apps."
        raise Refused(why)
    answer = wire.post(
        f"{base_address(access, 'www')}/api/v1/revoke_token",
        form={"token": _newest(access) or secret.refresh_token, "token_type_hint": "refresh_token"},
        headers=basic(application),
        idempotent=True,
    )
    if answer.status not in (200, 204):
        why = "Reddit did not take the permission back: withdraw it at www.reddit.com/prefs/apps."
        raise Refused(f"{why} (status {answer.status})", code=str(answer.status))


def _newest(access: Access) -> str:
    try:
        return words(table(json.loads(access.session or "{}")).get("renewed"))
    except (ValueError, RecursionError):
        return ""


def _read(keep: str) -> dict[str, str]:
    try:
        kept = {name: words(table(json.loads(keep)).get(name)) for name in _KEPT}
    except (ValueError, RecursionError):
        kept = {}
    if not all(kept.get(name) for name in _KEPT):
        raise Refused("What was kept of this permission cannot be read. Begin again.")
    return kept


def _code(brought: str, *, state: str) -> str:
    """The code. It comes with its state or not at all: nobody copies it by hand here."""
    text = brought.strip()
    query = parse_qs(urlsplit(text).query if "?" in text else text)
    if query.get("error"):
        raise Refused("The account's owner did not agree.")
    if not compare_digest(query.get("state", [""])[0].encode("utf-8", "replace"), state.encode()):
        raise Refused("This answer does not belong to the permission that was asked for. Begin again.")
    # Reddit's own pages hang "#_" on the end of the address.
    return query.get("code", [""])[0].removesuffix("#_")
