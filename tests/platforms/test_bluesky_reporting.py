"""Reports to Bluesky's moderators over real HTTP, and whose credential sends them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from platforms.bluesky import BLUESKY
from platforms.bluesky.reporting import REASONS
from platforms.shape import Access, Identity, PostRef, Receipt, Report
from tests.platforms.bluesky_cast import COUNCIL, COUNCILLOR, NOON, PASSWORD, TROLL, Town, a_town
from wardkeeper.demo.serving import Fault
from wire.errors import Refused, SignInNeeded, TryLater

THREAT = "tools.ozone.report.defs#reasonViolenceThreats"


@pytest.fixture
def town() -> Iterator[Town]:
    with a_town() as town:
        town.access = Access(addresses=town.network.addresses, handle=COUNCIL, secret=PASSWORD)
        yield town


@pytest.fixture
def uri(town: Town) -> str:
    return town.network.post(TROLL, f"@{COUNCILLOR} I will find you", at=NOON)


def send(town: Town, *posts: PostRef, category: str = THREAT, text: str = "A threat to a councillor.") -> Receipt:
    assert BLUESKY.report is not None
    return BLUESKY.report(town.wire, town.access, Report(posts, category, text))


def test_a_report_arrives_once_with_version_reason_text_and_sender(town: Town, uri: str) -> None:
    receipt = send(town, town.ref(uri))
    (held,) = town.network.reports
    assert (receipt.reference, receipt.stored_as, receipt.note) == (str(held.id), THREAT, "")
    assert held.subject == {"$type": "com.atproto.repo.strongRef", "uri": uri, "cid": town.ref(uri).version}
    assert (held.reason_type, held.reason, held.tool) == (THREAT, "A threat to a councillor.", "wardkeeper")
    assert town.network.people[held.reported_by].handle == COUNCIL
    town.access = replace(town.access, session=receipt.session)
    assert send(town, town.ref(uri)).session == ""
    assert town.network.asked["com.atproto.server.createSession"] == 1


def test_an_expired_token_is_renewed_and_the_report_sent_once(town: Town, uri: str) -> None:
    town.access = replace(town.access, session=send(town, town.ref(uri)).session)
    town.network.expire_tokens()
    assert send(town, town.ref(uri)).reference == "2"
    assert len(town.network.reports) == 2


def test_an_account_is_reported_by_its_did(town: Town, uri: str) -> None:
    did = town.ref(uri).author_id
    send(town, PostRef(did, "", "", did), category="tools.ozone.report.defs#reasonMisleadingImpersonation")
    assert town.network.reports[0].subject == {"$type": "com.atproto.admin.defs#repoRef", "did": did}


def test_a_post_entered_by_its_page_is_resolved_and_its_version_looked_up(town: Town, uri: str) -> None:
    key = uri.rpartition("/")[2]
    external_id = BLUESKY.parse_url(f"https://bsky.app/profile/{TROLL}/post/{key}")
    assert external_id == f"at://{TROLL}/app.bsky.feed.post/{key}"
    send(town, PostRef(external_id, "", "", ""))
    assert town.network.reports[0].subject["uri"] == uri
    assert town.network.reports[0].subject["cid"] == town.network.posts[uri].cid
    town.network.delete(uri)
    with pytest.raises(Refused, match="no longer shows"):
        send(town, PostRef(external_id, "", "", ""))


def test_text_is_measured_as_bluesky_measures_it(town: Town, uri: str) -> None:
    family = "👨‍👩‍👧"  # one letter to a reader, 18 bytes
    send(town, town.ref(uri), text=family * 1111)
    send(town, town.ref(uri), text="e\u0301" * 2000)
    for text in (family * 1112, "a" * 2001, "e\u0301" * 2001):
        with pytest.raises(Refused, match="too long"):
            send(town, town.ref(uri), text=text)
    assert len(town.network.reports) == 2


@pytest.mark.parametrize("category", ["", "reasonThreat", "com.atproto.moderation.defs#reasonAppeal", "violation"])
def test_an_unknown_reason_never_leaves(town: Town, uri: str, category: str) -> None:
    with pytest.raises(Refused):
        send(town, town.ref(uri), category=category)
    assert not town.network.asked


def test_several_posts_in_one_report_are_refused_before_sending(town: Town, uri: str) -> None:
    with pytest.raises(Refused, match="exactly one"):
        send(town, town.ref(uri), town.ref(uri))


def test_moderators_who_publish_only_old_reasons_get_the_old_one(town: Town, uri: str) -> None:
    town.network.reason_types = tuple(f"com.atproto.moderation.defs#reason{word}" for word in ("Violation", "Rude"))
    receipt = send(town, town.ref(uri))
    assert receipt.stored_as == "com.atproto.moderation.defs#reasonViolation"
    assert "another reason" in receipt.note
    with pytest.raises(Refused, match="do not take") as caught:
        send(town, town.ref(uri), category="tools.ozone.report.defs#reasonMisleadingSpam")
    assert caught.value.use_form
    town.network.reason_types = (THREAT,)
    assert send(town, town.ref(uri)).stored_as == THREAT


def test_moderators_who_cannot_be_asked_what_they_take_still_get_the_report(town: Town, uri: str) -> None:
    town.network.reason_types = ()
    assert send(town, town.ref(uri)).stored_as == THREAT


def test_every_reason_we_send_is_one_that_the_network_knows() -> None:
    assert len(REASONS) == 38
    assert set(REASONS.values()) == {
        f"com.atproto.moderation.defs#reason{word}"
        for word in ("Violation", "Rude", "Sexual", "Misleading", "Spam", "Other")
    }


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.ERROR_AFTER_ACTING])
def test_a_lost_answer_is_in_doubt_and_never_sent_again(town: Town, uri: str, fault: Fault) -> None:
    town.network.faults.fail(fault, path="createReport", times=1)
    with pytest.raises(TryLater) as caught:
        send(town, town.ref(uri))
    assert caught.value.maybe_received
    assert len(town.network.reports) == 1


@pytest.mark.parametrize(
    ("path", "fault"), [("createReport", Fault.RATE_LIMITED), ("createSession", Fault.UNAVAILABLE)]
)
def test_a_report_that_surely_did_not_arrive_may_be_sent_later(town: Town, uri: str, path: str, fault: Fault) -> None:
    town.network.faults.fail(fault, path=path)
    with pytest.raises(TryLater) as caught:
        send(town, town.ref(uri))
    assert not caught.value.maybe_received
    assert town.network.reports == []


def test_reporting_needs_a_credential_that_works(town: Town, uri: str) -> None:
    for secret in ("", "wrong"):
        town.access = replace(town.access, secret=secret)
        with pytest.raises(SignInNeeded):
            send(town, town.ref(uri))


def test_a_refusal_carries_the_networks_word(town: Town, uri: str) -> None:
    receipt = send(town, town.ref(uri))
    town.access = replace(town.access, session=receipt.session)
    town.network.suspend(COUNCIL)
    with pytest.raises(Refused) as caught:
        send(town, town.ref(uri))
    assert caught.value.code == "AccountTakedown"


def test_the_wrong_moderators_address_is_refused(town: Town, uri: str) -> None:
    wrong = {**town.network.addresses, "labeler": "did:plc:nobody222222222222222222"}
    town.access = replace(town.access, addresses=wrong)
    with pytest.raises(Refused):
        send(town, town.ref(uri))
    assert town.network.reports == []


def identify(town: Town, access: Access) -> Identity:
    assert BLUESKY.identify is not None
    return BLUESKY.identify(town.wire, access)


def test_a_handle_or_a_credential_is_turned_into_an_account(town: Town) -> None:
    did = town.subject.stable_id
    base = Access(addresses=town.network.addresses)
    assert identify(town, replace(base, handle=f"@{COUNCILLOR.upper()}")) == Identity(COUNCILLOR, did)
    assert identify(town, replace(base, handle=did)) == Identity(COUNCILLOR, did)
    with_password = identify(town, replace(base, handle=COUNCILLOR, secret=PASSWORD))
    assert (with_password.handle, with_password.stable_id) == (COUNCILLOR, did)
    assert with_password.session
    again = identify(town, replace(base, handle=COUNCILLOR, session=with_password.session))
    assert again.stable_id == did
    assert PASSWORD not in repr(with_password)
    assert with_password.session not in repr(with_password)


def test_too_many_sign_ins_are_try_later(town: Town) -> None:
    access = Access(addresses=town.network.addresses, handle=COUNCILLOR, secret=PASSWORD)
    for _ in range(30):
        identify(town, access)
    with pytest.raises(TryLater) as caught:
        identify(town, access)
    assert caught.value.rate_limited
    assert caught.value.after == timedelta(seconds=town.network.retry_after)


def test_a_handle_that_is_none_is_refused_with_what_to_do(town: Town) -> None:
    base = Access(addresses=town.network.addresses)
    with pytest.raises(Refused, match="check how it is spelt"):
        identify(town, replace(base, handle="nobody.ashcombe.example"))
    with pytest.raises(Refused, match="not a Bluesky handle"):
        identify(town, replace(base, handle="Anna Nowak"))
    with pytest.raises(SignInNeeded, match="does not accept"):
        identify(town, replace(base, handle=COUNCILLOR, secret="wrong"))
