"""Councils, councillors who opted in, and their accounts with consent, by command."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from monitor import watching
from platforms.shape import Platform
from records import audit
from records.councils import Council
from records.people import Account, Councillor
from records.vocabulary import AccountUse, Nation, NotAllowed, TermKind, Tier
from wardkeeper.build import Parts
from wardkeeper.terminal import AsJson, Exit, council_of, listing, now, opened, read_password, said, stop

council = typer.Typer(help="The councils that share this install.", no_args_is_help=True)
councillor = typer.Typer(help="Members who opted in, and the words they are found by.", no_args_is_help=True)
account = typer.Typer(help="Accounts and feeds somebody agreed to, with their consent.", no_args_is_help=True)

Use = Annotated[AccountUse, typer.Option(help="collect: find mentions. report: send the council's reports.")]
Words = Annotated[list[str] | None, typer.Option(help="May be given several times.")]


@council.command("add")
def add_council(
    name: str,
    tier: Annotated[Tier, typer.Option(help="Operation Ford does not cover parishes.")] = Tier.PRINCIPAL,
    nation: Annotated[Nation, typer.Option(help="Whose law the wording follows.")] = Nation.ENGLAND,
) -> None:
    """Add a council."""
    with opened() as parts, parts.store.across_councils(writes=True) as session:
        if session.scalar(select(Council.id).where(Council.name == name)):
            raise NotAllowed("council", why=f"{name} is already here")
        row = Council(name=name, tier=tier, nation=nation, created_at=now())
        session.add(row)
        session.flush()
        audit.record(session, row.id, at=now(), by=None, act="council added", subject=f"council {row.id}")
        said(f"Council {row.id}: {name}.")


@council.command("list")
def list_councils(as_json: AsJson = False) -> None:
    """Every council of this install."""
    with opened() as parts, parts.store.across_councils() as session:
        rows = session.scalars(select(Council).order_by(Council.id)).all()
        listing(
            [{"id": row.id, "name": row.name, "tier": row.tier, "nation": row.nation} for row in rows],
            as_json=as_json,
            empty="No council yet. Say: wardkeeper council add NAME",
        )


@councillor.command("add")
def add_councillor(
    name: str,
    opted_in_by: Annotated[str, typer.Option(help="Whose word the opt-in is: the member, or a form's reference.")],
    ward: str = "",
    party: str = "",
    nickname: Words = None,
    hashtag: Words = None,
    context: Words = None,
    exclude: Words = None,
) -> None:
    """Add a councillor who opted in; nobody else is ever looked for.

    --nickname takes nicknames and misspellings, --context topics that make a name surer, --exclude words that mean a
    namesake.
    """
    terms = {
        TermKind.NICKNAME: nickname or [],
        TermKind.HASHTAG: hashtag or [],
        TermKind.CONTEXT: context or [],
        TermKind.EXCLUSION: exclude or [],
    }
    with opened() as parts:
        where = council_of(parts)
        with parts.store.writing(where.id) as session:
            row = watching.add_councillor(
                session,
                where.id,
                name=name,
                ward=ward,
                party=party,
                terms=terms,
                opted_in_by=opted_in_by,
                by=None,
                now=now(),
            )
            said(f"Councillor {row.id}: {row.name}.")
            if not context:
                said("A full name without ward, party, council or topic beside it counts as a namesake: see --context.")


@councillor.command("list")
def list_councillors(as_json: AsJson = False) -> None:
    """Every councillor who opted in, paused or withdrew."""
    with opened() as parts, parts.store.reading(council_of(parts).id) as session:
        query = select(Councillor).options(selectinload(Councillor.terms)).order_by(Councillor.name)
        rows = [
            {
                "id": row.id,
                "name": row.name,
                "ward": row.ward,
                "party": row.party,
                "state": "withdrawn" if row.withdrawn_at else "paused" if row.paused_at else "opted in",
                "opted_in_at": row.opted_in_at,
                "opted_in_by": row.opted_in_by,
                "terms": [term.text for term in row.terms],
            }
            for row in session.scalars(query)
        ]
        listing(rows, as_json=as_json, empty="No councillor yet. Say: wardkeeper councillor add NAME --opted-in-by WHO")


def _change_councillor(number: int, change: str) -> None:
    acts = {"pause": watching.pause, "resume": watching.resume, "withdraw": watching.withdraw}
    with opened() as parts, parts.store.writing(council_of(parts).id) as session:
        row = session.get(Councillor, number)
        if row is None:
            stop(f"There is no councillor {number}. Say: wardkeeper councillor list", code=Exit.CANNOT)
        acts[change](session, row, by=None, now=now())
        said(f"Councillor {number}: {change} done.")


@councillor.command("pause")
def pause(number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Stop looking for them for a while."""
    _change_councillor(number, "pause")


