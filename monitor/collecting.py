"""Collect by mention: ask each due source what is new, keep what is about an opted-in councillor, move the cursor.

One thread per source while it waits on the network; no database session is open meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.orm import joinedload, selectinload

from monitor.keeping import keep_many, known_versions
from monitor.matching import Matcher, MatchText, Watched, build
from platforms.shape import Access, Page, Platform, Reach, Subject
from records.councils import Council
from records.people import Account, Councillor, Source
from records.store import Store
from records.vocabulary import Origin, TermKind
from wire.errors import Changed, SignInNeeded, TryLater, WireError

log = structlog.get_logger()

LEASE = timedelta(minutes=3)
"""How long one worker has a source to itself, renewed with every page; after a crash another may take it over."""
AT_ONCE = 8
"""Sources asked at the same time: they mostly wait."""
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True)
class Collected:
    """How many sources were asked, were busy with another worker, and failed; posts seen, new ones kept, those about
    somebody, new versions, and items whose shape was wrong."""

    sources: int = 0
    busy: int = 0
    failed: int = 0
    seen: int = 0
    new_posts: int = 0
    matched: int = 0
    new_versions: int = 0
    unreadable: int = 0

    def plus(self, other: Collected) -> Collected:
        """Both together."""
        return Collected(
            self.sources + other.sources,
            self.busy + other.busy,
            self.failed + other.failed,
            self.seen + other.seen,
            self.new_posts + other.new_posts,
            self.matched + other.matched,
            self.new_versions + other.new_versions,
            self.unreadable + other.unreadable,
        )


@dataclass(frozen=True)
class _Errand:
    """All that is needed to ask one source, as plain values."""

    council_id: int
    source_id: int
    account_id: int
    platform: Platform
    access: Access
    subject: Subject
    cursor: str
    matcher: Matcher


def collect_due(
    store: Store,
    *,
    reach: Reach,
    now: datetime,
    between_scans: timedelta | None = None,
    all_now: bool = False,
) -> Collected:
    """Ask every source that is due (`all_now`: every source in force). A failing source stops no other."""
    with store.across_councils() as session:
        councils = session.scalars(select(Council.id)).all()
    errands: list[_Errand] = []
    for council_id in councils:
        errands += _errands(store, council_id, reach=reach, now=now, all_now=all_now)
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="collect") as threads:
        done = threads.map(
            lambda errand: _run(store, errand, reach=reach, now=now, between_scans=between_scans), errands
        )
        total = Collected()
        for one in done:
            total = total.plus(one)
    return total


def watched_of(councillors: Sequence[Councillor], council_name: str) -> list[Watched]:
    """What the matcher needs to know of each councillor who is opted in now; the council's name is context for all."""
    return [_watched(councillor, council_name) for councillor in councillors if councillor.opted_in]


def _watched(councillor: Councillor, council_name: str) -> Watched:
    terms: dict[TermKind, list[str]] = {kind: [] for kind in TermKind}
    for term in councillor.terms:
        terms[term.kind].append(term.text)
    live = [account for account in councillor.accounts if account.withdrawn_at is None]
    context = [*terms[TermKind.CONTEXT], councillor.ward, councillor.party, council_name]
    return Watched(
        councillor_id=councillor.id,
        name=councillor.name,
        surnames=tuple(terms[TermKind.SURNAME]),
        names=tuple(terms[TermKind.NAME]),
        nicknames=tuple(terms[TermKind.NICKNAME]),
        hashtags=tuple(terms[TermKind.HASHTAG]),
        handles=tuple((account.platform, account.handle) for account in live if account.handle),
        stable_ids=tuple((account.platform, account.stable_id) for account in live if account.stable_id),
        context=tuple(term for term in context if term),
        exclusions=tuple(terms[TermKind.EXCLUSION]),
    )


def matcher_of(store: Store, council_id: int) -> Matcher:
    """The council's matcher as its councillors and terms stand now."""
    with store.reading(council_id) as session:
        name = session.scalars(select(Council.name).where(Council.id == council_id)).one()
        query = select(Councillor).options(selectinload(Councillor.terms), selectinload(Councillor.accounts))
        return build(watched_of(session.scalars(query).all(), name))


def _errands(store: Store, council_id: int, *, reach: Reach, now: datetime, all_now: bool) -> list[_Errand]:
    query = (
        select(Source)
        .where(Source.stopped.is_(False))
        .options(joinedload(Source.account).joinedload(Account.councillor).selectinload(Councillor.terms))
        .order_by(Source.due_at)
    )
    if not all_now:
        query = query.where(Source.due_at <= now)
    with store.reading(council_id) as session:
        sources = [source for source in session.scalars(query) if source.account.in_force(now)]
        able = [source for source in sources if _platform(reach, source).mentions is not None]
        matcher = matcher_of(store, council_id) if able else None
        return [_errand(source, reach=reach, matcher=matcher) for source in able if matcher is not None]


def _platform(reach: Reach, source: Source) -> Platform:
    return reach.platforms[source.account.platform]


