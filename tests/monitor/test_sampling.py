"""The sample of unflagged posts: drawn by chance and by day, reviewed, and gone with every other lawful post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from monitor import sampling
from monitor.assessing import assess_due
from monitor.intake import CannotTake
from monitor.raising import raise_due
from monitor.recall import recalls
from monitor.sampling import Place
from platforms.register import PLATFORMS, find
from records.audit import AuditEntry
from records.incidents import Incident
from records.overdue import RetentionPolicy
from records.people import Person
from records.posts import Post, Snapshot
from records.retention import forget_due
from records.samples import Sample
from records.store import Store
from records.vocabulary import IncidentState, Level, NotAllowed, Origin, Role, Stratum, Verdict
from takedown import reviewing
from tests.builders import IDRIS, NOW, Larkford, a_councillor, a_person, a_post, found, larkford
from tests.monitor.scored import Reads

DAY = timedelta(days=1)
NEXT = NOW + DAY


@pytest.fixture
def here(store: Store) -> Larkford:
    return larkford(store)


def judged(here: Larkford, number: int, *, origin: Origin = Origin.COLLECTED, text: str = "level 0") -> list[int]:
    """So many posts with scores spread evenly below 0.5."""
    posts = [
        a_post(
            here.store,
            here.council_id,
            about=here.maud,
            post=found(f"{text} score {at / number / 2:.4f}"),
            origin=origin,
            now=here.now,
        )
        for at in range(number)
    ]
    assess_due(here.store, classifier=Reads(), now=here.now)
    raise_due(here.store, line=Level.UNCIVIL, now=here.now)
    return posts


def draw(here: Larkford, a_day: int = 10, *, days: int = 1, line: Level = Level.UNCIVIL) -> int:
    return sampling.draw_due(here.store, a_day=a_day, line=line, now=here.now + days * DAY)


def samples(here: Larkford) -> Sequence[Sample]:
    with here.store.reading(here.council_id) as session:
        return session.scalars(select(Sample).order_by(Sample.id)).all()


def answer(here: Larkford, sample_id: int, level: Level, place: Place | None = None) -> list[int]:
    ines = a_person(here.store, here.council_id, Role.OFFICER)
    with here.store.writing(here.council_id) as session:
        by = session.get_one(Person, ines)
        return sampling.answer(session, here.store.vault, sample_id, level=level, by=by, now=NEXT, place=place)


def test_half_from_near_the_line_half_from_the_rest_and_weights_that_add_up(here: Larkford) -> None:
    judged(here, 60)
    assert draw(here) == 10
    drawn = samples(here)
    for stratum, size in ((Stratum.NEAR, 6), (Stratum.REST, 54)):
        part = [one for one in drawn if one.stratum is stratum]
        assert len(part) == 5
        assert sum(one.weight for one in part) == pytest.approx(size)
    assert min(one.bin for one in drawn if one.stratum is Stratum.NEAR) >= 4
    assert {(one.model, one.model_version, one.level) for one in drawn} == {("reads", "judge", None)}


def test_it_is_drawn_once_and_the_same_day_gives_the_same_posts(here: Larkford) -> None:
    judged(here, 40)
    assert (draw(here), draw(here)) == (10, 0)
    first = {one.snapshot_id for one in samples(here)}
    with here.store.writing(here.council_id) as session:
        for one in session.scalars(select(Sample)):
            session.delete(one)
    assert draw(here) == 10
    assert {one.snapshot_id for one in samples(here)} == first


def test_nothing_is_drawn_when_it_is_turned_off_or_nothing_was_judged(here: Larkford) -> None:
    assert draw(here) == 0
    judged(here, 5)
    assert draw(here, 0) == 0
    assert sampling.draw_due(here.store, a_day=10, line=Level.UNCIVIL, now=NOW) == 0, "the day is not over"


def test_of_few_posts_all_are_drawn_and_stand_for_themselves(here: Larkford) -> None:
    judged(here, 7)
    assert draw(here) == 7
    assert {one.weight for one in samples(here)} == {1.0}


def test_only_what_nobody_was_shown_is_drawn(here: Larkford) -> None:
    judged(here, 2, text="level 2")
    judged(here, 2, origin=Origin.HAND)
    (lawful,) = judged(here, 1)
    assert draw(here) == 1
    with here.store.reading(here.council_id) as session:
        assert session.scalars(select(Snapshot.post_id).join(Sample)).all() == [lawful]


def test_below_a_higher_line_the_uncivil_ones_count_as_unflagged(here: Larkford) -> None:
    for level in (0, 1, 2):
        a_post(here.store, here.council_id, about=here.maud, post=found(f"level {level}"))
    assess_due(here.store, classifier=Reads(), now=NOW)
    raise_due(here.store, line=Level.ABUSIVE, now=NOW)
    assert draw(here, line=Level.ABUSIVE) == 2


def test_the_draw_is_in_the_audit_log(here: Larkford) -> None:
    judged(here, 12)
    draw(here, 4)
    with here.store.reading(here.council_id) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "drew a sample")).one()
    assert entry.detail == "4 of 12 unflagged posts of 2026-05-04"
    assert entry.person_id is None


@pytest.mark.parametrize("answered", [True, False])
def test_a_sampled_post_goes_like_every_lawful_one_and_only_figures_stay(here: Larkford, answered: bool) -> None:
    (post_id,) = judged(here, 1)
    draw(here)
    (sample,) = samples(here)
    if answered:
        assert answer(here, sample.id, Level.UNCIVIL) == []
    forget_due(here.store, policy=RetentionPolicy(), now=NOW + timedelta(hours=71))
    assert samples(here)[0].snapshot_id is not None
    forget_due(here.store, policy=RetentionPolicy(), now=NOW + timedelta(hours=72))
    (sample,) = samples(here)
    assert (sample.snapshot_id, sample.verdict) == (None, Verdict.UNCIVIL if answered else None)
    with here.store.reading(here.council_id) as session:
        assert session.scalars(select(Snapshot.text).where(Snapshot.post_id == post_id)).one() is None
        assert sampling.waiting(session, limit=10) == []
    with pytest.raises(NotAllowed, match="answered" if answered else "deleted"):
        answer(here, sample.id, Level.LAWFUL)


def test_waiting_lists_the_unanswered(here: Larkford) -> None:
    judged(here, 3)
    draw(here)
    answer(here, samples(here)[0].id, Level.LAWFUL)
    with here.store.reading(here.council_id) as session:
        listed = sampling.waiting(session, limit=10)
        assert [one.id for one in listed] == [one.id for one in samples(here)[1:]]
        assert all(one.snapshot and one.snapshot.words.startswith("level 0") for one in listed)
    with pytest.raises(NotAllowed, match="no such"):
        answer(here, 999, Level.LAWFUL)


def test_what_should_have_been_seen_becomes_an_incident_for_each_councillor(here: Larkford) -> None:
    idris = a_councillor(here.store, here.council_id, IDRIS)
    post_id = a_post(here.store, here.council_id, about=[here.maud, idris], post=found("level 0"))
    assess_due(here.store, classifier=Reads(), now=NOW)
    raise_due(here.store, line=Level.UNCIVIL, now=NOW)
    draw(here)
    opened = answer(here, samples(here)[0].id, Level.SERIOUS)
    with here.store.reading(here.council_id) as session:
        held = session.scalars(select(Incident).order_by(Incident.id)).all()
        assert [(one.id, one.councillor_id) for one in held] == list(zip(opened, (here.maud, idris), strict=True))
        assert {(one.level, one.text_level, one.state, one.origin) for one in held} == {
            (Level.SERIOUS, Level.LAWFUL, IncidentState.OPEN, Origin.HAND)
        }
        post = session.get_one(Post, post_id)
    assert (post.lawful_at, post.url) == (None, None)
    forget_due(here.store, policy=RetentionPolicy(), now=NOW + timedelta(days=10))
    with here.store.reading(here.council_id) as session:
        assert session.scalars(select(Snapshot.text).where(Snapshot.post_id == post_id)).one() == "level 0"
    raise_due(here.store, line=Level.UNCIVIL, now=NEXT)
    with here.store.reading(here.council_id) as session:
        assert session.scalar(select(func.count()).select_from(Incident)) == 2


def test_its_address_is_taken_in_again_only_if_it_is_its_own(here: Larkford) -> None:
    post = found("level 0", external_id="1789", url="https://x.com/resident/status/1789")
    a_post(here.store, here.council_id, about=here.maud, post=post, platform="x")
    assess_due(here.store, classifier=Reads(), now=NOW)
    draw(here)
    (sample,) = samples(here)
    place = Place("https://x.com/resident/status/1789", find, tuple(PLATFORMS.values()))
    for other in ("https://x.com/resident/status/1790", "https://larkford.example/news"):
        with pytest.raises(CannotTake):
            answer(here, sample.id, Level.ABUSIVE, replace(place, url=other))
    assert samples(here)[0].level is None, "nothing was answered"
    (number,) = answer(here, sample.id, Level.ABUSIVE, place)
    with here.store.reading(here.council_id) as session:
        incident = session.get_one(Incident, number)
        assert incident.post is not None
        assert (incident.post.url, incident.post.external_id) == (place.url, "1789")


def test_nothing_more_is_stored_about_a_councillor_who_withdrew(here: Larkford) -> None:
    from monitor import watching
    from records.people import Councillor

    judged(here, 1)
    draw(here)
    with here.store.writing(here.council_id) as session:
        watching.withdraw(session, session.get_one(Councillor, here.maud), by=None, now=NEXT)
    with pytest.raises(NotAllowed, match="withdrawn"):
        answer(here, samples(here)[0].id, Level.ABUSIVE)
    assert samples(here)[0].level is None


def test_recall_is_estimated_from_answers_and_decisions(here: Larkford) -> None:
    judged(here, 60)
    flagged = judged(here, 4, text="level 2")
    draw(here)
    hugh = here.desk(Role.ASSESSOR)
    with here.store.reading(here.council_id) as session:
        numbers = session.scalars(select(Incident.id).order_by(Incident.id)).all()
    for number in numbers[:3]:
        reviewing.confirm(hugh, number)
    reviewing.dismiss(hugh, numbers[3], reason="about the vote")
    near = [one for one in samples(here) if one.stratum is Stratum.NEAR]
    for one in samples(here):
        answer(here, one.id, Level.ABUSIVE if one is near[0] or one.id == near[0].id else Level.LAWFUL)
    with here.store.reading(here.council_id) as session:
        (estimate,) = recalls(session)
    assert (estimate.drawn, estimate.answered, estimate.unflagged, len(flagged)) == (10, 10, 60, 4)
    assert estimate.caught.number == pytest.approx(3)
    assert estimate.missed.number == pytest.approx(6 / 5)
    assert estimate.recall == pytest.approx(3 / (3 + 6 / 5))
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low < estimate.recall < estimate.high <= 1


def test_unanswered_samples_say_nothing_and_undecided_posts_neither(here: Larkford) -> None:
    judged(here, 20)
    judged(here, 2, text="level 2")
    draw(here)
    for number, said in ((None, None), (1, None), (2, 1.0)):
        if number == 1:
            for one in samples(here):
                answer(here, one.id, Level.LAWFUL)
        elif number == 2:
            reviewing.confirm(here.desk(), 1)
        with here.store.reading(here.council_id) as session:
            (estimate,) = recalls(session)
        assert estimate.recall == said
    assert estimate.low is not None
    assert estimate.low < 0.5, "ten answers leave much in doubt"
