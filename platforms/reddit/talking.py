"""How one speaks to Reddit: as the council's application or as an account that agreed, with Reddit's own limits.

Branches on what Reddit says in the body as well as on the status. It knows no post.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from platforms.reading import sensible, table, words
from platforms.shape import Access, Allowance, Application
from wire.errors import Changed, Refused, SignInNeeded, TryLater, WireError
from wire.http import Answer, Fields, Wire

NEEDS_PERMISSION = (
    "Reddit has approved this council's application for this purpose (reading public posts that mention its "
    "councillors, and reporting abuse); the approval is on file."
)
"""What a council ticks before anything but hand intake is used: Responsible Builder Policy, November 2025."""
NO_PERMISSION = "Reddit: not scanned, no permission on file."
_NOT_ON_FILE = "Reddit's approval of the council's application is not on file, so Reddit is not asked."
_NO_APPLICATION = "The settings name no application that Reddit has approved for the council (its id and secret)."
_NOBODY_ANSWERS = "The settings do not say which Reddit account answers for the council's application."
_UNKNOWN_APPLICATION = "Reddit does not know the council's application: check its id and secret in the settings."
_CONNECT_AGAIN = "Reddit no longer accepts the account's permission: connect the account again."

_RESERVE = 3.0  # requests left in Reddit's window at which we stop, for what others of this install have under way
_ABSURD = 1e9
_SEARCH = "/search"
_WINDOW = timedelta(minutes=10)


@dataclass(frozen=True)
class Secret:
    """What permission left behind: it works only with the application it was given to."""

    refresh_token: str = field(repr=False)
    client_id: str

    def kept(self) -> str:
        """The secret as it is stored (encrypted, by others)."""
        return json.dumps({"refresh_token": self.refresh_token, "client_id": self.client_id})


@dataclass(frozen=True)
class Voice:
    """In whose name a request is made: `key` under which its token is kept, `grant` what buys a new one."""

    key: str
    grant: Mapping[str, str] = field(repr=False)


AS_APPLICATION = Voice("application", {"grant_type": "client_credentials"})
"""Nobody's account: what everybody may read, unaffected by who has blocked whom."""


@dataclass
class Caller:
    """One conversation: where Reddit is, the application that speaks, its tokens, and how long Reddit wants quiet."""

    wire: Wire
    api: str
    www: str
    application: Application
    account: Voice | None
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    renewed: str = field(default="", repr=False)
    quiet: timedelta | None = None
    spent: tuple[Allowance, ...] = ()

    @property
    def session(self) -> str:
        """What to keep between runs. `renewed` is a newer permission token, should Reddit ever hand one out."""
        return json.dumps({"tokens": self.tokens, "renewed": self.renewed})


def caller(wire: Wire, access: Access) -> Caller:
    """Ready to ask. Raises Refused without the permission or the application, SignInNeeded for another's grant."""
    application = approved(access)
    kept = _loaded(access.session)
    renewed = words(kept.get("renewed"))
    tokens = {key: words(value) for key, value in table(kept.get("tokens")).items() if _sendable(value)}
    secret = secret_of(access)
    account = None
    if access.secret.strip() and secret is None:
        raise SignInNeeded("What is kept for this account is no permission from Reddit: connect the account again.")
    if secret is not None:
        if secret.client_id != application.client_id:
            raise SignInNeeded("The account agreed to another application than the council's present one: connect it.")
        grant = {"grant_type": "refresh_token", "refresh_token": renewed or secret.refresh_token}
        account = Voice("account", grant)
    return Caller(
        wire=wire,
        api=base_address(access, "api"),
        www=base_address(access, "www"),
        application=application,
        account=account,
        tokens=tokens,
        renewed=renewed,
    )


def approved(access: Access) -> Application:
    """The council's application, when its use is allowed. Raises Refused (with the form as the way) otherwise."""
    if not access.permission_on_file:
        raise Refused(_NOT_ON_FILE, code="no_permission", use_form=True)
    if access.application is None or not access.application.client_id or not access.application.client_secret:
        raise Refused(_NO_APPLICATION, code="no_application", use_form=True)
    if not access.application.contact.strip():
        raise Refused(_NOBODY_ANSWERS, code="no_application", use_form=True)
    return access.application


def secret_of(access: Access) -> Secret | None:
    """The stored permission, None when there is none or it cannot be read."""
    kept = _loaded(access.secret)
    token, client = words(kept.get("refresh_token")), words(kept.get("client_id"))
    return Secret(token, client) if token and client else None


def base_address(access: Access, name: str) -> str:
    """One of the base addresses from the settings. Raises Refused when the settings leave it out."""
    found = access.addresses.get(name, "").rstrip("/")
    if not found:
        raise Refused(f"The settings give no address called {name!r} for Reddit.")
    return found


def user_agent(application: Application) -> str:
    """Who asks, as Reddit demands it: platform, application, version and the account that answers for it."""
    contact = application.contact.strip().removeprefix("/").removeprefix("u/")
    return f"server:{application.client_id}:wardkeeper-1 (by /u/{contact})"


def basic(application: Application) -> dict[str, str]:
    """The headers by which the application itself signs in."""
    pair = f"{application.client_id}:{application.client_secret}".encode("utf-8", "replace")
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}", "User-Agent": user_agent(application)}


