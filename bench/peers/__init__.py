"""What is compared: one library a file, each with a subclass of peer.Peer. To add one: its file, and a line here.

A library reads its threads from the environment when it is loaded, so that is here: nothing of it is imported before
its own process does.
"""

from collections.abc import Callable
from typing import NamedTuple


def openmp(threads: int) -> dict[str, str]:
    return {"OMP_NUM_THREADS": str(threads)}


def fastnn(threads: int) -> dict[str, str]:
    return {"FASTNN_NUM_THREADS": str(threads)}


def xla(threads: int) -> dict[str, str]:
    # the flags limit Eigen's products, NPROC the runtime's own pool
    eigen = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}"
    return {"XLA_FLAGS": f"{eigen} intra_op_parallelism_threads={threads}", "NPROC": str(threads)}


class Entry(NamedTuple):
    label: str
    package: str  # has to be installed
    module: str  # with PEER, the class
    environment: Callable[[int], dict[str, str]]  # variables that make it use so many threads


PEERS = {
    "fastnn": Entry("fastnn", "fastnn", "peers.fastnn_", fastnn),
    "torch": Entry("PyTorch eager, fused Adam", "torch", "peers.torch_", openmp),
    "jax": Entry("JAX, epoch jitted", "jax", "peers.jax_", xla),
}
