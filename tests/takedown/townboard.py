"""An invented platform over real HTTP on loopback: reports arrive, posts are up or gone, faults are ordered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from platforms.shape import (
    Access,
    Category,
    Consent,
    Pace,
    Platform,
    PostRef,
    Reach,
    Receipt,
    Report,
    ReportRoute,
    Sighting,
    TextLimit,
    Unit,
)
from records.vocabulary import Harm, Presence, RouteKind
from wire.errors import Changed, Refused, SignInNeeded, TryLater
from wire.http import Wire

PLATFORM = "townboard"
NOTICEBOARD = "noticeboard"
"""A second invented platform, where reports go by form and nobody can ask whether a post is up."""


def _report(wire: Wire, access: Access, report: Report) -> Receipt:
    sent = {
        "posts": [{"id": post.external_id, "version": post.version} for post in report.posts],
        "category": report.category,
        "text": report.text,
        "rules": list(report.rule_ids),
    }
    answer = wire.post(f"{access.addresses['base']}/reports", json=sent, bearer=access.secret)
    if answer.status == 401:
        raise SignInNeeded("The townboard wants somebody to sign in again.")
    if answer.status == 404:
        raise Refused("The townboard takes no reports by API.", use_form=True)
    if answer.status == 400:
        raise Refused("The townboard says this breaks none of its rules.")
    body = answer.json()
    if not isinstance(body, dict) or "number" not in body:
        raise Changed("The townboard answered without a number.", answer=answer.body)
    return Receipt(reference=str(body["number"]), stored_as=report.category, session="renewed")


def _look(wire: Wire, access: Access, post: PostRef) -> Sighting:
    if access.secret:
        raise SignInNeeded("The townboard is asked by nobody in particular.")
    answer = wire.get(f"{access.addresses['base']}/posts", params={"id": post.external_id})
    if answer.status == 429:
        raise TryLater("The townboard was asked too often.", rate_limited=True)
    body = answer.json()
    if not isinstance(body, dict):
        raise Changed("The townboard answered oddly.")
    return Sighting(presence=Presence(body["presence"]), how_known="the townboard's own answer")


def a_route(platform: str = PLATFORM, **changes: object) -> ReportRoute:
    """A report route that maps every harm but extremism; two posts per report, 900 characters."""
    categories = {
        harm: Category(
            harm=harm,
            label=harm.meaning,
            token=f"t:{harm.value}",
            rule=f"House rule on {harm.value}",
            rule_url=f"https://{platform}.example/rules",
        )
        for harm in Harm
        if harm is not Harm.EXTREMISM
    }
    route = ReportRoute(
        platform=platform,
        kind=RouteKind.API,
        categories=categories,
        unmapped={Harm.EXTREMISM: "goes to the police"},
        limits=(TextLimit(900, Unit.CHARACTERS),),
        posts_per_report=2,
        steps=(),
        asks_for=(),
        policy_url="",
        uk_law_form="",
        checked_on=date(2026, 5, 4),
        verified=True,
        source="invented",
    )
    return replace(route, **changes)  # type: ignore[arg-type]


def reach_over(wire: Wire, server: HTTPServer) -> Reach:
    """The two invented platforms, the first of them spoken to at the server's address."""
    consent = Consent(needs="", how="", sees="")
    pace = Pace(requests=10_000, per=timedelta(seconds=1), between_scans=timedelta(minutes=1))
    asked = Platform(
        key=PLATFORM,
        name="Townboard",
        parse_url=lambda _: None,
        pace=pace,
        consent=consent,
        look=_look,
        report=_report,
    )
    silent = Platform(key=NOTICEBOARD, name="Noticeboard", parse_url=lambda _: None, pace=pace, consent=consent)
    return Reach(
        wire=wire,
        platforms={PLATFORM: asked, NOTICEBOARD: silent},
        addresses={PLATFORM: {"base": server.url_for("").rstrip("/")}},
        routes={PLATFORM: a_route(), NOTICEBOARD: a_route(NOTICEBOARD, kind=RouteKind.FORM)},
    )


@dataclass
class Townboard:
    """The server's side: what arrived, and how it answers next."""

    server: HTTPServer
    reach: Reach
    arrived: list[Mapping[str, object]] = field(default_factory=list)
    status: int = 200
    garbled: bool = False
    presence: dict[str, str] = field(default_factory=dict)
    everywhere: str = Presence.UP.value
    asked: int = 0
    during: Callable[[], None] | None = None

    def serve(self) -> None:
        """Start answering."""
        self.server.expect_request("/reports", method="POST").respond_with_handler(self._take_report)
        self.server.expect_request("/posts").respond_with_handler(self._show)

    def _take_report(self, request: Request) -> Response:
        if self.during is not None:
            self.during()
        if self.status == 200:
            self.arrived.append(json.loads(request.get_data()))
        body = "[]" if self.garbled else json.dumps({"number": len(self.arrived)})
        return Response(body, status=self.status, content_type="application/json")

    def _show(self, request: Request) -> Response:
        self.asked += 1
        presence = self.presence.get(request.args["id"], self.everywhere)
        if presence == "429":
            return Response("", status=429)
        if presence == "odd":
            return Response("[]", content_type="application/json")
        return Response(json.dumps({"presence": presence}), content_type="application/json")

    @property
    def reports(self) -> int:
        """How many reports arrived."""
        return len(self.arrived)
