"""The whole way with the shipped weights: what is proposed and what is not, by labels.md, and a post that is gone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from records.evidence import broken_link, chain_of
from records.incidents import Incident
from records.posts import Post
from records.takedowns import TakedownRequest
from records.vocabulary import IncidentState, Level, TakedownState
from wardkeeper.build import Parts, open_parts
from wardkeeper.demo import once

EXPECTED = {
    "b05": 1, "b07": 3, "b08": 3, "b09": 4, "b13": 2, "b15": 3, "b18": 4, "b19": 4, "b20": 2, "b22": 4,
    "m03": 3, "m07": 3, "f04": 4, "l01": 3, "l04": 3,
    **{f"p{number:02}": 2 for number in range(1, 12)},
}  # fmt: skip
"""The level of each post of the seed, by its text; every post not named here is level 0. b19 is meant as edited."""
MISSED = {"p02", "p08"}
"""Abusive posts the shipped model does not propose; a better model makes this set smaller, never larger."""
WORST = {"b09", "b18", "b19", "b22", "f04"}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Parts, dict[str, object]]]:
    data = tmp_path_factory.mktemp("journey")
    counts = once.play(data, tell=lambda _: None)
    parts = open_parts(data)
    yield parts, counts
    parts.close()


@pytest.fixture(scope="module")
def incidents(played: tuple[Parts, dict[str, object]]) -> dict[str, Incident]:
    """Each incident by the seed post it is about."""
    parts, _ = played
    words = seed_words()
    query = select(Incident).options(selectinload(Incident.post).selectinload(Post.snapshots))
    with parts.store.reading(1) as session:
        found = {}
        for incident in session.scalars(query):
            assert incident.post is not None
            for snapshot in incident.post.snapshots:
                found |= {name: incident for name, text in words.items() if text in plain(snapshot.words)}
    return found


def seed_words() -> dict[str, str]:
    """The words of every seed post as they are after collecting, without the @names."""
    lines = (files("wardkeeper.demo") / "seed" / "posts.jsonl").read_text(encoding="utf-8").splitlines()
    posts = [json.loads(line) for line in lines]
    return {post["id"]: plain(post["text"] or " ".join(post["alt"])) for post in posts}


def plain(text: str) -> str:
    return " ".join(re.sub(r"@\S+", "", text).split())


def proposed(incidents: dict[str, Incident]) -> set[str]:
    return {name for name, incident in incidents.items() if incident.level >= Level.ABUSIVE}


@pytest.mark.slow
def test_no_lawful_or_merely_uncivil_post_is_proposed(incidents: dict[str, Incident]) -> None:
    assert proposed(incidents) - {name for name, level in EXPECTED.items() if level >= Level.ABUSIVE} == set()


@pytest.mark.slow
def test_abuse_is_proposed_but_for_the_known_misses(incidents: dict[str, Incident]) -> None:
    abusive = {name for name, level in EXPECTED.items() if level >= Level.ABUSIVE}
    assert abusive - proposed(incidents) <= MISSED


@pytest.mark.slow
def test_explicit_threats_are_level_4(incidents: dict[str, Incident]) -> None:
    assert {name: incidents[name].level for name in WORST} == dict.fromkeys(WORST, Level.CRITICAL)


@pytest.mark.slow
def test_the_pile_on_is_one_group(incidents: dict[str, Incident]) -> None:
    groups = {incident.group_id for name, incident in incidents.items() if name.startswith("p") and name != "p01"}
    assert len(groups) == 1
    assert None not in groups


@pytest.mark.slow
def test_of_a_lawful_post_no_author_is_left(played: tuple[Parts, dict[str, object]]) -> None:
    parts, _ = played
    with parts.store.reading(1) as session:
        lawful = session.scalars(select(Post).where(Post.lawful_at.is_not(None))).all()
    assert len(lawful) > 10
    for post in lawful:
        assert (post.author_id, post.author_handle, post.author_name, post.url, post.external_id) == (None,) * 5


@pytest.mark.slow
def test_what_was_sent_is_sealed_and_what_is_gone_is_closed(played: tuple[Parts, dict[str, object]]) -> None:
    parts, counts = played
    query = select(TakedownRequest).options(
        selectinload(TakedownRequest.items), selectinload(TakedownRequest.incidents)
    )
    with parts.store.reading(1) as session:
        requests = session.scalars(query).all()
        for request in requests:
            for item in request.items:
                chain = chain_of(session, item.snapshot.post_id)
                assert chain
                assert broken_link(chain) is None
        removed = [request for request in requests if request.state is TakedownState.REMOVED]
        closed = {link.incident.state for request in removed for link in request.incidents}
    assert len(removed) == counts["removed"] > 5  # type: ignore[operator]
    assert closed == {IncidentState.CLOSED}
