"""What an activation costs: `python bench/compare_activations.py`.

One network, 256-256-256 in batches of 256, is trained with each activation behind both of its layers, in turns; the
ratio is its time over relu's.
Every network is of the same process and thread count.
"""

import sys
from time import perf_counter

import numpy as np
from command import parser_of, say_machine, write_json
from configurations import Configuration
from contest import Machine, brief, take_turns
from interleaved import spread

import fastnn

NETWORK = Configuration("256-256-256, 256", (256, 256, 256), 256, 2560, regression=True)
#: Every activation that can be trained through; "swish" is silu's other name.
WANTED = [name for name in fastnn.activations.NAMES if fastnn.activations.differentiable(name) and name != "swish"]
ALLOWED = 1.25  # times relu's
NARROWER = dict.fromkeys(("tanh", "sigmoid", "gelu", "softplus"), 1.15)


def timer(activation: str, dtype: str):
    """A function that trains so many epochs and returns the seconds it took."""
    X, y = (array.astype(dtype) for array in NETWORK.data())
    layers = [fastnn.Input(NETWORK.widths[:1])]
    layers += [fastnn.layers.Dense(units, activation) for units in NETWORK.widths[1:]]
    model = fastnn.Sequential(layers, dtype=dtype, seed=0)
    model.compile(fastnn.optimizers.Adam(1e-6), "mse")  # small steps: exp of exp stays finite however long it takes

    def time_calls(epochs: int) -> float:
        begin = perf_counter()
        history = model.fit(X, y, NETWORK.batch, epochs, verbose=0)
        taken = perf_counter() - begin
        assert np.isfinite(history.history["loss"]).all(), activation
        return taken

    return time_calls


def compare(dtype: str, rounds: int, seconds: float) -> tuple[dict[str, dict], Machine]:
    """Each activation's time over relu's."""
    made, machine = take_turns({name: timer(name, dtype) for name in WANTED}, rounds, seconds, dtype)
    return {name: spread(made.of(name) / made.of("relu"))._asdict() for name in WANTED}, machine


def main(arguments=None) -> int:
    parser = parser_of(__doc__, rounds=21, seconds=0.05)
    parser.add_argument("--dtypes", nargs="+", choices=("float32", "float64"), default=["float32", "float64"])
    options = parser.parse_args(arguments)
    say_machine()
    print(f"{NETWORK.name}, time over relu's")
    results = {}
    for dtype in options.dtypes:
        results[dtype], machine = compare(dtype, options.rounds, options.seconds)
        for name, times in results[dtype].items():
            allowed = NARROWER.get(name, ALLOWED)
            print(f"{dtype}  {name:16} {brief(times)}{'' if times['median'] <= allowed else f'  above {allowed}'}")
        dearest = max(results[dtype], key=lambda name: results[dtype][name]["median"])
        print(f"{dtype}  dearest: {dearest}, {results[dtype][dearest]['median']:.2f} of relu's; allowed: {ALLOWED}")
        print(machine)
    write_json(options.json, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
