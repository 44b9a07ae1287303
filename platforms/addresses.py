"""Takes pasted web addresses apart, safely, for every platform's parse_url. It never raises and opens nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

_LONGEST = 4096
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\<>\"`]")
_USUAL_PORTS = {"http": 80, "https": 443}

DOMAINS: Mapping[str, tuple[str, ...]] = {
    "bluesky": ("bsky.app",),
    "facebook": ("facebook.com", "fb.com", "fb.watch"),
    "instagram": ("instagram.com", "instagr.am"),
    "reddit": ("reddit.com", "redd.it"),
    "threads": ("threads.com", "threads.net"),
    "tiktok": ("tiktok.com",),
    "x": ("x.com", "twitter.com"),
    "youtube": ("youtube.com", "youtu.be", "youtube-nocookie.com"),
}
"""The domains that belong to one platform alone, so that another platform's parse_url can leave them be."""


@dataclass(frozen=True)
class Address:
    """A web address taken apart: `host` in lower case without a final dot, `port` None when usual, `parts` unquoted.

    `query` keeps the first of several values of a name. `text` is the address as given, without surrounding spaces.
    """

    text: str
    scheme: str
    host: str
    port: int | None
    parts: tuple[str, ...]
    query: Mapping[str, str]
    fragment: str

    @property
    def place(self) -> str:
        """The host, with its port where that is unusual."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether the address is this computer's own, as the demonstration's servers are."""
        return self.host in ("127.0.0.1", "localhost")

    def within(self, domain: str) -> bool:
        """Whether the host is the domain or a name below it; a look-alike such as x.com.example is neither."""
        return self.host == domain or self.host.endswith(f".{domain}")


def take_apart(url: str) -> Address | None:
    """The address, or None for anything but a plain http or https address: a name and password in it, control
    characters, spaces, a backslash, a broken port, or more than 4,096 characters."""
    text = url.strip(" \t\r\n")
    if not text or len(text) > _LONGEST or _FORBIDDEN.search(text):
        return None
    try:
        split = urlsplit(text)
        host, port = split.hostname or "", split.port
    except ValueError:
        return None
    scheme = split.scheme.lower()
    if scheme not in _USUAL_PORTS or "@" in split.netloc or not host.removesuffix("."):
        return None
    return Address(
        text=text,
        scheme=scheme,
        host=host.removesuffix("."),
        port=None if port == _USUAL_PORTS[scheme] else port,
        parts=tuple(unquote(part) for part in split.path.split("/") if part),
        query=_first_values(split.query),
        fragment=split.fragment,
    )


def on_platform(url: str, key: str) -> Address | None:
    """The address when it lies on the domains of the platform `key`, at the usual port; else None."""
    address = take_apart(url)
    if address is None or address.port is not None:
        return None
    return address if any(address.within(domain) for domain in DOMAINS[key]) else None


def belongs_elsewhere(address: Address) -> bool:
    """Whether the address lies on a domain that belongs to one of the named platforms."""
    return any(address.within(domain) for domains in DOMAINS.values() for domain in domains)


def _first_values(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        pairs = parse_qsl(query, max_num_fields=200)
    except ValueError:
        return found
    for name, value in pairs:
        found.setdefault(name, value)
    return found
