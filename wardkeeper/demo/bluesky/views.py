"""What the AppView of the simulated Bluesky network shows to whom: search, notifications, posts, profiles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from wardkeeper.demo.bluesky.network import Json, Network, Person, Post, stamp

_URI = re.compile(r"at://did:[a-z]+:[A-Za-z0-9._:%-]+/[a-zA-Z.]+/[A-Za-z0-9._:~-]+")
_PLACE = re.compile(r"after-(\d+)")


class Unanswerable(Exception):
    """A request that the AppView turns away."""

    def __init__(self, status: int, word: str, message: str) -> None:
        super().__init__(word)
        self.status, self.word, self.message = status, word, message


@dataclass(frozen=True)
class Look:
    """One request: `viewer` is the DID of whoever asks, "" for nobody."""

    network: Network
    params: QueryParams
    viewer: str

    def visible(self, post: Post) -> bool:
        """Whether the AppView shows this post to the viewer."""
        gone = post.deleted or post.hidden or post.author.appview_status != "active"
        return not gone and not self.blocked(post.author.did)

    def blocked(self, did: str) -> bool:
        """Whether a block stands between the viewer and an account."""
        return bool({(self.viewer, did), (did, self.viewer)} & self.network.blocks)


def search_posts(look: Look) -> Json:
    """Posts that hold every word asked for, newest first; "*" stands for any text."""
    if look.network.search_needs_account and not look.viewer:
        raise Unanswerable(403, "Forbidden", "Request not allowed without authentication")
    query = look.params.get("q", "").casefold()
    if not query:
        raise Unanswerable(400, "InvalidRequest", 'Error: Params must have the property "q"')
    mentioned = look.params.get("mentions", "")
    terms = [term.strip('"') for term in re.findall(r'"[^"]*"|\S+', query) if term != "*"]
    found = [
        post
        for post in _newest_first(look.network.posts.values())
        if look.visible(post)
        and all(term in str(post.value.get("text", "")).casefold() for term in terms)
        and (not mentioned or mentioned in _mentions(post))
    ]
    return _page(look, "posts", [_view(look, post) for post in found], default=25)


def list_notifications(look: Look) -> Json:
    """What hit the viewer's account, newest first. `isRead` is not to be relied on, here as there."""
    if not look.viewer:
        raise Unanswerable(401, "AuthMissing", "Authentication Required")
    wanted = look.params.getlist("reasons")
    found: list[object] = []
    for post in _newest_first(look.network.posts.values()):
        reason, subject = _reason(post, look.viewer)
        if reason and (not wanted or reason in wanted) and look.visible(post):
            item: Json = {
                "uri": post.uri,
                "cid": post.cid,
                "author": _author(post.author),
                "reason": reason,
                "record": post.value,
                "isRead": True,
                "indexedAt": stamp(post.indexed_at),
                "labels": [],
            }
            found.append({**item, "reasonSubject": subject} if subject else item)
    return _page(look, "notifications", found, default=50)


def get_posts(look: Look) -> Json:
    """The posts asked for that can be seen; the others are left out without a word."""
    uris = look.params.getlist("uris")
    if not 1 <= len(uris) <= 25:
        raise Unanswerable(400, "InvalidRequest", "Error: uris must not have more than 25 elements")
    if not all(_URI.fullmatch(uri) for uri in uris):
        raise Unanswerable(400, "InvalidRequest", "Error: uris must be a valid at-uri")
    held = [look.network.posts[uri] for uri in uris if uri in look.network.posts]
    return {"posts": [_view(look, post) for post in held if look.visible(post)]}


def get_profile(look: Look) -> Json:
    """One account, or why it is not shown."""
    actor = look.params.get("actor", "")
    for person in look.network.people.values():
        if actor in (person.did, person.handle):
            if person.appview_status == "takendown":
                raise Unanswerable(400, "AccountTakedown", "Account has been suspended")
            if person.appview_status == "deactivated":
                raise Unanswerable(400, "AccountDeactivated", "Account is deactivated")
            if person.appview_status == "active":
                return {**_author(person), "followersCount": 3, "postsCount": 1}
    raise Unanswerable(400, "InvalidRequest", "Profile not found")


