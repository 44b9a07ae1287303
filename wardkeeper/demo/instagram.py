"""A simulated Instagram: professional accounts, media and comments on the same simulated Graph host as Facebook."""

from __future__ import annotations

import base64
from datetime import datetime

from wardkeeper.demo.graph.host import GraphFault, Host, Json, Kind, Thing, Token, stamp
from wardkeeper.demo.graph.pushes import Push, entries
from wardkeeper.demo.graph.reading import Asked, rendered

SCOPES = {"instagram_basic", "instagram_manage_comments", "pages_show_list", "pages_read_engagement"}
_MEDIA = (
    "id caption media_type media_product_type media_url thumbnail_url permalink shortcode timestamp username owner "
    "comments_count like_count alt_text is_comment_enabled"
)
_REMARK = "id text timestamp from username user like_count parent_id media hidden"
INSTAGRAM_KINDS = {
    "account": Kind(
        frozenset(["id", "username", "name", "followers_count", "media_count"]),
        {"media": ("instagram_basic",), "tags": ("instagram_manage_comments",)},
    ),
    "media": Kind(frozenset(_MEDIA.split()), {"comments": ("instagram_manage_comments",)}),
    "remark": Kind(
        frozenset(_REMARK.split()),
        {"replies": ("instagram_manage_comments",)},
        ("instagram_manage_comments",),
    ),
}


class SimulatedInstagram:
    """Accounts on the `host` of a simulated Facebook, each linked with a Page."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def add_account(self, page: Thing, username: str) -> Thing:
        """A professional account linked with the Page, whose token may read it."""
        number = self.host.number()
        account = Thing(number, "account", self.host.clock(), page.sees, {"id": number, "username": username})
        page.fields["instagram_business_account"] = account
        return self.host.add(account)

    def token(self, page: Thing) -> str:
        """A Page's token as though its owner had agreed to everything."""
        return self.host.issue(page, set(SCOPES))

    def medium(self, account: Thing, caption: str, *, at: datetime | None = None) -> Thing:
        """A picture the account posts."""
        return self.host.add(self._medium(account.sees, _name(account), caption, at=at), to=account, edge="media")

    def tag(self, account: Thing, username: str, caption: str, *, at: datetime | None = None) -> Thing:
        """Somebody else's picture in which the account is tagged."""
        return self.host.add(self._medium(account.sees, username, caption, at=at), to=account, edge="tags")

    def comment(
        self,
        medium: Thing,
        username: str,
        text: str,
        *,
        at: datetime | None = None,
        above: Thing | None = None,
        told_who: bool = True,
    ) -> Thing:
        """A comment under a picture, or an answer to another; `told_who` False: Meta does not say who wrote it."""
        number, moment = self.host.number(), at or self.host.clock()
        told: Json = {"id": number, "text": text, "timestamp": stamp(moment), "hidden": False, "media": medium}
        if told_who:
            told |= {"from": {"id": _scoped(username), "username": username}, "username": username}
        if above is not None:
            told["parent_id"] = above.graph_id
        remark = Thing(number, "remark", moment, medium.sees, told)
        self.host.add(remark, to=above or medium, edge="replies" if above else "comments")
        medium.fields["comments_count"] = int(str(medium.fields["comments_count"])) + 1
        return remark

    def mention(self, account: Thing, username: str, caption: str, *, comment: str = "") -> tuple[Push, Thing]:
        """Somebody mentions the account under their own media, in the caption or in a comment: only a push tells."""
        medium = self.host.add(self._medium(frozenset(), username, caption, at=None))
        value: Json = {"media_id": medium.graph_id}
        thing = medium
        if comment:
            thing = self.comment(medium, username, comment, told_who=False)
            value["comment_id"] = thing.graph_id
        return entries(self.host, "instagram", account.graph_id, ("mentions", value)), thing

    def pushed(self, account: Thing, remark: Thing) -> Push:
        """What is pushed when somebody comments under the account's own media."""
        medium = remark.fields["media"]
        value: Json = {
            name: remark.fields[name] for name in ("id", "text", "from", "parent_id") if name in remark.fields
        }
        if isinstance(medium, Thing):
            value["media"] = {"id": medium.graph_id, "media_product_type": "FEED"}
        return entries(self.host, "instagram", account.graph_id, ("comments", value))

    def delete(self, thing: Thing) -> None:
        """It is gone, whoever did it."""
        thing.gone = True
        medium = thing.fields.get("media")
        if isinstance(medium, Thing):
            medium.fields["comments_count"] = int(str(medium.fields["comments_count"])) - 1

    def _medium(self, sees: frozenset[str], username: str, caption: str, *, at: datetime | None) -> Thing:
        number, moment = self.host.number(), at or self.host.clock()
        code = base64.urlsafe_b64encode(int(number).to_bytes(8, "big")).decode().rstrip("=")
        told: Json = {
            "id": number,
            "caption": caption,
            "media_type": "IMAGE",
            "permalink": f"https://www.instagram.com/p/{code}/",
            "shortcode": code,
            "timestamp": stamp(moment),
            "username": username,
            "comments_count": 0,
        }
        return Thing(number, "media", moment, sees, told)


def mentioned(host: Host, thing: Thing, asked: Asked, token: Token) -> Json:
    """The field mentioned_comment or mentioned_media: what a push pointed to, though it is somebody else's."""
    host.need(token, ("instagram_manage_comments",))
    found = host.things.get(asked.modifiers.get("comment_id") or asked.modifiers.get("media_id") or "")
    if thing.kind != "account" or found is None or found.gone:
        raise GraphFault(100, "Unsupported get request. Object does not exist", subcode=33)
    return rendered(host, found, asked.inside, token)


SPECIALS = {"mentioned_comment": mentioned, "mentioned_media": mentioned}
"""To be handed to graph_app."""


def _name(account: Thing) -> str:
    return str(account.fields["username"])


def _scoped(username: str) -> str:
    return str(9_000_000_000 + sum(ord(each) * 31**place for place, each in enumerate(username)) % 1_000_000_000)
