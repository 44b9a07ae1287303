"""Collecting from Bluesky over real HTTP: everything about the councillor once, whatever its shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from platforms.bluesky import BLUESKY
from platforms.bluesky.collecting import SWEEP_EVERY
from platforms.shape import Access
from tests.platforms.bluesky_cast import (
    COUNCIL,
    COUNCILLOR,
    NEIGHBOUR,
    NOON,
    PASSWORD,
    TROLL,
    Town,
    a_town,
)
from wardkeeper.demo.serving import Fault
from wire.errors import Changed, SignInNeeded, TryLater


@pytest.fixture
def town() -> Iterator[Town]:
    with a_town() as town:
        yield town


def test_every_way_of_reaching_the_councillor_is_found_once(town: Town) -> None:
    net = town.network
    own = net.post(COUNCILLOR, "Surgery at six. #AskAnna", at=NOON)
    expected = {
        net.post(TROLL, f"😡 @{COUNCILLOR} we have seen you", at=NOON),
        net.post(TROLL, "crawl back", at=NOON, reply_to=own),
        net.post(TROLL, "look at it", at=NOON, quote=own),
        net.post(TROLL, "Anna Nowak voted for it again", at=NOON),
        net.post(NEIGHBOUR, "when is the bin day? #AskAnna", at=NOON),
        net.post(TROLL, "", at=NOON, reply_to=own, alt=["a meme about her"]),
    }
    net.post(TROLL, "nice weather", at=NOON)
    assert {post.external_id for post in town.scan()} == expected
    for _ in range(3):
        assert town.scan() == []


def test_a_post_is_read_whole(town: Town) -> None:
    net = town.network
    own = net.post(COUNCILLOR, "Surgery at six", at=NOON)
    uri = net.post(
        TROLL,
        f"😡 @{COUNCILLOR} go",
        at=NOON + timedelta(minutes=5),
        reply_to=own,
        quote=own,
        alt=["a drawing", "another"],
        extra={"labels": {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "graphic-media"}]}},
    )
    (post,) = town.scan()
    did = uri.split("/")[2]
    assert post.external_id == uri
    assert post.version == net.posts[uri].cid
    assert post.url == f"https://bsky.app/profile/{did}/post/{uri.rpartition('/')[2]}"
    assert (post.author_id, post.author_handle, post.author_name) == (did, TROLL, "Truth Seeker 44")
    assert post.text == f"😡 @{COUNCILLOR} go"
    assert post.warning == "graphic-media"
    assert post.alt_texts == ("a drawing", "another")
    assert (post.quoted_text, post.quoted_author) == ("Surgery at six", town.subject.stable_id)
    assert (post.parent_id, post.parent_author, post.parent_text) == (own, town.subject.stable_id, "Surgery at six")
    assert post.mentioned == (town.subject.stable_id,)
    assert post.language == "en"
    assert post.posted_at == NOON + timedelta(minutes=5)
    assert json.loads(post.raw)["uri"] == uri


def test_a_mention_is_found_through_a_wrong_byte_offset(town: Town) -> None:
    facet = {
        "index": {"byteStart": -5, "byteEnd": 99999},
        "features": [{"$type": "app.bsky.richtext.facet#mention", "did": town.subject.stable_id}],
    }
    town.network.post(TROLL, "hello you", at=NOON, extra={"facets": [facet]})
    assert [post.mentioned for post in town.scan()] == [(town.subject.stable_id,)]


def test_an_edited_post_is_a_new_version_and_a_new_handle_the_same_author(town: Town) -> None:
    uri = town.network.post(TROLL, f"@{COUNCILLOR} hello", at=NOON)
    (first,) = town.scan()
    town.network.edit(uri, f"@{COUNCILLOR} something worse")
    town.network.rename(TROLL, "renamed.ashcombe.example")
    (second,) = town.scan()
    assert second.external_id == first.external_id
    assert second.version != first.version
    assert second.text.endswith("worse")
    assert (second.author_id, second.author_handle) == (first.author_id, "renamed.ashcombe.example")


def test_a_freshly_made_post_with_an_old_date_is_found(town: Town) -> None:
    for number in range(250):
        town.network.post(NEIGHBOUR, f"@{COUNCILLOR} thanks {number}", at=NOON + timedelta(seconds=number))
    assert len(town.scan()) == 250
    uri = town.network.post(TROLL, f"@{COUNCILLOR} back then", at=datetime(2019, 5, 1, tzinfo=UTC))
    assert town.scan() == [], "it stands behind pages that are known"
    town.cursor = json.dumps({"scans": SWEEP_EVERY, "due": {}})
    assert [post.external_id for post in town.scan()] == [uri]
    assert town.scan() == []


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        ("1970-01-01T00:00:00Z", NOON),
        ("2999-01-01T00:00:00Z", NOON),
        ("the other day", NOON),
        (12, NOON),
        ("2026-11-20T12:00:00+01:00", NOON - timedelta(hours=1)),
        ("2026-12-25T12:00:00Z", NOON),
    ],
)
def test_an_absurd_date_gives_way_to_when_the_network_saw_it(town: Town, claimed: object, expected: datetime) -> None:
    town.network.post(TROLL, f"@{COUNCILLOR} x", at=NOON, extra={"createdAt": claimed})
    assert [post.posted_at for post in town.scan()] == [expected]


def test_a_pile_on_longer_than_a_page_is_collected_to_the_end(town: Town) -> None:
    town.scan()
    uris = {
        town.network.post(TROLL, f"@{COUNCILLOR} Anna Nowak {number}", at=NOON + timedelta(seconds=number))
        for number in range(230)
    }
    # Older than all of them and found by name only: it stands behind two pages that the mentions brought already.
    uris.add(town.network.post(TROLL, "Anna Nowak resign", at=NOON - timedelta(minutes=1)))
    assert {post.external_id for post in town.scan()} == uris


def test_a_scan_broken_off_goes_on_where_it_was_and_loses_nothing(town: Town) -> None:
    town.scan()
    uris = {
        town.network.post(TROLL, f"@{COUNCILLOR} Anna Nowak {number}", at=NOON + timedelta(seconds=number))
        for number in range(320)
    }
    uris.add(town.network.post(TROLL, "Anna Nowak resign", at=NOON - timedelta(minutes=1)))
    pages = town.pages()
    next(pages)
    next(pages)
    pages.close()
    assert 0 < len(town.held) < len(uris)
    asked = town.network.asked["app.bsky.notification.listNotifications"]
    for _ in range(2):
        town.scan()
    assert {uri for uri, _ in town.held} == uris
    assert town.network.asked["app.bsky.notification.listNotifications"] - asked <= 4


def test_a_lapsed_place_starts_the_list_again(town: Town) -> None:
    uri = town.network.post(TROLL, f"@{COUNCILLOR} x", at=NOON)
    for broken in ('{"scans":1,"due":{"notifications":"lapsed"}}', "nonsense", '{"scans":"x","due":[]}', "[[["):
        town.held.clear()
        town.cursor = broken
        assert [post.external_id for post in town.scan()] == [uri]


def test_one_sign_in_serves_many_scans_and_expired_tokens_are_renewed(town: Town) -> None:
    town.scan()
    for _ in range(3):
        town.clock.moment += timedelta(hours=3)
        town.network.post(TROLL, f"@{COUNCILLOR} at {town.clock.moment}", at=NOON)
        assert len(town.scan()) == 1
    asked = town.network.asked
    assert asked["com.atproto.server.createSession"] == 1
    assert asked["com.atproto.server.refreshSession"] == 3
    assert PASSWORD not in town.access.session


def test_a_refused_renewal_or_a_forgotten_session_leads_to_one_new_sign_in(town: Town) -> None:
    town.scan()
    town.network.expire_tokens("access")
    town.network.expire_tokens("refresh")
    town.scan()
    town.network.tokens.clear()
    town.scan()
    assert town.network.asked["com.atproto.server.createSession"] == 3


def test_a_sign_in_survives_a_scan_that_fails_at_once(town: Town) -> None:
    town.network.faults.fail(Fault.RATE_LIMITED, path="app.bsky")
    for _ in range(3):
        _, problem = town.scan_failing()
        assert isinstance(problem, TryLater)
        assert problem.rate_limited
    assert town.network.asked["com.atproto.server.createSession"] == 1


def test_a_wrong_password_needs_a_person(town: Town) -> None:
    town.access = replace(town.access, secret="wrong")
    _, problem = town.scan_failing()
    assert isinstance(problem, SignInNeeded)
    assert "app password" in problem.why
    assert "wrong" not in problem.why.replace("wrong password", "")


def test_a_password_of_another_account_is_not_used(town: Town) -> None:
    session = town.access.session
    town.access = replace(town.access, stable_id="", handle=COUNCIL)
    town.scan()
    stolen = town.access.session
    assert stolen != session
    town.access = replace(town.access, stable_id=town.subject.stable_id, handle=COUNCILLOR, session=stolen)
    town.scan()
    assert json.loads(town.access.session)["did"] == town.subject.stable_id


def test_without_a_credential_the_search_still_works_and_says_what_is_not_seen(town: Town) -> None:
    own = town.network.post(COUNCILLOR, "Surgery at six", at=NOON)
    named = town.network.post(TROLL, "Anna Nowak again", at=NOON)
    town.network.post(TROLL, "crawl back", at=NOON, reply_to=own)
    town.access = Access(addresses=town.network.addresses)
    assert [post.external_id for post in town.scan()] == [named]
    assert any("Replies" in note for note in town.notes)
    town.network.search_needs_account = True
    assert town.scan() == []
    assert any("does not let us search" in note for note in town.notes)
    assert not any(asked.startswith("com.atproto.server") for asked in town.network.asked)


def test_the_councils_own_account_searches_but_its_notifications_are_not_the_councillors(town: Town) -> None:
    town.network.post(TROLL, f"@{COUNCIL} mend the road", at=NOON)
    uri = town.network.post(TROLL, f"@{COUNCILLOR} mend the road", at=NOON)
    town.access = Access(addresses=town.network.addresses, handle=COUNCIL, secret=PASSWORD)
    assert [post.external_id for post in town.scan()] == [uri]
    assert any("own app password" in note for note in town.notes)


def test_items_of_a_wrong_shape_are_counted_and_the_rest_is_read(town: Town) -> None:
    uri = town.network.post(TROLL, f"@{COUNCILLOR} x", at=NOON)
    town.network.strange_items = [None, 7, "x", {}, {"uri": uri}, {"uri": "at://x", "cid": 1, "record": []}]
    town.subject = replace(town.subject, names=(), hashtags=(), handle="")
    assert [post.external_id for post in town.scan()] == [uri]
    assert town.unreadable == 12  # six in the notifications, six in the search


def test_missing_keys_stubs_and_broken_characters_are_no_trouble(town: Town) -> None:
    net = town.network
    gone = net.post(NEIGHBOUR, "gone soon", at=NOON)
    net.post(TROLL, f"@{COUNCILLOR} look", at=NOON, quote=gone, reply_to=gone)
    net.delete(gone)
    net.add_account("nameless.ashcombe.example", "")
    net.post("nameless.ashcombe.example", f"@{COUNCILLOR} half \ud83d", at=NOON, extra={"langs": "en", "facets": {}})
    found = {post.author_handle: post for post in town.scan()}
    assert found[TROLL].quoted_text == ""
    assert found[TROLL].quoted_author == gone.split("/")[2]
    assert found[TROLL].parent_text == ""
    assert found["nameless.ashcombe.example"].author_name == ""
    assert found["nameless.ashcombe.example"].language == ""


@pytest.mark.parametrize("fault", [Fault.MALFORMED, Fault.WRONG_TYPE])
def test_one_list_that_cannot_be_read_does_not_stop_the_others(town: Town, fault: Fault) -> None:
    named = town.network.post(TROLL, "Anna Nowak again", at=NOON)
    town.network.faults.fail(fault, path="listNotifications")
    found, problem = town.scan_failing()
    assert [post.external_id for post in found] == [named]
    assert isinstance(problem, Changed)
    assert problem.answer
    town.network.faults.clear()
    assert town.scan() == []


def test_a_fault_of_the_server_is_try_later_and_nothing_is_lost(town: Town) -> None:
    uri = town.network.post(TROLL, f"@{COUNCILLOR} x", at=NOON)
    town.network.faults.fail(Fault.UNAVAILABLE, path="app.bsky")
    found, problem = town.scan_failing()
    assert found == []
    assert isinstance(problem, TryLater)
    town.network.faults.clear()
    assert [post.external_id for post in town.scan()] == [uri]


def test_parents_are_fetched_in_batches_and_one_by_one_after_a_bad_one(town: Town) -> None:
    parents = [town.network.post(NEIGHBOUR, f"parent {number}", at=NOON) for number in range(30)]
    for parent in parents:
        town.network.post(TROLL, f"@{COUNCILLOR} x", at=NOON, reply_to=parent)
    town.subject = replace(town.subject, names=(), hashtags=(), handle="")
    assert {post.parent_text for post in town.scan()} == {f"parent {number}" for number in range(30)}
    odd = "at://did:web:odd%3A1/app.bsky.feed.post/~:"
    town.network.post(TROLL, f"@{COUNCILLOR} odd", at=NOON, reply_to=odd)
    town.network.post(TROLL, f"@{COUNCILLOR} even", at=NOON, reply_to=parents[0])
    assert sorted(post.parent_text for post in town.scan()) == ["", "parent 0"]


def test_the_pace_stays_below_what_an_account_server_allows() -> None:
    assert BLUESKY.pace.requests / BLUESKY.pace.per.total_seconds() < 3000 / 300
