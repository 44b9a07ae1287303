"""What the simulated Reddit writes: its listings, things, messages, reasons for reports, and errors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from starlette.responses import JSONResponse, Response

from wardkeeper.demo.reddit.server import Community, Item, Message, Redditor

Json = dict[str, object]

NOBODY = "[deleted]"
_POLICY = "Removed by Reddit on account of violating the [content policy](/help/contentpolicy)."
_BY_REDDIT = frozenset({"reddit", "anti_evil_ops", "community_ops", "content_takedown", "copyright_takedown"})
_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
_REDIRECT = "https://www.reddit.com/api/report_redirect?thing=%25%28thing%29s&reason_code="

SITE_RULES = ("Spam", "Personal and confidential information", "Threatening, harassing, or inciting violence")


def error(status: int, message: str, **more: object) -> Response:
    """Reddit's error in JSON."""
    return JSONResponse({"message": message, "error": status, **more}, status_code=status)


def envelope(*errors: Sequence[str], **more: object) -> Response:
    """What `api_type=json` brings: an answer of 200, whatever went wrong."""
    return JSONResponse({"json": {"errors": [list(each) for each in errors], **more}})


def listing(children: Sequence[Json], *, after: str | None) -> Json:
    """One page."""
    data = {"after": after, "before": None, "dist": len(children), "modhash": "", "children": list(children)}
    return {"kind": "Listing", "data": data}


def unescaped(value: object, *, raw: bool) -> object:
    """The answer as it is with raw_json=1; without, Reddit writes &amp; &lt; and &gt; into every text."""
    if raw:
        return value
    if isinstance(value, str):
        return escape(value, quote=False)
    if isinstance(value, Mapping):
        return {key: unescaped(each, raw=False) for key, each in value.items()}
    return [unescaped(each, raw=False) for each in value] if isinstance(value, list) else value


def thing(item: Item) -> Json:
    """A post or comment as everybody sees it."""
    facts: Json = {
        **_author(item),
        "id": item.name[3:],
        "name": item.name,
        "created_utc": item.at.timestamp(),
        "edited": item.edited_at.timestamp() if item.edited_at else False,
        "permalink": item.permalink,
        "subreddit": item.community.name,
        "subreddit_name_prefixed": f"r/{item.community.name}",
        "score": 1,
        "num_reports": None,
        "removal_reason": None,
        "quarantine": item.community.warned,
    }
    return {"kind": item.name[:2], "data": {**facts, **(_of_post(item) if item.parent is None else _of_comment(item))}}


def message(entry: Message) -> Json:
    """An entry of an inbox."""
    if entry.item is None:
        author = entry.author.name if entry.author else None
        data = {"name": entry.name, "id": entry.name[3:], "author": author, "body": entry.text, "subject": "hello"}
        return {"kind": "t4", "data": {**data, "type": "unknown", "was_comment": False, "new": entry.new}}
    item = entry.item
    said: Json = {
        **_author(item),
        "id": item.name[3:],
        "name": item.name,
        "type": entry.kind,
        "subject": {"username_mention": "username mention"}.get(entry.kind, entry.kind.replace("_", " ")),
        "body": _body(item),
        "body_html": html(_body(item)),
        "context": f"{item.permalink}?context=3",
        "link_title": item.thread.title,
        "parent_id": item.parent.name if item.parent else None,
        "subreddit": item.community.name,
        "created_utc": item.at.timestamp(),
        "was_comment": True,
        "new": entry.new,
        "dest": entry.to.name,
    }
    return {"kind": "t1", "data": said}


def account(redditor: Redditor) -> Json:
    """An account as everybody sees it."""
    if redditor.suspended:
        return {"name": redditor.name, "is_suspended": True}
    return {"name": redditor.name, "id": redditor.number, "created_utc": 1500000000.0, "is_employee": False}


def community(place: Community) -> Json:
    """A community as everybody sees it."""
    data = {"display_name": place.name, "subreddit_type": "public", "free_form_reports": place.free_reports}
    return {"kind": "t5", "data": {**data, "quarantine": place.warned}}


def reasons(place: Community) -> Json:
    """For what one can report in a community."""
    rules = [
        {
            "kind": kind,
            "short_name": name,
            "violation_reason": reason,
            "description": "",
            "priority": number,
            "created_utc": 1500000000.0,
        }
        for number, (name, reason, kind) in enumerate(place.rules)
    ]
    return {"rules": rules, "site_rules": list(SITE_RULES), "site_rules_flow": flow()}


