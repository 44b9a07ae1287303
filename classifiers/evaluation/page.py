"""The report as pages: evaluation.md, and the figures inside the model card. Computes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from classifiers.evaluation.tables import Said, Sheet, everything, headline

JSON_NAME, PAGE_NAME, CARD_NAME = "evaluation.json", "evaluation.md", "model.md"

BEGIN = "<!-- figures: written by the command below, never by hand -->"
END = "<!-- end of figures -->"


def write(report: Said, folder: Path) -> list[Path]:
    """Write evaluation.json and evaluation.md, and renew the model card where the folder holds one with the marks."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / JSON_NAME, folder / PAGE_NAME]
    written[0].write_text(as_json(report), encoding="utf-8")
    written[1].write_text(page(report), encoding="utf-8")
    card = folder / CARD_NAME
    if card.is_file() and {BEGIN, END} <= set((before := card.read_text(encoding="utf-8")).splitlines()):
        card.write_text(renewed(before, report), encoding="utf-8")
        written.append(card)
    return written


def as_json(report: Said) -> str:
    """The report as it is committed."""
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def page(report: Said) -> str:
    """The whole report as a page."""
    model = report["model"]
    opening = [
        "# Evaluation",
        "",
        f"`{model['name']}`, version `{model['version']}`, back-end `{model['backend']}`, point `{model['point']}`."
        " Every figure on this page comes from one command, which also wrote the page; see [the model card](model.md)"
        " for what the model is for and what it is not for.",
        "",
        f"    {command_of(report)}",
        "",
        "With `--check` the command compares what it measures with the committed figures and names those that differ.",
        "",
        "## Sets",
        "",
        *_markdown(("set", "posts", "digest of the file"), _sets(report)),
        "",
    ]
    if report["left_out"]:
        opening += ["Not measured:", ""]
        opening += [f"- {key}: {why}." for key, why in report["left_out"].items()] + [""]
    return "\n".join(opening) + "".join(_section(sheet, level=2) for sheet in everything(report))


def renewed(card: str, report: Said) -> str:
    """The card with its figures written anew between the marks. Raises ValueError where a mark is missing."""
    before, mark, rest = card.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (mark and end):
        raise ValueError("the model card lacks the marks between which figures are written")
    return f"{before}{BEGIN}\n\n{card_figures(report)}{END}{after}"


def card_figures(report: Said) -> str:
    """What stands between the marks: the command beside every table."""
    model = report["model"]
    opening = f"`{model['name']}`, version `{model['version']}`, back-end `{model['backend']}`.\n\n"
    command = command_of(report)
    return opening + "".join(_section(sheet, level=3, command=command) for sheet in headline(report))


def command_of(report: Said) -> str:
    """The command that gives these figures."""
    model = report["model"]
    named = "--sources DIR " if any(key in report["sets"] for key in report["public"]) else ""
    point = f"--point {model['point']} " if model["point"] in ("cautious", "quiet") else ""
    return f"python -m wardkeeper evaluate --model {model['backend']} {point}{named}--output docs"


def _sets(report: Said) -> list[tuple[str, ...]]:
    return [(key, f"{said['posts']:,}", said["digest"]) for key, said in report["sets"].items()]


def _section(sheet: Sheet, *, level: int, command: str = "") -> str:
    from_command = () if not command or sheet.title.startswith("Published") else (f"Command: `{command}`", "")
    lines = ["#" * level + f" {sheet.title}", "", sheet.note, "", *from_command]
    return "\n".join([*lines, *_markdown(sheet.headings, sheet.rows), "", ""])


def _markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return [line(headings), "|" + "---|" * len(headings), *(line(row) for row in rows)]


def committed(folder: Path) -> Mapping[str, object] | None:
    """The report that stands in a folder; None where there is none."""
    file = folder / JSON_NAME
    if not file.is_file():
        return None
    said: Mapping[str, object] = json.loads(file.read_text(encoding="utf-8"))
    return said
