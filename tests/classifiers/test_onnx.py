"""The quick network: made from a folder, judged with without torch, the same text alike alone and among others."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.heads import HEADS
from classifiers.network import Network
from classifiers.onnx import Onnx, runner
from classifiers.register import DEFAULT_FOLDER, QUICK_NETWORK, load
from classifiers.shape import CannotLoad, Passage
from classifiers.training.quick import NotQuick, main, quicken
from classifiers.training.rounding import TOP, rounded
from classifiers.training.shipping import ship
from classifiers.training.sources import Civic, read_civic
from classifiers.weights import POINTS
from records.vocabulary import Level

TEXTS = [
    "Thanks to Cllr Marsh for the dropped kerb",
    "I will kill you Cllr Marsh",
    "",
    "\ud800",
    "y0u 4re 4n 1d10t",
    "The committee noted the report on kerbs. " * 40,
]


@pytest.fixture(scope="module")
def civic() -> Civic:
    whole = read_civic()
    return Civic(whole.learn[:60], whole.choose[::6], whole.held_out[::8])


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, civic: Civic) -> Path:
    """A weights folder of a network of two thin layers, as training writes one, without a quick network."""
    return _shipped(tmp_path_factory.mktemp("full"), civic)


@pytest.fixture(scope="module")
def quick(full: Path, tmp_path_factory: pytest.TempPathFactory, civic: Civic) -> Path:
    folder = Path(shutil.copytree(full, tmp_path_factory.mktemp("quick") / "thin"))
    told = list[str]()
    quicken(folder, civic, say=told.append, least_alike=0.9)
    assert any("intermediate.dense: off by" in line for line in told)
    assert any(line.startswith("balanced: ") for line in told)
    return folder


@pytest.fixture(scope="module")
def onnx(quick: Path) -> Onnx:
    return Onnx.load(folder=quick)


def test_the_quick_network_says_nearly_what_the_full_one_says(onnx: Onnx, quick: Path, civic: Civic) -> None:
    passages = [Passage(post.text, post.parent) for post in civic.held_out]
    full_scores = load("transformer", folder=quick).scores(passages)  # type: ignore[attr-defined]
    reports = np.array([[one.steps[Level.ABUSIVE] for one in both] for both in (onnx.scores(passages), full_scores)])
    assert reports[1].std() > 0.01
    assert np.corrcoef(reports)[0, 1] > 0.99
    assert np.abs(reports[0] - reports[1]).max() < reports[1].std()


def test_a_folder_says_how_its_quick_network_was_made(quick: Path, civic: Civic) -> None:
    about = json.loads((quick / "model.json").read_text())
    assert set(about["files"]) == {"config.json", "tokenizer.json", "model.safetensors", QUICK_NETWORK}
    assert about["quick"]["posts"] == len(civic.learn)
    assert set(about["quick"]["decided_alike"]) == set(POINTS)
    assert about["quick"]["decided_alike"]["balanced"][1] == len(civic.choose)


def test_the_same_folder_gives_the_same_quick_network(full: Path, quick: Path, tmp_path: Path, civic: Civic) -> None:
    again = Path(shutil.copytree(full, tmp_path / "thin"))
    quicken(again, civic, say=str, least_alike=0.9)
    assert (again / QUICK_NETWORK).read_bytes() == (quick / QUICK_NETWORK).read_bytes()
    assert (again / "model.json").read_text() == (quick / "model.json").read_text()


def test_a_network_that_decides_otherwise_is_not_written(full: Path, tmp_path: Path, civic: Civic) -> None:
    folder = Path(shutil.copytree(full, tmp_path / "thin"))
    with pytest.raises(NotQuick, match="otherwise"):
        quicken(folder, civic, say=str, least_alike=1.01)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        file.name: file.read_bytes() for file in full.iterdir()
    }


def test_another_kind_of_encoder_is_refused_by_name(full: Path, tmp_path: Path, civic: Civic) -> None:
    folder = Path(shutil.copytree(full, tmp_path / "thin"))
    config = json.loads((folder / "config.json").read_text()) | {"hidden_act": "relu"}
    (folder / "config.json").write_text(json.dumps(config))
    _name_anew(folder, "config.json")
    with pytest.raises(NotQuick, match="BERT"):
        quicken(folder, civic, say=str)


def test_the_command_names_a_folder_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["quick", str(tmp_path / "nowhere")])
    assert main() == 1
    assert "nowhere" in capsys.readouterr().err


def test_judging_imports_neither_torch_nor_transformers(quick: Path) -> None:
    code = (
        "import sys\n"
        "from classifiers.register import load\n"
        "from classifiers.shape import Passage\n"
        f"[judgement] = load('auto', folder={str(quick)!r}).judge([Passage('I will kill you Cllr Marsh')])\n"
        "print(int(judgement.level), *sorted({'torch', 'transformers', 'safetensors', 'onnx'} & set(sys.modules)))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["4"]
    assert not said.stderr


def test_auto_takes_the_full_network_where_there_is_no_quick_one(full: Path, quick: Path) -> None:
    assert type(load("auto", folder=full)).__name__ == "Transformer"
    assert type(load("auto", folder=quick)).__name__ == "Onnx"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60) | st.sampled_from(TEXTS), min_size=1, max_size=40), st.randoms())
def test_a_text_gets_the_same_scores_alone_and_among_others(onnx: Onnx, texts: list[str], random: object) -> None:
    passages = [Passage(text) for text in [*texts, *TEXTS]]
    together = dict(zip(passages, onnx.scores(passages), strict=True))
    turned = dict(zip(passages[::-1], onnx.scores(passages[::-1]), strict=True))
    assert together == turned
    assert [together[passage] for passage in passages[:3]] == [onnx.scores([one])[0] for one in passages[:3]]


def test_logits_do_not_change_with_the_texts_beside(quick: Path) -> None:
    """For one text and for many of its length; what is left disappears when probabilities are rounded."""
    run = runner(quick / QUICK_NETWORK)
    chance = np.random.default_rng(2)
    for tokens in (2, 3, 17, 128):
        ids = chance.integers(1000, 20000, (33, tokens))
        together = run(ids)
        for at in range(33):
            assert np.allclose(run(ids[at : at + 1]), together[at], atol=1e-5)
        assert np.allclose(run(ids[:7]), together[:7], atol=1e-5)


def test_names_and_versions(onnx: Onnx, quick: Path) -> None:
    [judgement] = onnx.judge([Passage("hello")])
    assert (judgement.model, judgement.version) == (onnx.name, onnx.version) == ("thin", onnx.version)
    assert onnx.version != load("transformer", folder=quick).version
    assert onnx.version != Onnx.load(folder=quick, point="quiet").version
    assert onnx.version == Onnx.load(folder=quick).version


def test_a_folder_without_a_quick_network_is_named_with_what_to_do(full: Path) -> None:
    with pytest.raises(CannotLoad, match=rf"{full.name} holds no model\.onnx.*classifiers\.training\.quick"):
        load("onnx", folder=full)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotLoad, match="nowhere"):
        load("onnx", folder=tmp_path / "nowhere")


@pytest.mark.parametrize("damaged", [QUICK_NETWORK, "tokenizer.json", "model.json"])
def test_a_damaged_file_is_named(quick: Path, tmp_path: Path, damaged: str) -> None:
    folder = Path(shutil.copytree(quick, tmp_path / "copied"))
    kept = (folder / damaged).read_bytes()
    (folder / damaged).write_bytes(kept[: len(kept) // 2])
    with pytest.raises(CannotLoad, match=f"copied.*{damaged}"):
        load("onnx", folder=folder)


def test_a_file_that_is_no_network_is_named_though_its_digest_is_right(quick: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(quick, tmp_path / "copied"))
    (folder / QUICK_NETWORK).write_bytes(b"not a graph at all")
    _name_anew(folder, QUICK_NETWORK)
    with pytest.raises(CannotLoad, match=r"copied.*model\.onnx"):
        load("onnx", folder=folder)


def test_the_full_network_still_loads_beside_the_quick_one(quick: Path, full: Path) -> None:
    passages = [Passage(text) for text in TEXTS]
    beside, alone = load("transformer", folder=quick), load("transformer", folder=full)
    assert beside.scores(passages) == alone.scores(passages)  # type: ignore[attr-defined]


def test_rounding_makes_up_for_what_it_loses() -> None:
    chance = np.random.default_rng(3)
    mixing = chance.standard_normal((48, 48)) / 7
    inputs = (chance.standard_normal((900, 48)) @ mixing).astype(np.float32)
    inputs[:, 5] *= 40
    kernel = chance.standard_normal((48, 24)).astype(np.float32)
    kernel[5] /= 40
    bias = np.ones(24, np.float32)
    one = rounded(kernel, bias, inputs)
    assert np.abs(one.kernel).max() <= TOP
    whole = np.clip(np.round(inputs * one.evening / one.step) + one.zero, 0, 255) - one.zero
    outputs = whole @ one.kernel.astype(np.float32) * (one.step * one.scales) + one.bias
    wanted = inputs @ kernel + bias
    off = np.sqrt(((outputs - wanted) ** 2).mean()) / wanted.std()
    assert off == pytest.approx(one.error, rel=0.05)
    assert off < 0.02
    assert np.abs((outputs - wanted).mean(0)).max() < 0.001


def _shipped(folder: Path, civic: Civic) -> Path:
    encoder = folder / "encoder"
    config = transformers.BertConfig(
        vocab_size=30522,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.3,
    )
    config.save_pretrained(encoder)
    shutil.copyfile(DEFAULT_FOLDER / "tokenizer.json", encoder / "tokenizer.json")
    torch.manual_seed(4)
    network = Network(config, heads=len(HEADS))
    torch.nn.init.normal_(network.heads.weight, std=1.0)
    ship(network.eval(), encoder=encoder, out=folder / "thin", civic=civic, recipe={})
    return folder / "thin"


def _name_anew(folder: Path, file: str) -> None:
    from classifiers.training.shipping import digest_of, read_about, write_about

    about = read_about(folder)
    files = about["files"]
    assert isinstance(files, dict)
    files[file] = digest_of(folder / file)
    write_about(folder, about)
