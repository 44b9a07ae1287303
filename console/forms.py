"""Reads what a person entered, with the message GOV.UK style asks for beside every field that is not right.

It checks shape only: what is allowed is decided by the room that acts on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

from starlette.datastructures import FormData, ImmutableMultiDict, QueryParams, UploadFile

from console.looks import UK_TIME
from records.vocabulary import Level, Word

Chosen = TypeVar("Chosen", bound=Word)

LARGEST_PICTURE = 5 * 1024 * 1024
"""Bytes of one screenshot."""
_PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})\s*([ap]m)?|(\d{1,2})\s*([ap]m)")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Answers:
    """One filled-in form. Reading a field notes what is wrong with it in `errors`, by field name and in page order."""

    def __init__(self, form: ImmutableMultiDict[str, UploadFile | str] | QueryParams | None = None) -> None:
        self._form = FormData() if form is None else form
        self.errors: dict[str, str] = {}
        self._proposed: dict[str, str] = {}

    def value(self, name: str) -> str:
        """What stands in a field, to show it again; "" for none. Never asked for passwords."""
        entered = self._form.get(name)
        return entered if isinstance(entered, str) else self._proposed.get(name, "")

    def values(self, name: str) -> list[str]:
        """Every ticked value of a field."""
        return [entered for entered in self._form.getlist(name) if isinstance(entered, str)] or self._proposed.get(
            name, ""
        ).split()

    def propose(self, **values: str) -> Answers:
        """What stands in fields nobody has filled in yet."""
        self._proposed.update(values)
        return self

    def wrong(self, name: str, why: str) -> None:
        """Note what is wrong with a field; the first thing said of it stays."""
        self.errors.setdefault(name, why)

    def anchor(self, name: str) -> str:
        """The id of the element to go to for a field: a date's first box."""
        return f"{name}-day" if f"{name}-day" in self._form else name

    def text(self, name: str, *, need: str = "", most: int = 200, lines: bool = False) -> str:
        """A line of text, or several. `need` is the message when it is empty; "" means that it may be."""
        entered = _printable(self.value(name), lines=lines).strip()
        if not entered and need:
            self.wrong(name, need)
        if len(entered) > most:
            self.wrong(name, f"Must be {most:,} characters or fewer")
        return entered

    def secret(self, name: str, *, need: str = "") -> str:
        """A password exactly as typed; never shown again."""
        entered = self._form.get(name)
        typed = entered if isinstance(entered, str) else ""
        if not typed and need:
            self.wrong(name, need)
        return typed

    def email(self, name: str) -> str:
        """An e-mail address, roughly checked."""
        entered = self.text(name, need="Enter an e-mail address", most=254)
        if entered and not _MAIL.fullmatch(entered):
            self.wrong(name, "Enter an e-mail address in the correct format, like name@example.gov.uk")
        return entered

    def choice(self, name: str, kind: type[Chosen], *, need: str) -> Chosen | None:
        """One word of a kind."""
        found = _word(kind, self.value(name))
        if found is None:
            self.wrong(name, need)
        return found

    def choices(self, name: str, kind: type[Chosen], *, need: str = "") -> frozenset[Chosen]:
        """Any number of words of a kind; what is not one of them is passed over."""
        found = frozenset(word for word in (_word(kind, value) for value in self.values(name)) if word is not None)
        if not found and need:
            self.wrong(name, need)
        return found

    def level(self, name: str, *, need: str = "") -> Level | None:
        """A level by its number."""
        entered = self.value(name).strip()
        if entered in {str(int(level)) for level in Level}:
            return Level(int(entered))
        if need or entered:
            self.wrong(name, need or "Choose a level from the list")
        return None

    def number(self, name: str) -> int | None:
        """A whole number of up to nine digits, such as an id chosen from a list; None for anything else."""
        entered = self.value(name).strip()
        return int(entered) if entered.isascii() and entered.isdecimal() and len(entered) < 10 else None

    def date(self, name: str, *, need: str) -> datetime | None:
        """Midnight, UK time, of a day given as three fields `name-day`, `-month` and `-year`."""
        parts = [self.text(f"{name}-{part}", most=4) for part in ("day", "month", "year")]
        if not any(parts):
            if need:
                self.wrong(name, need)
            return None
        if not all(part.isascii() and part.isdecimal() for part in parts):
            self.wrong(name, "Date must include a day, a month and a year in numbers, like 27 3 2027")
            return None
        try:
            return datetime(int(parts[2]), int(parts[1]), int(parts[0]), tzinfo=UK_TIME).astimezone(UTC)
        except (ValueError, OverflowError):
            self.wrong(name, "Enter a real date, like 27 3 2027")
            return None

    def moment(self, name: str, *, need: str, now: datetime) -> datetime | None:
        """A day and a `name-time` of it, UK time; never in the future, and not before this century."""
        start = self.date(name, need=need)
        if start is None:
            return None
        clock = _CLOCK.fullmatch(self.text(f"{name}-time", most=10).lower() or "12:00")
        at = None if clock is None else _at(start, clock)
        if at is None:
            self.wrong(f"{name}-time", "Enter a time, like 2:30pm or 14:30")
            return None
        if at > now:
            self.wrong(name, "Date and time must be in the past")
        elif at.year < 2000:
            self.wrong(name, "Date must be after 2000")
        return at

    def picture(self, name: str) -> tuple[bytes, str] | None:
        """A PNG or JPEG picture and its media type, told by its first bytes and not by its name; None if none."""
        upload = self._form.get(name)
        if not isinstance(upload, UploadFile) or not upload.filename:
            return None
        content = upload.file.read(LARGEST_PICTURE + 1)
        if len(content) > LARGEST_PICTURE:
            self.wrong(name, "The screenshot must be smaller than 5MB")
            return None
        media_type = next((kind for start, kind in _PICTURES if content.startswith(start)), None)
        if media_type is None:
            self.wrong(name, "The screenshot must be a PNG or JPEG file")
            return None
        return content, media_type


def _printable(text: str, *, lines: bool) -> str:
    kept = "\n\t" if lines else ""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        letter if letter in kept or (letter >= " " and letter != "\x7f") else " "
        for letter in text.encode("utf-8", "replace").decode("utf-8")
    )


def _word(kind: type[Chosen], value: str) -> Chosen | None:
    try:
        return kind(value)
    except ValueError:
        return None


def _at(start: datetime, clock: re.Match[str]) -> datetime | None:
    hour, minute, half = int(clock[1] or clock[4]), int(clock[2] or 0), clock[3] or clock[5]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:
        return None
    return start.astimezone(UK_TIME).replace(hour=hour, minute=minute).astimezone(UTC)


def lines_of(text: str) -> list[str]:
    """The filled lines of a text area."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def options(words: Iterable[Word], *, ticked: Iterable[str] = ()) -> list[dict[str, object]]:
    """Words as the items of a GOV.UK radio, checkbox or select component."""
    chosen = set(ticked)
    return [
        {
            "value": word.value,
            "text": word.meaning,
            "checked": word.value in chosen,
            "selected": word.value in chosen,
        }
        for word in words
    ]
