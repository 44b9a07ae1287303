"""How one speaks to YouTube's Data API: calls that are paid for first, errors by their reason, tokens renewed.

Branches on the reason word, never on the status alone: a spent quota is 403 here, and so is a missing permission.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from platforms.reading import moment, table, tables, words
from platforms.shape import Access
from platforms.youtube.quota import LIST, UNITS, Clock, Purse
from wire.errors import Changed, Refused, SignInNeeded, TryLater, WireError
from wire.http import Answer, Fields, Wire

READING = "https://www.googleapis.com/auth/youtube.readonly"
REPORTING = "https://www.googleapis.com/auth/youtube.force-ssl"

_REASON = re.compile(r"[A-Za-z_]{1,60}")
_SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "servingLimitExceeded", "RATE_LIMIT_EXCEEDED"})
_BAD_KEY = frozenset(
    {"keyInvalid", "keyExpired", "API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "API_KEY_IP_ADDRESS_BLOCKED"}
    | {"accessNotConfigured", "SERVICE_DISABLED", "ipRefererBlocked", "CONSUMER_INVALID"}
)
_FAULT_OF_THEIRS = frozenset({"backendError", "internalError", "processingFailure", "SERVICE_UNAVAILABLE"})
_NO_SCOPE = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
_NO_ACCOUNT = frozenset(
    {"authenticatedUserAccountSuspended", "authenticatedUserAccountClosed", "youtubeSignupRequired"}
)
_EARLY = timedelta(minutes=2)
_WARN_BEFORE = timedelta(days=14)
_TRIES_AGAIN = 2  # what the wire may add to one call that fails


@dataclass(frozen=True)
class Secret:
    """What permission left behind: the refresh token with its scopes, and when it ends (None: it does not say)."""

    refresh_token: str = field(repr=False)
    scopes: tuple[str, ...]
    ends_at: datetime | None

    def kept(self) -> str:
        """The secret as it is stored (encrypted, by others)."""
        ends = self.ends_at.isoformat() if self.ends_at else ""
        return json.dumps({"refresh_token": self.refresh_token, "scopes": list(self.scopes), "ends_at": ends})


def secret_of(access: Access) -> Secret | None:
    """The stored permission; None when the account has given none. Raises SignInNeeded when it cannot be read."""
    if not access.secret:
        return None
    kept = loaded(access.secret)
    scopes, token = kept.get("scopes"), words(kept.get("refresh_token"))
    if not token:
        raise SignInNeeded("What is stored of the YouTube permission cannot be read: connect the account again.")
    listed = tuple(words(each) for each in scopes) if isinstance(scopes, list) else ()
    return Secret(token, listed, moment(kept.get("ends_at")))


def base_address(access: Access, name: str) -> str:
    """One of the base addresses from the settings. Raises Refused when the settings leave it out."""
    found = access.addresses.get(name, "").rstrip("/")
    if not found:
        raise Refused(f"The settings give no address called {name!r} for YouTube.")
    return found


def loaded(text: str) -> Mapping[str, object]:
    """The JSON object in a text of our own, or an empty one."""
    try:
        return table(json.loads(text or "{}"))
    except (ValueError, RecursionError):
        return {}


def purse_of(access: Access, clock: Clock) -> Purse:
    """The account's budget with what its last run has spent of it today."""
    kept = loaded(access.session)
    spent = {kind: cost for kind, cost in table(kept.get("spent")).items() if isinstance(cost, int)}
    return Purse(access.budget, clock, day=words(kept.get("day")), spent=spent)


