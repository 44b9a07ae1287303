"""What signed-in people decide about requests: approve, withdraw, file by hand, settle a doubt, say what they saw.

Part of reviewing, which is where other rooms find these acts. A stored approval by a named person comes first, always.
"""

from __future__ import annotations

from collections.abc import Sequence

from platforms.measuring import fits, measure
from platforms.shape import Reach, ReportRoute, Sighting
from records import takedowns
from records.takedowns import TakedownRequest
from records.vocabulary import NotAllowed, Presence, RouteKind, TakedownState
from takedown import drafting
from takedown.desk import SENDERS, Desk, deciding, need_role, request_at
from takedown.following_up import FollowUpPlan, conclude
from takedown.grounds import check_request
from takedown.routing import route_of, use_route
from takedown.sending import check_sender, seal_first

_USUAL_PLAN = FollowUpPlan()


def approve_takedown(
    desk: Desk, request_id: int, *, reach: Reach, text: str | None = None, rule_ids: Sequence[str] | None = None
) -> None:
    """Approve a draft, as written or with the approver's own `text`, which is frozen from then on.

    `rule_ids` are the rules of the reporter's server that a person picked, where each server has its own. The text
    must fit the platform's limits and keep every link that the draft named. Raises NotAllowed.
    """
    subject = f"takedown request {request_id}"
    with deciding(desk, act="approve takedown", subject=subject) as act:
        session, person = act
        need_role(person, SENDERS, what=subject)
        request = request_at(session, request_id)
        if request.state is not TakedownState.DRAFTED:
            raise NotAllowed(subject, why=f"it is {request.state.value}; only a draft is approved")
        check_request(session, request)
        final = request.text if text is None else text.replace("\r\n", "\n").strip()
        _check_text(request, final, route_of(reach, request.platform))
        if rule_ids is not None:
            request.rule_ids = " ".join(rule_ids)
        takedowns.approve(session, request, by=person, at=desk.now, text=final)
        act.detail = "as drafted" if text is None else "with the approver's own text"


def withdraw_takedown(desk: Desk, request_id: int) -> None:
    """Take a request back before it is sent, or give it up after a refusal. Raises NotAllowed.

    One in doubt is settled first: taking it back would hide that it may have arrived.
    """
    subject = f"takedown request {request_id}"
    with deciding(desk, act="withdraw takedown", subject=subject) as (session, person):
        need_role(person, SENDERS, what=subject)
        request = request_at(session, request_id)
        if request.state is TakedownState.IN_DOUBT:
            raise NotAllowed(subject, why="it may have arrived; find out and say whether it did, first")
        takedowns.withdraw(session, request, at=desk.now)


def redraft_takedown(desk: Desk, request_id: int, *, reach: Reach) -> None:
    """Draft a withdrawn request anew from the facts of now; it needs a new approval. Raises NotAllowed."""
    subject = f"takedown request {request_id}"
    with deciding(desk, act="redraft takedown", subject=subject) as (session, person):
        need_role(person, SENDERS, what=subject)
        request = request_at(session, request_id)
        if request.state is not TakedownState.WITHDRAWN:
            raise NotAllowed(subject, why=f"it is {request.state.value}; only a withdrawn request is drafted anew")
        drafting.redraft(session, request, reach=reach, now=desk.now)


def file_by_hand(desk: Desk, request_id: int, *, reference: str, plan: FollowUpPlan = _USUAL_PLAN) -> None:
    """Say that you filed the approved text on the platform's own form; `reference` is what the platform gave, or "".

    The same rules as for sending hold. A request meant for the API becomes one by form. Raises NotAllowed.
    """
    subject = f"takedown request {request_id}"
    seal_first(desk, request_id)
    with deciding(desk, act="file takedown by hand", subject=subject) as (session, person):
        need_role(person, SENDERS, what=subject)
        request = request_at(session, request_id)
        if request.state is not TakedownState.APPROVED:
            raise NotAllowed(subject, why=f"it is {request.state.value}; only an approved request is filed")
        check_sender(session, person, request)
        use_route(session, request, RouteKind.FORM)
        takedowns.filed_by_hand(
            session,
            request,
            by=person,
            at=desk.now,
            reference=reference.strip(),
            next_check_at=plan.first_check(desk.now),
        )


def settle_doubt(
    desk: Desk, request_id: int, *, arrived: bool, reference: str = "", plan: FollowUpPlan = _USUAL_PLAN
) -> None:
    """Say, having found out at the platform, whether a request in doubt arrived. Raises NotAllowed.

    If it did, it counts as sent when it was tried and is followed from then; if not, it is approved and may be sent.
    """
    subject = f"takedown request {request_id}"
    with deciding(desk, act="settle doubt", subject=subject) as act:
        session, person = act
        need_role(person, SENDERS, what=subject)
        request = request_at(session, request_id)
        if request.state is not TakedownState.IN_DOUBT:
            raise NotAllowed(subject, why=f"it is {request.state.value}, not in doubt")
        act.detail = "it arrived" if arrived else "it did not arrive"
        if not arrived:
            takedowns.not_received(session, request, problem="")
            return
        sent_at = request.sending_at or desk.now
        takedowns.arrived(
            session,
            request,
            at=sent_at,
            reference=reference.strip(),
            stored_as=request.category,
            next_check_at=plan.next_check(sent_at, after=desk.now) or desk.now,
        )


def record_sighting(
    desk: Desk,
    request_id: int,
    *,
    presence: Presence,
    snapshot_id: int | None = None,
    plan: FollowUpPlan = _USUAL_PLAN,
) -> None:
    """Say what you saw when you looked at the reported posts yourself, at all of them or at one post version.

    It counts like a check by machine: "gone" is believed when two looks agree. Raises NotAllowed.
    """
    subject = f"takedown request {request_id}"
    with deciding(desk, act="look at reported post", subject=subject) as act:
        session, person = act
        need_role(person, SENDERS, what=subject)
        request = request_at(session, request_id)
        versions = [item.snapshot_id for item in request.items if snapshot_id in (None, item.snapshot_id)]
        if not versions:
            raise NotAllowed(subject, why="it does not report that post")
        seen = Sighting(presence=presence, how_known="a person looked")
        sightings = [(version, seen) for version in versions]
        conclude(session, request, sightings, plan=plan, by=person, now=desk.now)
        act.detail = presence.value


def _check_text(request: TakedownRequest, text: str, route: ReportRoute) -> None:
    what = f"takedown request {request.id}"
    if not fits(text, route.limits):
        counts = "; ".join(
            f"{measure(text, limit.unit)} {limit.unit.value}, and {limit.length} are allowed" for limit in route.limits
        )
        raise NotAllowed(what, why=f"its text is too long for the platform: {counts}")
    for item in request.items:
        link = item.snapshot.post.url or ""
        if link and link in request.text and link not in text:
            raise NotAllowed(what, why="the link to a reported post is missing from its text")
