"""Sends one approved report to Bluesky's moderators, through the reporter's own server.

The network accepts any reason, the same report twice and reports on nothing, so everything is checked here first.
"""

from __future__ import annotations

from collections.abc import Mapping

from platforms.bluesky.addressing import PostAddress, is_did, post_address
from platforms.bluesky.talking import Connection, ask_appview, base_address, resolve
from platforms.measuring import fits
from platforms.reading import identifier, table, tables, words
from platforms.shape import Access, PostRef, Receipt, Report, TextLimit, Unit
from wire.errors import Changed, Refused, SignInNeeded
from wire.http import Wire

LIMITS = (TextLimit(2000, Unit.GRAPHEMES), TextLimit(20_000, Unit.BYTES))
"""What `reason` may hold (lexicon com.atproto.moderation.createReport, 2026)."""

_NEW = "tools.ozone.report.defs#"
_OLD = "com.atproto.moderation.defs#"
_GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "reasonViolence": (
        "reasonViolation",
        ("Animal", "Threats", "GraphicContent", "Glorification", "ExtremistContent", "Trafficking", "Other"),
    ),
    "reasonHarassment": ("reasonRude", ("Troll", "Targeted", "HateSpeech", "Doxxing", "Other")),
    "reasonSexual": ("reasonSexual", ("AbuseContent", "NCII", "Deepfake", "Unlabeled", "Other")),
    "reasonMisleading": ("reasonMisleading", ("Bot", "Impersonation", "Spam", "Scam", "Elections", "Other")),
    "reasonSelfHarm": ("reasonViolation", ("Content", "ED", "Stunts", "Substances", "Other")),
    "reasonRule": ("reasonViolation", ("SiteSecurity", "ProhibitedSales", "BanEvasion", "Other")),
    "reasonChildSafety": ("reasonViolation", ("CSAM", "Groom", "Privacy", "Harassment", "Other")),
}


def _reasons() -> dict[str, str]:
    found = {f"{_NEW}{group}{kind}": f"{_OLD}{old}" for group, (old, kinds) in _GROUPS.items() for kind in kinds}
    found[f"{_NEW}reasonMisleadingSpam"] = f"{_OLD}reasonSpam"
    found[f"{_NEW}reasonOther"] = f"{_OLD}reasonOther"
    return found


REASONS: Mapping[str, str] = _reasons()
"""Every reason type a report may carry, and the older one that stands for it (lexicon tools.ozone.report.defs, 2026).
An appeal is left out: only the author of a post may make one."""


def report(wire: Wire, access: Access, approved: Report) -> Receipt:
    """Send the report and give back the platform's number for it.

    Raises Refused when the report is not fit to be sent or is not accepted; SignInNeeded; TryLater, whose
    `maybe_received` is to be believed; Changed when the platform took it with an answer we cannot read.
    """
    if approved.category not in REASONS:
        raise Refused("This is not a reason that a report on Bluesky can carry.", code="InvalidReason")
    if len(approved.posts) != 1:
        raise Refused("A report on Bluesky is about exactly one post.", code="OnePost")
    if not fits(approved.text, LIMITS):
        raise Refused("The text is too long for Bluesky: 2,000 letters and 20,000 bytes.", code="TooLong")
    connection = Connection(wire, access)
    if not connection.possible:
        raise SignInNeeded("Reports on Bluesky need the council's own account: add its app password.")
    labeler = base_address(access, "labeler")
    reason = _accepted(wire, access, approved.category, labeler)
    body = {
        "reasonType": reason,
        "reason": approved.text,
        "subject": _subject(wire, access, approved.posts[0]),
        "modTool": {"name": "wardkeeper"},
    }
    reply = connection.post(
        "com.atproto.moderation.createReport", body, {"atproto-proxy": f"{labeler}#atproto_labeler"}
    )
    stored = reply.checked()
    number = identifier(stored.get("id"))
    if not number:
        raise Changed("Bluesky took the report without giving it a number.", answer=reply.answer)
    stored_as = words(stored.get("reasonType")) or reason
    note = "" if stored_as == approved.category else "Bluesky stored it under another reason than the one approved."
    return Receipt(reference=number, stored_as=stored_as, session=connection.to_keep(), note=note)


def _accepted(wire: Wire, access: Access, reason: str, labeler: str) -> str:
    """The reason as these moderators take it: the new word, or the old one when they publish only that."""
    reply = ask_appview(wire, access, "app.bsky.labeler.getServices", {"dids": [labeler], "detailed": True})
    published = {
        word
        for view in tables(reply.body.get("views"))
        if table(view.get("creator")).get("did") == labeler
        for word in _listed(view.get("reasonTypes"))
    }
    if not published or reason in published:
        return reason
    if REASONS[reason] in published:
        return REASONS[reason]
    raise Refused("These moderators do not take reports of this kind.", code="ReasonNotTaken", use_form=True)


def _listed(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _subject(wire: Wire, access: Access, post: PostRef) -> dict[str, str]:
    """What the report is about: one version of a post, or a whole account."""
    if is_did(post.external_id):
        return {"$type": "com.atproto.admin.defs#repoRef", "did": post.external_id}
    address = post_address(post.external_id)
    if address is None:
        raise Refused("This is not the address of a post on Bluesky.", code="NotAPost")
    uri = PostAddress(resolve(wire, access, address.authority), address.key).uri
    version = post.version or _version(wire, access, uri)
    return {"$type": "com.atproto.repo.strongRef", "uri": uri, "cid": version}


def _version(wire: Wire, access: Access, uri: str) -> str:
    """The version shown now, for a post entered by hand."""
    reply = ask_appview(wire, access, "app.bsky.feed.getPosts", {"uris": [uri]})
    for view in tables(reply.checked().get("posts")):
        if view.get("uri") == uri and words(view.get("cid")):
            return words(view.get("cid"))
    raise Refused("Bluesky no longer shows this post, so there is nothing to report.", code="NotShown")
