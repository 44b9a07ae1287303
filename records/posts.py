"""Public posts that mention opted-in councillors: the post, each version of its text, and whom it mentions.

Foreign keys point upstream: Mention → Post ← Snapshot. A lawful post keeps a fingerprint and counts, no author.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.base import Base, CouncilRow, SealedBytes, words_of
from records.vocabulary import MatchKind, Origin


class Post(CouncilRow, Base):
    """One public post. `key` is an HMAC of platform and id: it finds the post again when everything else is gone."""

    __tablename__ = "post"
    __table_args__ = (UniqueConstraint("council_id", "platform", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str]
    key: Mapped[str]
    origin: Mapped[Origin] = mapped_column(words_of(Origin))
    external_id: Mapped[str | None]
    url: Mapped[str | None]
    author_id: Mapped[str | None]
    author_handle: Mapped[str | None]
    author_name: Mapped[str | None]
    posted_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]
    lawful_at: Mapped[datetime | None] = mapped_column(index=True)

    snapshots: Mapped[list[Snapshot]] = relationship(back_populates="post", order_by="Snapshot.id")
    mentions: Mapped[list[Mention]] = relationship(back_populates="post")


class Snapshot(CouncilRow, Base):
    """One version of a post's words, as first seen. `text` and what goes with it is null once forgotten.

    `version` is the platform's own version word, `key` its fingerprint. `raw` is the platform's answer, sealed; it
    goes when the version is judged below level 2 and moves to the evidence otherwise.
    """

    __tablename__ = "snapshot"
    __table_args__ = (
        UniqueConstraint("post_id", "key"),
        Index(
            "ix_snapshot_held",
            "council_id",
            "id",
            sqlite_where=text("forgotten_at IS NULL"),
            postgresql_where=text("forgotten_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), index=True)
    key: Mapped[str]
    version: Mapped[str | None]
    text: Mapped[str | None]
    warning: Mapped[str | None]
    alt_text: Mapped[str | None]
    quoted_text: Mapped[str | None]
    parent_text: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="")
    raw: Mapped[bytes | None] = mapped_column(SealedBytes)
    seen_at: Mapped[datetime]
    judged_by: Mapped[str] = mapped_column(default="")
    forgotten_at: Mapped[datetime | None]

    post: Mapped[Post] = relationship(back_populates="snapshots")

    @property
    def words(self) -> str:
        """All the author's own words: warning, text and alt texts. What others wrote is not among them."""
        return "\n".join(part for part in (self.warning, self.text, self.alt_text) if part)

    @property
    def context(self) -> str:
        """What the post answers or quotes: helps to read it and is never judged itself."""
        return "\n".join(part for part in (self.parent_text, self.quoted_text) if part)


class Mention(CouncilRow, Base):
    """That a post is about a councillor, how that was seen and how surely (0 to 1)."""

    __tablename__ = "mention"
    __table_args__ = (UniqueConstraint("post_id", "councillor_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), index=True)
    councillor_id: Mapped[int] = mapped_column(ForeignKey("councillor.id", ondelete="CASCADE"), index=True)
    how: Mapped[MatchKind] = mapped_column(words_of(MatchKind))
    surety: Mapped[float]
    at: Mapped[datetime]

    post: Mapped[Post] = relationship(back_populates="mentions")
