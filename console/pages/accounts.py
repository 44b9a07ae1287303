"""Accounts and feeds, each with its consent: who agreed, when, what for and until when. A credential is never shown."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from console.forms import Answers, options
from console.visiting import Here, Missing, Number, Visit
from monitor import watching
from platforms.shape import Access, Identity, Platform
from records.people import Account, Councillor
from records.vault import WrongKey
from records.vocabulary import AccountUse, NotAllowed
from wire.errors import WireError

router = APIRouter()
NO_REDIRECT = "urn:ietf:wg:oauth:2.0:oob"
"""OAuth's word for "show the code on the page": the console may stand where no platform can reach it."""
USUAL_CONSENT = timedelta(days=365)


@dataclass(frozen=True)
class Consented:
    """What was entered about an account, apart from its credential."""

    platform: str
    use: AccountUse
    councillor_id: int | None
    handle: str
    address: str
    consent_by: str
    consent_until: datetime
    purposes: str


@router.get("/accounts/new", include_in_schema=False)
def new_account_choice(visit: Here, councillor: str = "") -> Response:
    """The platforms on which an account can be connected, with what each needs."""
    usable = [one for one in visit.parts.reach.platforms.values() if one.connectable]
    by_hand = [one for one in visit.parts.reach.platforms.values() if not one.connectable]
    return visit.page("account_choice.html", usable=usable, by_hand=by_hand, councillor=councillor)


@router.get("/accounts/new/{platform_key}", include_in_schema=False)
def new_account_page(visit: Here, platform_key: str, councillor: str = "") -> Response:
    """The form for an account of one platform, with what its owner should know before they agree."""
    until = visit.now + USUAL_CONSENT
    platform = _platform(visit, platform_key)
    form = Answers().propose(
        **{
            "councillor": councillor,
            "use": AccountUse.COLLECT.value if platform.mentions else AccountUse.REPORT.value,
            "until-day": str(until.day),
            "until-month": str(until.month),
            "until-year": str(until.year),
        }
    )
    return _ask(visit, platform, form)


def _platform(visit: Visit, key: str) -> Platform:
    platform = visit.parts.reach.platforms.get(key)
    if platform is None or not platform.connectable:
        raise Missing
    return platform


def _ask(visit: Visit, platform: Platform, form: Answers) -> Response:
    with visit.reading() as session:
        councillors = session.scalars(
            select(Councillor).where(Councillor.withdrawn_at.is_(None)).order_by(Councillor.name)
        ).all()
    chosen = form.value("councillor")
    people = [{"value": "", "text": "The council's own account", "selected": not chosen}]
    people += [{"value": str(one.id), "text": one.name, "selected": str(one.id) == chosen} for one in councillors]
    return visit.page(
        "new_account.html",
        status=400 if form.errors else 200,
        platform=platform,
        form=form,
        people=people,
        uses=options(_uses(platform), ticked=[form.value("use")]),
    )


def _uses(platform: Platform) -> list[AccountUse]:
    return [use for use, can in ((AccountUse.COLLECT, platform.mentions), (AccountUse.REPORT, platform.report)) if can]


def _consented(visit: Visit, platform: Platform, answers: Answers) -> Consented | None:
    use = answers.choice("use", AccountUse, need="Select what the account is for")
    handle = answers.text("handle", most=200).lstrip("@")
    address = answers.text("address", most=1000)
    consent_by = answers.text("consent_by", need="Enter who agreed and how", most=300)
    purposes = answers.text("purposes", need="Enter what they agreed to", most=500)
    until = answers.date("until", need="Enter the day on which the consent ends")
    if use is not None and use not in _uses(platform):
        answers.wrong("use", "Select what the account is for")
    if until is not None and until <= visit.now:
        answers.wrong("until", "The day on which the consent ends must be in the future")
    if not handle and not address:
        answers.wrong("handle", "Enter the account's handle, or the address of the feed")
    if answers.errors or use is None or until is None:
        return None
    councillor_id = answers.number("councillor")
    return Consented(platform.key, use, councillor_id, handle, address, consent_by, until, purposes)


@router.post("/accounts/new/{platform_key}", include_in_schema=False)
def new_account(visit: Here, platform_key: str) -> Response:
    """Connect an account, after asking the platform whether the credential is good."""
    platform = _platform(visit, platform_key)
    answers = visit.answers
    consented = _consented(visit, platform, answers)
    secret = answers.secret("secret")
    if consented is None:
        return _ask(visit, platform, answers)
    problem = _connect(visit, platform, consented, secret=secret)
    if problem:
        answers.wrong("handle" if consented.handle else "address", problem)
        return _ask(visit, platform, answers)
    return _done(visit, consented)


def _done(visit: Visit, consented: Consented) -> Response:
    if consented.councillor_id is None:
        return visit.to("councillors", said="connected")
    return visit.to("councillor", councillor_id=consented.councillor_id, said="connected")


