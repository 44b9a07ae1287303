"""Which way a report goes: the platform's route, its category for the harm, by API or by a person on a form.

What a platform can do is read from its values; no platform is named here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from platforms.shape import Category, Reach, ReportRoute
from records.takedowns import RequestItem, TakedownRequest
from records.vocabulary import LIKELY_HARMS, Harm, Label, NotAllowed, RouteKind
from takedown.grounds import reporter


@dataclass(frozen=True)
class Way:
    """How a report will go: the platform's route, the category on it, by API or form."""

    route: ReportRoute
    category: Category
    kind: RouteKind


def route_of(reach: Reach, platform: str) -> ReportRoute:
    """How abuse is reported on a platform. Raises NotAllowed for one this install does not know."""
    route = reach.routes.get(platform)
    if route is None:
        raise NotAllowed(f"a report on {platform}", why="this install has no report route for that platform")
    return route


def likely_harm(labels: Collection[Label], route: ReportRoute) -> Harm:
    """The most urgent harm that the labels suggest and the platform has a category for; harassment failing that.

    Raises NotAllowed when the platform takes none of them, with the platform's reason.
    """
    suggested = [harm for label, harms in LIKELY_HARMS.items() if label in labels for harm in harms]
    for harm in (*suggested, Harm.HARASSMENT):
        if harm in route.categories:
            return harm
    first = (*suggested, Harm.HARASSMENT)[0]
    why = route.unmapped.get(first, "the platform has no category for it")
    raise NotAllowed(f"a report for {first.value} on {route.platform}", why=why)


def way_for(
    session: Session,
    platform: str,
    *,
    reach: Reach,
    harm: Harm,
    spent: frozenset[RouteKind],
    now: datetime,
) -> Way:
    """The way a report for `harm` goes now: by API where the platform has a report function, the category a word for
    it, and the council a reporter account in force; else by form. `spent` are the routes used up for these posts.

    Raises NotAllowed when the harm is not mapped or every route is used up.
    """
    what = f"a report for {harm.value} on {platform}"
    route = route_of(reach, platform)
    category = route.categories.get(harm)
    if category is None:
        raise NotAllowed(what, why=route.unmapped.get(harm, "the platform has no category for it"))
    known = reach.platforms.get(platform)
    can_send = route.kind is RouteKind.API and known is not None and known.report is not None
    by_api = can_send and bool(category.token) and reporter(session, platform, now=now) is not None
    kind = RouteKind.API if by_api and RouteKind.API not in spent else RouteKind.FORM
    if kind in spent:
        raise NotAllowed(what, why="it was reported for this reason already; choose another reason")
    return Way(route=route, category=category, kind=kind)


def other_routes(session: Session, request: TakedownRequest) -> frozenset[RouteKind]:
    """The routes by which another request already reports one of these posts for the same reason."""
    versions = [item.snapshot_id for item in request.items]
    others = select(RequestItem.route).where(
        RequestItem.snapshot_id.in_(versions), RequestItem.harm == request.harm, RequestItem.request_id != request.id
    )
    return frozenset(session.scalars(others))


def use_route(session: Session, request: TakedownRequest, kind: RouteKind) -> None:
    """Let a request go another way. Raises NotAllowed when another request holds its posts on that way already."""
    if request.route is kind:
        return
    if kind in other_routes(session, request):
        raise NotAllowed(
            f"takedown request {request.id}", why=f"another request reports the same by {kind.value} already"
        )
    request.route = kind
    for item in request.items:
        item.route = kind
    session.flush()
