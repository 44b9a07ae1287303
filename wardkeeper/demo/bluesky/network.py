"""The accounts, posts and moderators of the simulated Bluesky network, moved by plain calls; it opens no port.

It contains no step of Wardkeeper's own flow.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from base64 import b32encode
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock

Json = dict[str, object]

_MENTION = re.compile(r"@([a-z0-9-]+(?:\.[a-z0-9-]+)+)")
_TAG = re.compile(r"#(\w+)")


@dataclass
class Person:
    """One account: `home` is the role of its server, `status` active, takendown, deactivated or deleted.

    `known_to_appview` False gives an account whose suspension only one of the two servers has heard of.
    """

    did: str
    handle: str
    name: str
    password: str
    home: str
    status: str = "active"
    appview_status: str = "active"


@dataclass
class Post:
    """One record: `value` as its author wrote it, `hidden` once moderators took it down, `labels` their labels."""

    uri: str
    author: Person
    key: str
    cid: str
    value: Json
    indexed_at: datetime
    deleted: bool = False
    hidden: bool = False
    labels: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ReceivedReport:
    """A report as the moderators hold it."""

    id: int
    reason_type: str
    reason: str
    subject: Mapping[str, object]
    reported_by: str
    created_at: datetime
    tool: str


@dataclass(frozen=True)
class Token:
    """A token somebody was given: `kind` is access or refresh."""

    did: str
    kind: str
    until: datetime


class Network:
    """What the servers of the network know. Every method may be called from any thread.

    `asked` counts requests by method; `strange_items` are put at the head of every search and notification page.
    Accounts, posts and versions get the same ids in every run, so that a second run meets the same posts.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        access_lasts: timedelta,
        removes_reported_after: timedelta | None,
        reason_types: tuple[str, ...] | None,
    ) -> None:
        self.clock = clock
        self.access_lasts = access_lasts
        self.removes_reported_after = removes_reported_after
        self.reason_types = reason_types
        self.search_needs_account = False
        self.lock = RLock()
        self.people: dict[str, Person] = {}
        self.posts: dict[str, Post] = {}
        self.blocks: set[tuple[str, str]] = set()
        self.tokens: dict[str, Token] = {}
        self.reports: list[ReceivedReport] = []
        self.strange_items: list[object] = []
        self.asked: Counter[str] = Counter()
        self.sign_ins: list[tuple[str, datetime]] = []
        self.labeler = _did("moderation.wardkeeper.example")

    def add_account(self, handle: str, name: str, *, password: str = "") -> str:
        """A new account; gives its DID. With a password it lives at the entryway's server, else elsewhere."""
        with self.lock:
            person = Person(_did(handle), handle, name, password, home="pds" if password else "elsewhere")
            self.people[person.did] = person
            return person.did

    def post(
        self,
        author: str,
        text: str,
        *,
        at: datetime,
        reply_to: str | None = None,
        quote: str | None = None,
        alt: Iterable[str] = (),
        languages: tuple[str, ...] = ("en",),
        extra: Mapping[str, object] | None = None,
    ) -> str:
        """A post by the account with this handle; gives its at:// address.

        Handles of known accounts after @ become mentions. `alt` gives pictures with these descriptions. `extra` is
        laid over the record, to make it odd. The network indexes it at `at`, also when that is long ago.
        """
        with self.lock:
            person = self._by_handle(author)
            value: Json = {"$type": "app.bsky.feed.post", "text": text, "createdAt": stamp(at), "langs": [*languages]}
            facets = self._facets(text)
            if facets:
                value["facets"] = facets
            if reply_to is not None:
                parent = self._reference(reply_to)
                value["reply"] = {"root": parent, "parent": parent}
            embed = self._embed(quote, tuple(alt))
            if embed:
                value["embed"] = embed
            value.update(extra or {})
            key = self._free_key(person, at)
            uri = f"at://{person.did}/app.bsky.feed.post/{key}"
            self.posts[uri] = Post(uri, person, key, _cid(value), value, indexed_at=at)
            return uri

    def edit(self, uri: str, text: str) -> str:
        """Put other words under the same address; gives the new version's CID."""
        with self.lock:
            post = self.posts[uri]
            post.value = {**post.value, "text": text, "facets": self._facets(text)}
            post.cid = _cid(post.value)
            return post.cid

    def delete(self, uri: str) -> None:
        """Its author deletes the post."""
        with self.lock:
            self.posts[uri].deleted = True

    def take_down(self, uri: str) -> None:
        """The moderators hide the post; its author's server keeps it."""
        with self.lock:
            self.posts[uri].hidden = True

    def label(self, uri: str, value: str) -> None:
        """The moderators put a label on the post and leave it up."""
        with self.lock:
            self.posts[uri].labels.append(value)

    def suspend(self, handle: str) -> None:
        """The moderators suspend the account."""
        self._set_status(handle, "takendown")

    def deactivate(self, handle: str) -> None:
        """The owner puts the account to sleep."""
        self._set_status(handle, "deactivated")

    def reactivate(self, handle: str) -> None:
        """The account, with its posts, comes back."""
        self._set_status(handle, "active")

    def delete_account(self, handle: str) -> None:
        """The owner deletes the account for good."""
        self._set_status(handle, "deleted")

    def rename(self, handle: str, new_handle: str) -> None:
        """The owner changes the handle; the DID stays."""
        with self.lock:
            self._by_handle(handle).handle = new_handle

    def block(self, blocker: str, blocked: str) -> None:
        """Neither sees the other any longer when signed in."""
        with self.lock:
            self.blocks.add((self._by_handle(blocker).did, self._by_handle(blocked).did))

    def expire_tokens(self, kind: str = "access") -> None:
        """Every token of this kind runs out now."""
        with self.lock:
            past = self.clock() - timedelta(seconds=1)
            for text, token in self.tokens.items():
                if token.kind == kind:
                    self.tokens[text] = Token(token.did, kind, past)

    def new_token(self, did: str, kind: str) -> str:
        """A token for an account, as its server gives one out."""
        lasts = self.access_lasts if kind == "access" else timedelta(days=60)
        text = f"{kind}-{secrets.token_urlsafe(24)}"
        self.tokens[text] = Token(did, kind, self.clock() + lasts)
        return text

    def moderate(self) -> None:
        """Take down every reported post whose time has come."""
        if self.removes_reported_after is None:
            return
        for report in self.reports:
            post = self.posts.get(str(report.subject.get("uri")))
            if post is not None and report.created_at + self.removes_reported_after <= self.clock():
                post.hidden = True

    def _set_status(self, handle: str, status: str) -> None:
        with self.lock:
            person = self._by_handle(handle)
            person.status = person.appview_status = status

    def _by_handle(self, handle: str) -> Person:
        for person in self.people.values():
            if person.handle == handle:
                return person
        raise KeyError(f"no account {handle} on the simulated network")

    def _free_key(self, person: Person, at: datetime) -> str:
        """A record key in order of time, the same in every run."""
        micros = int(at.timestamp() * 1_000_000)
        while f"at://{person.did}/app.bsky.feed.post/{_key(micros)}" in self.posts:
            micros += 1
        return _key(micros)

    def _reference(self, uri: str) -> Json:
        post = self.posts.get(uri)
        return {"uri": uri, "cid": post.cid if post is not None else _cid({"uri": uri})}

    def _embed(self, quote: str | None, alt: tuple[str, ...]) -> Json:
        images: Json = {"$type": "app.bsky.embed.images", "images": [{"alt": each, "image": _blob()} for each in alt]}
        if quote is None:
            return images if alt else {}
        record: Json = {"$type": "app.bsky.embed.record", "record": self._reference(quote)}
        return {"$type": "app.bsky.embed.recordWithMedia", "record": record, "media": images} if alt else record

    def _facets(self, text: str) -> list[Json]:
        dids = {person.handle: person.did for person in self.people.values()}
        spans = [
            (match, {"$type": "app.bsky.richtext.facet#mention", "did": dids[match[1]]})
            for match in _MENTION.finditer(text)
            if match[1] in dids
        ]
        spans += [(match, {"$type": "app.bsky.richtext.facet#tag", "tag": match[1]}) for match in _TAG.finditer(text)]
        return [
            {
                "index": {
                    "byteStart": len(text[: match.start()].encode()),
                    "byteEnd": len(text[: match.end()].encode()),
                },
                "features": [feature],
            }
            for match, feature in spans
        ]


def stamp(moment: datetime) -> str:
    """A moment as the network writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _did(seed: str) -> str:
    return "did:plc:" + b32encode(hashlib.sha256(seed.encode()).digest()).decode().lower()[:24]


def _cid(value: Mapping[str, object]) -> str:
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()
    return "bafyrei" + b32encode(digest).decode().lower().rstrip("=")


def _blob() -> Json:
    return {"$type": "blob", "ref": {"$link": _cid({"blob": 1})}, "mimeType": "image/png", "size": 70}


def _key(micros: int) -> str:
    letters, key = "234567abcdefghijklmnopqrstuvwxyz", ""
    number = max(micros, 0) << 10
    for _ in range(13):
        number, low = divmod(number, 32)
        key = letters[low] + key
    return key
