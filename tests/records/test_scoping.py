"""No council ever sees or changes another's rows: checked for every table there is, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import aliased, selectinload

from records.base import Base, CouncilRow
from records.incidents import Incident
from records.people import Councillor, SearchTerm
from records.posts import Mention
from records.store import OtherCouncil, Store
from records.vocabulary import TermKind
from tests.builders import LARKFORD, MAUD, NOW, SALTMARSH, a_council, a_councillor
from tests.records.every_table import council_tables, one_of_each

NOT_A_COUNCILS = {"council", "install", "setup_link"}
"""Tables that belong to the install itself."""


class _Trouble(Exception):
    """Whatever goes wrong in the middle of a step."""


@pytest.fixture
def two(store: Store) -> tuple[int, int, dict[type[Any], int], dict[type[Any], int]]:
    """Two councils with one row of every table each: both ids, and the rows' ids."""
    ours, theirs = a_council(store, LARKFORD), a_council(store, SALTMARSH)
    with store.across_councils(writes=True) as session:
        for entry in session.scalars(select(_kind("audit_entry"))):
            session.delete(entry)
        session.flush()
        return ours, theirs, one_of_each(session, ours), one_of_each(session, theirs)


def _kind(table: str) -> type[Any]:
    return next(kind for kind in council_tables() if kind.__tablename__ == table)


def test_every_table_belongs_to_a_council() -> None:
    unscoped = {table.name for table in Base.metadata.sorted_tables if "council_id" not in table.columns}
    assert unscoped == NOT_A_COUNCILS
    for kind in council_tables():
        column = kind.__table__.columns["council_id"]
        assert not column.nullable, kind
        assert [key.column.table.name for key in column.foreign_keys] == ["council"], kind
    assert len(council_tables()) == len(Base.metadata.tables) - len(NOT_A_COUNCILS)
    assert all(issubclass(kind, CouncilRow) for kind in council_tables())


def test_no_row_of_another_council_is_read(store: Store, two: Any) -> None:
    ours, _theirs, our_rows, their_rows = two
    with store.reading(ours) as session:
        for kind, other in their_rows.items():
            own = our_rows[kind]
            again = aliased(kind)
            assert session.scalars(select(kind.id)).all() == [own], kind
            assert [row.id for row in session.scalars(select(kind))] == [own], kind
            assert session.scalars(select(again.id)).all() == [own], kind
            assert session.scalar(select(func.count()).select_from(kind)) == 1, kind
            assert session.get(kind, other) is None, kind
            assert session.get(kind, own) is not None, kind
            assert session.scalar(select(kind.id).where(kind.id == other)) is None, kind
            assert session.scalar(select(kind.id).where(kind.id.in_(select(kind.id)))) == own, kind


def test_no_row_of_another_council_is_updated(store: Store, two: Any) -> None:
    ours, theirs, our_rows, their_rows = two
    for kind in their_rows:
        column = next(one for one in kind.__table__.columns if one.name not in ("id", "council_id"))
        with store.across_councils() as session:
            before = session.scalar(select(column).where(kind.council_id == theirs))
        with store.writing(ours) as session:
            same = update(kind).values({column: before}).execution_options(synchronize_session=False)
            assert session.execute(same.where(kind.id == their_rows[kind])).rowcount == 0, kind  # type: ignore[attr-defined]
            touched = session.execute(update(kind).values({column: column}).where(kind.id.in_([our_rows[kind]])))
            assert touched.rowcount == 1, kind  # type: ignore[attr-defined]


def test_no_row_of_another_council_is_deleted(store: Store, two: Any) -> None:
    ours, theirs, _our_rows, _their_rows = two
    with store.writing(ours) as session:
        for kind in reversed(council_tables()):
            session.execute(delete(kind).execution_options(synchronize_session=False))
    with store.across_councils() as session:
        for kind in council_tables():
            assert session.scalars(select(kind.council_id)).all() == [theirs], kind


