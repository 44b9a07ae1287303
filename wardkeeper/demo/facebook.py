"""A simulated Facebook: Pages, posts and comments on a simulated Graph host, and what it pushes about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from wardkeeper.demo.graph.host import Host, Json, Kind, Person, Thing, stamp
from wardkeeper.demo.graph.pushes import Push, entries
from wardkeeper.demo.instagram import INSTAGRAM_KINDS

SCOPES = {"pages_show_list", "pages_read_engagement", "pages_read_user_content", "pages_manage_metadata"}
_READ = ("pages_read_engagement", "pages_read_user_content")
_POST = (
    "id message story from created_time updated_time permalink_url parent_id message_tags attachments full_picture "
    "is_hidden shares status_type to"
)
_COMMENT = (
    "id message from created_time permalink_url parent object attachment comment_count like_count message_tags "
    "is_hidden is_private can_hide can_remove user_likes"
)
KINDS = {
    "page": Kind(
        frozenset(["id", "name", "username", "category", "link", "instagram_business_account"]),
        {"feed": _READ, "tagged": ("pages_read_user_content",)},
    ),
    "post": Kind(frozenset(_POST.split()), {"comments": _READ}, ("pages_read_engagement",)),
    "comment": Kind(frozenset(_COMMENT.split()), {"comments": _READ}, ("pages_read_engagement",)),
    "person": Kind(frozenset({"id", "name"})),
}


class SimulatedFacebook:
    """Pages and what is written on them. The Instagram accounts linked with them are on the same `host`."""

    def __init__(self, *, base: str, clock: Callable[[], datetime]) -> None:
        self.host = Host(base, clock, {**KINDS, **INSTAGRAM_KINDS}, spent_code=32)

    def add_page(self, name: str, username: str, *, person: str = "", page_id: str = "") -> Thing:
        """A Page, run by a person of this name."""
        number = page_id or self.host.number()
        about: Json = {"id": number, "name": name, "username": username, "category": "Politician"}
        page = self.host.add(Thing(number, "page", self.host.clock(), frozenset({number}), about))
        if person:
            self.host.people.setdefault(person, Person(self.host.number(), person)).accounts.append(page)
        return page

    def token(self, page: Thing) -> str:
        """A Page's token as though its owner had agreed to everything."""
        return self.host.issue(page, set(SCOPES))

    def post(self, page: Thing, text: str, *, author: Thing | Json | None = None, at: datetime | None = None) -> Thing:
        """A post on the Page, its own unless somebody else is named. Who visitors are is told; taggers are not."""
        post = self._post(page, f"{page.graph_id}_{self.host.number()}", text, at=at)
        post.fields["from"] = _who(author or page)
        return self.host.add(post, to=page, edge="feed")

    def tag(self, page: Thing, text: str, *, at: datetime | None = None) -> Thing:
        """A stranger's public post elsewhere that tags the Page: Meta does not say whose it is."""
        post = self._post(page, f"{self.host.number()}_{self.host.number()}9", text, at=at)
        post.fields["message_tags"] = [{"id": page.graph_id, "name": page.fields["name"], "type": "page"}]
        return self.host.add(post, to=page, edge="tagged")

    def comment(
        self, post: Thing, text: str, author: Thing | Json, *, at: datetime | None = None, above: Thing | None = None
    ) -> Thing:
        """A comment under a post, or an answer to another comment; the post counts as touched."""
        moment = at or self.host.clock()
        number = f"{post.graph_id.partition('_')[2]}_{self.host.number()}"
        told: Json = {
            "id": number,
            "message": text,
            "from": _who(author),
            "created_time": stamp(moment),
            "permalink_url": f"https://www.facebook.com/{post.graph_id}/?comment_id={number.partition('_')[2]}",
            "is_hidden": False,
            "is_private": False,
            "parent": above,
        }
        comment = self.host.add(Thing(number, "comment", moment, post.sees, told), to=post, edge="comments")
        post.fields["updated_time"] = stamp(max(moment, self.host.clock()))
        return comment

    def edit(self, thing: Thing, text: str) -> None:
        """Change a text. Nothing else tells of it: a comment's edit does not touch its post."""
        thing.fields["message"] = text

    def delete(self, thing: Thing) -> None:
        """It is gone, whoever did it: the host gives one answer for everything."""
        thing.gone = True

    def pushed(self, page: Thing, thing: Thing, verb: str, *, at: float | None = None) -> Push:
        """What is pushed when something is added, edited or removed."""
        post = next((each for each in self.host.things.values() if thing in each.edges.get("comments", ())), None)
        value: Json = {
            "item": "comment" if post else "post",
            "verb": verb,
            "post_id": (post or thing).graph_id,
            "from": thing.fields.get("from"),
            "created_time": int(thing.at.timestamp()),
        }
        if post is not None:
            above = thing.fields.get("parent")
            value["comment_id"] = thing.graph_id
            value["parent_id"] = above.graph_id if isinstance(above, Thing) else post.graph_id
            value["post"] = {"permalink_url": post.fields["permalink_url"], "status_type": "mobile_status_update"}
        if verb != "remove":
            value["message"] = thing.fields["message"]
        return entries(self.host, "page", page.graph_id, ("feed", value), at=at)

    def _post(self, page: Thing, number: str, text: str, *, at: datetime | None) -> Thing:
        moment = at or self.host.clock()
        told: Json = {
            "id": number,
            "message": text,
            "created_time": stamp(moment),
            "updated_time": stamp(moment),
            "permalink_url": f"https://www.facebook.com/{number.replace('_', '/posts/')}",
            "is_hidden": False,
            "status_type": "mobile_status_update",
        }
        return Thing(number, "post", moment, page.sees, told)


def _who(author: Thing | Json) -> Json:
    return {"id": author.graph_id, "name": author.fields["name"]} if isinstance(author, Thing) else author
