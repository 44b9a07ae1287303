"""YouTube: who somebody is, its day and quota, its addresses, and servers that answer anything at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from platforms.shape import Access, Application, Found, PostRef, Report, Subject
from platforms.youtube import YOUTUBE, parse_url, shares, youtube
from platforms.youtube.addressing import Place, place_of
from platforms.youtube.comments import read_comment, read_thread, read_video
from platforms.youtube.quota import ALLOWED, FOR_ACTING, KEPT_BACK, PROCESSES, SEARCHES, UNITS, Purse, day_of, renews_at
from platforms.youtube.talking import Secret
from tests.platforms.youtube_cast import NOON, Held, World, a_world
from wardkeeper.demo.serving import Serving
from wardkeeper.demo.youtube.site import READONLY
from wire.errors import Refused, SignInNeeded, TryLater, WireError
from wire.http import Wire


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as running:
        yield running


def test_who_am_i(world: World) -> None:
    identify = world.platform.identify
    assert identify is not None
    plain = world.access(handle="@CllrAda", stable_id="")
    by_name = identify(world.wire, plain)
    secret = Secret(world.site.grant(world.ada, READONLY), (READONLY,), None).kept()
    by_permission = identify(world.wire, replace(plain, handle="", secret=secret))
    assert (by_name.handle, by_name.stable_id) == ("cllrada", world.ada.channel_id)
    assert (by_permission.handle, by_permission.stable_id) == ("cllrada", world.ada.channel_id)
    chosen = replace(plain, handle="", address=f"https://youtu.be/{world.bins.video_id} @pete")
    assert identify(world.wire, chosen).stable_id == ""
    for access, words in (
        (replace(plain, handle="nobody"), "check how it is spelt"),
        (replace(chosen, address="https://example.org/"), "is no address of a YouTube"),
        (replace(chosen, address="https://youtu.be/AAAAAAAAAAA"), "not on YouTube"),
        (replace(chosen, address="@nobody"), "check how it is spelt"),
    ):
        with pytest.raises(Refused, match=words):
            identify(world.wire, access)
    world.site.withdraw(world.ada)
    with pytest.raises(SignInNeeded, match="withdrawn"):
        identify(world.wire, replace(plain, secret=secret))
    with pytest.raises(SignInNeeded, match="cannot be read"):
        identify(world.wire, replace(plain, secret="a token somebody pasted"))


def test_what_identifying_spends_is_not_taken_from_the_account_s_own_budget(world: World) -> None:
    assert world.platform.identify is not None
    who = world.platform.identify(world.wire, world.access())
    assert json.loads(who.session)["spent"] == {"units": 0, "searches": 0}


@pytest.mark.parametrize(
    ("moment", "day", "renews"),
    [
        ("2026-11-22T07:59:59", "2026-11-21", "2026-11-22T08:00:00"),
        ("2026-11-22T08:00:00", "2026-11-22", "2026-11-23T08:00:00"),
        ("2026-07-01T06:59:59", "2026-06-30", "2026-07-01T07:00:00"),
        ("2026-03-08T08:00:00", "2026-03-08", "2026-03-09T07:00:00"),
        ("2026-11-01T07:00:00", "2026-11-01", "2026-11-02T08:00:00"),
    ],
)
def test_the_day_begins_in_california(moment: str, day: str, renews: str) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert day_of(now) == day
    assert renews_at(now) == datetime.fromisoformat(renews).replace(tzinfo=UTC)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from([UNITS, SEARCHES]), st.integers(1, 60), st.integers(-40, 40)), max_size=30))
def test_no_purse_gives_more_than_a_day_s_limit(calls: list[tuple[str, int, int]]) -> None:
    clock, latest, spent = [NOON], NOON, dict[tuple[str, str], int]()
    purse = Purse({UNITS: 100, SEARCHES: 7}, lambda: clock[0])
    for kind, cost, hours in calls:
        clock[0] = max(clock[0] + timedelta(hours=hours), latest - timedelta(hours=20))
        latest = max(latest, clock[0])
        left = purse.left(kind)
        try:
            purse.spend(kind, cost)
        except TryLater as problem:
            assert cost > left
            assert problem.rate_limited  # noqa: PT017 - which of many calls is refused depends on the case
        else:
            key = (purse.day, kind)
            spent[key] = spent.get(key, 0) + cost
        purse = Purse({UNITS: 100, SEARCHES: 7}, lambda: clock[0], day=purse.day, spent=purse.spent())
    assert all(total <= {UNITS: 100, SEARCHES: 7}[kind] for (_, kind), total in spent.items())


@pytest.mark.parametrize("day", ["2031-01-01", "zzz", "2020-01-01", ""])
def test_a_day_that_cannot_be_starves_nobody(day: str) -> None:
    purse = Purse({UNITS: 100}, lambda: NOON, day=day, spent={UNITS: 100})
    assert purse.left(UNITS) == 100
    assert Purse({UNITS: 100}, lambda: NOON, day=purse.day, spent={UNITS: 100}).left(UNITS) == 0


@given(st.integers(-5, 2_000))
def test_all_shares_together_stay_within_the_day(accounts: int) -> None:
    each = shares(accounts)
    assert each[UNITS] * accounts + PROCESSES * FOR_ACTING[UNITS] + KEPT_BACK <= ALLOWED[UNITS]
    assert each[SEARCHES] * accounts <= ALLOWED[SEARCHES]


@pytest.mark.parametrize(
    ("given_as", "place"),
    [
        ("https://www.youtube.com/@local.news/videos", Place(channel="@local.news")),
        ("youtube.com/channel/UCabcdefghijklmnopqrstuv", Place(channel="UCabcdefghijklmnopqrstuv")),
        ("@local-news", Place(channel="@local-news")),
        ("https://youtu.be/dQw4w9WgXcQ?si=1", Place(video="dQw4w9WgXcQ")),
        ("https://m.youtube.com/watch?v=dQw4w9WgXcQ&lc=UgxKREWxIgDrw8w2e_Z4AaABAg", Place(video="dQw4w9WgXcQ")),
        ("https://youtube.com.evil.example/@localnews", None),
        ("https://youtube.evil.example/watch?v=dQw4w9WgXcQ", None),
        ("https://www.youtube.com:8443/watch?v=dQw4w9WgXcQ", None),
        ("https://www.youtube.com@evil.example/watch?v=dQw4w9WgXcQ", None),
        ("http://127.0.0.1/watch?v=dQw4w9WgXcQ", None),
        ("@", None),
        ("https://www.youtube.com/", None),
        ("localnews", None),
    ],
)
def test_a_place_is_named_by_its_own_addresses_only(given_as: str, place: Place | None) -> None:
    assert place_of(given_as) == place


def test_what_was_read_is_held_for_thirty_days_at_most() -> None:
    assert YOUTUBE.hold_for == timedelta(days=30)


_VIDEO_ID, _COMMENT_ID = "dQw4w9WgXcQ", "UgxKREWxIgDrw8w2e_Z4AaABAg"
_CHANNEL_ID = "UCabcdefghijklmnopqrstuv"
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_SAID: dict[str, object] = {
    "channelId": _CHANNEL_ID,
    "videoId": _VIDEO_ID,
    "textDisplay": "hi",
    "authorDisplayName": "@pete",
    "authorChannelId": {"value": "UCbbcdefghijklmnopqrstuv"},
    "publishedAt": "2026-11-22T12:00:00Z",
    "updatedAt": "2026-11-22T12:00:00Z",
    "title": "A title",
    "description": "words",
    "label": "Bullying",
    "secondaryReasons": [{"id": "37", "label": "Bullying"}],
    "isPublic": True,
    "totalReplyCount": 9,
    "moderationStatus": "published",
}
_TOP: dict[str, object] = {"id": _COMMENT_ID, "snippet": _SAID}
_changes = st.dictionaries(st.sampled_from(sorted(_SAID)), _json, max_size=4)


def _answer(changes: dict[str, object], outer: dict[str, object]) -> bytes:
    said = {**_SAID, **changes}
    snippet = {**said, "topLevelComment": {"id": _COMMENT_ID, "snippet": said}}
    item = {"id": _COMMENT_ID, "snippet": snippet, "replies": {"comments": [_TOP]}, "status": {}, **outer}
    return json.dumps({"items": [item], "nextPageToken": "x", "access_token": "token-not-to-be-shown"}).encode()


_ANSWERS = st.one_of(
    _json.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=40),
    st.builds(_answer, _changes, st.dictionaries(st.sampled_from(["id", "snippet", "replies", "status"]), _json)),
    st.fixed_dictionaries({"items": _json, "error": _json, "nextPageToken": _json, "access_token": _json}).map(
        lambda value: json.dumps(value).encode()
    ),
    st.fixed_dictionaries({"code": st.just(403), "errors": _json, "details": _json, "status": _json}).map(
        lambda value: json.dumps({"error": value}).encode()
    ),
)


@dataclass
class Hostile:
    """A server that answers every request with the same bytes."""

    base: str
    wire: Wire
    body: bytes = b""
    status: int = 200


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    wire = Wire(user_agent="Wardkeeper tests", admit_loopback=True, pauses=(0.0, 0.0))
    with Serving(("hostile",)) as serving, wire:
        server = Hostile(serving.urls["hostile"], wire)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await Response(server.body, status_code=server.status)(scope, receive, send)

        serving.start({"hostile": answer})
        yield server


@settings(max_examples=12, deadline=None)
@given(_ANSWERS, st.sampled_from([200, 200, 200, 204, 400, 401, 403, 404]))
@example(b"[" * 50_000, 200)
@example(_answer({}, {}), 200)
def test_whatever_a_server_answers_only_the_four_errors_come_of_it(hostile: Hostile, body: bytes, status: int) -> None:
    hostile.body, hostile.status = body, status
    platform = youtube(lambda: NOON)
    application = Application("id", "secret-not-to-be-shown", token="key-not-to-be-shown")
    secret = Secret("refresh-not-to-be-shown", (READONLY,), None).kept()
    addresses = dict.fromkeys(("api", "accounts", "tokens", "site"), hostile.base)
    access = Access(addresses=addresses, handle="ada", application=application, budget={UNITS: 60})
    signed, video = replace(access, secret=secret), "https://youtu.be/dQw4w9WgXcQ"
    subject = Subject(stable_id=_CHANNEL_ID, names=("Ada",))
    grant = platform.grant
    assert grant is not None
    assert grant.begin_as is not None
    keep = grant.begin_as(hostile.wire, access, "https://a.example/", True).keep
    post, other = PostRef(_VIDEO_ID, "v", video, _CHANNEL_ID), PostRef(_COMMENT_ID, "v", video, _CHANNEL_ID)
    everything: list[Callable[[], object]] = [
        lambda: platform.identify and platform.identify(hostile.wire, access),
        lambda: platform.identify and platform.identify(hostile.wire, signed),
        lambda: platform.rules and platform.rules(hostile.wire, signed),
        lambda: platform.report and platform.report(hostile.wire, signed, Report((post,), "bullying", "x")),
        lambda: platform.look and platform.look(hostile.wire, access, post),
        lambda: platform.look and platform.look(hostile.wire, access, other),
        lambda: platform.mentions and list(platform.mentions(hostile.wire, access, subject, "", Held())),
        lambda: grant.finish(hostile.wire, keep, "4/code"),
        lambda: grant.revoke(hostile.wire, signed),
    ]
    for act in everything:
        said = ""
        try:
            act()
        except WireError as problem:
            said = repr(problem)
        assert "not-to-be-shown" not in said


@settings(max_examples=100)
@given(_changes, st.dictionaries(st.sampled_from(["id", "snippet", "replies"]), _json, max_size=2))
def test_items_of_any_shape_are_read_whole_or_left_out(changes: dict[str, object], outer: dict[str, object]) -> None:
    [item] = json.loads(_answer(changes, outer))["items"]
    comment, video = read_comment(item, channel="", video=""), read_video({**item, "id": _VIDEO_ID})
    thread = read_thread(item)
    for post in (comment, video, *(thread.posts if thread else ())):
        assert post is None or (isinstance(post, Found) and post.external_id and post.version and post.url)
    for post in thread.posts if thread else ():
        assert parse_url(post.url) == post.external_id or not post.parent_id


@settings(max_examples=25)
@given(_json | st.text(), st.text(max_size=40))
def test_a_cursor_or_session_that_cannot_be_read_means_starting_afresh(kept: object, text: str) -> None:
    mentions = youtube(lambda: NOON).mentions
    assert mentions is not None
    with Wire(user_agent="Wardkeeper tests", admit_loopback=True) as wire:
        for broken in (json.dumps(kept), text, json.dumps({"lists": {"x": kept}, "spent": kept, "day": kept})):
            access = Access(session=broken, application=Application("", token="key"))
            assert next(iter(mentions(wire, access, Subject(), broken, Held()))).posts == ()
