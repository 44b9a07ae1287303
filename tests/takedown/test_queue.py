"""The queue: worst first, masked, pile-ons as one line, page by page, this council's only, in few queries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import event, update

from records.incidents import Incident, IncidentGroup
from records.store import Store
from records.vocabulary import IncidentKind, IncidentState, Level, Role, TakedownState
from takedown import reviewing
from takedown.queue import QueueRow, queue, waiting_count
from tests.builders import MAUD, NOW, Larkford, a_call, a_council, a_councillor, found
from tests.takedown.steps import approved, confirmed, drafted, opened, sent
from tests.takedown.townboard import PLATFORM, Townboard


def _queue(scene: Larkford, *, limit: int = 50, after: int | None = None, needs_person: bool = False) -> list[QueueRow]:
    with scene.store.reading(scene.council_id) as session:
        return queue(session, limit=limit, after=after, needs_person=needs_person)


def _group(scene: Larkford, incidents: list[int]) -> int:
    with scene.store.writing(scene.council_id) as session:
        group = IncidentGroup(councillor_id=scene.maud, reason="pile-on", first_at=NOW, last_at=NOW)
        session.add(group)
        session.flush()
        session.execute(update(Incident).where(Incident.id.in_(incidents)).values(group_id=group.id))
        return group.id


@contextmanager
def _counted(store: Store) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    yield seen
    event.remove(store.engine, "before_cursor_execute", note)


def test_worst_first_newest_first_and_only_what_waits(council: Larkford) -> None:
    old = opened(council, level=Level.ABUSIVE)
    worst = opened(council, level=Level.CRITICAL)
    new = opened(council, level=Level.ABUSIVE, now=NOW + timedelta(minutes=3))
    in_work = confirmed(council, level=Level.SERIOUS)
    done = opened(council, level=Level.CRITICAL)
    reviewing.dismiss(council.desk(Role.ASSESSOR), done, reason="lyrics")
    assert [row.id for row in _queue(council)] == [worst, in_work, new, old]


def test_a_row_says_what_is_needed_and_nothing_of_the_text(council: Larkford, townboard: Townboard) -> None:
    incident = confirmed(council, post=found("Ellery is 🐀 filth", alt_texts=("a rat",)))
    request = drafted(council, townboard, [incident])
    (row,) = _queue(council)
    assert (row.id, row.level, row.state, row.kind) == (
        incident,
        Level.ABUSIVE,
        IncidentState.CONFIRMED,
        IncidentKind.POST,
    )
    assert (row.councillor, row.councillor_id, row.platform, row.raised_at) == (MAUD, council.maud, PLATFORM, NOW)
    assert row.masked == "•••••• •• • •••••\n• •••"
    assert row.request is not None
    assert (row.request.id, row.request.state) == (request, TakedownState.DRAFTED)


def test_an_edited_post_shows_its_newest_version_and_a_call_its_account(council: Larkford) -> None:
    post = found("one two three")
    opened(council, post=post)
    opened(council, post=found("four", external_id=post.external_id), now=NOW + timedelta(minutes=1))
    call = a_call(council.store, council.council_id, about=council.maud)
    rows = {row.id: row for row in _queue(council)}
    assert sorted(row.masked for row in rows.values() if row.id != call) == ["••••"]
    assert rows[call].platform is None
    assert rows[call].masked.startswith("• ••• ••••")


def test_a_pile_on_is_one_row_at_its_worst(council: Larkford) -> None:
    many = [opened(council, level=level) for level in (Level.ABUSIVE, Level.SERIOUS, Level.UNCIVIL)]
    alone = opened(council, level=Level.ABUSIVE)
    group = _group(council, many)
    rows = _queue(council)
    assert [(row.id, row.group_id, row.count) for row in rows] == [(many[1], group, 3), (alone, None, 1)]
    reviewing.dismiss(council.desk(Role.ASSESSOR), many[1], reason="a joke")
    assert [(row.id, row.count) for row in _queue(council) if row.group_id] == [(many[0], 2)]


def test_pages_give_every_row_once(council: Larkford) -> None:
    for number in range(7):
        opened(council, level=Level.ABUSIVE if number % 2 else Level.SERIOUS, now=NOW + timedelta(minutes=number // 3))
    confirmed(council, level=Level.SERIOUS)
    whole = [row.id for row in _queue(council)]
    assert len(whole) == 8
    paged: list[int] = []
    while page := _queue(council, limit=3, after=paged[-1] if paged else None):
        paged += [row.id for row in page]
    assert paged == whole
    assert _queue(council, after=4711) == _queue(council)
    assert _queue(council, after=10**30) == _queue(council)


def test_needs_person_lists_doubt_and_failure_only(council: Larkford, townboard: Townboard) -> None:
    confirmed(council)
    sent(council, townboard)
    townboard.status = 500
    doubtful, closed_in_doubt, failing = confirmed(council), confirmed(council), confirmed(council)
    for incident in (doubtful, closed_in_doubt):
        sent(council, townboard, [incident])
    townboard.status = 401
    sent(council, townboard, [failing])
    townboard.status = 429
    given_up = confirmed(council)
    request = sent(council, townboard, [given_up])
    reviewing.withdraw_takedown(council.desk(), request)
    reviewing.close(council.desk(), closed_in_doubt, reason="it is gone")
    rows = _queue(council, needs_person=True)
    assert {row.id for row in rows} == {doubtful, closed_in_doubt, failing}
    assert all(row.request and (row.request.problem or row.request.state is TakedownState.IN_DOUBT) for row in rows)
    assert [row.id for row in _queue(council, needs_person=True, limit=1)] == [rows[0].id]


def test_another_council_sees_nothing_of_it(council: Larkford, townboard: Townboard) -> None:
    approved(council, townboard)
    other = a_council(council.store, "Saltmarsh Town Council")
    elsewhere = Larkford(council.store, other, a_councillor(council.store, other))
    assert _queue(elsewhere) == []
    own = opened(elsewhere, level=Level.UNCIVIL)
    assert [row.id for row in _queue(elsewhere)] == [own]
    with council.store.reading(other) as session:
        assert waiting_count(session) == {(IncidentState.OPEN, Level.UNCIVIL): 1}


def test_the_number_of_queries_does_not_grow_with_the_rows(council: Larkford, townboard: Townboard) -> None:
    counts = []
    for _ in range(2):
        _group(council, [opened(council), opened(council)])
        drafted(council, townboard)
        with _counted(council.store) as seen:
            assert _queue(council, after=4711)
        counts.append(len([one for one in seen if one.startswith("SELECT")]))
    assert counts[0] == counts[1] <= 7
