"""Names and addresses on Bluesky: DIDs, handles, a post's own address and its page. Opens no connection."""

from __future__ import annotations

import re
from dataclasses import dataclass

from platforms.addresses import on_platform

COLLECTION = "app.bsky.feed.post"

_DID = re.compile(r"did:[a-z]{1,20}:[A-Za-z0-9._%:-]{1,250}(?<![:%])")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HANDLE = re.compile(rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?")
_KEY = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._:~-]{1,512}")


@dataclass(frozen=True)
class PostAddress:
    """A post by its author (`authority`: a DID, or a handle not yet resolved) and the key of its record."""

    authority: str
    key: str

    @property
    def uri(self) -> str:
        """The address the network itself uses."""
        return f"at://{self.authority}/{COLLECTION}/{self.key}"

    @property
    def page(self) -> str:
        """The page a person can open; it outlives a change of handle when the authority is a DID."""
        return f"https://bsky.app/profile/{self.authority}/post/{self.key}"


def is_did(text: str) -> bool:
    """Whether the text is a stable account id."""
    return len(text) <= 300 and _DID.fullmatch(text) is not None


def plain_handle(text: str) -> str:
    """A handle as the network writes it, without @ and in lower case; "" when it cannot be one."""
    handle = text.strip().removeprefix("@").lower()
    return handle if len(handle) <= 253 and _HANDLE.fullmatch(handle) else ""


def post_address(uri: str) -> PostAddress | None:
    """The parts of at://<DID or handle>/app.bsky.feed.post/<key>; None for anything else."""
    authority, _, rest = uri.removeprefix("at://").partition("/")
    collection, _, key = rest.partition("/")
    if not uri.startswith("at://") or collection != COLLECTION or not _KEY.fullmatch(key):
        return None
    authority = authority if is_did(authority) else plain_handle(authority)
    return PostAddress(authority, key) if authority else None


def author_of(uri: str) -> str:
    """The DID in a post's address, or "" when there is none."""
    address = post_address(uri)
    return address.authority if address is not None and is_did(address.authority) else ""


def parse_url(url: str) -> str | None:
    """The post's at:// address from its page on bsky.app, or from itself; None for any other address.

    A page named by handle gives an address with the handle in it, which `look` and `report` resolve.
    """
    own = post_address(url.strip())
    if own is not None:
        return own.uri
    address = on_platform(url, "bluesky")
    if address is None or len(address.parts) != 4:
        return None
    profile, who, post, key = address.parts
    if (profile, post) != ("profile", "post"):
        return None
    found = post_address(f"at://{who.removeprefix('@')}/{COLLECTION}/{key}")
    return None if found is None else found.uri
