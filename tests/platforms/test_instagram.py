"""An Instagram account: comments and answers to them, tags, pushed mentions; never "gone" from Meta's one answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from platforms.graph.deliveries import Pushed
from platforms.instagram import INSTAGRAM, collecting, fetch, pushing
from platforms.shape import Found, PostRef
from records.vocabulary import Presence
from tests.platforms.graph_cast import Town, a_town
from wardkeeper.demo.graph import Push, Thing
from wardkeeper.demo.serving import Fault
from wire.errors import Refused, SignInNeeded, TryLater


@pytest.fixture
def town() -> Iterator[Town]:
    with a_town() as running:
        yield running


def a_comment(town: Town, text: str = "watch your back") -> tuple[Thing, Found]:
    thing = town.instagram.comment(town.instagram.medium(town.account, "Out and about"), "pete", text)
    town.scan(INSTAGRAM)
    return thing, town.one(text)


def test_comments_and_answers_are_found_with_their_context(town: Town) -> None:
    medium = town.instagram.medium(town.account, "Out and about")
    first = town.instagram.comment(medium, "pete", "useless lot")
    town.instagram.comment(medium, "quinn", "so true", above=first)
    town.instagram.comment(medium, "cllr.ada", "our own answer", above=first)
    assert sorted(town.scan(INSTAGRAM)) == ["so true", "useless lot"]
    found, answer = town.one("useless lot"), town.one("so true")
    assert (found.author_handle, found.parent_text) == ("pete", "Out and about")
    assert found.author_id.isdigit()
    assert (answer.parent_id, answer.parent_author) == (found.external_id, found.author_id)
    assert answer.parent_text == "useless lot"
    assert found.mentioned == answer.mentioned == (town.account.graph_id,)
    assert INSTAGRAM.parse_url(found.url) == found.external_id
    assert collecting.PUSHED_ONLY in town.notes


def test_a_late_answer_to_an_old_comment_deep_in_the_list_is_found(town: Town) -> None:
    medium = town.instagram.medium(town.account, "Out and about")
    first = town.instagram.comment(medium, "pete", "the first", at=town.now - timedelta(days=3))
    for number in range(160):
        town.instagram.comment(medium, "quinn", f"number {number}")
    assert len(town.scan(INSTAGRAM)) == 161
    town.instagram.comment(medium, "quinn", "a late answer", above=first)
    assert town.scan(INSTAGRAM) == ["a late answer"]


def test_more_answers_than_come_along_are_asked_for(town: Town) -> None:
    first = town.instagram.comment(town.instagram.medium(town.account, "x"), "pete", "first")
    for number in range(120):
        town.instagram.comment(first.fields["media"], "quinn", f"answer {number}", above=first)  # type: ignore[arg-type]
    assert set(town.scan(INSTAGRAM)) == {"first"} | {f"answer {number}" for number in range(120)}


def test_one_deleted_and_one_written_between_two_scans_is_noticed_on_newer_media(town: Town) -> None:
    thing, _found = a_comment(town, "soon gone")
    town.instagram.delete(thing)
    town.instagram.comment(thing.fields["media"], "quinn", "instead")  # type: ignore[arg-type]
    assert town.scan(INSTAGRAM) == ["instead"]


@pytest.mark.parametrize("jumbled", [False, True])
def test_a_scan_that_dies_at_any_page_goes_on_without_a_gap(town: Town, jumbled: bool) -> None:
    town.facebook.host.jumbled = jumbled
    medium = town.instagram.medium(town.account, "x")
    first = town.instagram.comment(medium, "pete", "first")
    expected = {"first"}
    for number in range(130):
        town.instagram.comment(medium, "quinn", f"number {number}")
        expected.add(f"number {number}")
    for number in range(60):
        town.instagram.comment(medium, "quinn", f"answer {number}", above=first)
        expected.add(f"answer {number}")
    for round_ in range(5):
        town.scan(INSTAGRAM, stop_after=1 + round_)
        town.instagram.comment(medium, "pete", f"meanwhile {round_}")
        expected.add(f"meanwhile {round_}")
    town.scan(INSTAGRAM)
    assert {found.text for found in town.held.values()} == expected
    assert len(town.held) == len(expected)


def test_tags_are_found_and_a_missing_permission_is_a_note(town: Town) -> None:
    town.instagram.tag(town.account, "pete", "look at this clown")
    assert town.scan(INSTAGRAM) == ["look at this clown"]
    assert town.one("look at this clown").author_handle == "pete"
    narrow = town.facebook.host.issue(town.page, {"instagram_basic", "pages_read_engagement"})
    assert town.scan(INSTAGRAM, access=town.access(INSTAGRAM, secret=narrow)) == []
    assert collecting.NO_TAGS in town.notes


def test_a_withdrawn_permission_asks_for_a_new_one(town: Town) -> None:
    with pytest.raises(SignInNeeded, match="connect it again"):
        town.scan(INSTAGRAM, access=town.access(INSTAGRAM, secret="EAAsimulated-withdrawn"))
    town.facebook.host.spent_code = 80002
    town.facebook.host.calls_left = 0
    with pytest.raises(TryLater) as raised:
        town.scan(INSTAGRAM)
    assert (raised.value.rate_limited, raised.value.after) == (True, timedelta(minutes=17))


def received(town: Town, sent: Push) -> Pushed:
    secret = town.facebook.host.app_secret
    return pushing.receive(sent.body, sent.signature, app_secret=secret, now=town.now, seen=lambda keys: set())


def test_mentions_elsewhere_come_by_push_and_are_fetched(town: Town) -> None:
    in_caption, _ = town.instagram.mention(town.account, "pete", "shame on cllr.ada")
    in_comment, thing = town.instagram.mention(town.account, "quinn", "my lunch", comment="cllr.ada is a crook")
    pointers = (*received(town, in_caption).pointers, *received(town, in_comment).pointers)
    page = fetch(town.wire, town.access(INSTAGRAM), pointers)
    caption, comment = page.posts
    assert (caption.text, caption.author_handle) == ("shame on cllr.ada", "pete")
    assert (comment.text, comment.author_id, comment.parent_text) == ("cllr.ada is a crook", "", "my lunch")
    assert pushing.NAMELESS in page.notes
    assert comment.external_id.endswith(thing.graph_id)
    town.instagram.delete(thing)
    assert [each.text for each in fetch(town.wire, town.access(INSTAGRAM), pointers).posts] == ["shame on cllr.ada"]


def test_a_pushed_comment_is_fetched_as_the_same_version_that_a_scan_finds(town: Town) -> None:
    thing, found = a_comment(town)
    own = town.instagram.comment(thing.fields["media"], "cllr.ada", "ours")  # type: ignore[arg-type]
    pointers = [
        each for one in (thing, own) for each in received(town, town.instagram.pushed(town.account, one)).pointers
    ]
    [post] = fetch(town.wire, town.access(INSTAGRAM), pointers).posts
    assert (post.external_id, post.version, post.author_id) == (found.external_id, found.version, found.author_id)


def test_looking_says_up_hidden_or_unknown_and_never_gone(town: Town) -> None:
    assert INSTAGRAM.look is not None
    thing, found = a_comment(town)
    assert town.look(INSTAGRAM, found)[0] is Presence.UP
    pasted = PostRef(INSTAGRAM.parse_url(found.url) or "", "typed", found.url, "")
    assert INSTAGRAM.look(town.wire, town.access(INSTAGRAM), pasted).presence is Presence.UP
    thing.fields["hidden"] = True
    assert town.look(INSTAGRAM, found)[0] is Presence.UP_LABELLED
    town.instagram.delete(thing)
    assert town.look(INSTAGRAM, found)[0] is Presence.UNKNOWN
    for fault in (Fault.UNAVAILABLE, Fault.WRONG_TYPE, Fault.MALFORMED, Fault.CUT):
        town.meta_faults.fail(fault)
        assert town.look(INSTAGRAM, found)[0] is Presence.UNKNOWN
        town.meta_faults.clear()
    town.meta_faults.fail(Fault.RATE_LIMITED)
    assert town.look(INSTAGRAM, found)[0] is Presence.RATE_LIMITED
    post = PostRef("C1aBcDeFgHi", "typed", "https://www.instagram.com/p/C1aBcDeFgHi/", "pete")
    assert INSTAGRAM.look(town.wire, town.access(INSTAGRAM), post).presence is Presence.UNKNOWN
    assert town.look(INSTAGRAM, found, access=town.access(INSTAGRAM, secret=""))[0] is Presence.UNKNOWN


def test_who_it_is_and_a_page_without_an_account(town: Town) -> None:
    assert INSTAGRAM.identify is not None
    identity = INSTAGRAM.identify(town.wire, town.access(INSTAGRAM))
    assert (identity.handle, identity.stable_id) == ("cllr.ada", town.account.graph_id)
    bare = town.facebook.token(town.facebook.add_page("Somebody else", "else"))
    with pytest.raises(Refused, match="linked with this Page"):
        INSTAGRAM.identify(town.wire, town.access(INSTAGRAM, secret=bare))
