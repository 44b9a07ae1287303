"""What must not be kept goes: lawful posts at once, the rest in time; and nothing of it is left in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from monitor import watching
from monitor.assessing import assess_due
from platforms.shape import Found
from records import evidence, incidents, referrals
from records.assessments import Assessment
from records.audit import AuditEntry, broken_entry
from records.audit import record as audit_record
from records.evidence import EvidenceItem
from records.incidents import Incident
from records.overdue import RetentionPolicy
from records.people import Account, Councillor, Person, SignIn, Source
from records.posts import Post, Snapshot
from records.referrals import Referral
from records.retention import Forgotten, forget_due, release_lawful
from records.store import Store
from records.takedowns import Outcome, RequestIncident, RequestItem, TakedownRequest
from records.vault import Vault
from records.vocabulary import (
    EvidenceKind,
    Harm,
    IncidentState,
    Level,
    Origin,
    PoliceRoute,
    Presence,
    ReferralState,
    Role,
    RouteKind,
    TakedownState,
)
from tests.builders import (
    NOW,
    SALTMARSH,
    Larkford,
    Says,
    a_call,
    a_council,
    a_councillor,
    a_person,
    a_post,
    an_account,
    found,
    larkford,
)

POLICY = RetentionPolicy()
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def scene(store: Store) -> Larkford:
    return larkford(store)


def count(scene: Larkford, table: type) -> int:
    with scene.store.reading(scene.council_id) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def post_of(scene: Larkford, post_id: int) -> tuple[Post, list[Snapshot]]:
    with scene.store.reading(scene.council_id) as session:
        post = session.get_one(Post, post_id)
        return post, list(post.snapshots)


def incident_of(scene: Larkford, incident_id: int) -> Incident:
    with scene.store.reading(scene.council_id) as session:
        return session.get_one(Incident, incident_id)


def about_author(post: Post) -> tuple[object, ...]:
    return (post.external_id, post.url, post.author_id, post.author_handle, post.author_name)


def judged(scene: Larkford, level: Level, post: Found | None = None, *, origin: Origin = Origin.COLLECTED) -> int:
    post_id = a_post(scene.store, scene.council_id, about=scene.maud, post=post, origin=origin)
    assess_due(scene.store, classifier=Says(level), now=NOW)
    return post_id


def forget(scene: Larkford, after: timedelta, policy: RetentionPolicy = POLICY) -> Forgotten:
    return forget_due(scene.store, policy=policy, now=NOW + after)


def certificates(scene: Larkford) -> list[tuple[str, str]]:
    with scene.store.reading(scene.council_id) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.act == "forgot").order_by(AuditEntry.id)).all()
        return [(entry.subject, entry.detail) for entry in entries]


def test_a_lawful_post_loses_its_author_at_once_and_its_text_after_three_days(scene: Larkford) -> None:
    post_id = judged(scene, Level.LAWFUL, found(parent_text="what it answers", quoted_text="what it quotes"))
    post, versions = post_of(scene, post_id)
    assert about_author(post) == (None,) * 5
    assert post.lawful_at == NOW
    assert [(one.raw, one.version, one.parent_text, one.quoted_text) for one in versions] == [(None,) * 4]
    assert versions[0].text is not None
    assert forget(scene, 71 * HOUR) == Forgotten()
    assert forget(scene, 72 * HOUR) == Forgotten(lawful_texts=1)
    assert forget(scene, 73 * HOUR) == Forgotten()
    post, versions = post_of(scene, post_id)
    assert (versions[0].text, post.posted_at) == (None, None)
    assert versions[0].forgotten_at == NOW + 72 * HOUR
    assert count(scene, Assessment) == 1
    assert certificates(scene) == [("lawful texts", "lawful texts 1")]


def test_release_holds_what_is_not_lawful_through_and_through(scene: Larkford) -> None:
    post = found()
    post_id = judged(scene, Level.UNCIVIL, post)
    a_post(scene.store, scene.council_id, about=scene.maud, post=replace(post, version="v2", text="Thank you"))
    with scene.store.writing(scene.council_id) as session:
        assert not release_lawful(session, session.get_one(Post, post_id), now=NOW)
    assess_due(scene.store, classifier=Says(Level.LAWFUL), now=NOW)
    assert post_of(scene, post_id)[0].author_id == post.author_id
    assess_due(scene.store, classifier=Says(Level.LAWFUL, version="2"), now=NOW)
    assert post_of(scene, post_id)[0].author_id is None


def test_what_a_person_reported_is_never_released_by_machine(scene: Larkford) -> None:
    post = found()
    post_id = judged(scene, Level.LAWFUL, post, origin=Origin.HAND)
    assert post_of(scene, post_id)[0].author_id == post.author_id


def test_a_dismissed_post_goes_when_second_thoughts_are_over(scene: Larkford) -> None:
    incident_id = scene.incident(Level.SERIOUS)
    post_id = dismissed(scene, incident_id)
    seal(scene, post_id)
    assert forget(scene, 71 * HOUR) == Forgotten()
    assert forget(scene, 72 * HOUR) == Forgotten(dismissed_posts=1)
    post, versions = post_of(scene, post_id)
    assert about_author(post) == (None,) * 5
    assert post.lawful_at is not None
    assert [(one.text, one.raw) for one in versions] == [(None, None)]
    assert count(scene, EvidenceItem) == 0
    assert incident_of(scene, incident_id).state is IncidentState.DISMISSED
    assert forget(scene, 73 * HOUR) == Forgotten()
    assert forget(scene, 366 * DAY) == Forgotten(incidents=1, old_posts=1)
    assert count(scene, Incident) == 0


def dismissed(scene: Larkford, incident_id: int) -> int:
    ruth = a_person(scene.store, scene.council_id, Role.MONITORING_OFFICER)
    with scene.store.writing(scene.council_id) as session:
        incident = session.get_one(Incident, incident_id)
        incidents.dismiss(session, incident, by=session.get_one(Person, ruth), at=NOW, reason="About the vote")
        return incident.post_id or 0


def seal(scene: Larkford, post_id: int) -> None:
    with scene.store.writing(scene.council_id) as session:
        snapshot = session.scalars(select(Snapshot).where(Snapshot.post_id == post_id)).one()
        for kind, content in ((EvidenceKind.TEXT, b"words"), (EvidenceKind.RAW, b"{}")):
            evidence.append(
                session, post_id=post_id, snapshot_id=snapshot.id, kind=kind, content=content, media_type="x/y", now=NOW
            )


def requested(scene: Larkford, incident_id: int, state: TakedownState) -> int:
    """A request about an incident's post, as it stands after that state was reached."""
    ines = a_person(scene.store, scene.council_id, Role.OFFICER)
    with scene.store.writing(scene.council_id) as session:
        incident = session.get_one(Incident, incident_id)
        snapshot = session.scalars(select(Snapshot).where(Snapshot.post_id == incident.post_id)).one()
        request = TakedownRequest(
            platform="bluesky",
            route=RouteKind.API,
            harm=Harm.HARASSMENT,
            category="harassment",
            category_label="Harassment",
            state=state,
            text="Please look at this",
            drafted_at=NOW,
            approved_by=ines,
            approved_at=NOW,
        )
        session.add(request)
        session.flush()
        item = RequestItem(request_id=request.id, snapshot_id=snapshot.id, route=request.route, harm=request.harm)
        outcome = Outcome(
            request_id=request.id, snapshot_id=snapshot.id, at=NOW, presence=Presence.UP, how_known="it answers"
        )
        session.add_all([item, outcome, RequestIncident(request_id=request.id, incident_id=incident_id)])
        return request.id


