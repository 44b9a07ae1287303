"""Finding posts on Reddit: everything public, once, after any break, and nothing private."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from platforms.reddit import REDDIT, parse_url
from platforms.reddit import collecting as collecting_room
from platforms.reddit.talking import NO_PERMISSION
from tests.platforms.reddit_cast import NOON, Held, Place, World, a_place, notes, scan, texts
from wardkeeper.demo.serving import Fault
from wire.errors import Changed, Refused, SignInNeeded, TryLater, WireError

WATCHED = "r/Harrow"


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with a_place() as answering:
        yield answering


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    with place.world() as running:
        yield running


def test_a_mention_is_found_with_everything_that_is_judged(world: World) -> None:
    own = world.reddit.post(world.ada, "Harrow", "Surgery", "Saturday at 10")
    said = world.reddit.comment(
        world.pete, own, "/u/CllrAda & your <lot> [useless](https://example.org/a?x=1&y=2)\n\nall of you"
    )
    [post] = [post for page in scan(world) for post in page.posts]
    assert post.text == "/u/CllrAda & your <lot> useless\n\nall of you"
    assert (post.external_id, post.author_id, post.author_handle) == (said.name, world.pete.fullname, "pete_77")
    assert (post.parent_id, post.parent_author) == (own.name, world.ada.fullname)
    assert post.parent_text == "Surgery\n\nSaturday at 10"
    assert post.mentioned == (world.ada.fullname,)
    assert post.posted_at == NOON
    assert parse_url(post.url) == post.external_id
    assert json.loads(post.raw)["body"] == said.text


def test_a_post_is_found_by_any_of_the_councillor_s_names_in_one_search(world: World) -> None:
    quoted = world.reddit.post(world.ada, "Harrow", "Surgery", "Saturday at 10")
    world.reddit.post(
        world.pete,
        "HarrowTown",
        "Cllr Adeyemi & co",
        link="https://pictures.example/1.png",
        quotes=quoted,
        captions=("A drawing of a pothole",),
        poll=("Resign", "Resign now"),
    )
    world.reddit.post(world.pete, "Harrow", "Nobody we know", "nothing")
    pages = scan(world, access=world.access(), names=("Ada Adeyemi", 'Cllr "Adeyemi'))
    [post] = [post for page in pages for post in page.posts]
    assert post.text == "Cllr Adeyemi & co\n\nResign\n\nResign now\n\nhttps://pictures.example/1.png"
    assert (post.alt_texts, post.quoted_author) == (("A drawing of a pothole",), world.ada.fullname)
    assert post.quoted_text == "Surgery\n\nSaturday at 10"
    assert collecting_room.SEARCH_IS_WEAK in notes(pages)
    assert collecting_room.NOT_CONNECTED in notes(pages)


def test_watched_communities_are_read_posts_and_comments(world: World) -> None:
    world.reddit.comment(world.pete, world.thread, "a comment that names u/cllrada in passing")
    world.reddit.post(world.pete, "HarrowTown", "elsewhere")
    pages = scan(world, access=replace(world.access(), address="r/harrow, https://x.example harrow"))
    [comment, post] = sorted((post for page in pages for post in page.posts), key=lambda post: post.external_id)
    assert (comment.text, comment.mentioned) == ("a comment that names u/cllrada in passing", (world.ada.fullname,))
    assert post.text == "Bins again\n\nLate in three wards"


def test_private_messages_and_what_is_not_public_are_never_kept(world: World) -> None:
    world.reddit.write_to(world.ada, world.pete, "a secret to u/CllrAda")
    world.reddit.add_community("Closed")
    hidden = world.reddit.post(world.ada, "Closed", "in private")
    world.reddit.comment(world.pete, hidden, "an answer in private")
    world.reddit.communities["closed"].closed = "private"
    world.reddit.comment(world.pete, world.thread, "u/CllrAda in public")
    pages = scan(world)
    assert texts(pages) == ["u/CllrAda in public"]
    assert not any(b"private" in post.raw or b"secret" in post.raw for page in pages for post in page.posts)
    assert all(message.new for message in world.reddit.messages), "the councillor's messages must stay unread"


def test_what_was_taken_away_before_we_came_is_not_kept_and_own_words_neither(world: World) -> None:
    for by in ("deleted", "moderator", "anti_evil_ops"):
        world.reddit.comment(world.pete, world.thread, f"u/CllrAda {by}").removed_by = by
    removed = world.reddit.comment(world.pete, world.thread, "context that is gone")
    world.reddit.comment(world.pete, removed, "u/CllrAda see above")
    world.reddit.remove(removed)
    world.reddit.comment(world.ada, world.thread, "my own words to u/pete_77")
    [post] = [
        post for page in scan(world, access=world.access(world.ada, watching="HarrowTown")) for post in page.posts
    ]
    assert (post.text, post.parent_text) == ("u/CllrAda see above", "")


def test_every_page_is_read_once_though_pages_overlap_and_neighbours_change_places(world: World) -> None:
    world.reddit.overlap, world.reddit.jumbled = 7, True
    held = Held()
    first = scan(world, held=held, access=world.access(watching=WATCHED))
    for number in range(330):
        world.reddit.comment(world.pete, world.thread, f"number {number}", at=NOON + timedelta(seconds=number))
    second = scan(world, first[-1].cursor, held=held, access=world.access(watching=WATCHED))
    assert sorted(texts(second)) == sorted(f"number {number}" for number in range(330))
    requests = world.reddit.clients[world.client.client_id].used
    assert texts(scan(world, second[-1].cursor, held=held, access=world.access(watching=WATCHED))) == []
    assert world.reddit.clients[world.client.client_id].used - requests == 2


def test_a_scan_that_breaks_off_is_taken_up_again_without_a_gap(world: World) -> None:
    assert REDDIT.mentions is not None
    access, held = world.access(watching=WATCHED), Held()
    cursor, found = scan(world, held=held, access=access)[-1].cursor, list[str]()
    for number in range(330):
        world.reddit.comment(world.pete, world.thread, f"number {number}", at=NOON + timedelta(minutes=number))
    for stopped in range(1, 4):
        pages = REDDIT.mentions(world.wire, access, world.subject(), cursor, held)
        for _ in range(stopped):
            page = held.fresh(next(pages))
            cursor, found = page.cursor, found + [post.text for post in page.posts]
        # and then the process dies
        late = NOON + timedelta(hours=9, minutes=stopped)
        world.reddit.comment(world.pete, world.thread, f"meanwhile {stopped}", at=late)
        world.reddit.remove(world.reddit.items[-40 * stopped])
    found += texts(scan(world, cursor, held=held, access=access))
    assert len(found) == len(set(found))
    wanted = {item.text for item in world.reddit.items if item.parent is not None and not item.removed_by}
    assert wanted <= set(found)


def test_a_page_whose_last_entry_is_removed_meanwhile_does_not_end_the_reading(world: World) -> None:
    assert REDDIT.mentions is not None
    for number in range(150):
        world.reddit.comment(world.pete, world.thread, f"number {number}", at=NOON - timedelta(minutes=number + 1))
    pages = REDDIT.mentions(world.wire, world.access(watching=WATCHED), world.subject(), "", Held())
    found = [texts([next(pages)]), texts([next(pages)])][1]
    assert len(found) == 100
    removed = next(item for item in world.reddit.items if item.text == found[-1])
    world.reddit.remove(removed)
    found += texts(list(pages))
    assert {f"number {number}" for number in range(150)} == set(found)


def test_a_place_that_is_lost_altogether_leaves_the_mark_where_it_was(world: World) -> None:
    assert REDDIT.mentions is not None
    access, held = world.access(watching=WATCHED), Held()
    cursor = scan(world, held=held, access=access)[-1].cursor
    for number in range(150):
        world.reddit.comment(world.pete, world.thread, f"number {number}", at=NOON + timedelta(minutes=number))
    pages = REDDIT.mentions(world.wire, access, world.subject(), cursor, held)
    found = texts([held.fresh(next(pages)), held.fresh(page := next(pages))])
    for item in [item for item in world.reddit.items if item.text in found[-4:]]:
        world.reddit.remove(item)
    with pytest.raises(TryLater, match="lost our place"):
        next(pages)
    found += texts(scan(world, page.cursor, held=held, access=access))
    assert sorted(found) == sorted(f"number {number}" for number in range(150))


def test_a_first_scan_looks_back_so_far_and_a_later_one_says_what_it_missed(world: World) -> None:
    for number in range(520):
        world.reddit.comment(world.pete, world.thread, f"early {number}", at=NOON - timedelta(minutes=number + 1))
    access, held = world.access(watching=WATCHED), Held()
    first = scan(world, held=held, access=access)
    assert len(texts(first)) == 501
    for number in range(1100):
        world.reddit.comment(world.pete, world.thread, f"late {number}", at=NOON + timedelta(minutes=number))
    second = scan(world, first[-1].cursor, held=held, access=access)
    assert len(texts(second)) == 1000
    assert [note for note in notes(second) if "the oldest was missed" in note and "r/harrow" in note]
    assert not [note for note in notes(first) if "missed" in note]


def test_edits_are_found_again_as_new_versions(world: World) -> None:
    comment = world.reddit.comment(world.pete, world.thread, "u/CllrAda thank you")
    held = Held()
    before = scan(world, held=held)
    world.reddit.edit(comment, "u/CllrAda watch your back", at=NOON + timedelta(hours=1))
    [again] = [post for page in scan(world, before[-1].cursor, held=held) for post in page.posts]
    assert again.text == "u/CllrAda watch your back"
    assert again.version == str(int((NOON + timedelta(hours=1)).timestamp()))


def test_a_deleted_account_s_words_are_still_found(world: World) -> None:
    world.reddit.comment(world.pete, world.thread, "u/CllrAda resign")
    world.pete.deleted = True
    [post] = [post for page in scan(world) for post in page.posts]
    assert (post.author_id, post.author_handle) == ("", "[deleted]")


def test_without_permission_on_file_nothing_is_asked(world: World) -> None:
    [page] = scan(world, "kept", access=world.access(world.ada, permission_on_file=False))
    assert (page.posts, page.cursor, page.notes) == ((), "kept", (NO_PERMISSION,))
    assert world.reddit.user_agents == []


@pytest.mark.parametrize(
    "changes", [{"application": None}, {"addresses": {}}, {"addresses": {"api": "https://api.example"}}]
)
def test_what_is_missing_in_the_settings_is_said(world: World, changes: dict[str, object]) -> None:
    with pytest.raises(Refused, match="settings"):
        scan(world, access=replace(world.access(), **changes))  # type: ignore[arg-type]


def test_a_closed_community_stops_no_other_and_all_closed_is_a_failure(world: World) -> None:
    world.reddit.communities["harrowtown"].closed = "private"
    pages = scan(world, access=world.access(watching="HarrowTown nosuchplace Harrow"))
    assert texts(pages) == ["Bins again\n\nLate in three wards"]
    assert "Reddit: r/harrowtown cannot be read (private)." in notes(pages)
    assert "Reddit: r/nosuchplace cannot be read (404)." in notes(pages)
    with pytest.raises(Refused):
        scan(world, access=world.access(watching="HarrowTown"))


def test_nothing_to_read_is_said(world: World) -> None:
    assert collecting_room.NOTHING_TO_READ in notes(scan(world, access=world.access()))


def test_every_request_says_who_asks_and_a_nameless_one_would_be_throttled(world: World) -> None:
    scan(world, access=world.access(world.ada, watching=WATCHED), names=("Ada",))
    assert set(world.reddit.user_agents) == {f"server:{world.client.client_id}:wardkeeper-1 (by /u/harrow_council)"}
    with pytest.raises(TryLater) as raised:
        world.wire.get(world.reddit.base + "/api/v1/me")
    assert raised.value.rate_limited


def test_an_expired_token_is_renewed_and_kept_between_scans(world: World) -> None:
    world.reddit.comment(world.pete, world.thread, "u/CllrAda today")
    access, held = world.access(world.ada), Held()
    pages = scan(world, access=access, held=held)
    tokens = set(world.reddit.tokens)
    assert len(tokens) == 2, "one of the application, one of the account"
    access = replace(access, session=pages[-1].session)
    scan(world, pages[-1].cursor, access=access, held=held)
    assert set(world.reddit.tokens) == tokens
    world.clock[0] = NOON + timedelta(hours=25)
    world.reddit.comment(world.pete, world.thread, "u/CllrAda tomorrow")
    assert texts(scan(world, pages[-1].cursor, access=access, held=held)) == ["u/CllrAda tomorrow"]
    assert len(world.reddit.tokens) == 4


def test_a_new_refresh_token_replaces_the_old_one(world: World) -> None:
    world.reddit.rotates = True
    access = world.access(world.ada)
    pages = scan(world, access=access)
    world.clock[0] = NOON + timedelta(hours=25)
    assert scan(world, access=replace(access, session=pages[-1].session))
    with pytest.raises(SignInNeeded):
        scan(world, access=access)


def test_a_withdrawn_permission_asks_for_a_new_one_after_the_rest_was_read(world: World) -> None:
    assert REDDIT.mentions is not None
    access = world.access(world.ada, watching=WATCHED)
    world.reddit.refresh_tokens.clear()
    found: list[str] = []
    pages = REDDIT.mentions(world.wire, access, world.subject(), "", Held())
    with pytest.raises(SignInNeeded, match="connect the account again"):
        found.extend(text for page in pages for text in texts([page]))
    assert found == ["Bins again\n\nLate in three wards"]


def test_an_unknown_application_is_a_matter_for_the_settings(world: World) -> None:
    wrong = replace(world.application, client_secret="wrong")
    with pytest.raises(SignInNeeded, match="in the settings"):
        scan(world, access=world.access(watching=WATCHED, application=wrong))


def test_too_many_requests_waits_until_the_window_ends(world: World) -> None:
    world.faults.fail(Fault.RATE_LIMITED, path="/comments")
    with pytest.raises(TryLater) as raised:
        scan(world, access=world.access(watching=WATCHED))
    assert raised.value.rate_limited
    assert raised.value.after == timedelta(seconds=597)


def test_the_allowance_is_shown_and_never_used_up(world: World) -> None:
    pages = scan(world, access=world.access(watching=WATCHED))
    [allowance] = pages[-1].spent
    assert (allowance.what, allowance.limit) == ("requests", 1000)
    world.reddit.allowance = world.client.used + 4
    with pytest.raises(TryLater) as raised:
        scan(world, access=world.access(world.ada, watching=WATCHED))
    assert raised.value.rate_limited
    assert raised.value.after is not None
    assert timedelta(0) < raised.value.after <= timedelta(minutes=10)
    assert world.client.used <= world.reddit.allowance - 2


@pytest.mark.parametrize("fault", [Fault.MALFORMED, Fault.WRONG_TYPE, Fault.CUT, Fault.UNAVAILABLE])
def test_a_broken_answer_is_one_of_the_four_errors_and_leaves_no_gap(world: World, fault: Fault) -> None:
    held = Held()
    cursor = scan(world, held=held)[-1].cursor
    world.reddit.comment(world.pete, world.thread, "u/CllrAda hi")
    world.faults.fail(fault, path="/api/info", times=2)
    with pytest.raises(WireError) as raised:
        scan(world, cursor, held=held)
    assert isinstance(raised.value, Changed | TryLater)
    assert "CllrAda" not in str(raised.value)
    world.faults.clear()
    assert texts(scan(world, cursor, held=held)) == ["u/CllrAda hi"]


@pytest.mark.parametrize("cursor", ["x", "[]", '{"marks": 3}', '{"marks": {"mentions": [3, "t9_x"]}}', "[" * 5000])
def test_a_cursor_that_cannot_be_read_means_starting_afresh(world: World, cursor: str) -> None:
    world.reddit.comment(world.pete, world.thread, "u/CllrAda hi")
    assert texts(scan(world, cursor)) == ["u/CllrAda hi"]


def test_the_cursor_holds_no_name(world: World) -> None:
    cursor = scan(world, names=("Ada Adeyemi",))[-1].cursor
    assert "Adeyemi" not in cursor
    assert "Ada" not in cursor
