"""What must hold of every platform, whoever wrote it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from platforms.register import ADDRESSES, PLATFORMS, find
from platforms.shape import Access, Platform, PostRef
from records.vocabulary import Presence
from wire.errors import WireError
from wire.http import Wire

ROOT = Path(__file__).parents[2]
KEYS = {"bluesky", "mastodon", "youtube", "reddit", "x", "facebook", "instagram", "threads", "tiktok", "feeds"}
every_platform = pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS)


def test_the_ten_are_there() -> None:
    assert set(PLATFORMS) == set(ADDRESSES) == KEYS
    assert all(platform.key == key for key, platform in PLATFORMS.items())


@every_platform
def test_a_platform_says_what_it_needs_and_what_it_cannot_see(platform: Platform) -> None:
    consent = platform.consent
    assert platform.name
    assert consent.needs
    assert consent.how
    assert consent.sees
    assert consent.blind_spots
    assert all(sentence.endswith(".") for sentence in (consent.needs, consent.how, consent.sees, *consent.blind_spots))


@every_platform
def test_a_platform_keeps_a_decent_pace(platform: Platform) -> None:
    assert platform.pace.requests >= 1
    assert platform.pace.per > timedelta(0)
    assert platform.pace.between_scans >= timedelta(minutes=1)


@every_platform
def test_a_platform_that_can_report_can_also_find_and_look(platform: Platform) -> None:
    if platform.report is not None:
        assert platform.mentions is not None
        assert platform.look is not None
        assert platform.identify is not None
    if platform.mentions is not None:
        assert platform.look is not None


@every_platform
def test_a_platform_is_documented(platform: Platform) -> None:
    page = (ROOT / "docs" / "platforms" / f"{platform.key}.md").read_text("utf-8")
    assert platform.name in page
    assert "## " in page


@pytest.mark.parametrize("key", sorted(key for key, platform in PLATFORMS.items() if platform.look is not None))
def test_looking_at_a_server_that_is_not_there_never_says_gone(key: str) -> None:
    look = PLATFORMS[key].look
    assert look is not None
    nowhere = "http://127.0.0.1:9"
    access = Access(addresses=dict.fromkeys(ADDRESSES[key], nowhere))
    ids = {"bluesky": "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3kabcdefghi2x"}
    url = f"{nowhere}/users/pete/statuses/1"
    with Wire(user_agent="Wardkeeper tests", admit_loopback=True, timeout=2) as wire:
        try:
            presence = look(wire, access, PostRef(ids.get(key, url), "v", url, "pete@nowhere.example")).presence
        except WireError:
            presence = Presence.UNKNOWN
    assert not presence.gone
    assert not presence.known


def test_public_addresses_are_secure() -> None:
    for addresses in ADDRESSES.values():
        assert all(value.startswith(("https://", "did:")) for value in addresses.values())


def test_a_page_on_any_site_is_a_feed_s_post_but_not_on_another_platform_s_domain() -> None:
    found = find("https://bugle.example/news/bins")
    assert found is not None
    assert found[0].key == "feeds"
    assert find("https://www.facebook.com/HarrowNews") is None
