"""News sites, comment feeds and alerts by RSS, Atom and JSON Feed: reads them politely and asks after their pages.

A feed's address can itself be a secret: it stands in no error, note or cursor.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from types import MappingProxyType

from platforms.addresses import take_apart
from platforms.feeds.addressing import comment_in, parse_url
from platforms.feeds.documents import Document, Entry, read_document
from platforms.reading import table, words
from platforms.shape import Access, Consent, Found, Identity, Known, Pace, Page, Platform, PostRef, Sighting, Subject
from records.vocabulary import Presence
from wire.errors import Refused, TryLater, WireError
from wire.http import Answer, Wire

ADDRESSES: MappingProxyType[str, str] = MappingProxyType({})
"""There is no central server: each feed's address is in `Access.address`."""

MAX_FEED_BYTES = 2 * 1024 * 1024
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.8"
_MAX_PAGE_BYTES = 4 * 1024 * 1024
_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")
_TITLE = re.compile(r"<title[^>]*>(.{0,500}?)</title>", re.IGNORECASE | re.DOTALL)
_SOFT_404 = re.compile(
    r"\b404\b|not found|(?:page|article|story|content) (?:is |was |has been )?(?:removed|deleted|unavailable|gone)"
    r"|no longer (?:available|exists)|(?:can.?t|cannot|could not|couldn.?t) (?:be found|find)|does(?:n.?t| not) exist",
    re.IGNORECASE,
)
_DOOR_TITLE = re.compile(
    r"\s*(?:sign[ -]?in|log[ -]?in|subscribe|register|just a moment|attention required|access denied|are you|verify"
    r"|one more step|before you continue|cookies?\b|consent)",
    re.IGNORECASE,
)
_BEHIND_A_DOOR = re.compile(r"log-?in|sign-?in|subscribe|register|consent|captcha|challenge", re.IGNORECASE)


def identify(wire: Wire, access: Access) -> Identity:
    """Whether there is a feed at the address, and what it calls itself. Raises the four errors."""
    address = _address(access)
    document = _document(_fetched(wire, address, {}), address)
    host = _host(address)
    return Identity(handle=document.title or host, stable_id=f"{host}:{_mark(address)}")


def mentions(wire: Wire, access: Access, subject: Subject, cursor: str, known: Known) -> Iterator[Page]:
    """One page with what the feed holds now, or nothing when it has not changed since the cursor was made.

    Whom an entry is about is found later, from its text: `subject` and `known` are not used. Raises the four errors.
    """
    address = _moved(access) or _address(access)
    kept = _loaded(cursor)
    ours = kept.get("feed") == _mark(address)
    wanted = (("If-None-Match", "etag"), ("If-Modified-Since", "last_modified"))
    answer = _fetched(wire, address, {name: words(kept[key]) for name, key in wanted if ours and words(kept.get(key))})
    if answer.status == 304:
        yield Page((), cursor, access.session)
        return
    document = _document(answer, address)
    session = access.session
    notes: tuple[str, ...] = ()
    if answer.moved_to and _usable(answer.moved_to):
        address, session = answer.moved_to, json.dumps({"given": access.address, "moved_to": answer.moved_to})
        notes = (f"The feed has moved for good, to {_host(address)}: give its new address.",)
    validators = {"etag": answer.headers.get("etag", ""), "last_modified": answer.headers.get("last-modified", "")}
    yield Page(
        posts=_once_each(document),
        cursor=json.dumps({"feed": _mark(address), **validators}),
        session=session,
        unreadable=document.unreadable,
        notes=notes,
    )


def look(wire: Wire, access: Access, post: PostRef) -> Sighting:
    """Whether the article or comment can still be read, by the page's own answer. Nothing is raised."""
    address = take_apart(post.url)
    if address is None:
        return Sighting(Presence.UNKNOWN, "The post has no web address to look at.")
    upgraded = address.scheme == "http" and not address.loopback
    url = f"https{address.text[4:]}" if upgraded else address.text
    try:
        answer = wire.get(url.partition("#")[0], max_bytes=_MAX_PAGE_BYTES)
    except TryLater as problem:
        return Sighting(Presence.RATE_LIMITED if problem.rate_limited else Presence.UNKNOWN, problem.why)
    except WireError as problem:
        return Sighting(Presence.UNKNOWN, problem.why)
    if answer.status == 200:
        return _read_page(answer, post.url)
    presence, why = _BY_STATUS.get(answer.status, (Presence.UNKNOWN, "gave no clear answer"))
    if upgraded and presence.gone:
        presence, why = Presence.UNKNOWN, "was asked at its secure address, which may not be the old one's"
    return Sighting(presence, f"{address.place} {why} (status {answer.status}).")


_BY_STATUS = {
    404: (Presence.REMOVED_BY_PLATFORM, "no longer has the page: removed by the site"),
    410: (Presence.REMOVED_BY_PLATFORM, "says that the page is gone for good: removed by the site"),
    451: (Presence.LIMITED_IN_UK, "withholds the page here for legal reasons"),
    401: (Presence.PRIVATE_OR_BLOCKED, "shows the page only after signing in, which is not removal"),
    402: (Presence.PRIVATE_OR_BLOCKED, "shows the page only to subscribers, which is not removal"),
    403: (Presence.PRIVATE_OR_BLOCKED, "does not show us the page, which is not removal"),
}


