"""What a fit holds in memory: the data where they are, twice the parameters and their optimizer state, the best copy,
a batch of activations and their gradients. Measured by the kernel's own count of a process's pages.
"""

import subprocess
import sys
from itertools import pairwise

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

#: Python's own objects, and what its allocators round up to; code and stacks are there from the small fit before.
SLACK = 3 << 20

FIELD = """
import sys
import numpy as np
import fastnn

def field(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith(name + ":"))

def rows_of(count, width, dtype):
    made = np.empty((count, width), dtype)
    for row in made:
        row[:] = np.arange(width) % 7
    return made
"""

SEQUENTIAL = """
import fastnn.callbacks
rows, widths, batch, x_dtype, dtype = eval(sys.argv[1])
X = rows_of(rows, widths[0], x_dtype)
y = np.arange(rows) % widths[-1]

def fit(X, y, widths):
    layers = [fastnn.Input(widths[:1]), *(fastnn.layers.Dense(units, "relu") for units in widths[1:-1])]
    model = fastnn.Sequential([*layers, fastnn.layers.Dense(widths[-1], "softmax")], dtype=dtype, seed=0)
    model.compile("adam", "sparse_categorical_crossentropy")
    stop = fastnn.callbacks.EarlyStopping("loss", patience=5, restore_best_weights=True)
    model.fit(X, y, batch, epochs=2, verbose=0, callbacks=[stop])

fit(rows_of(8, 3, x_dtype), y[:8], (3, 8, widths[-1]))  # whatever is imported and started at first
before = field("VmRSS")
fit(X, y, widths)
print(field("VmHWM") - before)
"""

ESTIMATOR = """
rows, widths, batch, x_dtype, dtype = eval(sys.argv[1])
X = rows_of(rows, widths[0], x_dtype)
y = np.arange(rows) % widths[-1]
import warnings
warnings.simplefilter("ignore")
model = fastnn.MLPClassifier(widths[1:-1], batch_size=batch, max_iter=2)
model.fit(X[:8], np.arange(8) % 2)  # whatever is imported and compiled at first
before = field("VmRSS")
model.fit(X, y)
print(field("VmHWM") - before)
"""

MEMMAP = """
import resource
path, rows, width, limit = eval(sys.argv[1])
X = np.memmap(path, np.float32, "r", shape=(rows, width))
layers = [fastnn.Input((width,)), fastnn.layers.Dense(4, "relu"), fastnn.layers.Dense(1)]
model = fastnn.Sequential(layers, seed=0)
model.compile("adam", "mse")
y = np.ones((rows, 1), np.float32)
model.fit(X[:64], y[:64], verbose=0)  # stacks of threads
allowed = field("VmData") + limit
resource.setrlimit(resource.RLIMIT_DATA, (allowed, allowed))
try:
    np.array(X)
except MemoryError:
    pass
else:
    raise AssertionError("the limit does not bind")
history = model.fit(X, y, 1024, epochs=2, verbose=0)
print(history.history["loss"][0] > history.history["loss"][1], model.predict(X).shape)
"""


def printed(program, *argument):
    done = subprocess.run(
        [sys.executable, "-c", FIELD + program, repr(argument)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def most_bytes(rows, widths, batch, dtype):
    """What a fit with Adam may hold besides the data, in bytes."""
    size = 4 if dtype == "float32" else 8
    parameters = sum((inputs + 1) * outputs for inputs, outputs in pairwise(widths))
    with_state, best, activations = 3 * parameters, parameters, 2 * batch * sum(widths)
    orders = 3 * 8 * rows  # the labels as the loss reads them, and the order of the rows
    return size * (2 * with_state + best + activations) + orders + SLACK


@pytest.mark.parametrize("program", [SEQUENTIAL, ESTIMATOR], ids=["Sequential", "MLPClassifier"])
@pytest.mark.parametrize(
    ("rows", "widths", "batch", "x_dtype", "dtype"),
    [
        # parameters that are large beside the data
        pytest.param(1024, (1024, 2048, 2048, 10), 128, "float32", "float32", marks=pytest.mark.slow),
        pytest.param(1024, (1024, 1024, 1024, 10), 128, "float64", "float64", marks=pytest.mark.slow),
        (40000, (512, 8, 2), 512, "float32", "float32"),  # data that are large beside the parameters: no copy
        pytest.param(40000, (512, 8, 2), 512, "float64", "float64", marks=pytest.mark.slow),
    ],
)
def test_a_fit_holds_no_more_than_it_says(program, rows, widths, batch, x_dtype, dtype):
    held = int(printed(program, rows, widths, batch, x_dtype, dtype))
    assert held <= most_bytes(rows, widths, batch, dtype)


def test_bytes_are_not_converted_as_a_whole():
    """Sequential alone: in scikit-learn, and so in the estimators, whole numbers become float64."""
    rows, widths, batch = 80000, (1024, 8, 2), 512
    held = int(printed(SEQUENTIAL, rows, widths, batch, "uint8", "float32"))
    assert held <= most_bytes(rows, widths, batch, "float32")


def test_rows_from_a_file_larger_than_the_memory_allowed(tmp_path):
    rows, width, limit = 100_000, 512, 64 << 20
    path = tmp_path / "rows"
    with open(path, "wb") as file:
        file.truncate(rows * width * 4)  # zeros that take no disk
    assert rows * width * 4 > 3 * limit
    assert printed(MEMMAP, str(path), rows, width, limit) == f"True ({rows}, 1)"