@councillor.command("resume")
def resume(number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Look for them again."""
    _change_councillor(number, "resume")


@councillor.command("withdraw")
def withdraw(number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """They opted out: all their accounts are withdrawn and secrets erased."""
    _change_councillor(number, "withdraw")


@account.command("add")
def add_account(
    platform: Annotated[str, typer.Argument(help="bluesky, mastodon, feeds …")],
    handle: Annotated[str, typer.Argument(help="The account's handle; for a feed, a name for it.")],
    consent_by: Annotated[str, typer.Option(help="Who agreed.")],
    until: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The last day of the consent.")],
    councillor_id: Annotated[int, typer.Option("--councillor", help="Whose account; none for the council's own.")] = 0,
    use: Use = AccountUse.COLLECT,
    address: Annotated[str, typer.Option(help="A Mastodon server (https://…) or a feed's address.")] = "",
    purposes: Annotated[str, typer.Option(help="What the consent is for.")] = watching.PURPOSES,
    secret_from_input: Annotated[
        bool, typer.Option("--secret", help="Read the app password or token from standard input, one line.")
    ] = False,
    check: Annotated[bool, typer.Option(help="Ask the platform whether handle and secret are right.")] = True,
) -> None:
    """Connect an account or feed. The secret is never an argument: it would stand in the shell's history."""
    secret = read_password() if secret_from_input else ""
    with opened() as parts:
        where = council_of(parts)
        kind = _platform(parts, platform)
        if kind.needs_application:
            stop(
                f"{kind.name} answers only to an application of the council's own, which this version cannot hold yet."
                " Its posts enter by hand and its reports are filed by hand.",
                code=Exit.CANNOT,
            )
        stable_id, session_words = "", ""
        if check and kind.identify is not None:
            access = parts.reach.by(platform, address=address, handle=handle, stable_id="", secret=secret, session="")
            identity = kind.identify(parts.reach.paced(platform), access)
            handle, stable_id, session_words = identity.handle or handle, identity.stable_id, identity.session
        with parts.store.writing(where.id) as session:
            member = session.get(Councillor, councillor_id) if councillor_id else None
            if councillor_id and member is None:
                stop(f"There is no councillor {councillor_id}. Say: wardkeeper councillor list", code=Exit.CANNOT)
            row = watching.add_account(
                session,
                where.id,
                parts.store.vault,
                councillor=member,
                platform=platform,
                use=use,
                handle=handle,
                stable_id=stable_id,
                address=address,
                secret=secret,
                consent_by=consent_by,
                consent_until=_end_of(until),
                purposes=purposes,
                by=None,
                now=now(),
                platform_session=session_words,
            )
            said(f"Account {row.id}: {platform} {row.handle}, consent until {until}.")


def _platform(parts: Parts, key: str) -> Platform:
    if key not in parts.reach.platforms:
        stop(f"There is no platform {key}; there are {', '.join(parts.reach.platforms)}.", code=Exit.USAGE)
    return parts.reach.platforms[key]


def _end_of(day: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day), time.max, UTC)
    except ValueError:
        stop(f"{day} is not a date; write it as 2027-05-31.", code=Exit.USAGE)


@account.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """Every account with its consent; secrets and feed addresses are never shown."""
    with opened() as parts, parts.store.reading(council_of(parts).id) as session:
        query = select(Account).options(joinedload(Account.councillor)).order_by(Account.id)
        rows = [
            {
                "id": row.id,
                "platform": row.platform,
                "handle": row.handle,
                "use": row.use,
                "councillor": row.councillor.name if row.councillor else None,
                "consent_by": row.consent_by,
                "consent_at": row.consent_at,
                "consent_until": row.consent_until,
                "in_force": row.in_force(now()),
            }
            for row in session.scalars(query)
        ]
        listing(rows, as_json=as_json, empty="No account yet. Say: wardkeeper account add --help")


@account.command("withdraw")
def withdraw_account(number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Consent is taken back: the secret is erased at once and collecting stops."""
    with opened() as parts:
        with parts.store.writing(council_of(parts).id) as session:
            row = session.get(Account, number)
            if row is None:
                stop(f"There is no account {number}. Say: wardkeeper account list", code=Exit.CANNOT)
            watching.withdraw_account(session, row, by=None, now=now())
        said(f"Account {number} is withdrawn.")


@account.command("grant")
def grant(
    platform: str,
    address: Annotated[str, typer.Argument(help="The account's own server, https://…")],
    consent_by: Annotated[str, typer.Option(help="Who agreed.")],
    until: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The last day of the consent.")],
    councillor_id: Annotated[int, typer.Option("--councillor", help="Whose account; none for the council's own.")] = 0,
    use: Use = AccountUse.COLLECT,
) -> None:
    """Connect an account by the platform's own consent page: open the address shown, agree, and type the code."""
    with opened() as parts:
        kind = _platform(parts, platform)
        if kind.grant is None or kind.identify is None:
            stop(f"{kind.name} has no such page; use: wardkeeper account add {platform} … --secret", code=Exit.USAGE)
        wire = parts.reach.paced(platform)
        started = kind.grant.begin(wire, address, "urn:ietf:wg:oauth:2.0:oob", use is AccountUse.REPORT)
        said(f"Open this page as the account's owner and agree:\n{started.url}\nThen type the code it shows.")
        secret = kind.grant.finish(wire, started.keep, read_password())
        access = parts.reach.by(platform, address=address, handle="", stable_id="", secret=secret, session="")
        identity = kind.identify(wire, access)
        where = council_of(parts)
        with parts.store.writing(where.id) as session:
            row = watching.add_account(
                session,
                where.id,
                parts.store.vault,
                councillor=session.get(Councillor, councillor_id) if councillor_id else None,
                platform=platform,
                use=use,
                handle=identity.handle,
                stable_id=identity.stable_id,
                address=address,
                secret=secret,
                consent_by=consent_by,
                consent_until=_end_of(until),
                purposes=watching.PURPOSES,
                by=None,
                now=now(),
                platform_session=identity.session,
            )
            said(f"Account {row.id}: {platform} {row.handle}.")
