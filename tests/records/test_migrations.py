"""Migrations go up and down on both databases, and what they make is what the models say."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from records.base import Base
from records.store import Store, is_current, migrate, migrations


def _differences(store: Store) -> list[Any]:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        return list(compare_metadata(context, Base.metadata))


def test_the_migrated_database_is_what_the_models_say(store: Store) -> None:
    assert is_current(store)
    assert _differences(store) == []
    tables = set(inspect(store.engine).get_table_names())
    assert tables == set(Base.metadata.tables) | {"alembic_version"}


def test_a_forgotten_migration_would_be_noticed(store: Store) -> None:
    with store.engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE council ADD COLUMN motto TEXT")
        connection.exec_driver_sql("DROP TABLE setup_link")
    assert {change[0] for change in _differences(store)} >= {"remove_column", "add_table"}


@pytest.mark.empty_database
def test_up_down_and_up_again(store: Store) -> None:
    assert not is_current(store)
    migrate(store)
    assert is_current(store)
    migrate(store)
    assert _differences(store) == []
    migrate(store, to="base")
    assert not is_current(store)
    assert set(inspect(store.engine).get_table_names()) <= {"alembic_version"}
    migrate(store)
    assert _differences(store) == []


@pytest.mark.empty_database
def test_a_migration_that_fails_half_way_changes_nothing(store: Store) -> None:
    with store.engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE incident (id INTEGER)")
    with pytest.raises(Exception, match="already exists"):
        migrate(store)
    assert set(inspect(store.engine).get_table_names()) <= {"incident", "alembic_version"}


def test_there_is_one_line_of_migrations() -> None:
    script = ScriptDirectory.from_config(migrations())
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    for revision in script.walk_revisions():
        assert revision.doc.strip(), revision.revision
