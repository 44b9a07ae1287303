"""From the bytes of a CSV file to records with line numbers, whatever tool wrote it. Knows nothing of posts."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

LARGEST_FILE = 50 * 1024 * 1024
"""Bytes of one file."""
DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}
"""What may stand between two cells, and how it is called."""

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_NOT_TEXT = ((b"PK\x03\x04", "a spreadsheet"), (b"\xd0\xcf\x11\xe0", "a spreadsheet"), (b"%PDF", "a PDF"))
_SAYS_DELIMITER = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)
_MOST_AGAIN = 20
_DISORDER = "quotation marks are out of order"

# One cell may be a whole absurd post; the file's own limit bounds it. The module's default would end the reading.
csv.field_size_limit(LARGEST_FILE)


class CannotRead(Exception):
    """The file as a whole cannot be read; says what was found and what was expected, never what stands in it."""


def decoded(content: bytes, encoding: str | None = None) -> tuple[str, str]:
    """The text and its encoding: as given, by its byte order mark, else UTF-8.

    Bytes that are not of that encoding come back as lone surrogates, so that the row they stand in can be named.
    Raises CannotRead.
    """
    if not content.strip():
        raise CannotRead("The file is empty.")
    if len(content) > LARGEST_FILE:
        raise CannotRead(f"The file is larger than {LARGEST_FILE // 1024 // 1024} MB; split it.")
    for start, what in _NOT_TEXT:
        if content.startswith(start):
            raise CannotRead(f"This is {what}, not a CSV file; save it as CSV (UTF-8).")
    for mark, found in _MARKS:
        if content.startswith(mark):
            content, encoding = content[len(mark) :], encoding or found
            break
    if encoding is None and content.count(0) > len(content) // 4:
        raise CannotRead("This looks like UTF-16 without its mark; save it as UTF-8 or name the encoding.")
    name = encoding or "utf-8"
    try:
        return content.decode(name, "replace" if "16" in name or "32" in name else "surrogateescape"), name
    except LookupError:
        raise CannotRead(f'"{name}" is not an encoding; expected such as utf-8 or windows-1252.') from None


def said_delimiter(text: str) -> tuple[str | None, str]:
    """The delimiter a spreadsheet wrote on a line of its own, and the text with that line empty."""
    found = _SAYS_DELIMITER.match(text)
    return (None, text) if found is None else (found[1], "\n" + text[found.end() :])


def records(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each record with the number of its first line; in place of cells, a sentence on what is wrong with it.

    Raises CannotRead when quotation marks are never closed again and again.
    """
    lines = list(io.StringIO(text, newline=""))
    begin = again = 0
    while begin < len(lines):
        reader = csv.reader(islice(lines, begin, None), delimiter=delimiter, strict=True)
        first = begin
        try:
            for cells in reader:
                yield first + 1, cells
                first = begin + reader.line_num
            return
        except csv.Error as wrong:
            end = begin + reader.line_num
            at_end = "end of data" in str(wrong)
            if at_end or (end > first + 1 and again < _MOST_AGAIN):
                # One stray mark has swallowed good lines: read on from the line after the one it stands in.
                again += 1
                if again > _MOST_AGAIN:
                    raise CannotRead(f"Line {first + 1}: quotation marks are out of order from here on.") from None
                what = "a quotation mark is opened here and never closed" if at_end else _DISORDER
                yield first + 1, what
                begin = first + 1
            else:
                left_out = f"; lines {first + 1} to {end} were left out" if end > first + 1 else ""
                yield first + 1, f"{_DISORDER}{left_out}"
                begin = end
