"""A small cast of invented people, and functions that put them and their posts on record as the product itself does.

Every function takes the store and ids, opens its own session, and gives back ids.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from classifiers.shape import Judgement, Passage, Reason
from monitor import watching
from monitor.assessing import assess_due
from monitor.keeping import keep
from monitor.matching import Match
from monitor.raising import raise_due
from platforms.shape import Found, Reach
from records import audit, incidents
from records.councils import Council
from records.incidents import Incident
from records.people import Councillor, Person
from records.signing_in import add_person
from records.store import Store
from records.vocabulary import (
    AccountUse,
    IncidentKind,
    IncidentState,
    Label,
    Level,
    MatchKind,
    Nation,
    Origin,
    Role,
    TermKind,
    Tier,
)
from takedown.desk import Desk
from wardkeeper.build import open_reach
from wardkeeper.settings import load

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
"""A Monday morning; every test that needs a time starts here."""
LARKFORD = "Larkford District Council"
SALTMARSH = "Saltmarsh Town Council"
PASSWORD = "four lanterns on the weir"
MAUD = "Maud Ellery"
"""Councillor for Weir ward."""
IDRIS = "Idris Vaughan"
"""Councillor for Quay ward."""
PEOPLE: Mapping[Role, tuple[str, str]] = {
    Role.OFFICER: ("Ines Calder", "ines.calder"),
    Role.MEMBERS_SERVICES: ("Bea Lindqvist", "bea.lindqvist"),
    Role.ASSESSOR: ("Hugh Penrose", "hugh.penrose"),
    Role.MONITORING_OFFICER: ("Ruth Amadi", "ruth.amadi"),
    Role.DATA_PROTECTION: ("Noor Haddad", "noor.haddad"),
    Role.AUDITOR: ("Viktor Lund", "viktor.lund"),
    Role.ADMINISTRATOR: ("Sol Marsh", "sol.marsh"),
}
"""Who holds each role: name and the part of the e-mail address before the @."""
TOM = ("Tom Ashby", "tom.ashby")
"""A second communications officer."""
_WARDS = {MAUD: "Weir", IDRIS: "Quay"}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Says:
    """A classifier that gives every text the same level; for what is under test after the judging."""

    level: Level = Level.ABUSIVE
    labels: frozenset[Label] = frozenset({Label.INSULT})
    name: str = "says"
    version: str = "1"

    def judge(self, passages: Sequence[Passage]) -> list[Judgement]:
        """The same judgement for each."""
        lawful = self.level is Level.LAWFUL
        labels = frozenset[Label]() if lawful else self.labels
        scores = {label: 0.9 if label in labels else 0.01 for label in Label}
        report = 0.95 if self.level >= Level.ABUSIVE else 0.05
        judgement = Judgement(self.level, labels, scores, report, (), self.name, self.version)
        return [judgement for _ in passages]

    def carried(self, passage: Passage) -> Reason | None:
        """Names no words."""
        return None


def a_council(store: Store, name: str = LARKFORD) -> int:
    """A principal council in England."""
    with store.across_councils(writes=True) as session:
        council = Council(name=name, tier=Tier.PRINCIPAL, nation=Nation.ENGLAND, created_at=NOW)
        session.add(council)
        session.flush()
        audit.record(session, council.id, at=NOW, by=None, act="council added", subject=f"council {council.id}")
        return council.id


def a_person(
    store: Store,
    council_id: int,
    *roles: Role,
    who: tuple[str, str] | None = None,
    password: str = PASSWORD,
) -> int:
    """Whoever of the cast holds the first role, made on first call and found again afterwards."""
    name, local = who or PEOPLE[roles[0]]
    email = f"{local}@council{council_id}.example"
    with store.writing(council_id) as session:
        held = session.scalar(select(Person.id).where(Person.email == email))
        if held is not None:
            return held
        person = add_person(
            session, council_id, email=email, name=name, roles=frozenset(roles), password=password, now=NOW
        )
        return person.id


def a_desk(store: Store, council_id: int, role: Role = Role.OFFICER, *, now: datetime = NOW) -> Desk:
    """The desk of whoever holds the role."""
    return Desk(store, council_id, a_person(store, council_id, role), now)


def tom_at_desk(store: Store, council_id: int, *, now: datetime = NOW) -> Desk:
    """The desk of the second communications officer."""
    return Desk(store, council_id, a_person(store, council_id, Role.OFFICER, who=TOM), now)


def a_councillor(
    store: Store,
    council_id: int,
    name: str = MAUD,
    *,
    terms: Mapping[TermKind, Sequence[str]] | None = None,
    now: datetime = NOW,
) -> int:
    """A councillor who opted in, found by name and surname, with their ward as context."""
    with store.writing(council_id) as session:
        councillor = watching.add_councillor(
            session,
            council_id,
            name=name,
            ward=_WARDS.get(name, "Mill"),
            party="",
            terms=terms or {},
            opted_in_by=name,
            by=None,
            now=now,
        )
        return councillor.id


def an_account(
    store: Store,
    council_id: int,
    *,
    councillor_id: int | None = None,
    platform: str = "bluesky",
    use: AccountUse = AccountUse.COLLECT,
    handle: str = "maud.example.org",
    stable_id: str = "did:plc:maud",
    address: str = "",
    secret: str = "abcd-efgh-ijkl-mnop",
    until: datetime = NOW + timedelta(days=365),
    now: datetime = NOW,
) -> int:
    """An account somebody agreed to for a year; a collecting one is due at once."""
    with store.writing(council_id) as session:
        councillor = session.get_one(Councillor, councillor_id) if councillor_id is not None else None
        account = watching.add_account(
            session,
            council_id,
            store.vault,
            councillor=councillor,
            platform=platform,
            use=use,
            handle=handle,
            stable_id=stable_id,
            address=address,
            secret=secret,
            consent_by=MAUD,
            consent_until=until,
            purposes="Finding posts that abuse the councillor",
            by=None,
            now=now,
        )
        return account.id


def found(text: str = "Cllr Ellery is a waste of a good chair", **changes: object) -> Found:
    """One post as a platform gives it, with an id, version and author of its own unless given."""
    number = next(_numbers)
    post = Found(
        external_id=f"at://did:plc:resident{number}/app.bsky.feed.post/{number}",
        version=f"version{number}",
        url=f"https://bsky.app/profile/did:plc:resident{number}/post/{number}",
        author_id=f"did:plc:resident{number}",
        author_handle=f"resident{number}.example.org",
        author_name=f"Resident {number}",
        text=text,
        language="en",
        posted_at=NOW - timedelta(minutes=20),
        raw=b'{"post": "as the platform gave it"}',
    )
    return replace(post, **changes)  # type: ignore[arg-type]


def a_post(
    store: Store,
    council_id: int,
    *,
    about: int | Sequence[int],
    post: Found | None = None,
    platform: str = "bluesky",
    origin: Origin = Origin.COLLECTED,
    now: datetime = NOW,
) -> int:
    """A post kept as the collectors keep it, about one or several councillors; not judged yet."""
    councillors = [about] if isinstance(about, int) else about
    matches = [Match(councillor_id, MatchKind.TITLE_SURNAME, 0.75) for councillor_id in councillors]
    with store.writing(council_id) as session:
        kept = keep(
            session,
            store.vault,
            platform=platform,
            found=found() if post is None else post,
            matches=matches,
            origin=origin,
            now=now,
        )
        return kept.post_id


def an_incident(
    store: Store,
    council_id: int,
    *,
    about: int,
    level: Level = Level.ABUSIVE,
    labels: frozenset[Label] = frozenset({Label.INSULT}),
    post: Found | None = None,
    platform: str = "bluesky",
    origin: Origin = Origin.COLLECTED,
    now: datetime = NOW,
) -> int:
    """A post kept, judged at `level` and raised: an open incident."""
    post_id = a_post(store, council_id, about=about, post=post, platform=platform, origin=origin, now=now)
    assess_due(store, classifier=Says(level, labels), now=now)
    raise_due(store, line=Level.UNCIVIL, now=now)
    with store.reading(council_id) as session:
        own = select(Incident.id).where(Incident.post_id == post_id, Incident.councillor_id == about)
        return session.scalars(own).one()


def a_call(store: Store, council_id: int, *, about: int, level: Level = Level.SERIOUS, now: datetime = NOW) -> int:
    """An incident without any post: a phone call that was written down."""
    with store.writing(council_id) as session:
        incident = Incident(
            council_id=council_id,
            councillor_id=about,
            kind=IncidentKind.CALL,
            origin=Origin.HAND,
            state=IncidentState.OPEN,
            level=level,
            text_level=level,
            labels=frozenset({Label.THREAT}),
            account_of_it="A man rang the office and said he knew where the member parks.",
            occurred_at=now,
            raised_at=now,
        )
        session.add(incident)
        session.flush()
        incidents.note(session, incident, f"raised at level {int(level)}", at=now, by=None)
        return incident.id


def a_reach(data: Path, addresses: Mapping[str, Mapping[str, str]] | None = None) -> Reach:
    """Every platform with its shipped report routes; `addresses` point some of them at servers on loopback.

    `data` is an empty folder of the test's own. Close it with `reach.wire.close()`.
    """
    settings = load(data)
    network = settings.network.model_copy(update={"admit_loopback": True})
    platforms = {key: dict(own) for key, own in (addresses or {}).items()}
    return open_reach(data, settings.model_copy(update={"network": network, "platforms": platforms}))


@dataclass(frozen=True)
class Larkford:
    """A council with one councillor; the usual scene of a test."""

    store: Store
    council_id: int
    maud: int
    now: datetime = field(default=NOW)

    def desk(self, role: Role = Role.OFFICER) -> Desk:
        """The desk of whoever holds the role here."""
        return a_desk(self.store, self.council_id, role, now=self.now)

    def incident(self, level: Level = Level.ABUSIVE, *, post: Found | None = None) -> int:
        """An open incident about Maud."""
        return an_incident(self.store, self.council_id, about=self.maud, level=level, post=post, now=self.now)


def larkford(store: Store) -> Larkford:
    """The usual scene."""
    council_id = a_council(store)
    return Larkford(store, council_id, a_councillor(store, council_id))
