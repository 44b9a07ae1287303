"""Asks one Mastodon-like server, and turns its refusals into the four errors. It knows no post."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from platforms.addresses import take_apart
from platforms.reading import table, words
from platforms.shape import Access
from wire.errors import Changed, Refused, SignInNeeded, WireError
from wire.http import Answer, Fields, Wire


@dataclass(frozen=True)
class Home:
    """The server an account is on: `base` as https://host, `domain` as in its handles, `token` "" when none."""

    base: str
    domain: str
    token: str

    @property
    def session(self) -> str:
        """What to keep between runs: the domain never changes, so it is asked for once."""
        return json.dumps({"base": self.base, "domain": self.domain})


@dataclass(frozen=True)
class Secret:
    """What permission left behind. A token that a person pasted has no client, and cannot be given back by us."""

    token: str
    client_id: str = ""
    client_secret: str = ""

    def kept(self) -> str:
        """The secret as it is stored (encrypted, by others)."""
        return json.dumps({"token": self.token, "client_id": self.client_id, "client_secret": self.client_secret})


def secret_of(access: Access) -> Secret:
    """The stored secret, whether it came by permission or was pasted as a bare token."""
    if not access.secret.startswith("{"):
        return Secret(token=access.secret.strip())
    kept = _loaded(access.secret)
    return Secret(
        token=words(kept.get("token")),
        client_id=words(kept.get("client_id")),
        client_secret=words(kept.get("client_secret")),
    )


def base_of(access: Access) -> str:
    """The server's address as https://host, from the account's server address or its handle. Raises Refused."""
    given = access.address.strip() or access.handle.strip().removeprefix("@").partition("@")[2]
    if "://" not in given:
        given = given.rpartition("@")[2]  # people give their handle where the server is asked for
    address = take_apart(given if "://" in given else f"https://{given}") if given else None
    if address is None or (address.scheme != "https" and not address.loopback):
        raise Refused("The account's server is not known: give its address, such as mastodon.example.")
    return f"{address.scheme}://{address.place}"


def home_of(wire: Wire, access: Access) -> Home:
    """The account's server with the domain its handles carry, which may differ from the address it is reached at."""
    base = base_of(access)
    kept = _loaded(access.session)
    domain = words(kept.get("domain")) if kept.get("base") == base else ""
    return Home(base=base, domain=domain or _domain(wire, base), token=secret_of(access).token)


def ask(wire: Wire, base: str, path: str, *, params: Fields | None = None, token: str = "") -> Answer:
    """GET, with a 200 answer or an error: SignInNeeded, Refused (`code` is the status), TryLater or Changed."""
    answer = wire.get(base + path, params=params, headers={"Accept": "application/json"}, bearer=token)
    if answer.status != 200:
        raise refusal(answer, base, token=token)
    return answer


def refusal(answer: Answer, base: str, *, token: str) -> WireError:
    """The error for an answer other than 200, in words that say what to do."""
    place = base.partition("://")[2]
    error = error_of(answer)
    if token and (answer.status == 401 or (answer.status == 403 and "scope" in error.lower())):
        return SignInNeeded(f"{place} no longer accepts the account's permission: connect the account again.")
    if answer.status in (401, 403, 422) and not token:
        return Refused(
            f"{place} answers only signed-in accounts here (status {answer.status}).", code=str(answer.status)
        )
    if answer.status in (200, 201, 202):
        return Changed(f"{place} answered in a way we do not know.", answer=answer.body)
    return Refused(f"{place} said no (status {answer.status}).", code=str(answer.status))


def error_of(answer: Answer) -> str:
    """The server's own error sentence, to be compared with and never shown; "" when there is none."""
    try:
        return words(table(answer.json()).get("error"))
    except Changed:
        return ""


def _domain(wire: Wire, base: str) -> str:
    for path, key in (("/api/v2/instance", "domain"), ("/api/v1/instance", "uri")):
        try:
            said = words(table(ask(wire, base, path).json()).get(key))
        except (Refused, Changed):
            continue
        # Some servers write a whole address here.
        address = take_apart(said if "://" in said else f"https://{said}")
        if address is not None:
            return address.place
    return base.partition("://")[2]


def _loaded(text: str) -> Mapping[str, object]:
    try:
        return table(json.loads(text or "{}"))
    except (ValueError, RecursionError):
        return {}
