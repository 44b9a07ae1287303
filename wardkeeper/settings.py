"""Reads every setting, once: defaults ← the council's folder ← environment ← secret files. Everyone else is handed
values."""

from __future__ import annotations

import os
import re
import tomllib
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import NestedSecretsSettingsSource as SecretFiles


class SettingsProblem(Exception):
    """A setting is wrong; the message names the file or variable, the key, and what to write instead."""


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=36500)


def duration(value: object) -> object:
    """Read 30s, 10m, 24h or 7d as a length of time. Raises ValueError saying how to write it."""
    if not isinstance(value, str):
        return value
    written = re.fullmatch(r"(\d{1,9})\s*([smhd])", value.strip())
    if not written:
        raise ValueError("write a time as 30s, 10m, 24h or 7d")
    length = timedelta(**{_UNITS[written[2]]: int(written[1])})
    if not timedelta() < length <= _LONGEST:
        raise ValueError("a time must be above zero and at most 100 years")
    return length


def _optional_duration(value: object) -> object:
    return None if value == "" else duration(value)


Time = Annotated[timedelta, BeforeValidator(duration)]
OptionalTime = Annotated[timedelta | None, BeforeValidator(_optional_duration)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Database(_Section):
    """Where the records are."""

    url: SecretStr


class Web(_Section):
    """The console's address and how long people stay signed in."""

    host: str
    port: int = Field(ge=0, le=65535)
    public_url: str
    idle: Time
    signed_in: Time

    @property
    def base_url(self) -> str:
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


class Network(_Section):
    """How we behave towards others."""

    admit_loopback: bool
    contact: str
    timeout: Time
    largest_answer: int = Field(ge=10_000, le=200_000_000)


class Schedule(_Section):
    """How often things are done."""

    tick: Time
    between_scans: OptionalTime


class Judge(_Section):
    """Which classifier judges, and from which level an incident is raised."""

    model: Literal["transformer", "wordlist"]
    folder: str
    point: Literal["cautious", "balanced", "quiet"]
    allow_hub: bool
    raise_from: int = Field(ge=1, le=4)


class Shadow(_Section):
    """A judge that is only tried beside the one that judges; on when any of these is set."""

    model: Literal["", "transformer", "wordlist"]
    folder: str
    point: Literal["", "cautious", "balanced", "quiet"]


class Learning(_Section):
    """What people are asked so that the judge can be measured."""

    sample_a_day: int = Field(ge=0, le=1000)


class FollowUp(_Section):
    """When a reported post is looked for again."""

    checks: tuple[Time, ...] = Field(min_length=1)
    agree_after: Time


class Retention(_Section):
    """How long things are kept."""

    lawful_text: Time
    second_thoughts: Time
    level_1: Time
    level_2: Time
    level_3_and_4: Time
    audit: Time


class PileOn(_Section):
    """When many accounts at once are one event."""

    accounts: int = Field(ge=2)
    times_usual: float = Field(ge=1)


class Log(_Section):
    """How much is said in the log."""

    level: Literal["debug", "info", "warning", "error"]


class Settings(BaseSettings):
    """Every setting of an install; `config/wardkeeper.toml` says what each is for."""

    model_config = SettingsConfigDict(
        env_prefix="WARDKEEPER_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    encryption_keys: SecretStr
    database: Database
    web: Web
    network: Network
    schedule: Schedule
    judge: Judge
    shadow: Shadow
    learning: Learning
    follow_up: FollowUp
    retention: Retention
    pile_on: PileOn
    log: Log
    platforms: dict[str, dict[str, str]]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        folder = os.environ.get("WARDKEEPER_SECRETS")
        if folder:
            secret_files = SecretFiles(
                file_secret_settings,
                secrets_dir=folder,
                secrets_prefix="WARDKEEPER_",
                secrets_nested_delimiter="__",
                secrets_dir_missing="error",
            )
            return secret_files, env_settings, init_settings
        return env_settings, init_settings


def config_folder() -> Path:
    """Where the shipped configuration is: in the installed package, else in the checkout."""
    packaged = Path(str(files("wardkeeper"))) / "config"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "config"


def council_folder(data: Path) -> Path:
    """The council's own folder, which overlays the shipped configuration file by file; it need not exist."""
    named = os.environ.get("WARDKEEPER_COUNCIL")
    return Path(named) if named else data / "council"


def read_toml(path: Path) -> dict[str, Any]:
    """One TOML file as a dictionary. Raises SettingsProblem naming the file and line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise SettingsProblem(f"{path} cannot be read as TOML: {wrong}") from wrong
    except OSError as wrong:
        raise SettingsProblem(f"{path} cannot be read: {wrong.strerror}") from wrong


def load(data: Path) -> Settings:
    """All settings of the install whose folder is `data`. Raises SettingsProblem."""
    own = council_folder(data) / "wardkeeper.toml"
    if os.environ.get("WARDKEEPER_COUNCIL") and not own.parent.is_dir():
        raise SettingsProblem(f"WARDKEEPER_COUNCIL names {own.parent}, which is not a folder.")
    values = read_toml(config_folder() / "wardkeeper.toml")
    if own.is_file():
        values = _overlay(values, read_toml(own))
    try:
        return Settings(**values)
    except ValidationError as wrong:
        raise SettingsProblem(_in_words(wrong, own)) from wrong


def _overlay(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _overlay(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _in_words(wrong: ValidationError, own: Path) -> str:
    lines = []
    for problem in wrong.errors(include_input=False, include_url=False):
        key = ".".join(str(part) for part in problem["loc"])
        reason = "no such setting" if problem["type"] == "extra_forbidden" else problem["msg"]
        lines.append(f"  {key}: {reason.removeprefix('Value error, ')}")
    where = f"{own} or a WARDKEEPER_… variable"
    return f"The settings in {where} are wrong:\n" + "\n".join(lines) + "\nconfig/wardkeeper.toml lists every setting."