def ask(who: Caller, path: str, *, voice: Voice = AS_APPLICATION, params: Fields | None = None) -> Answer:
    """GET, with a 200 answer or an error: SignInNeeded, Refused (`code` is Reddit's reason or the status), TryLater.

    `raw_json` is always asked for, or Reddit writes &amp; for &.
    """
    both = {"raw_json": 1, **(params or {})}

    def get(headers: Mapping[str, str], bearer: str) -> Answer:
        return who.wire.get(who.api + path, params=both, headers=headers, bearer=bearer)

    answer = _checked(_spoken(who, voice, get))
    if not path.endswith(_SEARCH) and urlsplit(answer.url).path.endswith(_SEARCH):
        raise Refused("Reddit leads to its search instead: there is no such community.", code="404")
    return answer


def tell(who: Caller, path: str, form: Fields, *, voice: Voice) -> Answer:
    """POST, once: made again only after Reddit said 401, which is before it acts. Errors as `ask`."""

    def post(headers: Mapping[str, str], bearer: str) -> Answer:
        return who.wire.post(who.api + path, form=form, headers=headers, bearer=bearer)

    return _checked(_spoken(who, voice, post))


def buy_token(wire: Wire, www: str, application: Application, grant: Mapping[str, str]) -> Mapping[str, object]:
    """What Reddit answers to a request for a token; its `access_token` is always there.

    Raises SignInNeeded when the application or the permission is not accepted, else as every request.
    """
    answer = wire.post(
        f"{www}/api/v1/access_token",
        form=dict(grant),
        headers=basic(application),
        idempotent=grant["grant_type"] != "authorization_code",
    )
    return bought(answer, grant["grant_type"])


def bought(answer: Answer, grant_type: str) -> Mapping[str, object]:
    """What an answer to a request for a token holds, with its `access_token`. Raises as `buy_token`."""
    if answer.status == 401:
        raise SignInNeeded(_UNKNOWN_APPLICATION)
    if answer.status not in (200, 400):
        raise Refused(f"Reddit gave no token (status {answer.status}).", code=str(answer.status))
    said = _object(answer)
    if _sendable(said.get("access_token")):
        return said
    if answer.status == 200 and "error" not in said:
        raise Changed("Reddit's answer holds no token that can be used.", answer=answer.body)
    alone = grant_type == AS_APPLICATION.grant["grant_type"]
    raise SignInNeeded(_UNKNOWN_APPLICATION if alone else _CONNECT_AGAIN)


def _spoken(who: Caller, voice: Voice, send: Callable[[Mapping[str, str], str], Answer]) -> Answer:
    """The answer, with a new token when the kept one has expired."""
    headers = {"User-Agent": user_agent(who.application), "Accept": "application/json"}
    for fresh in (voice.key not in who.tokens, True):
        if who.quiet is not None:
            why = "Reddit allows no more requests for the moment: the window's allowance is used up."
            raise TryLater(why, after=who.quiet, rate_limited=True)
        answer = send(headers, _token(who, voice, fresh=fresh))
        _heed(who, answer)
        if answer.status != 401:
            return answer
        if fresh:
            break
    who.tokens.pop(voice.key, None)
    raise SignInNeeded(_CONNECT_AGAIN if voice.key == "account" else _UNKNOWN_APPLICATION)


def _token(who: Caller, voice: Voice, *, fresh: bool) -> str:
    if fresh:
        said = buy_token(who.wire, who.www, who.application, voice.grant)
        who.tokens[voice.key] = words(said["access_token"])
        if voice.key == "account":
            who.renewed = words(said.get("refresh_token")) or who.renewed
    return who.tokens[voice.key]


def _heed(who: Caller, answer: Answer) -> None:
    """Stop before the allowance is used up: the headers count requests left and seconds to the window's end."""
    used, left, seconds = (
        _number(answer.headers.get(f"x-ratelimit-{name}", "")) for name in ("used", "remaining", "reset")
    )
    if left is None:
        return
    wait = timedelta(seconds=min(max(seconds or 0.0, 1.0), _WINDOW.total_seconds()))
    if left < _RESERVE:
        who.quiet = wait
    asked_at = http_date(answer.headers.get("date", ""))
    if used is not None and asked_at is not None and 0 <= used < _ABSURD and 0 <= left < _ABSURD:
        who.spent = (Allowance("requests", int(used), int(used + left), asked_at + wait),)


def _checked(answer: Answer) -> Answer:
    if answer.status != 200:
        raise refusal(answer)
    return answer


def refusal(answer: Answer) -> WireError:
    """The error for an answer other than 200 and 401. `code` is Reddit's own reason, such as `private` or `banned`."""
    if answer.status == 403 and "insufficient_scope" in answer.headers.get("www-authenticate", ""):
        return SignInNeeded("The account's permission does not cover this: connect the account again.")
    try:
        reason = words(_object(answer).get("reason")).lower()
    except Changed:
        reason = ""
    code = reason if reason.isascii() and reason.replace("_", "").isalnum() else str(answer.status)
    return Refused(f"Reddit said no (status {answer.status}).", code=code)


def _sendable(token: object) -> bool:
    text = words(token)
    return bool(text) and text.isascii() and text.isprintable()


def _object(answer: Answer) -> Mapping[str, object]:
    said = answer.json()
    if not isinstance(said, dict):
        raise Changed("Reddit's answer is no JSON object.", answer=answer.body)
    return said


def http_date(text: str) -> datetime | None:
    """The moment an answer was given, in UTC, by the clock of who gave it; None when it does not say."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return sensible(found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC))


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _loaded(text: str) -> Mapping[str, object]:
    try:
        return table(json.loads(text or "{}"))
    except (ValueError, RecursionError):
        return {}
