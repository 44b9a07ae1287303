"""Is it still up? The AppView and the author's own server, asked anonymously over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from platforms.bluesky import BLUESKY
from platforms.shape import Access, PostRef, Sighting
from records.vocabulary import Presence
from tests.platforms.bluesky_cast import COUNCILLOR, NOON, TROLL, Town, a_town
from wardkeeper.demo.serving import Fault


@pytest.fixture
def town() -> Iterator[Town]:
    with a_town() as town:
        yield town


def look(town: Town, post: PostRef) -> Sighting:
    """Asks without any credential; no signed-in call may be made."""
    assert BLUESKY.look is not None
    sighting = BLUESKY.look(town.wire, Access(addresses=town.network.addresses), post)
    assert "com.atproto.server.createSession" not in town.network.asked
    return sighting


@pytest.fixture
def uri(town: Town) -> str:
    return town.network.post(TROLL, f"@{COUNCILLOR} resign", at=NOON)


def test_a_post_that_is_shown_is_up(town: Town, uri: str) -> None:
    assert look(town, town.ref(uri)) == Sighting(Presence.UP, "The public AppView shows the post.")
    old = town.ref(uri)
    town.network.edit(uri, "calmer words")
    sighting = look(town, old)
    assert sighting.presence is Presence.UP
    assert "has changed" in sighting.how_known


def test_a_label_of_the_moderators_is_told_apart_from_somebody_elses(town: Town, uri: str) -> None:
    town.network.label(uri, "threat")
    assert look(town, town.ref(uri)).presence is Presence.UP_LABELLED
    town.network.labeler = "did:plc:somebodyelse2222222222222"
    other = {**town.network.addresses, "labeler": "did:plc:ours22222222222222222222"}
    assert BLUESKY.look is not None
    assert BLUESKY.look(town.wire, Access(addresses=other), town.ref(uri)).presence is Presence.UP


def test_what_became_of_a_post_is_told_apart_and_both_sources_are_named(town: Town, uri: str) -> None:
    net = town.network
    ref = town.ref(uri)
    net.take_down(uri)
    sighting = look(town, ref)
    assert sighting.presence is Presence.REMOVED_BY_PLATFORM
    assert "AppView" in sighting.how_known
    assert "author's own server" in sighting.how_known
    net.delete(uri)
    assert look(town, ref).presence is Presence.REMOVED_BY_AUTHOR
    net.deactivate(TROLL)
    assert look(town, ref).presence is Presence.AUTHOR_DEACTIVATED
    net.suspend(TROLL)
    assert look(town, ref).presence is Presence.AUTHOR_SUSPENDED
    net.delete_account(TROLL)
    assert look(town, ref).presence is Presence.REMOVED_BY_AUTHOR


def test_a_deactivated_author_may_come_back(town: Town, uri: str) -> None:
    town.network.deactivate(TROLL)
    assert not look(town, town.ref(uri)).presence.gone
    town.network.reactivate(TROLL)
    assert look(town, town.ref(uri)).presence is Presence.UP


def test_a_block_against_the_councillor_is_not_a_removal(town: Town, uri: str) -> None:
    assert town.scan()
    town.network.asked.clear()
    town.network.block(TROLL, COUNCILLOR)
    assert look(town, town.ref(uri)).presence is Presence.UP


def test_an_account_suspended_by_the_appview_alone_still_counts_as_suspended(town: Town, uri: str) -> None:
    town.network.people[town.ref(uri).author_id].appview_status = "takendown"
    assert look(town, town.ref(uri)).presence is Presence.AUTHOR_SUSPENDED


@pytest.mark.parametrize(
    ("appview", "home"),
    [
        ("active", "deactivated"),
        ("active", "takendown"),
        ("active", "deleted"),
        ("deactivated", "active"),
        ("deactivated", "takendown"),
        ("deactivated", "deleted"),
        ("deleted", "active"),
        ("takendown", "deactivated"),
        ("takendown", "deleted"),
        ("active", "desynchronized"),
    ],
)
def test_contradictions_are_unknown(town: Town, uri: str, appview: str, home: str) -> None:
    town.network.take_down(uri)
    person = town.network.posts[uri].author
    person.appview_status, person.status = appview, home
    sighting = look(town, town.ref(uri))
    assert sighting.presence is Presence.UNKNOWN
    assert "AppView" in sighting.how_known
    assert "author's own server" in sighting.how_known


@pytest.mark.parametrize("path", ["getPosts", "getProfile", "did:plc", "getRepoStatus", "getRecord"])
@pytest.mark.parametrize("fault", [Fault.WRONG_TYPE, Fault.MALFORMED, Fault.CUT, Fault.UNAVAILABLE])
def test_any_fault_on_the_way_is_unknown_never_gone(town: Town, uri: str, path: str, fault: Fault) -> None:
    town.network.delete(uri)
    town.network.faults.fail(fault, path=path)
    assert look(town, town.ref(uri)).presence is Presence.UNKNOWN


@pytest.mark.parametrize("path", ["getPosts", "getProfile", "getRecord"])
def test_being_asked_to_slow_down_is_said(town: Town, uri: str, path: str) -> None:
    town.network.delete(uri)
    town.network.faults.fail(Fault.RATE_LIMITED, path=path)
    assert look(town, town.ref(uri)).presence is Presence.RATE_LIMITED


def test_an_authors_server_that_is_away_is_unknown(town: Town, uri: str) -> None:
    town.network.take_down(uri)
    person = town.network.posts[uri].author
    person.home = "nowhere"
    town.network.urls["nowhere"] = "http://127.0.0.1:9"
    sighting = look(town, town.ref(uri))
    assert sighting.presence is Presence.UNKNOWN
    assert "could not be reached" in sighting.how_known


def test_an_authors_server_inside_a_private_network_is_not_contacted(town: Town, uri: str) -> None:
    town.network.take_down(uri)
    town.network.urls["nowhere"] = "https://169.254.169.254"
    town.network.posts[uri].author.home = "nowhere"
    sighting = look(town, town.ref(uri))
    assert sighting.presence is Presence.UNKNOWN
    assert "private network" in sighting.how_known


def test_a_post_named_by_handle_is_resolved(town: Town, uri: str) -> None:
    by_handle = uri.replace(town.ref(uri).author_id, TROLL)
    assert look(town, replace(town.ref(uri), external_id=by_handle)).presence is Presence.UP
    nobody = uri.replace(town.ref(uri).author_id, "nobody.ashcombe.example")
    assert look(town, replace(town.ref(uri), external_id=nobody)).presence is Presence.UNKNOWN


@pytest.mark.parametrize("external_id", ["", "at://x", "https://bsky.app/", "at://did:plc:x/app.bsky.feed.like/3k"])
def test_what_is_no_post_is_unknown(town: Town, external_id: str) -> None:
    assert look(town, PostRef(external_id, "", "", "")).presence is Presence.UNKNOWN


def test_a_whole_account_can_be_asked_after(town: Town, uri: str) -> None:
    ref = PostRef(town.ref(uri).author_id, "", "", town.ref(uri).author_id)
    assert look(town, ref).presence is Presence.UP
    town.network.suspend(TROLL)
    assert look(town, ref).presence is Presence.AUTHOR_SUSPENDED
