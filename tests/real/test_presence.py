"""What became of a reported post is told apart on the real network; gone is believed only when two looks agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from classifiers.shape import Classifier
from platforms.shape import PostRef, Reach
from records.vocabulary import Presence, Role, TakedownState
from takedown.following_up import follow_up_due
from takedown.sending import send
from tests.real.install import Install
from tests.real.network import Network, Posted
from wardkeeper.build import Parts
from wardkeeper.rounds import follow_up

pytestmark = pytest.mark.real

DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)
THREAT = "@councillor.test I will find you and break your legs"

MakeInstall = Callable[..., Install]
Act = Callable[[Network, Posted, str], None]

FATES: Mapping[str, tuple[Act, Presence]] = {
    "still up": (lambda network, posted, who: None, Presence.UP),
    "labelled": (lambda network, posted, who: network.label(posted, "intolerant"), Presence.UP_LABELLED),
    "author deleted": (lambda network, posted, who: network.delete(posted, by=who), Presence.REMOVED_BY_AUTHOR),
    "moderator removed": (lambda network, posted, who: network.take_down(posted), Presence.REMOVED_BY_PLATFORM),
    "author suspended": (lambda network, posted, who: network.suspend_author(posted), Presence.AUTHOR_SUSPENDED),
    "author deactivated": (
        lambda network, posted, who: network.deactivate(posted, by=who),
        Presence.AUTHOR_DEACTIVATED,
    ),
    "author blocked us": (lambda network, posted, who: network.block_councillor(posted, by=who), Presence.UP),
}
"""What happens to a post after it was reported, and what a look without anybody's credential must say."""
GONE = ("author deleted", "moderator removed", "author suspended")


def test_each_fate_is_told_apart_and_only_what_is_gone_twice_is_removed(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    posts = {fate: network.post(f"fate{number}", THREAT) for number, fate in enumerate(FATES)}
    council = install()
    requests = reported(council, judge, posts, now=now)
    for number, (fate, (act, _)) in enumerate(FATES.items()):
        act(network, posts[fate], f"fate{number}")
    assert network.shows(posts["author blocked us"])
    assert not network.shows(posts["author blocked us"], to=network.councillor)

    with council.opened() as parts:
        assert {fate: looked(parts, posted) for fate, posted in posts.items()} == {
            fate: presence for fate, (_, presence) in FATES.items()
        }
        first = follow_up(parts, now=now + DAY)
        assert (first.checked, first.removed) == (len(FATES), 0), "one look was believed"
        assert follow_up(parts, now=now + DAY + HOUR - timedelta(seconds=1)).checked == 0
        second = follow_up(parts, now=now + DAY + HOUR)
        assert (second.checked, second.removed) == (len(GONE), len(GONE))
        later = follow_up(parts, now=now + 2 * DAY)
        assert (later.removed, later.unknown) == (0, 0)
        for fate, request_id in requests.items():
            request = council.request(parts, request_id)
            assert {outcome.presence for outcome in request.outcomes} == {FATES[fate][1]}, fate
            assert request.state is (TakedownState.REMOVED if fate in GONE else TakedownState.SENT), fate


def test_a_post_that_is_put_back_is_followed_again(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    posted = network.post("returning", THREAT)
    council = install()
    requests = reported(council, judge, {"it": posted}, now=now)
    network.take_down(posted)
    with council.opened() as parts:
        follow_up(parts, now=now + DAY)
        assert follow_up(parts, now=now + DAY + HOUR).removed == 1
        network.put_back(posted)
        assert follow_up(parts, now=now + 2 * DAY).returned == 1
        assert council.request(parts, requests["it"]).state is TakedownState.SENT


def test_an_unknown_between_two_looks_starts_the_count_again(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    posted = network.post("vanishing", THREAT)
    council = install()
    requests = reported(council, judge, {"it": posted}, now=now)
    network.delete(posted, by="vanishing")
    with council.opened() as parts:
        unreachable = cut_off(parts.reach)
        follow_up(parts, now=now + DAY)
        away = follow_up_due(parts.store, reach=unreachable, plan=parts.plan, now=now + DAY + HOUR)
        assert (away.unknown, away.removed) == (1, 0)
        assert follow_up(parts, now=now + DAY + 2 * HOUR).removed == 0
        assert follow_up(parts, now=now + DAY + 3 * HOUR).removed == 1
        seen = [outcome.presence for outcome in council.request(parts, requests["it"]).outcomes]
    gone = Presence.REMOVED_BY_AUTHOR
    assert seen == [gone, Presence.UNKNOWN, gone, gone]


def test_what_cannot_be_asked_is_unknown(network: Network, install: MakeInstall) -> None:
    council = install()
    with council.opened() as parts:
        away = cut_off(parts.reach)
        assert look_at(away, network.planted["own"]) is Presence.UNKNOWN
        half = cut_off(parts.reach, "plc")
        never = Posted(network.planted["own"].uri[:-3] + "222", network.planted["own"].cid)
        assert look_at(half, never) is Presence.UNKNOWN
        assert looked(parts, never) is Presence.REMOVED_BY_AUTHOR


def reported(council: Install, judge: Classifier, posts: Mapping[str, Posted], *, now: datetime) -> dict[str, int]:
    """The reports about these posts, all collected, confirmed, approved and sent."""
    council.scanned(judge, now=now)
    requests = {}
    with council.opened() as parts:
        officer = council.desk(parts, Role.OFFICER, now=now)
        for fate, posted in posts.items():
            requests[fate] = council.approved(parts, posted, now=now)
            sent = send(officer, requests[fate], reach=parts.reach, plan=parts.plan)
            assert sent.state is TakedownState.SENT, sent.said
    return requests


def cut_off(reach: Reach, *names: str) -> Reach:
    """The same reach with some of the network's addresses (every one, when none is named) leading nowhere."""
    own = reach.addresses["bluesky"]
    lost: Sequence[str] = names or ("appview", "plc", "entryway")
    return replace(reach, addresses={"bluesky": {**own, **dict.fromkeys(lost, "http://localhost:9")}})


def looked(parts: Parts, posted: Posted) -> Presence:
    """What one look without a credential says."""
    return look_at(parts.reach, posted)


def look_at(reach: Reach, posted: Posted) -> Presence:
    """What one look through this reach says."""
    look = reach.platforms["bluesky"].look
    assert look is not None
    post = PostRef(external_id=posted.uri, version=posted.cid, url="", author_id=posted.author)
    return look(reach.paced("bluesky"), reach.anonymous("bluesky"), post).presence
