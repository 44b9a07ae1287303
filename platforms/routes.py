"""Reads how abuse is reported on one platform from its TOML document, with a council's overlay on top.

It checks every key and word, names the file and the key of a fault, and never opens a file or the network itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from platforms.shape import Category, Promise, ReportRoute, TextLimit, Unit
from records.vocabulary import Harm, RouteKind

Table = dict[str, Any]
Choice = TypeVar("Choice", bound=StrEnum)

_TEXTS = ("policy_url", "uk_law_form", "source")
_LISTS = ("steps", "asks_for")
_KEYS = (
    *("platform", "kind", *_TEXTS, *_LISTS, "posts_per_report"),
    *("checked_on", "verified", "limits", "categories", "unmapped", "promises"),
)
_CATEGORY_TEXTS = ("label", "rule")
_CATEGORY_MAY_BE_EMPTY = ("token", "rule_url", "form_url")
_LIMIT_KEYS = ("length", "unit")
_PROMISE_KEYS = ("harms", "hours", "by", "source")


class RouteError(ValueError):
    """A route document cannot be used: `where` names the file, `key` the place in it, `why` what to change."""

    def __init__(self, where: str, key: str, why: str) -> None:
        super().__init__(f"{where}: {key}: {why}" if key else f"{where}: {why}")
        self.where = where
        self.key = key
        self.why = why


def read(document: bytes, *, where: str, overlay: bytes | None = None, overlay_where: str = "") -> ReportRoute:
    """The route that `document` (UTF-8 TOML) describes; `where` is its name for people, usually its path.

    `overlay` is a council's own document: any of the same keys; a category's keys are laid over one by one, a list
    replaces the list, and a harm mapped in the overlay is no longer unmapped (and the other way round).
    Raises RouteError naming the document, the key and what is wrong with it.
    """
    shipped = _parsed(document, where)
    route = _route(shipped, where)
    if overlay is None:
        return route
    upper = overlay_where or f"the council's overlay of {where}"
    changes = _parsed(overlay, upper)
    _check_changes(changes, upper, shipped=route)
    return _route(_laid_over(shipped, changes), upper)


def _parsed(document: bytes, where: str) -> Table:
    try:
        return tomllib.loads(document.decode("utf-8"))
    except UnicodeDecodeError as fault:
        raise RouteError(where, "", f"not UTF-8 text (byte {fault.start})") from None
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise RouteError(where, "", f"not TOML: {fault}") from None


def _check_changes(changes: Table, where: str, *, shipped: ReportRoute) -> None:
    _only(changes, _KEYS, where, at="")
    if changes.get("platform", shipped.platform) != shipped.platform:
        raise RouteError(where, "platform", f'this overlay belongs to "{shipped.platform}"')
    if changes.get("kind", shipped.kind) == RouteKind.API and shipped.kind is RouteKind.FORM:
        raise RouteError(where, "kind", "this product cannot send to this platform by itself; only a person can")
    for name in ("categories", "unmapped"):
        _table(changes.get(name, {}), where, at=name)
    for harm, category in changes.get("categories", {}).items():
        _only(_table(category, where, at=f"categories.{harm}"), _category_keys(), where, at=f"categories.{harm}")


def _laid_over(shipped: Table, changes: Table) -> Table:
    both = {**shipped, **changes}
    newly_mapped, newly_unmapped = changes.get("categories", {}), changes.get("unmapped", {})
    mapped, unmapped = shipped.get("categories", {}), shipped.get("unmapped", {})
    both["categories"] = {harm: value for harm, value in mapped.items() if harm not in newly_unmapped}
    for harm, category in newly_mapped.items():
        both["categories"][harm] = {**mapped.get(harm, {}), **category}
    both["unmapped"] = {harm: why for harm, why in unmapped.items() if harm not in newly_mapped} | newly_unmapped
    return both


def _route(table: Table, where: str) -> ReportRoute:
    _only(table, _KEYS, where, at="")
    categories = _categories(table, where)
    unmapped = _unmapped(table, where)
    _check_every_harm(categories, unmapped, where)
    return ReportRoute(
        platform=_text(table, "platform", where),
        kind=_choice(RouteKind, _text(table, "kind", where), where, at="kind"),
        categories=categories,
        unmapped=unmapped,
        limits=_limits(table, where),
        posts_per_report=_count(table, "posts_per_report", where),
        steps=_texts(table, "steps", where),
        asks_for=_texts(table, "asks_for", where),
        policy_url=_address(table, "policy_url", where),
        uk_law_form=_address(table, "uk_law_form", where),
        checked_on=_day(table, "checked_on", where),
        verified=_flag(table, "verified", where),
        source=_text(table, "source", where),
        promises=_promises(table, where),
    )


def _promises(table: Table, where: str) -> tuple[Promise, ...]:
    found = []
    for number, value in enumerate(_list(table, "promises", where) if "promises" in table else [], start=1):
        at = f"promises[{number}]"
        entry = _table(value, where, at=at)
        _only(entry, _PROMISE_KEYS, where, at=at)
        harms = tuple(_choice(Harm, harm, where, at=f"{at}.harms") for harm in _texts(entry, "harms", where))
        hours = timedelta(hours=_count(entry, "hours", where, at=at))
        by, source = (_text(entry, key, where, at=at) for key in ("by", "source"))
        found.append(Promise(harms=harms, within=hours, by=by, source=source))
    return tuple(found)


def _categories(table: Table, where: str) -> Mapping[Harm, Category]:
    found: dict[Harm, Category] = {}
    for word, value in _table(table.get("categories", {}), where, at="categories").items():
        at = f"categories.{word}"
        harm = _choice(Harm, word, where, at=at)
        entry = _table(value, where, at=at)
        _only(entry, _category_keys(), where, at=at)
        found[harm] = Category(
            harm=harm,
            label=_text(entry, "label", where, at=at),
            token=_text(entry, "token", where, at=at, empty=True),
            rule=_text(entry, "rule", where, at=at),
            rule_url=_address(entry, "rule_url", where, at=at),
            form_url=_address(entry, "form_url", where, at=at),
        )
    return MappingProxyType(found)


def _unmapped(table: Table, where: str) -> Mapping[Harm, str]:
    reasons = _table(table.get("unmapped", {}), where, at="unmapped")
    return MappingProxyType(
        {
            _choice(Harm, word, where, at=f"unmapped.{word}"): _text(reasons, word, where, at="unmapped")
            for word in reasons
        }
    )


def _check_every_harm(categories: Mapping[Harm, Category], unmapped: Mapping[Harm, str], where: str) -> None:
    for harm in Harm:
        if harm in categories and harm in unmapped:
            raise RouteError(where, f"unmapped.{harm}", "is mapped under categories as well; keep one of the two")
        if harm not in categories and harm not in unmapped:
            raise RouteError(where, f"categories.{harm}", "missing; map it, or say why not under [unmapped]")


def _limits(table: Table, where: str) -> tuple[TextLimit, ...]:
    limits = _list(table, "limits", where)
    found = []
    for number, value in enumerate(limits, start=1):
        at = f"limits[{number}]"
        entry = _table(value, where, at=at)
        _only(entry, _LIMIT_KEYS, where, at=at)
        unit = _choice(Unit, _text(entry, "unit", where, at=at), where, at=f"{at}.unit")
        found.append(TextLimit(length=_count(entry, "length", where, at=at), unit=unit))
    return tuple(found)


def _category_keys() -> tuple[str, ...]:
    return (*_CATEGORY_TEXTS, *_CATEGORY_MAY_BE_EMPTY)


def _only(table: Table, allowed: tuple[str, ...], where: str, *, at: str) -> None:
    for key in table:
        if key not in allowed:
            near = get_close_matches(key, allowed, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else f"; the keys here are {', '.join(allowed)}"
            raise RouteError(where, _path(at, key), f"no such key{hint}")


def _choice(words: type[Choice], word: str, where: str, *, at: str) -> Choice:
    try:
        return words(word)
    except ValueError:
        every = [each.value for each in words]
        near = get_close_matches(word, every, n=1)
        hint = f'did you mean "{near[0]}"?' if near else f"use one of {', '.join(every)}"
        raise RouteError(where, at, f'"{word}" is not known; {hint}') from None


def _table(value: object, where: str, *, at: str) -> Table:
    if isinstance(value, dict):
        return value
    raise RouteError(where, at, "must be a table")


def _list(table: Table, key: str, where: str) -> list[Any]:
    value = table.get(key)
    if isinstance(value, list):
        return value
    raise RouteError(where, key, "missing" if value is None else "must be a list")


def _texts(table: Table, key: str, where: str) -> tuple[str, ...]:
    values = _list(table, key, where)
    for number, value in enumerate(values, start=1):
        if not isinstance(value, str) or not value.strip():
            raise RouteError(where, f"{key}[{number}]", "must be a sentence in quotation marks")
    return tuple(values)


def _text(table: Table, key: str, where: str, *, at: str = "", empty: bool = False) -> str:
    value = table.get(key, "" if empty else None)
    if isinstance(value, str) and (empty or value.strip()):
        return value
    raise RouteError(where, _path(at, key), "missing" if value is None else "must be text in quotation marks")


def _address(table: Table, key: str, where: str, *, at: str = "") -> str:
    value = _text(table, key, where, at=at, empty=True)
    if value and not (value.startswith("https://") and value.isprintable() and " " not in value):
        raise RouteError(where, _path(at, key), "must be an address beginning with https://, or empty")
    return value


def _count(table: Table, key: str, where: str, *, at: str = "") -> int:
    value = table.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise RouteError(where, _path(at, key), "missing" if value is None else "must be a whole number, 1 or more")


def _flag(table: Table, key: str, where: str) -> bool:
    value = table.get(key)
    if isinstance(value, bool):
        return value
    raise RouteError(where, key, "missing" if value is None else "must be true or false")


def _day(table: Table, key: str, where: str) -> date:
    value = table.get(key)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise RouteError(where, key, "missing" if value is None else "must be a day such as 2026-11-22, without quotes")


def _path(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key
