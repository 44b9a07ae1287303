"""Asking Reddit whether something is still up: every answer, every fault, and the authors who play dead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from platforms.reddit import REDDIT
from platforms.shape import Access, PostRef
from records.vocabulary import Presence
from tests.platforms.reddit_cast import NOON, Place, World, a_place, look
from wardkeeper.demo.reddit import Item
from wardkeeper.demo.serving import Fault


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with a_place() as answering:
        yield answering


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    with place.world() as running:
        yield running


def said(world: World) -> tuple[Item, Item]:
    """A post and a comment by Pete."""
    post = world.reddit.post(world.pete, "Harrow", "About Ada Adeyemi", "she should go")
    return post, world.reddit.comment(world.pete, world.thread, "u/CllrAda resign")


REMOVALS = (
    ("", Presence.UP),
    ("deleted", Presence.REMOVED_BY_AUTHOR),
    ("moderator", Presence.REMOVED_BY_MODERATOR),
    ("automod_filtered", Presence.REMOVED_BY_MODERATOR),
    ("reddit", Presence.REMOVED_BY_PLATFORM),
    ("anti_evil_ops", Presence.REMOVED_BY_PLATFORM),
    ("content_takedown", Presence.REMOVED_BY_PLATFORM),
    ("copyright_takedown", Presence.REMOVED_BY_PLATFORM),
    ("community_ops", Presence.REMOVED_BY_PLATFORM),
)


@pytest.mark.parametrize(("by", "expected"), REMOVALS)
@pytest.mark.parametrize("keeps_author", [False, True])
def test_who_took_it_away_is_told_apart(world: World, by: str, expected: Presence, *, keeps_author: bool) -> None:
    for item in said(world):
        item.removed_by, item.keeps_author = by, keeps_author
        sighting = look(world, item)
        assert sighting.presence is expected
        assert sighting.how_known.startswith("Reddit answers for it: ")
        assert "resign" not in sighting.how_known


def test_a_link_post_without_any_text_is_read_by_its_category(world: World) -> None:
    item = world.reddit.post(world.pete, "Harrow", "A picture", link="https://pictures.example/1.png")
    assert look(world, item).presence is Presence.UP
    world.reddit.delete(item)
    assert look(world, item).presence is Presence.REMOVED_BY_AUTHOR


def test_a_deleted_account_does_not_take_its_words_along(world: World) -> None:
    _, comment = said(world)
    world.pete.deleted = True
    sighting = look(world, comment)
    assert sighting.presence is Presence.UP
    assert "account is gone" in sighting.how_known


@pytest.mark.parametrize("marker", ["[removed]", "[deleted]", "[ Removed by Reddit ]"])
def test_an_author_who_types_a_marker_is_not_believed(world: World, marker: str) -> None:
    for item in said(world):
        reported = world.ref(item)
        world.reddit.edit(item, marker, at=NOON + timedelta(hours=1))
        sighting = look(world, item, ref=reported)
        assert sighting.presence is Presence.UNKNOWN
        assert "could have typed it" in sighting.how_known


def test_words_about_a_removal_are_only_words(world: World) -> None:
    item = world.reddit.comment(world.pete, world.thread, "Removed by Reddit again, they say [removed]")
    assert look(world, item).presence is Presence.UP


def test_a_removal_after_an_edit_that_was_reported_is_believed(world: World) -> None:
    _, comment = said(world)
    world.reddit.edit(comment, "worse", at=NOON + timedelta(minutes=5))
    comment.keeps_author = True
    reported = world.ref(comment)
    world.reddit.remove(comment)
    assert look(world, comment, ref=reported).presence is Presence.REMOVED_BY_MODERATOR


def test_an_unknown_reason_for_removal_is_unknown(world: World) -> None:
    post, _ = said(world)
    world.reddit.remove(post, by="robots")
    assert look(world, post).presence is Presence.UNKNOWN


def test_a_quarantined_community_is_behind_a_warning(world: World) -> None:
    post, _ = said(world)
    world.reddit.communities["harrow"].warned = True
    assert look(world, post).presence is Presence.UP_LABELLED


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ("private", Presence.PRIVATE_OR_BLOCKED),
        ("quarantined", Presence.PRIVATE_OR_BLOCKED),
        ("banned", Presence.REMOVED_BY_PLATFORM),
    ],
)
def test_an_empty_list_is_explained_by_its_community(world: World, closed: str, expected: Presence) -> None:
    post, _ = said(world)
    world.reddit.communities["harrow"].closed = closed
    assert look(world, post).presence is expected


def test_an_empty_list_alone_is_never_gone(world: World) -> None:
    post, comment = said(world)
    world.reddit.silent_lookups = True
    assert look(world, post).presence is Presence.UNKNOWN
    world.reddit.silent_lookups = False
    comment.purged = True
    assert look(world, comment).presence is Presence.UNKNOWN


@pytest.mark.parametrize("author", ["", "u/pete_77", "t2_unknown"])
def test_an_empty_list_with_a_suspended_author(world: World, author: str) -> None:
    post, _ = said(world)
    post.purged = world.pete.suspended = True
    known = author != "t2_unknown"
    ref = world.ref(post, author=author or world.pete.fullname)
    assert look(world, post, ref=ref).presence is (Presence.AUTHOR_SUSPENDED if known else Presence.UNKNOWN)


@pytest.mark.parametrize(
    ("fault", "path", "expected"),
    [
        (Fault.UNAVAILABLE, "/api/info", Presence.UNKNOWN),
        (Fault.ERROR, "/api/info", Presence.UNKNOWN),
        (Fault.CUT, "/api/info", Presence.UNKNOWN),
        (Fault.WRONG_TYPE, "/api/info", Presence.UNKNOWN),
        (Fault.MALFORMED, "/api/info", Presence.UNKNOWN),
        (Fault.RATE_LIMITED, "/api/info", Presence.RATE_LIMITED),
        (Fault.UNAVAILABLE, "/api/v1/access_token", Presence.UNKNOWN),
        (Fault.WRONG_TYPE, "/api/v1/access_token", Presence.UNKNOWN),
        (Fault.RATE_LIMITED, "/api/v1/access_token", Presence.RATE_LIMITED),
    ],
)
def test_a_removed_post_is_unknown_while_reddit_gives_no_clear_answer(
    world: World, fault: Fault, path: str, expected: Presence
) -> None:
    post, _ = said(world)
    world.reddit.remove(post)
    world.faults.fail(fault, path=path)
    assert look(world, post).presence is expected


def test_too_slow_an_answer_is_unknown(world: World) -> None:
    post, _ = said(world)
    world.reddit.remove(post)
    world.faults.fail(Fault.SLOW, path="/api/info", seconds=1.0)
    with type(world.wire)(user_agent="Wardkeeper tests", admit_loopback=True, timeout=0.4, pauses=()) as hasty:
        assert REDDIT.look is not None
        assert REDDIT.look(hasty, world.access(), world.ref(post)).presence is Presence.UNKNOWN


def test_looking_needs_no_account_but_the_permission_and_the_application(world: World) -> None:
    post, _ = said(world)
    world.reddit.remove(post)
    allowed = world.access()
    for access in (
        replace(allowed, permission_on_file=False),
        replace(allowed, application=None),
        replace(allowed, application=replace(world.application, client_secret="wrong")),
        Access(addresses=allowed.addresses),
    ):
        assert look(world, post, access=access).presence is Presence.UNKNOWN
    asked_as_nobody = world.access(world.ada)
    assert look(world, post, access=asked_as_nobody).presence is Presence.REMOVED_BY_MODERATOR
    assert all(token.account is None for token in world.reddit.tokens.values())


def test_without_permission_reddit_is_not_asked_at_all(world: World) -> None:
    post, _ = said(world)
    look(world, post, access=world.access(permission_on_file=False))
    assert world.reddit.user_agents == []


def test_a_share_link_and_a_foreign_id_are_unknown(world: World) -> None:
    post, _ = said(world)
    for external_id in ("share_AbC123", "", "t3_a,t3_b", "https://x.example"):
        ref = PostRef(external_id, "", "https://www.reddit.com/r/harrow/s/AbC123", "")
        assert look(world, post, ref=ref).presence is Presence.UNKNOWN
    assert world.reddit.user_agents == []


def test_another_post_s_answer_counts_for_nothing(world: World) -> None:
    post, comment = said(world)
    world.reddit.delete(post)
    comment.purged = True
    assert look(world, comment).presence is Presence.UNKNOWN
