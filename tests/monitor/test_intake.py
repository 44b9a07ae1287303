"""What people report: stored, joined to what is held, never discarded; what cannot be stored is said plainly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from monitor import watching
from monitor.assessing import assess_due
from monitor.intake import LARGEST_PICTURE, CannotTake, Reported, Taken, report_incident, report_post
from monitor.raising import raise_due
from platforms.register import PLATFORMS, find
from records.audit import AuditEntry
from records.evidence import EvidenceItem, broken_link, chain_of
from records.incidents import Incident, IncidentEvent
from records.people import Councillor, Person
from records.posts import Mention, Post, Snapshot
from records.retention import release_lawful
from records.store import Store
from records.vocabulary import (
    EvidenceKind,
    IncidentKind,
    IncidentState,
    Level,
    MatchKind,
    NotAllowed,
    Origin,
    Role,
)
from tests.builders import (
    NOW,
    SALTMARSH,
    Larkford,
    Says,
    a_council,
    a_councillor,
    a_person,
    a_post,
    found,
    larkford,
)

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
JPEG = b"\xff\xd8\xff\xe0" + b"picture"
ON_X = Reported(
    url="https://x.com/otterbank/status/1790000000000000000",
    text="Cllr Ellery is a waste of a good chair",
    author_handle="@otterbank",
    posted_at=NOW - timedelta(hours=2),
)


@pytest.fixture
def scene(store: Store) -> Larkford:
    return larkford(store)


def report(scene: Larkford, reported: Reported, *, about: int | None = None) -> Taken:
    bea = a_person(scene.store, scene.council_id, Role.MEMBERS_SERVICES)
    with scene.store.writing(scene.council_id) as session:
        return report_post(
            session,
            scene.store.vault,
            reported,
            find=find,
            platforms=tuple(PLATFORMS.values()),
            councillor_id=about or scene.maud,
            reporter=session.get_one(Person, bea),
            now=NOW,
        )


def log_call(scene: Larkford, **changes: object) -> int:
    bea = a_person(scene.store, scene.council_id, Role.MEMBERS_SERVICES)
    given = {
        "kind": IncidentKind.CALL,
        "account_of_it": "A caller would not give a name and shouted.",
        "occurred_at": NOW - timedelta(hours=1),
        "level": Level.ABUSIVE,
        "councillor_id": scene.maud,
        **changes,
    }
    with scene.store.writing(scene.council_id) as session:
        return report_incident(session, reporter=session.get_one(Person, bea), now=NOW, **given).id  # type: ignore[arg-type]


def count(scene: Larkford, table: type) -> int:
    with scene.store.reading(scene.council_id) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_reported_post_is_stored_with_who_said_so(scene: Larkford) -> None:
    taken = report(scene, ON_X)
    assert taken == Taken(taken.post_id, new_post=True, new_version=True, picture_kept=False)
    with scene.store.reading(scene.council_id) as session:
        post = session.get_one(Post, taken.post_id)
        mention = session.scalars(select(Mention)).one()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "reported a post")).one()
        text = session.scalars(select(Snapshot.text)).one()
        bea = session.scalars(select(Person)).one()
    assert (post.origin, post.author_handle, post.posted_at) == (Origin.HAND, "otterbank", ON_X.posted_at)
    assert (mention.how, mention.surety, text) == (MatchKind.HAND, 1.0, ON_X.text)
    assert (entry.person_id, entry.subject) == (bea.id, f"post {taken.post_id}")
    assert ON_X.text not in entry.detail
    assert not report(scene, ON_X).new_version


ADDRESSES = (
    "https://bsky.app/profile/otter.example.org/post/3kabcdefghi2k",
    "https://town.example/@otter/111111111111111111",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ&lc=UgxAAAAAAAAAAAAAAAB4AaABAg",
    "https://www.reddit.com/r/larkford/comments/1abcde/bins/kabcdef/",
    "https://x.com/otter/status/1790000000000000000",
    "https://www.facebook.com/otter/posts/1234567890123456",
    "https://www.instagram.com/p/CabcdefGhij/",
    "https://www.threads.net/@otter/post/CabcdefGhij",
    "https://www.tiktok.com/@otter/video/7300000000000000000",
    "https://news.example/larkford/bins-story",
)


def test_any_of_the_ten_platforms(scene: Larkford) -> None:
    assert [report(scene, replace(ON_X, url=url)).new_post for url in ADDRESSES] == [True] * 10
    with scene.store.reading(scene.council_id) as session:
        assert set(session.scalars(select(Post.platform))) == set(PLATFORMS)


REFUSED: tuple[tuple[dict[str, object], str, str], ...] = (
    ({"url": ""}, "url", "address"),
    ({"url": "not an address"}, "url", "Bluesky"),
    ({"url": "https://x.com/otterbank"}, "url", "post"),
    ({"platform": "bluesky"}, "url", "expected one on Bluesky"),
    ({"platform": "Frendbook"}, "platform", "expected one of"),
    ({"posted_at": datetime(1970, 1, 1, tzinfo=UTC)}, "posted_at", "2004"),
    ({"posted_at": datetime(2999, 1, 1, tzinfo=UTC)}, "posted_at", "today"),
    ({"screenshot": b"GIF89a"}, "screenshot", "PNG or JPEG"),
    ({"screenshot": b""}, "screenshot", "PNG or JPEG"),
    ({"screenshot": PNG + b"x" * LARGEST_PICTURE}, "screenshot", "5 MB"),
)


def test_what_cannot_be_stored_names_the_field_and_what_was_expected(scene: Larkford) -> None:
    for change, field, says in REFUSED:
        with pytest.raises(CannotTake, match=says) as refused:
            report(scene, replace(ON_X, **change))  # type: ignore[arg-type]
        assert refused.value.field == field
    assert count(scene, Post) == 0


def test_a_screenshot_becomes_evidence_once(scene: Larkford) -> None:
    first = report(scene, replace(ON_X, screenshot=PNG))
    again = report(scene, replace(ON_X, screenshot=PNG))
    assert (first.picture_kept, again.picture_kept) == (True, False)
    more = report(scene, replace(ON_X, screenshot=JPEG))
    assert more.picture_kept
    with scene.store.reading(scene.council_id) as session:
        items = chain_of(session, first.post_id)
        assert broken_link(items) is None
        assert [(item.kind, item.media_type, item.position) for item in items] == [
            (EvidenceKind.SCREENSHOT, "image/png", 1),
            (EvidenceKind.SCREENSHOT, "image/jpeg", 2),
        ]
        assert items[0].content == PNG
    assert count(scene, EvidenceItem) == 2


def test_a_report_joins_a_collected_post_that_was_let_go(scene: Larkford) -> None:
    collected = found(external_id=find(ON_X.url)[1], text=ON_X.text)  # type: ignore[index]
    post_id = a_post(scene.store, scene.council_id, about=scene.maud, post=collected, platform="x")
    assess_due(scene.store, classifier=Says(Level.LAWFUL), now=NOW)
    taken = report(scene, ON_X)
    assert (taken.post_id, taken.new_post, taken.new_version) == (post_id, False, False)
    with scene.store.writing(scene.council_id) as session:
        post = session.get_one(Post, post_id)
        assert (post.origin, post.author_handle, post.url) == (Origin.HAND, "otterbank", ON_X.url)
        assert post.lawful_at is None
        assert not release_lawful(session, post, now=NOW)
    raise_due(scene.store, line=Level.ABUSIVE, now=NOW)
    with scene.store.reading(scene.council_id) as session:
        incident = session.scalars(select(Incident)).one()
    assert (incident.level, incident.origin) == (Level.UNCIVIL, Origin.HAND)


def test_a_report_judged_lawful_is_still_raised(scene: Larkford) -> None:
    report(scene, ON_X)
    assess_due(scene.store, classifier=Says(Level.LAWFUL), now=NOW)
    assert raise_due(scene.store, line=Level.ABUSIVE, now=NOW).opened == 1


def test_only_this_councils_opted_in_councillors(scene: Larkford) -> None:
    theirs = a_councillor(scene.store, a_council(scene.store, SALTMARSH))
    with pytest.raises(NotAllowed, match="no such councillor"):
        report(scene, ON_X, about=theirs)
    with scene.store.writing(scene.council_id) as session:
        watching.withdraw(session, session.get_one(Councillor, scene.maud), by=None, now=NOW)
    with pytest.raises(NotAllowed, match="withdrawn"):
        report(scene, ON_X)
    with pytest.raises(NotAllowed, match="withdrawn"):
        log_call(scene)
    assert count(scene, Post) == 0


def test_an_incident_without_a_post(scene: Larkford) -> None:
    for kind in (IncidentKind.CALL, IncidentKind.LETTER, IncidentKind.MESSAGE, IncidentKind.VISIT):
        incident_id = log_call(scene, kind=kind, level=Level.LAWFUL)
        with scene.store.reading(scene.council_id) as session:
            incident = session.get_one(Incident, incident_id)
            event = session.scalars(select(IncidentEvent).where(IncidentEvent.incident_id == incident_id)).one()
            entry = session.scalars(select(AuditEntry).where(AuditEntry.subject == f"incident {incident_id}")).one()
        assert (incident.kind, incident.state, incident.level) == (kind, IncidentState.OPEN, Level.UNCIVIL)
        assert incident.post_id is None
        assert incident.level_by == event.person_id == entry.person_id
        assert incident.account_of_it == "A caller would not give a name and shouted."


NOT_LOGGED: tuple[tuple[dict[str, object], str], ...] = (
    ({"kind": IncidentKind.POST}, "kind"),
    ({"account_of_it": " \x00 "}, "account_of_it"),
    ({"account_of_it": "x" * 100_001}, "account_of_it"),
    ({"occurred_at": datetime(1970, 1, 1, tzinfo=UTC)}, "occurred_at"),
    ({"occurred_at": NOW + timedelta(days=2)}, "occurred_at"),
    ({"occurred_at": NOW.replace(tzinfo=None)}, "occurred_at"),
)


def test_an_incident_that_cannot_be_stored(scene: Larkford) -> None:
    for change, field in NOT_LOGGED:
        with pytest.raises(CannotTake) as refused:
            log_call(scene, **change)
        assert refused.value.field == field
    assert count(scene, Incident) == 0
