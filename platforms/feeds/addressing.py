"""Web addresses of articles and comments: the same page must always come out as the same address."""

from __future__ import annotations

import re

from platforms.addresses import Address, belongs_elsewhere, take_apart

_TRACKERS = re.compile(
    r"utm_.*|fbclid|gclid|dclid|gbraid|wbraid|msclkid|twclid|igshid|yclid|mc_[ce]id|_ga|_gl|ref_src|cmpid|cmp|ito"
    r"|ns_(campaign|mchannel|source|linkname|fee)|at_(medium|campaign|custom[0-9]|link_.*|format|ptr_name|bbc_team)"
    r"|xtor|smid|ICID|wt\.mc_id|oref|guccounter|guce_.*",
    re.IGNORECASE,
)
# A comment's own place in a page, such as comment-77; everything else after # is the reader's position.
_COMMENT = re.compile(r"(?:li-)?(?:div-)?(?:comment|c|post|p|reply)[-_]?[A-Za-z]*[-_]?[0-9]{1,20}", re.IGNORECASE)
_GOOGLE = re.compile(r"(?:www\.)?google\.(?:[a-z]{2,3}|com?\.[a-z]{2})")


def parse_url(url: str) -> str | None:
    """Any http or https address is its own id, without trackers; not one on a named platform's domain."""
    address = take_apart(url)
    if address is None or belongs_elsewhere(address):
        return None
    return _clean(address)


def article_address(link: str) -> str:
    """The article's address from a feed's link: taken out of a search engine's detour, without trackers; else ""."""
    address = take_apart(link)
    for _ in range(3):
        if address is None or not _is_detour(address):
            break
        address = take_apart(address.query.get("url") or address.query.get("q") or "")
    return "" if address is None else _clean(address)


def comment_in(url: str) -> str:
    """The name of the comment that an address points at inside its page; "" when it means the page itself."""
    address = take_apart(url)
    return address.fragment if address and _COMMENT.fullmatch(address.fragment) else ""


def _is_detour(address: Address) -> bool:
    return bool(_GOOGLE.fullmatch(address.host)) and address.parts == ("url",)


def _clean(address: Address) -> str:
    rest = address.text.partition("://")[2].partition("#")[0]
    before, _, query = rest.partition("?")
    path = before.partition("/")[2]
    # The other values stay exactly as the site wrote them.
    kept = "&".join(each for each in query.split("&") if each and not _TRACKERS.fullmatch(each.partition("=")[0]))
    comment = f"#{address.fragment}" if _COMMENT.fullmatch(address.fragment) else ""
    host = f"[{address.place}]" if ":" in address.host else address.place
    return f"{address.scheme}://{host}/{path}{'?' if kept else ''}{kept}{comment}"
