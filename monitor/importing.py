"""Import the export of a listening tool: rows to posts, matched like collected ones; what is about nobody is not kept.

A bad row is named with its line and column and does not stop the rest.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from itertools import islice

from sqlalchemy import select

from monitor.dating import read_moment
from monitor.fitting import EARLIEST, believable
from monitor.intake import FindPost
from monitor.keeping import keep_many, post_key
from monitor.matching import Match, Matcher, MatchText
from monitor.tabular import DELIMITERS, CannotRead, decoded, records, said_delimiter
from platforms.shape import Found, Platform
from records import audit
from records.people import Person
from records.posts import Post
from records.store import Store
from records.vocabulary import Origin

MOST_ROWS = 200_000
"""Rows of one export; a larger one is split by its tool."""
MOST_PROBLEMS = 1_000
"""Problems listed one by one; a file with more is mapped wrongly."""
CHUNK = 500
"""Rows stored in one transaction: a crash repeats at most these, and repeating changes nothing."""
_HEADER_WITHIN = 15
"""Some tools write a few lines about the search above the header."""
_HEADER_AT_MOST = 20_000
_OTHER_ENCODING = re.compile("[\udc80-\udcff]")


class Column(StrEnum):
    """What a row may say of a post."""

    URL = "url"
    TEXT = "text"
    AUTHOR = "author"
    AUTHOR_ID = "author_id"
    POSTED_AT = "posted_at"
    PLATFORM = "platform"


REQUIRED = (Column.URL, Column.TEXT)
"""Without these a row is no post."""

_USUAL: Mapping[Column, tuple[str, ...]] = {
    Column.URL: ("url", "link", "permalink", "posturl", "messageurl", "mentionurl", "address", "postlink"),
    Column.TEXT: (
        "text",
        "fulltext",
        "content",
        "message",
        "snippet",
        "post",
        "body",
        "posttext",
        "mention",
        "caption",
    ),
    Column.AUTHOR: ("author", "authorhandle", "handle", "username", "authorusername", "screenname", "user", "from"),
    Column.AUTHOR_ID: ("authorid", "userid", "authoruserid", "accountid"),
    Column.POSTED_AT: ("postedat", "date", "published", "publishedat", "createdat", "datetime", "timestamp", "time"),
    Column.PLATFORM: ("platform", "network", "socialnetwork", "source", "site", "channel", "pagetype"),
}
"""Header names as listening tools write them, without spaces and marks, likeliest first."""


@dataclass(frozen=True)
class Layout:
    """How the file is written. None means: find out. Days stand before months; times without a zone are in `zone`."""

    mapping: Mapping[Column, str] | None = None
    delimiter: str | None = None
    encoding: str | None = None
    month_first: bool = False
    zone: tzinfo = UTC


@dataclass(frozen=True)
class Row:
    """One post of the file: its line (counted from 1), the platform's key, and the post."""

    line: int
    platform: str
    found: Found


@dataclass(frozen=True)
class Problem:
    """What is wrong in one line; `column` is the header as the file writes it, "" for the whole line."""

    line: int
    column: str
    what: str


