"""Forget what must not be kept: lawful posts at once, the rest when its time is over. Every purge leaves an entry.

It blanks and deletes, never decides what is lawful: that is the judgement's and the reviewers' part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Select, Update, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from records import audit
from records.assessments import Assessment
from records.audit import AuditEntry
from records.councils import Council
from records.evidence import EvidenceItem
from records.incidents import Incident, IncidentGroup
from records.overdue import (
    RetentionPolicy,
    dismissed_accounts,
    dismissed_posts,
    lawful_texts,
    old_incidents,
    old_posts,
)
from records.people import Account, Councillor, SetupLink, SignIn, Source
from records.posts import Post, Snapshot
from records.samples import Sample
from records.shadows import ShadowVerdict
from records.store import Store
from records.takedowns import Outcome, RequestIncident, RequestItem, TakedownRequest
from records.vocabulary import Level, Origin

_CONSENT_ENDED = "The consent for this account has ended. Ask for it again to go on."


@dataclass(frozen=True)
class Forgotten:
    """How much went: versions of lawful posts, dismissed posts and accounts of what happened, incidents, old posts,
    expired sign-ins, sources stopped because consent ended, secrets of withdrawn accounts, audit entries."""

    lawful_texts: int = 0
    dismissed_posts: int = 0
    dismissed_accounts: int = 0
    incidents: int = 0
    old_posts: int = 0
    sign_ins: int = 0
    sources_stopped: int = 0
    secrets: int = 0
    audit_entries: int = 0

    def plus(self, other: Forgotten) -> Forgotten:
        """Both together."""
        return Forgotten(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


def release_lawful(session: Session, post: Post, *, now: datetime) -> bool:
    """Let go of one post just judged lawful, as `release_all_lawful` does; False when something holds it."""
    released = release_all_lawful(session, [post.id], now=now)
    session.refresh(post)
    for snapshot in post.snapshots:
        session.refresh(snapshot)
    return bool(released)


def release_all_lawful(session: Session, post_ids: Sequence[int], *, now: datetime) -> frozenset[int]:
    """Let go of posts just judged lawful: author, id, link, raw answer and version words at once; which ones went.

    Key, counts and, for as long as the policy says, the text stay. A post is left as it is while something holds it:
    a person reported it, it is an incident, another version is still to be judged or was judged uncivil or worse.
    """
    session.flush()
    lock = select(Post.id).where(Post.id.in_(post_ids), Post.origin != Origin.HAND).order_by(Post.id).with_for_update()
    free = frozenset(session.scalars(lock)) - _held(session, post_ids)
    if free:
        nobody = dict.fromkeys(("external_id", "url", "author_id", "author_handle", "author_name"))
        _do(session, update(Post).where(Post.id.in_(free)).values(**nobody, lawful_at=now))
        words = dict.fromkeys(("version", "raw", "quoted_text", "parent_text"))
        _do(session, update(Snapshot).where(Snapshot.post_id.in_(free)).values(**words))
    return free


def _held(session: Session, post_ids: Sequence[int]) -> frozenset[int]:
    incidents = select(Incident.post_id).where(Incident.post_id.in_(post_ids))
    unjudged = select(Snapshot.post_id).where(
        Snapshot.post_id.in_(post_ids),
        Snapshot.judged_by == "",
        Snapshot.forgotten_at.is_(None),
        Snapshot.text.is_not(None),
    )
    judged = (
        select(Snapshot.post_id, Assessment.snapshot_id, Assessment.level)
        .join(Assessment.snapshot)
        .where(Snapshot.post_id.in_(post_ids))
        .order_by(Assessment.id)
    )
    newest = {row.snapshot_id: (row.post_id, row.level) for row in session.execute(judged)}
    abusive = {post_id for post_id, level in newest.values() if level > Level.LAWFUL}
    reported = {post_id for post_id in session.scalars(incidents) if post_id is not None}
    return frozenset(reported | set(session.scalars(unjudged)) | abusive)


def forget_due(store: Store, *, policy: RetentionPolicy, now: datetime) -> Forgotten:
    """Forget whatever is past its time, for every council, in batches; safe to repeat and to interrupt.

    A dismissed post counts as lawful once second thoughts are over: everything about its author goes then. Whatever
    goes, its key stays, so that it is not collected anew, and its assessments stay as counts.
    """
    with store.across_councils() as session:
        councils = session.scalars(select(Council.id).order_by(Council.id)).all()
    total = Forgotten()
    for council_id in councils:
        for step in (
            _forget_lawful_texts,
            _forget_dismissed,
            _forget_accounts,
            _forget_incidents,
            _forget_old_posts,
            _forget_sign_ins,
            _stop_sources,
            _erase_secrets,
            _forget_audit,
        ):
            total = total.plus(_in_batches(store, council_id, step, policy=policy, now=now))
    with store.across_councils(writes=True) as session:
        session.execute(delete(SetupLink).where(SetupLink.expires_at <= now))
    _leave_no_trace(store)
    return total


_Step = Callable[[Session, RetentionPolicy, datetime], tuple[Forgotten, str]]
"""Forgets at most one batch: gives the counts, and what it was in words for the audit ("" when there was nothing)."""


def _in_batches(store: Store, council_id: int, step: _Step, *, policy: RetentionPolicy, now: datetime) -> Forgotten:
    total = Forgotten()
    while True:
        with store.writing(council_id) as session:
            done, what = step(session, policy, now)
            if not what:
                return total
            counts = [
                f"{one.name.replace('_', ' ')} {number}" for one in fields(done) if (number := getattr(done, one.name))
            ]
            audit.record(session, council_id, at=now, by=None, act="forgot", subject=what, detail="; ".join(counts))
        total = total.plus(done)


def _forget_lawful_texts(session: Session, policy: RetentionPolicy, now: datetime) -> tuple[Forgotten, str]:
    ids = _some(session, lawful_texts(policy, now=now), policy)
    if not ids:
        return Forgotten(), ""
    posts = select(Snapshot.post_id).where(Snapshot.id.in_(ids))
    _do(session, update(Post).where(Post.id.in_(posts)).values(posted_at=None))
    _blank(session, ids, now=now)
    return Forgotten(lawful_texts=len(ids)), "lawful texts"


def _forget_dismissed(session: Session, policy: RetentionPolicy, now: datetime) -> tuple[Forgotten, str]:
    ids = _some(session, dismissed_posts(policy, now=now), policy)
    if not ids:
        return Forgotten(), ""
    _forget_posts(session, ids, now=now)
    _do(session, update(Post).where(Post.id.in_(ids)).values(lawful_at=now))
    return Forgotten(dismissed_posts=len(ids)), "dismissed posts"


def _forget_accounts(session: Session, policy: RetentionPolicy, now: datetime) -> tuple[Forgotten, str]:
    ids = _some(session, dismissed_accounts(policy, now=now), policy)
    if not ids:
        return Forgotten(), ""
    _do(session, update(Incident).where(Incident.id.in_(ids)).values(account_of_it=None))
    return Forgotten(dismissed_accounts=len(ids)), "accounts of dismissed incidents"


def _forget_incidents(session: Session, policy: RetentionPolicy, now: datetime) -> tuple[Forgotten, str]:
    """With its last incident a post loses its words; a request that served no other incident goes too."""
    ids = _some(session, old_incidents(policy, now=now), policy)
    if not ids:
        return Forgotten(), ""
    posts = set(session.scalars(select(Incident.post_id).where(Incident.id.in_(ids), Incident.post_id.is_not(None))))
    served = session.scalars(select(RequestIncident.request_id).where(RequestIncident.incident_id.in_(ids))).all()
    _do(session, delete(Incident).where(Incident.id.in_(ids)))
    no_incident = ~exists().where(RequestIncident.request_id == TakedownRequest.id)
    _do(session, delete(TakedownRequest).where(TakedownRequest.id.in_(served), no_incident))
    _do(session, delete(IncidentGroup).where(~exists().where(Incident.group_id == IncidentGroup.id)))
    alone = session.scalars(
        select(Post.id).where(Post.id.in_(posts), ~exists().where(Incident.post_id == Post.id))
    ).all()
    _forget_posts(session, alone, now=now)
    return Forgotten(incidents=len(ids), old_posts=len(alone)), "incidents past their time"


def _forget_old_posts(session: Session, policy: RetentionPolicy, now: datetime) -> tuple[Forgotten, str]:
    ids = _some(session, old_posts(policy, now=now), policy)
    _forget_posts(session, ids, now=now)
    return Forgotten(old_posts=len(ids)), "posts past their time" if ids else ""


def _forget_sign_ins(session: Session, policy: RetentionPolicy, now: datetime) -> tuple[Forgotten, str]:
    over = or_(SignIn.expires_at <= now, SignIn.revoked_at <= now)
    gone = _do(session, delete(SignIn).where(over))
    return Forgotten(sign_ins=gone), "expired sign-ins" if gone else ""


def _stop_sources(session: Session, policy: RetentionPolicy, now: datetime) -> tuple[Forgotten, str]:
    ended = select(Account.id).where(Account.consent_until <= now)
    stop = update(Source).where(Source.account_id.in_(ended), Source.stopped.is_(False))
    stopped = _do(session, stop.values(stopped=True, problem=_CONSENT_ENDED))
    return Forgotten(sources_stopped=stopped), "sources whose consent ended" if stopped else ""


def _erase_secrets(session: Session, policy: RetentionPolicy, now: datetime) -> tuple[Forgotten, str]:
    """Withdrawal erases secrets at once where it happens; this finds what a crash or an older version left behind."""
    gone = select(Councillor.id).where(Councillor.withdrawn_at <= now)
    withdrawn = select(Account).where(or_(Account.withdrawn_at <= now, Account.councillor_id.in_(gone)))
    erased = 0
    for account in session.scalars(withdrawn):
        if account.secret or account.session or account.address:
            account.secret = account.session = account.address = ""
            erased += 1
        if account.source is not None and (account.source.cursor or not account.source.stopped):
            account.source.cursor, account.source.stopped, account.source.odd_answer = "", True, None
    session.flush()
    return Forgotten(secrets=erased), "secrets of withdrawn accounts" if erased else ""


def _forget_audit(session: Session, policy: RetentionPolicy, now: datetime) -> tuple[Forgotten, str]:
    """Only from the front, so that what is left is still one whole chain."""
    past = now - policy.audit
    first_kept = session.scalar(select(func.min(AuditEntry.position)).where(AuditEntry.at > past))
    front = delete(AuditEntry).where(AuditEntry.at <= past)
    if first_kept is None:
        # The newest entry stays as the link that the entry about this purge follows from.
        first_kept = session.scalar(select(func.max(AuditEntry.position)))
    gone = _do(session, front.where(AuditEntry.position < first_kept)) if first_kept else 0
    return Forgotten(audit_entries=gone), f"audit entries before {first_kept}" if gone else ""


def _forget_posts(session: Session, ids: Sequence[int], *, now: datetime) -> None:
    """Author, id, link, words, evidence and what was asked of the platform; in the order the foreign keys allow."""
    if not ids:
        return
    versions = session.scalars(select(Snapshot.id).where(Snapshot.post_id.in_(ids))).all()
    _do(session, delete(EvidenceItem).where(EvidenceItem.post_id.in_(ids)))
    requests = session.scalars(select(RequestItem.request_id).where(RequestItem.snapshot_id.in_(versions))).all()
    _do(session, delete(Outcome).where(Outcome.snapshot_id.in_(versions)))
    _do(session, delete(RequestItem).where(RequestItem.snapshot_id.in_(versions)))
    empty = ~exists().where(RequestItem.request_id == TakedownRequest.id)
    _do(session, delete(TakedownRequest).where(TakedownRequest.id.in_(requests), empty))
    _blank(session, versions, now=now)
    blank = dict.fromkeys(("external_id", "url", "author_id", "author_handle", "author_name", "posted_at"))
    _do(session, update(Post).where(Post.id.in_(ids)).values(blank))


def _blank(session: Session, snapshot_ids: Sequence[int], *, now: datetime) -> None:
    words = dict.fromkeys(("version", "text", "warning", "alt_text", "quoted_text", "parent_text", "raw"))
    _do(session, update(Snapshot).where(Snapshot.id.in_(snapshot_ids)).values(**words, forgotten_at=now))
    # Of what a judge in shadow said and of a sampled post only the figures stay.
    judged = select(Assessment.id).where(Assessment.snapshot_id.in_(snapshot_ids))
    _do(session, delete(ShadowVerdict).where(ShadowVerdict.assessment_id.in_(judged)))
    _do(session, update(Sample).where(Sample.snapshot_id.in_(snapshot_ids)).values(snapshot_id=None))


def _some(session: Session, query: Select[int], policy: RetentionPolicy) -> Sequence[int]:
    return session.scalars(query.limit(policy.at_once)).all()


def _do(session: Session, change: Update | Delete) -> int:
    done = session.execute(change.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount


def _leave_no_trace(store: Store) -> None:
    """SQLite's log still holds what was overwritten until it is written back and cut to nothing."""
    if store.engine.dialect.name != "sqlite":
        return
    connection = store.engine.raw_connection()
    try:
        cursor = connection.cursor()
        # A reader in the middle of something only puts this off until the next time.
        for statement in ("busy_timeout=1000", "wal_checkpoint(TRUNCATE)", "busy_timeout=30000"):
            cursor.execute(f"PRAGMA {statement}").fetchall()
        cursor.close()
    finally:
        connection.close()
