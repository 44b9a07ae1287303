"""Every state may become some others and no others: each pair is tried, by each function, and in a race."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from records import incidents, referrals, takedowns
from records.base import move
from records.incidents import Incident, IncidentEvent
from records.people import Person
from records.posts import Snapshot
from records.referrals import Referral
from records.store import Store
from records.takedowns import RequestIncident, RequestItem, TakedownRequest
from records.vocabulary import (
    Harm,
    IncidentState,
    Level,
    NotAllowed,
    Origin,
    PoliceRoute,
    ReferralState,
    Role,
    RouteKind,
    TakedownState,
)
from tests.builders import NOW, Larkford, an_incident, larkford

LATER = NOW + timedelta(hours=1)
LAWFUL: dict[type[Any], set[str]] = {
    Incident: {
        "open>confirmed",
        "open>dismissed",
        "confirmed>closed",
        "confirmed>open",
        "dismissed>open",
        "closed>open",
    },
    TakedownRequest: {
        "drafted>approved",
        "drafted>withdrawn",
        "approved>sending",
        "approved>sent",
        "approved>withdrawn",
        "sending>sent",
        "sending>approved",
        "sending>in_doubt",
        "sending>refused",
        "in_doubt>sent",
        "in_doubt>approved",
        "in_doubt>withdrawn",
        "sent>removed",
        "sent>refused",
        "removed>sent",
        "refused>sent",
        "refused>withdrawn",
        "withdrawn>drafted",
    },
    Referral: {"drafted>reported", "reported>acknowledged", "reported>closed", "acknowledged>closed"},
}
"""What `product.md` promises, written down a second time on purpose."""
TABLES: dict[type[Any], tuple[Any, dict[Any, frozenset[Any]]]] = {
    Incident: (IncidentState, incidents.MOVES),
    TakedownRequest: (TakedownState, takedowns.MOVES),
    Referral: (ReferralState, referrals.MOVES),
}
Act = Callable[[Session, Any, Person], object]
ACTS: dict[type[Any], dict[str, tuple[Act, str]]] = {
    Incident: {
        "confirm": (lambda s, row, by: incidents.confirm(s, row, by=by, at=LATER), "confirmed"),
        "dismiss": (lambda s, row, by: incidents.dismiss(s, row, by=by, at=LATER, reason="fair comment"), "dismissed"),
        "reopen": (lambda s, row, by: incidents.reopen(s, row, by=by, at=LATER, reason="it is back"), "open"),
        "close": (lambda s, row, by: incidents.close(s, row, by=by, at=LATER, reason="gone"), "closed"),
    },
    TakedownRequest: {
        "approve": (lambda s, row, by: takedowns.approve(s, row, by=by, at=LATER), "approved"),
        "withdraw": (lambda s, row, by: takedowns.withdraw(s, row, at=LATER), "withdrawn"),
        "redraft": (lambda s, row, by: takedowns.redraft(s, row, text="Anew", at=LATER), "drafted"),
        "start": (lambda s, row, by: takedowns.start_sending(s, row, by=by, at=LATER), "sending"),
        "arrived": (
            lambda s, row, by: takedowns.arrived(
                s, row, at=LATER, reference="7", stored_as="rude", next_check_at=LATER
            ),
            "sent",
        ),
        "filed": (
            lambda s, row, by: takedowns.filed_by_hand(s, row, by=by, at=LATER, reference="7", next_check_at=LATER),
            "sent",
        ),
        "not received": (lambda s, row, by: takedowns.not_received(s, row, problem="busy"), "approved"),
        "in doubt": (lambda s, row, by: takedowns.in_doubt(s, row, problem="cut off"), "in_doubt"),
        "refused": (lambda s, row, by: takedowns.refused(s, row, at=LATER, problem="no"), "refused"),
        "removed": (lambda s, row, by: takedowns.removed(s, row, at=LATER, next_check_at=None), "removed"),
        "returned": (lambda s, row, by: takedowns.returned(s, row, next_check_at=LATER), "sent"),
    },
    Referral: {
        "report": (
            lambda s, row, by: referrals.report(s, row, by=by, at=LATER, route=PoliceRoute.ONLINE, reference="C/1"),
            "reported",
        ),
        "acknowledge": (lambda s, row, by: referrals.acknowledge(s, row), "acknowledged"),
        "close": (lambda s, row, by: referrals.close(s, row, outcome="declined"), "closed"),
    },
}


@pytest.fixture
def scene(store: Store) -> Larkford:
    """A council with one of each: incident, drafted request, drafted referral."""
    here = larkford(store)
    incident_id = here.incident(Level.SERIOUS)
    person_id = here.desk(Role.ASSESSOR).person_id
    with store.writing(here.council_id) as session:
        add_request(session, incident_id)
        session.add(
            Referral(incident_id=incident_id, state=ReferralState.DRAFTED, drafted_by=person_id, drafted_at=NOW)
        )
    return here


def add_request(session: Session, incident_id: int) -> TakedownRequest:
    """A drafted request about the newest version of the incident's post."""
    incident = session.get_one(Incident, incident_id)
    request = TakedownRequest(
        platform="bluesky",
        route=RouteKind.API,
        harm=Harm.THREAT,
        category="rude",
        category_label="Rude",
        state=TakedownState.DRAFTED,
        text="This post threatens a councillor.",
        drafted_at=NOW,
    )
    session.add(request)
    session.flush()
    version = session.scalars(select(Snapshot).where(Snapshot.post_id == incident.post_id)).one()
    session.add(RequestItem(request_id=request.id, snapshot_id=version.id, route=request.route, harm=request.harm))
    session.add(RequestIncident(request_id=request.id, incident_id=incident_id))
    session.flush()
    return request


