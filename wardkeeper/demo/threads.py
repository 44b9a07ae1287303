"""A simulated Threads on a Graph host of its own: accounts, posts, replies, mentions, and a search that is silent."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from wardkeeper.demo.graph.host import GraphFault, Host, Json, Kind, Person, Thing, Token, stamp
from wardkeeper.demo.graph.pushes import Push, push
from wardkeeper.demo.graph.reading import fields_asked, paged

SCOPES = {"threads_basic", "threads_manage_mentions", "threads_read_replies", "threads_keyword_search"}
_BASIC = ("threads_basic",)
_POST = (
    "id media_product_type media_type media_url permalink owner username text timestamp shortcode thumbnail_url "
    "children is_quote_post quoted_post reposted_post alt_text link_attachment_url has_replies is_reply "
    "replied_to root_post hide_status reply_audience text_entities text_attachment poll_attachment is_verified "
    "topic_tag"
)
KINDS = {
    "account": Kind(
        frozenset(["id", "username", "name"]),
        {"threads": _BASIC, "mentions": ("threads_manage_mentions",)},
        _BASIC,
    ),
    "thread": Kind(
        frozenset(_POST.split()),
        {"replies": ("threads_read_replies",), "conversation": ("threads_read_replies",)},
        _BASIC,
    ),
}
_MENTION = re.compile(r"@([A-Za-z0-9_.]+)")
_SEARCHES = 2200
SENSITIVE = ("offensive",)
"""Words that Meta holds offensive: a search with one of them finds nothing, and no error says so."""


class SimulatedThreads:
    """Accounts and posts. `reviewed` False: only posts by the application's testers are shown, as before a review."""

    def __init__(self, *, base: str, clock: Callable[[], datetime]) -> None:
        self.host = Host(base, clock, KINDS, spent_code=4, tells_next=False)
        self.reviewed = True
        self.searched: list[datetime] = []

    def add_account(self, username: str, *, person: str = "") -> Thing:
        """An account; with a person's name it can be granted on the page where people agree."""
        number = self.host.number()
        account = Thing(number, "account", self.host.clock(), frozenset({number}), {"id": number, "username": username})
        if person:
            self.host.people[person] = Person(number, person, [account])
        return self.host.add(account)

    def token(self, account: Thing) -> str:
        """A token as though the account's owner had agreed to everything; it lasts sixty days."""
        return self.host.issue(account, set(SCOPES), lasts=timedelta(days=60))

    def post(self, username: str, text: str, *, at: datetime | None = None, under: Thing | None = None) -> Thing:
        """A public post; accounts it mentions are told, and the account whose post it answers."""
        moment, number = at or self.host.clock(), self.host.number()
        code = base64.urlsafe_b64encode(int(number).to_bytes(8, "big")).decode().rstrip("=")
        told: Json = {
            "id": number,
            "media_product_type": "THREADS",
            "media_type": "TEXT_POST",
            "permalink": f"https://www.threads.com/@{username}/post/{code}",
            "username": username,
            "text": text,
            "timestamp": stamp(moment),
            "shortcode": code,
            "is_quote_post": False,
            "has_replies": False,
            "is_reply": under is not None,
        }
        accounts = [each for each in self.host.everything() if each.kind == "account"]
        own = [each for each in accounts if each.fields["username"] == username]
        mentioned = [each for each in accounts if each.fields["username"] in _MENTION.findall(text)]
        root = _root(under) if under else None
        sees = frozenset(each.graph_id for each in (*own, *mentioned)) | (root.sees if root else frozenset())
        told["_owner"] = own[0].graph_id if own else self.host.number()
        thing = self.host.add(Thing(number, "thread", moment, sees, told))
        for account in mentioned:
            account.edges.setdefault("mentions", []).append(thing)
        if under is None:
            for account in own:
                account.edges.setdefault("threads", []).append(thing)
        else:
            self._answer(thing, under, root or under)
        return thing

    def edit(self, thing: Thing, text: str) -> None:
        """Change a text; nothing tells of it."""
        thing.fields["text"] = text

    def delete(self, thing: Thing) -> None:
        """It is gone, whoever did it."""
        thing.gone = True

    def pushed(self, thing: Thing, *, field: str, at: float | None = None) -> Push:
        """What is pushed about a mention or a reply."""
        names = (
            "id",
            "username",
            "text",
            "media_type",
            "permalink",
            "shortcode",
            "timestamp",
            "replied_to",
            "root_post",
        )
        value: Json = {name: thing.fields[name] for name in names if name in thing.fields}
        told: Json = {
            "app_id": self.host.app_id,
            "topic": "moderate" if field == "replies" else "interaction",
            "target_id": thing.graph_id,
            "time": int(self.host.clock().timestamp() if at is None else at),
            "subscription_id": "234567",
            "has_uid_field": False,
            "values": {"value": value, "field": field},
        }
        return push(self.host, told)

    def search(self, host: Host, token: Token, query: Mapping[str, str]) -> Json:
        """The search: newest first, public posts; only the account's own without a review; silent about some words."""
        host.need(token, ("threads_keyword_search",))
        words = query.get("q", "")
        if not words:
            raise GraphFault(100, "(#100) The parameter q is required.")
        now = host.clock()
        self.searched = [each for each in self.searched if each > now - timedelta(days=1)]
        if len(self.searched) >= _SEARCHES:
            raise GraphFault(4, "Application request limit reached", status=403)
        found = [each for each in host.everything() if each.kind == "thread" and self._found(each, words, token)]
        if any(each in words.lower() for each in SENSITIVE):
            found = []
        self.searched += [now] if found else []
        found.sort(key=lambda each: (each.at, each.graph_id), reverse=True)
        asked = fields_asked(query.get("fields", "id"))
        limit, after = int(query.get("limit", "25")), query.get("after", "")
        return paged(host, found, asked, token, limit=limit, after=after, path="keyword_search")

    def _found(self, thing: Thing, words: str, token: Token) -> bool:
        own = token.thing is not None and thing.fields["username"] == token.thing.fields["username"]
        return (self.reviewed or own) and words.lower() in str(thing.fields["text"]).lower()

    def _answer(self, thing: Thing, under: Thing, root: Thing) -> None:
        thing.fields["replied_to"] = {"id": under.graph_id}
        about: Json = {"id": root.graph_id, "owner_id": root.fields["_owner"], "username": root.fields["username"]}
        thing.fields["root_post"] = about
        thing.fields["_root"] = root
        root.edges.setdefault("conversation", []).append(thing)
        under.edges.setdefault("replies", []).append(thing)
        root.fields["has_replies"] = under.fields["has_replies"] = True


def _root(thing: Thing) -> Thing:
    root = thing.fields.get("_root")
    return root if isinstance(root, Thing) else thing
