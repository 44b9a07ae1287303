"""A report reaches the network's moderators exactly once, about the version that was reported, whatever dies midway."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from classifiers.shape import Classifier
from records.incidents import Incident
from records.posts import Post
from records.takedowns import TakedownRequest
from records.vocabulary import NotAllowed, Role, TakedownState
from takedown.queue import queue
from takedown.reviewing import draft_takedown, settle_doubt
from takedown.sending import LONGEST_SEND, SendResult, send
from tests.real.install import Install
from tests.real.network import Network, Posted
from wardkeeper.build import Parts
from wardkeeper.rounds import settle

pytestmark = pytest.mark.real

THREAT = "@councillor.test I am going to kill you, you will not see Friday"

MakeInstall = Callable[..., Install]


def test_an_approved_report_arrives_once_with_its_version_and_reason(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    posted = network.post("sender1", THREAT)
    council = install()
    council.scanned(judge, now=now)
    with council.opened() as parts:
        request_id = council.approved(parts, posted, now=now)
        assert network.reports(posted) == [], "something was reported before anybody sent it"
        result = sent(council, parts, request_id, now=now)
        request = council.request(parts, request_id)
    assert result.state is TakedownState.SENT

    (report,) = network.reports(posted)
    assert report["subject"]["uri"] == posted.uri
    assert report["subject"]["cid"] == posted.cid
    assert report["event"]["reportType"] == "tools.ozone.report.defs#reasonViolenceThreats"
    assert report["event"]["comment"] == request.text
    assert report["createdBy"] == network.member("ashcombe").did
    assert report["modTool"]["name"] == "wardkeeper"
    assert (request.state, request.stored_as) == (TakedownState.SENT, report["event"]["reportType"])
    assert request.reference == str(report["id"])


def test_nothing_sends_it_a_second_time(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    posted = network.post("sender2", THREAT)
    council = install()
    council.scanned(judge, now=now)
    with council.opened() as parts:
        request_id = council.approved(parts, posted, now=now)
        with parts.store.reading(council.council_id) as session:
            incident_id = session.scalars(
                select(Incident.id).join(Incident.post).where(Post.external_id == posted.uri)
            ).one()
        sent(council, parts, request_id, now=now)
    later = now + timedelta(hours=1)
    with council.opened() as parts:
        with pytest.raises(NotAllowed):
            sent(council, parts, request_id, now=later)
        officer = council.desk(parts, Role.OFFICER, now=later)
        assert draft_takedown(officer, [incident_id], reach=parts.reach) == request_id
        assert settle(parts, now=later) == 0
    council.scanned(judge, now=later)
    with council.opened() as parts, parts.store.reading(council.council_id) as session:
        assert session.scalar(select(func.count()).select_from(TakedownRequest)) == 1
    assert len(network.reports(posted)) == 1


def test_an_edited_post_is_reported_as_the_version_that_was_approved_or_not_at_all(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    posted = network.post("sender3", THREAT)
    council = install()
    council.scanned(judge, now=now)
    with council.opened() as parts:
        request_id = council.approved(parts, posted, now=now)
    network.edit(posted, "@councillor.test have a good Friday", by="sender3")
    council.scanned(judge, now=now + timedelta(minutes=5))
    with council.opened() as parts, pytest.raises(NotAllowed):
        sent(council, parts, request_id, now=now + timedelta(minutes=6))
    assert network.reports(posted) == []


def test_killed_between_sending_and_storing_it_goes_to_a_person_and_is_not_sent_again(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    posted = network.post("sender4", THREAT)
    council, request_id = left_in_doubt(network, install, judge, posted, now=now, die="after")
    (report,) = network.reports(posted)
    assert report["subject"]["cid"] == posted.cid
    later = now + LONGEST_SEND
    with council.opened() as parts:
        with pytest.raises(NotAllowed):
            sent(council, parts, request_id, now=later)
        officer = council.desk(parts, Role.OFFICER, now=later)
        settle_doubt(officer, request_id, arrived=True, reference=str(report["id"]))
        assert council.request(parts, request_id).state is TakedownState.SENT
        with pytest.raises(NotAllowed):
            sent(council, parts, request_id, now=later)
    council.scanned(judge, now=later)
    assert len(network.reports(posted)) == 1


def test_killed_before_sending_it_goes_to_a_person_who_may_have_it_sent(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    posted = network.post("sender5", THREAT)
    council, request_id = left_in_doubt(network, install, judge, posted, now=now, die="before")
    assert network.reports(posted) == []
    later = now + LONGEST_SEND
    with council.opened() as parts:
        settle_doubt(council.desk(parts, Role.OFFICER, now=later), request_id, arrived=False)
        assert sent(council, parts, request_id, now=later).state is TakedownState.SENT
    (report,) = network.reports(posted)
    assert report["subject"]["cid"] == posted.cid


def left_in_doubt(
    network: Network, install: MakeInstall, judge: Classifier, posted: Posted, *, now: datetime, die: str
) -> tuple[Install, int]:
    """An approved report whose sender was killed `die` ("before" or "after") the network had it, and the restart."""
    council = install()
    council.scanned(judge, now=now)
    with council.opened() as parts:
        request_id = council.approved(parts, posted, now=now)
        officer = council.desk(parts, Role.OFFICER, now=now).person_id
    council.killed("send", council.council_id, officer, request_id, die, now=now)

    with council.opened() as parts:
        assert council.request(parts, request_id).state is TakedownState.SENDING
        assert settle(parts, now=now) == 0, "a send that may still be under way was taken over"
        with pytest.raises(NotAllowed):
            sent(council, parts, request_id, now=now)
    with council.opened() as parts:
        assert settle(parts, now=now + LONGEST_SEND) == 1
        assert council.request(parts, request_id).state is TakedownState.IN_DOUBT
        with parts.store.reading(council.council_id) as session:
            listed = [row.request.id for row in queue(session, needs_person=True) if row.request is not None]
    assert listed == [request_id]
    return council, request_id


def sent(council: Install, parts: Parts, request_id: int, *, now: datetime) -> SendResult:
    """The officer sends a report; the assessor, who answers for the level, must not."""
    return send(council.desk(parts, Role.OFFICER, now=now), request_id, reach=parts.reach, plan=parts.plan)
