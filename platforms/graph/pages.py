"""Permission through a Facebook Page: how both the Page and the Instagram account linked with it are granted.

The owner agrees on Facebook's page; what is kept is the Page's own token, which lasts while the owner keeps the Page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from platforms.addresses import on_platform
from platforms.graph.asking import Graph, Talk, app_proof
from platforms.graph.deliveries import moment_of
from platforms.graph.granted import Secret, application_of, secret_of
from platforms.graph.paging import read_leaf
from platforms.graph.permission import begun, code_in, exchanged, kept
from platforms.graph.posts import Item, number
from platforms.reading import table, words
from platforms.shape import Access, GrantStart
from wire.errors import Changed, Refused, SignInNeeded, WireError
from wire.http import Wire

DESKTOP_REDIRECT = "https://www.facebook.com/connect/login_success.html"
"""Where Facebook sends people when we have no address of our own: they copy the address of the page they land on."""

_OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
_TASKS = frozenset({"CREATE_CONTENT", "MANAGE", "MODERATE"})
_FIELDS = "id,name,username,access_token,tasks,instagram_business_account{id,username}"
_MOST_LISTS = 10


def begin(access: Access, redirect: str, *, scopes: tuple[str, ...], name: str) -> GrantStart:
    """The page where the owner agrees. `access.address` may name the Page where the owner has several."""
    return begun(access, DESKTOP_REDIRECT if redirect == _OUT_OF_BAND else redirect, scopes=scopes, name=name)


def finish(wire: Wire, keep: str, code: str, *, needed: frozenset[str], name: str, fits: Callable[[Item], bool]) -> str:
    """The secret to store. `fits` says whether a Page will do. Raises the four errors; Refused says what to do."""
    held = kept(keep)
    ours = {"client_id": held["client_id"], "client_secret": held["client_secret"]}
    url = f"{held['graph']}/oauth/access_token"
    asked = {**ours, "redirect_uri": held["redirect"], "code": code_in(code, state=held["state"])}
    short = words(exchanged(wire, url, asked, name=name).get("access_token"))
    lasting = {**ours, "grant_type": "fb_exchange_token", "fb_exchange_token": short}
    token = words(exchanged(wire, url, lasting, name=name).get("access_token"))
    user_id, until = _looked_over(wire, held, token, needed=needed, name=name)
    graph = Graph(base=held["graph"], name=name, token=token, proof=app_proof(token, held["client_secret"]))
    page = _chosen([each for each in _pages(Talk(wire, graph)) if fits(each)], held["wanted"], name)
    return Secret(words(page.get("access_token")), token, user_id, held["client_id"], until).kept()


def revoke(wire: Wire, access: Access, *, scopes: tuple[str, ...], name: str) -> None:
    """Give these permissions back, and no other that the same person gave for something else.

    Raises Refused for a token that a person pasted: its owner must withdraw it on Facebook's own pages.
    """
    secret = secret_of(access.secret)
    if not secret.user_token or not number(secret.user_id):
        raise Refused("This permission was not given through Wardkeeper: withdraw it in Facebook's settings.")
    application = application_of(access, name)
    proof = app_proof(secret.user_token, application.client_secret) if secret.app == application.client_id else ""
    talk = Talk(wire, Graph(access.addresses["graph"], name, secret.user_token, proof))
    for scope in scopes:
        try:
            talk.tell(f"{secret.user_id}/permissions/{scope}", {"method": "delete"})
        except (SignInNeeded, Refused) as problem:
            raise _not_revoked(problem, name) from None


def subscribe(talk: Talk) -> None:
    """Let Meta push what happens at the Page, and at the Instagram account linked with it. Raises the four errors.

    `talk` is the Page's own. The address pushed to, and Instagram's fields, are set in the application's dashboard.
    """
    page = number(talk.ask("me", {"fields": "id"}).get("id"))
    if talk.tell(f"{page}/subscribed_apps", {"subscribed_fields": "feed"}).get("success") is not True:
        raise Changed(f"{talk.graph.name} did not say whether it will push.")


def _not_revoked(problem: WireError, name: str) -> Refused:
    # Whatever Meta dislikes, connecting again is not what the owner wanted.
    return Refused(
        f"{name} did not take the permission back: remove the application in Facebook's settings. {problem.why}"
    )


def _looked_over(
    wire: Wire, held: Mapping[str, str], token: str, *, needed: frozenset[str], name: str
) -> tuple[str, datetime | None]:
    """Whose token it is and until when its data may be read. Raises Refused when a permission was left out."""
    app = Graph(base=held["graph"], name=name, token=f"{held['client_id']}|{held['client_secret']}")
    told = table(Talk(wire, app).ask("debug_token", {"input_token": token}).get("data"))
    scopes = told.get("scopes")
    missing = needed - {words(each) for each in scopes} if isinstance(scopes, list) else needed
    if missing:
        why = (
            f"{name}: these permissions were not given: {', '.join(sorted(missing))}. Begin again and leave all ticked."
        )
        raise Refused(why)
    return number(told.get("user_id")), moment_of(told.get("data_access_expires_at"))


def _pages(talk: Talk) -> Iterator[Item]:
    place = ""
    for _ in range(_MOST_LISTS):
        leaf = read_leaf(talk, "me/accounts", {"fields": _FIELDS, "limit": 100}, place=place)
        yield from leaf.items
        if not leaf.onward or leaf.onward == place:
            return
        place = leaf.onward


def _chosen(pages: list[Item], wanted: str, name: str) -> Item:
    able = [each for each in pages if words(each.get("access_token")) and _may(each)]
    named = [each for each in able if _names(wanted) & _names_of(each)] if wanted else []
    if len(named) == 1 or len(able) == 1:
        return (named or able)[0]
    if not able:
        raise Refused(
            f"{name}: no Page was allowed on which this person may moderate. Begin again and choose the Page."
        )
    raise Refused(f"{name}: several Pages were allowed. Begin again and allow one, or give the Page's address first.")


def _may(page: Item) -> bool:
    tasks = page.get("tasks")
    return isinstance(tasks, list) and bool(_TASKS & {words(each) for each in tasks})


def _names(wanted: str) -> set[str]:
    address = on_platform(wanted if "://" in wanted else f"https://{wanted}", "facebook")
    parts = (*address.parts[-1:], address.query.get("id", "")) if address else (wanted.strip().lstrip("@"),)
    return {each.lower() for each in parts if each}


def _names_of(page: Item) -> set[str]:
    linked = table(page.get("instagram_business_account"))
    found = (
        number(page.get("id")),
        words(page.get("username")),
        words(page.get("name")),
        words(linked.get("username")),
    )
    return {each.lower() for each in found if each}
