"""Sends an approved report to a community's moderators and, for Reddit's own reasons, to Reddit. Once, never again.

Reddit gives no number, tells no outcome through its interface, and says what went wrong inside an answer of 200.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta

from platforms.reading import table, words
from platforms.reddit.addressing import FULLNAME, account_name, communities, is_community
from platforms.reddit.reasons import ANY_COMMUNITY, Reason, as_rules, community_in, form_for, reasons
from platforms.reddit.talking import AS_APPLICATION, Caller, ask, caller, tell
from platforms.reddit.things import Fate, Thing, fate, read_listing
from platforms.shape import Access, PostRef, Receipt, Report, ServerRule
from wire.errors import Changed, Refused, SignInNeeded, TryLater, WireError
from wire.http import Answer, Wire

LONGEST_TEXT = 100
"""Characters of a report's text. Reddit was seen to answer well to a longer one and to keep nothing of it."""
TO_MODERATORS = "moderators"
"""The category of a report in the council's own words, which goes to the community's moderators alone."""
_NO_ACCOUNT = "No account to report from is connected: connect the council's account at Reddit."
_NO_RECEIPT = "Reddit's answer does not say whether it took the report: ask the community's moderators."
_LONGEST_WAIT = timedelta(days=1)
_SIGN_IN = frozenset({"USER_REQUIRED", "INVALID_OR_EXPIRED_TOKEN"})


def report(wire: Wire, access: Access, approved: Report) -> Receipt:
    """One report about one post, under the live reason that the category or the chosen rule stands for.

    Raises Refused before anything is sent when the report does not fit; Refused(use_form=True) where Reddit takes this
    reason on its pages only, or the permission is missing; SignInNeeded; TryLater, whose `maybe_received` says that
    the report may have arrived.
    """
    post = _checked(approved)
    who = caller(wire, access)
    if who.account is None:
        raise SignInNeeded(_NO_ACCOUNT)
    thing = _still_there(who, post)
    reason = _reason(who, approved, thing)
    form = {"api_type": "json", "thing_id": thing.name, "sr_name": thing.community, **_words(reason, approved.text)}
    answer = tell(who, "/api/report", form, voice=who.account)
    accepted(answer)
    return Receipt(reference="", stored_as=_stored_as(reason), session=who.session, note=_note(reason))


def rules(wire: Wire, access: Access) -> tuple[ServerRule, ...]:
    """The live reasons for reports: those of the communities in the account's address, then Reddit's own.

    Empty without the permission, or where Reddit shows none. Raises TryLater, SignInNeeded and Changed.
    """
    found: dict[str, ServerRule] = {}
    try:
        who = caller(wire, access)
        for name in communities(access.address) or (ANY_COMMUNITY,):
            found.update({each.rule_id: each for each in as_rules(reasons(who, name))})
    except Refused:
        return tuple(found.values())
    # A community's rules come first: Reddit's own are the same for all.
    return tuple(sorted(found.values(), key=lambda each: not community_in(each.rule_id)))


def _checked(approved: Report) -> PostRef:
    if len(approved.posts) != 1:
        raise Refused("A report here is about exactly one post.")
    if len(approved.rule_ids) > 1:
        raise Refused("A report here names one reason.")
    if len(approved.text) > LONGEST_TEXT:
        raise Refused(f"The text has {len(approved.text):,} characters; at most {LONGEST_TEXT} are accepted.")
    if not approved.category.strip() and not approved.rule_ids:
        raise Refused("The report names no reason.")
    if approved.category == TO_MODERATORS and not approved.rule_ids and not approved.text.strip():
        raise Refused("A report in the council's own words needs words.")
    if not FULLNAME.fullmatch(approved.posts[0].external_id):
        why = "The post is known only by a short share link: open it, and report it on Reddit's own pages."
        raise Refused(why, code="share_link", use_form=True)
    return approved.posts[0]


