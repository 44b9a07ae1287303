"""Names and addresses on Mastodon-like servers: whose post an address is, and which id it has on every server."""

from __future__ import annotations

import re

from platforms.addresses import Address, belongs_elsewhere, take_apart

_USER = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_HERE = re.compile(f"@({_USER})")
_ELSEWHERE = re.compile(f"@({_USER}@[A-Za-z0-9.-]+(?::[0-9]+)?)")
# Mastodon numbers its posts; GoToSocial writes 26 letters and digits; Pleroma 18, and objects by a long hex name.
_ID = re.compile(r"[0-9]{1,25}|[0-9A-Z]{26}")
_NOTICE = re.compile(r"[A-Za-z0-9]{18}")
_OBJECT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PAGES_OF_A_POST = frozenset({"activity", "embed", "reblogs", "favourites", "quotes"})


def parse_url(url: str) -> str | None:
    """The id a post has on every server: the address its own server gave it, worked out from what people copy.

    Understood on any https host that is not a named platform's: /@name/N, /@name/statuses/N, /users/name/statuses/N,
    /ap/users/N/statuses/N, /objects/… and /notice/…. For /@name@elsewhere/N, a post seen through another server, the
    address itself is the best id there is. http only on this computer, where the demonstration's server is.
    """
    address = take_apart(url)
    if address is None or belongs_elsewhere(address):
        return None
    if address.scheme != "https" and not address.loopback:
        return None
    path = _path(address.parts)
    return f"{address.scheme}://{address.place}/{path}" if path else None


def _path(parts: tuple[str, ...]) -> str:
    if parts[:1] in (("web",), ("deck",)):
        parts = parts[1:]
    if len(parts) > 2 and parts[-1] in _PAGES_OF_A_POST:
        parts = parts[:-1]
    match parts:
        case (name, number) | (name, "statuses", number) if _HERE.fullmatch(name) and _ID.fullmatch(number):
            return f"users/{name[1:]}/statuses/{number}"
        case (name, number) if _ELSEWHERE.fullmatch(name) and _ID.fullmatch(number):
            return f"{name}/{number}"
        case ("users", name, "statuses", number) if _HERE.fullmatch(f"@{name}") and _ID.fullmatch(number):
            return "/".join(parts)
        case ("ap", "users", account, "statuses", number) if _ID.fullmatch(account) and _ID.fullmatch(number):
            return "/".join(parts)
        case ("objects", name) if _OBJECT.fullmatch(name):
            return "/".join(parts)
        case ("notice", name) if _NOTICE.fullmatch(name):
            return "/".join(parts)
        case _:
            return ""


def external_id(uri: str, url: str) -> str:
    """The id of a status on every server, from its `uri` and its `url` (which may be empty).

    The newest servers write an account's number into `uri` while people copy the address with its name. Both ways of
    writing must come out the same, or a post reported by hand and found by a scan would count twice.
    """
    by_number, by_name = _parts(uri), parse_url(url)
    if by_name is None or by_number[:2] != ("ap", "users"):
        return uri
    same_post = _parts(by_name)[-1:] == by_number[-1:] and origin(by_name) == origin(uri)
    return by_name if same_post else uri


def origin(post_id: str) -> str:
    """The server an external id belongs to, as `https://host[:port]`; "" for an id that only another server gave."""
    address = take_apart(post_id)
    if address is None or any(part.startswith("@") for part in address.parts):
        return ""
    return f"{address.scheme}://{address.place}"


def id_on(post_id: str, base: str) -> str:
    """The status id a post has on the server `base`, where the external id says it; else ""."""
    address = take_apart(post_id)
    if address is None or f"{address.scheme}://{address.place}" != base:
        return ""
    known = address.parts[-1:] if _says_number(address) else ()
    return "".join(known)


def _says_number(address: Address) -> bool:
    return "objects" not in address.parts[:1]


def account_name(acct: str, domain: str) -> str:
    """`name@server` in small letters: servers leave out the domain of their own accounts."""
    bare = acct.strip().removeprefix("@").lower()
    return bare if "@" in bare else f"{bare}@{domain.lower()}"


def _parts(url: str) -> tuple[str, ...]:
    address = take_apart(url)
    return address.parts if address else ()