def test_what_was_reported_stays_for_its_time_though_dismissed(scene: Larkford) -> None:
    sent, drafted = scene.incident(), scene.incident()
    requested(scene, sent, TakedownState.SENT)
    requested(scene, drafted, TakedownState.DRAFTED)
    kept, gone = dismissed(scene, sent), dismissed(scene, drafted)
    assert forget(scene, 72 * HOUR) == Forgotten(dismissed_posts=1)
    assert post_of(scene, kept)[0].author_id is not None
    assert post_of(scene, gone)[0].author_id is None
    assert count(scene, TakedownRequest) == 1


def test_a_dismissed_call_loses_its_account(scene: Larkford) -> None:
    call = a_call(scene.store, scene.council_id, about=scene.maud)
    dismissed(scene, call)
    assert forget(scene, 72 * HOUR) == Forgotten(dismissed_accounts=1)
    assert incident_of(scene, call).account_of_it is None


@pytest.mark.parametrize(
    ("level", "days"), [(Level.UNCIVIL, 365), (Level.ABUSIVE, 730), (Level.SERIOUS, 2192), (Level.CRITICAL, 2192)]
)
def test_each_level_has_its_time(scene: Larkford, level: Level, days: int) -> None:
    incident_id = scene.incident(level)
    post_id = incident_of(scene, incident_id).post_id or 0
    seal(scene, post_id)
    requested(scene, incident_id, TakedownState.REMOVED)
    assert forget(scene, days * DAY - HOUR) == Forgotten()
    assert forget(scene, days * DAY) == replace(Forgotten(incidents=1, old_posts=1), audit_entries=audit_gone(days))
    post, versions = post_of(scene, post_id)
    assert about_author(post) == (None,) * 5
    assert post.key
    assert [(one.text, one.version, one.raw) for one in versions] == [(None, None, None)]
    for table in (Incident, EvidenceItem, TakedownRequest, RequestItem, Outcome):
        assert count(scene, table) == 0
    assert forget(scene, days * DAY) == Forgotten()


