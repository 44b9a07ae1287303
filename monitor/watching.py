"""Whom we may look for: councillors who opted in, and the accounts and feeds somebody agreed to.

Every change here is audited. Nobody who has not opted in is ever searched for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit
from records.people import Account, Councillor, Person, SearchTerm, Source
from records.vault import Vault
from records.vocabulary import AccountUse, NotAllowed, TermKind

LONGEST_TERM = 120
"""Characters; a longer search term is a mistake."""

PURPOSES = "Finding public posts that abuse or threaten the councillor, and having them reported"
"""What an account is connected for unless the consent says otherwise."""

_NEEDS_A_NAME = "a name has at least two letters"


def add_councillor(
    session: Session,
    council_id: int,
    *,
    name: str,
    ward: str = "",
    party: str = "",
    terms: Mapping[TermKind, Sequence[str]],
    opted_in_by: str,
    by: Person | None,
    now: datetime,
) -> Councillor:
    """Take in a councillor who opted in, with the words they are found by; ward and party help as context.

    Full name and surname become terms by themselves. `opted_in_by` says whose word the opt-in is. Raises NotAllowed.
    """
    clean = " ".join(name.split())
    if len(clean) < 2:
        raise NotAllowed("councillor", why=_NEEDS_A_NAME)
    if not opted_in_by.strip():
        raise NotAllowed("councillor", why="write down who agreed to being looked for")
    if session.scalar(select(Councillor.id).where(Councillor.name == clean, Councillor.ward == ward.strip())):
        raise NotAllowed("councillor", why="a councillor of that name and ward is already here")
    councillor = Councillor(
        council_id=council_id,
        name=clean,
        ward=ward.strip(),
        party=party.strip(),
        opted_in_at=now,
        opted_in_by=opted_in_by.strip(),
    )
    session.add(councillor)
    session.flush()
    wanted = {kind: list(words) for kind, words in terms.items()}
    wanted.setdefault(TermKind.NAME, []).insert(0, clean)
    wanted.setdefault(TermKind.SURNAME, []).insert(0, clean.rsplit(" ", 1)[-1])
    for kind, words in wanted.items():
        for word in words:
            add_term(session, councillor, kind=kind, text=word)
    _log(session, councillor, "opted in", by=by, now=now, detail=f"agreed by {councillor.opted_in_by}")
    return councillor


def add_term(session: Session, councillor: Councillor, *, kind: TermKind, text: str) -> None:
    """Add one word or phrase; the same one twice is kept once. Raises NotAllowed for an empty or absurd one."""
    clean = " ".join(text.split()).lstrip("#") if kind is TermKind.HASHTAG else " ".join(text.split())
    if len(clean) < 2:
        raise NotAllowed("search term", why="a search term has at least two letters")
    if len(clean) > LONGEST_TERM:
        raise NotAllowed("search term", why=f"a search term has at most {LONGEST_TERM} characters")
    session.flush()
    same = select(SearchTerm.id).where(
        SearchTerm.councillor_id == councillor.id, SearchTerm.kind == kind, SearchTerm.text == clean
    )
    if session.scalar(same) is None:
        term = SearchTerm(council_id=councillor.council_id, councillor_id=councillor.id, kind=kind, text=clean)
        session.add(term)


def pause(session: Session, councillor: Councillor, *, by: Person | None, now: datetime) -> None:
    """Stop looking for them for a while; nothing held is lost. Raises NotAllowed."""
    if councillor.withdrawn_at or councillor.paused_at:
        raise NotAllowed(f"councillor {councillor.id}", why="is not being looked for now")
    councillor.paused_at = now
    _log(session, councillor, "paused", by=by, now=now)


def resume(session: Session, councillor: Councillor, *, by: Person | None, now: datetime) -> None:
    """Look for them again after a pause. Raises NotAllowed."""
    if councillor.withdrawn_at or not councillor.paused_at:
        raise NotAllowed(f"councillor {councillor.id}", why="is not paused")
    councillor.paused_at = None
    _log(session, councillor, "resumed", by=by, now=now)


def withdraw(session: Session, councillor: Councillor, *, by: Person | None, now: datetime) -> None:
    """They opted out: every account of theirs is withdrawn with its secret, and nothing new is collected."""
    if councillor.withdrawn_at:
        raise NotAllowed(f"councillor {councillor.id}", why="has already withdrawn")
    councillor.withdrawn_at = now
    for account in councillor.accounts:
        if account.withdrawn_at is None:
            withdraw_account(session, account, by=by, now=now)
    _log(session, councillor, "withdrew", by=by, now=now)


def add_account(
    session: Session,
    council_id: int,
    vault: Vault,
    *,
    councillor: Councillor | None,
    platform: str,
    use: AccountUse,
    handle: str,
    stable_id: str,
    address: str,
    secret: str,
    consent_by: str,
    consent_until: datetime,
    purposes: str,
    by: Person | None,
    now: datetime,
    platform_session: str = "",
) -> Account:
    """Take in an account or feed that somebody agreed to, until a date; collecting starts at once.

    The same account withdrawn earlier is taken up again with the new consent. Raises NotAllowed.
    """
    if consent_until <= now:
        raise NotAllowed("account", why="the consent would already have ended; give a later date")
    if not consent_by.strip():
        raise NotAllowed("account", why="write down who gave consent")
    if councillor is not None and councillor.withdrawn_at is not None:
        raise NotAllowed("account", why="the councillor has withdrawn")
    key = vault.fingerprint("account", platform, handle.casefold(), address)
    same = select(Account).where(Account.platform == platform, Account.use == use, Account.address_key == key)
    account = session.scalar(same)
    if account is not None and account.withdrawn_at is None and account.consent_until > now:
        raise NotAllowed("account", why="this account is already connected for this")
    if account is None:
        account = Account(council_id=council_id, platform=platform, use=use, address_key=key)
        session.add(account)
    account.councillor_id = councillor.id if councillor else None
    account.handle, account.stable_id, account.address = handle, stable_id, address
    account.secret, account.session = secret, platform_session
    account.consent_by, account.consent_at, account.consent_until = consent_by.strip(), now, consent_until
    account.purposes, account.withdrawn_at = purposes, None
    session.flush()
    if use is AccountUse.COLLECT:
        _start(session, account, now=now)
    detail = f"{platform}, {use.value}, consent until {consent_until.date().isoformat()}"
    _note(session, account, "connected", by=by, now=now, detail=detail)
    return account


def _start(session: Session, account: Account, *, now: datetime) -> None:
    source = session.scalar(select(Source).where(Source.account_id == account.id))
    if source is None:
        source = Source(council_id=account.council_id, account_id=account.id, due_at=now)
        session.add(source)
    source.due_at, source.stopped, source.failures, source.problem = now, False, 0, ""
    session.flush()


def withdraw_account(session: Session, account: Account, *, by: Person | None, now: datetime) -> None:
    """Consent is taken back: the secret is erased at once and the next scan does not happen. Raises NotAllowed."""
    if account.withdrawn_at:
        raise NotAllowed(f"account {account.id}", why="is already withdrawn")
    account.withdrawn_at = now
    account.secret, account.session = "", ""
    if account.source is not None:
        account.source.stopped = True
        account.source.cursor = ""
    _note(session, account, "withdrawn", by=by, now=now)


def _log(
    session: Session, councillor: Councillor, act: str, *, by: Person | None, now: datetime, detail: str = ""
) -> None:
    subject = f"councillor {councillor.id}"
    audit.record(session, councillor.council_id, at=now, by=by, act=act, subject=subject, detail=detail)


def _note(session: Session, account: Account, act: str, *, by: Person | None, now: datetime, detail: str = "") -> None:
    subject = f"account {account.id}"
    audit.record(session, account.council_id, at=now, by=by, act=act, subject=subject, detail=detail)
