"""Whatever shape Meta's hosts and pushes take, what the three make of it is whole or nothing, or one of four errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from platforms.facebook import pushing as facebook_pushing
from platforms.facebook.posts import read_comment, read_post
from platforms.instagram import pushing as instagram_pushing
from platforms.instagram.posts import read_comment as read_remark
from platforms.instagram.posts import read_media
from platforms.shape import Access, Application, Found, Platform, PostRef, Subject
from platforms.threads import pushing as threads_pushing
from platforms.threads.posts import read_post as read_thread
from tests.platforms.graph_cast import PLATFORMS, REDIRECT
from wardkeeper.demo.graph import signature_of
from wardkeeper.demo.serving import Serving
from wire.errors import Changed, WireError
from wire.http import Wire

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET = "an-application-secret"

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_ITEM: dict[str, object] = {
    "id": "22_33",
    "message": "hi",
    "text": "hi",
    "caption": "hi",
    "from": {"id": "5", "name": "Pete", "username": "pete"},
    "username": "pete",
    "created_time": "2026-11-22T12:00:00+0000",
    "timestamp": "2026-11-22T12:00:00+0000",
    "updated_time": "2026-11-22T12:00:00+0000",
    "permalink": "https://www.instagram.com/p/C1aBcDeFgHi/",
    "shortcode": "C1aBcDeFgHi",
    "message_tags": [{"id": "11"}],
    "attachments": {"data": [{"title": "x"}]},
    "comments_count": 2,
    "replies": {"data": [], "paging": {"next": "https://graph.facebook.com/x?access_token=y"}},
    "parent": {"id": "22_31", "message": "x"},
    "has_replies": True,
    "media": {"id": "9", "permalink": "https://www.instagram.com/p/C1aBcDeFgHi/"},
}
_changed = st.dictionaries(st.sampled_from(sorted(_ITEM)), _json, max_size=4).map(lambda changes: {**_ITEM, **changes})


@settings(max_examples=100)
@given(_changed)
def test_an_item_of_any_shape_is_read_whole_or_left_out(item: dict[str, object]) -> None:
    readings: list[Found | None] = [
        read_post(item, page_id="11"),
        read_comment(item, post={"id": "11_22"}, page_id="11"),
        read_media(item, account_id="7"),
        read_remark(item, media=_ITEM, account_id="7", above=item),
        read_thread(item, mentioned=("7",), answered=item),
    ]
    for found in readings:
        assert found is None or (found.external_id and found.version and found.url)
        assert found is None or b"access_token" not in found.raw


@settings(max_examples=100)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "object": _json,
            "entry": _json
            | st.lists(st.fixed_dictionaries({"id": _json, "time": _json, "changes": _json}), max_size=2),
            "values": _json
            | st.fixed_dictionaries({"value": _changed, "field": st.sampled_from(["replies", "mentions"])}),
            "target_id": _json,
            "time": _json,
        },
    )
    | _changed.map(
        lambda value: {
            "object": "page",
            "entry": [
                {
                    "id": "11",
                    "time": int(NOON.timestamp()),
                    "changes": [
                        {"field": name, "value": {**value, "item": "comment", "verb": "add"}}
                        for name in ("feed", "comments", "mentions")
                    ],
                }
            ],
        }
    )
)
def test_a_signed_push_of_any_shape_is_read_or_left_out(told: dict[str, object]) -> None:
    body = json.dumps(told).encode()
    for receive in (facebook_pushing.receive, instagram_pushing.receive, threads_pushing.receive):
        try:
            pushed = receive(body, signature_of(body, SECRET), app_secret=SECRET, now=NOON, seen=lambda keys: set())
        except Changed:
            continue
        assert all(found.external_id and found.version for found in pushed.posts)


@dataclass
class Hostile:
    """A host that answers every request with the same bytes."""

    base: str
    wire: Wire
    body: bytes = b""
    status: int = 200


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    with (
        Serving(("hostile",)) as serving,
        Wire(user_agent="Wardkeeper tests", admit_loopback=True, pauses=()) as wire,
    ):
        server = Hostile(serving.urls["hostile"], wire)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await Response(server.body, status_code=server.status)(scope, receive, send)

        serving.start({"hostile": answer})
        yield server


_ANSWERS = st.one_of(
    _json.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=40),
    st.lists(_changed, max_size=3).map(lambda items: json.dumps({**_ITEM, "data": items}).encode()),
    st.fixed_dictionaries({"data": _json, "paging": _json, "error": _json}).map(lambda v: json.dumps(v).encode()),
    st.fixed_dictionaries({"code": _json, "error_subcode": _json}).map(lambda v: json.dumps({"error": v}).encode()),
)


@settings(max_examples=20)
@given(_ANSWERS, st.sampled_from([200, 200, 200, 400, 401, 403, 404]))
@example(b"[" * 50_000, 200)
@example(json.dumps({**_ITEM, "data": [_ITEM] * 3, "paging": {"cursors": {"after": "a"}, "next": "b"}}).encode(), 200)
def test_whatever_a_host_answers_only_the_four_errors_come_of_it(hostile: Hostile, body: bytes, status: int) -> None:
    hostile.body, hostile.status = body, status
    addresses = dict.fromkeys(("graph", "dialog", "oauth"), hostile.base)
    application = Application(client_id="1", client_secret="application-secret-not-to-be-shown")
    access = Access(addresses=addresses, secret="token-not-to-be-shown", stable_id="11", application=application)
    post = PostRef("22_33", "v", "https://www.facebook.com/x/posts/22", "5")
    for platform in PLATFORMS:
        for act in acts(platform, hostile.wire, access, post):
            said = ""
            try:
                act()
            except WireError as problem:
                said = repr(problem)
            assert "not-to-be-shown" not in said


def acts(platform: Platform, wire: Wire, access: Access, post: PostRef) -> list[Callable[[], object]]:
    assert platform.identify is not None
    assert platform.look is not None
    assert platform.mentions is not None
    assert platform.grant is not None
    assert platform.grant.begin_as is not None
    identify, look, mentions, grant = platform.identify, platform.look, platform.mentions, platform.grant
    keep = platform.grant.begin_as(wire, access, REDIRECT, False).keep
    subject = Subject(handle="ada", stable_id="11", names=("Ada",))
    return [
        lambda: identify(wire, access),
        lambda: look(wire, access, post),
        lambda: look(wire, access, replace(post, version="22." + "0" * 16)),
        lambda: list(mentions(wire, access, subject, "", lambda pairs: set())),
        lambda: grant.finish(wire, keep, "a-code"),
        lambda: grant.revoke(wire, access),
    ]
