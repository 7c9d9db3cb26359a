"""PyTorch eager as its performance guide advises: data as tensors, fused optimizer, gradients set to None, no loader.

Source: https://pytorch.org/tutorials/recipes/recipes/tuning_guide.html
"""

from itertools import pairwise

import torch
from torch import nn

from peers.peer import Peer

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}


class Torch(Peer):
    def __init__(self, configuration, threads):
        if threads is not None:
            torch.set_num_threads(threads)
        self.configuration = configuration
        X, y = configuration.data()
        self.X = torch.from_numpy(X)
        self.y = torch.from_numpy(y) if configuration.regression else torch.from_numpy(y).long()
        self.model = network(configuration)
        self.criterion = nn.MSELoss() if configuration.regression else nn.CrossEntropyLoss()
        self.first = {name: value.clone() for name, value in self.model.state_dict().items()}
        torch.manual_seed(0)
        self.reset()

    def version(self):
        return f"torch {torch.__version__}, {torch.get_num_threads()} thread(s)"

    def reset(self):
        numbers = self.configuration
        self.model.load_state_dict(self.first)
        if numbers.optimizer == "adam":
            betas = numbers.beta_1, numbers.beta_2
            self.optimizer = torch.optim.Adam(
                self.model.parameters(), numbers.learning_rate, betas, numbers.epsilon, fused=True
            )
        else:
            self.optimizer = torch.optim.SGD(
                self.model.parameters(), numbers.learning_rate, numbers.momentum, fused=True
            )

    def train(self, epochs):
        for _ in range(epochs):
            self._epoch(torch.randperm(len(self.X)))

    def train_in(self, order):
        self._epoch(torch.from_numpy(order))

    def mean_loss(self, x, y):
        return self.criterion(self.model(x), y)

    def _epoch(self, order):
        self.model.train()
        total = torch.zeros(())  # an epoch's loss, as every training loop reports it; read once, at its end
        for x, y in self._batches(order):
            loss = self.mean_loss(x, y)
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            total += loss.detach()
        return total.item()

    def _batches(self, order):
        if not self.configuration.shuffled:
            yield self.X, self.y
            return
        for index in order.split(self.configuration.batch):
            yield self.X.index_select(0, index), self.y.index_select(0, index)

    def forward(self, x):
        """Logits or values."""
        return self.model(x)

    def predict(self, X):
        return self.ways(X)["inference_mode"]()

    def ways(self, X):
        x = torch.from_numpy(X)
        self.model.eval()

        def call():
            with torch.inference_mode():
                values = self.forward(x)
                return (values if self.configuration.regression else values.softmax(1)).numpy()

        return {"inference_mode": call}


def network(configuration):
    """nn.Sequential of a configuration at its first parameters; logits or values come out."""
    layers, parameters = [], configuration.parameters()
    for number, (inputs, outputs) in enumerate(pairwise(configuration.widths)):
        kernel, bias = parameters[number]
        dense = nn.Linear(inputs, outputs, dtype=torch.from_numpy(kernel).dtype)
        with torch.no_grad():
            dense.weight.copy_(torch.from_numpy(kernel.T.copy()))
            dense.bias.copy_(torch.from_numpy(bias))
        layers.append(dense)
        if number == len(parameters) - 1:
            break
        if configuration.batch_normalization:
            layers.append(nn.BatchNorm1d(outputs, eps=1e-3, momentum=0.01))
        layers.append(ACTIVATIONS[configuration.activation]())
        if configuration.dropout:
            layers.append(nn.Dropout(configuration.dropout))
    return nn.Sequential(*layers)


PEER = Torch