def test_a_row_of_another_council_cannot_be_written(store: Store, two: Any) -> None:
    ours, theirs, _our_rows, their_rows = two
    with store.across_councils() as session:
        councillor = session.get_one(Councillor, their_rows[Councillor])
        session.expunge(councillor)
    councillor.name = "Somebody else's"
    with pytest.raises(OtherCouncil), store.writing(ours) as session:
        session.add(councillor)
    term = SearchTerm(council_id=theirs, councillor_id=their_rows[Councillor], kind=TermKind.NICKNAME, text="Mo")
    with pytest.raises(OtherCouncil, match="SearchTerm of another council"), store.writing(ours) as session:
        session.add(term)
    with pytest.raises(OtherCouncil), store.writing(ours) as session:
        session.merge(Councillor(id=their_rows[Councillor], council_id=theirs, name="Merged"))
    with store.reading(theirs) as session:
        assert session.get_one(Councillor, their_rows[Councillor]).name not in ("Somebody else's", "Merged")


def test_a_row_of_another_council_cannot_be_deleted_one_by_one(store: Store, two: Any) -> None:
    ours, _theirs, _our_rows, their_rows = two
    with store.across_councils() as session:
        mention = session.get_one(Mention, their_rows[Mention])
        session.expunge(mention)
    with pytest.raises(OtherCouncil), store.writing(ours) as session:
        session.delete(mention)


def test_a_new_row_takes_the_council_of_its_session(store: Store) -> None:
    council_id = a_council(store)
    councillor_id = a_councillor(store, council_id)
    with store.writing(council_id) as session:
        session.add(SearchTerm(councillor_id=councillor_id, kind=TermKind.NICKNAME, text="Mo"))
    with store.across_councils() as session:
        assert session.scalar(select(SearchTerm.council_id).where(SearchTerm.text == "Mo")) == council_id


def test_relationships_stay_within_the_council(store: Store, two: Any) -> None:
    """Even a row that wrongly points at another council's row shows nothing of it."""
    ours, _theirs, our_rows, their_rows = two
    astray = update(Incident).where(Incident.id == our_rows[Incident])
    with store.across_councils(writes=True) as session:
        session.execute(astray.values(councillor_id=their_rows[Councillor]))
        session.execute(update(SearchTerm).values(councillor_id=our_rows[Councillor]))
    with store.reading(ours) as session:
        incident = session.get_one(Incident, our_rows[Incident])
        assert incident.councillor is None
        for eager in (False, True):
            query = select(Councillor).execution_options(populate_existing=True)
            councillor = session.scalars(query.options(selectinload(Councillor.terms)) if eager else query).one()
            assert [term.id for term in councillor.terms] == [our_rows[SearchTerm]]


def test_joins_stay_within_the_council(store: Store, two: Any) -> None:
    ours, _theirs, our_rows, their_rows = two
    with store.across_councils(writes=True) as session:
        session.execute(update(SearchTerm).values(councillor_id=their_rows[Councillor]))
    with store.reading(ours) as session:
        joined = select(SearchTerm.id).join(Councillor, Councillor.id == SearchTerm.councillor_id)
        assert session.scalars(joined).all() == []
        outer = select(SearchTerm.id, Councillor.name).outerjoin(Councillor, Councillor.id == SearchTerm.councillor_id)
        assert [tuple(row) for row in session.execute(outer)] == [(our_rows[SearchTerm], None)]


def test_across_councils_sees_all(store: Store, two: Any) -> None:
    ours, theirs, _our_rows, _their_rows = two
    with store.across_councils() as session:
        for kind in council_tables():
            assert set(session.scalars(select(kind.council_id))) == {ours, theirs}, kind


def test_an_error_leaves_nothing_behind(store: Store) -> None:
    council_id = a_council(store)
    with pytest.raises(_Trouble), store.writing(council_id) as session:  # noqa: PT012 - both belong to one transaction
        session.add(Councillor(name=MAUD, opted_in_at=NOW, opted_in_by=MAUD))
        session.flush()
        raise _Trouble
    with store.reading(council_id) as session:
        assert session.scalar(select(func.count()).select_from(Councillor)) == 0