def _put(session: Session, kind: type[Any], state: Any) -> Any:
    """The one row of this kind, put into a state without asking; with whatever that state must have."""
    person = session.scalars(select(Person)).one()
    given: dict[type[Any], dict[str, Any]] = {
        Incident: {"decided_by": person.id, "decided_at": NOW},
        TakedownRequest: {"approved_by": person.id, "approved_at": NOW},
        Referral: {"reported_by": person.id, "reported_at": NOW, "route": PoliceRoute.ONLINE},
    }
    session.execute(update(kind).values(state=state, **given[kind]).execution_options(synchronize_session=False))
    return session.scalars(select(kind).execution_options(populate_existing=True)).one()


def _columns(session: Session, kind: type[Any]) -> tuple[Any, ...]:
    session.flush()
    return tuple(session.execute(select(*kind.__table__.columns)).one())


class _Undo(Exception):
    """Leaves a writing session without keeping anything."""


@contextmanager
def trying(scene: Larkford) -> Iterator[Session]:
    """A writing session that keeps nothing."""
    with suppress(_Undo), scene.store.writing(scene.council_id) as session:
        yield session


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.__name__)
def test_the_table_of_moves_is_the_one_that_was_promised(kind: type[Any]) -> None:
    _states, moves = TABLES[kind]
    assert {f"{start.value}>{end.value}" for start, ends in moves.items() for end in ends} == LAWFUL[kind]


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.__name__)
def test_every_pair_of_states_is_lawful_or_refused(scene: Larkford, kind: type[Any]) -> None:
    states, moves = TABLES[kind]
    for start in states:
        for end in states:
            with trying(scene) as session:
                row = _put(session, kind, start)
                before = _columns(session, kind)
                if f"{start.value}>{end.value}" in LAWFUL[kind]:
                    move(session, row, to=end, lawful=moves)
                    assert row.state is end
                    assert session.scalars(select(kind.state)).one() is end
                else:
                    with pytest.raises(NotAllowed, match=start.value):
                        move(session, row, to=end, lawful=moves)
                    assert _columns(session, kind) == before


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.__name__)
def test_every_act_keeps_to_the_table(scene: Larkford, kind: type[Any]) -> None:
    for name, (act, end) in ACTS[kind].items():
        worked = {pair for start in TABLES[kind][0] if (pair := _try(scene, kind, start, act)) is not None}
        assert worked == {pair for pair in LAWFUL[kind] if pair.endswith(f">{end}")}, name


def _try(scene: Larkford, kind: type[Any], start: Any, act: Act) -> str | None:
    """The move that the act made from that state, or None when it was refused and changed no state."""
    with trying(scene) as session:
        row = _put(session, kind, start)
        by = session.scalars(select(Person)).one()
        try:
            act(session, row, by)
        except NotAllowed:
            session.expire_all()
            assert session.scalars(select(kind.state)).one() is start
            return None
        return f"{start.value}>{row.state.value}"


def test_a_refused_act_adds_no_event(scene: Larkford) -> None:
    with scene.store.writing(scene.council_id) as session:
        row = _put(session, Incident, IncidentState.CLOSED)
        events = session.scalars(select(IncidentEvent.id)).all()
        by = session.scalars(select(Person)).one()
        with pytest.raises(NotAllowed):
            incidents.confirm(session, row, by=by, at=LATER)
        assert session.scalars(select(IncidentEvent.id)).all() == events


def test_of_many_who_confirm_at_once_one_succeeds(scene: Larkford) -> None:
    crowd = 4
    together = Barrier(crowd)

    def confirm(_number: int) -> bool:
        together.wait(10)
        try:
            with scene.store.writing(scene.council_id) as session:
                incident = session.scalars(select(Incident)).one()
                incidents.confirm(session, incident, by=session.scalars(select(Person)).one(), at=LATER)
        except NotAllowed:
            return False
        return True

    with ThreadPoolExecutor(crowd) as threads:
        assert sorted(threads.map(confirm, range(crowd))) == [False] * (crowd - 1) + [True]
    with scene.store.reading(scene.council_id) as session:
        confirmed = select(IncidentEvent.id).where(IncidentEvent.what.startswith("confirmed"))
        assert len(session.scalars(confirmed).all()) == 1


