"""Activations as ONNX operators (opset 17): one table, from the name to the operators.

To add an activation: an entry in FORMULAS, in operators that ONNX Runtime has in float32 and float64. Where one
operator says it all but exists in float32 only, an entry in FLOAT32_OPERATORS as well. Called by onnx_writer.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from fastnn.exchange.steps import Activate

#: A function (operator, *inputs, **attributes) that adds a node and returns its output; numbers become constants.
Graph = Callable[..., Any]
#: From graph, value and step to the value behind it.
Formula = Callable[[Graph, Any, Activate], Any]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def _at_zero(g: Graph, x: Any, value: float, elsewhere: Any) -> Any:
    return g("Where", g("Equal", x, 0.0), value, elsewhere)


def _heaviside(g: Graph, x: Any, step: Activate) -> Any:
    half = g("Mul", g("Add", g("Sign", x), 1.0), 0.5)  # one half at 0
    return half if step.alpha == 0.5 else _at_zero(g, x, step.alpha, half)


def _sign(g: Graph, x: Any, step: Activate) -> Any:
    return _at_zero(g, x, step.alpha, g("Sign", x)) if step.alpha else g("Sign", x)


def _relu_general(g: Graph, x: Any, step: Activate) -> Any:
    above = g("Min", x, step.max_value) if step.max_value < math.inf else x
    below = g("Mul", g("Sub", x, step.threshold), step.alpha) if step.alpha else 0.0
    return g("Where", g("Greater", x, step.threshold), above, below)


def _elu(g: Graph, x: Any, alpha: float) -> Any:
    """max(x, 0) + alpha (e^min(x, 0) - 1)."""
    below = g("Mul", g("Sub", g("Exp", g("Min", x, 0.0)), 1.0), alpha)
    return g("Add", g("Max", x, 0.0), below)


def _softplus(g: Graph, x: Any) -> Any:
    """max(x, 0) + log(1 + e^-|x|): stable on both sides."""
    small = g("Log", g("Add", g("Exp", g("Neg", g("Abs", x))), 1.0))
    return g("Add", g("Max", x, 0.0), small)


def _gelu(g: Graph, x: Any, step: Activate) -> Any:
    """x/2 (1 + erf(x / sqrt 2))."""
    distribution = g("Add", g("Erf", g("Mul", x, math.sqrt(0.5))), 1.0)
    return g("Mul", g("Mul", x, distribution), 0.5)


def _gelu_tanh(g: Graph, x: Any, step: Activate) -> Any:
    """x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))."""
    cubic = g("Mul", g("Mul", g("Mul", x, x), x), 0.044715)
    bent = g("Tanh", g("Mul", g("Add", x, cubic), math.sqrt(2 / math.pi)))
    return g("Mul", g("Mul", x, g("Add", bent, 1.0)), 0.5)


#: Activations in operators that ONNX Runtime has for both element types, but for those in FLOAT32_ONLY.
FORMULAS: dict[str, Formula] = {
    "linear": lambda g, x, step: x,
    "heaviside": _heaviside,
    "sign": _sign,
    "piecewise_linear": lambda g, x, step: g("Clip", g("Add", x, 0.5), 0.0, 1.0),
    "sigmoid": lambda g, x, step: g("Sigmoid", x),
    "hard_sigmoid": lambda g, x, step: g("Div", g("Clip", g("Add", x, 3.0), 0.0, 6.0), 6.0),
    "tanh": lambda g, x, step: g("Tanh", x),
    "hard_tanh": lambda g, x, step: g("Clip", x, -1.0, 1.0),
    "softsign": lambda g, x, step: g("Div", x, g("Add", g("Abs", x), 1.0)),
    "relu": lambda g, x, step: g("Relu", x),
    "relu6": lambda g, x, step: g("Clip", x, 0.0, 6.0),
    "relu_clipped": _relu_general,
    "relu_general": _relu_general,
    "leaky_relu": lambda g, x, step: g("Where", g("Less", x, 0.0), g("Mul", x, step.alpha), x),
    "elu": lambda g, x, step: _elu(g, x, step.alpha),
    "selu": lambda g, x, step: g("Mul", _elu(g, x, SELU_ALPHA), SELU_SCALE),
    "softplus": lambda g, x, step: _softplus(g, x),
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": lambda g, x, step: g("Mul", x, g("Sigmoid", x)),
    "mish": lambda g, x, step: g("Mul", x, g("Tanh", _softplus(g, x))),
    "softmax": lambda g, x, step: g("Softmax", x, axis=-1),
    "exponential": lambda g, x, step: g("Exp", x),
}

#: Single operators that ONNX Runtime has in float32 only.
FLOAT32_OPERATORS: dict[str, Formula] = {
    "hard_sigmoid": lambda g, x, step: g("HardSigmoid", x, alpha=1 / 6, beta=0.5),
    "softsign": lambda g, x, step: g("Softsign", x),
    "leaky_relu": lambda g, x, step: g("LeakyRelu", x, alpha=step.alpha),
    "elu": lambda g, x, step: g("Elu", x, alpha=step.alpha),
    "selu": lambda g, x, step: g("Selu", x),
    "softplus": lambda g, x, step: g("Softplus", x),
    "mish": lambda g, x, step: g("Mul", x, g("Tanh", g("Softplus", x))),
}

#: Activations with an operator that ONNX Runtime lacks in float64: Erf.
FLOAT32_ONLY = {"gelu"}


def activate(g: Graph, x: Any, step: Activate, dtype: str) -> Any:
    """Add the nodes of an activation behind value `x` and return its output.

    Raises
    ------
    ValueError
        If the activation has no operators, or none in `dtype`.
    """
    if dtype == "float64" and step.name in FLOAT32_ONLY:
        raise ValueError(
            f"expected an activation whose operators ONNX Runtime has in float64, received: {step.name!r}; a "
            "dtype='float32' model with the same weights can be written"
        )
    formula = FLOAT32_OPERATORS.get(step.name) if dtype == "float32" else None
    formula = formula or FORMULAS.get(step.name)
    if formula is None:
        raise ValueError(f"expected an activation with ONNX operators ({', '.join(FORMULAS)}), received: {step.name!r}")
    return formula(g, x, step)
