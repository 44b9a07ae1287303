"""Who may come in: passwords, codes, locks, ends of sign-ins, and the first administrator's link."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from records import signing_in
from records.audit import AuditEntry
from records.people import Person, SetupLink, SignIn
from records.signing_in import PasswordRefused, SetupRefused, SignInRefused
from records.store import Store
from records.vocabulary import Nation, NotAllowed, Role, Tier
from tests.builders import NOW, PASSWORD, a_council, a_person

LASTS = timedelta(hours=10)
IDLE = timedelta(minutes=30)
EMAIL = "ines.calder@council1.example"


def _signs_in(store: Store, *, password: str = PASSWORD, totp: str = "", minutes: float = 0) -> signing_in.Opened:
    now = NOW + timedelta(minutes=minutes)
    return signing_in.sign_in(store, email=EMAIL, password=password, totp=totp, now=now, lasts=LASTS)


@pytest.fixture
def ines(store: Store) -> int:
    """A communications officer."""
    return a_person(store, a_council(store), Role.OFFICER)


def _acts(store: Store) -> list[str]:
    with store.across_councils() as session:
        return list(session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))


def test_the_right_password_opens_a_sign_in_that_stands_for_the_person(store: Store, ines: int) -> None:
    opened = _signs_in(store)

    signed = signing_in.who(store, opened.token, now=NOW, idle=IDLE)

    assert signed is not None
    assert (signed.person.id, signed.person.name) == (ines, "Ines Calder")
    assert "signed in" in _acts(store)


def test_neither_password_nor_token_is_stored(store: Store, ines: int) -> None:
    opened = _signs_in(store)

    with store.across_councils() as session:
        person, entry = session.get_one(Person, ines), session.scalars(select(SignIn)).one()

    assert person.password.startswith("$argon2id$")
    assert opened.token not in entry.token_hash


@pytest.mark.parametrize("email", [EMAIL.upper(), f"  {EMAIL} "])
def test_case_and_blanks_of_the_address_do_not_matter(store: Store, ines: int, email: str) -> None:
    assert signing_in.sign_in(store, email=email, password=PASSWORD, now=NOW, lasts=LASTS).person_id == ines


def test_every_refusal_says_the_same(store: Store, ines: int) -> None:
    said = set()
    for email, password in ((EMAIL, "wrong wrong wrong"), ("nobody@council1.example", PASSWORD), (EMAIL, "")):
        with pytest.raises(SignInRefused) as refused:
            signing_in.sign_in(store, email=email, password=password, now=NOW, lasts=LASTS)
        said.add(refused.value.why)
    assert len(said) == 1


def test_five_wrong_tries_lock_even_the_right_password_out_for_a_quarter_of_an_hour(store: Store, ines: int) -> None:
    for _ in range(5):
        with pytest.raises(SignInRefused):
            _signs_in(store, password="not the password")
    with pytest.raises(SignInRefused):
        _signs_in(store, minutes=14)
    assert _signs_in(store, minutes=16).person_id == ines
    assert _acts(store).count("sign-in refused") == 4
    assert "sign-in locked" in _acts(store)


def test_a_right_try_in_between_starts_the_count_again(store: Store, ines: int) -> None:
    for _ in range(2):
        for _ in range(4):
            with pytest.raises(SignInRefused):
                _signs_in(store, password="not the password")
        assert _signs_in(store).person_id == ines


def test_a_sign_in_ends_when_idle_run_out_signed_out_or_its_person_left(store: Store, ines: int) -> None:
    busy, idle, out = (_signs_in(store).token for _ in range(3))

    for minutes in range(0, 590, 25):
        assert signing_in.who(store, busy, now=NOW + timedelta(minutes=minutes), idle=IDLE) is not None
    assert signing_in.who(store, busy, now=NOW + LASTS, idle=timedelta(days=9)) is None
    assert signing_in.who(store, idle, now=NOW + timedelta(minutes=31), idle=IDLE) is None
    signing_in.sign_out(store, out, now=NOW)
    assert signing_in.who(store, out, now=NOW, idle=IDLE) is None

    other = _signs_in(store).token
    with store.across_councils(writes=True) as session:
        person = session.get_one(Person, ines)
        signing_in.leave(session, person, now=NOW)
    assert signing_in.who(store, other, now=NOW, idle=IDLE) is None
    with pytest.raises(SignInRefused):
        _signs_in(store)


def test_codes_are_asked_for_once_enrolled_and_each_works_once(store: Store, ines: int) -> None:
    secret = signing_in.new_code_secret()
    otp = pyotp.TOTP(secret)
    with store.across_councils(writes=True) as session:
        person = session.get_one(Person, ines)
        with pytest.raises(NotAllowed):
            signing_in.use_codes(session, person, secret=secret, code="000000", now=NOW - timedelta(days=1))
        signing_in.use_codes(session, person, secret=secret, code=otp.at(NOW), now=NOW)

    with pytest.raises(SignInRefused):
        _signs_in(store)
    with pytest.raises(SignInRefused):
        _signs_in(store, totp=otp.at(NOW))
    later = otp.at(NOW + timedelta(minutes=2))
    assert _signs_in(store, totp=f"{later[:3]} {later[3:]}", minutes=2).person_id == ines
    with pytest.raises(SignInRefused):
        _signs_in(store, totp=later, minutes=2)


def test_a_new_password_ends_other_sign_ins_and_lifts_a_lock(store: Store, ines: int) -> None:
    kept, ended = _signs_in(store).token, _signs_in(store).token
    for _ in range(5):
        with pytest.raises(SignInRefused):
            _signs_in(store, password="not the password")
    signed = signing_in.who(store, kept, now=NOW, idle=IDLE)
    assert signed is not None
    with store.across_councils(writes=True) as session:
        person = session.get_one(Person, ines)
        signing_in.set_password(session, person, password="ferry over the weir", now=NOW, keep=signed.sign_in_id)

    assert signing_in.who(store, kept, now=NOW, idle=IDLE) is not None
    assert signing_in.who(store, ended, now=NOW, idle=IDLE) is None
    assert _signs_in(store, password="ferry over the weir").person_id == ines


def test_asking_for_the_password_again_counts_wrong_tries(store: Store, ines: int) -> None:
    assert signing_in.is_password_of(store, ines, PASSWORD, now=NOW)
    for _ in range(5):
        assert not signing_in.is_password_of(store, ines, "not the password", now=NOW)
    assert not signing_in.is_password_of(store, ines, PASSWORD, now=NOW)


@given(st.text(max_size=11) | st.text(min_size=257, max_size=300) | st.text(alphabet="ab1", min_size=12, max_size=40))
def test_weak_passwords_are_refused_with_what_to_change(text: str) -> None:
    with pytest.raises(PasswordRefused, match="Password must"):
        signing_in.check_password(text)


def _set_up(store: Store, token: str, **changes: object) -> tuple[object, Person]:
    answers = {
        "token": token,
        "council_name": "Saltmarsh Town Council",
        "tier": Tier.PARISH,
        "nation": Nation.WALES,
        "email": "Sol.Marsh@saltmarsh.example",
        "name": "Sol Marsh",
        "password": PASSWORD,
        "now": NOW,
    } | changes
    return signing_in.set_up(store, **answers)  # type: ignore[arg-type]


def test_a_set_up_link_makes_one_council_and_its_administrator_once(store: Store) -> None:
    token = signing_in.new_setup_link(store, now=NOW, lasts=timedelta(hours=1))
    assert signing_in.setup_link_is_good(store, token, now=NOW)

    _council, person = _set_up(store, token, also=frozenset({Role.OFFICER}))

    assert (person.email, person.roles) == (
        "sol.marsh@saltmarsh.example",
        frozenset({Role.ADMINISTRATOR, Role.OFFICER}),
    )
    assert not signing_in.setup_link_is_good(store, token, now=NOW)
    with pytest.raises(SetupRefused):
        _set_up(store, token, council_name="Another")
    with store.across_councils() as session:
        assert token not in session.scalars(select(SetupLink.token_hash)).one()


def test_a_refused_set_up_leaves_the_link_good_and_nothing_behind(store: Store) -> None:
    a_person(store, a_council(store), Role.OFFICER)
    token = signing_in.new_setup_link(store, now=NOW, lasts=timedelta(hours=1))

    taken = {"email": EMAIL, "council_name": "Larkford District Council"}
    for field, value in taken.items():
        with pytest.raises(SetupRefused) as refused:
            _set_up(store, token, **{field: value})
        assert refused.value.field == field
    with pytest.raises(PasswordRefused):
        _set_up(store, token, password="short")
    with pytest.raises(SetupRefused):
        _set_up(store, token, now=NOW + timedelta(hours=2))
    assert _set_up(store, token)[1].name == "Sol Marsh"


def test_a_council_is_never_left_without_an_administrator(store: Store) -> None:
    council = a_council(store)
    sol, viktor = a_person(store, council, Role.ADMINISTRATOR), a_person(store, council, Role.AUDITOR)

    with store.writing(council) as session:
        only, other = session.get_one(Person, sol), session.get_one(Person, viktor)
        for act in (
            lambda: signing_in.leave(session, only, now=NOW),
            lambda: signing_in.set_roles(session, only, roles=frozenset({Role.OFFICER})),
        ):
            with pytest.raises(NotAllowed, match="without an administrator"):
                act()
        signing_in.set_roles(session, other, roles=frozenset({Role.ADMINISTRATOR}))
        signing_in.leave(session, only, now=NOW)


def test_an_address_signs_in_to_one_council_only(store: Store, ines: int) -> None:
    saltmarsh = a_council(store, "Saltmarsh Town Council")
    with pytest.raises(NotAllowed, match="already signs in"), store.writing(saltmarsh) as session:
        signing_in.add_person(
            session, saltmarsh, email=EMAIL, name="Ines", roles=frozenset({Role.OFFICER}), password=PASSWORD, now=NOW
        )
