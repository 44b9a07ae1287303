"""Our network as an ONNX graph, matrix by matrix in whole numbers or in floats. Reads and measures nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from classifiers.reading import WINDOW
from classifiers.training.rounding import Rounded

Values = NDArray[Any]
State = Mapping[str, Values]
"""The network's parameters by the names that `classifiers.network.Network` gives them."""

LAYER = "encoder.encoder.layer.{}."
ATTENTION = ("attention.self.query", "attention.self.key", "attention.self.value")
ATTENDED, WIDENED, NARROWED = "attention.output.dense", "intermediate.dense", "output.dense"
FED_TOGETHER: tuple[tuple[str, ...], ...] = (ATTENTION, (ATTENDED,), (WIDENED,), (NARROWED,))
"""The matrices of one layer, those with the same inputs side by side; the first name stands for all of them."""

_EXTRA = "com.microsoft"
_OPSET, _EXTRA_OPSET, _FORMAT = 21, 1, 10


@dataclass(frozen=True)
class Shape:
    """What the parameters do not say of themselves."""

    layers: int
    attention_heads: int
    least_variance: float


@dataclass
class _Drawing:
    """A graph while it is drawn; every name is given once, in order."""

    state: State
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, Values] = field(default_factory=dict)

    def keep(self, value: Values | np.generic) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(value, order="C")
        return name

    def add(self, kind: str, *inputs: str, domain: str = "", name: str = "", **settings: Any) -> str:
        name = name or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, domain=domain, **settings))
        return name


def draw(state: State, shape: Shape, rounded: Mapping[str, Rounded]) -> onnx.ModelProto:
    """Logits, (texts, heads), of `input_ids`, (texts, tokens): texts of one length, without padding.

    `rounded` holds matrices by the name of the first of those fed together; what is not there stays in floats.
    """
    drawing = _Drawing(state)
    states = _embedded(drawing, shape)
    for layer in range(shape.layers):
        states = _layer(drawing, states, shape=shape, name=LAYER.format(layer), rounded=rounded)
    _judged(drawing, states)
    graph = helper.make_graph(
        drawing.nodes,
        "network",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "tokens"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", len(state["heads.bias"])])],
        [numpy_helper.from_array(value, name) for name, value in drawing.constants.items()],
    )
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_EXTRA, _EXTRA_OPSET)]
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=opsets, ir_version=_FORMAT)
    onnx.checker.check_model(model)
    return model


def _embedded(drawing: _Drawing, shape: Shape) -> str:
    """Words in half precision, as the weights are shipped, with the places of one window added."""
    state, name = drawing.state, "encoder.embeddings."
    words = drawing.keep(state[name + "word_embeddings.weight"].astype(np.float16))
    read = drawing.add("Cast", drawing.add("Gather", words, "input_ids"), to=TensorProto.FLOAT)
    places = state[name + "position_embeddings.weight"][:WINDOW] + state[name + "token_type_embeddings.weight"][0]
    length = drawing.add("Shape", "input_ids", start=1, end=2)
    placed = drawing.add("Slice", drawing.keep(places), drawing.keep(np.array([0])), length)
    return _normed(drawing, drawing.add("Add", read, placed), name + "LayerNorm", shape)


def _layer(drawing: _Drawing, states: str, *, shape: Shape, name: str, rounded: Mapping[str, Rounded]) -> str:
    def product(inputs: str, group: Sequence[str]) -> list[str]:
        names = [name + matrix for matrix in group]
        whole = rounded.get(names[0])
        return _whole(drawing, inputs, names, whole) if whole else _float(drawing, inputs, names)

    asked = product(states, ATTENTION)
    heads = drawing.add("MultiHeadAttention", *asked, domain=_EXTRA, num_heads=shape.attention_heads)
    [attended] = product(heads, [ATTENDED])
    # Adding and norming apart is several times faster than the node that does both in one.
    states = _normed(drawing, drawing.add("Add", attended, states), name + "attention.output.LayerNorm", shape)
    [widened] = product(states, [WIDENED])
    [narrowed] = product(drawing.add("Gelu", widened), [NARROWED])
    return _normed(drawing, drawing.add("Add", narrowed, states), name + "output.LayerNorm", shape)


def _normed(drawing: _Drawing, states: str, name: str, shape: Shape) -> str:
    weight, bias = (drawing.keep(drawing.state[f"{name}.{part}"]) for part in ("weight", "bias"))
    return drawing.add("LayerNormalization", states, weight, bias, epsilon=shape.least_variance)


def _float(drawing: _Drawing, inputs: str, names: Sequence[str]) -> list[str]:
    outputs = []
    for name in names:
        product = drawing.add("MatMul", inputs, drawing.keep(drawing.state[f"{name}.weight"].T))
        outputs.append(drawing.add("Add", product, drawing.keep(drawing.state[f"{name}.bias"])))
    return outputs


def _whole(drawing: _Drawing, inputs: str, names: Sequence[str], rounded: Rounded) -> list[str]:
    step, zero = drawing.keep(np.float32(rounded.step)), drawing.keep(np.uint8(rounded.zero))
    if (rounded.evening != 1).any():
        inputs = drawing.add("Mul", inputs, drawing.keep(rounded.evening))
    read = drawing.add("QuantizeLinear", inputs, step, zero)
    outputs, at = [], 0
    for name in names:
        here = slice(at, at + len(drawing.state[f"{name}.bias"]))
        at = here.stop
        kernel, scales, bias = rounded.kernel[:, here], rounded.scales[here], rounded.bias[here]
        constants = (kernel, step, scales, zero, np.zeros(len(bias), np.int8), bias)
        kept = [one if isinstance(one, str) else drawing.keep(one) for one in constants]
        outputs.append(drawing.add("MatMulIntegerToFloat", read, *kept, domain=_EXTRA))
    return outputs


def _judged(drawing: _Drawing, states: str) -> None:
    """The mean state, then the heads as products and sums, each along the last axis.

    Along another, or as one product of matrices, one text alone is summed in another order than several.
    """
    turned = drawing.add("Transpose", states, perm=[0, 2, 1])
    mean = drawing.add("ReduceMean", turned, drawing.keep(np.array([2])), keepdims=0)
    mean = drawing.add("Unsqueeze", mean, drawing.keep(np.array([1])))
    products = drawing.add("Mul", mean, drawing.keep(drawing.state["heads.weight"]))
    sums = drawing.add("ReduceSum", products, drawing.keep(np.array([2])), keepdims=0)
    drawing.add("Add", sums, drawing.keep(drawing.state["heads.bias"]), name="logits")
