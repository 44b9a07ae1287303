"""Sends an approved report once: sealed first, intent stored before the call, result after, no session held between.

Whatever may have arrived goes to a person; nothing here ever sends twice or without a stored approval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from platforms.shape import Access, PostRef, Reach, Receipt, Report
from records import takedowns
from records.audit import record
from records.people import Account, Person
from records.posts import Snapshot
from records.store import Store
from records.takedowns import RequestItem, TakedownRequest
from records.vocabulary import Level, NotAllowed, RouteKind, TakedownState
from takedown.desk import SENDERS, Desk, deciding, every_council, is_number, need_role, request_at
from takedown.evidence import is_sealed, seal_one
from takedown.following_up import FollowUpPlan
from takedown.grounds import check_request, reporter
from takedown.routing import other_routes, use_route
from wire.errors import Changed, Refused, SignInNeeded, TryLater

LONGEST_SEND = timedelta(minutes=10)
"""A send that has had no result for so long has none to come: its process is gone."""

_WAIT = timedelta(minutes=1)  # before another try when the platform does not say how long


@dataclass(frozen=True)
class SendResult:
    """Where the request stands after the attempt, and what the platform said, in plain words."""

    state: TakedownState
    said: str


@dataclass(frozen=True)
class _Intent:
    """All that the call needs, taken out of the database before the session closed."""

    request_id: int
    account_id: int
    platform: str
    access: Access
    report: Report
    at: datetime


_Keep = Callable[[Session, TakedownRequest], None]


def send(desk: Desk, request_id: int, *, reach: Reach, plan: FollowUpPlan) -> SendResult:
    """Send an approved request by the platform's API, now, on behalf of the person at the desk.

    Raises NotAllowed, audited, unless it is approved, its posts are sealed and still as reported, and the sender is
    one who may send. Of several callers at once exactly one sends. Every answer of the platform becomes a SendResult.
    """
    seal_first(desk, request_id)
    intent = _claim(desk, request_id, reach=reach)
    said, keep = _call(intent, reach=reach, plan=plan)
    return _keep_result(desk, intent, said=said, keep=keep)


def recover(store: Store, *, now: datetime, older_than: timedelta | None = LONGEST_SEND) -> int:
    """Hand requests that a crash left in "sending" to a person, and say how many. They are never resent by machine.

    `older_than` None takes all: right only where no other process can be sending, such as at the start of the only one.
    """
    found = 0
    for council_id in every_council(store):
        with store.writing(council_id) as session:
            left = select(TakedownRequest).where(TakedownRequest.state == TakedownState.SENDING)
            if older_than is not None:
                left = left.where(TakedownRequest.sending_at <= now - older_than)
            for request in session.scalars(left).all():
                problem = "the product stopped while sending; find out whether the report arrived"
                takedowns.in_doubt(session, request, problem=problem)
                subject = f"takedown request {request.id}"
                record(session, council_id, at=now, by=None, act="takedown in doubt", subject=subject, detail=problem)
                found += 1
    return found


def seal_first(desk: Desk, request_id: int) -> None:
    """Seal what a request reports before anything else happens to it, in transactions of its own."""
    if not is_number(request_id):
        return
    reported = (
        select(Snapshot.post_id)
        .join(RequestItem, RequestItem.snapshot_id == Snapshot.id)
        .where(RequestItem.request_id == request_id)
    )
    with desk.store.reading(desk.council_id) as session:
        posts = set(session.scalars(reported))
    for post_id in sorted(posts):
        seal_one(desk.store, desk.council_id, post_id, now=desk.now)


def check_sender(session: Session, person: Person, request: TakedownRequest) -> None:
    """Whether this person may send or file this request now. Raises NotAllowed.

    At level 3 and above the sender is not the one who answers for the level; the posts are sealed and as reported.
    """
    what = f"takedown request {request.id}"
    need_role(person, SENDERS, what=what)
    for link in request.incidents:
        if link.incident.level >= Level.SERIOUS and link.incident.level_by == person.id:
            raise NotAllowed(
                what,
                why=f"you answer for the level of incident {link.incident_id}; from level 3 somebody else must send",
            )
    check_request(session, request)
    if not all(is_sealed(session, item.snapshot) for item in request.items):
        raise NotAllowed(what, why="its evidence is not sealed")


def _claim(desk: Desk, request_id: int, *, reach: Reach) -> _Intent:
    subject = f"takedown request {request_id}"
    with deciding(desk, act="start sending takedown", subject=subject) as (session, person):
        request = request_at(session, request_id)
        need_role(person, SENDERS, what=subject)
        if request.state is not TakedownState.APPROVED:
            raise NotAllowed(subject, why=f"it is {request.state.value}; only an approved request is sent")
        check_sender(session, person, request)
        account = _account(session, request, reach=reach, now=desk.now)
        intent = _Intent(
            request_id=request.id,
            account_id=account.id,
            platform=request.platform,
            access=_access(reach, account),
            report=_report(request),
            at=desk.now,
        )
        takedowns.start_sending(session, request, by=person, at=desk.now)
    return intent


def _account(session: Session, request: TakedownRequest, *, reach: Reach, now: datetime) -> Account:
    what = f"takedown request {request.id}"
    platform = reach.platforms.get(request.platform)
    if request.route is not RouteKind.API or platform is None or platform.report is None:
        raise NotAllowed(what, why="it goes by the platform's form: file it there by hand and record that you did")
    if request.try_after is not None and now < request.try_after:
        raise NotAllowed(what, why=f"the platform asked us to wait until {request.try_after:%Y-%m-%d %H:%M:%S} UTC")
    account = reporter(session, request.platform, now=now)
    if account is None:
        raise NotAllowed(what, why="the council has no reporter account in force there; connect one or file by hand")
    return account


def _access(reach: Reach, account: Account) -> Access:
    return reach.by(
        account.platform,
        address=account.address,
        handle=account.handle,
        stable_id=account.stable_id,
        secret=account.secret,
        session=account.session,
    )


def _report(request: TakedownRequest) -> Report:
    versions = [item.snapshot for item in request.items]
    return Report(
        posts=tuple(
            PostRef(
                external_id=version.post.external_id or "",
                version=version.version or "",
                url=version.post.url or "",
                author_id=version.post.author_id or "",
            )
            for version in versions
        ),
        category=request.category,
        text=request.text,
        rule_ids=tuple(request.rule_ids.split()),
    )


def _call(intent: _Intent, *, reach: Reach, plan: FollowUpPlan) -> tuple[str, _Keep]:
    """Make the call with no session open; what it said, and how to keep that."""
    send_report = reach.platforms[intent.platform].report
    assert send_report is not None
    try:
        receipt = send_report(reach.paced(intent.platform), intent.access, intent.report)
    except TryLater as later:
        after = None if later.maybe_received else intent.at + (later.after or _WAIT)
        keep = _in_doubt(later.why) if later.maybe_received else _not_received(later.why, try_after=after)
        return later.why, keep
    except SignInNeeded as needed:
        return needed.why, _not_received(needed.why, try_after=None)
    except Changed as changed:
        return changed.why, _in_doubt(changed.why)
    except Refused as refused:
        return refused.why, _refused(refused, at=intent.at)
    said = receipt.note or f"received as {receipt.reference or 'a report without a number'}"
    return said, _arrived(intent, receipt, plan=plan)


def _in_doubt(why: str) -> _Keep:
    def keep(session: Session, request: TakedownRequest) -> None:
        if request.state is not TakedownState.IN_DOUBT:
            takedowns.in_doubt(session, request, problem=why)

    return keep


def _not_received(why: str, *, try_after: datetime | None) -> _Keep:
    def keep(session: Session, request: TakedownRequest) -> None:
        takedowns.not_received(session, request, problem=why, try_after=try_after)

    return keep


def _refused(answer: Refused, *, at: datetime) -> _Keep:
    def keep(session: Session, request: TakedownRequest) -> None:
        if answer.use_form and RouteKind.FORM not in other_routes(session, request):
            takedowns.not_received(session, request, problem=answer.why)
            use_route(session, request, RouteKind.FORM)
        elif request.state is TakedownState.IN_DOUBT:
            takedowns.not_received(session, request, problem=answer.why)
        else:
            takedowns.refused(session, request, at=at, problem=answer.why)

    return keep


def _arrived(intent: _Intent, receipt: Receipt, *, plan: FollowUpPlan) -> _Keep:
    def keep(session: Session, request: TakedownRequest) -> None:
        account = session.scalar(select(Account).where(Account.id == intent.account_id))
        if account is not None and receipt.session:
            account.session = receipt.session
        takedowns.arrived(
            session,
            request,
            at=intent.at,
            reference=receipt.reference,
            stored_as=receipt.stored_as,
            next_check_at=plan.first_check(intent.at),
        )

    return keep


def _keep_result(desk: Desk, intent: _Intent, *, said: str, keep: _Keep) -> SendResult:
    """Write down what came of the call, whoever has left or settled the request meanwhile."""
    with desk.store.writing(desk.council_id) as session:
        request = request_at(session, intent.request_id)
        person = session.scalar(select(Person).where(Person.id == desk.person_id))
        unsettled = request.state in (TakedownState.SENDING, TakedownState.IN_DOUBT)
        if unsettled and request.sending_at == intent.at:
            keep(session, request)
        record(
            session,
            desk.council_id,
            at=desk.now,
            by=person,
            act="send takedown",
            subject=f"takedown request {request.id}",
            detail=f"{request.state.value}: {said}",
        )
        return SendResult(state=request.state, said=said)
