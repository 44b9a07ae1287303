"""Every platform this product knows, by name. Adding one is a line here; nobody else lists them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from platforms import bluesky, facebook, feeds, instagram, mastodon, reddit, threads, tiktok, x, youtube
from platforms.bluesky import BLUESKY
from platforms.facebook import FACEBOOK
from platforms.feeds import FEEDS
from platforms.instagram import INSTAGRAM
from platforms.mastodon import MASTODON
from platforms.reddit import REDDIT
from platforms.shape import Platform
from platforms.threads import THREADS
from platforms.tiktok import TIKTOK
from platforms.x import X
from platforms.youtube import YOUTUBE

# The order in which an address is tried: those with domains of their own first, any server, then any page.
_ALL = (BLUESKY, YOUTUBE, REDDIT, X, FACEBOOK, INSTAGRAM, THREADS, TIKTOK, MASTODON, FEEDS)

PLATFORMS: Mapping[str, Platform] = MappingProxyType({each.key: each for each in _ALL})
"""All platforms by key."""

ADDRESSES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        **{each.key: MappingProxyType({}) for each in _ALL},
        "bluesky": bluesky.ADDRESSES,
        "mastodon": mastodon.ADDRESSES,
        "feeds": feeds.ADDRESSES,
        "youtube": youtube.ADDRESSES,
        "reddit": reddit.ADDRESSES,
        "facebook": facebook.ADDRESSES,
        "instagram": instagram.ADDRESSES,
        "threads": threads.ADDRESSES,
        "x": x.ADDRESSES,
        "tiktok": tiktok.ADDRESSES,
    }
)
"""The public base addresses each platform starts with; settings overlay them. Empty where there is no central one."""


def find(url: str) -> tuple[Platform, str] | None:
    """The platform whose post a pasted address is, and the post's external id; None when it is no post's address.

    A page on any website counts as a post of the platform "feeds", unless its domain belongs to another platform.
    """
    for platform in _ALL:
        external_id = platform.parse_url(url)
        if external_id is not None:
            return platform, external_id
    return None
