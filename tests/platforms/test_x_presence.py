"""Asking X whether a post is still up: as nobody, and never "gone" without a clear answer about post and author."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from platforms.shape import Access, PostRef
from platforms.x import X
from records.vocabulary import Presence
from tests.platforms.x_cast import World, a_world, look
from wardkeeper.demo.serving import Fault
from wardkeeper.demo.x import addresses
from wire.http import Wire


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as running:
        yield running


def test_with_permission_x_s_answers_about_post_and_author_tell_the_ends_apart(world: World) -> None:
    network = world.network
    up, gone, withheld, nowhere = (network.post("pete", "@CllrAda x") for _ in range(4))
    network.remove(gone)
    withheld.withheld = ("DE", "GB")
    nowhere.withheld = ("XX",)
    assert look(world, up).presence is Presence.UP
    assert look(world, withheld).presence is Presence.LIMITED_IN_UK
    assert look(world, nowhere).presence is Presence.LIMITED_IN_UK
    seen = look(world, gone)
    assert seen.presence is Presence.REMOVED_BY_PLATFORM
    assert "does not say who acted" in seen.how_known
    world.pete.suspended = True
    assert look(world, up).presence is Presence.AUTHOR_SUSPENDED
    world.pete.suspended, world.pete.closed = False, True
    assert look(world, up).presence is Presence.AUTHOR_DEACTIVATED
    world.pete.closed, world.pete.protected = False, True
    assert look(world, up).presence is Presence.PRIVATE_OR_BLOCKED


def test_elsewhere_withheld_is_up_here(world: World) -> None:
    post = world.network.post("pete", "@CllrAda x")
    post.withheld = ("TR",)
    assert look(world, post).presence is Presence.UP


def test_a_hand_reported_post_knows_its_author_by_name_or_not_at_all(world: World) -> None:
    assert X.look is not None
    post = world.network.post("pete", "@CllrAda x")
    world.network.remove(post)
    access = replace(world.access(), secret="")
    by_name = replace(world.ref(post), version="hand", author_id="@Pete")
    assert X.look(world.wire, access, by_name).presence is Presence.REMOVED_BY_PLATFORM
    assert X.look(world.wire, access, replace(by_name, author_id="")).presence is Presence.UNKNOWN
    assert X.look(world.wire, access, replace(by_name, external_id="share_x")).presence is Presence.UNKNOWN


def test_the_newer_spelling_is_understood(world: World) -> None:
    world.network.takes = world.network.speaks = "post"
    post = world.network.post("pete", "@CllrAda x")
    post.withheld = ("GB",)
    assert look(world, post).presence is Presence.LIMITED_IN_UK


def anonymous(world: World) -> Access:
    return Access(addresses=addresses(world.base))


def test_without_permission_only_up_is_known_because_the_embed_service_hides_more_than_what_is_gone(
    world: World,
) -> None:
    network = world.network
    up, gone, sensitive, private = (network.post(author, "@CllrAda x") for author in ("pete",) * 3 + ("CllrAda",))
    network.remove(gone)
    sensitive.sensitive = True
    world.ada.protected = True
    access = anonymous(world)
    assert look(world, up, access=access).presence is Presence.UP
    for post in (gone, sensitive, private):
        seen = look(world, post, access=access)
        assert seen.presence is Presence.UNKNOWN
        assert "A person has to look" in seen.how_known
    assert network.used == {}  # the interface was not asked


def test_nobody_s_credential_is_used_and_none_without_permission(world: World) -> None:
    post = world.network.post("pete", "@CllrAda x")
    look(world, post, access=world.access(permitted=False))
    look(world, post, access=replace(world.access(secret="a-councillor-s"), application=None))
    assert world.network.used == {}


@pytest.mark.parametrize("access", ["anonymous", "permitted"])
@pytest.mark.parametrize(
    ("fault", "path", "expected"),
    [
        (Fault.UNAVAILABLE, "", Presence.UNKNOWN),
        (Fault.ERROR, "", Presence.UNKNOWN),
        (Fault.WRONG_TYPE, "", Presence.UNKNOWN),
        (Fault.MALFORMED, "", Presence.UNKNOWN),
        (Fault.CUT, "", Presence.UNKNOWN),
        (Fault.RATE_LIMITED, "", Presence.RATE_LIMITED),
    ],
)
def test_a_post_that_is_gone_is_unknown_while_x_gives_no_clear_answer(
    world: World, fault: Fault, path: str, expected: Presence, access: str
) -> None:
    post = world.network.post("pete", "@CllrAda x")
    world.network.remove(post)
    world.faults.fail(fault, path=path)
    chosen = anonymous(world) if access == "anonymous" else None
    assert look(world, post, access=chosen).presence is expected


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.WRONG_TYPE, Fault.MALFORMED, Fault.CUT])
def test_a_missing_post_is_unknown_while_its_author_cannot_be_asked_about(world: World, fault: Fault) -> None:
    post = world.network.post("pete", "@CllrAda x")
    world.network.remove(post)
    world.faults.fail(fault, path="/2/users")
    assert look(world, post).presence is Presence.UNKNOWN


def test_no_credit_no_plan_or_a_dead_token_fall_back_to_the_embed_service(world: World) -> None:
    up, gone = world.network.post("pete", "@CllrAda x"), world.network.post("pete", "@CllrAda y")
    world.network.remove(gone)
    world.network.credit = 0
    assert (look(world, up).presence, look(world, gone).presence) == (Presence.UP, Presence.UNKNOWN)
    world.network.credit, world.network.enrolled = None, False
    assert (look(world, up).presence, look(world, gone).presence) == (Presence.UP, Presence.UNKNOWN)
    world.network.enrolled = True
    assert look(world, gone).presence is Presence.REMOVED_BY_PLATFORM
    world.network.app_tokens.clear()
    assert (look(world, up).presence, look(world, gone).presence) == (Presence.UP, Presence.UNKNOWN)


def test_a_slow_x_and_one_that_is_not_there_are_unknown(world: World) -> None:
    assert X.look is not None
    post = PostRef("1859900000000000001", "1", "https://x.com/pete/status/1859900000000000001", "7")
    nowhere = Access(addresses=addresses("http://127.0.0.1:9"))
    assert X.look(world.wire, nowhere, post).presence is Presence.UNKNOWN
    assert X.look(world.wire, Access(), post).presence is Presence.UNKNOWN
    gone = world.network.post("pete", "@CllrAda x")
    world.network.remove(gone)
    world.faults.fail(Fault.SLOW, seconds=1.0)
    with Wire(user_agent="Wardkeeper tests", admit_loopback=True, pauses=(), timeout=0.3) as impatient:
        assert X.look(impatient, anonymous(world), world.ref(gone)).presence is Presence.UNKNOWN
        assert X.look(impatient, world.access(), world.ref(gone)).presence is Presence.UNKNOWN
