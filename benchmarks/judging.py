"""How fast posts are judged on one core, by ours and by others with the same posts in the same run; asserts nothing.

Run: python -m benchmarks.judging [--posts N] [--many N] [--folder DIR]. Ours does all the others do, and the rules.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measured import Measured, hand_over
from classifiers.normalise import for_model
from classifiers.reading import WINDOW
from classifiers.register import DEFAULT_FOLDER, load
from classifiers.shape import Classifier, Passage
from classifiers.training.sources import read_civic
from classifiers.weights import NETWORK, read_weights

PIPELINE_TARGET, BERT_TARGET, START_TARGET, MEMORY_TARGET = 8, 30, 3, 600

_ROUNDS = 5
_FEW = 24
_BERT_LABELS = 6

_WORKER = """
import sys
from classifiers.register import load
from classifiers.shape import Passage
load("auto", folder=sys.argv[1]).judge([Passage("When is the next meeting of the planning committee?")])
"""


def main() -> None:
    """Measure and hand over; with `--worker`, be the process whose memory is measured."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--posts", type=int, default=240)
    ask.add_argument("--many", type=int, default=10_000)
    ask.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    ask.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    wanted = ask.parse_args()
    if wanted.worker:
        _judge_many(wanted.folder, wanted.many)
        return
    start = _start(wanted.folder)
    memory = _memory(wanted.folder, wanted.many)
    hand_over([start, memory, *_rates(wanted.folder, wanted.posts)])


def _texts(folder: Path, count: int) -> list[str]:
    """Posts of the corpus's held-out blocks, again and again with a number so that no two are the same.

    Those that fit one window, so that all read the whole of them: a plain pipeline cuts off what is longer.
    """
    tokenizer = read_weights(folder, point="balanced", files=[]).tokenizer
    held_out = [post.text for post in read_civic().held_out]
    fitting = [text for text in held_out if len(tokenizer.encode(for_model(text)).ids) < WINDOW - 4]
    rounds = [fitting, *([f"{text} {again}" for text in fitting] for again in range(1, count // len(fitting) + 1))]
    return [text for one in rounds for text in one][:count]


def _rates(folder: Path, count: int) -> list[Measured]:
    """Everybody in turn on the same stretches of posts, the fastest round of each stretch, in processor time."""
    texts = _texts(folder, count)
    rate = _posts_a_second(_judges(folder), texts)
    ours, what = rate["onnx"], "one thread, one run"
    return [
        Measured("ours, onnxruntime", ours, "posts/s", f"judge, with the rules; {what}"),
        Measured("ours, torch", rate["torch"], "posts/s", f"judge, with the rules; {what}"),
        Measured("plain pipeline", rate["pipeline"], "posts/s", f"transformers, the same encoder, as it comes; {what}"),
        Measured("BERT-base pipeline", rate["bert"], "posts/s", f"transformers, six labels, random weights; {what}"),
        Measured("ours against the pipeline", ours / rate["pipeline"], "times", what, at_least=PIPELINE_TARGET),
        Measured("ours against BERT-base", ours / rate["bert"], "times", what, at_least=BERT_TARGET),
    ]


Judge = Callable[[Sequence[str]], object]


def _judges(folder: Path) -> dict[str, Judge]:
    import torch
    import transformers

    torch.set_num_threads(1)
    logging.getLogger("transformers").setLevel(logging.ERROR)
    weights = read_weights(folder, point="balanced", files=[NETWORK])
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), pad_token="[PAD]", model_max_length=WINDOW
    )

    def pipeline(config: Any, encoder: Mapping[str, Any] | None = None) -> Judge:
        config.problem_type = "multi_label_classification"
        model = transformers.BertForSequenceClassification(config)
        if encoder is not None:
            model.bert.load_state_dict(encoder, strict=False)
        made = transformers.TextClassificationPipeline(model=model.eval(), tokenizer=tokenizer, device="cpu")
        return lambda texts: made(list(texts), top_k=None, truncation=True)

    from classifiers.transformer import open_network

    small = transformers.BertConfig.from_pretrained(folder, num_labels=len(weights.heads))
    return {
        "onnx": _ours(load("onnx", folder=folder)),
        "torch": _ours(load("transformer", folder=folder)),
        "pipeline": pipeline(small, open_network(weights).encoder.state_dict()),
        "bert": pipeline(transformers.BertConfig(num_labels=_BERT_LABELS)),
    }


def _ours(classifier: Classifier) -> Judge:
    return lambda texts: classifier.judge([Passage(text) for text in texts])


def _posts_a_second(judges: Mapping[str, Judge], texts: Sequence[str]) -> dict[str, float]:
    """In processor time, so that a second thread gains nothing; a slow judge gets fewer posts."""
    seconds = dict.fromkeys(judges, float("inf"))
    for judge in judges.values():
        judge(texts[:_FEW])
    gc.collect()
    gc.freeze()
    for _ in range(_ROUNDS):
        for name, judge in judges.items():
            share = texts[:: len(texts) // _FEW] if name == "bert" else texts
            start = time.process_time()
            judge(share)
            seconds[name] = min(seconds[name], (time.process_time() - start) / len(share))
    return {name: 1 / each for name, each in seconds.items()}


def _start(folder: Path) -> Measured:
    """From nothing to the first judgement, in a process of its own."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", _WORKER, str(folder)], check=True)
        best = min(best, time.perf_counter() - start)
    return Measured("first judgement", best, "s", "from the start of the process to its end", at_most=START_TARGET)


def _memory(folder: Path, many: int) -> Measured:
    """The most memory that a process holds that judges so many posts, in batches as the worker does."""
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.judging", "--worker", "--many", str(many), "--folder", str(folder)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    how = f"{many:,} posts, all cores, in batches as the worker takes them"
    return Measured("memory of a worker", float(ran.stdout), "MB", how, at_most=MEMORY_TARGET)


def _judge_many(folder: Path, many: int) -> None:
    from monitor.assessing import BATCH

    classifier = load("auto", folder=folder)
    texts = _texts(folder, many)
    for start in range(0, many, BATCH):
        classifier.judge([Passage(text) for text in texts[start : start + BATCH]])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    main()
