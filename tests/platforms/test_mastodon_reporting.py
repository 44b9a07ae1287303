"""Reporting to Mastodon moderators, and the permission to do so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from platforms.mastodon import MASTODON
from platforms.shape import Receipt, Report
from records.vocabulary import Presence
from tests.platforms.mastodon_cast import NOON, RULES, World, a_world, look
from wardkeeper.demo.mastodon import Status
from wardkeeper.demo.serving import Fault
from wire.errors import Refused, SignInNeeded, TryLater


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as running:
        yield running


def send(world: World, *statuses: Status, text: str = "Please act", **more: object) -> Receipt:
    assert MASTODON.report is not None
    refs = tuple(world.ref(each) for each in statuses)
    report = replace(Report(refs, "violation", text), **more)  # type: ignore[arg-type]
    return MASTODON.report(world.wire, world.access(account=world.reporter), report)


def test_a_report_reaches_the_moderators_with_the_right_posts_and_rule(world: World) -> None:
    one, two = (world.away.post(world.pete, f"@ada@harrow.example {word}") for word in ("one", "two"))
    receipt = send(world, one, two, rule_ids=("2",), category="legal")
    [stored] = world.home.reports
    assert stored.statuses == (one, two)
    assert (stored.account, stored.reporter, stored.comment) == (world.pete, world.reporter, "Please act")
    assert (stored.category, stored.rule_ids, stored.forwarded) == ("violation", ("2",), True)
    assert (receipt.reference, receipt.stored_as) == ("1", "violation")


def test_a_local_author_s_report_is_not_forwarded(world: World) -> None:
    send(world, world.home.post("council", "x"), category="spam")
    assert (world.home.reports[0].forwarded, world.home.reports[0].category) == (False, "spam")


def test_what_the_server_stored_is_read_back(world: World) -> None:
    world.home.stores_other = True
    receipt = send(world, world.away.post(world.pete, "x"))
    assert receipt.stored_as == "other"
    assert 'stored the category "other"' in receipt.note


def test_reports_that_cannot_be_sent_are_refused_before_anything_arrives(world: World) -> None:
    mine, other = world.away.post(world.pete, "x"), world.away.post(world.away.add_account("quinn"), "y")
    gone = world.away.post(world.pete, "z")
    world.away.remove(gone)
    for posts, changes, words in (
        ((mine,), {"text": "x" * 1001}, "1,001 characters"),
        ((mine,), {"category": "rude"}, "no category"),
        ((), {}, "at least one post"),
        ((mine, other), {}, "by one author"),
        ((gone,), {}, "may be gone already"),
    ):
        with pytest.raises(Refused, match=words):
            send(world, *posts, **changes)
    assert world.home.reports == []
    assert MASTODON.report is not None
    typed = replace(world.ref(mine), author_id="@Pete")
    MASTODON.report(world.wire, world.access(account=world.reporter), Report((typed,), "violation", "x"))
    assert len(world.home.reports) == 1
    wrong = replace(world.ref(mine), author_id="somebody.else@toots.example")
    with pytest.raises(Refused, match="another author"):
        MASTODON.report(world.wire, world.access(account=world.reporter), Report((wrong,), "violation", "x"))
    assert len(world.home.reports) == 1


def test_a_text_of_exactly_the_limit_is_accepted(world: World) -> None:
    send(world, world.away.post(world.pete, "x"), text="é" * 1000)
    assert len(world.home.reports) == 1


def test_a_server_without_reports_leads_to_the_form(world: World) -> None:
    world.home.has_reports = False
    with pytest.raises(Refused) as raised:
        send(world, world.away.post(world.pete, "x"))
    assert raised.value.use_form


def test_a_rule_that_is_gone_is_refused_in_plain_words(world: World) -> None:
    with pytest.raises(Refused, match="choose among its rules again") as raised:
        send(world, world.away.post(world.pete, "x"), rule_ids=("9",))
    assert not raised.value.use_form


def test_a_permission_without_reporting_must_be_given_again(world: World) -> None:
    assert MASTODON.report is not None
    status = world.away.post(world.pete, "x")
    token = world.home.issue_token(world.reporter, scopes="read:search read:statuses")
    with pytest.raises(SignInNeeded):
        MASTODON.report(world.wire, world.access(token=token), Report((world.ref(status),), "violation", "x"))


@pytest.mark.parametrize("fault", [Fault.ERROR_AFTER_ACTING, Fault.CUT, Fault.MALFORMED, Fault.WRONG_TYPE])
def test_a_report_that_may_have_arrived_is_never_called_failed(world: World, fault: Fault) -> None:
    status = world.away.post(world.pete, "x")
    world.home_faults.fail(fault, path="/api/v1/reports", times=1)
    with pytest.raises(TryLater) as raised:
        send(world, status)
    assert raised.value.maybe_received
    assert len(world.home.reports) == 1


def test_reported_posts_are_taken_down_after_a_while(world: World) -> None:
    world.home.removes_reported_after = timedelta(minutes=3)
    status = world.away.post(world.pete, "x")
    send(world, status)
    assert look(world, status)[0] is Presence.UP
    world.clock[0] = NOON + timedelta(minutes=3)
    world.wire.get(f"{world.home.base}/api/v2/instance")
    assert look(world, status)[0] is Presence.REMOVED_BY_PLATFORM


def test_the_server_s_rules_are_read(world: World) -> None:
    assert MASTODON.rules is not None
    rules = MASTODON.rules(world.wire, world.access(token=""))
    assert [(rule.rule_id, rule.text) for rule in rules] == [("1", RULES[0]), ("2", RULES[1])]


def agree(world: World, url: str) -> str:
    page = world.wire.post(url, form={"account": "ada"})
    return page.headers.get("location") or re.findall("<code>(.+)</code>", page.text())[0]


@pytest.mark.parametrize("redirect", ["urn:ietf:wg:oauth:2.0:oob", "http://127.0.0.1:8000/accounts/back"])
def test_permission_is_given_used_and_taken_back(world: World, redirect: str) -> None:
    assert MASTODON.grant is not None
    assert MASTODON.identify is not None
    begun = MASTODON.grant.begin(world.wire, world.home.base, redirect, False)
    assert "client_secret" not in begun.url
    secret = MASTODON.grant.finish(world.wire, begun.keep, agree(world, begun.url))
    access = world.access(token=secret)
    assert MASTODON.identify(world.wire, access).handle == "ada@harrow.example"
    [(_, scopes)] = world.home.tokens.values()
    assert "write:reports" not in scopes
    assert "profile" in scopes
    MASTODON.grant.revoke(world.wire, access)
    with pytest.raises(SignInNeeded):
        MASTODON.identify(world.wire, access)


def test_permission_to_report_is_asked_for_only_when_wanted(world: World) -> None:
    assert MASTODON.grant is not None
    begun = MASTODON.grant.begin(world.wire, world.home.base, "urn:ietf:wg:oauth:2.0:oob", True)
    assert "write%3Areports" in begun.url


def test_an_answer_that_is_not_ours_or_says_no_gives_no_permission(world: World) -> None:
    assert MASTODON.grant is not None
    begun = MASTODON.grant.begin(world.wire, world.home.base, "http://127.0.0.1:8000/back", False)
    back = agree(world, begun.url)
    for answer, words in (
        (re.sub("state=[^&]+", "state=forged", back), "does not belong"),
        ("http://127.0.0.1:8000/back?error=access_denied", "did not agree"),
        ("not-the-code", "did not accept the code"),
    ):
        with pytest.raises(Refused, match=words):
            MASTODON.grant.finish(world.wire, begun.keep, answer)
    MASTODON.grant.finish(world.wire, begun.keep, back)
    with pytest.raises(Refused, match="did not accept the code"):
        MASTODON.grant.finish(world.wire, begun.keep, back)
    with pytest.raises(Refused, match="own pages"):
        MASTODON.grant.revoke(world.wire, world.access())
