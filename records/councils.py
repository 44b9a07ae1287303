"""The councils that share this install, and what each may set for itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, words_of
from records.vocabulary import Nation, Tier


class Install(Base):
    """One row: which key this database was sealed with, so that a wrong key is refused before anything is written."""

    __tablename__ = "install"

    id: Mapped[int] = mapped_column(primary_key=True)
    key_proof: Mapped[str]
    made_at: Mapped[datetime]


class Council(Base):
    """One council. Its rows are never seen by another."""

    __tablename__ = "council"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    tier: Mapped[Tier] = mapped_column(words_of(Tier))
    nation: Mapped[Nation] = mapped_column(words_of(Nation))
    created_at: Mapped[datetime]
