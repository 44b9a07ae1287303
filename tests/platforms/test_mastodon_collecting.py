"""Finding posts on Mastodon: everything public, once, after any break, and nothing private."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from platforms.mastodon import MASTODON, parse_url
from platforms.mastodon import collecting as collecting_room
from tests.platforms.mastodon_cast import NOON, Held, World, a_world, scan, texts
from wardkeeper.demo.serving import Fault
from wire.errors import SignInNeeded, TryLater


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as running:
        yield running


def test_a_stranger_s_mention_is_found_with_everything_that_is_judged(world: World) -> None:
    asked = world.home.post("ada", "Surgery on Saturday at 10")
    world.away.post(
        world.pete,
        "@ada@harrow.example you & your lot > useless\nall of you\n\nsee https://example.org/a/very/long/path/to/page?x=1",
        reply_to=asked,
        spoiler="angry",
        alt=("A drawing of a pothole", ""),
        poll=("Resign", "Resign now"),
    )
    [post] = [post for page in scan(world) for post in page.posts]
    assert post.text == (
        "@ada you & your lot > useless\nall of you\n\nsee https://example.org/a/very/long/path/to/page?x=1"
        "\nResign\nResign now"
    )
    assert (post.warning, post.alt_texts) == ("angry", ("A drawing of a pothole",))
    assert (post.author_id, post.author_handle, post.author_name) == (
        "pete@toots.example",
        "pete@toots.example",
        "Pete",
    )
    assert post.mentioned == ("ada@harrow.example",)
    assert (post.parent_author, post.parent_text) == ("ada@harrow.example", "Surgery on Saturday at 10")
    assert post.parent_id == f"{world.home.base}/users/ada/statuses/{asked.status_id}"
    assert post.posted_at == NOON
    assert post.external_id.startswith(f"{world.away.base}/users/pete/statuses/")
    assert parse_url(post.url) == post.external_id
    assert json.loads(post.raw)["visibility"] == "public"


def test_private_messages_in_the_same_list_are_never_kept(world: World) -> None:
    for visibility in ("direct", "private", "local", ""):
        world.away.post(world.pete, f"@ada@harrow.example a secret ({visibility})", visibility=visibility)
    world.away.post(world.pete, "@ada@harrow.example in public", visibility="unlisted")
    pages = scan(world)
    assert texts(pages) == ["@ada in public"]
    assert not any(b"a secret" in post.raw for page in pages for post in page.posts)


def test_what_a_public_post_answers_or_quotes_in_private_is_not_kept(world: World) -> None:
    hidden = world.home.post("council", "not for everybody", visibility="private")
    world.away.post(world.pete, "@ada@harrow.example look", reply_to=hidden, quote=hidden)
    [post] = [post for page in scan(world) for post in page.posts]
    assert (post.parent_text, post.quoted_text) == ("", "")


def test_a_quote_is_found_without_its_stand_in_paragraph(world: World) -> None:
    quoted = world.home.post("ada", "The library stays open")
    world.away.post(world.pete, "Liar", quote=quoted)
    [post] = [post for page in scan(world) for post in page.posts]
    assert (post.text, post.quoted_text, post.quoted_author) == (
        "Liar",
        "The library stays open",
        "ada@harrow.example",
    )


def test_a_second_scan_reads_forward_to_the_end_and_repeats_nothing(world: World) -> None:
    world.away.post(world.pete, "@ada@harrow.example first")
    held = Held()
    first = scan(world, held=held)
    for number in range(190):
        world.away.post(world.pete, f"@ada@harrow.example number {number}")
    second = scan(world, first[-1].cursor, held=held)
    assert sorted(texts(second)) == sorted(f"@ada number {number}" for number in range(190))
    assert texts(scan(world, second[-1].cursor, held=held)) == []


def test_a_scan_that_breaks_off_goes_on_where_its_last_stored_page_ended(world: World) -> None:
    assert MASTODON.mentions is not None
    held, cursor, found = Held(), "", []
    for number in range(390):
        world.away.post(world.pete, f"@ada@harrow.example number {number}")
    for _ in range(12):
        pages = MASTODON.mentions(world.wire, world.access(), world.subject(), cursor, held)
        page = held.fresh(next(pages))  # and then the process dies
        cursor = page.cursor
        found += [post.text for post in page.posts]
        world.away.post(world.pete, f"@ada@harrow.example meanwhile {len(found)}")
    found += texts(scan(world, cursor, held=held))
    assert len(found) == len(set(found))
    assert {f"@ada number {number}" for number in range(390)} <= set(found)
    assert sum("meanwhile" in text for text in found) == 12


def test_a_first_scan_looks_back_so_far_and_no_further(world: World) -> None:
    for number in range(450):
        world.away.post(world.pete, f"@ada@harrow.example number {number}")
    held = Held()
    pages = scan(world, held=held)
    assert len(texts(pages)) == 400
    assert texts(scan(world, pages[-1].cursor, held=held)) == []


def test_an_edited_post_is_found_again_as_a_new_version(world: World) -> None:
    status = world.away.post(world.pete, "@ada@harrow.example thank you")
    held = Held()
    before = scan(world, held=held)
    world.away.edit(status, "@ada@harrow.example watch your back", at=NOON + timedelta(hours=1))
    after = scan(world, before[-1].cursor, held=held)
    assert texts(after) == ["@ada watch your back"]
    [again] = [post for page in after for post in page.posts]
    assert again.external_id == before[0].posts[0].external_id
    assert again.version != before[0].posts[0].version


def test_a_server_that_knows_no_min_id_does_not_make_us_read_for_ever(world: World) -> None:
    world.home.knows_min_id = False
    world.away.post(world.pete, "@ada@harrow.example first")
    held = Held()
    first = scan(world, held=held)
    world.away.post(world.pete, "@ada@harrow.example second")
    assert texts(scan(world, first[-1].cursor, held=held)) == ["@ada second"]


def test_hashtags_are_read_back_until_a_whole_page_is_known_even_when_posts_arrive_late(world: World) -> None:
    for number in range(60):
        world.away.post(world.pete, f"number {number} #HarrowCouncil", at=NOON - timedelta(minutes=number))
    held = Held()
    pages = scan(world, held=held, hashtags=("#harrowcouncil",))
    assert len(texts(pages)) == 60
    late = NOON - timedelta(minutes=30, seconds=30)
    world.away.post(world.pete, "an old one that arrived late #harrowcouncil", at=late)
    again = scan(world, pages[-1].cursor, held=held, hashtags=("harrowcouncil",))
    assert texts(again) == ["an old one that arrived late #harrowcouncil"]


def test_the_councillor_s_own_posts_are_left_out(world: World) -> None:
    world.home.post("ada", "My surgery #harrowcouncil")
    assert texts(scan(world, hashtags=("harrowcouncil",))) == []


def test_search_by_name_says_that_finding_nothing_means_nothing(world: World) -> None:
    pages = scan(world, names=("Ada Adeyemi",))
    assert collecting_room.SEARCH_IS_WEAK in pages[-1].notes


def test_without_permission_only_hashtags_are_read_and_a_note_says_so(world: World) -> None:
    assert MASTODON.mentions is not None
    world.away.post(world.pete, "@ada@harrow.example hello")
    world.away.post(world.pete, "roads #harrow")
    subject = world.subject(hashtags=("harrow",), names=("Ada",))
    pages = list(MASTODON.mentions(world.wire, world.access(token=""), subject, "", Held()))
    assert texts(pages) == ["roads #harrow"]
    assert collecting_room.NO_PERMISSION in pages[0].notes


def test_a_withdrawn_permission_asks_for_a_new_one(world: World) -> None:
    assert MASTODON.mentions is not None
    pages = MASTODON.mentions(world.wire, world.access(token="withdrawn"), world.subject(), "", Held())
    with pytest.raises(SignInNeeded, match="connect the account again"):
        list(pages)


def test_too_many_requests_waits_as_long_as_the_iso_time_says(world: World) -> None:
    world.clock[0] = datetime.now(UTC)
    world.home.clock = lambda: datetime.now(UTC)
    world.home_faults.fail(Fault.RATE_LIMITED, path="/notifications")
    with pytest.raises(TryLater) as raised:
        scan(world)
    assert raised.value.rate_limited
    assert raised.value.after is not None
    assert timedelta(minutes=4) < raised.value.after <= timedelta(minutes=5)


def test_newest_servers_and_pasted_links_give_the_same_id(world: World) -> None:
    world.away.numbers_in_uris = True
    status = world.away.post(world.pete, "@ada@harrow.example hi")
    assert "/ap/users/" in status.uri
    [post] = [post for page in scan(world) for post in page.posts]
    assert post.external_id == parse_url(status.url)


@pytest.mark.parametrize("fault", [Fault.MALFORMED, Fault.WRONG_TYPE, Fault.CUT, Fault.UNAVAILABLE])
def test_a_broken_answer_is_one_of_the_four_errors(world: World, fault: Fault) -> None:
    world.away.post(world.pete, "@ada@harrow.example hi")
    world.home_faults.fail(fault, path="/notifications")
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which of the four depends on the fault
        scan(world)
    assert type(raised.value).__module__ == "wire.errors"
