"""What the simulated Mastodon server writes and reads: its JSON, its errors, its form fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wardkeeper.demo.mastodon.server import Account, MastodonServer, Notification, Report, Status

Json = dict[str, object]


def error(status: int, error: str) -> Response:
    return JSONResponse({"error": error}, status_code=status)


async def fields(request: Request) -> Mapping[str, object]:
    if "json" in request.headers.get("content-type", ""):
        body = await request.json()
        return body if isinstance(body, dict) else {}
    form = await request.form()
    return {k.removesuffix("[]"): form.getlist(k) if k.endswith("[]") else form[k] for k in form}


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def account_json(server: MastodonServer, account: Account) -> Json:
    acct = account.username if account.server is server else account.handle
    facts: Json = {
        "id": server.number_of(account),
        "username": account.username,
        "acct": acct,
        "display_name": account.name,
        "url": f"{account.server.base}/@{account.username}",
        "bot": False,
        "note": "",
        "followers_count": 0,
    }
    return {**facts, "suspended": True} if account.suspended else facts


def status_json(server: MastodonServer, status: Status) -> Json:
    parent = status.reply_to
    mentions = [account_json(server, each) for each in server.mentioned(status)]
    poll = {"id": "1", "options": [{"title": each, "votes_count": 0} for each in status.poll]}
    quote = {"state": "accepted", "quoted_status": status_json(server, status.quote)} if status.quote else None
    return {
        "id": server.number_of(status),
        "uri": status.uri,
        "url": status.url,
        "created_at": stamp(status.at),
        "edited_at": stamp(status.edited_at) if status.edited_at else None,
        "account": account_json(server, status.author),
        "content": status.author.server.content(status),
        "spoiler_text": status.spoiler,
        "visibility": status.visibility,
        "sensitive": bool(status.spoiler),
        "language": "en",
        "in_reply_to_id": server.number_of(parent) if parent else None,
        "in_reply_to_account_id": server.number_of(parent.author) if parent else None,
        "mentions": [{k: each[k] for k in ("id", "username", "url", "acct")} for each in mentions],
        "tags": [{"name": each, "url": f"{server.base}/tags/{each}"} for each in status.tags],
        "media_attachments": [
            {"id": str(n), "type": "image", "url": f"{server.base}/media/{n}.png", "description": each}
            for n, each in enumerate(status.alt, start=1)
        ],
        "poll": poll if status.poll else None,
        "card": None,
        "quote": quote,
        "reblog": None,
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 0,
    }


def notification_json(server: MastodonServer, each: Notification) -> Json:
    return {
        "id": str(each.notification_id),
        "type": each.kind,
        "created_at": stamp(each.status.at),
        "account": account_json(server, each.status.author),
        "status": status_json(server, each.status),
    }


def object_json(server: MastodonServer, status: Status) -> Json:
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": status.uri,
        "type": "Note",
        "attributedTo": f"{server.base}/users/{status.author.username}",
        "url": status.url,
        "published": stamp(status.at),
        "content": server.content(status),
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
    }


def report_json(server: MastodonServer, report: Report) -> Json:
    return {
        "id": report.report_id,
        "action_taken": False,
        "action_taken_at": None,
        "category": report.category,
        "comment": report.comment,
        "forwarded": report.forwarded,
        "created_at": stamp(report.at),
        "status_ids": [server.number_of(each) for each in report.statuses] or None,
        "rule_ids": list(report.rule_ids) or None,
        "collection_ids": [],
        "target_account": account_json(server, report.account),
    }
