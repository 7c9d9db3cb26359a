"""No allocation in a step, and errors of memory that say what was asked for."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from fastnn._core import engine

COUNTER = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
static long calls;
long allocation_calls(void) { return calls; }
#define COUNTED(type, name, parameters, arguments) \\
    type name parameters { \\
        static type(*real) parameters; \\
        if (!real) real = (type(*) parameters)dlsym(RTLD_NEXT, #name); \\
        calls++; \\
        return real arguments; \\
    }
COUNTED(void *, malloc, (size_t n), (n))
COUNTED(void *, realloc, (void *p, size_t n), (p, n))
COUNTED(int, posix_memalign, (void **p, size_t a, size_t n), (p, a, n))
COUNTED(void *, aligned_alloc, (size_t a, size_t n), (a, n))
COUNTED(void *, mmap, (void *a, size_t n, int p, int f, int d, long o), (a, n, p, f, d, o))
"""

PROGRAM = """
import ctypes, sys, numpy as np
from fastnn._core import engine
from tests.core.networks import network, problem, trainer
calls = ctypes.CDLL(None).allocation_calls
calls.restype = ctypes.c_long

def counted(batch, steps, threads):
    plan, parameters = network("float32", [50, 64, 33, 10], ["relu", "tanh", "softmax"], dropout=0.1, l2=1e-3)
    x, y, _, weight = problem("float32", batch * 50, 50, 10)
    trained = trainer(plan, parameters, "adam", loss="categorical_crossentropy_from_logits", batch_size=batch,
                      threads=threads, numbers=dict(beta_1=0.9, beta_2=0.999, epsilon=1e-7))
    trained.bind(x, y, weight)
    order, rates, losses = np.arange(len(x)), np.full(50, 1e-3), np.zeros(50)
    for _ in range(3):
        trained.run(order, 0, batch * 50, rates, losses)
    before = calls()
    trained.run(order, 0, batch * steps, rates, losses)
    return calls() - before

for batch in (100, 1500):
    for threads in (1, 2):
        few, many = counted(batch, 2, threads), counted(batch, 50, threads)
        assert few == many, (batch, threads, few, many)
before = calls()
np.empty(10**6)
assert calls() > before, "the counter counts nothing"
"""


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("cc"), reason="needs Linux and a C compiler")
def test_a_step_allocates_nothing(tmp_path):
    source, library = tmp_path / "counter.c", tmp_path / "counter.so"
    source.write_text(COUNTER)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", str(source), "-o", str(library), "-ldl"], check=True)
    environment = dict(os.environ, LD_PRELOAD=str(library))
    result = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_more_memory_than_there_is():
    with pytest.raises(MemoryError, match="bytes"):
        engine.allocate(1 << 60, "float32")


def test_parameters_are_aligned(dtype):
    for size in (0, 1, 1000):
        vector = engine.allocate(size, dtype)
        assert vector.shape == (size,)
        assert vector.dtype == np.dtype(dtype)
        assert size == 0 or vector.ctypes.data % 64 == 0