class Line:
    """One account's talk with YouTube. Each call is paid first: from `purse`, else from the account's own budget.

    `reasons` are YouTube's reasons for a report as it listed them today, None when not asked yet.
    """

    def __init__(self, wire: Wire, access: Access, purse: Purse | None, *, clock: Clock) -> None:
        self._wire = wire
        self._access = access
        self._clock = clock
        self._own = purse_of(access, clock)
        self.purse = purse or self._own
        self.secret = secret_of(access)
        kept = loaded(access.session)
        self._token, self._until = words(kept.get("token")), moment(kept.get("until"))
        self.reasons = kept.get("reasons") if words(kept.get("day")) == self._own.day else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """That the permission is about to end, in plain words."""
        ends = self.secret.ends_at if self.secret else None
        if ends is None or ends - self._clock() > _WARN_BEFORE:
            return ()
        return (f"The permission for YouTube ends on {ends:%d %B %Y}: connect the account again before then.",)

    def to_keep(self, *, ahead: bool = False) -> str:
        """What the caller should keep. `ahead`: another call may follow before anything is kept again."""
        until = self._until.isoformat() if self._until else ""
        kept = {"token": self._token, "until": until, "day": self._own.day, "spent": self._own.spent(ahead=ahead)}
        return json.dumps({**kept, "reasons": self.reasons})

    def still_permitted(self) -> None:
        """Make sure that a permission that was given has not been taken back at Google. Costs no quota.

        Raises SignInNeeded when it was, TryLater when Google cannot be asked.
        """
        if self.secret is not None:
            self._bearer()

    def get(self, method: str, params: Fields, *, kind: str = UNITS, signed: bool = False) -> Mapping[str, object]:
        """The answer to one question. Public ones go with the council's API key, `signed` ones in the account's name.

        Raises the four errors; `Refused.code` is YouTube's reason.
        """
        key = self._access.application.token if self._access.application else ""
        address = f"{base_address(self._access, 'api')}/{method}"
        if signed or not key:
            answer = self._paid(kind, address, params=params, bearer=self._bearer())
            if answer.status == 401:
                answer = self._paid(kind, address, params=params, bearer=self._renewed())
        else:
            answer = self._paid(kind, address, params=params, key=key)
        return self._body(answer, kind=kind)

    def post(self, method: str, body: Mapping[str, object], *, cost: int) -> Answer:
        """One act in the account's name, made again only after YouTube said that it did not accept the token."""
        address = f"{base_address(self._access, 'api')}/{method}"

        def send(bearer: str) -> Answer:
            self.purse.spend(UNITS, cost)
            return self._wire.post(address, json=body, headers={"Accept": "application/json"}, bearer=bearer)

        answer = send(self._bearer())
        if answer.status == 401:
            answer = send(self._renewed())
        if answer.status >= 300 or error_in(answer):
            raise self.problem(answer, kind=UNITS)
        return answer

    def problem(self, answer: Answer, *, kind: str) -> WireError:
        """The error for an answer that is none, in words that say what to do."""
        place, reason = urlsplit(answer.url).netloc, error_in(answer)
        if reason in _SPENT:
            return self.purse.emptied(kind)
        if reason in _TOO_FAST:
            return TryLater(f"{place} asks us to slow down ({reason}).", rate_limited=True)
        if reason in _FAULT_OF_THEIRS:
            return TryLater(f"{place} has a fault of its own ({reason}).")
        if reason in _BAD_KEY:
            return SignInNeeded(f"YouTube does not accept the council's API key ({reason}): check the settings.")
        if reason in _NO_SCOPE:
            return SignInNeeded(f"The account's permission does not cover this ({reason}): connect it again.")
        if reason in _NO_ACCOUNT:
            return SignInNeeded(f"YouTube has no account to act with here ({reason}): connect another one.")
        if answer.status == 401:
            return SignInNeeded("YouTube no longer accepts the account's permission: connect the account again.")
        if answer.status in (200, 204) and not reason:
            return Changed(f"{place} answered in a way we do not know.", answer=answer.body)
        word = reason or str(answer.status)
        return Refused(f"{place} said no ({word}).", code=word)

    def _paid(self, kind: str, address: str, *, params: Fields, bearer: str = "", key: str = "") -> Answer:
        self.purse.spend(kind, LIST)
        # In a header a key stays out of every address that somebody might write down.
        headers = {"Accept": "application/json", **({"X-Goog-Api-Key": key} if key else {})}
        try:
            return self._wire.get(address, params=params, headers=headers, bearer=bearer)
        except TryLater as problem:
            if not problem.rate_limited:
                self.purse.counted_more(kind, LIST * _TRIES_AGAIN)
            raise

    def _body(self, answer: Answer, *, kind: str) -> Mapping[str, object]:
        if answer.status != 200 or error_in(answer):
            raise self.problem(answer, kind=kind)
        body = answer.json()
        if not isinstance(body, dict):
            raise Changed(f"{urlsplit(answer.url).netloc} answered with JSON that is no object.", answer=answer.body)
        return body

    def _bearer(self) -> str:
        fresh = self._token and self._until is not None and self._until - self._clock() > _EARLY
        return self._token if fresh else self._renewed()

    def _renewed(self) -> str:
        """A new access token; Google takes no refresh token that the account's owner withdrew."""
        application = self._access.application
        if self.secret is None:
            raise SignInNeeded("YouTube needs an API key, and the settings hold none: a person must add one.")
        if application is None or not application.client_id:
            raise SignInNeeded("The settings name no application for YouTube any more: the permission cannot be used.")
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self.secret.refresh_token,
            "client_id": application.client_id,
            "client_secret": application.client_secret,
        }
        answer = self._wire.post(f"{base_address(self._access, 'tokens')}/token", form=form, idempotent=True)
        self._token, self._until = token_in(answer, self._clock())
        return self._token


def token_in(answer: Answer, now: datetime) -> tuple[str, datetime]:
    """The access token in Google's answer and until when it holds. Raises SignInNeeded, Refused or Changed."""
    place, reason = urlsplit(answer.url).netloc, error_in(answer)
    if reason in ("invalid_grant", "unauthorized_client"):
        raise SignInNeeded("The permission for YouTube has ended or was withdrawn: connect the account again.")
    if reason == "invalid_client" or answer.status == 401:
        raise SignInNeeded("Google does not know the application in the settings: check its id and secret.")
    if answer.status != 200:
        raise Refused(f"{place} gave no access ({reason or answer.status}).", code=reason or str(answer.status))
    body = table(answer.json())
    token, seconds = words(body.get("access_token")), body.get("expires_in")
    if not token:
        raise Changed(f"{place} gave no access in an answer we do not know.")
    lasts = seconds if isinstance(seconds, int) and 0 < seconds <= 86_400 else 3_000
    return token, now + timedelta(seconds=lasts)


def error_in(answer: Answer) -> str:
    """The reason word of an error answer, also where it comes inside a 200; "" when there is none.

    The most precise of several: that of the first error, else that among the details, else the status word.
    """
    if answer.status == 204:
        return ""
    try:
        body = table(answer.json())
    except Changed:
        return ""
    error = body.get("error")
    if isinstance(error, str):  # Google's sign-in server writes a plain word
        return error if _REASON.fullmatch(error) else ""
    details = [words(each.get("reason")) for each in tables(table(error).get("details"))]
    reasons = [words(each.get("reason")) for each in tables(table(error).get("errors"))]
    precise = [each for each in details if each in _BAD_KEY | _NO_SCOPE]
    for word in (*precise, *reasons, *details, words(table(error).get("status"))):
        if _REASON.fullmatch(word):
            return word
    return "unknownError" if error else ""
