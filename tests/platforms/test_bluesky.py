"""Bluesky's addresses, and answers of any shape: nothing but the four errors ever comes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from platforms.bluesky import ADDRESSES, BLUESKY
from platforms.bluesky.addressing import author_of, is_did, plain_handle, post_address
from platforms.shape import Access, Page, PostRef, Report, Subject
from records.vocabulary import Presence
from wardkeeper.demo.serving import Serving
from wire.errors import WireError
from wire.http import Wire

DID = "did:plc:abcdefghijklmnopqrstuvwx"
KEY = "3lbc2defgh22x"
URI = f"at://{DID}/app.bsky.feed.post/{KEY}"


@pytest.mark.parametrize(
    "url",
    [
        f"https://bsky.app/profile/{DID}/post/{KEY}",
        f"http://bsky.app/profile/{DID}/post/{KEY}/",
        f"https://BSKY.app/profile/{DID}/post/{KEY}?ref=share#top",
        f"  https://bsky.app/profile/{DID.replace(':', '%3A')}/post/{KEY}\n",
        URI,
    ],
)
def test_a_page_named_by_did_gives_the_posts_address(url: str) -> None:
    assert BLUESKY.parse_url(url) == URI


def test_a_page_named_by_handle_keeps_the_handle_for_later() -> None:
    expected = f"at://troll.example.org/app.bsky.feed.post/{KEY}"
    for who in ("troll.example.org", "Troll.Example.org", "@troll.example.org"):
        assert BLUESKY.parse_url(f"https://bsky.app/profile/{who}/post/{KEY}") == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://bsky.app/",
        f"https://bsky.app/profile/{DID}",
        f"https://bsky.app/profile/{DID}/feed/{KEY}",
        f"https://bsky.app/profile/{DID}/post/{KEY}/liked-by",
        f"https://bsky.app/profile/not a handle/post/{KEY}",
        f"https://bsky.app/profile/{DID}/post/..",
        f"https://bsky.app.evil.example/profile/{DID}/post/{KEY}",
        f"https://notbsky.app/profile/{DID}/post/{KEY}",
        f"https://user@bsky.app/profile/{DID}/post/{KEY}",
        f"ftp://bsky.app/profile/{DID}/post/{KEY}",
        f"at://{DID}/app.bsky.feed.like/{KEY}",
        "https://x.com/someone/status/1",
    ],
)
def test_every_other_address_is_none(url: str) -> None:
    assert BLUESKY.parse_url(url) is None


@given(st.text(max_size=200))
def test_no_text_breaks_the_readers_of_addresses(text: str) -> None:
    for url in (text, f"https://bsky.app/profile/{text}/post/{text}", f"at://{text}"):
        found = BLUESKY.parse_url(url)
        assert found is None or post_address(found) is not None
    assert author_of(text) == "" or is_did(author_of(text))
    assert plain_handle(plain_handle(text)) == plain_handle(text)


def test_the_public_network_is_the_default() -> None:
    assert set(ADDRESSES) == {"entryway", "appview", "plc", "labeler"}
    assert is_did(ADDRESSES["labeler"])


@dataclass
class Anything:
    """A server that gives the same answer to every question."""

    base: str
    status: int = 200
    body: bytes = b"{}"


@pytest.fixture(scope="module")
def anything() -> Iterator[Anything]:
    with Serving(("all",)) as serving:
        found = Anything(serving.urls["all"])

        async def answer(request: Request) -> Response:
            return Response(found.body, status_code=found.status, media_type="application/json")

        serving.start({"all": Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])})
        yield found


def good_answer(base: str) -> dict[str, object]:
    """One answer that is right for every question we ask."""
    author = {"did": DID, "handle": "troll.example.org", "displayName": "T", "labels": []}
    mention = {"$type": "app.bsky.richtext.facet#mention", "did": DID}
    record = {
        "$type": "app.bsky.feed.post",
        "text": "hello",
        "createdAt": "2026-11-20T12:00:00Z",
        "langs": ["en"],
        "facets": [{"index": {"byteStart": 0, "byteEnd": 2}, "features": [mention]}],
        "reply": {"root": {"uri": URI, "cid": "b"}, "parent": {"uri": URI, "cid": "b"}},
        "embed": {
            "$type": "app.bsky.embed.recordWithMedia",
            "record": {"record": {"uri": URI, "cid": "b"}},
            "media": {"images": [{"alt": "a picture"}], "external": {"description": "ALT: moving"}},
        },
        "labels": {"values": [{"val": "porn"}]},
    }
    view: dict[str, object] = {
        **{"uri": URI, "cid": "bafy", "author": author, "record": record, "indexedAt": "2026-11-20T12:00:00Z"},
        **{"labels": [{"src": DID, "val": "rude"}], "embed": {"record": {"record": {"value": record}}}},
    }
    service = [{"id": "#atproto_pds", "serviceEndpoint": base}]
    return {
        **{"did": DID, "handle": "anna.example.org", "accessJwt": "a", "refreshJwt": "r"},
        **{"didDoc": {"service": service}, "service": service, "active": True, "status": "active"},
        **{"posts": [view], "notifications": [view], "cursor": "", "uri": URI, "value": record},
        **{"views": [{"creator": {"did": DID}, "reasonTypes": []}], "id": 7, "reasonType": "x"},
        **{"error": "InvalidToken", "message": "Profile not found"},
    }


def paths(value: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Every place in a JSON value."""
    found = [at] if at else []
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        found += paths(inner, (*at, key))
    return found


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def calls(wire: Wire, access: Access) -> list[Callable[[], object]]:
    """Everything the platform can be asked."""
    assert BLUESKY.mentions is not None
    assert BLUESKY.look is not None
    assert BLUESKY.report is not None
    assert BLUESKY.identify is not None
    mentions, look, report, identify = BLUESKY.mentions, BLUESKY.look, BLUESKY.report, BLUESKY.identify
    subject = Subject(handle="anna.example.org", stable_id=DID, names=("Anna",))
    ref = PostRef(URI, "", "", DID)

    def read() -> list[Page]:
        return list(mentions(wire, access, subject, "", lambda pairs: set()))

    return [
        read,
        lambda: look(wire, access, ref),
        lambda: look(wire, access, PostRef(DID, "", "", DID)),
        lambda: report(wire, access, Report((ref,), "tools.ozone.report.defs#reasonOther", "text")),
        lambda: identify(wire, access),
    ]


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with Wire(user_agent="t", admit_loopback=True, timeout=5.0, pauses=()) as wire:
        yield wire


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_answer_gives_nothing_but_the_four_errors(
    anything: Anything, wire: Wire, data: st.DataObject
) -> None:
    answer = deepcopy(good_answer(anything.base))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(paths(answer)))
        inner: object = answer
        for key in place[:-1]:
            inner = inner[key]  # type: ignore[index]
        inner[place[-1]] = data.draw(JUNK)  # type: ignore[index]
    anything.status = data.draw(st.sampled_from([200, 200, 200, 400, 401, 403, 404, 410, 302]))
    anything.body = json.dumps(answer).encode()
    addresses = dict.fromkeys(("entryway", "appview", "plc"), anything.base) | {"labeler": DID}
    for call in calls(wire, Access(addresses=addresses, handle="anna.example.org", stable_id=DID, secret="s")):
        with suppress(WireError):
            assert call() is not None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60), status=st.sampled_from([200, 400, 404]))
def test_bytes_of_any_kind_are_never_taken_for_gone(anything: Anything, wire: Wire, body: bytes, status: int) -> None:
    anything.body, anything.status = body, status
    addresses = dict.fromkeys(("entryway", "appview", "plc"), anything.base) | {"labeler": DID}
    assert BLUESKY.look is not None
    sighting = BLUESKY.look(wire, Access(addresses=addresses), PostRef(URI, "", "", DID))
    assert sighting.presence is Presence.UNKNOWN
