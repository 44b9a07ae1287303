"""Keep a found post: the post once, each version of its words once, and whom it is about. The one place that does.

A post about nobody we look for leaves only its fingerprint, so that it is not fetched again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from monitor.fitting import fitting, is_cut, plain, words_of
from monitor.matching import Match
from platforms.shape import Found, Known
from records.assessments import Assessment
from records.base import Base
from records.posts import Mention, Post, Snapshot
from records.store import Store
from records.vault import Vault
from records.vocabulary import Origin


@dataclass(frozen=True)
class Kept:
    """What keeping changed. `about` tells whether the post is about somebody; `cut` that its text was shortened."""

    post_id: int
    new_post: bool
    new_version: bool
    about: bool = True
    cut: bool = False


@dataclass(frozen=True)
class _Find:
    """A found post made to fit, with its fingerprints and whom it is about."""

    found: Found
    matches: Sequence[Match]
    key: str
    version_key: str
    cut: bool


@dataclass
class _Held:
    """What is on record of one post: its versions, and how surely it is about whom."""

    post_id: int
    versions: set[str] = field(default_factory=set)
    about: dict[int, float] = field(default_factory=dict)

    def knows(self, find: _Find) -> bool:
        """True when this find adds nothing."""
        known = find.version_key in self.versions
        return known and all(self.about.get(one.councillor_id, -1.0) >= one.surety for one in find.matches)


def keep(
    session: Session,
    vault: Vault,
    *,
    platform: str,
    found: Found,
    matches: Sequence[Match],
    origin: Origin,
    now: datetime,
) -> Kept:
    """Store one found post: `keep_many` of a single one."""
    return keep_many(session, vault, platform=platform, posts=[(found, matches)], origin=origin, now=now)[0]


def keep_many(
    session: Session,
    vault: Vault,
    *,
    platform: str,
    posts: Sequence[tuple[Found, Sequence[Match]]],
    origin: Origin,
    now: datetime,
) -> list[Kept]:
    """Store found posts for the session's council, or join them to what is held; safe to repeat and to race.

    A lawful post that was let go stays let go when it is seen again; a new version, or a person's report, takes its
    author, address and id in again. A person's report joins any post and makes it one no machine discards.
    One page at a time (up to some hundreds): new posts are written together.
    """
    finds = [_find(vault, found, matches, platform=platform, now=now) for found, matches in posts]
    held = _held(session, platform, {find.key for find in finds})
    new = {find.key: find for find in reversed(finds) if find.key not in held}
    made = _add_posts(session, platform, list(new.values()), origin=origin, now=now) if new else {}
    results = []
    for find in finds:
        known = held.get(find.key)
        if find.key in made and new[find.key] is find:
            results.append(Kept(made[find.key], True, True, about=bool(find.matches), cut=find.cut))
        elif known is not None and not origin.by_person and known.knows(find):
            results.append(Kept(known.post_id, False, False, about=bool(known.about), cut=find.cut))
        else:
            results.append(_join(session, vault, find, platform=platform, origin=origin, now=now))
    return results


def _find(vault: Vault, found: Found, matches: Sequence[Match], *, platform: str, now: datetime) -> _Find:
    fit = fitting(found, now=now)
    key = post_key(vault, platform=platform, external_id=fit.external_id)
    version = version_key(vault, key=key, version=fit.version, words=words_of(fit))
    surest: dict[int, Match] = {}
    for match in sorted(matches, key=lambda one: one.surety):
        surest[match.councillor_id] = match
    return _Find(fit, tuple(surest.values()), key, version, is_cut(found))


def _held(session: Session, platform: str, keys: set[str]) -> dict[str, _Held]:
    query = (
        select(Post.key, Post.id, Snapshot.key)
        .outerjoin(Snapshot, Snapshot.post_id == Post.id)
        .where(Post.platform == platform, Post.key.in_(keys))
    )
    held: dict[str, _Held] = {}
    for key, post_id, version in session.execute(query):
        held.setdefault(key, _Held(post_id)).versions.add(version)
    if held:
        by_id = {one.post_id: one for one in held.values()}
        about = select(Mention.post_id, Mention.councillor_id, Mention.surety).where(Mention.post_id.in_(by_id))
        for post_id, councillor_id, surety in session.execute(about):
            by_id[post_id].about[councillor_id] = surety
    return held


def _add_posts(
    session: Session, platform: str, finds: Sequence[_Find], *, origin: Origin, now: datetime
) -> dict[str, int]:
    """Write new posts together; those that another writer made at the same moment are left out of the answer."""
    council_id = session.info["council_id"]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    fresh = {"council_id": council_id, "platform": platform, "origin": origin, "first_seen_at": now}
    rows = [{**fresh, "key": find.key, **(_author(find.found) if find.matches else _NO_AUTHOR)} for find in finds]
    table = Base.metadata.tables[Post.__tablename__]
    unless_held = insert(table).values(rows).on_conflict_do_nothing().returning(table.c.key, table.c.id)
    made: dict[str, int] = {row.key: row.id for row in session.execute(unless_held)}
    mine = [(made[find.key], find) for find in finds if find.key in made]
    of_council = {"council_id": council_id}
    versions = [
        {**of_council, "post_id": post_id, "key": find.version_key, "seen_at": now, **_contents(find, now=now)}
        for post_id, find in mine
    ]
    mentions = [
        {**of_council, "post_id": post_id, "councillor_id": one.councillor_id, "how": one.how, "surety": one.surety}
        for post_id, find in mine
        for one in find.matches
    ]
    if versions:
        session.execute(Base.metadata.tables[Snapshot.__tablename__].insert(), versions)
    if mentions:
        session.execute(Base.metadata.tables[Mention.__tablename__].insert().values(at=now), mentions)
    return made


def _join(session: Session, vault: Vault, find: _Find, *, platform: str, origin: Origin, now: datetime) -> Kept:
    """Join a find to a post on record: another version, another source, or a person's report of it."""
    found, matches = find.found, find.matches
    post = session.scalars(select(Post).where(Post.platform == platform, Post.key == find.key)).one()
    about_before = session.scalar(select(exists().where(Mention.post_id == post.id))) or False
    about = about_before or bool(matches)
    snapshot = _held_version(session, vault, post, found)
    first_match = about and not about_before
    by_person = origin.by_person and not post.origin.by_person
    if snapshot is None or first_match or origin.by_person:
        session.refresh(post, with_for_update=True)
        if origin.by_person:
            post.origin = origin
        if about:
            _fill(post, found)
    new_version = False
    if snapshot is None:
        snapshot, new_version = _add_version(session, post, find, about=about, now=now)
    elif about:
        _complete(vault, post, snapshot, found, restore=first_match or origin.by_person)
    new_mention = _mention(session, post, matches, now=now)
    if new_mention or by_person:
        _ask_again(session, post)
    session.flush()
    return Kept(post.id, False, new_version, about=about, cut=find.cut)