@dataclass(frozen=True)
class Rows:
    """What was read, and as what. `more_problems` counts those beyond the ones listed."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    more_problems: int
    mapping: Mapping[Column, str]
    delimiter: str
    encoding: str


@dataclass(frozen=True)
class Imported:
    """What became of the rows: new posts, new versions of held ones, rows held already, and rows about nobody."""

    new_posts: int = 0
    new_versions: int = 0
    held: int = 0
    unmatched: int = 0

    def plus(self, other: Imported) -> Imported:
        """Both together."""
        return Imported(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


class _BadCell(Exception):
    def __init__(self, column: Column | None, what: str) -> None:
        super().__init__(what)
        self.column = column
        self.what = what


@dataclass(frozen=True)
class _Reading:
    """All that is needed to read one row."""

    places: Mapping[Column, int]
    width: int
    find: FindPost
    names: Mapping[str, str]
    layout: Layout
    now: datetime


def read(
    content: bytes, *, find: FindPost, platforms: Sequence[Platform], now: datetime, layout: Layout | None = None
) -> Rows:
    """Every row that is a post on a platform we know, and every problem by line and column; stores nothing.

    Raises CannotRead when the file as a whole is not such an export.
    """
    layout = layout or Layout()
    text, encoding = decoded(content, layout.encoding)
    said, text = said_delimiter(text)
    delimiter, header_line, header, mapping = _header(text, layout, said)
    reading = _Reading(
        places={column: header.index(name) for column, name in mapping.items()},
        width=len(header),
        find=find,
        names={name.casefold(): one.key for one in platforms for name in (one.key, one.name)},
        layout=layout,
        now=now,
    )
    rows: list[Row] = []
    problems: list[Problem] = []
    for line, cells in records(text, delimiter):
        if line <= header_line:
            continue
        if len(rows) + len(problems) >= MOST_ROWS:
            raise CannotRead(f"The file has more than {MOST_ROWS:,} rows; split it.")
        if isinstance(cells, str):
            problems.append(Problem(line, "", cells))
        elif any(cell.strip() for cell in cells):
            try:
                rows.append(_row(line, cells, reading))
            except _BadCell as bad:
                problems.append(Problem(line, mapping.get(bad.column, "") if bad.column else "", bad.what))
    listed = tuple(problems[:MOST_PROBLEMS])
    return Rows(tuple(rows), listed, len(problems) - len(listed), mapping, delimiter, encoding)


def import_rows(
    store: Store,
    council_id: int,
    rows: Rows,
    *,
    matcher: Matcher,
    by: Person | None,
    now: datetime,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Imported:
    """Keep the rows that are about an opted-in councillor of this council, in chunks; audited. Safe to repeat.

    A dry run stores nothing and says what would happen; there, a row held already counts as held even if its text
    changed. `progress` is told how many rows are done.
    """
    total = Imported()
    waiting = iter(rows.rows)
    done = 0
    while chunk := list(islice(waiting, CHUNK)):
        about = [(row, matcher.matches(MatchText.of(row.platform, row.found))) for row in chunk]
        wanted = [(row, matches) for row, matches in about if matches]
        total = total.plus(Imported(unmatched=len(about) - len(wanted)))
        handle = _look_up if dry_run else _store
        total = total.plus(handle(store, council_id, wanted, now=now))
        done += len(chunk)
        if progress is not None:
            progress(done)
    if not dry_run:
        words = f"{total.new_posts} new, {total.held} held already, {total.unmatched} about nobody here"
        detail = f"{words}, {len(rows.problems) + rows.more_problems} not readable"
        with store.writing(council_id) as session:
            audit.record(session, council_id, at=now, by=by, act="imported a file", subject="posts", detail=detail)
    return total


def _store(
    store: Store, council_id: int, wanted: Sequence[tuple[Row, tuple[Match, ...]]], *, now: datetime
) -> Imported:
    new_posts = new_versions = 0
    with store.writing(council_id) as session:
        for platform in sorted({row.platform for row, _ in wanted}):
            posts = [(row.found, matches) for row, matches in wanted if row.platform == platform]
            for kept in keep_many(session, store.vault, platform=platform, posts=posts, origin=Origin.CSV, now=now):
                new_posts += kept.new_post
                new_versions += kept.new_version and not kept.new_post
    return Imported(new_posts, new_versions, len(wanted) - new_posts - new_versions)


def _look_up(
    store: Store, council_id: int, wanted: Sequence[tuple[Row, tuple[Match, ...]]], *, now: datetime
) -> Imported:
    keys = {
        (row.platform, post_key(store.vault, platform=row.platform, external_id=row.found.external_id))
        for row, _ in wanted
    }
    with store.reading(council_id) as session:
        query = select(Post.platform, Post.key).where(Post.key.in_({key for _, key in keys}))
        held = {(platform, key) for platform, key in session.execute(query)}
    new = len(keys - held)
    return Imported(new_posts=new, held=len(wanted) - new)


def _header(text: str, layout: Layout, said: str | None) -> tuple[str, int, list[str], dict[Column, str]]:
    """The delimiter, the header's line and names, and which column is which. Raises CannotRead."""
    given = layout.delimiter or said
    if given is not None and given not in DELIMITERS:
        raise CannotRead(f"The delimiter must be one of: {', '.join(DELIMITERS.values())}.")
    readable = {}
    for delimiter in DELIMITERS:
        for line, cells in _first(text, delimiter):
            mapping = _guess(cells, layout.mapping)
            if all(column in mapping for column in REQUIRED):
                readable[delimiter] = (delimiter, line, cells, mapping)
                break
    if given in readable:
        return readable[given]
    if readable:
        best = max(readable.values(), key=lambda one: len(one[3]))
        if given is None:
            return best
        raise CannotRead(f"The header does not split at {DELIMITERS[given]}; it looks split by {DELIMITERS[best[0]]}.")
    raise CannotRead(_no_header(text, layout, given))