def audit_gone(days: int) -> int:
    """Adding the council and the councillor left two entries, which are as old as what is forgotten here."""
    return 2 if timedelta(days=days) >= POLICY.audit else 0


def test_uncivil_counts_from_the_authors_last(scene: Larkford) -> None:
    post = found()
    scene.incident(Level.UNCIVIL, post=post)
    later = replace(scene, now=NOW + 200 * DAY)
    later.incident(Level.UNCIVIL, post=found(author_id=post.author_id, author_handle=post.author_handle))
    assert forget(scene, 366 * DAY) == Forgotten()
    assert forget(scene, 566 * DAY) == Forgotten(incidents=2, old_posts=2)


def test_a_post_below_the_line_goes_too(scene: Larkford) -> None:
    judged(scene, Level.UNCIVIL)
    judged(scene, Level.ABUSIVE)
    assert forget(scene, 365 * DAY) == Forgotten(old_posts=1)
    assert forget(scene, 730 * DAY) == Forgotten(old_posts=1)


def test_a_call_goes_with_its_level_and_a_hold_or_the_police_keep_it(scene: Larkford) -> None:
    calls = [a_call(scene.store, scene.council_id, about=scene.maud, level=Level.ABUSIVE) for _ in range(3)]
    hugh = a_person(scene.store, scene.council_id, Role.ASSESSOR)
    with scene.store.writing(scene.council_id) as session:
        referral = Referral(incident_id=calls[1], state=ReferralState.DRAFTED, drafted_by=hugh, drafted_at=NOW)
        session.add(referral)
        session.flush()
        person = session.get_one(Person, hugh)
        referrals.report(session, referral, by=person, at=NOW, route=PoliceRoute.ONLINE, reference="LK/26/101")
    assert forget(scene, 731 * DAY, RetentionPolicy(held=frozenset({calls[2]}))) == Forgotten(incidents=1)
    with scene.store.writing(scene.council_id) as session:
        referrals.close(session, session.scalars(select(Referral)).one(), outcome="no further action")
    assert forget(scene, 732 * DAY) == Forgotten(incidents=2)


def test_more_than_one_batch(scene: Larkford) -> None:
    for _ in range(7):
        a_post(scene.store, scene.council_id, about=scene.maud)
    assess_due(scene.store, classifier=Says(Level.LAWFUL), now=NOW)
    assert forget(scene, 72 * HOUR, RetentionPolicy(at_once=3)) == Forgotten(lawful_texts=7)
    assert [detail for _, detail in certificates(scene)] == ["lawful texts 3", "lawful texts 3", "lawful texts 1"]


def test_sign_ins_that_are_over(scene: Larkford) -> None:
    ines = a_person(scene.store, scene.council_id, Role.OFFICER)
    with scene.store.writing(scene.council_id) as session:
        for number, (lasts, revoked) in enumerate(((HOUR, None), (DAY, None), (DAY, NOW))):
            session.add(
                SignIn(
                    person_id=ines,
                    token_hash=f"hash {number}",
                    created_at=NOW,
                    last_seen_at=NOW,
                    expires_at=NOW + lasts,
                    revoked_at=revoked,
                )
            )
    assert forget(scene, 2 * HOUR) == Forgotten(sign_ins=2)
    assert count(scene, SignIn) == 1