def get_services(look: Look) -> Json:
    """The moderators' own page, with the reasons they take when they publish any."""
    network = look.network
    shown: list[Json] = []
    for did in look.params.getlist("dids"):
        if did == network.labeler:
            view: Json = {
                "$type": "app.bsky.labeler.defs#labelerViewDetailed",
                "uri": f"at://{did}/app.bsky.labeler.service/self",
                "creator": {"did": did, "handle": "moderation.wardkeeper.example"},
                "policies": {"labelValues": ["!hide", "!warn", "threat", "intolerant", "rude"]},
            }
            if network.reason_types is not None:
                view["reasonTypes"] = [*network.reason_types]
            shown.append(view)
    return {"views": shown}


def _newest_first(posts: Iterable[Post]) -> list[Post]:
    return sorted(posts, key=lambda post: (post.indexed_at, post.uri), reverse=True)


def _page(look: Look, name: str, items: list[object] | list[Json], *, default: int) -> Json:
    """A page of a list; a place it does not know makes the real one fail, and this one too."""
    try:
        limit = int(look.params.get("limit", default))
    except ValueError:
        limit = 0
    if not 1 <= limit <= 100:
        raise Unanswerable(400, "InvalidRequest", "Error: limit can not be greater than 100")
    place = look.params.get("cursor", "after-0")
    match = _PLACE.fullmatch(place)
    if match is None:
        raise Unanswerable(500, "InternalServerError", "Internal Server Error")
    start = int(match[1])
    page: Json = {name: [*(look.network.strange_items if start == 0 else []), *items[start : start + limit]]}
    return {**page, "cursor": f"after-{start + limit}"} if start + limit < len(items) else page


def _view(look: Look, post: Post) -> Json:
    view: Json = {
        "uri": post.uri,
        "cid": post.cid,
        "author": _author(post.author),
        "record": post.value,
        "replyCount": 0,
        "repostCount": 0,
        "likeCount": 0,
        "quoteCount": 0,
        "indexedAt": stamp(post.indexed_at),
        "labels": [
            {"src": look.network.labeler, "uri": post.uri, "val": value, "cts": stamp(post.indexed_at)}
            for value in post.labels
        ],
    }
    embed = _embed_view(look, post.value.get("embed"))
    return {**view, "embed": embed} if embed else view


def _author(person: Person) -> Json:
    author: Json = {"did": person.did, "handle": person.handle, "labels": []}
    return {**author, "displayName": person.name} if person.name else author


def _embed_view(look: Look, embed: object) -> Json:
    if not isinstance(embed, dict):
        return {}
    kind = str(embed.get("$type"))
    if kind == "app.bsky.embed.images":
        shown = [{"thumb": "", "fullsize": "", "alt": image["alt"]} for image in embed["images"]]
        return {"$type": f"{kind}#view", "images": shown}
    if kind == "app.bsky.embed.record":
        return {"$type": f"{kind}#view", "record": _quoted(look, str(embed["record"]["uri"]))}
    if kind == "app.bsky.embed.recordWithMedia":
        record, media = _embed_view(look, embed["record"]), _embed_view(look, embed["media"])
        return {"$type": f"{kind}#view", "record": record, "media": media}
    return {}


def _quoted(look: Look, uri: str) -> Json:
    post = look.network.posts.get(uri)
    if post is not None and look.blocked(post.author.did):
        return {"$type": "app.bsky.embed.record#viewBlocked", "uri": uri, "blocked": True}
    if post is None or not look.visible(post):
        return {"$type": "app.bsky.embed.record#viewNotFound", "uri": uri, "notFound": True}
    return {
        "$type": "app.bsky.embed.record#viewRecord",
        "uri": uri,
        "cid": post.cid,
        "author": _author(post.author),
        "value": post.value,
        "indexedAt": stamp(post.indexed_at),
    }


def _mentions(post: Post) -> set[str]:
    facets = post.value.get("facets")
    if not isinstance(facets, list):
        return set()
    return {feature["did"] for facet in facets for feature in facet["features"] if "did" in feature}


def _reason(post: Post, did: str) -> tuple[str, str]:
    """Why a post notifies an account, and through which of its posts; "" when it does not."""
    if post.author.did == did:
        return "", ""
    reply, embed = post.value.get("reply"), post.value.get("embed")
    parent = str(reply["parent"]["uri"]) if isinstance(reply, dict) else ""
    if parent.startswith(f"at://{did}/"):
        return "reply", parent
    record = embed.get("record") if isinstance(embed, dict) else None
    quoted = str((record.get("record") or record).get("uri", "")) if isinstance(record, dict) else ""
    if quoted.startswith(f"at://{did}/"):
        return "quote", quoted
    return ("mention", "") if did in _mentions(post) else ("", "")
