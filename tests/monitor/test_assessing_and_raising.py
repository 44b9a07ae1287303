"""From a kept post to an incident: lawful posts are let go, edits only raise, a person's report is never dropped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from monitor.assessing import assess_due
from monitor.raising import raise_due
from records.assessments import Assessment
from records.incidents import Incident
from records.posts import Post, Snapshot
from records.store import Store
from records.vocabulary import IncidentState, Label, Level, Origin
from takedown import reviewing
from tests.builders import IDRIS, NOW, Larkford, Says, a_councillor, a_post, an_incident, found, larkford

LAWFUL = Says(Level.LAWFUL, frozenset())


@pytest.fixture
def here(store: Store) -> Larkford:
    return larkford(store)


def incidents_of(here: Larkford) -> list[Incident]:
    with here.store.reading(here.council_id) as session:
        return list(session.scalars(select(Incident).order_by(Incident.id)))


def test_a_lawful_post_loses_its_author_at_once_and_raises_nothing(here: Larkford) -> None:
    post_id = a_post(here.store, here.council_id, about=here.maud)
    assert assess_due(here.store, classifier=LAWFUL, now=NOW).lawful == 1
    raise_due(here.store, line=Level.UNCIVIL, now=NOW)
    with here.store.reading(here.council_id) as session:
        post = session.get_one(Post, post_id)
        snapshot = session.scalars(select(Snapshot)).one()
    assert (post.author_id, post.author_handle, post.author_name, post.url, post.external_id) == (None,) * 5
    assert (snapshot.raw, snapshot.version) == (None, None)
    assert snapshot.text is not None  # for 72 hours
    assert post.lawful_at == NOW
    assert incidents_of(here) == []


def test_a_version_is_judged_once_by_each_model(here: Larkford) -> None:
    a_post(here.store, here.council_id, about=here.maud)
    for classifier in (Says(), Says(), Says(version="2")):
        assess_due(here.store, classifier=classifier, now=NOW)
    with here.store.reading(here.council_id) as session:
        versions = [row.model_version for row in session.scalars(select(Assessment).order_by(Assessment.id))]
    assert versions == ["1", "2"]


def test_the_platforms_answer_is_kept_from_level_2_only(here: Larkford) -> None:
    for level, kept in ((Level.UNCIVIL, False), (Level.ABUSIVE, True)):
        post_id = a_post(here.store, here.council_id, about=here.maud)
        assess_due(here.store, classifier=Says(level), now=NOW)
        with here.store.reading(here.council_id) as session:
            raw = session.scalars(select(Snapshot.raw).where(Snapshot.post_id == post_id)).one()
        assert (raw is not None) is kept


def test_one_incident_for_each_councillor_a_post_is_about(here: Larkford) -> None:
    idris = a_councillor(here.store, here.council_id, IDRIS)
    a_post(here.store, here.council_id, about=[here.maud, idris])
    assess_due(here.store, classifier=Says(), now=NOW)
    for _ in range(2):
        raise_due(here.store, line=Level.UNCIVIL, now=NOW)
    assert [row.councillor_id for row in incidents_of(here)] == [here.maud, idris]


def test_below_the_line_nothing_is_raised(here: Larkford) -> None:
    a_post(here.store, here.council_id, about=here.maud)
    assess_due(here.store, classifier=Says(Level.UNCIVIL), now=NOW)
    assert raise_due(here.store, line=Level.ABUSIVE, now=NOW).opened == 0


def test_a_persons_report_judged_lawful_is_still_an_incident_of_level_1(here: Larkford) -> None:
    post_id = a_post(here.store, here.council_id, about=here.maud, origin=Origin.HAND)
    assess_due(here.store, classifier=LAWFUL, now=NOW)
    raise_due(here.store, line=Level.SERIOUS, now=NOW)
    (incident,) = incidents_of(here)
    assert (incident.level, incident.text_level) == (Level.UNCIVIL, Level.LAWFUL)
    with here.store.reading(here.council_id) as session:
        assert session.get_one(Post, post_id).author_handle is not None


def test_an_edit_to_something_worse_raises_and_asks_again(here: Larkford) -> None:
    post = found("first words")
    number = an_incident(here.store, here.council_id, about=here.maud, post=post)
    reviewing.dismiss(here.desk(), number, reason="a song lyric")
    edited = found("second words", external_id=post.external_id, version="later")
    a_post(here.store, here.council_id, about=here.maud, post=edited)
    assess_due(here.store, classifier=Says(Level.CRITICAL, frozenset({Label.THREAT})), now=NOW + timedelta(hours=1))
    done = raise_due(here.store, line=Level.UNCIVIL, now=NOW + timedelta(hours=1))
    (incident,) = incidents_of(here)
    assert done.raised == 1
    assert (incident.level, incident.state) == (Level.CRITICAL, IncidentState.OPEN)
    assert Label.THREAT in incident.labels


def test_an_edit_to_something_milder_lowers_nothing_and_loses_nothing(here: Larkford) -> None:
    post = found("first words")
    an_incident(here.store, here.council_id, about=here.maud, level=Level.SERIOUS, post=post)
    edited = found("milder words", external_id=post.external_id, version="later")
    post_id = a_post(here.store, here.council_id, about=here.maud, post=edited)
    assess_due(here.store, classifier=LAWFUL, now=NOW)
    raise_due(here.store, line=Level.UNCIVIL, now=NOW)
    (incident,) = incidents_of(here)
    assert incident.level is Level.SERIOUS
    with here.store.reading(here.council_id) as session:
        held = session.get_one(Post, post_id)
    assert (held.author_id, held.lawful_at) == (edited.author_id, None)
