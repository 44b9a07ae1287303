"""A Facebook Page: everything written at it, once, after any break; and never "gone" from Meta's one answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from platforms.facebook import FACEBOOK, collecting, pushing
from platforms.shape import Found, PostRef
from records.vocabulary import Presence
from tests.platforms.graph_cast import PETE, QUINN, Town, a_town
from wardkeeper.demo.graph import Thing
from wardkeeper.demo.serving import Fault
from wire.errors import Refused, SignInNeeded, TryLater


@pytest.fixture
def town() -> Iterator[Town]:
    with a_town() as running:
        yield running


def a_comment(town: Town, text: str = "watch your back") -> tuple[Thing, Found]:
    post = town.facebook.post(town.page, "Surgery on Saturday at 10")
    thing = town.facebook.comment(post, text, PETE)
    town.scan(FACEBOOK)
    return thing, town.one(text)


def test_a_comment_is_found_with_everything_that_is_judged(town: Town) -> None:
    post = town.facebook.post(town.page, "Surgery on Saturday at 10")
    first = town.facebook.comment(post, "you lot are useless", PETE)
    first.fields["attachment"] = {"title": "A drawing of a pothole", "description": "with her name on it"}
    town.facebook.comment(post, "he is right", QUINN, above=first)
    town.scan(FACEBOOK)
    found = town.one("you lot are useless")
    assert (found.author_id, found.author_name) == (PETE["id"], PETE["name"])
    assert found.alt_texts == ("A drawing of a pothole", "with her name on it")
    assert (found.parent_author, found.parent_text) == (town.page.graph_id, "Surgery on Saturday at 10")
    assert found.mentioned == (town.page.graph_id,)
    assert found.external_id == first.graph_id
    assert found.posted_at == first.at.replace(microsecond=0)
    answer = town.one("he is right")
    assert (answer.parent_id, answer.parent_author, answer.parent_text) == (
        first.graph_id,
        PETE["id"],
        "you lot are useless",
    )
    assert answer.mentioned == (town.page.graph_id,)


def test_the_same_comment_by_its_link_has_the_same_id(town: Town) -> None:
    _thing, found = a_comment(town)
    post, comment = found.external_id.split("_")
    link = f"https://www.facebook.com/permalink.php?story_fbid={post}&id={town.page.graph_id}&comment_id={comment}"
    assert FACEBOOK.parse_url(link) == found.external_id


def test_visitors_posts_and_tags_are_found_and_the_page_s_own_words_are_not(town: Town) -> None:
    own = town.facebook.post(town.page, "Our own news")
    town.facebook.comment(own, "our own answer", town.page)
    town.facebook.post(town.page, "a visitor writes", author=PETE)
    town.facebook.tag(town.page, "what a disgrace @Cllr Ada Adeyemi")
    assert sorted(town.scan(FACEBOOK)) == ["a visitor writes", "what a disgrace @Cllr Ada Adeyemi"]
    tag = town.one("what a disgrace @Cllr Ada Adeyemi")
    assert (tag.author_id, tag.author_handle, tag.author_name) == ("", "", "")
    assert tag.mentioned == (town.page.graph_id,)
    assert collecting.NAMELESS in town.notes


def test_private_comments_are_never_kept(town: Town) -> None:
    post = town.facebook.post(town.page, "news")
    town.facebook.comment(post, "between us", PETE).fields["is_private"] = True
    town.facebook.comment(post, "in public", PETE)
    assert town.scan(FACEBOOK) == ["in public"]


def test_a_second_scan_reads_what_is_new_however_much_and_repeats_nothing(town: Town) -> None:
    old = town.facebook.post(town.page, "old news", at=town.now - timedelta(days=20))
    post = town.facebook.post(town.page, "news")
    town.facebook.comment(post, "first", PETE)
    assert town.scan(FACEBOOK) == ["first"]
    for number in range(220):
        town.facebook.comment(post, f"number {number}", PETE)
    town.facebook.comment(old, "late, under an old post", QUINN)
    expected = {f"number {number}" for number in range(220)} | {"late, under an old post"}
    found = town.scan(FACEBOOK)
    assert set(found) == expected
    assert len(found) == len(expected)
    calls = len(town.facebook.host.asked_paths)
    assert town.scan(FACEBOOK) == []
    assert len(town.facebook.host.asked_paths) - calls == 2, "an unchanged post costs no request of its own"


@pytest.mark.parametrize("jumbled", [False, True])
def test_a_scan_that_dies_at_any_page_goes_on_without_a_gap(town: Town, jumbled: bool) -> None:
    town.facebook.host.jumbled = jumbled
    posts = [town.facebook.post(town.page, f"news {number}") for number in range(2)]
    for post in posts:
        for number in range(210):
            town.facebook.comment(post, f"{post.fields['message']}: {number}", PETE)
    meanwhile = []
    for round_ in range(5):
        town.scan(FACEBOOK, stop_after=2 + round_ % 3)
        meanwhile.append(f"meanwhile {round_}")
        town.facebook.comment(posts[round_ % 2], meanwhile[-1], QUINN)
    town.scan(FACEBOOK)
    expected = {f"news {each}: {number}" for each in range(2) for number in range(210)} | set(meanwhile)
    assert {found.text for found in town.held.values()} == expected
    assert len(town.held) == len(expected)


def test_a_place_that_meta_no_longer_knows_is_made_good(town: Town) -> None:
    post = town.facebook.post(town.page, "news")
    for number in range(210):
        town.facebook.comment(post, f"number {number}", PETE)
    town.scan(FACEBOOK, stop_after=2)
    town.facebook.host.forgets_places = True
    with pytest.raises(Refused):
        town.scan(FACEBOOK)
    town.facebook.host.forgets_places = False
    kept = json.loads(town.cursor)
    kept["threads"][post.graph_id]["waiting"] = ["after=no-such-place"]
    town.cursor = json.dumps(kept)
    town.scan(FACEBOOK)
    assert {found.text for found in town.held.values()} == {f"number {number}" for number in range(210)}


def test_an_edit_is_a_new_version_and_what_is_deleted_meanwhile_stops_nothing(town: Town) -> None:
    thing, before = a_comment(town, "thank you")
    post = town.facebook.post(town.page, "more news")
    gone = town.facebook.post(town.page, "soon gone")
    town.facebook.comment(gone, "never seen", PETE)
    town.facebook.edit(thing, "watch your back")
    town.facebook.comment(post, "another", QUINN)
    under = next(each for each in town.page.edges["feed"] if thing in each.edges.get("comments", ()))
    town.facebook.comment(under, "a later one", QUINN)
    town.facebook.delete(gone)
    assert sorted(town.scan(FACEBOOK)) == ["a later one", "another", "watch your back"]
    after = town.one("watch your back")
    assert after.external_id == before.external_id
    assert after.version != before.version


def test_no_token_is_kept_with_what_was_answered(town: Town) -> None:
    access = town.access(FACEBOOK)
    post = town.facebook.post(town.page, "news")
    for number in range(120):
        town.facebook.comment(post, f"number {number}", PETE)
    visitor = town.facebook.post(town.page, "a visitor", author=PETE)
    visitor.edges["comments"] = list(post.edges["comments"])
    town.scan(FACEBOOK, access=access)
    kept = town.cursor.encode() + b"".join(found.raw for found in town.held.values())
    assert access.secret.encode() not in kept
    assert all(agent == "Wardkeeper tests" for agent in town.facebook.host.seen_agents)


def test_an_expired_permission_and_a_missing_one_are_told_apart(town: Town) -> None:
    access = town.access(FACEBOOK)
    town.facebook.host.tokens[access.secret].expires = town.now
    with pytest.raises(SignInNeeded, match="connect it again"):
        town.scan(FACEBOOK, access=access)
    narrow = town.facebook.host.issue(town.page, {"pages_read_engagement"})
    with pytest.raises(Refused, match="permission is missing"):
        town.scan(FACEBOOK, access=town.access(FACEBOOK, secret=narrow))
    with pytest.raises(SignInNeeded, match="connect the account"):
        town.scan(FACEBOOK, access=town.access(FACEBOOK, secret=""))


def test_a_used_up_allowance_waits_as_long_as_the_header_says(town: Town) -> None:
    town.facebook.host.calls_left = 0
    with pytest.raises(TryLater) as raised:
        town.scan(FACEBOOK)
    assert raised.value.rate_limited
    assert raised.value.after == timedelta(minutes=17)


def test_we_stop_before_the_allowance_is_used_up_and_go_on_later(town: Town) -> None:
    post = town.facebook.post(town.page, "news")
    town.facebook.comment(post, "one", PETE)
    town.facebook.host.usage = 95
    with pytest.raises(TryLater, match="95 %") as raised:
        town.scan(FACEBOOK)
    assert raised.value.after == timedelta(hours=1)
    assert len(town.facebook.host.asked_paths) == 1
    assert [(each.spent, each.limit) for each in town.pages[-1].spent] == [(95, 100)]
    town.facebook.host.usage = 10
    assert town.scan(FACEBOOK) == ["one"]


@pytest.mark.parametrize(
    "fault",
    [Fault.MALFORMED, Fault.WRONG_TYPE, Fault.CUT, Fault.UNAVAILABLE, Fault.ERROR_AFTER_ACTING, Fault.RATE_LIMITED],
)
def test_any_fault_is_one_of_the_four_errors_and_leaves_no_gap(town: Town, fault: Fault) -> None:
    post = town.facebook.post(town.page, "news")
    town.facebook.comment(post, "one", PETE)
    town.meta_faults.fail(fault, path="/comments")
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which of the four depends on the fault
        town.scan(FACEBOOK)
    assert type(raised.value).__module__ == "wire.errors"
    assert "EAAsimulated" not in repr(raised.value) + str(getattr(raised.value, "answer", ""))
    town.meta_faults.clear()
    assert town.scan(FACEBOOK) == ["one"]


def test_looking_says_up_hidden_or_unknown_and_never_gone(town: Town) -> None:
    thing, found = a_comment(town)
    assert town.look(FACEBOOK, found)[0] is Presence.UP
    thing.fields["is_hidden"] = True
    assert town.look(FACEBOOK, found)[0] is Presence.UP_LABELLED
    town.facebook.delete(thing)
    presence, how = town.look(FACEBOOK, found)
    assert presence is Presence.UNKNOWN
    assert "can still be read" in how
    town.facebook.delete(town.page)
    presence, how = town.look(FACEBOOK, found)
    assert presence is Presence.UNKNOWN
    assert "can still be read" not in how


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.RATE_LIMITED, Presence.RATE_LIMITED),
        (Fault.UNAVAILABLE, Presence.UNKNOWN),
        (Fault.WRONG_TYPE, Presence.UNKNOWN),
        (Fault.MALFORMED, Presence.UNKNOWN),
        (Fault.CUT, Presence.UNKNOWN),
    ],
)
def test_looking_through_a_fault_is_unknown(town: Town, fault: Fault, expected: Presence) -> None:
    _thing, found = a_comment(town)
    town.meta_faults.fail(fault)
    assert town.look(FACEBOOK, found)[0] is expected


def test_looking_without_with_an_ended_or_with_another_s_permission_is_unknown(town: Town) -> None:
    thing, found = a_comment(town)
    town.facebook.delete(thing)
    for secret in ("", "EAAsimulated-withdrawn"):
        presence, _how = town.look(FACEBOOK, found, access=town.access(FACEBOOK, secret=secret))
        assert presence is Presence.UNKNOWN
    other = town.facebook.add_page("Somebody else", "else")
    access = replace(town.access(FACEBOOK, secret=town.facebook.token(other)), stable_id=other.graph_id)
    assert town.look(FACEBOOK, found, access=access)[0] is Presence.UNKNOWN
    town.facebook.host.calls_left = 0
    assert town.look(FACEBOOK, found)[0] is Presence.RATE_LIMITED


def test_a_pasted_link_is_looked_at_by_its_numbers_and_others_are_unknown(town: Town) -> None:
    assert FACEBOOK.look is not None
    post = town.facebook.post(town.page, "a visitor", author=PETE)
    link = f"https://www.facebook.com/cllr.ada/posts/{post.graph_id.partition('_')[2]}"
    pasted = PostRef(FACEBOOK.parse_url(link) or "", "typed", link, "")
    assert FACEBOOK.look(town.wire, town.access(FACEBOOK), pasted).presence is Presence.UP
    shared = PostRef("share_1AbCdEfGhI", "typed", "https://www.facebook.com/share/p/1AbCdEfGhI/", "")
    assert FACEBOOK.look(town.wire, town.access(FACEBOOK), shared).presence is Presence.UNKNOWN


def test_a_push_brings_the_same_version_that_a_scan_finds(town: Town) -> None:
    thing, found = a_comment(town, "as pushed")
    for verb in ("add", "edited"):
        sent = town.facebook.pushed(town.page, thing, verb)
        secret = town.facebook.host.app_secret
        pushed = pushing.receive(sent.body, sent.signature, app_secret=secret, now=town.now, seen=lambda keys: set())
        [post] = pushed.posts
        assert (post.external_id, post.version, post.text) == (found.external_id, found.version, "as pushed")
        assert (post.author_id, post.mentioned, post.posted_at) == (found.author_id, found.mentioned, found.posted_at)


def test_pushes_about_deletions_own_words_and_other_things(town: Town) -> None:
    post = town.facebook.post(town.page, "news")
    thing = town.facebook.comment(post, "x", PETE)
    own = town.facebook.comment(post, "our answer", town.page)
    visitor = town.facebook.post(town.page, "hello", author=QUINN)
    secret = town.facebook.host.app_secret
    results = [
        pushing.receive(sent.body, sent.signature, app_secret=secret, now=town.now, seen=lambda keys: set())
        for sent in (
            town.facebook.pushed(town.page, thing, "remove"),
            town.facebook.pushed(town.page, own, "add"),
            town.facebook.pushed(town.page, visitor, "add"),
            town.facebook.pushed(town.page, thing, "hide"),
        )
    ]
    assert results[0].removed == (thing.graph_id,)
    assert (results[1].posts, results[3].posts, results[3].removed) == ((), (), ())
    assert [each.text for each in results[2].posts] == ["hello"]
    assert all(len(each.keys) == 1 for each in results)
