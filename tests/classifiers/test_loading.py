"""A model that cannot load says which folder and what to do; nothing is fetched unless a setting allows it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers

from classifiers.register import BACKENDS, DEFAULT_FOLDER, load
from classifiers.shape import CannotLoad, Passage
from records.vocabulary import Label, Level


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(CannotLoad, match="transformer, wordlist"):
        load("oracle")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotLoad, match="nowhere"):
        load("transformer", folder=tmp_path / "nowhere")


def test_a_hub_id_is_refused_unless_the_network_is_allowed() -> None:
    with pytest.raises(CannotLoad, match="someone/some-model"):
        load("transformer", folder="someone/some-model")


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotLoad, match=tmp_path.name):
        load("transformer", folder=tmp_path)


@pytest.mark.parametrize("lost", ["config.json", "tokenizer.json", "model.safetensors"])
def test_an_incomplete_folder_is_named(tmp_path: Path, lost: str) -> None:
    folder = _copy(tmp_path)
    (folder / lost).unlink()
    with pytest.raises(CannotLoad, match="copied"):
        load("transformer", folder=folder)


@pytest.mark.parametrize("damaged", ["config.json", "tokenizer.json", "model.safetensors", "model.json"])
def test_a_damaged_folder_is_named(tmp_path: Path, damaged: str) -> None:
    folder = _copy(tmp_path)
    kept = (folder / damaged).read_bytes()
    (folder / damaged).write_bytes(kept[: len(kept) // 2])
    with pytest.raises(CannotLoad, match="copied"):
        load("transformer", folder=folder)


def test_model_json_without_its_lines_is_named(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    about = json.loads((folder / "model.json").read_text())
    del about["points"]["balanced"]["lines"]["threat"]
    (folder / "model.json").write_text(json.dumps(about))
    with pytest.raises(CannotLoad, match="copied"):
        load("transformer", folder=folder)


def test_a_plain_sequence_classifier_with_our_labels_works(tmp_path: Path) -> None:
    folder = _plain_classifier(tmp_path, {0: "THREAT", 1: "identity_hate", 2: "sarcasm"})
    classifier = load("transformer", folder=folder)
    [judgement] = classifier.judge([Passage("When is the next meeting?")])
    assert judgement.scores[Label.THREAT] > 0
    assert judgement.scores[Label.HATE] > 0
    assert judgement.scores[Label.SMEAR] == 0
    assert judgement.level in Level
    assert classifier.version != load("transformer", folder=DEFAULT_FOLDER).version


def test_a_plain_classifier_of_other_labels_is_refused(tmp_path: Path) -> None:
    folder = _plain_classifier(tmp_path, {0: "positive", 1: "negative"})
    with pytest.raises(CannotLoad, match="threat, intimidation"):
        load("transformer", folder=folder)


def test_without_torch_the_message_says_how_to_get_it() -> None:
    code = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "from classifiers.register import load\n"
        "from classifiers.shape import CannotLoad\n"
        "assert load('wordlist').name == 'wordlist'\n"
        "try: load('transformer')\n"
        "except CannotLoad as cannot: print(cannot)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "torch" in said
    assert "wardkeeper[judge]" in said
    assert str(DEFAULT_FOLDER) in said


def test_the_table_loads_nothing() -> None:
    code = "import sys, classifiers.register, classifiers.judging, classifiers.wordlist; print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "False"
    assert set(BACKENDS) == {"onnx", "transformer", "wordlist"}


def test_shipped_files_fit_the_repository() -> None:
    files = {file.name: file.stat().st_size for file in DEFAULT_FOLDER.iterdir()}
    assert {"config.json", "tokenizer.json", "model.json", "model.safetensors"} <= set(files)
    assert all(size < 50_000_000 for size in files.values())
    assert (DEFAULT_FOLDER.parent / "ATTRIBUTION.md").exists()


def _copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT_FOLDER, tmp_path / "copied"))


def _plain_classifier(tmp_path: Path, heads: dict[int, str]) -> Path:
    folder = tmp_path / "plain"
    config = transformers.BertConfig(
        vocab_size=30522,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        id2label=heads,
        label2id={name: at for at, name in heads.items()},
        problem_type="multi_label_classification",
    )
    torch.manual_seed(1)
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    shutil.copyfile(DEFAULT_FOLDER / "tokenizer.json", folder / "tokenizer.json")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))
    return folder
