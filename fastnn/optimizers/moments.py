"""Optimizers with running means of the gradient and of its size: Adam, AdamW, Adamax, Nadam."""

from __future__ import annotations

from typing import Unpack

from fastnn import arguments
from fastnn.optimizers.base import Optimizer, Options, Rate


class _Moments(Optimizer):
    """What the four have in common: two decays and an epsilon, with the same defaults."""

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **options)
        self.beta_1 = arguments.number("beta_1", beta_1, least=0.0, below=1.0)
        self.beta_2 = arguments.number("beta_2", beta_2, least=0.0, below=1.0)
        self.epsilon = arguments.number("epsilon", epsilon, above=0.0)


class Adam(_Moments):
    """Adaptive moments.

    Parameters
    ----------
    learning_rate : float, Schedule or callable, default 0.001
    beta_1, beta_2 : float in [0, 1), default 0.9 and 0.999
    epsilon : float > 0, default 1e-7
    amsgrad : bool, default False
        Divide by the largest v so far.
    weight_decay : float, optional
    **options
        See `Optimizer`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    ``m = beta_1 m + (1 - beta_1) g``; ``v = beta_2 v + (1 - beta_2) g^2``;
    ``w -= rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)``. Source: Kingma and Ba, 2014, section 2,
    last paragraph; Reddi, Kale and Kumar, 2018, for amsgrad; Keras 3, ``keras.optimizers.Adam``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.optimizers.Adam(learning_rate=0.01).kernel
    'adam'
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        weight_decay: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, weight_decay, **options)
        self.amsgrad = bool(amsgrad)

    @property
    def kernel(self) -> str:
        """The engine's name of the update: "adam", or "amsgrad" with amsgrad."""
        return "amsgrad" if self.amsgrad else "adam"


class AdamW(Adam):
    """`Adam` with decoupled weight decay.

    Parameters
    ----------
    learning_rate : float, Schedule or callable, default 0.001
    weight_decay : float >= 0, default 0.004
    beta_1, beta_2, epsilon, amsgrad
        See `Adam`.
    **options
        See `Optimizer`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    ``w -= rate weight_decay w``, then Adam's update; the rate is without bias corrections in the first. Source:
    Loshchilov and Hutter, 2019, algorithm 2; Keras 3, ``keras.optimizers.AdamW``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.optimizers.AdamW().weight_decay
    0.004
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Unpack[Options],
    ) -> None:
        decay = arguments.number("weight_decay", weight_decay, least=0.0)
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, decay, **options)


class Adamax(_Moments):
    """Adam with the largest magnitude, slowly forgotten, in place of the mean square.

    Parameters
    ----------
    learning_rate : float, Schedule or callable, default 0.001
    beta_1, beta_2 : float in [0, 1), default 0.9 and 0.999
    epsilon : float > 0, default 1e-7
    weight_decay : float, optional
    **options
        See `Optimizer`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    ``m = beta_1 m + (1 - beta_1) g``; ``u = max(beta_2 u, |g|)``;
    ``w -= rate / (1 - beta_1^t) m / (u + epsilon)``. Source: Kingma and Ba, 2014, section 7.1; Keras 3,
    ``keras.optimizers.Adamax``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.optimizers.Adamax(0.002)
    Adamax(learning_rate=0.002)
    """

    @property
    def kernel(self) -> str:
        """The engine's name of the update."""
        return "adamax"


class Nadam(_Moments):
    """Adam with Nesterov's momentum.

    Parameters
    ----------
    learning_rate : float, Schedule or callable, default 0.001
    beta_1, beta_2 : float in [0, 1), default 0.9 and 0.999
    epsilon : float > 0, default 1e-7
    weight_decay : float, optional
    **options
        See `Optimizer`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    m and v as Adam's; ``u_t = beta_1 (1 - 0.96^t / 2)``; ``P_t = u_1 u_2 ... u_t``;
    ``w -= rate (u_{t+1} m / (1 - P_{t+1}) + (1 - u_t) g / (1 - P_t)) / (sqrt(v / (1 - beta_2^t)) + epsilon)``.
    Source: Dozat, 2015; Keras 3, ``keras.optimizers.Nadam``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.optimizers.get("nadam")
    Nadam()
    """

    @property
    def kernel(self) -> str:
        """The engine's name of the update."""
        return "nadam"