def _first(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    # A bad quotation mark far below must not be met here: only the first lines are looked at.
    top = "".join(islice(io.StringIO(text[:_HEADER_AT_MOST], newline=""), _HEADER_WITHIN))
    for line, cells in records(top, delimiter):
        if not isinstance(cells, str):
            yield line, [cell.strip() for cell in cells]


def _guess(header: Sequence[str], wanted: Mapping[Column, str] | None) -> dict[Column, str]:
    """Which header names which column: as the mapping says, else by the usual names. One that stands twice is none."""
    plain = [re.sub(r"[\W_]+", "", name).casefold() for name in header]
    mapping: dict[Column, str] = {}
    for column, usual in _USUAL.items():
        names = usual if wanted is None else (re.sub(r"[\W_]+", "", wanted.get(column, "")).casefold(),)
        for name in names:
            if name and plain.count(name) == 1:
                mapping[column] = header[plain.index(name)]
                break
    return mapping


def _no_header(text: str, layout: Layout, given: str | None) -> str:
    if layout.mapping is not None:
        missing = [column for column in REQUIRED if not layout.mapping.get(column)]
        if missing:
            return f"The mapping names no column for {' and '.join(missing)}."
        names = ", ".join(f'"{layout.mapping[column]}"' for column in REQUIRED)
        return f"No header line has each of {names} once, whichever delimiter is tried."
    usual = "; ".join(f"{column.value}: {', '.join(_USUAL[column][:4])}" for column in REQUIRED)
    return f"No header line was found. Expected one with columns such as ({usual}), or a mapping that names them."


def _row(line: int, cells: Sequence[str], reading: _Reading) -> Row:
    while len(cells) > reading.width and not cells[-1].strip():
        cells = cells[:-1]
    if len(cells) != reading.width:
        raise _BadCell(None, f"has {len(cells)} cells where the header has {reading.width}")
    url = _cell(cells, Column.URL, reading)
    place = reading.find(url) if url else None
    if place is None:
        raise _BadCell(Column.URL, "not the address of a post on a platform we know")
    text = _cell(cells, Column.TEXT, reading)
    if not text:
        raise _BadCell(Column.TEXT, "is empty")
    named = reading.names.get(_cell(cells, Column.PLATFORM, reading).casefold())
    if named is not None and named != place[0].key:
        raise _BadCell(Column.PLATFORM, f"says another platform than the address, which is on {place[0].name}")
    found = Found(
        external_id=place[1],
        version="",
        url=url,
        author_id=_cell(cells, Column.AUTHOR_ID, reading),
        author_handle=_cell(cells, Column.AUTHOR, reading).lstrip("@"),
        text=text,
        posted_at=_posted_at(cells, reading),
    )
    return Row(line, place[0].key, found)


def _cell(cells: Sequence[str], column: Column, reading: _Reading) -> str:
    place = reading.places.get(column)
    if place is None:
        return ""
    cell = cells[place].strip()
    if _OTHER_ENCODING.search(cell):
        what = "has bytes that are not of the file's encoding; save it as UTF-8, or name the encoding it has"
        raise _BadCell(column, what)
    return cell


def _posted_at(cells: Sequence[str], reading: _Reading) -> datetime | None:
    written = _cell(cells, Column.POSTED_AT, reading)
    if not written:
        return None
    moment = read_moment(written, month_first=reading.layout.month_first, zone=reading.layout.zone)
    if moment is None:
        raise _BadCell(
            Column.POSTED_AT, "not a date we can read; expected such as 2026-11-22 17:04 or 22/11/2026 17:04"
        )
    if not believable(moment, now=reading.now):
        raise _BadCell(Column.POSTED_AT, f"before {EARLIEST.year} or in the future")
    return moment
