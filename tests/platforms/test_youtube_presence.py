"""Asking YouTube whether a comment or video is still up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from platforms.shape import Access
from platforms.youtube.quota import FOR_ACTING, UNITS
from records.vocabulary import Presence
from tests.platforms.youtube_cast import NOON, World, a_world, look
from wardkeeper.demo.serving import Fault
from wardkeeper.demo.youtube import Comment, Video


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as running:
        yield running


def comment(world: World) -> Comment:
    return world.site.comment(world.pete, world.bins, "x")


_COMMENT: list[tuple[str, Callable[[World, Comment], object], Presence]] = [
    ("nothing", lambda world, post: None, Presence.UP),
    ("removed", lambda world, post: setattr(post, "removed", True), Presence.REMOVED_BY_PLATFORM),
    ("author closed", lambda world, post: setattr(world.pete, "closed", True), Presence.AUTHOR_SUSPENDED),
    ("video private", lambda world, post: setattr(world.bins, "private", True), Presence.PRIVATE_OR_BLOCKED),
    ("video gone", lambda world, post: setattr(world.bins, "removed", True), Presence.PRIVATE_OR_BLOCKED),
    ("channel closed", lambda world, post: setattr(world.ada, "closed", True), Presence.PRIVATE_OR_BLOCKED),
    ("comments off", lambda world, post: setattr(world.bins, "comments_off", True), Presence.PRIVATE_OR_BLOCKED),
]


@pytest.mark.parametrize(("change", "presence"), [each[1:] for each in _COMMENT], ids=[each[0] for each in _COMMENT])
def test_the_ends_of_a_comment_are_told_apart_as_far_as_youtube_tells(
    world: World, change: Callable[[World, Comment], object], presence: Presence
) -> None:
    post = comment(world)
    change(world, post)
    assert look(world, post)[0] is presence


_VIDEO: list[tuple[str, Callable[[World, Video], object], Presence]] = [
    ("nothing", lambda world, post: None, Presence.UP),
    ("age", lambda world, post: setattr(post, "age_restricted", True), Presence.UP_LABELLED),
    ("blocked here", lambda world, post: setattr(post, "blocked_in", ("DE", "GB")), Presence.LIMITED_IN_UK),
    ("blocked elsewhere", lambda world, post: setattr(post, "blocked_in", ("DE",)), Presence.UP),
    ("private", lambda world, post: setattr(post, "private", True), Presence.PRIVATE_OR_BLOCKED),
    ("removed", lambda world, post: setattr(post, "removed", True), Presence.REMOVED_BY_PLATFORM),
    ("author closed", lambda world, post: setattr(world.ada, "closed", True), Presence.AUTHOR_SUSPENDED),
]


@pytest.mark.parametrize(("change", "presence"), [each[1:] for each in _VIDEO], ids=[each[0] for each in _VIDEO])
def test_the_ends_of_a_video_are_told_apart(
    world: World, change: Callable[[World, Video], object], presence: Presence
) -> None:
    change(world, world.bins)
    assert look(world, world.bins)[0] is presence


def test_who_removed_it_is_not_claimed_to_be_known(world: World) -> None:
    post = comment(world)
    post.removed = True
    assert "does not say who" in look(world, post)[1]
    assert "does not say who" in look(world, post, author_id="")[1]


_FAULTS = [
    (Fault.UNAVAILABLE, "", Presence.UNKNOWN),
    (Fault.WRONG_TYPE, "", Presence.UNKNOWN),
    (Fault.MALFORMED, "", Presence.UNKNOWN),
    (Fault.CUT, "", Presence.UNKNOWN),
    (Fault.RATE_LIMITED, "", Presence.RATE_LIMITED),
    (Fault.UNAVAILABLE, "/channels", Presence.UNKNOWN),
    (Fault.WRONG_TYPE, "/channels", Presence.UNKNOWN),
    (Fault.RATE_LIMITED, "/channels", Presence.RATE_LIMITED),
]


@pytest.mark.parametrize(
    ("fault", "path", "expected"),
    [
        *_FAULTS,
        (Fault.UNAVAILABLE, "/videos", Presence.UNKNOWN),
        (Fault.WRONG_TYPE, "/videos", Presence.UNKNOWN),
        (Fault.UNAVAILABLE, "/commentThreads", Presence.UNKNOWN),
        (Fault.WRONG_TYPE, "/comments", Presence.UNKNOWN),
    ],
)
def test_a_removed_comment_is_unknown_while_any_answer_is_unclear(
    world: World, fault: Fault, path: str, expected: Presence
) -> None:
    post = comment(world)
    post.removed = True
    world.faults.fail(fault, path=path)
    assert look(world, post)[0] is expected


@pytest.mark.parametrize(
    ("fault", "path", "expected"),
    [*_FAULTS, (Fault.UNAVAILABLE, "/oembed", Presence.UNKNOWN), (Fault.WRONG_TYPE, "/oembed", Presence.UNKNOWN)],
)
def test_a_removed_video_is_unknown_while_any_answer_is_unclear(
    world: World, fault: Fault, path: str, expected: Presence
) -> None:
    world.bins.removed = True
    world.faults.fail(fault, path=path)
    assert look(world, world.bins)[0] is expected


def test_a_removed_comment_whose_video_is_not_known_is_unknown(world: World) -> None:
    post = comment(world)
    post.removed = True
    assert look(world, post, url="https://example.org/x")[0] is Presence.UNKNOWN


def test_without_an_api_key_nothing_is_concluded(world: World) -> None:
    assert world.platform.look is not None
    world.bins.removed = True
    access = Access(addresses=world.access().addresses)
    seen = world.platform.look(world.wire, access, world.ref(world.bins))
    assert seen.presence is Presence.UNKNOWN
    assert "API key" in seen.how_known


def test_a_community_post_must_be_looked_at_by_a_person(world: World) -> None:
    assert world.platform.look is not None
    post = "UgkxAbCdEfGhIjKlMnOpQrStUvWx"
    ref = replace(world.ref(world.bins), external_id=post, url=f"https://www.youtube.com/post/{post}")
    seen = world.platform.look(world.wire, world.access(), ref)
    assert (seen.presence, "person must look" in seen.how_known) == (Presence.UNKNOWN, True)
    assert world.site.calls == []


def test_looking_stops_before_it_spends_what_collecting_needs(world: World) -> None:
    assert world.platform.look is not None
    post = comment(world)
    world.site.spent[("2026-11-22", "units")] = 10_000
    assert look(world, post)[0] is Presence.RATE_LIMITED
    assert len(world.site.calls) == 1
    assert look(world, post)[0] is Presence.RATE_LIMITED
    assert len(world.site.calls) == 1, "a spent quota is not asked for again that day"
    assert FOR_ACTING[UNITS] < 10_000
    assert world.now() == NOON
