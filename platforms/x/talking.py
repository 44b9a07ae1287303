"""How one speaks to X's interface: credentials and their renewal, both spellings of fields, errors also inside a 200.

It knows no post. Sentences of X's own are compared with and never shown or logged.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType

from platforms.reading import identifier, table, tables, words
from platforms.shape import Access
from wire.errors import Changed, Refused, SignInNeeded, TryLater, WireError
from wire.http import Answer, Fields, Wire

ADDRESSES: Mapping[str, str] = MappingProxyType(
    {
        "api": "https://api.x.com",
        "authorize": "https://x.com/i/oauth2/authorize",
        "oembed": "https://publish.x.com/oembed",
    }
)
"""X's interface, the page where an account's owner agrees, and the public service that embeds posts.

A setting `redirect` may name the address registered for the council's application, where the console has none."""

NEEDS_PERMISSION = (
    "X has named our council as a user of this application under an Enterprise plan and has given written permission "
    "to look for posts that may break its rules; we hold its reference."
)
NO_PERMISSION = "X: not scanned, no permission on file."
TWEET, POST = "tweet", "post"
"""X's two spellings of the same fields: its guides say tweet, its newer schema says post."""

_FIELDS = {
    TWEET: "created_at,author_id,lang,conversation_id,in_reply_to_user_id,referenced_tweets,entities,attachments,"
    "possibly_sensitive,note_tweet,edit_history_tweet_ids,withheld",
    POST: "created_at,author_id,lang,conversation_id,in_reply_to_user_id,referenced_posts,entities,attachments,"
    "possibly_sensitive,note_post,edit_history_post_ids,withheld",
}
_EXPANSIONS = {
    TWEET: "author_id,referenced_tweets.id,referenced_tweets.id.author_id,attachments.media_keys",
    POST: "author_id,referenced_posts.id,referenced_posts.id.author_id,attachments.media_keys",
}
_OWN_SIDE = frozenset({"invalid_client", "unauthorized_client"})


@dataclass(frozen=True)
class Problem:
    """One error as X names it: `kind` is the last word of its type, `about` the number or name it is about."""

    kind: str
    about: str
    title: str = field(repr=False)
    detail: str = field(repr=False)

    @property
    def suspended(self) -> bool:
        """X files a suspended account under "not found" and says so in words only."""
        return "suspended" in self.detail.lower()


@dataclass(frozen=True)
class Permission:
    """What an account's owner gave: its tokens, and the application they were given to. `grant` tells one giving from
    the next, so that tokens kept from an older one are not used."""

    grant: str
    client_id: str
    client_secret: str = field(repr=False)
    access: str = field(repr=False)
    refresh: str = field(repr=False)

    def kept(self) -> str:
        """As it is stored (encrypted, by others)."""
        return json.dumps(asdict(self))


class TokenExpired(Exception):
    """The owner's token has run out and can be renewed; never leaves this platform's rooms."""


def permission_of(access: Access) -> Permission | None:
    """The owner's permission with its newest tokens; None for an account without, or with a bare token."""
    given, newer = table(_loaded(access.secret)), table(_loaded(access.session))
    names = ("grant", "client_id", "client_secret", "access", "refresh")
    values = {name: words(given.get(name)) for name in names}
    if not values["access"] or not values["client_id"]:
        return None
    if newer.get("grant") == values["grant"] and words(newer.get("access")):
        values |= {name: words(newer.get(name)) for name in ("access", "refresh")}
    application = access.application
    if application is not None and application.client_id == values["client_id"]:
        values["client_secret"] = application.client_secret
    return Permission(**values)


def app_token(access: Access) -> str:
    """The token X gave the council's application itself, which reads as nobody; "" when there is none."""
    return access.application.token if access.application is not None else ""


def bare_token(access: Access) -> str:
    """A token that a person pasted as the account's credential; "" when there is none."""
    return "" if access.secret.lstrip().startswith("{") else access.secret.strip()


def base_address(access: Access, name: str) -> str:
    """One of the base addresses from the settings. Raises Refused when the settings leave it out."""
    found = access.addresses.get(name, "").rstrip("/")
    if not found:
        raise Refused(f"The settings give no address called {name!r} for X.")
    return found


def post_fields(spelling: str, **more: str) -> dict[str, str]:
    """The parameters that ask for everything we read of a post, in one of the two spellings."""
    return {
        f"{spelling}.fields": _FIELDS[spelling],
        "expansions": _EXPANSIONS[spelling],
        "user.fields": "username,name,protected",
        "media.fields": "type,alt_text",
        **more,
    }


