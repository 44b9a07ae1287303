"""Sets up the demonstration's council in its data folder, through the same functions the commands use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor import watching
from records.councils import Council
from records.people import Account, Councillor, Person
from records.signing_in import add_person
from records.vocabulary import AccountUse, Nation, Role, TermKind, Tier
from wardkeeper.build import Parts
from wardkeeper.demo.residents import HANDLE_DOMAIN, Cast, Member
from wardkeeper.demo.stage import Stage
from wardkeeper.demo.world import PASSWORD, REPORTER, World

SIGN_IN_PASSWORD = "aldermere-demonstration"  # noqa: S105 - of no use anywhere else
"""Everybody's password in the demonstration; printed at start."""
CONSENT_LASTS = timedelta(days=365)


def write_settings(data: Path, stage: Stage, world: World, *, live: bool) -> None:
    """The council's own folder: simulated addresses, loopback admitted and, when live, shorter times."""
    addresses = "\n".join(f'{key} = "{value}"' for key, value in world.bluesky.addresses.items())
    lines = [
        "# Written by the demonstration at each start.",
        f"[web]\nport = {stage.ports['web']}",
        "[network]\nadmit_loopback = true",
        f"[platforms.bluesky]\n{addresses}",
    ]
    if live:
        lines.append('[schedule]\ntick = "20s"\nbetween_scans = "60s"')
        lines.append('[follow_up]\nchecks = ["2m", "4m", "6m", "10m", "20m", "60m"]\nagree_after = "1m"')
    folder = data / "council"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wardkeeper.toml").write_text("\n\n".join(lines) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class _Settling:
    session: Session
    council_id: int
    parts: Parts
    world: World
    now: datetime


def settle(parts: Parts, cast: Cast, world: World, *, now: datetime) -> int:
    """The council with its people, members and accounts; what is there already stays. Gives the council's id."""
    with parts.store.across_councils(writes=True) as session:
        council = session.scalar(select(Council).where(Council.name == cast.name))
        if council is None:
            council = Council(name=cast.name, tier=Tier(cast.tier), nation=Nation(cast.nation), created_at=now)
            session.add(council)
            session.flush()
        council_id = council.id
    with parts.store.writing(council_id) as session:
        here = _Settling(session, council_id, parts, world, now)
        _people(here, cast)
        for member in cast.councillors:
            _member(here, member)
        _bluesky(here, None, f"{REPORTER}.{HANDLE_DOMAIN}")
        _mastodon(here, None, "aldermere_council")
        for name, address in world.feed_addresses.items():
            _account(here, None, platform="feeds", handle=f"Aldermere Gazette, {name}", address=address)
    return council_id


def _people(here: _Settling, cast: Cast) -> None:
    for officer in cast.people:
        if here.session.scalar(select(Person.id).where(Person.email == officer.email)) is None:
            add_person(
                here.session,
                here.council_id,
                email=officer.email,
                name=officer.name,
                roles=frozenset(Role(role) for role in officer.roles),
                password=SIGN_IN_PASSWORD,
                now=here.now,
            )


def _member(here: _Settling, member: Member) -> None:
    councillor = here.session.scalar(select(Councillor).where(Councillor.name == member.name))
    if councillor is None:
        councillor = watching.add_councillor(
            here.session,
            here.council_id,
            name=member.name,
            ward=member.ward,
            party=member.party,
            terms={
                TermKind.NICKNAME: member.nicknames,
                TermKind.CONTEXT: (*member.context, "Aldermere"),
                TermKind.EXCLUSION: member.exclusions,
            },
            opted_in_by=member.name,
            by=None,
            now=here.now,
        )
    if member.bluesky:
        _bluesky(here, councillor, f"{member.bluesky}.{HANDLE_DOMAIN}")
    if member.mastodon:
        _mastodon(here, councillor, member.mastodon)


def _bluesky(here: _Settling, councillor: Councillor | None, handle: str) -> None:
    did = next(person.did for person in here.world.bluesky.people.values() if person.handle == handle)
    _account(here, councillor, platform="bluesky", handle=handle, stable_id=did, secret=PASSWORD)


def _mastodon(here: _Settling, councillor: Councillor | None, username: str) -> None:
    server = here.world.mastodon
    handle, secret = f"{username}@{server.domain}", here.world.token(username)
    _account(here, councillor, platform="mastodon", handle=handle, stable_id=handle, address=server.base, secret=secret)


def _account(
    here: _Settling,
    councillor: Councillor | None,
    *,
    platform: str,
    handle: str,
    stable_id: str = "",
    address: str = "",
    secret: str = "",
) -> None:
    feed = here.parts.reach.platforms[platform].report is None
    use = AccountUse.COLLECT if councillor is not None or feed else AccountUse.REPORT
    same = select(Account.id).where(Account.platform == platform, Account.handle == handle, Account.use == use)
    if here.session.scalar(same) is not None:
        return
    watching.add_account(
        here.session,
        here.council_id,
        here.parts.store.vault,
        councillor=councillor,
        platform=platform,
        use=use,
        handle=handle,
        stable_id=stable_id,
        address=address,
        secret=secret,
        consent_by=councillor.name if councillor else "Head of communications",
        consent_until=here.now + CONSENT_LASTS,
        purposes=watching.PURPOSES,
        by=None,
        now=here.now,
    )
