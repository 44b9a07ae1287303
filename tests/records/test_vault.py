"""Sealing with rotating keys, and fingerprints: what opens, what does not, and what a thief would see."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from records.people import Account
from records.store import Store
from records.vault import Vault, WrongKey
from tests.builders import a_council, a_councillor, an_account

OLD, NEW, OTHER = Vault.new_key(), Vault.new_key(), Vault.new_key()


@given(st.binary(max_size=4096))
def test_what_was_sealed_opens_again(clear: bytes) -> None:
    vault = Vault([OLD])
    sealed = vault.seal(clear)
    assert vault.open(sealed) == clear
    assert len(clear) < 4 or clear not in sealed


def test_the_same_words_are_never_sealed_alike() -> None:
    vault = Vault([OLD])
    assert vault.seal(b"token") != vault.seal(b"token")


def test_after_rotation_old_values_open_and_new_ones_use_the_new_key() -> None:
    sealed_before = Vault([OLD]).seal(b"before")
    rotated = Vault([NEW, OLD])
    assert rotated.open(sealed_before) == b"before"
    sealed_after = rotated.seal(b"after")
    assert Vault([NEW]).open(sealed_after) == b"after"
    with pytest.raises(WrongKey):
        Vault([OLD]).open(sealed_after)


def test_rotation_keeps_fingerprints() -> None:
    assert Vault([NEW, OLD]).fingerprint("post", "1") == Vault([OLD]).fingerprint("post", "1")
    assert Vault([NEW]).fingerprint("post", "1") != Vault([OLD]).fingerprint("post", "1")


def test_a_wrong_key_opens_nothing() -> None:
    with pytest.raises(WrongKey, match="does not open"):
        Vault([OTHER]).open(Vault([OLD]).seal(b"secret"))


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=63))
def test_one_altered_bit_is_noticed(place: int, flip: int) -> None:
    vault = Vault([OLD])
    raw = bytearray(base64.urlsafe_b64decode(vault.seal(b"verbatim words of a post")))
    raw[place % len(raw)] ^= flip
    with pytest.raises(WrongKey):
        vault.open(base64.urlsafe_b64encode(bytes(raw)))


@pytest.mark.parametrize("cut", [0, 1, 40])
def test_what_was_cut_short_does_not_open(cut: int) -> None:
    vault = Vault([OLD])
    with pytest.raises(WrongKey):
        vault.open(vault.seal(b"secret")[:cut])


@pytest.mark.parametrize("keys", [[], [""], ["not a key"], [OLD[:-4]], [OLD, "ü" * 44]])
def test_what_is_no_key_is_refused_in_words(keys: list[str]) -> None:
    with pytest.raises(WrongKey, match="encryption key"):
        Vault(keys)


def test_a_refused_key_is_not_repeated_in_the_message() -> None:
    with pytest.raises(WrongKey) as refused:
        Vault(["hunter2hunter2"])
    assert "hunter2" not in str(refused.value)


def test_fingerprints_tell_apart_where_one_part_ends() -> None:
    vault = Vault([OLD])
    assert vault.fingerprint("ab", "c") != vault.fingerprint("a", "bc")
    assert vault.fingerprint("post", "\ud800") == vault.fingerprint("post", "\ud800"), "odd text is no obstacle"


def test_secrets_are_unreadable_in_the_database_and_under_another_key(store: Store) -> None:
    council_id = a_council(store)
    account_id = an_account(
        store, council_id, councillor_id=a_councillor(store, council_id), secret="lamp-oil-and-rope"
    )
    with store.engine.connect() as connection:
        stored = connection.execute(text("SELECT secret, address, session FROM account")).one()
    assert all(b"lamp-oil" not in bytes(column) for column in stored)

    thief = Store(store.engine.url.render_as_string(hide_password=False), Vault([OTHER]))
    with thief.reading(council_id) as session, pytest.raises(WrongKey):
        session.get(Account, account_id)
    thief.close()
