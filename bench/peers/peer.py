"""What a peer offers; worker.py calls it in a process of its own."""

from abc import ABC, abstractmethod

import numpy as np
from configurations import Configuration


class Peer(ABC):
    """A library set up as its own guides advise, training one configuration.

    The constructor places the data where training reads it and makes a network of `configuration.parameters()`; threads
    are set in the environment by then, and passed for libraries that want to be told.
    """

    @abstractmethod
    def __init__(self, configuration: Configuration, threads: int | None) -> None: ...

    @abstractmethod
    def version(self) -> str:
        """What is measured."""

    @abstractmethod
    def reset(self) -> None:
        """Back to the first parameters, with a new optimizer."""

    @abstractmethod
    def train(self, epochs: int) -> None:
        """So many epochs in random orders of the library's own making; returns when all is done."""

    @abstractmethod
    def train_in(self, order: np.ndarray) -> None:
        """One epoch over the rows in this order."""

    @abstractmethod
    def loss(self) -> float:
        """Mean loss over all rows."""
