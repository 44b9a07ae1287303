"""One council's install on the real network, opened and closed as a process would, and what its records then hold."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from classifiers.shape import Classifier
from monitor.keeping import post_key
from records.incidents import Incident
from records.posts import Post
from records.takedowns import TakedownRequest
from records.vocabulary import AccountUse, Level, Role, TermKind
from takedown.desk import Desk
from takedown.drafting import draft_due
from takedown.reviewing import approve_takedown, confirm
from tests import builders
from tests.real.network import Network, Posted
from wardkeeper.build import Parts, open_parts
from wardkeeper.rounds import Round, scan

COUNCIL = "Ashcombe Borough Council"
COUNCILLOR = "Anna Nowak"
CONTEXT = ("car park", "library", "town hall")
"""What the council wrote down so that a bare name is taken for its councillor."""
REPORTER = "ashcombe"
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Install:
    """The folder of an install and the number of its one council."""

    data: Path
    council_id: int

    @contextmanager
    def opened(self) -> Iterator[Parts]:
        """The install as a newly started process has it."""
        parts = open_parts(self.data)
        try:
            yield parts
        finally:
            parts.close()

    def scanned(self, judge: Classifier, *, now: datetime) -> Round:
        """One round of a process that is started for it and stopped after it."""
        with self.opened() as parts:
            return scan(parts, classifier=judge, now=now, all_now=True)

    def killed(self, act: str, *words: object, now: datetime) -> None:
        """A process that begins an act and is killed in the middle; see `killed.py`."""
        script = [sys.executable, "-m", "tests.real.killed", str(self.data), now.isoformat(), act, *map(str, words)]
        died = subprocess.run(script, cwd=_ROOT, capture_output=True, text=True, timeout=120, check=False)
        assert died.returncode == -signal.SIGKILL, died.stderr

    def desk(self, parts: Parts, role: Role, *, now: datetime) -> Desk:
        """Where whoever holds the role sits."""
        return builders.a_desk(parts.store, self.council_id, role, now=now)

    def approved(self, parts: Parts, posted: Posted, *, now: datetime) -> int:
        """The number of the report about a post that was raised: confirmed by the assessor, who raises it to level 2
        where the judge saw less, drafted by the machine, approved by the officer."""
        with parts.store.reading(self.council_id) as session:
            incident = incident_of(session, parts, posted)
        assert incident is not None, "the post was not raised"
        level = max(incident.level, Level.ABUSIVE)
        confirm(self.desk(parts, Role.ASSESSOR, now=now), incident.id, level=level)
        draft_due(parts.store, reach=parts.reach, now=now)
        with parts.store.reading(self.council_id) as session:
            request = session.scalars(_requests_for(incident)).one()
        approve_takedown(self.desk(parts, Role.OFFICER, now=now), request.id, reach=parts.reach)
        return request.id

    def request(self, parts: Parts, request_id: int) -> TakedownRequest:
        """A request as it stands now, with what was seen of its posts."""
        with parts.store.reading(self.council_id) as session:
            request = session.get_one(TakedownRequest, request_id)
            assert request.items is not None
            assert request.outcomes is not None
            return request


def make(
    data: Path, network: Network, *, now: datetime, nicknames: Sequence[str] = (), member: str = "councillor"
) -> Install:
    """An install whose settings name the network's addresses. `member` is the account of its councillor there."""
    council_files = data / "council"
    council_files.mkdir(parents=True)
    (council_files / "wardkeeper.toml").write_text(_settings(network), encoding="utf-8")
    account = network.member(member)
    reporter = network.member(REPORTER)
    parts = open_parts(data)
    try:
        store = parts.store
        council_id = builders.a_council(store, COUNCIL)
        terms = {TermKind.CONTEXT: CONTEXT, TermKind.NICKNAME: nicknames}
        councillor_id = builders.a_councillor(store, council_id, COUNCILLOR, terms=terms, now=now)
        builders.an_account(
            store,
            council_id,
            councillor_id=councillor_id,
            handle=account.handle,
            stable_id=account.did,
            secret=network.app_password(member),
            until=now + timedelta(days=365),
            now=now,
        )
        builders.an_account(
            store,
            council_id,
            use=AccountUse.REPORT,
            handle=reporter.handle,
            stable_id=reporter.did,
            secret=network.app_password(REPORTER),
            until=now + timedelta(days=365),
            now=now,
        )
    finally:
        parts.close()
    return Install(data, council_id)


def _settings(network: Network) -> str:
    return f"""
[network]
admit_loopback = true

[platforms.bluesky]
entryway = "{network.urls["pds"]}"
appview = "{network.urls["appview"]}"
plc = "{network.urls["plc"]}"
labeler = "{network.labeler}"
"""


def posts_of(session: Session, parts: Parts, posted: Posted) -> Sequence[Post]:
    """Every row kept for one post; found by its fingerprint, which outlives its address."""
    key = post_key(parts.store.vault, platform="bluesky", external_id=posted.uri)
    return session.scalars(select(Post).where(Post.key == key)).all()


def incident_of(session: Session, parts: Parts, posted: Posted) -> Incident | None:
    """The incident about one post, if there is one."""
    key = post_key(parts.store.vault, platform="bluesky", external_id=posted.uri)
    return session.scalar(select(Incident).join(Incident.post).where(Post.key == key))


def _requests_for(incident: Incident) -> Select[TakedownRequest]:
    return select(TakedownRequest).where(TakedownRequest.incidents.any(incident_id=incident.id))
