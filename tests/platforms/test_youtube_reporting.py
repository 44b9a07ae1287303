"""Reporting a video to YouTube, and the permission to do so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from platforms.routes import read
from platforms.shape import Access, Receipt, Report
from platforms.youtube.permission import LOOPBACK
from platforms.youtube.reporting import FORM
from platforms.youtube.talking import Secret, secret_of
from records.vocabulary import Harm, Presence
from tests.platforms.youtube_cast import NOON, World, a_world, look
from wardkeeper.demo.serving import Fault
from wardkeeper.demo.youtube.site import FORCE_SSL, READONLY
from wire.errors import Refused, SignInNeeded, TryLater

ROUTE = Path(__file__).parents[2] / "config" / "platforms" / "youtube.toml"


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as running:
        yield running


def reporter(world: World, *scopes: str) -> Access:
    token = world.site.grant(world.council, *(scopes or (FORCE_SSL,)))
    return world.access(secret=Secret(token, scopes or (FORCE_SSL,), None).kept())


def send(world: World, *, access: Access | None = None, **more: object) -> Receipt:
    assert world.platform.report is not None
    report = replace(Report((world.ref(world.bins),), "bullying|harassment", "Please act"), **more)  # type: ignore[arg-type]
    return world.platform.report(world.wire, access or reporter(world), report)


def test_a_report_arrives_once_with_the_reason_found_by_its_words(world: World) -> None:
    receipt = send(world)
    [stored] = world.site.reports
    assert (stored.reporter, stored.video, stored.comments) == (world.council, world.bins, "Please act")
    assert (stored.reason, stored.narrower) == ("V", "37")
    assert receipt.stored_as == "Violent, hateful or dangerous: Bullying or abusing vulnerable individuals"
    assert "reporthistory" in receipt.note


def test_a_reason_that_a_person_chose_goes_first(world: World) -> None:
    assert world.platform.rules is not None
    rules = {rule.text: rule.rule_id for rule in world.platform.rules(world.wire, reporter(world))}
    send(world, rule_ids=(rules["Violent, hateful or dangerous: Promotes terrorism"],))
    assert (world.site.reports[0].reason, world.site.reports[0].narrower) == ("V", "36")
    with pytest.raises(Refused, match="choose among its reasons again"):
        send(world, rule_ids=("Q/99",))


def test_reasons_are_asked_for_once_a_day(world: World) -> None:
    access = reporter(world)
    access = replace(access, session=send(world, access=access).session)
    send(world, access=access)
    assert world.site.calls.count("/youtube/v3/videoAbuseReportReasons") == 1
    world.pass_time(timedelta(days=1))
    send(world, access=access)
    assert world.site.calls.count("/youtube/v3/videoAbuseReportReasons") == 2


def test_a_reason_withdrawn_meanwhile_is_said_in_plain_words(world: World) -> None:
    access = reporter(world)
    access = replace(access, session=send(world, access=access).session)
    world.site.reasons = world.site.reasons[:1]
    with pytest.raises(Refused, match="choose among its reasons again"):
        send(world, access=access)


def test_every_harm_has_a_reason_or_leads_to_the_form(world: World) -> None:
    route = read(ROUTE.read_bytes(), where="youtube.toml")
    sent = set()
    for harm, category in route.categories.items():
        if category.token == FORM:
            with pytest.raises(Refused) as raised:
                send(world, category=category.token)
            assert raised.value.use_form
            assert category.form_url
        else:
            sent.add((harm, send(world, category=category.token).stored_as.partition(": ")[2]))
    assert {
        (Harm.THREAT, "Promotes violence or hatred"),
        (Harm.HATE, "Promotes violence or hatred"),
        (Harm.HARASSMENT, "Bullying or abusing vulnerable individuals"),
        (Harm.SELF_HARM, "Suicide or self-injury"),
        (Harm.SPAM, "Spam or mass advertising"),
        (Harm.EXTREMISM, "Promotes terrorism"),
    } <= sent


def test_what_cannot_be_sent_is_refused_before_anything_arrives(world: World) -> None:
    comment = world.site.comment(world.pete, world.bins, "x")
    two = (world.ref(world.bins), world.ref(world.bins))
    for changes, words, form in (
        ({"posts": (world.ref(comment),)}, "about comments", True),
        ({"posts": two}, "about one video", False),
        ({"posts": ()}, "about one video", False),
        ({"text": "x" * 501}, "501 characters", False),
        ({"category": "no such thing"}, "no reason like", True),
    ):
        with pytest.raises(Refused, match=words) as raised:
            send(world, **changes)
        assert raised.value.use_form is form
    assert world.site.reports == []
    send(world, text="é" * 500)


def test_a_video_that_is_gone_is_said_so(world: World) -> None:
    world.bins.removed = True
    with pytest.raises(Refused, match="may be gone already"):
        send(world)


@pytest.mark.parametrize("fault", [Fault.ERROR_AFTER_ACTING, Fault.WRONG_TYPE])
def test_a_report_that_may_have_arrived_is_never_called_failed(world: World, fault: Fault) -> None:
    world.faults.fail(fault, path="/reportAbuse", times=1)
    with pytest.raises(TryLater) as raised:
        send(world)
    assert raised.value.maybe_received
    assert len(world.site.reports) == 1


def test_too_many_reports_wait_and_a_spent_quota_waits_until_it_renews(world: World) -> None:
    world.faults.fail(Fault.RATE_LIMITED, path="/reportAbuse", times=1)
    with pytest.raises(TryLater) as raised:
        send(world)
    assert (raised.value.rate_limited, raised.value.maybe_received) == (True, False)
    world.site.allowed["units"] = world.site.used("units") + 10
    with pytest.raises(TryLater, match="used up") as raised:
        send(world)
    assert (raised.value.after, raised.value.maybe_received) == (timedelta(hours=20), False)
    assert world.site.reports == []


def test_reports_keep_to_their_own_share_of_the_day(world: World) -> None:
    access = reporter(world)
    for _ in range(19):
        access = replace(access, session=send(world, access=access).session)
    with pytest.raises(TryLater, match="Our own budget"):
        send(world, access=access)
    assert world.site.used("units") <= 1_000


def test_no_permission_or_one_for_reading_only_asks_for_another(world: World) -> None:
    with pytest.raises(SignInNeeded, match="connect the council's account"):
        send(world, access=world.access())
    with pytest.raises(SignInNeeded, match="does not cover"):
        send(world, access=reporter(world, READONLY))
    withdrawn = reporter(world)
    world.site.withdraw(world.council)
    with pytest.raises(SignInNeeded, match="withdrawn"):
        send(world, access=withdrawn)
    assert world.site.reports == []


def test_an_expired_token_is_renewed_on_the_way(world: World) -> None:
    access = reporter(world)
    access = replace(access, session=send(world, access=access).session)
    world.pass_time(timedelta(minutes=30))
    for permission in world.site.permissions.values():
        permission.tokens.clear()  # taken away before its time
    access = replace(access, session=send(world, access=access).session)
    world.pass_time(timedelta(hours=2))
    send(world, access=access)
    assert len(world.site.reports) == 3


def test_reported_videos_are_taken_down_after_a_while(world: World) -> None:
    world.site.removes_reported_after = timedelta(minutes=3)
    send(world)
    assert look(world, world.bins)[0] is Presence.UP
    world.pass_time(timedelta(minutes=3))
    assert look(world, world.bins)[0] is Presence.REMOVED_BY_PLATFORM


def agree(world: World, url: str, **form: str) -> str:
    page = world.wire.post(url, form={"handle": "cllrada", **form})
    return page.headers.get("location", "")


@pytest.mark.parametrize("redirect", ["urn:ietf:wg:oauth:2.0:oob", "https://safety.aldermere.example/back"])
def test_permission_is_given_used_and_taken_back(world: World, redirect: str) -> None:
    grant, identify = world.platform.grant, world.platform.identify
    assert grant is not None
    assert grant.begin_as is not None
    assert identify is not None
    begun = grant.begin_as(world.wire, world.access(), redirect, False)
    assert world.wire.get(begun.url).status == 200
    assert "simulated-application-secret" not in begun.url + repr(begun)
    back = agree(world, begun.url)
    assert back.startswith(LOOPBACK if redirect.startswith("urn:") else redirect)
    secret = grant.finish(world.wire, begun.keep, back)
    access = world.access(secret=secret, handle="", stable_id="")
    who = identify(world.wire, access)
    assert (who.handle, who.stable_id) == ("cllrada", world.ada.channel_id)
    assert [each.scopes for each in world.site.permissions.values()] == [(READONLY,)]
    grant.revoke(world.wire, access)
    with pytest.raises(SignInNeeded, match="withdrawn"):
        identify(world.wire, access)
    grant.revoke(world.wire, access)  # already withdrawn is no error


def test_the_permission_to_report_is_asked_for_only_when_wanted(world: World) -> None:
    assert world.platform.grant is not None
    begin_as = world.platform.grant.begin_as
    assert begin_as is not None
    assert "force-ssl" in begin_as(world.wire, world.access(), "https://a.example/", True).url
    assert "force-ssl" not in begin_as(world.wire, world.access(), "https://a.example/", False).url


def test_an_answer_that_is_not_ours_or_says_no_gives_no_permission(world: World) -> None:
    grant = world.platform.grant
    assert grant is not None
    assert grant.begin_as is not None
    begun = grant.begin_as(world.wire, world.access(), "https://a.example/back", False)
    back = agree(world, begun.url)
    for answer, words in (
        (back.replace("state=", "state=forged"), "does not belong"),
        (agree(world, begun.url, refuse="yes"), "did not agree"),
        (agree(world, begun.url, only="openid"), "unticked"),
        ("4/not-the-code", "did not accept the code"),
    ):
        with pytest.raises(Refused, match=words):
            grant.finish(world.wire, begun.keep, answer)
    grant.finish(world.wire, begun.keep, back)
    with pytest.raises(Refused, match="did not accept the code"):
        grant.finish(world.wire, begun.keep, back)
    with pytest.raises(Refused, match="application"):
        grant.begin_as(world.wire, world.access(application=None), "https://a.example/", False)
    with pytest.raises(Refused, match="application"):
        grant.begin(world.wire, "", "https://a.example/", False)
    with pytest.raises(Refused, match="own pages"):
        grant.revoke(world.wire, world.access())


def test_a_permission_for_a_time_remembers_its_end(world: World) -> None:
    grant = world.platform.grant
    assert grant is not None
    assert grant.begin_as is not None
    world.site.lasts = timedelta(days=7)
    begun = grant.begin_as(world.wire, world.access(), "https://a.example/back", False)
    kept = secret_of(world.access(secret=grant.finish(world.wire, begun.keep, agree(world, begun.url))))
    assert kept is not None
    assert kept.ends_at == NOON + timedelta(days=7)
    assert kept.refresh_token not in repr(kept)
