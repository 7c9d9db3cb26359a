"""PyTorch with network and loss as one compiled call, and their gradients: torch.compile; else as in torch_.py.

The optimizer stays the fused one: a single call of one kernel already.
"""

import torch

from peers.torch_ import Torch


class TorchCompile(Torch):
    def __init__(self, configuration, threads):
        super().__init__(configuration, threads)
        torch._dynamo.reset()  # of the configuration before
        self.mean_loss = torch.compile(super().mean_loss, dynamic=False)
        self.forward = torch.compile(super().forward, dynamic=False)


PEER = TorchCompile