def _connect(visit: Visit, platform: Platform, consented: Consented, *, secret: str) -> str:
    """Ask the platform who this is, then keep the account; what is wrong in words, or ""."""
    access = visit.parts.reach.by(
        platform.key, address=consented.address, handle=consented.handle, stable_id="", secret=secret, session=""
    )
    who = Identity(consented.handle, "")
    if platform.identify is not None:
        try:
            who = platform.identify(visit.parts.reach.paced(platform.key), access)
        except WireError as problem:
            return f"{platform.name} did not accept this: {problem.why}"
    try:
        with visit.writing() as (session, person):
            councillor = None
            if consented.councillor_id is not None:
                councillor = session.scalar(select(Councillor).where(Councillor.id == consented.councillor_id))
                if councillor is None:
                    raise Missing
            watching.add_account(
                session,
                visit.me.council_id,
                visit.parts.store.vault,
                councillor=councillor,
                platform=platform.key,
                use=consented.use,
                handle=who.handle or consented.handle,
                stable_id=who.stable_id,
                address=consented.address,
                secret=secret,
                consent_by=consented.consent_by,
                consent_until=consented.consent_until,
                purposes=consented.purposes,
                by=person,
                now=visit.now,
                platform_session=who.session,
            )
    except NotAllowed as refused:
        return refused.why[:1].upper() + refused.why[1:]
    return ""


@router.post("/accounts/new/{platform_key}/grant", include_in_schema=False)
def begin_grant(visit: Here, platform_key: str) -> Response:
    """Ask the platform for the page on which the account's owner agrees; nothing is stored yet."""
    platform = _platform(visit, platform_key)
    if platform.grant is None:
        raise Missing
    answers = visit.answers
    consented = _consented(visit, platform, answers)
    if consented is None:
        return _ask(visit, platform, answers)
    reporting = consented.use is AccountUse.REPORT
    try:
        start = platform.grant.begin(visit.parts.reach.paced(platform.key), consented.address, NO_REDIRECT, reporting)
    except WireError as problem:
        answers.wrong("address", f"The server did not answer as expected: {problem.why}")
        return _ask(visit, platform, answers)
    kept = _seal(visit, consented, keep=start.keep)
    return visit.page("grant.html", platform=platform, form=Answers(), url=start.url, kept=kept)


@router.post("/accounts/new/{platform_key}/code", include_in_schema=False)
def finish_grant(visit: Here, platform_key: str) -> Response:
    """Turn the code that the platform showed into a credential and connect the account."""
    platform = _platform(visit, platform_key)
    answers = visit.answers
    kept, url = answers.value("kept"), answers.text("url", most=4000)
    opened = _unseal(visit, kept)
    if platform.grant is None or opened is None or opened[0].platform != platform.key:
        raise Missing
    consented, keep = opened
    code = answers.text("code", need="Enter the code that the platform showed", most=500)
    if not answers.errors:
        try:
            secret = platform.grant.finish(visit.parts.reach.paced(platform.key), keep, code)
        except WireError as problem:
            answers.wrong("code", f"{platform.name} did not accept the code: {problem.why}")
        else:
            wrong = _connect(visit, platform, consented, secret=secret)
            if wrong:
                answers.wrong("code", wrong)
    if answers.errors:
        return visit.page("grant.html", status=400, platform=platform, form=answers, url=url, kept=kept)
    return _done(visit, consented)


def _seal(visit: Visit, consented: Consented, *, keep: str) -> str:
    words = asdict(consented) | {"consent_until": consented.consent_until.isoformat(), "keep": keep}
    owner = {"person": visit.me.person.id, "at": visit.now.isoformat()}
    return visit.parts.store.vault.seal(json.dumps(words | owner).encode()).decode()


def _unseal(visit: Visit, kept: str) -> tuple[Consented, str] | None:
    try:
        words = json.loads(visit.parts.store.vault.open(kept.encode()))
    except (WrongKey, ValueError):
        return None
    if words.pop("person") != visit.me.person.id:
        return None
    if visit.now - datetime.fromisoformat(words.pop("at")) > timedelta(hours=1):
        return None
    keep = str(words.pop("keep"))
    words["consent_until"] = datetime.fromisoformat(words["consent_until"])
    words["use"] = AccountUse(words["use"])
    return Consented(**words), keep


@router.post("/accounts/{account_id}/withdraw", include_in_schema=False)
def withdraw_account(visit: Here, account_id: Number) -> Response:
    """Consent is taken back: our copy of the credential goes at once, then the platform is told if it can be."""
    with visit.writing() as (session, person):
        account = session.scalar(select(Account).where(Account.id == account_id))
        if account is None:
            raise Missing
        access = _access(visit, account)
        platform = visit.parts.reach.platforms.get(account.platform)
        councillor_id = account.councillor_id
        watching.withdraw_account(session, account, by=person, now=visit.now)
    said = "account-withdrawn"
    if platform is not None and platform.grant is not None and access.secret:
        try:
            platform.grant.revoke(visit.parts.reach.paced(platform.key), access)
        except WireError:
            said = "account-withdrawn-not-told"
    if councillor_id is None:
        return visit.to("councillors", said=said)
    return visit.to("councillor", councillor_id=councillor_id, said=said)


def _access(visit: Visit, account: Account) -> Access:
    return visit.parts.reach.by(
        account.platform,
        address=account.address,
        handle=account.handle,
        stable_id=account.stable_id,
        secret=account.secret,
        session=account.session,
    )
