"""An estimator that predicts few rows at a time, beside scikit-learn's: `python bench/compare_rows.py`.

Both are fitted on the same rows and have to give the same answers; then they predict in turns, by one thread's own
clock. The rows are a C-contiguous array of float64, as what came before in a service makes them.
"""

import sys
import warnings
from functools import partial

import numpy as np
from command import parser_of, say_machine, write_json
from interleaved import measure
from sklearn import neural_network
from threadpoolctl import threadpool_limits

import fastnn

INPUTS, UNITS, FITTED = 10, 32, 500
#: What is asked of which estimator.
ASKED = (("MLPRegressor", "predict"), ("MLPClassifier", "predict"), ("MLPClassifier", "predict_proba"))


def fitted(name: str):
    """scikit-learn's estimator and ours, trained alike."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((FITTED, INPUTS))
    y = X[:, 0] if name == "MLPRegressor" else np.digitize(X[:, 0], [-0.5, 0.5])
    with warnings.catch_warnings(action="ignore"):  # of too few epochs
        options = {"hidden_layer_sizes": (UNITS,), "random_state": 0, "max_iter": 5}
        return [getattr(module, name)(**options).fit(X, y) for module in (neural_network, fastnn)], X


def main(arguments=None) -> int:
    parser = parser_of(__doc__, rounds=21, seconds=0.02)
    parser.add_argument("--rows", nargs="+", type=int, default=[1, 10, 100])
    options = parser.parse_args(arguments)
    say_machine()
    print(f"{INPUTS}-{UNITS}, one thread: us a call, and how many times as fast as scikit-learn's")
    results = []
    with threadpool_limits(1):
        for name, method in ASKED:
            (theirs, ours), X = fitted(name)
            for rows in options.rows:
                part = np.ascontiguousarray(X[:rows])
                contestants = {
                    "scikit-learn": partial(getattr(theirs, method), part),
                    "fastnn": partial(getattr(ours, method), part),
                }
                np.testing.assert_allclose(*(call() for call in contestants.values()), rtol=1e-9, atol=1e-12)
                made = measure(contestants, options.rounds, options.seconds)
                speed = made.speed("fastnn", "scikit-learn")
                taken = {who: 1e6 * float(np.median(made.of(who))) for who in contestants}
                print(
                    f"{name}.{method:14} {rows:4} rows  fastnn {taken['fastnn']:7.1f}  scikit-learn "
                    f"{taken['scikit-learn']:7.1f}  {speed.median:6.1f} [{speed.low:.1f}, {speed.high:.1f}]"
                )
                results.append({"asked": f"{name}.{method}", "rows": rows, "us": taken, "speed": speed._asdict()})
    write_json(options.json, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
