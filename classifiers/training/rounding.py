"""One matrix of a network in whole numbers of eight bits, which a processor multiplies faster. Knows no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

TOP = 64
"""Weights lie between -64 and 64: two products of a weight and an input then fit the 16 bits in which processors
without dot-product instructions add them, and old and new processors give the same scores."""

_INPUTS = 255
_STRENGTHS = (0.5, 0.65, 0.8)
_KEPT = (1.0, 0.9, 0.8, 0.7, 0.6)
_SAMPLE = 1500
_AT_ONCE = 64
_DAMPING = 0.01


@dataclass(frozen=True)
class Rounded:
    """Inputs times `evening` are rounded to multiples of `step` from `zero` on, weights to multiples of `scales`.

    Both steps are fixed beforehand, so that what a text's scores are does not depend on the texts beside it.
    """

    kernel: NDArray[np.int8]
    """(inputs, outputs)."""
    scales: NDArray[np.float32]
    """One per output."""
    bias: NDArray[np.float32]
    evening: NDArray[np.float32]
    """One per input: moves the spread of the inputs into the weights, which can bear it (Xiao et al., 2023)."""
    step: float
    zero: int
    error: float
    """Root mean square of what the outputs are off, as a part of how much they vary."""


def rounded(kernel: Floats, bias: Floats, inputs: Floats) -> Rounded:
    """The rounding with the least error on `inputs`, (tokens, inputs), as the network sees them on ordinary posts.

    `kernel` is (inputs, outputs). Every weight is rounded so that it makes up for what rounding those before it did
    (Frantar et al., 2023), and the bias takes up what error is left on average.
    """
    sample = inputs[np.random.default_rng(1).permutation(len(inputs))[:_SAMPLE]]
    wanted = sample @ kernel
    evening, kept = min(
        ((evening, kept) for evening in _evenings(kernel, sample) for kept in _KEPT),
        key=lambda pair: _plain_error(kernel, sample, wanted, evening=pair[0], kept=pair[1]),
    )
    evened, weights = inputs * evening, kernel / evening[:, None]
    step, zero = _grid(evened, kept)
    seen = _on_grid(evened, step, zero)
    scales = _scales(weights)
    whole = _made_up(weights, scales, seen)
    outputs, reached = inputs @ kernel, seen @ (whole * scales)
    shift = (outputs - reached).mean(0)
    error = float(np.sqrt(((outputs - reached - shift) ** 2).mean() / max(float(outputs.var()), 1e-12)))
    return Rounded(
        kernel=whole.astype(np.int8),
        scales=scales.astype(np.float32),
        bias=(bias + shift).astype(np.float32),
        evening=evening.astype(np.float32),
        step=step,
        zero=zero,
        error=error,
    )


def _evenings(kernel: Floats, inputs: Floats) -> list[Floats]:
    spread = np.percentile(np.abs(inputs), 99.9, axis=0) + 1e-5
    largest = np.abs(kernel).max(1) + 1e-5
    evenings = [largest ** (1 - strength) / spread**strength for strength in _STRENGTHS]
    evenings.append(np.ones(len(kernel)))
    return [np.asarray(one / np.exp(np.log(one).mean()), dtype=inputs.dtype) for one in evenings]


def _grid(inputs: Floats, kept: float) -> tuple[float, int]:
    """Step and zero under which `kept` of the range of the inputs is covered; what lies beyond is cut off."""
    low, high = min(0.0, float(inputs.min())) * kept, max(0.0, float(inputs.max())) * kept
    step = float(np.float32(max(high - low, 1e-6) / _INPUTS))
    return step, round(-low / step)


def _on_grid(inputs: Floats, step: float, zero: int) -> Floats:
    whole: Floats = np.clip(np.round(inputs / step) + zero, 0, _INPUTS)
    return (whole - zero) * step


def _scales(kernel: Floats) -> Floats:
    return np.asarray(np.maximum(np.abs(kernel).max(0), 1e-8) / TOP, dtype=np.float32)


def _plain_error(kernel: Floats, inputs: Floats, outputs: Floats, *, evening: Floats, kept: float) -> float:
    weights, evened = kernel / evening[:, None], inputs * evening
    scales = _scales(weights)
    off = outputs - _on_grid(evened, *_grid(evened, kept)) @ (np.round(weights / scales) * scales)
    return float(((off - off.mean(0)) ** 2).mean())


def _made_up(kernel: Floats, scales: Floats, inputs: Floats) -> Floats:
    """Whole weights, those of the strongest inputs first, each error spread over the weights still to be rounded."""
    together = inputs.T.astype(np.float64) @ inputs / len(inputs)
    together += np.eye(len(together)) * max(_DAMPING * np.trace(together) / len(together), 1e-12)
    order = np.argsort(-np.diag(together), kind="stable")
    spread = np.linalg.cholesky(np.linalg.inv(together[order][:, order])).T
    left, whole = kernel[order].astype(np.float64), np.zeros(kernel.shape)
    for start in range(0, len(left), _AT_ONCE):
        end = min(start + _AT_ONCE, len(left))
        errors = np.zeros((end - start, kernel.shape[1]))
        for row in range(start, end):
            whole[row] = np.clip(np.round(left[row] / scales), -TOP, TOP)
            errors[row - start] = (left[row] - whole[row] * scales) / spread[row, row]
            left[row + 1 : end] -= np.outer(spread[row, row + 1 : end], errors[row - start])
        left[end:] -= spread[start:end, end:].T @ errors
    unordered = np.empty_like(whole)
    unordered[order] = whole
    return unordered
