"""What a peer offers; worker.py calls it in a process of its own."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
from configurations import Configuration


class Peer(ABC):
    """A library set up as its own guides advise, with one configuration.

    The constructor places the data where training reads it and makes a network of `configuration.parameters()`; threads
    are set in the environment by then, and passed for libraries that want to be told.
    """

    @staticmethod
    def lacks(configuration: Configuration) -> str:
        """What this library cannot do of it, or nothing."""
        return ""

    @abstractmethod
    def __init__(self, configuration: Configuration, threads: int | None) -> None: ...

    @abstractmethod
    def version(self) -> str:
        """What is measured."""

    @abstractmethod
    def predict(self, X: np.ndarray) -> np.ndarray:
        """Probabilities or values, [rows, outputs], as at inference."""

    def ways(self, X: np.ndarray) -> dict[str, Callable[[], np.ndarray]]:
        """The ways to predict the rows X again and again that are worth comparing: name and call."""
        return {"": lambda: self.predict(X)}

    def reset(self) -> None:
        """Back to the first parameters, with a new optimizer."""
        raise NotImplementedError

    def train(self, epochs: int) -> None:
        """So many epochs in random orders of the library's own making; returns when all is done."""
        raise NotImplementedError

    def train_in(self, order: np.ndarray) -> None:
        """One epoch over the rows in this order."""
        raise NotImplementedError


class Fits(Peer):
    """A peer whose `model` has Keras's fit; `configuration`, `X` and `y` are the constructor's."""

    def train(self, epochs):
        numbers = self.configuration
        self.model.fit(self.X, self.y, numbers.batch, epochs, shuffle=numbers.shuffled, verbose=0)

    def train_in(self, order):
        self.model.fit(self.X[order], self.y[order], self.configuration.batch, shuffle=False, verbose=0)
