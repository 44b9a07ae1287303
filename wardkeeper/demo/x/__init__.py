"""A simulated X on this computer that speaks the real one's HTTP; it contains no step of Wardkeeper's own flow."""

from __future__ import annotations

from wardkeeper.demo.x.api import x_app
from wardkeeper.demo.x.network import Network, Person, Post


def addresses(base: str) -> dict[str, str]:
    """What `Access.addresses` must hold to reach a network served at `base` instead of the public one."""
    return {"api": base, "authorize": f"{base}/i/oauth2/authorize", "oembed": f"{base}/oembed"}


__all__ = ["Network", "Person", "Post", "addresses", "x_app"]
