"""What was said is sealed once, verbatim, in a chain that shows every change, before anything can be sent."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from records.evidence import EvidenceItem, broken_link, chain_of
from records.posts import Post, Snapshot
from records.vocabulary import EvidenceKind, Level, NotAllowed, Origin, Role
from takedown import evidence, reviewing
from tests.builders import NOW, Larkford, a_post, found
from tests.takedown.steps import opened, the_incident, the_log
from tests.takedown.townboard import PLATFORM

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
ODD = "Line one\r\nزد 👩‍👧 \x1b[2J"


def _items(scene: Larkford, incident: int) -> Sequence[EvidenceItem]:
    with scene.store.reading(scene.council_id) as session:
        return chain_of(session, the_incident(scene, incident).post_id or 0)


def test_text_and_raw_answer_are_sealed_and_the_raw_answer_moves(council: Larkford) -> None:
    post = found(ODD, warning="rude", alt_texts=("a cartoon", "a map"), parent_text="before", raw=b'{"a": 1}')
    incident = opened(council, post=post)
    sealed = evidence.seal_due(council.store, now=NOW)
    assert (sealed.posts, sealed.items) == (1, 2)
    text, raw = _items(council, incident)
    assert (text.kind, raw.kind) == (EvidenceKind.TEXT, EvidenceKind.RAW)
    said = json.loads(text.content)
    assert said["text"] == ODD
    assert said["warning"] == "rude"
    assert said["alt_text"] == "a cartoon\na map"
    assert said["parent_text"] == "before"
    assert said["author"] == {"id": post.author_id, "handle": post.author_handle, "name": post.author_name}
    assert (said["url"], said["external_id"], said["version"]) == (post.url, post.external_id, post.version)
    assert said["seen_at"] == NOW.isoformat()
    assert text.sha256 == hashlib.sha256(text.content).hexdigest()
    assert raw.content == b'{"a": 1}'
    assert broken_link([text, raw]) is None
    with council.store.reading(council.council_id) as session:
        assert session.scalars(select(Snapshot.raw)).all() == [None]
    entry = the_log(council)[-1]
    assert (entry.act, entry.subject) == ("seal evidence", f"post {text.post_id}")
    assert raw.chain in entry.detail


def test_sealing_again_adds_nothing(council: Larkford) -> None:
    incident = opened(council)
    evidence.seal_due(council.store, now=NOW)
    before = [item.chain for item in _items(council, incident)]
    for _ in range(2):
        assert evidence.seal_due(council.store, now=NOW + timedelta(hours=1)) == evidence.Sealed(posts=0, items=0)
    assert [item.chain for item in _items(council, incident)] == before


def test_an_edited_post_gets_its_new_version_onto_the_same_chain(council: Larkford) -> None:
    post = found("Ellery, you are a rotten liar")
    incident = opened(council, post=post)
    evidence.seal_due(council.store, now=NOW)
    later = NOW + timedelta(minutes=5)
    edited = found("Ellery, rotten to the core", external_id=post.external_id, raw=b"another")
    opened(council, post=edited, now=later)
    assert evidence.seal_due(council.store, now=later).items == 2
    items = _items(council, incident)
    assert [item.kind.value for item in items] == ["text", "raw", "text", "raw"]
    assert broken_link(items) is None


def test_a_change_anywhere_in_the_chain_is_found(council: Larkford) -> None:
    incident = opened(council)
    evidence.seal_due(council.store, now=NOW)
    items = list(_items(council, incident))
    items[0].content = items[0].content.replace(b"waste", b"taste")
    assert broken_link(items) == 1
    fresh = list(_items(council, incident))
    assert broken_link(fresh[1:]) == 1
    fresh[1].sealed_at += timedelta(seconds=1)
    assert broken_link(fresh) == 2


def test_below_level_2_only_what_a_person_reported_is_sealed_and_never_the_raw_answer(council: Larkford) -> None:
    opened(council, level=Level.UNCIVIL)
    a_post(council.store, council.council_id, about=council.maud, platform=PLATFORM)
    assert evidence.seal_due(council.store, now=NOW).items == 0
    by_hand = opened(council, level=Level.UNCIVIL, origin=Origin.HAND)
    assert evidence.seal_due(council.store, now=NOW).items == 1
    assert [item.kind for item in _items(council, by_hand)] == [EvidenceKind.TEXT]
    assert evidence.seal_due(council.store, now=NOW).items == 0
    reviewing.confirm(council.desk(Role.OFFICER), by_hand, level=Level.ABUSIVE)
    assert evidence.seal_due(council.store, now=NOW).items == 1
    assert [item.kind for item in _items(council, by_hand)] == [EvidenceKind.TEXT, EvidenceKind.RAW]


def test_what_was_dismissed_is_not_sealed(council: Larkford) -> None:
    incident = opened(council)
    reviewing.dismiss(council.desk(), incident, reason="lawful")
    assert evidence.seal_due(council.store, now=NOW).items == 0


def test_sealers_at_the_same_moment_make_one_whole_chain(council: Larkford) -> None:
    incidents = [opened(council) for _ in range(4)]
    gate = threading.Barrier(3)
    found_items: list[int] = []

    def seal() -> None:
        gate.wait()
        found_items.append(evidence.seal_due(council.store, now=NOW).items)

    threads = [threading.Thread(target=seal) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found_items) == 8
    for incident in incidents:
        items = _items(council, incident)
        assert len(items) == 2
        assert broken_link(items) is None


def test_a_screenshot_joins_the_chain_once(council: Larkford) -> None:
    incident = opened(council)
    evidence.seal_due(council.store, now=NOW)
    for expected in (True, False):
        with council.store.writing(council.council_id) as session:
            post = session.get_one(Post, the_incident(council, incident).post_id)
            sealed = evidence.seal_attachment(session, post, PNG, "image/png", NOW)
            assert (sealed is not None) is expected
    items = _items(council, incident)
    assert [item.kind.value for item in items] == ["text", "raw", "screenshot"]
    assert broken_link(items) is None


@pytest.mark.parametrize(
    ("content", "kind", "why"),
    [
        (b"<svg onload=alert(1)>", "image/svg+xml", "must be a PNG"),
        (b"MZ\x90", "image/png", "is not the image/png"),
        (b"", "image/jpeg", "is not the image/jpeg"),
        (PNG + b"\x00" * (10 * 1024 * 1024), "image/png", "larger than 10 MB"),
    ],
)
def test_what_is_no_picture_is_refused(council: Larkford, content: bytes, kind: str, why: str) -> None:
    incident = opened(council)
    with council.store.writing(council.council_id) as session:
        post = session.get_one(Post, the_incident(council, incident).post_id)
        with pytest.raises(NotAllowed, match=why):
            evidence.seal_attachment(session, post, content, kind, NOW)
    assert not _items(council, incident)