def _errand(source: Source, *, reach: Reach, matcher: Matcher) -> _Errand:
    account = source.account
    access = reach.by(
        account.platform,
        address=account.address,
        handle=account.handle,
        stable_id=account.stable_id,
        secret=account.secret,
        session=account.session,
    )
    terms = account.councillor.terms if account.councillor else []
    names = [term.text for term in terms if term.kind in (TermKind.NAME, TermKind.NICKNAME)]
    surnames = [term.text for term in terms if term.kind is TermKind.SURNAME]
    names += [f"{title} {surname}" for surname in surnames for title in ("Cllr", "Councillor")]
    hashtags = [term.text for term in terms if term.kind is TermKind.HASHTAG]
    subject = Subject(
        handle=account.handle,
        stable_id=account.stable_id,
        names=tuple(dict.fromkeys(names)),
        hashtags=tuple(hashtags),
    )
    return _Errand(
        council_id=source.council_id,
        source_id=source.id,
        account_id=account.id,
        platform=_platform(reach, source),
        access=access,
        subject=subject,
        cursor=source.cursor,
        matcher=matcher,
    )


def _run(store: Store, errand: _Errand, *, reach: Reach, now: datetime, between_scans: timedelta | None) -> Collected:
    if not _claim(store, errand, now=now):
        return Collected(busy=1)
    total = Collected(sources=1)
    mentions = errand.platform.mentions
    if mentions is None:
        return total
    notes: tuple[str, ...] = ()
    started = time.monotonic()
    try:
        known = known_versions(store, errand.council_id, platform=errand.platform.key)
        wire = reach.paced(errand.platform.key)
        for page in mentions(wire, errand.access, errand.subject, errand.cursor, known):
            held_until = now + timedelta(seconds=time.monotonic() - started) + LEASE
            stored = _store_page(store, errand, page, now=now, held_until=held_until)
            if stored is None:
                return total
            total = total.plus(stored)
            notes = tuple(dict.fromkeys((*notes, *page.notes)))
    except WireError as problem:
        _failed(store, errand, problem, now=now)
        return total.plus(Collected(failed=1))
    wait = between_scans or errand.platform.pace.between_scans
    _succeeded(store, errand, notes=notes, unreadable=total.unreadable, due_at=now + wait, now=now)
    return total


def _claim(store: Store, errand: _Errand, *, now: datetime) -> bool:
    free = or_(Source.claimed_until.is_(None), Source.claimed_until < now)
    claim = (
        update(Source)
        .where(Source.id == errand.source_id, Source.stopped.is_(False), free)
        .values(claimed_until=now + LEASE, last_try_at=now)
    )
    with store.writing(errand.council_id) as session:
        return cast("CursorResult[Any]", session.execute(claim)).rowcount == 1


def _store_page(store: Store, errand: _Errand, page: Page, *, now: datetime, held_until: datetime) -> Collected | None:
    """Posts and cursor in one transaction: after a crash the page is read again and nothing is kept twice.

    None, storing nothing, when consent was withdrawn or paused while we were reading.
    """
    key = errand.platform.key
    posts = [(found, errand.matcher.matches(MatchText.of(key, found))) for found in page.posts]
    with store.writing(errand.council_id) as session:
        account = session.get_one(Account, errand.account_id)
        if not account.in_force(now):
            return None
        kept = keep_many(session, store.vault, platform=key, posts=posts, origin=Origin.COLLECTED, now=now)
        source = session.get_one(Source, errand.source_id)
        source.cursor, source.claimed_until = page.cursor, held_until
        if page.session:
            account.session = page.session
    return Collected(
        seen=len(posts),
        new_posts=sum(one.new_post for one in kept),
        matched=sum(one.new_post and one.about for one in kept),
        new_versions=sum(one.new_version for one in kept),
        unreadable=page.unreadable,
    )


def _succeeded(
    store: Store, errand: _Errand, *, notes: tuple[str, ...], unreadable: int, due_at: datetime, now: datetime
) -> None:
    with store.writing(errand.council_id) as session:
        source = session.get_one(Source, errand.source_id)
        source.last_success_at, source.due_at, source.claimed_until = now, due_at, None
        source.failures, source.problem = 0, ""
        source.blind_spots = "\n".join(notes)
        source.unreadable += unreadable


def _failed(store: Store, errand: _Errand, problem: WireError, *, now: datetime) -> None:
    with store.writing(errand.council_id) as session:
        source = session.get_one(Source, errand.source_id)
        source.failures += 1
        source.problem = problem.why
        source.claimed_until = None
        source.due_at = now + _wait(problem, source.failures)
        if isinstance(problem, Changed):
            source.odd_answer = problem.answer
    kind = type(problem).__name__
    log.warning("a source failed", source=errand.source_id, platform=errand.platform.key, kind=kind)


def _wait(problem: WireError, failures: int) -> timedelta:
    """What the other side asked for, else twice as long each time; a person's turn (sign-in) can wait the longest."""
    if isinstance(problem, TryLater) and problem.after is not None:
        return max(problem.after, _FIRST_WAIT)
    if isinstance(problem, SignInNeeded):
        return _LONGEST_WAIT
    return min(_FIRST_WAIT * (1 << min(failures - 1, 10)), _LONGEST_WAIT)
