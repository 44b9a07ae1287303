"""Finding posts on X: only with permission, everything public once, after any break, and never beyond the budget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from platforms.shape import Subject
from platforms.x import X, collecting, parse_url
from platforms.x.talking import NO_PERMISSION
from tests.platforms.x_cast import NOON, Held, World, a_world, granted, notes, scan, texts
from wardkeeper.demo.serving import Fault
from wire.errors import Changed, Refused, SignInNeeded, TryLater

NAMES = ("Ada Adeyemi", "Cllr Adeyemi")


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as running:
        yield running


def test_without_permission_on_file_nothing_is_asked_and_a_note_says_so(world: World) -> None:
    world.network.post("pete", "@CllrAda hello")
    [page] = scan(world, "kept", access=world.access(permitted=False))
    assert (page.posts, page.notes, page.cursor) == ((), (NO_PERMISSION,), "kept")
    assert world.network.used == {}
    assert "Enterprise" in X.needs_permission


@pytest.mark.parametrize("spelling", ["tweet", "post"])
def test_a_reply_is_read_whole_in_both_spellings(world: World, spelling: str) -> None:
    world.network.takes = world.network.speaks = spelling
    asked = world.network.post("CllrAda", "Surgery on Saturday")
    quoted = world.network.post("CllrAda", "The library stays open")
    long = "you & your lot <useless> " * 15
    world.network.post(
        "pete",
        f"@CllrAda {long}https://t.co/abc",
        reply_to=asked,
        quote=quoted,
        alt=("A drawing of a pothole",),
        links=(("https://t.co/abc", "https://example.org/long?a=1"),),
    )
    [post] = [post for page in scan(world) for post in page.posts]
    assert post.text == f"{long}https://example.org/long?a=1"
    assert post.alt_texts == ("A drawing of a pothole",)
    assert (post.author_id, post.author_handle, post.author_name) == (world.pete.user_id, "pete", "Pete")
    assert post.mentioned == (world.ada.user_id,)
    assert (post.parent_author, post.parent_text) == (world.ada.user_id, "Surgery on Saturday")
    assert (post.quoted_author, post.quoted_text) == (world.ada.user_id, "The library stays open")
    assert (post.parent_id, post.language, post.posted_at) == (asked.number, "en", NOON)
    assert parse_url(post.url) == post.external_id == post.version
    assert "pete" in post.url
    assert json.loads(post.raw)["id"] == post.version


def test_the_spelling_that_was_taken_is_remembered(world: World) -> None:
    world.network.takes = world.network.speaks = "post"
    first = scan(world)
    asked = world.network.used[world.token, "mentions"][1]
    scan(world, first[-1].cursor)
    assert asked == 2
    assert world.network.used[world.token, "mentions"][1] == 3


def test_names_hashtags_and_the_handle_are_searched_and_a_post_found_twice_counts_once(world: World) -> None:
    for text in ("Ada Adeyemi is wrong", "cllr  adeyemi out", "roads #HarrowRoads", "@CllrAda hello", "nothing here"):
        world.network.post("pete", text)
    world.network.post("CllrAda", "My own #HarrowRoads")
    world.network.post("pete", "RT", repost_of=world.network.posts[0])
    found = texts(scan(world, names=NAMES, hashtags=("#HarrowRoads",)))
    assert sorted(found) == ["@CllrAda hello", "Ada Adeyemi is wrong", "cllr  adeyemi out", "roads #HarrowRoads"]


def test_without_the_account_s_number_only_searches_are_read_and_a_note_says_so(world: World) -> None:
    world.network.post("pete", "@CllrAda hello")
    subject = replace(world.subject(), stable_id="")
    pages = list(collecting.mentions(world.wire, world.access(), subject, "", Held(), clock=lambda: world.clock[0]))
    assert texts(pages) == ["@CllrAda hello"]
    assert collecting.NO_NUMBER in notes(pages)
    assert (world.token, "mentions") not in world.network.used


def test_searches_stay_within_what_x_takes() -> None:
    many = tuple(f"Councillor With A Rather Long Name {number}" for number in range(60))
    found = collecting.queries(
        Subject(handle="@CllrAda", names=(*many, "x" * 600, 'a"b\\c', " "), hashtags=("#Bins!",))
    )
    assert len(found) > 4
    assert all(len(query) <= collecting.LONGEST_QUERY for query in found)
    assert all(query.endswith(" -is:retweet -from:CllrAda") for query in found)
    together = " ".join(found)
    assert all(f'"{name}"' in together for name in many)
    assert '"a b c"' in together
    assert "#Bins)" in together
    assert "xxx" not in together
    assert collecting.queries(Subject()) == []


def test_protected_people_s_posts_and_reposts_are_never_kept(world: World) -> None:
    world.network.post("pete", "@CllrAda in public")
    hidden = world.network.add_person("quinn")
    answered = world.network.post(hidden, "for followers only")
    world.network.post("pete", "@CllrAda look", reply_to=answered)
    world.network.post(hidden, "@CllrAda to followers")
    world.network.post("pete", "@CllrAda RT", repost_of=world.network.posts[0])
    hidden.protected = True
    hidden.followers.add("CllrAda")
    pages = scan(world, access=world.access(secret=granted(world)))
    assert sorted(texts(pages)) == ["@CllrAda in public", "look"]
    assert not any(b"followers" in post.raw or post.parent_text for page in pages for post in page.posts)


def test_every_page_is_read_once_to_the_end_under_duplicates_and_disorder(world: World) -> None:
    world.network.repeats = world.network.shuffles = True
    held = Held()
    first = scan(world, held=held)
    for number in range(430):
        world.network.post("pete", f"@CllrAda number {number}", at=NOON + timedelta(seconds=number))
    world.pass_time(timedelta(hours=1))
    second = scan(world, first[-1].cursor, held=held)
    assert sorted(texts(second)) == sorted(f"@CllrAda number {number}" for number in range(430))
    assert texts(scan(world, second[-1].cursor, held=held)) == []


def test_a_scan_that_dies_after_any_page_goes_on_at_that_page(world: World) -> None:
    held, found = Held(), []
    world.network.post("pete", "@CllrAda first")
    cursor = scan(world, held=held)[-1].cursor
    for number in range(350):
        world.network.post("pete", f"@CllrAda number {number}")
    for meanwhile in range(4):
        pages = collecting.mentions(world.wire, world.access(), world.subject(), cursor, held)
        page = held.fresh(next(pages))  # and then the process dies
        cursor = page.cursor
        found += [post.text for post in page.posts]
        world.network.post("pete", f"@CllrAda meanwhile {meanwhile}")
    for _ in range(2):
        pages_left = scan(world, cursor, held=held)
        cursor = pages_left[-1].cursor
        found += texts(pages_left)
    assert len(found) == len(set(found))
    assert set(found) == {f"@CllrAda number {n}" for n in range(350)} | {f"@CllrAda meanwhile {n}" for n in range(4)}


def test_a_mark_that_is_no_longer_taken_starts_the_list_again_without_a_gap(world: World) -> None:
    held = Held()
    cursor = scan(world, held=held)[-1].cursor
    for number in range(150):
        world.network.post("pete", f"@CllrAda number {number}")
    pages = collecting.mentions(world.wire, world.access(), world.subject(), cursor, held)
    page = held.fresh(next(pages))
    world.network.forgets_marks = True
    with pytest.raises(Refused):  # the second page of this scan is refused as well
        scan(world, page.cursor, held=held)
    world.network.forgets_marks = False
    again = scan(world, page.cursor, held=held)
    assert len(held.pairs) == 150
    assert len(texts(again)) == 50


def test_a_mention_that_x_files_late_is_found_by_the_overlap(world: World) -> None:
    late = NOON + timedelta(minutes=20)
    world.network.post("pete", "@CllrAda filed late", at=NOON - timedelta(minutes=5), filed_at=late)
    world.network.post("pete", "@CllrAda on time")
    held = Held()
    first = scan(world, held=held)
    world.clock[0] = late
    assert texts(first) == ["@CllrAda on time"]
    assert texts(scan(world, first[-1].cursor, held=held)) == ["@CllrAda filed late"]


def test_a_first_scan_looks_back_so_far_and_no_further(world: World) -> None:
    for number in range(250):
        world.network.post("pete", f"@CllrAda number {number}", at=NOON - timedelta(minutes=number))
    held = Held()
    pages = scan(world, held=held)
    assert len(texts(pages)) == 200
    assert texts(scan(world, pages[-1].cursor, held=held)) == []


def test_after_more_than_a_week_the_search_starts_again_and_names_the_gap(world: World) -> None:
    held = Held()
    world.network.post("pete", "Ada Adeyemi, long ago")
    first = scan(world, held=held, names=NAMES)
    world.pass_time(timedelta(days=20))
    for number in range(230):
        world.network.post("pete", f"Ada Adeyemi, number {number}")
    second = scan(world, first[-1].cursor, held=held, names=NAMES)
    assert len(texts(second)) == 230
    assert collecting.GAP in notes(second)
    assert collecting.GAP not in notes(scan(world, second[-1].cursor, held=held, names=NAMES))


def test_an_edited_post_is_a_new_version_and_a_deleted_one_is_not_found_again(world: World) -> None:
    post = world.network.post("pete", "@CllrAda thank you")
    gone = world.network.post("pete", "@CllrAda soon gone")
    held = Held()
    before = scan(world, held=held)
    world.pass_time(timedelta(minutes=10))
    world.network.edit(post, "@CllrAda watch your back")
    world.network.remove(gone)
    [again] = [found for page in scan(world, before[-1].cursor, held=held) for found in page.posts]
    assert again.text == "@CllrAda watch your back"
    assert again.external_id == post.numbers[0]
    assert again.version == post.numbers[1] != again.external_id


def test_a_day_s_share_is_never_exceeded_and_the_next_day_goes_on(world: World) -> None:
    held = Held()
    access = replace(world.access(), budget={"posts": 130})
    first = scan(world, held=held, access=access)
    for number in range(300):
        world.network.post("pete", f"@CllrAda number {number}")
    second = scan(world, first[-1].cursor, held=held, access=access)
    third = scan(world, second[-1].cursor, held=held, access=access)
    assert world.network.posts_read == 130
    assert collecting.BUDGET_USED_UP in notes(third)
    [share] = [each for each in third[-1].spent if each.what == "posts"]
    assert (share.spent, share.limit, share.renews_at) == (130, 130, NOON.replace(hour=0) + timedelta(days=1))
    cursor = third[-1].cursor
    for _ in range(3):
        world.pass_time(timedelta(days=1))
        cursor = scan(world, cursor, held=held, access=access)[-1].cursor
    assert len(held.pairs) == 300


def test_requests_that_x_counts_are_shown_and_never_used_beyond_the_last(world: World) -> None:
    world.network.limits["mentions"] = 2
    held = Held()
    cursor = scan(world, held=held)[-1].cursor
    for number in range(350):
        world.network.post("pete", f"@CllrAda number {number}")
    pages = scan(world, cursor, held=held)
    assert collecting.MORE_WAITS in notes(pages)
    assert world.network.used[world.token, "mentions"][1] == 2
    assert ("requests for mentions", 2, 2) in {(each.what, each.spent, each.limit) for each in pages[-1].spent}
    world.pass_time(timedelta(minutes=16))
    world.network.limits["mentions"] = 9
    scan(world, pages[-1].cursor, held=held)
    assert len(held.pairs) == 350


@pytest.mark.parametrize("old_words", [False, True])
def test_too_many_requests_waits_as_long_as_the_epoch_says(world: World, old_words: bool) -> None:
    real = datetime.now(NOON.tzinfo)
    world.network.clock = lambda: real
    world.network.old_limit_words = old_words
    world.network.limits["mentions"] = 0
    with pytest.raises(TryLater) as raised:
        scan(world)
    assert raised.value.rate_limited
    assert raised.value.after is not None
    assert timedelta(minutes=13) < raised.value.after <= timedelta(minutes=15)


def test_money_plan_and_credential_are_told_apart(world: World) -> None:
    world.network.credit = 0
    with pytest.raises(Refused, match="credit with X is used up"):
        scan(world)
    world.network.credit, world.network.enrolled = None, False
    with pytest.raises(Refused, match="plan does not cover it"):
        scan(world)
    world.network.app_tokens.clear()
    with pytest.raises(SignInNeeded):
        scan(world)
    with pytest.raises(SignInNeeded):
        scan(world, access=replace(world.access(), application=None))


def test_a_suspended_councillor_is_named_as_such(world: World) -> None:
    world.ada.suspended = True
    with pytest.raises(Refused, match="suspended"):
        scan(world)


def test_a_part_that_cannot_be_shown_does_not_spoil_the_page(world: World) -> None:
    quoted = world.network.post("pete", "gone soon")
    world.network.post("pete", "@CllrAda look", quote=quoted)
    world.network.remove(quoted)
    [post] = [post for page in scan(world) for post in page.posts]
    assert (post.text, post.quoted_text) == ("@CllrAda look", "")


def test_a_token_that_has_run_out_is_renewed_and_kept_before_anything_else_happens(world: World) -> None:
    access = world.access(secret=granted(world))
    world.network.post("pete", "@CllrAda hello")
    world.pass_time(timedelta(hours=3))
    pages = collecting.mentions(world.wire, access, world.subject(), "", Held())
    first = next(pages)  # and then the process dies, or X stops answering
    assert first.session
    assert "access" in json.loads(first.session)
    renewed = replace(access, session=first.session)
    assert texts(scan(world, first.cursor, access=renewed)) == ["@CllrAda hello"]
    with pytest.raises(SignInNeeded, match="agree once more"):
        scan(world, access=access)  # the older tokens are worth nothing


def test_tokens_of_an_earlier_permission_are_not_used(world: World) -> None:
    old = world.access(secret=granted(world))
    world.pass_time(timedelta(hours=3))
    kept = next(collecting.mentions(world.wire, old, world.subject(), "", Held())).session
    anew = world.access(secret=granted(world), session=kept)
    world.network.user_tokens = {
        token: each for token, each in world.network.user_tokens.items() if token in anew.secret
    }
    assert scan(world, access=anew)


def test_a_wrong_secret_of_ours_does_not_end_the_owner_s_permission(world: World) -> None:
    access = world.access(secret=granted(world))
    world.pass_time(timedelta(hours=3))
    world.network.clients["client-of-the-council"].client_secret = "changed"
    with pytest.raises(Refused, match="council's application"):
        scan(world, access=access)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.MALFORMED, Changed),
        (Fault.WRONG_TYPE, Changed),
        (Fault.CUT, TryLater),
        (Fault.UNAVAILABLE, TryLater),
        (Fault.ERROR, TryLater),
        (Fault.RATE_LIMITED, TryLater),
    ],
)
def test_a_fault_loses_nothing(world: World, fault: Fault, error: type[Exception]) -> None:
    held = Held()
    cursor = scan(world, held=held)[-1].cursor
    world.network.post("pete", "@CllrAda hello")
    world.faults.fail(fault, path="/mentions", times=1)
    with pytest.raises(error):
        scan(world, cursor, held=held)
    assert texts(scan(world, cursor, held=held)) == ["@CllrAda hello"]


def test_a_number_whose_time_cannot_be_true_moves_nothing_forward(world: World) -> None:
    odd = world.network.post("pete", "@CllrAda from the future")
    odd.numbers = [str(2**62)]
    held = Held()
    cursor = scan(world, held=held)[-1].cursor
    world.network.posts.remove(odd)
    world.pass_time(timedelta(hours=1))
    world.network.post("pete", "@CllrAda hello")
    assert texts(scan(world, cursor, held=held)) == ["@CllrAda hello"]
