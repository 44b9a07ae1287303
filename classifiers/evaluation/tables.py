"""The report as tables of words, for a terminal and for a page alike. Computes no figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from classifiers.evaluation.sets import CIVIC_TITLES, PUBLIC_SETS
from classifiers.evaluation.targets import TARGETS, figure_of

Said = Mapping[str, Any]

_TITLES = {**CIVIC_TITLES, **{one.key: one.title for one in PUBLIC_SETS}}

_MEASURES = {
    "auc": "area under the curve, level 2 or more against 0 and 1",
    "flagged_lawful": "lawful and mild posts flagged",
    "missed_abusive": "level 2 or more missed",
    "missed_serious": "level 3 or more missed",
    "missed_critical": "level 4 missed",
    "critical_known": "level 4 known as level 4",
}

_SIDES = {
    "hatecheck": ("hateful", "non-hateful"),
    "hatemojicheck": ("hateful", "non-hateful"),
    "tweeteval_hate": ("hateful", "other"),
    "tweeteval_offensive": ("offensive", "other"),
    "edos": ("sexist", "other"),
}

PUBLISHED: tuple[tuple[str, str, str], ...] = (
    ("HateCheck", "Perspective 76.6 % right (hateful 89.5, non-hateful 48.2)", "Röttger et al. 2021"),
    ("HateCheck", "BERT trained on Davidson 63.2 %, on Founta 60.2 %", "Röttger et al. 2021"),
    (
        "TweetEval offensive",
        "macro-F1 0.795 RoBERTa-base, 0.822 the best, both trained on its own training set",
        "Barbieri et al. 2020 and its table of results",
    ),
    ("EDOS task A", "macro-F1 0.875, the best of the shared task", "Kirk et al. 2023"),
    ("US political tweets, 2020", "BERT, F1 0.53 on the abusive class", "published; not measured here"),
    ("UK members of parliament, closed data", "macro-F1 0.73", "published; not measured here"),
)
"""Figures of others, as published; none of them was computed by this project."""


FEW = 5
"""Rows of the corpus's many functions that rest on fewer posts than this are left to the JSON."""


@dataclass(frozen=True)
class Sheet:
    """One table: what it shows, a sentence on how to read it, and its words."""

    title: str
    note: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def headline(report: Said) -> list[Sheet]:
    """The short form, for the model card: points, judges, public sets, expected flags, fairness."""
    return [
        *targets(report),
        *points(report),
        *two_sided(report),
        *lawful(report),
        *judges(report),
        *calibration(report, bins=False),
        *expected(report),
        *fairness(report),
        published(),
    ]


def everything(report: Said) -> list[Sheet]:
    """All of it, for the page."""
    return [
        *targets(report),
        *points(report),
        *functions(report),
        *calibration(report, bins=True),
        *expected(report),
        *fairness(report),
        *two_sided(report),
        *public_functions(report),
        *lawful(report),
        *judges(report),
        published(),
    ]


def targets(report: Said) -> list[Sheet]:
    """What was aimed at, beside what our own judges reach."""
    first = report["judges"][0]
    check = report["civic"].get("civiccheck_dev", {}).get("points", {})
    ours = [one for one in report["judges"] if one["name"] == first["name"]]
    points_of = [check, *({one["point"]: one["civic"].get("civiccheck_dev")} for one in ours[1:])]
    rows = []
    for target in TARGETS:
        cells = []
        for one, points in zip(ours, points_of, strict=True):
            figure = figure_of(target, {**one, "points": points})
            met = "" if figure is None else "met" if target.met(figure) else "not met"
            cells.append("not measured" if figure is None else f"{figure:.4f}, {met}")
        rows.append((target.measure, f"{'at least' if target.at_least else 'at most'} {target.line:g}", *cells))
    note = "Shares and areas from 0 to 1. A target that is not met stays as it is."
    return [Sheet("Targets", note, ("measure", "target", *(one["backend"] for one in ours)), tuple(rows))]


def points(report: Said) -> list[Sheet]:
    """The operating points on each civic set."""
    sheets = []
    for key, block in report["civic"].items():
        at = block["points"]
        rows = [(words, *(_figure(at[point][name]) for point in at)) for name, words in _MEASURES.items()]
        posts = next(iter(at.values()))["posts"]
        sheets.append(
            Sheet(
                f"{_TITLES[key]}: {posts:,} posts",
                '"Flagged" is judged level 2 or more, "missed" is judged 0 or 1. In brackets the 95 % interval.',
                ("measure", *at),
                tuple(rows),
            )
        )
    return sheets


