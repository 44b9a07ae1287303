"""Asks a Graph host as one account, and turns its errors into the four. It knows no post.

Tokens go in a header and never into an address; the addresses inside answers, which carry tokens, are never followed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from platforms.graph.usage import WINDOW, Usage, usage_of
from platforms.reading import table
from platforms.shape import Allowance
from wire.errors import Changed, Refused, SignInNeeded, TryLater, WireError
from wire.http import Answer, Fields, Wire

ABSENT = "100/33"
"""The one answer for what is deleted, hidden, private or not permitted: it proves nothing of the four."""

_TEMPORARY = frozenset({1, 2})
_LIMITS = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
_SIGN_IN = frozenset({102, 104, 190, 2500})
_NOT_PERMITTED = frozenset({3, 10, *range(200, 300)})
_BLOCKED = 368
_ODD_PARAMETER = 100
_ALIAS = 803  # an older way of saying that there is no such object
_BEARING_TOKENS = 8  # nothing shorter is a token, and replacing it could spoil an answer


@dataclass(frozen=True)
class Graph:
    """One Graph host as one account sees it: `base` with its version, `name` for people.

    `proof` shows that the application's secret is ours as well, "" where the token is of another application.
    """

    base: str
    name: str
    token: str = field(repr=False)
    proof: str = field(default="", repr=False)


@dataclass
class Talk:
    """The requests of one errand, in order; it stops of its own accord before the allowance is used up.

    `usage` is what the last answer told; `clock` the platform's own time then (UTC), None before the first answer.
    """

    wire: Wire
    graph: Graph
    usage: Usage = field(default_factory=Usage)
    clock: datetime | None = None

    def ask(self, path: str, params: Fields | None = None) -> Mapping[str, object]:
        """GET one object or edge. Raises the four errors; Refused carries Meta's code, with its subcode after "/"."""
        if self.usage.nearly_spent:
            why = f"{self.graph.name}: {self.usage.percent} % of the allowance is used; we wait until there is more."
            raise TryLater(why, after=self.usage.regain or WINDOW, rate_limited=True)
        sent = {**(params or {}), **({"appsecret_proof": self.graph.proof} if self.graph.proof else {})}
        answer = self.wire.get(
            f"{self.graph.base}/{path}",
            params=sent,
            headers={"Accept": "application/json"},
            bearer=self.graph.token,
        )
        return self._heard(answer)

    def tell(self, path: str, form: Fields) -> Mapping[str, object]:
        """POST something that may be said twice without harm. Raises as `ask` does."""
        sent = {**form, **({"appsecret_proof": self.graph.proof} if self.graph.proof else {})}
        answer = self.wire.post(
            f"{self.graph.base}/{path}",
            form=sent,
            headers={"Accept": "application/json"},
            bearer=self.graph.token,
            idempotent=True,
        )
        return self._heard(answer)

    def allowances(self) -> tuple[Allowance, ...]:
        """The account's budget as the last answer told it; nothing where it told none."""
        if self.clock is None or not self.usage.percent:
            return ()
        renews = self.clock + (self.usage.regain or WINDOW)
        return (
            Allowance(what="percent of the hourly allowance", spent=self.usage.percent, limit=100, renews_at=renews),
        )

    def _heard(self, answer: Answer) -> Mapping[str, object]:
        self.usage, self.clock = usage_of(answer.headers), date_of(answer) or self.clock
        return object_in(answer, self.graph.name, usage=self.usage, hide=self.graph.token)


def app_proof(token: str, app_secret: str) -> str:
    """What Meta wants beside a token to see that it is not used by a stranger; "" without a secret."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest() if app_secret and token else ""


def object_in(answer: Answer, name: str, *, usage: Usage | None = None, hide: str = "") -> Mapping[str, object]:
    """The object answered. Raises the four errors; what is kept of an odd answer has the token `hide` taken out."""
    try:
        body = answer.json()
    except Changed as problem:
        if answer.status == 200:
            raise Changed(problem.why, answer=_without(answer.body, hide)) from None
        raise Refused(f"{name} said no (status {answer.status}).", code=str(answer.status)) from None
    fault = table(table(body).get("error"))
    if fault:
        raise error_for(fault, name, usage or Usage())
    if answer.status != 200:
        raise Refused(f"{name} said no (status {answer.status}).", code=str(answer.status))
    if not isinstance(body, dict):
        raise Changed(f"{name} answered in a way we do not know.", answer=_without(answer.body, hide))
    return body


def error_for(fault: Mapping[str, object], name: str, usage: Usage) -> WireError:
    """The error that a Graph error object means, in words that say what to do; its own words are never shown."""
    code, subcode = _code(fault.get("code")), _code(fault.get("error_subcode"))
    said = f"{code}/{subcode}" if subcode else str(code)
    if code in _LIMITS:
        why = f"{name} asks us to slow down (error {said})."
        return TryLater(why, after=usage.regain, rate_limited=True)
    if code in _SIGN_IN:
        return SignInNeeded(f"{name} no longer accepts the account's permission (error {said}): connect it again.")
    if said == ABSENT or code == _ALIAS:
        why = f"{name} shows nothing here and does not say why: deleted, hidden, private or not permitted."
        return Refused(why, code=ABSENT)
    if code in _TEMPORARY or fault.get("is_transient") is True:
        return TryLater(f"{name} has a fault of its own (error {said}).")
    if code in _NOT_PERMITTED:
        why = (
            f"{name} says that a permission is missing (error {said}): connect the account again and leave everything "
            "ticked, or wait for Meta's review of the application."
        )
        return Refused(why, code="permission")
    if code == _BLOCKED:
        why = f"{name} has blocked the application or the account for a while (error {said}): see Meta's dashboard."
        return Refused(why, code=said)
    if code == _ODD_PARAMETER:
        return Refused(f"{name} does not understand the request (error {said}).", code=said)
    return Refused(f"{name} said no (error {said}).", code=said)


def _code(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def date_of(answer: Answer) -> datetime | None:
    """The other side's own time (UTC) as an answer tells it, None when it tells none."""
    try:
        moment = parsedate_to_datetime(answer.headers.get("date", ""))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _without(body: bytes, token: str) -> bytes:
    return body.replace(token.encode(), b"[token]") if len(token) >= _BEARING_TOKENS else body
