"""Mastodon: who somebody is, and servers that answer anything at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from platforms.mastodon import MASTODON
from platforms.mastodon.statuses import read_status
from platforms.shape import Access, Found, PostRef, Report, Subject
from tests.platforms.mastodon_cast import Held, World, a_world
from wardkeeper.demo.serving import Serving
from wire.errors import Refused, SignInNeeded, WireError
from wire.http import Wire


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as running:
        yield running


def test_who_am_i(world: World) -> None:
    assert MASTODON.identify is not None
    by_token = MASTODON.identify(world.wire, world.access())
    by_name = MASTODON.identify(world.wire, replace(world.access(token=""), handle="@Ada@harrow.example"))
    assert by_token.handle == by_token.stable_id == by_name.handle == "ada@harrow.example"
    with pytest.raises(Refused, match="check the handle"):
        MASTODON.identify(world.wire, replace(world.access(token=""), handle="nobody@harrow.example"))
    with pytest.raises(SignInNeeded):
        MASTODON.identify(world.wire, world.access(token="wrong"))
    with pytest.raises(Refused, match="server is not known"):
        MASTODON.identify(world.wire, Access(handle="ada"))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_STATUS: dict[str, object] = {
    "id": "1",
    "uri": "https://toots.example/users/pete/statuses/1",
    "url": "https://toots.example/@pete/1",
    "created_at": "2026-11-22T12:00:00.000Z",
    "edited_at": None,
    "account": {"id": "7", "acct": "pete"},
    "content": "<p>hi</p>",
    "visibility": "public",
    "mentions": [{"id": "8", "acct": "ada"}],
    "media_attachments": [{"description": "x"}],
    "poll": {"options": [{"title": "a"}]},
    "quote": {"quoted_status": {"content": "<p>q</p>", "visibility": "public"}},
}


@dataclass
class Hostile:
    """A server that answers every request with the same bytes."""

    base: str
    wire: Wire
    body: bytes = b""
    status: int = 200


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    with Serving(("hostile",)) as serving, Wire(user_agent="Wardkeeper tests", admit_loopback=True) as wire:
        server = Hostile(serving.urls["hostile"], wire)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await Response(server.body, status_code=server.status)(scope, receive, send)

        serving.start({"hostile": answer})
        yield server


_ANSWERS = st.one_of(
    _json.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=40),
    st.dictionaries(st.sampled_from(sorted(_STATUS)), _json, max_size=3).map(
        lambda changes: json.dumps([{"id": "1", "type": "mention", "status": {**_STATUS, **changes}}]).encode()
    ),
    st.fixed_dictionaries({"statuses": _json, "id": _json, "account": _json, "uri": _json, "client_id": _json}).map(
        lambda value: json.dumps(value).encode()
    ),
)


@settings(max_examples=15)
@given(_ANSWERS, st.sampled_from([200, 200, 200, 201, 400, 404, 410, 422]))
@example(b"[" * 50_000, 200)
@example(json.dumps([{"id": "1", "type": "mention", "status": _STATUS}] * 3).encode(), 200)
def test_whatever_a_server_answers_only_the_four_errors_come_of_it(hostile: Hostile, body: bytes, status: int) -> None:
    hostile.body, hostile.status = body, status
    access = Access(address=hostile.base, handle="ada@toots.example", secret="token-not-to-be-shown")
    post = PostRef(f"{hostile.base}/users/pete/statuses/1", "v", f"{hostile.base}/@pete/1", "pete@toots.example")
    everything: list[Callable[[], object]] = [
        lambda: MASTODON.identify and MASTODON.identify(hostile.wire, access),
        lambda: MASTODON.rules and MASTODON.rules(hostile.wire, access),
        lambda: MASTODON.report and MASTODON.report(hostile.wire, access, Report((post,), "violation", "x")),
        lambda: MASTODON.grant and MASTODON.grant.begin(hostile.wire, hostile.base, "urn:x", True),
        lambda: MASTODON.look and MASTODON.look(hostile.wire, access, post),
        lambda: (
            MASTODON.mentions
            and list(MASTODON.mentions(hostile.wire, access, Subject(names=("Ada",), hashtags=("a",)), "", Held()))
        ),
    ]
    for act in everything:
        said = ""
        try:
            act()
        except WireError as problem:
            said = repr(problem)
        assert "token-not-to-be-shown" not in said


@given(st.dictionaries(st.sampled_from(sorted(_STATUS)), _json, max_size=4))
def test_a_status_of_any_shape_is_read_or_left_out(changes: dict[str, object]) -> None:
    post = read_status({**_STATUS, **changes}, domain="toots.example")
    assert post is None or (isinstance(post, Found) and post.external_id and post.version and post.author_id)


@pytest.mark.parametrize("stamp", ["1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "yesterday", ""])
def test_an_absurd_time_is_no_time(stamp: str) -> None:
    post = read_status({**_STATUS, "created_at": stamp, "edited_at": "v2"}, domain="toots.example")
    assert post is not None
    assert post.posted_at is None
