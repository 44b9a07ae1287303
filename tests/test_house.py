"""Tests about the code itself: what the house rules promise is checked here, so that nobody has to remember it."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import socket
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
import typer
from importlinter import cli
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from platforms.register import PLATFORMS
from wardkeeper.cli import app

ROOT = Path(__file__).parent.parent
ROOMS = ("wire", "records", "platforms", "classifiers", "monitor", "takedown", "console", "wardkeeper")
LONGEST_FILE = 400
LONGEST_BODY = 40
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BROAD = {"Exception", "BaseException"}
OBVIOUS = {"help", "ward", "party", "name", "email", "title"}
NOT_OURS = {".venv", ".git", "var", "build", "dist", "__pycache__", "node_modules"}


def _sources(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from sorted((ROOT / room).rglob("*.py"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _own_files() -> list[Path]:
    """Every file that belongs to the project: what git tracks or would, else (in an unpacked source) all there is."""
    asked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode == 0:
        return [ROOT / name for name in asked.stdout.splitlines() if (ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and not NOT_OURS & set(path.relative_to(ROOT).parts)]


def test_every_room_is_imported_from_here() -> None:
    for room in ROOMS:
        module = importlib.import_module(room)
        assert module.__file__ is not None
        assert Path(module.__file__).is_relative_to(ROOT), f"{room} came from {module.__file__}"


def test_imports_flow_one_way(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = cli.lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert result == cli.EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_every_room_is_in_the_contracts_and_the_wheel() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert rooms == set(ROOMS)
    assert set(PROJECT["tool"]["importlinter"]["root_packages"]) == rooms
    assert set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]) == rooms | {"config"}
    assert set(PROJECT["tool"]["mypy"]["packages"]) == rooms


def test_the_pages_and_the_web_process_load_no_model() -> None:
    """The console runs beside the worker on small machines: a gigabyte of model in it would be for nothing."""
    heavy = ("torch", "transformers", "numpy", "safetensors", "tokenizers", "pytest")
    program = (
        "import sys; import console.app, wardkeeper.web, wardkeeper.cli, classifiers.register; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "[]", ran.stdout + ran.stderr


def test_files_are_short_enough_to_be_read() -> None:
    long = {
        _name(path): lines
        for path in _sources(*ROOMS, "benchmarks", "tests")
        if "migrations/versions" not in _name(path)
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_functions_do_little_enough_to_be_understood() -> None:
    """Counted is what a function does: the names of what it is given, and its docstring, only help."""
    long = {}
    for path in _sources(*ROOMS, "benchmarks", "tests"):
        if "migrations/versions" in _name(path):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                if length > LONGEST_BODY:
                    long[f"{_name(path)}:{node.lineno} {node.name}"] = length
    assert long == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        _name(path)
        for path in _sources(*ROOMS, "benchmarks")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_only_the_outermost_job_catches_everything() -> None:
    catching = set()
    for path in _sources(*ROOMS):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                if any(one is None or (isinstance(one, ast.Name) and one.id in BROAD) for one in caught):
                    catching.add(_name(path))
    # A judge in shadow is a job of its own: whatever it does, the judging must go on.
    assert catching <= {"wardkeeper/schedule.py", "wardkeeper/shadow.py"}


def test_no_circle_is_dodged_and_no_attribute_is_guessed() -> None:
    dodges = []
    for path in _sources(*ROOMS):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name) and node.id in ("TYPE_CHECKING", "hasattr"):
                dodges.append(f"{_name(path)}:{node.lineno} {node.id}")
    assert dodges == []


def test_settings_are_read_in_one_room() -> None:
    reading = {
        _name(path) for path in _sources(*ROOMS) if re.search(r"os\.(environ|getenv)", path.read_text(encoding="utf-8"))
    }
    assert {name for name in reading if not name.startswith("wardkeeper/")} == set()


def test_a_platforms_name_is_compared_nowhere_outside_its_room() -> None:
    compared = []
    for path in _sources("monitor", "takedown", "console", "classifiers", "records"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare | ast.Match):
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and part.value in PLATFORMS:
                        compared.append(f"{_name(path)}:{part.lineno} {part.value!r}")
    assert compared == []


@pytest.mark.parametrize("key", sorted(PLATFORMS))
def test_every_platform_has_all_its_parts(key: str) -> None:
    platform = PLATFORMS[key]
    assert platform.key == key
    assert (ROOT / "platforms" / f"{key}.py").is_file() or (ROOT / "platforms" / key / "__init__.py").is_file()
    assert tomllib.loads((ROOT / "config" / "platforms" / f"{key}.toml").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "platforms" / f"{key}.md").read_text(encoding="utf-8")
    assert page.startswith("# ")
    assert len(page.split()) > 60, f"docs/platforms/{key}.md says too little"
    tests = [path.name for path in (ROOT / "tests" / "platforms").glob("test_*.py")]
    own = {name for name in tests if name.startswith(f"test_{key}")}
    if platform.mentions or platform.report:
        assert own, f"tests/platforms has no test_{key}*.py"
        simulated = [path.stem for path in (ROOT / "wardkeeper" / "demo").iterdir()]
        assert any(name.startswith(key) for name in simulated), f"no simulated server for {key}"
    else:
        assert own or any(key in path.read_text("utf-8") for path in (ROOT / "tests" / "platforms").glob("test_*.py"))


def test_nothing_else_is_listed_as_a_platform() -> None:
    assert {path.stem for path in (ROOT / "config" / "platforms").glob("*.toml")} == set(PLATFORMS)
    assert {path.stem for path in (ROOT / "docs" / "platforms").glob("*.md")} == set(PLATFORMS)


def test_the_project_speaks_of_itself_alone() -> None:
    """No machine of ours, no package index and nothing unfinished is written into any file."""
    foreign = re.compile(
        "|".join(
            (
                r"/wo" + r"rk/",
                r"sha" + r"red/(?:design|data|rigs)",
                r"py" + r"pi\.",
                r"pythonhosted" + r"\.org",
                r"download\.py" + r"torch",
                r"\bTO" + r"DO\b",
                r"\bFIX" + r"ME\b",
                r"NotImplemented" + r"Error",
            )
        )
    )
    said: list[str] = []
    for path in _own_files():
        if path.suffix in {".png", ".safetensors", ".bin", ".npz"} or path.stat().st_size > 3_000_000:
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        said.extend(f"{_name(path)}: {found[0]}" for found in foreign.finditer(text))
    assert not said, "\n".join(said)


def test_constraints_are_public_exact_versions() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if line.strip()]
    pins = [line for line in lines if not line.startswith("#")]
    odd = [line for line in pins if not re.fullmatch(r"[a-z0-9-]+==\d[0-9a-z.]*", line)]
    assert odd == [], "a local tag, a path, an address or a range"
    names = [line.partition("==")[0] for line in pins]
    assert len(names) == len(set(names))


def test_everything_that_is_needed_is_pinned() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)$", text, re.MULTILINE))
    optional = PROJECT["project"]["optional-dependencies"]
    declared = [*PROJECT["project"]["dependencies"], *optional["judge"], *optional["dev"]]
    needed = _needed([Requirement(line) for line in declared])
    assert {name for name in needed if name not in pinned} == set()
    assert {canonicalize_name(Requirement(line).name) for line in optional["train"]} <= set(pinned)


def _needed(wanted: list[Requirement]) -> set[str]:
    """Names of everything installed that these ask for. What torch brings for graphics cards it pins itself."""
    found: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    while wanted:
        requirement = wanted.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            distribution = metadata.distribution(requirement.name)
        except metadata.PackageNotFoundError:
            continue
        found.add(key[0])
        if key[0] == "torch":
            continue
        for line in distribution.requires or ():
            child = Requirement(line)
            if child.marker is None or any(child.marker.evaluate({"extra": e}) for e in ("", *requirement.extras)):
                wanted.append(child)
    return found


def _commands() -> Iterator[tuple[str, object]]:
    def walk(name: str, command: object) -> Iterator[tuple[str, object]]:
        yield name, command
        for child, inner in getattr(command, "commands", {}).items():
            yield from walk(f"{name} {child}", inner)

    yield from walk("wardkeeper", typer.main.get_command(app))


def test_every_command_and_option_has_help() -> None:
    silent = []
    for name, command in _commands():
        if len((getattr(command, "help", "") or "").split()) < 3:
            silent.append(name)
        for parameter in getattr(command, "params", ()):
            described = getattr(parameter, "help", None) or parameter.name in OBVIOUS
            if parameter.param_type_name == "option" and not described:
                silent.append(f"{name} --{parameter.name}")
    assert not silent, "\n".join(silent)


def test_every_promised_command_is_there() -> None:
    families = (
        "run demo web worker scan judge intake import council councillor account people sign-in queue takedown "
        "follow-up audit health db config export"
    )
    names = {name.split(" ")[1] for name, _command in _commands() if " " in name}
    assert set(families.split()) <= names


def test_help_is_answered_at_once() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "wardkeeper", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    for word in ("demo", "--data", "Exit codes"):
        assert word in ran.stdout


def test_no_test_can_reach_beyond_this_machine() -> None:
    for address in (("192.0.2.1", 80), ("example.org", 443)):
        with socket.socket() as way_out, pytest.raises(pytest.fail.Exception, match="not this machine"):
            way_out.connect(address)
        with socket.socket() as way_out, pytest.raises(pytest.fail.Exception, match="not this machine"):
            way_out.connect_ex(address)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, unpacked into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "built"), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    with zipfile.ZipFile(next((folder / "built").glob("*.whl"))) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


@pytest.mark.slow
def test_the_wheel_holds_what_is_needed_and_nothing_else(wheel: Path) -> None:
    names = {str(path.relative_to(wheel)) for path in wheel.rglob("*") if path.is_file()}
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(ROOMS)
    assert {f"wardkeeper/config/platforms/{key}.toml" for key in PLATFORMS} < names
    for needed in (
        "wardkeeper/config/wardkeeper.toml",
        "wardkeeper/demo/seed/council.json",
        "classifiers/wordlist.txt",
        "console/templates/layout.html",
        "records/migrations/script.py.mako",
        "records/migrations/env.py",
    ):
        assert needed in names
    assert any(name.startswith("classifiers/weights/") and name.endswith(".safetensors") for name in names)
    assert not [name for name in names if "corpus" in name]
    assert not [name for name in names if name.startswith("classifiers/") and name.endswith(".jsonl")]
    modules = {_name(path) for path in _own_files() if path.suffix in {".py", ".html"} and _room(path) in ROOMS}
    assert modules <= names


def _room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


@pytest.mark.slow
def test_the_wheel_runs_the_demonstration_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WARDKEEPER_")}
    environment["PYTHONPATH"] = str(wheel)
    where = [sys.executable, "-c", "import wardkeeper, records, console; print(wardkeeper.__file__)"]
    came_from = subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert Path(came_from.strip()).is_relative_to(wheel)
    command = [sys.executable, "-m", "wardkeeper", "demo", "--once", "--json"]
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert ran.returncode == 0, ran.stderr
    counts = json.loads(ran.stdout)
    assert counts["sent"] > 0
    assert counts["removed"] > 0
    assert {path.name for path in tmp_path.iterdir()} == {"var"}
