"""Sends an approved report about a video to YouTube, and reads the reasons YouTube takes.

It sends once and never again by itself. Comments and channels have no such interface: those go by the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from platforms.reading import identifier, table, tables, words
from platforms.shape import Access, Receipt, Report, ServerRule
from platforms.youtube.addressing import is_video
from platforms.youtube.quota import REPORT, Clock, Purse
from platforms.youtube.talking import Line
from wire.errors import Changed, Refused, SignInNeeded, TryLater
from wire.http import Wire

FORM = "form"
"""The category word for what YouTube takes only on a form of its own."""
LONGEST = 500
"""Characters of text in YouTube's own dialogue; the interface names no limit."""
HISTORY = "https://www.youtube.com/reporthistory"


@dataclass(frozen=True)
class Reason:
    """One reason YouTube takes a report for, with the narrower one where there is one."""

    reason_id: str
    narrower_id: str
    label: str
    narrower: str

    @property
    def rule_id(self) -> str:
        """How a person's choice names it."""
        return f"{self.reason_id}/{self.narrower_id}" if self.narrower_id else self.reason_id

    @property
    def text(self) -> str:
        """The label as people read it."""
        return f"{self.label}: {self.narrower}" if self.narrower else self.label


def report(wire: Wire, access: Access, approved: Report, *, purse: Purse, clock: Clock) -> Receipt:
    """Report one video. `category` holds words to look for among YouTube's reasons, apart by "|"; a reason that a
    person chose (`rule_ids`) goes first.

    Raises Refused before anything is sent when the report does not fit; Refused(use_form=True) for a comment and for
    what YouTube takes on a form only; SignInNeeded; TryLater, whose `maybe_received` says that it may have arrived.
    """
    video = _check(approved)
    line = Line(wire, access, purse, clock=clock)
    if line.secret is None:
        raise SignInNeeded("No account to report from is connected to YouTube: connect the council's account.")
    reasons = _reasons(line)
    reason = _chosen(reasons, approved.rule_ids[0]) if approved.rule_ids else _likeliest(reasons, approved.category)
    body = {"videoId": video, "reasonId": reason.reason_id, "comments": approved.text, "language": "en"}
    if reason.narrower_id:
        body["secondaryReasonId"] = reason.narrower_id
    try:
        answer = line.post("videos/reportAbuse", body, cost=REPORT)
    except Refused as problem:
        raise _in_words(problem) from None
    except Changed as problem:
        raise TryLater(f"{problem.why} Look at {HISTORY} before sending again.", maybe_received=True) from None
    if answer.status != 204:
        why = f"{urlsplit(answer.url).netloc} took the report but gave no receipt: look at {HISTORY}."
        raise TryLater(why, maybe_received=True)
    note = f"YouTube gives no number. The account that reported finds the report at {HISTORY}."
    return Receipt(reference="", stored_as=reason.text, session=line.to_keep(), note=note)


def rules(wire: Wire, access: Access, *, purse: Purse, clock: Clock) -> tuple[ServerRule, ...]:
    """The reasons that YouTube takes a video's report for today. Raises the four errors."""
    return tuple(ServerRule(each.rule_id, each.text) for each in _reasons(Line(wire, access, purse, clock=clock)))


def _check(approved: Report) -> str:
    if len(approved.posts) != 1:
        raise Refused("A report on YouTube is about one video.")
    post = approved.posts[0]
    if not is_video(post.external_id):
        raise Refused("YouTube takes no reports about comments by program: file it on the page.", use_form=True)
    if approved.category == FORM and not approved.rule_ids:
        raise Refused("YouTube takes this only on a form of its own: file it there.", use_form=True)
    if len(approved.text) > LONGEST:
        raise Refused(f"The text has {len(approved.text):,} characters; at most {LONGEST:,} are accepted.")
    return post.external_id


def _reasons(line: Line) -> list[Reason]:
    """YouTube's reasons, asked for once a day: their ids are its own and may change."""
    if not isinstance(line.reasons, list) or not line.reasons:
        body = line.get("videoAbuseReportReasons", {"part": "id,snippet", "hl": "en_GB"}, signed=True)
        line.reasons = [dict(each) for each in tables(body.get("items"))]
    found = [reason for item in tables(line.reasons) for reason in _read(item)]
    if not found:
        raise Changed("YouTube lists no reasons for a report.")
    return found


def _read(item: Mapping[str, object]) -> list[Reason]:
    """A reason, after those that are narrower."""
    snippet, reason_id = table(item.get("snippet")), identifier(item.get("id"))
    label = words(snippet.get("label"))
    if not reason_id or not label:
        return []
    listed = [
        Reason(reason_id, identifier(each.get("id")), label, words(each.get("label")))
        for each in tables(snippet.get("secondaryReasons"))
        if identifier(each.get("id")) and words(each.get("label"))
    ]
    return [*listed, Reason(reason_id, "", label, "")]


def _chosen(reasons: list[Reason], rule_id: str) -> Reason:
    for reason in reasons:
        if reason.rule_id == rule_id:
            return reason
    raise Refused("YouTube no longer has the reason that the report names: choose among its reasons again.")


def _likeliest(reasons: list[Reason], category: str) -> Reason:
    """The first reason whose label holds one of the words; narrower reasons and earlier words go first."""
    wanted = [word.strip().casefold() for word in category.split("|") if word.strip()]
    by_precision = sorted(reasons, key=lambda each: not each.narrower)
    for word in wanted:
        for reason in by_precision:
            if word in (reason.narrower or reason.label).casefold():
                return reason
    raise Refused("YouTube lists no reason like the report's category today: choose one of its reasons.", use_form=True)


def _in_words(problem: Refused) -> Refused:
    said = {
        "invalidAbuseReason": "YouTube no longer takes that reason: choose among its reasons again.",
        "videoNotFound": "YouTube no longer has the video: it may be gone already.",
    }
    return Refused(said.get(problem.code, problem.why), code=problem.code)
