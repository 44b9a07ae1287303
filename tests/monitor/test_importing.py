"""Exports of listening tools: every make is read, every bad row is named, and only what is about somebody is kept."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from monitor.dating import read_moment
from monitor.importing import Column, Imported, Layout, Rows, import_rows, read
from monitor.matching import Matcher, Watched, build
from monitor.tabular import CannotRead, records
from platforms.register import PLATFORMS, find
from records.audit import AuditEntry
from records.posts import Mention, Post, Snapshot
from records.store import Store
from records.vocabulary import Origin
from tests.builders import NOW, Larkford, larkford

HEADER = ["URL", "Full Text", "Author", "Author ID", "Date", "Network"]
LINK = "https://x.com/otterbank/status/"
ABOUT = [f"{LINK}1", "Cllr Ellery is a waste of a good chair", "@otterbank", "77", "2026-05-03 17:04", "X"]
LAST = [f"{LINK}3", "Thanks Councillor Ellery, the weir is mended", "heron", "79", "03/05/2026 09:00", ""]


def a_file(*rows: list[str], delimiter: str = ",", encoding: str = "utf-8", ending: str = "\r\n") -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator=ending).writerows([HEADER, *rows])
    return written.getvalue().encode(encoding)


def reading(content: bytes, **layout: object) -> Rows:
    chosen = Layout(**layout)  # type: ignore[arg-type]
    return read(content, find=find, platforms=tuple(PLATFORMS.values()), now=NOW, layout=chosen)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_common_make_is_read(delimiter: str, encoding: str, ending: str) -> None:
    quoted = [f"{LINK}2", f'First line,{ending}"second"; third', "otter", "", "", ""]
    rows = reading(a_file(ABOUT, quoted, LAST, delimiter=delimiter, encoding=encoding, ending=ending))
    assert rows.problems == ()
    assert rows.delimiter == delimiter
    assert [row.line for row in rows.rows] == [2, 3, 5]
    assert rows.rows[1].found.text == f'First line,{ending}"second"; third'
    first = rows.rows[0]
    assert first.platform == "x"
    assert (first.found.author_handle, first.found.author_id) == ("otterbank", "77")
    assert first.found.posted_at == datetime(2026, 5, 3, 17, 4, tzinfo=UTC)


def test_columns_are_named_by_a_mapping_and_lines_above_the_header_do_not_matter() -> None:
    content = b"Search,Larkford\r\n\r\nWhere,What,What\r\nhttps://x.com/a/status/1,Hello,\r\n"
    with pytest.raises(CannotRead, match='"Where", "What"'):
        reading(content, mapping={Column.URL: "Where", Column.TEXT: "What"})
    once = content.replace(b"What,What", b"What,Else")
    rows = reading(once, mapping={Column.URL: "where", Column.TEXT: "What", Column.AUTHOR: "Else"})
    assert [(row.line, row.found.text) for row in rows.rows] == [(4, "Hello")]
    with pytest.raises(CannotRead, match="no column for text"):
        reading(once, mapping={Column.URL: "Where"})


def test_a_spreadsheets_own_delimiter_line() -> None:
    rows = reading(b"sep=;\r\n" + a_file(ABOUT, delimiter=";"))
    assert [row.line for row in rows.rows] == [3]


def test_every_bad_row_is_named_and_the_rest_goes_on() -> None:
    bad = [
        ["https://x.com/otterbank", "a profile", "", "", "", ""],
        ["", "no address", "", "", "", ""],
        [f"{LINK}4", " ", "", "", "", ""],
        [f"{LINK}5", "text", "", "", "1970-01-01 00:00", ""],
        [f"{LINK}6", "text", "", "", "01/01/2999", ""],
        [f"{LINK}7", "text", "", "", "yesterday", ""],
        [f"{LINK}8", "text", "", "", "", "Reddit"],
        [f"{LINK}9", "too", "few"],
        [f"{LINK}10", "text", "", "", "", "", "too many"],
    ]
    rows = reading(a_file(ABOUT, *bad, LAST))
    assert [row.line for row in rows.rows] == [2, 12]
    assert [(problem.line, problem.column) for problem in rows.problems] == [
        (3, "URL"),
        (4, "URL"),
        (5, "Full Text"),
        (6, "Date"),
        (7, "Date"),
        (8, "Date"),
        (9, "Network"),
        (10, ""),
        (11, ""),
    ]
    said = " ".join(problem.what for problem in rows.problems)
    assert "a profile" not in said
    assert "yesterday" not in said


def test_bytes_of_another_encoding_are_named_by_row_and_read_when_the_encoding_is_named() -> None:
    content = a_file(ABOUT) + f"{LINK}2,caf\xe9,,,,\r\n".encode("latin-1") + a_file(LAST).splitlines(keepends=True)[1]
    rows = reading(content)
    assert [row.line for row in rows.rows] == [2, 4]
    assert [(problem.line, problem.column) for problem in rows.problems] == [(3, "Full Text")]
    assert reading(content, encoding="windows-1252").rows[1].found.text == "café"


def test_a_quotation_mark_never_closed_costs_one_row() -> None:
    content = a_file(ABOUT) + f'{LINK}2,"open,,,,\r\n'.encode() + a_file(LAST).splitlines(keepends=True)[1]
    rows = reading(content)
    assert [row.line for row in rows.rows] == [2, 4]
    assert [problem.line for problem in rows.problems] == [3]


@pytest.mark.parametrize(
    ("content", "layout", "says"),
    [
        (b"", {}, "empty"),
        (b" \r\n ", {}, "empty"),
        (b"PK\x03\x04rest", {}, "spreadsheet"),
        (b"just some words\nand more", {}, "No header"),
        (a_file(ABOUT), {"delimiter": ";"}, "looks split by a comma"),
        (a_file(ABOUT), {"delimiter": "x"}, "must be one of"),
        (a_file(ABOUT), {"encoding": "larkford"}, "not an encoding"),
        (a_file(ABOUT).decode().encode("utf-16-le"), {}, "UTF-16"),
    ],
)
def test_a_file_that_is_no_such_export(content: bytes, layout: dict[str, object], says: str) -> None:
    with pytest.raises(CannotRead, match=says):
        reading(content, **layout)


def test_a_cell_of_ten_megabytes_is_read() -> None:
    rows = reading(a_file([f"{LINK}1", "x" * 10_000_000, "", "", "", ""], LAST))
    assert [len(row.found.text) for row in rows.rows] == [10_000_000, len(LAST[1])]


@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",))), max_size=8)))
def test_whatever_is_in_a_file_each_row_is_read_or_named(rows: list[list[str]]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    read_back = [cells for _, cells in records(written.getvalue(), ",")]
    assert [cells for cells in read_back if cells] == [row for row in rows if row]
    result = reading(a_file(*rows, LAST))
    assert result.rows[-1].found.text == LAST[1]
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    assert len(result.rows) + len(result.problems) == len(filled) + 1


@given(st.binary(max_size=300))
def test_no_bytes_whatever_stop_the_reading_in_an_unplanned_way(content: bytes) -> None:
    try:
        result = reading(a_file(ABOUT) + content)
    except CannotRead:
        return
    assert result.rows[0].line == 2


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-03 17:04",
        "2026-05-03T17:04:00Z",
        "2026-05-03 17:04:00 UTC",
        "2026-05-03T18:04+01:00",
        "2026/05/03 17:04",
        "03/05/2026 17:04",
        "3/5/26 5:04 pm",
        "03.05.2026, 17:04:00",
        "3 May 2026 17:04",
        "3rd May 2026, 5.04 pm".replace("5.04", "5:04"),
        "May 3, 2026 5:04 PM",
        "03-May-2026 17:04",
        "Sun, 03 May 2026 18:04:00 +0100",
        "Sun May 03 17:04:00 +0000 2026",
        "1777827840",
        "1777827840000",
    ],
)
def test_dates_as_tools_write_them(written: str) -> None:
    assert read_moment(written) == datetime(2026, 5, 3, 17, 4, tzinfo=UTC)


def test_month_first_and_another_zone() -> None:
    one_hour = timezone(timedelta(hours=1))
    assert read_moment("05/03/2026 18:04", month_first=True, zone=one_hour) == datetime(2026, 5, 3, 17, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "written", ["", "soon", "31/02/2026", "2026-13-01", "25:00", "1/1", "13:00 pm", "3 Foo 2026", "9" * 70]
)
def test_no_date(written: str) -> None:
    assert read_moment(written) is None


@given(st.text(max_size=70))
def test_no_text_breaks_the_reading_of_dates(written: str) -> None:
    moment = read_moment(written)
    assert moment is None or moment.tzinfo is UTC


def test_only_rows_about_somebody_are_kept_and_repeating_changes_nothing(store: Store) -> None:
    scene = larkford(store)
    rows = reading(a_file(ABOUT, [f"{LINK}2", "The library is lovely", "", "", "", ""], ABOUT, LAST))
    told: list[int] = []
    planned = imported(scene, rows, dry_run=True)
    assert count(scene, Post) == 0
    done = import_rows(store, scene.council_id, rows, matcher=matcher(scene), by=None, now=NOW, progress=told.append)
    assert planned == done == Imported(new_posts=2, new_versions=0, held=1, unmatched=1)
    assert told == [4]
    assert imported(scene, rows) == Imported(new_posts=0, new_versions=0, held=3, unmatched=1)
    assert (count(scene, Post), count(scene, Snapshot), count(scene, Mention)) == (2, 2, 2)
    edited = reading(a_file([ABOUT[0], "Cllr Ellery, resign", *ABOUT[2:]]))
    assert imported(scene, edited) == Imported(new_versions=1)
    with store.reading(scene.council_id) as session:
        assert set(session.scalars(select(Post.origin))) == {Origin.CSV}
        details = session.scalars(select(AuditEntry.detail).where(AuditEntry.act == "imported a file")).all()
    assert details[0] == "2 new, 1 held already, 1 about nobody here, 0 not readable"


def matcher(scene: Larkford) -> Matcher:
    return build([Watched(councillor_id=scene.maud, name="Maud Ellery")])


def imported(scene: Larkford, rows: Rows, *, dry_run: bool = False) -> Imported:
    return import_rows(scene.store, scene.council_id, rows, matcher=matcher(scene), by=None, now=NOW, dry_run=dry_run)


def count(scene: Larkford, table: type) -> int:
    with scene.store.reading(scene.council_id) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0
