"""Asking a Mastodon post's own server whether it is still up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from platforms.mastodon import MASTODON
from platforms.shape import Access, PostRef
from records.vocabulary import Presence
from tests.platforms.mastodon_cast import World, a_world, look
from wardkeeper.demo.serving import Fault


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as running:
        yield running


def test_looking_tells_the_ends_of_a_post_apart_without_a_credential(world: World) -> None:
    up, deleted, removed, suspended = (
        world.away.post(author, "@ada@harrow.example x")
        for author in (world.pete, world.pete, world.pete, world.away.add_account("quinn"))
    )
    world.away.delete(deleted)
    world.away.remove(removed)
    world.away.suspend("quinn")
    assert look(world, up)[0] is Presence.UP
    assert look(world, deleted)[0] is Presence.REMOVED_BY_AUTHOR
    assert look(world, removed)[0] is Presence.REMOVED_BY_PLATFORM
    assert look(world, suspended)[0] is Presence.AUTHOR_SUSPENDED


def test_a_server_without_tombstones_does_not_say_who_deleted(world: World) -> None:
    world.away.tombstones = False
    status = world.away.post(world.pete, "x")
    world.away.delete(status)
    presence, how = look(world, status)
    assert presence is Presence.REMOVED_BY_PLATFORM
    assert "does not say who acted" in how


@pytest.mark.parametrize(
    ("fault", "path", "expected"),
    [
        (Fault.UNAVAILABLE, "", Presence.UNKNOWN),
        (Fault.WRONG_TYPE, "", Presence.UNKNOWN),
        (Fault.MALFORMED, "", Presence.UNKNOWN),
        (Fault.RATE_LIMITED, "", Presence.RATE_LIMITED),
        (Fault.UNAVAILABLE, "/api/v1/accounts", Presence.UNKNOWN),
        (Fault.UNAVAILABLE, "/users/", Presence.UNKNOWN),
        (Fault.UNAVAILABLE, "/api/v1/statuses", Presence.UNKNOWN),
        (Fault.WRONG_TYPE, "/users/", Presence.UNKNOWN),
    ],
)
def test_a_removed_post_is_unknown_while_any_of_three_answers_is_unclear(
    world: World, fault: Fault, path: str, expected: Presence
) -> None:
    status = world.away.post(world.pete, "x")
    world.away.remove(status)
    world.away_faults.fail(fault, path=path)
    assert look(world, status)[0] is expected


def test_a_closed_server_is_unknown_and_one_open_answer_is_enough_for_up(world: World) -> None:
    status = world.away.post(world.pete, "x")
    world.away.answers_anonymous = False
    assert look(world, status)[0] is Presence.UP
    world.away.remove(status)
    assert look(world, status)[0] is Presence.UNKNOWN


def test_a_copy_missing_on_our_own_server_is_recorded_but_is_not_removal(world: World) -> None:
    status = world.away.post(world.pete, "x")
    reporter = world.access(account=world.reporter)
    assert "shows its copy" in look(world, status, access=reporter)[1]
    world.home.peers.clear()
    presence, how = look(world, status, access=reporter)
    assert presence is Presence.UP
    assert "shows no copy" in how


def test_a_server_that_is_not_there_is_unknown(world: World) -> None:
    assert MASTODON.look is not None
    gone = "http://127.0.0.1:9/users/pete/statuses/1"
    seen = MASTODON.look(world.wire, Access(), PostRef(gone, "v", gone, "pete@nowhere.example"))
    assert seen.presence is Presence.UNKNOWN