class Connection:
    """One account's talk with X: as its owner where they agreed, else as the council's application."""

    def __init__(self, wire: Wire, access: Access) -> None:
        self._wire = wire
        self.base = base_address(access, "api")
        self._permission = permission_of(access)
        self._token = bare_token(access) or app_token(access)
        self._renewed = False

    def ask(self, path: str, params: Fields) -> Answer:
        """GET, whatever the status. Raises TokenExpired once, SignInNeeded without a credential, and as the wire."""
        token = self._permission.access if self._permission else self._token
        if not token:
            raise SignInNeeded("X needs the owner's permission or the application's own token: connect the account.")
        answer = self._wire.get(self.base + path, params=params, headers={"Accept": "application/json"}, bearer=token)
        if answer.status == 401 and self._permission and self._permission.refresh and not self._renewed:
            raise TokenExpired
        return answer

    def renew(self) -> str:
        """Exchange the tokens for new ones; what to keep at once, because the old ones no longer work."""
        if self._permission is None:
            raise SignInNeeded("X no longer accepts this token: connect the account again.")
        form = {"grant_type": "refresh_token", "refresh_token": self._permission.refresh}
        tokens = exchange(self._wire, self.base, form, self._permission)
        self._permission, self._renewed = tokens, True
        return json.dumps({name: getattr(tokens, name) for name in ("grant", "access", "refresh")})


def exchange(wire: Wire, base: str, form: Mapping[str, str], given: Permission) -> Permission:
    """New tokens for a code or for older tokens. Raises SignInNeeded when the owner has to agree once more, Refused
    when it is our own application that X does not know."""
    answer = wire.post(
        f"{base}/2/oauth2/token",
        form={**form, "client_id": given.client_id},
        headers=basic(given.client_id, given.client_secret),
    )
    if answer.status != 200:
        raise token_refusal(answer)
    body = table(answer.json())
    access, refresh = words(body.get("access_token")), words(body.get("refresh_token"))
    if not access:
        raise Changed("X answered a request for a token without one.")
    return replace(given, access=access, refresh=refresh or given.refresh)


def basic(client_id: str, client_secret: str) -> dict[str, str]:
    """How an application with a secret proves itself; one without sends its id only."""
    if not client_secret:
        return {"Accept": "application/json"}
    pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    return {"Accept": "application/json", "Authorization": f"Basic {pair}"}


def token_refusal(answer: Answer) -> WireError:
    """Whose fault it is that X gave no token: a wrong secret of ours must not end every owner's permission."""
    try:
        error = words(table(answer.json()).get("error"))
    except Changed:
        error = ""
    if answer.status == 401 or error in _OWN_SIDE:
        why = "X does not accept the council's application: check its client id and secret in the settings."
        return Refused(why, code=error or str(answer.status))
    if answer.status in (400, 403):
        return SignInNeeded("X no longer accepts this permission: the account's owner has to agree once more.")
    return Refused(f"X gave no token (status {answer.status}).", code=str(answer.status))


def problems(body: Mapping[str, object]) -> tuple[Problem, ...]:
    """The errors in an answer, whichever of X's forms they have; they may stand beside good data."""
    found = [*tables(body.get("errors"))]
    if words(body.get("type")) or words(body.get("title")):
        found.append(body)
    return tuple(_problem(each) for each in found)


def checked(answer: Answer) -> Mapping[str, object]:
    """The body of a good answer: one with data, or an empty page. Raises the error that the answer stands for."""
    body = answer.json() if answer.status == 200 else _body(answer)
    if answer.status == 200 and not isinstance(body, dict):
        raise Changed("X answered with JSON that is no object.", answer=answer.body)
    found = table(body)
    if answer.status == 200 and ("data" in found or "meta" in found):
        return found
    raise refusal(answer.status, problems(found), answer=answer)


def refusal(status: int, found: tuple[Problem, ...], *, answer: Answer) -> WireError:
    """The error for an answer without data, in words that say what to do."""
    kinds = {each.kind for each in found} | {each.title.lower() for each in found}
    if status == 401:
        return SignInNeeded("X no longer accepts this credential: connect the account again.")
    if status == 402 or kinds & {"credits", "creditsdepleted"}:
        return Refused("The council's credit with X is used up: buy more in X's developer console.", code="credits")
    if "usage-capped" in kinds:
        return TryLater("X's limit of posts for this month is used up.", after=timedelta(hours=6), rate_limited=True)
    if "rate-limit-exceeded" in kinds or "88" in kinds:
        return TryLater("X asks us to slow down.", rate_limited=True)
    if kinds & {"client-forbidden", "client-not-enrolled"}:
        return Refused("X does not let the council's application read this: its plan does not cover it.", code="plan")
    if status == 200 and any(each.suspended for each in found):
        return Refused("X has suspended the account that is to be read.", code="suspended")
    kind = next((each.kind for each in found if each.kind), str(status))
    if status == 200 and not found:
        return Changed("X answered in a way we do not know.", answer=answer.body)
    return Refused(f"X said no (status {status}, {_plain(kind)}).", code=_plain(kind))


def _problem(each: Mapping[str, object]) -> Problem:
    code = identifier(each.get("code"))
    return Problem(
        kind=words(each.get("type")).rstrip("/").rpartition("/")[2] or code,
        about=identifier(each.get("resource_id")) or identifier(each.get("value")),
        title=words(each.get("title")),
        detail=words(each.get("detail")) or words(each.get("message")),
    )


def _plain(kind: str) -> str:
    return kind if len(kind) <= 40 and kind.replace("-", "").isalnum() and kind.isascii() else "unknown reason"


def _body(answer: Answer) -> object:
    try:
        return answer.json()
    except Changed:
        return {}


def _loaded(text: str) -> object:
    try:
        return json.loads(text) if text.lstrip().startswith("{") else {}
    except (ValueError, RecursionError):
        return {}
