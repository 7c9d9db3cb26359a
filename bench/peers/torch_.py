"""PyTorch eager as its performance guide advises: data as tensors, fused Adam, gradients set to None, no loader.

Source: https://pytorch.org/tutorials/recipes/recipes/tuning_guide.html
"""

from itertools import pairwise

import torch
from torch import nn

from peers.peer import Peer


class Torch(Peer):
    def __init__(self, configuration, threads):
        if threads is not None:
            torch.set_num_threads(threads)
        self.configuration = configuration
        X, y = configuration.data()
        self.X, self.y = torch.from_numpy(X), torch.from_numpy(y).long()
        layers = []
        for inputs, outputs in pairwise(configuration.widths):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.model = nn.Sequential(*layers[:-1])
        self.criterion = nn.CrossEntropyLoss()
        torch.manual_seed(0)
        self.reset()

    def version(self):
        return f"torch {torch.__version__}, {torch.get_num_threads()} thread(s)"

    def reset(self):
        numbers = self.configuration
        linear = [layer for layer in self.model if isinstance(layer, nn.Linear)]
        with torch.no_grad():
            for layer, (kernel, bias) in zip(linear, numbers.parameters(), strict=True):
                layer.weight.copy_(torch.from_numpy(kernel.T.copy()))
                layer.bias.copy_(torch.from_numpy(bias))
        self.optimizer = torch.optim.Adam(
            self.model.parameters(),
            lr=numbers.learning_rate,
            betas=(numbers.beta_1, numbers.beta_2),
            eps=numbers.epsilon,
            fused=True,
        )

    def train(self, epochs):
        for _ in range(epochs):
            self._epoch(torch.randperm(len(self.X)))

    def train_in(self, order):
        self._epoch(torch.from_numpy(order))

    def _epoch(self, order):
        total = torch.zeros(())  # an epoch's loss, as every training loop reports it; read once, at its end
        for index in order.split(self.configuration.batch):
            loss = self.criterion(self.model(self.X[index]), self.y[index])
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            total += loss.detach()
        return total.item()

    def loss(self):
        with torch.no_grad():
            return self.criterion(self.model(self.X), self.y).item()


PEER = Torch
