"""Threads: mentions, replies of any depth, searches by name; a permission that is renewed; never "gone"."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from platforms.graph.granted import Secret
from platforms.shape import Found
from platforms.threads import THREADS, collecting, pushing
from records.vocabulary import Presence
from tests.platforms.graph_cast import Town, a_town
from wardkeeper.demo.graph import Thing
from wardkeeper.demo.serving import Fault
from wire.errors import Refused, SignInNeeded, TryLater


@pytest.fixture
def town() -> Iterator[Town]:
    with a_town() as running:
        yield running


def a_mention(town: Town, text: str = "watch your back @cllr.ada") -> tuple[Thing, Found]:
    thing = town.threads.post("pete", text)
    town.scan(THREADS)
    return thing, town.one(text)


def test_a_mention_is_found_with_everything_that_is_judged(town: Town) -> None:
    thing = town.threads.post("pete", "@cllr.ada useless")
    thing.fields["alt_text"] = "A drawing of a pothole"
    thing.fields["poll_attachment"] = {"option_a": "Resign", "option_b": "Resign now"}
    thing.fields["text_attachment"] = {"plaintext": "and a long letter"}
    town.scan(THREADS)
    [found] = town.held.values()
    assert found.text == "@cllr.ada useless\nand a long letter\nResign\nResign now"
    assert found.alt_texts == ("A drawing of a pothole",)
    assert (found.author_id, found.author_handle) == ("pete", "pete")
    assert found.mentioned == (town.member.graph_id,)
    assert found.external_id == THREADS.parse_url(found.url) == thing.fields["shortcode"]
    assert found.posted_at == thing.at.replace(microsecond=0)


def test_replies_of_any_depth_are_found_and_own_posts_are_not(town: Town) -> None:
    own = town.threads.post("cllr.ada", "Surgery on Saturday")
    first = town.threads.post("pete", "useless", under=own)
    town.threads.post("quinn", "so true", under=first)
    town.threads.post("cllr.ada", "our own answer", under=first)
    assert sorted(town.scan(THREADS)) == ["so true", "useless"]
    direct, deep = town.one("useless"), town.one("so true")
    assert (direct.parent_author, direct.parent_text) == (town.member.graph_id, "Surgery on Saturday")
    assert direct.parent_id == own.fields["shortcode"]
    assert (deep.parent_author, deep.mentioned) == ("", (town.member.graph_id,))


@pytest.mark.parametrize("jumbled", [False, True])
def test_lists_without_a_next_address_are_read_to_the_end_after_any_break(town: Town, jumbled: bool) -> None:
    town.threads.host.jumbled = jumbled
    own = town.threads.post("cllr.ada", "Surgery on Saturday")
    expected = set()
    for number in range(220):
        town.threads.post("pete", f"@cllr.ada number {number}")
        expected.add(f"@cllr.ada number {number}")
    for number in range(120):
        town.threads.post("pete", f"answer {number}", under=own)
        expected.add(f"answer {number}")
    for round_ in range(4):
        town.scan(THREADS, stop_after=1 + round_)
        town.threads.post("quinn", f"@cllr.ada meanwhile {round_}")
        expected.add(f"@cllr.ada meanwhile {round_}")
    town.scan(THREADS)
    assert {found.text for found in town.held.values()} == expected
    assert len(town.held) == len(expected)
    assert town.scan(THREADS) == []


def test_an_edit_is_a_new_version(town: Town) -> None:
    thing, before = a_mention(town, "thank you @cllr.ada")
    town.threads.edit(thing, "watch your back @cllr.ada")
    assert town.scan(THREADS) == ["watch your back @cllr.ada"]
    after = town.one("watch your back @cllr.ada")
    assert (after.external_id, after.version != before.version) == (before.external_id, True)


def test_a_search_by_name_finds_and_says_how_little_silence_means(town: Town) -> None:
    town.threads.post("pete", "Ada Adeyemi must go")
    town.threads.post("quinn", "an Offensive word about Ada Adeyemi")
    town.threads.post("cllr.ada", "I am Ada Adeyemi")
    found = town.scan(THREADS, names=("Ada Adeyemi", "offensive Ada"), hashtags=("#must",))
    assert sorted(found) == ["Ada Adeyemi must go", "an Offensive word about Ada Adeyemi"]
    assert collecting.SEARCH_IS_WEAK in town.notes
    assert [(each.what, each.spent, each.limit) for each in town.pages[-1].spent][-1] == ("searches a day", 4, 1000)


def test_searches_stop_at_our_own_limit_and_go_on_the_next_day(town: Town) -> None:
    town.scan(THREADS, names=("Ada",))
    kept = json.loads(town.cursor)
    town.cursor = json.dumps({**kept, "searched": collecting.SEARCHES_A_DAY})
    calls = len(town.threads.host.asked_paths)
    town.scan(THREADS, names=("Ada",))
    assert collecting.NO_SEARCHES_LEFT in town.notes
    assert not any("search" in path for path in town.threads.host.asked_paths[calls:])
    town.cursor = json.dumps({**kept, "day": "2020-01-01", "searched": collecting.SEARCHES_A_DAY})
    town.scan(THREADS, names=("Ada",))
    assert collecting.NO_SEARCHES_LEFT not in town.notes


def test_permissions_not_given_are_notes_except_for_mentions(town: Town) -> None:
    own = town.threads.post("cllr.ada", "hello")
    town.threads.post("pete", "answer", under=own)
    narrow = town.threads.host.issue(town.member, {"threads_basic", "threads_manage_mentions"})
    assert town.scan(THREADS, names=("Ada",), access=town.access(THREADS, secret=narrow)) == []
    assert {collecting.NO_REPLIES, collecting.NO_SEARCH} <= set(town.notes)
    bare = town.threads.host.issue(town.member, {"threads_basic"})
    with pytest.raises(Refused, match="permission is missing"):
        town.scan(THREADS, access=town.access(THREADS, secret=bare))


def test_an_expired_permission_asks_for_a_new_one_and_a_spent_allowance_waits(town: Town) -> None:
    access = town.access(THREADS)
    town.threads.host.tokens[access.secret].expires = town.now
    with pytest.raises(SignInNeeded):
        town.scan(THREADS, access=access)
    town.threads.host.calls_left = 0
    with pytest.raises(TryLater) as raised:
        town.scan(THREADS)
    assert (raised.value.rate_limited, raised.value.after) == (True, timedelta(minutes=17))


def secret_with(town: Town, *, days: int) -> str:
    token = town.threads.host.issue(town.member, set(), lasts=timedelta(days=days))
    town.threads.host.tokens[token].scopes = {"threads_basic", "threads_manage_mentions", "threads_read_replies"}
    return Secret(token=token, app="1029384756", until=town.now + timedelta(days=days)).kept()


def test_a_permission_is_renewed_in_time_and_the_renewed_one_is_used(town: Town) -> None:
    secret = secret_with(town, days=20)
    town.threads.post("pete", "@cllr.ada one")
    assert town.scan(THREADS, access=town.access(THREADS, secret=secret)) == ["@cllr.ada one"]
    session = town.pages[-1].session
    assert town.pages[0].session == session != ""
    town.threads.host.tokens.pop(json.loads(secret)["token"])
    town.threads.post("pete", "@cllr.ada two")
    assert town.scan(THREADS, access=town.access(THREADS, secret=secret, session=session)) == ["@cllr.ada two"]
    anew = secret_with(town, days=59)
    town.scan(THREADS, access=town.access(THREADS, secret=anew, session=session))
    assert town.pages[-1].session == session, "a session of an earlier permission is not used, and nothing is renewed"


def test_people_are_told_before_a_permission_ends_that_cannot_be_renewed(town: Town) -> None:
    secret = secret_with(town, days=5)
    town.threads.host.tokens[json.loads(secret)["token"]].long_lived = False
    town.scan(THREADS, access=town.access(THREADS, secret=secret))
    ends = town.now + timedelta(days=5)
    assert any(f"ends on {ends.day} {ends:%B %Y}" in note for note in town.notes)
    town.scan(THREADS, access=town.access(THREADS, secret=secret_with(town, days=50)))
    assert not any("ends on" in note for note in town.notes)


def test_looking_says_up_or_unknown_and_never_gone(town: Town) -> None:
    thing, found = a_mention(town)
    assert town.look(THREADS, found)[0] is Presence.UP
    town.threads.delete(thing)
    presence, how = town.look(THREADS, found)
    assert presence is Presence.UNKNOWN
    assert "can still be read" in how
    for fault in (Fault.UNAVAILABLE, Fault.WRONG_TYPE, Fault.MALFORMED, Fault.CUT):
        town.threads_faults.fail(fault)
        assert town.look(THREADS, found)[0] is Presence.UNKNOWN
        town.threads_faults.clear()
    town.threads_faults.fail(Fault.RATE_LIMITED)
    assert town.look(THREADS, found)[0] is Presence.RATE_LIMITED
    for secret in ("", "withdrawn-token-of-somebody"):
        town.threads_faults.clear()
        assert town.look(THREADS, found, access=town.access(THREADS, secret=secret))[0] is Presence.UNKNOWN


@pytest.mark.parametrize("fault", [Fault.MALFORMED, Fault.WRONG_TYPE, Fault.CUT, Fault.UNAVAILABLE])
def test_any_fault_is_one_of_the_four_errors_and_leaves_no_gap(town: Town, fault: Fault) -> None:
    town.threads.post("pete", "@cllr.ada hi")
    town.threads_faults.fail(fault, path="/mentions")
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which of the four depends on the fault
        town.scan(THREADS)
    assert type(raised.value).__module__ == "wire.errors"
    town.threads_faults.clear()
    assert town.scan(THREADS) == ["@cllr.ada hi"]


def test_pushes_bring_the_versions_that_a_scan_finds(town: Town) -> None:
    own = town.threads.post("cllr.ada", "hello")
    reply = town.threads.post("pete", "useless", under=own)
    thing, mention = a_mention(town)
    secret = town.threads.host.app_secret
    for one, field, found in ((thing, "mentions", mention), (reply, "replies", town.one("useless"))):
        sent = town.threads.pushed(one, field=field)
        pushed = pushing.receive(sent.body, sent.signature, app_secret=secret, now=town.now, seen=lambda keys: set())
        [post] = pushed.posts
        assert (post.external_id, post.version, post.text) == (found.external_id, found.version, found.text)
    assert post.mentioned == (town.member.graph_id,)
