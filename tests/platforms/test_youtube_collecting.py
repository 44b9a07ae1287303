"""Finding comments and videos on YouTube: everything public, once, after any break, and never beyond the budget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from platforms.shape import Application
from platforms.youtube import collecting, parse_url, searching
from platforms.youtube.talking import Secret
from tests.platforms.youtube_cast import NOON, World, a_world, source
from wardkeeper.demo.serving import Fault
from wardkeeper.demo.youtube.site import READONLY
from wire.errors import Changed, SignInNeeded, TryLater


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as running:
        yield running


def test_a_comment_is_found_with_everything_that_is_judged(world: World) -> None:
    comment = world.site.comment(world.pete, world.bins, "You & your lot > useless\nall of <you>")
    world.site.comment(world.site.add_channel("quinn"), world.bins, "hear hear", reply_to=comment)
    own = source(world)
    posts = [post for page in own.pages() for post in page.posts]
    top, answer = sorted(posts, key=lambda each: len(each.external_id))
    assert top.text == "You & your lot > useless\nall of <you>"
    assert (top.author_id, top.author_handle) == (world.pete.channel_id, "pete")
    assert (top.parent_author, top.parent_id, top.posted_at) == (world.ada.channel_id, world.bins.video_id, NOON)
    assert parse_url(top.url) == top.external_id
    assert parse_url(answer.url) == answer.external_id
    assert (answer.parent_text, answer.parent_author) == (top.text, world.pete.channel_id)
    assert answer.mentioned == (world.ada.channel_id,)
    assert json.loads(top.raw)["id"] == top.external_id


def test_every_answer_of_a_long_conversation_is_read_though_few_come_along(world: World) -> None:
    thread = world.site.comment(world.pete, world.bins, "top")
    for number in range(130):
        world.site.comment(world.pete, world.bins, f"answer {number}", reply_to=thread, at=world.now(number))
    own = source(world)
    assert sorted(own.scan()) == sorted(["top", *(f"answer {number}" for number in range(130))])
    world.pass_time(timedelta(hours=1))
    spent = world.site.used("units")
    assert own.scan() == []
    assert world.site.used("units") == spent + 1, "an unchanged conversation is not read again"
    world.site.comment(world.pete, world.bins, "a late answer", reply_to=thread)
    assert own.scan() == ["a late answer"]


def test_an_answer_below_a_conversation_that_everybody_knows_is_noticed(world: World) -> None:
    threads = world.comments(150)
    own = source(world)
    own.scan()
    world.site.comment(world.pete, world.bins, "late", reply_to=threads[140])
    assert own.scan() == ["late"]


def test_an_edit_is_a_new_version(world: World) -> None:
    comment = world.site.comment(world.pete, world.bins, "thank you")
    own = source(world)
    own.scan()
    world.site.edit(comment, "watch your back", at=NOON + timedelta(minutes=5))
    assert own.scan() == ["watch your back"]


def test_a_first_scan_looks_back_so_far_and_the_next_read_what_is_new(world: World) -> None:
    world.comments(520)
    own = source(world)
    assert len(own.scan()) == 500
    assert own.scan() == []
    world.clock[0] += timedelta(days=1)
    world.comments(130, words="later")
    assert len(own.scan()) == 130


@pytest.mark.parametrize("disorder", ["reversed_pages", "repeats"])
def test_disorder_loses_and_doubles_nothing(world: World, disorder: str) -> None:
    setattr(world.site, disorder, True)
    world.comments(150)
    own = source(world)
    found = own.scan()
    assert sorted(found) == sorted(f"number {number}" for number in range(150))
    assert own.scan() == []


def test_a_scan_that_breaks_off_goes_on_where_its_last_stored_page_ended(world: World) -> None:
    threads = world.comments(160)
    for thread in threads[:3]:
        for number in range(9):
            world.site.comment(world.pete, world.bins, f"answer {number} to {thread.text}", reply_to=thread)
    own, found = source(world), []
    for broken in range(14):
        for number, page in enumerate(own.pages()):
            found += own.keep(page)
            if number == broken % 3 + 1:
                break  # and then the process dies
        world.site.comment(world.pete, world.bins, f"meanwhile {broken}")
    found += own.scan()
    assert len(found) == len(set(found))
    assert {f"number {number}" for number in range(160)} <= set(found)
    assert sum("answer" in text for text in found) == 27
    assert sum("meanwhile" in text for text in found) == 14


def test_a_place_that_lapsed_is_made_good_from_the_top(world: World) -> None:
    world.comments(10)
    own = source(world)
    own.scan()
    world.clock[0] += timedelta(days=1)
    world.comments(350, words="later")
    found: list[str] = []
    for number, page in enumerate(own.pages()):
        found += own.keep(page)
        if number == 2:
            break
    assert len(found) == 200
    world.site.forget_places()
    found += own.scan()
    assert sorted(found) == sorted(f"later {number}" for number in range(350))
    assert own.scan() == []


def test_chosen_videos_and_channels_are_read_and_odd_addresses_named(world: World) -> None:
    news = world.site.add_channel("localnews")
    report = world.site.publish(news, "Council news")
    other = world.site.publish(world.site.add_channel("somebody"), "Elsewhere")
    world.site.comment(world.pete, report, "under the news")
    world.site.comment(world.pete, other, "under a chosen video")
    chosen = f"https://www.youtube.com/@localnews, https://youtu.be/{other.video_id}\nhttps://example.org/x"
    own = source(world, address=chosen)
    assert sorted(own.scan()) == ["under a chosen video", "under the news"]
    assert collecting.NOT_A_PLACE in own.notes


def test_comments_turned_off_or_a_video_gone_stop_nothing_else(world: World) -> None:
    off, gone = world.site.publish(world.council, "off"), world.site.publish(world.council, "gone")
    off.comments_off, gone.removed = True, True
    world.site.comment(world.pete, world.bins, "still found")
    own = source(world, address=f"https://youtu.be/{off.video_id} https://youtu.be/{gone.video_id}")
    assert own.scan() == ["still found"]
    assert {collecting.COMMENTS_OFF, collecting.NOT_THERE} <= set(own.notes)


def test_the_councillor_s_own_comments_and_held_ones_are_left_out(world: World) -> None:
    world.site.comment(world.ada, world.bins, "my own")
    world.site.comment(world.pete, world.bins, "held").moderation = "heldForReview"
    assert source(world).scan() == []


def test_a_deleted_conversation_while_its_answers_are_read_stops_nothing(world: World) -> None:
    thread = world.site.comment(world.pete, world.bins, "top")
    for number in range(9):
        world.site.comment(world.pete, world.bins, f"answer {number}", reply_to=thread)
    own, found = source(world), []
    for page in own.pages():
        found += own.keep(page)
        thread.removed = thread.removed or bool(page.posts)
    assert "top" in found
    assert not own.unreadable


def test_videos_that_name_them_are_searched_once_a_day_in_one_call(world: World) -> None:
    subject = world.subject(names=("Cllr Adeyemi", "Ada Adeyemi"), hashtags=("aldermere",))
    hunter = world.site.add_channel("hunter")
    world.site.publish(hunter, "Cllr Adeyemi & friends", "What she won't tell you: " + "a long story " * 9)
    own = source(world, subject=subject)
    [text] = own.scan()
    assert text.startswith("Cllr Adeyemi & friends\n\nWhat she won't")
    assert text.endswith("a long story")
    world.site.publish(hunter, "More #aldermere")
    assert own.scan() == []
    assert world.site.used("searches") == 1
    world.pass_time(timedelta(days=1))
    assert own.scan() == ["More #aldermere"]


def test_without_searches_left_comments_are_read_all_the_same_and_a_note_says_so(world: World) -> None:
    world.site.allowed["searches"] = 0
    world.site.comment(world.pete, world.bins, "hello")
    own = source(world, subject=world.subject(names=("Ada Adeyemi",)))
    assert own.scan() == ["hello"]
    assert searching.NO_SEARCHES_LEFT in own.notes
    calls = world.site.calls.count("/youtube/v3/search")
    own.scan()
    assert world.site.calls.count("/youtube/v3/search") == calls, "a spent quota is not asked for again that day"


def test_the_budget_is_shown_and_never_exceeded_even_when_the_process_dies(world: World) -> None:
    world.comments(450)
    own = source(world, budget={"units": 12, "searches": 1}, subject=world.subject(names=("Ada",)))
    for _ in range(20):
        with suppress(TryLater):
            for number, page in enumerate(own.pages()):
                own.keep(page)
                assert {each.what: each.limit for each in page.spent} == {"units": 12, "searches": 1}
                if number == 1:
                    break
    assert world.site.used("units") <= 12
    assert world.site.used("searches") <= 1
    with pytest.raises(TryLater, match="budget") as raised:
        own.scan()
    assert raised.value.after == timedelta(hours=20), "noon in winter is 20 hours before midnight in California"
    world.pass_time(timedelta(hours=20))
    assert len(own.scan()) > 0


def test_the_units_that_are_shown_are_those_that_were_counted_there(world: World) -> None:
    world.comments(130)
    own = source(world, subject=world.subject(names=("Ada",)))
    own.scan()
    assert own.last is not None
    shown = {each.what: (each.spent, each.limit) for each in own.last.spent}
    assert shown == {"units": (world.site.used("units"), 500), "searches": (1, 5)}


def test_a_quota_that_others_spent_waits_until_it_renews(world: World) -> None:
    world.site.allowed["units"] = 0
    own = source(world)
    with pytest.raises(TryLater, match="used up") as raised:
        own.scan()
    assert raised.value.rate_limited
    assert raised.value.after == timedelta(hours=20)
    calls = len(world.site.calls)
    with pytest.raises(TryLater):
        own.scan()
    assert len(world.site.calls) == calls, "a spent quota is not asked for again that day"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.RATE_LIMITED, TryLater),
        (Fault.UNAVAILABLE, TryLater),
        (Fault.CUT, TryLater),
        (Fault.MALFORMED, Changed),
        (Fault.WRONG_TYPE, Changed),
    ],
)
def test_a_fault_is_one_of_the_four_errors_and_leaves_no_gap(world: World, fault: Fault, kind: type[Exception]) -> None:
    world.comments(120)
    own = source(world)
    world.faults.fail(fault, path="/commentThreads", times=3)
    with pytest.raises(kind):
        own.scan()
    world.faults.clear()
    assert len(own.scan()) == 120


def test_one_place_that_fails_does_not_stop_the_others(world: World) -> None:
    chosen = world.site.publish(world.council, "chosen")
    world.site.comment(world.pete, chosen, "found all the same")
    world.faults.fail(Fault.MALFORMED, path="/commentThreads", times=1)
    own = source(world, address=f"https://youtu.be/{chosen.video_id}")
    with pytest.raises(Changed):
        own.scan()
    assert len(own.held.pairs) == 1
    assert own.scan() == []


def test_a_bad_key_or_none_is_said_in_plain_words(world: World) -> None:
    for application in (None, Application(client_id="", token="not-the-key")):
        with pytest.raises(SignInNeeded, match="API key") as raised:
            source(world, application=application).scan()
        assert "not-the-key" not in str(raised.value)


def test_a_permission_withdrawn_at_google_stops_collecting_at_once(world: World) -> None:
    secret = Secret(world.site.grant(world.ada, READONLY), (READONLY,), None).kept()
    world.site.comment(world.pete, world.bins, "hello")
    own = source(world, secret=secret)
    assert own.scan() == ["hello"]
    world.site.withdraw(world.ada)
    world.pass_time(timedelta(hours=1))
    world.site.comment(world.pete, world.bins, "not for us any more")
    with pytest.raises(SignInNeeded, match="withdrawn"):
        own.scan()


def test_a_permission_that_is_about_to_end_says_so_before(world: World) -> None:
    token = world.site.grant(world.ada, READONLY)
    own = source(world, secret=Secret(token, (READONLY,), NOON + timedelta(days=6)).kept())
    own.scan()
    assert "The permission for YouTube ends on 28 November 2026: connect the account again before then." in own.notes
    own.access = replace(own.access, secret=Secret(token, (READONLY,), NOON + timedelta(days=60)).kept())
    own.scan()
    assert own.notes == []


def test_the_cursor_holds_nobody_s_comment_and_no_name(world: World) -> None:
    thread = world.site.comment(world.pete, world.bins, "hello")
    own = source(world, subject=world.subject(names=("Ada Adeyemi",)))
    own.scan()
    assert own.cursor
    assert thread.comment_id not in own.cursor
    assert "Ada" not in own.cursor
