"""The audit log and the evidence chains: whole as written, and every way of tampering with them is found."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from records import audit, evidence
from records.audit import AuditEntry
from records.evidence import EvidenceItem
from records.people import Person
from records.store import Store
from records.vocabulary import EvidenceKind, Role
from tests.builders import LARKFORD, NOW, SALTMARSH, a_council, a_person, a_post, larkford

ACTS = ("signed in", "confirm incident", "approve request", "send request", "signed out")


def _entries(session: Session) -> list[AuditEntry]:
    ordered = select(AuditEntry).order_by(AuditEntry.position)
    return list(session.scalars(ordered.execution_options(populate_existing=True)))


@pytest.fixture
def council_id(store: Store) -> int:
    """A council with five entries by a person after its first one."""
    made = a_council(store)
    person_id = a_person(store, made, Role.OFFICER)
    with store.writing(made) as session:
        by = session.get_one(Person, person_id)
        for number, act in enumerate(ACTS):
            at = NOW + timedelta(minutes=number)
            audit.record(session, made, at=at, by=by, act=act, subject=f"incident {number}", detail="a word")
    return made


def test_the_log_is_whole_as_it_comes_back(store: Store, council_id: int) -> None:
    with store.reading(council_id) as session:
        entries = _entries(session)
        assert [entry.act for entry in entries] == ["council added", *ACTS]
        assert [entry.position for entry in entries] == [1, 2, 3, 4, 5, 6]
        assert entries[0].previous == audit.GENESIS
        assert audit.broken_entry(entries) is None
        assert audit.broken_entry(entries[2:]) is None, "the front may have been let go"
        assert audit.broken_entry([]) is None


def test_an_entry_written_in_another_zone_is_no_tampering(store: Store, council_id: int) -> None:
    summer_time = timezone(timedelta(hours=1))
    with store.writing(council_id) as session:
        audit.record(session, council_id, at=NOW.astimezone(summer_time), by=None, act="looked", subject="nothing")
    with store.reading(council_id) as session:
        assert audit.broken_entry(_entries(session)) is None


def test_a_changed_entry_is_found(store: Store, council_id: int) -> None:
    changes: tuple[dict[str, Any], ...] = (
        {"act": "dismiss incident"},
        {"subject": "incident 99"},
        {"detail": "another word"},
        {"person_id": None},
        {"at": NOW - timedelta(days=1)},
        {"previous": "f" * 64},
        {"chain": "f" * 64},
    )
    for change in changes:
        with store.writing(council_id) as session:
            session.execute(update(AuditEntry).where(AuditEntry.position == 3).values(change))
            assert audit.broken_entry(_entries(session)) == 3, change
            session.rollback()


def test_an_entry_taken_from_the_middle_is_found(store: Store, council_id: int) -> None:
    with store.writing(council_id) as session:
        session.execute(delete(AuditEntry).where(AuditEntry.position == 3))
        assert audit.broken_entry(_entries(session)) == 4


def test_an_entry_slipped_in_is_found_even_if_it_links_itself(store: Store, council_id: int) -> None:
    with store.writing(council_id) as session:
        session.execute(delete(AuditEntry).where(AuditEntry.position > 2))
        audit.record(session, council_id, at=NOW, by=None, act="nothing to see", subject="incident 0")
        forged = _entries(session)[-1]
        session.execute(update(AuditEntry).where(AuditEntry.id == forged.id).values(position=9))
        assert audit.broken_entry(_entries(session)) == 9


def test_two_entries_exchanged_are_found(store: Store, council_id: int) -> None:
    with store.writing(council_id) as session:
        for old, new in ((3, 30), (4, 3), (30, 4)):
            session.execute(update(AuditEntry).where(AuditEntry.position == old).values(position=new))
        assert audit.broken_entry(_entries(session)) == 3


def test_each_council_has_a_log_of_its_own(store: Store) -> None:
    ours, theirs = a_council(store, LARKFORD), a_council(store, SALTMARSH)
    for council in (ours, theirs, ours):
        with store.writing(council) as session:
            audit.record(session, council, at=NOW, by=None, act="looked", subject="nothing")
    for council, length in ((ours, 3), (theirs, 2)):
        with store.reading(council) as session:
            assert [entry.position for entry in _entries(session)] == list(range(1, length + 1))
            assert audit.broken_entry(_entries(session)) is None


def test_many_writers_at_once_share_no_place(store: Store) -> None:
    council = a_council(store)

    def write(number: int) -> None:
        with store.writing(council) as session:
            audit.record(session, council, at=NOW, by=None, act="looked", subject=f"incident {number}")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(12)))
    with store.reading(council) as session:
        assert [entry.position for entry in _entries(session)] == list(range(1, 14))
        assert audit.broken_entry(_entries(session)) is None


@pytest.fixture
def sealed(store: Store) -> tuple[int, int]:
    """A council and a post of it with three sealed items."""
    scene = larkford(store)
    post_id = a_post(store, scene.council_id, about=scene.maud)
    with store.writing(scene.council_id) as session:
        for number, kind in enumerate(EvidenceKind):
            evidence.append(
                session,
                post_id=post_id,
                snapshot_id=None,
                kind=kind,
                content=f"content {number}".encode(),
                media_type="text/plain",
                now=(NOW + timedelta(seconds=number)).astimezone(timezone(timedelta(hours=-5))),
            )
    return scene.council_id, post_id


def _chain(session: Session, post_id: int) -> list[EvidenceItem]:
    session.expire_all()
    return list(evidence.chain_of(session, post_id))


def test_evidence_is_whole_as_it_comes_back(store: Store, sealed: tuple[int, int]) -> None:
    council, post_id = sealed
    with store.reading(council) as session:
        items = _chain(session, post_id)
        assert [item.content for item in items] == [b"content 0", b"content 1", b"content 2"]
        assert [item.sha256 for item in items] == [hashlib.sha256(item.content).hexdigest() for item in items]
        assert evidence.broken_link(items) is None
        assert evidence.broken_link([]) is None


def test_the_same_content_is_sealed_once(store: Store, sealed: tuple[int, int]) -> None:
    council, post_id = sealed
    with store.writing(council) as session:
        again = evidence.append(
            session,
            post_id=post_id,
            snapshot_id=None,
            kind=EvidenceKind.TEXT,
            content=b"content 0",
            media_type="text/plain",
            now=NOW + timedelta(days=1),
        )
        assert again is None
        assert len(_chain(session, post_id)) == len(EvidenceKind)


def test_changed_evidence_is_found(store: Store, sealed: tuple[int, int]) -> None:
    council, post_id = sealed
    other = hashlib.sha256(b"other words").hexdigest()
    changes: tuple[dict[str, Any], ...] = (
        {"content": b"other words"},
        {"sha256": other},
        {"content": b"other words", "sha256": other},
        {"sealed_at": NOW - timedelta(days=7)},
        {"position": 7},
        {"previous": evidence.GENESIS},
        {"chain": "0" * 64},
    )
    for change in changes:
        with store.writing(council) as session:
            session.execute(update(EvidenceItem).where(EvidenceItem.position == 2).values(change))
            assert evidence.broken_link(_chain(session, post_id)) == 2, change
            session.rollback()


@pytest.mark.parametrize("gone", [1, 2])
def test_evidence_taken_away_is_found(store: Store, sealed: tuple[int, int], gone: int) -> None:
    council, post_id = sealed
    with store.writing(council) as session:
        session.execute(delete(EvidenceItem).where(EvidenceItem.position == gone))
        assert evidence.broken_link(_chain(session, post_id)) == gone


def test_evidence_for_no_post_is_refused(store: Store, sealed: tuple[int, int]) -> None:
    other = a_council(store, SALTMARSH)
    with store.writing(other) as session, pytest.raises(ValueError, match="not here"):
        evidence.append(
            session,
            post_id=sealed[1],
            snapshot_id=None,
            kind=EvidenceKind.TEXT,
            content=b"x",
            media_type="text/plain",
            now=NOW,
        )
