"""What the database itself refuses, whatever the code above it does: both databases, in raw SQL."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from records.incidents import Incident
from records.people import Account, Councillor, Person
from records.posts import Mention, Post, Snapshot
from records.store import Store
from records.takedowns import RequestItem, TakedownRequest
from tests.builders import a_council
from tests.records.every_table import one_of_each

STATEMENTS = {
    "approved by nobody": "UPDATE takedown_request SET state = 'approved', approved_by = NULL",
    "approved at no time": "UPDATE takedown_request SET state = 'approved', approved_at = NULL",
    "sent without approval": "UPDATE takedown_request SET state = 'sent', approved_by = NULL",
    "in doubt without approval": "UPDATE takedown_request SET state = 'in_doubt', approved_by = NULL",
    "approval taken off a sent one": "UPDATE takedown_request SET state = 'sending', approved_by = NULL",
    "confirmed by nobody": "UPDATE incident SET state = 'confirmed', decided_by = NULL",
    "dismissed by nobody": "UPDATE incident SET state = 'dismissed', decided_by = NULL",
    "a post incident without post": "UPDATE incident SET kind = 'post', post_id = NULL",
    "reported by nobody": "UPDATE referral SET state = 'reported', reported_by = NULL",
    "reported by no route": "UPDATE referral SET state = 'reported', route = NULL",
    "consent that ends first": "UPDATE account SET consent_until = consent_at",
    "an approver who is nobody": "UPDATE takedown_request SET approved_by = 987654",
    "the approver deleted": "DELETE FROM person",
    "a post deleted under its incident": "DELETE FROM post",
    "a reported version deleted": "DELETE FROM snapshot",
    "the council deleted": "DELETE FROM council",
    "the same person twice": "INSERT INTO person ({columns}) SELECT {copied} FROM person",
    "the same post twice": "INSERT INTO post ({columns}) SELECT {copied} FROM post",
    "the same version twice": "INSERT INTO snapshot ({columns}) SELECT {copied} FROM snapshot",
    "the same mention twice": "INSERT INTO mention ({columns}) SELECT {copied} FROM mention",
    "the same judgement twice": "INSERT INTO assessment ({columns}) SELECT {copied} FROM assessment",
    "the same incident twice": "INSERT INTO incident ({columns}) SELECT {copied} FROM incident",
    "the same version reported twice": "INSERT INTO request_item ({columns}) SELECT {copied} FROM request_item",
    "the same evidence twice": "INSERT INTO evidence_item ({columns}) SELECT {copied} FROM evidence_item",
    "the same place in the log twice": "INSERT INTO audit_entry ({columns}) SELECT {copied} FROM audit_entry",
    "the same account twice": "INSERT INTO account ({columns}) SELECT {copied} FROM account",
}


def test_the_database_itself_refuses(store: Store) -> None:
    council_id = a_council(store)
    with store.across_councils(writes=True) as session:
        session.execute(text("DELETE FROM audit_entry"))
        one_of_each(session, council_id)
    accepted = [name for name, statement in STATEMENTS.items() if _accepts(store, statement)]
    assert accepted == []


def test_what_is_whole_is_accepted(store: Store) -> None:
    """The statements above fail for their reason, not because any statement would."""
    council_id = a_council(store)
    with store.across_councils(writes=True) as session:
        session.execute(text("DELETE FROM audit_entry"))
        one_of_each(session, council_id)
    for statement in (
        "UPDATE takedown_request SET state = 'approved'",
        "UPDATE takedown_request SET state = 'withdrawn', approved_by = NULL, approved_at = NULL",
        "UPDATE incident SET state = 'open', decided_by = NULL",
        "UPDATE incident SET kind = 'call', post_id = NULL",
        "UPDATE referral SET state = 'reported'",
        "DELETE FROM mention",
    ):
        assert _accepts(store, statement), statement


def _accepts(store: Store, statement: str) -> bool:
    with store.engine.execution_options(writes=True).connect() as connection:
        try:
            connection.execute(text(_filled(connection, statement)))
        except IntegrityError:
            return False
        finally:
            connection.rollback()
    return True


def _filled(connection: Connection, statement: str) -> str:
    """An INSERT that copies the table's one row under a new id."""
    if "{columns}" not in statement:
        return statement
    kinds = (Account, Councillor, Incident, Mention, Person, Post, RequestItem, Snapshot, TakedownRequest)
    tables = kinds[0].metadata.tables
    columns = [column.name for column in tables[statement.split()[2]].columns]
    copied = ["id + 1000" if name == "id" else f'"{name}"' for name in columns]
    return statement.format(columns=", ".join(f'"{name}"' for name in columns), copied=", ".join(copied))


@pytest.mark.parametrize("table", ["incident", "takedown_request", "referral", "account"])
def test_every_rule_of_the_models_is_in_the_database(store: Store, table: str) -> None:
    declared = {
        str(rule.name)
        for rule in Incident.metadata.tables[table].constraints
        if type(rule).__name__ == "CheckConstraint"
    }
    there = {str(rule["name"]) for rule in inspect(store.engine).get_check_constraints(table)}
    assert declared
    assert declared <= there