def flow() -> list[Json]:
    """Reddit's own reasons: a tree of labels whose ends carry the words a report must name."""
    abuse = [
        _branch("It's targeted harassment", "Who is the harassment targeted at?", _whom("It's targeted harassment")),
        _branch(
            "It threatens violence or physical harm",
            "Who is the threat directed at?",
            _whom("It threatens violence or physical harm"),
        ),
        _leaf("It's promoting hate based on identity or vulnerability"),
        _leaf("It's rude, vulgar or offensive"),
        _leaf(
            "It's abusing the report button", canWriteNotes=True, notesInputTitle="Additional information (optional)"
        ),
    ]
    image = [
        {**_leaf(f"It's involuntary pornography and i {how} in it"), "reasonTextToShow": f"I {how} in the image"}
        for how in ("appear", "do not appear")
    ]
    other = [
        _complaint("It infringes my copyright", "COPYRIGHT"),
        _leaf("It's personal and confidential information"),
        _leaf("It's impersonation", canSpecifyUsernames=True, usernamesInputTitle="Who is impersonated?"),
        _branch("It's involuntary pornography", "Do you appear in the image?", image),
        _complaint("Someone is considering suicide or serious self-harm", "SELF_HARM"),
    ]
    return [
        _leaf("This is spam"),
        _leaf("This is misinformation"),
        _branch("This is abusive or harassing", "In what way?", abuse),
        _branch("Other issues", "What issue?", other),
    ]


def html(text: str) -> str:
    """The text as Reddit renders it: paragraphs and links in a box between two comments."""
    paragraphs = "\n\n".join(f"<p>{_linked(each)}</p>" for each in text.split("\n\n") if each)
    return f'<!-- SC_OFF --><div class="md">{paragraphs}\n</div><!-- SC_ON -->'


def _linked(text: str) -> str:
    return _LINK.sub(r'<a href="\2">\1</a>', escape(text, quote=False)).replace("  \n", "<br/>\n")


def _author(item: Item) -> Json:
    hidden = item.author.deleted or item.removed_by == "deleted" or (bool(item.removed_by) and not item.keeps_author)
    if hidden:
        return {"author": NOBODY}
    return {"author": item.author.name, "author_fullname": item.author.fullname}


def _body(item: Item) -> str:
    if item.removed_by in _BY_REDDIT:
        return "[ Removed by Reddit ]"
    return {"": item.text, "deleted": "[deleted]"}.get(item.removed_by, "[removed]")


def _of_comment(item: Item) -> Json:
    body = _body(item)
    return {
        "body": body,
        "body_html": html(body),
        "link_id": item.thread.name,
        "link_title": item.thread.title,
        "parent_id": item.parent.name if item.parent else None,
        "replies": "",
        "collapsed_reason_code": "DELETED" if item.removed_by else None,
    }


def _of_post(item: Item) -> Json:
    gone = bool(item.removed_by)
    title = f"[ {_POLICY} ]" if item.removed_by in _BY_REDDIT else item.title
    body = "" if item.link else _body(item)
    facts: Json = {
        "title": title,
        "selftext": body,
        "selftext_html": html(body) if body else None,
        "is_self": not item.link,
        "url": item.link or f"https://www.reddit.com{item.permalink}",
        "num_comments": 0,
        "over_18": False,
        "removed_by_category": item.removed_by or None,
    }
    if item.quotes is not None:
        facts["crosspost_parent_list"] = [thing(item.quotes)["data"]]
    if item.captions and not gone:
        facts["gallery_data"] = {"items": [{"caption": each, "media_id": "m", "id": 1} for each in item.captions]}
    if item.poll and not gone:
        facts["poll_data"] = {"options": [{"id": "1", "text": each} for each in item.poll]}
    return facts


def _leaf(reason: str, **more: object) -> Json:
    return {"reasonTextToShow": reason, "reasonText": reason, **more}


def _branch(shown: str, header: str, steps: list[Json]) -> Json:
    return {"reasonTextToShow": shown, "reasonText": "", "nextStepHeader": header, "nextStepReasons": steps}


def _whom(what: str) -> list[Json]:
    return [{"reasonTextToShow": f"At {whom}", "reasonText": f"{what} at {whom}"} for whom in ("me", "someone else")]


def _complaint(reason: str, code: str) -> Json:
    more = {"fileComplaint": True, "complaintUrl": f"{_REDIRECT}{code}", "complaintButtonText": "File a complaint"}
    return _leaf(reason, **more, complaintPrompt="Please file this on the page below.")