def _still_there(who: Caller, post: PostRef) -> Thing:
    voice = who.account or AS_APPLICATION
    listing = read_listing(ask(who, "/api/info", voice=voice, params={"id": post.external_id}))
    thing = next((each for each in listing.things if each.name == post.external_id), None)
    if thing is None or fate(thing, version=post.version) not in (Fate.THERE, Fate.DOUBTFUL):
        raise Refused("Reddit no longer shows the post: it may be gone already.", code="gone")
    if not is_community(thing.community):
        raise Refused("Reddit does not say in which community the post stands.", use_form=True)
    author = words(thing.data.get("author_fullname"))
    on_record = account_name(post.author_id)
    if thing.author and author and on_record and on_record not in (author, thing.author.lower()):
        raise Refused("Reddit names another author for the post than the one on record: look at it again.")
    return thing


def _reason(who: Caller, approved: Report, thing: Thing) -> Reason | None:
    """The live reason, or None for the council's own words. Raises Refused where there is none to send."""
    voice = who.account or AS_APPLICATION
    if approved.category == TO_MODERATORS and not approved.rule_ids:
        about = table(table(ask(who, f"/r/{thing.community}/about", voice=voice).json()).get("data"))
        if about.get("free_form_reports") is False:
            # Reddit would answer well and keep nothing.
            why = "The community takes reports under its own reasons only: choose one, or write to its moderators."
            raise Refused(why, code="no_free_words", use_form=True)
        return None
    found = reasons(who, thing.community, voice=voice)
    reason = found.chosen(approved.rule_ids[0]) if approved.rule_ids else found.labelled(approved.category)
    if reason is None or not thing.name.startswith(reason.kinds):
        why = "Reddit no longer offers this reason for this post: choose among its reasons again, or use its pages."
        raise Refused(why, code="no_such_reason", use_form=True)
    if reason.by_hand:
        page = form_for(reason, thing.name)
        raise Refused(
            f"Reddit takes this reason on its own pages only: {page or 'www.reddit.com/report'}", use_form=True
        )
    return reason


def _words(reason: Reason | None, text: str) -> Mapping[str, str]:
    """How Reddit's own pages put the three kinds of report."""
    if reason is None:
        return {"reason": "other", "other_reason": text}
    said = {"custom_text": text} if text and reason.notes else {}
    if reason.community:
        return {"reason": reason.text, "rule_reason": reason.text}
    return {"reason": "site_reason_selected", "site_reason": reason.text, **said}


def accepted(answer: Answer) -> None:
    """Return only for an envelope without errors: everything else is no, later, or in doubt."""
    try:
        said = table(answer.json())
    except Changed:
        said = {}
    envelope = table(said.get("json"))
    errors = envelope.get("errors")
    if not isinstance(errors, list):
        raise TryLater(_NO_RECEIPT, maybe_received=True)
    if errors:
        raise _error(errors[0], envelope)


def _error(first: object, envelope: Mapping[str, object]) -> WireError:
    word = words(first[0]) if isinstance(first, list) and first else ""
    if word == "RATELIMIT":
        seconds = envelope.get("ratelimit")
        after = _wait(seconds)
        return TryLater("Reddit asks us to slow down with reports.", after=after, rate_limited=True)
    if word in _SIGN_IN:
        return SignInNeeded("Reddit asks for a new sign-in: connect the account again.")
    code = word if word.isascii() and word.replace("_", "").isalnum() else "error"
    return Refused(f"Reddit did not take the report ({code}).", code=code)


def _wait(seconds: object) -> timedelta | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return None
    return min(timedelta(seconds=max(0.0, min(seconds, 1e6))), _LONGEST_WAIT)


def _stored_as(reason: Reason | None) -> str:
    return TO_MODERATORS if reason is None else reason.text


def _note(reason: Reason | None) -> str:
    if reason is None:
        return "Sent to the community's moderators in the council's own words; Reddit gives no number."
    unsaid = "" if reason.notes and not reason.community else " This reason takes no words: the text was not sent."
    to = "the community's moderators" if reason.community else "Reddit and the community's moderators"
    return f"Sent to {to}; Reddit gives no number.{unsaid}"
