"""Opens the database and gives out sessions; the one home of council scoping."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from records import (
    assessments,
    audit,
    consents,
    councils,
    counts,
    decisions,
    evidence,
    incidents,
    people,
    posts,
    referrals,
    samples,
    shadows,
    takedowns,
)
from records.base import VAULTS, Base, CouncilRow
from records.vault import Vault

TABLES = (
    *(assessments, audit, consents, councils, counts, decisions, evidence),
    *(incidents, people, posts, referrals, samples, shadows, takedowns),
)
"""Every module with tables, so that whoever opens the store has the whole schema."""


class OtherCouncil(Exception):
    """A row of one council was about to be written through another council's session."""


class CouncilSession(Session):
    """A session that sees and writes the rows of one council only."""


class Store:
    """The database of one install.

    `reading` and `writing` give a session for one council; `across_councils` is for planning and administration only.
    A session is closed before any network call; each commits on leaving its block and rolls back on an error.
    """

    def __init__(self, url: str, vault: Vault) -> None:
        self.engine = _engine(url)
        self.vault = vault
        VAULTS[self.engine.dialect] = vault

    @contextmanager
    def reading(self, council_id: int) -> Iterator[Session]:
        with self._council_session(council_id, writes=False) as session:
            yield session

    @contextmanager
    def writing(self, council_id: int) -> Iterator[Session]:
        with self._council_session(council_id, writes=True) as session, session.begin():
            yield session

    @contextmanager
    def across_councils(self, *, writes: bool = False) -> Iterator[Session]:
        with Session(self._bind(writes), expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def _council_session(self, council_id: int, *, writes: bool) -> Iterator[Session]:
        info = {"council_id": council_id}
        with CouncilSession(self._bind(writes), info=info, expire_on_commit=False) as session:
            yield session

    def _bind(self, writes: bool) -> Engine:
        return self.engine.execution_options(writes=True) if writes else self.engine

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": 30}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "busy_timeout=30000",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    # A transaction that reads first and writes later would fail at once with "database is locked".
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@event.listens_for(CouncilSession, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    council_id = state.session.info["council_id"]
    state.statement = state.statement.options(
        with_loader_criteria(CouncilRow, lambda row: row.council_id == council_id, include_aliases=True)
    )


@event.listens_for(CouncilSession, "before_flush")
def _own_rows_only(session: Session, _context: object, _instances: object) -> None:
    council_id = session.info["council_id"]
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, CouncilRow):
            if row.council_id is None:
                row.council_id = council_id
            elif row.council_id != council_id:
                raise OtherCouncil(f"A {type(row).__name__} of another council was about to be written.")


def migrations() -> Config:
    """Where the migrations are; works from a checkout and from an installed wheel."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def migrate(store: Store, *, to: str = "head") -> None:
    """Bring the database to a revision; safe to call at every start."""
    config = migrations()
    with store.engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        if to == "base":
            command.downgrade(config, to)
        else:
            command.upgrade(config, to)


def is_current(store: Store) -> bool:
    """True when the database is at the newest revision."""
    with store.engine.connect() as connection:
        at = MigrationContext.configure(connection).get_current_revision()
    return at == ScriptDirectory.from_config(migrations()).get_current_head()


__all__ = ["Base", "OtherCouncil", "Store", "is_current", "migrate", "migrations"]
