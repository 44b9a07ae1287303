"""Settings: every key is explained, layers overlay in their order, and a mistake is named where it stands."""

from __future__ import annotations

import json
import os
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.vault import Vault
from wardkeeper.build import CannotStart, open_reach, open_store
from wardkeeper.settings import Settings, SettingsProblem, config_folder, duration, load

SHIPPED = config_folder() / "wardkeeper.toml"
PAGE = Path(__file__).parent.parent / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that whoever runs the tests has set."""
    for name in [name for name in os.environ if name.startswith("WARDKEEPER_")]:
        monkeypatch.delenv(name)


def _flat(values: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat.update(_flat(value, f"{before}{key}.") if isinstance(value, dict) else {before + key: value})
    return flat


def _own(data: Path, text: str) -> Path:
    (data / "council").mkdir(parents=True, exist_ok=True)
    (data / "council" / "wardkeeper.toml").write_text(text, encoding="utf-8")
    return data


def _problem(data: Path) -> str:
    with pytest.raises(SettingsProblem) as wrong:
        load(data)
    return str(wrong.value)


def test_the_defaults_are_enough(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.web.base_url == "http://127.0.0.1:8080"
    assert settings.network.admit_loopback is False
    assert settings.follow_up.checks == tuple(timedelta(hours=hours) for hours in (24, 48, 72, 168, 336, 672))
    assert settings.schedule.between_scans is None
    assert settings.retention.lawful_text == timedelta(hours=72)


def test_every_key_carries_a_comment() -> None:
    for paragraph in SHIPPED.read_text(encoding="utf-8").split("\n\n"):
        explained = False
        for line in paragraph.splitlines():
            explained = explained or line.startswith("# ")
            assert explained or " = " not in line, line


def test_every_key_is_documented_with_its_default() -> None:
    shipped = _flat(tomllib.loads(SHIPPED.read_text(encoding="utf-8")))
    rows = re.findall(r"^\| `([a-z0-9_.]+)` \| `(.*?)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    documented = {key: tomllib.loads(f"value = {default}")["value"] for key, default, _words in rows}
    assert documented == shipped
    assert all(len(words) > 12 for _key, _default, words in rows)


def test_every_setting_of_the_model_has_a_shipped_default() -> None:
    shipped = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    assert set(shipped) == set(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        if inner is not None:
            assert set(shipped[name]) == set(inner), name


def test_layers_overlay_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _own(tmp_path, "[web]\nport = 8001\nhost = '127.0.0.2'\n")
    assert load(tmp_path).web.port == 8001
    assert load(tmp_path).web.idle == timedelta(minutes=30), "what the council did not write stays as shipped"
    monkeypatch.setenv("WARDKEEPER_WEB__PORT", "8002")
    assert (load(tmp_path).web.port, load(tmp_path).web.host) == (8002, "127.0.0.2")
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "WARDKEEPER_WEB__PORT").write_text("8003\n")
    monkeypatch.setenv("WARDKEEPER_SECRETS", str(secrets))
    assert (load(tmp_path).web.port, load(tmp_path).web.host) == (8003, "127.0.0.2")


def test_a_secret_file_holds_the_password_of_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "WARDKEEPER_DATABASE__URL").write_text("postgresql://wardkeeper:lamp-oil@db/wardkeeper")
    monkeypatch.setenv("WARDKEEPER_SECRETS", str(tmp_path))
    settings = load(tmp_path)
    assert settings.database.url.get_secret_value().endswith("@db/wardkeeper")
    assert "lamp-oil" not in repr(settings)


def test_a_list_by_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDKEEPER_FOLLOW_UP__CHECKS", json.dumps(["1h", "2d"]))
    assert load(tmp_path).follow_up.checks == (timedelta(hours=1), timedelta(days=2))


def test_the_councils_folder_can_be_anywhere_but_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = _own(tmp_path / "elsewhere", "[log]\nlevel = 'debug'\n") / "council"
    monkeypatch.setenv("WARDKEEPER_COUNCIL", str(elsewhere))
    assert load(tmp_path).log.level == "debug"
    monkeypatch.setenv("WARDKEEPER_COUNCIL", str(tmp_path / "nowhere"))
    assert "nowhere" in _problem(tmp_path)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[web]\nprot = 8443\n", "web.prot: no such setting"),
        ("[wbe]\nport = 8443\n", "wbe: no such setting"),
        ("[web]\nport = 'eight'\n", "web.port"),
        ("[web]\nport = 70000\n", "web.port"),
        ("[web]\nidle = '30 minutes'\n", "web.idle: write a time as 30s, 10m, 24h or 7d"),
        ("[web]\nidle = '0s'\n", "web.idle: a time must be above zero"),
        ("[web]\nidle = '999999999d'\n", "web.idle: a time must be above zero and at most 100 years"),
        ("[judge]\nmodel = 'oracle'\n", "judge.model"),
        ("[judge]\nraise_from = 0\n", "judge.raise_from"),
        ("[follow_up]\nchecks = []\n", "follow_up.checks"),
        ("[pile_on]\naccounts = 1\n", "pile_on.accounts"),
        ("[network]\nadmit_loopback = 'perhaps'\n", "network.admit_loopback"),
        ("web = 3\n", "web"),
        ("[log]\nlevel = 'loud'\n", "log.level"),
        ("[platforms]\nbluesky = 3\n", "platforms.bluesky"),
    ],
)
def test_a_mistake_is_named_by_file_and_key(tmp_path: Path, text: str, named: str) -> None:
    problem = _problem(_own(tmp_path, text))
    assert named in problem
    assert str(tmp_path / "council" / "wardkeeper.toml") in problem


@pytest.mark.parametrize("text", ["[web\nport = 1", "port", "\x00", "[web]\nport = 1\nport = 2\n", "a = '\ud800'"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, text: str) -> None:
    data = _own(tmp_path, "")
    (data / "council" / "wardkeeper.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert "wardkeeper.toml cannot be read as TOML" in _problem(data)


def test_a_wrong_secret_is_never_repeated(tmp_path: Path) -> None:
    problem = _problem(_own(tmp_path, "encryption_keys = ['lamp-oil']\n[database]\nurl = ['lamp-oil']\n"))
    assert "encryption_keys" in problem
    assert "lamp-oil" not in problem


def test_an_unknown_platform_is_named(tmp_path: Path) -> None:
    _own(tmp_path, "[platforms.blusky]\nappview = 'https://example.org'\n")
    with pytest.raises(SettingsProblem, match=r"platforms\.blusky: no such platform; there are .*bluesky"):
        open_reach(tmp_path, load(tmp_path))


def test_a_councils_own_report_route_overlays_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "council" / "platforms"
    own.mkdir(parents=True)
    (own / "bluesky.toml").write_text('policy_url = "https://larkford.example/rules"\n')
    reach = open_reach(tmp_path, load(tmp_path))
    reach.wire.close()
    assert reach.routes["bluesky"].policy_url == "https://larkford.example/rules"
    assert reach.routes["bluesky"].categories


def test_a_councils_broken_report_route_is_named(tmp_path: Path) -> None:
    own = tmp_path / "council" / "platforms"
    own.mkdir(parents=True)
    (own / "bluesky.toml").write_text('polcy_url = "https://larkford.example/rules"\n')
    with pytest.raises(SettingsProblem, match=r"bluesky\.toml.*polcy_url"):
        open_reach(tmp_path, load(tmp_path))


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    open_store(tmp_path, load(tmp_path)).close()
    key_file = tmp_path / "wardkeeper.key"
    assert key_file.stat().st_mode & 0o777 == 0o600
    key = key_file.read_text()
    open_store(tmp_path, load(tmp_path)).close()
    assert key_file.read_text() == key


@pytest.mark.parametrize("damage", ["gone", "another", "nonsense", "empty"])
def test_without_the_right_key_nothing_opens_and_none_is_made(tmp_path: Path, damage: str) -> None:
    open_store(tmp_path, load(tmp_path)).close()
    key_file = tmp_path / "wardkeeper.key"
    if damage == "gone":
        key_file.unlink()
    else:
        key_file.write_text({"another": Vault.new_key(), "nonsense": "open sesame", "empty": ""}[damage])
    with pytest.raises(CannotStart, match=r"wardkeeper\.key"):
        open_store(tmp_path, load(tmp_path))
    assert key_file.exists() is (damage != "gone")


@given(st.integers(min_value=1, max_value=36500), st.sampled_from("smhd"))
def test_a_time_is_read_as_written(number: int, unit: str) -> None:
    names = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    assert duration(f"{number}{unit}") == timedelta(**{names[unit]: number})
    assert duration(f" {number} {unit} ") == timedelta(**{names[unit]: number})


@given(st.text(max_size=20))
def test_anything_else_is_refused_as_a_time(text: str) -> None:
    if re.fullmatch(r"\s*\d{1,9}\s*[smhd]\s*", text):
        return
    with pytest.raises(ValueError, match="time"):
        duration(text)
