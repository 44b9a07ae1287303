"""What the simulated X writes: posts in either spelling, people, problems, and what came along with a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from starlette.responses import JSONResponse, Response

from wardkeeper.demo.x.network import Network, Person, Post

Json = dict[str, object]

_TYPE = "https://api.x.com/2/problems/"
_SHORT = 280
NAMES: Mapping[str, Mapping[str, str]] = {
    "tweet": {
        "referenced": "referenced_tweets",
        "history": "edit_history_tweet_ids",
        "note": "note_tweet",
        "reposted": "retweeted",
        "includes": "tweets",
    },
    "post": {
        "referenced": "referenced_posts",
        "history": "edit_history_post_ids",
        "note": "note_post",
        "reposted": "reposted",
        "includes": "posts",
    },
}
"""The words of X's two spellings."""


def problem(status: int, kind: str, title: str, detail: str, **more: object) -> Response:
    """A refusal in X's own form."""
    body = {"title": title, "detail": detail, "type": _TYPE + kind if kind else "about:blank", "status": status}
    return JSONResponse({**body, **more}, status_code=status)


def invalid(parameter: str, value: str, message: str) -> Response:
    """A refusal of one parameter."""
    errors = [{"parameters": {parameter: [value]}, "message": message}]
    detail = "One or more parameters to your request was invalid."
    return problem(400, "invalid-request", "Invalid Request", detail, errors=errors)


def partial(kind: str, title: str, detail: str, *, about: str, parameter: str, resource: str) -> Json:
    """An error about one thing, beside good data."""
    facts: Json = {"value": about, "resource_id": about, "parameter": parameter, "resource_type": resource}
    return {**facts, "title": title, "detail": detail, "type": _TYPE + kind}


def person_json(person: Person) -> Json:
    """An account, with the fields that were asked for."""
    return {"id": person.user_id, "username": person.username, "name": person.name, "protected": person.protected}


def post_json(network: Network, post: Post) -> Json:
    """A post as X writes it: escaped, cut where it is long, replies with the names of those they answer."""
    names = NAMES[network.speaks]
    shown = _escaped(post.text)
    body: Json = {
        "id": post.number,
        "text": shown if len(shown) <= _SHORT else shown[: _SHORT - 25] + "… https://t.co/AbCdEfGhIj",
        "author_id": post.author.user_id,
        "created_at": stamp(post.at),
        "lang": "en",
        "conversation_id": _root(post).numbers[0],
        "possibly_sensitive": post.sensitive,
        "entities": _entities(network, post),
        names["history"]: post.numbers,
    }
    if len(shown) > _SHORT:
        body[names["note"]] = {"text": shown, "entities": _entities(network, post)}
    referenced = _referenced(post, names["reposted"])
    if referenced:
        body[names["referenced"]] = referenced
    if post.reply_to is not None:
        body["in_reply_to_user_id"] = post.reply_to.author.user_id
    if post.alt:
        body["attachments"] = {"media_keys": [f"3_{post.number}_{n}" for n in range(len(post.alt))]}
    if post.withheld:
        body["withheld"] = {"copyright": False, "country_codes": list(post.withheld), "scope": "tweet"}
    return body


def beside_json(network: Network, posts: Sequence[Post]) -> tuple[Json, list[Json]]:
    """What comes along with posts, and errors about what could not: people, referenced posts, pictures."""
    others = [each for post in posts for each in (post.reply_to, post.quote, post.repost_of) if each is not None]
    open_to_all = [each for each in dict.fromkeys(others) if each.shown]
    hidden = [each for each in dict.fromkeys(others) if not each.shown]
    people = dict.fromkeys(each.author for each in (*posts, *open_to_all))
    media = [
        {"media_key": f"3_{post.number}_{n}", "type": "photo", "alt_text": alt}
        for post in posts
        for n, alt in enumerate(post.alt)
    ]
    includes: Json = {"users": [person_json(each) for each in people]}
    if open_to_all:
        includes[NAMES[network.speaks]["includes"]] = [post_json(network, each) for each in open_to_all]
    if media:
        includes["media"] = media
    errors = [hidden_json(each, each.number, f"{NAMES[network.speaks]['referenced']}.id") for each in hidden]
    return includes, errors


def hidden_json(post: Post | None, number: str, parameter: str) -> Json:
    """Why a post is not shown: unknown, or not for us to see."""
    if post is None or post.gone or post.author.closed:
        detail = f"Could not find tweet with {parameter}: [{number}]."
        return partial(
            "resource-not-found", "Not Found Error", detail, about=number, parameter=parameter, resource="tweet"
        )
    detail = f"Sorry, you are not authorized to see the Tweet with {parameter}: [{number}]."
    kind = "not-authorized-for-resource"
    return partial(kind, "Authorization Error", detail, about=number, parameter=parameter, resource="tweet")


def missing_person_json(person: Person | None, about: str, parameter: str) -> Json:
    """Why an account is not shown. X files suspended ones under the same kind as those it does not find."""
    if person is not None and person.suspended:
        title, detail = "Forbidden", f"User has been suspended: [{about}]."
    else:
        title, detail = "Not Found Error", f"Could not find user with {parameter}: [{about}]."
    return partial("resource-not-found", title, detail, about=about, parameter=parameter, resource="user")


def stamp(moment: datetime) -> str:
    """A time with milliseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _entities(network: Network, post: Post) -> Json:
    mentions = [{"username": each.username, "id": each.user_id} for each in network.mentioned(post)]
    urls = [
        {"url": short, "expanded_url": full, "display_url": full.partition("://")[2][:40]} for short, full in post.links
    ]
    return {"mentions": mentions, "urls": urls}


def _referenced(post: Post, reposted: str) -> list[Json]:
    pairs = (("replied_to", post.reply_to), ("quoted", post.quote), (reposted, post.repost_of))
    return [{"type": kind, "id": each.number} for kind, each in pairs if each is not None]


def _root(post: Post) -> Post:
    while post.reply_to is not None:
        post = post.reply_to
    return post
