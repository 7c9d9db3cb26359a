"""What is compared: one library a file, each with a subclass of peer.Peer. To add one: its file, and a line here.

A library reads its threads from the environment when it is loaded, so that is here: nothing of it is imported before
its own process does.
"""

import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import NamedTuple


class Setting(NamedTuple):
    """How many threads a peer gets (None: as many as it chooses), and whether each stays on one core."""

    threads: int | None
    pinned: bool = False

    def __str__(self) -> str:
        threads = {None: "all threads", 1: "1 thread"}.get(self.threads, f"{self.threads} threads")
        return threads + ", pinned" * self.pinned


SETTINGS = (Setting(1, True), Setting(1), Setting(None, True), Setting(None))
#: What somebody gets who sets nothing.
DEFAULTS = Setting(None)

Environment = dict[str, str]


def openmp(setting: Setting) -> Environment:
    threads = {"OMP_NUM_THREADS": str(setting.threads)} if setting.threads else {}
    return threads | ({"OMP_PROC_BIND": "true", "OMP_PLACES": "cores"} if setting.pinned else {})


def fastnn(setting: Setting) -> Environment:
    return openmp(setting) | ({"FASTNN_NUM_THREADS": str(setting.threads)} if setting.threads else {})


def blas(setting: Setting) -> Environment:
    return openmp(setting) | ({"OPENBLAS_NUM_THREADS": str(setting.threads)} if setting.threads else {})


def xla(setting: Setting) -> Environment:
    if not setting.threads:
        return {}
    # the flags limit Eigen's products, NPROC the runtime's own pool
    eigen = f"--xla_cpu_multi_thread_eigen={'true' if setting.threads > 1 else 'false'}"
    flags = f"{eigen} intra_op_parallelism_threads={setting.threads}"
    return {"XLA_FLAGS": flags, "NPROC": str(setting.threads)}


def keras(backend: str, environment: Callable[[Setting], Environment]) -> Callable[[Setting], Environment]:
    return lambda setting: environment(setting) | {"KERAS_BACKEND": backend}


class Entry(NamedTuple):
    label: str
    packages: tuple[str, ...]  # have to be installed
    module: str  # with PEER, the class
    environment: Callable[[Setting], Environment]  # variables that bring the setting about
    places: bool = True  # OpenMP pins its threads; else a single thread is pinned by the process's affinity

    def missing(self) -> list[str]:
        return [package for package in self.packages if not find_spec(package)]

    def settings(self) -> list[Setting]:
        """Those of SETTINGS that this library can be put into."""
        one_core = hasattr(os, "sched_setaffinity")
        return [one for one in SETTINGS if self.places or not one.pinned or (one.threads and one_core)]


#: What trains.
PEERS = {
    "fastnn": Entry("fastnn", ("fastnn",), "peers.fastnn_", fastnn),
    "torch": Entry("PyTorch eager", ("torch",), "peers.torch_", openmp),
    "torch_compile": Entry("torch.compile", ("torch",), "peers.torch_compile", openmp),
    "jax": Entry("JAX, epoch jitted", ("jax",), "peers.jax_", xla, places=False),
    "keras_jax": Entry("Keras on JAX", ("keras", "jax"), "peers.keras_", keras("jax", xla), places=False),
    "keras_torch": Entry("Keras on PyTorch", ("keras", "torch"), "peers.keras_", keras("torch", openmp)),
    "sklearn": Entry("scikit-learn", ("sklearn",), "peers.sklearn_", blas, places=False),
}
#: Our estimators, in scikit-learn's place.
DROP_IN = {"drop_in": Entry("fastnn's estimators", ("fastnn", "sklearn"), "peers.drop_in", fastnn)}
#: What only predicts.
PREDICTORS = {"onnxruntime": Entry("ONNX Runtime", ("onnx", "onnxruntime"), "peers.onnxruntime_", openmp, places=False)}

EVERY = PEERS | DROP_IN | PREDICTORS
