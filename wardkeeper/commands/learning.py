"""Learning from people by command: agreement, drift, what is missed, and the council's consent to train."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from monitor import agreement, annotating, drift, recall
from monitor.annotating import Annotation, Batch, least_sure
from monitor.estimating import Share
from records import audit, consents
from records.people import Person
from records.shadows import sitting
from takedown import learning as deciding
from wardkeeper.commands.trying import in_words, seated
from wardkeeper.terminal import (
    As,
    AsJson,
    Exit,
    Reason,
    Token,
    council_of,
    desk,
    listing,
    now,
    opened,
    plain,
    print_json,
    print_line,
    said,
    stop,
)

learning = typer.Typer(
    help="What people's decisions say about the judge, and the council's consent to train.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Add this family's commands to the root."""
    app.add_typer(learning, name="learning")


@learning.command("show")
def show(
    weeks: Annotated[int, typer.Option(min=1, max=520, help="How many weeks back.")] = agreement.WEEKS,
    as_json: AsJson = False,
) -> None:
    """Agreement by week and model version, drift of the scores, and what is missed by estimate: the page's figures."""
    with opened() as parts, parts.store.reading(council_of(parts).id) as session:
        by_week = [_week(one) for one in agreement.weeks(session, now=now(), count=weeks)]
        drifts = [_drift(one) for one in drift.drifts(session, now=now(), count=weeks)]
        recalls = [asdict(one) for one in recall.recalls(session)]
        judges = seated(sitting(session))
        consent = consents.in_force(session)
    consented = consent.given_at if consent else None
    if as_json:
        print_json({**judges, "weeks": by_week, "drift": drifts, "recall": recalls, "training_consent": consented})
        return
    listing([_flat(one) for one in by_week], as_json=False, empty="Nothing has been flagged yet.")
    for one in drifts:
        where = one["platform"] or "all platforms"
        print_line(f"Scores, {one['begins']:%Y-%m-%d}, {where}, {one['model_version']}: {one['words']}.")
    for found in recall_lines(recalls):
        print_line(found)
    said("Decisions may be used to train." if consented else "Decisions are not used to train: nobody has consented.")


def recall_lines(recalls: Sequence[Mapping[str, object]]) -> list[str]:
    """Each estimate in a sentence."""
    return [
        f"{one['model']} {one['model_version']}: of {one['drawn']} sampled posts {one['answered']} are answered; "
        + (
            f"people were shown an estimated {one['recall']:.0%} of all posts of level 2 or more "
            f"(most likely between {one['low']:.0%} and {one['high']:.0%})."
            if one["recall"] is not None
            else "that is too little to say what is missed."
        )
        for one in recalls
    ]


def _week(one: agreement.Week) -> dict[str, object]:
    tally = one.tally
    return {
        "begins": one.begins,
        "model": one.model,
        "model_version": one.model_version,
        "judged": one.judged,
        **asdict(tally),
        "waiting": tally.waiting,
        "agreement": asdict(tally.agreement),
    }


def _flat(week: Mapping[str, object]) -> dict[str, object]:
    share = week["agreement"]
    assert isinstance(share, dict)
    return {**week, "agreement": in_words(Share(**share))}


def _drift(one: drift.Drift) -> dict[str, object]:
    return {**asdict(one), "words": one.words}


@learning.command("next")
def next_to_decide(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20, as_json: AsJson = False
) -> None:
    """Open incidents of which the judge is least sure: deciding these teaches most."""
    with opened() as parts, parts.store.reading(council_of(parts).id) as session:
        rows = [
            {"id": number, "level": one.level, "report": one.report, "model_version": one.model_version}
            for number, one in least_sure(session, limit=limit).items()
        ]
    listing(rows, as_json=as_json, empty="No open incident is left to decide.")


@learning.command("consent")
def consent(email: As = "", token: Token = "", reason: Reason = "") -> None:
    """Say that the council lets its decisions be used to train; --reason says who decided so, and when.

    The monitoring officer or the data protection officer says it. Off until then; taken back with learning withdraw.
    """
    with opened() as parts:
        deciding.consent(desk(parts, email=email, token=token), reason=reason)
        said("Noted. Held decisions may now be exported: wardkeeper export annotations --output FILE")


@learning.command("withdraw")
def withdraw(email: As = "", token: Token = "") -> None:
    """Take the consent to training back: nothing more is exported. The audit log says what left before."""
    with opened() as parts:
        deciding.withdraw_consent(desk(parts, email=email, token=token))
        said("Withdrawn. Whoever holds earlier exports has to delete them; the audit log lists those.")


def export_annotations(*, target: str, undecided: int, email: str, token: str) -> None:
    """Write annotations as lines of JSON, without names and addresses; leaves with code 5 without a consent.

    `undecided`: instead so many open posts of which the judge is least sure, for people to annotate.
    """
    with opened() as parts:
        council_id = council_of(parts).id
        person_id = desk(parts, email=email, token=token).person_id if email else None
        with parts.store.writing(council_id) as session:
            if consents.in_force(session) is None:
                stop(
                    "Nothing is exported: the council has not consented to its decisions being used to train. The "
                    "monitoring officer or the data protection officer says so: wardkeeper learning consent",
                    code=Exit.NO_CONSENT,
                )
            vault = parts.store.vault
            if undecided:
                batch = annotating.unsure(session, vault, limit=undecided)
            else:
                batch = annotating.decided(session, vault)
            by = session.get(Person, person_id) if person_id else None
            detail = (
                f"{len(batch.annotations)} {'undecided ' if undecided else ''}texts without names; {_left_out(batch)}"
            )
            act = "exported annotations"
            audit.record(session, council_id, at=now(), by=by, act=act, subject="export", detail=detail)
            # Within the transaction: if the file cannot be written, the log does not say that it was.
            _write(target, batch.annotations)
    said(f"{len(batch.annotations)} annotations written; {_left_out(batch)}.")
    said("Read them before you hand them on: a person can be known by more than a name.")


def _left_out(batch: Batch) -> str:
    if not batch.left_out:
        return "none left out"
    reasons = ", ".join(f"{count} because {why}" for why, count in sorted(batch.left_out.items()))
    return f"{sum(batch.left_out.values())} left out: {reasons}"


def _write(target: str, annotations: Sequence[Annotation]) -> None:
    lines = "".join(json.dumps(plain(asdict(one)), ensure_ascii=False) + "\n" for one in annotations)
    content = lines.encode("utf-8", "replace")
    if target in ("", "-"):
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as wrong:
        stop(f"{target} cannot be written: {wrong.strerror}. Nothing was exported.", code=Exit.CANNOT)