def functions(report: Said) -> list[Sheet]:
    """Per function, how many posts each operating point gets wrong."""
    sheets = []
    for key, block in report["civic"].items():
        at = tuple(block["points"])
        rows = [
            (
                row["function"],
                row["kind"],
                str(next(iter(row["wrong"].values()))["of"]),
                *(_some(row["wrong"][point]) for point in at),
            )
            for row in block["functions"]
            if key == "civiccheck_dev" or next(iter(row["wrong"].values()))["of"] >= FEW
        ]
        note = "How many posts each operating point gets wrong."
        if len(rows) < len(block["functions"]):
            note += f" Functions with fewer than {FEW} posts are in evaluation.json only."
        sheets.append(
            Sheet(f"{_TITLES[key]}, by function", note, ("function", "what went wrong", "posts", *at), tuple(rows))
        )
    return sheets


def calibration(report: Said, *, bins: bool) -> list[Sheet]:
    """The expected calibration error of `report`, and with `bins` the reliability tables."""
    words = {
        "before": "the network's plain sigmoid",
        "after": "the network, calibrated",
        "shown": "as shown, with what rules raise",
    }
    errors, sheets = [], []
    for key, block in report["civic"].items():
        for stage, said in block["calibration"].items():
            errors.append((_TITLES[key], words[stage], f"{said['error']:.3f}"))
        if bins:
            sheets.append(_reliability(key, block["calibration"], words))
    errors.sort(key=lambda row: list(words.values()).index(row[1]))
    errors.sort(key=lambda row: row[0])
    note = "The mean gap between the probability of a report and how often it came true (expected calibration error)."
    return [Sheet("Calibration", note, ("posts", "probability", "gap"), tuple(errors)), *sheets] if errors else []


def _reliability(key: str, said: Said, words: Mapping[str, str]) -> Sheet:
    stages = [stage for stage in words if stage in said]
    rows = []
    for at, first in enumerate(next(iter(said.values()))["bins"]):
        cells = []
        for stage in stages:
            one = said[stage]["bins"][at]
            cells.append(f"{one['said']:.2f}: {one['came_true']} of {one['posts']}" if one["posts"] else "none")
        rows.append((f"{first['low']:.1f} to {first['high']:.1f}", *cells))
    note = "In each tenth of the scale: the mean of what was said, and how many posts were abusive."
    headings = ("said", *(words[stage] for stage in stages))
    return Sheet(f"Reliability, {_TITLES[key]}", note, headings, tuple(rows))


def expected(report: Said) -> list[Sheet]:
    """Flags foretold per 1,000 posts."""
    rows = [
        (
            f"{100 * row['base_rate']:.0f} %",
            _TITLES[row["misses_as_on"]],
            _TITLES[row["false_flags_as_on"]],
            f"{row['flags']:.1f}",
            f"{row['verified']:.1f}",
            _percent(row["verified_share"]),
            f"{row['missed']:.1f}",
        )
        for row in report["expected"]
    ]
    note = "What 1,000 posts would give if so many of them were abusive and the errors were as on these sets."
    headings = ("abusive", "misses as on", "false flags as on", "flags", "of them verified", "share", "missed")
    return [Sheet("Expected flags per 1,000 posts", note, headings, tuple(rows))] if rows else []


def fairness(report: Said) -> list[Sheet]:
    """False flags and misses by who or what is named."""
    rows = [
        (row["kind"], row["name"], _figure(row["flagged_lawful"]), _figure(row["missed_abusive"]))
        for row in report["fairness"]
    ]
    note = (
        "Posts of both civic sets at this operating point, by the words of classifiers/evaluation/mentions.toml. Rough:"
        " words mean several things, groups are small, and a difference inside the intervals says nothing."
    )
    headings = ("by", "named", "lawful and mild flagged", "level 2 or more missed")
    return [Sheet("Errors by who is named", note, headings, tuple(rows))] if report["civic"] else []