def _read_page(answer: Answer, url: str) -> Sighting:
    asked, final = take_apart(url), take_apart(answer.url)
    if asked is None or final is None:
        return Sighting(Presence.UNKNOWN, "The page's address cannot be read.")
    place, text = asked.place, answer.text()
    shown = _TITLE.search(text)
    title = html.unescape(shown.group(1)) if shown else ""
    if asked.parts and not final.parts:
        return Sighting(Presence.UNKNOWN, f"{place} sends us to its front page instead.")
    new_parts = [each for each in final.parts if each not in asked.parts]
    if _DOOR_TITLE.match(title) or any(_BEHIND_A_DOOR.search(each) for each in new_parts):
        return Sighting(Presence.UNKNOWN, f"{place} answers with a page for signing in or agreeing to something.")
    if "html" not in answer.headers.get("content-type", "").lower() or not text.strip():
        return Sighting(Presence.UNKNOWN, f"{place} answered with something that is not a web page.")
    if _SOFT_404.search(title):
        return Sighting(Presence.UNKNOWN, f"{place} answers that all is well, with a page titled as not found.")
    comment = comment_in(url)
    if comment and not re.search(rf"""\b(?:id|name)\s*=\s*["']?{re.escape(comment)}["'\s>]""", text):
        return Sighting(Presence.UNKNOWN, f"{place} shows the page; the comment is not on it or is loaded later.")
    return Sighting(Presence.UP, f"{place} still shows the {'comment' if comment else 'page'} (status 200).")


def _fetched(wire: Wire, address: str, conditions: dict[str, str]) -> Answer:
    """The feed's answer with status 200 or 304; anything else is Refused in plain words."""
    answer = wire.get(address, headers={"Accept": _ACCEPT, **conditions}, max_bytes=MAX_FEED_BYTES)
    if answer.status in (200, 304):
        return answer
    host, code = _host(address), str(answer.status)
    if answer.status == 410:
        raise Refused(f"{host} has closed this feed for good: take it off the list.", code=code)
    if answer.status == 404:
        raise Refused(f"{host} has no feed at this address: check it on the site.", code=code)
    if answer.status in (401, 402, 403):
        raise Refused(f"{host} does not let us read this feed (status {code}).", code=code)
    raise Refused(f"{host} answered with status {code} instead of a feed.", code=code)


def _document(answer: Answer, address: str) -> Document:
    charset = answer.headers.get("content-type", "").lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    return read_document(answer.body, charset=charset, base=answer.url or address)


def _once_each(document: Document) -> tuple[Found, ...]:
    """The entries as posts; one that comes twice, under the same id or the same address, counts once."""
    posts: list[Found] = []
    ids: set[str] = set()
    for entry in document.entries:
        post = _found(entry)
        if not ids & {post.external_id, post.url}:
            posts.append(post)
        ids |= {post.external_id, post.url}
    return tuple(posts)


def _found(entry: Entry) -> Found:
    host = _host(entry.url)
    return Found(
        external_id=_external_id(entry, host),
        version=hashlib.sha256(entry.text.encode("utf-8", "replace")).hexdigest()[:32],
        url=entry.url,
        author_id=f"{host}:{entry.author.casefold()}" if entry.author else host,
        author_handle=entry.author or host,
        author_name=entry.author,
        text=entry.text,
        parent_text=entry.under,
        posted_at=entry.posted_at,
        raw=entry.raw,
    )


def _external_id(entry: Entry, host: str) -> str:
    """The entry's own id; a bare number or word is unique on its site only, so the site's name goes before it."""
    if not entry.entry_id:
        return entry.url
    as_address = parse_url(entry.entry_id)
    if as_address is not None:
        return as_address
    return entry.entry_id if _HAS_SCHEME.match(entry.entry_id) else f"{host}:{entry.entry_id}"


def _address(access: Access) -> str:
    if not _usable(access.address):
        raise Refused("The feed's address is not a web address: it must begin with https://.")
    return access.address.strip()


def _usable(address: str) -> bool:
    return take_apart(address) is not None


def _moved(access: Access) -> str:
    kept = _loaded(access.session)
    return words(kept.get("moved_to")) if kept.get("given") == access.address else ""


def _host(url: str) -> str:
    address = take_apart(url)
    return address.place if address else "The site"


def _mark(address: str) -> str:
    """Tells feeds apart without giving an address away."""
    return hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:16]


def _loaded(text: str) -> dict[str, object]:
    try:
        return dict(table(json.loads(text or "{}")))
    except (ValueError, RecursionError):
        return {}


FEEDS = Platform(
    key="feeds",
    name="News and comment feeds",
    parse_url=parse_url,
    pace=Pace(requests=60, per=timedelta(minutes=1), between_scans=timedelta(minutes=15)),
    consent=Consent(
        needs="The address of a feed: a newspaper's news or comments, a blog, or an alert from a search engine.",
        how="Paste the feed's address. An alert's address is a secret and is kept like a password.",
        sees="What the feed holds at the time: usually the newest 20 to 50 headlines, summaries or comments.",
        blind_spots=(
            "What is published and gone again between two looks is missed; a feed has no archive.",
            "Only headlines and summaries are read unless the feed holds whole articles.",
            "Comments are seen only where the site has a feed of them.",
            "Feeds at addresses without https are not read.",
        ),
    ),
    identify=identify,
    mentions=mentions,
    look=look,
)

__all__ = ["ADDRESSES", "FEEDS", "identify", "look", "mentions", "parse_url"]
