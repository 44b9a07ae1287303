"""What an account's owner granted on a Graph host, as it is kept; and the host as that account sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from platforms.graph.asking import Graph, Talk, app_proof
from platforms.reading import moment, table, words
from platforms.shape import Access, Application
from wire.errors import Refused, SignInNeeded
from wire.http import Wire

ENDS_SOON = timedelta(days=14)
"""From when on people are told that a permission is about to end."""


@dataclass(frozen=True)
class Secret:
    """What permission left behind: the `token` used, and the person's own token with which it can be given back.

    `app` is the application it was given to, "" for a token that a person pasted; `until` when it ends, None if never
    or unknown.
    """

    token: str = field(default="", repr=False)
    user_token: str = field(default="", repr=False)
    user_id: str = ""
    app: str = ""
    until: datetime | None = None

    def kept(self) -> str:
        """The secret as it is stored (encrypted, by others)."""
        until = self.until.isoformat() if self.until else ""
        return json.dumps(
            {
                "token": self.token,
                "user_token": self.user_token,
                "user_id": self.user_id,
                "app": self.app,
                "until": until,
            }
        )


def secret_of(stored: str) -> Secret:
    """The stored secret, whether it came by permission or was pasted as a bare token."""
    if not stored.strip().startswith("{"):
        return Secret(token=stored.strip())
    kept = loaded(stored)
    return Secret(
        token=words(kept.get("token")),
        user_token=words(kept.get("user_token")),
        user_id=words(kept.get("user_id")),
        app=words(kept.get("app")),
        until=moment(kept.get("until")),
    )


def loaded(text: str) -> Mapping[str, object]:
    """The JSON object in a text we wrote ourselves; empty when it cannot be read."""
    try:
        return table(json.loads(text or "{}"))
    except (ValueError, RecursionError):
        return {}


def texts(value: object) -> tuple[str, ...]:
    """The texts in a list we wrote ourselves; everything else in it is left out."""
    return tuple(words(each) for each in value if words(each)) if isinstance(value, list) else ()


def application_of(access: Access, name: str) -> Application:
    """The council's application at Meta. Raises Refused when none is set."""
    application = access.application
    if application is None or not application.client_id or not application.client_secret:
        raise Refused(
            f"{name}: the council's application at Meta is not set; its number and secret go in the settings."
        )
    return application


def talk_as(wire: Wire, access: Access, secret: Secret, name: str) -> Talk:
    """The host as this account sees it. Raises SignInNeeded when there is no credential."""
    if not secret.token:
        raise SignInNeeded(f"{name} shows nothing without permission: connect the account.")
    application = access.application
    ours = application is not None and secret.app != "" and secret.app == application.client_id
    proof = app_proof(secret.token, application.client_secret) if application is not None and ours else ""
    return Talk(wire, Graph(base=access.addresses["graph"], name=name, token=secret.token, proof=proof))


def ending(until: datetime | None, *, now: datetime | None, name: str) -> tuple[str, ...]:
    """A sentence for people when a permission ends soon; `now` is the platform's clock."""
    if until is None or now is None or until > now + ENDS_SOON:
        return ()
    return (f"The permission for {name} ends on {until.day} {until:%B %Y}: connect the account again before then.",)
