"""from_torch: a torch.nn.Sequential as a model. PyTorch is not imported: whoever has a module has imported it.

To add a module: an entry in MODULES.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fastnn import activations
from fastnn.exchange.build import dtype_of, sequential
from fastnn.exchange.needs import loaded
from fastnn.exchange.steps import Array, BatchNorm, Dense, Drop, Function, LayerNorm, PRelu, Program, Step
from fastnn.network import Sequential


def from_torch(module: Any) -> Sequential:
    """Return a model that predicts what a torch.nn.Sequential predicts in evaluation mode.

    Weights are copied; optimizer and training mode are not taken over.

    Parameters
    ----------
    module : torch.nn.Sequential
        Of Linear, BatchNorm1d, LayerNorm, Dropout, AlphaDropout, Flatten, Identity, activations, and Sequentials of
        these; or one of these alone.

    Returns
    -------
    Sequential
        float64 if one of the parameters is, else float32; not compiled.

    Raises
    ------
    TypeError
        If it is no torch.nn.Module.
    ValueError
        If there is a module without a counterpart, or one whose weight a hook makes (pruning, weight_norm), named with
        its place, or the widths do not fit.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.from_torch("a path")
    Traceback (most recent call last):
    TypeError: expected a torch.nn.Sequential, received: 'a path'
    """
    torch = loaded("torch")
    if torch is None or not isinstance(module, torch.nn.Module):
        raise TypeError(f"expected a torch.nn.Sequential, received: {module!r}")
    steps = [step for place, part in _flat(torch, module, "") for step in _steps(torch, place, part)]
    return sequential(Program(dtype_of(steps), 0, steps))


def _flat(torch: Any, module: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The modules in a row, with where they are: "0.2"."""
    if isinstance(module, torch.nn.Sequential) and type(module).forward is torch.nn.Sequential.forward:
        for name, child in module._modules.items():  # named_children leaves out what stands there a second time
            yield from _flat(torch, child, f"{place}.{name}" if place else name)
    else:
        yield place, module


def _steps(torch: Any, place: str, module: Any) -> list[Step]:
    name = type(module).__name__
    if getattr(torch.nn, name, None) is not type(module) or name not in MODULES:
        raise ValueError(
            f"expected a torch.nn.Sequential of {', '.join(MODULES)}, received: {name} at {place or 'its top'!r}"
        )
    try:
        # a hook's weight is as old as the last forward pass
        made = [key for key in ("weight", "bias") if key in vars(module)]
        _same(
            not made,
            f"{' and '.join(made)} as a parameter, not what a hook makes (remove_weight_norm, prune.remove first)",
        )
        return MODULES[name](module)
    except _NotTheSameError as error:
        raise ValueError(f"expected {name} at {place!r} with {error}, received: {module!r}") from None


class _NotTheSameError(Exception):
    """A module's settings have no counterpart; says which would."""


def _array(tensor: Any) -> Array:
    array = tensor.detach().cpu()
    array = array.numpy() if "float64" in str(tensor.dtype) else array.float().numpy()
    return np.array(array)


def _optional(tensor: Any) -> Array | None:
    return None if tensor is None else _array(tensor)


def _same(condition: bool, wanted: str) -> None:
    if not condition:
        raise _NotTheSameError(wanted)


def _activation(name: str, **numbers: Any) -> Function:
    function = activations.NAMES[name]
    return Function(functools.partial(function, **numbers) if numbers else function)


def _batch_norm(module: Any) -> list[Step]:
    _same(module.running_mean is not None, "track_running_stats=True")
    mean, variance = _array(module.running_mean), _array(module.running_var)
    momentum = 0.99 if module.momentum is None else 1.0 - module.momentum
    gamma, beta = _optional(module.weight), _optional(module.bias)
    return [BatchNorm(mean, variance, gamma, beta, module.eps, momentum)]


def _layer_norm(module: Any) -> list[Step]:
    _same(len(module.normalized_shape) == 1, "a normalized_shape of one number")
    return [LayerNorm(module.normalized_shape[0], _optional(module.weight), _optional(module.bias), module.eps)]


def _softplus(module: Any) -> list[Step]:
    _same(module.beta == 1 and module.threshold >= 20, "beta=1 and threshold=20")
    return [_activation("softplus")]


def _hard_tanh(module: Any) -> list[Step]:
    _same((module.min_val, module.max_val) == (-1, 1), "limits -1 and 1")
    return [_activation("hard_tanh")]


def _softmax(module: Any) -> list[Step]:
    _same(module.dim in (None, 1, -1), "dim=1")
    return [_activation("softmax")]


def _flatten(module: Any) -> list[Step]:
    _same((module.start_dim, module.end_dim) == (1, -1), "start_dim=1 and end_dim=-1")
    return []


#: Steps of each module, by its class's name in torch.nn.
MODULES: dict[str, Callable[[Any], list[Step]]] = {
    "Linear": lambda module: [Dense(_array(module.weight).T, _optional(module.bias))],
    "BatchNorm1d": _batch_norm,
    "LayerNorm": _layer_norm,
    "Dropout": lambda module: [Drop(module.p)],
    "AlphaDropout": lambda module: [],
    "Flatten": _flatten,
    "Identity": lambda module: [],
    "ReLU": lambda module: [_activation("relu")],
    "LeakyReLU": lambda module: [_activation("leaky_relu", negative_slope=module.negative_slope)],
    "PReLU": lambda module: [PRelu(_array(module.weight))],
    "ReLU6": lambda module: [_activation("relu6")],
    "ELU": lambda module: [_activation("elu", alpha=module.alpha)],
    "SELU": lambda module: [_activation("selu")],
    "GELU": lambda module: [_activation("gelu", approximate=module.approximate == "tanh")],
    "SiLU": lambda module: [_activation("silu")],
    "Mish": lambda module: [_activation("mish")],
    "Softplus": _softplus,
    "Softsign": lambda module: [_activation("softsign")],
    "Hardsigmoid": lambda module: [_activation("hard_sigmoid")],
    "Hardtanh": _hard_tanh,
    "Sigmoid": lambda module: [_activation("sigmoid")],
    "Tanh": lambda module: [_activation("tanh")],
    "Softmax": _softmax,
}
