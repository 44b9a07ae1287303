"""Puts the parts of one install together from its folder and settings; nobody else constructs them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import inspect, select

from classifiers.register import load as load_classifier
from classifiers.shape import Classifier
from monitor.patterns import PileOnRule
from platforms import routes
from platforms.register import ADDRESSES, PLATFORMS
from platforms.shape import Reach, ReportRoute
from records.councils import Install
from records.overdue import RetentionPolicy
from records.store import Store, migrate
from records.vault import Vault, WrongKey
from takedown.following_up import FollowUpPlan
from wardkeeper import __version__
from wardkeeper.settings import Judge, Settings, SettingsProblem, config_folder, council_folder, load
from wardkeeper.shadow import Shadow
from wire.http import Wire

KEY_FILE = "wardkeeper.key"
DATABASE_FILE = "wardkeeper.db"


class CannotStart(Exception):
    """The install cannot be opened as it stands; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Parts:
    """One opened install. `council_files` is the council's own folder, which need not exist."""

    data: Path
    council_files: Path
    settings: Settings
    store: Store
    reach: Reach

    @property
    def plan(self) -> FollowUpPlan:
        """When reported posts are looked for."""
        return FollowUpPlan(checks=self.settings.follow_up.checks, agree_after=self.settings.follow_up.agree_after)

    @property
    def policy(self) -> RetentionPolicy:
        """How long things are kept."""
        keep = self.settings.retention
        return RetentionPolicy(
            lawful_text=keep.lawful_text,
            second_thoughts=keep.second_thoughts,
            uncivil=keep.level_1,
            abusive=keep.level_2,
            serious=keep.level_3_and_4,
            audit=keep.audit,
        )

    @property
    def pile_on(self) -> PileOnRule:
        """When many accounts at once are one event."""
        return PileOnRule(accounts=self.settings.pile_on.accounts, times=self.settings.pile_on.times_usual)

    def judge(self) -> Classifier:
        """The configured classifier, loaded now; only the worker and the command line call this.

        Raises classifiers.shape.CannotLoad naming the folder.
        """
        return load_judge(self.settings.judge)

    def shadow(self, judge: Classifier) -> Shadow | None:
        """The judge to try beside `judge`, loaded now; None where the settings name none. Never raises."""
        wanted = shadow_of(self.settings)
        if wanted is None:
            return None
        return Shadow.load(lambda: load_judge(wanted), point=wanted.point, beside=judge)

    def close(self) -> None:
        """Give back connections."""
        self.reach.wire.close()
        self.store.close()


def load_judge(judge: Judge) -> Classifier:
    """The classifier the settings name. Raises classifiers.shape.CannotLoad naming the folder."""
    return load_classifier(judge.model, folder=judge.folder or None, allow_network=judge.allow_hub, point=judge.point)


def shadow_of(settings: Settings) -> Judge | None:
    """What is to be tried in shadow, as a judge's settings: what is left empty is as the judge has it."""
    shadow, judge = settings.shadow, settings.judge
    if not (shadow.model or shadow.folder or shadow.point):
        return None
    model = shadow.model or judge.model
    folder = shadow.folder or (judge.folder if model == judge.model else "")
    return judge.model_copy(update={"model": model, "folder": folder, "point": shadow.point or judge.point})


def open_parts(data: Path) -> Parts:
    """Open the install in `data`, making it on first use. Raises CannotStart or SettingsProblem."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as wrong:
        raise CannotStart(f"The folder {data} cannot be made: {wrong.strerror}.") from wrong
    settings = load(data)
    return Parts(
        data=data,
        council_files=council_folder(data),
        settings=settings,
        store=open_store(data, settings),
        reach=open_reach(data, settings),
    )


def open_store(data: Path, settings: Settings) -> Store:
    """The database at its newest revision, with the right key. Raises CannotStart."""
    url = settings.database.url.get_secret_value() or f"sqlite:///{data / DATABASE_FILE}"
    keys = [key.strip() for key in settings.encryption_keys.get_secret_value().split(",") if key.strip()]
    try:
        store = Store(url, Vault(keys or [_key_from_file(data, url)]))
        migrate(store)
        _prove_key(store)
    except WrongKey as wrong:
        raise CannotStart(f"{wrong} Put the right key back into {data / KEY_FILE}, or into the settings.") from wrong
    return store


def _key_from_file(data: Path, url: str) -> str:
    path = data / KEY_FILE
    if path.is_file():
        return path.read_text(encoding="ascii", errors="replace").strip()
    if _has_tables(url):
        raise CannotStart(
            f"The records are sealed with a key that is not in {path}. Put the key back from your backup: "
            "a new one would open nothing, so none was made."
        )
    key = Vault.new_key()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key + "\n")
    return key


def _has_tables(url: str) -> bool:
    probe = Store(url, Vault([Vault.new_key()]))
    try:
        return inspect(probe.engine).has_table(Install.__tablename__)
    finally:
        probe.close()


def _prove_key(store: Store) -> None:
    proof = store.vault.fingerprint("install")
    with store.across_councils(writes=True) as session:
        install = session.scalar(select(Install))
        if install is None:
            session.add(Install(id=1, key_proof=proof, made_at=datetime.now(UTC)))
        elif install.key_proof != proof:
            raise WrongKey("This is not the key that these records were sealed with.")


def open_reach(data: Path, settings: Settings) -> Reach:
    """Every platform with its addresses and report route. Raises SettingsProblem naming the file and key."""
    unknown = sorted(set(settings.platforms) - set(PLATFORMS))
    if unknown:
        raise SettingsProblem(f"platforms.{unknown[0]}: no such platform; there are {', '.join(PLATFORMS)}.")
    contact = f"; {settings.network.contact}" if settings.network.contact else ""
    wire = Wire(
        user_agent=f"Wardkeeper/{__version__} (council safety tool{contact})",
        admit_loopback=settings.network.admit_loopback,
        timeout=settings.network.timeout.total_seconds(),
        max_bytes=settings.network.largest_answer,
    )
    addresses = {key: {**ADDRESSES.get(key, {}), **settings.platforms.get(key, {})} for key in PLATFORMS}
    return Reach(wire=wire, platforms=PLATFORMS, addresses=addresses, routes=_routes(council_folder(data)))


def _routes(council: Path) -> dict[str, ReportRoute]:
    shipped = config_folder() / "platforms"
    read = {}
    for key in PLATFORMS:
        path, own = shipped / f"{key}.toml", council / "platforms" / f"{key}.toml"
        overlay = own.read_bytes() if own.is_file() else None
        try:
            read[key] = routes.read(path.read_bytes(), where=str(path), overlay=overlay, overlay_where=str(own))
        except routes.RouteError as wrong:
            raise SettingsProblem(str(wrong)) from wrong
    return read
