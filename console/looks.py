"""How pages look: the templates' environment, times and words as the council writes them. No data, no rules."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader

from console.sayings import SAID
from records.people import Account
from records.vocabulary import Level

ROOM = Path(__file__).parent
LEVEL_COLOURS = {
    Level.LAWFUL: "green",
    Level.UNCIVIL: "grey",
    Level.ABUSIVE: "yellow",
    Level.SERIOUS: "orange",
    Level.CRITICAL: "red",
}
"""The tag's colour; the words beside it say the same."""


def _uk() -> tzinfo:
    try:
        return ZoneInfo("Europe/London")
    except ZoneInfoNotFoundError:
        return UTC


UK_TIME = _uk()
"""People read and write UK time; where the machine has no time zone data it is UTC, and says so."""


def when(moment: datetime | None) -> str:
    """A moment as GOV.UK writes it, in UK time, such as "5:24pm on 22 November 2026"; "" for none."""
    if moment is None:
        return ""
    there = moment.astimezone(UK_TIME)
    hour = there.hour % 12 or 12
    half = "am" if there.hour < 12 else "pm"
    zone = " UTC" if UK_TIME is UTC else ""
    return f"{hour}:{there.minute:02d}{half}{zone} on {day(moment)}"


def day(moment: datetime | None) -> str:
    """A day in UK time, such as "22 November 2026"; "" for none."""
    if moment is None:
        return ""
    there = moment.astimezone(UK_TIME)
    return f"{there.day} {there:%B %Y}"


def ago(moment: datetime | None, now: datetime) -> str:
    """How long before or after `now`, roughly: "5 minutes ago", "in 2 hours", "never"."""
    if moment is None:
        return "never"
    seconds = int((now - moment).total_seconds())
    size, name = next(
        (size, name)
        for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (0, "second"))
        if abs(seconds) >= size
    )
    if size == 0:
        return "just now" if seconds >= 0 else "in less than a minute"
    number = abs(seconds) // size
    length = f"{number} {name}{'' if number == 1 else 's'}"
    return f"{length} ago" if seconds > 0 else f"in {length}"


def sentence(text: str) -> str:
    """The same words, beginning with a capital."""
    return text[:1].upper() + text[1:]


def level_name(level: Level) -> str:
    """The level in words, such as "Level 4: critical"."""
    return f"Level {int(level)}: {level.name.lower()}"


def is_web(address: object) -> bool:
    """True for a plain web address: nothing else ever becomes a link."""
    return isinstance(address, str) and address.startswith(("https://", "http://"))


def templates() -> Environment:
    """The environment all pages are made with; everything is escaped unless a template says it is markup."""
    env = Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader(ROOM / "templates"),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=True,
        # The GOV.UK macros ask for parameters that were not given.
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.filters |= {"when": when, "day": day, "ago": ago, "sentence": sentence, "level_name": level_name}
    env.tests |= {"in_force_at": Account.in_force, "is_web": is_web}
    env.globals |= {"level_colours": LEVEL_COLOURS, "sayings": SAID}
    return env