def two_sided(report: Said) -> list[Sheet]:
    """The public sets that hold both kinds of text."""
    rows = []
    for key, (yes, no) in _SIDES.items():
        block = report["public"].get(key, {})
        for said in block.values():
            if isinstance(said, Mapping) and "reading" in said:
                sides = ((said["right_positive"], yes), (said["right_negative"], no))
                parts = ", ".join(f"{_percent(one['share'])} {side}" for one, side in sides)
                rows.append((_TITLES[key], said["reading"], _figure(said["right"]), parts, f"{said['macro_f1']:.3f}"))
    note = "The first reading of each set is the one to compare with others; the second is what a council would see."
    headings = ("set", "counted as positive when", "right", "of them", "macro-F1")
    return [Sheet("Public sets", note, headings, tuple(rows))] if rows else []


def public_functions(report: Said) -> list[Sheet]:
    """The functions of HateCheck and HatemojiCheck."""
    sheets = []
    for key, block in report["public"].items():
        if "functions" in block:
            yes, no = _SIDES[key]
            rows = [
                (row["function"], yes if row["positive"] else no, _figure(row["right"])) for row in block["functions"]
            ]
            note = "Texts read rightly by the first reading."
            sheets.append(Sheet(f"{_TITLES[key]}, by function", note, ("function", "kind", "right"), tuple(rows)))
    return sheets


def lawful(report: Said) -> list[Sheet]:
    """The sets where every flag is false, by source."""
    rows = []
    for key, block in report["public"].items():
        if "flagged" not in block:
            continue
        rows.append((_TITLES[key], "all", _figure(block["flagged"])))
        rows += [(_TITLES[key], source, _figure(said)) for source, said in block.get("sources", {}).items()]
        for kind, plural in (("name", "first names"), ("identity", "identities")):
            if kind in block:
                said = block[kind]
                ends = f"{_percent(said['least'])} to {_percent(said['greatest'])}"
                words = f"{_figure(said['flagged'])}; {ends}, spread {100 * said['spread']:.1f} points"
                rows.append((_TITLES[key], f"{said['groups']} {plural}", words))
    note = "Texts in which every flag is a false alarm: judged level 2 or more."
    return [Sheet("Lawful text", note, ("set", "part", "flagged"), tuple(rows))] if rows else []


def judges(report: Said) -> list[Sheet]:
    """This judge and its peers, the same measures on the same posts."""
    measured: Sequence[Said] = report["judges"]
    rows = []
    for key in report["civic"]:
        for name, words in _MEASURES.items():
            rows.append((_TITLES[key], words, *(_figure(one["civic"][key][name]) for one in measured)))
    for key in report["public"]:
        rows += [
            (_TITLES[key], words, *(pick(one["public"][key], path) for one in measured))
            for words, path in _rows_of(key)
        ]
    names = [f"{one['name']} ({one['backend']})" if one["name"] != one["backend"] else one["name"] for one in measured]
    note = "A judge that knows no kinds of abuse is asked its one question everywhere."
    return [Sheet("Judges side by side", note, ("set", "measure", *names), tuple(rows))]


def published() -> Sheet:
    """What others published, to stand beside."""
    note = "Figures of others as they published them, on their own splits and with their own lines."
    return Sheet("Published by others", note, ("set", "figure", "source"), PUBLISHED)


def pick(block: Said, path: str) -> str:
    """One figure of a public block by its path."""
    said: Any = block
    for step in path.split("."):
        said = said[step]
    return _figure(said)


def _rows_of(key: str) -> list[tuple[str, str]]:
    if key not in _SIDES:
        return [("flagged", "flagged")]
    reading = "insult_or_abuse" if key == "tweeteval_offensive" else "hate_head"
    if key.startswith("hate"):
        yes, no = _SIDES[key]
        return [
            ("right", f"{reading}.right"),
            (f"right, {yes}", f"{reading}.right_positive"),
            (f"right, {no}", f"{reading}.right_negative"),
        ]
    return [("macro-F1", f"{reading}.macro_f1")]


def _figure(said: Any) -> str:
    if said is None:
        return "not measurable"
    if isinstance(said, float):
        return f"{said:.3f}"
    if "area" in said:
        return f"{said['area']:.3f} ({said['low']:.3f} to {said['high']:.3f})"
    if not said["of"]:
        return "none"
    interval = f"{_percent(said['low'])} to {_percent(said['high'])}"
    return f"{said['some']} of {said['of']:,}, {_percent(said['share'])} ({interval})"


def _some(said: Said) -> str:
    return f"{said['some']} of {said['of']}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
