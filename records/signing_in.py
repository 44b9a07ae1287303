"""Who may come in: one-time codes, sign-ins that can be revoked, and the first administrator's link.

No web in it: the console and the command line use the same functions. Passwords and tokens are never stored or logged.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records.audit import record
from records.councils import Council
from records.passwords import PasswordRefused as PasswordRefused
from records.passwords import check_password as check_password
from records.passwords import hash_password as hash_password
from records.passwords import matches, nobody
from records.people import Person, SetupLink, SignIn
from records.store import Store
from records.vocabulary import Nation, NotAllowed, Role, Tier

TRIES = 5
"""Wrong tries in a row before a person is locked out."""
LOCKED_FOR = timedelta(minutes=15)
SEEN_EVERY = timedelta(seconds=30)
"""`last_seen_at` is written at most this often, so that reading pages does not mean writing rows."""
CODE_STEP = 30
"""Seconds that one authenticator code is valid for (RFC 6238's usual step)."""
NOT_RIGHT = (
    "The e-mail address, password or code is not right. "
    f"After {TRIES} wrong tries in a row, signing in is locked for {LOCKED_FOR.seconds // 60} minutes."
)
"""One answer for every refusal: it never tells whether an address is known, locked or uses a code."""


class SignInRefused(Exception):
    """Nobody was signed in; `why` is for the person and the same for every cause."""

    def __init__(self, why: str = NOT_RIGHT) -> None:
        super().__init__(why)
        self.why = why


class SetupRefused(Exception):
    """The set-up link or what was entered cannot be used; `field` names what to change, "" for the link itself."""

    def __init__(self, why: str, *, field: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.field = field


@dataclass(frozen=True)
class Opened:
    """A new sign-in. `token` is shown once and never stored; it stands for the person until it ends."""

    token: str
    person_id: int
    council_id: int


@dataclass(frozen=True)
class Signed:
    """Whoever a token stands for. `person` is detached from its session and only to be read."""

    person: Person
    council_id: int
    sign_in_id: int


def _hash_token(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _address(email: str) -> str:
    return email.strip().casefold()


def new_setup_link(store: Store, *, now: datetime, lasts: timedelta) -> str:
    """The token of a one-time link by which the first administrator of a new council sets it up."""
    token = secrets.token_urlsafe(32)
    with store.across_councils(writes=True) as session:
        session.add(SetupLink(token_hash=_hash_token(token), created_at=now, expires_at=now + lasts))
    return token


def setup_link_is_good(store: Store, token: str, *, now: datetime) -> bool:
    """True while the link has neither been used nor run out."""
    good = select(SetupLink.id).where(
        SetupLink.token_hash == _hash_token(token), SetupLink.used_at.is_(None), SetupLink.expires_at > now
    )
    with store.across_councils() as session:
        return session.scalar(good) is not None


def set_up(
    store: Store,
    *,
    token: str,
    council_name: str,
    tier: Tier,
    nation: Nation,
    email: str,
    name: str,
    password: str,
    now: datetime,
    also: frozenset[Role] = frozenset(),
) -> tuple[Council, Person]:
    """Make the council and its first administrator, using up the link; `also` are the administrator's other roles.

    Raises SetupRefused and PasswordRefused; then nothing was made and the link stays good.
    """
    hashed = hash_password(password)
    used = (
        update(SetupLink)
        .where(SetupLink.token_hash == _hash_token(token), SetupLink.used_at.is_(None), SetupLink.expires_at > now)
        .values(used_at=now)
        .returning(SetupLink.id)
    )
    with store.across_councils(writes=True) as session:
        if session.scalar(used) is None:
            raise SetupRefused("This set-up link has been used or has run out. Ask for a new one.")
        if session.scalar(select(Council.id).where(Council.name == council_name.strip())) is not None:
            raise SetupRefused("A council with this name is already set up", field="council_name")
        council = Council(name=council_name.strip(), tier=tier, nation=nation, created_at=now)
        session.add(council)
        session.flush()
        roles = frozenset({Role.ADMINISTRATOR}) | also
        try:
            person = _add(session, council.id, email=email, name=name, roles=roles, hashed=hashed, now=now)
        except NotAllowed as taken:
            raise SetupRefused(taken.why, field="email") from None
        record(session, council.id, at=now, by=person, act="set up the council", subject=f"council {council.id}")
        session.expunge_all()
    return council, person


def add_person(
    session: Session,
    council_id: int,
    *,
    email: str,
    name: str,
    roles: frozenset[Role],
    password: str,
    now: datetime,
) -> Person:
    """Somebody new who may sign in. Raises PasswordRefused, and NotAllowed if the address is taken or no role given."""
    if not roles:
        raise NotAllowed("adding a person", why="a person needs at least one role")
    return _add(session, council_id, email=email, name=name, roles=roles, hashed=hash_password(password), now=now)


def _add(
    session: Session,
    council_id: int,
    *,
    email: str,
    name: str,
    roles: frozenset[Role],
    hashed: str,
    now: datetime,
) -> Person:
    person = Person(
        council_id=council_id,
        email=_address(email),
        name=name.strip(),
        roles=roles,
        password=hashed,
        failed_sign_ins=0,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(person)
            session.flush()
    except IntegrityError:
        raise NotAllowed("adding a person", why="this e-mail address already signs in here") from None
    return person


def set_roles(session: Session, person: Person, *, roles: frozenset[Role]) -> None:
    """Give a person other roles. Raises NotAllowed if none is left, or if nobody would be an administrator."""
    if not roles:
        raise NotAllowed(f"person {person.id}", why="a person needs at least one role; mark them as left instead")
    if Role.ADMINISTRATOR not in roles:
        _keep_an_administrator(session, person)
    person.roles = roles
    session.flush()


def leave(session: Session, person: Person, *, now: datetime) -> None:
    """A person no longer works here: every sign-in of theirs ends at once. Raises NotAllowed for the last one."""
    if person.left_at is not None:
        raise NotAllowed(f"person {person.id}", why="they have already left")
    _keep_an_administrator(session, person)
    person.left_at = now
    end_sign_ins(session, person.id, now=now)
    session.flush()


def set_password(session: Session, person: Person, *, password: str, now: datetime, keep: int | None = None) -> None:
    """A new password; every sign-in but `keep` ends and a lock is lifted. Raises PasswordRefused."""
    person.password = hash_password(password)
    person.failed_sign_ins = 0
    person.locked_until = None
    end_sign_ins(session, person.id, now=now, keep=keep)
    session.flush()


def end_sign_ins(session: Session, person_id: int, *, now: datetime, keep: int | None = None) -> None:
    """Revoke every sign-in of a person but `keep`."""
    open_ones = update(SignIn).where(SignIn.person_id == person_id, SignIn.revoked_at.is_(None))
    if keep is not None:
        open_ones = open_ones.where(SignIn.id != keep)
    session.execute(open_ones.values(revoked_at=now).execution_options(synchronize_session=False))


def _keep_an_administrator(session: Session, person: Person) -> None:
    others = select(Person).where(
        Person.council_id == person.council_id, Person.id != person.id, Person.left_at.is_(None)
    )
    if person.may(Role.ADMINISTRATOR) and not any(other.may(Role.ADMINISTRATOR) for other in session.scalars(others)):
        raise NotAllowed(f"person {person.id}", why="the council would be left without an administrator")


def new_code_secret() -> str:
    """A fresh secret for an authenticator app, in base 32."""
    return pyotp.random_base32()


def code_address(secret: str, *, email: str, council: str) -> str:
    """The otpauth address that an authenticator app reads."""
    return pyotp.TOTP(secret, interval=CODE_STEP).provisioning_uri(name=email, issuer_name=f"Wardkeeper {council}")


def use_codes(session: Session, person: Person, *, secret: str, code: str, now: datetime) -> None:
    """Ask this person for a code from now on, once a first code shows that their app works. Raises NotAllowed."""
    step = _code_step(secret, code, after=None, now=now)
    if step is None:
        raise NotAllowed(f"person {person.id}", why="the code is not right; check the time on your phone")
    person.totp_secret = secret
    person.totp_last_step = step
    session.flush()


def stop_codes(session: Session, person: Person) -> None:
    """No code is asked for any more."""
    person.totp_secret = None
    person.totp_last_step = None
    session.flush()


def _code_step(secret: str, code: str, *, after: int | None, now: datetime) -> int | None:
    """The time step whose code this is, one step of clock drift either way, never a step used before."""
    digits = "".join(code.split())
    otp = pyotp.TOTP(secret, interval=CODE_STEP)
    at = int(now.timestamp()) // CODE_STEP
    for step in (at - 1, at, at + 1):
        if hmac.compare_digest(otp.generate_otp(step).encode(), digits.encode()) and (after is None or step > after):
            return step
    return None


def is_password_of(store: Store, person_id: int, password: str, *, now: datetime) -> bool:
    """True if the password is this person's; asked again before a change to how they sign in.

    A wrong one counts as a wrong try, so that a stolen sign-in cannot be used to guess.
    """
    with store.across_councils() as session:
        stored = session.scalar(select(Person.password).where(Person.id == person_id))
    right = matches(stored or nobody(), password)
    with store.across_councils(writes=True) as session:
        person = session.scalar(select(Person).where(Person.id == person_id).with_for_update())
        if person is None or _is_locked(person, now):
            return False
        if not right or person.password != stored:
            _count_wrong_try(session, person, now=now)
            return False
    return True


def sign_in(store: Store, *, email: str, password: str, totp: str = "", now: datetime, lasts: timedelta) -> Opened:
    """Open a sign-in that lasts at most `lasts`. Raises SignInRefused, after equal work whatever the cause.

    Five wrong tries in a row lock the person out for 15 minutes; wrong tries and locks are in the council's audit log.
    """
    with store.across_councils() as session:
        found = session.execute(
            select(Person.id, Person.password).where(Person.email == _address(email), Person.left_at.is_(None))
        ).first()
    right = matches(found.password if found else nobody(), password)
    if found is None:
        raise SignInRefused
    opened: Opened | None = None
    with store.across_councils(writes=True) as session:
        person = session.scalar(select(Person).where(Person.id == found.id).with_for_update())
        if person is not None and not _is_locked(person, now):
            # The hash is compared again: the password may have been changed while we were checking the old one.
            if right and person.password == found.password and _code_is_right(person, totp, now=now):
                opened = _open(session, person, now=now, lasts=lasts)
            else:
                _count_wrong_try(session, person, now=now)
    if opened is None:
        raise SignInRefused
    return opened


def _is_locked(person: Person, now: datetime) -> bool:
    return person.locked_until is not None and now < person.locked_until


def _code_is_right(person: Person, totp: str, *, now: datetime) -> bool:
    if person.totp_secret is None:
        return True
    step = _code_step(person.totp_secret, totp, after=person.totp_last_step, now=now)
    if step is None:
        return False
    person.totp_last_step = step
    return True


def _open(session: Session, person: Person, *, now: datetime, lasts: timedelta) -> Opened:
    token = secrets.token_urlsafe(32)
    person.failed_sign_ins = 0
    person.locked_until = None
    session.add(
        SignIn(
            council_id=person.council_id,
            person_id=person.id,
            token_hash=_hash_token(token),
            created_at=now,
            last_seen_at=now,
            expires_at=now + lasts,
        )
    )
    record(session, person.council_id, at=now, by=person, act="signed in", subject=f"person {person.id}")
    return Opened(token, person.id, person.council_id)


def _count_wrong_try(session: Session, person: Person, *, now: datetime) -> None:
    person.failed_sign_ins += 1
    act = "sign-in refused"
    if person.failed_sign_ins >= TRIES:
        person.failed_sign_ins = 0
        person.locked_until = now + LOCKED_FOR
        act = "sign-in locked"
    record(session, person.council_id, at=now, by=None, act=act, subject=f"person {person.id}")


def who(store: Store, token: str, *, now: datetime, idle: timedelta) -> Signed | None:
    """Whoever this token stands for, or None when it is unknown, idle too long, run out, revoked, or they have left."""
    with store.across_councils() as session:
        entry = session.scalar(select(SignIn).where(SignIn.token_hash == _hash_token(token)))
        if entry is None or entry.revoked_at is not None or now >= entry.expires_at:
            return None
        if now - entry.last_seen_at > idle or entry.person.left_at is not None:
            return None
        signed = Signed(entry.person, entry.council_id, entry.id)
        seen_at = entry.last_seen_at
        session.expunge_all()
    if now - seen_at >= SEEN_EVERY:
        seen = update(SignIn).where(SignIn.id == signed.sign_in_id).values(last_seen_at=now)
        with store.across_councils(writes=True) as session:
            session.execute(seen)
    return signed


def sign_out(store: Store, token: str, *, now: datetime) -> None:
    """End this sign-in; the token is worth nothing afterwards. Unknown tokens are passed over."""
    ended = (
        update(SignIn)
        .where(SignIn.token_hash == _hash_token(token), SignIn.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(SignIn.person_id, SignIn.council_id)
    )
    with store.across_councils(writes=True) as session:
        row = session.execute(ended).first()
        if row is not None:
            person = session.get(Person, row.person_id)
            record(session, row.council_id, at=now, by=person, act="signed out", subject=f"person {row.person_id}")
