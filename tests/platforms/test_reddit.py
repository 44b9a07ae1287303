"""Reddit's permissions, accounts and addresses, and its answers in every broken shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platforms.reddit import REDDIT, parse_url
from platforms.reddit.addressing import FULLNAME, communities, community_of
from platforms.reddit.reasons import Reasons, as_rules, form_for, reasons_in
from platforms.reddit.reporting import accepted
from platforms.reddit.talking import bought, caller, http_date
from platforms.reddit.things import Thing, fate, read_listing, read_thing
from platforms.shape import Grant
from tests.platforms.reddit_cast import NOON, Place, World, a_place, scan
from wardkeeper.demo.reddit.server import Community, Item, Redditor
from wardkeeper.demo.reddit.wire_format import listing, reasons, thing
from wire.errors import Changed, Refused, SignInNeeded, WireError
from wire.http import Answer

BACK = "http://127.0.0.1:8000/back"


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with a_place() as answering:
        yield answering


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    with place.world() as running:
        yield running


def grant() -> Grant:
    assert REDDIT.grant is not None
    return REDDIT.grant


def begun(world: World, *, reporting: bool = False) -> tuple[str, str]:
    assert grant().begin_as is not None
    start = grant().begin_as(world.wire, world.access(), BACK, reporting)  # type: ignore[misc]
    return start.url, start.keep


def decide(world: World, url: str, *, answer: str = "Allow") -> str:
    page = world.wire.post(url, form={"account": "CllrAda", "authorize": answer})
    return page.headers["location"]


def test_permission_is_given_used_and_taken_back(world: World) -> None:
    assert REDDIT.identify is not None
    url, keep = begun(world)
    assert world.application.client_secret not in url
    assert parse_qs(urlsplit(url).query)["scope"] == ["identity privatemessages"]
    secret = grant().finish(world.wire, keep, decide(world, url))
    assert world.application.client_secret not in secret
    access = world.access(secret=secret)
    who = REDDIT.identify(world.wire, access)
    assert (who.handle, who.stable_id) == ("CllrAda", world.ada.fullname)
    access = replace(access, session=who.session)
    assert scan(world, access=access)
    grant().revoke(world.wire, access)
    assert world.reddit.refresh_tokens == {}
    assert all(token.account is None for token in world.reddit.tokens.values())
    with pytest.raises(SignInNeeded):
        scan(world, access=access)


def test_permission_to_report_asks_for_what_reporting_needs(world: World) -> None:
    url, _ = begun(world, reporting=True)
    assert parse_qs(urlsplit(url).query)["scope"] == ["identity read report"]


def test_an_answer_that_is_not_ours_or_says_no_gives_no_permission(world: World) -> None:
    url, keep = begun(world)
    back = decide(world, url)
    code = parse_qs(urlsplit(back).query)["code"][0]
    for answer, words in (
        (f"{BACK}?state=forged&code={code}", "does not belong"),
        (code, "does not belong"),
        ("", "does not belong"),
        (decide(world, url, answer="Decline"), "did not agree"),
        (back.replace(code, "another-code"), "did not accept the code"),
    ):
        with pytest.raises(Refused, match=words):
            grant().finish(world.wire, keep, answer)
    with pytest.raises(Refused, match="cannot be read"):
        grant().finish(world.wire, "{}", back)
    grant().finish(world.wire, keep, back)
    with pytest.raises(Refused, match="did not accept the code"):
        grant().finish(world.wire, keep, back)


def test_permission_cannot_be_asked_for_without_approval_application_or_address(world: World) -> None:
    begin_as = grant().begin_as
    assert begin_as is not None
    for access, redirect, words in (
        (world.access(permission_on_file=False), BACK, "not on file"),
        (world.access(application=None), BACK, "no application"),
        (world.access(application=replace(world.application, contact=" ")), BACK, "which Reddit account answers"),
        (world.access(), "urn:ietf:wg:oauth:2.0:oob", "an address only"),
    ):
        with pytest.raises(Refused, match=words):
            begin_as(world.wire, access, redirect, False)
    with pytest.raises(Refused, match="name the council's in the settings"):
        grant().begin(world.wire, "", BACK, False)


def test_a_permission_given_to_another_application_or_by_hand_must_be_given_anew(world: World) -> None:
    access = world.access(world.ada)
    other = world.reddit.approve()
    moved = replace(access, application=replace(world.application, client_id=other.client_id))
    for wrong in (moved, replace(access, secret="a-token"), replace(access, secret='{"refresh_token": 3}')):
        with pytest.raises(SignInNeeded):
            scan(world, access=wrong)
        with pytest.raises(Refused, match=r"prefs/apps"):
            grant().revoke(world.wire, wrong)


@pytest.mark.parametrize(
    "session", ["x", "[]", '{"tokens": 3}', '{"tokens": {"application": 3, "account": "\\u00e9\\n"}, "renewed": []}']
)
def test_a_kept_session_that_cannot_be_used_is_bought_anew(world: World, session: str) -> None:
    assert REDDIT.identify is not None
    who = REDDIT.identify(world.wire, world.access(world.ada, session=session))
    assert who.handle == "CllrAda"


@pytest.mark.parametrize("answer", ["null", "{}", '{"access_token": "\\u00e9"}', '{"access_token": 3}', "[]", "<p>"])
def test_an_answer_without_a_usable_token_is_a_changed_answer(answer: str) -> None:
    with pytest.raises(Changed):
        bought(Answer(200, {}, answer.encode(), "http://127.0.0.1/api/v1/access_token"), "client_credentials")


def test_who_or_what_is_connected_is_checked(world: World) -> None:
    identify = REDDIT.identify
    assert identify is not None
    by_name = identify(world.wire, world.access(handle="u/pete_77"))
    assert (by_name.handle, by_name.stable_id) == ("pete_77", world.pete.fullname)
    assert identify(world.wire, world.access(watching="r/Harrow, r/HarrowTown")).handle == ""
    world.pete.suspended = True
    for access, words in (
        (world.access(handle="pete_77"), "suspended"),
        (world.access(handle="nobody_here"), "no such account"),
        (world.access(handle="a b"), "not the name"),
        (world.access(watching="r/nosuchplace"), "r/nosuchplace"),
        (world.access(), "communities to watch"),
        (world.access(handle="pete_77", permission_on_file=False), "not on file"),
    ):
        with pytest.raises(Refused, match=words):
            identify(world.wire, access)


def test_no_secret_is_shown_by_any_value_or_error(world: World) -> None:
    access = world.access(world.ada)
    who = caller(world.wire, access)
    secrets = [access.secret, world.application.client_secret, *world.reddit.refresh_tokens]
    scan(world, access=access)
    secrets += list(world.reddit.tokens)
    shown = f"{access!r} {who!r} {world.application!r}"
    assert not any(secret in shown for secret in secrets)


def test_the_communities_of_an_account_are_read_from_its_address() -> None:
    assert communities("r/Harrow, /r/HarrowTown/ + harrow\nu_cllrada ../../x r/a b%2F..") == (
        "harrow",
        "harrowtown",
        "u_cllrada",
    )
    assert community_of("https://old.reddit.com/r/Harrow/comments/1gabc2d/x/") == "harrow"
    assert community_of("https://reddit.com.evil.example/r/Harrow/comments/1gabc2d/x/") == ""
    assert community_of("https://redd.it/1gabc2d") == ""


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        *(
            (f"https://{host}/r/Harrow/comments/1gabc2d/bins/{rest}", expected)
            for host in ("reddit.com", "www.reddit.com", "old.reddit.com", "new.reddit.com", "m.reddit.com")
            for rest, expected in (("", "t3_1gabc2d"), ("m0xyz12/?context=3#x", "t1_m0xyz12"))
        ),
        ("https://www.reddit.com/comments/1gabc2d/comment/m0xyz12/", "t1_m0xyz12"),
        ("https://redd.it/1gabc2d", "t3_1gabc2d"),
        ("https://reddit.com/r/Harrow/s/AbC123dEf", "share_AbC123dEf"),
        ("https://evilreddit.com/r/Harrow/comments/1gabc2d/x/", None),
        ("https://reddit.com.evil.example/r/Harrow/comments/1gabc2d/x/", None),
        ("https://www.reddit.com@evil.example/r/Harrow/comments/1gabc2d/x/", None),
        ("https://www.reddit.com:8443/r/Harrow/comments/1gabc2d/x/", None),
        ("https://preview.redd.it/1gabc2d", None),
        ("https://www.reddit.com/r/Harrow/comments/1gabc2d%2F..%2Fx/", None),
        ("https://www.reddit.com/r/Harrow/wiki/1gabc2d", None),
    ],
)
def test_own_addresses_are_known_and_look_alikes_refused(url: str, expected: str | None) -> None:
    assert parse_url(url) == expected


def test_the_page_for_a_reason_lies_on_reddit_or_nowhere() -> None:
    step = {"reasonText": "x", "reasonTextToShow": "x", "fileComplaint": True}
    for url, expected in (
        ("https://www.reddit.com/api/report_redirect?thing=%25%28thing%29s&amp;a=B", "thing=t1_x&a=B"),
        ("https://www.reddit.com/api/report_redirect?thing=%(thing)s", "thing=t1_x"),
        ("https://reddit.com.evil.example/?thing=%(thing)s", ""),
        ("http://www.reddit.com/?thing=%(thing)s", ""),
        ("javascript:alert(1)", ""),
    ):
        found = read_reasons({"rules": [], "site_rules_flow": [{**step, "complaintUrl": url}]})
        page = form_for(found.site[0], "t1_x")
        assert page.endswith(expected)
        assert bool(page) == bool(expected)


def test_a_moment_from_the_other_side_is_utc_or_nothing() -> None:
    assert http_date("Sun, 22 Nov 2026 12:00:00 GMT") == NOON
    assert http_date("Sun, 22 Nov 2026 14:00:00 +0200") == NOON
    assert http_date("tomorrow") is None
    assert http_date("") is None


# From here on: answers in every broken shape.

PETE, PLACE = Redditor("pete_77", "p1"), Community("Harrow", [("Be civil", "Incivility", "all")])
POST = Item("t3_aaa", PETE, PLACE, "text", NOON, "A title", captions=("A caption",), poll=("Yes",))
GOOD = listing(
    [
        thing(Item("t3_bbb", PETE, PLACE, "text", NOON, "Shared", quotes=POST)),
        thing(POST),
        thing(Item("t1_ccc", PETE, PLACE, "a comment", NOON, parent=POST, edited_at=NOON + timedelta(hours=1))),
        thing(Item("t1_ddd", PETE, PLACE, "gone", NOON, parent=POST, removed_by="moderator")),
    ],
    after="t1_ddd",
)
_ODD: st.SearchStrategy[object] = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        -1,
        10**40,
        float("inf"),
        float("nan"),
        1e300,
        "",
        "[removed]",
        "\ud800",
        "t1_x",
        [],
        {},
        [[]],
    ]
)


def answered(body: object) -> Answer:
    return Answer(200, {}, json.dumps(body).encode("utf-8", "replace"), "http://127.0.0.1/x")


def read_reasons(body: object) -> Reasons:
    return reasons_in(answered(body), "harrow")


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


def changed(value: object, path: tuple[object, ...], odd: object) -> object:
    """The value with one place replaced, or left out where `odd` is the mark for it."""
    if not path:
        return odd
    copy = json.loads(json.dumps(value))
    inside = copy
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = odd
    return copy


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(places(GOOD)), _ODD), min_size=1, max_size=3))
def test_a_listing_in_any_shape_is_read_or_refused_whole(mutations: list[tuple[tuple[object, ...], object]]) -> None:
    body: object = GOOD
    for path, odd in mutations:
        try:
            body = changed(body, path, odd)
        except (KeyError, IndexError, TypeError):
            continue
    try:
        found = read_listing(answered(body))
    except Changed:
        return
    for each in found.things:
        assert FULLNAME.fullmatch(each.name)
        fate(each, version="1")
        post = read_thing(each, parent=Thing("t3_aaa", {"author": 3}))
        if post is not None:
            assert post.external_id == each.name
            assert post.version
            assert post.url.startswith("https://www.reddit.com")
            assert post.posted_at is None or post.posted_at.tzinfo is not None


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(places(json.loads(json.dumps(reasons(PLACE))))), _ODD)
def test_reasons_in_any_shape_are_read_or_refused(path: tuple[object, ...], odd: object) -> None:
    try:
        body = changed(reasons(PLACE), path, odd)
        found = read_reasons(body)
    except Changed:
        return
    for rule in as_rules(found):
        assert rule.rule_id
        assert not rule.rule_id.split()[1:]
        assert rule.text


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 3000))
def test_a_damaged_listing_is_read_or_changed(damage: bytes, place: int) -> None:
    body = json.dumps(GOOD).encode()
    answer = Answer(200, {}, body[:place] + damage + body[place + len(damage) :], "http://127.0.0.1/x")
    with suppress(Changed):
        for each in read_listing(answer).things:
            read_thing(each)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(places(json.loads(json.dumps({"json": {"errors": [["A", "b", "c"]], "ratelimit": 180}})))), _ODD)
def test_a_receipt_in_any_shape_is_accepted_or_one_of_the_four_errors(path: tuple[object, ...], odd: object) -> None:
    body = changed({"json": {"errors": [["A", "b", "c"]], "ratelimit": 180}}, path, odd)
    try:
        accepted(answered(body))
    except WireError:
        return
    assert isinstance(body, dict)
    assert body["json"]["errors"] == []