def test_consent_that_ended_stops_the_source_and_withdrawal_erases_secrets(scene: Larkford) -> None:
    ended = an_account(scene.store, scene.council_id, councillor_id=scene.maud, until=NOW + DAY)
    left = an_account(scene.store, scene.council_id, handle="other.example.org", secret="left behind")
    with scene.store.writing(scene.council_id) as session:
        session.get_one(Account, left).withdrawn_at = NOW
    assert forget(scene, 2 * DAY) == Forgotten(sources_stopped=1, secrets=1)
    with scene.store.reading(scene.council_id) as session:
        sources = {one.account_id: one for one in session.scalars(select(Source))}
        assert sources[ended].stopped
        assert "consent" in sources[ended].problem
        assert sources[left].stopped
        assert session.get_one(Account, left).secret == ""
        assert session.get_one(Account, ended).secret != ""
    with scene.store.writing(scene.council_id) as session:
        watching.withdraw(session, session.get_one(Councillor, scene.maud), by=None, now=NOW)
    forget(scene, 2 * DAY)
    with scene.store.reading(scene.council_id) as session:
        assert session.get_one(Account, ended).secret == ""
    assert forget(scene, 3 * DAY) == Forgotten()


def test_old_audit_entries_go_from_the_front_and_the_rest_is_one_chain(scene: Larkford) -> None:
    def entry(at: datetime) -> None:
        with scene.store.writing(scene.council_id) as session:
            audit_record(session, scene.council_id, at=at, by=None, act="looked", subject="council")

    later = NOW + 400 * DAY
    entry(later)
    # Written late and dated early: it stands behind a younger one, so it stays until that one goes.
    entry(NOW)
    gone = forget_due(scene.store, policy=POLICY, now=NOW + POLICY.audit)
    assert gone.audit_entries == 2
    with scene.store.reading(scene.council_id) as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.position)).all()
    assert [one.act for one in entries] == ["looked", "looked", "forgot"]
    assert broken_entry(entries) is None
    forget_due(scene.store, policy=POLICY, now=later + 2 * POLICY.audit)
    with scene.store.reading(scene.council_id) as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.position)).all()
    assert {one.act for one in entries} == {"forgot"}
    assert broken_entry(entries) is None


def test_each_council_has_its_own_posts_and_certificate(scene: Larkford) -> None:
    other = a_council(scene.store, SALTMARSH)
    neighbour = replace(scene, council_id=other, maud=a_councillor(scene.store, other))
    post = found()
    scene.incident(Level.UNCIVIL, post=post)
    replace(neighbour, now=NOW + 200 * DAY).incident(Level.UNCIVIL, post=post)
    assert forget(scene, 365 * DAY) == Forgotten(incidents=1, old_posts=1)
    assert len(certificates(scene)) == 1
    assert certificates(neighbour) == []
    assert count(neighbour, Incident) == 1


@pytest.fixture
def on_file(tmp_path: Path, sqlite_ready: Path, vault: Vault) -> Iterator[tuple[Larkford, Path]]:
    path = tmp_path / "scene.db"
    path.write_bytes(sqlite_ready.read_bytes())
    store = Store(f"sqlite:///{path}", vault)
    yield larkford(store), path
    store.close()


def test_nothing_of_a_lawful_posts_author_is_left_in_the_file(on_file: tuple[Larkford, Path]) -> None:
    scene, path = on_file
    posts = [
        replace(
            found(f"Lawful words {number} " + "about the weir " * number),
            author_name=f"Quillon Featherstone {number}",
            author_handle=f"quillon{number}.example.org",
            author_id=f"did:plc:quillon{number}",
            external_id=f"at://did:plc:quillon{number}/post/{number}",
            url=f"https://bsky.app/profile/quillon{number}/post/{number}",
            version=f"bafyquillon{number}",
            parent_text=f"Quillon said before {number}",
            raw=b"Quillon raw",
        )
        for number in range(60)
    ]
    for post in posts:
        a_post(scene.store, scene.council_id, about=scene.maud, post=post)
    assert b"quillon" in written(path).lower()
    assess_due(scene.store, classifier=Says(Level.LAWFUL), now=NOW)
    forget(scene, HOUR)
    assert b"quillon" not in written(path).lower()
    assert b"Lawful words" in written(path)
    forget(scene, 72 * HOUR)
    assert b"Lawful words" not in written(path)
    assert b"about the weir" not in written(path)


def written(path: Path) -> bytes:
    """Everything on disk: the database, its write-ahead log and its index."""
    return b"".join(each.read_bytes() for each in sorted(path.parent.glob(f"{path.name}*")))
