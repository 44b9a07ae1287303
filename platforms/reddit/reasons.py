"""The reasons for which Reddit takes reports, read live: its own tree of labels and each community's rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from platforms.addresses import on_platform
from platforms.plain_text import tidy
from platforms.reading import table, tables, words
from platforms.reddit.addressing import COMMENT, POST, is_community
from platforms.reddit.talking import AS_APPLICATION, Caller, Voice, ask
from platforms.shape import ServerRule
from wire.errors import Changed
from wire.http import Answer

LONGEST_REASON = 100
"""Characters that `/api/report` accepts as a reason."""
ANY_COMMUNITY = "reddit"
"""Reddit's own labels are the same everywhere; its own community is asked where no other is known."""
_DEEPEST = 6
_SITE = "site/"
_PLACEHOLDERS = ("%25%28thing%29s", "%(thing)s")
_KINDS = {"all": (POST, COMMENT), "link": (POST,), "comment": (COMMENT,)}
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class Reason:
    """One reason a report can name. `text` is Reddit's word for it, `path` the labels a person chooses one by one.

    `community` is "" for Reddit's own. `notes` says whether words can go with it, `form` the page where a person
    must file it instead ("" where the interface takes it), `by_hand` that only a person can answer what it asks.
    """

    text: str
    path: tuple[str, ...]
    community: str = ""
    notes: bool = False
    form: str = ""
    by_hand: bool = False
    kinds: tuple[str, ...] = (POST, COMMENT)

    @property
    def rule_id(self) -> str:
        """What stands for it in a report, without any space."""
        return (f"r/{self.community}/" if self.community else _SITE) + quote(self.text, safe="")


@dataclass(frozen=True)
class Reasons:
    """All reasons for a report in one community."""

    site: tuple[Reason, ...]
    community: tuple[Reason, ...]

    def labelled(self, label: str) -> Reason | None:
        """Reddit's own reason with this text, however it writes apostrophes, spaces and capitals today."""
        return next((each for each in self.site if _plain(each.text) == _plain(label)), None)

    def chosen(self, rule_id: str) -> Reason | None:
        """The reason a person chose."""
        return next((each for each in (*self.site, *self.community) if each.rule_id == rule_id), None)


def reasons(who: Caller, community: str, *, voice: Voice = AS_APPLICATION) -> Reasons:
    """The reasons for reports in a community, as Reddit lists them now. Raises the four errors."""
    return reasons_in(ask(who, f"/r/{community}/about/rules", voice=voice), community)


def reasons_in(answer: Answer, community: str) -> Reasons:
    """The reasons in an answer. Raises Changed when it holds none of the two lists."""
    said = table(answer.json())
    if not isinstance(said.get("site_rules_flow"), list) and not isinstance(said.get("rules"), list):
        raise Changed("Reddit's list of reasons for a report has a shape we do not know.", answer=answer.body)
    site = {each.rule_id: each for each in _leaves(said.get("site_rules_flow"), path=())}
    own = {each.rule_id: each for each in _rules(said.get("rules"), community)}
    return Reasons(tuple(site.values()), tuple(own.values()))


def as_rules(found: Reasons) -> tuple[ServerRule, ...]:
    """The reasons as a person chooses among them; those that only Reddit's pages take say so."""
    return tuple(_as_rule(each) for each in (*found.community, *found.site))


def community_in(rule_id: str) -> str:
    """The community whose rule this is, "" for Reddit's own reasons."""
    kind, _, rest = rule_id.partition("/")
    name = unquote(rest.partition("/")[0])
    return name if kind == "r" and is_community(name) else ""


def form_for(reason: Reason, thing: str) -> str:
    """The page where a person files this reason for this very post; "" where Reddit names none of its own."""
    found = reason.form
    for placeholder in _PLACEHOLDERS:
        found = found.replace(placeholder, thing)
    address = on_platform(found, "reddit")
    return found if address is not None and address.scheme == "https" else ""


def _leaves(flow: object, *, path: tuple[str, ...]) -> Iterator[Reason]:
    for step in tables(flow):
        shown, text = _said(step, "reasonTextToShow"), _said(step, "reasonText")
        here = (*path, shown or text)
        if tables(step.get("nextStepReasons")):
            if len(here) < _DEEPEST:
                yield from _leaves(step["nextStepReasons"], path=here)
            continue
        if text and len(text) <= LONGEST_REASON:
            yield _leaf(step, text, here)


def _leaf(step: Mapping[str, object], text: str, path: tuple[str, ...]) -> Reason:
    complaint = step.get("fileComplaint") is True
    return Reason(
        text=text,
        path=path,
        notes=step.get("canWriteNotes") is True,
        form=words(step.get("complaintUrl")).replace("&amp;", "&") if complaint else "",
        by_hand=complaint or step.get("canSpecifyUsernames") is True or step.get("requestCrisisSupport") is True,
    )


def _rules(listed: object, community: str) -> Iterator[Reason]:
    for rule in tables(listed):
        text = _said(rule, "violation_reason") or _said(rule, "short_name")
        if text and len(text) <= LONGEST_REASON:
            kinds = _KINDS.get(words(rule.get("kind")), (POST, COMMENT))
            yield Reason(text=text, path=(text,), community=community, kinds=kinds)


def _as_rule(reason: Reason) -> ServerRule:
    where = f"A rule of r/{reason.community}" if reason.community else "One of Reddit's own reasons"
    hint = f"{where}; Reddit takes it on its own pages only." if reason.by_hand else f"{where}."
    return ServerRule(rule_id=reason.rule_id, text=" > ".join(reason.path), hint=hint)


def _said(step: Mapping[str, object], name: str) -> str:
    """A label as Reddit words it, on one line."""
    return tidy(words(step.get(name))).replace("\n", " ").strip()


def _plain(text: str) -> str:
    return _SPACES.sub(" ", text.replace("\u2019", "'")).strip().rstrip(".").casefold()
