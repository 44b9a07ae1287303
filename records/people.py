"""People who sign in, councillors who opted in, their accounts with consent, and the words they are found by."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.base import Base, CouncilRow, SealedBytes, SealedText, WordSet, words_of
from records.vocabulary import AccountUse, Role, TermKind


class Person(CouncilRow, Base):
    """Somebody who signs in and answers for what they approve. `password` is an Argon2 hash."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    roles: Mapped[frozenset[Role]] = mapped_column(WordSet(Role))
    password: Mapped[str]
    totp_secret: Mapped[str | None] = mapped_column(SealedText)
    totp_last_step: Mapped[int | None]
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    def may(self, *roles: Role) -> bool:
        """True if the person holds one of the roles and still works here."""
        return self.left_at is None and bool(self.roles & frozenset(roles))


class SignIn(CouncilRow, Base):
    """One signed-in browser or command-line token; only a hash of its secret is kept. Revocable."""

    __tablename__ = "sign_in"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


class SetupLink(Base):
    """A one-time link for the first administrator of an empty install."""

    __tablename__ = "setup_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Councillor(CouncilRow, Base):
    """An elected member who opted in. Nobody else is ever searched for."""

    __tablename__ = "councillor"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    ward: Mapped[str] = mapped_column(default="")
    party: Mapped[str] = mapped_column(default="")
    opted_in_at: Mapped[datetime]
    opted_in_by: Mapped[str]
    paused_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    terms: Mapped[list[SearchTerm]] = relationship(back_populates="councillor", cascade="all, delete-orphan")
    accounts: Mapped[list[Account]] = relationship(back_populates="councillor")

    @property
    def opted_in(self) -> bool:
        return self.paused_at is None and self.withdrawn_at is None


class SearchTerm(CouncilRow, Base):
    """One word or phrase the council wrote down for a councillor, and what it is for."""

    __tablename__ = "search_term"
    __table_args__ = (UniqueConstraint("councillor_id", "kind", "text"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    councillor_id: Mapped[int] = mapped_column(ForeignKey("councillor.id", ondelete="CASCADE"), index=True)
    kind: Mapped[TermKind] = mapped_column(words_of(TermKind))
    text: Mapped[str]

    councillor: Mapped[Councillor] = relationship(back_populates="terms")


class Account(CouncilRow, Base):
    """An account or feed we were allowed to use: for whom, what for, who agreed, until when, with which secret.

    `councillor_id` is null for the council's own (a reporter account, a newspaper's feed). `address` is sealed because
    some feed addresses are secrets.
    """

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("council_id", "platform", "use", "address_key"),
        CheckConstraint("consent_until > consent_at", name="consent_ends_after_it_starts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    councillor_id: Mapped[int | None] = mapped_column(ForeignKey("councillor.id", ondelete="CASCADE"), index=True)
    platform: Mapped[str]
    use: Mapped[AccountUse] = mapped_column(words_of(AccountUse))
    handle: Mapped[str] = mapped_column(default="")
    stable_id: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(SealedText, default="")
    address_key: Mapped[str]
    secret: Mapped[str] = mapped_column(SealedText, default="")
    session: Mapped[str] = mapped_column(SealedText, default="")
    consent_by: Mapped[str]
    consent_at: Mapped[datetime]
    consent_until: Mapped[datetime]
    purposes: Mapped[str]
    withdrawn_at: Mapped[datetime | None]

    councillor: Mapped[Councillor | None] = relationship(back_populates="accounts")
    source: Mapped[Source | None] = relationship(back_populates="account", cascade="all, delete-orphan")

    def in_force(self, now: datetime) -> bool:
        """True while consent is given, not withdrawn, not run out, and the councillor has not paused."""
        if self.withdrawn_at is not None or not self.consent_at <= now < self.consent_until:
            return False
        return self.councillor is None or self.councillor.opted_in


class Source(CouncilRow, Base):
    """Where we stand with one collecting account: how far read, how it is doing, when it is due.

    `cursor` is the platform module's own and opaque. `claimed_until` lets one worker at a time scan it. `odd_answer`
    is the last answer whose shape we did not know, kept for whoever mends it.
    """

    __tablename__ = "source"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), unique=True)
    cursor: Mapped[str] = mapped_column(SealedText, default="")
    due_at: Mapped[datetime] = mapped_column(index=True)
    claimed_until: Mapped[datetime | None]
    last_try_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    stopped: Mapped[bool] = mapped_column(default=False)
    problem: Mapped[str] = mapped_column(default="")
    blind_spots: Mapped[str] = mapped_column(default="")
    unreadable: Mapped[int] = mapped_column(default=0)
    odd_answer: Mapped[bytes | None] = mapped_column(SealedBytes)

    account: Mapped[Account] = relationship(back_populates="source")
