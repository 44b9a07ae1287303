"""TikTok: nothing is collected or sent by program; the embed service says that a video is up, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from platforms.shape import Access, PostRef
from platforms.tiktok import ADDRESSES, TIKTOK, _is_this, parse_url
from records.vocabulary import Presence
from wardkeeper.demo.serving import Fault, FaultSwitch, Serving
from wardkeeper.demo.tiktok import Standing, Video, Videos, addresses, tiktok_app
from wire.http import Wire


@dataclass
class World:
    """The embed service with one video, and a wire to it."""

    videos: Videos
    faults: FaultSwitch
    wire: Wire
    base: str
    video: Video

    def look(self, url: str, **access: str) -> tuple[Presence, str]:
        assert TIKTOK.look is not None
        post = PostRef(parse_url(url) or "", "1", url, "")
        seen = TIKTOK.look(self.wire, Access(addresses=access or addresses(self.base)), post)
        return seen.presence, seen.how_known


@pytest.fixture
def world() -> Iterator[World]:
    with (
        Serving(("tiktok",)) as serving,
        Wire(user_agent="Wardkeeper tests", admit_loopback=True, pauses=(), timeout=5) as wire,
    ):
        videos = Videos()
        app, faults = tiktok_app(videos)
        serving.start({"tiktok": app})
        yield World(videos, faults, wire, serving.urls["tiktok"], videos.post("pete", "The council & its bins"))


def test_there_is_no_lawful_way_to_collect_or_report_by_program_and_that_is_a_value() -> None:
    assert TIKTOK.mentions is None
    assert TIKTOK.report is None
    assert TIKTOK.identify is None
    assert TIKTOK.grant is None
    assert ADDRESSES["oembed"].startswith("https://www.tiktok.com/")


def test_a_video_is_up_by_its_long_and_its_short_link(world: World) -> None:
    for url in (world.video.url, world.video.short_url, world.video.url + "?lang=en"):
        presence, how = world.look(url)
        assert presence is Presence.UP
        assert "comment" in how


@pytest.mark.parametrize("standing", [each for each in Standing if each is not Standing.UP])
def test_a_video_that_is_not_embedded_is_unknown_whatever_became_of_it(world: World, standing: Standing) -> None:
    world.video.standing = standing
    presence, how = world.look(world.video.url)
    assert presence is Presence.UNKNOWN
    assert "A person has to look" in how


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.UNAVAILABLE, Presence.UNKNOWN),
        (Fault.ERROR, Presence.UNKNOWN),
        (Fault.WRONG_TYPE, Presence.UNKNOWN),
        (Fault.MALFORMED, Presence.UNKNOWN),
        (Fault.CUT, Presence.UNKNOWN),
        (Fault.RATE_LIMITED, Presence.RATE_LIMITED),
    ],
)
def test_a_fault_is_never_gone_and_never_up(world: World, fault: Fault, expected: Presence) -> None:
    world.faults.fail(fault)
    assert world.look(world.video.url)[0] is expected


def test_another_video_in_the_answer_or_no_service_at_all_is_unknown(world: World) -> None:
    world.videos.instead = world.videos.post("quinn", "another")
    assert world.look(world.video.url)[0] is Presence.UNKNOWN
    world.videos.instead = None
    assert world.look(world.video.url, oembed="http://127.0.0.1:9/oembed")[0] is Presence.UNKNOWN
    assert world.look(world.video.url, nothing="")[0] is Presence.UNKNOWN
    assert world.look("")[0] is Presence.UNKNOWN


def test_a_slow_service_is_unknown(world: World) -> None:
    assert TIKTOK.look is not None
    world.faults.fail(Fault.SLOW, seconds=1.0)
    post = PostRef(world.video.number, "1", world.video.url, "")
    with Wire(user_agent="Wardkeeper tests", admit_loopback=True, pauses=(), timeout=0.3) as impatient:
        assert TIKTOK.look(impatient, Access(addresses=addresses(world.base)), post).presence is Presence.UNKNOWN


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_EMBEDDING: dict[str, object] = {"type": "video", "embed_product_id": "7300000000000000001", "html": "<p>"}


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(sorted(_EMBEDDING)), _json, max_size=3))
@example({"embed_product_id": 7300000000000000001})
@example({"embed_product_id": None, "html": '<blockquote data-video-id="7300000000000000001">'})
def test_only_this_video_s_own_number_counts(changes: dict[str, object]) -> None:
    body = json.loads(json.dumps({**_EMBEDDING, **changes}))
    if _is_this(body, "7300000000000000001"):
        assert "7300000000000000001" in json.dumps(body)
    assert not _is_this(body, "7300000000000000002")
