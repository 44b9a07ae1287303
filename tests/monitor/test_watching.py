"""Opting in and out: consent has a person and an end, secrets go at once, everything is audited."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from monitor import watching
from records.audit import AuditEntry
from records.people import Account, Councillor, SearchTerm, Source
from records.store import Store
from records.vocabulary import NotAllowed, TermKind
from tests.builders import NOW, Larkford, an_account, larkford


@pytest.fixture
def here(store: Store) -> Larkford:
    return larkford(store)


def test_name_and_surname_become_terms(here: Larkford) -> None:
    with here.store.reading(here.council_id) as session:
        terms = {(term.kind, term.text) for term in session.scalars(select(SearchTerm))}
    assert terms == {(TermKind.NAME, "Maud Ellery"), (TermKind.SURNAME, "Ellery")}


@pytest.mark.parametrize("name", ["", " ", "x"])
def test_a_councillor_needs_a_name(here: Larkford, name: str) -> None:
    with pytest.raises(NotAllowed), here.store.writing(here.council_id) as session:
        watching.add_councillor(session, here.council_id, name=name, terms={}, opted_in_by="x", by=None, now=NOW)


def test_somebody_must_have_agreed(here: Larkford) -> None:
    with pytest.raises(NotAllowed), here.store.writing(here.council_id) as session:
        watching.add_councillor(
            session, here.council_id, name="Idris Vaughan", terms={}, opted_in_by=" ", by=None, now=NOW
        )


@pytest.mark.parametrize("text", ["a", "x" * 121])
def test_absurd_terms_are_refused(here: Larkford, text: str) -> None:
    with pytest.raises(NotAllowed), here.store.writing(here.council_id) as session:
        watching.add_term(session, session.get_one(Councillor, here.maud), kind=TermKind.NICKNAME, text=text)


def test_consent_that_would_already_have_ended_is_refused(here: Larkford) -> None:
    with pytest.raises(NotAllowed):
        an_account(here.store, here.council_id, councillor_id=here.maud, until=NOW - timedelta(days=1))


def test_the_same_account_twice_is_refused_and_after_withdrawal_taken_up_again(here: Larkford) -> None:
    account_id = an_account(here.store, here.council_id, councillor_id=here.maud)
    with pytest.raises(NotAllowed):
        an_account(here.store, here.council_id, councillor_id=here.maud)
    with here.store.writing(here.council_id) as session:
        watching.withdraw_account(session, session.get_one(Account, account_id), by=None, now=NOW)
    assert an_account(here.store, here.council_id, councillor_id=here.maud, secret="a new one") == account_id
    with here.store.reading(here.council_id) as session:
        account = session.get_one(Account, account_id)
        source = session.scalars(select(Source)).one()
        acts = session.scalars(select(AuditEntry.act).where(AuditEntry.subject == f"account {account_id}")).all()
    assert (account.secret, account.withdrawn_at, source.stopped) == ("a new one", None, False)
    assert acts == ["connected", "withdrawn", "connected"]


def test_secrets_are_sealed_in_the_database(here: Larkford) -> None:
    an_account(
        here.store, here.council_id, councillor_id=here.maud, secret="abcd-very-secret", address="https://x.example/key"
    )
    with here.store.engine.connect() as connection:
        raw = connection.exec_driver_sql("select secret, address from account").one()
    assert all(b"secret" not in bytes(value) and b"x.example" not in bytes(value) for value in raw)


def test_pausing_twice_and_resuming_what_is_not_paused_are_refused(here: Larkford) -> None:
    with pytest.raises(NotAllowed), here.store.writing(here.council_id) as session:
        watching.resume(session, session.get_one(Councillor, here.maud), by=None, now=NOW)
    with here.store.writing(here.council_id) as session:
        watching.pause(session, session.get_one(Councillor, here.maud), by=None, now=NOW)
    with pytest.raises(NotAllowed), here.store.writing(here.council_id) as session:
        watching.pause(session, session.get_one(Councillor, here.maud), by=None, now=NOW)