def test_whoever_looked_before_somebody_else_acted_is_refused(scene: Larkford) -> None:
    """Two senders hold the same approved request; the second one's view is stale and the claim fails."""
    with scene.store.writing(scene.council_id) as session:
        _put(session, TakedownRequest, TakedownState.APPROVED)
    with scene.store.reading(scene.council_id) as session:
        stale = session.scalars(select(TakedownRequest)).one()
        person = session.scalars(select(Person)).one()
        session.expunge_all()
    with scene.store.writing(scene.council_id) as session:
        takedowns.start_sending(session, session.scalars(select(TakedownRequest)).one(), by=person, at=LATER)
    with scene.store.writing(scene.council_id) as session:
        session.add(stale)
        with pytest.raises(NotAllowed, match="somebody else"):
            takedowns.start_sending(session, stale, by=person, at=LATER)


def test_approving_freezes_the_approvers_own_words(scene: Larkford) -> None:
    with scene.store.writing(scene.council_id) as session:
        request, by = session.scalars(select(TakedownRequest)).one(), session.scalars(select(Person)).one()
        with pytest.raises(NotAllowed, match="empty"):
            takedowns.approve(session, request, by=by, at=LATER, text=" \n")
        assert request.approved_by is None
        takedowns.approve(session, request, by=by, at=LATER, text="Better words.")
    with scene.store.reading(scene.council_id) as session:
        request = session.scalars(select(TakedownRequest)).one()
        assert (request.text, request.approved_at, request.approved_by) == ("Better words.", LATER, by.id)


def test_a_new_draft_forgets_the_old_approval(scene: Larkford) -> None:
    with scene.store.writing(scene.council_id) as session:
        request = _put(session, TakedownRequest, TakedownState.WITHDRAWN)
        takedowns.redraft(session, request, text="Anew", at=LATER)
    with scene.store.reading(scene.council_id) as session:
        request = session.scalars(select(TakedownRequest)).one()
        assert (request.text, request.approved_by, request.approved_at) == ("Anew", None, None)


@pytest.mark.parametrize("reason", ["", "  \n\t"])
def test_what_needs_a_reason_is_refused_without(scene: Larkford, reason: str) -> None:
    with scene.store.writing(scene.council_id) as session:
        row, by = session.scalars(select(Incident)).one(), session.scalars(select(Person)).one()
        referral = session.scalars(select(Referral)).one()
        route = PoliceRoute.EMERGENCY
        acts: tuple[Callable[[], None], ...] = (
            partial(incidents.dismiss, session, row, by=by, at=LATER, reason=reason),
            partial(incidents.lower, session, row, to=Level.UNCIVIL, by=by, at=LATER, reason=reason),
            partial(referrals.report, session, referral, by=by, at=LATER, route=route, reference=reason),
            partial(referrals.close, session, referral, outcome=reason),
        )
        for act in acts:
            with pytest.raises(NotAllowed):
                act()
        assert (row.state, row.level, referral.state) == (IncidentState.OPEN, Level.SERIOUS, ReferralState.DRAFTED)


def test_a_level_is_only_raised_by_raising_and_lowered_by_lowering(scene: Larkford) -> None:
    with scene.store.writing(scene.council_id) as session:
        row, by = session.scalars(select(Incident)).one(), session.scalars(select(Person)).one()
        for level in (Level.LAWFUL, Level.ABUSIVE, Level.SERIOUS):
            with pytest.raises(NotAllowed, match="not above"):
                incidents.raise_level(session, row, to=level, by=by, at=LATER, reason="x")
        for level in (Level.SERIOUS, Level.CRITICAL):
            with pytest.raises(NotAllowed, match="not below"):
                incidents.lower(session, row, to=level, by=by, at=LATER, reason="x")
        incidents.raise_level(session, row, to=Level.CRITICAL, by=None, at=LATER, reason="a pattern")
        assert (row.level, row.level_by) == (Level.CRITICAL, None)
        incidents.lower(session, row, to=Level.ABUSIVE, by=by, at=LATER, reason="a quotation from a play")
        assert (row.level, row.level_by) == (Level.ABUSIVE, by.id)
        assert row.text_level is Level.SERIOUS, "what the text alone gave stays on record"


def test_a_persons_report_is_never_lowered_to_lawful(scene: Larkford) -> None:
    reported = an_incident(scene.store, scene.council_id, about=scene.maud, level=Level.LAWFUL, origin=Origin.HAND)
    with scene.store.writing(scene.council_id) as session:
        row, by = session.get_one(Incident, reported), session.scalars(select(Person)).one()
        assert row.level is Level.UNCIVIL
        with pytest.raises(NotAllowed, match="dismissed with a reason"):
            incidents.lower(session, row, to=Level.LAWFUL, by=by, at=LATER, reason="harmless")
