"""Prediction beside the peers', one thread: `python bench/compare_predict.py`.

One row, 32 and 1024 rows through each network: `Sequential.predict` and a predictor with memory of its own, against
ONNX Runtime, PyTorch, JAX and scikit-learn, each in its fastest way and a process of its own. First all must predict
the same; then they take turns, round by round.
"""

import sys
from contextlib import ExitStack

import numpy as np
from command import parser_of, positive, say_machine, write_json
from configurations import CONFIGURATIONS, Configuration
from contest import brief, fractions, start, summarize, take_turns, turn_to
from contestants import Contestant
from peers import PREDICTORS, Setting

ONE_THREAD = (Setting(1), Setting(1, True))
WANTED = ("fastnn", "torch", "torch_compile", "jax", "sklearn", *PREDICTORS)
ROWS = (1, 32, 1024)
#: Relative and absolute, of probabilities and values.
TOLERANCES = {"float32": (1e-3, 1e-5), "float64": (1e-9, 1e-12)}


def ways_of(contestants: list[Contestant], configuration: Configuration, rows: int) -> dict:
    """{name: (contestant, way)} of everybody's ways to predict so many rows; raises where they predict otherwise."""
    found, predicted = {}, {}
    for contestant in contestants:
        for way, outputs in contestant.ways(rows).items():
            name = f"{contestant.name}: {way}" if way else contestant.name
            found[name], predicted[name] = (contestant, way), outputs
    expected = np.median(list(predicted.values()), axis=0)
    relative, absolute = TOLERANCES[configuration.dtype]
    for name, outputs in predicted.items():
        np.testing.assert_allclose(outputs, expected, relative, absolute, err_msg=f"{configuration.name}, {name}")
    return found


def networks() -> list[str]:
    """One name for each network: configurations that differ in how they are trained predict alike."""
    found = {}
    for name, one in CONFIGURATIONS.items():
        found.setdefault((one.widths, one.activation, one.batch_normalization, one.dtype), name)
    return list(found.values())


def timer(contestant: Contestant, way: str):
    return lambda calls: contestant.predict(way, calls)


def compare(
    configuration: Configuration, contestants: list[Contestant], rows: int, rounds: int, seconds: float
) -> dict:
    """One network and number of rows: checked, then timed."""
    found = ways_of(contestants, configuration, rows)
    timers = {name: timer(*pair) for name, pair in found.items()}
    made, machine = take_turns(timers, rounds, seconds, configuration.dtype)
    mine = [name for name, (contestant, _) in found.items() if contestant.peer == "fastnn"]
    result = {
        "configuration": configuration._asdict(),
        "rows": rows,
        "versions": {contestant.name: contestant.version() for contestant in contestants},
        "fractions": fractions(made, machine, dict.fromkeys(found, 1), configuration.forward_flop(rows)),
        **summarize(made, machine, mine, rows),
    }
    print(f"\n{configuration.name}: {rows} row(s)")
    for name, seconds_taken in sorted(result["seconds"].items(), key=lambda item: np.median(item[1])):
        reached = result["fractions"][name]["median"]
        print(f"{name:52} {np.median(seconds_taken) * 1e6:12.2f} us a call {reached:8.1%} of the peak")
    if "ratio" in result:
        print(f"{result['ours']} over the fastest peer of each round: {brief(result['ratio'])}")
    return result


def main(arguments=None) -> int:
    parser = parser_of(__doc__, rounds=15, seconds=0.02)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=CONFIGURATIONS, help=f"of {networks()}")
    parser.add_argument("--peers", nargs="+", choices=WANTED, help="default: all that are installed")
    parser.add_argument("--rows", nargs="+", type=positive(int), default=list(ROWS), help="default: %(default)s")
    options = parser.parse_args(arguments)
    say_machine()
    results = []
    with ExitStack() as stack:
        contestants = start(stack, options.peers or WANTED, ONE_THREAD)
        for name in options.only or networks():
            configuration = CONFIGURATIONS[name]
            if configuration.rows < max(options.rows):
                configuration = configuration._replace(rows=max(options.rows))
            able = turn_to(configuration, contestants)
            for rows in options.rows:
                results.append(compare(configuration, able, rows, options.rounds, options.seconds))
    write_json(options.json, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
