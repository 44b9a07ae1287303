"""Whether figures measured now are the committed ones. Measures nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SLACK = 0.01
"""Shares, areas and gaps may differ by this: a processor rounds sums of its own, and a post on the line then tips."""

SLACK_POSTS = 2
"""Counts may differ by this many posts, or by `SLACK` of the posts counted where that is more."""


_FOLLOWS = frozenset({"share", "low", "high"})
"""What follows from the counts beside it."""

_COARSE = frozenset({"least", "greatest", "spread", "bins"})
"""Shares of a few posts, where one post on the line moves much: named when they differ, never held to be wrong."""

_NOT_COMPARED = frozenset({"left_out", "quick", "expected"})
"""`expected` follows from the rates, which are compared."""


@dataclass(frozen=True)
class Difference:
    """One figure that is not the committed one; `beyond` where rounding cannot explain it."""

    figure: str
    committed: object
    measured: object
    beyond: bool


def differences(committed: Mapping[str, Any], measured: Mapping[str, Any]) -> list[Difference]:
    """Every figure that differs, among the sets and judges that were measured now; the others cannot be compared."""
    absent = set(committed["sets"]) - set(measured["sets"])
    judges = {one["backend"]: one for one in measured["judges"]}
    known = {
        **committed,
        "judges": {one["backend"]: one for one in committed["judges"] if one["backend"] in judges},
    }
    now = {**measured, "judges": {backend: one for backend, one in judges.items() if backend in known["judges"]}}
    if absent & set(committed["civic"]):
        known.pop("fairness", None)
        now.pop("fairness", None)
    return [
        one
        for one in _compare(known, now, path=())
        if one.figure.split(".")[0] not in _NOT_COMPARED and not absent & set(one.figure.split("."))
    ]


def _compare(committed: Any, measured: Any, *, path: Sequence[str]) -> Iterator[Difference]:
    if isinstance(committed, Mapping) and isinstance(measured, Mapping):
        of = committed.get("of") or committed.get("posts")
        follows = _FOLLOWS if "some" in committed else frozenset()
        for name in [one for one in dict.fromkeys([*committed, *measured]) if one not in follows]:
            here = [*path, str(name)]
            if name in committed and name in measured:
                yield from _compare_one(committed[name], measured[name], path=here, of=of)
            else:
                yield Difference(".".join(here), committed.get(name), measured.get(name), beyond=True)
    else:
        yield from _compare_one(committed, measured, path=path, of=None)


def _compare_one(committed: Any, measured: Any, *, path: Sequence[str], of: Any) -> Iterator[Difference]:
    if isinstance(committed, Mapping) and isinstance(measured, Mapping):
        yield from _compare(committed, measured, path=path)
    elif isinstance(committed, list) and isinstance(measured, list) and len(committed) == len(measured):
        for at, (one, other) in enumerate(zip(committed, measured, strict=True)):
            yield from _compare(one, other, path=[*path, _name(one, at)])
    elif committed != measured:
        yield Difference(
            ".".join(path), committed, measured, beyond=not (_COARSE & set(path) or _rounding(committed, measured, of))
        )


def _rounding(committed: Any, measured: Any, of: Any) -> bool:
    both = (committed, measured)
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in both):
        return False
    gap = abs(committed - measured)
    if any(isinstance(one, float) for one in both):
        return bool(gap <= SLACK)
    return bool(gap <= max(SLACK_POSTS, SLACK * float(of or 0)))


def _name(one: Any, at: int) -> str:
    if isinstance(one, Mapping):
        words = [str(one[name]) for name in ("function", "kind", "name") if one.get(name)]
        return " ".join(words) or str(at)
    return str(at)
