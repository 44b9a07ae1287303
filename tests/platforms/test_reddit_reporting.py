"""Reporting to a community's moderators and to Reddit, once, under the reasons Reddit has today."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from platforms.reddit import REDDIT
from platforms.reddit.reasons import community_in
from platforms.shape import Receipt, Report
from records.vocabulary import Presence
from tests.platforms.reddit_cast import NOON, Place, World, a_place, look
from wardkeeper.demo.reddit import Item
from wardkeeper.demo.serving import Fault
from wire.errors import Refused, SignInNeeded, TryLater

ROUTE = tomllib.loads((Path(__file__).parents[2] / "config" / "platforms" / "reddit.toml").read_text("utf-8"))
HARASSED = "It's targeted harassment at someone else"


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with a_place() as answering:
        yield answering


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    with place.world() as running:
        yield running


@pytest.fixture
def comment(world: World) -> Item:
    return world.reddit.comment(world.pete, world.thread, "u/CllrAda resign or else")


def send(world: World, *items: Item, category: str = HARASSED, text: str = "Please act", **more: object) -> Receipt:
    assert REDDIT.report is not None
    refs = tuple(world.ref(each) for each in items)
    access = more.pop("access", None) or world.access(world.council)
    report = replace(Report(refs, category, text), **more)  # type: ignore[arg-type]
    return REDDIT.report(world.wire, access, report)  # type: ignore[arg-type]


def test_a_report_reaches_reddit_under_its_own_reason(world: World, comment: Item) -> None:
    receipt = send(world, comment)
    [stored] = world.reddit.reports
    assert (stored.item, stored.reporter) == (comment, world.council)
    assert (stored.reason, stored.site_reason, stored.custom_text) == ("site_reason_selected", HARASSED, "")
    assert (receipt.reference, receipt.stored_as) == ("", HARASSED)
    assert "the text was not sent" in receipt.note
    assert receipt.session


def test_a_reason_that_takes_words_carries_them(world: World, comment: Item) -> None:
    receipt = send(world, comment, category="It\u2019s abusing the  REPORT button")
    assert world.reddit.reports[0].custom_text == "Please act"
    assert "not sent" not in receipt.note


def test_a_report_in_the_council_s_own_words_goes_to_the_moderators(world: World, comment: Item) -> None:
    receipt = send(world, comment, category="moderators", text="é" * 100)
    [stored] = world.reddit.reports
    assert (stored.reason, stored.other_reason) == ("other", "é" * 100)
    assert receipt.stored_as == "moderators"


def test_every_category_of_the_route_is_sent_or_leads_to_the_form(world: World, comment: Item) -> None:
    tokens = {harm: category["token"] for harm, category in ROUTE["categories"].items()}
    for harm in ("impersonation", "self_harm"):
        with pytest.raises(Refused) as raised:
            send(world, comment, category=tokens.pop(harm))
        assert raised.value.use_form
    stored = [send(world, comment, category=token).stored_as for token in tokens.values()]
    assert stored == list(tokens.values())
    assert len(world.reddit.reports) == len(tokens)


def test_the_live_reasons_are_offered_and_a_chosen_one_is_sent(world: World, comment: Item) -> None:
    assert REDDIT.rules is not None
    offered = {rule.text: rule for rule in REDDIT.rules(world.wire, world.access(watching="Harrow"))}
    deep = "This is abusive or harassing > It threatens violence or physical harm > At someone else"
    assert {"Incivility", "Meme", deep, "This is spam"} <= set(offered)
    assert next(iter(offered)) == "Incivility"
    assert "own pages only" in offered["Other issues > It infringes my copyright"].hint
    assert all(" " not in rule.rule_id for rule in offered.values())
    assert community_in(offered["Incivility"].rule_id) == "harrow"
    send(world, comment, rule_ids=(offered["Incivility"].rule_id,))
    send(world, comment, rule_ids=(offered[deep].rule_id,))
    civil, threat = world.reddit.reports
    assert (civil.reason, civil.rule_reason) == ("Incivility", "Incivility")
    assert threat.site_reason == "It threatens violence or physical harm at someone else"
    with pytest.raises(Refused, match="choose among its reasons again"):
        send(world, comment, rule_ids=(offered["Meme"].rule_id,))


def test_without_a_community_reddit_s_own_reasons_are_offered(world: World) -> None:
    assert REDDIT.rules is not None
    world.reddit.add_community("reddit")
    offered = REDDIT.rules(world.wire, world.access())
    assert [rule.text for rule in offered][:2] == ["This is spam", "This is misinformation"]
    assert REDDIT.rules(world.wire, world.access(permission_on_file=False)) == ()


def test_a_reason_that_only_reddit_s_pages_take_leads_to_the_right_page(world: World, comment: Item) -> None:
    with pytest.raises(Refused) as raised:
        send(world, comment, category="Someone is considering suicide or serious self-harm")
    assert raised.value.use_form
    assert f"https://www.reddit.com/api/report_redirect?thing={comment.name}&reason_code=SELF_HARM" in raised.value.why


def test_reports_that_cannot_be_sent_are_refused_before_anything_arrives(world: World, comment: Item) -> None:
    gone = world.reddit.comment(world.pete, world.thread, "x")
    world.reddit.delete(gone)
    for items, changes, words in (
        ((comment,), {"text": "x" * 101}, "101 characters"),
        ((comment,), {"category": ""}, "names no reason"),
        ((comment,), {"category": "moderators", "text": " "}, "needs words"),
        ((comment,), {"category": "It is rude"}, "no longer offers this reason"),
        ((comment,), {"rule_ids": ("site/a", "site/b")}, "names one reason"),
        ((), {}, "exactly one post"),
        ((comment, comment), {}, "exactly one post"),
        ((gone,), {}, "may be gone already"),
        ((comment,), {"posts": (replace(world.ref(comment), author_id="t2_other"),)}, "another author"),
        ((comment,), {"posts": (replace(world.ref(comment), external_id="share_AbC123"),)}, "own pages"),
    ):
        with pytest.raises(Refused, match=words):
            send(world, *items, **changes)
    assert world.reddit.reports == []


def test_an_author_typed_by_a_person_is_accepted(world: World, comment: Item) -> None:
    for typed in ("u/Pete_77", ""):
        send(world, comment, posts=(world.ref(comment, author=typed),))
    assert len(world.reddit.reports) == 2


def test_errors_inside_an_answer_of_200_are_heard(world: World, comment: Item) -> None:
    world.reddit.report_wait = 180
    with pytest.raises(TryLater) as later:
        send(world, comment)
    assert (later.value.after, later.value.rate_limited) == (timedelta(minutes=3), True)
    assert not later.value.maybe_received
    world.reddit.report_wait = 0
    world.reddit.report_error = "THREAD_LOCKED"
    with pytest.raises(Refused) as refused:
        send(world, comment)
    assert refused.value.code == "THREAD_LOCKED"
    world.reddit.report_error = "USER_REQUIRED"
    with pytest.raises(SignInNeeded):
        send(world, comment)
    assert world.reddit.reports == []


def test_a_community_that_takes_no_free_words_is_not_sent_any(world: World, comment: Item) -> None:
    world.reddit.communities["harrow"].free_reports = False
    with pytest.raises(Refused) as refused:
        send(world, comment, category="moderators")
    assert refused.value.use_form
    send(world, comment)
    assert len(world.reddit.reports) == 1


@pytest.mark.parametrize("fault", [Fault.ERROR_AFTER_ACTING, Fault.CUT, Fault.MALFORMED, Fault.WRONG_TYPE])
def test_a_report_that_may_have_arrived_is_never_called_failed(world: World, comment: Item, fault: Fault) -> None:
    world.faults.fail(fault, path="/api/report", times=1)
    with pytest.raises(TryLater) as raised:
        send(world, comment)
    assert raised.value.maybe_received
    assert len(world.reddit.reports) == 1


def test_a_report_that_did_not_arrive_is_sent_once_later(world: World, comment: Item) -> None:
    world.faults.fail(Fault.RATE_LIMITED, path="/api/report", times=1)
    with pytest.raises(TryLater) as raised:
        send(world, comment)
    assert not raised.value.maybe_received
    send(world, comment)
    assert len(world.reddit.reports) == 1


def test_who_may_report(world: World, comment: Item) -> None:
    with pytest.raises(SignInNeeded, match="connect the council's account"):
        send(world, comment, access=world.access())
    with pytest.raises(Refused) as refused:
        send(world, comment, access=world.access(world.council, permission_on_file=False))
    assert refused.value.use_form
    world.reddit.refresh_tokens.clear()
    reader = world.access(world.council)
    token = next(iter(world.reddit.refresh_tokens))
    world.reddit.refresh_tokens[token] = (world.council, "identity read", world.client.client_id)
    with pytest.raises(SignInNeeded, match="does not cover"):
        send(world, comment, access=reader)
    assert world.reddit.reports == []


def test_reported_posts_are_taken_down_after_a_while(world: World, comment: Item) -> None:
    world.reddit.removes_reported_after = timedelta(minutes=3)
    send(world, comment)
    assert look(world, comment).presence is Presence.UP
    world.clock[0] = NOON + timedelta(minutes=3)
    assert look(world, comment).presence is Presence.REMOVED_BY_MODERATOR
