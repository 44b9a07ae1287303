"""Builds what a simulated Graph host pushes, signed as Meta signs it. Sending it is somebody else's business."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field

from wardkeeper.demo.graph.host import Host, Json


@dataclass(frozen=True)
class Push:
    """One push: its bytes and the header that signs them."""

    body: bytes
    signature: str = field(repr=False)


def signature_of(body: bytes, secret: str) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def push(host: Host, told: Json) -> Push:
    """A push of this host's application. Meta escapes what is not ASCII, and slashes."""
    body = json.dumps(told).replace("/", "\\/").encode()
    return Push(body, signature_of(body, host.app_secret))


def entries(host: Host, kind: str, account: str, *changes: tuple[str, Json], at: float | None = None) -> Push:
    """A push about a Page ("page") or an Instagram account ("instagram")."""
    listed = [{"field": name, "value": value} for name, value in changes]
    time = host.clock().timestamp() if at is None else at
    return push(host, {"object": kind, "entry": [{"id": account, "time": int(time), "changes": listed}]})
