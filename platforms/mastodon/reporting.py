"""Sends an approved report to the moderators of the reporter's own server, and reads a server's rules.

It sends once and never again by itself, and says what the server answered that it has stored.
"""

from __future__ import annotations

from collections.abc import Mapping

from platforms.mastodon.addressing import account_name, external_id, id_on
from platforms.mastodon.server import Home, ask, error_of, home_of, refusal
from platforms.reading import identifier, table, tables, web_address, words
from platforms.shape import Access, PostRef, Receipt, Report, ServerRule
from wire.errors import Changed, Refused, SignInNeeded, TryLater, WireError
from wire.http import Answer, Wire

CATEGORIES = frozenset({"violation", "legal", "spam", "other"})
LONGEST_COMMENT = 1000
"""Characters of a report's comment that servers accept."""

Status = Mapping[str, object]


def report(wire: Wire, access: Access, approved: Report) -> Receipt:
    """One report about posts by one author; a remote author's server gets an anonymised copy.

    Raises Refused before anything is sent when the report does not fit; Refused(use_form=True) where the server has
    no reports by API; SignInNeeded; TryLater, whose `maybe_received` says that the report may have arrived.
    """
    _check(approved)
    home = home_of(wire, access)
    if not home.token:
        raise SignInNeeded("No account to report from is connected to this server: connect the council's account.")
    found = [_found(wire, home, post) for post in approved.posts]
    account = _one_author(found, approved.posts, home)
    answer = wire.post(
        f"{home.base}/api/v1/reports",
        json={
            "account_id": identifier(account.get("id")),
            "status_ids": [identifier(each.get("id")) for each in found],
            "comment": approved.text,
            # Older servers refuse rules beside any other category.
            "category": "violation" if approved.rule_ids else approved.category,
            "rule_ids": list(approved.rule_ids),
            "forward": "@" in words(account.get("acct")),
        },
        headers={"Accept": "application/json"},
        bearer=home.token,
    )
    return _receipt(answer, home, sent_as="violation" if approved.rule_ids else approved.category)


def rules(wire: Wire, access: Access) -> tuple[ServerRule, ...]:
    """The rules of the account's server, for a person to choose from; empty where the server lists none."""
    home = home_of(wire, access)
    try:
        answer = ask(wire, home.base, "/api/v1/instance/rules", token=home.token)
    except Refused:
        return ()
    return tuple(
        ServerRule(identifier(each.get("id")), words(each.get("text")), words(each.get("hint")))
        for each in tables(answer.json())
        if identifier(each.get("id")) and words(each.get("text"))
    )


def seen_by(wire: Wire, home: Home, post: PostRef) -> Status | None:
    """The post as the account's own server has it, fetched from its origin if need be; None when it shows none."""
    number = id_on(post.external_id, home.base)
    if number:
        try:
            answer = ask(wire, home.base, f"/api/v1/statuses/{number}", token=home.token)
        except Refused as problem:
            if problem.code in ("404", "410"):
                return None
            raise
        status = table(answer.json())
        return status if _is(status, post) else None
    for address in dict.fromkeys((post.url, post.external_id)):
        params = {"q": address, "resolve": "true", "type": "statuses"}
        answer = ask(wire, home.base, "/api/v2/search", params=params, token=home.token)
        for status in tables(table(answer.json()).get("statuses")):
            if _is(status, post):
                return status
    return None


def _check(report: Report) -> None:
    if not report.posts:
        raise Refused("A report here needs at least one post.")
    if report.category not in CATEGORIES:
        raise Refused(f'"{report.category}" is no category of this platform: use {", ".join(sorted(CATEGORIES))}.')
    if len(report.text) > LONGEST_COMMENT:
        raise Refused(f"The text has {len(report.text):,} characters; at most {LONGEST_COMMENT:,} are accepted.")


def _found(wire: Wire, home: Home, post: PostRef) -> Status:
    status = seen_by(wire, home, post)
    if status is None:
        raise Refused("The reporting account's server does not show one of the posts: it may be gone already.")
    return status


def _one_author(found: list[Status], posts: tuple[PostRef, ...], home: Home) -> Status:
    accounts = [table(each.get("account")) for each in found]
    if len({identifier(each.get("id")) for each in accounts}) != 1 or not identifier(accounts[0].get("id")):
        raise Refused("The posts of one report must be by one author.")
    name = account_name(words(accounts[0].get("acct")), home.domain)
    if not all(_may_be(post.author_id, name) for post in posts):
        raise Refused("The server names another author for the post than the one on record: look at it again.")
    return accounts[0]


def _may_be(author: str, name: str) -> bool:
    """Whether the author on record, which a person may have typed without the server, is this account."""
    given = author.strip().removeprefix("@").lower()
    return given in ("", name, name.partition("@")[0])


def _is(status: Status, post: PostRef) -> bool:
    return external_id(web_address(status.get("uri")), web_address(status.get("url"))) == post.external_id


def _receipt(answer: Answer, home: Home, *, sent_as: str) -> Receipt:
    if answer.status not in (200, 201, 202):
        raise _refused(answer, home)
    place = home.base.partition("://")[2]
    try:
        stored = table(answer.json())
    except Changed:
        stored = {}
    reference, category = identifier(stored.get("id")), words(stored.get("category"))
    if not reference:
        why = f"{place} took the report but gave no receipt: ask its moderators whether they have it."
        raise TryLater(why, maybe_received=True)
    notes = [] if category in ("", sent_as) else [f'{place} stored the category "{category}" instead of "{sent_as}".']
    if stored.get("forwarded") is True:
        notes.append("A copy without our name was forwarded to the author's server.")
    return Receipt(reference=reference, stored_as=category, session=home.session, note=" ".join(notes))


def _refused(answer: Answer, home: Home) -> WireError:
    place, error = home.base.partition("://")[2], error_of(answer).lower()
    if answer.status in (404, 405, 501) and "record not found" not in error:
        return Refused(f"{place} takes no reports by program: file it on its pages.", code="404", use_form=True)
    if answer.status == 404:
        return Refused(f"{place} no longer has the author's account or the post.", code="404")
    if answer.status == 422 and "rule" in error:
        why = f"{place} no longer has a rule that the report names: choose among its rules again."
        return Refused(why, code="422")
    if answer.status == 422:
        return Refused(f"{place} did not accept the report as it is written (status 422).", code="422")
    return refusal(answer, home.base, token=home.token)