def known_versions(store: Store, council_id: int, *, platform: str) -> Known:
    """Answers, for (external id, version) pairs, which are held already, also of posts that were let go."""

    def known(pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        keys: dict[tuple[str, str], tuple[str, str]] = {}
        for external_id, version in pairs:
            if version:
                key = post_key(store.vault, platform=platform, external_id=plain(external_id))
                keys[key, version_key(store.vault, key=key, version=plain(version))] = (external_id, version)
        if not keys:
            return set()
        query = (
            select(Post.key, Snapshot.key)
            .join(Snapshot.post)
            .where(Post.platform == platform, Post.key.in_({key for key, _ in keys}))
        )
        with store.reading(council_id) as session:
            held = [(row[0], row[1]) for row in session.execute(query)]
        return {keys[pair] for pair in held if pair in keys}

    return known


def post_key(vault: Vault, *, platform: str, external_id: str) -> str:
    """The fingerprint by which a post is found again when everything else is gone."""
    return vault.fingerprint("post", platform, external_id)


def version_key(vault: Vault, *, key: str, version: str, words: str = "") -> str:
    """The fingerprint of one version: by the platform's own version word, else by the words themselves."""
    return vault.fingerprint("version", key, version) if version else vault.fingerprint("words", key, words)


def _held_version(session: Session, vault: Vault, post: Post, found: Found) -> Snapshot | None:
    """The snapshot that already holds this version, also when it came another way without the platform's version."""
    by_words = version_key(vault, key=post.key, version="", words=words_of(found))
    keys = {by_words, version_key(vault, key=post.key, version=found.version, words=words_of(found))}
    newest_first = select(Snapshot).where(Snapshot.post_id == post.id).order_by(Snapshot.id.desc())
    if (exact := session.scalars(newest_first.where(Snapshot.key.in_(keys))).first()) is not None:
        return exact
    if found.version:
        return None
    nothing_said = not words_of(found).strip("\x1f\n ")
    for snapshot in session.scalars(newest_first):
        if nothing_said or (snapshot.text or "").split() == found.text.split():
            return snapshot
    return None


def _fill(post: Post, found: Found) -> None:
    """Take in what is known of author and place; what this source does not know stays as it was."""
    post.external_id = found.external_id
    post.url = found.url or post.url
    post.author_id = found.author_id or post.author_id
    post.author_handle = found.author_handle or post.author_handle
    post.author_name = found.author_name or post.author_name
    post.posted_at = found.posted_at or post.posted_at
    post.lawful_at = None


def _add_version(session: Session, post: Post, find: _Find, *, about: bool, now: datetime) -> tuple[Snapshot, bool]:
    snapshot = Snapshot(post_id=post.id, key=find.version_key, seen_at=now)
    if about:
        _write(snapshot, find.found)
    else:
        snapshot.forgotten_at = now
    try:
        with session.begin_nested():
            session.add(snapshot)
    except IntegrityError:
        same = select(Snapshot).where(Snapshot.post_id == post.id, Snapshot.key == find.version_key)
        return session.scalars(same).one(), False
    return snapshot, True


def _author(found: Found) -> dict[str, object]:
    return {
        "external_id": found.external_id,
        "url": found.url or None,
        "author_id": found.author_id or None,
        "author_handle": found.author_handle or None,
        "author_name": found.author_name or None,
        "posted_at": found.posted_at,
    }


_NO_AUTHOR: dict[str, object] = dict.fromkeys(
    ("external_id", "url", "author_id", "author_handle", "author_name", "posted_at")
)


def _contents(find: _Find, *, now: datetime) -> dict[str, object]:
    """What a version says; of a post about nobody only that it was seen."""
    if not find.matches:
        return {**dict.fromkeys(_SAID), "language": "", "forgotten_at": now}
    return {**_said(find.found), "language": find.found.language, "forgotten_at": None}


def _said(found: Found) -> dict[str, object]:
    alt_text = "\n".join(found.alt_texts)
    said = (found.version, found.warning, alt_text, found.quoted_text, found.parent_text, found.raw)
    return {"text": found.text, **dict(zip(_SAID[1:], (one or None for one in said), strict=True))}


_SAID = ("text", "version", "warning", "alt_text", "quoted_text", "parent_text", "raw")


def _write(snapshot: Snapshot, found: Found) -> None:
    for name, value in _said(found).items():
        setattr(snapshot, name, value)
    snapshot.language = found.language
    snapshot.forgotten_at = None


def _complete(vault: Vault, post: Post, snapshot: Snapshot, found: Found, *, restore: bool) -> None:
    """Join what this source adds to a version held already; words come back only when `restore` says so."""
    if restore and snapshot.text is None:
        _write(snapshot, found)
    by_words = version_key(vault, key=post.key, version="", words=words_of(found))
    if not found.version or snapshot.key != by_words:
        return
    # First seen without the platform's version word, now with it: the same version, not a second one.
    snapshot.key = version_key(vault, key=post.key, version=found.version)
    if post.lawful_at is None:
        snapshot.version, snapshot.raw = found.version, found.raw or snapshot.raw
        _fill(post, found)


def _mention(session: Session, post: Post, matches: Sequence[Match], *, now: datetime) -> bool:
    """Write whom it is about, the surest sign wins; true when a councillor was added."""
    query = select(Mention).where(Mention.post_id == post.id)
    held = {mention.councillor_id: mention for mention in session.scalars(query)} if matches else {}
    added = False
    for match in matches:
        mention = held.get(match.councillor_id)
        if mention is None:
            mention = Mention(
                post_id=post.id, councillor_id=match.councillor_id, how=match.how, surety=match.surety, at=now
            )
            added = _insert(session, mention) or added
        elif match.surety > mention.surety:
            mention.how, mention.surety = match.how, match.surety
    return added


def _insert(session: Session, mention: Mention) -> bool:
    try:
        with session.begin_nested():
            session.add(mention)
    except IntegrityError:
        return False
    return True


def _ask_again(session: Session, post: Post) -> None:
    """Judgements already handled are looked at once more, because somebody was added whom they now concern."""
    of_post = select(Snapshot.id).where(Snapshot.post_id == post.id)
    again = update(Assessment).where(Assessment.snapshot_id.in_(of_post)).values(handled_at=None)
    session.execute(again.execution_options(synchronize_session=False))
