"""From the start of Python to the end of ten epochs: `python bench/whole_process.py`.

Each program imports its library, reads scikit-learn's digits from .npy files, trains 64-64-10 with Adam in batches of
32 for ten epochs and prints its accuracy on them, which is looked at. The time of the whole process is compared.
"""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from command import parser_of, say_machine, write_json
from contest import brief, take_turns
from contestants import environment
from sklearn.datasets import load_digits

READ = """
import sys
import numpy as np
X, y = np.load(sys.argv[1] + "/X.npy"), np.load(sys.argv[1] + "/y.npy")
"""

SEQUENTIAL = """
import fastnn
layers = [fastnn.Input((64,)), fastnn.layers.Dense(64, "relu"), fastnn.layers.Dense(10, "softmax")]
model = fastnn.Sequential(layers, seed=0)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(X, y, batch_size=32, epochs=10, verbose=0)
print((model.predict(X).argmax(axis=1) == y).mean())
"""

ESTIMATOR = """
import warnings
from {module} import MLPClassifier
warnings.simplefilter("ignore")
model = MLPClassifier((64,), batch_size=32, max_iter=10, alpha=0.0, random_state=0).fit(X, y)
print(model.score(X, y))
"""

TORCH = """
import torch
from torch import nn
torch.manual_seed(0)
X, y = torch.from_numpy(X), torch.from_numpy(y)
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
criterion, optimizer = nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), fused=True)
for epoch in range(10):
    for index in torch.randperm(len(X)).split(32):
        criterion(model(X.index_select(0, index)), y.index_select(0, index)).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
with torch.inference_mode():
    print((model(X).argmax(1) == y).float().mean().item())
"""

#: {name: (package, program)}; ours first.
PROGRAMS = {
    "fastnn, Sequential": ("fastnn", READ + SEQUENTIAL),
    "fastnn, MLPClassifier": ("sklearn", READ + ESTIMATOR.format(module="fastnn")),
    "scikit-learn, MLPClassifier": ("sklearn", READ + ESTIMATOR.format(module="sklearn.neural_network")),
    "PyTorch": ("torch", READ + TORCH),
}
LEAST_ACCURACY = 0.95


def timer(program: str, folder: str):
    """Seconds of so many processes that run a program."""

    def run(calls: int) -> float:
        begin = perf_counter()
        for _ in range(calls):
            done = subprocess.run(
                [sys.executable, "-c", program, folder], env=environment(), capture_output=True, text=True
            )
            if done.returncode or not float(done.stdout) > LEAST_ACCURACY:
                raise SystemExit(f"expected an accuracy above {LEAST_ACCURACY}, received: {done.stdout}{done.stderr}")
        return perf_counter() - begin

    return run


def main(arguments=None) -> int:
    options = parser_of(__doc__, rounds=11, seconds=None).parse_args(arguments)
    say_machine()
    programs = {name: program for name, (package, program) in PROGRAMS.items() if find_spec(package)}
    for name in PROGRAMS.keys() - programs:
        print(f"{name}: not installed, left out")
    with TemporaryDirectory() as folder:
        X, y = load_digits(return_X_y=True)
        np.save(Path(folder) / "X.npy", (X / 16).astype(np.float32))
        np.save(Path(folder) / "y.npy", y)
        timers = {name: timer(program, folder) for name, program in programs.items()}
        made, _ = take_turns(timers, options.rounds, 0.0, "float32")
    ours, results = made.names[0], {}
    for name in made.names:
        seconds, ratio = made.rate(name, 1), made.speed(ours, name)._asdict()
        results[name] = {"seconds": made.of(name).tolist(), "ratio": ratio}
        print(f"{name:32} {1 / seconds.median:8.3f} s   {ours} is so many times as fast: {brief(ratio)}")
    write_json(options.json, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
