"""Pasted addresses of all ten platforms: their own forms are understood, everything that looks alike is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.register import PLATFORMS, find

UNDERSTOOD = [
    ("x", "https://x.com/CllrAda/status/1859900000000000001", "1859900000000000001"),
    ("x", "https://X.COM/CllrAda/status/1859900000000000001/?s=20&t=abc#m", "1859900000000000001"),
    ("x", "https://mobile.twitter.com/CllrAda/status/1859900000000000001/photo/1", "1859900000000000001"),
    ("x", "http://www.twitter.com/i/web/status/1859900000000000001", "1859900000000000001"),
    ("x", "https://x.com/i/status/1859900000000000001", "1859900000000000001"),
    ("youtube", "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=42s", "dQw4w9WgXcQ"),
    ("youtube", "https://youtu.be/dQw4w9WgXcQ?si=abc", "dQw4w9WgXcQ"),
    ("youtube", "https://m.youtube.com/shorts/dQw4w9WgXcQ/", "dQw4w9WgXcQ"),
    (
        "youtube",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&lc=UgxKREWxIgDrw8w2e_Z4AaABAg",
        "UgxKREWxIgDrw8w2e_Z4AaABAg",
    ),
    (
        "youtube",
        "https://www.youtube.com/watch?lc=UgxKREWxIgDrw8w2e_Z4AaABAg.9abcdefghij_klmnopqrst&v=dQw4w9WgXcQ",
        "UgxKREWxIgDrw8w2e_Z4AaABAg.9abcdefghij_klmnopqrst",
    ),
    ("youtube", "https://www.youtube.com/post/UgkxAbCdEfGhIjKlMnOpQrStUvWx", "UgkxAbCdEfGhIjKlMnOpQrStUvWx"),
    ("reddit", "https://www.reddit.com/r/harrow/comments/1gabc2d/bin_day/", "t3_1gabc2d"),
    ("reddit", "https://old.reddit.com/r/harrow/comments/1GABC2D/bin_day/m0xyz12/?context=3", "t1_m0xyz12"),
    ("reddit", "https://reddit.com/r/harrow/comments/1gabc2d/comment/m0xyz12/", "t1_m0xyz12"),
    ("reddit", "https://redd.it/1gabc2d", "t3_1gabc2d"),
    ("reddit", "https://www.reddit.com/user/somebody/comments/1gabc2d/x", "t3_1gabc2d"),
    ("reddit", "https://www.reddit.com/r/harrow/s/AbC123dEf", "share_AbC123dEf"),
    ("facebook", "https://www.facebook.com/HarrowNews/posts/pfbid02AbCdEfGhIjKlMnOp", "pfbid02AbCdEfGhIjKlMnOp"),
    ("facebook", "https://m.facebook.com/story.php?story_fbid=1234567890&id=100001", "1234567890"),
    ("facebook", "https://www.facebook.com/HarrowNews/posts/bins-late/1234567890/", "1234567890"),
    (
        "facebook",
        "https://www.facebook.com/groups/harrow/permalink/1234567890/?comment_id=555666777",
        "1234567890_555666777",
    ),
    (
        "facebook",
        "https://www.facebook.com/permalink.php?story_fbid=1234567890&comment_id=Y29tbWVudDoxMjM0NTY3ODkwXzU1NTY2Njc3Nw%3D%3D",
        "1234567890_555666777",
    ),
    ("facebook", "https://www.facebook.com/photo/?fbid=1234567890&set=a.1", "1234567890"),
    ("facebook", "https://www.facebook.com/reel/1234567890", "1234567890"),
    ("facebook", "https://www.facebook.com/watch/?v=1234567890", "1234567890"),
    ("facebook", "https://www.facebook.com/share/p/1AbCdEfGhI/", "share_1AbCdEfGhI"),
    ("facebook", "https://fb.watch/AbCdE12345/", "share_AbCdE12345"),
    ("instagram", "https://www.instagram.com/p/C1aBcDeFgHi/?igsh=xyz", "C1aBcDeFgHi"),
    ("instagram", "https://instagram.com/harrow/reel/C1aBcDeFgHi/", "C1aBcDeFgHi"),
    ("instagram", "https://www.instagram.com/p/C1aBcDeFgHi/c/17900000000000000/", "C1aBcDeFgHi_17900000000000000"),
    ("instagram", "https://www.instagram.com/stories/harrow/3200000000000000000/", "story_3200000000000000000"),
    ("threads", "https://www.threads.net/@harrow/post/C1aBcDeFgHi?xmt=1", "C1aBcDeFgHi"),
    ("threads", "https://threads.com/t/C1aBcDeFgHi/", "C1aBcDeFgHi"),
    ("tiktok", "https://www.tiktok.com/@harrow/video/7300000000000000000?lang=en", "7300000000000000000"),
    ("tiktok", "https://m.tiktok.com/v/7300000000000000000.html", "7300000000000000000"),
    ("tiktok", "https://vm.tiktok.com/ZGeAbCdEf/", "share_ZGeAbCdEf"),
    (
        "mastodon",
        "https://Toots.Example/@pete/113500000000000001",
        "https://toots.example/users/pete/statuses/113500000000000001",
    ),
    (
        "mastodon",
        "https://toots.example/@pete/113500000000000001/embed?x=1#y",
        "https://toots.example/users/pete/statuses/113500000000000001",
    ),
    (
        "mastodon",
        "https://toots.example/web/@pete/113500000000000001",
        "https://toots.example/users/pete/statuses/113500000000000001",
    ),
    (
        "mastodon",
        "https://toots.example/users/pete/statuses/113500000000000001",
        "https://toots.example/users/pete/statuses/113500000000000001",
    ),
    (
        "mastodon",
        "https://toots.example/ap/users/7/statuses/113500000000000001",
        "https://toots.example/ap/users/7/statuses/113500000000000001",
    ),
    (
        "mastodon",
        "https://gts.example:8443/@pete/statuses/01HQ2X3Y4Z5A6B7C8D9E0F1G2H",
        "https://gts.example:8443/users/pete/statuses/01HQ2X3Y4Z5A6B7C8D9E0F1G2H",
    ),
    (
        "mastodon",
        "https://harrow.example/@pete@toots.example/113500000000000001",
        "https://harrow.example/@pete@toots.example/113500000000000001",
    ),
    (
        "mastodon",
        "https://plero.example/objects/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
        "https://plero.example/objects/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
    ),
    ("bluesky", "https://bsky.app/profile/pete.bsky.social/post/3kabcdefghi2x", None),
    (
        "feeds",
        "https://Bugle.Example/news/2026/bins?utm_source=x&id=4#comment-7",
        "https://bugle.example/news/2026/bins?id=4#comment-7",
    ),
    ("feeds", "http://bugle.example:80/", "http://bugle.example/"),
]


@pytest.mark.parametrize(("key", "url", "external_id"), UNDERSTOOD)
def test_a_platform_s_own_address_is_understood(key: str, url: str, external_id: str | None) -> None:
    found = find(f"  {url}\n")
    assert found is not None
    assert found[0].key == key
    assert external_id is None or found[1] == external_id


@pytest.mark.parametrize(("key", "url", "external_id"), UNDERSTOOD)
def test_no_named_platform_claims_another_s_address(key: str, url: str, external_id: str | None) -> None:
    claiming = {each.key for each in PLATFORMS.values() if each.parse_url(url) is not None}
    assert claiming - {"feeds"} == {key} - {"feeds"}


LOOK_ALIKES = [
    "https://x.com.evil.example/CllrAda/status/1859900000000000001",
    "https://evil.example/x.com/CllrAda/status/1859900000000000001",
    "https://notx.com/CllrAda/status/1859900000000000001",
    "https://x.com@evil.example/CllrAda/status/1859900000000000001",
    "https://evil.example\\@x.com/CllrAda/status/1859900000000000001",
    "https://evil.example#@x.com/CllrAda/status/1859900000000000001",
    "https://х.com/CllrAda/status/1859900000000000001",  # the first letter is Cyrillic
    "https://www.youtube.com.evil.example/watch?v=dQw4w9WgXcQ",
    "https://evilyoutu.be/dQw4w9WgXcQ",
    "https://reddit.com.evil.example/r/harrow/comments/1gabc2d/x/",
    "https://facebook.com-login.example/HarrowNews/posts/1234567890",
    "https://instagram.com.evil.example/p/C1aBcDeFgHi/",
    "https://threads.net.evil.example/@harrow/post/C1aBcDeFgHi",
    "https://tiktok.com.evil.example/@harrow/video/7300000000000000000",
    "https://bsky.app.evil.example/profile/pete.bsky.social/post/3kabcdefghi2x",
]


@pytest.mark.parametrize("url", LOOK_ALIKES)
def test_a_look_alike_is_no_platform_s_post(url: str) -> None:
    assert [each.key for each in PLATFORMS.values() if each.key != "feeds" and each.parse_url(url) is not None] == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hello",
        "x.com/CllrAda/status/1",
        "javascript:alert(1)",
        "ftp://x.com/CllrAda/status/1",
        "https://user:pass@x.com/CllrAda/status/1859900000000000001",
        "https://user@toots.example/@pete/113500000000000001",
        "https://x.com:8443/CllrAda/status/1859900000000000001",
        "https://x.com/CllrAda",
        "https://x.com/CllrAda/status/one",
        "https://x.com/CllrAda/status/１２３",
        "https://www.youtube.com/@harrow",
        "https://www.facebook.com/HarrowNews",
        "https://www.facebook.com/groups/harrow",
        "https://www.reddit.com/r/harrow",
        "https://www.instagram.com/harrow/",
        "https://www.tiktok.com/@harrow",
        "https://bsky.app/profile/pete.bsky.social",
        "https://[::1",
        "https://toots.example:99999/@pete/1",
        "https://x.com/a b/status/1",
        "https://x.com/CllrAda/status/1859900000000000001\x00",
        "https://" + "a" * 5000 + ".example/",
    ],
)
def test_what_is_no_post_s_address_is_none(url: str) -> None:
    assert find(url) is None


_PIECES = st.sampled_from(
    [
        *("https://", "http://", "x.com", "@", ":", "/", "\\", "#", "?", "&", "=", "status", "v", "r", "comments", "%"),
        *("[", "]", "posts", "p", "post", "users", "statuses", "1234567890", "comment_id", "Y29tbWVudDo", "youtu.be"),
        *("facebook.com", "reddit.com", "bsky.app", "profile", "did:plc:x", "toots.example", "..", "%00", "\u202e"),
        *("🦊", "\n", "x" * 30),
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join) | st.text())
def test_no_text_whatever_makes_it_fail(url: str) -> None:
    for platform in PLATFORMS.values():
        found = platform.parse_url(url)
        assert found is None or found


@given(st.sampled_from([url for _, url, _ in UNDERSTOOD]), st.integers(0, 120), st.text(max_size=3))
def test_a_damaged_address_never_fails(url: str, place: int, damage: str) -> None:
    find(url[:place] + damage + url[place:])
